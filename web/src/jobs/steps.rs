//! Work on very many, such as telling all followers of a release.

use crate::app::App;
use crate::error::Error;
use potluck_models::job::Job;
use potluck_models::{Db, QueryResult};
use std::time::Instant;

/// Step by step, each a transaction that others may come between. `go_on` does one, and says whether there
/// is more.
pub async fn work(
    app: &App,
    job: &Job,
    go_on: fn(&mut Db, &Job) -> QueryResult<bool>,
) -> Result<(), Error> {
    loop {
        let (job, start) = (job.clone(), Instant::now());
        if !app.write(move |db| go_on(db, &job)).await? {
            return Ok(());
        }
        // Nobody waits for the last of them; who posts waits for the write lock.
        tokio::time::sleep(start.elapsed() / 2).await;
    }
}
