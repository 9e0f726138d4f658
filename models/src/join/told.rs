//! What inboxes tell of requests to join, and the letters about them.

use super::{ASKS_AGAIN, Answer, MOST};
use crate::account::User;
use crate::db::{JoinNoticeId, UserId, now};
use crate::item::State;
use crate::looking::Role;
use crate::mailing::{self, Topic};
use crate::schema::{ignores, items, join_notices, join_requests, projects, users};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// A notice about a request as an inbox shows it: to a maker that somebody asks, to who asked that it
/// was answered.
#[derive(Clone, Debug)]
pub struct Told {
    pub id: JoinNoticeId,
    pub at: NaiveDateTime,
    pub read: bool,
    pub role: Role,
    pub state: Answer,
    pub words: String,
    pub slug: String,
    pub title: String,
    /// Who asked, or who answered.
    pub username: String,
    pub display_name: String,
    pub avatar: Option<String>,
}

impl Told {
    pub fn name(&self) -> &str {
        match self.display_name.is_empty() {
            true => &self.username,
            false => &self.display_name,
        }
    }

    /// What happened, between the name of who did it and that of the project.
    pub fn what(&self) -> String {
        match self.state {
            Answer::Open => format!("would like to join, as {}, on", self.role.one()),
            Answer::Accepted => "took you in: you are a maker now of".to_owned(),
            Answer::Declined | Answer::Withdrawn => "declined your request to join".to_owned(),
        }
    }

    /// Where it is answered, or what it is about.
    pub fn path(&self) -> String {
        match self.state {
            Answer::Open => format!("/projects/{}/makers#asking", self.slug),
            _ => format!("/projects/{}", self.slug),
        }
    }
}

type Person = (String, String, Option<String>);
type Row = (
    (JoinNoticeId, NaiveDateTime, Option<NaiveDateTime>),
    (Role, Answer, String),
    (String, String),
    Person,
    Option<Person>,
);

/// Newest first; one alone, if it is named.
fn load(db: &mut Db, user: UserId, one: Option<JoinNoticeId>) -> QueryResult<Vec<Told>> {
    let answerers = diesel::alias!(users as answerers);
    let asked = join_requests::state
        .eq(Answer::Open)
        .and(join_requests::user_id.ne(user))
        .and(
            users::suspended_until
                .is_null()
                .or(users::suspended_until.lt(now())),
        )
        .and(
            users::id.ne_all(
                ignores::table
                    .filter(ignores::by_id.eq(user))
                    .select(ignores::user_id),
            ),
        );
    let answered = join_requests::state
        .eq_any([Answer::Accepted, Answer::Declined])
        .and(join_requests::user_id.eq(user));
    let mut query = join_notices::table
        .inner_join(join_requests::table)
        .inner_join(users::table.on(users::id.eq(join_requests::user_id)))
        .inner_join(projects::table.on(projects::id.eq(join_requests::project_id)))
        .inner_join(items::table.on(items::id.eq(join_requests::project_id)))
        .left_join(
            answerers.on(join_requests::answered_by.eq(answerers.field(users::id).nullable())),
        )
        .filter(join_notices::user_id.eq(user))
        .filter(items::state.eq(State::Published))
        .filter(asked.or(answered))
        .order(join_notices::id.desc())
        .limit(MOST)
        .select((
            (
                join_notices::id,
                join_notices::created_at,
                join_notices::read_at,
            ),
            (
                join_requests::role,
                join_requests::state,
                join_requests::words,
            ),
            (projects::slug, projects::title),
            (users::username, users::display_name, users::avatar),
            (
                answerers.field(users::username),
                answerers.field(users::display_name),
                answerers.field(users::avatar),
            )
                .nullable(),
        ))
        .into_boxed();
    if let Some(one) = one {
        query = query.filter(join_notices::id.eq(one));
    }
    let rows: Vec<Row> = query.load(db)?;
    Ok(rows
        .into_iter()
        .map(|(notice, request, project, asker, answerer)| {
            let by = match request.1 {
                Answer::Open => asker,
                _ => answerer.unwrap_or(asker),
            };
            Told {
                id: notice.0,
                at: notice.1,
                read: notice.2.is_some(),
                role: request.0,
                state: request.1,
                words: request.2,
                slug: project.0,
                title: project.1,
                username: by.0,
                display_name: by.1,
                avatar: by.2,
            }
        })
        .collect())
}

/// Those of an inbox: what waits for an answer, and what was answered and not read or not long ago.
pub fn inbox(db: &mut Db, user: UserId) -> QueryResult<Vec<Told>> {
    let lately = now() - ASKS_AGAIN;
    let mut all = load(db, user, None)?;
    all.retain(|told| told.state == Answer::Open || !told.read || told.at > lately);
    Ok(all)
}

/// How many are not read. Nearly always there is none, which is one look into an index.
pub fn unread(db: &mut Db, user: UserId) -> QueryResult<i64> {
    let any: Option<JoinNoticeId> = join_notices::table
        .filter(
            join_notices::user_id
                .eq(user)
                .and(join_notices::read_at.is_null()),
        )
        .select(join_notices::id)
        .first(db)
        .optional()?;
    if any.is_none() {
        return Ok(0);
    }
    let all = load(db, user, None)?;
    Ok(all.iter().filter(|told| !told.read).count() as i64)
}

pub fn read_all(db: &mut Db, user: UserId, up_to: JoinNoticeId) -> QueryResult<usize> {
    diesel::update(
        join_notices::table
            .filter(join_notices::user_id.eq(user))
            .filter(join_notices::id.le(up_to))
            .filter(join_notices::read_at.is_null()),
    )
    .set(join_notices::read_at.eq(now()))
    .execute(db)
}

/// Gives where it leads; none, if it is not theirs or is over.
pub fn read_one(db: &mut Db, user: UserId, id: JoinNoticeId) -> QueryResult<Option<String>> {
    let Some(told) = load(db, user, Some(id))?.pop() else {
        return Ok(None);
    };
    diesel::update(
        join_notices::table
            .find(id)
            .filter(join_notices::read_at.is_null()),
    )
    .set(join_notices::read_at.eq(now()))
    .execute(db)?;
    Ok(Some(told.path()))
}

/// Takes the letter about one, once: none when it is read or over meanwhile, or mail is not wanted.
pub fn take_letter(
    db: &mut Db,
    user: UserId,
    id: JoinNoticeId,
) -> QueryResult<Option<(User, Told)>> {
    let person = User::find(db, user)?;
    let shut_out = person
        .sanctioned
        .locked_out_until
        .is_some_and(|until| until > now());
    if !mailing::wants(db, user, Topic::Team)? || !person.is_confirmed() || shut_out {
        return Ok(None);
    }
    let Some(told) = load(db, user, Some(id))?.pop().filter(|told| !told.read) else {
        return Ok(None);
    };
    let taken = diesel::update(
        join_notices::table
            .find(id)
            .filter(join_notices::mailed_at.is_null()),
    )
    .set(join_notices::mailed_at.eq(now()))
    .execute(db)?;
    Ok((taken > 0).then_some((person, told)))
}
