//! The bundled counts that stand in until a site has labels of its own: figures, no texts.
//!
//! `starter.tsv` is made by `cargo run --release -p potluck-models --example starter` from public
//! research corpora (its header names them). It holds, for each token, in how many texts of spam
//! and of ham it occurs, with the calibration, thresholds and report that belong to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::calibration::{Calibration, INPUTS, Input, Point};
use super::classifier::{Model, Smoothing};
use super::evaluation::{Metrics, Promises, Scored, Thresholds, promised_threshold};
use super::features::{Extractor, View};
use super::learning::{Example, Label, quietly_fitted};
use super::report::Report;

const TABLE: &str = include_str!("starter.tsv");

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub view: View,
    pub token: String,
    pub spam: u32,
    pub ham: u32,
}

/// The parsed table.
#[derive(Clone, Debug, PartialEq)]
pub struct Starter {
    /// Sorted by view, then token.
    pub entries: Vec<Entry>,
    pub calibration: Calibration,
    pub report: Report,
}

/// Whether a text belongs to the fifth that the starter never sees, so that it can be tried there.
///
/// By the first byte of the SHA-256 of the trimmed text, divisible by five (52 of 256 values).
/// Stable for ever: tests and figures depend on it.
pub fn held_out(text: &str) -> bool {
    Sha256::digest(text.trim())[0] % 5 == 0
}

/// The bundled table, parsed once.
pub fn bundled() -> &'static Starter {
    static BUNDLED: LazyLock<Starter> = LazyLock::new(|| {
        // The table is part of the program and a test parses it.
        Starter::parse(TABLE).expect("the bundled starter.tsv is well-formed")
    });
    &BUNDLED
}

pub(super) fn model() -> Model {
    bundled().model()
}

/// A line that cannot be read, with its number from 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}: {fault}")]
pub struct ParseError {
    pub line: usize,
    pub fault: &'static str,
}

impl Starter {
    /// Texts behind the counts.
    pub fn texts(&self) -> u64 {
        self.report.starter_spam + self.report.starter_ham
    }

    /// The filter of these counts alone. Weights by linfa's formula, without linfa's printing.
    pub fn model(&self) -> Model {
        let smoothing = Smoothing::of(
            self.report.starter_spam as f64,
            self.report.starter_ham as f64,
        );
        let parts = View::ALL.map(|view| {
            let entries = || self.entries.iter().filter(|entry| entry.view == view);
            let spam: Vec<f64> = entries().map(|e| f64::from(e.spam)).collect();
            let ham: Vec<f64> = entries().map(|e| f64::from(e.ham)).collect();
            let tokens = entries().map(|e| e.token.as_str());
            quietly_fitted(tokens, spam, ham, smoothing)
        });
        Model {
            parts,
            calibration: self.calibration,
            report: self.report.clone(),
        }
    }

    /// Reads [`Starter::to_table`].
    pub fn parse(table: &str) -> Result<Starter, ParseError> {
        let mut entries: Vec<Entry> = Vec::new();
        let (mut calibration, mut report) = (None, None);
        for (i, line) in table.lines().enumerate() {
            let fault = |fault| ParseError { line: i + 1, fault };
            if let Some(header) = line.strip_prefix("# ") {
                if let Some(json) = header.strip_prefix("calibration ") {
                    calibration =
                        Some(serde_json::from_str(json).map_err(|_| fault("calibration"))?);
                } else if let Some(json) = header.strip_prefix("report ") {
                    report = Some(serde_json::from_str(json).map_err(|_| fault("report"))?);
                }
                continue;
            }
            if line.is_empty() || line == "#" {
                continue;
            }
            let mut fields = line.split('\t');
            let mut next = || fields.next().ok_or(fault("a field is missing"));
            let view = match next()? {
                "w" => View::Words,
                "p" => View::Pairs,
                "c" => View::Chars,
                "s" => View::Signs,
                _ => return Err(fault("unknown view")),
            };
            let token = next()?.to_owned();
            let spam = next()?.parse().map_err(|_| fault("a count"))?;
            let ham = next()?.parse().map_err(|_| fault("a count"))?;
            if entries
                .last()
                .is_some_and(|last| (last.view, &last.token) >= (view, &token))
            {
                return Err(fault("out of order"));
            }
            entries.push(Entry {
                view,
                token,
                spam,
                ham,
            });
        }
        let missing = |fault| ParseError { line: 0, fault };
        Ok(Starter {
            entries,
            calibration: calibration.ok_or(missing("no calibration"))?,
            report: report.ok_or(missing("no report"))?,
        })
    }

    /// The table as text; `about` are the lines of its header that name the sources.
    pub fn to_table(&self, about: &[&str]) -> String {
        let mut out = String::new();
        for line in about {
            let _ = writeln!(out, "{}", format!("# {line}").trim_end());
        }
        let json = |value: serde_json::Result<String>| value.unwrap_or_default();
        let _ = writeln!(
            out,
            "# calibration {}",
            json(serde_json::to_string(&self.calibration))
        );
        let _ = writeln!(
            out,
            "# report {}",
            json(serde_json::to_string(&self.report))
        );
        let _ = writeln!(
            out,
            "# view (w words, p pairs, c chars, s signs), token, texts of spam, texts of ham"
        );
        for entry in &self.entries {
            let view = ["w", "p", "c", "s"][entry.view as usize];
            let _ = writeln!(
                out,
                "{view}\t{}\t{}\t{}",
                entry.token, entry.spam, entry.ham
            );
        }
        out
    }
}

const _: () = assert!(INPUTS == View::ALL.len());

// ---------------------------------------------------------------------------------------------
// Making the table

/// Tokens in fewer texts than this are left out: rare ones name people and say little.
const FEWEST_TEXTS: u32 = 5;

impl Starter {
    /// Makes the table from labelled texts, a list a source; the held-out fifth is only measured.
    ///
    /// Calibration and thresholds come from texts of sources that the counts had not seen (each
    /// source scored by the others): that is the starter's lot on a stranger's site, and its scores
    /// there are far less sure than a shuffled cross-validation says.
    pub fn build(sources: &[Vec<Example>]) -> Starter {
        let seen: Vec<Vec<&Example>> = sources
            .iter()
            .map(|texts| texts.iter().filter(|e| !held_out(&e.text)).collect())
            .collect();
        let promises = Promises::default();
        let mut points = Vec::new();
        for (left_out, texts) in seen.iter().enumerate() {
            let others: Vec<&Example> = seen
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != left_out)
                .flat_map(|(_, t)| t.iter().copied())
                .collect();
            if others.is_empty() {
                continue;
            }
            let model = Starter::counted(&others).model();
            for label in [Label::Spam, Label::Ham] {
                let class: Vec<&&Example> = texts.iter().filter(|e| e.label == label).collect();
                // Each source and class weighs alike, whatever its size.
                let weight = 300.0 / class.len().max(1) as f64;
                points.extend(class.iter().map(|e| Point {
                    // Without lengths: how long spam and ham are differs from site to site, and a
                    // slope learned on strangers' texts held less spam on every other set.
                    inputs: model.inputs(&model.find(&e.text, &[])).map(|input| Input {
                        length: 0.0,
                        ..input
                    }),
                    spam: label == Label::Spam,
                    weight,
                }));
            }
        }
        let all: Vec<&Example> = seen.iter().flatten().copied().collect();
        let mut starter = Starter::counted(&all);
        starter.calibration = Calibration::fit(&points, &Calibration::default(), 5.0);
        let ham: Vec<f64> = points
            .iter()
            .filter(|p| !p.spam)
            .map(|p| starter.calibration.probability(&p.inputs))
            .collect();
        let hold = promised_threshold(&ham, promises.held)
            .unwrap_or(0.9)
            .clamp(0.5, 0.999);
        let held_out: Vec<&Example> = sources
            .iter()
            .flatten()
            .filter(|e| held_out(&e.text))
            .collect();
        let model = starter.model();
        let scored: Vec<Scored> = held_out
            .iter()
            .map(|e| Scored {
                probability: model.score(&e.text, &[]),
                spam: e.label == Label::Spam,
            })
            .collect();
        starter.report.starter = Some(Metrics::of(&scored));
        // Never put away on a stranger's word.
        starter.report.thresholds = Thresholds { hold, spam: None };
        let held = |spam: bool| {
            let of: Vec<&Scored> = scored.iter().filter(|s| s.spam == spam).collect();
            of.iter().filter(|s| s.probability >= hold).count() as f64 / of.len().max(1) as f64
        };
        starter.report.spam_held = held(true);
        starter.report.ham_held = held(false);
        starter
    }

    /// The counts of `texts`, filtered for publication, with an empty report.
    fn counted(texts: &[&Example]) -> Starter {
        let names = name_like(texts);
        let mut extractor = Extractor::default();
        let mut counts: BTreeMap<(View, String), (u32, u32)> = BTreeMap::new();
        let mut of_text: BTreeSet<(View, String)> = BTreeSet::new();
        for example in texts {
            let mut kept_words: BTreeSet<String> = BTreeSet::new();
            extractor.extract(&example.text, &[""; 0], &mut |view, token, _| {
                if view != View::Chars && may_ship(token, &names) {
                    of_text.insert((view, token.to_owned()));
                    if view == View::Words && token.chars().all(char::is_alphabetic) {
                        kept_words.insert(token.to_owned());
                    }
                }
            });
            // Pieces of words only from words that may be shipped themselves.
            for word in &kept_words {
                extractor.extract(word, &[""; 0], &mut |view, token, _| {
                    if view == View::Chars {
                        of_text.insert((view, token.to_owned()));
                    }
                });
            }
            while let Some(key) = of_text.pop_first() {
                let count = counts.entry(key).or_default();
                match example.label {
                    Label::Spam => count.0 += 1,
                    Label::Ham => count.1 += 1,
                }
            }
        }
        let entries: Vec<Entry> = counts
            .into_iter()
            .filter(|(_, (spam, ham))| spam + ham >= FEWEST_TEXTS)
            .map(|((view, token), (spam, ham))| Entry {
                view,
                token,
                spam,
                ham,
            })
            .collect();
        let of = |label| texts.iter().filter(|e| e.label == label).count() as u64;
        let vocabulary = View::ALL
            .map(|view| entries.iter().filter(|e| e.view == view).count() as u64)
            .to_vec();
        let report = Report::of_starter(of(Label::Spam), of(Label::Ham), vocabulary);
        Starter {
            entries,
            calibration: Calibration::default(),
            report,
        }
    }
}

/// Names that are often typed in small letters: of people, and of shops in broken addresses. Found
/// by reading the finished table; common given names are here whether or not they occur.
const NAMES: &[&str] = &[
    "abiola",
    "adam",
    "alex",
    "ali",
    "alice",
    "amy",
    "andrew",
    "anna",
    "anthony",
    "ben",
    "bieber",
    "bob",
    "brardianeing",
    "brian",
    "bruno",
    "bslvyl",
    "carlos",
    "charles",
    "chikku",
    "chris",
    "christina",
    "daniel",
    "darren",
    "dave",
    "david",
    "emily",
    "eminem",
    "emma",
    "eric",
    "essayerudite",
    "frank",
    "gary",
    "george",
    "hackfbaccountlive",
    "harry",
    "jack",
    "jackson",
    "jacob",
    "jake",
    "james",
    "jane",
    "jason",
    "jay",
    "jen",
    "jennifer",
    "jess",
    "jessica",
    "jim",
    "joe",
    "john",
    "johnny",
    "jon",
    "jordan",
    "joseph",
    "josh",
    "julia",
    "julie",
    "justin",
    "karen",
    "kate",
    "katie",
    "katy",
    "kevin",
    "laura",
    "leah",
    "linda",
    "lisa",
    "lmfao",
    "lucas",
    "lucy",
    "luke",
    "maria",
    "martin",
    "mary",
    "matt",
    "matthew",
    "max",
    "michael",
    "mike",
    "miley",
    "minaj",
    "nick",
    "nicole",
    "nicki",
    "obama",
    "oliver",
    "paul",
    "perry",
    "peter",
    "psy",
    "rachel",
    "rebecca",
    "richard",
    "rihanna",
    "rob",
    "robert",
    "roger",
    "ryan",
    "sam",
    "samantha",
    "sara",
    "sarah",
    "scott",
    "sean",
    "shakira",
    "shuhui",
    "simon",
    "sophie",
    "stephanie",
    "stephen",
    "steve",
    "steven",
    "susan",
    "taylor",
    "thomas",
    "tim",
    "tom",
    "tony",
    "tyler",
    "umma",
    "victoria",
    "william",
];

/// Parts of addresses that say what kind of page it is, not whose.
const ADDRESS_PARTS: &[&str] = &[
    "archives",
    "article",
    "asp",
    "aspx",
    "blog",
    "buy",
    "casino",
    "catalog",
    "category",
    "com",
    "comment",
    "comments",
    "details",
    "forum",
    "forums",
    "gallery",
    "guestbook",
    "help",
    "home",
    "htm",
    "html",
    "http",
    "https",
    "image",
    "images",
    "index",
    "info",
    "item",
    "jpg",
    "lang",
    "list",
    "media",
    "message",
    "name",
    "net",
    "news",
    "online",
    "org",
    "page",
    "pages",
    "php",
    "picture",
    "pictures",
    "play",
    "png",
    "post",
    "product",
    "products",
    "profile",
    "project",
    "ref",
    "replacement",
    "review",
    "search",
    "service",
    "services",
    "shop",
    "site",
    "store",
    "test",
    "topic",
    "unsubscribe",
    "url",
    "user",
    "video",
    "view",
    "viewthread",
    "viewtopic",
    "watch",
    "www",
];

/// Words that are written with a capital inside sentences two times in five or oftener: names of people and
/// places (and of brands, and German nouns, which are no loss). Lower-cased.
fn name_like(texts: &[&Example]) -> BTreeSet<String> {
    let mut seen: HashMap<String, (u32, u32)> = HashMap::new();
    for example in texts {
        let mut starts = true;
        for piece in example.text.split_whitespace() {
            let word = piece.trim_matches(|c: char| !c.is_alphanumeric());
            let mut chars = word.chars();
            if let Some(first) = chars.next() {
                let title = first.is_uppercase()
                    && chars.clone().all(|c| !c.is_uppercase())
                    && word.chars().count() > 1;
                let lower = first.is_lowercase();
                if (title && !starts) || lower {
                    let count = seen
                        .entry(word.to_lowercase().replace(['\'', '’'], ""))
                        .or_default();
                    count.0 += u32::from(title);
                    count.1 += 1;
                }
            }
            starts = piece.ends_with(['.', '!', '?', ':', '"', '-', '…', '*']);
        }
    }
    let mut names: BTreeSet<String> = seen
        .into_iter()
        .filter(|(_, (title, all))| title * 5 > *all * 2)
        .map(|(word, _)| word)
        .collect();
    names.extend(NAMES.iter().map(|name| (*name).to_owned()));
    names
}

/// Whether a token may leave the machine: no number, address, user name or name.
fn may_ship(token: &str, names: &BTreeSet<String>) -> bool {
    if token.contains(['\t', '\n', '\r']) || token.len() > 60 {
        return false;
    }
    if let Some(domain) = token.strip_prefix("@domain:") {
        return super::features::is_well_known(domain);
    }
    if let Some(tld) = token.strip_prefix("@tld:") {
        return tld.len() <= 6 && tld.bytes().all(|b| b.is_ascii_lowercase());
    }
    if token.starts_with("@script") {
        // The corpora have spam in many scripts and ham in one: what they say of scripts is not
        // about spam.
        return false;
    }
    if token.starts_with('@') && !token.contains(' ') {
        return true;
    }
    if token.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
        return false;
    }
    token.split(' ').all(|word| {
        if let Some(part) = word.strip_prefix('/') {
            return part.is_empty() || ADDRESS_PARTS.contains(&part);
        }
        word.starts_with('@')
            || word == "#"
            || !(word.contains(|c: char| c.is_numeric())
                || word.contains('@')
                || names.contains(word))
    })
}
