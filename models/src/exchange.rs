//! What people gave one another: comments on what others made, and on what they made themselves.

use crate::condition::Published;
use crate::db::{ItemId, UserId};
use crate::gate::CommentPolicy;
use crate::item::State;
use crate::schema::{comments, ignores, items, project_makers, projects, users};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// Comments of one part of a page.
pub const PAGE: i64 = 15;

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
    let project_items = diesel::alias!(items as project_items);
    let theirs = project_makers::table
        .filter(project_makers::user_id.eq(person))
        .select(project_makers::project_id.nullable());
    let mut query = comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .inner_join(users::table.on(users::id.eq(comments::author_id)))
        .inner_join(projects::table.on(items::project_id.eq(projects::id.nullable())))
        .inner_join(project_items.on(project_items.field(items::id).eq(projects::id)))
        .filter(Published)
        .filter(project_items.field(items::state).eq(State::Published))
        .filter(projects::comment_policy.ne(CommentPolicy::Nobody))
        .order(comments::id.desc())
        .limit(PAGE + 1)
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
        .into_boxed();
    query = match way {
        Way::Gave => query
            .filter(comments::author_id.eq(person))
            .filter(items::project_id.ne_all(theirs)),
        Way::Received => query
            .filter(comments::author_id.ne(person))
            .filter(items::project_id.eq_any(theirs)),
    };
    if let Some(before) = before {
        query = query.filter(comments::id.lt(before));
    }
    if let Some(reader) = reader.filter(|_| way == Way::Received) {
        query = query.filter(
            comments::author_id.ne_all(
                ignores::table
                    .filter(ignores::by_id.eq(reader))
                    .select(ignores::user_id),
            ),
        );
    }
    type Row = (
        (ItemId, String, NaiveDateTime, bool),
        (String, String),
        (String, String),
    );
    let mut rows: Vec<Row> = query.load(db)?;
    let more = rows.len() as i64 > PAGE;
    rows.truncate(PAGE as usize);
    let next = rows.last().filter(|_| more).map(|row| row.0.0);
    let gifts = rows
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
        .collect();
    Ok((gifts, next))
}
