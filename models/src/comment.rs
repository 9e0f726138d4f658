//! Comments: posting, editing, deleting. Reading a thread is in `talk`.

mod talk;
pub use talk::{
    CommentInThread, MAX_DEPTH, Order, PART, Part, Reader, part_of, thread_part, with_context,
};

use crate::account::User;
use crate::condition::Published;
use crate::db::{ItemId, ThreadId, UserId, dialect, now};
use crate::gate::{self, Person, Refusal};
use crate::intake::heat::Heat;
use crate::intake::limits::{self, Limited};
use crate::intake::{self, Context, Decision, Text, rules};
use crate::item::{Item, Kind, Revision, RevisionState, State, Submitted};
use crate::project::Project;
use crate::schema::{comments, items, users};
use crate::thread::Thread;
use crate::{Db, QueryResult, block, markdown, mention, notice, release};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

pub const MAX_CHARS: usize = 10_000;
/// Edits within this time leave no mark.
pub const QUIET_EDIT: Duration = Duration::minutes(15);

#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = comments)]
pub struct Comment {
    pub id: ItemId,
    pub thread_id: ThreadId,
    pub parent_id: Option<ItemId>,
    pub root_id: ItemId,
    pub author_id: UserId,
    pub body: String,
    pub body_html: String,
    pub created_at: NaiveDateTime,
    pub edited_at: Option<NaiveDateTime>,
}

/// A text of 1 to 10,000 characters, rendered.
pub struct Body {
    markdown: String,
    html: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BodyError {
    #[error("Write something first.")]
    Empty,
    #[error("A comment has at most 10,000 characters; this has {0}.")]
    TooLong(usize),
}

impl Body {
    pub fn parse(typed: &str) -> Result<Body, BodyError> {
        let markdown = typed.trim();
        if !markdown
            .chars()
            .any(|c| !c.is_whitespace() && !is_invisible(c))
        {
            return Err(BodyError::Empty);
        }
        match markdown.chars().count() {
            n if n > MAX_CHARS => Err(BodyError::TooLong(n)),
            _ => Ok(Body {
                markdown: markdown.to_owned(),
                html: markdown::to_html(markdown),
            }),
        }
    }

    pub fn html(&self) -> &str {
        &self.html
    }
}

/// Zero-width signs alone are not a text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{00AD}' | '\u{2800}' | '\u{3164}')
}

#[derive(Debug, thiserror::Error)]
pub enum PostError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("{}", .0.sentence())]
    Limited(Limited),
    #[error("The comment you answer is not in this thread.")]
    NoSuchParent,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Takes a comment in: gate, limits, checks, filter, state. To be called in a write transaction,
/// so that the policy it reads is the one in force. Gives the new comment's number and state.
pub fn post(
    db: &mut Db,
    context: &Context,
    author: &User,
    project: ItemId,
    parent: Option<ItemId>,
    body: &Body,
    network: &str,
) -> Result<(ItemId, State), PostError> {
    let project = Project::find(db, project)?;
    let is_maker = User::is_maker(db, author.id)?;
    let on_team = project.is_made_by(db, author.id)?;
    let person = Person {
        user: author,
        is_maker,
        on_team,
        is_blocked: block::holds(db, project.id, author.id)?,
    };
    gate::may_comment(Some(person), project.terms(), now()).map_err(PostError::Refused)?;

    let thread = Thread::of_project(db, project.id)?;
    let root = match parent {
        None => None,
        Some(parent) => {
            let parent = Comment::find(db, parent)
                .optional()?
                .ok_or(PostError::NoSuchParent)?;
            let visible = Item::find(db, parent.id)?.state == State::Published;
            if parent.thread_id != thread.id || !visible {
                return Err(PostError::NoSuchParent);
            }
            Some(parent.root_id)
        }
    };
    let heat = Heat::of(db, project.id, author, on_team)?;
    if !context.limits_off {
        limits::comment(db, context.settings, author, thread.id, &body.markdown)?
            .map_err(PostError::Limited)?;
        if let Some(heat) = &heat {
            heat.limit(db, thread.id, author)?
                .map_err(PostError::Limited)?;
        }
    }
    rules::slow_mode(db, context.rules, &project.slug, thread.id, author, on_team)?
        .map_err(PostError::Limited)?;
    let decision = intake::judge(
        db,
        context,
        &Text {
            kind: Kind::Comment,
            author,
            is_maker,
            text: &body.markdown,
            editing: None,
            approve_first: project.approve_first && !on_team,
            network,
            heat,
        },
    )?;
    let id = insert(
        db, author.id, &project, thread.id, parent, root, body, network, &decision,
    )?;
    Ok((id, Item::find(db, id)?.state))
}

/// The rows of a judged comment.
#[expect(
    clippy::too_many_arguments,
    reason = "one call per column of one insert"
)]
fn insert(
    db: &mut Db,
    author: UserId,
    project: &Project,
    thread: ThreadId,
    parent: Option<ItemId>,
    root: Option<ItemId>,
    body: &Body,
    network: &str,
    decision: &Decision,
) -> QueryResult<ItemId> {
    let id = Item::submit(
        db,
        &Submitted {
            kind: Kind::Comment,
            author,
            project: Some(project.id),
            content: &body.markdown,
            text: &body.markdown,
            network,
            decision,
        },
    )?;
    let html = mention::link(db, &body.html)?;
    let newest = release::newest_of(db, project.id, now())?;
    diesel::insert_into(comments::table)
        .values((
            comments::id.eq(id),
            comments::thread_id.eq(thread),
            comments::parent_id.eq(parent),
            comments::root_id.eq(root.unwrap_or(id)),
            comments::author_id.eq(author),
            comments::body.eq(&body.markdown),
            comments::body_html.eq(html),
            comments::created_at.eq(now()),
            comments::release_id.eq(newest),
        ))
        .execute(db)?;
    if decision.outcome == intake::Outcome::Publish {
        crate::item::count_comment(db, id)?;
        notice::published(db, &[id])?;
    }
    Ok(id)
}

/// Takes an edit by its author in. Gives the state the new text got.
pub fn edit(
    db: &mut Db,
    context: &Context,
    author: &User,
    comment: &Comment,
    body: &Body,
    network: &str,
) -> Result<State, PostError> {
    let place = Item::find(db, comment.id)?.project_id;
    let (on_team, approve_first, is_blocked) = match place {
        Some(project) => {
            let project = Project::find(db, project)?;
            let on_team = project.is_made_by(db, author.id)?;
            let is_blocked = block::holds(db, project.id, author.id)?;
            (on_team, project.approve_first && !on_team, is_blocked)
        }
        None => (false, false, false),
    };
    let is_maker = User::is_maker(db, author.id)?;
    let person = Person {
        user: author,
        is_maker,
        on_team,
        is_blocked,
    };
    gate::may_change_words(person, now()).map_err(PostError::Refused)?;
    if !context.limits_off {
        limits::edits(db, author.id)?.map_err(PostError::Limited)?;
    }
    let item = dialect::lock_item(db, comment.id)?.ok_or(diesel::result::Error::NotFound)?;
    if matches!(item.state, State::Removed | State::Deleted) {
        return Err(PostError::Refused(Refusal::Closed));
    }
    // As it is now, under the lock: the caller's may be older.
    let comment = &Comment::find(db, item.id)?;
    // With the text that its author wrote last: what is put away may hold one from before it.
    let last = Revision::current(db, item.id)?;
    if body.markdown == last.content && !item.has_waiting_edit() {
        return Ok(item.state);
    }
    let heat = match item.project_id {
        Some(project) => Heat::of(db, project, author, on_team)?,
        None => None,
    };
    let decision = intake::judge(
        db,
        context,
        &Text {
            kind: Kind::Comment,
            author,
            is_maker,
            text: &body.markdown,
            editing: Some(comment.id),
            approve_first,
            network,
            heat,
        },
    )?;
    if item.revise(db, &body.markdown, &body.markdown, &decision)? {
        write_body(db, comment, &body.markdown, &body.html)?;
        // Whom an edit names is told, too; who was told before is not.
        notice::published(db, &[comment.id])?;
        return Ok(Item::find(db, comment.id)?.state);
    }
    Ok(if decision.outcome == intake::Outcome::Spam {
        State::Spam
    } else {
        State::Held
    })
}

/// Shows an earlier or a waiting revision.
pub fn show_body(db: &mut Db, id: ItemId, markdown: &str) -> QueryResult<()> {
    let comment = Comment::find(db, id)?;
    if comment.body == markdown {
        return Ok(()); // a first text that was let through late is no edit
    }
    write_body(db, &comment, markdown, &markdown::to_html(markdown))?;
    notice::published(db, &[id])
}

/// What its author deleted, after its time.
pub fn erase(db: &mut Db, id: ItemId) -> QueryResult<()> {
    diesel::update(comments::table.find(id))
        .set((comments::body.eq(""), comments::body_html.eq("")))
        .execute(db)
        .map(|_| ())
}

fn write_body(db: &mut Db, comment: &Comment, markdown: &str, html: &str) -> QueryResult<()> {
    let html = mention::link(db, html)?;
    let at = now();
    let quiet = at - comment.created_at <= QUIET_EDIT;
    let edited_at = if quiet { comment.edited_at } else { Some(at) };
    diesel::update(comments::table.find(comment.id))
        .set((
            comments::body.eq(markdown),
            comments::body_html.eq(html),
            comments::edited_at.eq(edited_at),
        ))
        .execute(db)
        .map(|_| ())
}

impl Comment {
    pub fn find(db: &mut Db, id: ItemId) -> QueryResult<Comment> {
        comments::table
            .find(id)
            .select(Comment::as_select())
            .get_result(db)
    }

    /// Published comments on a project, newest first, with user name and display name, for its feed.
    pub fn newest_on(
        db: &mut Db,
        project: ItemId,
        limit: i64,
    ) -> QueryResult<Vec<(Comment, String, String)>> {
        comments::table
            .inner_join(items::table.on(items::id.eq(comments::id)))
            .inner_join(users::table.on(users::id.eq(comments::author_id)))
            .filter(items::project_id.eq(project).and(Published))
            // By the number there: an index of items goes by project and number.
            .order(items::id.desc())
            .limit(limit)
            .select((Comment::as_select(), users::username, users::display_name))
            .load(db)
    }
}

/// What readers may see of a comment's past, oldest first: texts that stood after the quiet time.
pub fn public_history(db: &mut Db, comment: &Comment) -> QueryResult<Vec<Revision>> {
    let seen: Vec<Revision> = Revision::all(db, comment.id)?
        .into_iter()
        .filter(|r| matches!(r.state, RevisionState::Published | RevisionState::Replaced))
        .collect();
    let quiet_until = comment.created_at + QUIET_EDIT;
    let last = seen.len().saturating_sub(1);
    let ends: Vec<NaiveDateTime> = seen.iter().skip(1).map(|next| next.created_at).collect();
    Ok(seen
        .into_iter()
        .enumerate()
        .filter(|(i, _)| *i == last || ends[*i] > quiet_until)
        .map(|(_, revision)| revision)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_neither_empty_nor_too_long() {
        assert_eq!(Body::parse(" \n\u{200B} ").err(), Some(BodyError::Empty));
        assert!(Body::parse(&"ü".repeat(10_000)).is_ok());
        assert_eq!(
            Body::parse(&"ü".repeat(10_001)).err(),
            Some(BodyError::TooLong(10_001))
        );
    }
}
