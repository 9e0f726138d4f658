//! Reports: a reader's complaint with a reason. They bring an item before moderators; by
//! themselves they neither hide anything nor train the filter.

use crate::account::User;
use crate::db::{ItemId, UserId, dialect, now};
use crate::gate::{self, Refusal};
use crate::item::State;
use crate::schema::{items, reports, users};
use crate::{Db, QueryResult, both, words};
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub const MAX_NOTE: usize = 500;

words! {
    pub enum ReportReason {
        Spam = "spam",
        Unkind = "unkind",
        OffTopic = "off-topic",
        Private = "private",
        Other = "other",
    }
}

impl ReportReason {
    pub fn label(self) -> &'static str {
        match self {
            ReportReason::Spam => "It is spam or advertising",
            ReportReason::Unkind => "It is unkind or abusive",
            ReportReason::OffTopic => "It has nothing to do with the project",
            ReportReason::Private => "It tells something private about somebody",
            ReportReason::Other => "Something else",
        }
    }
}

#[derive(Clone, Debug, Queryable)]
pub struct Report {
    pub item_id: ItemId,
    pub reporter_id: UserId,
    pub reporter: String,
    pub reason: ReportReason,
    pub note: String,
    pub created_at: NaiveDateTime,
}

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("This is not published any more.")]
    NotPublished,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// One report a person and item: saying it again while it waits changes nothing, and after it was
/// answered asks anew.
pub fn file(
    db: &mut Db,
    reporter: &User,
    item: ItemId,
    reason: ReportReason,
    note: &str,
) -> Result<(), ReportError> {
    gate::may_post(reporter, now()).map_err(ReportError::Refused)?;
    let item = dialect::lock_item(db, item)?.ok_or(diesel::result::Error::NotFound)?;
    if item.state != State::Published {
        return Err(ReportError::NotPublished);
    }
    let note: String = note.trim().chars().take(MAX_NOTE).collect();
    let new = both!(db, conn => diesel::insert_into(reports::table)
        .values((
            reports::item_id.eq(item.id),
            reports::reporter_id.eq(reporter.id),
            reports::reason.eq(reason),
            reports::note.eq(&note),
            reports::created_at.eq(now()),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    let asked_anew = diesel::update(
        reports::table.filter(
            reports::item_id
                .eq(item.id)
                .and(reports::reporter_id.eq(reporter.id))
                .and(reports::closed_by.is_not_null()),
        ),
    )
    .set((
        reports::reason.eq(reason),
        reports::note.eq(&note),
        reports::created_at.eq(now()),
        reports::closed_by.eq(None::<i64>),
    ))
    .execute(db)?;
    if new + asked_anew > 0 {
        diesel::update(items::table.find(item.id))
            .set(items::reports.eq(items::reports + 1))
            .execute(db)?;
    }
    Ok(())
}

/// Reports that wait for an answer, on these items.
pub fn open_on(db: &mut Db, items: &[ItemId]) -> QueryResult<Vec<Report>> {
    reports::table
        .inner_join(users::table.on(users::id.eq(reports::reporter_id)))
        .filter(
            reports::item_id
                .eq_any(items)
                .and(reports::closed_by.is_null()),
        )
        .order((reports::item_id, reports::id))
        .select((
            reports::item_id,
            users::id,
            users::username,
            reports::reason,
            reports::note,
            reports::created_at,
        ))
        .load(db)
}
