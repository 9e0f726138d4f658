//! Notices of comments, and the letters about what lies in inboxes.

use crate::app::App;
use crate::error::Error;
use crate::mail::Letter;
use crate::pages::{inbox, unsubscribe};
use chrono::NaiveDateTime;
use potluck_models::QueryResult;
use potluck_models::db::{Db, ItemId, UserId, now};
use potluck_models::{mailing, notice};
use std::sync::Arc;
use std::time::Duration;

/// How often it is asked whether a letter is due.
const LOOK: Duration = Duration::from_secs(1);

/// Makes the notices of these comments, each in a transaction of its own: nobody's verdict waits long.
pub async fn make(app: &App, ids: Vec<ItemId>) -> Result<(), Error> {
    for id in ids {
        app.write(move |db: &mut Db| notice::make(db, &[id]))
            .await?;
    }
    Ok(())
}

/// A letter that a version before queued.
pub async fn queued_before(app: &App, user: UserId, item: ItemId) -> Result<(), Error> {
    app.write(move |db: &mut Db| mailing::queued_before(db, user, item))
        .await
        .map(|_| ())
}

/// Writes the letters that are due, until the process ends. Of several processes, in turn.
pub async fn watch(app: Arc<App>) {
    loop {
        match write(&app, now()).await {
            // As long as there are more, the sending sets the pace.
            Ok(n) if n > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!("cannot write letters about notices: {error}"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Queues the next letters that are due at this time. Gives how many.
pub async fn write(app: &App, at: NaiveDateTime) -> Result<usize, Error> {
    // A look without the write lock: an idle site writes nothing.
    if !app.read(move |db| mailing::is_due(db, at)).await? {
        return Ok(0);
    }
    let (settings, url) = (app.settings(), app.url());
    app.write(move |db: &mut Db| -> QueryResult<usize> {
        let letters = mailing::take(db, at, settings.letters_a_minute)?;
        for bundle in &letters {
            let stop = unsubscribe::address(&url, &settings.key, bundle.stop(), bundle.to.id);
            Letter::news(&settings.site_name, &url, bundle, inbox::path, stop).queue(db)?;
        }
        Ok(letters.len())
    })
    .await
}
