//! Letters about what was said to somebody.

use crate::app::App;
use crate::error::Error;
use crate::mail::Letter;
use crate::pages::unsubscribe;
use potluck_models::QueryResult;
use potluck_models::db::{Db, ItemId, UserId};
use potluck_models::notice;

/// Makes the notices of these comments, each in a transaction of its own: nobody's verdict waits long.
pub async fn make(app: &App, ids: Vec<ItemId>) -> Result<(), Error> {
    for id in ids {
        app.write(move |db: &mut Db| notice::make(db, &[id]))
            .await?;
    }
    Ok(())
}

/// Writes to somebody about a comment, unless they have read it, or it is gone.
pub async fn write(app: &App, user: UserId, comment: ItemId) -> Result<(), Error> {
    let (settings, url) = (app.settings(), app.url());
    app.write(move |db: &mut Db| -> QueryResult<()> {
        let Some((person, notice)) = notice::take_letter(db, user, comment)? else {
            return Ok(());
        };
        let stop = unsubscribe::about_notices(&url, &settings.key, user);
        Letter::notice(&url, &person, &notice, stop).queue(db)?;
        Ok(())
    })
    .await
}
