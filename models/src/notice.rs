//! The inbox: what was said to somebody. A published comment that names them, answers them, or stands
//! on what they made gives one notice, however often it does.
//!
//! A job makes the notices once a comment is published, so that neither the intake nor a verdict on a
//! thousand pays for it. A notice holds no words and is shown as long as its comment is. The letter
//! about it waits as long as verdicts can be taken back without a trace.

use crate::account::User;
use crate::comment::Comment;
use crate::db::{ItemId, NoticeId, UserId, dialect, now};
use crate::gate::CommentPolicy;
use crate::item::{Item, Kind, State};
use crate::job::Job;
use crate::moderation::UNTOLD;
use crate::project::Project;
use crate::schema::{comments, ignores, items, jobs, notices, project_makers, projects, users};
use crate::{Db, QueryResult, both, ignore, join, markdown, mention, secret, words};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// Makes the notices of comments.
pub const JOB: &str = "notices";
/// Writes one letter.
pub const LETTER: &str = "notice";
/// Notices of a page.
pub const PAGE: i64 = 50;
/// More unread ones than that are "99+".
pub const COUNTED: i64 = 100;
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
    }
}

/// These comments are before readers now: who is meant is told soon. To be called in the transaction
/// that published them. Told of before, nobody is told again.
pub fn published(db: &mut Db, ids: &[ItemId]) -> QueryResult<()> {
    for some in ids.chunks(AT_ONCE) {
        Job::enqueue(db, JOB, &some)?;
    }
    Ok(())
}

/// Of these items, comments that come before readers by this are told of; of those that leave them,
/// what nobody has read or was written about is taken back, so that an undo leaves no trace.
pub fn settled(db: &mut Db, items: &[&Item], to: State) -> QueryResult<()> {
    let shows = to == State::Published;
    let changed: Vec<ItemId> = items
        .iter()
        .filter(|item| item.kind == Kind::Comment)
        .filter(|item| (item.state == State::Published) != shows)
        .map(|item| item.id)
        .collect();
    if shows {
        return published(db, &changed);
    }
    if changed.is_empty() {
        return Ok(());
    }
    let untold: Vec<(NoticeId, UserId, ItemId)> = notices::table
        .filter(notices::comment_id.eq_any(&changed))
        .filter(notices::read_at.is_null().and(notices::mailed_at.is_null()))
        // Nothing would ask its author again.
        .filter(notices::kind.ne(Sort::Review))
        .select((notices::id, notices::user_id, notices::comment_id))
        .load(db)?;
    if untold.is_empty() {
        return Ok(());
    }
    let ids: Vec<NoticeId> = untold.iter().map(|(id, ..)| *id).collect();
    diesel::delete(notices::table.filter(notices::id.eq_any(ids))).execute(db)?;
    let letters: Vec<String> = untold
        .iter()
        .filter_map(|(_, user, comment)| serde_json::to_string(&(user, comment)).ok())
        .collect();
    diesel::delete(jobs::table.filter(jobs::kind.eq(LETTER).and(jobs::payload.eq_any(letters))))
        .execute(db)
        .map(|_| ())
}

/// What somebody wants to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Wishes {
    pub mentions: bool,
    pub replies: bool,
    pub comments: bool,
    pub by_mail: bool,
}

impl Wishes {
    pub fn of(db: &mut Db, user: UserId) -> QueryResult<Wishes> {
        users::table
            .find(user)
            .select((
                users::tell_mentions,
                users::tell_replies,
                users::tell_comments,
                users::tell_by_mail,
            ))
            .first(db)
    }

    pub fn save(self, db: &mut Db, user: UserId) -> QueryResult<usize> {
        diesel::update(users::table.find(user))
            .set((
                users::tell_mentions.eq(self.mentions),
                users::tell_replies.eq(self.replies),
                users::tell_comments.eq(self.comments),
                users::tell_by_mail.eq(self.by_mail),
            ))
            .execute(db)
    }

    fn has(self, sort: Sort) -> bool {
        match sort {
            Sort::Mention => self.mentions,
            Sort::Reply => self.replies,
            Sort::Comment => self.comments,
            // Asked for by a person, and once.
            Sort::Review => true,
        }
    }
}

/// No letters about notices any more: the button in one of them.
pub fn end_letters(db: &mut Db, user: UserId) -> QueryResult<usize> {
    diesel::update(users::table.find(user))
        .set(users::tell_by_mail.eq(false))
        .execute(db)
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
        if ignore::holds(db, user, item.author_id)? {
            continue;
        }
        let made = both!(db, conn => diesel::insert_into(notices::table)
            .values((
                notices::user_id.eq(user),
                notices::kind.eq(sort),
                notices::comment_id.eq(id),
                notices::created_at.eq(now()),
            ))
            .on_conflict_do_nothing()
            .execute(conn))?;
        if made > 0 && wishes.by_mail {
            Job::enqueue_in(db, LETTER, &(user, id), UNTOLD)?;
        }
    }
    Ok(())
}

/// A notice as an inbox shows it.
#[derive(Clone, Debug)]
pub struct Notice {
    pub id: NoticeId,
    pub sort: Sort,
    pub at: NaiveDateTime,
    pub read: bool,
    pub comment: ItemId,
    pub body_html: String,
    pub username: String,
    pub display_name: String,
    pub avatar: Option<String>,
    pub slug: String,
    pub title: String,
}

impl Notice {
    pub fn name(&self) -> &str {
        if self.display_name.is_empty() {
            &self.username
        } else {
            &self.display_name
        }
    }
}

type Row = (
    (NoticeId, Sort, NaiveDateTime, Option<NaiveDateTime>),
    (ItemId, String),
    (String, String, Option<String>),
    (String, String),
);

/// Which notices of somebody.
enum Which {
    Before(Option<NoticeId>),
    On(ItemId),
}

fn load(db: &mut Db, user: UserId, which: Which, most: i64) -> QueryResult<Vec<Notice>> {
    let project_items = diesel::alias!(items as project_items);
    let mut query = notices::table
        .inner_join(comments::table.on(comments::id.eq(notices::comment_id)))
        .inner_join(items::table.on(items::id.eq(notices::comment_id)))
        .inner_join(users::table.on(users::id.eq(comments::author_id)))
        .inner_join(projects::table.on(items::project_id.eq(projects::id.nullable())))
        .inner_join(project_items.on(project_items.field(items::id).eq(projects::id)))
        .filter(notices::user_id.eq(user))
        .filter(items::state.eq(State::Published))
        .filter(project_items.field(items::state).eq(State::Published))
        .filter(
            comments::author_id.ne_all(
                ignores::table
                    .filter(ignores::by_id.eq(user))
                    .select(ignores::user_id),
            ),
        )
        .order(notices::id.desc())
        .limit(most)
        .select((
            (
                notices::id,
                notices::kind,
                notices::created_at,
                notices::read_at,
            ),
            (comments::id, comments::body_html),
            (users::username, users::display_name, users::avatar),
            (projects::slug, projects::title),
        ))
        .into_boxed();
    query = match which {
        Which::Before(Some(before)) => query.filter(notices::id.lt(before)),
        Which::Before(None) => query,
        Which::On(comment) => query.filter(notices::comment_id.eq(comment)),
    };
    let rows: Vec<Row> = query.load(db)?;
    Ok(rows
        .into_iter()
        .map(|(notice, comment, author, project)| Notice {
            id: notice.0,
            sort: notice.1,
            at: notice.2,
            read: notice.3.is_some(),
            comment: comment.0,
            body_html: comment.1,
            username: author.0,
            display_name: author.1,
            avatar: author.2,
            slug: project.0,
            title: project.1,
        })
        .collect())
}

/// Newest first, before one; and where the next page begins.
pub fn inbox(
    db: &mut Db,
    user: UserId,
    before: Option<NoticeId>,
) -> QueryResult<(Vec<Notice>, Option<NoticeId>)> {
    let mut page = load(db, user, Which::Before(before), PAGE + 1)?;
    let more = page.len() as i64 > PAGE;
    page.truncate(PAGE as usize);
    let next = page.last().filter(|_| more).map(|notice| notice.id);
    Ok((page, next))
}

/// How many are not read, up to [`COUNTED`].
pub fn unread(db: &mut Db, user: UserId) -> QueryResult<i64> {
    let found: Vec<NoticeId> = notices::table
        .inner_join(items::table.on(items::id.eq(notices::comment_id)))
        .filter(notices::user_id.eq(user).and(notices::read_at.is_null()))
        .filter(items::state.eq(State::Published))
        .limit(COUNTED)
        .select(notices::id)
        .load(db)?;
    Ok(found.len() as i64 + join::unread(db, user)?)
}

/// All up to this one, so that what came in since the page was shown stays new.
pub fn read_all(db: &mut Db, user: UserId, up_to: NoticeId) -> QueryResult<usize> {
    diesel::update(
        notices::table
            .filter(notices::user_id.eq(user).and(notices::id.le(up_to)))
            .filter(notices::read_at.is_null()),
    )
    .set(notices::read_at.eq(now()))
    .execute(db)
}

/// Gives the comment it is about; none, if it is not theirs.
pub fn read_one(db: &mut Db, user: UserId, id: NoticeId) -> QueryResult<Option<ItemId>> {
    let comment: Option<ItemId> = notices::table
        .filter(notices::id.eq(id).and(notices::user_id.eq(user)))
        .select(notices::comment_id)
        .first(db)
        .optional()?;
    if comment.is_some() {
        diesel::update(notices::table.find(id).filter(notices::read_at.is_null()))
            .set(notices::read_at.eq(now()))
            .execute(db)?;
    }
    Ok(comment)
}

/// What was said by somebody who is ignored from now on is new no more.
pub fn read_by(db: &mut Db, user: UserId, author: UserId) -> QueryResult<usize> {
    let theirs = comments::table
        .filter(comments::author_id.eq(author))
        .select(comments::id);
    diesel::update(
        notices::table
            .filter(notices::user_id.eq(user))
            .filter(notices::read_at.is_null())
            .filter(notices::comment_id.eq_any(theirs)),
    )
    .set(notices::read_at.eq(now()))
    .execute(db)
}

/// Takes the letter about a comment, once: none when it is read, gone or ignored meanwhile, or mail
/// is not wanted any more.
pub fn take_letter(
    db: &mut Db,
    user: UserId,
    comment: ItemId,
) -> QueryResult<Option<(User, Notice)>> {
    let person = User::find(db, user)?;
    let shut_out = person
        .sanctioned
        .locked_out_until
        .is_some_and(|until| until > now());
    if !Wishes::of(db, user)?.by_mail || !person.is_confirmed() || shut_out {
        return Ok(None);
    }
    let Some(notice) = load(db, user, Which::On(comment), 1)?.pop() else {
        return Ok(None);
    };
    if notice.read {
        return Ok(None);
    }
    let taken = diesel::update(
        notices::table
            .find(notice.id)
            .filter(notices::mailed_at.is_null()),
    )
    .set(notices::mailed_at.eq(now()))
    .execute(db)?;
    Ok((taken > 0).then_some((person, notice)))
}

/// What stands in the address that ends these letters: who, and a proof that we wrote it.
pub fn token(key: &str, user: UserId) -> String {
    format!("notices-{user}-{}", secret::keyed(key, &proven(user)))
}

/// Whose letters a token ends.
pub fn of_token(key: &str, token: &str) -> Option<UserId> {
    let (user, proof) = token.strip_prefix("notices-")?.split_once('-')?;
    let user = UserId(user.parse().ok()?);
    secret::keyed_matches(key, &proven(user), proof).then_some(user)
}

fn proven(user: UserId) -> String {
    format!("unsubscribe:notices:{user}")
}
