//! Notices: what somebody is told, about an item, and one an item. [`tell`] makes one; a published
//! comment that names people, answers them, or stands on what they made gives each of them one, however
//! often it does.
//!
//! A job makes those of comments once they are published, so that neither the intake nor a verdict on
//! a thousand pays for it. A notice holds no words and is shown as long as its item is. When a letter about
//! it goes, and whether, is `mailing.rs`.

use crate::comment::Comment;
use crate::db::{ItemId, UserId, dialect, now};
use crate::gate::CommentPolicy;
use crate::intake::heat::Heat;
use crate::item::{Item, Kind, State};
use crate::job::Job;
use crate::mailing::{self, Topic};
use crate::project::Project;
use crate::schema::{notices, project_makers, users};
use crate::{Db, QueryResult, both, follow, ignore, markdown, mention, mute, words};
use diesel::prelude::*;

/// Makes the notices of comments.
pub const JOB: &str = "notices";
/// One letter, as a version before queued it.
pub const LETTER: &str = "notice";
/// Comments of one job.
const AT_ONCE: usize = 100;

words! {
    /// What is the nearest to whom it tells, first.
    pub enum Sort {
        Mention = "mention",
        Reply = "reply",
        Comment = "comment",
        /// Of their own comment: whether the guide may show it (`good_review.rs`).
        Review = "review",
        /// Of what they follow: a new release, a new project.
        Release = "release",
        Project = "project",
        /// What others gave to what they made.
        Award = "award",
        /// What did not work for somebody with what they made.
        Failure = "failure",
        /// Of their reports of failures: what the makers say, and what became of it. The latter two are
        /// about their own report.
        Answer = "answer",
        Fixed = "fixed",
        Marked = "marked",
    }
}

impl Sort {
    /// What people choose and filter by.
    pub const fn topic(self) -> Topic {
        match self {
            Sort::Mention => Topic::Mentions,
            Sort::Reply => Topic::Replies,
            Sort::Comment | Sort::Failure => Topic::Comments,
            Sort::Release | Sort::Project => Topic::Follows,
            Sort::Review | Sort::Award => Topic::Team,
            Sort::Answer | Sort::Fixed | Sort::Marked => Topic::Replies,
        }
    }

    /// Of a comment that somebody wrote.
    pub fn is_talk(self) -> bool {
        matches!(self, Sort::Mention | Sort::Reply | Sort::Comment)
    }

    /// Of what comes back before readers these are made anew.
    const MADE_AGAIN: [Sort; 5] = [
        Sort::Mention,
        Sort::Reply,
        Sort::Comment,
        Sort::Release,
        Sort::Project,
    ];
}

/// Tells somebody about an item, in the caller's write transaction. Of one item there is one notice: of
/// two sorts, the later takes the place of the earlier and is new again; the same once more changes
/// nothing. Gives whether there is something new.
///
/// Its words and the place it leads to are those of its [`Sort`] (`inbox.rs`, and
/// `pages/inbox.rs::path` in web); it is shown while the item and its project are published.
pub fn tell(db: &mut Db, user: UserId, sort: Sort, item: ItemId) -> QueryResult<bool> {
    diesel::delete(
        notices::table
            .filter(notices::user_id.eq(user).and(notices::item_id.eq(item)))
            .filter(notices::kind.ne(sort)),
    )
    .execute(db)?;
    tell_once(db, user, sort, item)
}

/// The same, unless they were told of this item before, whatever was said.
fn tell_once(db: &mut Db, user: UserId, sort: Sort, item: ItemId) -> QueryResult<bool> {
    Ok(tell_many(db, &[user], sort, item)? > 0)
}

/// Tells many of one item, each once; and notes when letters to those who want some are due. In the
/// caller's write transaction.
pub fn tell_many(db: &mut Db, people: &[UserId], sort: Sort, item: ItemId) -> QueryResult<usize> {
    let at = now();
    let due = mailing::due(db, people, sort.topic())?;
    let rows: Vec<_> = people
        .iter()
        .map(|user| {
            (
                notices::user_id.eq(user),
                notices::kind.eq(sort),
                notices::item_id.eq(item),
                notices::created_at.eq(at),
                notices::due_at.eq(due.get(user)),
            )
        })
        .collect();
    if rows.is_empty() {
        return Ok(0);
    }
    both!(db, conn => diesel::insert_into(notices::table)
        .values(&rows)
        .on_conflict_do_nothing()
        .execute(conn))
}

/// These comments are before readers now: who is meant is told soon. To be called in the transaction
/// that published them. Told of before, nobody is told again.
pub fn published(db: &mut Db, ids: &[ItemId]) -> QueryResult<()> {
    for some in ids.chunks(AT_ONCE) {
        Job::enqueue(db, JOB, &some)?;
    }
    Ok(())
}

/// Of these items, what comes before readers by this is told of; of all that leave them,
/// what nobody has read or was written about is taken back, so that an undo leaves no trace.
pub fn settled(db: &mut Db, items: &[&Item], to: State) -> QueryResult<()> {
    let shows = to == State::Published;
    let changed: Vec<&Item> = items
        .iter()
        .copied()
        .filter(|item| (item.state == State::Published) != shows)
        .collect();
    if shows {
        let news = changed
            .iter()
            .filter(|item| matches!(item.kind, Kind::Project | Kind::Release));
        let news: Vec<ItemId> = news.map(|item| item.id).collect();
        follow::published(db, &news)?;
        let comments = changed.iter().filter(|item| item.kind == Kind::Comment);
        let comments: Vec<ItemId> = comments.map(|item| item.id).collect();
        return published(db, &comments);
    }
    let changed: Vec<ItemId> = changed.iter().map(|item| item.id).collect();
    if changed.is_empty() {
        return Ok(());
    }
    diesel::delete(
        notices::table
            .filter(notices::item_id.eq_any(&changed))
            .filter(notices::read_at.is_null().and(notices::mailed_at.is_null()))
            // Others would not be made again; they are not shown as long as the item is away.
            .filter(notices::kind.eq_any(Sort::MADE_AGAIN)),
    )
    .execute(db)
    .map(|_| ())
}

/// What somebody wants to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Wishes {
    pub mentions: bool,
    pub replies: bool,
    pub comments: bool,
}

impl Wishes {
    pub fn of(db: &mut Db, user: UserId) -> QueryResult<Wishes> {
        users::table
            .find(user)
            .select((
                users::tell_mentions,
                users::tell_replies,
                users::tell_comments,
            ))
            .get_result(db)
    }

    pub fn save(self, db: &mut Db, user: UserId) -> QueryResult<usize> {
        diesel::update(users::table.find(user))
            .set((
                users::tell_mentions.eq(self.mentions),
                users::tell_replies.eq(self.replies),
                users::tell_comments.eq(self.comments),
            ))
            .execute(db)
    }

    fn has(self, sort: Sort) -> bool {
        match sort {
            Sort::Mention => self.mentions,
            Sort::Reply => self.replies,
            Sort::Comment => self.comments,
            // Asked for by a person, or by following.
            _ => true,
        }
    }
}

/// Makes the notices of these comments, as far as they are (still) published. Done twice, it is done
/// once. To be called in a write transaction.
pub fn make(db: &mut Db, ids: &[ItemId]) -> QueryResult<()> {
    for &id in ids {
        make_of(db, id)?;
    }
    Ok(())
}

fn make_of(db: &mut Db, id: ItemId) -> QueryResult<()> {
    // Locked: who takes it away in this moment sees the notices, and takes them back with it.
    let Some(item) = dialect::lock_item(db, id)? else {
        return Ok(());
    };
    let Some(on) = item.project_id.filter(|_| item.state == State::Published) else {
        return Ok(());
    };
    // Nobody is called back into a quarrel.
    if Heat::here(db, on)?.is_some() {
        return Ok(());
    }
    let comment = Comment::find(db, id)?;
    let project = Project::find(db, on)?;
    let makers: Vec<UserId> = project_makers::table
        .filter(project_makers::project_id.eq(on))
        .order(project_makers::user_id)
        .select(project_makers::user_id)
        .load(db)?;
    let is_public =
        project.state == State::Published && project.comment_policy != CommentPolicy::Nobody;
    let mut meant: Vec<(UserId, Sort)> = Vec::new();
    let named = mention::people(db, &markdown::to_html(&comment.body))?;
    meant.extend(named.into_iter().map(|user| (user, Sort::Mention)));
    if let Some(parent) = comment.parent_id {
        meant.push((Comment::find(db, parent)?.author_id, Sort::Reply));
    }
    meant.extend(makers.iter().map(|user| (*user, Sort::Comment)));
    let mut told: Vec<UserId> = vec![item.author_id];
    for (user, sort) in meant {
        if told.contains(&user) || (!is_public && !makers.contains(&user)) {
            continue;
        }
        let wishes = Wishes::of(db, user)?;
        // Who wants no mentions may still want to be told of an answer.
        if !wishes.has(sort) {
            continue;
        }
        told.push(user);
        if ignore::holds(db, user, item.author_id)? || mute::holds(db, user, on)? {
            continue;
        }
        tell_once(db, user, sort, id)?;
    }
    Ok(())
}
