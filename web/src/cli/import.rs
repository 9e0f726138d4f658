//! `potluck import`: what another system leaves behind.

use super::open;
use crate::config::Config;
use anyhow::bail;
use chrono::DateTime;
use clap::Subcommand;
use potluck_models::Db;
use potluck_models::db::{ImportId, write_tx};
use potluck_models::label::{Import, NewLabel};
use potluck_models::moderation::verdict::Label;
use potluck_models::spam::labelled::Table;
use potluck_models::spam::{Label as Taught, learning::Example};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Subcommand)]
pub enum Imports {
    /// Teach the filter labelled comments from a CSV file: header text,label[,source][,time]
    Labels {
        /// CSV with columns text and label (spam or ham); - for standard input
        file: PathBuf,
        /// What one of them counts beside a moderator's verdict
        #[arg(long, default_value_t = 1.0, value_parser = weight)]
        weight: f64,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// List the files whose labels were imported
    List,
    /// Take an import back as a whole: its labels teach nothing any more, its texts are forgotten
    Undo { number: i64 },
}

fn weight(word: &str) -> Result<f64, String> {
    match word.parse::<f64>() {
        Ok(weight) if weight > 0.0 && weight <= 10.0 => Ok(weight),
        _ => Err("give a number above 0 and at most 10".into()),
    }
}

impl Imports {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        match self {
            Imports::Labels { file, weight, json } => {
                // Read first: a fault in the file leaves no trace.
                let table = Table::read(&file)?;
                let name = table.name.clone();
                let examples = table.into_examples()?;
                if examples.is_empty() {
                    bail!("{name}: it has a header and no rows");
                }
                labels(&mut open(config)?, &name, examples, weight, json)
            }
            Imports::List => list(&mut open(config)?),
            Imports::Undo { number } => undo(&mut open(config)?, ImportId(number)),
        }
    }
}

fn labels(
    db: &mut Db,
    name: &str,
    examples: Vec<Example>,
    weight: f64,
    json: bool,
) -> anyhow::Result<()> {
    let start = Instant::now();
    let given = examples.len();
    let (spam, ham) = examples
        .iter()
        .fold((0, 0), |(spam, ham), e| match e.label {
            Taught::Spam => (spam + 1, ham),
            Taught::Ham => (spam, ham + 1),
        });
    let labels: Vec<NewLabel> = examples
        .into_iter()
        .filter(|e| !e.text.trim().is_empty())
        .map(|e| NewLabel {
            text: e.text,
            label: match e.label {
                Taught::Spam => Label::Spam,
                Taught::Ham => Label::Ham,
            },
            written_at: e
                .at
                .and_then(|at| DateTime::from_timestamp(at, 0))
                .map(|at| at.naive_utc()),
        })
        .collect();
    let short = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let id = write_tx(db, |db| Import::begin(db, short, weight, None))?;
    let terminal = std::io::stderr().is_terminal();
    let (mut done, mut added) = (0, 0);
    for chunk in Import::chunks(&labels) {
        added += write_tx(db, |db| Import::add(db, id, chunk))?;
        done += chunk.len();
        if terminal {
            let mut out = std::io::stderr().lock();
            let _ = write!(out, "\r\x1b[K{done} of {} rows", labels.len());
            let _ = out.flush();
        }
    }
    if terminal {
        eprint!("\r\x1b[K");
    }
    if added == 0 {
        write_tx(db, |db| Import::discard(db, id))?;
        if json {
            println!(
                "{}",
                serde_json::json!({
                    "import": null, "rows": given, "spam": 0, "ham": 0, "known": given,
                })
            );
        } else {
            println!("All {given} rows are known already: nothing was imported.");
        }
        return Ok(());
    }
    let import = write_tx(db, |db| Import::finish(db, id))?;
    let new = (import.spam + import.ham) as usize;
    if json {
        println!(
            "{}",
            serde_json::json!({
                "import": import.id, "rows": given, "spam": import.spam, "ham": import.ham,
                "known": given - new,
            })
        );
        return Ok(());
    }
    println!(
        "Import {id}: {} spam and {} ham of {given} rows ({spam} spam, {ham} ham) in {:.1?}.",
        import.spam,
        import.ham,
        start.elapsed()
    );
    if new < given {
        println!(
            "{} rows were left out: the same text with the same label is known, or it is empty.",
            given - new
        );
    }
    println!(
        "The filter learns them at its next training (`potluck retrain`). \
         To take them back: `potluck import undo {id}`."
    );
    Ok(())
}

fn list(db: &mut Db) -> anyhow::Result<()> {
    let all = Import::all(db)?;
    if all.is_empty() {
        println!("No labels were imported.");
    }
    for import in all {
        println!(
            "{:>4}  {}  {:>7} spam {:>7} ham  weight {}  {}{}",
            import.id,
            import.created_at.format("%Y-%m-%d %H:%M"),
            import.spam,
            import.ham,
            import.weight,
            import.name,
            match import.undone_at {
                Some(_) => "  (taken back, or never finished)",
                None => "",
            }
        );
    }
    Ok(())
}

fn undo(db: &mut Db, id: ImportId) -> anyhow::Result<()> {
    if Import::find(db, id)?.is_none() {
        bail!("there is no import {id}; `potluck import list` shows them");
    }
    if !write_tx(db, |db| Import::undo(db, id, None))? {
        bail!("import {id} was taken back before");
    }
    println!("Import {id} is taken back. The filter unlearns it at its next training.");
    Ok(())
}
