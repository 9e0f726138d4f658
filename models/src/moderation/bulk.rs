//! One verdict on all that match a filter, and its undo, in steps of a thousand items.
//!
//! Each step is a transaction of its own, so that others who write need not wait for ten thousand
//! items, and ends by noting in the batch how far it came: a step that a kill took away is done
//! again as a whole, and none is done twice. All steps are one batch.

use super::campaign::Campaign;
use super::letters;
use super::log::{Act, counted};
use super::queue::Filter;
use super::verdict::{
    Asked, Batch, MOST, Outcomes, Phase, Verdict, decide_into, open_batch, put_back,
};
use crate::db::{BatchId, ItemId, UserId, dialect, now};
use crate::schema::batches;
use crate::{Db, QueryResult};
use diesel::prelude::*;

/// The job that goes on with a batch.
pub const JOB: &str = "batch";

/// Decides the first thousand that match. Gives whether there are more, which a job of the batch
/// must go on with. To be called in a write transaction, as all here.
pub fn decide_all(
    db: &mut Db,
    by: UserId,
    verdict: Verdict,
    reason: &str,
    filter: &Filter,
    words: &str,
) -> QueryResult<(Outcomes, bool)> {
    let asked = Asked {
        by,
        verdict,
        reason,
    };
    let mut outcomes = Outcomes {
        batch: None,
        done: 0,
        skipped: Vec::new(),
    };
    let seen = filter.seen(db, ItemId(0), MOST as i64)?;
    if let Some(id) = filter.whole_campaign() {
        // Items, campaign, threads: the order in which an edit takes them.
        let ids: Vec<ItemId> = seen.iter().map(|seen| seen.id).collect();
        dialect::lock_items(db, &ids)?;
        dialect::lock_campaigns(db, &[id])?;
    }
    let last = seen.last().map(|seen| seen.id);
    let goes_on = seen.len() == MOST;
    let total = if goes_on {
        outcomes.batch = Some(open_batch(db, &asked)?);
        filter.count(db)?
    } else {
        seen.len() as i64
    };
    decide_into(db, &asked, &mut outcomes, &seen)?;
    let Some(batch) = outcomes.batch else {
        return Ok((outcomes, false));
    };
    if let Some(id) = filter.whole_campaign() {
        Campaign::decided(db, id, batch)?;
    }
    if let (true, Some(last)) = (goes_on, last) {
        diesel::update(batches::table.find(batch))
            .set((
                batches::phase.eq(Phase::Deciding),
                batches::position.eq(last),
                batches::total.eq(total as i32),
                batches::skipped.eq(outcomes.skipped.len() as i32),
            ))
            .execute(db)?;
    }
    let detail = format!(
        "{verdict} on {} {words}{}{reason}",
        if goes_on {
            format!("up to {}:", counted(total, "item"))
        } else {
            format!("{}:", counted(outcomes.done as i64, "item"))
        },
        if reason.is_empty() { "" } else { "; " },
    );
    Act {
        actor: Some(by),
        act: verdict.as_str(),
        batch: Some(batch),
        detail: &detail,
        why: reason,
        ..Act::default()
    }
    .write(db)?;
    if !goes_on {
        letters::wait(db, batch)?;
    }
    Ok((outcomes, goes_on))
}

/// Goes on with the next thousand of a batch, whatever it is doing. False when nothing is left.
pub fn step(db: &mut Db, id: BatchId, filter: Option<&Filter>) -> QueryResult<bool> {
    // Not beside an undo of the same batch, nor beside another worker that took the job up.
    dialect::lock(db, &format!("batch:{id}"))?;
    let batch = Batch::find(db, id)?;
    match (batch.phase, filter) {
        (Phase::Done, _) => Ok(false),
        (Phase::Deciding, Some(filter)) => decide_on(db, &batch, filter),
        // The undo has a job of its own.
        (Phase::Undoing, Some(_)) | (Phase::Deciding, None) => Ok(false),
        (Phase::Undoing, None) => undo_step(db, &batch),
    }
}

fn decide_on(db: &mut Db, batch: &Batch, filter: &Filter) -> QueryResult<bool> {
    let asked = Asked {
        by: batch.by_id,
        verdict: batch.verdict,
        reason: &batch.reason,
    };
    let mut outcomes = Outcomes {
        batch: Some(batch.id),
        done: 0,
        skipped: Vec::new(),
    };
    let seen = filter.seen(db, batch.position, MOST as i64)?;
    decide_into(db, &asked, &mut outcomes, &seen)?;
    let goes_on = seen.len() == MOST;
    diesel::update(batches::table.find(batch.id))
        .set((
            batches::position.eq(seen.last().map_or(batch.position, |seen| seen.id)),
            batches::skipped.eq(batches::skipped + outcomes.skipped.len() as i32),
            batches::phase.eq(if goes_on {
                Phase::Deciding
            } else {
                Phase::Done
            }),
        ))
        .execute(db)?;
    // Ten minutes from the last step on.
    if !goes_on {
        letters::wait(db, batch.id)?;
    }
    Ok(goes_on)
}

/// From now on the batch is being undone, by a job.
pub(super) fn undo_on(
    db: &mut Db,
    id: BatchId,
    by: UserId,
    last: ItemId,
    total: i64,
    left: usize,
) -> QueryResult<()> {
    diesel::update(batches::table.find(id))
        .set((
            batches::phase.eq(Phase::Undoing),
            batches::position.eq(last),
            batches::total.eq(total as i32),
            batches::skipped.eq(left as i32),
            batches::undone_by.eq(by),
        ))
        .execute(db)
        .map(|_| ())
}

fn undo_step(db: &mut Db, batch: &Batch) -> QueryResult<bool> {
    let undone = put_back(db, batch.id, batch.position)?;
    let left = batch.skipped + undone.left.len() as i32;
    let at = undone.goes_on.unwrap_or(batch.position);
    diesel::update(batches::table.find(batch.id))
        .set((
            batches::position.eq(at),
            batches::skipped.eq(left),
            batches::phase.eq(if undone.goes_on.is_some() {
                Phase::Undoing
            } else {
                Phase::Done
            }),
            batches::undone_at.eq((undone.goes_on.is_none() && left == 0).then(now)),
        ))
        .execute(db)?;
    Ok(undone.goes_on.is_some())
}
