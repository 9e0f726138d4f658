//! Diagrams, drawn here as SVG: no script, and colours from the style sheet, so that light and dark
//! both work. The figures of each stand in a table beside it.

use crate::layout::Html;
use potluck_models::spam::Thresholds;
use potluck_models::spam::evaluation::{Bin, Histogram};
use std::fmt::Write;

const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 230.0;
pub(in crate::moderation) const LEFT: f64 = 44.0;
pub(in crate::moderation) const RIGHT: f64 = 318.0;
pub(in crate::moderation) const TOP: f64 = 12.0;
pub(in crate::moderation) const BOTTOM: f64 = 188.0;

fn x(share: f64) -> f64 {
    LEFT + share * (RIGHT - LEFT)
}

pub(in crate::moderation) fn y(share: f64) -> f64 {
    BOTTOM - share * (BOTTOM - TOP)
}

pub(in crate::moderation) fn open(id: &str, title: &str, description: &str) -> String {
    format!(
        "<svg class=\"curve\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-name {id}-says\">\
         <title id=\"{id}-name\">{title}</title><desc id=\"{id}-says\">{description}</desc>"
    )
}

pub(in crate::moderation) fn text(svg: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let _ = write!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>"
    );
}

pub(in crate::moderation) fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = write!(
        svg,
        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn scale_below(svg: &mut String, words: &str) {
    for (share, label) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
        text(svg, x(share), BOTTOM + 16.0, "middle", label);
    }
    text(svg, (LEFT + RIGHT) / 2.0, HEIGHT - 6.0, "middle", words);
}

/// Texts from which a point of the reliability diagram is worth a line: fewer jump by chance.
const ENOUGH: u64 = 10;

/// What was stated against what came true: on the dashed line, 0.9 means nine in ten.
pub fn reliability(bins: &[Bin]) -> Html {
    let met: Vec<&Bin> = bins.iter().filter(|bin| bin.texts > 0).collect();
    let said: Vec<String> = met
        .iter()
        .map(|bin| {
            format!(
                "of {} texts called {:.0} % spam, {:.0} % were",
                bin.texts,
                bin.stated * 100.0,
                bin.seen() * 100.0
            )
        })
        .collect();
    let mut svg = open("reliability", "Said and came true", &said.join("; "));
    line(&mut svg, "curve-axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
    line(&mut svg, "curve-axis", (LEFT, TOP), (LEFT, BOTTOM));
    line(&mut svg, "curve-ideal", (x(0.0), y(0.0)), (x(1.0), y(1.0)));
    for (share, label) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
        text(&mut svg, LEFT - 6.0, y(share) + 4.0, "end", label);
    }
    let points: Vec<String> = met
        .iter()
        .filter(|bin| bin.texts >= ENOUGH)
        .map(|bin| format!("{:.1},{:.1}", x(bin.stated), y(bin.seen())))
        .collect();
    let _ = write!(
        svg,
        "<polyline class=\"curve-line\" points=\"{}\"/>",
        points.join(" ")
    );
    for bin in met {
        // The area grows with the texts; a few are a small dot that need not be trusted.
        let radius = 2.5 + (bin.texts as f64).sqrt().min(20.0) / 5.0;
        let _ = write!(
            svg,
            "<circle class=\"curve-dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\"/>",
            x(bin.stated),
            y(bin.seen())
        );
    }
    scale_below(&mut svg, "what it said; upwards: what was spam");
    svg.push_str("</svg>");
    Html(svg)
}

/// How many texts got which score: ham upwards, spam downwards.
pub fn histogram(histogram: &Histogram, thresholds: &Thresholds) -> Html {
    let sum = |bins: &[u64], from: usize| bins.iter().skip(from).sum::<u64>();
    let half = histogram.spam.len() / 2;
    let description = format!(
        "Of {} ham, {} score 50 % or more; of {} spam, {} do.",
        sum(&histogram.ham, 0),
        sum(&histogram.ham, half),
        sum(&histogram.spam, 0),
        sum(&histogram.spam, half)
    );
    let mut svg = open("scores", "Scores of ham and of spam", &description);
    let middle = (TOP + BOTTOM) / 2.0;
    let most = histogram.ham.iter().chain(&histogram.spam).max();
    let most = most.copied().unwrap_or(0).max(1) as f64;
    for (i, (ham, spam)) in histogram.ham.iter().zip(&histogram.spam).enumerate() {
        let bins = histogram.ham.len() as f64;
        let (left, width) = (x(i as f64 / bins), (RIGHT - LEFT) / bins - 1.5);
        let mut bar = |class: &str, n: u64, up: bool| {
            if n == 0 {
                return;
            }
            // By the root, for one text among thousands must still be seen.
            let height = ((n as f64 / most).sqrt() * (BOTTOM - TOP - 8.0) / 2.0).max(1.5);
            let top = if up { middle - height } else { middle };
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
            );
        };
        bar("bar-ham", *ham, true);
        bar("bar-spam", *spam, false);
    }
    line(&mut svg, "curve-axis", (LEFT, middle), (RIGHT, middle));
    text(&mut svg, LEFT - 6.0, middle - 8.0, "end", "ham");
    text(&mut svg, LEFT - 6.0, middle + 16.0, "end", "spam");
    for (at, words) in [(Some(thresholds.hold), "holds"), (thresholds.spam, "away")] {
        let Some(at) = at else { continue };
        line(&mut svg, "curve-ideal", (x(at), TOP), (x(at), BOTTOM));
        // "holds" to the left of its line and "away" below: they may stand close together.
        let height = if words == "away" {
            BOTTOM - 2.0
        } else {
            TOP + 8.0
        };
        text(&mut svg, x(at) - 4.0, height, "end", words);
    }
    scale_below(&mut svg, "score");
    svg.push_str("</svg>");
    Html(svg)
}

/// One week's scores as tiny columns.
pub fn columns(scores: &[u64]) -> Html {
    const HIGH: f64 = 26.0;
    let most = scores.iter().max().copied().unwrap_or(0).max(1) as f64;
    let all: u64 = scores.iter().sum();
    let above: u64 = scores.iter().skip(scores.len() / 2).sum();
    let mut svg = format!(
        "<svg class=\"week\" viewBox=\"0 0 {} {HIGH}\" role=\"img\" aria-label=\"{above} of {all} score 50 % or more\">",
        scores.len() * 5
    );
    for (i, n) in scores.iter().enumerate() {
        // By the root: else the many harmless ones would press the rest to the ground.
        let height = if *n == 0 {
            0.5
        } else {
            ((*n as f64 / most).sqrt() * HIGH).max(2.0)
        };
        let class = if i < scores.len() / 2 {
            "bar-ham"
        } else {
            "bar-spam"
        };
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{:.1}\" width=\"4\" height=\"{height:.1}\"/>",
            i * 5,
            HIGH - height
        );
    }
    svg.push_str("</svg>");
    Html(svg)
}
