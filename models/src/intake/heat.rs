//! Heated threads: where people begin to report one another, new comments wait for a moderator and
//! everybody is asked to take a while over the next one.

use super::limits::{Limited, span};
use super::rules::seconds_to_wait;
use super::{Outcome, Step};
use crate::account::{Role, User};
use crate::condition::fixed;
use crate::db::{ItemId, ThreadId, UserId, now};
use crate::item::Kind;
use crate::moderation::report::FLOOR;
use crate::moderation::verdict::Verdict;
use crate::schema::{items, reports, verdicts};
use crate::{Db, QueryResult};
use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use std::collections::HashSet;

/// What happened longer ago than this has cooled down: most quarrels are over in an evening.
const WINDOW: Duration = Duration::hours(2);
/// One or two reports are anybody's bad day, and one angry reader must not be able to close a
/// thread: reports count once for each reader, whatever they report.
const HEATED_FROM: usize = 3;
/// Newest acts of the whole site that are looked at, so that a verdict on ten thousand costs the next
/// comment nothing.
const LOOKED_AT: i64 = 200;
/// As Lobsters does: so many minutes, and one for each sign of heat …
const MINUTES: i64 = 2;
/// … up to this.
const MOST_MINUTES: i64 = 30;

/// No index but that of the number finds it then: a busy project has thousands of items.
const PROJECT: &str = "(+items.project_id)";

/// A thread that is heated just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heat {
    /// Different readers who reported comments there.
    pub reporters: usize,
    /// Comments that moderators took away there.
    pub removed: usize,
}

impl Heat {
    /// Of a project's thread. None: it is calm, or this person is one who calms it.
    pub fn of(
        db: &mut Db,
        project: ItemId,
        author: &User,
        on_team: bool,
    ) -> QueryResult<Option<Heat>> {
        match on_team || author.role >= Role::Moderator {
            true => Ok(None),
            false => Heat::here(db, project),
        }
    }

    /// Whoever asks.
    pub fn here(db: &mut Db, project: ItemId) -> QueryResult<Option<Heat>> {
        let since = now() - WINDOW;
        // What a moderator left as it was heats nothing, nor do accounts of today or who is always
        // wrong: a thread would be closed by those who cry the loudest.
        let agrees = verdicts::verdict.eq_any([Verdict::Spam, Verdict::Remove]);
        let reported: Vec<(ItemId, UserId)> = reports::table
            .inner_join(items::table)
            .left_join(verdicts::table.on(reports::closed_by.eq(verdicts::id.nullable())))
            .filter(reports::created_at.gt(since))
            .filter(reports::closed_by.is_null().or(agrees.assume_not_null()))
            .filter(reports::weight.gt(FLOOR))
            .filter(reports::reporter_id.ne(items::author_id))
            .order(reports::created_at.desc())
            .limit(LOOKED_AT)
            .select((reports::item_id, reports::reporter_id))
            .load(db)?;
        let decided: Vec<(ItemId, Verdict, bool)> = verdicts::table
            .filter(verdicts::created_at.gt(since))
            .order(verdicts::created_at.desc())
            .limit(LOOKED_AT)
            .select((
                verdicts::item_id,
                verdicts::verdict,
                verdicts::undone_at.is_null(),
            ))
            .load(db)?;
        let removed: HashSet<ItemId> = decided
            .into_iter()
            .filter(|(_, verdict, stands)| *verdict == Verdict::Remove && *stands)
            .map(|(item, ..)| item)
            .collect();
        if reported.len() + removed.len() < HEATED_FROM {
            return Ok(None);
        }
        let asked: Vec<ItemId> = reported
            .iter()
            .map(|(item, _)| *item)
            .chain(removed.iter().copied())
            .collect();
        let here: HashSet<ItemId> = items::table
            .filter(items::id.eq_any(asked))
            .filter(fixed::<Nullable<BigInt>>(PROJECT).eq(project))
            .filter(items::kind.eq(Kind::Comment))
            .select(items::id)
            .load(db)?
            .into_iter()
            .collect();
        let heat = Heat {
            reporters: reported
                .into_iter()
                .filter(|(item, _)| here.contains(item))
                .map(|(_, reporter)| reporter)
                .collect::<HashSet<_>>()
                .len(),
            removed: removed.intersection(&here).count(),
        };
        Ok((heat.signs() >= HEATED_FROM).then_some(heat))
    }

    fn signs(&self) -> usize {
        self.reporters + self.removed
    }

    fn apart(&self) -> Duration {
        Duration::minutes((MINUTES + self.signs() as i64).min(MOST_MINUTES))
    }

    /// Whether this person wrote here a moment ago.
    pub fn limit(
        &self,
        db: &mut Db,
        thread: ThreadId,
        author: &User,
    ) -> QueryResult<Result<(), Limited>> {
        let Some(seconds) = seconds_to_wait(db, thread, author, self.apart())? else {
            return Ok(Ok(()));
        };
        Ok(Err(Limited::TooFast {
            seconds,
            sentence: format!(
                "This talk is heated just now. Take a little walk: you can post here again in {}.",
                span(seconds)
            ),
        }))
    }

    pub fn step(heat: Option<Heat>) -> Step {
        let Some(heat) = heat else {
            return Step::pass("heated");
        };
        let mut signs = Vec::new();
        match heat.reporters {
            0 => {}
            1 => signs.push("1 reader reported comments here".to_owned()),
            n => signs.push(format!("{n} readers reported comments here")),
        }
        match heat.removed {
            0 => {}
            1 => signs.push("1 comment was removed".to_owned()),
            n => signs.push(format!("{n} comments were removed")),
        }
        Step::new(
            "heated",
            Outcome::Hold,
            format!(
                "the thread is heated: {} in the last {} hours",
                signs.join(" and "),
                WINDOW.num_hours()
            ),
        )
    }
}
