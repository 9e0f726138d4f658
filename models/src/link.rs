//! Links that prove something: mailed to confirm an address or reset a password, printed at the
//! first start to make the first administrator. Usable once, kept as SHA-256 only.

use crate::db::{UserId, now};
use crate::schema::links;
use crate::{Db, QueryResult, secret, words};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

words! {
    pub enum Purpose { Confirm = "confirm", Reset = "reset", Setup = "setup" }
}

impl Purpose {
    fn life(self) -> Duration {
        match self {
            Purpose::Confirm => Duration::days(3),
            Purpose::Reset => Duration::hours(1),
            Purpose::Setup => Duration::days(3650), // until it is used
        }
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
pub struct Link {
    pub id: i64,
    pub user_id: Option<UserId>,
    pub purpose: Purpose,
    pub expires_at: NaiveDateTime,
    pub used_at: Option<NaiveDateTime>,
}

impl Link {
    /// Makes a link and ends earlier ones of the same purpose for the same person. Gives the token.
    pub fn issue(db: &mut Db, purpose: Purpose, user: Option<UserId>) -> QueryResult<String> {
        let at = now();
        let earlier = links::table.filter(links::purpose.eq(purpose).and(links::used_at.is_null()));
        match user {
            Some(user) => diesel::delete(earlier.filter(links::user_id.eq(user))).execute(db)?,
            None => diesel::delete(earlier.filter(links::user_id.is_null())).execute(db)?,
        };
        let token = secret::token();
        diesel::insert_into(links::table)
            .values((
                links::user_id.eq(user),
                links::purpose.eq(purpose),
                links::token_hash.eq(secret::sha256(&token)),
                links::created_at.eq(at),
                links::expires_at.eq(at + purpose.life()),
            ))
            .execute(db)?;
        Ok(token)
    }

    /// Looks without using it: mail scanners open links.
    pub fn find(db: &mut Db, purpose: Purpose, token: &str) -> QueryResult<Option<Link>> {
        links::table
            .filter(
                links::token_hash
                    .eq(secret::sha256(token))
                    .and(links::purpose.eq(purpose)),
            )
            .filter(links::used_at.is_null().and(links::expires_at.gt(now())))
            .select(Link::as_select())
            .first(db)
            .optional()
    }

    /// Ends the way to the first administrator, once there is one.
    pub fn close_setup(db: &mut Db) -> QueryResult<usize> {
        diesel::delete(
            links::table.filter(
                links::purpose
                    .eq(Purpose::Setup)
                    .and(links::used_at.is_null()),
            ),
        )
        .execute(db)
    }

    /// Uses it up; false when somebody was faster.
    pub fn spend(&self, db: &mut Db) -> QueryResult<bool> {
        diesel::update(links::table.find(self.id).filter(links::used_at.is_null()))
            .set(links::used_at.eq(now()))
            .execute(db)
            .map(|n| n == 1)
    }
}

/// Links that nobody can use any more: used or expired.
pub fn sweep(db: &mut Db) -> QueryResult<usize> {
    diesel::delete(
        links::table.filter(links::used_at.is_not_null().or(links::expires_at.lt(now()))),
    )
    .execute(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeping_leaves_what_can_still_be_used() {
        let mut db = crate::db::connect("sqlite::memory:").unwrap();
        crate::db::migrate(&mut db).unwrap();
        let issue = |db: &mut Db, purpose| Link::issue(db, purpose, None).unwrap();
        let used = issue(&mut db, Purpose::Confirm);
        let link = Link::find(&mut db, Purpose::Confirm, &used)
            .unwrap()
            .unwrap();
        assert!(link.spend(&mut db).unwrap());
        issue(&mut db, Purpose::Reset);
        diesel::update(links::table.filter(links::purpose.eq(Purpose::Reset)))
            .set(links::expires_at.eq(now() - Duration::minutes(1)))
            .execute(&mut db)
            .unwrap();
        let good = issue(&mut db, Purpose::Setup);
        assert_eq!(sweep(&mut db).unwrap(), 2);
        assert!(
            Link::find(&mut db, Purpose::Setup, &good)
                .unwrap()
                .is_some()
        );
    }
}
