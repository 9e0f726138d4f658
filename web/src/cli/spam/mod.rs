//! `potluck spam`: the filter on files, without a site; and the models that a site keeps.
//!
//! Results go to standard output, alone, so that `--json` and CSV can be piped; progress (only on a
//! terminal) and how long it took go to standard error. The exit code says whether the work could
//! be done, not how good the figures are.

mod evaluate;
mod explain;
mod replay;
mod score;
mod site;
mod train;

use super::{one_line, say, say_json};
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Subcommand;
use potluck_models::spam::evaluation::Metrics;
use potluck_models::spam::labelled::Table;
use potluck_models::spam::{Example, Label, Model};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Subcommand)]
pub enum Spam {
    /// Measure the filter on labelled files by cross-validation, each file alone
    Evaluate(evaluate::Evaluate),
    /// Train a model on labelled files and store it in a file
    Train(train::Train),
    /// Add a model's probability of spam to each row of a file
    Score(score::Score),
    /// Say why a text looks like spam or not
    Explain(explain::Explain),
    /// Walk through a labelled history as if it happened: what would people have had to decide?
    Replay(replay::Replay),
    /// List the models that the site keeps
    Models(site::Models),
    /// Put one of the site's models into use
    Activate(site::Activate),
    /// Two of the site's models side by side
    Compare(site::Compare),
}

impl Spam {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        match self {
            Spam::Evaluate(evaluate) => evaluate.run(),
            Spam::Train(train) => train.run(),
            Spam::Score(score) => score.run(),
            Spam::Explain(explain) => explain.run(config),
            Spam::Replay(replay) => replay.run(),
            Spam::Models(models) => models.run(config),
            Spam::Activate(activate) => activate.run(config),
            Spam::Compare(compare) => compare.run(config),
        }
    }
}

/// A file with every row labelled, and at least one of each kind.
fn load(path: &Path) -> anyhow::Result<(Table, Vec<Example>)> {
    let table = Table::read(path)?;
    let examples = table.examples()?;
    if examples.is_empty() {
        bail!("{}: it has a header and no rows", table.name);
    }
    for (wanted, name) in [(Label::Spam, "spam"), (Label::Ham, "ham")] {
        if !examples.iter().any(|example| example.label == wanted) {
            bail!(
                "{}: none of its rows is {name}, and both kinds are needed",
                table.name
            );
        }
    }
    Ok((table, examples))
}

fn load_model(path: &Path) -> anyhow::Result<Model> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Model::from_bytes(&bytes).with_context(|| path.display().to_string())
}

fn took(start: Instant) {
    let _ = writeln!(io::stderr(), "Took {:.1?}.", start.elapsed());
}

/// Writes a file beside its place and moves it there: whoever reads it finds the old one or the
/// whole new one.
fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let context = || format!("cannot write {}", path.display());
    // A link goes on pointing to what it points to.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|there| !there.is_file()) {
        // A folder says so itself; a device or a pipe must not be replaced by a file.
        return write(&mut File::create(&path).with_context(context)?).with_context(context);
    }
    let Some(name) = path.file_name() else {
        bail!("{}: this is no name for a file", context());
    };
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(beside);
    let written: anyhow::Result<()> = (|| {
        let mut out = BufWriter::new(File::create(&beside)?);
        write(&mut out)?;
        out.into_inner()
            .map_err(|error| error.into_error())?
            .sync_all()?;
        fs::rename(&beside, &path)?;
        Ok(())
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written.with_context(context)
}

/// One line on the terminal that is written over again and again; nothing in a pipe.
struct Progress {
    terminal: bool,
}

impl Progress {
    fn new() -> Progress {
        Progress {
            terminal: io::stderr().is_terminal(),
        }
    }

    fn show(&self, line: &str) {
        if self.terminal {
            let _ = write!(io::stderr(), "\r\x1b[K{line}");
            let _ = io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn figures(m: &Metrics) -> String {
    let c = &m.confusion;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "               F1   precision   recall   called spam   called ham"
    );
    for (kind, f1, precision, recall, as_spam, as_ham) in [
        (
            "ham",
            m.f1_ham,
            m.precision_ham,
            m.recall_ham,
            c.ham_as_spam,
            c.ham_as_ham,
        ),
        (
            "spam",
            m.f1_spam,
            m.precision_spam,
            m.recall_spam,
            c.spam_as_spam,
            c.spam_as_ham,
        ),
    ] {
        let _ = writeln!(
            out,
            "  {kind:<8} {f1:>7.3} {precision:>11.3} {recall:>8.3} {:>13} {:>12}",
            thousands(as_spam),
            thousands(as_ham)
        );
    }
    let _ = writeln!(
        out,
        "  ROC AUC {:.4}; ham flagged when 90 % of spam is caught {:.1} %, 95 %: {:.1} %",
        m.auc,
        m.ham_flagged_at_90 * 100.0,
        m.ham_flagged_at_95 * 100.0
    );
    let _ = writeln!(
        out,
        "  Brier score {:.4}, calibration error {:.4}",
        m.brier, m.ece
    );
    out
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(p) if (0.0..=1.0).contains(&p) => Ok(p),
        _ => Err("give a number between 0 and 1".to_owned()),
    }
}

/// `-` or the path, for the words of a result.
fn named(files: &[PathBuf]) -> String {
    let names: Vec<String> = files
        .iter()
        .map(|path| match path.as_os_str() == "-" {
            true => "standard input".to_owned(),
            false => path.display().to_string(),
        })
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strange_text_stays_on_one_line_and_cannot_move_the_cursor() {
        assert_eq!(one_line("a\r\n\tb \u{1b}[2Jc \u{202e}d", 80), "a b [2Jc d");
        assert_eq!(one_line("щщщщ щщщ", 5), "щщщщ…");
        assert_eq!(one_line("short", 5), "short");
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(thousands),
            ["0", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        replace(&path, |out| Ok(out.write_all(b"old")?)).unwrap();
        let failed = replace(&path, |out| {
            out.write_all(b"half")?;
            bail!("the work failed")
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        replace(&path, |out| Ok(out.write_all(b"new")?)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(replace(folder.path(), |_| Ok(())).is_err());
        assert!(replace(&folder.path().join("none/out.csv"), |_| Ok(())).is_err());
    }
}
