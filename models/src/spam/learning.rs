//! From labels to a model: count, select, fit, calibrate, promise.
//!
//! A naive Bayes needs only the per-class sums of its features (`counting.rs`); the stored model is
//! linfa's, fitted on a matrix of two rows a view.
//!
//! **Order does not matter.** Examples are put into an order of their own first (by a hash of the
//! text), folds are given by that hash, weights are whole 1,024ths (their sums are exact in any
//! order), and every tie is broken by the token. The same labels give the same bytes.
//!
//! **The starter fades.** The bundled counts join the site's with a weight that falls as the
//! site's own labels grow (see [`starter_weight`]), and the starter's calibration is the prior of
//! the site's, so that the first labels bend it and a thousand replace it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use linfa::prelude::*;
use linfa_bayes::MultinomialNb;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::FEATURES_VERSION;
use super::calibration::{Calibration, INPUTS, Point};
use super::classifier::{Model, Part, Smoothing};
use super::counting::{Corpus, Row, in_parts, log_probabilities, quantised};
use super::evaluation::{Histogram, Metrics, Promises, Scored, Thresholds, reliability};
use super::features::View;
use super::near::{self, Contradiction};
use super::report::{Mistake, Newest, Report, Tail};
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
    /// A person saw it because the filter had picked it out: held or put away for its score alone.
    /// Thresholds must not take such texts for an even sample of all.
    pub picked: bool,
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
            picked: false,
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
    /// Contradicting labels that people have called right, not to be asked about again.
    pub settled: BTreeSet<Contradiction>,
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
            settled: BTreeSet::new(),
        }
    }
}

/// What training is at; the number beside it is the share of the whole that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Features,
    Folds,
    Calibrate,
    Newest,
    Fit,
    Done,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Features => "reading features",
            Step::Folds => "scoring fold by fold",
            Step::Calibrate => "calibrating",
            Step::Newest => "trying the newest fifth",
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

/// What one of the starter's texts weighs beside one own label. The starter as a whole counts like
/// [`STARTER_MASS`] texts at first and fades as 1 / (1 + own / [`STARTER_HALF`]).
pub fn starter_weight(own_labels: f64, starter_texts: u64) -> f64 {
    if own_labels <= 0.0 {
        // Alone, it is what its calibration was made for.
        return 1.0;
    }
    let mass = STARTER_MASS / (1.0 + own_labels / STARTER_HALF);
    quantised((mass / starter_texts.max(1) as f64).min(1.0))
}

const STARTER_MASS: f64 = 100.0;
const STARTER_HALF: f64 = 100.0;
/// How firmly the starter's calibration holds against the site's own scores.
const PRIOR_STRENGTH: f64 = 2.0;
/// Own labels of each kind before the starter's calibration bends at all.
const FEWEST_TO_BEND: usize = 5;
/// Errors that a report names.
const MISTAKES: usize = 20;
/// Pairs of contradicting labels that a report names.
const CONTRADICTIONS: usize = 100;

// ---------------------------------------------------------------------------------------------
// Fitting

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
    let bundled = options.starter.then(starter::bundled);
    train_with(own, bundled, options, progress)
}

/// Like [`train`], with a given starter: for measuring one that was made without some file.
pub fn train_with(
    own: &[Example],
    starter: Option<&Starter>,
    options: &Options,
    progress: &mut dyn FnMut(Step, f32),
) -> Result<Trained, TrainError> {
    let own: Vec<&Example> = own.iter().collect();
    // Dated labels only: a file without times has no newest.
    let newest = newest_fifth(&own);
    let mut trained = learn(&own, newest.as_deref(), starter, options, progress)?;
    let texts: Vec<(&str, Label)> = own.iter().map(|e| (e.text.as_str(), e.label)).collect();
    trained.report.contradictions = near::contradictions(&texts, &options.settled, CONTRADICTIONS);
    trained.model.report = trained.report.clone();
    progress(Step::Done, 1.0);
    Ok(trained)
}

/// What a model that had not seen these texts says of them.
pub fn score(model: &Model, examples: &[&Example]) -> Vec<Scored> {
    examples
        .iter()
        .map(|example| {
            let signals: Vec<&str> = example.signals.iter().map(String::as_str).collect();
            Scored {
                probability: model.score(&example.text, &signals),
                spam: example.label == Label::Spam,
            }
        })
        .collect()
}

/// Texts that the newest fifth must hold before it is worth a figure.
const FEWEST_NEWEST: usize = 20;

/// Which ones are the newest fifth, oldest first; None when some have no time, or when either part
/// is too small or lacks a class.
pub fn newest_fifth(own: &[&Example]) -> Option<Vec<usize>> {
    let mut dated: Vec<(i64, [u8; 32], usize)> = own
        .iter()
        .enumerate()
        .map(|(i, e)| Some((e.at?, text_key(&e.text, 0), i)))
        .collect::<Option<_>>()?;
    let facts = |i: usize| (own[i].label, own[i].weight.to_bits());
    dated.sort_by(|a, b| {
        (a.0, a.1)
            .cmp(&(b.0, b.1))
            .then(facts(a.2).cmp(&facts(b.2)))
    });
    let split = dated.len() - dated.len() / 5;
    let both = |part: &[(i64, [u8; 32], usize)]| {
        let has = |label| part.iter().any(|&(.., i)| own[i].label == label);
        has(Label::Spam) && has(Label::Ham)
    };
    let (older, newest) = dated.split_at(split);
    let worth = newest.len() >= FEWEST_NEWEST && both(older) && both(newest);
    worth.then(|| newest.iter().map(|&(.., i)| i).collect())
}

fn learn(
    own: &[&Example],
    newest: Option<&[usize]>,
    starter: Option<&Starter>,
    options: &Options,
    progress: &mut dyn FnMut(Step, f32),
) -> Result<Trained, TrainError> {
    if let (true, Some(starter)) = (own.is_empty(), starter) {
        let model = starter.model();
        let report = model.report.clone();
        return Ok(Trained { model, report });
    }
    // A look counts half, an import what it was given: the starter fades by what is really known.
    let known: f64 = own.iter().map(|e| quantised(e.weight)).sum();
    let weight = starter.map_or(0.0, |s| starter_weight(known, s.texts()));
    progress(Step::Features, 0.0);
    let (order, labels_hash) = canonical(own, options.seed)?;
    let folds = options.folds.clamp(2, 64);
    let corpus = Corpus::read(
        dealt(own, &order, folds, newest.unwrap_or_default()),
        folds,
        starter.map(|starter| (starter, weight)),
        options.vocabulary,
        &mut |share| progress(Step::Features, 0.4 * share),
    )?;
    drop(order);
    let count = |spam: bool| {
        corpus
            .rows
            .iter()
            .filter(|row| row.is_spam() == spam)
            .count()
    };
    let (own_spam, own_ham) = (count(true), count(false));
    if starter.is_none() && (own_spam == 0 || own_ham == 0) {
        return Err(TrainError::OneClass);
    }

    let prior = starter.map_or_else(Calibration::default, |s| s.calibration);
    let strength = match starter {
        // Labels of one kind alone would teach the curve that there is no other.
        Some(_) if own_spam.min(own_ham) < FEWEST_TO_BEND => f64::INFINITY,
        Some(_) => PRIOR_STRENGTH,
        None => 0.5,
    };
    let (inputs, fold_weights) = corpus.out_of_fold(options.vocabulary, &mut |share| {
        progress(Step::Folds, 0.4 + 0.4 * share);
    });
    let points: Vec<Point> = corpus
        .rows
        .iter()
        .zip(inputs)
        .map(|(row, inputs)| Point {
            inputs,
            spam: row.is_spam(),
            weight: row.weight,
        })
        .collect();
    progress(Step::Calibrate, 0.8);
    let calibration = Calibration::fit(&points, &prior, strength);
    let scored = cross_calibrated(&corpus, &points, folds, &prior, strength);
    let mistakes = mistakes(&corpus, &scored, |row, spam| {
        corpus.reasons(row, &fold_weights, &calibration.slopes, spam, 6)
    });
    drop(fold_weights);
    let newest = newest.and_then(|newest| {
        progress(Step::Newest, 0.85);
        let from = own[*newest.first()?].at?;
        let metrics = newest_metrics(&corpus, &points, options, &prior, strength);
        Some(Newest { from, metrics })
    });
    drop(points);

    progress(Step::Fit, 0.9);
    let mut parts = Vec::with_capacity(INPUTS);
    for view in View::ALL {
        let counts = corpus.all(view);
        let selected = corpus.select(view, counts, options.vocabulary);
        let pick = |column: &[f64]| {
            selected
                .iter()
                .map(|&id| column[id as usize])
                .collect::<Vec<f64>>()
        };
        let (spam, ham) = (pick(&counts.spam), pick(&counts.ham));
        let tokens = selected.iter().map(|&id| corpus.token(view, id));
        parts.push(if options.quiet {
            quietly_fitted(tokens, spam, ham, counts.smoothing())
        } else {
            fitted(tokens, spam, ham, counts.smoothing())?
        });
        progress(Step::Fit, 0.9 + 0.02 * parts.len() as f32);
    }
    let scores = |spam: bool, picked: Option<bool>| {
        let of_class = scored.iter().zip(&corpus.rows).filter(|(s, row)| {
            s.spam == spam && picked.is_none_or(|picked| picked == row.example.picked)
        });
        Tail::of(of_class.map(|(s, _)| s.probability).collect())
    };
    let mut report = Report {
        features_version: FEATURES_VERSION,
        own_spam: own_spam as u64,
        own_ham: own_ham as u64,
        own_light: corpus.rows.iter().filter(|row| row.weight < 1.0).count() as u64,
        starter_spam: starter.map_or(0, |s| s.report.starter_spam),
        starter_ham: starter.map_or(0, |s| s.report.starter_ham),
        starter_weight: weight,
        labels_hash,
        seed: options.seed,
        folds: folds as u64,
        vocabulary_limit: options.vocabulary as u64,
        vocabulary: parts.iter().map(|part: &Part| part.len() as u64).collect(),
        own: (own_spam > 0 && own_ham > 0).then(|| Metrics::of(&scored)),
        starter: starter.and_then(|s| s.report.starter),
        reliability: reliability(&scored),
        histogram: Histogram::of(&scored),
        newest,
        mistakes,
        contradictions: Vec::new(),
        ham_scores: scores(false, Some(false)),
        picked_ham_scores: scores(false, Some(true)),
        silent: 0,
        spam_scores: scores(true, None),
        borrowed_hold: starter.map(|s| s.report.thresholds.hold),
        thresholds: Thresholds {
            hold: 0.5,
            spam: None,
        },
        promises: options.promises,
        hold_promised: false,
        ham_missing_to_hold: 0,
        ham_missing_to_put_away: 0,
        spam_held: 0.0,
        ham_held: 0.0,
        spam_put_away: 0.0,
        ham_put_away: 0.0,
    };
    report.promise(options.promises, 0);
    let Ok(parts) = parts.try_into() else {
        unreachable!("one part a view")
    };
    Ok(Trained {
        model: Model {
            parts,
            calibration,
            report: report.clone(),
        },
        report,
    })
}

/// The texts in their canonical order, dealt out to folds.
///
/// Each class goes round in turn (stratified); equal texts stay together, lest a copy in training
/// gives away a copy in the test.
fn dealt<'a>(own: &[&'a Example], order: &Order, folds: usize, newest: &[usize]) -> Vec<Row<'a>> {
    let mut dealt = [0usize; 2];
    let mut is_newest = vec![false; own.len()];
    for &i in newest {
        is_newest[i] = true;
    }
    let mut last: Option<(&str, usize)> = None;
    order
        .iter()
        .map(|&(i, _)| {
            let example = own[i];
            let fold = match last {
                Some((text, fold)) if text == example.text => fold,
                _ => {
                    let next = &mut dealt[example.label as usize];
                    *next += 1;
                    *next % folds
                }
            };
            last = Some((&example.text, fold));
            Row {
                example,
                weight: quantised(example.weight),
                fold,
                newest: is_newest[i],
            }
        })
        .collect()
}

/// The labels furthest from their scores, worst first, with what misled the model.
fn mistakes(
    corpus: &Corpus,
    scored: &[Scored],
    reasons: impl Fn(usize, bool) -> Vec<(String, f64)>,
) -> Vec<Mistake> {
    let miss = |s: &Scored| (s.probability - f64::from(u8::from(s.spam))).abs();
    let mut wrong: Vec<usize> = (0..scored.len())
        .filter(|&i| miss(&scored[i]) >= 0.5)
        .collect();
    // Rows are in an order of their own, which breaks ties.
    wrong.sort_by(|&a, &b| {
        miss(&scored[b])
            .total_cmp(&miss(&scored[a]))
            .then(a.cmp(&b))
    });
    wrong.truncate(MISTAKES);
    wrong
        .into_iter()
        .map(|i| Mistake {
            text_hash: near::text_hash(&corpus.rows[i].example.text),
            spam: scored[i].spam,
            probability: scored[i].probability,
            tokens: reasons(i, !scored[i].spam),
        })
        .collect()
}

/// Scores every example by a model trained on the others: `folds` parts of the shuffled examples,
/// not stratified, everything (vocabulary, calibration) learned anew for each part.
pub fn cross_validate(
    examples: &[Example],
    starter: Option<&Starter>,
    folds: usize,
    options: &Options,
) -> Result<Vec<Scored>, TrainError> {
    let examples: Vec<&Example> = examples.iter().collect();
    let (order, _) = canonical(&examples, options.seed ^ 0x5eed)?;
    let unscored = Scored {
        probability: 0.0,
        spam: false,
    };
    let mut scored = vec![unscored; examples.len()];
    let options = Options {
        quiet: true,
        ..options.clone()
    };
    for fold in 0..folds {
        let (mut training, mut test, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (place, &(i, _)) in order.iter().enumerate() {
            if place % folds == fold {
                test.push(examples[i]);
                places.push(i);
            } else {
                training.push(examples[i]);
            }
        }
        let model = learn(&training, None, starter, &options, &mut |_, _| {})?.model;
        for (i, of_test) in places.into_iter().zip(score(&model, &test)) {
            scored[i] = of_test;
        }
    }
    Ok(scored)
}

/// Indices into the examples, each with the hash of its text.
type Order = Vec<(usize, [u8; 32])>;

/// An order that depends on the labels alone, and their hash.
fn canonical(own: &[&Example], seed: u64) -> Result<(Order, String), TrainError> {
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
        let example = own[i];
        let mut signals: Vec<&str> = example.signals.iter().map(String::as_str).collect();
        signals.sort_unstable();
        (
            signals,
            example.label,
            (quantised(example.weight) * 1024.0) as u64,
            example.at,
            example.picked,
        )
    };
    order.sort_by(|a, b| {
        a.1.cmp(&b.1)
            .then_with(|| own[a.0].text.cmp(&own[b.0].text))
            .then_with(|| facts(a.0).cmp(&facts(b.0)))
    });
    let mut sum = Sha256::new();
    for &(i, _) in &order {
        let (signals, label, weight, at, picked) = facts(i);
        sum.update((own[i].text.len() as u64).to_le_bytes());
        sum.update(&own[i].text);
        for signal in signals {
            sum.update((signal.len() as u64).to_le_bytes());
            sum.update(signal);
        }
        sum.update([label as u8, u8::from(picked)]);
        sum.update(weight.to_le_bytes());
        sum.update(at.unwrap_or(i64::MIN).to_le_bytes());
    }
    Ok((order, format!("{:x}", sum.finalize())))
}

fn text_key(text: &str, seed: u64) -> [u8; 32] {
    let mut sum = Sha256::new();
    sum.update(seed.to_le_bytes());
    sum.update(text);
    sum.finalize().into()
}

/// Probabilities by curves that have not seen the fold either.
fn cross_calibrated(
    corpus: &Corpus,
    points: &[Point],
    folds: usize,
    prior: &Calibration,
    strength: f64,
) -> Vec<Scored> {
    let fit = |folds: Range<usize>, _: &mut dyn FnMut(f32)| {
        folds
            .map(|fold| {
                let others: Vec<&Point> = points
                    .iter()
                    .zip(&corpus.rows)
                    .filter(|(_, row)| row.fold != fold)
                    .map(|(point, _)| point)
                    .collect();
                Calibration::fit_to(&others, prior, strength)
            })
            .collect::<Vec<_>>()
    };
    let curves: Vec<Calibration> = in_parts(folds, fit, &mut |_| {})
        .into_iter()
        .flatten()
        .collect();
    points
        .iter()
        .zip(&corpus.rows)
        .map(|(point, row)| Scored {
            probability: curves[row.fold].probability(&point.inputs),
            spam: point.spam,
        })
        .collect()
}

/// How a model of the older four fifths does on the newest fifth: without its counts, without a
/// vocabulary that it had a say in, by a curve through the scores of the older texts alone.
fn newest_metrics(
    corpus: &Corpus,
    points: &[Point],
    options: &Options,
    prior: &Calibration,
    strength: f64,
) -> Metrics {
    let of = |newest: bool| {
        let all = points.iter().zip(&corpus.rows);
        all.filter(move |(_, row)| row.newest == newest)
            .map(|(point, _)| point)
    };
    let curve = Calibration::fit_to(&of(false).collect::<Vec<_>>(), prior, strength);
    let inputs = corpus.of_newest(options.vocabulary, &mut |_| {});
    let scored: Vec<Scored> = of(true)
        .zip(&inputs)
        .map(|(point, inputs)| Scored {
            probability: curve.probability(inputs),
            spam: point.spam,
        })
        .collect();
    Metrics::of(&scored)
}
