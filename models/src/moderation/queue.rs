//! Queues: named lists of items that wait for a person.

use crate::item::Queue;
use crate::schema::items;
use crate::{Db, QueryResult};
use diesel::prelude::*;

/// How many items wait for moderators, in all queues but Recent.
pub fn waiting(db: &mut Db) -> QueryResult<i64> {
    items::table
        .filter(
            items::queue
                .eq_any([Queue::Held, Queue::Spam, Queue::Projects])
                .or(items::reports.gt(0)),
        )
        .count()
        .get_result(db)
}
