//! From labels to a model: count, select, fit, calibrate, promise.
//!
//! A naive Bayes needs only the per-class sums of its features. They are counted once; a fold's
//! model is made from the sums less the fold's own; the stored model is linfa's, fitted on a matrix
//! of two rows a view.
//!
//! **Order does not matter.** Examples are put into an order of their own first (by a hash of the
//! text), folds are given by that hash, weights are whole 1,024ths (their sums are exact in any
//! order), and every tie is broken by the token. The same labels give the same bytes.
//!
//! **The starter fades.** The bundled counts join the site's with a weight that falls as the
//! site's own labels grow (see [`starter_weight`]), and the starter's calibration is the prior of
//! the site's, so that the first labels bend it and a thousand replace it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use linfa::prelude::*;
use linfa_bayes::MultinomialNb;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::FEATURES_VERSION;
use super::calibration::{Calibration, INPUTS, Inputs, Point};
use super::classifier::{Features, Model, Part, Smoothing, scaled};
use super::evaluation::{
    Metrics, Promises, Scored, Thresholds, allowed_errors, ham_needed, promised_threshold,
};
use super::features::{Extractor, View};
use super::starter::{self, Starter};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    Spam,
    Ham,
}

/// One labelled text.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    pub text: String,
    /// Named tokens recorded when it was posted, such as `@first-comment`, `@account:new`,
    /// `@maker`. Empty where history lacks them.
    pub signals: Vec<String>,
    pub label: Label,
    /// When it was written, in seconds since 1970; None where history does not say. Only the split
    /// into older part and newest fifth looks at it.
    pub at: Option<i64>,
    /// 1 for a person's verdict, less for weaker evidence. Kept to a 1,024th; at most 1,024.
    pub weight: f64,
}

impl Example {
    pub fn new(text: impl Into<String>, label: Label) -> Example {
        Example {
            text: text.into(),
            signals: Vec::new(),
            label,
            at: None,
            weight: 1.0,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Options {
    /// Tokens kept a view, the most informative first.
    pub vocabulary: usize,
    /// Parts for the out-of-fold scores; fewer when a class has fewer texts.
    pub folds: usize,
    pub seed: u64,
    /// Whether the bundled counts take part.
    pub starter: bool,
    /// Fit by linfa's formula instead of linfa itself, which prints: for the many models of a
    /// cross-validation. The numbers are the same (tested).
    pub quiet: bool,
    pub promises: Promises,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            vocabulary: 50_000,
            folds: 12,
            seed: 0,
            starter: true,
            quiet: false,
            promises: Promises::default(),
        }
    }
}

/// What training is at; the number beside it is the share of the whole that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Features,
    Folds,
    Calibrate,
    Fit,
    Done,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Features => "reading features",
            Step::Folds => "scoring fold by fold",
            Step::Calibrate => "calibrating",
            Step::Fit => "fitting",
            Step::Done => "done",
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("without the starter, training needs at least one spam and one ham")]
    OneClass,
    #[error("a label's weight must lie between 0 and 1,024, not {0}")]
    Weight(f64),
    #[error("too many texts or tokens")]
    TooMany,
    #[error("linfa could not fit: {0}")]
    Fit(String),
}

#[derive(Debug)]
pub struct Trained {
    pub model: Model,
    pub report: Report,
}

/// The facts kept with each model. Figures are None where there was too little to measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub features_version: u32,
    /// Labelled texts of this site.
    pub own_spam: u64,
    pub own_ham: u64,
    /// Texts behind the bundled counts, and what one of them weighed beside an own label.
    pub starter_spam: u64,
    pub starter_ham: u64,
    pub starter_weight: f64,
    /// SHA-256 of the labels in their own order, hexadecimal.
    pub labels_hash: String,
    pub seed: u64,
    pub folds: u64,
    /// Tokens kept, a view.
    pub vocabulary: Vec<u64>,
    /// Own labels, scored by models that had not seen them.
    pub own: Option<Metrics>,
    /// The starter's figures on the fifth of its texts that it left out.
    pub starter: Option<Metrics>,
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

/// Own labels from which a site stands on its own feet.
pub const OWN_FEET: u64 = 200;

impl Report {
    pub(super) fn of_starter(spam: u64, ham: u64, vocabulary: Vec<u64>) -> Report {
        let promises = Promises::default();
        Report {
            features_version: FEATURES_VERSION,
            own_spam: 0,
            own_ham: 0,
            starter_spam: spam,
            starter_ham: ham,
            starter_weight: 1.0,
            labels_hash: String::new(),
            seed: 0,
            folds: 0,
            vocabulary,
            own: None,
            starter: None,
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
}

/// What one of the starter's texts weighs beside one own label. The starter as a whole counts like
/// [`STARTER_MASS`] texts at first and fades as 1 / (1 + own / [`STARTER_HALF`]).
pub fn starter_weight(own_labels: usize, starter_texts: u64) -> f64 {
    if own_labels == 0 {
        // Alone, it is what its calibration was made for.
        return 1.0;
    }
    let mass = STARTER_MASS / (1.0 + own_labels as f64 / STARTER_HALF);
    quantised((mass / starter_texts.max(1) as f64).min(1.0))
}

const STARTER_MASS: f64 = 100.0;
const STARTER_HALF: f64 = 100.0;
/// How firmly the starter's calibration holds against the site's own scores.
const PRIOR_STRENGTH: f64 = 2.0;
/// Own labels of each kind before the starter's calibration bends at all.
const FEWEST_TO_BEND: usize = 5;

/// To a whole 1,024th: sums of such numbers are exact, so they do not depend on the order.
fn quantised(weight: f64) -> f64 {
    (weight * 1024.0).round() / 1024.0
}

// ---------------------------------------------------------------------------------------------
// Counting

/// The tokens of one view, numbered as met.
#[derive(Default)]
struct Interner {
    ids: HashMap<Box<str>, u32>,
}

impl Interner {
    fn id(&mut self, token: &str) -> u32 {
        if let Some(&id) = self.ids.get(token) {
            return id;
        }
        let id = self.ids.len() as u32;
        self.ids.insert(token.into(), id);
        id
    }

    fn into_tokens(self) -> Vec<Box<str>> {
        let mut tokens = vec![Box::<str>::default(); self.ids.len()];
        for (token, id) in self.ids {
            tokens[id as usize] = token;
        }
        tokens
    }
}

/// The features of one view of all texts, end to end.
#[derive(Default)]
struct Lists {
    whole: Vec<u32>,
    passages: Vec<(u32, u32)>,
    ends: Vec<(usize, usize)>,
}

impl Lists {
    fn push(&mut self, features: &Features) {
        self.whole.extend_from_slice(&features.whole);
        self.passages.extend_from_slice(&features.passages);
        self.ends.push((self.whole.len(), self.passages.len()));
    }

    fn get(&self, row: usize) -> (&[u32], &[(u32, u32)]) {
        let start = if row == 0 { (0, 0) } else { self.ends[row - 1] };
        let end = self.ends[row];
        (&self.whole[start.0..end.0], &self.passages[start.1..end.1])
    }
}

/// Weighted texts a token occurs in, by class.
#[derive(Clone, Default)]
struct Counts {
    spam: Vec<f64>,
    ham: Vec<f64>,
    spam_texts: f64,
    ham_texts: f64,
}

impl Counts {
    fn smoothing(&self) -> Smoothing {
        Smoothing::of(self.spam_texts, self.ham_texts)
    }
}

/// One labelled text, its features in `Corpus::lists`.
struct Row {
    label: Label,
    weight: f64,
    fold: usize,
}

/// All that training needs to know of the texts.
struct Corpus {
    rows: Vec<Row>,
    tokens: [Vec<Box<str>>; INPUTS],
    /// Ids in the order of their tokens: ties are broken by it.
    rank: [Vec<u32>; INPUTS],
    lists: [Lists; INPUTS],
    /// The starter's share, already weighted; the same in every fold.
    base: [Counts; INPUTS],
}

impl Corpus {
    fn counts(&self, view: View, keep: impl Fn(&Row) -> bool) -> Counts {
        let v = view as usize;
        let mut counts = self.base[v].clone();
        for (i, row) in self.rows.iter().enumerate() {
            if !keep(row) {
                continue;
            }
            let (column, texts) = match row.label {
                Label::Spam => (&mut counts.spam, &mut counts.spam_texts),
                Label::Ham => (&mut counts.ham, &mut counts.ham_texts),
            };
            *texts += row.weight;
            for &id in self.lists[v].get(i).0 {
                column[id as usize] += row.weight;
            }
        }
        counts
    }

    /// The `limit` tokens that tell most about the class, as ids in the order of their tokens.
    fn select(&self, view: View, counts: &Counts, limit: usize) -> Vec<u32> {
        let rank = &self.rank[view as usize];
        let mut known: Vec<u32> = (0..counts.spam.len() as u32)
            .filter(|&id| counts.spam[id as usize] + counts.ham[id as usize] > 0.0)
            .collect();
        if known.len() > limit {
            let worth: Vec<f64> = (0..counts.spam.len())
                .map(|i| {
                    information(
                        counts.spam[i],
                        counts.ham[i],
                        counts.spam_texts,
                        counts.ham_texts,
                    )
                })
                .collect();
            known.select_nth_unstable_by(limit, |&a, &b| {
                worth[b as usize]
                    .total_cmp(&worth[a as usize])
                    .then_with(|| rank[a as usize].cmp(&rank[b as usize]))
            });
            known.truncate(limit);
        }
        known.sort_unstable_by_key(|&id| rank[id as usize]);
        known
    }
}

/// Mutual information of "the token occurs" and the class, in nats.
fn information(spam: f64, ham: f64, spam_texts: f64, ham_texts: f64) -> f64 {
    let n = spam_texts + ham_texts;
    let with = spam + ham;
    let cell = |joint: f64, a: f64, b: f64| {
        if joint > 0.0 {
            joint / n * (joint * n / (a * b)).ln()
        } else {
            0.0
        }
    };
    cell(spam, with, spam_texts)
        + cell(ham, with, ham_texts)
        + cell(spam_texts - spam, n - with, spam_texts)
        + cell(ham_texts - ham, n - with, ham_texts)
}

/// ln P(token | class) by linfa's own formula, bit for bit: the smoothed counts over their sum. A
/// test holds it to linfa's fit. The folds and the starter use it, since linfa-bayes 0.8.1 prints
/// the whole model to standard error on each fit.
pub(super) fn log_probabilities(smoothed: &[f64]) -> Vec<f64> {
    // ndarray's sum, not the iterator's: it adds in another order.
    let total = Array1::from_iter(smoothed.iter().copied()).sum().ln();
    smoothed.iter().map(|count| count.ln() - total).collect()
}

/// One view by linfa's formula, with the counts kept beside what was learned.
pub(super) fn quietly_fitted<'a>(
    tokens: impl Iterator<Item = &'a str>,
    spam: Vec<f64>,
    ham: Vec<f64>,
    smoothing: Smoothing,
) -> Part {
    let log_spam = log_probabilities(&smoothed(&spam, smoothing.spam));
    let log_ham = log_probabilities(&smoothed(&ham, smoothing.ham));
    Part::new(tokens, spam, ham, log_spam, log_ham, smoothing)
}

/// One view by linfa itself.
fn fitted<'a>(
    tokens: impl Iterator<Item = &'a str>,
    spam: Vec<f64>,
    ham: Vec<f64>,
    smoothing: Smoothing,
) -> Result<Part, TrainError> {
    let (log_spam, log_ham) = fit(
        &smoothed(&spam, smoothing.spam),
        &smoothed(&ham, smoothing.ham),
    )?;
    Ok(Part::new(tokens, spam, ham, log_spam, log_ham, smoothing))
}

pub(super) fn smoothed(counts: &[f64], by: f64) -> Vec<f64> {
    counts.iter().map(|count| count + by).collect()
}

/// What linfa learned, read through its serde form: it has no getters.
#[derive(Deserialize)]
struct Learned {
    class_info: BTreeMap<String, LearnedClass>,
}

#[derive(Deserialize)]
struct LearnedClass {
    feature_log_prob: LearnedArray,
}

#[derive(Deserialize)]
struct LearnedArray {
    data: Vec<f64>,
}

/// Fits linfa's multinomial naive Bayes on two rows, spam's smoothed sums and ham's. The smoothing
/// is in the sums already (linfa knows only one amount for both classes), so its own is none.
pub(super) fn fit(spam: &[f64], ham: &[f64]) -> Result<(Vec<f64>, Vec<f64>), TrainError> {
    let fault = |e: &dyn fmt::Display| TrainError::Fit(e.to_string());
    let mut sums = Array2::zeros((2, spam.len()));
    for (i, (s, h)) in spam.iter().zip(ham).enumerate() {
        sums[[0, i]] = *s;
        sums[[1, i]] = *h;
    }
    let classes = Array1::from(vec![0usize, 1]);
    let model = MultinomialNb::params()
        .alpha(0.0)
        .fit(&DatasetView::new(sums.view(), classes.view()))
        .map_err(|e| fault(&e))?;
    // By way of a value, not of text: numbers stay as they are.
    let form = serde_json::to_value(&model).map_err(|e| fault(&e))?;
    let mut learned: Learned = serde_json::from_value(form).map_err(|e| fault(&e))?;
    let mut take = |class: &str| {
        learned
            .class_info
            .remove(class)
            .map(|c| c.feature_log_prob.data)
            .ok_or_else(|| TrainError::Fit("a class is missing".into()))
    };
    Ok((take("0")?, take("1")?))
}

// ---------------------------------------------------------------------------------------------
// Training

/// Trains on a site's own labels and, unless told otherwise, the bundled counts.
///
/// linfa-bayes 0.8.1 prints to standard error while this runs: call it in a child process with
/// standard error sent to nowhere.
pub fn train(
    own: &[Example],
    options: &Options,
    progress: &mut dyn FnMut(Step, f32),
) -> Result<Trained, TrainError> {
    let bundled = if options.starter {
        Some(starter::bundled())
    } else {
        None
    };
    train_with(own, bundled, options, progress)
}

/// Like [`train`], with a given starter: for measuring one that was made without some file.
pub fn train_with(
    own: &[Example],
    starter: Option<&Starter>,
    options: &Options,
    progress: &mut dyn FnMut(Step, f32),
) -> Result<Trained, TrainError> {
    if let (true, Some(starter)) = (own.is_empty(), starter) {
        progress(Step::Done, 1.0);
        let model = starter.model();
        let report = model.report.clone();
        return Ok(Trained { model, report });
    }
    let weight = starter.map_or(0.0, |s| starter_weight(own.len(), s.texts()));
    progress(Step::Features, 0.0);
    let (order, labels_hash) = canonical(own, options.seed)?;
    let folds = options.folds.clamp(2, 64);
    let corpus = read(own, &order, starter, weight, folds, progress)?;
    let count = |label| corpus.rows.iter().filter(|row| row.label == label).count();
    let (own_spam, own_ham) = (count(Label::Spam), count(Label::Ham));
    if starter.is_none() && (own_spam == 0 || own_ham == 0) {
        return Err(TrainError::OneClass);
    }

    let prior = starter.map_or_else(Calibration::default, |s| s.calibration);
    let strength = if starter.is_some() {
        PRIOR_STRENGTH
    } else {
        0.5
    };
    let points = out_of_fold(&corpus, folds, options.vocabulary, progress);
    progress(Step::Calibrate, 0.8);
    // Labels of one kind alone would teach the curve that there is no other.
    let strength = if starter.is_some() && own_spam.min(own_ham) < FEWEST_TO_BEND {
        f64::INFINITY
    } else {
        strength
    };
    let calibration = Calibration::fit(&points, &prior, strength);
    let scored = cross_calibrated(&corpus, &points, folds, &prior, strength);
    let metrics = (own_spam > 0 && own_ham > 0).then(|| Metrics::of(&scored));
    let ham: Vec<f64> = scored
        .iter()
        .filter(|s| !s.spam)
        .map(|s| s.probability)
        .collect();
    let (thresholds, hold_promised) = choose(
        &ham,
        &options.promises,
        starter.map(|s| s.report.thresholds.hold),
    );

    progress(Step::Fit, 0.85);
    let mut parts = Vec::with_capacity(INPUTS);
    for view in View::ALL {
        let counts = corpus.counts(view, |_| true);
        let selected = corpus.select(view, &counts, options.vocabulary);
        let pick = |column: &[f64]| {
            selected
                .iter()
                .map(|&id| column[id as usize])
                .collect::<Vec<f64>>()
        };
        let (spam, ham) = (pick(&counts.spam), pick(&counts.ham));
        let tokens = selected
            .iter()
            .map(|&id| &*corpus.tokens[view as usize][id as usize]);
        parts.push(if options.quiet {
            quietly_fitted(tokens, spam, ham, counts.smoothing())
        } else {
            fitted(tokens, spam, ham, counts.smoothing())?
        });
        progress(Step::Fit, 0.85 + 0.05 * parts.len() as f32);
    }
    let share = |spam: bool, at: Option<f64>| {
        let all = scored.iter().filter(|s| s.spam == spam).count();
        let caught = scored
            .iter()
            .filter(|s| s.spam == spam && at.is_some_and(|at| s.probability >= at))
            .count();
        if all == 0 {
            0.0
        } else {
            caught as f64 / all as f64
        }
    };
    let missing = |limit| ham_needed(limit).saturating_sub(own_ham) as u64;
    let report = Report {
        features_version: FEATURES_VERSION,
        own_spam: own_spam as u64,
        own_ham: own_ham as u64,
        starter_spam: starter.map_or(0, |s| s.report.starter_spam),
        starter_ham: starter.map_or(0, |s| s.report.starter_ham),
        starter_weight: weight,
        labels_hash,
        seed: options.seed,
        folds: folds as u64,
        vocabulary: parts.iter().map(|part: &Part| part.len() as u64).collect(),
        own: metrics,
        starter: starter.and_then(|s| s.report.starter),
        thresholds,
        promises: options.promises,
        hold_promised,
        ham_missing_to_hold: missing(options.promises.held),
        ham_missing_to_put_away: missing(options.promises.put_away),
        spam_held: share(true, Some(thresholds.hold)),
        ham_held: share(false, Some(thresholds.hold)),
        spam_put_away: share(true, thresholds.spam),
        ham_put_away: share(false, thresholds.spam),
    };
    let Ok(parts) = parts.try_into() else {
        unreachable!("one part a view")
    };
    progress(Step::Done, 1.0);
    Ok(Trained {
        model: Model {
            parts,
            calibration,
            report: report.clone(),
        },
        report,
    })
}

/// Scores every example by a model trained on the others: `folds` parts of the shuffled examples,
/// not stratified, everything (vocabulary, calibration) learned anew for each part.
pub fn cross_validate(
    examples: &[Example],
    starter: Option<&Starter>,
    folds: usize,
    options: &Options,
) -> Result<Vec<Scored>, TrainError> {
    let (order, _) = canonical(examples, options.seed ^ 0x5eed)?;
    let mut scored = vec![
        Scored {
            probability: 0.0,
            spam: false
        };
        examples.len()
    ];
    let options = Options {
        quiet: true,
        ..options.clone()
    };
    for fold in 0..folds {
        let (mut training, mut test) = (Vec::new(), Vec::new());
        for (place, &(i, _)) in order.iter().enumerate() {
            if place % folds == fold {
                test.push(i)
            } else {
                training.push(examples[i].clone())
            }
        }
        let model = train_with(&training, starter, &options, &mut |_, _| {})?.model;
        for i in test {
            let signals: Vec<&str> = examples[i].signals.iter().map(String::as_str).collect();
            scored[i] = Scored {
                probability: model.score(&examples[i].text, &signals),
                spam: examples[i].label == Label::Spam,
            };
        }
    }
    Ok(scored)
}

/// Indices into the examples, each with the hash of its text.
type Order = Vec<(usize, [u8; 32])>;

/// An order that depends on the labels alone, and their hash.
fn canonical(own: &[Example], seed: u64) -> Result<(Order, String), TrainError> {
    let mut order = Vec::with_capacity(own.len());
    for (i, example) in own.iter().enumerate() {
        if !(0.0..=1024.0).contains(&example.weight) {
            return Err(TrainError::Weight(example.weight));
        }
        if quantised(example.weight) > 0.0 {
            order.push((i, text_key(&example.text, seed)));
        }
    }
    let facts = |i: usize| {
        let example = &own[i];
        let mut signals: Vec<&str> = example.signals.iter().map(String::as_str).collect();
        signals.sort_unstable();
        (
            signals,
            example.label,
            (quantised(example.weight) * 1024.0) as u64,
        )
    };
    order.sort_by(|a, b| {
        a.1.cmp(&b.1)
            .then_with(|| own[a.0].text.cmp(&own[b.0].text))
            .then_with(|| facts(a.0).cmp(&facts(b.0)))
    });
    let mut sum = Sha256::new();
    for &(i, _) in &order {
        let (signals, label, weight) = facts(i);
        sum.update((own[i].text.len() as u64).to_le_bytes());
        sum.update(&own[i].text);
        for signal in signals {
            sum.update((signal.len() as u64).to_le_bytes());
            sum.update(signal);
        }
        sum.update([label as u8]);
        sum.update(weight.to_le_bytes());
    }
    Ok((order, format!("{:x}", sum.finalize())))
}

fn text_key(text: &str, seed: u64) -> [u8; 32] {
    let mut sum = Sha256::new();
    sum.update(seed.to_le_bytes());
    sum.update(text);
    sum.finalize().into()
}

/// Features of all texts, in canonical order, with their folds.
fn read(
    own: &[Example],
    order: &[(usize, [u8; 32])],
    starter: Option<&Starter>,
    starter_weight: f64,
    folds: usize,
    progress: &mut dyn FnMut(Step, f32),
) -> Result<Corpus, TrainError> {
    let mut interners: [Interner; INPUTS] = Default::default();
    let mut base: [Counts; INPUTS] = Default::default();
    if let Some(starter) = starter {
        for entry in &starter.entries {
            let v = entry.view as usize;
            interners[v].id(&entry.token);
            base[v].spam.push(f64::from(entry.spam) * starter_weight);
            base[v].ham.push(f64::from(entry.ham) * starter_weight);
        }
        for counts in &mut base {
            counts.spam_texts = starter.report.starter_spam as f64 * starter_weight;
            counts.ham_texts = starter.report.starter_ham as f64 * starter_weight;
        }
    }
    let mut lists: [Lists; INPUTS] = Default::default();
    let mut rows = Vec::with_capacity(order.len());
    let mut extractor = Extractor::default();
    let mut found: [Features; INPUTS] = Default::default();
    // Folds deal out each class in turn (stratified); equal texts stay together, lest a copy
    // in training gives away a copy in the test.
    let mut dealt = [0usize; 2];
    let mut last: Option<(&str, usize)> = None;
    for (done, &(i, _)) in order.iter().enumerate() {
        let example = &own[i];
        let fold = match last {
            Some((text, fold)) if text == example.text => fold,
            _ => {
                let next = &mut dealt[example.label as usize];
                *next += 1;
                *next % folds
            }
        };
        last = Some((&example.text, fold));
        extractor.extract(
            &example.text,
            &example.signals,
            &mut |view, token, position| {
                if token.len() <= MAX_TOKEN {
                    found[view as usize].push(interners[view as usize].id(token), position);
                }
            },
        );
        for (features, lists) in found.iter_mut().zip(&mut lists) {
            features.settle();
            lists.push(features);
            features.clear();
        }
        rows.push(Row {
            label: example.label,
            weight: quantised(example.weight),
            fold,
        });
        if done % 512 == 0 {
            progress(Step::Features, 0.4 * done as f32 / order.len() as f32);
        }
    }
    if interners
        .iter()
        .any(|interner| interner.ids.len() >= u32::MAX as usize / 4)
    {
        return Err(TrainError::TooMany);
    }
    let tokens = interners.map(Interner::into_tokens);
    let mut rank: [Vec<u32>; INPUTS] = Default::default();
    for ((tokens, rank), base) in tokens.iter().zip(&mut rank).zip(&mut base) {
        let mut sorted: Vec<u32> = (0..tokens.len() as u32).collect();
        sorted.sort_unstable_by(|&a, &b| tokens[a as usize].cmp(&tokens[b as usize]));
        *rank = vec![0; tokens.len()];
        for (place, &id) in sorted.iter().enumerate() {
            rank[id as usize] = place as u32;
        }
        base.spam.resize(tokens.len(), 0.0);
        base.ham.resize(tokens.len(), 0.0);
    }
    Ok(Corpus {
        rows,
        tokens,
        rank,
        lists,
        base,
    })
}

/// Longer tokens (a screenful without a space) teach nothing and would swell the model.
pub(super) const MAX_TOKEN: usize = 100;

/// Scores each text by a model that was made without its fold, vocabulary included.
fn out_of_fold(
    corpus: &Corpus,
    folds: usize,
    vocabulary: usize,
    progress: &mut dyn FnMut(Step, f32),
) -> Vec<Point> {
    let mut inputs: Vec<Inputs> = vec![Inputs::default(); corpus.rows.len()];
    let (mut known, mut known_passages) = (Vec::new(), Vec::new());
    for fold in 0..folds {
        progress(Step::Folds, 0.4 + 0.4 * fold as f32 / folds as f32);
        if !corpus.rows.iter().any(|row| row.fold == fold) {
            continue;
        }
        for view in View::ALL {
            let v = view as usize;
            let counts = corpus.counts(view, |row| row.fold != fold);
            let weights = fold_weights(corpus, view, &counts, vocabulary);
            for (i, row) in corpus.rows.iter().enumerate() {
                if row.fold == fold {
                    let (whole, passages) = corpus.lists[v].get(i);
                    known.clear();
                    known.extend(whole.iter().filter(|&&id| !weights[id as usize].is_nan()));
                    known_passages.clear();
                    known_passages.extend(
                        passages
                            .iter()
                            .filter(|(_, id)| !weights[*id as usize].is_nan()),
                    );
                    inputs[i][v] = scaled(&known, &known_passages, &weights);
                }
            }
        }
    }
    corpus
        .rows
        .iter()
        .zip(inputs)
        .map(|(row, inputs)| Point {
            inputs,
            spam: row.label == Label::Spam,
            weight: row.weight,
        })
        .collect()
}

/// Log-odds by id; NaN for tokens that were not selected.
fn fold_weights(corpus: &Corpus, view: View, counts: &Counts, vocabulary: usize) -> Vec<f64> {
    let selected = corpus.select(view, counts, vocabulary);
    let smoothing = counts.smoothing();
    let learn = |column: &[f64], by: f64| {
        log_probabilities(
            &selected
                .iter()
                .map(|&id| column[id as usize] + by)
                .collect::<Vec<f64>>(),
        )
    };
    let (spam, ham) = (
        learn(&counts.spam, smoothing.spam),
        learn(&counts.ham, smoothing.ham),
    );
    let mut weights = vec![f64::NAN; counts.spam.len()];
    for ((&id, s), h) in selected.iter().zip(spam).zip(ham) {
        weights[id as usize] = s - h;
    }
    weights
}

/// Probabilities by curves that have not seen the fold either.
fn cross_calibrated(
    corpus: &Corpus,
    points: &[Point],
    folds: usize,
    prior: &Calibration,
    strength: f64,
) -> Vec<Scored> {
    let mut scored: Vec<Scored> = points
        .iter()
        .map(|p| Scored {
            probability: 0.0,
            spam: p.spam,
        })
        .collect();
    for fold in 0..folds {
        let others: Vec<Point> = points
            .iter()
            .zip(&corpus.rows)
            .filter(|(_, row)| row.fold != fold)
            .map(|(point, _)| *point)
            .collect();
        let curve = Calibration::fit(&others, prior, strength);
        for ((scored, point), row) in scored.iter_mut().zip(points).zip(&corpus.rows) {
            if row.fold == fold {
                scored.probability = curve.probability(&point.inputs);
            }
        }
    }
    scored
}

/// Below this a person's look is not worth asking for, however much ham the promise would allow.
const LOWEST_HOLD: f64 = 0.25;
/// Put away only what is nearly sure, however well the promise would be kept below.
const LOWEST_SPAM: f64 = 0.9;

/// Thresholds from the scores of unseen ham. The flag says whether holding is a promise.
pub(super) fn choose(
    ham: &[f64],
    promises: &Promises,
    borrowed_hold: Option<f64>,
) -> (Thresholds, bool) {
    let promised = promised_threshold(ham, promises.held);
    let hold = match promised {
        Some(hold) => hold.max(LOWEST_HOLD),
        None => borrowed_hold.unwrap_or(0.5),
    };
    let spam = promised_threshold(ham, promises.put_away)
        .map(|spam| spam.max(LOWEST_SPAM).max(hold))
        .filter(|&spam| spam < 1.0);
    (
        Thresholds { hold, spam },
        promised.is_some() && allowed_errors(ham.len(), promises.held).is_some(),
    )
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
