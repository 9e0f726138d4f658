//! Threads: what comments hang on. Every project has one from its first day.

use crate::db::{ItemId, ThreadId, now};
use crate::schema::threads;
use crate::{Db, QueryResult};
use diesel::prelude::*;

#[derive(Clone, Debug, Queryable, Selectable)]
pub struct Thread {
    pub id: ThreadId,
    /// Published comments.
    pub comment_count: i32,
    /// A top-level comment that a maker wants to be read first.
    pub pinned_id: Option<ItemId>,
}

impl Thread {
    pub fn create_for(db: &mut Db, project: ItemId) -> QueryResult<ThreadId> {
        diesel::insert_into(threads::table)
            .values((
                threads::project_id.eq(project),
                threads::created_at.eq(now()),
            ))
            .returning(threads::id)
            .get_result(db)
    }

    pub fn of_project(db: &mut Db, project: ItemId) -> QueryResult<Thread> {
        threads::table
            .filter(threads::project_id.eq(project))
            .select(Thread::as_select())
            .get_result(db)
    }
}
