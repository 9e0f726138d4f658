//! `potluck spam replay`: what a community would have seen of Potluck, had it used it.

use super::{Progress, load, probability, say, say_json, thousands, took};
use anyhow::Context;
use clap::Args;
use potluck_models::spam::Example;
use potluck_models::spam::replay::{Random, Replay as Replayed, Rules, Tally, replay};
use potluck_models::spam::starter::bundled;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args)]
pub struct Replay {
    /// CSV with columns text, label (spam or ham) and, if known, time; - for standard input
    file: PathBuf,
    /// New labels after which the filter is trained anew
    #[arg(long, default_value_t = 100, value_name = "LABELS", value_parser = clap::value_parser!(u64).range(1..))]
    retrain_every: u64,
    /// Comments between two visits of a moderator, who then labels what is held and what lies in Spam
    #[arg(long, default_value_t = 50, value_name = "COMMENTS", value_parser = clap::value_parser!(u64).range(1..))]
    batch: u64,
    /// The probability that a reader reports a spam that was published
    #[arg(long, default_value_t = 0.5, value_name = "PROBABILITY", value_parser = probability)]
    report: f64,
    /// Seconds that a person needs for a decision
    #[arg(long, default_value_t = 4.0, value_name = "SECONDS", value_parser = pace)]
    pace: f64,
    /// For the reports, the looks and the shuffling
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Begin without the bundled counts: everything is held until there is a first model
    #[arg(long)]
    no_starter: bool,
    /// Take the comments in an order drawn by the seed, not in that of time or file
    #[arg(long)]
    shuffle: bool,
    /// One JSON document instead of text
    #[arg(long)]
    json: bool,
}

fn pace(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("give seconds, from 0 to a day".to_owned()),
    }
}

impl Replay {
    pub fn run(self) -> anyhow::Result<()> {
        let start = Instant::now();
        let (table, mut history) = load(&self.file)?;
        let order = put_in_order(&mut history, self.shuffle.then_some(self.seed));
        let rules = Rules {
            retrain_every: self.retrain_every as usize,
            batch: self.batch as usize,
            report: self.report,
            seed: self.seed,
            ..Rules::default()
        };
        let starter = (!self.no_starter).then(bundled);
        let progress = Progress::new();
        let mut step = |comments: usize, models: usize| {
            progress.show(&format!(
                "{} of {} comments, {models} retrainings",
                thousands(comments as u64),
                thousands(history.len() as u64)
            ));
        };
        let replayed =
            replay(&history, starter, &rules, &mut step).with_context(|| table.name.clone())?;
        drop(progress);
        match self.json {
            true => say_json(&self.document(&table.name, order, &rules, &replayed))?,
            false => say(&self.text(&table.name, order, &rules, &replayed))?,
        }
        took(start);
        Ok(())
    }

    fn minutes(&self, decisions: u64) -> f64 {
        decisions as f64 * self.pace / 60.0
    }

    fn text(&self, name: &str, order: &str, rules: &Rules, replayed: &Replayed) -> String {
        let all = replayed.total();
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{name}: {} comments, {} of them spam, {order}. Seed {}.",
            thousands(all.comments),
            thousands(all.spam),
            self.seed
        );
        let _ = writeln!(
            out,
            "Begins {}; trained anew after every {} labels ({} times).\n\
             A moderator comes after every {} comments and labels what is held and what lies in Spam.\n\
             A published spam is reported with probability {}; {} % of what is published is looked at by chance.",
            match self.no_starter {
                true => "with nothing, so that everything is held until a first model",
                false => "with the bundled starter",
            },
            thousands(self.retrain_every),
            replayed.retrainings,
            thousands(self.batch),
            self.report,
            rules.look * 100.0
        );
        let mut columns: Vec<Tally> = replayed.quarters().to_vec();
        columns.push(all);
        let _ = writeln!(
            out,
            "\n{:<34}{:>9}{:>9}{:>9}{:>9}{:>10}",
            "quarter of the history", "1st", "2nd", "3rd", "4th", "all"
        );
        let mut line = |name: &str, of: &dyn Fn(&Tally) -> String| {
            let _ = write!(out, "{name:<34}");
            for (i, tally) in columns.iter().enumerate() {
                let width = if i == 4 { 10 } else { 9 };
                let _ = write!(out, "{:>width$}", of(tally));
            }
            out.push('\n');
        };
        let count = |n: u64| thousands(n);
        let percent = |part: u64, whole: u64| match whole {
            0 => "–".to_owned(),
            _ => format!("{:.1} %", part as f64 * 100.0 / whole as f64),
        };
        line("comments", &|t| count(t.comments));
        line("  spam among them", &|t| count(t.spam));
        line("decisions by people", &|t| count(t.decisions));
        line("  per 1,000 comments", &|t| {
            per_thousand(t).map_or("–".to_owned(), |d| format!("{d:.0}"))
        });
        line("spam published", &|t| count(t.spam_published));
        line("  share of the spam", &|t| {
            percent(t.spam_published, t.spam)
        });
        line("  of it found later", &|t| count(t.spam_found));
        line("spam held", &|t| count(t.spam_held));
        line("spam put to Spam by itself", &|t| count(t.spam_put_away));
        line("ham held", &|t| count(t.ham_held));
        line("  share of the ham", &|t| {
            percent(t.ham_held, t.comments - t.spam)
        });
        line("ham put to Spam", &|t| count(t.ham_put_away));
        line("minutes of a moderator", &|t| {
            format!("{:.1}", self.minutes(t.decisions))
        });
        line("  reading everything", &|t| {
            format!("{:.1}", self.minutes(t.comments))
        });
        let _ = writeln!(
            out,
            "\nAt {} seconds a decision, people spend {:.0} minutes instead of {:.0}: {:.0} % less than \
             a moderator who reads everything.",
            self.pace,
            self.minutes(all.decisions),
            self.minutes(all.comments),
            (1.0 - all.decisions as f64 / all.comments.max(1) as f64) * 100.0
        );
        out
    }

    fn document(&self, name: &str, order: &str, rules: &Rules, replayed: &Replayed) -> Value {
        let tally = |t: &Tally| {
            let mut document = json!(t);
            document["decisions_per_1000"] = json!(per_thousand(t));
            document["minutes"] = json!(self.minutes(t.decisions));
            document["minutes_reading_everything"] = json!(self.minutes(t.comments));
            document
        };
        json!({
            "file": name,
            "order": order,
            "rules": rules,
            "starter": !self.no_starter,
            "pace_seconds": self.pace,
            "retrainings": replayed.retrainings,
            "quarters": replayed.quarters().iter().map(tally).collect::<Vec<_>>(),
            "all": tally(&replayed.total()),
        })
    }
}

fn per_thousand(t: &Tally) -> Option<f64> {
    (t.comments > 0).then(|| t.decisions as f64 * 1000.0 / t.comments as f64)
}

/// By time where every comment has one, else as in the file, or shuffled; says which.
fn put_in_order(history: &mut [Example], shuffled_by: Option<u64>) -> &'static str {
    if let Some(seed) = shuffled_by {
        // Not the numbers that the replay draws.
        Random::new(!seed).shuffle(history);
        "shuffled"
    } else if history.iter().all(|comment| comment.at.is_some()) {
        // Stable: what has the same second stays as in the file.
        history.sort_by_key(|comment| comment.at);
        "in order of time"
    } else if history.iter().any(|comment| comment.at.is_some()) {
        "in the order of the file, as some have no time"
    } else {
        "in the order of the file, which has no times"
    }
}
