//! Comments that show in the guide what a good review is. A moderator picks one, its author is asked,
//! and it is shown while the author says yes, the comment is published and the pick stands.

use crate::account::User;
use crate::db::{ItemId, UserId, dialect, now};
use crate::gate::CommentPolicy;
use crate::item::{Kind, State};
use crate::moderation::log::Act;
use crate::notice::{self, Sort};
use crate::schema::{comments, good_reviews, ignores, items, notices, projects, users};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Debug, thiserror::Error)]
pub enum PickError {
    #[error("Only a published comment on a published project can be suggested.")]
    NotShown,
    #[error("This is your own comment. Leave it to another moderator.")]
    Own,
    #[error("This comment is suggested already.")]
    Already,
    #[error("Its author did not want this comment in the guide. Ask for another.")]
    Declined,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// A pick with the comment that it is about.
#[derive(Clone, Debug)]
pub struct Pick {
    pub id: i64,
    pub comment: ItemId,
    pub at: NaiveDateTime,
    /// None: the author has not said.
    pub consented: Option<bool>,
    pub undone_at: Option<NaiveDateTime>,
    pub body_html: String,
    /// The comment and its project are before readers.
    pub is_public: bool,
    pub username: String,
    pub display_name: String,
    pub avatar: Option<String>,
    pub slug: String,
    pub title: String,
}

impl Pick {
    pub fn name(&self) -> &str {
        if self.display_name.is_empty() {
            &self.username
        } else {
            &self.display_name
        }
    }

    pub fn is_shown(&self) -> bool {
        self.is_public && self.undone_at.is_none() && self.consented == Some(true)
    }
}

/// Suggests a comment for the guide and asks its author. To be called in a write transaction.
pub fn suggest(db: &mut Db, by: &User, comment: ItemId) -> Result<i64, PickError> {
    let item = dialect::lock_item(db, comment)?.filter(|item| item.kind == Kind::Comment);
    let item = item.ok_or(diesel::result::Error::NotFound)?;
    let project = item.project_id.ok_or(PickError::NotShown)?;
    let on: (State, CommentPolicy) = projects::table
        .inner_join(items::table.on(items::id.eq(projects::id)))
        .filter(projects::id.eq(project))
        .select((items::state, projects::comment_policy))
        .first(db)?;
    if item.state != State::Published || on.0 != State::Published || on.1 == CommentPolicy::Nobody {
        return Err(PickError::NotShown);
    }
    if item.author_id == by.id {
        return Err(PickError::Own);
    }
    let before: Vec<(Option<bool>, Option<NaiveDateTime>)> = good_reviews::table
        .filter(good_reviews::comment_id.eq(comment))
        .select((good_reviews::consented, good_reviews::undone_at))
        .load(db)?;
    if before.iter().any(|(_, undone)| undone.is_none()) {
        return Err(PickError::Already);
    }
    // Who said no is not asked again.
    if before
        .iter()
        .any(|(consented, _)| *consented == Some(false))
    {
        return Err(PickError::Declined);
    }
    let id: i64 = diesel::insert_into(good_reviews::table)
        .values((
            good_reviews::comment_id.eq(comment),
            good_reviews::author_id.eq(item.author_id),
            good_reviews::by_id.eq(by.id),
            good_reviews::created_at.eq(now()),
        ))
        .returning(good_reviews::id)
        .get_result(db)?;
    notice::tell(db, item.author_id, Sort::Review, comment)?;
    Act {
        actor: Some(by.id),
        act: "suggested a good review",
        item: Some(comment),
        user: Some(item.author_id),
        ..Act::default()
    }
    .write(db)?;
    Ok(id)
}

/// Takes a pick back, with the question to its author. False: it does not stand any more.
pub fn undo(db: &mut Db, by: &User, id: i64) -> QueryResult<bool> {
    let (comment, author): (ItemId, UserId) = good_reviews::table
        .find(id)
        .select((good_reviews::comment_id, good_reviews::author_id))
        .get_result(db)?;
    let standing = good_reviews::table
        .find(id)
        .filter(good_reviews::undone_at.is_null());
    let undone = diesel::update(standing)
        .set((
            good_reviews::undone_at.eq(now()),
            good_reviews::undone_by.eq(by.id),
        ))
        .execute(db)?;
    if undone == 0 {
        return Ok(false);
    }
    diesel::delete(
        notices::table
            .filter(notices::user_id.eq(author))
            .filter(notices::item_id.eq(comment))
            .filter(notices::kind.eq(Sort::Review)),
    )
    .execute(db)?;
    Act {
        actor: Some(by.id),
        act: "took back a good review",
        item: Some(comment),
        user: Some(author),
        ..Act::default()
    }
    .write(db)?;
    Ok(true)
}

/// What its author says, now or at any later time. False: nobody asks for this comment of theirs.
pub fn answer(db: &mut Db, author: UserId, comment: ItemId, yes: bool) -> QueryResult<bool> {
    let asked = good_reviews::table
        .filter(good_reviews::comment_id.eq(comment))
        .filter(good_reviews::author_id.eq(author))
        .filter(good_reviews::undone_at.is_null());
    let answered = diesel::update(asked)
        .set((
            good_reviews::consented.eq(yes),
            good_reviews::answered_at.eq(now()),
        ))
        .execute(db)?;
    diesel::update(
        notices::table
            .filter(notices::user_id.eq(author))
            .filter(notices::item_id.eq(comment))
            .filter(notices::kind.eq(Sort::Review))
            .filter(notices::read_at.is_null()),
    )
    .set(notices::read_at.eq(now()))
    .execute(db)?;
    Ok(answered > 0)
}

/// Which picks.
enum Which {
    /// What the guide shows to somebody.
    Shown(Option<UserId>),
    /// Those that stand, of one author.
    Of(UserId),
    /// All, for moderators.
    All,
}

type Row = (
    (
        i64,
        ItemId,
        NaiveDateTime,
        Option<bool>,
        Option<NaiveDateTime>,
    ),
    (String, State),
    (String, String, Option<String>),
    (String, String, CommentPolicy, State),
);

fn load(db: &mut Db, which: Which, most: i64) -> QueryResult<Vec<Pick>> {
    let project_items = diesel::alias!(items as project_items);
    let mut query = good_reviews::table
        .inner_join(comments::table.on(comments::id.eq(good_reviews::comment_id)))
        .inner_join(items::table.on(items::id.eq(good_reviews::comment_id)))
        .inner_join(users::table.on(users::id.eq(good_reviews::author_id)))
        .inner_join(projects::table.on(items::project_id.eq(projects::id.nullable())))
        .inner_join(project_items.on(project_items.field(items::id).eq(projects::id)))
        .order(good_reviews::id.desc())
        .limit(most)
        .select((
            (
                good_reviews::id,
                good_reviews::comment_id,
                good_reviews::created_at,
                good_reviews::consented,
                good_reviews::undone_at,
            ),
            (comments::body_html, items::state),
            (users::username, users::display_name, users::avatar),
            (
                projects::slug,
                projects::title,
                projects::comment_policy,
                project_items.field(items::state),
            ),
        ))
        .into_boxed();
    let public = items::state
        .eq(State::Published)
        .and(project_items.field(items::state).eq(State::Published))
        .and(projects::comment_policy.ne(CommentPolicy::Nobody));
    query = match which {
        Which::All => query,
        Which::Of(author) => query
            .filter(good_reviews::author_id.eq(author))
            .filter(good_reviews::undone_at.is_null())
            .filter(public),
        Which::Shown(reader) => {
            let shown = query
                .filter(good_reviews::undone_at.is_null())
                .filter(good_reviews::consented.eq(true))
                .filter(public);
            match reader {
                Some(reader) => shown.filter(
                    good_reviews::author_id.ne_all(
                        ignores::table
                            .filter(ignores::by_id.eq(reader))
                            .select(ignores::user_id),
                    ),
                ),
                None => shown,
            }
        }
    };
    let rows: Vec<Row> = query.load(db)?;
    Ok(rows
        .into_iter()
        .map(|(pick, comment, author, project)| Pick {
            id: pick.0,
            comment: pick.1,
            at: pick.2,
            consented: pick.3,
            undone_at: pick.4,
            body_html: comment.0,
            is_public: comment.1 == State::Published
                && project.3 == State::Published
                && project.2 != CommentPolicy::Nobody,
            username: author.0,
            display_name: author.1,
            avatar: author.2,
            slug: project.0,
            title: project.1,
        })
        .collect())
}

/// What the guide shows, newest first; without those whom the reader ignores.
pub fn shown(db: &mut Db, reader: Option<UserId>, most: i64) -> QueryResult<Vec<Pick>> {
    load(db, Which::Shown(reader), most)
}

/// What somebody is asked about, or said yes or no to.
pub fn of_author(db: &mut Db, author: UserId, most: i64) -> QueryResult<Vec<Pick>> {
    load(db, Which::Of(author), most)
}

/// Every pick with who made it, newest first.
pub fn all(db: &mut Db, most: i64) -> QueryResult<Vec<(Pick, String)>> {
    let picks = load(db, Which::All, most)?;
    let ids: Vec<i64> = picks.iter().map(|pick| pick.id).collect();
    let by: Vec<(i64, String)> = good_reviews::table
        .inner_join(users::table.on(users::id.eq(good_reviews::by_id)))
        .filter(good_reviews::id.eq_any(ids))
        .select((good_reviews::id, users::username))
        .load(db)?;
    Ok(picks
        .into_iter()
        .map(|pick| {
            let name = by.iter().find(|(id, _)| *id == pick.id);
            let name = name.map_or(String::new(), |(_, name)| name.clone());
            (pick, name)
        })
        .collect())
}
