//! The command line. `potluck` alone serves.

mod check;
mod import;
mod reindex;
pub(crate) mod retrain;
mod serve;
mod spam;
mod user;

use crate::config::{Config, Given, unknown_variables};
use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use potluck_models::db::{self, Db};
use std::io::Write;
use std::path::Path;
use std::time::Instant;
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(
    name = "potluck",
    version,
    about = "Community site software for people who make things."
)]
struct Cli {
    #[command(flatten)]
    given: Given,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the site (what `potluck` alone does)
    Serve(serve::Serve),
    /// Send queued mail and do other queued work, without serving
    Work,
    /// Bring the database up to date
    Migrate,
    /// Train the spam filter from the starter and the moderators' decisions
    Retrain(retrain::Retrain),
    /// Measure, train and try the spam filter on files
    #[command(subcommand)]
    Spam(spam::Spam),
    /// Bring in what another system leaves behind
    #[command(subcommand)]
    Import(import::Imports),
    /// Recount what is kept counted, and say what differs
    Check(check::Check),
    /// Read every text for the search anew
    Reindex(reindex::Reindex),
    /// Make and change accounts
    #[command(subcommand)]
    User(user::User),
}

pub fn run() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let command = cli
        .command
        .unwrap_or(Command::Serve(serve::Serve::default()));
    let mut given = cli.given;
    if let Command::Serve(serve) = &command {
        serve.adjust(&mut given);
    }
    let config = given.resolve()?;
    let filter = EnvFilter::try_new(&config.log)?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false);
    if matches!(
        command,
        Command::Spam(_) | Command::Check(_) | Command::Reindex(_)
    ) {
        // Its standard output is for tables and JSON alone.
        log.with_writer(std::io::stderr).init();
    } else {
        log.init();
    }
    for name in unknown_variables() {
        tracing::warn!("{name} is set, and is none of our settings");
    }
    match command {
        Command::Serve(serve) => serve.run(config),
        Command::Work => serve::work(config),
        Command::Migrate => migrate(&config),
        Command::Retrain(retrain) => retrain.run(&config),
        Command::Spam(spam) => spam.run(&config),
        Command::Import(import) => import.run(&config),
        Command::Check(check) => check.run(&config),
        Command::Reindex(reindex) => reindex.run(&config),
        Command::User(user) => user.run(&config),
    }
}

/// The database of a site that is there: a mistyped folder must not become a new, empty site.
fn open_existing(config: &Config) -> anyhow::Result<Db> {
    if let Some(path) = config.database_url.strip_prefix("sqlite:")
        && !Path::new(path).exists()
    {
        bail!("there is no site here: {path} is not there");
    }
    open(config)
}

/// Prints a result. A reader that has seen enough (`| head`) is no fault.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

fn say_json(document: &serde_json::Value) -> anyhow::Result<()> {
    say(&format!("{document:#}\n"))
}

/// A strange text on one line of a terminal: control characters could move the cursor, and marks of
/// direction could turn the rest of the line round.
fn one_line(text: &str, width: usize) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| {
            !c.is_control()
                && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(width) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// The database for a chore: up to date, so that a command may be the first that is run.
fn open(config: &Config) -> anyhow::Result<Db> {
    std::fs::create_dir_all(&config.data_dir)?;
    let mut db = db::connect(&config.database_url)?;
    db::migrate(&mut db)?;
    Ok(db)
}

fn migrate(config: &Config) -> anyhow::Result<()> {
    let start = Instant::now();
    std::fs::create_dir_all(&config.data_dir)?;
    let run = db::migrate(&mut db::connect(&config.database_url)?)?;
    match run.len() {
        0 => println!("The database is up to date ({:.1?}).", start.elapsed()),
        n => println!(
            "Ran {n} migrations: {} ({:.1?}).",
            run.join(", "),
            start.elapsed()
        ),
    }
    Ok(())
}
