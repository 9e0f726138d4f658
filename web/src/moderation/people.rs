//! People, for moderators: the list, and the page of one with all that is known of them. What can
//! be done about a person stands in `sanctions.rs`.

use super::Frame;
use super::beside::Beside;
use super::reported::{self, Reported};
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{Html, Layout, encode, page, page_with};
use crate::session::Moderator;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::account::User;
use potluck_models::block;
use potluck_models::db::{NoteId, UserId};
use potluck_models::fairness::{self, Hint};
use potluck_models::item::State;
use potluck_models::moderation::person::{
    self, Cursor, Listed, MAX_NOTE, Network, Note, Received, Show, Tally,
};
use potluck_models::moderation::profile_report::{self, MUCH, Outcome, ProfileReport};
use potluck_models::moderation::queue::{self, Content, Entry};
use potluck_models::moderation::sanction::{self, Sanction, Sort, Told};
use potluck_models::moderation::verdict::UNDO;
use potluck_models::profile::Profile;
use potluck_models::project::{Card, Listing};
use potluck_models::{Db, QueryResult};
use serde::Deserialize;

const MOST_PROJECTS: i64 = 60;

#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    show: String,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "moderation/people.html")]
struct ListPage {
    layout: Layout,
    frame: Frame,
    name: String,
    show: Show,
    people: Vec<(Listed, Tally)>,
    me: UserId,
    /// What waits: reported profiles, and who joined lately and has much put away.
    reported: Reported,
    crowding: Vec<(String, i64)>,
    is_first: bool,
    next: Option<Cursor>,
}

impl ListPage {
    fn shows(&self) -> [(Show, &'static str); 4] {
        [
            (Show::Newest, "Newest"),
            (Show::Suspended, "Suspended"),
            (Show::Removed, "Most removed"),
            (Show::Spam, "Most spam"),
        ]
    }

    fn address(&self, show: &Show) -> String {
        let mut words = Vec::new();
        if *show != Show::Newest {
            words.push(format!("show={show}"));
        }
        if !self.name.is_empty() {
            words.push(format!("q={}", encode(&self.name)));
        }
        match words.is_empty() {
            true => "/moderation/people".into(),
            false => format!("/moderation/people?{}", words.join("&")),
        }
    }

    fn next_page(&self, cursor: &Cursor) -> String {
        let here = self.address(&self.show);
        let sign = if here.contains('?') { '&' } else { '?' };
        format!("{here}{sign}after={cursor}")
    }

    fn is_suspended(&self, person: &Listed) -> bool {
        person.suspended_until > Some(self.layout.now)
    }
}

/// "3 published, 1 removed".
pub fn counts(tally: &Tally) -> String {
    let words: Vec<String> = [
        (tally.published, "published"),
        (tally.held, "held"),
        (tally.spam, "spam"),
        (tally.removed, "removed"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| format!("{n} {what}"))
    .collect();
    if words.is_empty() {
        "nothing written".into()
    } else {
        words.join(", ")
    }
}

pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    const FOREIGN: Error = Error::BadRequest("There is no such list of people.");
    let ListQuery { q, show, after } = query.0;
    let name: String = q.trim().chars().take(50).collect();
    let show = match show.as_str() {
        "" => Show::Newest,
        word => word.parse().map_err(|_| FOREIGN)?,
    };
    let after: Option<Cursor> = match after.as_str() {
        "" => None,
        word => Some(word.parse().map_err(|()| FOREIGN)?),
    };
    let asked = name.clone();
    // The queue stands above the first page of the list, and in the way of nothing else.
    let is_queue = name.is_empty() && show == Show::Newest && after.is_none();
    let (people, next, reported, crowding) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            let (people, next) = person::list(db, &asked, show, after)?;
            let (mut waiting, mut crowding) = (Vec::new(), Vec::new());
            if is_queue {
                waiting = profile_report::waiting(db)?;
                crowding = profile_report::crowding(db)?;
            }
            Ok((people, next, reported::of(db, &waiting)?, crowding))
        })
        .await?;
    page(&ListPage {
        layout: Layout::new(&req),
        frame: Frame::of(&req, &app).await?,
        name,
        show,
        people,
        me: moderator.user().id,
        reported,
        crowding,
        is_first: after.is_none(),
        next,
    })
}

#[derive(Template)]
#[template(path = "moderation/person.html")]
struct PersonPage {
    me: UserId,
    layout: Layout,
    frame: Frame,
    person: User,
    is_maker: bool,
    /// Why nothing can be done about this person by who looks.
    spared: Option<String>,
    tally: Tally,
    /// The newest texts in each state that has some.
    texts: Vec<(State, Vec<Entry>)>,
    sanctions: Vec<Told>,
    received: Vec<Received>,
    notes: Vec<Note>,
    networks: Vec<Network>,
    /// Ratings of theirs that are worth a look.
    hints: Vec<Hint>,
    twins: Vec<String>,
    projects: Vec<Card>,
    /// Makers who do not want them on their projects.
    blocks: Vec<block::Told>,
    /// Reports of the profile that wait, and those that were answered.
    reported: Reported,
    answered: Vec<ProfileReport>,
    /// What they say of themselves, in whatever state.
    profile: Option<Entry>,
    /// A note that was not taken, and why.
    note: String,
    fault: Option<String>,
}

impl PersonPage {
    fn in_force(&self) -> Vec<&Told> {
        let all = self.sanctions.iter();
        all.filter(|told| told.sanction.is_in_force()).collect()
    }

    fn over(&self) -> Vec<&Told> {
        let all = self.sanctions.iter();
        all.filter(|told| !told.sanction.is_in_force()).collect()
    }

    /// How many, what it is called, and the queue that has them.
    fn outcomes(&self) -> [(i64, &'static str, String); 4] {
        let name = &self.person.username;
        let tally = &self.tally;
        [
            (
                tally.published,
                "published",
                format!("/moderation/recent?author={name}"),
            ),
            (
                tally.held,
                "held",
                format!("/moderation/held?author={name}"),
            ),
            (
                tally.spam,
                "spam",
                format!("/moderation/spam?author={name}"),
            ),
            (
                tally.removed,
                "removed",
                format!("/moderation/spam?show=removed&author={name}"),
            ),
        ]
    }

    fn note_of(&self, what: &str) -> &'static str {
        match what {
            "published" => "those not looked at",
            "spam" => "those that wait",
            _ => "in the queue",
        }
    }

    fn beside(&self, entry: &Entry) -> Beside {
        let what = format!("{} {}", entry.item.kind, entry.item.id);
        let (csrf, settings) = (&self.layout.csrf, &self.layout.settings);
        Beside::new(&entry.item, what, &self.frame.back, csrf, settings)
    }

    /// What was answered last can be opened again, as long as anything can.
    fn can_reopen(&self) -> bool {
        let last = self
            .answered
            .iter()
            .filter_map(|report| report.closed_at)
            .max();
        self.person.id != self.me && last.is_some_and(|at| self.layout.now - at <= UNDO)
    }

    fn outcome(&self, report: &ProfileReport) -> &'static str {
        match report.outcome {
            Some(Outcome::Acted) => "acted on",
            _ => "left as it is",
        }
    }

    /// Where a verdict's text stands.
    fn place(&self, received: &Received) -> String {
        match received.kind {
            potluck_models::item::Kind::Comment => format!("/comments/{}", received.item_id),
            potluck_models::item::Kind::Profile => format!("/people/{}", self.person.username),
            _ => format!("/moderation/log?of={}", received.batch_id),
        }
    }
}

async fn person_page(
    req: &HttpRequest,
    app: &App,
    moderator: &Moderator,
    username: String,
    refused: Option<(String, String)>,
) -> Result<PersonPage, Error> {
    let by = moderator.user().clone();
    let (layout, frame) = (Layout::new(req), Frame::of(req, app).await?);
    let (note, fault) = match refused {
        Some((note, fault)) => (note, Some(fault)),
        None => (String::new(), None),
    };
    app.read(move |db: &mut Db| -> Result<PersonPage, Error> {
        let person = User::by_username(db, &username)?.ok_or(Error::NotFound)?;
        let id = person.id;
        let projects = Listing {
            maker: Some(id),
            every_state: true,
            limit: MOST_PROJECTS,
            ..Listing::default()
        };
        Ok(PersonPage {
            me: by.id,
            layout,
            frame,
            is_maker: User::is_maker(db, id)?,
            spared: sanction::may_sanction(&by, &person)
                .err()
                .map(|error| error.to_string()),
            tally: person::tallies(db, &[id])?.remove(&id).unwrap_or_default(),
            texts: person::newest(db, id)?,
            sanctions: Sanction::of(db, id)?,
            received: person::verdicts_on(db, id)?,
            notes: person::notes(db, id)?,
            networks: person::networks(db, id)?,
            hints: fairness::hints(db)?
                .into_iter()
                .filter(|hint| hint.is_about(&person.username))
                .collect(),
            twins: person::text_twins(db, id)?,
            projects: projects.load(db)?,
            blocks: block::on_person(db, id)?,
            reported: reported::of(db, &[id])?,
            answered: profile_report::about(db, &[id], true)?,
            profile: match Profile::of(db, id)? {
                Some(profile) => queue::these(db, &[profile.id])?.pop(),
                None => None,
            },
            person,
            note,
            fault,
        })
    })
    .await
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    username: web::Path<String>,
) -> Result<HttpResponse, Error> {
    page(&person_page(&req, &app, &moderator, username.into_inner(), None).await?)
}

pub async fn add_note(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    username: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let username = username.into_inner();
    let text = form.get("note").trim().to_owned();
    let fault = match text.chars().count() {
        0 => Some("Write the note first.".to_owned()),
        n if n > MAX_NOTE => Some(format!(
            "A note has at most {MAX_NOTE} characters; this has {n}."
        )),
        _ => None,
    };
    if let Some(fault) = fault {
        let refused = Some((text, fault));
        let shown = person_page(&req, &app, &moderator, username, refused).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    }
    let by = moderator.user().id;
    let name = app
        .write(move |db: &mut Db| -> Result<String, Error> {
            let person = User::by_username(db, &username)?.ok_or(Error::NotFound)?;
            person::add_note(db, by, person.id, &text)?;
            Ok(person.username)
        })
        .await?;
    Ok(see_other(format!(
        "/moderation/people/{name}?said=noted#notes"
    )))
}

pub async fn remove_note(
    app: web::Data<App>,
    moderator: Moderator,
    id: web::Path<i64>,
) -> Result<HttpResponse, Error> {
    let (by, id) = (moderator.user().id, NoteId(id.into_inner()));
    let name = app
        .write(move |db: &mut Db| -> QueryResult<Option<String>> {
            match person::remove_note(db, by, id)? {
                Some(person) => Ok(Some(User::find(db, person)?.username)),
                None => Ok(None),
            }
        })
        .await?
        .ok_or(Error::NotFound)?;
    Ok(see_other(format!(
        "/moderation/people/{name}?said=note-removed#notes"
    )))
}
