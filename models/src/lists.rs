//! The lists of projects and their orders: newest, recently released, waiting for feedback, and those
//! whose makers helped others. Each page is one walk along an index from where the page before ended.

use crate::condition::{FoundPublished, Published, among};
use crate::db::{ItemId, UserId, now, write_tx};
use crate::gate::CommentPolicy;
use crate::item::{Kind, State};
use crate::looking::Role;
use crate::project::{Card, LinkKind, Listing, ProjectKind};
use crate::rating::picture;
use crate::release::System;
use crate::schema::{
    comments, items, project_links, project_makers, project_ranks, project_roles, projects,
    release_links, releases,
};
use crate::{Db, QueryResult, both};
use chrono::{DateTime, Duration, NaiveDateTime};
use diesel::dsl::{count_star, exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Timestamp};
use std::collections::{BTreeSet, HashMap};

crate::words! {
    pub enum Order { Newest = "newest", Released = "released", Waiting = "waiting", Helpful = "helpful", Rated = "rated" }
}

/// Which projects, in which order.
#[derive(Clone, Debug)]
pub struct List {
    pub order: Order,
    pub kind: Option<ProjectKind>,
    pub has_download: bool,
    /// Whom their makers look for.
    pub looking_for: Option<Role>,
    /// What one of their releases runs on; in the web, too, what can be played in the browser.
    pub system: Option<System>,
    /// What the last card of the page before was ordered by, and its number.
    pub after: Option<Place>,
    pub limit: usize,
    /// What they ignore is left out, so that a page of theirs may be shorter.
    pub reader: Option<UserId>,
}

/// What a page was ordered by at its end, and the number behind that.
pub type Place = (i64, i64);
/// A project with its number among those that wait, with how often its makers helped, and with the lower
/// bound of its ratings.
pub type Rank = (ItemId, i64, i32, i32);

/// How long helping somebody counts for the list.
const HELPED_FOR: Duration = Duration::days(30);
/// Projects of one step of [`Counting`].
const COUNTED_AT_ONCE: i64 = 500;
/// Up to so many projects that a filter leaves are looked up one by one; of more, a walk along the list
/// soon meets enough.
const FEW: usize = 2_000;
fn if_few(mut ids: Vec<ItemId>) -> Option<Vec<ItemId>> {
    let all = ids.len() <= FEW;
    ids.sort_unstable();
    ids.dedup();
    all.then_some(ids)
}

/// The same for every one of the queries below: projects, as they are filtered.
macro_rules! filtered {
    ($query:expr, $list:expr, $few:expr) => {{
        let mut query = $query.into_boxed();
        if let Some(kind) = $list.kind {
            query = query.filter(projects::kind.eq(kind));
        }
        if $list.has_download {
            query = query.filter(exists(
                project_links::table
                    .filter(project_links::project_id.eq(projects::id))
                    .filter(project_links::kind.eq(LinkKind::Download)),
            ));
        }
        if let Some(role) = $list.looking_for {
            query = query.filter(exists(
                project_roles::table
                    .filter(project_roles::project_id.eq(projects::id))
                    .filter(project_roles::role.eq(role)),
            ));
        }
        if let Some(system) = $list.system {
            // A published release of it runs there, or it is played there. CROSS JOIN is how SQLite is told
            // in which order to look: from the project to its releases to their links.
            query = query.filter(
                sql::<Bool>(
                    "(EXISTS (SELECT 1 FROM releases v CROSS JOIN items vi CROSS JOIN release_links d \
                     WHERE v.project_id = projects.id AND vi.id = v.id AND d.release_id = v.id AND vi.state = 'published' AND d.system = ",
                )
                .bind::<Text, _>(system.as_str())
                .sql(") OR (EXISTS (SELECT 1 FROM project_links w WHERE w.project_id = projects.id AND w.kind = 'play') AND 'web' = ")
                .bind::<Text, _>(system.as_str())
                .sql("))"),
            );
        }
        if let Some(few) = $few {
            query = query.filter(projects::id.eq_any(few));
        }
        query
    }};
}

/// Those that have any of a rank, the most first.
macro_rules! ranked {
    ($list:expr, $db:expr, $few:expr, $rank:expr) => {{
        let list: &List = $list;
        let mut query = filtered!(
            project_ranks::table
                .inner_join(projects::table.on(projects::id.eq(project_ranks::project_id)))
                .inner_join(items::table.on(items::id.eq(projects::id))),
            list,
            $few
        )
        .filter(FoundPublished)
        .filter($rank.gt(0))
        .order(($rank.desc(), project_ranks::project_id.desc()))
        .limit(list.asked())
        .select((project_ranks::project_id, $rank));
        if let Some((rank, id)) = list.after {
            let rank = i32::try_from(rank).unwrap_or(i32::MAX);
            query = query.filter($rank.le(rank)).filter(
                $rank
                    .lt(rank)
                    .or($rank.eq(rank).and(project_ranks::project_id.lt(ItemId(id)))),
            );
        }
        let rows: Vec<(ItemId, i32)> = query.load($db)?;
        Ok(rows
            .into_iter()
            .map(|(id, rank)| (id, i64::from(rank), id.0))
            .collect())
    }};
}

impl List {
    /// The cards, and where the next page begins.
    pub fn load(&self, db: &mut Db) -> QueryResult<(Vec<Card>, Option<Place>)> {
        let few = self.few(db)?;
        let few = few.as_deref();
        // Project, what it is ordered by, and the number behind that.
        let mut keys: Vec<(ItemId, i64, i64)> = match self.order {
            Order::Newest => self.newest(db, few)?,
            Order::Released => self.released(db, few)?,
            Order::Waiting => self.waiting(db, few)?,
            Order::Helpful => self.helpful(db, few)?,
            Order::Rated => self.rated(db, few)?,
        };
        let has_more = keys.len() > self.limit;
        keys.truncate(self.limit);
        let next = keys
            .last()
            .filter(|_| has_more)
            .map(|(_, by, id)| (*by, *id));
        let ids: Vec<ItemId> = keys.iter().map(|(id, ..)| *id).collect();
        let mut cards = Listing {
            ids: Some(&ids),
            limit: self.limit as i64,
            reader: self.reader,
            ..Listing::default()
        }
        .load(db)?;
        cards.sort_by_key(|card| ids.iter().position(|id| *id == card.id));
        Ok((cards, next))
    }

    fn asked(&self) -> i64 {
        self.limit as i64 + 1
    }

    fn since(&self) -> Option<(NaiveDateTime, ItemId)> {
        let (micros, id) = self.after?;
        Some((
            DateTime::from_timestamp_micros(micros)?.naive_utc(),
            ItemId(id),
        ))
    }

    /// The projects that one of the filters leaves, if they are few: then the list begins from them, for
    /// a walk along it would meet hardly any.
    fn few(&self, db: &mut Db) -> QueryResult<Option<Vec<ItemId>>> {
        const MOST: i64 = FEW as i64 + 1;
        if let Some(role) = self.looking_for {
            let ids = project_roles::table
                .filter(project_roles::role.eq(role))
                .limit(MOST)
                .select(project_roles::project_id)
                .load(db)?;
            if let Some(few) = if_few(ids) {
                return Ok(Some(few));
            }
        }
        let has_link = |db: &mut Db, kind: LinkKind| -> QueryResult<Vec<ItemId>> {
            project_links::table
                .filter(project_links::kind.eq(kind))
                .limit(MOST)
                .select(project_links::project_id)
                .load(db)
        };
        if let Some(system) = self.system {
            let mut ids: Vec<ItemId> = release_links::table
                .inner_join(releases::table.on(releases::id.eq(release_links::release_id)))
                .filter(release_links::system.eq(system))
                .limit(MOST)
                .select(releases::project_id)
                .load(db)?;
            if system == System::Web {
                ids.extend(has_link(db, LinkKind::Play)?);
            }
            if let Some(few) = if_few(ids) {
                return Ok(Some(few));
            }
        }
        if self.has_download
            && let Some(few) = if_few(has_link(db, LinkKind::Download)?)
        {
            return Ok(Some(few));
        }
        if let Some(kind) = self.kind {
            let ids = projects::table
                .filter(projects::kind.eq(kind))
                .limit(MOST)
                .select(projects::id)
                .load(db)?;
            return Ok(if_few(ids));
        }
        Ok(None)
    }

    fn newest(&self, db: &mut Db, few: Option<&[ItemId]>) -> QueryResult<Vec<(ItemId, i64, i64)>> {
        let mut query = filtered!(
            items::table.inner_join(projects::table.on(projects::id.eq(items::id))),
            self,
            few
        )
        .filter(items::published_at.is_not_null())
        .order((items::published_at.desc(), items::id.desc()))
        .limit(self.asked())
        .select((items::id, items::published_at));
        query = match few {
            Some(_) => query.filter(FoundPublished),
            None => query.filter(
                items::state
                    .eq(State::Published)
                    .and(items::kind.eq(Kind::Project)),
            ),
        };
        if let Some((at, id)) = self.since() {
            // The first half alone is what an index can begin from.
            query = query.filter(items::published_at.le(at)).filter(
                items::published_at
                    .lt(at)
                    .or(items::published_at.eq(at).and(items::id.lt(id))),
            );
        }
        let rows: Vec<(ItemId, Option<NaiveDateTime>)> = query.load(db)?;
        Ok(rows
            .into_iter()
            .filter_map(|(id, at)| Some((id, at?.and_utc().timestamp_micros(), id.0)))
            .collect())
    }

    /// By the newest release of each.
    fn released(
        &self,
        db: &mut Db,
        few: Option<&[ItemId]>,
    ) -> QueryResult<Vec<(ItemId, i64, i64)>> {
        let (at, id) = self.since().unwrap_or((now(), ItemId(i64::MAX)));
        if let Some(few) = few {
            return self.released_of(db, few, (at, id));
        }
        let kind = self.kind.map_or("", ProjectKind::as_str);
        let rows: Vec<Released> = diesel::sql_query(
            "SELECT p.id, r.id AS release_id, r.released_at FROM releases r JOIN items ri ON ri.id = r.id \
             JOIN projects p ON p.id = r.project_id JOIN items i ON i.id = p.id \
             WHERE (r.released_at, r.id) < ($1, $2) AND ri.state = 'published' AND i.state = 'published' \
             AND ($3 = '' OR p.kind = $3) \
             AND (NOT $4 OR EXISTS (SELECT 1 FROM project_links l WHERE l.project_id = p.id AND l.kind = 'download')) \
             AND ($5 = '' OR EXISTS (SELECT 1 FROM project_roles l WHERE l.project_id = p.id AND l.role = $5)) \
             AND ($6 = '' OR EXISTS (SELECT 1 FROM releases v CROSS JOIN items vi CROSS JOIN release_links d \
                 WHERE v.project_id = p.id AND vi.id = v.id AND d.release_id = v.id AND vi.state = 'published' AND d.system = $6) \
               OR ($6 = 'web' AND EXISTS (SELECT 1 FROM project_links w WHERE w.project_id = p.id AND w.kind = 'play'))) \
             AND NOT EXISTS (SELECT 1 FROM releases n JOIN items ni ON ni.id = n.id WHERE n.project_id = r.project_id \
               AND ni.state = 'published' AND n.released_at <= $7 AND (n.released_at, n.id) > (r.released_at, r.id)) \
             ORDER BY r.released_at DESC, r.id DESC LIMIT $8",
        )
        // SQLite numbers them as they come.
        .bind::<Timestamp, _>(at)
        .bind::<BigInt, _>(id)
        .bind::<Text, _>(kind)
        .bind::<Bool, _>(self.has_download)
        .bind::<Text, _>(self.looking_for.map_or("", Role::as_str))
        .bind::<Text, _>(self.system.map_or("", System::as_str))
        .bind::<Timestamp, _>(now())
        .bind::<BigInt, _>(self.asked())
        .load(db)?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let at = row.released_at.and_utc().timestamp_micros();
                (ItemId(row.id), at, row.release_id)
            })
            .collect())
    }

    /// The same of few projects: their newest releases, put in order here.
    fn released_of(
        &self,
        db: &mut Db,
        few: &[ItemId],
        before: (NaiveDateTime, ItemId),
    ) -> QueryResult<Vec<(ItemId, i64, i64)>> {
        let release_items = diesel::alias!(items as release_items);
        let query = filtered!(
            releases::table
                .inner_join(projects::table.on(projects::id.eq(releases::project_id)))
                .inner_join(items::table.on(items::id.eq(projects::id)))
                .inner_join(release_items.on(release_items.field(items::id).eq(releases::id))),
            self,
            Some(few)
        )
        .filter(FoundPublished)
        .filter(release_items.field(items::state).eq(State::Published))
        .filter(releases::released_at.le(now()))
        .select((projects::id, releases::released_at, releases::id));
        let rows: Vec<(ItemId, NaiveDateTime, ItemId)> = query.load(db)?;
        let mut newest: HashMap<ItemId, (NaiveDateTime, ItemId)> = HashMap::new();
        for (project, at, release) in rows {
            let known = newest.entry(project).or_insert((at, release));
            *known = (*known).max((at, release));
        }
        let mut rows: Vec<_> = newest
            .into_iter()
            .filter(|(_, place)| *place < before)
            .collect();
        rows.sort_unstable_by_key(|(_, place)| std::cmp::Reverse(*place));
        rows.truncate(self.limit + 1);
        Ok(rows
            .into_iter()
            .map(|(id, (at, release))| (id, at.and_utc().timestamp_micros(), release.0))
            .collect())
    }

    fn waiting(&self, db: &mut Db, few: Option<&[ItemId]>) -> QueryResult<Vec<(ItemId, i64, i64)>> {
        let mut query = filtered!(
            project_ranks::table
                .inner_join(projects::table.on(projects::id.eq(project_ranks::project_id)))
                .inner_join(items::table.on(items::id.eq(projects::id))),
            self,
            few
        )
        // Always: a beginning is what SQLite takes that index for.
        .filter(project_ranks::waiting.ge(0))
        .filter(FoundPublished)
        .filter(projects::comment_policy.ne(CommentPolicy::Nobody))
        .filter(projects::closed.eq(false))
        .order((project_ranks::waiting, project_ranks::project_id.desc()))
        .limit(self.asked())
        .select((project_ranks::project_id, project_ranks::waiting));
        if let Some((waiting, id)) = self.after {
            query = query.filter(project_ranks::waiting.ge(waiting)).filter(
                project_ranks::waiting.gt(waiting).or(project_ranks::waiting
                    .eq(waiting)
                    .and(project_ranks::project_id.lt(ItemId(id)))),
            );
        }
        let rows: Vec<(ItemId, i64)> = query.load(db)?;
        Ok(rows
            .into_iter()
            .map(|(id, waiting)| (id, waiting, id.0))
            .collect())
    }

    fn helpful(&self, db: &mut Db, few: Option<&[ItemId]>) -> QueryResult<Vec<(ItemId, i64, i64)>> {
        ranked!(self, db, few, project_ranks::helped)
    }

    /// By the lower bound of [`picture::lower_bound`].
    fn rated(&self, db: &mut Db, few: Option<&[ItemId]>) -> QueryResult<Vec<(ItemId, i64, i64)>> {
        ranked!(self, db, few, project_ranks::rated)
    }
}

/// Whether any project was rated by enough people: without, there is no such list.
pub fn anything_rated(db: &mut Db) -> QueryResult<bool> {
    let first: Option<ItemId> = project_ranks::table
        .filter(project_ranks::rated.gt(0))
        .select(project_ranks::project_id)
        .first(db)
        .optional()?;
    Ok(first.is_some())
}

/// Whether anybody's comments helped somebody this month: without, there is no such list.
pub fn anybody_helped(db: &mut Db) -> QueryResult<bool> {
    let first: Option<ItemId> = project_ranks::table
        .filter(project_ranks::helped.gt(0))
        .select(project_ranks::project_id)
        .first(db)
        .optional()?;
    Ok(first.is_some())
}

#[derive(QueryableByName)]
struct Released {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    release_id: i64,
    #[diesel(sql_type = Timestamp)]
    released_at: NaiveDateTime,
}

#[derive(QueryableByName)]
struct Received {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Published comments of these people on what others made.
macro_rules! gifts {
    ($people:expr) => {
        comments::table
            .inner_join(items::table.on(items::id.eq(comments::id)))
            .filter(comments::author_id.eq_any($people))
            .filter(Published)
            .filter(not(exists(
                project_makers::table
                    .filter(project_makers::project_id.nullable().eq(items::project_id))
                    .filter(project_makers::user_id.eq(comments::author_id)),
            )))
    };
}

/// A walk over all projects that counts anew what the orders need. It remembers what each maker gave:
/// somebody with many projects and many comments is counted once.
#[derive(Default)]
pub struct Counting {
    after: i64,
    /// Comments on what others made, and those of them that helped lately.
    given: HashMap<UserId, (i64, i64)>,
}

impl Counting {
    /// The next projects; what changed is to be stored, in a transaction of its own. None at the end.
    pub fn step(&mut self, db: &mut Db) -> QueryResult<Option<Vec<Rank>>> {
        let received: Vec<Received> = diesel::sql_query(
            "SELECT p.id, \
             (SELECT count(*) FROM threads t JOIN comments c ON c.thread_id = t.id JOIN items i ON i.id = c.id \
               WHERE t.project_id = p.id AND i.state = 'published' AND NOT EXISTS \
               (SELECT 1 FROM project_makers m WHERE m.project_id = p.id AND m.user_id = c.author_id)) AS n \
             FROM projects p WHERE p.id > $1 ORDER BY p.id LIMIT $2",
        )
        .bind::<BigInt, _>(self.after)
        .bind::<BigInt, _>(COUNTED_AT_ONCE)
        .load(db)?;
        let Some(last) = received.last() else {
            return Ok(None);
        };
        self.after = last.id;
        let ids: Vec<ItemId> = received.iter().map(|row| ItemId(row.id)).collect();
        let made: Vec<(ItemId, UserId)> = project_makers::table
            .filter(among(project_makers::project_id, &ids))
            .select((project_makers::project_id, project_makers::user_id))
            .load(db)?;
        self.count_given(db, made.iter().map(|(_, maker)| *maker))?;
        let known: HashMap<ItemId, (i64, i32, i32)> = project_ranks::table
            .filter(among(project_ranks::project_id, &ids))
            .select((
                project_ranks::project_id,
                (
                    project_ranks::waiting,
                    project_ranks::helped,
                    project_ranks::rated,
                ),
            ))
            .load::<(ItemId, (i64, i32, i32))>(db)?
            .into_iter()
            .collect();
        let rated = picture::lower_bounds(db, &ids)?;
        let mut gave: HashMap<ItemId, (i64, i64)> = HashMap::new();
        for (project, maker) in made {
            let (given, helped) = self.given[&maker];
            let sum = gave.entry(project).or_default();
            *sum = (sum.0 + given, sum.1 + helped);
        }
        let counted = received.into_iter().map(|row| {
            let id = ItemId(row.id);
            let (given, helped) = gave.get(&id).copied().unwrap_or_default();
            let waiting = (row.n + 1) * 1_000 / (given + 1);
            let helped = i32::try_from(helped).unwrap_or(i32::MAX);
            (id, waiting, helped, rated.get(&id).copied().unwrap_or(0))
        });
        Ok(Some(
            counted
                .filter(|(id, waiting, helped, rated)| {
                    known.get(id) != Some(&(*waiting, *helped, *rated))
                })
                .collect(),
        ))
    }

    fn count_given(
        &mut self,
        db: &mut Db,
        makers: impl Iterator<Item = UserId>,
    ) -> QueryResult<()> {
        let new: BTreeSet<i64> = makers
            .filter(|maker| !self.given.contains_key(maker))
            .map(|maker| maker.0)
            .collect();
        for some in new.into_iter().collect::<Vec<_>>().chunks(100) {
            let some: Vec<UserId> = some.iter().copied().map(UserId).collect();
            // Whoever gave nothing has no row.
            self.given.extend(some.iter().map(|maker| (*maker, (0, 0))));
            let given: Vec<(UserId, i64)> = gifts!(&some)
                .group_by(comments::author_id)
                .select((comments::author_id, count_star()))
                .load(db)?;
            let helped: Vec<(UserId, i64)> = gifts!(&some)
                .filter(comments::helped_at.gt(now() - HELPED_FOR))
                .group_by(comments::author_id)
                .select((comments::author_id, count_star()))
                .load(db)?;
            for (maker, n) in given {
                self.given.entry(maker).or_default().0 = n;
            }
            for (maker, n) in helped {
                self.given.entry(maker).or_default().1 = n;
            }
        }
        Ok(())
    }
}

pub fn store(db: &mut Db, ranks: &[Rank]) -> QueryResult<()> {
    for (id, waiting, helped, rated) in ranks {
        let row = (
            project_ranks::waiting.eq(waiting),
            project_ranks::helped.eq(helped),
            project_ranks::rated.eq(rated),
        );
        both!(db, conn => diesel::insert_into(project_ranks::table)
            .values((project_ranks::project_id.eq(id), row))
            .on_conflict(project_ranks::project_id)
            .do_update()
            .set(row)
            .execute(conn))?;
    }
    Ok(())
}

/// All of it at once, for small sites and tests.
pub fn count_all(db: &mut Db) -> QueryResult<()> {
    let mut counting = Counting::default();
    while let Some(changed) = counting.step(db)? {
        write_tx(db, |db| store(db, &changed))?;
    }
    Ok(())
}
