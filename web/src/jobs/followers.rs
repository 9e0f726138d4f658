//! Telling those who follow something of what is new.

use crate::app::App;
use crate::error::Error;
use potluck_models::follow;
use potluck_models::job::Job;
use std::time::Instant;

/// Step by step, each a transaction that others may come between.
pub async fn tell(app: &App, job: &Job) -> Result<(), Error> {
    loop {
        let (job, start) = (job.clone(), Instant::now());
        if !app.write(move |db| follow::go_on(db, &job)).await? {
            return Ok(());
        }
        // Nobody waits for the last follower; who posts waits for the write lock.
        tokio::time::sleep(start.elapsed() / 2).await;
    }
}
