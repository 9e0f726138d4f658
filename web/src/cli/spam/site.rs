//! `potluck spam models|activate|compare`: the models of a site.

use super::{say, say_json};
use crate::cli::open_existing;
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Args;
use potluck_models::db::{ModelId, write_tx};
use potluck_models::moderation::log::Act;
use potluck_models::spam::training::{LoadError, ModelKind, StoredModel};
use potluck_models::spam::{Metrics, Model, Report};
use potluck_models::{Db, QueryResult};
use serde_json::json;
use std::fmt::Write as _;

/// Models that are listed without being asked for all.
const LISTED: usize = 50;
/// Tokens that a comparison names.
const MOVED: usize = 20;

#[derive(Args)]
pub struct Models {
    /// All of them, not the newest fifty
    #[arg(long)]
    all: bool,
    /// One JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// On the site's own labels if there are any, else on the texts that the starter left out.
fn metrics(report: &Report) -> Option<Metrics> {
    report.own.or(report.starter)
}

impl Models {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        let db = &mut open_existing(config)?;
        let mut models = StoredModel::all(db)?;
        let older = models.len().saturating_sub(LISTED);
        if !self.all {
            models.truncate(LISTED);
        }
        if self.json {
            let rows: Vec<_> = models
                .iter()
                .map(|model| {
                    json!({
                        "model": model.id,
                        "kind": model.kind,
                        "made": model.created_at.and_utc().to_rfc3339(),
                        "in_use": model.active,
                        "fits": model.fits(),
                        "sha256": model.sha256,
                        "facts": model.facts(),
                        "report": model.report(),
                    })
                })
                .collect();
            return say_json(&json!(rows));
        }
        let mut out = String::from("model  made              labels  F1 ham  F1 spam  state\n");
        for model in &models {
            let figures = model.report().as_ref().and_then(metrics);
            let figure = |of: fn(&Metrics) -> f64| match &figures {
                Some(metrics) => format!("{:.3}", of(metrics)),
                None => "–".into(),
            };
            let _ = writeln!(
                out,
                "{:>5}  {}  {:>6}  {:>6}  {:>7}  {}",
                model.id,
                model.created_at.format("%Y-%m-%d %H:%M"),
                model.spam_labels + model.ham_labels,
                figure(|m| m.f1_ham),
                figure(|m| m.f1_spam),
                state(model)
            );
        }
        if !self.all && older > 0 {
            let _ = writeln!(out, "and {older} older ones (--all)");
        }
        say(&out)
    }
}

fn state(model: &StoredModel) -> String {
    let mut words = Vec::new();
    if model.active {
        words.push("in use".to_owned());
    }
    if model.kind == ModelKind::Starter {
        words.push("starter".into());
    }
    if !model.fits() {
        words.push("made for another version".into());
    }
    if let Some(against) = model.facts().against.filter(|against| against.refused) {
        words.push(format!("refused: worse than {}", against.model));
    }
    words.join(", ")
}

#[derive(Args)]
pub struct Activate {
    /// Its number, as `potluck spam models` lists it
    version: i64,
}

impl Activate {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        let db = &mut open_existing(config)?;
        let id = ModelId(self.version);
        // Refused before anything changes, with the reason.
        read(db, id)?;
        write_tx(db, |db| -> QueryResult<()> {
            StoredModel::activate(db, id)?;
            let detail = format!("model {id}, on the command line");
            Act {
                act: "activate",
                detail: &detail,
                ..Act::default()
            }
            .write(db)
            .map(|_| ())
        })?;
        say(&format!(
            "Model {id} is in use. A running site notices within a second or two.\n"
        ))
    }
}

fn read(db: &mut Db, id: ModelId) -> anyhow::Result<(StoredModel, Model)> {
    let Some(stored) = StoredModel::find(db, id)? else {
        bail!("there is no model {id}; `potluck spam models` lists them");
    };
    match StoredModel::read(db, id) {
        Ok(model) => Ok((stored, model)),
        Err(LoadError::Broken { error, .. }) => bail!("model {id} cannot be used: {error}"),
        Err(LoadError::Database(error)) => Err(error).context("cannot read the model"),
    }
}

#[derive(Args)]
pub struct Compare {
    /// Two numbers, as `potluck spam models` lists them
    a: i64,
    b: i64,
    /// One JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        let db = &mut open_existing(config)?;
        let (stored_a, a) = read(db, ModelId(self.a))?;
        let (stored_b, b) = read(db, ModelId(self.b))?;
        let moved = a.moved(&b, MOVED);
        if self.json {
            let side = |stored: &StoredModel, model: &Model| {
                json!({
                    "model": stored.id,
                    "made": stored.created_at.and_utc().to_rfc3339(),
                    "in_use": stored.active,
                    "facts": stored.facts(),
                    "report": model.report(),
                })
            };
            let tokens: Vec<_> = moved
                .iter()
                .map(|m| {
                    json!({
                        "token": m.token, "view": m.view.name(),
                        "before": m.before, "after": m.after,
                    })
                })
                .collect();
            return say_json(&json!({
                "a": side(&stored_a, &a), "b": side(&stored_b, &b), "moved": tokens,
            }));
        }
        let mut out = String::new();
        let mut row = |name: &str, a: String, b: String| {
            let mark = if a == b { ' ' } else { '*' };
            let _ = writeln!(out, "{mark} {name:<34} {a:>18} {b:>18}");
        };
        row("model", stored_a.id.to_string(), stored_b.id.to_string());
        let made = |stored: &StoredModel| stored.created_at.format("%Y-%m-%d %H:%M").to_string();
        row("made", made(&stored_a), made(&stored_b));
        row("state", state(&stored_a), state(&stored_b));
        let (ra, rb) = (a.report(), b.report());
        let mut both = |name: &str, of: &dyn Fn(&Report) -> String| row(name, of(ra), of(rb));
        both("own labels: spam", &|r| r.own_spam.to_string());
        both("own labels: ham", &|r| r.own_ham.to_string());
        both("a starter's text weighs", &|r| {
            format!("{:.3}", r.starter_weight)
        });
        let figure = |of: fn(&Metrics) -> f64| {
            move |r: &Report| metrics(r).map_or("–".into(), |m| format!("{:.3}", of(&m)))
        };
        both("F1 ham", &figure(|m| m.f1_ham));
        both("F1 spam", &figure(|m| m.f1_spam));
        both("ROC AUC", &figure(|m| m.auc));
        both("Brier score", &figure(|m| m.brier));
        both(
            "ham flagged at 95 % of spam",
            &figure(|m| m.ham_flagged_at_95),
        );
        let newest = |of: fn(&Metrics) -> f64| {
            move |r: &Report| {
                let newest = r.newest.as_ref();
                newest.map_or("–".into(), |n| format!("{:.3}", of(&n.metrics)))
            }
        };
        both("newest fifth: F1 ham", &newest(|m| m.f1_ham));
        both("newest fifth: F1 spam", &newest(|m| m.f1_spam));
        both("holds from", &|r| format!("{:.3}", r.thresholds.hold));
        both("puts away from", &|r| {
            r.thresholds
                .spam
                .map_or("never".into(), |s| format!("{s:.3}"))
        });
        both("tokens", &|r| r.vocabulary.iter().sum::<u64>().to_string());
        both("labels' hash", &|r| {
            r.labels_hash.chars().take(12).collect()
        });
        let _ = writeln!(out, "\nWhat moved most (its pull towards spam, by model):");
        for m in &moved {
            let pull = |pull: Option<f64>| pull.map_or("unknown".into(), |p| format!("{p:+.2}"));
            let _ = writeln!(
                out,
                "  {:<34} {:>18} {:>18}",
                m.token,
                pull(m.before),
                pull(m.after)
            );
        }
        say(&out)
    }
}
