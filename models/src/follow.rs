//! Following: a project, a person or a tag. A new release or a new project of what somebody follows is
//! told in their inbox, once, by however many ways they follow it; comments and arguments never are.
//!
//! A job tells the followers in steps ([`JOB`]), so that who publishes waits for none of them. It keeps
//! how far it came in its own row, in the transaction of the step: a kill loses and doubles nothing.

use crate::db::{ItemId, UserId, dialect, now};
use crate::item::{Item, Kind, State};
use crate::job::Job;
use crate::notice::{self, Sort};
use crate::schema::{
    items, person_follows, project_follows, project_makers, project_tags, projects, releases,
    sanctions, tag_follows, tag_merges, users,
};
use crate::{Db, QueryResult, both, ignore, moderation::sanction, reaction, release, tag};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};

/// Tells the followers of one item.
pub const JOB: &str = "followers";
/// Of each sort, for one person.
pub const MOST: i64 = 1_000;
/// Followers of one step.
const AT_ONCE: i64 = 500;
/// What became public longer ago is no news: an old release that is imported, a project that a
/// moderator brings back.
const NEWS_FOR: Duration = Duration::days(7);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Project(ItemId),
    Person(UserId),
    Tag(String),
}

#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error("Nobody follows themselves.")]
    Oneself,
    #[error("You follow {MOST} of them already. Let one go first.")]
    TooMany,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Whether somebody's follows and favourites count: those of who is banned do not.
pub fn counts(db: &mut Db, user: UserId) -> QueryResult<bool> {
    let banned: Option<crate::db::SanctionId> = sanctions::table
        .filter(sanctions::user_id.eq(user))
        .filter(sanctions::kind.eq(sanction::Sort::Ban))
        .filter(sanctions::undone_at.is_null())
        .select(sanctions::id)
        .first(db)
        .optional()?;
    Ok(banned.is_none())
}

/// Twice is as once. In a write transaction. Under the person's lock: beside a ban it would else be
/// counted though they are banned.
pub fn follow(db: &mut Db, user: UserId, target: &Target) -> Result<(), FollowError> {
    reaction::lock(db, user)?;
    if *target == Target::Person(user) {
        return Err(FollowError::Oneself);
    }
    let many: i64 = match target {
        Target::Project(_) => project_follows::table
            .filter(project_follows::user_id.eq(user))
            .count()
            .get_result(db)?,
        Target::Person(_) => person_follows::table
            .filter(person_follows::user_id.eq(user))
            .count()
            .get_result(db)?,
        Target::Tag(_) => tag_follows::table
            .filter(tag_follows::user_id.eq(user))
            .count()
            .get_result(db)?,
    };
    if many >= MOST && !holds(db, user, target)? {
        return Err(FollowError::TooMany);
    }
    let counts = counts(db, user)?;
    let step = i32::from(counts);
    match target {
        Target::Project(id) => {
            let made = both!(db, conn => diesel::insert_into(project_follows::table)
                .values((
                    project_follows::user_id.eq(user),
                    project_follows::project_id.eq(id),
                    project_follows::created_at.eq(now()),
                    project_follows::counts.eq(counts),
                ))
                .on_conflict_do_nothing()
                .execute(conn))?;
            count_project(db, *id, made as i32 * step)?;
        }
        Target::Person(id) => {
            let made = both!(db, conn => diesel::insert_into(person_follows::table)
                .values((
                    person_follows::user_id.eq(user),
                    person_follows::person_id.eq(id),
                    person_follows::created_at.eq(now()),
                    person_follows::counts.eq(counts),
                ))
                .on_conflict_do_nothing()
                .execute(conn))?;
            count_person(db, *id, made as i32 * step)?;
        }
        Target::Tag(tag) => {
            both!(db, conn => diesel::insert_into(tag_follows::table)
                .values((
                    tag_follows::user_id.eq(user),
                    tag_follows::tag.eq(tag),
                    tag_follows::created_at.eq(now()),
                ))
                .on_conflict_do_nothing()
                .execute(conn))?;
        }
    }
    Ok(())
}

pub fn unfollow(db: &mut Db, user: UserId, target: &Target) -> QueryResult<()> {
    reaction::lock(db, user)?;
    match target {
        Target::Project(id) => {
            let row = || project_follows::table.find((user, *id));
            let counted = row().filter(project_follows::counts.eq(true));
            let gone = diesel::delete(counted).execute(db)?;
            diesel::delete(row()).execute(db)?;
            count_project(db, *id, -(gone as i32))
        }
        Target::Person(id) => {
            let row = || person_follows::table.find((user, *id));
            let counted = row().filter(person_follows::counts.eq(true));
            let gone = diesel::delete(counted).execute(db)?;
            diesel::delete(row()).execute(db)?;
            count_person(db, *id, -(gone as i32))
        }
        Target::Tag(tag) => {
            let names = with_names_of_before(db, vec![tag.clone()])?;
            diesel::delete(
                tag_follows::table
                    .filter(tag_follows::user_id.eq(user))
                    .filter(tag_follows::tag.eq_any(names)),
            )
            .execute(db)
            .map(|_| ())
        }
    }
}

/// A tag is followed under any of its names: who followed one that moderators made another name of it is
/// told of it, too.
pub fn holds(db: &mut Db, user: UserId, target: &Target) -> QueryResult<bool> {
    let found: Option<UserId> = match target {
        Target::Project(id) => project_follows::table
            .find((user, *id))
            .select(project_follows::user_id)
            .get_result(db)
            .optional()?,
        Target::Person(id) => person_follows::table
            .find((user, *id))
            .select(person_follows::user_id)
            .get_result(db)
            .optional()?,
        Target::Tag(tag) => {
            let names = with_names_of_before(db, vec![tag.clone()])?;
            tag_follows::table
                .filter(tag_follows::user_id.eq(user))
                .filter(tag_follows::tag.eq_any(names))
                .select(tag_follows::user_id)
                .first(db)
                .optional()?
        }
    };
    Ok(found.is_some())
}

fn count_project(db: &mut Db, id: ItemId, step: i32) -> QueryResult<()> {
    if step == 0 {
        return Ok(());
    }
    diesel::update(projects::table.find(id))
        .set(projects::followers.eq(projects::followers + step))
        .execute(db)
        .map(|_| ())
}

fn count_person(db: &mut Db, id: UserId, step: i32) -> QueryResult<()> {
    if step == 0 {
        return Ok(());
    }
    diesel::update(users::table.find(id))
        .set(users::followers.eq(users::followers + step))
        .execute(db)
        .map(|_| ())
}

/// What a ban takes out of the counts, and its undo brings back. Under [`sanction::lock`].
pub fn settle(db: &mut Db, user: UserId, counts: bool) -> QueryResult<()> {
    let step = if counts { 1 } else { -1 };
    let of_projects: Vec<ItemId> = project_follows::table
        .filter(
            project_follows::user_id
                .eq(user)
                .and(project_follows::counts.ne(counts)),
        )
        .order(project_follows::project_id)
        .select(project_follows::project_id)
        .load(db)?;
    for id in of_projects {
        count_project(db, id, step)?;
    }
    diesel::update(project_follows::table.filter(project_follows::user_id.eq(user)))
        .set(project_follows::counts.eq(counts))
        .execute(db)?;
    let of_people: Vec<UserId> = person_follows::table
        .filter(
            person_follows::user_id
                .eq(user)
                .and(person_follows::counts.ne(counts)),
        )
        .order(person_follows::person_id)
        .select(person_follows::person_id)
        .load(db)?;
    for id in of_people {
        count_person(db, id, step)?;
    }
    diesel::update(person_follows::table.filter(person_follows::user_id.eq(user)))
        .set(person_follows::counts.eq(counts))
        .execute(db)
        .map(|_| ())
}

/// Of a project that is erased.
pub fn erase(db: &mut Db, project: ItemId) -> QueryResult<()> {
    diesel::delete(project_follows::table.filter(project_follows::project_id.eq(project)))
        .execute(db)?;
    diesel::update(projects::table.find(project))
        .set(projects::followers.eq(0))
        .execute(db)
        .map(|_| ())
}

/// How many follow somebody, for them alone.
pub fn followers_of(db: &mut Db, user: UserId) -> QueryResult<i32> {
    users::table
        .find(user)
        .select(users::followers)
        .get_result(db)
}

/// What somebody follows, for their own eyes; newest first. Of projects, those that are public.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// Slug and title.
    pub projects: Vec<(String, String)>,
    /// User name and display name.
    pub people: Vec<(String, String)>,
    pub tags: Vec<String>,
}

impl Followed {
    pub fn by(db: &mut Db, user: UserId) -> QueryResult<Followed> {
        let projects = project_follows::table
            .inner_join(projects::table.on(projects::id.eq(project_follows::project_id)))
            .inner_join(items::table.on(items::id.eq(projects::id)))
            .filter(project_follows::user_id.eq(user))
            .filter(items::state.eq(State::Published))
            .order((project_follows::created_at.desc(), projects::id))
            .select((projects::slug, projects::title))
            .load(db)?;
        let people = person_follows::table
            .inner_join(users::table.on(users::id.eq(person_follows::person_id)))
            .filter(person_follows::user_id.eq(user))
            .order((person_follows::created_at.desc(), users::id))
            .select((users::username, users::display_name))
            .load(db)?;
        Ok(Followed {
            projects,
            people,
            tags: Followed::tags(db, user)?,
        })
    }

    /// By the names that are in use, each once.
    fn tags(db: &mut Db, user: UserId) -> QueryResult<Vec<String>> {
        let followed: Vec<String> = tag_follows::table
            .filter(tag_follows::user_id.eq(user))
            .order((tag_follows::created_at.desc(), tag_follows::tag))
            .select(tag_follows::tag)
            .load(db)?;
        let merged: HashSet<String> = tag_merges::table
            .filter(tag_merges::tag.eq_any(&followed))
            .filter(tag_merges::undone_at.is_null())
            .select(tag_merges::tag)
            .load(db)?
            .into_iter()
            .collect();
        let mut tags: Vec<String> = Vec::new();
        for followed in followed {
            let name = match merged.contains(&followed) {
                true => tag::target(db, &followed)?.unwrap_or(followed),
                false => followed,
            };
            if !tags.contains(&name) {
                tags.push(name);
            }
        }
        Ok(tags)
    }

    pub fn is_empty(&self) -> bool {
        self.projects.is_empty() && self.people.is_empty() && self.tags.is_empty()
    }
}

/// How far the telling of one item came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    pub item: ItemId,
    /// The last follower who was looked at.
    pub after: UserId,
}

/// These items are before readers now: who follows is told soon. To be called in the transaction that
/// published them.
pub fn published(db: &mut Db, items: &[ItemId]) -> QueryResult<()> {
    if items.is_empty() || !anybody(db)? {
        return Ok(());
    }
    for &item in items {
        let after = UserId(0);
        Job::enqueue(db, JOB, &Telling { item, after })?;
    }
    Ok(())
}

/// Whether anybody on this site follows anything.
fn anybody(db: &mut Db) -> QueryResult<bool> {
    let first: [Option<UserId>; 3] = [
        project_follows::table
            .select(project_follows::user_id)
            .first(db)
            .optional()?,
        person_follows::table
            .select(person_follows::user_id)
            .first(db)
            .optional()?,
        tag_follows::table
            .select(tag_follows::user_id)
            .first(db)
            .optional()?,
    ];
    Ok(first.iter().any(Option::is_some))
}

/// What is told, and to whom it may be of interest.
struct News {
    item: Item,
    sort: Sort,
    project: ItemId,
    makers: Vec<UserId>,
    /// Of a project, with the other names of each. A release is told under no tag.
    tags: Vec<String>,
}

/// Tells the next followers, in the caller's write transaction; gives where to go on. None: all know.
pub fn step(db: &mut Db, telling: Telling) -> QueryResult<Option<Telling>> {
    let Some(news) = News::of(db, telling.item)? else {
        return Ok(None);
    };
    let next = news.followers(db, telling.after)?;
    let Some(last) = next.last().copied() else {
        return Ok(None);
    };
    let meant = ignore::listening(db, &next, &news.makers)?;
    notice::tell_many(db, &meant, news.sort, news.item.id)?;
    let item = telling.item;
    Ok(((next.len() as i64) == AT_ONCE).then_some(Telling { item, after: last }))
}

impl News {
    /// Locked: who takes it away in this moment sees the notices, and takes them back with it.
    fn of(db: &mut Db, id: ItemId) -> QueryResult<Option<News>> {
        let Some(item) = dialect::lock_item(db, id)? else {
            return Ok(None);
        };
        let since = now() - NEWS_FOR;
        let is_new = |at: Option<NaiveDateTime>| at.is_some_and(|at| at > since);
        if item.state != State::Published || !is_new(item.published_at) {
            return Ok(None);
        }
        let project = match item.kind {
            Kind::Project => item.id,
            Kind::Release => {
                let (project, at): (ItemId, NaiveDateTime) = releases::table
                    .find(id)
                    .select((releases::project_id, releases::released_at))
                    .get_result(db)?;
                // Of several at once, from a forge say, the newest is the news.
                let newest = release::newest_of(db, project, now() + Duration::days(1))?;
                if !is_new(Some(at)) || newest != Some(id) {
                    return Ok(None);
                }
                project
            }
            _ => return Ok(None),
        };
        let public: Option<State> = items::table
            .find(project)
            .select(items::state)
            .get_result(db)
            .optional()?;
        if public != Some(State::Published) {
            return Ok(None);
        }
        let makers: Vec<UserId> = project_makers::table
            .filter(project_makers::project_id.eq(project))
            .order(project_makers::user_id)
            .select(project_makers::user_id)
            .load(db)?;
        let (sort, tags) = match item.kind {
            Kind::Project => (Sort::Project, names(db, project)?),
            _ => (Sort::Release, Vec::new()),
        };
        Ok(Some(News {
            item,
            sort,
            project,
            makers,
            tags,
        }))
    }

    /// The next who follow it by any way, in the order of their numbers.
    fn followers(&self, db: &mut Db, after: UserId) -> QueryResult<Vec<UserId>> {
        let mut found: BTreeSet<UserId> = BTreeSet::new();
        let of_project: Vec<UserId> = project_follows::table
            .filter(project_follows::project_id.eq(self.project))
            .filter(project_follows::user_id.gt(after))
            .filter(project_follows::counts.eq(true))
            .order(project_follows::user_id)
            .limit(AT_ONCE)
            .select(project_follows::user_id)
            .load(db)?;
        found.extend(of_project);
        for maker in &self.makers {
            let of_person: Vec<UserId> = person_follows::table
                .filter(person_follows::person_id.eq(maker))
                .filter(person_follows::user_id.gt(after))
                .filter(person_follows::counts.eq(true))
                .order(person_follows::user_id)
                .limit(AT_ONCE)
                .select(person_follows::user_id)
                .load(db)?;
            found.extend(of_person);
        }
        for tag in &self.tags {
            let of_tag: Vec<UserId> = tag_follows::table
                .filter(tag_follows::tag.eq(tag))
                .filter(tag_follows::user_id.gt(after))
                .order(tag_follows::user_id)
                .limit(AT_ONCE)
                .select(tag_follows::user_id)
                .load(db)?;
            found.extend(of_tag);
        }
        Ok(found.into_iter().take(AT_ONCE as usize).collect())
    }
}

/// The tags of a project, under all their names.
fn names(db: &mut Db, project: ItemId) -> QueryResult<Vec<String>> {
    let tags: Vec<String> = project_tags::table
        .filter(project_tags::project_id.eq(project))
        .select(project_tags::tag)
        .load(db)?;
    with_names_of_before(db, tags)
}

/// These tags and, where moderators made tags one, the names of before: who followed those follows these.
fn with_names_of_before(db: &mut Db, mut all: Vec<String>) -> QueryResult<Vec<String>> {
    let mut last = all.clone();
    // As in `tag.rs`: no ring is ever made.
    for _ in 0..8 {
        last = tag_merges::table
            .filter(tag_merges::target.eq_any(&last))
            .filter(tag_merges::undone_at.is_null())
            .select(tag_merges::tag)
            .load(db)?;
        last.retain(|tag| !all.contains(tag));
        if last.is_empty() {
            break;
        }
        all.extend(last.iter().cloned());
    }
    Ok(all)
}

/// The next step of the telling that this job keeps.
pub fn go_on(db: &mut Db, job: &Job) -> QueryResult<bool> {
    let lock = |db: &mut Db, telling: &Telling| dialect::lock_item(db, telling.item).map(|_| ());
    job.go_on(db, lock, step)
}
