//! Counting: in how many texts of each class a token occurs, fold by fold, in bounded memory.
//!
//! A naive Bayes needs sums only, so no text's features are kept. The corpus is read two or three
//! times instead: a coarse pass that finds which tokens are worth a counter of their own (large
//! corpora only), one that counts them by fold and class, one that scores each text by the model of
//! the other folds. A fold's model is made from the sums less the fold's own.
//!
//! The newest fifth of a dated corpus is counted as one more fold, so that a model of the older part
//! costs no second training.
//!
//! All sums are of whole 1,024ths, exact in any order, and every choice is broken by the token: the
//! same texts give the same numbers, however they come and on however many cores.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

use ndarray::Array1;

use super::calibration::{INPUTS, Inputs};
use super::classifier::{Features, Smoothing, hash, scaled};
use super::features::{Extractor, View};
use super::learning::{Example, Label, TrainError};
use super::starter::Starter;

/// To a whole 1,024th: sums of such numbers are exact, so they do not depend on the order.
pub(super) fn quantised(weight: f64) -> f64 {
    (weight * 1024.0).round() / 1024.0
}

/// Longer tokens (a screenful without a space) teach nothing and would swell the model.
pub(super) const MAX_TOKEN: usize = 100;

/// Texts from which on the coarse pass is made: below, every token gets a counter.
const COARSE_FROM: usize = 20_000;
/// Counters a view that a large corpus may have, for each token that is kept in the end.
const CANDIDATES: usize = 4;

/// One labelled text.
pub(super) struct Row<'a> {
    pub(super) example: &'a Example,
    pub(super) weight: f64,
    pub(super) fold: usize,
    /// One of the newest fifth.
    pub(super) newest: bool,
}

impl<'a> AsRef<Row<'a>> for Row<'a> {
    fn as_ref(&self) -> &Row<'a> {
        self
    }
}

impl Row<'_> {
    pub(super) fn is_spam(&self) -> bool {
        self.example.label == Label::Spam
    }
}

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
}

/// How often the tokens of one view were met, roughly: tokens that share a slot share a count, so
/// it is never too low. Fixed in size, whatever the corpus.
struct Coarse {
    slots: Vec<AtomicU16>,
    /// Tokens in fewer texts than this get no counter of their own.
    least: u16,
}

impl Coarse {
    /// As many as [`Coarse::slot`] gives bits: 32 MB a view.
    const SLOTS: usize = 1 << 24;

    fn new() -> Coarse {
        Coarse {
            slots: (0..Self::SLOTS).map(|_| AtomicU16::new(0)).collect(),
            least: 1,
        }
    }

    fn slot(token: &str) -> u32 {
        // The high bits of a product depend on all bits of the hash.
        (hash(token).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u32
    }

    /// Sets the bar so that about `most` tokens pass.
    fn settle(&mut self, most: usize) {
        let mut with = vec![0usize; usize::from(u16::MAX) + 1];
        for count in &mut self.slots {
            with[usize::from(*count.get_mut())] += 1;
        }
        let mut passing = 0;
        let mut least = u16::MAX;
        while least > 1 && passing + with[usize::from(least)] <= most {
            passing += with[usize::from(least)];
            least -= 1;
        }
        // The loop stops one below the last bar that held.
        self.least = if least == 1 && passing + with[1] <= most {
            1
        } else {
            least + 1
        };
    }

    fn passes(&self, token: &str) -> bool {
        self.slots[Self::slot(token) as usize].load(Ordering::Relaxed) >= self.least
    }

    /// Counts a text with this slot. Full is full.
    fn met(&self, slot: u32) {
        let _ =
            self.slots[slot as usize].fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                count.checked_add(1)
            });
    }
}

/// Weighted texts that a token occurs in, by class.
#[derive(Clone, Default)]
pub(super) struct Counts {
    pub(super) spam: Vec<f64>,
    pub(super) ham: Vec<f64>,
    pub(super) spam_texts: f64,
    pub(super) ham_texts: f64,
}

impl Counts {
    pub(super) fn smoothing(&self) -> Smoothing {
        Smoothing::of(self.spam_texts, self.ham_texts)
    }
}

/// One view of the corpus.
struct Counted {
    tokens: Vec<Box<str>>,
    /// Ids in the order of their tokens: ties are broken by it.
    rank: Vec<u32>,
    by_token: HashMap<Box<str>, u32>,
    /// Everything: the starter's share and all folds.
    all: Counts,
    /// What each fold adds to `all`, and after them the newest fifth: id × (folds + 1) + fold.
    spam_of_fold: Vec<f64>,
    ham_of_fold: Vec<f64>,
}

/// All that training needs to know of the texts.
pub(super) struct Corpus<'a> {
    pub(super) rows: Vec<Row<'a>>,
    folds: usize,
    views: [Counted; INPUTS],
    /// Weighted texts of each fold and of the newest fifth, spam and ham.
    texts_of_fold: Vec<(f64, f64)>,
}

impl<'a> Corpus<'a> {
    /// Reads the texts, in their canonical order. `progress` is told the share that is done.
    pub(super) fn read(
        rows: Vec<Row<'a>>,
        folds: usize,
        starter: Option<(&Starter, f64)>,
        vocabulary: usize,
        progress: &mut dyn FnMut(f32),
    ) -> Result<Corpus<'a>, TrainError> {
        let large = rows.len() >= COARSE_FROM;
        let coarse = large.then(|| roughly(&rows, vocabulary, &mut |done| progress(done * 0.5)));
        let mut interners: [Interner; INPUTS] = Default::default();
        let mut base: [Counts; INPUTS] = Default::default();
        if let Some((starter, weight)) = starter {
            for entry in &starter.entries {
                let v = entry.view as usize;
                interners[v].id(&entry.token);
                base[v].spam.push(f64::from(entry.spam) * weight);
                base[v].ham.push(f64::from(entry.ham) * weight);
            }
            for counts in &mut base {
                counts.spam_texts = starter.report.starter_spam as f64 * weight;
                counts.ham_texts = starter.report.starter_ham as f64 * weight;
            }
        }
        let mut of_fold: [[Vec<f64>; 2]; INPUTS] = Default::default();
        let columns_of_id = folds + 1;
        let mut texts_of_fold = vec![(0.0, 0.0); columns_of_id];
        let mut extractor = Extractor::default();
        let mut found: [Vec<u32>; INPUTS] = Default::default();
        let start = if large { 0.5 } else { 0.0 };
        for (done, row) in rows.iter().enumerate() {
            extractor.extract(
                &row.example.text,
                &row.example.signals,
                &mut |view, token, _| {
                    let v = view as usize;
                    if token.len() > MAX_TOKEN {
                        return;
                    }
                    // A starter's token has its counter already.
                    if let Some(coarse) = &coarse
                        && !coarse[v].passes(token)
                        && !interners[v].ids.contains_key(token)
                    {
                        return;
                    }
                    found[v].push(interners[v].id(token));
                },
            );
            let class = usize::from(!row.is_spam());
            let of = [Some(row.fold), row.newest.then_some(folds)];
            for column in of.into_iter().flatten() {
                let (spam, ham) = &mut texts_of_fold[column];
                *if row.is_spam() { spam } else { ham } += row.weight;
            }
            for ((ids, columns), interner) in found.iter_mut().zip(&mut of_fold).zip(&interners) {
                ids.sort_unstable();
                ids.dedup();
                let size = interner.ids.len() * columns_of_id;
                if columns[class].len() < size {
                    // Doubled, so that a thousand new tokens do not move the column a thousand times.
                    let room = size.max(columns[class].len() * 2);
                    columns[class].resize(room, 0.0);
                }
                for id in ids.drain(..) {
                    let first = id as usize * columns_of_id;
                    for column in of.into_iter().flatten() {
                        columns[class][first + column] += row.weight;
                    }
                }
            }
            if done % 512 == 0 {
                progress(start + (1.0 - start) * done as f32 / rows.len() as f32);
            }
        }
        drop(coarse);
        if interners
            .iter()
            .any(|interner| interner.ids.len() >= u32::MAX as usize / 64)
        {
            return Err(TrainError::TooMany);
        }
        let mut base = base.into_iter();
        let mut of_fold = of_fold.into_iter();
        let views = interners.map(|interner| {
            let [mut spam_of_fold, mut ham_of_fold] = of_fold.next().unwrap_or_default();
            let mut all = base.next().unwrap_or_default();
            let n = interner.ids.len();
            spam_of_fold.resize(n * columns_of_id, 0.0);
            ham_of_fold.resize(n * columns_of_id, 0.0);
            all.spam.resize(n, 0.0);
            all.ham.resize(n, 0.0);
            for (total, folded) in all.spam.iter_mut().zip(spam_of_fold.chunks(columns_of_id)) {
                *total += folded[..folds].iter().sum::<f64>();
            }
            for (total, folded) in all.ham.iter_mut().zip(ham_of_fold.chunks(columns_of_id)) {
                *total += folded[..folds].iter().sum::<f64>();
            }
            for (spam, ham) in &texts_of_fold[..folds] {
                all.spam_texts += spam;
                all.ham_texts += ham;
            }
            let mut tokens = vec![Box::<str>::default(); n];
            for (token, &id) in &interner.ids {
                tokens[id as usize].clone_from(token);
            }
            let mut sorted: Vec<u32> = (0..n as u32).collect();
            sorted.sort_unstable_by(|&a, &b| tokens[a as usize].cmp(&tokens[b as usize]));
            let mut rank = vec![0; n];
            for (place, &id) in sorted.iter().enumerate() {
                rank[id as usize] = place as u32;
            }
            Counted {
                tokens,
                rank,
                by_token: interner.ids,
                all,
                spam_of_fold,
                ham_of_fold,
            }
        });
        Ok(Corpus {
            rows,
            folds,
            views,
            texts_of_fold,
        })
    }

    /// The sums of everything.
    pub(super) fn all(&self, view: View) -> &Counts {
        &self.views[view as usize].all
    }

    pub(super) fn token(&self, view: View, id: u32) -> &str {
        &self.views[view as usize].tokens[id as usize]
    }

    /// The sums without one fold; the newest fifth, numbered after the folds, counts as one.
    fn without(&self, view: View, fold: usize) -> Counts {
        let counted = &self.views[view as usize];
        let less = |all: &[f64], of_fold: &[f64]| -> Vec<f64> {
            all.iter()
                .zip(of_fold.chunks(self.folds + 1))
                .map(|(all, folds)| all - folds[fold])
                .collect()
        };
        let (spam, ham) = self.texts_of_fold[fold];
        Counts {
            spam: less(&counted.all.spam, &counted.spam_of_fold),
            ham: less(&counted.all.ham, &counted.ham_of_fold),
            spam_texts: counted.all.spam_texts - spam,
            ham_texts: counted.all.ham_texts - ham,
        }
    }

    /// The `limit` tokens that tell most about the class, as ids in the order of their tokens.
    pub(super) fn select(&self, view: View, counts: &Counts, limit: usize) -> Vec<u32> {
        let rank = &self.views[view as usize].rank;
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

    /// Log-odds by id, learned without the fold; NaN for tokens that were not selected.
    fn weights_without(&self, view: View, fold: usize, vocabulary: usize) -> Vec<f64> {
        let counts = self.without(view, fold);
        let selected = self.select(view, &counts, vocabulary);
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

    /// Each text's inputs to the calibration, by a model that was made without the text's fold,
    /// vocabulary included; and the weights of these models, for [`Corpus::reasons`].
    pub(super) fn out_of_fold(
        &self,
        vocabulary: usize,
        progress: &mut dyn FnMut(f32),
    ) -> (Vec<Inputs>, FoldWeights) {
        let folds = |folds: Range<usize>, progress: &mut dyn FnMut(f32)| {
            let first = folds.start;
            let all = folds.len() as f32;
            folds
                .map(|fold| {
                    progress((fold - first) as f32 / all);
                    View::ALL.map(|view| self.weights_without(view, fold, vocabulary))
                })
                .collect::<Vec<_>>()
        };
        let weights: FoldWeights = in_parts(self.folds, folds, &mut |done| progress(0.4 * done))
            .into_iter()
            .flatten()
            .collect();
        let inputs = self.inputs(&self.rows, |row| &weights[row.fold], &mut |done| {
            progress(0.4 + 0.6 * done);
        });
        (inputs, weights)
    }

    /// The newest fifth's inputs to the calibration, by a model that was made without all of it.
    pub(super) fn of_newest(
        &self,
        vocabulary: usize,
        progress: &mut dyn FnMut(f32),
    ) -> Vec<Inputs> {
        let newest: Vec<&Row> = self.rows.iter().filter(|row| row.newest).collect();
        let weights = View::ALL.map(|view| self.weights_without(view, self.folds, vocabulary));
        self.inputs(&newest, |_| &weights, progress)
    }

    /// What these texts are worth by the weights for each.
    fn inputs<'w, R: AsRef<Row<'a>> + Sync>(
        &self,
        rows: &[R],
        weights: impl Fn(&Row) -> &'w ViewWeights + Sync,
        progress: &mut dyn FnMut(f32),
    ) -> Vec<Inputs> {
        let part = |part: Range<usize>, progress: &mut dyn FnMut(f32)| {
            let rows = rows[part].iter().map(R::as_ref);
            self.inputs_of_part(rows, &weights, progress)
        };
        in_parts(rows.len(), part, progress)
            .into_iter()
            .flatten()
            .collect()
    }

    fn inputs_of_part<'r, 'w>(
        &self,
        rows: impl ExactSizeIterator<Item = &'r Row<'a>>,
        weights: &impl Fn(&Row) -> &'w ViewWeights,
        progress: &mut dyn FnMut(f32),
    ) -> Vec<Inputs>
    where
        'a: 'r,
    {
        let all = rows.len();
        let mut inputs = Vec::with_capacity(all);
        let mut extractor = Extractor::default();
        let mut found: [Features; INPUTS] = Default::default();
        for (done, row) in rows.enumerate() {
            let weights = weights(row);
            extractor.extract(
                &row.example.text,
                &row.example.signals,
                &mut |view, token, position| {
                    let v = view as usize;
                    if let Some(&id) = self.views[v].by_token.get(token)
                        && !weights[v][id as usize].is_nan()
                    {
                        found[v].push(id, position);
                    }
                },
            );
            let mut of_row = Inputs::default();
            for ((input, features), weights) in of_row.iter_mut().zip(&mut found).zip(weights) {
                features.settle();
                *input = scaled(&features.whole, &features.passages, weights);
                features.clear();
            }
            inputs.push(of_row);
            if done % 512 == 0 {
                progress(done as f32 / all as f32);
            }
        }
        inputs
    }

    /// The strongest tokens of one text in the direction of `spam`, by the model that had not seen
    /// it: token and weight before calibration, the view's slope and length taken in.
    pub(super) fn reasons(
        &self,
        row: usize,
        weights: &FoldWeights,
        slopes: &[f64; INPUTS],
        spam: bool,
        most: usize,
    ) -> Vec<(String, f64)> {
        let row = &self.rows[row];
        let weights = &weights[row.fold];
        let mut ids: [Vec<u32>; INPUTS] = Default::default();
        Extractor::default().extract(
            &row.example.text,
            &row.example.signals,
            &mut |view, token, _| {
                let v = view as usize;
                if let Some(&id) = self.views[v].by_token.get(token)
                    && !weights[v][id as usize].is_nan()
                {
                    ids[v].push(id);
                }
            },
        );
        let mut all: Vec<(String, f64)> = Vec::new();
        for view in View::ALL {
            let v = view as usize;
            ids[v].sort_unstable();
            ids[v].dedup();
            // Parts of words explain little to a person.
            if view == View::Chars {
                continue;
            }
            let scale = slopes[v] / (ids[v].len().max(1) as f64).sqrt();
            all.extend(ids[v].iter().map(|&id| {
                (
                    self.token(view, id).to_owned(),
                    weights[v][id as usize] * scale,
                )
            }));
        }
        let towards = if spam { 1.0 } else { -1.0 };
        all.retain(|(_, weight)| weight * towards > 0.0);
        all.sort_by(|a, b| {
            (b.1 * towards)
                .total_cmp(&(a.1 * towards))
                .then_with(|| a.0.cmp(&b.0))
        });
        all.truncate(most);
        all
    }
}

/// Log-odds by view and id; NaN where a token was not selected.
type ViewWeights = [Vec<f64>; INPUTS];
/// The same by fold.
pub(super) type FoldWeights = Vec<ViewWeights>;

/// Cores that a training uses at most: it runs at low priority, beside a site that is read.
const CORES: usize = 4;

/// Does `work` on as many parts of 0..n as there are cores, and gives the results in order. What the
/// first part says of its progress stands for all.
pub(super) fn in_parts<T: Send>(
    n: usize,
    work: impl Fn(Range<usize>, &mut dyn FnMut(f32)) -> T + Sync,
    progress: &mut dyn FnMut(f32),
) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let parts = cores.min(CORES).min(n).max(1);
    let part = |i: usize| n * i / parts..n * (i + 1) / parts;
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..parts)
            .map(|i| {
                let (part, work) = (part(i), &work);
                scope.spawn(move || work(part, &mut |_| {}))
            })
            .collect();
        let first = work(part(0), progress);
        let others = others.into_iter().map(|other| match other.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(first).chain(others).collect()
    })
}

/// The coarse pass: which tokens of each view are frequent enough to be worth counting.
fn roughly(rows: &[Row], vocabulary: usize, progress: &mut dyn FnMut(f32)) -> [Coarse; INPUTS] {
    let mut coarse = View::ALL.map(|_| Coarse::new());
    let part = |part: Range<usize>, progress: &mut dyn FnMut(f32)| {
        let rows = &rows[part];
        let mut extractor = Extractor::default();
        let mut found: [Vec<u32>; INPUTS] = Default::default();
        for (done, row) in rows.iter().enumerate() {
            extractor.extract(
                &row.example.text,
                &row.example.signals,
                &mut |view, token, _| {
                    if token.len() <= MAX_TOKEN {
                        found[view as usize].push(Coarse::slot(token));
                    }
                },
            );
            for (slots, coarse) in found.iter_mut().zip(&coarse) {
                slots.sort_unstable();
                slots.dedup();
                for slot in slots.drain(..) {
                    coarse.met(slot);
                }
            }
            if done % 512 == 0 {
                progress(done as f32 / rows.len() as f32);
            }
        }
    };
    in_parts(rows.len(), part, progress);
    for coarse in &mut coarse {
        coarse.settle(vocabulary.saturating_mul(CANDIDATES));
    }
    coarse
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
