//! `potluck spam evaluate`: cross-validation on files. Each file is shuffled and cut into parts (not
//! stratified); each part is scored by a model that was trained on the file's other parts alone,
//! vocabulary and calibration included, without the starter. The scores are pooled and measured.

use super::{
    Progress, figures, load, one_line, probability, replace, say, say_json, thousands, took,
};
use anyhow::bail;
use clap::Args;
use potluck_models::spam::evaluation::{BINS, Histogram, Metrics, Scored, reliability};
use potluck_models::spam::features::View;
use potluck_models::spam::labelled::{Table, write_predictions};
use potluck_models::spam::learning::train_with;
use potluck_models::spam::replay::Random;
use potluck_models::spam::{Example, Explanation, Label, Options, TokenWeight, TrainError};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args)]
pub struct Evaluate {
    /// CSV with columns text and label (spam or ham); - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Parts that each file is cut into
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(2..=1000))]
    folds: u64,
    /// For the shuffling and the sample
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Leave rows out by chance until spam is this share of each file, such as 0.125
    #[arg(long, value_name = "SHARE", value_parser = probability)]
    spam_share: Option<f64>,
    /// Write the files' rows with their scores here
    #[arg(long, value_name = "CSV")]
    out: Option<PathBuf>,
    /// One JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// How many errors are shown with their reasons.
const WORST: usize = 20;
/// The filter that Potluck is measured against, on texts that nobody else has.
const REFERENCE: &str = "pygame.org's own filter, on its own texts (another corpus, so no contest): \
                         F1 ham 0.97, F1 spam 0.76";

/// One file and what came of it.
struct Evaluated {
    table: Table,
    examples: Vec<Example>,
    /// By row; None for those left out of the sample.
    scores: Vec<Option<f64>>,
    /// Rows on the wrong side of 0.5, explained by the model that had not seen them.
    errors: Vec<(usize, Explanation)>,
}

impl Evaluate {
    pub fn run(self) -> anyhow::Result<()> {
        let start = Instant::now();
        // All are read before the work begins: a fault in the last file should not come at the end.
        let mut files = Vec::new();
        for path in &self.files {
            files.push(load(path)?);
        }
        let progress = Progress::new();
        let mut evaluated = Vec::new();
        for (table, examples) in files {
            let name = table.name.clone();
            let mut step = |fold| {
                progress.show(&format!("{name}: part {} of {}", fold + 1, self.folds));
            };
            evaluated.push(self.file(table, examples, &mut step)?);
        }
        drop(progress);
        if let Some(path) = &self.out {
            let tables: Vec<(&Table, &[Option<f64>])> = evaluated
                .iter()
                .map(|file| (&file.table, file.scores.as_slice()))
                .collect();
            replace(path, |out| Ok(write_predictions(out, &tables)?))?;
        }
        match self.json {
            true => say_json(&self.document(&evaluated))?,
            false => say(&self.text(&evaluated))?,
        }
        took(start);
        Ok(())
    }

    fn file(
        &self,
        table: Table,
        examples: Vec<Example>,
        step: &mut dyn FnMut(usize),
    ) -> anyhow::Result<Evaluated> {
        let mut order: Vec<usize> = (0..examples.len()).collect();
        Random::new(self.seed).shuffle(&mut order);
        if let Some(share) = self.spam_share {
            order = match sample(&order, &examples, share) {
                Some(order) => order,
                None => bail!(
                    "{}: too few rows for a sample of which {} % is spam",
                    table.name,
                    share * 100.0
                ),
            };
        }
        let folds = self.folds as usize;
        let options = Options {
            seed: self.seed,
            starter: false,
            quiet: true,
            ..Options::default()
        };
        let mut scores = vec![None; examples.len()];
        let mut errors = Vec::new();
        // With fewer rows than parts, each row is a part.
        for fold in 0..folds.min(order.len()) {
            step(fold);
            let in_fold = |place: usize| place % folds == fold;
            let rows = |wanted: bool| {
                let places = order.iter().enumerate();
                places
                    .filter(move |(place, _)| in_fold(*place) == wanted)
                    .map(|(_, &row)| row)
            };
            let training: Vec<Example> = rows(false).map(|row| examples[row].clone()).collect();
            let model = match train_with(&training, None, &options, &mut |_, _| {}) {
                Ok(trained) => trained.model,
                Err(TrainError::OneClass) => bail!(
                    "{}: one of the {folds} parts holds all the spam or all the ham, so nothing \
                     is left to learn from; it takes more labels, or another --seed or --folds",
                    table.name
                ),
                Err(error) => return Err(error.into()),
            };
            for row in rows(true) {
                let Example { text, label, .. } = &examples[row];
                let score = model.score(text, &[]);
                scores[row] = Some(score);
                if (score >= 0.5) != (*label == Label::Spam) {
                    errors.push((row, model.explain(text, &[])));
                }
            }
        }
        Ok(Evaluated {
            table,
            examples,
            scores,
            errors,
        })
    }

    fn text(&self, files: &[Evaluated]) -> String {
        let mut out = String::new();
        let pooled: Vec<Scored> = files.iter().flat_map(Evaluated::scored).collect();
        let _ = writeln!(
            out,
            "{}-fold cross-validation, each file alone, shuffled (seed {}), without the starter.",
            self.folds, self.seed
        );
        for file in files {
            let scored = file.scored();
            let _ = write!(out, "\n{}: {}", file.table.name, counts(&scored));
            let _ = match file.left_out() {
                (0, 0) => writeln!(out),
                (spam, ham) => writeln!(
                    out,
                    " (left out by chance: {} spam, {} ham)",
                    thousands(spam),
                    thousands(ham)
                ),
            };
            out += &figures(&Metrics::of(&scored));
        }
        if files.len() > 1 {
            let _ = writeln!(out, "\nAll files pooled: {}", counts(&pooled));
            out += &figures(&Metrics::of(&pooled));
        }
        let _ = writeln!(out, "\n  {REFERENCE}");
        out += &reliability_table(&pooled);
        out += &histogram(&pooled);
        let worst = worst(files);
        let _ = writeln!(out, "\nThe worst errors");
        if worst.is_empty() {
            let _ = writeln!(out, "  none");
        }
        for (file, row, explanation) in worst {
            let example = &file.examples[*row];
            let _ = writeln!(
                out,
                "  {} scored {:.3}   {}, row {}: {}",
                match example.label {
                    Label::Spam => "spam",
                    Label::Ham => "ham ",
                },
                explanation.probability,
                file.table.name,
                row + 1,
                one_line(&example.text, 90)
            );
            let words: Vec<String> = misleading(explanation)
                .iter()
                .map(|token| format!("{} {:+.2}", one_line(&token.token, 30), token.weight))
                .collect();
            let _ = writeln!(
                out,
                "      {}",
                match words.is_empty() {
                    true => "nothing in it was seen before".to_owned(),
                    false => words.join("   "),
                }
            );
        }
        if let Some(path) = &self.out {
            let _ = writeln!(
                out,
                "\n{} rows with their scores are in {}.",
                thousands(pooled.len() as u64),
                path.display()
            );
        }
        out
    }

    fn document(&self, files: &[Evaluated]) -> Value {
        let pooled: Vec<Scored> = files.iter().flat_map(Evaluated::scored).collect();
        let of = |scored: &[Scored]| {
            json!({
                "metrics": Metrics::of(scored),
                "reliability": reliability(scored),
                "histogram": Histogram::of(scored),
            })
        };
        let each: Vec<Value> = files
            .iter()
            .map(|file| {
                let (spam, ham) = file.left_out();
                let mut document = of(&file.scored());
                document["file"] = json!(file.table.name);
                document["left_out"] = json!({ "spam": spam, "ham": ham });
                document
            })
            .collect();
        let worst: Vec<Value> = worst(files)
            .into_iter()
            .map(|(file, row, explanation)| {
                let example = &file.examples[*row];
                json!({
                    "file": file.table.name,
                    "row": row + 1,
                    "line": file.table.line(*row),
                    "label": example.label,
                    "score": explanation.probability,
                    "text": example.text,
                    "sentence": explanation.sentence,
                    "because": misleading(explanation)
                        .iter()
                        .map(|token| json!({ "token": token.token, "weight": token.weight }))
                        .collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({
            "folds": self.folds,
            "seed": self.seed,
            "spam_share": self.spam_share,
            "files": each,
            "pooled": of(&pooled),
            "worst": worst,
            "reference": { "f1_ham": 0.97, "f1_spam": 0.76, "about": REFERENCE },
        })
    }
}

impl Evaluated {
    fn scored(&self) -> Vec<Scored> {
        let rows = self.examples.iter().zip(&self.scores);
        rows.filter_map(|(example, score)| {
            Some(Scored {
                probability: (*score)?,
                spam: example.label == Label::Spam,
            })
        })
        .collect()
    }

    /// Spam and ham that the sample does not hold.
    fn left_out(&self) -> (u64, u64) {
        let of = |label| {
            let rows = self.examples.iter().zip(&self.scores);
            rows.filter(|(example, score)| example.label == label && score.is_none())
                .count() as u64
        };
        (of(Label::Spam), of(Label::Ham))
    }
}

/// As many of `order` as can be kept so that spam is the wanted share: spam is left out, or ham
/// where spam is rarer than wanted. None when a kind would have nothing left.
fn sample(order: &[usize], examples: &[Example], share: f64) -> Option<Vec<usize>> {
    let is_spam = |row: usize| examples[row].label == Label::Spam;
    let spam = order.iter().filter(|&&row| is_spam(row)).count() as f64;
    let ham = order.len() as f64 - spam;
    let (mut spam_left, mut ham_left) = if spam / (spam + ham) >= share {
        ((ham * share / (1.0 - share)).round(), ham)
    } else {
        (spam, (spam * (1.0 - share) / share).round())
    };
    if spam_left < 1.0 || ham_left < 1.0 {
        return None;
    }
    let mut kept = order.to_vec();
    kept.retain(|&row| {
        let left = if is_spam(row) {
            &mut spam_left
        } else {
            &mut ham_left
        };
        *left -= 1.0;
        *left >= 0.0
    });
    Some(kept)
}

fn counts(scored: &[Scored]) -> String {
    let spam = scored.iter().filter(|s| s.spam).count() as u64;
    format!(
        "{} rows, {} spam, {} ham",
        thousands(scored.len() as u64),
        thousands(spam),
        thousands(scored.len() as u64 - spam)
    )
}

/// The farthest from the truth first.
fn worst(files: &[Evaluated]) -> Vec<(&Evaluated, &usize, &Explanation)> {
    let mut all: Vec<_> = files
        .iter()
        .flat_map(|file| file.errors.iter().map(move |(row, why)| (file, row, why)))
        .collect();
    // Stable, so that equals stay in the order of parts.
    all.sort_by(|a, b| {
        (b.2.probability - 0.5)
            .abs()
            .total_cmp(&(a.2.probability - 0.5).abs())
    });
    all.truncate(WORST);
    all
}

/// The tokens that pushed to the wrong side, strongest first; pieces of words only where there is
/// nothing that reads better.
fn misleading(explanation: &Explanation) -> Vec<&TokenWeight> {
    let side = match explanation.probability >= 0.5 {
        true => &explanation.spam,
        false => &explanation.ham,
    };
    let (mut readable, pieces): (Vec<_>, Vec<_>) =
        side.iter().partition(|token| token.view != View::Chars);
    readable.extend(pieces);
    readable.truncate(5);
    readable
}

fn reliability_table(scored: &[Scored]) -> String {
    let mut out = "\nReliability: of the texts with such a score, how many were spam?\n".to_owned();
    let _ = writeln!(out, "  score          texts   mean score   were spam");
    for (i, bin) in reliability(scored).iter().enumerate() {
        let from = i as f64 / BINS as f64;
        let to = (i + 1) as f64 / BINS as f64;
        let _ = write!(out, "  {from:.1} to {to:.1} {:>10}", thousands(bin.texts));
        let _ = match bin.texts {
            0 => writeln!(out, "            –           –"),
            _ => writeln!(out, "   {:>10.3}   {:>9.3}", bin.stated, bin.seen()),
        };
    }
    out
}

fn histogram(scored: &[Scored]) -> String {
    let histogram = Histogram::of(scored);
    let most = histogram.spam.iter().chain(&histogram.ham).max();
    let most = most.copied().unwrap_or(0).max(1);
    // A single text is still to be seen.
    let bar = |n: u64| "#".repeat((n * 24).div_ceil(most) as usize);
    let mut out = "\nScores\n".to_owned();
    let _ = writeln!(
        out,
        "  score              ham                                spam"
    );
    for (i, (&spam, &ham)) in histogram.spam.iter().zip(&histogram.ham).enumerate() {
        let from = i as f64 / Histogram::BINS as f64;
        let to = (i + 1) as f64 / Histogram::BINS as f64;
        let line = format!(
            "  {from:.2} to {to:.2} {:>7}  {:<24} {:>7}  {}",
            thousands(ham),
            bar(ham),
            thousands(spam),
            bar(spam)
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_the_wanted_share_and_leaves_out_as_few_as_can_be() {
        let examples: Vec<Example> = (0..200)
            .map(|i| Example::new("", if i % 2 == 0 { Label::Spam } else { Label::Ham }))
            .collect();
        let order: Vec<usize> = (0..200).rev().collect();
        let of = |share| {
            let kept = sample(&order, &examples, share)?;
            let spam = kept.iter().filter(|&&row| row % 2 == 0).count();
            Some((spam, kept.len() - spam))
        };
        assert_eq!(of(0.125), Some((14, 100)));
        assert_eq!(of(0.5), Some((100, 100)));
        assert_eq!(of(0.8), Some((100, 25)));
        for none in [0.0, 0.001, 0.999, 1.0] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
