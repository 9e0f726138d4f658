//! Asking to make a project too: a member who is what its makers look for ([`crate::looking`]) writes
//! to them, in one role. One of the makers takes them in, and they are a maker at once, since they
//! have said yes already; or declines. Those it concerns find it in their inbox.
//!
//! The words are for the makers alone and go when they are answered. They are no public text, so no
//! queue holds them: what is surely advertising is refused, how many may be written is limited, and
//! of people who cannot post, or whom a maker ignores, that maker reads nothing.

mod told;

use crate::account::User;
use crate::block;
use crate::db::{ItemId, JoinId, JoinNoticeId, UserId, now};
use crate::gate::{self, Refusal};
use crate::intake::limits::{self, Limited};
use crate::intake::{self, Context, Outcome, Text};
use crate::invitation::{self, Invited, MOST_MAKERS};
use crate::item::{Kind, State};
use crate::job::Job;
use crate::looking::{self, Role};
use crate::mailing::{self, Topic};
use crate::project::Project;
use crate::schema::{
    ignores, items, join_notices, join_requests, maker_invitations, projects, users,
};
use crate::{Db, QueryResult, words};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// Writes one letter about a request.
pub const LETTER: &str = "join";
pub const MAX_WORDS: usize = 1_000;
/// Requests of one person in a day, and those that wait for an answer at once.
const A_DAY: i64 = 10;
const MOST_OPEN: usize = 10;
/// Who was declined asks again after so long.
const ASKS_AGAIN: Duration = Duration::days(30);
/// Of a list.
const MOST: i64 = 50;

pub use told::{Told, inbox, read_all, read_one, take_letter, unread};

words! {
    pub enum Answer { Open = "open", Accepted = "accepted", Declined = "declined", Withdrawn = "withdrawn" }
}

#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("{}", .0.sentence())]
    Limited(Limited),
    #[error("This project is not public, so nobody can ask to join it.")]
    NotPublic,
    #[error("Choose one of what they look for.")]
    NotLooking,
    #[error("You make it already.")]
    MakesIt,
    #[error("You are invited already: accept that on the page of the project.")]
    Invited,
    #[error("You have asked already. Wait for the answer, or take it back first.")]
    Already,
    #[error("Its makers declined not long ago. You can ask again in a month.")]
    Declined,
    /// Not why: it is between two people.
    #[error("The makers of this project take no requests from you.")]
    Blocked,
    #[error("{MOST_OPEN} requests of yours wait for an answer. Take one back first.")]
    TooMany,
    #[error("This project has 20 makers, and that is as many as there can be.")]
    Full,
    #[error("Say in a few words what you would bring.")]
    NoWords,
    #[error("At most 1,000 characters; these are {0}.")]
    LongWords(usize),
    #[error("This reads like advertising. Say it in your own words, and with fewer links.")]
    Advertising,
    #[error("This was answered or taken back meanwhile.")]
    Answered,
    #[error("{0} cannot join at present.")]
    NotNow(String),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// One that waits, as the makers read it.
#[derive(Clone, Debug, Queryable)]
pub struct Request {
    pub id: JoinId,
    pub role: Role,
    pub words: String,
    pub created_at: NaiveDateTime,
    pub username: String,
    pub display_name: String,
    pub avatar: Option<String>,
    /// A member since.
    pub since: NaiveDateTime,
}

impl Request {
    pub fn name(&self) -> &str {
        match self.display_name.is_empty() {
            true => &self.username,
            false => &self.display_name,
        }
    }

    /// Those that wait on a project, the oldest first, without those that this maker does not want to
    /// read or that come from people who cannot post any more.
    pub fn on(db: &mut Db, project: ItemId, maker: UserId) -> QueryResult<Vec<Request>> {
        join_requests::table
            .inner_join(users::table.on(users::id.eq(join_requests::user_id)))
            .filter(
                join_requests::project_id
                    .eq(project)
                    .and(join_requests::state.eq(Answer::Open)),
            )
            .filter(
                users::suspended_until
                    .is_null()
                    .or(users::suspended_until.lt(now())),
            )
            .filter(
                users::id.ne_all(
                    ignores::table
                        .filter(ignores::by_id.eq(maker))
                        .select(ignores::user_id),
                ),
            )
            .order(join_requests::id)
            .limit(MOST)
            .select((
                join_requests::id,
                join_requests::role,
                join_requests::words,
                join_requests::created_at,
                users::username,
                users::display_name,
                users::avatar,
                users::created_at,
            ))
            .load(db)
    }
}

/// The newest request of somebody on a project.
#[derive(Clone, Copy, Debug, Queryable)]
pub struct Own {
    pub role: Role,
    pub state: Answer,
    pub created_at: NaiveDateTime,
    pub answered_at: Option<NaiveDateTime>,
}

impl Own {
    pub fn of(db: &mut Db, project: ItemId, user: UserId) -> QueryResult<Option<Own>> {
        join_requests::table
            .filter(
                join_requests::user_id
                    .eq(user)
                    .and(join_requests::project_id.eq(project)),
            )
            .order(join_requests::id.desc())
            .select((
                join_requests::role,
                join_requests::state,
                join_requests::created_at,
                join_requests::answered_at,
            ))
            .first(db)
            .optional()
    }

    pub fn waits(&self) -> bool {
        self.state == Answer::Open
    }

    /// Declined, and not long ago.
    pub fn is_declined(&self) -> bool {
        self.state == Answer::Declined && self.answered_at.is_some_and(|at| now() - at < ASKS_AGAIN)
    }
}

/// One's own that wait for an answer, the newest first. None is told of projects that are not public.
#[derive(Clone, Debug, Queryable)]
pub struct Sent {
    pub slug: String,
    pub title: String,
    pub role: Role,
    pub created_at: NaiveDateTime,
}

impl Sent {
    pub fn by(db: &mut Db, user: UserId) -> QueryResult<Vec<Sent>> {
        join_requests::table
            .inner_join(projects::table.on(projects::id.eq(join_requests::project_id)))
            .inner_join(items::table.on(items::id.eq(join_requests::project_id)))
            .filter(
                join_requests::user_id
                    .eq(user)
                    .and(join_requests::state.eq(Answer::Open)),
            )
            .filter(items::state.eq(State::Published))
            .order(join_requests::id.desc())
            .limit(MOST)
            .select((
                projects::slug,
                projects::title,
                join_requests::role,
                join_requests::created_at,
            ))
            .load(db)
    }
}

/// What was typed to the makers.
pub fn parse_words(typed: &str) -> Result<String, JoinError> {
    let words = typed.trim();
    match words.chars().count() {
        0 => Err(JoinError::NoWords),
        n if n > MAX_WORDS => Err(JoinError::LongWords(n)),
        _ => Ok(words.to_owned()),
    }
}

/// Whether this person may ask here now, whatever they say.
pub fn may_ask(db: &mut Db, user: &User, project: &Project) -> Result<(), JoinError> {
    gate::may_post(user, now()).map_err(JoinError::Refused)?;
    if project.state != State::Published {
        return Err(JoinError::NotPublic);
    }
    let makers = invitation::makers(db, project.id)?;
    if makers.contains(&user.id) {
        return Err(JoinError::MakesIt);
    }
    if block::holds(db, project.id, user.id)? {
        return Err(JoinError::Blocked);
    }
    if invitation::is_invited(db, project.id, user.id)? {
        return Err(JoinError::Invited);
    }
    match Own::of(db, project.id, user.id)? {
        Some(own) if own.waits() => return Err(JoinError::Already),
        Some(own) if own.is_declined() => return Err(JoinError::Declined),
        _ => {}
    }
    if makers.len() + Invited::of(db, project.id)?.len() >= MOST_MAKERS {
        return Err(JoinError::Full);
    }
    Ok(())
}

/// Writes to the makers. In a write transaction.
pub fn ask(
    db: &mut Db,
    context: &Context,
    user: &User,
    project: &Project,
    role: &str,
    words: &str,
    network: &str,
) -> Result<JoinId, JoinError> {
    invitation::lock(db, project.id)?;
    may_ask(db, user, project)?;
    let role: Role = role.parse().map_err(|_| JoinError::NotLooking)?;
    if !looking::of(db, project.id)?.contains(&role) {
        return Err(JoinError::NotLooking);
    }
    let words = parse_words(words)?;
    if Sent::by(db, user.id)?.len() >= MOST_OPEN {
        return Err(JoinError::TooMany);
    }
    if !context.limits_off {
        let bucket = format!("joins:{}", user.id);
        limits::count(db, &bucket, A_DAY, Duration::days(1))?.map_err(JoinError::Limited)?;
    }
    let judged = Text {
        kind: Kind::Comment,
        author: user,
        is_maker: User::is_maker(db, user.id)?,
        text: &words,
        editing: None,
        approve_first: false,
        network,
        heat: None,
    };
    if intake::judge(db, context, &judged)?.outcome == Outcome::Spam {
        return Err(JoinError::Advertising);
    }
    let id: JoinId = diesel::insert_into(join_requests::table)
        .values((
            join_requests::project_id.eq(project.id),
            join_requests::user_id.eq(user.id),
            join_requests::role.eq(role),
            join_requests::words.eq(words),
            join_requests::state.eq(Answer::Open),
            join_requests::created_at.eq(now()),
        ))
        .returning(join_requests::id)
        .get_result(db)?;
    invitation::record(db, user.id, "asked to join the makers", project, None)?;
    for maker in invitation::makers(db, project.id)? {
        if !crate::ignore::holds(db, maker, user.id)? {
            tell(db, id, maker)?;
        }
    }
    Ok(id)
}

fn tell(db: &mut Db, request: JoinId, user: UserId) -> QueryResult<()> {
    let id: JoinNoticeId = diesel::insert_into(join_notices::table)
        .values((
            join_notices::request_id.eq(request),
            join_notices::user_id.eq(user),
            join_notices::created_at.eq(now()),
        ))
        .returning(join_notices::id)
        .get_result(db)?;
    if let Some(due) = mailing::due(db, &[user], Topic::Team)?.remove(&user) {
        Job::enqueue_in(db, LETTER, &(user, id), due - now())?;
    }
    Ok(())
}

/// Ends a request that waits, with its words and whatever told of it. False: it was answered before.
fn end(db: &mut Db, id: JoinId, to: Answer, by: UserId) -> QueryResult<bool> {
    let ended = diesel::update(
        join_requests::table
            .find(id)
            .filter(join_requests::state.eq(Answer::Open)),
    )
    .set((
        join_requests::state.eq(to),
        join_requests::words.eq(""),
        join_requests::answered_at.eq(now()),
        join_requests::answered_by.eq(by),
    ))
    .execute(db)?;
    if ended > 0 {
        diesel::delete(join_notices::table.filter(join_notices::request_id.eq(id))).execute(db)?;
    }
    Ok(ended > 0)
}

fn open_of(db: &mut Db, project: ItemId, user: UserId) -> QueryResult<Option<JoinId>> {
    join_requests::table
        .filter(
            join_requests::project_id
                .eq(project)
                .and(join_requests::user_id.eq(user))
                .and(join_requests::state.eq(Answer::Open)),
        )
        .select(join_requests::id)
        .first(db)
        .optional()
}

/// Who asked takes it back. False: there is none that waits.
pub fn withdraw(db: &mut Db, user: &User, project: &Project) -> QueryResult<bool> {
    invitation::lock(db, project.id)?;
    match open_of(db, project.id, user.id)? {
        Some(id) => end(db, id, Answer::Withdrawn, user.id),
        None => Ok(false),
    }
}

/// Who asked has become a maker by an invitation meanwhile.
pub fn joined(db: &mut Db, project: ItemId, user: UserId) -> QueryResult<()> {
    if let Some(id) = open_of(db, project, user)? {
        end(db, id, Answer::Accepted, user)?;
    }
    Ok(())
}

/// A maker answers. That `by` makes the project was asked in the same transaction.
pub fn answer(
    db: &mut Db,
    by: &User,
    project: &Project,
    id: JoinId,
    accepts: bool,
) -> Result<(), JoinError> {
    invitation::lock(db, project.id)?;
    let asker: Option<UserId> = join_requests::table
        .find(id)
        .filter(
            join_requests::project_id
                .eq(project.id)
                .and(join_requests::state.eq(Answer::Open)),
        )
        .select(join_requests::user_id)
        .get_result(db)
        .optional()?;
    let asker = User::find(db, asker.ok_or(JoinError::Answered)?)?;
    let (to, act) = match accepts {
        true => (Answer::Accepted, "let a maker join"),
        false => (Answer::Declined, "declined who asked to join"),
    };
    if accepts {
        gate::may_post(by, now()).map_err(JoinError::Refused)?;
        let shut_out = gate::may_post(&asker, now()).is_err();
        if shut_out || block::holds(db, project.id, asker.id)? {
            return Err(JoinError::NotNow(asker.username));
        }
        if project.state != State::Published {
            return Err(JoinError::NotPublic);
        }
        if invitation::makers(db, project.id)?.len() >= MOST_MAKERS {
            return Err(JoinError::Full);
        }
        diesel::delete(maker_invitations::table.find((project.id, asker.id))).execute(db)?;
        project.add_maker(db, asker.id)?;
    }
    end(db, id, to, by.id)?;
    tell(db, id, asker.id)?;
    invitation::record(db, by.id, act, project, Some(asker.id))?;
    Ok(())
}

/// What of it goes with a project that is erased.
pub fn erase(db: &mut Db, project: ItemId) -> QueryResult<usize> {
    diesel::delete(join_requests::table.filter(join_requests::project_id.eq(project))).execute(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_trimmed_and_counted_as_people_count() {
        assert_eq!(parse_words("  I draw.\n").unwrap(), "I draw.");
        assert!(parse_words(&"雪".repeat(MAX_WORDS)).is_ok());
        assert!(matches!(parse_words(" \n "), Err(JoinError::NoWords)));
        assert!(matches!(
            parse_words(&"雪".repeat(MAX_WORDS + 1)),
            Err(JoinError::LongWords(1_001))
        ));
    }
}
