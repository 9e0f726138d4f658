//! The daily letter to moderators: only if something waits, once a day however many processes run,
//! and to nobody who said no.

use super::measures::Intake;
use super::queue::{self, Filter, Name};
use super::{appeal, profile_report};
use crate::account::Role;
use crate::db::{UserId, dialect, now};
use crate::schema::{items, marks, users};
use crate::settings::{Settings, SureSpam};
use crate::{Db, QueryResult, both, secret};
use chrono::{Duration, NaiveDateTime, NaiveTime};
use diesel::dsl::count_star;
use diesel::prelude::*;

/// When the last was sent, or would have been had anything waited.
const MARK: &str = "digest";

/// What waits in one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    pub queue: Name,
    pub items: i64,
    pub oldest: NaiveDateTime,
    /// Written in the last 24 hours.
    pub new: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    pub at: NaiveDateTime,
    /// Those in which something waits.
    pub queues: Vec<Waits>,
    /// Authors who asked for another look, and people whose profiles were reported.
    pub appeals: i64,
    pub people: i64,
    /// What came in within the last 24 hours.
    pub intake: Intake,
    pub to: Vec<Recipient>,
}

impl Digest {
    pub fn items(&self) -> i64 {
        let queued: i64 = self.queues.iter().map(|waits| waits.items).sum();
        queued + self.appeals + self.people
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Recipient {
    pub id: UserId,
    pub username: String,
    pub email: String,
}

/// Whether a letter has to go, or that none has to. `hour` is in UTC; -1: never.
pub fn is_due(db: &mut Db, hour: i64, at: NaiveDateTime) -> QueryResult<bool> {
    let Some(moment) = last_moment(hour, at) else {
        return Ok(false);
    };
    Ok(last(db)?.is_none_or(|last| last < moment))
}

/// The last time at which the clock struck that hour.
fn last_moment(hour: i64, at: NaiveDateTime) -> Option<NaiveDateTime> {
    let hour = u32::try_from(hour).ok()?;
    let struck = at
        .date()
        .and_time(NaiveTime::from_hms_opt(hour.min(23), 0, 0)?);
    Some(if struck > at {
        struck - Duration::days(1)
    } else {
        struck
    })
}

fn last(db: &mut Db) -> QueryResult<Option<NaiveDateTime>> {
    marks::table
        .find(MARK)
        .select(marks::at)
        .get_result(db)
        .optional()
}

/// Takes today's digest: what is to be sent, to the one process of all that asks first. To be called
/// in the write transaction that queues the letters, so that neither is without the other.
pub fn take(db: &mut Db, hour: i64, at: NaiveDateTime) -> QueryResult<Option<Digest>> {
    dialect::lock(db, MARK)?;
    if !is_due(db, hour, at)? {
        return Ok(None);
    }
    let is_first = last(db)?.is_none();
    both!(db, conn => diesel::insert_into(marks::table)
        .values((marks::name.eq(MARK), marks::at.eq(at)))
        .on_conflict(marks::name)
        .do_update()
        .set(marks::at.eq(at))
        .execute(conn))?;
    // A site that has just been set up, or upgraded, waits for the next morning.
    if is_first {
        return Ok(None);
    }
    let queues = waiting(db, at)?;
    let (appeals, people) = (appeal::count(db)?, profile_report::people(db)?);
    if queues.is_empty() && appeals + people == 0 {
        return Ok(None);
    }
    Ok(Some(Digest {
        at,
        queues,
        appeals,
        people,
        intake: Intake::between(db, at - Duration::days(1), at)?,
        to: recipients(db)?,
    }))
}

/// Recent is left out: what lies there is published and waits for nobody.
fn waiting(db: &mut Db, at: NaiveDateTime) -> QueryResult<Vec<Waits>> {
    let mut queues = Vec::new();
    let unsure = Settings::load(db)?.sure_spam == SureSpam::LeftOut;
    for count in queue::counts(db, unsure)? {
        let Some(oldest) = count.oldest.filter(|_| count.queue != Name::Recent) else {
            continue;
        };
        let new = Filter::all_of(count.queue)
            .matching()
            .filter(items::created_at.gt(at - Duration::days(1)))
            .select(count_star())
            .first(db)?;
        queues.push(Waits {
            queue: count.queue,
            items: count.items,
            oldest,
            new,
        });
    }
    Ok(queues)
}

/// Moderators who want it and may come in.
fn recipients(db: &mut Db) -> QueryResult<Vec<Recipient>> {
    users::table
        .filter(users::role.eq_any([Role::Moderator, Role::Admin]))
        .filter(users::digest.eq(true).and(users::robot.eq(false)))
        .filter(users::confirmed_at.is_not_null())
        .filter(
            users::locked_out_until
                .is_null()
                .or(users::locked_out_until.le(now())),
        )
        .order(users::id)
        .select((users::id, users::username, users::email))
        .load(db)
}

pub fn is_wanted(db: &mut Db, user: UserId) -> QueryResult<bool> {
    users::table.find(user).select(users::digest).get_result(db)
}

pub fn want(db: &mut Db, user: UserId, wanted: bool) -> QueryResult<usize> {
    diesel::update(users::table.find(user))
        .set(users::digest.eq(wanted))
        .execute(db)
}

/// What stands in the address that ends it: who, and a proof that we wrote it. It opens nothing else,
/// and works as long as the letter lies in somebody's mailbox.
pub fn token(key: &str, user: UserId) -> String {
    format!("digest-{user}-{}", secret::keyed(key, &proven(user)))
}

/// Whose letters a token ends.
pub fn of_token(key: &str, token: &str) -> Option<UserId> {
    let (user, proof) = token.strip_prefix("digest-")?.split_once('-')?;
    let user = UserId(user.parse().ok()?);
    secret::keyed_matches(key, &proven(user), proof).then_some(user)
}

fn proven(user: UserId) -> String {
    format!("unsubscribe:digest:{user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_strikes_once_a_day_and_never_at_minus_one() {
        let at = |day, hour| {
            chrono::NaiveDate::from_ymd_opt(2026, 11, day)
                .unwrap()
                .and_hms_opt(hour, 0, 0)
                .unwrap()
        };
        assert_eq!(last_moment(7, at(20, 7)), Some(at(20, 7)));
        assert_eq!(last_moment(7, at(20, 6)), Some(at(19, 7)));
        assert_eq!(last_moment(0, at(20, 23)), Some(at(20, 0)));
        assert_eq!(last_moment(-1, at(20, 7)), None);
    }

    #[test]
    fn a_token_ends_the_letters_of_one_person_alone() {
        let token = token("key", UserId(12));
        assert_eq!(of_token("key", &token), Some(UserId(12)));
        assert_eq!(of_token("other", &token), None);
        assert_eq!(of_token("key", &token.replace("-12-", "-13-")), None);
        assert_eq!(of_token("key", "digest-12-"), None);
        assert_eq!(of_token("key", "00ff"), None);
    }
}
