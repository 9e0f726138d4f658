//! A trained filter: scoring, explaining, and its form on disk.
//!
//! Per view the model holds what linfa's multinomial naive Bayes learned, ln P(feature | class),
//! and adds up sparsely over the features that a text has. The raw log-odds of a view are exactly
//! the difference of linfa's joint log-likelihoods of the two classes (both priors are one half,
//! since linfa sees two rows; the calibration's bias carries the true one). They are divided by
//! the square root of the number of features found, so that long texts do not drown the
//! calibration in certainty, and handed to the logistic curve.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use sha2::{Digest, Sha256};

use super::FEATURES_VERSION;
use super::calibration::{Calibration, INPUTS, Input, Inputs, LENGTH_UNIT};
use super::evaluation::{Promises, Thresholds};
use super::features::{Extractor, Position, View, WHOLE};
use super::report::Report;

/// What the filter alone would do with a text; the other checks may be stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    Publish,
    Hold,
    Spam,
}

/// A token that pushed, and how often it was met before.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenWeight {
    /// For a person: `free money`, `…ubsc…` (a piece of a word), `@domain:example.com`.
    pub token: String,
    pub view: View,
    /// Its share of the calibrated log-odds; positive speaks for spam.
    pub weight: f64,
    /// Texts of spam and of ham that held it (weighted: a starter's text counts less than one).
    pub spam_docs: f64,
    pub ham_docs: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    pub probability: f64,
    /// The strongest twelve each way, strongest first.
    pub spam: Vec<TokenWeight>,
    pub ham: Vec<TokenWeight>,
    /// Words that no labelled text had, in the order of the text; at most twelve.
    pub unseen: Vec<String>,
    /// One sentence in plain words.
    pub sentence: String,
}

/// How many tokens an explanation names each way.
pub const STRONGEST: usize = 12;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ModelError {
    #[error("this is not a Potluck filter")]
    NotAModel,
    #[error("this filter is in format {0}, which this Potluck cannot read")]
    OtherFormat(u32),
    #[error(
        "this filter was made for features version {found}, this Potluck has {FEATURES_VERSION}: train it anew"
    )]
    OtherFeatures { found: u32 },
    #[error("this filter is damaged: {0}")]
    Damaged(&'static str),
}

/// Imagined texts with every token, for tokens that a class never showed.
///
/// Together two, shared out as the classes share the texts. One each, the usual way, would bend a
/// site with little spam: a word seen once, in ham, would count *for* spam, since one imagined
/// text weighs far more among few than among many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Smoothing {
    pub(super) spam: f64,
    pub(super) ham: f64,
}

impl Smoothing {
    pub(super) fn of(spam_texts: f64, ham_texts: f64) -> Smoothing {
        let share = if spam_texts + ham_texts > 0.0 {
            spam_texts / (spam_texts + ham_texts)
        } else {
            0.5
        };
        // Neither class may come to nothing: its logarithm is taken.
        let share = share.clamp(0.01, 0.99);
        Smoothing {
            spam: 2.0 * share,
            ham: 2.0 * (1.0 - share),
        }
    }
}

/// One view's learned parameters. Tokens are sorted; all columns have their length.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    tokens: String,
    ends: Vec<u32>,
    pub(super) spam_docs: Vec<f64>,
    pub(super) ham_docs: Vec<f64>,
    pub(super) log_spam: Vec<f64>,
    pub(super) log_ham: Vec<f64>,
    /// Imagined texts with each token, by class: what was added to the counts before the fit.
    pub(super) smoothing: Smoothing,
    /// log_spam − log_ham.
    weights: Vec<f64>,
    /// Open addressing: id + 1, or 0 for an empty slot. A power of two, at most half full.
    slots: Vec<u32>,
}

impl Part {
    pub(super) fn new<'a>(
        tokens: impl Iterator<Item = &'a str>,
        spam_docs: Vec<f64>,
        ham_docs: Vec<f64>,
        log_spam: Vec<f64>,
        log_ham: Vec<f64>,
        smoothing: Smoothing,
    ) -> Part {
        let n = spam_docs.len();
        let mut part = Part {
            tokens: String::new(),
            ends: Vec::with_capacity(n),
            weights: log_spam.iter().zip(&log_ham).map(|(s, h)| s - h).collect(),
            spam_docs,
            ham_docs,
            log_spam,
            log_ham,
            smoothing,
            slots: vec![0; (n * 2 + 2).next_power_of_two()],
        };
        for token in tokens {
            let id = part.ends.len() as u32;
            part.tokens.push_str(token);
            part.ends.push(part.tokens.len() as u32);
            let mask = part.slots.len() - 1;
            let mut slot = hash(token) as usize & mask;
            while part.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            part.slots[slot] = id + 1;
        }
        debug_assert_eq!(part.ends.len(), n);
        part
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn token(&self, id: u32) -> &str {
        let id = id as usize;
        let start = if id == 0 {
            0
        } else {
            self.ends[id - 1] as usize
        };
        &self.tokens[start..self.ends[id] as usize]
    }

    pub(super) fn find(&self, token: &str) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut slot = hash(token) as usize & mask;
        loop {
            match self.slots[slot] {
                0 => return None,
                id if self.token(id - 1) == token => return Some(id - 1),
                _ => slot = (slot + 1) & mask,
            }
        }
    }
}

/// FNV-1a with a final mix. Only for tables in memory: nothing stored depends on it, and a crafted
/// collision costs a string comparison.
pub(super) fn hash(token: &str) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325_u64;
    for b in token.bytes() {
        h = (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3);
    }
    h ^ (h >> 29)
}

/// The known features of one text, a list a view.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    views: [Features; INPUTS],
}

/// The features of one view of one text, as numbers of tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Features {
    /// Sorted, without repeats.
    pub(super) whole: Vec<u32>,
    /// (passage, token), sorted, without repeats; empty for a text of one passage.
    pub(super) passages: Vec<(u32, u32)>,
}

impl Features {
    pub(super) fn clear(&mut self) {
        self.whole.clear();
        self.passages.clear();
    }

    pub(super) fn push(&mut self, id: u32, position: Position) {
        self.whole.push(id);
        if position != WHOLE {
            self.passages.push((position / PASSAGE, id));
        }
    }

    /// To be called when all are pushed.
    pub(super) fn settle(&mut self) {
        self.whole.sort_unstable();
        self.whole.dedup();
        if self.passages.iter().all(|(passage, _)| *passage < 2) {
            self.passages.clear();
        }
        self.passages.sort_unstable();
        self.passages.dedup();
    }
}

/// Words in a passage. Two neighbours are judged together, so that nothing hides on a border.
const PASSAGE: u32 = 8;
/// How much of the worst passage's lead over the whole counts.
const WORST: f64 = 0.5;

impl Found {
    /// Numbers of the tokens found in a view.
    pub fn ids(&self, view: View) -> &[u32] {
        &self.views[view as usize].whole
    }
}

#[derive(Default)]
struct Scratch {
    extractor: Extractor,
    found: Found,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// A trained filter. Immutable and free of interior state: share it behind an `Arc`.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(super) parts: [Part; INPUTS],
    pub(super) calibration: Calibration,
    pub(super) report: Report,
}

impl Model {
    /// The bundled filter of a site without labels of its own.
    pub fn starter() -> Model {
        super::starter::model()
    }

    /// Whether this is the bundled filter alone, without any label of this site.
    pub fn is_starter(&self) -> bool {
        self.report.own_spam + self.report.own_ham == 0
    }

    pub fn report(&self) -> &Report {
        &self.report
    }

    pub fn thresholds(&self) -> Thresholds {
        self.report.thresholds
    }

    /// Sets the thresholds that keep these promises; see [`Report::promise`].
    pub fn promise(&mut self, promises: Promises, silent: u64) {
        self.report.promise(promises, silent);
    }

    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// The probability of spam.
    pub fn score(&self, text: &str, signals: &[&str]) -> f64 {
        SCRATCH.with_borrow_mut(|scratch| {
            let (extractor, found) = (&mut scratch.extractor, &mut scratch.found);
            self.find_into(text, signals, extractor, found, |_, _| {});
            self.score_found(&scratch.found)
        })
    }

    pub fn verdict(&self, probability: f64) -> Decision {
        let thresholds = self.thresholds();
        if thresholds.spam.is_some_and(|spam| probability >= spam) {
            Decision::Spam
        } else if probability >= thresholds.hold {
            Decision::Hold
        } else {
            Decision::Publish
        }
    }

    /// What may be done with a text that already waits, without a person: much stricter than
    /// [`Model::verdict`], for a change of state needs a better reason than a first placing.
    pub fn surely(&self, probability: f64) -> Option<Decision> {
        let thresholds = self.thresholds();
        if thresholds
            .spam
            .is_some_and(|spam| 1.0 - probability <= (1.0 - spam) / 3.0)
        {
            Some(Decision::Spam)
        } else if probability < thresholds.hold / 3.0 {
            Some(Decision::Publish)
        } else {
            None
        }
    }

    /// The known features of a text; [`Model::score_found`] turns them into a probability.
    pub fn find(&self, text: &str, signals: &[&str]) -> Found {
        let mut found = Found::default();
        self.find_into(
            text,
            signals,
            &mut Extractor::default(),
            &mut found,
            |_, _| {},
        );
        found
    }

    /// The same, with the first words of the text that it has never met.
    fn find_and_miss(&self, text: &str, signals: &[&str]) -> (Found, Vec<String>) {
        let (mut found, mut unseen) = (Found::default(), Vec::<String>::new());
        let extractor = &mut Extractor::default();
        self.find_into(text, signals, extractor, &mut found, |view, token| {
            let wanted = unseen.len() < STRONGEST && is_of_text(view, token);
            if wanted && token.chars().count() < 30 && !unseen.iter().any(|known| known == token) {
                unseen.push(token.to_owned());
            }
        });
        (found, unseen)
    }

    fn find_into(
        &self,
        text: &str,
        signals: &[&str],
        extractor: &mut Extractor,
        found: &mut Found,
        mut missed: impl FnMut(View, &str),
    ) {
        for features in &mut found.views {
            features.clear();
        }
        let views = &mut found.views;
        extractor.extract(text, signals, &mut |view, token, position| match self.parts
            [view as usize]
            .find(token)
        {
            Some(id) => views[view as usize].push(id, position),
            None => missed(view, token),
        });
        for features in views {
            features.settle();
        }
    }

    /// How many of the text's different words it has never met, and how many there are.
    pub fn unseen(&self, text: &str) -> (usize, usize) {
        let part = &self.parts[View::Words as usize];
        let (mut words, mut unseen) = (HashSet::new(), 0);
        Extractor::default().extract(text, &[""; 0], &mut |view, token, _| {
            if is_of_text(view, token) && !words.contains(token) {
                words.insert(token.to_owned());
                unseen += usize::from(part.find(token).is_none());
            }
        });
        (unseen, words.len())
    }

    pub fn score_found(&self, found: &Found) -> f64 {
        self.calibration.probability(&self.inputs(found))
    }

    pub(super) fn inputs(&self, found: &Found) -> Inputs {
        let mut inputs = Inputs::default();
        for ((input, part), features) in inputs.iter_mut().zip(&self.parts).zip(&found.views) {
            *input = scaled(&features.whole, &features.passages, &part.weights);
        }
        inputs
    }

    /// ln P(text | spam) − ln P(text | ham) of each view, unscaled.
    pub fn raw_log_odds(&self, found: &Found) -> [f64; INPUTS] {
        let mut out = [0.0; INPUTS];
        for ((sum, part), features) in out.iter_mut().zip(&self.parts).zip(&found.views) {
            *sum = features
                .whole
                .iter()
                .map(|&id| part.weights[id as usize])
                .sum();
        }
        out
    }

    /// Which tokens pushed, how far, and what is known about them.
    pub fn explain(&self, text: &str, signals: &[&str]) -> Explanation {
        let (found, unseen) = self.find_and_miss(text, signals);
        let probability = self.score_found(&found);
        // A text has thousands of features; only those that are named are written out.
        let mut pushes: Vec<(f64, View, u32)> = Vec::new();
        for view in View::ALL {
            let (part, ids) = (&self.parts[view as usize], found.ids(view));
            let root = (ids.len().max(1) as f64).sqrt();
            let slope = self.calibration.slopes[view as usize];
            // The correction for length, shared out: each feature made the text as much longer.
            let length = self.calibration.lengths[view as usize] / LENGTH_UNIT;
            let weight = |id: u32| (part.weights[id as usize] * slope + length) / root;
            pushes.extend(ids.iter().map(|&id| (weight(id), view, id)));
        }
        // Ties by token, so that a page reads the same each time.
        let token = |view: View, id| self.parts[view as usize].token(id);
        pushes.sort_by(|a, b| {
            b.0.total_cmp(&a.0)
                .then_with(|| token(a.1, a.2).cmp(token(b.1, b.2)))
        });
        let for_spam = self.telling(pushes.iter().take_while(|push| push.0 > 0.0));
        let against = self.telling(pushes.iter().rev().take_while(|push| push.0 <= 0.0));
        let report = &self.report;
        let of_starter = (report.starter_spam + report.starter_ham) as f64 * report.starter_weight;
        let texts = report.own_labels() as f64 + of_starter;
        // Pieces of words take most of the twelve places, and a sentence is of words.
        let sentence = sentence(probability, &for_spam, &against, &unseen, texts);
        let strongest = |mut tokens: Vec<TokenWeight>| {
            tokens.truncate(STRONGEST);
            tokens.retain(|token| token.weight != 0.0);
            tokens
        };
        Explanation {
            probability,
            spam: strongest(for_spam),
            ham: strongest(against),
            unseen,
            sentence,
        }
    }

    /// Of what pushed one way, strongest first, all that may be named: the strongest, what weighs
    /// enough for the sentence, and the signs, of which there are few.
    fn telling<'a>(&self, pushes: impl Iterator<Item = &'a (f64, View, u32)>) -> Vec<TokenWeight> {
        let mut least = None;
        pushes
            .enumerate()
            .filter(|(n, (weight, view, _))| {
                let least = *least.get_or_insert(weight.abs() * TELLING);
                *n < STRONGEST || weight.abs() >= least || *view == View::Signs
            })
            .map(|(_, &(weight, view, id))| {
                let part = &self.parts[view as usize];
                TokenWeight {
                    token: readable(view, part.token(id)),
                    view,
                    weight,
                    spam_docs: part.spam_docs[id as usize],
                    ham_docs: part.ham_docs[id as usize],
                }
            })
            .collect()
    }

    /// The model in Potluck's own format: all numbers little-endian, everything in a fixed order,
    /// so that equal models are equal bytes.
    ///
    /// ```text
    /// "potluckF"            magic
    /// u32                   format (1)
    /// u32                   features version
    /// u32 + bytes           the report as JSON (thresholds are in it)
    /// f64 × (1 + 2 × views) calibration: bias, a slope a view, a slope a view's length
    ///                       (of features version 1, no lengths)
    /// u32                   views, then for each:
    ///   u32                 tokens n
    ///   n × (u16 + bytes)   tokens, sorted
    ///   2 × f64             imagined texts added to each count of spam, of ham
    ///   4 × n × f64         texts of spam, texts of ham, ln P(token|spam), ln P(token|ham)
    /// 32 bytes              SHA-256 of everything before
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&FEATURES_VERSION.to_le_bytes());
        let report = serde_json::to_vec(&self.report).unwrap_or_default();
        out.extend_from_slice(&(report.len() as u32).to_le_bytes());
        out.extend_from_slice(&report);
        out.extend_from_slice(&self.calibration.bias.to_le_bytes());
        let calibration = &self.calibration;
        for slope in calibration.slopes.iter().chain(&calibration.lengths) {
            out.extend_from_slice(&slope.to_le_bytes());
        }
        out.extend_from_slice(&(self.parts.len() as u32).to_le_bytes());
        for part in &self.parts {
            out.extend_from_slice(&(part.len() as u32).to_le_bytes());
            for id in 0..part.len() as u32 {
                let token = part.token(id);
                out.extend_from_slice(&(token.len() as u16).to_le_bytes());
                out.extend_from_slice(token.as_bytes());
            }
            out.extend_from_slice(&part.smoothing.spam.to_le_bytes());
            out.extend_from_slice(&part.smoothing.ham.to_le_bytes());
            for column in [
                &part.spam_docs,
                &part.ham_docs,
                &part.log_spam,
                &part.log_ham,
            ] {
                for number in column {
                    out.extend_from_slice(&number.to_le_bytes());
                }
            }
        }
        let sum = Sha256::digest(&out);
        out.extend_from_slice(&sum);
        out
    }

    /// Reads [`Model::to_bytes`]; refuses anything damaged or made for other features.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, ModelError> {
        let (mut input, features) = Reader::open(bytes)?;
        if features != FEATURES_VERSION {
            return Err(ModelError::OtherFeatures { found: features });
        }
        let report = input.report()?;
        let mut calibration = Calibration {
            bias: input.f64()?,
            ..Calibration::default()
        };
        let slopes = calibration.slopes.iter_mut();
        for slope in slopes.chain(&mut calibration.lengths) {
            *slope = input.f64()?;
        }
        if input.u32()? as usize != INPUTS {
            return Err(ModelError::Damaged("number of views"));
        }
        let mut parts = Vec::with_capacity(INPUTS);
        for _ in 0..INPUTS {
            parts.push(input.part()?);
        }
        if !input.0.is_empty() {
            return Err(ModelError::Damaged("bytes left over"));
        }
        let parts = parts
            .try_into()
            .map_err(|_| ModelError::Damaged("number of views"))?;
        Ok(Model {
            parts,
            calibration,
            report,
        })
    }

    /// The report alone, also of a model that was made for other features: to show it.
    pub fn report_of(bytes: &[u8]) -> Result<Report, ModelError> {
        Reader::open(bytes)?.0.report()
    }
}

/// Log-odds over the square root of the number of features; for a text of several passages, moved
/// towards its worst pair of neighbouring ones.
///
/// A spammer who appends a page of harmless words changes the whole and not the passage. The
/// calibration is fitted on these same numbers, so that a long text's many chances to look bad
/// somewhere are allowed for. The share is fixed: left to the fit it falls to nothing, since the
/// labelled spam was written by people who had not met this filter yet.
pub(super) fn scaled(whole: &[u32], passages: &[(u32, u32)], weights: &[f64]) -> Input {
    if whole.is_empty() {
        return Input::default();
    }
    let sum: f64 = whole.iter().map(|&id| weights[id as usize]).sum();
    let root = (whole.len() as f64).sqrt();
    let all = sum / root;
    let mut worst = f64::NEG_INFINITY;
    let mut before = (u32::MAX, 0.0, 0.0);
    let mut rest = passages;
    while let Some(&(passage, _)) = rest.first() {
        let end = rest.partition_point(|(p, _)| *p == passage);
        let (here, after) = rest.split_at(end);
        let sum: f64 = here.iter().map(|&(_, id)| weights[id as usize]).sum();
        let count = here.len() as f64;
        if before.0.wrapping_add(1) == passage {
            worst = worst.max((sum + before.1) / (count + before.2).sqrt());
        }
        before = (passage, sum, count);
        rest = after;
    }
    Input {
        evidence: all + WORST * (worst - all).max(0.0),
        length: root / LENGTH_UNIT,
    }
}

/// A piece of a word is shown with dots where the word goes on.
pub(super) fn readable(view: View, token: &str) -> String {
    if view != View::Chars {
        return token.to_owned();
    }
    let (open, close) = (token.starts_with(' '), token.ends_with(' '));
    let core = token.trim();
    match (open, close) {
        (true, true) => core.to_owned(),
        (true, false) => format!("{core}…"),
        (false, true) => format!("…{core}"),
        (false, false) => format!("…{core}…"),
    }
}

/// A word as somebody wrote it, not a path of an address.
fn is_of_text(view: View, token: &str) -> bool {
    view == View::Words && token.chars().any(char::is_alphabetic) && !token.starts_with('/')
}

/// Between these it says that it is unsure, and what speaks for either.
const UNSURE: std::ops::Range<f64> = 0.25..0.75;
/// A reason weighs at least so much of the strongest.
const TELLING: f64 = 0.2;
/// A word in more of the texts than this tells a person nothing, however it weighs.
const COMMON: f64 = 0.1;

/// Why, in plain words. `texts` is what the model learned from, for telling common words.
fn sentence(
    probability: f64,
    spam: &[TokenWeight],
    ham: &[TokenWeight],
    unseen: &[String],
    texts: f64,
) -> String {
    let percent = percent(probability);
    let (spam, ham) = (reasons(spam, texts), reasons(ham, texts));
    let said = if UNSURE.contains(&probability) {
        let side = |name: &str, reasons: Option<String>| match reasons {
            Some(reasons) => format!(" {name}: {reasons}."),
            None => String::new(),
        };
        format!(
            "Unsure ({percent} spam).{}{}",
            side("For spam", spam),
            side("Against", ham)
        )
    } else {
        let (lead, side) = if probability >= UNSURE.end {
            (format!("Looks like spam ({percent})"), spam)
        } else {
            (format!("Looks fine ({percent} spam)"), ham)
        };
        match side {
            Some(reasons) => format!("{lead}, mostly because of {reasons}."),
            None => format!("{lead}: too little in it that was seen before."),
        }
    };
    let new: Vec<String> = unseen
        .iter()
        .take(4)
        .map(|word| format!("“{word}”"))
        .collect();
    match &new[..] {
        [] => said,
        new => format!("{said} Never seen before: {}.", list(new)),
    }
}

/// What weighs most, as a noun phrase: `the words “casino” and “bonus”, and its link`. Tokens come
/// strongest first.
fn reasons(tokens: &[TokenWeight], texts: f64) -> Option<String> {
    let least = tokens.first()?.weight.abs() * TELLING;
    // A link to code is no link that sells something, but it is one to a reader.
    let to_code = tokens.iter().any(|t| t.token == "@link:code");
    let (mut words, mut pieces) = (Vec::new(), Vec::new());
    let mut signs: Vec<String> = Vec::new();
    for token in tokens.iter().filter(|t| t.weight.abs() >= least) {
        let name = token.token.as_str();
        // “two” and “about two” are one reason.
        let is_new = |named: &[&str]| !named.iter().any(|n| n.contains(name) || name.contains(n));
        match token.view {
            View::Signs if signs.len() < 2 && !(to_code && name == "@links:0") => {
                let sign = plain(name);
                if !signs.contains(&sign) {
                    signs.push(sign);
                }
            }
            View::Words | View::Pairs if words.len() < 3 && is_new(&words) => {
                let is_common = token.spam_docs + token.ham_docs > COMMON * texts;
                if is_word(name) && !is_common {
                    words.push(name);
                }
            }
            View::Chars if pieces.len() < 2 && is_new(&pieces) => pieces.push(name),
            _ => {}
        }
    }
    let quoted = |noun: &str, named: &[&str]| -> Option<String> {
        let list = list(&named.iter().map(|n| format!("“{n}”")).collect::<Vec<_>>());
        let plural = if named.len() == 1 { "" } else { "s" };
        (!named.is_empty()).then(|| format!("the {noun}{plural} {list}"))
    };
    let words = quoted("word", &words);
    let signs = (!signs.is_empty()).then(|| list(&signs));
    match (words, signs) {
        (Some(words), Some(signs)) => Some(format!("{words}, and {signs}")),
        (None, None) => quoted("piece", &pieces).map(|pieces| format!("{pieces} of words")),
        (words, signs) => words.or(signs),
    }
}

/// Pieces of addresses and stand-ins for numbers and links are no words to a reader.
fn is_word(token: &str) -> bool {
    token.chars().any(char::is_alphanumeric) && !token.contains(['#', '@', '/'])
}

/// Never "100 %": the filter is never that sure.
fn percent(probability: f64) -> String {
    match probability {
        p if p > 0.99 => "over 99 %".to_owned(),
        p if p < 0.01 => "under 1 %".to_owned(),
        p => format!("{:.0} %", p * 100.0),
    }
}

fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A token for people who moderate: signs in words, words as they are.
pub fn in_words(token: &str) -> String {
    if token.starts_with('@') && !token.contains(' ') {
        plain(token)
    } else {
        token.to_owned()
    }
}

/// A sign's token in words.
fn plain(token: &str) -> String {
    let bare = token.trim_start_matches('@');
    match bare.split_once(':') {
        Some(("domain", domain)) => format!("the link to {domain}"),
        Some(("tld", tld)) => format!("an address ending in .{tld}"),
        Some(("words", n)) => format!("its length ({n} words)"),
        Some(("links", "0")) => "having no link".to_owned(),
        Some(("links", "1")) => "its link".to_owned(),
        Some(("links", n)) => format!("its {n} links"),
        Some(("disguise", what)) => format!("disguised letters ({what})"),
        Some(("emoji", "0")) => "having no emoji".to_owned(),
        Some(("emoji", n)) => format!("its {n} emoji"),
        Some(("account", what)) => format!("the account ({what})"),
        Some(("capitals", "none")) => "having no capitals".to_owned(),
        Some(("capitals", what)) => {
            format!("{what} letters being capitals").replace("few letters", "a few letters")
        }
        Some(("digits", what)) => format!("its digits ({what})"),
        Some(("number", "1")) => "a number of one digit".to_owned(),
        Some(("number", digits)) => format!("a number of {digits} digits"),
        Some(("lines", "1")) => "being a single line".to_owned(),
        Some(("lines", n)) => format!("its {n} lines"),
        Some(("path", _)) => "the shape of the address".to_owned(),
        Some(("ends", "letter")) => "ending without a full stop".to_owned(),
        Some(("ends", "digit")) => "ending with a digit".to_owned(),
        Some(("ends", "emoji")) => "ending with an emoji".to_owned(),
        Some(("ends", "other")) => "how it ends".to_owned(),
        Some(("ends", sign)) => format!("ending with “{sign}”"),
        Some(("starts", "capital")) => "starting with a capital".to_owned(),
        Some(("starts", "small")) => "starting with a small letter".to_owned(),
        Some(("starts", _)) => "how it starts".to_owned(),
        Some(("link", "code")) => "a link to source code".to_owned(),
        Some(("link", "code-like")) => "a link that looks like one to source code".to_owned(),
        Some(("link", what)) => format!("the link ({what})"),
        Some(("script", what)) => format!("letters of the {what} script"),
        Some(("run", what)) => format!("“{what}”"),
        Some((kind, what)) => format!("{kind} ({what})"),
        None => match bare {
            "link" => "its link".to_owned(),
            "mail" => "a mail address".to_owned(),
            "phone" => "a long number".to_owned(),
            "money" => "a sum of money".to_owned(),
            "shout" => "capitals".to_owned(),
            "first-comment" => "being a first comment".to_owned(),
            other => other.to_owned(),
        },
    }
}

const MAGIC: &[u8; 8] = b"potluckF";
const FORMAT: u32 = 1;

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Checks magic, checksum and format; returns the rest and the features version.
    fn open(bytes: &'a [u8]) -> Result<(Reader<'a>, u32), ModelError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ModelError::NotAModel)?;
        let Some(body) = rest.len().checked_sub(32) else {
            return Err(ModelError::Damaged("too short"));
        };
        let signed = MAGIC.len() + body;
        let mut input = Reader(&rest[..body]);
        let format = input.u32()?;
        if format != FORMAT {
            return Err(ModelError::OtherFormat(format));
        }
        if Sha256::digest(&bytes[..signed]).as_slice() != &bytes[signed..] {
            return Err(ModelError::Damaged("checksum"));
        }
        let features = input.u32()?;
        Ok((input, features))
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], ModelError> {
        let (head, rest) = self
            .0
            .split_at_checked(n)
            .ok_or(ModelError::Damaged("too short"))?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        self.take(N)?
            .try_into()
            .map_err(|_| ModelError::Damaged("too short"))
    }

    fn u32(&mut self) -> Result<u32, ModelError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn f64(&mut self) -> Result<f64, ModelError> {
        let number = f64::from_le_bytes(self.array()?);
        if number.is_finite() {
            Ok(number)
        } else {
            Err(ModelError::Damaged("a number that is none"))
        }
    }

    fn column(&mut self, n: usize) -> Result<Vec<f64>, ModelError> {
        // Checked before reserving: a forged length must not take the machine's memory.
        if self.0.len() / 8 < n {
            return Err(ModelError::Damaged("too short"));
        }
        (0..n).map(|_| self.f64()).collect()
    }

    fn report(&mut self) -> Result<Report, ModelError> {
        let length = self.u32()? as usize;
        serde_json::from_slice(self.take(length)?).map_err(|_| ModelError::Damaged("report"))
    }

    fn part(&mut self) -> Result<Part, ModelError> {
        let n = self.u32()? as usize;
        if self.0.len() / 34 < n {
            return Err(ModelError::Damaged("too short"));
        }
        let mut tokens: Vec<&str> = Vec::with_capacity(n);
        for _ in 0..n {
            let length = u16::from_le_bytes(self.array()?);
            let token = std::str::from_utf8(self.take(usize::from(length))?)
                .map_err(|_| ModelError::Damaged("a token"))?;
            if tokens.last().is_some_and(|last| *last >= token) {
                return Err(ModelError::Damaged("tokens out of order"));
            }
            tokens.push(token);
        }
        let smoothing = Smoothing {
            spam: self.f64()?,
            ham: self.f64()?,
        };
        let (spam, ham) = (self.column(n)?, self.column(n)?);
        let (log_spam, log_ham) = (self.column(n)?, self.column(n)?);
        Ok(Part::new(
            tokens.into_iter(),
            spam,
            ham,
            log_spam,
            log_ham,
            smoothing,
        ))
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Decision::Publish => "publish",
            Decision::Hold => "hold",
            Decision::Spam => "spam",
        })
    }
}
