//! How training grows: made-up comments with a realistic distribution of words, ten thousand to a
//! million of them, each size in a process of its own. Writes `docs/training.svg`.

use super::Result;
use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;

use potluck_models::spam::{Example, Label, Options, train};

const SIZES: [usize; 5] = [10_000, 30_000, 100_000, 300_000, 1_000_000];

/// One training: texts, seconds, peak memory in MB.
struct Run {
    texts: usize,
    seconds: f64,
    peak: f64,
    model: usize,
}

/// `--one SIZE` is this program's own child.
pub fn run(args: &[String]) -> Result<()> {
    if let [one, size] = args
        && one == "--one"
    {
        return train_one(size.parse()?);
    }
    let mut sizes: Vec<usize> = args
        .iter()
        .map(|size| size.parse())
        .collect::<std::result::Result<_, _>>()?;
    if sizes.is_empty() {
        sizes.extend(SIZES);
    }
    println!("| comments | seconds | per 1,000 comments | peak memory | model |");
    println!("|---:|---:|---:|---:|---:|");
    let mut runs = Vec::new();
    for size in sizes {
        let run = child(size)?;
        println!(
            "| {} | {:.1} | {:.2} s | {:.0} MB | {:.1} MB |",
            run.texts,
            run.seconds,
            1000.0 * run.seconds / run.texts as f64,
            run.peak,
            run.model as f64 / 1e6
        );
        runs.push(run);
    }
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/training.svg");
    std::fs::write(picture, plot(&runs))?;
    Ok(())
}

/// linfa prints the whole model to standard error on each fit: the child's is dropped.
fn child(size: usize) -> Result<Run> {
    let output = Command::new(std::env::current_exe()?)
        .args(["scale", "--one", &size.to_string()])
        .stderr(std::process::Stdio::null())
        .output()?;
    let said = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = said
        .split_whitespace()
        .map(|word| word.parse())
        .collect::<std::result::Result<_, _>>()?;
    let [seconds, peak, model] = numbers[..] else {
        return Err(format!("the training of {size} ended early ({})", output.status).into());
    };
    Ok(Run {
        texts: size,
        seconds,
        peak,
        model: model as usize,
    })
}

fn train_one(texts: usize) -> Result<()> {
    let examples = made_up(texts);
    let start = Instant::now();
    let trained = train(&examples, &Options::default(), &mut |_, _| {})?;
    let seconds = start.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next())
        .ok_or("no peak memory")?
        .parse()?;
    println!(
        "{seconds} {} {}",
        peak / 1024.0,
        trained.model.to_bytes().len()
    );
    Ok(())
}

/// One in eight is spam. Ranks of words follow Zipf's law, spam draws from another part of it now
/// and then, and one word in forty was never met before, as names and slips of the finger are.
fn made_up(texts: usize) -> Vec<Example> {
    let mut state = 5;
    let mut next = move || -> u64 {
        // splitmix64
        state = u64::wrapping_add(state, 0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..texts)
        .map(|i| {
            let spam = i % 8 == 0;
            let words = 5 + next() % 40;
            let mut text = String::new();
            for _ in 0..words {
                let uniform = (next() >> 11) as f64 / (1u64 << 53) as f64;
                let mut letters = match next() % 40 {
                    0 => 200_000 + next() % 40_000_000,
                    n => (uniform * 11.5).exp() as u64 * 7 + u64::from(spam && n < 8) * 3,
                };
                loop {
                    text.push(char::from(b'a' + (letters % 26) as u8));
                    letters /= 26;
                    if letters == 0 {
                        break;
                    }
                }
                text.push(' ');
            }
            if spam && next() % 3 == 0 {
                let _ = write!(text, "http://shop{}.example/buy", next() % 500);
            }
            Example {
                at: Some(i as i64),
                ..Example::new(text, if spam { Label::Spam } else { Label::Ham })
            }
        })
        .collect()
}

/// Seconds by comments, both logarithmic, with the line that linear growth from the first size on
/// would follow.
fn plot(runs: &[Run]) -> String {
    const WIDTH: f64 = 640.0;
    const HEIGHT: f64 = 360.0;
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
        return String::new();
    };
    let x = |texts: f64| {
        let span = (last.texts as f64 / first.texts as f64).ln().max(1.0);
        70.0 + (WIDTH - 110.0) * (texts / first.texts as f64).ln() / span
    };
    let (low, high): (f64, f64) = (0.1, 1000.0);
    let y =
        |seconds: f64| HEIGHT - 50.0 - (HEIGHT - 80.0) * (seconds / low).ln() / (high / low).ln();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"#fffdf8\"/><text x=\"70\" y=\"18\" font-size=\"14\" fill=\"#2b2622\">Training time by comments (both axes logarithmic)</text>"
    );
    for seconds in [0.1, 1.0, 10.0, 100.0, 1000.0] {
        let at = y(seconds);
        let _ = write!(
            svg,
            "<path d=\"M70 {at:.1}H{}\" stroke=\"#e4dccf\"/><text x=\"62\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#6b6259\">{seconds} s</text>",
            WIDTH - 40.0,
            at + 4.0
        );
    }
    let grown = |run: &Run| first.seconds * run.texts as f64 / first.texts as f64;
    let line = |of: &dyn Fn(&Run) -> f64| -> String {
        runs.iter()
            .map(|run| format!("{:.1},{:.1} ", x(run.texts as f64), y(of(run))))
            .collect()
    };
    let _ = write!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#a89f94\" stroke-dasharray=\"5 4\"/><polyline points=\"{}\" fill=\"none\" stroke=\"#b5472b\" stroke-width=\"2\"/>",
        line(&grown),
        line(&|run| run.seconds)
    );
    for run in runs {
        let (at_x, at_y) = (x(run.texts as f64), y(run.seconds));
        let _ = write!(
            svg,
            "<circle cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"4\" fill=\"#b5472b\"/><text x=\"{at_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#2b2622\">{:.1} s, {:.0} MB</text><text x=\"{at_x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#6b6259\">{}</text>",
            at_y + 20.0,
            run.seconds,
            run.peak,
            HEIGHT - 28.0,
            run.texts
        );
    }
    svg.push_str("<text x=\"70\" y=\"350\" fill=\"#6b6259\">solid: measured; dashed: linear growth from the first size</text></svg>\n");
    svg
}
