//! The public log: what moderators and the filter did, batch by batch. Which act, why, and on how
//! many texts of which kind; never the texts, nor whose they were.
//!
//! To its author spam looks held. An act with its minute would tell them what their text was taken
//! for, so spam is only summed up, for days that are over.

use super::verdict::{Batch, Verdict, kinds};
use crate::db::{BatchId, now};
use crate::item::Kind;
use crate::schema::{batches, items, users, verdicts};
use crate::{Db, QueryResult};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::count_star;
use diesel::prelude::*;
use std::collections::BTreeMap;

/// Acts of a page.
pub const PAGE: i64 = 50;
/// Acts that are summed up for one page; what is older than so many is not told any more.
const SUMMED: i64 = 5_000;

#[derive(Clone, Debug)]
pub struct PublicAct {
    pub batch: Batch,
    pub by: String,
    /// By the filter.
    pub robot: bool,
    /// How many of each kind.
    pub kinds: BTreeMap<String, i64>,
}

impl PublicAct {
    pub fn is_undone(&self) -> bool {
        self.batch.undone_at.is_some()
    }

    /// Somebody took it back but for texts that were decided again in between.
    pub fn is_partly_undone(&self) -> bool {
        self.batch.undone_by.is_some() && !self.is_undone()
    }
}

/// Newest first, before one; and where the next page begins.
pub fn page(
    db: &mut Db,
    before: Option<BatchId>,
) -> QueryResult<(Vec<PublicAct>, Option<BatchId>)> {
    let mut query = batches::table
        .inner_join(users::table.on(users::id.eq(batches::by_id)))
        .filter(batches::verdict.ne(Verdict::Spam))
        .order(batches::id.desc())
        .limit(PAGE + 1)
        .select((Batch::as_select(), users::username, users::robot))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(batches::id.lt(before));
    }
    let mut rows: Vec<(Batch, String, bool)> = query.load(db)?;
    let more = rows.len() as i64 > PAGE;
    rows.truncate(PAGE as usize);
    let next = rows.last().filter(|_| more).map(|(batch, ..)| batch.id);
    let uncounted: Vec<BatchId> = rows
        .iter()
        .filter(|(batch, ..)| batch.kinds.is_empty())
        .map(|(batch, ..)| batch.id)
        .collect();
    let mut counted = count(db, &uncounted)?;
    let acts = rows
        .into_iter()
        .map(|(batch, by, robot)| PublicAct {
            kinds: match counted.remove(&batch.id) {
                Some(kinds) => kinds,
                None => kinds(&batch.kinds),
            },
            batch,
            by,
            robot,
        })
        .collect();
    Ok((acts, next))
}

/// What was put away as spam on each day of a page, newest first: from the day before that of the
/// page's first act to the day of its last, so that each day stands on one page, whole.
pub fn spam_by_day(
    db: &mut Db,
    before: Option<BatchId>,
    next: Option<BatchId>,
) -> QueryResult<Vec<(NaiveDate, BTreeMap<String, i64>)>> {
    let day_of = |db: &mut Db, id: Option<BatchId>| -> QueryResult<Option<NaiveDateTime>> {
        let Some(id) = id else { return Ok(None) };
        let found = Batch::find(db, id).optional()?;
        Ok(found.map(|batch| batch.created_at.date().into()))
    };
    let today: NaiveDateTime = now().date().into();
    let until = day_of(db, before)?.map_or(today, |day| day.min(today));
    let from = day_of(db, next)?;
    let spam = batches::table
        .filter(batches::verdict.eq(Verdict::Spam))
        .filter(batches::undone_at.is_null())
        .filter(batches::created_at.lt(until))
        .order(batches::id.desc())
        .limit(SUMMED)
        .select((batches::id, batches::created_at, batches::kinds))
        .into_boxed();
    let rows: Vec<(BatchId, NaiveDateTime, String)> = match from {
        None => spam.load(db)?,
        Some(from) => {
            // By the number, which is the one index there is.
            let earlier: Option<BatchId> = batches::table
                .filter(batches::created_at.lt(from))
                .order(batches::id.desc())
                .select(batches::id)
                .first(db)
                .optional()?;
            spam.filter(batches::id.gt(earlier.unwrap_or(BatchId(0))))
                .load(db)?
        }
    };
    let all = (rows.len() as i64) < SUMMED;
    let uncounted: Vec<BatchId> = rows
        .iter()
        .filter(|(.., kinds)| kinds.is_empty())
        .map(|(id, ..)| *id)
        .collect();
    let mut counted = count(db, &uncounted)?;
    let mut days: Vec<(NaiveDate, BTreeMap<String, i64>)> = Vec::new();
    for (id, at, of) in rows {
        let of = counted.remove(&id).unwrap_or_else(|| kinds(&of));
        if days.last().is_none_or(|(day, _)| *day != at.date()) {
            days.push((at.date(), BTreeMap::new()));
        }
        if let Some((_, sum)) = days.last_mut() {
            for (kind, n) in of {
                *sum.entry(kind).or_default() += n;
            }
        }
    }
    if !all {
        days.pop();
    }
    Ok(days)
}

/// The items of batches by kind, counted.
pub(crate) fn count(
    db: &mut Db,
    of: &[BatchId],
) -> QueryResult<BTreeMap<BatchId, BTreeMap<String, i64>>> {
    if of.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(BatchId, Kind, i64)> = verdicts::table
        .inner_join(items::table)
        .filter(verdicts::batch_id.eq_any(of))
        .group_by((verdicts::batch_id, items::kind))
        .select((verdicts::batch_id, items::kind, count_star()))
        .load(db)?;
    let mut counted: BTreeMap<BatchId, BTreeMap<String, i64>> = BTreeMap::new();
    for (batch, kind, n) in rows {
        counted
            .entry(batch)
            .or_default()
            .insert(kind.to_string(), n);
    }
    Ok(counted)
}
