//! Several makers of one project, all with the same rights: who is asked to make it too, who comes and
//! who leaves. The last one cannot leave: a project without makers could be changed by nobody.

use crate::account::User;
use crate::block;
use crate::db::{ItemId, UserId, dialect, now};
use crate::gate::{self, Refusal};
use crate::intake::limits::{self, Limited};
use crate::item::State;
use crate::moderation::log::Act;
use crate::project::Project;
use crate::schema::{blocks, items, maker_invitations, project_makers, projects, users};
use crate::{Db, QueryResult, award, fairness, join, reaction};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// Makers of one project.
pub const MOST_MAKERS: usize = 20;
/// Invitations of one person in a day.
const A_DAY: i64 = 20;
/// Who declined is left alone for so long.
const ASKED_AGAIN: Duration = Duration::days(30);
/// Of a list.
const MOST: i64 = 50;

/// As the invited reads it.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub slug: String,
    pub title: String,
    pub by: String,
    pub created_at: NaiveDateTime,
}

/// As the makers read it.
#[derive(Clone, Debug)]
pub struct Invited {
    pub user: UserId,
    pub username: String,
    pub display_name: String,
    pub created_at: NaiveDateTime,
}

#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("{}", .0.sentence())]
    Limited(Limited),
    #[error("There is nobody of this name.")]
    Nobody,
    #[error("{0} makes it already.")]
    MakesIt(String),
    #[error("{0} is invited already.")]
    Already(String),
    #[error("{0} declined not long ago. You can ask again in a month.")]
    Declined(String),
    /// Not why: it is between two people, or between one and the moderators.
    #[error("{0} cannot be invited at present.")]
    NotNow(String),
    #[error("A project has at most 20 makers, those who are invited counted in.")]
    Full,
    #[error("Share it first: others can be invited once it has been let through.")]
    NotShared,
    #[error("There is no invitation here for you (any more).")]
    NotInvited,
    #[error("You are the only maker. Invite somebody first, or delete the project.")]
    Last,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl Invitation {
    /// Those that wait for somebody's answer. Of projects that are not to be seen none is told.
    pub fn to(db: &mut Db, user: UserId) -> QueryResult<Vec<Invitation>> {
        let rows: Vec<(String, String, String, NaiveDateTime)> = maker_invitations::table
            .inner_join(projects::table)
            .inner_join(items::table.on(items::id.eq(maker_invitations::project_id)))
            .inner_join(users::table.on(users::id.eq(maker_invitations::by_id)))
            .filter(
                maker_invitations::user_id
                    .eq(user)
                    .and(maker_invitations::declined_at.is_null()),
            )
            .filter(items::state.eq_any(OPEN))
            .order(maker_invitations::created_at.desc())
            .limit(MOST)
            .select((
                projects::slug,
                projects::title,
                users::username,
                maker_invitations::created_at,
            ))
            .load(db)?;
        Ok(rows
            .into_iter()
            .map(|(slug, title, by, created_at)| Invitation {
                slug,
                title,
                by,
                created_at,
            })
            .collect())
    }
}

/// The title of a project is a text: who is invited reads it, so it has been let through.
const OPEN: [State; 2] = [State::Published, State::Unlisted];

impl Invited {
    /// Whose answer is waited for.
    pub fn of(db: &mut Db, project: ItemId) -> QueryResult<Vec<Invited>> {
        let rows: Vec<(UserId, String, String, NaiveDateTime)> = maker_invitations::table
            .inner_join(users::table.on(users::id.eq(maker_invitations::user_id)))
            .filter(
                maker_invitations::project_id
                    .eq(project)
                    .and(maker_invitations::declined_at.is_null()),
            )
            .order(users::username)
            .select((
                users::id,
                users::username,
                users::display_name,
                maker_invitations::created_at,
            ))
            .load(db)?;
        Ok(rows
            .into_iter()
            .map(|(user, username, display_name, created_at)| Invited {
                user,
                username,
                display_name,
                created_at,
            })
            .collect())
    }
}

/// Whether this person's answer is waited for.
pub fn is_invited(db: &mut Db, project: ItemId, user: UserId) -> QueryResult<bool> {
    let open: i64 = maker_invitations::table
        .find((project, user))
        .filter(maker_invitations::declined_at.is_null())
        .count()
        .get_result(db)?;
    Ok(open > 0)
}

/// Who comes, goes and is asked, one after the other.
pub(crate) fn lock(db: &mut Db, project: ItemId) -> QueryResult<()> {
    dialect::lock(db, &format!("makers:{project}"))
}

/// Who was there first comes first.
pub(crate) fn makers(db: &mut Db, project: ItemId) -> QueryResult<Vec<UserId>> {
    let mut makers: Vec<(Option<NaiveDateTime>, UserId)> = project_makers::table
        .filter(project_makers::project_id.eq(project))
        .select((project_makers::joined_at, project_makers::user_id))
        .load(db)?;
    makers.sort();
    Ok(makers.into_iter().map(|(_, user)| user).collect())
}

/// Neither wants the other near: a maker blocked this person, or this person blocked who asks.
fn is_blocked(db: &mut Db, project: ItemId, asks: UserId, user: UserId) -> QueryResult<bool> {
    if block::holds(db, project, user)? {
        return Ok(true);
    }
    let theirs: i64 = blocks::table
        .filter(blocks::by_id.eq(user).and(blocks::user_id.eq(asks)))
        .filter(blocks::lifted_at.is_null())
        .count()
        .get_result(db)?;
    Ok(theirs > 0)
}

/// Asks somebody by name. That `by` makes the project was asked in the same transaction.
pub fn invite(
    db: &mut Db,
    limits_off: bool,
    by: &User,
    project: &Project,
    name: &str,
) -> Result<(), InviteError> {
    gate::may_post(by, now()).map_err(InviteError::Refused)?;
    if !OPEN.contains(&project.state) {
        return Err(InviteError::NotShared);
    }
    let name = name.trim().trim_start_matches('@');
    // A name that may be none is nobody's.
    let user = match name.chars().count() {
        1..=60 => User::by_username(db, name)?.ok_or(InviteError::Nobody)?,
        _ => return Err(InviteError::Nobody),
    };
    lock(db, project.id)?;
    let makers = makers(db, project.id)?;
    if makers.contains(&user.id) {
        return Err(InviteError::MakesIt(user.username));
    }
    let before: Option<Option<NaiveDateTime>> = maker_invitations::table
        .find((project.id, user.id))
        .select(maker_invitations::declined_at)
        .get_result(db)
        .optional()?;
    match before {
        Some(None) => return Err(InviteError::Already(user.username)),
        Some(Some(at)) if now() - at < ASKED_AGAIN => {
            return Err(InviteError::Declined(user.username));
        }
        _ => {}
    }
    if gate::may_post(&user, now()).is_err() || is_blocked(db, project.id, by.id, user.id)? {
        return Err(InviteError::NotNow(user.username));
    }
    if makers.len() + Invited::of(db, project.id)?.len() >= MOST_MAKERS {
        return Err(InviteError::Full);
    }
    if !limits_off {
        let bucket = format!("invitations:{}", by.id);
        limits::count(db, &bucket, A_DAY, Duration::days(1))?.map_err(InviteError::Limited)?;
    }
    diesel::delete(maker_invitations::table.find((project.id, user.id))).execute(db)?;
    diesel::insert_into(maker_invitations::table)
        .values((
            maker_invitations::project_id.eq(project.id),
            maker_invitations::user_id.eq(user.id),
            maker_invitations::by_id.eq(by.id),
            maker_invitations::created_at.eq(now()),
        ))
        .execute(db)?;
    record(db, by.id, "invited a maker", project, Some(user.id))?;
    Ok(())
}

/// A maker takes an invitation back. False: it was answered meanwhile.
pub fn withdraw(db: &mut Db, by: &User, project: &Project, user: UserId) -> QueryResult<bool> {
    lock(db, project.id)?;
    let gone = diesel::delete(
        maker_invitations::table
            .find((project.id, user))
            .filter(maker_invitations::declined_at.is_null()),
    )
    .execute(db)?;
    if gone > 0 {
        record(db, by.id, "withdrew an invitation", project, Some(user))?;
    }
    Ok(gone > 0)
}

/// The invited answers.
pub fn answer(
    db: &mut Db,
    user: &User,
    project: &Project,
    accepts: bool,
) -> Result<(), InviteError> {
    // What is theirs before what is the project's, as who leaves does.
    reaction::lock(db, user.id)?;
    lock(db, project.id)?;
    if !is_invited(db, project.id, user.id)? {
        return Err(InviteError::NotInvited);
    }
    let row = maker_invitations::table.find((project.id, user.id));
    if !accepts {
        diesel::update(row)
            .set(maker_invitations::declined_at.eq(now()))
            .execute(db)?;
        record(db, user.id, "declined an invitation", project, None)?;
        return Ok(());
    }
    gate::may_post(user, now()).map_err(InviteError::Refused)?;
    let by: UserId = row.select(maker_invitations::by_id).first(db)?;
    if !OPEN.contains(&project.state) || is_blocked(db, project.id, by, user.id)? {
        return Err(InviteError::NotInvited);
    }
    if makers(db, project.id)?.len() >= MOST_MAKERS {
        return Err(InviteError::Full);
    }
    diesel::delete(row).execute(db)?;
    project.add_maker(db, user.id)?;
    join::joined(db, project.id, user.id)?;
    record(db, user.id, "became a maker", project, None)?;
    Ok(())
}

/// A maker goes. The project is then listed under the name of who has made it longest.
pub fn leave(db: &mut Db, user: &User, project: &Project) -> Result<(), InviteError> {
    // What is theirs first, as a ban takes it; then the item before its project, as a verdict does.
    reaction::lock(db, user.id)?;
    dialect::lock_item(db, project.id)?;
    lock(db, project.id)?;
    let makers = makers(db, project.id)?;
    if !makers.contains(&user.id) {
        return Err(InviteError::NotInvited);
    }
    let Some(next) = makers.iter().find(|maker| **maker != user.id) else {
        return Err(InviteError::Last);
    };
    diesel::delete(project_makers::table.find((project.id, user.id))).execute(db)?;
    diesel::update(
        projects::table
            .find(project.id)
            .filter(projects::owner_id.eq(user.id)),
    )
    .set(projects::owner_id.eq(*next))
    .execute(db)?;
    award::recount(db, project.id)?;
    // The lock of its ratings comes after the project's row.
    fairness::weigh(db, user.id)?;
    record(db, user.id, "left the makers", project, None)?;
    Ok(())
}

pub(crate) fn record(
    db: &mut Db,
    actor: UserId,
    act: &str,
    project: &Project,
    about: Option<UserId>,
) -> QueryResult<()> {
    Act {
        actor: Some(actor),
        act,
        item: Some(project.id),
        user: about,
        detail: &project.title,
        ..Act::default()
    }
    .write(db)
    .map(|_| ())
}
