//! The public log: what moderators and the filter did, batch by batch. Which act, why, and on how
//! many texts of which kind; never the texts, nor whose they were.

use super::verdict::{Batch, kinds};
use crate::db::BatchId;
use crate::item::Kind;
use crate::schema::{batches, items, users, verdicts};
use crate::{Db, QueryResult};
use diesel::dsl::count_star;
use diesel::prelude::*;
use std::collections::BTreeMap;

/// Acts of a page.
pub const PAGE: i64 = 50;

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
