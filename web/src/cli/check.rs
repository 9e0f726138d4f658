//! `potluck check`: recounts what is kept counted, and says what differs. Beside a running site.

use super::{open_existing, say, say_json};
use crate::config::Config;
use clap::Args;
use potluck_models::check::{self, Report};
use std::time::Instant;

#[derive(Args)]
pub struct Check {
    /// Repair what differs
    #[arg(long)]
    fix: bool,
    /// For programs: one JSON document
    #[arg(long)]
    json: bool,
}

/// Differences of one count that are named; all are counted.
const NAMED: usize = 20;

impl Check {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        let start = Instant::now();
        let db = &mut open_existing(config)?;
        let mut broken_pipe = Ok(());
        let json = self.json;
        let reports = check::run(db, self.fix, |report| {
            if !json && broken_pipe.is_ok() {
                broken_pipe = say(&words(report));
            }
        })?;
        broken_pipe?;
        let differ: usize = reports.iter().map(|report| report.differs.len()).sum();
        let all = reports.iter().flat_map(|report| &report.differs);
        let mended = all.filter(|difference| difference.mended).count();
        if self.json {
            return say_json(&serde_json::json!({
                "counts": reports,
                "differ": differ,
                "mended": mended,
                "seconds": start.elapsed().as_secs_f64(),
            }));
        }
        let end = match (differ, self.fix) {
            (0, _) => "Everything agrees".to_owned(),
            (n, false) => format!("{n} differ; --fix repairs"),
            (n, true) => format!("{n} differed, {mended} repaired"),
        };
        say(&format!("{end} ({:.1?}).\n", start.elapsed()))
    }
}

fn words(report: &Report) -> String {
    let mut text = format!("{}: {} looked at, ", report.what, report.rows);
    match report.differs.len() {
        0 => text.push_str("all right\n"),
        n => text.push_str(&format!("{n} wrong\n")),
    }
    for difference in report.differs.iter().take(NAMED) {
        text.push_str(&format!(
            "  {}: {} is stored, {} counted{}\n",
            difference.id,
            difference.stored,
            difference.counted,
            if difference.mended { ", repaired" } else { "" }
        ));
    }
    if report.differs.len() > NAMED {
        text.push_str(&format!("  and {} more\n", report.differs.len() - NAMED));
    }
    text
}
