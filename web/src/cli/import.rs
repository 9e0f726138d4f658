//! `potluck import`: what another system leaves behind.

use super::{one_line, open, open_existing, say, say_json};
use crate::config::Config;
use anyhow::{Context, bail};
use chrono::DateTime;
use clap::Subcommand;
use potluck_models::Db;
use potluck_models::db::{ImportId, write_tx};
use potluck_models::label::{Import, NewLabel};
use potluck_models::moderation::verdict::Label;
use potluck_models::old_number;
use potluck_models::spam::labelled::Table;
use potluck_models::spam::{Label as Taught, learning::Example};
use serde::Deserialize;
use serde_json::json;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
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
    /// Let the addresses that projects had on another site (/project/7/, /project-Title-7-.html) lead on
    Addresses {
        /// CSV with columns number (there) and project (its address here); - for standard input
        file: PathBuf,
    },
    /// List the files whose labels were imported
    List,
    /// Take an import back as a whole: its labels teach nothing any more, its texts are forgotten
    Undo { number: i64 },
}

fn weight(word: &str) -> Result<f64, String> {
    match word.parse::<f64>() {
        Ok(weight) if (0.01..=10.0).contains(&weight) => Ok(weight),
        _ => Err("give a number from 0.01 to 10".into()),
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
            Imports::Addresses { file } => addresses(config, &file),
            Imports::List => list(&mut open_existing(config)?),
            Imports::Undo { number } => undo(&mut open_existing(config)?, ImportId(number)),
        }
    }
}

#[derive(Deserialize)]
struct Address {
    number: i64,
    project: String,
}

/// All of them, or nothing: a file with a fault changes nothing.
fn addresses(config: &Config, file: &Path) -> anyhow::Result<()> {
    let name = file.display();
    let from: Box<dyn Read> = match file.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(File::open(file).with_context(|| format!("cannot read {name}"))?),
    };
    let mut rows = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(from);
    let all: Vec<Address> = rows
        .deserialize()
        .collect::<Result<_, csv::Error>>()
        .with_context(|| format!("{name}: it needs the columns number and project"))?;
    let mut db = open_existing(config)?;
    let known = write_tx(&mut db, |db| -> anyhow::Result<usize> {
        for row in &all {
            if !old_number::put(db, row.number, &row.project)? {
                bail!(
                    "no project has the address {}; nothing was imported",
                    row.project
                );
            }
        }
        Ok(all.len())
    })?;
    say(&format!(
        "{known} addresses of another site lead to projects here.\n"
    ))
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
    let labels: Vec<NewLabel> = examples
        .into_iter()
        .map(|e| NewLabel {
            // PostgreSQL's texts cannot hold it, and no person types it.
            text: e.text.replace('\0', ""),
            label: match e.label {
                Taught::Spam => Label::Spam,
                Taught::Ham => Label::Ham,
            },
            written_at: e
                .at
                .and_then(|at| DateTime::from_timestamp(at, 0))
                .map(|at| at.naive_utc()),
        })
        .filter(|label| !label.text.trim().is_empty())
        .collect();
    let empty = given - labels.len();
    let short = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let id = write_tx(db, |db| {
        Import::begin(db, &one_line(short, 200), weight, None)
    })?;
    let import = match add(db, id, &labels) {
        Ok(import) => import,
        Err(error) => {
            // Nothing of it stays behind, if the database still takes anything.
            let _ = write_tx(db, |db| Import::discard(db, id));
            return Err(error).context("nothing was imported");
        }
    };
    let (spam, ham) = import
        .as_ref()
        .map_or((0, 0), |import| (import.spam, import.ham));
    let known = labels.len() - (spam + ham) as usize;
    if json {
        return say_json(&json!({
            "import": import.map(|import| import.id),
            "rows": given, "spam": spam, "ham": ham, "known": known, "empty": empty,
        }));
    }
    let mut out = String::new();
    match import {
        None => out.push_str("Nothing was imported.\n"),
        Some(_) => {
            let _ = writeln!(
                out,
                "Import {id}: {spam} spam and {ham} ham of {given} rows in {:.1?}.",
                start.elapsed()
            );
        }
    }
    for (n, why) in [
        (known, "the same text with the same label is known already"),
        (empty, "no text in them"),
    ] {
        if n > 0 {
            let _ = writeln!(out, "{n} rows were left out: {why}.");
        }
    }
    if spam + ham > 0 {
        let _ = writeln!(
            out,
            "The filter learns them at its next training (`potluck retrain`). \
             To take them back: `potluck import undo {id}`."
        );
    }
    say(&out)
}

/// None when all of it was known.
fn add(db: &mut Db, id: ImportId, labels: &[NewLabel]) -> anyhow::Result<Option<Import>> {
    let terminal = std::io::stderr().is_terminal();
    let mut done = 0;
    for chunk in Import::chunks(labels) {
        write_tx(db, |db| Import::add(db, id, chunk))?;
        done += chunk.len();
        if terminal {
            let mut out = std::io::stderr().lock();
            let _ = write!(out, "\r\x1b[K{done} of {} rows", labels.len());
            let _ = out.flush();
        }
    }
    if terminal {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    Ok(write_tx(db, |db| Import::finish(db, id))?)
}

fn list(db: &mut Db) -> anyhow::Result<()> {
    let all = Import::all(db)?;
    if all.is_empty() {
        return say("No labels were imported.\n");
    }
    let mut out = String::new();
    for import in all {
        let _ = writeln!(
            out,
            "{:>4}  {}  {:>7} spam {:>7} ham  weight {}  {}{}",
            import.id,
            import.created_at.format("%Y-%m-%d %H:%M"),
            import.spam,
            import.ham,
            import.weight,
            one_line(&import.name, 60),
            match import.undone_at {
                Some(_) if import.is_unfinished() => "  (never finished; `import undo` forgets it)",
                Some(_) => "  (taken back)",
                None => "",
            }
        );
    }
    say(&out)
}

fn undo(db: &mut Db, id: ImportId) -> anyhow::Result<()> {
    let Some(import) = Import::find(db, id)? else {
        bail!("there is no import {id}; `potluck import list` shows them");
    };
    if !write_tx(db, |db| Import::undo(db, id, None))? {
        bail!("import {id} was taken back before");
    }
    say(&if import.is_unfinished() {
        format!("Import {id} was never finished: it is forgotten, with its texts.\n")
    } else {
        format!("Import {id} is taken back. The filter unlearns it at its next training.\n")
    })
}
