//! The facts kept with each model, and the thresholds that follow from them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::FEATURES_VERSION;
use super::evaluation::{Bin, Histogram, Metrics, Promises, Thresholds, ham_needed, upper_bound};
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
    /// Scores of unseen ham, from which thresholds are computed: of ham that people judged whatever
    /// its score, and of ham that they saw because the filter had picked it out.
    #[serde(default)]
    pub ham_scores: Tail,
    #[serde(default)]
    pub picked_ham_scores: Tail,
    /// Texts that the filter let through and nobody has judged. Not a fact of the labels, so not
    /// stored: see [`Report::promise`].
    #[serde(skip)]
    pub silent: u64,
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

    /// How many scores are at or above a threshold, to within a fiftieth.
    fn from(&self, threshold: f64) -> u64 {
        let caught = self
            .scores
            .partition_point(|(_, score)| *score >= threshold);
        self.scores
            .get(caught)
            .map_or(self.texts, |(rank, _)| *rank)
    }

    /// The share of scores at or above a threshold, to within a fiftieth of itself.
    pub fn share_from(&self, threshold: f64) -> f64 {
        self.from(threshold) as f64 / self.texts.max(1) as f64
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
            picked_ham_scores: Tail::default(),
            silent: 0,
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

    /// Sets the thresholds that keep these promises, `silent` texts having been let through that
    /// nobody judged. The starter alone promises nothing of this site and keeps its own; nor does a
    /// report from before there were tails.
    pub fn promise(&mut self, promises: Promises, silent: u64) {
        self.promises = promises;
        self.silent = silent;
        let even = if self.ham_scores.texts + self.picked_ham_scores.texts > 0 {
            self.ham_scores.texts
        } else {
            self.own_ham
        };
        let missing = |limit| (ham_needed(limit) as u64).saturating_sub(even);
        self.ham_missing_to_hold = missing(promises.held);
        self.ham_missing_to_put_away = missing(promises.put_away);
        if self.own_labels() == 0 || (even == self.own_ham && self.ham_scores.texts != even) {
            return;
        }
        let promised = self.promised(promises.held);
        let hold = match promised {
            Some(hold) => hold.max(LOWEST_HOLD),
            None => self.borrowed_hold.unwrap_or(0.5),
        };
        let spam = self
            .promised(promises.put_away)
            .map(|spam| spam.max(LOWEST_SPAM).max(hold))
            .filter(|&spam| spam < 1.0);
        self.thresholds = Thresholds { hold, spam };
        self.hold_promised = promised.is_some();
        self.spam_held = self.spam_scores.share_from(hold);
        self.ham_held = self.ham_share_from(hold);
        self.spam_put_away = spam.map_or(0.0, |spam| self.spam_scores.share_from(spam));
        self.ham_put_away = spam.map_or(0.0, |spam| self.ham_share_from(spam));
    }

    /// The lowest threshold above which at most `limit` of all ham lies, by the upper 95 % bound;
    /// None when there is too little ham to say.
    ///
    /// Ham that people saw because the filter had picked it out is the hardest there is. Counted as
    /// if it were an even sample it would drive the threshold up until little is held at all. So it
    /// counts once, and ham that was judged whatever its score stands for itself and for all that was
    /// let through unjudged: with `k` of its `n` texts above, at most a share `u(k, n)` of those lies
    /// above (Clopper-Pearson), and the promise is kept while
    ///
    /// ```text
    /// picked above + (n + silent) · u(k, n)  ≤  limit · (picked + n + silent)
    /// ```
    fn promised(&self, limit: f64) -> Option<f64> {
        let (even, picked) = (&self.ham_scores, &self.picked_ham_scores);
        let stands_for = (even.texts + self.silent) as f64;
        let all = stands_for + picked.texts as f64;
        // Just above the first that must not be caught. A rank that was not kept gives way to the
        // next higher score, and the promise is kept all the more.
        let keeps = |&(rank, score): &(u64, f64)| {
            let above = picked.from(score.next_up()) as f64;
            above + stands_for * upper_bound(rank, even.texts) <= limit * all
        };
        let kept = even.scores.partition_point(keeps);
        let (_, score) = even.scores.get(kept.checked_sub(1)?)?;
        Some(score.next_up().min(1.0))
    }

    /// The share of all ham that lies at or above a threshold.
    fn ham_share_from(&self, threshold: f64) -> f64 {
        let (even, picked) = (&self.ham_scores, &self.picked_ham_scores);
        let stands_for = (even.texts + self.silent) as f64;
        let all = stands_for + picked.texts as f64;
        if all == 0.0 {
            return 0.0;
        }
        (picked.from(threshold) as f64 + stands_for * even.share_from(threshold)) / all
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.own_labels() == 0 {
            writeln!(f, "The bundled starter: no labels of this site yet.")?;
        } else {
            writeln!(
                f,
                "Trained on {} labels: {} spam, {} ham.",
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
        } else if self.borrowed_hold.is_none() {
            writeln!(
                f,
                "  hold from     {hold:.3}  (even odds, without any promise: {} more ham labels are needed to \
                 promise at most {held:.1} in 100)",
                self.ham_missing_to_hold
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
