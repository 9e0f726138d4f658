//! The daily letter to moderators, at the hour of the settings.

use crate::app::App;
use crate::error::Error;
use crate::mail::Letter;
use crate::pages::unsubscribe;
use chrono::NaiveDateTime;
use potluck_models::db::{Db, now};
use potluck_models::moderation::digest;
use std::sync::Arc;
use std::time::Duration;

/// How often it is asked whether the hour has come.
const LOOK: Duration = Duration::from_secs(60);

/// Sends it whenever it is due, until the process ends. Of several processes, the first that asks.
pub async fn watch(app: Arc<App>) {
    loop {
        if let Err(error) = send(&app, now()).await {
            tracing::warn!("cannot send the daily letters: {error}");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Queues the letters of the day, if they are due at this time and nobody has. Gives how many.
pub async fn send(app: &App, at: NaiveDateTime) -> Result<usize, Error> {
    let (settings, url) = (app.settings(), app.url());
    let hour = settings.digest_hour;
    // A look without the write lock: an idle site writes nothing.
    if !app.read(move |db| digest::is_due(db, hour, at)).await? {
        return Ok(0);
    }
    let sent = app
        .write(move |db: &mut Db| -> potluck_models::QueryResult<usize> {
            let Some(digest) = digest::take(db, hour, at)? else {
                return Ok(0);
            };
            for to in &digest.to {
                let stop = unsubscribe::of_digest(&url, &settings.key, to.id);
                Letter::digest(&settings.site_name, &url, to, &digest, stop).queue(db)?;
            }
            Ok(digest.to.len())
        })
        .await?;
    if sent > 0 {
        tracing::info!("queued the daily letter for {sent} moderators");
    }
    Ok(sent)
}
