//! The facts kept with each model, and the thresholds that follow from them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::FEATURES_VERSION;
use super::evaluation::{
    Bin, Histogram, Metrics, Promises, Thresholds, allowed_errors, ham_needed,
};
use super::features::View;
use super::near::Contradiction;

/// What a model was made of and how good it was on texts it had not seen. Depends on the labels and
/// the options alone, and holds no text. Figures are None where there was too little to measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub features_version: u32,
    /// Labelled texts of this site, by what kind of evidence they are.
    pub own_spam: u64,
    pub own_ham: u64,
    /// Of these, labels that weigh less than one: "looked at", imported with less trust.
    #[serde(default)]
    pub own_light: u64,
    /// Texts behind the bundled counts, and what one of them weighed beside an own label.
    pub starter_spam: u64,
    pub starter_ham: u64,
    pub starter_weight: f64,
    /// SHA-256 of the labels in their own order, hexadecimal.
    pub labels_hash: String,
    pub seed: u64,
    pub folds: u64,
    /// The most tokens a view may have, as it was set.
    #[serde(default)]
    pub vocabulary_limit: u64,
    /// Tokens kept, a view.
    pub vocabulary: Vec<u64>,
    /// Own labels, scored by models that had not seen them.
    pub own: Option<Metrics>,
    /// The starter's figures on the fifth of its texts that it left out.
    pub starter: Option<Metrics>,
    /// Own labels out of fold: stated probability against what came true.
    #[serde(default)]
    pub reliability: Vec<Bin>,
    #[serde(default)]
    pub histogram: Histogram,
    /// Trained on the older four fifths, tried on the newest.
    #[serde(default)]
    pub newest: Option<Newest>,
    /// The own labels that were furthest from their score, worst first.
    #[serde(default)]
    pub mistakes: Vec<Mistake>,
    /// Near-identical texts with different labels.
    #[serde(default)]
    pub contradictions: Vec<Contradiction>,
    /// The highest scores of unseen ham and of unseen spam, from which thresholds are computed.
    #[serde(default)]
    pub ham_scores: Tail,
    #[serde(default)]
    pub spam_scores: Tail,
    /// Where to hold while there is too little ham to promise anything: the starter's threshold.
    #[serde(default)]
    pub borrowed_hold: Option<f64>,
    pub thresholds: Thresholds,
    pub promises: Promises,
    /// Whether `thresholds.hold` is a promise or borrowed from the starter.
    pub hold_promised: bool,
    /// Ham labels still missing before a promise can be kept; 0 when it is.
    pub ham_missing_to_hold: u64,
    pub ham_missing_to_put_away: u64,
    /// Shares of the own texts, out of fold, that each threshold would have caught.
    pub spam_held: f64,
    pub ham_held: f64,
    pub spam_put_away: f64,
    pub ham_put_away: f64,
}

/// How a model of the older four fifths did on the newest fifth of the labels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Newest {
    /// When the oldest text of the fifth was written, in seconds since 1970.
    pub from: i64,
    pub metrics: Metrics,
}

/// A label that the filter would not have guessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// By it the text is found, as long as it exists (see `near.rs`).
    pub text_hash: String,
    /// What a person called it.
    pub spam: bool,
    /// What a model said that had not seen it.
    pub probability: f64,
    /// The tokens that misled it, strongest first, with their weights.
    pub tokens: Vec<(String, f64)>,
}

/// Many scores in few numbers: each of the highest 200, then in steps of a fiftieth of the rank.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tail {
    /// How many scores there are in all.
    pub texts: u64,
    /// How many scores are higher, and the score; highest first.
    pub scores: Vec<(u64, f64)>,
}

impl Tail {
    pub fn of(mut scores: Vec<f64>) -> Tail {
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        let mut kept = Vec::new();
        let mut rank = 0;
        while let Some(&score) = scores.get(rank) {
            kept.push((rank as u64, score));
            rank += if rank < 200 { 1 } else { rank / 50 };
        }
        Tail {
            texts: scores.len() as u64,
            scores: kept,
        }
    }

    /// The lowest score above which at most `limit` of all lie, by the upper 95 % bound; None when
    /// there are too few to say.
    pub fn promised(&self, limit: f64) -> Option<f64> {
        let allowed = allowed_errors(self.texts as usize, limit)? as u64;
        if allowed >= self.texts {
            return Some(0.0);
        }
        // Of a rank that was not kept, the next higher score: the promise holds all the more.
        let at = self.scores.partition_point(|(rank, _)| *rank <= allowed);
        let (_, score) = self.scores.get(at.checked_sub(1)?)?;
        // Just above the first that must not be caught.
        Some(score.next_up().min(1.0))
    }

    /// The share of scores at or above a threshold, to within a fiftieth of itself.
    pub fn share_from(&self, threshold: f64) -> f64 {
        let caught = self
            .scores
            .partition_point(|(_, score)| *score >= threshold);
        match self.scores.get(caught) {
            _ if self.texts == 0 => 0.0,
            Some((rank, _)) => *rank as f64 / self.texts as f64,
            None => 1.0,
        }
    }
}

/// Own labels from which a site stands on its own feet.
pub const OWN_FEET: u64 = 200;
/// Below this a person's look is not worth asking for, however much ham the promise would allow.
const LOWEST_HOLD: f64 = 0.25;
/// Put away only what is nearly sure, however well the promise would be kept below.
const LOWEST_SPAM: f64 = 0.9;

impl Report {
    pub(super) fn of_starter(spam: u64, ham: u64, vocabulary: Vec<u64>) -> Report {
        let promises = Promises::default();
        Report {
            features_version: FEATURES_VERSION,
            own_spam: 0,
            own_ham: 0,
            own_light: 0,
            starter_spam: spam,
            starter_ham: ham,
            starter_weight: 1.0,
            labels_hash: String::new(),
            seed: 0,
            folds: 0,
            vocabulary_limit: 0,
            vocabulary,
            own: None,
            starter: None,
            reliability: Vec::new(),
            histogram: Histogram::default(),
            newest: None,
            mistakes: Vec::new(),
            contradictions: Vec::new(),
            ham_scores: Tail::default(),
            spam_scores: Tail::default(),
            borrowed_hold: None,
            thresholds: Thresholds {
                hold: 0.9,
                spam: None,
            },
            promises,
            hold_promised: false,
            ham_missing_to_hold: ham_needed(promises.held) as u64,
            ham_missing_to_put_away: ham_needed(promises.put_away) as u64,
            spam_held: 0.0,
            ham_held: 0.0,
            spam_put_away: 0.0,
            ham_put_away: 0.0,
        }
    }

    pub fn own_labels(&self) -> u64 {
        self.own_spam + self.own_ham
    }

    /// Whether the starter still stands in.
    pub fn leans_on_starter(&self) -> bool {
        self.starter_spam + self.starter_ham > 0 && self.own_labels() < OWN_FEET
    }

    /// Sets the thresholds that keep these promises. The starter alone promises nothing of this
    /// site and keeps its own; nor does a report from before there were tails.
    pub fn promise(&mut self, promises: Promises) {
        self.promises = promises;
        let missing = |limit| (ham_needed(limit) as u64).saturating_sub(self.own_ham);
        self.ham_missing_to_hold = missing(promises.held);
        self.ham_missing_to_put_away = missing(promises.put_away);
        if self.own_labels() == 0 || (self.ham_scores.texts == 0 && self.own_ham > 0) {
            return;
        }
        let promised = self.ham_scores.promised(promises.held);
        let hold = match promised {
            Some(hold) => hold.max(LOWEST_HOLD),
            None => self.borrowed_hold.unwrap_or(0.5),
        };
        let spam = self
            .ham_scores
            .promised(promises.put_away)
            .map(|spam| spam.max(LOWEST_SPAM).max(hold))
            .filter(|&spam| spam < 1.0);
        self.thresholds = Thresholds { hold, spam };
        self.hold_promised = promised.is_some();
        let above = |tail: &Tail, at: Option<f64>| at.map_or(0.0, |at| tail.share_from(at));
        self.spam_held = above(&self.spam_scores, Some(hold));
        self.ham_held = above(&self.ham_scores, Some(hold));
        self.spam_put_away = above(&self.spam_scores, spam);
        self.ham_put_away = above(&self.ham_scores, spam);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.own_labels() == 0 {
            writeln!(f, "The bundled starter: no labels of this site yet.")?;
        } else {
            writeln!(
                f,
                "Trained on {} labels of this site: {} spam, {} ham.",
                self.own_labels(),
                self.own_spam,
                self.own_ham
            )?;
        }
        if self.starter_spam + self.starter_ham > 0 {
            writeln!(
                f,
                "Starter: {} public texts ({} spam, {} ham), each weighing {:.3} of an own label.",
                self.starter_spam + self.starter_ham,
                self.starter_spam,
                self.starter_ham,
                self.starter_weight
            )?;
        }
        if let Some(m) = &self.own {
            writeln!(
                f,
                "\nOwn labels, {}-fold, each text scored by a model that had not seen it:",
                self.folds
            )?;
            table(f, m)?;
        }
        if let Some(m) = &self.starter {
            writeln!(
                f,
                "\nThe starter on the fifth of its texts that it left out (public texts, not this site's):"
            )?;
            table(f, m)?;
        }
        writeln!(
            f,
            "\n  pygame.org's own filter, on its own texts (another corpus): F1 ham 0.97, F1 spam 0.76"
        )?;
        writeln!(f, "\nThresholds")?;
        let (hold, held) = (self.thresholds.hold, self.promises.held * 100.0);
        if self.hold_promised {
            writeln!(
                f,
                "  hold from     {hold:.3}  (at most {held:.1} in 100 ham wait, by the upper 95 % bound)"
            )?;
        } else {
            writeln!(
                f,
                "  hold from     {hold:.3}  (the starter's: at most {held:.1} in 100 ham of public sources unknown to it; \
                 {} more ham labels are needed to promise it here)",
                self.ham_missing_to_hold
            )?;
        }
        match self.thresholds.spam {
            Some(spam) => writeln!(
                f,
                "  put away from {spam:.3}  (at most {:.1} in 1,000 ham, by the upper 95 % bound)",
                self.promises.put_away * 1000.0
            )?,
            None if self.ham_missing_to_put_away > 0 => writeln!(
                f,
                "  put away      never: {} more ham labels are needed to promise at most {:.1} in 1,000",
                self.ham_missing_to_put_away,
                self.promises.put_away * 1000.0
            )?,
            None => writeln!(
                f,
                "  put away      never: no score is high enough to keep the promise"
            )?,
        }
        if self.own.is_some() || self.starter.is_some() {
            let texts = if self.own.is_some() {
                "the own labels"
            } else {
                "the left-out fifth"
            };
            writeln!(
                f,
                "  of {texts}: spam held {:.1} %, put away {:.1} %; ham held {:.2} %, put away {:.2} %",
                self.spam_held * 100.0,
                self.spam_put_away * 100.0,
                self.ham_held * 100.0,
                self.ham_put_away * 100.0
            )?;
        }
        let sizes: Vec<String> = View::ALL
            .iter()
            .zip(&self.vocabulary)
            .map(|(view, n)| format!("{n} {}", view.name()))
            .collect();
        writeln!(
            f,
            "\nVocabulary: {}; features version {}.",
            sizes.join(", "),
            self.features_version
        )
    }
}

fn table(f: &mut fmt::Formatter<'_>, m: &Metrics) -> fmt::Result {
    let c = &m.confusion;
    writeln!(
        f,
        "  F1 ham {:.3}   F1 spam {:.3}   AUC {:.3}",
        m.f1_ham, m.f1_spam, m.auc
    )?;
    writeln!(
        f,
        "  precision of spam {:.3}, recall of spam {:.3}",
        m.precision_spam, m.recall_spam
    )?;
    writeln!(
        f,
        "  ham flagged when 90 % of spam is caught {:.1} %, 95 %: {:.1} %",
        m.ham_flagged_at_90 * 100.0,
        m.ham_flagged_at_95 * 100.0
    )?;
    writeln!(f, "  Brier {:.3}, calibration error {:.3}", m.brier, m.ece)?;
    writeln!(f, "  confusion        called spam   called ham")?;
    writeln!(
        f,
        "    is spam   {:>14} {:>12}",
        c.spam_as_spam, c.spam_as_ham
    )?;
    writeln!(
        f,
        "    is ham    {:>14} {:>12}",
        c.ham_as_spam, c.ham_as_ham
    )
}
