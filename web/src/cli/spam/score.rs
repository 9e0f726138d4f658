//! `potluck spam score`: a model's probability of spam beside each row, in order.

use super::{load_model, replace, say, thousands, took};
use anyhow::Context;
use clap::Args;
use potluck_models::spam::labelled::{Table, write_predictions};
use std::io;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args)]
pub struct Score {
    /// A model that `potluck spam train` made
    model: PathBuf,
    /// CSV with a column text; - for standard input
    file: PathBuf,
    /// Write here instead of to standard output
    #[arg(long, value_name = "CSV")]
    out: Option<PathBuf>,
}

impl Score {
    pub fn run(self) -> anyhow::Result<()> {
        let start = Instant::now();
        let model = load_model(&self.model)?;
        let table = Table::read(&self.file)?;
        let scores: Vec<Option<f64>> = table
            .texts()
            .map(|text| Some(model.score(text, &[])))
            .collect();
        let tables = [(&table, scores.as_slice())];
        match self.out.filter(|path| path.as_os_str() != "-") {
            Some(path) => {
                replace(&path, |out| Ok(write_predictions(out, &tables)?))?;
                let rows = thousands(table.len() as u64);
                say(&format!(
                    "{rows} rows with their scores are in {}.\n",
                    path.display()
                ))?;
                took(start);
                Ok(())
            }
            None => match write_predictions(io::stdout().lock(), &tables) {
                // A reader that has seen enough (`| head`) is no fault.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(error).context("cannot write to standard output")
                }
                _ => Ok(()),
            },
        }
    }
}
