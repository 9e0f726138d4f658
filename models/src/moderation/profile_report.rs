//! Reports of people's profiles: name, words about themselves, and what else their page says. A
//! moderator answers all that wait about one person at once, by what was done about the person or by
//! leaving it; that can be taken back.

use super::UNTOLD;
use super::log::Act;
use super::report::{self, Answered, Fate, MAX_NOTE, Own, Record, ReportError, ReportReason};
use crate::account::User;
use crate::db::{UserId, now};
use crate::gate;
use crate::item::{Queue, State};
use crate::job::Job;
use crate::schema::{items, profile_reports, users};
use crate::{Db, QueryResult, both, words};
use chrono::{DateTime, Duration, NaiveDateTime};
use diesel::dsl::{count, count_star, min};
use diesel::prelude::*;
use std::collections::HashMap;

/// Who joined no longer ago than this is looked at for how much of theirs was put away.
const LATELY: Duration = Duration::days(7);
/// Of these, the newest so many.
const LOOKED_AT: i64 = 500;
/// This much that waits in Held or Spam is much.
pub const MUCH: i64 = 3;
/// People of a page.
pub const PAGE: i64 = 50;

words! {
    pub enum Outcome { Left = "left", Acted = "acted" }
}

/// A report of a profile, as moderators see it.
#[derive(Clone, Debug)]
pub struct ProfileReport {
    pub user_id: UserId,
    pub reporter: String,
    pub record: Record,
    pub reason: ReportReason,
    pub note: String,
    pub at: NaiveDateTime,
    pub outcome: Option<Outcome>,
    pub closed_at: Option<NaiveDateTime>,
    pub closed_by: Option<UserId>,
}

/// One report a person and profile, as of items.
pub fn file(
    db: &mut Db,
    reporter: &User,
    person: UserId,
    reason: ReportReason,
    note: &str,
) -> Result<(), ReportError> {
    gate::may_post(reporter, now()).map_err(ReportError::Refused)?;
    if person == reporter.id {
        return Err(ReportError::Own);
    }
    let note: String = note.trim().chars().take(MAX_NOTE).collect();
    both!(db, conn => diesel::insert_into(profile_reports::table)
        .values((
            profile_reports::user_id.eq(person),
            profile_reports::reporter_id.eq(reporter.id),
            profile_reports::reason.eq(reason),
            profile_reports::note.eq(&note),
            profile_reports::created_at.eq(now()),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    // What was answered as wrong stays in the record of who asks anew.
    diesel::update(
        profile_reports::table
            .filter(profile_reports::user_id.eq(person))
            .filter(profile_reports::reporter_id.eq(reporter.id))
            .filter(profile_reports::outcome.eq(Outcome::Left)),
    )
    .set(profile_reports::repeated.eq(profile_reports::repeated + 1))
    .execute(db)?;
    // Answered once: it asks anew.
    diesel::update(
        profile_reports::table
            .filter(profile_reports::user_id.eq(person))
            .filter(profile_reports::reporter_id.eq(reporter.id))
            .filter(profile_reports::closed_at.is_not_null()),
    )
    .set((
        profile_reports::reason.eq(reason),
        profile_reports::note.eq(&note),
        profile_reports::created_at.eq(now()),
        profile_reports::closed_at.eq(None::<NaiveDateTime>),
        profile_reports::closed_by.eq(None::<UserId>),
        profile_reports::outcome.eq(None::<Outcome>),
        profile_reports::told_at.eq(None::<NaiveDateTime>),
    ))
    .execute(db)?;
    Ok(())
}

/// How many people's profiles are reported and wait for an answer.
pub fn people(db: &mut Db) -> QueryResult<i64> {
    profile_reports::table
        .filter(profile_reports::closed_at.is_null())
        .select(count(profile_reports::user_id).aggregate_distinct())
        .first(db)
}

/// The people whose profiles wait for an answer, who waits longest first.
pub fn waiting(db: &mut Db) -> QueryResult<Vec<UserId>> {
    let rows: Vec<(UserId, Option<NaiveDateTime>)> = profile_reports::table
        .filter(profile_reports::closed_at.is_null())
        .group_by(profile_reports::user_id)
        .select((profile_reports::user_id, min(profile_reports::created_at)))
        .order((
            min(profile_reports::created_at),
            profile_reports::user_id.asc(),
        ))
        .limit(PAGE)
        .load(db)?;
    Ok(rows.into_iter().map(|(person, _)| person).collect())
}

/// Who joined lately and has much waiting in Held or Spam, the most first.
pub fn crowding(db: &mut Db) -> QueryResult<Vec<(String, i64)>> {
    let newest: Vec<UserId> = users::table
        .filter(users::created_at.gt(now() - LATELY))
        .order((users::created_at.desc(), users::id.desc()))
        .limit(LOOKED_AT)
        .select(users::id)
        .load(db)?;
    if newest.is_empty() {
        return Ok(Vec::new());
    }
    let most: Vec<(UserId, i64)> = items::table
        .filter(items::author_id.eq_any(newest))
        .filter(items::state.eq_any([State::Held, State::Spam]))
        .filter(items::queue.eq_any([Queue::Held, Queue::Spam, Queue::Projects]))
        .group_by(items::author_id)
        .having(count_star().ge(MUCH))
        .order((count_star().desc(), items::author_id.asc()))
        .limit(PAGE)
        .select((items::author_id, count_star()))
        .load(db)?;
    let names: HashMap<UserId, String> = users::table
        .filter(users::id.eq_any(most.iter().map(|(person, _)| *person)))
        .select((users::id, users::username))
        .load(db)?
        .into_iter()
        .collect();
    Ok(most
        .into_iter()
        .filter_map(|(person, n)| Some((names.get(&person)?.clone(), n)))
        .collect())
}

/// Reports on these people that wait, oldest first; or those that were answered, newest answer first.
pub fn about(db: &mut Db, people: &[UserId], answered: bool) -> QueryResult<Vec<ProfileReport>> {
    type Row = (
        UserId,
        UserId,
        String,
        ReportReason,
        String,
        NaiveDateTime,
        Option<Outcome>,
        Option<NaiveDateTime>,
        Option<UserId>,
    );
    let rows: Vec<Row> = profile_reports::table
        .inner_join(users::table.on(users::id.eq(profile_reports::reporter_id)))
        .filter(profile_reports::user_id.eq_any(people))
        .filter(profile_reports::closed_at.is_not_null().eq(answered))
        .order((profile_reports::closed_at.desc(), profile_reports::id))
        .limit(500)
        .select((
            profile_reports::user_id,
            users::id,
            users::username,
            profile_reports::reason,
            profile_reports::note,
            profile_reports::created_at,
            profile_reports::outcome,
            profile_reports::closed_at,
            profile_reports::closed_by,
        ))
        .load(db)?;
    let reporters: Vec<UserId> = rows.iter().map(|row| row.1).collect();
    let records = report::records(db, &reporters)?;
    Ok(rows
        .into_iter()
        .map(|row| ProfileReport {
            user_id: row.0,
            record: records.get(&row.1).copied().unwrap_or_default(),
            reporter: row.2,
            reason: row.3,
            note: row.4,
            at: row.5,
            outcome: row.6,
            closed_at: row.7,
            closed_by: row.8,
        })
        .collect())
}

/// Answers all that wait about a person; gives how many there were.
pub fn answer(db: &mut Db, by: UserId, person: UserId, outcome: Outcome) -> QueryResult<usize> {
    let at = now();
    let answered = diesel::update(
        profile_reports::table
            .filter(profile_reports::user_id.eq(person))
            .filter(profile_reports::closed_at.is_null()),
    )
    .set((
        profile_reports::closed_at.eq(at),
        profile_reports::closed_by.eq(by),
        profile_reports::outcome.eq(outcome),
    ))
    .execute(db)?;
    if answered > 0 {
        let these = Answered::Profile(person, at.and_utc().timestamp_micros());
        Job::enqueue_in(db, report::JOB, &these, UNTOLD)?;
        let what = match outcome {
            Outcome::Left => "left the profile as it is",
            Outcome::Acted => "acted on the profile",
        };
        log(db, by, person, &format!("{what}: {}", reports(answered)))?;
    }
    Ok(answered)
}

/// Takes back the answers that were given about a person in the last act; gives how many.
pub fn reopen(db: &mut Db, by: UserId, person: UserId) -> QueryResult<usize> {
    let last: Option<NaiveDateTime> = profile_reports::table
        .filter(profile_reports::user_id.eq(person))
        .select(diesel::dsl::max(profile_reports::closed_at))
        .first(db)?;
    let Some(last) = last.filter(|last| now() - *last <= super::verdict::UNDO) else {
        return Ok(0);
    };
    let opened = diesel::update(
        profile_reports::table
            .filter(profile_reports::user_id.eq(person))
            .filter(profile_reports::closed_at.eq(last)),
    )
    .set((
        profile_reports::closed_at.eq(None::<NaiveDateTime>),
        profile_reports::closed_by.eq(None::<UserId>),
        profile_reports::outcome.eq(None::<Outcome>),
        profile_reports::told_at.eq(None::<NaiveDateTime>),
    ))
    .execute(db)?;
    if opened > 0 {
        log(
            db,
            by,
            person,
            &format!("opened again: {}", reports(opened)),
        )?;
    }
    Ok(opened)
}

fn reports(n: usize) -> String {
    match n {
        1 => "1 report".into(),
        n => format!("{n} reports"),
    }
}

fn log(db: &mut Db, by: UserId, person: UserId, detail: &str) -> QueryResult<usize> {
    Act {
        actor: Some(by),
        act: "report",
        user: Some(person),
        detail,
        ..Act::default()
    }
    .write(db)
}

type Line = (String, ReportReason, String, NaiveDateTime, Option<Outcome>);

fn own_of((name, reason, note, at, outcome): Line) -> Own {
    Own {
        what: format!("the profile of {name}"),
        path: format!("/people/{name}"),
        reason,
        note,
        at,
        fate: match outcome {
            None => Fate::Waits,
            Some(Outcome::Left) => Fate::Left,
            Some(Outcome::Acted) => Fate::Acted,
        },
    }
}

/// One's own, newest first.
pub fn own(db: &mut Db, reporter: UserId, most: i64) -> QueryResult<Vec<Own>> {
    let lines: Vec<Line> = profile_reports::table
        .inner_join(users::table.on(users::id.eq(profile_reports::user_id)))
        .filter(profile_reports::reporter_id.eq(reporter))
        .order((profile_reports::created_at.desc(), profile_reports::id))
        .limit(most)
        .select((
            users::username,
            profile_reports::reason,
            profile_reports::note,
            profile_reports::created_at,
            profile_reports::outcome,
        ))
        .load(db)?;
    Ok(lines.into_iter().map(own_of).collect())
}

/// Takes what the reporters of a profile have not been told yet of the answer of this moment. One that
/// was taken back meanwhile is not here.
pub fn take_answers(db: &mut Db, person: UserId, at: i64) -> QueryResult<Vec<(User, Vec<Own>)>> {
    let at = DateTime::from_timestamp_micros(at).map(|at| at.naive_utc());
    let rows: Vec<(i64, UserId, Line)> = profile_reports::table
        .inner_join(users::table.on(users::id.eq(profile_reports::user_id)))
        .filter(profile_reports::user_id.eq(person))
        .filter(profile_reports::closed_at.eq(at))
        .filter(profile_reports::told_at.is_null())
        .order(profile_reports::id)
        .select((
            profile_reports::id,
            profile_reports::reporter_id,
            (
                users::username,
                profile_reports::reason,
                profile_reports::note,
                profile_reports::created_at,
                profile_reports::outcome,
            ),
        ))
        .load(db)?;
    let mut told = Vec::new();
    for (id, reporter, line) in rows {
        diesel::update(profile_reports::table.find(id))
            .set(profile_reports::told_at.eq(now()))
            .execute(db)?;
        told.push((User::find(db, reporter)?, vec![own_of(line)]));
    }
    Ok(told)
}
