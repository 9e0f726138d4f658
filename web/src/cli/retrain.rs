//! `potluck retrain`, and the same work started by a server.
//!
//! linfa's published versions print the whole model to standard error on every fit, so the work is
//! done by a child of this process whose standard error goes nowhere; results and faults come back
//! on its standard output. The child runs at low priority and holds the lease of training, which it
//! renews with what it is doing, so that every node can show how far it is.

use super::{open, say};
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Args;
use potluck_models::db::{self, Db, write_tx};
use potluck_models::lease::Lease;
use potluck_models::secret;
use potluck_models::settings::Settings;
use potluck_models::spam::Step;
use potluck_models::spam::training::{self, Candidate, Kept, LEASE};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long training rests after a failure, unless a person asks for it.
pub const REST: chrono::Duration = chrono::Duration::minutes(30);

#[derive(Args, Clone, Default)]
pub struct Retrain {
    /// Show what would come of it, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Put the new model into use even if the comparison speaks against it
    #[arg(long)]
    pub force: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// The work itself, in a child process
    #[arg(long, hide = true)]
    child: bool,
    /// Who holds the lease already
    #[arg(long, hide = true, default_value = "")]
    lease: String,
    /// Why it is done
    #[arg(long, hide = true, default_value = "asked for on the command line")]
    because: String,
}

impl Retrain {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        if self.child {
            let outcome = work(config, &self);
            let fault = outcome.as_ref().err().map(|error| format!("{error:#}"));
            // Here too: who started it may be gone by now.
            if !self.lease.is_empty() {
                give_back(&config.database_url, &self.lease, fault.as_deref());
            }
            if let Some(fault) = fault {
                say(&format!("fault {}\n", fault.replace('\n', " ")))?;
            }
            return outcome;
        }
        supervise(config, self)
    }

    /// As a server asks for it.
    pub fn for_server(because: &str) -> Retrain {
        Retrain {
            because: because.into(),
            ..Retrain::default()
        }
    }
}

/// Starts the child, shows its progress and prints its result.
fn supervise(config: &Config, asked: Retrain) -> anyhow::Result<()> {
    let start = Instant::now();
    let json = asked.json;
    let mut progress = Progress::new();
    let job = Job::begin(config, &std::env::current_exe()?, asked)?;
    let mut result = Vec::new();
    let outcome = job.follow(
        |step| progress.show(step),
        |line| result.push(format!("{line}\n")),
    );
    progress.end();
    say(&result.concat())?;
    outcome?;
    if !json {
        say(&format!("Took {:.1?}.\n", start.elapsed()))?;
    }
    Ok(())
}

/// Progress on standard error: a bar on a terminal, a line for each new step in a pipe.
struct Progress {
    terminal: bool,
    last: String,
}

impl Progress {
    fn new() -> Progress {
        Progress {
            terminal: std::io::stderr().is_terminal(),
            last: String::new(),
        }
    }

    /// `step` is "scoring fold by fold: 45 %".
    fn show(&mut self, step: &str) {
        let (name, share) = step.rsplit_once(": ").unwrap_or((step, ""));
        if self.terminal {
            let share: usize = share.trim_end_matches(" %").parse().unwrap_or(0);
            let full = share.min(100) * 30 / 100;
            let mut out = std::io::stderr().lock();
            let _ = write!(
                out,
                "\r\x1b[K[{}{}] {share:3} % {name}",
                "#".repeat(full),
                " ".repeat(30 - full)
            );
            let _ = out.flush();
        } else if name != self.last {
            eprintln!("{name}");
            self.last = name.to_owned();
        }
    }

    fn end(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}

/// A training that goes on in a child process.
pub struct Job {
    child: Child,
    database_url: String,
    lease: String,
}

#[derive(Debug, thiserror::Error)]
#[error("a training is running already ({0})")]
pub struct Busy(pub String);

impl Job {
    /// Takes the lease and starts `program` for the work. Fails with [`Busy`] when somebody trains.
    pub fn begin(config: &Config, program: &Path, asked: Retrain) -> anyhow::Result<Job> {
        let lease = secret::token();
        if !asked.dry_run {
            let db = &mut open(config)?;
            let taken = write_tx(db, |db| Lease::take(db, LEASE, &lease, "starting: 0 %"))?;
            if !taken {
                let held = Lease::find(db, LEASE)?.map(|lease| lease.note);
                bail!(Busy(held.unwrap_or_default()));
            }
        }
        let started = start(config, program, &asked, &lease);
        if let (Err(error), false) = (&started, asked.dry_run) {
            give_back(&config.database_url, &lease, Some(&format!("{error:#}")));
        }
        Ok(Job {
            child: started?,
            database_url: config.database_url.clone(),
            lease,
        })
    }

    /// Reads what the child says until it ends: its steps, the lines of its result, or its fault.
    pub fn follow(
        mut self,
        on_step: impl FnMut(&str),
        on_line: impl FnMut(&str),
    ) -> anyhow::Result<()> {
        let outcome = read(&mut self.child, on_step, on_line);
        let fault = outcome.as_ref().err().map(|error| format!("{error:#}"));
        // A child that was killed could not do it. After its own, this changes nothing.
        give_back(&self.database_url, &self.lease, fault.as_deref());
        outcome
    }
}

fn give_back(database_url: &str, lease: &str, fault: Option<&str>) {
    let given = db::connect(database_url).map(|mut db| {
        write_tx(&mut db, |db| {
            Lease::give_back(db, LEASE, lease, fault.map(|fault| (fault, REST)))
        })
    });
    if !matches!(given, Ok(Ok(_))) {
        tracing::warn!("the lease of training could not be given back; it runs out by itself");
    }
}

/// This program again, for the work itself.
fn start(config: &Config, program: &Path, asked: &Retrain, lease: &str) -> anyhow::Result<Child> {
    let mut command = Command::new(program);
    command.arg("retrain").arg("--child");
    for (flag, wanted) in [
        ("--dry-run", asked.dry_run),
        ("--force", asked.force),
        ("--json", asked.json),
    ] {
        if wanted {
            command.arg(flag);
        }
    }
    command
        .arg("--because")
        .arg(&asked.because)
        .arg("--lease")
        .arg(lease)
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

fn read(
    child: &mut Child,
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

/// Says each step and its share, and keeps the lease alive with it.
struct Steps<'a> {
    db: &'a mut Db,
    lease: &'a str,
    said: String,
    renewed: Instant,
    lost: bool,
}

impl Steps<'_> {
    fn at(&mut self, name: &str, share: f32) {
        let step = format!("{name}: {:.0} %", share * 100.0);
        if step == self.said {
            return;
        }
        // Nobody listens any more: the server was stopped, or the command.
        if writeln!(std::io::stdout(), "step {step}").is_err() {
            if !self.lease.is_empty() {
                // A restarted server may train again at once.
                let _ = write_tx(self.db, |db| {
                    let why = "it was broken off with the process that had started it";
                    let failed = Some((why, chrono::Duration::minutes(1)));
                    Lease::give_back(db, LEASE, self.lease, failed)
                });
            }
            std::process::exit(1);
        }
        self.said = step;
        // Seldom enough that it is no load on the database.
        if !self.lease.is_empty() && self.renewed.elapsed() > Duration::from_secs(2) {
            self.renewed = Instant::now();
            let kept = write_tx(self.db, |db| {
                Lease::renew(db, LEASE, self.lease, &self.said)
            });
            self.lost |= matches!(kept, Ok(false));
        }
    }
}

fn work(config: &Config, asked: &Retrain) -> anyhow::Result<()> {
    // Visitors come first. Refused by some sandboxes; then it runs as it is.
    let _ = rustix::process::nice(19);
    let db = &mut open(config)?;
    let settings = Settings::load(db)?;
    let mut watch = open(config)?;
    let mut steps = Steps {
        db: &mut watch,
        lease: if asked.dry_run { "" } else { &asked.lease },
        said: String::new(),
        renewed: Instant::now(),
        lost: false,
    };
    steps.at("reading labels", 0.0);
    let labels = training::labels(db)?;
    let mut candidate =
        training::candidate(db, labels, &settings.training(), &mut |step, share| {
            // A tenth for what comes after: comparing, storing.
            let share = if step == Step::Done { 0.9 } else { share * 0.9 };
            steps.at(&step.to_string(), share);
        })?;
    candidate.facts.because.clone_from(&asked.because);
    steps.at("storing", 0.95);
    if steps.lost {
        bail!("another training took over");
    }
    let stored = if asked.dry_run {
        None
    } else {
        let kept = write_tx(db, |db| training::keep(db, &candidate, asked.force))?;
        Some(kept)
    };
    if asked.json {
        let (model, in_use) = match stored {
            None => (None, false),
            Some(Kept::Refused(id)) => (Some(id), false),
            Some(Kept::InUse(id) | Kept::Same(id)) => (Some(id), true),
        };
        let document = serde_json::json!({
            "model": model,
            "in_use": in_use,
            "refused": candidate.is_refused(),
            "dry_run": asked.dry_run,
            "report": candidate.model.report(),
            "facts": candidate.facts,
        });
        return say(&format!("{document}\n"));
    }
    let mut out = format!("{}\n", candidate.model.report());
    compared(&candidate, &mut out);
    let _ = match stored {
        None => writeln!(out, "A dry run: nothing was stored."),
        Some(Kept::InUse(id)) => writeln!(out, "Model {id} is stored and in use."),
        Some(Kept::Same(id)) => writeln!(
            out,
            "It is the same as model {id}, which stays in use: nothing new was labelled."
        ),
        Some(Kept::Refused(id)) => writeln!(
            out,
            "Model {id} is stored, but not in use: its way of training does worse than that of the \
             model in use, or it knows the newest labels hardly better than chance. `potluck retrain --force` or `potluck spam activate {id}` overrule that."
        ),
    };
    say(&out)
}

fn compared(candidate: &Candidate, out: &mut String) {
    let Some(against) = &candidate.facts.against else {
        return;
    };
    if let (Some(old), Some(new)) = (&against.newest, &candidate.model.report().newest) {
        let _ = writeln!(
            out,
            "On the newest fifth: F1 ham {:.3}, F1 spam {:.3}; model {} in use, which may have seen \
             some of it: {:.3}, {:.3}.",
            new.metrics.f1_ham, new.metrics.f1_spam, against.model, old.f1_ham, old.f1_spam
        );
    }
    if let Some(paired) = against.recipes {
        let _ = writeln!(
            out,
            "Its way of training against that of model {}: mean squared error {:+.4} (± {:.4} at 95 %).",
            against.model,
            paired.difference,
            1.96 * paired.error
        );
    }
}
