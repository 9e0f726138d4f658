//! `/inbox`: the notices of somebody as they read them. A notice holds no words; what it is about is
//! read with it, and one whose item is not published, or whose author they ignore, is not shown.

use crate::condition::fixed;
use crate::db::{ItemId, NoticeId, UserId, now};
use crate::gate::CommentPolicy;
use crate::item::{Kind, State};
use crate::mailing::Topic;
use crate::notice::Sort;
use crate::schema::{comments, ignores, items, notices, project_makers, projects, releases, users};
use crate::{Db, QueryResult, award, failure, join, markdown};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::collections::HashMap;

/// Notices of a page.
pub const PAGE: i64 = 50;
/// Unread ones that are looked at to say how many there are of each topic.
const LOOKED_AT: i64 = 1_000;
/// More unread ones than that are "99+".
pub const COUNTED: i64 = 100;
/// Characters of what a notice is about.
pub(crate) const EXCERPT: usize = 300;
/// What an item stands on; a project stands on itself.
const PLACE: &str = "coalesce(items.project_id, items.id)";

/// A notice as an inbox shows it.
#[derive(Clone, Debug)]
pub struct Notice {
    pub id: NoticeId,
    pub sort: Sort,
    pub at: NaiveDateTime,
    pub read: bool,
    pub item: ItemId,
    pub kind: Kind,
    /// Who wrote the item.
    pub author: UserId,
    pub username: String,
    pub display_name: String,
    pub avatar: Option<String>,
    /// The project it stands on.
    pub place: ItemId,
    pub slug: String,
    pub title: String,
    pub text: Text,
}

/// What an item says, as far as a notice tells of it.
#[derive(Clone, Debug, Default)]
pub struct Text {
    pub excerpt: String,
    /// Of a release.
    pub version: String,
}

impl Notice {
    pub fn name(&self) -> &str {
        match self.display_name.is_empty() {
            true => &self.username,
            false => &self.display_name,
        }
    }

    /// Who did it, as letters say it.
    pub fn who(&self) -> &str {
        match self.sort {
            Sort::Review => "A moderator",
            Sort::Fixed | Sort::Marked => "Its makers",
            _ => &self.username,
        }
    }

    /// It is about the reader's own report: not who wrote that did it.
    pub fn is_by_makers(&self) -> bool {
        matches!(self.sort, Sort::Fixed | Sort::Marked)
    }

    /// What happened, between the name of who did it and the title of the project.
    pub fn what(&self) -> String {
        match self.sort {
            Sort::Mention => "named you on".into(),
            Sort::Reply => "answered you on".into(),
            Sort::Comment => "commented on".into(),
            Sort::Review => "would like to show in the guide what you said on".into(),
            Sort::Release => format!("released {} of", self.text.version),
            Sort::Project => "shared".into(),
            Sort::Award => "gave an award to".into(),
            Sort::Failure => "reported what did not work in".into(),
            Sort::Answer => "answered what did not work for you in".into(),
            // Their own report: what became of it stands in the text.
            Sort::Fixed | Sort::Marked => {
                format!(
                    "say “{}” of what did not work for you in",
                    self.text.version
                )
            }
        }
    }
}

/// What these items say, by the tables of their kinds.
fn texts(db: &mut Db, of: &[(ItemId, Kind)]) -> QueryResult<HashMap<ItemId, Text>> {
    let ids = |kind: Kind| -> Vec<ItemId> {
        let these = of.iter().filter(|(_, is)| *is == kind);
        these.map(|(id, _)| *id).collect()
    };
    let mut found = HashMap::new();
    let of_kind = ids(Kind::Comment);
    if !of_kind.is_empty() {
        let rows: Vec<(ItemId, String)> = comments::table
            .filter(comments::id.eq_any(of_kind))
            .select((comments::id, comments::body_html))
            .load(db)?;
        for (id, html) in rows {
            let excerpt = markdown::excerpt(&html, EXCERPT);
            let version = String::new();
            found.insert(id, Text { excerpt, version });
        }
    }
    let of_kind = ids(Kind::Release);
    if !of_kind.is_empty() {
        let rows: Vec<(ItemId, String, String)> = releases::table
            .filter(releases::id.eq_any(of_kind))
            .select((releases::id, releases::notes_html, releases::version))
            .load(db)?;
        for (id, html, version) in rows {
            let excerpt = markdown::excerpt(&html, EXCERPT);
            found.insert(id, Text { excerpt, version });
        }
    }
    let of_kind = ids(Kind::Project);
    if !of_kind.is_empty() {
        let rows: Vec<(ItemId, String)> = projects::table
            .filter(projects::id.eq_any(of_kind))
            .select((projects::id, projects::summary))
            .load(db)?;
        for (id, excerpt) in rows {
            let version = String::new();
            found.insert(id, Text { excerpt, version });
        }
    }
    failure::told(db, &ids(Kind::Failure), &ids(Kind::Answer), &mut found)?;
    award::told(db, &ids(Kind::Award), &mut found)?;
    Ok(found)
}

type Row = (
    (NoticeId, Sort, NaiveDateTime, Option<NaiveDateTime>),
    (ItemId, Kind, UserId),
    (String, String, Option<String>),
    (ItemId, String, String),
);

/// The notices of somebody that are shown, with item, project and the project's own item: what is published,
/// and not by whom they ignore. Of a project whose makers show no comments, they alone are told of those.
macro_rules! shown {
    ($places:ident, $user:expr) => {
        notices::table
            .inner_join(items::table.on(items::id.eq(notices::item_id)))
            .inner_join(projects::table.on(projects::id.eq(fixed::<BigInt>(PLACE))))
            .inner_join($places.on($places.field(items::id).eq(projects::id)))
            .filter(notices::user_id.eq($user))
            .filter(items::state.eq(State::Published))
            .filter($places.field(items::state).eq(State::Published))
            .filter(
                items::author_id.ne_all(
                    ignores::table
                        .filter(ignores::by_id.eq($user))
                        .select(ignores::user_id),
                ),
            )
            .filter(
                items::kind
                    .ne(Kind::Comment)
                    .or(projects::comment_policy.ne(CommentPolicy::Nobody))
                    .or(projects::id.eq_any(
                        project_makers::table
                            .filter(project_makers::user_id.eq($user))
                            .select(project_makers::project_id),
                    )),
            )
    };
}

/// Which notices of somebody.
pub(crate) enum Which {
    Before(Option<NoticeId>, Option<Topic>),
    One(NoticeId),
    /// No more than a letter tells of.
    These(Vec<NoticeId>),
}

pub(crate) fn load(db: &mut Db, user: UserId, which: Which, most: i64) -> QueryResult<Vec<Notice>> {
    let places = diesel::alias!(items as places);
    let mut query = shown!(places, user)
        .inner_join(users::table.on(users::id.eq(items::author_id)))
        .order(notices::id.desc())
        .limit(most)
        .select((
            (
                notices::id,
                notices::kind,
                notices::created_at,
                notices::read_at,
            ),
            (items::id, items::kind, items::author_id),
            (users::username, users::display_name, users::avatar),
            (projects::id, projects::slug, projects::title),
        ))
        .into_boxed();
    query = match which {
        Which::Before(before, topic) => {
            if let Some(before) = before {
                query = query.filter(notices::id.lt(before));
            }
            match topic {
                Some(topic) => query.filter(notices::kind.eq_any(topic.sorts())),
                None => query,
            }
        }
        Which::One(id) => query.filter(notices::id.eq(id)),
        Which::These(ids) => query.filter(notices::id.eq_any(ids)),
    };
    let rows: Vec<Row> = query.load(db)?;
    let of: Vec<(ItemId, Kind)> = rows.iter().map(|row| (row.1.0, row.1.1)).collect();
    let mut texts = texts(db, &of)?;
    Ok(rows
        .into_iter()
        .map(|(notice, item, author, project)| Notice {
            id: notice.0,
            sort: notice.1,
            at: notice.2,
            read: notice.3.is_some(),
            item: item.0,
            kind: item.1,
            author: item.2,
            username: author.0,
            display_name: author.1,
            avatar: author.2,
            place: project.0,
            slug: project.1,
            title: project.2,
            text: texts.remove(&item.0).unwrap_or_default(),
        })
        .collect())
}

/// Newest first, before one, of one topic or of all; and where the next page begins.
pub fn page(
    db: &mut Db,
    user: UserId,
    topic: Option<Topic>,
    before: Option<NoticeId>,
) -> QueryResult<(Vec<Notice>, Option<NoticeId>)> {
    let mut page = load(db, user, Which::Before(before, topic), PAGE + 1)?;
    let more = page.len() as i64 > PAGE;
    page.truncate(PAGE as usize);
    let next = page.last().filter(|_| more).map(|notice| notice.id);
    Ok((page, next))
}

/// How many are not read, up to [`COUNTED`].
pub fn unread(db: &mut Db, user: UserId) -> QueryResult<i64> {
    let found = unread_ones(db, user, COUNTED)?;
    Ok(found.len() as i64 + join::unread(db, user)?)
}

/// How many are not read of each topic, of the newest thousand.
pub fn unread_by_topic(db: &mut Db, user: UserId) -> QueryResult<HashMap<Topic, usize>> {
    let mut counts = HashMap::new();
    for (_, sort, _) in unread_ones(db, user, LOOKED_AT)? {
        *counts.entry(sort.topic()).or_default() += 1;
    }
    Ok(counts)
}

/// Those that are shown and not read, with the project they stand on.
fn unread_ones(db: &mut Db, user: UserId, most: i64) -> QueryResult<Vec<(NoticeId, Sort, ItemId)>> {
    let places = diesel::alias!(items as places);
    shown!(places, user)
        .filter(notices::read_at.is_null())
        .limit(most)
        .select((notices::id, notices::kind, projects::id))
        .load(db)
}

/// The same of those with a letter due by then, oldest first. Without what they say: after a week in a busy
/// place there may be tens of thousands.
pub(crate) fn due(
    db: &mut Db,
    user: UserId,
    at: NaiveDateTime,
) -> QueryResult<Vec<(NoticeId, Sort, ItemId)>> {
    let places = diesel::alias!(items as places);
    shown!(places, user)
        .filter(notices::read_at.is_null())
        .filter(notices::due_at.le(at))
        .order(notices::id)
        .select((notices::id, notices::kind, projects::id))
        .load(db)
}

/// All up to this one, of one topic or of all, so that what came in since the page was shown stays new.
pub fn read_all(
    db: &mut Db,
    user: UserId,
    topic: Option<Topic>,
    up_to: NoticeId,
) -> QueryResult<usize> {
    let sorts = match topic {
        Some(topic) => topic.sorts(),
        None => Sort::ALL.to_vec(),
    };
    diesel::update(
        notices::table
            .filter(notices::user_id.eq(user).and(notices::id.le(up_to)))
            .filter(notices::kind.eq_any(sorts))
            .filter(notices::read_at.is_null()),
    )
    .set(notices::read_at.eq(now()))
    .execute(db)
}

/// All on one project up to this one.
pub fn read_on(db: &mut Db, user: UserId, project: ItemId, up_to: NoticeId) -> QueryResult<usize> {
    // From the unread ones, not from the project: it may have a hundred thousand comments.
    let unread = unread_ones(db, user, i64::MAX)?.into_iter();
    let here: Vec<NoticeId> = unread
        .filter(|(id, _, place)| *place == project && *id <= up_to)
        .map(|(id, ..)| id)
        .collect();
    for some in here.chunks(500) {
        diesel::update(notices::table.filter(notices::id.eq_any(some)))
            .set(notices::read_at.eq(now()))
            .execute(db)?;
    }
    Ok(here.len())
}

/// Gives the notice, which leads to what it is about; none, if it is not theirs or is gone.
pub fn read_one(db: &mut Db, user: UserId, id: NoticeId) -> QueryResult<Option<Notice>> {
    let notice = load(db, user, Which::One(id), 1)?.pop();
    if notice.is_some() {
        diesel::update(notices::table.find(id).filter(notices::read_at.is_null()))
            .set(notices::read_at.eq(now()))
            .execute(db)?;
    }
    Ok(notice)
}

/// What came from somebody who is ignored from now on is new no more.
pub fn read_by(db: &mut Db, user: UserId, author: UserId) -> QueryResult<usize> {
    let theirs = items::table
        .filter(items::author_id.eq(author))
        .select(items::id);
    diesel::update(
        notices::table
            .filter(notices::user_id.eq(user))
            .filter(notices::read_at.is_null())
            .filter(notices::item_id.eq_any(theirs)),
    )
    .set(notices::read_at.eq(now()))
    .execute(db)
}
