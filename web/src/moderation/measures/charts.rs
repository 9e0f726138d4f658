//! The drawings of the measures, as those of the filter's page are made: SVG of ours, with the
//! colours of the style sheet.

use crate::layout::Html;
use crate::moderation::filter::charts::{BOTTOM, LEFT, RIGHT, TOP, line, open, text, y};
use chrono::{Duration, NaiveDateTime};
use potluck_models::moderation::measures::{Age, Day};
use std::fmt::Write;

/// One colour of the columns, a value a day.
pub struct Series {
    pub class: &'static str,
    pub values: Vec<f64>,
}

/// "21 November".
pub fn day_words(day: NaiveDateTime) -> String {
    day.format("%-d %B").to_string()
}

/// "3 days", as long as something has lasted.
pub fn duration(lasted: Duration) -> String {
    let plural = |n: i64, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
    match lasted.num_minutes() {
        ..1 => "under a minute".into(),
        minutes @ 1..60 => plural(minutes, "minute"),
        minutes @ 60..2_880 => plural(minutes / 60, "hour"),
        minutes => plural(minutes / 1_440, "day"),
    }
}

/// 1, 2 or 5 times a power of ten: the least that is no less.
fn round_up(most: f64) -> f64 {
    let mut step = 1.0;
    loop {
        for times in [1.0, 2.0, 5.0] {
            if step * times >= most {
                return step * times;
            }
        }
        step *= 10.0;
    }
}

/// Left edge of a day's column, and how wide a day is.
fn column(i: usize, days: usize) -> (f64, f64) {
    let wide = (RIGHT - LEFT) / days.max(1) as f64;
    (LEFT + i as f64 * wide, wide)
}

fn bar(svg: &mut String, class: &str, i: usize, days: usize, from: f64, to: f64) {
    if to <= from {
        return;
    }
    let (left, wide) = column(i, days);
    // What is little must still be seen.
    let height = ((to - from) * (BOTTOM - TOP)).max(1.5);
    let _ = write!(
        svg,
        "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
        y(from) - height,
        wide - 1.5
    );
}

/// Axes, the scale at the left, and every seventh day below, counted back from today.
fn frame(svg: &mut String, days: &[Day], scale: &[(f64, String)]) {
    for (share, words) in scale {
        if *share > 0.0 {
            line(svg, "curve-axis", (LEFT, y(*share)), (RIGHT, y(*share)));
        }
        text(svg, LEFT - 6.0, y(*share) + 4.0, "end", words);
    }
    line(svg, "curve-axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
    for (i, day) in days.iter().enumerate().rev().step_by(7) {
        let (left, wide) = column(i, days.len());
        if i + 1 == days.len() {
            text(svg, RIGHT, BOTTOM + 16.0, "end", "today");
        } else {
            let words = day.day.format("%-d %b").to_string();
            text(svg, left + wide / 2.0, BOTTOM + 16.0, "middle", &words);
        }
    }
}

/// A column a day, its parts on top of each other.
pub fn stacked(id: &str, title: &str, description: &str, days: &[Day], series: &[Series]) -> Html {
    let height = |i: usize| -> f64 { series.iter().map(|part| part.values[i]).sum() };
    let most = round_up((0..days.len()).map(height).fold(0.0, f64::max));
    let mut scale = vec![(0.0, "0".to_owned()), (1.0, format!("{most:.0}"))];
    if most > 1.0 {
        scale.push((0.5, (most / 2.0).to_string()));
    }
    let mut svg = open(id, title, description);
    frame(&mut svg, days, &scale);
    for i in 0..days.len() {
        let mut from = 0.0;
        for part in series {
            let to = from + part.values[i] / most;
            bar(&mut svg, part.class, i, days.len(), from, to);
            from = to;
        }
    }
    svg.push_str("</svg>");
    Html(svg)
}

/// A column a day from 0 % to 100 %; no column where there is nothing to have a share of.
pub fn shares(
    id: &str,
    title: &str,
    description: &str,
    days: &[Day],
    shares: &[Option<f64>],
) -> Html {
    let mut svg = open(id, title, description);
    let scale = [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")];
    frame(
        &mut svg,
        days,
        &scale.map(|(at, words)| (at, words.to_owned())),
    );
    for (i, share) in shares.iter().enumerate() {
        bar(
            &mut svg,
            "bar-ham",
            i,
            days.len(),
            0.0,
            share.unwrap_or(0.0),
        );
    }
    svg.push_str("</svg>");
    Html(svg)
}

/// Room for the names of the queues.
const NAMES: f64 = 72.0;
/// The left end of the scale: below, all is just now.
const JUST_NOW: f64 = 10.0;

/// How long what waits has waited: a line a queue, from the median to the oldest. By the logarithm,
/// for an hour and a month must both be seen.
pub fn ages(ages: &[Age], now: NaiveDateTime) -> Html {
    let minutes = |at: NaiveDateTime| ((now - at).num_seconds() as f64 / 60.0).max(JUST_NOW);
    let most = ages
        .iter()
        .map(|age| minutes(age.oldest))
        .fold(30.0 * 1_440.0, f64::max);
    let x =
        |minutes: f64| NAMES + (minutes / JUST_NOW).ln() / (most / JUST_NOW).ln() * (RIGHT - NAMES);
    let said: Vec<String> = ages
        .iter()
        .map(|age| {
            format!(
                "{}: {} wait; median {}, oldest {}, {} over 24 hours",
                age.queue.title(),
                age.items,
                duration(now - age.median),
                duration(now - age.oldest),
                age.over_a_day
            )
        })
        .collect();
    let mut svg = open("waiting", "How long it has waited", &said.join(". "));
    for (at, words) in [
        (60.0, "hour"),
        (1_440.0, "day"),
        (7.0 * 1_440.0, "week"),
        (30.0 * 1_440.0, "month"),
    ] {
        let class = if words == "day" {
            "curve-ideal"
        } else {
            "curve-axis"
        };
        line(&mut svg, class, (x(at), TOP), (x(at), BOTTOM));
        text(&mut svg, x(at), BOTTOM + 16.0, "middle", words);
    }
    let high = (BOTTOM - TOP) / ages.len().max(1) as f64;
    for (i, age) in ages.iter().enumerate() {
        let middle = TOP + (i as f64 + 0.5) * high;
        text(
            &mut svg,
            NAMES - 10.0,
            middle + 4.0,
            "end",
            age.queue.title(),
        );
        let (median, oldest) = (x(minutes(age.median)), x(minutes(age.oldest)));
        line(&mut svg, "range", (median, middle), (oldest, middle));
        for (class, at, radius) in [("dot-oldest", oldest, 5.5), ("curve-dot", median, 4.5)] {
            let _ = write!(
                svg,
                "<circle class=\"{class}\" cx=\"{at:.1}\" cy=\"{middle:.1}\" r=\"{radius}\"/>"
            );
        }
    }
    svg.push_str("</svg>");
    Html(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_number() {
        for (most, end) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (3.0, 5.0),
            (7.0, 10.0),
            (11.0, 20.0),
            (480.0, 500.0),
        ] {
            assert_eq!(round_up(most), end, "{most}");
        }
    }

    #[test]
    fn ages_are_told_in_one_unit() {
        assert_eq!(duration(Duration::seconds(20)), "under a minute");
        assert_eq!(duration(Duration::minutes(90)), "1 hour");
        assert_eq!(duration(Duration::hours(47)), "47 hours");
        assert_eq!(duration(Duration::hours(49)), "2 days");
    }
}
