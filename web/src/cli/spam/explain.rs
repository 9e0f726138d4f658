//! `potluck spam explain`: the probability of one text, and what it comes from.

use super::{load_model, one_line, say, say_json};
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Args;
use potluck_models::db;
use potluck_models::spam::{Model, TokenWeight, training};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Explain {
    /// The comment; - for standard input
    text: String,
    /// A model that `potluck spam train` made [default: the site's, or the bundled starter where there is no site]
    #[arg(long)]
    model: Option<PathBuf>,
    /// A named sign, as recorded when a comment is posted, such as @first-comment or @account:new; may be repeated
    #[arg(long = "signal", value_name = "NAME")]
    signals: Vec<String>,
    /// One JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        let (model, whose) = match &self.model {
            Some(path) => (load_model(path)?, path.display().to_string()),
            None => of_site(config)?,
        };
        let text = match self.text.as_str() {
            "-" => {
                let mut bytes = Vec::new();
                std::io::stdin()
                    .read_to_end(&mut bytes)
                    .context("cannot read standard input")?;
                String::from_utf8(bytes).context("standard input is not UTF-8 text")?
            }
            text => text.to_owned(),
        };
        let signals: Vec<&str> = self.signals.iter().map(String::as_str).collect();
        let explanation = model.explain(text.trim_end_matches(['\r', '\n']), &signals);
        let decision = model.verdict(explanation.probability);
        if self.json {
            let tokens = |tokens: &[TokenWeight]| -> Vec<Value> {
                let each = tokens.iter().map(|t| {
                    json!({
                        "token": t.token,
                        "view": t.view.name(),
                        "weight": t.weight,
                        "spam": t.spam_docs,
                        "ham": t.ham_docs,
                    })
                });
                each.collect()
            };
            return say_json(&json!({
                "probability": explanation.probability,
                "sentence": explanation.sentence,
                "decision": decision.to_string(),
                "thresholds": model.thresholds(),
                "model": whose,
                "for_spam": tokens(&explanation.spam),
                "for_ham": tokens(&explanation.ham),
            }));
        }
        let mut out = String::new();
        let _ = writeln!(out, "Probability of spam: {:.4}", explanation.probability);
        let _ = writeln!(out, "{}", one_line(&explanation.sentence, 1000));
        let thresholds = model.thresholds();
        let _ = writeln!(
            out,
            "By {whose}: {decision} (hold from {:.3}, {}).",
            thresholds.hold,
            match thresholds.spam {
                Some(spam) => format!("spam from {spam:.3}"),
                None => "never spam by itself".to_owned(),
            }
        );
        for (side, tokens) in [("spam", &explanation.spam), ("ham", &explanation.ham)] {
            let _ = writeln!(
                out,
                "\n{:<38} weight   in spam    in ham",
                format!("Speaks for {side}")
            );
            if tokens.is_empty() {
                let _ = writeln!(out, "  nothing");
            }
            for t in tokens {
                let _ = writeln!(
                    out,
                    "  {:<34} {:>+8.3} {:>9.1} {:>9.1}",
                    one_line(&t.token, 33),
                    t.weight,
                    t.spam_docs,
                    t.ham_docs
                );
            }
        }
        say(&out)
    }
}

/// The model in use where there is a site, and its name. A look must not make a database, nor bring
/// one up to date.
fn of_site(config: &Config) -> anyhow::Result<(Model, String)> {
    let starter = |why: &str| Ok((Model::starter(), format!("the bundled starter ({why})")));
    let file = config.database_url.strip_prefix("sqlite:");
    if file.is_some_and(|path| !Path::new(path).is_file()) {
        return starter("there is no site here");
    }
    let mut db = db::connect(&config.database_url)?;
    match training::load_active(&mut db) {
        Ok(Some(active)) => {
            let name = format!("model {}, which the site uses", active.id);
            Ok((active.model, name))
        }
        Ok(None) => starter("the site uses no model"),
        Err(error) => bail!("cannot read the site's model: {error}"),
    }
}
