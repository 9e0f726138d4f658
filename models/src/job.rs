//! Work that follows a commit, above all mail. Queued in the same transaction as what caused it,
//! so that nothing is sent for what was rolled back and nothing is lost by a kill.

use crate::condition::Upto;
use crate::db::{dialect, now, write_tx};
use crate::schema::jobs;
use crate::{Db, QueryResult};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// After these many failures (about two days) a job is given up and shown to the administrator.
const ATTEMPTS: i32 = 12;
/// A claimed job that was not finished in this time died with its process and runs again.
const CLAIM: Duration = Duration::minutes(5);

#[derive(Clone, Debug, Queryable, Selectable)]
pub struct Job {
    pub id: i64,
    pub kind: String,
    pub payload: String,
    pub run_at: NaiveDateTime,
    pub attempts: i32,
    pub last_error: String,
    pub dead_at: Option<NaiveDateTime>,
    pub created_at: NaiveDateTime,
}

impl Job {
    pub fn enqueue(db: &mut Db, kind: &str, payload: &impl serde::Serialize) -> QueryResult<usize> {
        Job::enqueue_in(db, kind, payload, Duration::zero())
    }

    /// To be done after a while: what an undo may still make needless.
    pub fn enqueue_in(
        db: &mut Db,
        kind: &str,
        payload: &impl serde::Serialize,
        wait: Duration,
    ) -> QueryResult<usize> {
        let payload = serde_json::to_string(payload)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        let at = now();
        diesel::insert_into(jobs::table)
            .values((
                jobs::kind.eq(kind),
                jobs::payload.eq(payload),
                jobs::run_at.eq(at + wait),
                jobs::created_at.eq(at),
            ))
            .execute(db)
    }

    pub fn is_due(db: &mut Db) -> QueryResult<bool> {
        let first: Option<i64> = jobs::table
            .filter(jobs::dead_at.is_null().and(jobs::run_at.le(now())))
            .select(jobs::id)
            .upto(1)
            .get_result(db)
            .optional()?;
        Ok(first.is_some())
    }

    /// Takes the next due job for [`CLAIM`]. Counts the attempt before it is made, so that a job
    /// that kills its process is given up too.
    pub fn claim(db: &mut Db) -> QueryResult<Option<Job>> {
        write_tx(db, |db| {
            let at = now();
            let Some(id) = dialect::claim_due_job(db, at)? else {
                return Ok(None);
            };
            diesel::update(jobs::table.find(id))
                .set((
                    jobs::run_at.eq(at + CLAIM),
                    jobs::attempts.eq(jobs::attempts + 1),
                ))
                .execute(db)?;
            jobs::table
                .find(id)
                .select(Job::as_select())
                .get_result(db)
                .map(Some)
        })
    }

    /// Makes jobs of a kind due that a process took up and did not finish: it may have died. For
    /// kinds that may run twice at once, as each of their steps takes a lock.
    pub fn take_up_again(db: &mut Db, kind: &str) -> QueryResult<usize> {
        diesel::update(
            jobs::table
                .filter(jobs::kind.eq(kind))
                .filter(jobs::dead_at.is_null()),
        )
        .set(jobs::run_at.eq(now()))
        .execute(db)
    }

    /// What a job is about, as its row has it now; nothing, if another worker has done it.
    pub fn payload<T: serde::de::DeserializeOwned>(db: &mut Db, id: i64) -> QueryResult<Option<T>> {
        let payload: Option<String> = jobs::table
            .find(id)
            .select(jobs::payload)
            .get_result(db)
            .optional()?;
        payload
            .map(|payload| serde_json::from_str(&payload))
            .transpose()
            .map_err(|error| diesel::result::Error::DeserializationError(error.into()))
    }

    /// Notes how far a long job came, in the transaction of the step: killed, it goes on from there.
    /// Its claim begins anew.
    pub fn keep(&self, db: &mut Db, payload: &impl serde::Serialize) -> QueryResult<usize> {
        let payload = serde_json::to_string(payload)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        diesel::update(jobs::table.find(self.id))
            .set((jobs::payload.eq(payload), jobs::run_at.eq(now() + CLAIM)))
            .execute(db)
    }

    /// Goes on with what this job keeps, by a step; gives whether there is more. Two who work on it at once
    /// come one after the other, by a lock that the work takes anyway, and the second goes on where the
    /// first came to. To be called in a write transaction.
    pub fn go_on<T: serde::Serialize + serde::de::DeserializeOwned>(
        &self,
        db: &mut Db,
        lock: impl FnOnce(&mut Db, &T) -> QueryResult<()>,
        step: impl FnOnce(&mut Db, T) -> QueryResult<Option<T>>,
    ) -> QueryResult<bool> {
        let Some(known) = Job::payload(db, self.id)? else {
            return Ok(false);
        };
        lock(db, &known)?;
        let Some(now) = Job::payload(db, self.id)? else {
            return Ok(false);
        };
        match step(db, now)? {
            Some(next) => self.keep(db, &next).map(|_| true),
            None => Ok(false),
        }
    }

    pub fn done(&self, db: &mut Db) -> QueryResult<usize> {
        diesel::delete(jobs::table.find(self.id)).execute(db)
    }

    /// Tries again later, twice as long each time, or gives up.
    pub fn failed(&self, db: &mut Db, error: &str, permanent: bool) -> QueryResult<usize> {
        let at = now();
        let wait = Duration::seconds(30 << self.attempts.clamp(0, 12));
        let dead = (permanent || self.attempts >= ATTEMPTS).then_some(at);
        diesel::update(jobs::table.find(self.id))
            .set((
                jobs::run_at.eq(at + wait),
                jobs::last_error.eq(error.chars().take(500).collect::<String>()),
                jobs::dead_at.eq(dead),
            ))
            .execute(db)
    }

    /// Takes up again what was given up; false when it was not.
    pub fn retry(db: &mut Db, id: i64) -> QueryResult<bool> {
        diesel::update(jobs::table.find(id).filter(jobs::dead_at.is_not_null()))
            .set((
                jobs::dead_at.eq(None::<NaiveDateTime>),
                jobs::attempts.eq(0),
                jobs::run_at.eq(now()),
            ))
            .execute(db)
            .map(|n| n == 1)
    }

    pub fn waiting(db: &mut Db) -> QueryResult<Vec<Job>> {
        jobs::table
            .order(jobs::id.desc())
            .limit(100)
            .select(Job::as_select())
            .load(db)
    }
}
