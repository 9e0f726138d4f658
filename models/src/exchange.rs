//! What people gave one another: comments on what others made, and on what they made themselves.

use crate::condition::{FoundPublished, Published, Upto, among, fixed};
use crate::db::{ItemId, UserId};
use crate::gate::CommentPolicy;
use crate::item::{Kind, State};
use crate::schema::{comments, ignores, items, project_makers, projects, threads, users};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

/// Comments of one part of a page.
pub const PAGE: i64 = 15;
/// Items that are looked through at most for what somebody received who receives a large share of all:
/// sooner done than gathering everything they ever received.
const LOOKED_THROUGH: i64 = 5_000;
/// Nothing is added to it but this: no index serves it then.
const PROJECT: &str = "(+items.project_id)";

/// A comment as lists show it.
#[derive(Clone, Debug)]
pub struct Gift {
    pub id: ItemId,
    pub body_html: String,
    pub at: NaiveDateTime,
    /// A maker said that it helped.
    pub helped: bool,
    pub username: String,
    pub display_name: String,
    pub slug: String,
    pub title: String,
}

impl Gift {
    pub fn name(&self) -> &str {
        if self.display_name.is_empty() {
            &self.username
        } else {
            &self.display_name
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By this person, on what others made.
    Gave,
    /// By others, on what this person made.
    Received,
}

/// Published ones, newest first, before one; and where the next part begins. `reader` finds nothing of
/// whom they ignore.
pub fn page(
    db: &mut Db,
    person: UserId,
    way: Way,
    before: Option<ItemId>,
    reader: Option<UserId>,
) -> QueryResult<(Vec<Gift>, Option<ItemId>)> {
    let before = before.unwrap_or(ItemId(i64::MAX));
    let mut ids = match way {
        Way::Gave => gave(db, person, before)?,
        Way::Received => received(db, person, before, reader)?,
    };
    let more = ids.len() as i64 > PAGE;
    ids.truncate(PAGE as usize);
    let next = ids.last().copied().filter(|_| more);
    Ok((load(db, &ids)?, next))
}

fn gave(db: &mut Db, person: UserId, before: ItemId) -> QueryResult<Vec<ItemId>> {
    let project_items = diesel::alias!(items as project_items);
    let theirs = project_makers::table
        .filter(project_makers::user_id.eq(person))
        .select(project_makers::project_id.nullable());
    comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .inner_join(projects::table.on(items::project_id.eq(projects::id.nullable())))
        .inner_join(project_items.on(project_items.field(items::id).eq(projects::id)))
        .filter(comments::author_id.eq(person))
        .filter(comments::id.lt(before))
        .filter(Published)
        .filter(project_items.field(items::state).eq(State::Published))
        .filter(projects::comment_policy.ne(CommentPolicy::Nobody))
        .filter(items::project_id.ne_all(theirs))
        .order(comments::id.desc())
        .select(comments::id)
        .upto(PAGE + 1)
        .load(db)
}

fn received(
    db: &mut Db,
    person: UserId,
    before: ItemId,
    reader: Option<UserId>,
) -> QueryResult<Vec<ItemId>> {
    type Made = (ItemId, i32);
    let made: Vec<Made> = project_makers::table
        .inner_join(projects::table)
        .inner_join(items::table.on(items::id.eq(project_makers::project_id)))
        .inner_join(
            threads::table.on(threads::project_id.eq(project_makers::project_id.nullable())),
        )
        .filter(project_makers::user_id.eq(person))
        .filter(Published)
        .filter(projects::comment_policy.ne(CommentPolicy::Nobody))
        .select((project_makers::project_id, threads::comment_count))
        .load(db)?;
    let all: i64 = made.iter().map(|(_, comments)| i64::from(*comments)).sum();
    if all == 0 {
        return Ok(Vec::new());
    }
    let on: Vec<ItemId> = made.into_iter().map(|(id, _)| id).collect();
    let newest: Option<ItemId> = items::table.select(max(items::id)).first(db)?;
    let newest = newest.map_or(0, |id| id.0).min(before.0);
    // Twice as many as hold a page of theirs, were they spread evenly.
    let window = newest * 2 * (PAGE + 1) / all;
    if window < LOOKED_THROUGH {
        let found = by_others(person, reader)
            .filter(
                items::id
                    .lt(before)
                    .and(items::id.gt(ItemId(newest - window))),
            )
            .filter(among(
                fixed::<Nullable<BigInt>>(PROJECT),
                on.iter().copied(),
            ))
            .order(items::id.desc())
            .select(items::id)
            .upto(PAGE + 1)
            .load(db)?;
        if found.len() as i64 > PAGE {
            return Ok(found);
        }
    }
    // Numbers alone: who received very many would have all their words gathered and sorted.
    by_others(person, reader)
        .filter(items::id.lt(before))
        .filter(among(items::project_id, on))
        .order(items::id.desc())
        .select(items::id)
        .upto(PAGE + 1)
        .load(db)
}

/// Published comments by anybody but this person, and but those whom the reader ignores.
#[diesel::dsl::auto_type]
fn by_others(person: UserId, reader: Option<UserId>) -> _ {
    let kind: Kind = Kind::Comment;
    let ignored = ignores::table
        .filter(ignores::by_id.nullable().eq(reader))
        .select(ignores::user_id);
    items::table
        .filter(items::kind.eq(kind))
        .filter(FoundPublished)
        .filter(items::author_id.ne(person))
        .filter(items::author_id.ne_all(ignored))
}

fn load(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<Gift>> {
    type Row = (
        (ItemId, String, NaiveDateTime, bool),
        (String, String),
        (String, String),
    );
    let rows: Vec<Row> = comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .inner_join(users::table.on(users::id.eq(comments::author_id)))
        .inner_join(projects::table.on(items::project_id.eq(projects::id.nullable())))
        .filter(among(comments::id, ids.iter().copied()))
        .order(comments::id.desc())
        .select((
            (
                comments::id,
                comments::body_html,
                comments::created_at,
                comments::helped_at.is_not_null(),
            ),
            (users::username, users::display_name),
            (projects::slug, projects::title),
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(comment, author, project)| Gift {
            id: comment.0,
            body_html: comment.1,
            at: comment.2,
            helped: comment.3,
            username: author.0,
            display_name: author.1,
            slug: project.0,
            title: project.1,
        })
        .collect())
}
