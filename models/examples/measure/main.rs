//! Measures the filter by the protocol of the data folder's README.
//!
//! `cargo run --release -p potluck-models --example measure -- FOLDER [PART…]`
//! with parts `cv video balance across attack links scale starter curve speed` (all by default).
//! `… --example measure -- scale [SIZE…]` needs no folder.

mod scale;

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use potluck_models::spam::evaluation::{Metrics, Scored};
use potluck_models::spam::learning::{cross_validate, train_with};
use potluck_models::spam::starter::{Starter, held_out};
use potluck_models::spam::{Example, Label, Model, Options};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct Row {
    example: Example,
    source: String,
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("usage: measure FOLDER [PART…]")?;
    let parts: Vec<String> = args.collect();
    if folder == "scale" {
        return scale::run(&parts);
    }
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|p| p == part);
    let file = |name: &str| read(&Path::new(&folder).join(format!("{name}.csv")));
    let options = Options {
        starter: false,
        quiet: true,
        ..Options::default()
    };

    let names = [
        "youtube",
        "sms",
        "blog_podcast",
        "instagram_id",
        "telegram_ru",
    ];
    if wants("cv") {
        println!("## 12-fold on each file alone\n");
        heading();
        for name in names {
            if name == "telegram_ru" && parts.iter().any(|p| p == "fast") {
                continue;
            }
            let rows = examples(&file(name)?);
            line(name, &cross_validate(&rows, None, 12, &options)?);
        }
    }
    if wants("video") {
        let rows = file("youtube")?;
        let mut sources: Vec<&str> = rows.iter().map(|row| row.source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        let mut pooled = Vec::new();
        println!("\n## youtube, one video left out\n");
        heading();
        for source in sources {
            let training: Vec<Example> = rows
                .iter()
                .filter(|r| r.source != source)
                .map(|r| r.example.clone())
                .collect();
            let model = train_with(&training, None, &options, &mut |_, _| {})?.model;
            let test: Vec<Example> = rows
                .iter()
                .filter(|r| r.source == source)
                .map(|r| r.example.clone())
                .collect();
            let scored = score(&model, &test);
            line(source, &scored);
            pooled.extend(scored);
        }
        line("pooled", &pooled);
    }
    if wants("balance") {
        println!("\n## spam sub-sampled to 12.5 % (five samples pooled)\n");
        heading();
        for name in ["youtube", "instagram_id"] {
            let rows = examples(&file(name)?);
            let mut pooled = Vec::new();
            for sample in 0..5 {
                let some = thinned(&rows, sample);
                pooled.extend(cross_validate(
                    &some,
                    None,
                    12,
                    &Options {
                        seed: sample,
                        ..options.clone()
                    },
                )?);
            }
            line(name, &pooled);
        }
    }
    if wants("across") {
        println!("\n## four of the five train, the fifth is scored\n");
        heading();
        for name in names {
            let mut training = Vec::new();
            for other in names.iter().filter(|other| **other != name) {
                training.extend(examples(&file(other)?));
            }
            let model = train_with(&training, None, &options, &mut |_, _| {})?.model;
            line(name, &score(&model, &examples(&file(name)?)));
        }
    }
    if wants("attack") {
        println!(
            "\n## disguises and good words (recall of spam at 5 % ham flagged, youtube, trained without the row's fold)\n"
        );
        for (name, change) in ATTACKS {
            attack(&examples(&file("youtube")?), name, *change, &options)?;
        }
    }
    if wants("links") {
        println!("\n## harmless ham with a link to a code repository\n");
        repo_links(&examples(&file("youtube")?), "youtube", &options)?;
        repo_links(&examples(&file("sms")?), "sms", &options)?;
        repo_links(&examples(&file("instagram_id")?), "instagram_id", &options)?;
    }
    if wants("scale") {
        println!("\n## training on made-up comments, each size in a process of its own\n");
        scale::run(&[])?;
    }
    if wants("starter") {
        starters(&|name| Ok(examples(&file(name)?)))?;
    }
    if wants("curve") {
        curve(&|name| Ok(examples(&file(name)?)))?;
    }
    if wants("speed") {
        speed(&examples(&file("youtube")?), &options)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for record in csv::Reader::from_path(path)?.records() {
        let record = record?;
        let label = if &record[1] == "spam" {
            Label::Spam
        } else {
            Label::Ham
        };
        rows.push(Row {
            example: Example::new(&record[0], label),
            source: record[2].to_owned(),
        });
    }
    Ok(rows)
}

fn examples(rows: &[Row]) -> Vec<Example> {
    rows.iter().map(|row| row.example.clone()).collect()
}

fn score(model: &Model, rows: &[Example]) -> Vec<Scored> {
    rows.iter()
        .map(|e| Scored {
            probability: model.score(&e.text, &[]),
            spam: e.label == Label::Spam,
        })
        .collect()
}

fn heading() {
    println!("| set | F1 ham | F1 spam | AUC | ham flagged at 90 % | at 95 % | Brier | ECE |");
    println!("|---|---|---|---|---|---|---|---|");
}

fn line(name: &str, scored: &[Scored]) {
    let m = Metrics::of(scored);
    println!(
        "| {name} | {:.4} | {:.4} | {:.4} | {:.2} % | {:.2} % | {:.4} | {:.4} |",
        m.f1_ham,
        m.f1_spam,
        m.auc,
        m.ham_flagged_at_90 * 100.0,
        m.ham_flagged_at_95 * 100.0,
        m.brier,
        m.ece
    );
}

/// All ham, and as much spam as makes one in eight, chosen by a little generator.
fn thinned(rows: &[Example], sample: u64) -> Vec<Example> {
    let ham = rows.iter().filter(|e| e.label == Label::Ham).count();
    let mut spam: Vec<&Example> = rows.iter().filter(|e| e.label == Label::Spam).collect();
    shuffle(&mut spam, sample + 1);
    spam.truncate(ham / 7);
    rows.iter()
        .filter(|e| e.label == Label::Ham)
        .chain(spam)
        .cloned()
        .collect()
}

fn next(state: &mut u64) -> u64 {
    // splitmix64
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for i in (1..items.len()).rev() {
        items.swap(i, (next(&mut state) % (i as u64 + 1)) as usize);
    }
}

/// Gets the spam, the ham words of the training part, and a number; gives the changed spam.
type Attack = fn(&str, &[String], u64) -> String;

const ATTACKS: &[(&str, Attack)] = &[
    ("none", |text, _, _| text.to_owned()),
    ("40 good words after it", |text, good, n| {
        good_words(text, good, n, 40)
    }),
    ("80 good words after it", |text, good, n| {
        good_words(text, good, n, 80)
    }),
    ("a ham text after it", |text, good, n| {
        format!("{text} {}", good[(n as usize) % good.len()])
    }),
    ("zero-width joiners", |text, _, _| {
        words(text, |w| join_chars(w, '\u{200d}'))
    }),
    ("look-alike letters", |text, _, _| {
        text.replace('a', "а")
            .replace('e', "е")
            .replace('o', "о")
            .replace('c', "с")
    }),
    ("spaced letters", |text, _, _| {
        words(text, |w| join_chars(w, ' '))
    }),
    ("dotted letters", |text, _, _| {
        words(text, |w| join_chars(w, '.'))
    }),
    ("leet", |text, _, _| {
        words(text, |w| {
            w.replace('o', "0")
                .replace('e', "3")
                .replace('i', "1")
                .replace('a', "4")
        })
    }),
    ("hidden address", |text, _, _| {
        text.replace("http://", "")
            .replace("https://", "")
            .replace(".com", " dot com")
            .replace("www ", "")
    }),
];

fn words(text: &str, change: impl Fn(&str) -> String) -> String {
    text.split(' ')
        .map(|w| {
            if w.len() > 3 && !w.contains("://") {
                change(w)
            } else {
                w.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn join_chars(word: &str, with: char) -> String {
    let mut out = String::new();
    for (i, c) in word.chars().enumerate() {
        if i > 0 {
            out.push(with);
        }
        out.push(c);
    }
    out
}

/// A tail of words out of real ham, in a random order.
fn good_words(text: &str, good: &[String], seed: u64, count: usize) -> String {
    let mut state = seed;
    let mut out = text.to_owned();
    for _ in 0..count {
        let ham = &good[(next(&mut state) % good.len() as u64) as usize];
        let all: Vec<&str> = ham.split_whitespace().collect();
        if !all.is_empty() {
            out.push(' ');
            out.push_str(all[(next(&mut state) % all.len() as u64) as usize]);
        }
    }
    out
}

/// Training part, test part, and the model of the first.
type Fold = (Vec<Example>, Vec<Example>, Model);

fn folds(rows: &[Example], options: &Options) -> Result<Vec<Fold>> {
    let mut order: Vec<&Example> = rows.iter().collect();
    shuffle(&mut order, 7);
    let mut out = Vec::new();
    for fold in 0..4 {
        let part = |inside: bool| {
            order
                .iter()
                .enumerate()
                .filter(|(i, _)| (i % 4 == fold) == inside)
                .map(|(_, e)| (*e).clone())
                .collect::<Vec<_>>()
        };
        let training = part(false);
        let model = train_with(&training, None, options, &mut |_, _| {})?.model;
        out.push((training, part(true), model));
    }
    Ok(out)
}

/// Share of `scores` above the threshold that flags 5 % of `ham`.
fn above_five_percent(ham: &mut [f64], scores: &[f64]) -> f64 {
    ham.sort_unstable_by(|a, b| b.total_cmp(a));
    let threshold = ham[ham.len() / 20];
    scores.iter().filter(|&&s| s > threshold).count() as f64 / scores.len() as f64
}

fn attack(rows: &[Example], name: &str, change: Attack, options: &Options) -> Result<()> {
    let (mut ham, mut spam) = (Vec::new(), Vec::new());
    for (training, test, model) in folds(rows, options)? {
        let good: Vec<String> = training
            .iter()
            .filter(|e| e.label == Label::Ham)
            .map(|e| e.text.clone())
            .collect();
        for (n, e) in test.iter().enumerate() {
            match e.label {
                Label::Ham => ham.push(model.score(&e.text, &[])),
                Label::Spam => spam.push(model.score(&change(&e.text, &good, n as u64), &[])),
            }
        }
    }
    println!(
        "- {name}: {:.1} %",
        above_five_percent(&mut ham, &spam) * 100.0
    );
    Ok(())
}

fn repo_links(rows: &[Example], name: &str, options: &Options) -> Result<()> {
    for link in [
        "https://github.com/someone/some-game",
        "https://codeberg.org/someone/repo/src/main.rs",
        "https://git.example.org/someone/repo",
        "https://example.org/someone/repo/issues/12",
        "https://example.org/someone/some-game",
    ] {
        let (mut plain, mut linked) = (Vec::new(), Vec::new());
        for (_, test, model) in folds(rows, options)? {
            for e in test.iter().filter(|e| e.label == Label::Ham) {
                plain.push(model.score(&e.text, &[]));
                linked.push(model.score(&format!("{} {link}", e.text), &[]));
            }
        }
        println!(
            "- {name}: ham with {link}: {:.1} % flagged where 5 % are without",
            above_five_percent(&mut plain, &linked) * 100.0
        );
    }
    Ok(())
}

fn speed(rows: &[Example], options: &Options) -> Result<()> {
    let model = train_with(rows, None, options, &mut |_, _| {})?.model;
    let mut text = String::new();
    for e in rows {
        if text.split_whitespace().count() >= 60 {
            break;
        }
        text.push(' ');
        text.push_str(&e.text);
    }
    let text = text
        .split_whitespace()
        .take(60)
        .collect::<Vec<_>>()
        .join(" ");
    let found = model.find(&text, &[]);
    let micros = |run: &mut dyn FnMut() -> f64| {
        let mut times: Vec<f64> = (0..2001)
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(run());
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        times.sort_unstable_by(f64::total_cmp);
        times[1000]
    };
    println!("\n## speed, a comment of 60 words, median of 2,001\n");
    println!(
        "- scoring alone: {:.2} µs",
        micros(&mut || model.score_found(&found))
    );
    println!(
        "- with features: {:.1} µs",
        micros(&mut || model.score(&text, &[]))
    );
    println!(
        "- explaining: {:.0} µs",
        micros(&mut || model.explain(&text, &[]).probability)
    );
    Ok(())
}

type Load<'a> = &'a dyn Fn(&str) -> Result<Vec<Example>>;

/// Starters made without one file, on all of that file; and the whole one on the left-out fifth
/// and on the two files that are never shipped.
fn starters(load: Load) -> Result<()> {
    println!("\n## the starter: without own labels\n");
    println!(
        "| starter made of | on | AUC | F1 ham | F1 spam | hold from | ham held | spam held | Brier |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let names = ["youtube", "sms", "blog_podcast"];
    for without in ["youtube", "sms", "blog_podcast", ""] {
        let mut sources = Vec::new();
        for name in names.iter().filter(|name| **name != without) {
            sources.push(load(name)?);
        }
        let model = Starter::build(&sources).model();
        let tests: Vec<(String, Vec<Example>)> = if without.is_empty() {
            let mut tests = vec![
                ("instagram_id".to_owned(), load("instagram_id")?),
                ("telegram_ru".to_owned(), load("telegram_ru")?),
            ];
            for (name, texts) in names.iter().zip(sources) {
                tests.push((
                    format!("{name}, left-out fifth"),
                    texts.into_iter().filter(|e| held_out(&e.text)).collect(),
                ));
            }
            tests
        } else {
            vec![(without.to_owned(), load(without)?)]
        };
        for (name, test) in tests {
            let scored = score(&model, &test);
            let m = Metrics::of(&scored);
            let hold = model.thresholds().hold;
            let held = |spam: bool| {
                let of: Vec<&Scored> = scored.iter().filter(|s| s.spam == spam).collect();
                100.0 * of.iter().filter(|s| s.probability >= hold).count() as f64
                    / of.len().max(1) as f64
            };
            let made = if without.is_empty() {
                "all three".to_owned()
            } else {
                format!("without {without}")
            };
            println!(
                "| {made} | {name} | {:.3} | {:.3} | {:.3} | {hold:.3} | {:.2} % | {:.1} % | {:.3} |",
                m.auc,
                m.f1_ham,
                m.f1_spam,
                held(false),
                held(true),
                m.brier
            );
        }
    }
    Ok(())
}

/// How a site gets better with its own labels: starter and none, with and without the starter.
fn curve(load: Load) -> Result<()> {
    println!(
        "\n## learning curve: own labels, scored on texts never labelled (three samples pooled)\n"
    );
    println!(
        "| site | own labels | AUC with starter | without | F1 ham / spam with | without | Brier with | without |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (site, sources) in [
        ("youtube", &["sms", "blog_podcast"][..]),
        ("sms", &["youtube", "blog_podcast"]),
        ("instagram_id", &["youtube", "sms", "blog_podcast"]),
        ("telegram_ru", &["youtube", "sms", "blog_podcast"]),
    ] {
        let sources = sources
            .iter()
            .map(|name| load(name))
            .collect::<Result<Vec<_>>>()?;
        let starter = Starter::build(&sources);
        let mut rows = load(site)?;
        for own in [0usize, 10, 25, 50, 100, 200, 500, 1000] {
            let (mut with, mut without) = (Vec::new(), Vec::new());
            for sample in 0..3 {
                shuffle(&mut rows, 11 + sample);
                let split = rows.len().min(own);
                let test = &rows[split..rows.len().min(split + 2000)];
                let options = Options {
                    quiet: true,
                    ..Options::default()
                };
                with.extend(score(
                    &train_with(&rows[..split], Some(&starter), &options, &mut |_, _| {})?.model,
                    test,
                ));
                if let Ok(trained) = train_with(&rows[..split], None, &options, &mut |_, _| {}) {
                    without.extend(score(&trained.model, test));
                }
            }
            let (a, b) = (Metrics::of(&with), Metrics::of(&without));
            println!(
                "| {site} | {own} | {:.3} | {:.3} | {:.3} / {:.3} | {:.3} / {:.3} | {:.3} | {:.3} |",
                a.auc, b.auc, a.f1_ham, a.f1_spam, b.f1_ham, b.f1_spam, a.brier, b.brier
            );
        }
    }
    Ok(())
}
