//! Telling those who reported a failure what became of it.

use crate::app::App;
use crate::error::Error;
use potluck_models::failure::telling;
use potluck_models::job::Job;
use std::time::Instant;

/// Step by step, each a transaction that others may come between.
pub async fn tell(app: &App, job: &Job) -> Result<(), Error> {
    loop {
        let (job, start) = (job.clone(), Instant::now());
        if !app.write(move |db| telling::go_on(db, &job)).await? {
            return Ok(());
        }
        // As with followers: nobody waits for the last reporter, who posts waits for the write lock.
        tokio::time::sleep(start.elapsed() / 2).await;
    }
}
