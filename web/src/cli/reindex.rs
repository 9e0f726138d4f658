//! `potluck reindex`: reads every text for the search anew. Beside a running site; a kill in between
//! costs nothing, the site goes on from there.

use super::{open_existing, say};
use crate::config::Config;
use clap::Args;
use potluck_models::db::write_tx;
use potluck_models::search::{self, index};
use std::time::Instant;

#[derive(Args)]
pub struct Reindex {}

impl Reindex {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        let start = Instant::now();
        let db = &mut open_existing(config)?;
        write_tx(db, index::start_anew)?;
        while write_tx(db, index::fill)? {}
        while write_tx(db, index::drain)? {}
        while write_tx(db, search::learn)? {}
        let all = index::count(db)?;
        say(&format!(
            "The search finds {all} texts and people ({:.1?}).\n",
            start.elapsed()
        ))
    }
}
