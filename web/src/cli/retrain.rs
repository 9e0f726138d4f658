//! `potluck retrain`.
//!
//! linfa's published versions print the whole model to standard error on every fit, so the work is
//! done by a child of this process whose standard error goes nowhere; results and faults come back
//! on its standard output.

use super::open;
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Args;
use potluck_models::db::write_tx;
use potluck_models::moderation::log::Act;
use potluck_models::spam::training::{self, ModelKind, StoredModel};
use potluck_models::spam::{self, Options, Step};
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

#[derive(Args)]
pub struct Retrain {
    /// Show what would come of it, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// The work itself, in a child process
    #[arg(long, hide = true)]
    child: bool,
}

impl Retrain {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        if self.child {
            train(config, self.dry_run)
        } else {
            supervise(config, self.dry_run)
        }
    }
}

/// Starts the child, shows its progress and prints its result.
fn supervise(config: &Config, dry_run: bool) -> anyhow::Result<()> {
    let start = Instant::now();
    let terminal = std::io::stdout().is_terminal();
    let clear = if terminal { "\r\x1b[K" } else { "" };
    follow(
        child(config, dry_run)?,
        |step| {
            if terminal {
                print!("{clear}{step}");
                let _ = std::io::stdout().flush();
            }
        },
        |line| println!("{clear}{line}"),
    )?;
    println!("Took {:.1?}.", start.elapsed());
    Ok(())
}

/// Reads what the child says until it ends: its steps, the lines of its result, or its fault.
pub fn follow(
    mut child: std::process::Child,
    mut on_step: impl FnMut(&str),
    mut on_line: impl FnMut(&str),
) -> anyhow::Result<()> {
    let output = child.stdout.take().context("the training has no output")?;
    let mut fault = None;
    for line in BufReader::new(output).lines() {
        let line = line?;
        if let Some(step) = line.strip_prefix("step ") {
            on_step(step);
        } else if let Some(message) = line.strip_prefix("fault ") {
            fault = Some(message.to_owned());
        } else {
            on_line(&line);
        }
    }
    let status = child.wait()?;
    match fault {
        Some(fault) => bail!("training failed: {fault}. The model in use stays."),
        None if !status.success() => {
            bail!("training ended early ({status}). The model in use stays.")
        }
        None => Ok(()),
    }
}

/// This program again, for the work itself.
pub fn child(config: &Config, dry_run: bool) -> anyhow::Result<std::process::Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("retrain").arg("--child");
    if dry_run {
        command.arg("--dry-run");
    }
    command
        .arg("--data-dir")
        .arg(&config.data_dir)
        // Not an argument: those can be read by everybody on the machine.
        .env("POTLUCK_DATABASE_URL", &config.database_url)
        .args(["--log", "off"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command.spawn().context("cannot start the training")
}

fn train(config: &Config, dry_run: bool) -> anyhow::Result<()> {
    let outcome = train_and_store(config, dry_run);
    if let Err(error) = &outcome {
        println!("fault {error:#}");
    }
    outcome
}

fn train_and_store(config: &Config, dry_run: bool) -> anyhow::Result<()> {
    let db = &mut open(config)?;
    let examples = training::examples(db)?;
    let mut progress = |step: Step, share: f32| println!("step {step}: {:.0} %", share * 100.0);
    let trained = spam::train(&examples, &Options::default(), &mut progress)?;
    println!("{}", trained.report);
    if dry_run {
        println!("A dry run: nothing was stored.");
        return Ok(());
    }
    let kind = if examples.is_empty() {
        ModelKind::Starter
    } else {
        ModelKind::Trained
    };
    let id = write_tx(db, |db| -> diesel::QueryResult<_> {
        let id = training::store(db, &trained.model, kind, None)?;
        StoredModel::activate(db, id)?;
        let detail = format!("model {id} from {} own labels", examples.len());
        Act {
            act: "retrain",
            detail: &detail,
            ..Act::default()
        }
        .write(db)?;
        Ok(id)
    })?;
    println!("Model {id} is stored and in use.");
    Ok(())
}
