//! Ignoring: whom somebody does not want to read. It holds for them alone, and nobody else is told,
//! least of all the ignored. Makers keep people off their projects by a [`crate::block`] instead.

use crate::condition::among;
use crate::db::{UserId, now};
use crate::schema::{ignores, users};
use crate::{Db, QueryResult, both};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::HashSet;

/// Of one person. Who needs more needs a moderator.
pub const MOST: i64 = 500;

#[derive(Debug, thiserror::Error)]
pub enum IgnoreError {
    #[error("Nobody ignores themselves.")]
    Oneself,
    #[error(
        "You ignore {MOST} people already. Read one of them again first, or tell the moderators."
    )]
    TooMany,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Twice is as once.
pub fn ignore(db: &mut Db, by: UserId, whom: UserId) -> Result<(), IgnoreError> {
    if by == whom {
        return Err(IgnoreError::Oneself);
    }
    let many: i64 = ignores::table
        .filter(ignores::by_id.eq(by))
        .count()
        .get_result(db)?;
    if many >= MOST {
        return Err(IgnoreError::TooMany);
    }
    both!(db, conn => diesel::insert_into(ignores::table)
        .values((
            ignores::by_id.eq(by),
            ignores::user_id.eq(whom),
            ignores::created_at.eq(now()),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}

pub fn read_again(db: &mut Db, by: UserId, whom: UserId) -> QueryResult<usize> {
    diesel::delete(ignores::table.filter(ignores::by_id.eq(by).and(ignores::user_id.eq(whom))))
        .execute(db)
}

pub fn holds(db: &mut Db, by: UserId, whom: UserId) -> QueryResult<bool> {
    let found: Option<UserId> = ignores::table
        .find((by, whom))
        .select(ignores::user_id)
        .get_result(db)
        .optional()?;
    Ok(found.is_some())
}

/// Of these people, those who hear of what these others did: not who ignores one of them, nor they
/// themselves.
pub fn listening(db: &mut Db, people: &[UserId], authors: &[UserId]) -> QueryResult<Vec<UserId>> {
    let deaf: HashSet<UserId> = ignores::table
        .filter(among(ignores::by_id, people))
        .filter(among(ignores::user_id, authors))
        .select(ignores::by_id)
        .load(db)?
        .into_iter()
        .collect();
    let listens = |user: &UserId| !authors.contains(user) && !deaf.contains(user);
    Ok(people.iter().copied().filter(listens).collect())
}

/// Whom this reader ignores; nobody, for a visitor.
pub fn by(db: &mut Db, reader: Option<UserId>) -> QueryResult<HashSet<UserId>> {
    let Some(reader) = reader else {
        return Ok(HashSet::new());
    };
    let ids: Vec<UserId> = ignores::table
        .filter(ignores::by_id.eq(reader))
        .select(ignores::user_id)
        .load(db)?;
    Ok(ids.into_iter().collect())
}

/// The same by name, for lists that are put together without them.
pub fn usernames(db: &mut Db, reader: Option<UserId>) -> QueryResult<HashSet<String>> {
    let Some(reader) = reader else {
        return Ok(HashSet::new());
    };
    Ok(list(db, reader)?
        .into_iter()
        .map(|ignored| ignored.username)
        .collect())
}

/// Somebody who is ignored, as the list shows them.
#[derive(Clone, Debug, Queryable)]
pub struct Ignored {
    pub username: String,
    pub display_name: String,
    pub since: NaiveDateTime,
}

/// Newest first.
pub fn list(db: &mut Db, by: UserId) -> QueryResult<Vec<Ignored>> {
    ignores::table
        .inner_join(users::table.on(users::id.eq(ignores::user_id)))
        .filter(ignores::by_id.eq(by))
        .order((ignores::created_at.desc(), ignores::user_id))
        .limit(MOST)
        .select((users::username, users::display_name, ignores::created_at))
        .load(db)
}
