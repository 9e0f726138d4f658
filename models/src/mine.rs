//! A member's own: what they wrote, in whatever state, in the words that its author may read.

use crate::db::{ItemId, UserId};
use crate::item::{Item, Queue, State};
use crate::maker::BY_MAKER;
use crate::schema::{comments, items, projects};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// Comments of a page.
pub const PAGE: i64 = 30;
/// Waiting texts that are named.
const WAITING: i64 = 50;

/// A comment of one's own.
#[derive(Clone, Debug)]
pub struct Own {
    pub id: ItemId,
    pub body_html: String,
    pub at: NaiveDateTime,
    pub helped: bool,
    pub slug: String,
    pub title: String,
    /// None: readers see it, and nothing waits.
    pub standing: Option<&'static str>,
}

/// What its author reads of where a text stands. Spam looks held: with a moderator, and nothing more.
pub fn standing(state: State, queue: Option<Queue>, why: &str) -> Option<&'static str> {
    match (state, queue) {
        (State::Published, Some(Queue::Maker)) => Some("an edit waits for the maker"),
        (State::Published, Some(_)) => Some("an edit waits for a moderator"),
        (State::Held, Some(Queue::Maker)) if why == BY_MAKER => Some("not shown by the maker"),
        (State::Held, Some(Queue::Maker)) => Some("waits for the maker"),
        (State::Held | State::Spam, _) => Some("waits for a moderator"),
        (State::Removed, _) if why == BY_MAKER => Some("not shown by the maker"),
        (State::Removed, _) => Some("removed by a moderator"),
        (State::Draft, _) => Some("draft"),
        (State::Unlisted, _) => Some("unlisted"),
        (State::Published | State::Deleted, _) => None,
    }
}

/// Newest first, before one; and where the next page begins. What they deleted is gone for them.
pub fn comments(
    db: &mut Db,
    author: UserId,
    before: Option<ItemId>,
) -> QueryResult<(Vec<Own>, Option<ItemId>)> {
    type Row = (
        (ItemId, String, NaiveDateTime, bool),
        (State, Option<Queue>, String),
        (String, String),
    );
    let mut query = comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .inner_join(projects::table.on(items::project_id.eq(projects::id.nullable())))
        .filter(comments::author_id.eq(author))
        .filter(items::state.ne(State::Deleted))
        .order(comments::id.desc())
        .limit(PAGE + 1)
        .select((
            (
                comments::id,
                comments::body_html,
                comments::created_at,
                comments::helped_at.is_not_null(),
            ),
            (items::state, items::queue, items::why),
            (projects::slug, projects::title),
        ))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(comments::id.lt(before));
    }
    let mut rows: Vec<Row> = query.load(db)?;
    let more = rows.len() as i64 > PAGE;
    rows.truncate(PAGE as usize);
    let next = rows.last().filter(|_| more).map(|row| row.0.0);
    let own = rows
        .into_iter()
        .map(|(comment, (state, queue, why), project)| Own {
            id: comment.0,
            body_html: comment.1,
            at: comment.2,
            helped: comment.3 && state == State::Published,
            slug: project.0,
            title: project.1,
            standing: standing(state, queue, &why),
        })
        .collect();
    Ok((own, next))
}

/// Texts of theirs that readers do not see yet, the newest first.
pub fn waiting(db: &mut Db, author: UserId) -> QueryResult<Vec<Item>> {
    items::table
        .filter(items::author_id.eq(author))
        .filter(
            items::state
                .eq_any([State::Held, State::Spam])
                .or(items::state
                    .eq(State::Published)
                    .and(items::queue.is_not_null())),
        )
        .order(items::id.desc())
        .limit(WAITING)
        .select(Item::as_select())
        .load(db)
}

/// What others made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub comments: i64,
    /// Of these, so many helped a maker.
    pub helped: i64,
}

pub fn tally(db: &mut Db, author: UserId) -> QueryResult<Tally> {
    let published = || {
        comments::table
            .inner_join(items::table.on(items::id.eq(comments::id)))
            .filter(comments::author_id.eq(author))
            .filter(items::state.eq(State::Published))
    };
    Ok(Tally {
        comments: published().count().get_result(db)?,
        helped: published()
            .filter(comments::helped_at.is_not_null())
            .count()
            .get_result(db)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spam_looks_held_to_its_author() {
        let held = standing(State::Held, Some(Queue::Held), "first_comment");
        for queue in [Some(Queue::Spam), None] {
            assert_eq!(standing(State::Spam, queue, "filter"), held);
        }
        let edit = standing(State::Published, Some(Queue::Held), "links");
        assert_eq!(
            standing(State::Published, Some(Queue::Spam), "filter"),
            edit
        );
    }
}
