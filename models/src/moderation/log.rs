//! The log: who did what, when and why. Append-only.

use crate::db::{BatchId, ItemId, SanctionId, UserId, now};
use crate::schema::{log, users};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Clone, Debug, Queryable)]
pub struct Entry {
    pub id: i64,
    pub at: NaiveDateTime,
    pub actor: Option<String>,
    pub act: String,
    pub item_id: Option<ItemId>,
    pub batch_id: Option<BatchId>,
    pub detail: String,
    /// The person it is about.
    pub about: Option<String>,
    pub sanction_id: Option<SanctionId>,
}

#[derive(Default)]
pub struct Act<'a> {
    pub actor: Option<UserId>,
    pub act: &'a str,
    pub item: Option<ItemId>,
    pub user: Option<UserId>,
    pub batch: Option<BatchId>,
    pub detail: &'a str,
    pub sanction: Option<SanctionId>,
}

impl Act<'_> {
    pub fn write(&self, db: &mut Db) -> QueryResult<usize> {
        diesel::insert_into(log::table)
            .values((
                log::at.eq(now()),
                log::actor_id.eq(self.actor),
                log::act.eq(self.act),
                log::item_id.eq(self.item),
                log::user_id.eq(self.user),
                log::batch_id.eq(self.batch),
                log::detail.eq(self.detail),
                log::sanction_id.eq(self.sanction),
            ))
            .execute(db)
    }
}

/// Newest first, before a given entry; of one batch if asked.
pub fn page(
    db: &mut Db,
    before: Option<i64>,
    batch: Option<BatchId>,
    limit: i64,
) -> QueryResult<Vec<Entry>> {
    let about = diesel::alias!(users as about);
    let mut query = log::table
        .left_join(users::table.on(log::actor_id.eq(users::id.nullable())))
        .left_join(about.on(log::user_id.eq(about.field(users::id).nullable())))
        .select((
            log::id,
            log::at,
            users::username.nullable(),
            log::act,
            log::item_id,
            log::batch_id,
            log::detail,
            about.field(users::username).nullable(),
            log::sanction_id,
        ))
        .order(log::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(log::id.lt(before));
    }
    if let Some(batch) = batch {
        query = query.filter(log::batch_id.eq(batch));
    }
    query.load(db)
}
