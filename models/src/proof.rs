//! Proofs: a link of a published profile is proved while the page that it leads to links back to the
//! person's page here and says that it is the same person (`rel="me"`). Who owns that page owns this
//! profile; anybody can name a page, but only its owner can write on it.

use crate::db::{ItemId, UserId, dialect, now};
use crate::elsewhere::Elsewhere;
use crate::schema::{link_proofs, profiles, users};
use crate::{Db, QueryResult, both, secret};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use std::collections::HashSet;

/// Between two looks, and at most so much more.
const EVERY: Duration = Duration::days(7);
const JITTER: u32 = 86_400;
/// Whoever looks has so long before somebody else may.
const CLAIM: Duration = Duration::minutes(5);
/// A page that cannot be reached proves for so many looks what it proved before.
const PATIENCE: i32 = 3;
/// Profiles of one [`fill`].
const AT_ONCE: i64 = 200;

/// A link to be looked at.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = link_proofs)]
pub struct Link {
    pub user_id: UserId,
    pub url: String,
    pub proved_at: Option<NaiveDateTime>,
    pub checked_at: Option<NaiveDateTime>,
    pub failures: i32,
    pub error: String,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The page links back.
    Back,
    /// It does not; a sentence says why.
    Nothing(String),
    /// Nobody knows: the page could not be read just now. With how long its host wants to rest.
    Unknown(String, Option<Duration>),
}

/// The links that readers follow are these, from now on: new ones are looked at soon, those that are
/// gone prove nothing.
pub fn follow(db: &mut Db, person: UserId, links: &[Elsewhere]) -> QueryResult<()> {
    let urls: Vec<&str> = links
        .iter()
        .map(|link| link.url.as_str())
        .filter(|url| url.starts_with("https://"))
        .collect();
    diesel::delete(
        link_proofs::table
            .filter(link_proofs::user_id.eq(person))
            .filter(link_proofs::url.ne_all(&urls)),
    )
    .execute(db)?;
    for url in urls {
        let row = (
            link_proofs::user_id.eq(person),
            link_proofs::url.eq(url),
            link_proofs::next_at.eq(now()),
        );
        both!(db, conn => diesel::insert_into(link_proofs::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn))?;
    }
    look_again(db, person)?;
    Ok(())
}

/// Their profiles are not published any more.
pub fn forget(db: &mut Db, people: &[UserId]) -> QueryResult<usize> {
    diesel::delete(link_proofs::table.filter(link_proofs::user_id.eq_any(people))).execute(db)
}

/// Somebody saved their profile: what is not proved yet is looked at again, since they may have just
/// written the link back.
pub fn look_again(db: &mut Db, person: UserId) -> QueryResult<usize> {
    // Not while it was looked at a moment ago: saving is no way to send us somewhere often.
    let before = now() - Duration::minutes(10);
    diesel::update(
        link_proofs::table
            .filter(link_proofs::user_id.eq(person))
            .filter(link_proofs::proved_at.is_null())
            .filter(
                link_proofs::checked_at
                    .is_null()
                    .or(link_proofs::checked_at.lt(before)),
            ),
    )
    .set(link_proofs::next_at.eq(now()))
    .execute(db)
}

/// Links of profiles of before there were proofs, for the next profiles after one; gives where to go
/// on, or None at the end. To be called in a write transaction.
pub fn fill(db: &mut Db, after: ItemId) -> QueryResult<Option<ItemId>> {
    let rows: Vec<(ItemId, UserId, String)> = profiles::table
        .filter(profiles::id.gt(after))
        .filter(profiles::links.like("%https://%"))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            link_proofs::table.filter(link_proofs::user_id.eq(profiles::user_id)),
        )))
        .order(profiles::id)
        .limit(AT_ONCE)
        .select((profiles::id, profiles::user_id, profiles::links))
        .load(db)?;
    for (_, person, links) in &rows {
        let links: Vec<Elsewhere> = serde_json::from_str(links).unwrap_or_default();
        follow(db, *person, &links)?;
    }
    let is_full = rows.len() as i64 == AT_ONCE;
    Ok(rows.last().map(|(id, ..)| *id).filter(|_| is_full))
}

/// Those of somebody's links that are proved, for readers.
pub fn proved(db: &mut Db, person: UserId) -> QueryResult<HashSet<String>> {
    let urls: Vec<String> = link_proofs::table
        .filter(link_proofs::user_id.eq(person))
        .filter(link_proofs::proved_at.is_not_null())
        .select(link_proofs::url)
        .load(db)?;
    Ok(urls.into_iter().collect())
}

/// All of somebody's links, for themselves.
pub fn of(db: &mut Db, person: UserId) -> QueryResult<Vec<Link>> {
    link_proofs::table
        .filter(link_proofs::user_id.eq(person))
        .order(link_proofs::url)
        .select(Link::as_select())
        .load(db)
}

pub fn is_due(db: &mut Db) -> QueryResult<bool> {
    let first: Option<UserId> = link_proofs::table
        .filter(link_proofs::next_at.le(now()))
        .select(link_proofs::user_id)
        .first(db)
        .optional()?;
    Ok(first.is_some())
}

/// The next to be looked at, with the name of its person. To be called in a write transaction.
pub fn claim(db: &mut Db) -> QueryResult<Option<(Link, String)>> {
    dialect::lock(db, "link_proofs")?;
    let due: Option<Link> = link_proofs::table
        .filter(link_proofs::next_at.le(now()))
        .order(link_proofs::next_at)
        .select(Link::as_select())
        .first(db)
        .optional()?;
    let Some(link) = due else {
        return Ok(None);
    };
    diesel::update(link_proofs::table.find((link.user_id, &link.url)))
        .set(link_proofs::next_at.eq(now() + CLAIM))
        .execute(db)?;
    let username = users::table
        .find(link.user_id)
        .select(users::username)
        .get_result(db)?;
    Ok(Some((link, username)))
}

/// When it is looked at again, and whether it goes on proving what it proved.
fn settle(link: &Link, found: &Found) -> (Duration, bool, i32) {
    let week = EVERY + Duration::seconds(i64::from(secret::below(JITTER)));
    match found {
        Found::Back => (week, true, 0),
        Found::Nothing(_) => (week, false, 0),
        Found::Unknown(_, wait) => {
            let failures = link.failures + 1;
            let later = match failures {
                1 => Duration::hours(1),
                2 => Duration::hours(24),
                _ => week,
            };
            let later = wait.map_or(later, |wait| later.max(wait.min(EVERY)));
            (
                later,
                link.proved_at.is_some() && failures < PATIENCE,
                failures,
            )
        }
    }
}

pub fn store(db: &mut Db, link: &Link, found: &Found) -> QueryResult<usize> {
    let at = now();
    let (later, holds, failures) = settle(link, found);
    let error = match found {
        Found::Back => "",
        Found::Nothing(why) | Found::Unknown(why, _) => why,
    };
    diesel::update(link_proofs::table.find((link.user_id, &link.url)))
        .set((
            link_proofs::proved_at.eq(holds.then(|| link.proved_at.unwrap_or(at))),
            link_proofs::checked_at.eq(Some(at)),
            link_proofs::next_at.eq(at + later),
            link_proofs::failures.eq(failures),
            link_proofs::error.eq(error),
        ))
        .execute(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_cannot_be_reached_proves_for_a_while_what_it_proved() {
        let link = |failures, proved: bool| Link {
            user_id: UserId(1),
            url: "https://ponds.example/".into(),
            proved_at: proved.then(now),
            checked_at: None,
            failures,
            error: String::new(),
        };
        let unknown = Found::Unknown("slow".into(), None);
        let holds = |failures, proved, found: &Found| settle(&link(failures, proved), found).1;
        assert!(holds(0, true, &unknown) && holds(1, true, &unknown));
        assert!(!holds(2, true, &unknown) && !holds(0, false, &unknown));
        assert!(!holds(0, true, &Found::Nothing(String::new())));
        assert!(holds(2, false, &Found::Back));
        assert!(settle(&link(2, false), &Found::Back).0 >= EVERY);
        let asked = Found::Unknown("busy".into(), Some(Duration::hours(5)));
        assert_eq!(settle(&link(0, true), &asked).0, Duration::hours(5));
    }
}
