//! The log: who did what, when and why. Append-only; the database refuses anything else.

use crate::db::{BatchId, ItemId, SanctionId, UserId, VerdictId, now};
use crate::item::{Kind, State};
use crate::schema::{items, log, users, verdicts};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::cell::RefCell;

#[derive(Clone, Debug, Queryable)]
pub struct Entry {
    pub id: i64,
    pub at: NaiveDateTime,
    pub actor: Option<String>,
    pub act: String,
    pub item_id: Option<ItemId>,
    pub item_kind: Option<Kind>,
    pub batch_id: Option<BatchId>,
    pub detail: String,
    /// The person it is about.
    pub about: Option<String>,
    pub sanction_id: Option<SanctionId>,
    pub before: Option<String>,
    pub after: Option<String>,
    pub why: Option<String>,
    pub request_id: Option<String>,
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
    /// What it was, where that is a few words; empty: says nothing.
    pub before: &'a str,
    pub after: &'a str,
    /// The reason that was given.
    pub why: &'a str,
}

/// What the acts of this thread have in common while it works for somebody.
#[derive(Clone, Default)]
struct Frame {
    request: Option<String>,
    at: Option<NaiveDateTime>,
}

thread_local! {
    static FRAME: RefCell<Frame> = const { RefCell::new(Frame { request: None, at: None }) };
}

fn framed<T>(frame: Frame, work: impl FnOnce() -> T) -> T {
    /// Puts the old one back, after a panic too: the thread goes on to work for somebody else.
    struct Guard(Frame);
    impl Drop for Guard {
        fn drop(&mut self) {
            FRAME.set(std::mem::take(&mut self.0));
        }
    }
    let _guard = Guard(FRAME.replace(frame));
    work()
}

/// What is logged meanwhile names this request of a person.
pub fn during<T>(request: Option<String>, work: impl FnOnce() -> T) -> T {
    framed(Frame { request, at: None }, work)
}

/// What is logged meanwhile happened then: for a community that is invented.
pub fn dated<T>(at: NaiveDateTime, work: impl FnOnce() -> T) -> T {
    let frame = Frame {
        at: Some(at),
        ..Frame::default()
    };
    framed(frame, work)
}

impl Act<'_> {
    pub fn write(&self, db: &mut Db) -> QueryResult<usize> {
        let frame = FRAME.with_borrow(Clone::clone);
        let said = |words: &str| (!words.is_empty()).then(|| words.to_owned());
        diesel::insert_into(log::table)
            .values((
                log::at.eq(frame.at.unwrap_or_else(now)),
                log::actor_id.eq(self.actor),
                log::act.eq(self.act),
                log::item_id.eq(self.item),
                log::user_id.eq(self.user),
                log::batch_id.eq(self.batch),
                log::detail.eq(self.detail),
                log::sanction_id.eq(self.sanction),
                log::before.eq(said(self.before)),
                log::after.eq(said(self.after)),
                log::why.eq(said(self.why)),
                log::request_id.eq(frame.request),
            ))
            .execute(db)
    }
}

/// "1 item", "2 items".
pub fn counted(n: i64, unit: &str) -> String {
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}

/// Which acts.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub who: Option<UserId>,
    pub act: String,
    /// About this person, or what they wrote.
    pub person: Option<UserId>,
    pub item: Option<ItemId>,
    pub since: Option<NaiveDateTime>,
    /// Before this moment.
    pub until: Option<NaiveDateTime>,
}

/// Batches that a filter by person or item looks through.
const BATCHES: i64 = 2_000;

impl Filter {
    /// Newest first, before a given entry.
    pub fn page(&self, db: &mut Db, before: Option<i64>, limit: i64) -> QueryResult<Vec<Entry>> {
        let about = diesel::alias!(users as about);
        let mut query = log::table
            .left_join(users::table.on(log::actor_id.eq(users::id.nullable())))
            .left_join(items::table.on(log::item_id.eq(items::id.nullable())))
            .left_join(about.on(log::user_id.eq(about.field(users::id).nullable())))
            .select((
                log::id,
                log::at,
                users::username.nullable(),
                log::act,
                log::item_id,
                items::kind.nullable(),
                log::batch_id,
                log::detail,
                about.field(users::username).nullable(),
                log::sanction_id,
                log::before,
                log::after,
                log::why,
                log::request_id,
            ))
            .order(log::id.desc())
            .limit(limit)
            .into_boxed();
        if let Some(before) = before {
            query = query.filter(log::id.lt(before));
        }
        if let Some(who) = self.who {
            query = query.filter(log::actor_id.eq(who));
        }
        if !self.act.is_empty() {
            query = query.filter(log::act.eq(self.act.clone()));
        }
        if let Some(person) = self.person {
            let batches: Vec<BatchId> = verdicts::table
                .inner_join(items::table)
                .filter(items::author_id.eq(person))
                .order(verdicts::batch_id.desc())
                .select(verdicts::batch_id)
                .distinct()
                .limit(BATCHES)
                .load(db)?;
            let batches: Vec<Option<BatchId>> = batches.into_iter().map(Some).collect();
            query = query.filter(log::user_id.eq(person).or(log::batch_id.eq_any(batches)));
        }
        if let Some(item) = self.item {
            let batches: Vec<BatchId> = verdicts::table
                .filter(verdicts::item_id.eq(item))
                .select(verdicts::batch_id)
                .load(db)?;
            let batches: Vec<Option<BatchId>> = batches.into_iter().map(Some).collect();
            query = query.filter(log::item_id.eq(item).or(log::batch_id.eq_any(batches)));
        }
        if let Some(since) = self.since {
            query = query.filter(log::at.ge(since));
        }
        if let Some(until) = self.until {
            query = query.filter(log::at.lt(until));
        }
        query.load(db)
    }
}

/// One item of a batch, for the export.
#[derive(Clone, Debug, Queryable)]
pub struct OfBatch {
    pub id: VerdictId,
    pub item_id: ItemId,
    pub kind: Kind,
    pub author: String,
    pub before: Option<State>,
    pub after: Option<State>,
    pub undone_at: Option<NaiveDateTime>,
}

/// The items of a batch from after one verdict on, in the order in which they were decided.
pub fn of_batch(
    db: &mut Db,
    batch: BatchId,
    after: VerdictId,
    most: i64,
) -> QueryResult<Vec<OfBatch>> {
    verdicts::table
        .inner_join(items::table.inner_join(users::table))
        .filter(verdicts::batch_id.eq(batch))
        .filter(verdicts::id.gt(after))
        .order(verdicts::id)
        .limit(most)
        .select((
            verdicts::id,
            verdicts::item_id,
            items::kind,
            users::username,
            verdicts::state_before,
            verdicts::state_after,
            verdicts::undone_at,
        ))
        .load(db)
}

/// The kinds of acts that were logged so far, by skipping from one to the next in their index.
pub fn acts(db: &mut Db) -> QueryResult<Vec<String>> {
    let mut acts: Vec<String> = Vec::new();
    loop {
        let mut next = log::table
            .order(log::act)
            .select(log::act)
            .limit(1)
            .into_boxed();
        if let Some(last) = acts.last() {
            next = next.filter(log::act.gt(last.clone()));
        }
        match next.first(db).optional()? {
            Some(act) => acts.push(act),
            None => return Ok(acts),
        }
    }
}
