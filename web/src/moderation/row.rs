//! One item on the desk: what is shown of an entry, and what the filter says of it.

use super::diff::{self, Change};
use super::why_words;
use crate::layout::Html;
use potluck_models::db::ModelId;
use potluck_models::intake::{ActiveModel, Outcome, Step};
use potluck_models::item::{Kind, Queue, State};
use potluck_models::maker::BY_MAKER;
use potluck_models::moderation::campaign::card::Kin;
use potluck_models::moderation::queue::{self, COUNTED, Content, Entry};
use potluck_models::moderation::reason::Reasons;
use potluck_models::moderation::report;
use potluck_models::spam::classifier::in_words;
use potluck_models::spam::facts;
use potluck_models::spam::{Explanation, TokenWeight};

pub struct Row {
    pub entry: Entry,
    pub explanation: Option<Explanation>,
    pub steps: Vec<Step>,
    /// What a waiting edit changes.
    pub diff: Vec<(Change, String)>,
    /// The model that scored it, if another is in use now.
    pub other_model: Option<ModelId>,
    /// Who has it open, in words, if anybody.
    pub open_by: String,
    /// Its text need be seen by nobody: the filter is sure, and it was not drawn for the sample.
    pub folded: bool,
    /// Texts that are like it.
    pub kin: Option<Kin>,
}

/// A token as a chip: name, weight with its sign, what was met before.
pub struct Chip {
    pub token: String,
    pub spam: bool,
    pub weight: String,
    pub spam_docs: String,
    pub ham_docs: String,
}

impl Chip {
    fn of(token: &TokenWeight) -> Chip {
        Chip {
            token: in_words(&token.token),
            spam: token.weight > 0.0,
            weight: signed(token.weight),
            spam_docs: docs(token.spam_docs),
            ham_docs: docs(token.ham_docs),
        }
    }
}

/// With a true minus sign, as it is set in print.
pub fn signed(weight: f64) -> String {
    format!(
        "{}{:.1}",
        if weight < 0.0 { '−' } else { '+' },
        weight.abs()
    )
}

/// Weighted counts: a starter's text may count less than one.
fn docs(n: f64) -> String {
    if n > 0.0 && n < 1.0 {
        "under 1".into()
    } else {
        // As a whole number: a decimal that is rounded is written digit by digit.
        (n.round() as u64).to_string()
    }
}

pub fn percent(share: &f64) -> String {
    format!("{:.0}", (share * 100.0).clamp(0.0, 100.0))
}

/// What each step of the intake said of the text, and what readers did since.
fn steps(entry: &Entry) -> Vec<Step> {
    let mut steps = entry.revision.steps();
    if entry.item.why == report::WHY {
        steps.push(Step::new(
            report::WHY,
            Outcome::Hold,
            entry.item.evidence.as_str(),
        ));
    }
    steps
}

impl Row {
    pub fn of(entry: Entry, active: Option<&ActiveModel>) -> Row {
        let signals = entry.revision.signals();
        let signals: Vec<&str> = signals.iter().map(String::as_str).collect();
        Row {
            explanation: active.map(|active| active.model.explain(&entry.revision.text, &signals)),
            steps: steps(&entry),
            diff: entry.before.as_ref().map_or(Vec::new(), |before| {
                diff::words(&before.text, &entry.revision.text)
            }),
            other_model: queue::scored_by_another(&entry.item, active.map(|active| active.id)),
            open_by: String::new(),
            folded: false,
            kin: None,
            entry,
        }
    }

    /// Alike ones that are not named.
    pub fn more_kin(&self) -> usize {
        let named = |kin: &Kin| (kin.others as usize).saturating_sub(kin.nearest.len());
        self.kin.as_ref().map_or(0, named)
    }

    /// Where its links lead, the first few.
    pub fn domains(&self) -> Vec<String> {
        let domains = facts::of(&self.entry.revision.text).domains;
        domains.into_iter().take(3).collect()
    }

    /// `comment-12`, for ids of elements.
    pub fn key(&self) -> String {
        format!("{}-{}", self.entry.item.kind, self.entry.item.id)
    }

    /// `comment:12`, as verdicts name it.
    pub fn word(&self) -> String {
        format!("{}:{}", self.entry.item.kind, self.entry.item.id)
    }

    pub fn seen(&self) -> String {
        format!("{}@{}", self.word(), self.entry.item.version)
    }

    /// "seen 3 times", if readers were shown it.
    pub fn seen_by_readers(&self) -> Option<String> {
        match self.entry.item.views {
            0 => None,
            1 => Some("seen once".into()),
            n => Some(format!("seen {n} times")),
        }
    }

    pub fn prose(&self) -> Html {
        match &self.entry.content {
            Content::Prose(html)
            | Content::Project {
                description: html, ..
            }
            | Content::Profile { bio: html, .. } => Html(html.clone()),
        }
    }

    /// Put away by the filter alone, which is sure of it, or as a copy of what a person called spam.
    pub fn is_sure_spam(&self) -> bool {
        let item = &self.entry.item;
        item.queue == Some(Queue::Spam)
            && item.state == State::Spam
            && queue::SURE.contains(&item.why.as_str())
            && !item.sampled
    }

    /// Why readers do not see it now, if it is because of what they reported.
    pub fn hidden_by_readers(&self) -> Option<&str> {
        let item = &self.entry.item;
        let hidden = item.why == report::WHY && item.state == State::Held;
        hidden.then_some(item.evidence.as_str())
    }

    pub fn score(&self) -> Option<String> {
        self.entry.item.score.as_ref().map(percent)
    }

    /// Where it stands and why: "held: first comment".
    pub fn standing(&self, reasons: &Reasons) -> String {
        let item = &self.entry.item;
        let because = |start: &str| match item.why.as_str() {
            "" => start.to_owned(),
            why => format!("{start}: {}", why_words(why)),
        };
        match (item.state, item.queue) {
            (State::Published, Some(Queue::Spam)) => because("edit put away"),
            (State::Published, Some(_)) => because("edit held"),
            (State::Held, Some(Queue::Maker)) if item.why == BY_MAKER => "held by the maker".into(),
            (State::Removed, _) if item.why == BY_MAKER => "hidden by the maker".into(),
            (State::Held, Some(Queue::Maker)) => "waits for the maker".into(),
            (State::Held, _) => because("held"),
            (State::Spam, Some(_)) => because("put away"),
            (State::Spam, None) => "spam, by a moderator".into(),
            (State::Removed, _) => match item.evidence.as_str() {
                "" => "removed".into(),
                key => format!("removed: {}", reasons.label(key).to_lowercase()),
            },
            (state, _) => state.to_string(),
        }
    }

    /// "2 days · maker · 40 published, 2 removed".
    pub fn standing_of_author(&self, now: &chrono::NaiveDateTime) -> String {
        let author = &self.entry.author;
        let age = *now - author.created_at;
        let plural = |n: i64, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
        let mut words = vec![match age.num_minutes() {
            ..60 => format!("account of {}", plural(age.num_minutes().max(0), "minute")),
            60..1_440 => format!("account of {}", plural(age.num_hours(), "hour")),
            1_440..86_400 => plural(age.num_days(), "day"),
            _ => format!("since {}", author.created_at.format("%B %Y")),
        }];
        if author.is_maker {
            words.push("maker".into());
        }
        let mut counts = Vec::new();
        for (n, what) in [
            (author.published, "published"),
            (author.removed, "removed"),
            (author.spam, "spam"),
        ] {
            if n > 0 {
                let over = if n > COUNTED { "over " } else { "" };
                counts.push(format!("{over}{} {what}", n.min(COUNTED)));
            }
        }
        if counts.is_empty() {
            words.push("nothing published yet".into());
        } else {
            words.push(counts.join(", "));
        }
        words.join(" · ")
    }

    /// The strongest few either way, strongest first. Signs such as `@links:2` are few and heavy:
    /// without a limit to them the words, which tell a person more, would not be seen. Parts of
    /// words (`…ther…`) stand in the table below, where there is room to wonder at them.
    pub fn chips(&self) -> Vec<Chip> {
        const SIGNS: usize = 3;
        const ALL: usize = 8;
        let mut signs = 0;
        self.tokens()
            .into_iter()
            .filter(|token| !token.token.contains('…'))
            .filter(|token| {
                let sign = token.token.starts_with('@');
                signs += usize::from(sign);
                !sign || signs <= SIGNS
            })
            .take(ALL)
            .map(Chip::of)
            .collect()
    }

    /// All that an explanation names.
    pub fn all_chips(&self) -> Vec<Chip> {
        self.tokens().into_iter().map(Chip::of).collect()
    }

    fn tokens(&self) -> Vec<&TokenWeight> {
        let Some(explanation) = &self.explanation else {
            return Vec::new();
        };
        let mut tokens: Vec<&TokenWeight> =
            explanation.spam.iter().chain(&explanation.ham).collect();
        tokens.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        // What moved nothing by a tenth explains nothing.
        tokens.retain(|token| token.weight.abs() >= 0.05);
        tokens
    }

    pub fn class(&self, step: &Step) -> &'static str {
        match step.outcome {
            Outcome::Publish | Outcome::Draft => "step-pass",
            Outcome::Hold => "step-hold",
            Outcome::Spam => "step-spam",
        }
    }

    pub fn outcome(&self, step: &Step) -> &'static str {
        match step.outcome {
            Outcome::Draft => "kept as a draft",
            Outcome::Publish => "passed",
            Outcome::Hold => "holds",
            Outcome::Spam => "spam",
        }
    }

    pub fn is_project(&self) -> bool {
        self.entry.item.kind == Kind::Project
    }

    /// Only what was taken away can be brought back.
    pub fn restores(&self) -> bool {
        let item = &self.entry.item;
        item.queue.is_none() && matches!(item.state, State::Spam | State::Removed)
    }
}
