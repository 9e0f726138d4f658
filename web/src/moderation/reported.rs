//! Reports of profiles on the desk: the people whom they are about, and the answer to all about one.

use super::banner;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, safe_next, see_other};
use crate::session::Moderator;
use actix_web::{HttpResponse, web};
use diesel::prelude::*;
use potluck_models::account::User;
use potluck_models::db::{ItemId, UserId};
use potluck_models::moderation::profile_report::{self, Outcome, ProfileReport};
use potluck_models::moderation::queue::{self, Content};
use potluck_models::schema::{profiles, users};
use potluck_models::{Db, QueryResult};

pub type Reported = Vec<(User, Vec<ProfileReport>)>;

/// These people with the reports that wait, in their order. Who has none is left out.
pub fn of(db: &mut Db, people: &[UserId]) -> QueryResult<Reported> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let mut found: Vec<User> = users::table
        .filter(users::id.eq_any(people))
        .select(User::as_select())
        .load(db)?;
    found.sort_by_key(|person| people.iter().position(|id| *id == person.id));
    let reports = profile_report::about(db, people, false)?;
    // What is reported may be hidden from readers meanwhile, and what waits may be what it is about.
    let items: Vec<ItemId> = profiles::table
        .filter(profiles::user_id.eq_any(people))
        .select(profiles::id)
        .load(db)?;
    for entry in queue::these(db, &items)? {
        let Content::Profile { fields, .. } = &entry.content else {
            continue;
        };
        let Some(person) = found.iter_mut().find(|person| person.id == entry.author.id) else {
            continue;
        };
        person.display_name.clone_from(&fields.display_name);
        person.bio.clone_from(&fields.bio);
        for link in &fields.links {
            person.bio.push('\n');
            person.bio.push_str(&link.url);
        }
    }
    Ok(found
        .into_iter()
        .map(|person| {
            let about = reports.iter().filter(|report| report.user_id == person.id);
            (person.clone(), about.cloned().collect())
        })
        .filter(|(_, reports): &(User, Vec<ProfileReport>)| !reports.is_empty())
        .collect())
}

/// "Leave it", "Acted on", or opens again what was answered last.
pub async fn answer(
    app: web::Data<App>,
    moderator: Moderator,
    username: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let outcome = match form.get("outcome") {
        "reopen" => None,
        word => Some(word.parse::<Outcome>().map_err(|_| {
            Error::BadRequest(
                "Press one of the buttons: leave it, or acted on. Nothing was changed.",
            )
        })?),
    };
    let (by, username) = (moderator.user().id, username.into_inner());
    let (name, done) = app
        .write(move |db: &mut Db| -> Result<(String, usize), Error> {
            let person = User::by_username(db, &username)?.ok_or(Error::NotFound)?;
            if person.id == by {
                return Err(Error::Forbidden(
                    "These are about you: another moderator answers them.".into(),
                ));
            }
            let done = match outcome {
                Some(outcome) => profile_report::answer(db, by, person.id, outcome)?,
                None => profile_report::reopen(db, by, person.id)?,
            };
            Ok((person.username, done))
        })
        .await?;
    let said = match (done, outcome) {
        (0, _) => "nothing",
        (_, Some(_)) => "reports-answered",
        (_, None) => "reports-open",
    };
    let back = match safe_next(form.get("back")) {
        "/" => format!("/moderation/people/{name}"),
        page => banner::without(page, &banner::WORDS),
    };
    Ok(see_other(banner::with(&back, &[("said", said.to_owned())])))
}
