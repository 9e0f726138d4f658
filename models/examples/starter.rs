//! Makes `models/src/spam/starter.tsv`, the bundled counts, from the public corpora.
//!
//! `cargo run --release -p potluck-models --example starter -- FOLDER [--without FILE] [--out FILE]`
//!
//! FOLDER holds `youtube.csv`, `sms.csv` and `blog_podcast.csv` (header `text,label,source`).
//! `--without youtube` leaves a file out, to see how the starter does on strangers' texts.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use potluck_models::spam::starter::Starter;
use potluck_models::spam::{Example, Label};

const ABOUT: &[&str] = &[
    "Potluck's bundled starter: in how many public texts of spam and of ham each token occurs.",
    "Made by `cargo run --release -p potluck-models --example starter`; do not edit by hand.",
    "Figures only: no text, no token of fewer than 5 texts, no name, number, address or user name.",
    "Every fifth text (by hash) was left out and gives the report's figures.",
    "",
    "Sources:",
    "YouTube Spam Collection: T. C. Alberto, J. V. Lochter, T. A. Almeida, \"TubeSpam: Comment Spam",
    "  Filtering on YouTube\", ICMLA 2015; public research corpus (UCI 380).",
    "SMS Spam Collection v1: T. A. Almeida, J. M. Gómez Hidalgo, A. Yamakami, \"Contributions to the",
    "  Study of SMS Spam Filtering\", DOCENG 2011; public research corpus (UCI 228), free for all purposes.",
    "Comments of a podcast's site, as its admins moderated them: ephes/django-cast,",
    "  notebooks/moderation/comments.json (BSD licence).",
    "",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let mut folder = None;
    let mut without = String::new();
    let mut out = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/spam/starter.tsv"));
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--without" => without = args.next().ok_or("--without what?")?,
            "--out" => out = args.next().ok_or("--out where?")?.into(),
            _ => folder = Some(PathBuf::from(arg)),
        }
    }
    let folder = folder.ok_or("usage: starter FOLDER [--without FILE] [--out FILE]")?;
    let without = without.trim_end_matches(".csv");
    let started = Instant::now();
    let mut sources = Vec::new();
    for name in ["youtube", "sms", "blog_podcast"] {
        if name != without {
            sources.push(read(&folder.join(format!("{name}.csv")))?);
        }
    }
    let starter = Starter::build(&sources);
    let table = starter.to_table(ABOUT);
    // Replaced in one step: the next build must never meet half a table.
    let half = out.with_extension("part");
    std::fs::write(&half, &table)?;
    std::fs::rename(&half, &out)?;
    println!("{}", starter.report);
    println!(
        "{}: {} tokens, {} bytes, {:.1} s",
        out.display(),
        starter.entries.len(),
        table.len(),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Example>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for record in csv::Reader::from_path(path)?.records() {
        let record = record?;
        let label = if &record[1] == "spam" {
            Label::Spam
        } else {
            Label::Ham
        };
        rows.push(Example::new(&record[0], label));
    }
    Ok(rows)
}
