//! `potluck spam` on files: measured, trained, scored, explained and replayed, by invented comments.

use crate::kill::program;
use crate::support::*;
use potluck_models::secret::sha256_bytes;
use potluck_models::spam::evaluation::{Metrics, Scored};
use potluck_models::spam::replay::Random;
use potluck_models::spam::{FEATURES_VERSION, Model};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs `potluck spam` in a folder where there is no site.
fn spam(folder: &Path, arguments: &[&str]) -> Output {
    spam_reading(folder, arguments, "")
}

fn spam_reading(folder: &Path, arguments: &[&str], standard_input: &str) -> Output {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("POTLUCK_") {
            command.env_remove(name);
        }
    }
    let mut child = command
        .arg("spam")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("potluck runs");
    // A command that fails early may have closed its end.
    let _ = child
        .stdin
        .take()
        .unwrap()
        .write_all(standard_input.as_bytes());
    child.wait_with_output().expect("potluck ends")
}

fn said(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    let said = said(output);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// The one sentence of a command that could not do its work.
fn complaint(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert_eq!(error.lines().count(), 1, "{error}");
    error
        .trim_end()
        .strip_prefix("potluck: ")
        .expect(&error)
        .to_owned()
}

const HAM: &[&str] = &[
    "the second level",
    "your melody",
    "that jump",
    "the ending",
    "a save point",
    "the pond",
    "colours at dusk",
    "my small screen",
    "the tutorial",
    "keyboard play",
];
const SPAM: &[&str] = &[
    "casino bonus",
    "cheap followers",
    "http://win-now.example/go",
    "my channel",
    "free coins",
    "work from home",
    "pills without recipe",
    "a loan today",
    "whatsapp +1 555 010 0199",
    "click here",
];
const BOTH: &[&str] = &[
    "really liked",
    "please look at",
    "everybody wants",
    "do not miss",
    "thanks for",
    "I came back for",
    "one more word on",
    "try",
];

/// Comments of two or three phrases each; now and then one of the other kind's, so that no filter
/// is perfect. With quotes, commas and line breaks.
fn comments(n: usize, seed: u64) -> Vec<(String, bool)> {
    let mut random = Random::new(seed);
    let mut pick = |from: &[&'static str]| from[(random.share() * from.len() as f64) as usize];
    (0..n)
        .map(|i| {
            let spam = i % 3 == 0;
            let mut phrases = Vec::new();
            for part in 0..2 + i % 2 {
                let strays = (i + part) % 11 == 0;
                phrases.push(pick(BOTH));
                phrases.push(pick(if spam != strays { SPAM } else { HAM }));
            }
            let joint = [" ", ", ", "\r\n", " \"and\" "][i % 4];
            (format!("{} ({i})", phrases.join(joint)), spam)
        })
        .collect()
}

fn field(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A file with a byte order mark, CRLF, columns in another order and one that nobody asked for.
fn write(folder: &Path, name: &str, comments: &[(String, bool)]) {
    let mut csv = "\u{feff}id,Label,text,source\r\n".to_owned();
    for (i, (text, spam)) in comments.iter().enumerate() {
        let label = ["Ham", "SPAM"][usize::from(*spam)];
        csv += &format!("{i},{label},{},thread {}\r\n", field(text), i % 5);
    }
    std::fs::write(folder.join(name), csv).unwrap();
}

fn rows(csv_text: &[u8]) -> (Vec<String>, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_reader(csv_text);
    let header = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    (header, reader.records().map(Result::unwrap).collect())
}

#[test]
fn evaluating_scores_every_row_in_order_and_measures_just_these_scores() {
    let folder = tempfile::tempdir().unwrap();
    let all = comments(420, 1);
    write(folder.path(), "a.csv", &all);
    let arguments = ["evaluate", "a.csv", "--out", "p.csv", "--json"];
    let report = json(&spam(folder.path(), &arguments));
    let predictions = std::fs::read(folder.path().join("p.csv")).unwrap();
    let (header, rows) = rows(&predictions);
    assert_eq!(header, ["id", "Label", "text", "source", "score"]);
    assert_eq!(rows.len(), all.len());
    let mut scored = Vec::new();
    for (i, (row, (text, spam))) in rows.iter().zip(&all).enumerate() {
        assert_eq!(row[0], i.to_string());
        assert_eq!(row[2], *text);
        assert_eq!(row[3], format!("thread {}", i % 5));
        let probability: f64 = row[4].parse().unwrap();
        assert!((0.0..=1.0).contains(&probability), "{probability}");
        scored.push(Scored {
            probability,
            spam: *spam,
        });
    }
    let expected = serde_json::to_value(Metrics::of(&scored)).unwrap();
    assert_eq!(report["pooled"]["metrics"], expected);
    assert_eq!(report["files"][0]["metrics"], expected);
    assert!(expected["f1_spam"].as_f64().unwrap() > 0.9, "{expected}");
    assert_eq!(report["files"][0]["file"], "a.csv");
    assert_eq!(report["worst"].as_array().unwrap().len(), {
        let wrong = scored.iter().filter(|s| (s.probability >= 0.5) != s.spam);
        wrong.count().min(20)
    });
    // The same seed gives the same figures, another one other parts.
    assert_eq!(json(&spam(folder.path(), &arguments)), report);
    assert_eq!(
        std::fs::read(folder.path().join("p.csv")).unwrap(),
        predictions
    );
    let mut other = arguments.to_vec();
    other.extend(["--seed", "5"]);
    assert_ne!(
        json(&spam(folder.path(), &other))["pooled"],
        report["pooled"]
    );
    let text = said(&spam(folder.path(), &["evaluate", "a.csv"]));
    for part in [
        "12-fold",
        "Reliability",
        "Scores",
        "The worst errors",
        "ROC AUC",
        "Brier",
        "0.97",
        "another corpus",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn labels_without_a_meaning_are_not_predicted_by_cross_validation() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(11);
    let mut all = comments(400, 2);
    for (_, spam) in &mut all {
        *spam = random.share() < 0.5;
    }
    write(folder.path(), "noise.csv", &all);
    let report = json(&spam(folder.path(), &["evaluate", "noise.csv", "--json"]));
    let auc = report["pooled"]["metrics"]["auc"].as_f64().unwrap();
    assert!(
        (0.4..0.6).contains(&auc),
        "a fold saw its own labels: {auc}"
    );
}

#[test]
fn files_are_evaluated_alone_and_pooled_and_may_be_thinned_to_a_share_of_spam() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.csv", &comments(240, 3));
    write(folder.path(), "b.csv", &comments(150, 4));
    let alone = json(&spam(folder.path(), &["evaluate", "a.csv", "--json"]));
    let both = json(&spam(
        folder.path(),
        &["evaluate", "a.csv", "b.csv", "--json"],
    ));
    assert_eq!(both["files"][0], alone["files"][0]);
    assert_eq!(both["pooled"]["metrics"]["texts"], 390);
    let mut thin = vec!["evaluate", "a.csv", "b.csv", "--spam-share", "0.125"];
    thin.extend(["--folds", "5", "--out", "p.csv", "--json"]);
    let thinned = json(&spam(folder.path(), &thin));
    // 160 ham go with 23 spam, 100 with 14.
    assert_eq!(thinned["files"][0]["metrics"]["spam"], 23);
    assert_eq!(thinned["files"][0]["left_out"]["spam"], 57);
    assert_eq!(thinned["pooled"]["metrics"]["texts"], 160 + 23 + 100 + 14);
    let (_, rows) = rows(&std::fs::read(folder.path().join("p.csv")).unwrap());
    let spam_rows = rows.iter().filter(|row| &row[1] == "SPAM").count();
    assert_eq!((rows.len(), spam_rows), (297, 37));
}

#[test]
fn a_model_is_the_same_from_any_order_of_rows_and_scores_files_in_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = comments(360, 6);
    write(folder.path(), "a.csv", &all);
    all.reverse();
    write(folder.path(), "b.csv", &all);
    let trained = spam(folder.path(), &["train", "a.csv", "--out", "a.model"]);
    let text = said(&trained);
    assert!(
        text.contains("alone, without the bundled starter"),
        "{text}"
    );
    let error = String::from_utf8_lossy(&trained.stderr);
    assert!(
        error.lines().count() == 1 && error.starts_with("Took "),
        "{error}"
    );
    let report = json(&spam(
        folder.path(),
        &["train", "b.csv", "--out", "b.model", "--json"],
    ));
    assert_eq!(report["report"]["own_spam"], 120);
    let model = std::fs::read(folder.path().join("a.model")).unwrap();
    assert_eq!(model, std::fs::read(folder.path().join("b.model")).unwrap());
    let model = Model::from_bytes(&model).unwrap();
    assert_eq!(model.report().starter_spam, 0);

    // Texts that it has not seen, without labels, from standard input.
    let unseen = comments(90, 7);
    let mut input = "text\n".to_owned();
    for (text, _) in &unseen {
        input += &format!("{}\n", field(text));
    }
    let scored = spam_reading(folder.path(), &["score", "a.model", "-"], &input);
    let (header, rows) = rows(said(&scored).as_bytes());
    assert_eq!(header, ["text", "score"]);
    assert_eq!(rows.len(), unseen.len());
    for (row, (text, _)) in rows.iter().zip(&unseen) {
        assert_eq!(row[0], *text);
        assert_eq!(row[1].parse::<f64>().unwrap(), model.score(text, &[]));
    }
    let right = rows
        .iter()
        .zip(&unseen)
        .filter(|(row, (_, spam))| (row[1].parse::<f64>().unwrap() >= 0.5) == *spam)
        .count();
    assert!(right * 10 > unseen.len() * 9, "{right} of {}", unseen.len());
    std::fs::write(folder.path().join("unseen.csv"), input).unwrap();
    let out = ["score", "a.model", "unseen.csv", "--out", "p.csv"];
    assert!(said(&spam(folder.path(), &out)).contains("90 rows"));
    assert_eq!(
        std::fs::read(folder.path().join("p.csv")).unwrap(),
        scored.stdout
    );

    let with = [
        "train",
        "a.csv",
        "--out",
        "c.model",
        "--with-starter",
        "--vocabulary",
        "500",
    ];
    assert!(said(&spam(folder.path(), &with)).contains("beginning with the bundled starter"));
    let model = std::fs::read(folder.path().join("c.model")).unwrap();
    let report = Model::report_of(&model).unwrap();
    assert!(report.starter_spam > 0 && report.vocabulary.iter().all(|&n| n <= 500));
}

/// A model's bytes with a number changed, and the checksum set right again.
fn changed(model: &[u8], at: usize, number: u32) -> Vec<u8> {
    let mut bytes = model[..model.len() - 32].to_vec();
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    let sum = sha256_bytes(&bytes);
    let digit = |i: usize| u8::from_str_radix(&sum[i..i + 2], 16).unwrap();
    bytes.extend((0..64).step_by(2).map(digit));
    bytes
}

#[test]
fn a_model_that_cannot_be_used_is_refused_with_a_clear_sentence() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.csv", &comments(60, 8));
    said(&spam(folder.path(), &["train", "a.csv", "--out", "good"]));
    let good = std::fs::read(folder.path().join("good")).unwrap();
    let mut damaged = good.clone();
    damaged[good.len() / 2] ^= 1;
    let cases: [(&str, Vec<u8>, &str); 6] = [
        ("damaged", damaged, "this filter is damaged"),
        (
            "short",
            good[..good.len() / 2].to_vec(),
            "this filter is damaged",
        ),
        ("empty", Vec::new(), "this is not a Potluck filter"),
        (
            "text",
            b"text,label\nhello,ham\n".to_vec(),
            "this is not a Potluck filter",
        ),
        (
            "newer",
            changed(&good, 8, 99),
            "format 99, which this Potluck cannot read",
        ),
        (
            "other",
            changed(&good, 12, FEATURES_VERSION + 1),
            "train it anew",
        ),
    ];
    for (name, bytes, expected) in cases {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let score = ["score", name, "a.csv", "--out", "p.csv"];
        let sentence = complaint(&spam(folder.path(), &score));
        assert!(
            sentence.starts_with(&format!("{name}: ")) && sentence.contains(expected),
            "{sentence}"
        );
        let explain = ["explain", "--model", name, "hello"];
        assert_eq!(complaint(&spam(folder.path(), &explain)), sentence);
    }
    assert!(!folder.path().join("p.csv").exists());
    let missing = complaint(&spam(folder.path(), &["score", "none", "a.csv"]));
    assert!(missing.starts_with("cannot read none: "), "{missing}");
}

#[test]
fn bad_input_ends_in_one_sentence_and_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "good.csv", &comments(60, 9));
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("p.csv", "as it was");
    file(
        "label.csv",
        "text,label\r\nfine,ham\r\n\"of two\r\nlines\",x\r\n",
    );
    file("column.csv", "comment,label\nfine,ham\n");
    file("unlabelled.csv", "text\nfine\n");
    file("one.csv", "text,label\nfine,ham\nwell,ham\n");
    file("rare.csv", "text,label\nfine,ham\nbuy,spam\nwell,ham\n");
    file("header.csv", "text,label\n");
    file("nothing.csv", "");
    file("cut.csv", "label,text\nham,fine\nham,\"cut o");
    file("fields.csv", "text,label\nfine,ham\nfine\n");
    file("time.csv", "text,label,time\nfine,ham,soon\nbuy,spam,1\n");
    for (name, expected) in [
        ("label.csv", "label.csv, row 2 (line 3): the label is \"x\""),
        ("column.csv", "column.csv: no column named \"text\""),
        (
            "unlabelled.csv",
            "unlabelled.csv: no column named \"label\"",
        ),
        ("one.csv", "spam"),
        ("header.csv", "rows"),
        ("nothing.csv", "nothing.csv: it is empty"),
        (
            "cut.csv",
            "cut.csv, row 2 (line 3): a quotation mark is never closed",
        ),
        ("fields.csv", "fields.csv, row 2 (line 3): 1 fields"),
        ("time.csv", "time.csv, row 1 (line 2): the time is \"soon\""),
        ("none.csv", "cannot read none.csv: "),
    ] {
        for arguments in [
            vec!["evaluate", "good.csv", name, "--out", "p.csv"],
            vec!["train", name, "--out", "p.csv"],
            vec!["replay", name],
        ] {
            let sentence = complaint(&spam(folder.path(), &arguments));
            assert!(sentence.contains(expected), "{arguments:?}: {sentence}");
        }
    }
    let rare = complaint(&spam(
        folder.path(),
        &["evaluate", "rare.csv", "--out", "p.csv"],
    ));
    assert!(rare.contains("nothing is left to learn from"), "{rare}");
    let share = [
        "evaluate",
        "good.csv",
        "--spam-share",
        "0.001",
        "--out",
        "p.csv",
    ];
    let share = complaint(&spam(folder.path(), &share));
    assert!(share.contains("too few rows"), "{share}");
    for nowhere in ["none/out", "."] {
        let train = ["train", "good.csv", "--out", nowhere];
        let sentence = complaint(&spam(folder.path(), &train));
        assert!(sentence.starts_with("cannot write "), "{sentence}");
    }
    assert_eq!(
        std::fs::read(folder.path().join("p.csv")).unwrap(),
        b"as it was"
    );
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".csv"))
        .collect();
    names.sort();
    assert_eq!(names, [] as [String; 0], "left behind");
    for flags in [["--folds", "1"], ["--spam-share", "2"], ["--seed", "x"]] {
        let mut arguments = vec!["evaluate", "good.csv"];
        arguments.extend(flags);
        assert!(!spam(folder.path(), &arguments).status.success());
    }
}

#[test]
fn a_replay_tells_the_same_story_from_the_same_seed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.csv", &comments(600, 10));
    let text = said(&spam(folder.path(), &["replay", "a.csv", "--seed", "3"]));
    assert_eq!(
        text,
        said(&spam(folder.path(), &["replay", "a.csv", "--seed", "3"]))
    );
    for part in [
        "Seed 3",
        "600 comments, 200 of them spam",
        "in the order of the file, which has no times",
        "per 1,000 comments",
        "spam published",
        "ham held",
        "ham put to Spam",
        "At 4 seconds a decision",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let shuffled = ["replay", "a.csv", "--shuffle", "--seed"];
    let of = |seed| said(&spam(folder.path(), &[&shuffled[..], &[seed]].concat()));
    let spread = |told: String| {
        told.lines()
            .find(|line| line.contains("spam among them"))
            .map(str::to_owned)
    };
    assert_ne!(spread(of("1")), spread(of("2")));
    let report = json(&spam(
        folder.path(),
        &["replay", "a.csv", "--report", "1", "--pace", "6", "--json"],
    ));
    let all = &report["all"];
    let number = |name: &str| all[name].as_f64().unwrap();
    assert_eq!(number("comments"), 600.0);
    assert_eq!(number("spam_found"), number("spam_published"));
    assert_eq!(
        number("spam"),
        number("spam_published") + number("spam_held") + number("spam_put_away")
    );
    assert_eq!(number("minutes"), number("decisions") / 10.0);
    let quarters = report["quarters"].as_array().unwrap();
    assert_eq!(
        quarters
            .iter()
            .map(|q| q["decisions"].as_f64().unwrap())
            .sum::<f64>(),
        number("decisions")
    );
    // What is decided teaches: the last quarter needs less of people, and lets less through.
    let missed = |q: usize| quarters[q]["spam_published"].as_f64().unwrap();
    assert!(missed(3) < missed(0), "{report:#}");
    // Without labels by rule, everything waits for the first model.
    let cold = [
        "replay",
        "a.csv",
        "--no-starter",
        "--batch",
        "150",
        "--json",
    ];
    let cold = json(&spam(folder.path(), &cold));
    assert_eq!(cold["quarters"][0]["ham_held"], 100);
    assert_eq!(cold["quarters"][0]["decisions_per_1000"], 1000.0);
}

#[test]
fn a_replay_goes_by_time_where_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let all = comments(200, 12);
    let file = |name: &str, backwards: bool| {
        let mut csv = "time,text,label\n".to_owned();
        for at in 0..all.len() {
            let i = if backwards { all.len() - 1 - at } else { at };
            let (text, spam) = &all[i];
            // Both ways of writing a time, in one file.
            let time = match i % 2 {
                0 => (1_750_000_000 + i * 60).to_string(),
                _ => chrono::DateTime::from_timestamp(1_750_000_000 + i as i64 * 60, 0)
                    .unwrap()
                    .to_rfc3339(),
            };
            csv += &format!(
                "{time},{},{}\n",
                field(text),
                ["ham", "spam"][usize::from(*spam)]
            );
        }
        std::fs::write(folder.path().join(name), csv).unwrap();
    };
    file("forth.csv", false);
    file("back.csv", true);
    let of = |name: &str| {
        let text = said(&spam(folder.path(), &["replay", name]));
        assert!(text.contains("in order of time"), "{text}");
        text.split_once(": ").unwrap().1.to_owned()
    };
    assert_eq!(of("forth.csv"), of("back.csv"));
}

#[test]
fn a_text_is_explained_by_a_model_or_the_starter() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Click here for a casino bonus: http://win-now.example/go";
    let starter = said(&spam(folder.path(), &["explain", text]));
    assert!(
        starter.contains("the bundled starter (there is no site here)"),
        "{starter}"
    );
    assert!(
        !folder.path().join("data").exists(),
        "a look made a database"
    );
    write(folder.path(), "a.csv", &comments(300, 13));
    said(&spam(folder.path(), &["train", "a.csv", "--out", "m"]));
    let explained = json(&spam(
        folder.path(),
        &["explain", "--model", "m", "--json", text],
    ));
    assert_eq!(explained["model"], "m");
    assert!(
        explained["probability"].as_f64().unwrap() > 0.9,
        "{explained:#}"
    );
    let strongest = explained["for_spam"].as_array().unwrap();
    assert_eq!(strongest.len(), 12);
    let weights: Vec<f64> = strongest
        .iter()
        .map(|t| t["weight"].as_f64().unwrap())
        .collect();
    assert!(weights.is_sorted_by(|a, b| a >= b), "{weights:?}");
    assert!(
        strongest
            .iter()
            .all(|t| t["spam"].as_f64() > t["ham"].as_f64()),
        "{strongest:?}"
    );
    let piped = spam_reading(
        folder.path(),
        &["explain", "--model", "m", "--json", "-"],
        &format!("{text}\n"),
    );
    assert_eq!(json(&piped), explained);
    let said = said(&spam(folder.path(), &["explain", "--model", "m", text]));
    for part in [
        "Probability of spam: 0.9",
        "Speaks for spam",
        "Speaks for ham",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    // A sign is a token like others: with it, something else is said.
    let signs = [
        "explain",
        "--json",
        "--signal",
        "@first-comment",
        "--signal",
        "@account:new",
        "hi",
    ];
    assert!(json(&spam(folder.path(), &signs))["probability"].is_number());
}

on_both! {
    fn on_a_site_its_own_model_explains(site) {
        let id = site.app.filter().expect("the starter").id;
        let arguments = ["--database-url", site.database_url(), "explain", "What a lovely pond."];
        let said = said(&spam(site.folder(), &arguments));
        assert!(said.contains(&format!("model {id}, which the site uses")), "{said}");
        site.sql("UPDATE models SET active = FALSE");
        let none = spam(site.folder(), &arguments);
        assert!(String::from_utf8_lossy(&none.stdout).contains("the site uses no model"), "{none:?}");
    }
}
