//! Telling those who reported a failure what its makers say became of it, each at their own report.
//!
//! The first of them are told in the transaction that marks it, the others by a job in steps ([`JOB`]),
//! so that who marks what a thousand people reported does not wait for all of them. The job keeps how far
//! it came in its own row, as that of followers does (`follow.rs`).

use super::group::{self, Fate, Group};
use crate::db::{FailureGroupId, UserId};
use crate::job::Job;
use crate::notice::{self, Sort};
use crate::schema::{failure_groups, failures, notices};
use crate::{Db, QueryResult, ignore};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// Tells the rest of the reporters of one group.
pub const JOB: &str = "fates";
/// Reporters of one step.
pub const AT_ONCE: i64 = 200;

/// How far the telling of one mark came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    pub group: FailureGroupId,
    /// The maker who marked it: who ignores them is not told.
    pub by: UserId,
    /// Which mark it is. Of one that was changed since nobody is told.
    pub decided_at: NaiveDateTime,
    /// The last reporter who was looked at.
    pub after: UserId,
}

/// It was marked: what reporters were told of its fate before is told no more, and the first of them
/// learn of this. In the caller's write transaction, which holds the lock of the group.
pub(super) fn begin(
    db: &mut Db,
    group: FailureGroupId,
    by: UserId,
    decided_at: NaiveDateTime,
) -> QueryResult<()> {
    forget(db, group)?;
    let telling = Telling {
        group,
        by,
        decided_at,
        after: UserId(0),
    };
    if let Some(rest) = step(db, telling)? {
        Job::enqueue(db, JOB, &rest)?;
    }
    Ok(())
}

/// Takes back what was told of its fate: it holds no more. One statement, however many were told.
pub(super) fn forget(db: &mut Db, group: FailureGroupId) -> QueryResult<()> {
    let reports = failures::table
        .filter(failures::group_id.eq(group))
        .select(failures::id);
    diesel::delete(
        notices::table
            .filter(notices::item_id.eq_any(reports))
            .filter(notices::kind.eq_any([Sort::Fixed, Sort::Marked])),
    )
    .execute(db)
    .map(|_| ())
}

/// Tells the next reporters; gives where to go on. None: all know, or it is marked otherwise by now.
fn step(db: &mut Db, telling: Telling) -> QueryResult<Option<Telling>> {
    let group: Option<Group> = failure_groups::table
        .find(telling.group)
        .select(Group::as_select())
        .get_result(db)
        .optional()?;
    let Some(group) = group.filter(|group| group.decided_at == Some(telling.decided_at)) else {
        return Ok(None);
    };
    let sort = match group.fate {
        Fate::Open => return Ok(None),
        Fate::Fixed => Sort::Fixed,
        Fate::Unseen | Fate::Intended => Sort::Marked,
    };
    let next = group::reporters(db, &group, telling.after, AT_ONCE)?;
    let people: Vec<UserId> = next.iter().map(|(user, _)| *user).collect();
    let Some(after) = people.last().copied() else {
        return Ok(None);
    };
    let meant = ignore::listening(db, &people, &[telling.by])?;
    for (user, report) in next.iter().filter(|(user, _)| meant.contains(user)) {
        notice::tell(db, *user, sort, *report)?;
    }
    Ok(((next.len() as i64) == AT_ONCE).then_some(Telling { after, ..telling }))
}

/// The next step of the telling that this job keeps.
pub fn go_on(db: &mut Db, job: &Job) -> QueryResult<bool> {
    let lock = |db: &mut Db, telling: &Telling| group::lock(db, telling.group);
    job.go_on(db, lock, step)
}
