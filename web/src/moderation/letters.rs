//! The job that writes to authors about a batch of verdicts, step by step.

use crate::app::App;
use crate::error::Error;
use crate::mail::Letter;
use potluck_models::moderation::letters::Letters;
use potluck_models::{Db, QueryResult};

pub async fn work(app: &App, about: Letters) -> Result<(), Error> {
    loop {
        let (settings, url) = (app.settings(), app.url());
        let step = move |db: &mut Db| -> QueryResult<bool> {
            let (notices, more) = about.step(db)?;
            for notice in notices.iter().filter(|notice| !notice.texts.is_empty()) {
                let reason = settings.reasons.find(&notice.reason);
                Letter::verdicts(&settings.site_name, &url, notice, reason).queue(db)?;
            }
            Ok(more)
        };
        if !app.write(step).await? {
            return Ok(());
        }
    }
}
