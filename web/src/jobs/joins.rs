//! Letters about requests to join the makers of a project.

use crate::app::App;
use crate::error::Error;
use crate::mail::Letter;
use crate::pages::unsubscribe;
use potluck_models::QueryResult;
use potluck_models::account::User;
use potluck_models::db::{Db, JoinNoticeId, UserId};
use potluck_models::join::{self, Answer, Told};
use potluck_models::mailing::{Stop, Topic};

/// Writes to a maker that somebody asks, or to who asked that it was answered; unless they have read
/// it, or it is over.
pub async fn write(app: &App, user: UserId, id: JoinNoticeId) -> Result<(), Error> {
    let (settings, url) = (app.settings(), app.url());
    app.write(move |db: &mut Db| -> QueryResult<()> {
        let Some((person, told)) = join::take_letter(db, user, id)? else {
            return Ok(());
        };
        let stop = unsubscribe::address(&url, &settings.key, Stop::Topic(Topic::Team), user);
        letter(&url, &person, &told, stop).queue(db)?;
        Ok(())
    })
    .await
}

/// Without the words: they are read, and answered, where one can also see who wrote them.
fn letter(url: &str, to: &User, told: &Told, stop: String) -> Letter {
    let (by, project) = (&told.username, &told.title);
    let (subject, what) = match told.state {
        Answer::Open => (
            format!("{by} would like to join {project}"),
            format!(
                "{by} would like to join {project}, as {}. What they wrote, and how to answer:",
                told.role.one()
            ),
        ),
        Answer::Accepted => (
            format!("You are a maker of {project} now"),
            format!("{by} took you in. All makers of a project have the same rights. Say hello:"),
        ),
        Answer::Declined | Answer::Withdrawn => (
            format!("About your request to join {project}"),
            format!("The makers of {project} declined your request. Others look for people, too:"),
        ),
    };
    let address = match told.state {
        Answer::Declined | Answer::Withdrawn => "/projects".to_owned(),
        _ => told.path(),
    };
    let (address, inbox) = (format!("{url}{address}"), format!("{url}/inbox"));
    Letter::told(to, subject, &what, &address, &inbox, stop)
}
