//! How good the filter is, in numbers that can be compared: pooled out-of-fold scores in, figures
//! out. The same definitions as the usual tools: F1 by class at 0.5, ROC AUC with ties, ham flagged
//! at a given recall of spam, Brier score, expected calibration error over 15 bins.

use serde::{Deserialize, Serialize};

/// A probability given to a text that the model had not seen, and what the text was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    pub probability: f64,
    pub spam: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    pub spam_as_spam: u64,
    pub spam_as_ham: u64,
    pub ham_as_spam: u64,
    pub ham_as_ham: u64,
}

/// All are shares between 0 and 1; spam is the positive class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    pub texts: u64,
    pub spam: u64,
    pub confusion: Confusion,
    pub f1_ham: f64,
    pub f1_spam: f64,
    pub precision_spam: f64,
    pub recall_spam: f64,
    pub precision_ham: f64,
    pub recall_ham: f64,
    pub auc: f64,
    /// Share of ham above the score that catches 90 in 100 spam.
    pub ham_flagged_at_90: f64,
    pub ham_flagged_at_95: f64,
    /// Mean squared distance of probability and truth.
    pub brier: f64,
    /// Mean distance of stated and seen share, over 15 equal bins.
    pub ece: f64,
}

impl Metrics {
    pub fn of(scored: &[Scored]) -> Metrics {
        let mut c = Confusion::default();
        for s in scored {
            match (s.spam, s.probability >= 0.5) {
                (true, true) => c.spam_as_spam += 1,
                (true, false) => c.spam_as_ham += 1,
                (false, true) => c.ham_as_spam += 1,
                (false, false) => c.ham_as_ham += 1,
            }
        }
        let (precision_spam, recall_spam, f1_spam) =
            f1(c.spam_as_spam, c.ham_as_spam, c.spam_as_ham);
        let (precision_ham, recall_ham, f1_ham) = f1(c.ham_as_ham, c.spam_as_ham, c.ham_as_spam);
        let mut order: Vec<Scored> = scored.to_vec();
        order.sort_unstable_by(|a, b| b.probability.total_cmp(&a.probability));
        let spam = c.spam_as_spam + c.spam_as_ham;
        let ham = c.ham_as_spam + c.ham_as_ham;
        let (mut caught, mut flagged, mut area) = (0u64, 0u64, 0.0);
        let (mut at_90, mut at_95) = (None, None);
        let mut i = 0;
        while i < order.len() {
            let (caught_before, flagged_before) = (caught, flagged);
            let value = order[i].probability;
            while i < order.len() && order[i].probability == value {
                if order[i].spam {
                    caught += 1
                } else {
                    flagged += 1
                }
                i += 1;
            }
            area += (flagged - flagged_before) as f64 * (caught + caught_before) as f64 / 2.0;
            let recall = share(caught, spam);
            if at_90.is_none() && recall >= 0.9 - 1e-12 {
                at_90 = Some(share(flagged, ham));
            }
            if at_95.is_none() && recall >= 0.95 - 1e-12 {
                at_95 = Some(share(flagged, ham));
            }
        }
        let n = scored.len().max(1) as f64;
        let mut bins = [(0.0, 0.0); 15];
        let mut brier = 0.0;
        for s in scored {
            let truth = f64::from(u8::from(s.spam));
            brier += (s.probability - truth) * (s.probability - truth);
            let bin = &mut bins[((s.probability * 15.0) as usize).min(14)];
            bin.0 += s.probability;
            bin.1 += truth;
        }
        Metrics {
            texts: scored.len() as u64,
            spam,
            confusion: c,
            f1_ham,
            f1_spam,
            precision_spam,
            recall_spam,
            precision_ham,
            recall_ham,
            auc: if spam == 0 || ham == 0 {
                0.5
            } else {
                area / (spam as f64 * ham as f64)
            },
            ham_flagged_at_90: at_90.unwrap_or(0.0),
            ham_flagged_at_95: at_95.unwrap_or(0.0),
            brier: brier / n,
            ece: bins
                .iter()
                .map(|(stated, seen)| (stated - seen).abs())
                .sum::<f64>()
                / n,
        }
    }
}

/// How many bins a reliability diagram has.
pub const BINS: usize = 10;

/// One bar of a reliability diagram: the texts whose stated probability fell into a tenth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    pub texts: u64,
    /// How many of them were spam.
    pub spam: u64,
    /// The mean of what was stated; 0 for an empty bin.
    pub stated: f64,
}

impl Bin {
    /// The share that was spam, which a calibrated filter states.
    pub fn seen(&self) -> f64 {
        share(self.spam, self.texts)
    }
}

/// Stated probability against what came true, in [`BINS`] equal bins from 0 to 1.
pub fn reliability(scored: &[Scored]) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); BINS];
    for s in scored {
        let bin = &mut bins[((s.probability * BINS as f64) as usize).min(BINS - 1)];
        bin.texts += 1;
        bin.spam += u64::from(s.spam);
        bin.stated += s.probability;
    }
    for bin in &mut bins {
        bin.stated /= bin.texts.max(1) as f64;
    }
    bins
}

/// How many texts of each class got which score, in 20 equal bins from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    pub spam: Vec<u64>,
    pub ham: Vec<u64>,
}

impl Histogram {
    pub const BINS: usize = 20;

    pub fn of(scored: &[Scored]) -> Histogram {
        let mut histogram = Histogram {
            spam: vec![0; Self::BINS],
            ham: vec![0; Self::BINS],
        };
        for s in scored {
            let column = if s.spam {
                &mut histogram.spam
            } else {
                &mut histogram.ham
            };
            column[((s.probability * Self::BINS as f64) as usize).min(Self::BINS - 1)] += 1;
        }
        histogram
    }
}

/// Two models on the same texts, in the same order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    pub texts: u64,
    /// Mean squared error of the new one less that of the old one: above 0 is worse.
    pub difference: f64,
    /// Standard error of that difference.
    pub error: f64,
}

impl Paired {
    pub fn of(new: &[Scored], old: &[Scored]) -> Paired {
        let n = new.len().min(old.len());
        let loss = |s: &Scored| {
            let miss = s.probability - f64::from(u8::from(s.spam));
            miss * miss
        };
        let differences = || new.iter().zip(old).map(|(new, old)| loss(new) - loss(old));
        let mean = differences().sum::<f64>() / n.max(1) as f64;
        let variance = differences().map(|d| (d - mean) * (d - mean)).sum::<f64>()
            / n.saturating_sub(1).max(1) as f64;
        Paired {
            texts: n as u64,
            difference: mean,
            error: (variance / n.max(1) as f64).sqrt(),
        }
    }

    /// Worse beyond the noise: the one-sided 95 % bound of the difference lies above zero.
    pub fn is_worse(&self) -> bool {
        self.texts > 1 && self.difference > 1.645 * self.error && self.difference > 0.0
    }
}

/// The one-sided upper 95 % bound of a share of which `hits` of `n` were seen (Clopper-Pearson).
pub fn upper_bound(hits: u64, n: u64) -> f64 {
    if n == 0 || hits >= n {
        return 1.0;
    }
    // The share at which seeing so few is a one-in-twenty chance.
    let (mut low, mut high) = (hits as f64 / n as f64, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if binomial_tail(hits, n, middle) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// P(at most `hits` of `n`) when each comes with probability `p`.
fn binomial_tail(hits: u64, n: u64, p: f64) -> f64 {
    let ratio = (p / (1.0 - p)).ln();
    let mut log_term = n as f64 * (-p).ln_1p();
    let mut tail = log_term.exp();
    for k in 1..=hits {
        log_term += ((n - k + 1) as f64 / k as f64).ln() + ratio;
        tail += log_term.exp();
    }
    tail
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn f1(hit: u64, false_alarm: u64, missed: u64) -> (f64, f64, f64) {
    let (p, r) = (share(hit, hit + false_alarm), share(hit, hit + missed));
    (
        p,
        r,
        if p + r > 0.0 {
            2.0 * p * r / (p + r)
        } else {
            0.0
        },
    )
}

/// How a score becomes a decision. `spam` is None while the labels cannot carry the promise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// At or above: a person looks at it first.
    pub hold: f64,
    /// At or above: put away as spam.
    pub spam: Option<f64>,
}

/// What the thresholds must keep, as shares of real comments.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promises {
    pub put_away: f64,
    pub held: f64,
}

impl Default for Promises {
    fn default() -> Promises {
        Promises {
            put_away: 0.001,
            held: 0.02,
        }
    }
}

/// How many of `n` may be wrong so that, with 95 % confidence, the true share is at most `limit`
/// (the one-sided Clopper-Pearson bound turned round). None when `n` is too small even for zero.
pub fn allowed_errors(n: usize, limit: f64) -> Option<usize> {
    if limit <= 0.0 {
        return None;
    }
    if limit >= 1.0 {
        return Some(n);
    }
    // Sum the binomial's lower tail until it passes 5 %.
    let n_f = n as f64;
    let mut log_term = n_f * (-limit).ln_1p();
    let ratio = (limit / (1.0 - limit)).ln();
    let mut tail = log_term.exp();
    if tail > 0.05 {
        return None;
    }
    for k in 1..=n {
        log_term += ((n_f - k as f64 + 1.0) / k as f64).ln() + ratio;
        tail += log_term.exp();
        if tail > 0.05 {
            return Some(k - 1);
        }
    }
    Some(n)
}

/// Ham labels needed before a promise can be made at all.
pub fn ham_needed(limit: f64) -> usize {
    if limit <= 0.0 {
        return usize::MAX;
    }
    (0.05f64.ln() / (-limit.min(0.999)).ln_1p()).ceil() as usize
}

/// The lowest score at which at most the promised share of ham lies, by its upper 95 % bound; None
/// when there is too little ham to say. `ham` are probabilities given to unseen ham, in any order.
pub fn promised_threshold(ham: &[f64], limit: f64) -> Option<f64> {
    let allowed = allowed_errors(ham.len(), limit)?;
    let mut sorted = ham.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    match sorted.get(allowed) {
        // Just above the first ham that must not be caught.
        Some(&next) => Some(next.next_up().min(1.0)),
        None => Some(0.0),
    }
}
