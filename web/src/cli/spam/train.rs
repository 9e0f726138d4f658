//! `potluck spam train`. linfa's published versions print the whole model to standard error on every
//! fit, so the work is done by a child of this process whose standard error goes nowhere, as
//! `potluck retrain` does it; its steps, result or fault come on its standard output.

use super::{Progress, named, replace, say, say_json, took};
use anyhow::{Context, bail};
use clap::Args;
use potluck_models::spam::labelled::Table;
use potluck_models::spam::{Options, Step, Trained, train};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

#[derive(Args)]
pub struct Train {
    /// CSV with columns text and label (spam or ham); - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the model goes
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// For the cross-validation that calibrates the model
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Tokens kept a view, the most informative first
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    vocabulary: u64,
    /// Begin with the bundled counts, as a site does, instead of with these files alone
    #[arg(long)]
    with_starter: bool,
    /// One JSON document instead of text
    #[arg(long)]
    json: bool,
    /// The work itself, in a child process
    #[arg(long, hide = true)]
    child: bool,
}

impl Train {
    pub fn run(self) -> anyhow::Result<()> {
        if !self.child {
            return self.supervise();
        }
        let outcome = self.work();
        if let Err(error) = &outcome {
            say(&format!("fault {error:#}\n"))?;
        }
        outcome
    }

    fn supervise(self) -> anyhow::Result<()> {
        let start = Instant::now();
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--log", "off", "spam", "train", "--child"]);
        command.args(["--seed", &self.seed.to_string()]);
        command.args(["--vocabulary", &self.vocabulary.to_string()]);
        if self.with_starter {
            command.arg("--with-starter");
        }
        if self.json {
            command.arg("--json");
        }
        let mut child = command
            .arg("--out")
            .arg(&self.out)
            .arg("--")
            .args(&self.files)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the training")?;
        let output = child.stdout.take().context("the training has no output")?;
        let progress = Progress::new();
        let (mut said, mut fault) = (String::new(), None);
        for line in BufReader::new(output).lines() {
            let line = line?;
            if let Some(step) = line.strip_prefix("step ") {
                progress.show(step);
            } else if let Some(message) = line.strip_prefix("fault ") {
                fault = Some(message.to_owned());
            } else {
                said += &line;
                said.push('\n');
            }
        }
        let status = child.wait()?;
        drop(progress);
        match fault {
            Some(fault) => bail!(fault),
            None if !status.success() => bail!("the training ended early ({status})"),
            None => say(&said)?,
        }
        took(start);
        Ok(())
    }

    fn work(&self) -> anyhow::Result<()> {
        let mut examples = Vec::new();
        for path in &self.files {
            examples.extend(Table::read(path)?.into_examples()?);
        }
        if examples.is_empty() {
            bail!("{}: there are no rows to learn from", named(&self.files));
        }
        let options = Options {
            seed: self.seed,
            vocabulary: self.vocabulary as usize,
            starter: self.with_starter,
            ..Options::default()
        };
        let mut out = std::io::stdout();
        let mut progress = |step: Step, share: f32| {
            let _ = writeln!(out, "step {step}: {:.0} %", share * 100.0);
        };
        let Trained { model, report } =
            train(&examples, &options, &mut progress).context(named(&self.files))?;
        let bytes = model.to_bytes();
        replace(&self.out, |out| Ok(out.write_all(&bytes)?))?;
        if self.json {
            return say_json(&json!({
                "model": self.out,
                "bytes": bytes.len(),
                "with_starter": self.with_starter,
                "report": report,
            }));
        }
        say(&format!(
            "Trained on {}, {}.\n\n{report}\nThe model is in {} ({} KB).\n",
            named(&self.files),
            match self.with_starter {
                true => "beginning with the bundled starter",
                false => "alone, without the bundled starter",
            },
            self.out.display(),
            bytes.len().div_ceil(1000)
        ))
    }
}
