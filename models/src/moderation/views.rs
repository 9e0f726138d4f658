//! How often readers were shown what waits for somebody to look: of two bad texts, the one on a busy
//! page comes first in the order "most seen".
//!
//! Only what is in a queue is counted, from when it got there: what somebody looked at and nobody
//! reported costs nothing. Who read it is not known here.

use super::queue::RECENT_DAYS;
use crate::db::{ItemId, dialect, now};
use crate::item::State;
use crate::schema::items;
use crate::{Db, QueryResult};
use chrono::Duration;
use diesel::prelude::*;

/// Those of these items that are counted: readers see them, and they are in Recent, or reported, or
/// wait with a change of what readers see.
pub fn counted(db: &mut Db, seen: &[ItemId]) -> QueryResult<Vec<ItemId>> {
    let recent = items::looked_at
        .is_null()
        .and(items::created_at.gt(now() - Duration::days(RECENT_DAYS)));
    items::table
        .filter(items::id.eq_any(seen))
        .filter(items::state.eq(State::Published))
        .filter(
            recent
                .or(items::reports.gt(0))
                .or(items::queue.is_not_null()),
        )
        .select(items::id)
        .load(db)
}

/// Adds to the views of items, each given once. In a write transaction.
pub fn add(db: &mut Db, seen: &[(ItemId, i32)]) -> QueryResult<()> {
    let mut by_times = seen.to_vec();
    by_times.sort_by_key(|(_, times)| *times);
    let ids: Vec<ItemId> = seen.iter().map(|(id, _)| *id).collect();
    // In the order of their numbers, as verdicts lock them.
    dialect::lock_items(db, &ids)?;
    for same in by_times.chunk_by(|a, b| a.1 == b.1) {
        let ids: Vec<ItemId> = same.iter().map(|(id, _)| *id).collect();
        diesel::update(items::table.filter(items::id.eq_any(ids)))
            .set(items::views.eq(items::views + same[0].1))
            .execute(db)?;
    }
    Ok(())
}
