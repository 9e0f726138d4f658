//! Letters about what moderators answered, some minutes later: to reporters, and to authors who asked
//! for another look. What was undone meanwhile is told to nobody.

use crate::app::App;
use crate::error::Error;
use crate::mail::Letter;
use potluck_models::db::{AppealId, Db, VerdictId};
use potluck_models::item::{Queue, State};
use potluck_models::moderation::appeal::{self, Outcome};
use potluck_models::moderation::profile_report;
use potluck_models::moderation::report::{self, Answered};

/// One letter for each reporter, with all of theirs that was answered.
pub async fn reporters(app: &App, answered: Answered) -> Result<(), Error> {
    let (settings, url) = (app.settings(), app.url());
    app.write(move |db: &mut Db| -> diesel::QueryResult<()> {
        let all = match answered {
            Answered::Batch(batch) => report::take_answers(db, batch)?,
            Answered::Profile(person, at) => profile_report::take_answers(db, person, at)?,
        };
        for (reporter, reports) in all {
            let lines: Vec<String> = reports
                .iter()
                .map(|report| format!("- {} {}", report.what, report.fate.words()))
                .collect();
            Letter::reported(
                &settings.site_name,
                &url,
                &reporter.username,
                &reporter.email,
                &lines,
            )
            .queue(db)?;
        }
        Ok(())
    })
    .await
}

pub async fn author(app: &App, id: AppealId, verdict: VerdictId) -> Result<(), Error> {
    let (settings, url) = (app.settings(), app.url());
    app.write(move |db: &mut Db| -> diesel::QueryResult<()> {
        let Some((appeal, item, author)) = appeal::take_answer(db, id, verdict)? else {
            return Ok(());
        };
        let sentence = match (appeal.outcome, item.state, item.queue) {
            (None, ..) | (_, State::Deleted, _) => return Ok(()),
            (Some(Outcome::Upheld), ..) => "It stays away from readers.",
            (Some(Outcome::Overturned), _, Some(Queue::Maker)) => {
                "Nothing is wrong with it. The maker of the project looks at each comment first, and it waits for them now."
            }
            (Some(Outcome::Overturned), ..) => "Nothing is wrong with it: readers see it.",
        };
        Letter::appeal(
            &settings.site_name,
            &url,
            &author.username,
            &author.email,
            &format!("{} {}", item.kind, item.id),
            sentence,
            &appeal.answer,
            &format!("{url}/appeals/{}", item.id),
        )
        .queue(db)
        .map(|_| ())
    })
    .await
}
