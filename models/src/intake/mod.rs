//! The way of every public text: gate, limits, checks, filter, state.
//!
//! [`judge`] is the ordered list. The gate ([`crate::gate`]) and the [`limits`] come first and can
//! refuse; every later step runs and is recorded with the text, and the strictest outcome wins, so
//! that a first comment which is surely spam lies in Spam and not in Held.

pub mod address;
pub mod checks;
pub mod cidr;
pub mod heat;
pub mod limits;
pub mod phrases;
pub mod rules;

use crate::account::User;
use crate::db::{ItemId, ModelId, RuleId};
use crate::item::Kind;
use crate::moderation::campaign::Around;
use crate::settings::Settings;
use crate::spam::{self, classifier::Model};
use crate::{Db, QueryResult, secret};
use heat::Heat;
use rules::Rules;
use std::net::IpAddr;

/// Why a comment waits for the maker and not for moderators.
pub const APPROVE_FIRST: &str = "approve_first";

/// In order of strictness.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Never passed the intake: a project that only its makers see.
    Draft,
    Publish,
    Hold,
    Spam,
}

/// What one step said.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    pub name: String,
    pub outcome: Outcome,
    #[serde(default)]
    pub evidence: String,
}

impl Step {
    pub fn new(name: &str, outcome: Outcome, evidence: impl Into<String>) -> Step {
        Step {
            name: name.to_owned(),
            outcome,
            evidence: evidence.into(),
        }
    }

    pub fn pass(name: &str) -> Step {
        Step::new(name, Outcome::Publish, "")
    }
}

/// What the intake decided, to be stored with the text.
#[derive(Clone, Debug)]
pub struct Decision {
    pub outcome: Outcome,
    /// The name of the step that decided, and its evidence; empty when all let it pass.
    pub why: String,
    pub evidence: String,
    pub score: Option<f64>,
    pub model_id: Option<ModelId>,
    pub steps: Vec<Step>,
    pub signals: Vec<String>,
    /// The share of its words that the model had never met.
    pub unseen: Option<f64>,
    /// Drawn for people to look at, though the filter has decided.
    pub sampled: bool,
    /// Nothing of the author's was published yet.
    pub newcomer: bool,
    /// The rules of moderators that met it.
    pub rules: Vec<RuleId>,
    /// Where it came from, to be kept for a while.
    pub address: Option<IpAddr>,
    /// What was posted before that is like it.
    pub around: Around,
}

impl Decision {
    pub fn draft() -> Decision {
        Decision::from_steps(
            vec![Step::new("draft", Outcome::Draft, "")],
            Vec::new(),
            None,
            None,
        )
    }

    fn from_steps(
        steps: Vec<Step>,
        signals: Vec<String>,
        score: Option<f64>,
        model_id: Option<ModelId>,
    ) -> Decision {
        let decisive = decisive(&steps);
        let outcome = decisive.map_or(Outcome::Publish, |step| step.outcome);
        let (why, evidence) = match decisive {
            Some(step) if outcome > Outcome::Publish => (step.name.clone(), step.evidence.clone()),
            _ => Default::default(),
        };
        Decision {
            outcome,
            why,
            evidence,
            score,
            model_id,
            steps,
            signals,
            unseen: None,
            sampled: false,
            newcomer: false,
            rules: Vec::new(),
            address: None,
            around: Around::default(),
        }
    }

    /// What the signals say of who wrote it.
    pub fn by_maker(&self) -> bool {
        self.signals.iter().any(|signal| signal == "@maker")
    }

    /// Draws `in_100` of 100 texts that the filter decided alone: published, or put away for their
    /// score. What people then say of them is the one measure that does not depend on what they
    /// happened to look at.
    fn draw(mut self, in_100: i64) -> Decision {
        let alone = match self.outcome {
            Outcome::Publish => self.score.is_some(),
            Outcome::Spam => self.why == "filter",
            _ => false,
        };
        self.sampled = alone && i64::from(secret::below(100)) < in_100;
        self
    }
}

/// The first of the strictest: an earlier step is the plainer reason.
pub fn decisive(steps: &[Step]) -> Option<&Step> {
    let mut decisive: Option<&Step> = None;
    for step in steps {
        if decisive.is_none_or(|best| step.outcome > best.outcome) {
            decisive = Some(step);
        }
    }
    decisive
}

/// The filter in use, with its number.
pub struct ActiveModel {
    pub id: ModelId,
    pub model: Model,
}

/// What the steps may look at besides the text.
pub struct Context<'a> {
    pub settings: &'a Settings,
    /// None: no model, or a broken one. Rules decide then, and the page of moderators says so.
    pub filter: Option<&'a ActiveModel>,
    /// `limits=off`, for load and acceptance tests on loopback.
    pub limits_off: bool,
    /// What moderators set, in memory.
    pub rules: &'a Rules,
    /// The caller's address, if there is one.
    pub address: Option<IpAddr>,
}

/// A text before it is judged.
pub struct Text<'a> {
    pub kind: Kind,
    pub author: &'a User,
    pub is_maker: bool,
    pub text: &'a str,
    /// The item whose text changes, if it is an edit.
    pub editing: Option<ItemId>,
    /// The maker of the project approves each comment (and is not its author).
    pub approve_first: bool,
    pub network: &'a str,
    /// The thread it goes to, if it is heated just now.
    pub heat: Option<Heat>,
}

/// Runs every step after gate and limits, in this order.
pub fn judge(db: &mut Db, context: &Context, text: &Text) -> QueryResult<Decision> {
    let history = checks::History::of(db, text)?;
    let signals = history.signals(text);
    let (filter, score) = filter_step(context.filter, text, &signals);
    let ([rules, raid], met) = context.rules.steps(text, context.address);
    let around = Around::of(db, text.text, text.editing)?;
    let steps = vec![
        checks::watched(db, text)?,
        rules,
        raid,
        checks::links(context.settings, text),
        checks::duplicates(db, text)?,
        Heat::step(text.heat),
        around.step(db, text)?,
        checks::first_texts(&history, text),
        filter,
        checks::approve_first(text),
    ];
    let model_id = context
        .filter
        .filter(|_| score.is_some())
        .map(|active| active.id);
    let mut decision = Decision::from_steps(steps, signals, score, model_id);
    // Now, not when the week is counted: by then a model has learned these very words.
    decision.unseen = context.filter.and_then(|active| {
        let (unseen, words) = active.model.unseen(text.text);
        (words > 0).then(|| unseen as f64 / words as f64)
    });
    decision.newcomer = history.is_newcomer();
    decision.rules = met;
    decision.address = context.address;
    decision.around = around;
    Ok(decision.draw(context.settings.sampled_in_100))
}

/// The strictest word on a text that is no item, by the steps that look at words alone and remember
/// nothing. None: it may be shown.
pub fn glance(context: &Context, text: &Text) -> Option<Step> {
    let ([rules, _], _) = context.rules.steps(text, None);
    let (filter, _) = filter_step(context.filter, text, &[]);
    let steps = [rules, checks::links(context.settings, text), filter];
    decisive(&steps)
        .filter(|step| step.outcome > Outcome::Publish)
        .cloned()
}

/// The probability of spam from the active model, against its thresholds.
fn filter_step(
    filter: Option<&ActiveModel>,
    text: &Text,
    signals: &[String],
) -> (Step, Option<f64>) {
    let Some(active) = filter else {
        let step = Step::new("filter", Outcome::Publish, "no model: rules decide");
        return (step, None);
    };
    let signals: Vec<&str> = signals.iter().map(String::as_str).collect();
    let score = active.model.score(text.text, &signals);
    let mut evidence = format!("{:.1} % spam", score * 100.0);
    // The starter knows comments alone: a project's page, with its links and its praise of itself,
    // looks like advertising to it (26 of 26 harmless ones were held in a trial).
    if text.kind != Kind::Comment && active.model.report().leans_on_starter() {
        evidence.push_str(", by a starter that knows comments only");
        return (Step::new("filter", Outcome::Publish, evidence), Some(score));
    }
    let outcome = match active.model.verdict(score) {
        spam::Decision::Spam => Outcome::Spam,
        spam::Decision::Hold => Outcome::Hold,
        spam::Decision::Publish => Outcome::Publish,
    };
    (Step::new("filter", outcome, evidence), Some(score))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_strictest_step_decides_and_the_first_of_equals_says_why() {
        let decision = Decision::from_steps(
            vec![
                Step::new("links", Outcome::Hold, "5 links"),
                Step::new("first_comment", Outcome::Hold, ""),
                Step::pass("filter"),
            ],
            vec![],
            None,
            None,
        );
        assert_eq!(
            (decision.outcome, decision.why.as_str()),
            (Outcome::Hold, "links")
        );
    }

    proptest! {
        #[test]
        fn no_step_is_ever_overruled_by_a_milder_one(outcomes in prop::collection::vec(0..3u8, 1..8)) {
            let of = |n: u8| [Outcome::Publish, Outcome::Hold, Outcome::Spam][usize::from(n)];
            let steps = outcomes.iter().map(|n| Step::new("step", of(*n), "")).collect();
            let decision = Decision::from_steps(steps, vec![], None, None);
            prop_assert_eq!(decision.outcome, of(*outcomes.iter().max().unwrap()));
            prop_assert_eq!(decision.steps.len(), outcomes.len());
        }
    }
}
