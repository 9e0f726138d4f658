//! The filter in use: loaded at start, swapped when another process activates a model. A missing or
//! broken model never stops a comment: rules decide, it is logged, and moderators see it.

use crate::app::App;
use potluck_models::db::{Db, write_tx};
use potluck_models::intake::ActiveModel;
use potluck_models::spam::training::{self, LoadError};

/// For the start: the bundled starter on the first day, then whatever is active.
pub fn load_or_init(db: &mut Db) -> diesel::QueryResult<Option<ActiveModel>> {
    if write_tx(db, training::ensure_starter)? {
        tracing::info!("the bundled starter model is in use until moderators have decided enough");
    }
    match training::load_active(db) {
        Ok(None) => {
            tracing::warn!("no spam model is active: rules decide");
            Ok(None)
        }
        Ok(active) => Ok(active),
        Err(LoadError::Database(error)) => Err(error),
        Err(broken) => {
            let last_good = training::last_good(db)?;
            match &last_good {
                Some(good) => tracing::error!("{broken}: model {} decides instead", good.id),
                None => tracing::error!("{broken}: rules decide until another model is activated"),
            }
            Ok(last_good)
        }
    }
}

/// After a change: the new model, or the last good one if the new one cannot be read. False when
/// the database did not answer, so that it is worth asking again.
pub async fn reload(app: &App) -> bool {
    match app
        .read(|db| Ok::<_, crate::error::Error>(training::load_active(db)))
        .await
    {
        Ok(Ok(active)) => {
            if let Some(active) = &active {
                tracing::info!("spam model {} is in use", active.id);
            }
            app.set_filter(active);
            true
        }
        Ok(Err(LoadError::Database(error))) => {
            tracing::error!("cannot read the active model: {error}");
            false
        }
        Ok(Err(broken)) => {
            tracing::error!("{broken}: the last good model stays in use");
            true
        }
        Err(error) => {
            tracing::error!("cannot read the active model: {error}");
            false
        }
    }
}
