//! Sessions: who is signed in where. The cookie's value is stored as SHA-256 only.

use crate::account::User;
use crate::db::{SessionId, UserId, now};
use crate::schema::{sessions, users};
use crate::{Db, QueryResult, secret};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// A session ends after this long without a visit …
const IDLE: Duration = Duration::days(14);
/// … and after this long in any case.
const LIFE: Duration = Duration::days(90);
/// `seen_at` is written at most this often, so that reading pages does not write.
const SEEN_STEP: Duration = Duration::minutes(10);

#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub token_hash: String,
    pub user_agent: String,
    pub created_at: NaiveDateTime,
    pub seen_at: NaiveDateTime,
    pub expires_at: NaiveDateTime,
    /// A keyed hash of the network it was opened from; empty for sessions of before.
    pub network: String,
}

impl Session {
    /// Opens a session and gives the cookie's value, which is nowhere else.
    pub fn open(db: &mut Db, user: UserId, user_agent: &str, network: &str) -> QueryResult<String> {
        let token = secret::token();
        let at = now();
        diesel::insert_into(sessions::table)
            .values((
                sessions::user_id.eq(user),
                sessions::token_hash.eq(secret::sha256(&token)),
                sessions::user_agent.eq(user_agent.chars().take(200).collect::<String>()),
                sessions::created_at.eq(at),
                sessions::seen_at.eq(at),
                sessions::expires_at.eq(at + LIFE),
                sessions::network.eq(network),
            ))
            .execute(db)?;
        Ok(token)
    }

    /// The living session of a cookie, with its person.
    pub fn find(db: &mut Db, token: &str) -> QueryResult<Option<(Session, User)>> {
        let at = now();
        sessions::table
            .inner_join(users::table)
            .filter(sessions::token_hash.eq(secret::sha256(token)))
            .filter(
                sessions::expires_at
                    .gt(at)
                    .and(sessions::seen_at.gt(at - IDLE)),
            )
            // A suspension that covers the log-in ends a session for as long as it lasts.
            .filter(
                users::locked_out_until
                    .is_null()
                    .or(users::locked_out_until.le(at)),
            )
            .select((Session::as_select(), User::as_select()))
            .get_result(db)
            .optional()
    }

    pub fn wants_touch(&self) -> bool {
        now() - self.seen_at > SEEN_STEP
    }

    pub fn touch(&self, db: &mut Db) -> QueryResult<usize> {
        diesel::update(sessions::table.find(self.id))
            .set(sessions::seen_at.eq(now()))
            .execute(db)
    }

    pub fn of(db: &mut Db, user: UserId) -> QueryResult<Vec<Session>> {
        sessions::table
            .filter(
                sessions::user_id
                    .eq(user)
                    .and(sessions::expires_at.gt(now())),
            )
            .order(sessions::seen_at.desc())
            .select(Session::as_select())
            .load(db)
    }

    pub fn end(db: &mut Db, token_hash: &str) -> QueryResult<usize> {
        diesel::delete(sessions::table.filter(sessions::token_hash.eq(token_hash))).execute(db)
    }

    /// Ends one session of this person, or all but the one in use.
    pub fn end_one(db: &mut Db, user: UserId, id: SessionId) -> QueryResult<usize> {
        diesel::delete(sessions::table.filter(sessions::user_id.eq(user).and(sessions::id.eq(id))))
            .execute(db)
    }

    pub fn end_others(db: &mut Db, user: UserId, keep: Option<SessionId>) -> QueryResult<usize> {
        let keep = keep.unwrap_or(SessionId(0));
        diesel::delete(
            sessions::table.filter(sessions::user_id.eq(user).and(sessions::id.ne(keep))),
        )
        .execute(db)
    }

    pub fn sweep(db: &mut Db) -> QueryResult<usize> {
        let at = now();
        diesel::delete(
            sessions::table.filter(
                sessions::expires_at
                    .lt(at)
                    .or(sessions::seen_at.lt(at - IDLE)),
            ),
        )
        .execute(db)
    }
}
