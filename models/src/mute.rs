//! Threads that somebody does not want to be told of any more. They read on there as they like, and
//! nobody else learns of it.

use crate::db::{ItemId, NoticeId, UserId, now};
use crate::notice::Sort;
use crate::schema::{items, notices, projects, thread_mutes};
use crate::{Db, QueryResult, both, condition};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// Tells them of the talk on this project no more; what it told already is new no more, and no letter
/// about it goes. In a write transaction.
pub fn mute(db: &mut Db, user: UserId, project: ItemId) -> QueryResult<()> {
    both!(db, conn => diesel::insert_into(thread_mutes::table)
        .values((
            thread_mutes::user_id.eq(user),
            thread_mutes::project_id.eq(project),
            thread_mutes::created_at.eq(now()),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    let talk: Vec<Sort> = Sort::ALL
        .iter()
        .copied()
        .filter(|sort| sort.is_talk())
        .collect();
    let here: Vec<NoticeId> = notices::table
        .inner_join(items::table.on(items::id.eq(notices::item_id)))
        .filter(notices::user_id.eq(user).and(notices::read_at.is_null()))
        .filter(notices::kind.eq_any(talk))
        .filter(items::project_id.eq(project))
        .select(notices::id)
        .load(db)?;
    diesel::update(notices::table.filter(condition::among(notices::id, here)))
        .set((
            notices::read_at.eq(now()),
            notices::due_at.eq(None::<NaiveDateTime>),
        ))
        .execute(db)
        .map(|_| ())
}

pub fn hear_again(db: &mut Db, user: UserId, project: ItemId) -> QueryResult<usize> {
    diesel::delete(thread_mutes::table.find((user, project))).execute(db)
}

pub fn holds(db: &mut Db, user: UserId, project: ItemId) -> QueryResult<bool> {
    let found: Option<UserId> = thread_mutes::table
        .find((user, project))
        .select(thread_mutes::user_id)
        .get_result(db)
        .optional()?;
    Ok(found.is_some())
}

/// Which of these somebody muted.
pub fn among(db: &mut Db, user: UserId, of: &[ItemId]) -> QueryResult<Vec<ItemId>> {
    thread_mutes::table
        .filter(thread_mutes::user_id.eq(user))
        .filter(thread_mutes::project_id.eq_any(of))
        .select(thread_mutes::project_id)
        .load(db)
}

/// Slug and title of all, newest first; of projects that are public.
pub fn list(db: &mut Db, user: UserId) -> QueryResult<Vec<(String, String)>> {
    thread_mutes::table
        .inner_join(projects::table.on(projects::id.eq(thread_mutes::project_id)))
        .inner_join(items::table.on(items::id.eq(projects::id)))
        .filter(thread_mutes::user_id.eq(user))
        .filter(items::state.eq(crate::item::State::Published))
        .order((thread_mutes::created_at.desc(), projects::id))
        .limit(500)
        .select((projects::slug, projects::title))
        .load(db)
}
