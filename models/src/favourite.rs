//! Favourites: projects that somebody keeps, for themselves or for everybody to see on their page. How
//! many keep a project is counted with it; who does so in private is in no list but their own.
//!
//! What people who like a project like beside it is counted each hour ([`Counting`]), from public
//! favourites alone and never of fewer than [`FLOOR`] people, so that it tells of nobody.

use crate::condition::{Published, among};
use crate::db::{ItemId, UserId, dialect, now};
use crate::follow::counts;
use crate::project::Project;
use crate::schema::{favourites, items, liked_also, projects};
use crate::{Db, QueryResult, both, reaction};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use std::collections::HashMap;

/// Of one person.
pub const MOST: i64 = 2_000;
/// Fewer people than these say nothing about what others like.
pub const FLOOR: i64 = 3;
/// Others that a project's page shows.
const SHOWN: i64 = 4;
/// Of a project's favourites, the newest that are looked at: a giant costs no more than another.
const LOOKED_AT: i64 = 500;
/// Projects of one step.
const AT_ONCE: i64 = 100;

#[derive(Debug, thiserror::Error)]
pub enum FavouriteError {
    #[error("This is your own work: that you like it goes without saying.")]
    Own,
    #[error("You keep {MOST} favourites already. Let one go first.")]
    TooMany,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// A person's favourite: whether it stands on their page.
pub fn of(db: &mut Db, user: UserId, project: ItemId) -> QueryResult<Option<bool>> {
    favourites::table
        .find((user, project))
        .select(favourites::public)
        .get_result(db)
        .optional()
}

/// As they chose last; who never chose shows what they like.
fn as_last(db: &mut Db, user: UserId) -> QueryResult<bool> {
    let last = favourites::table
        .filter(favourites::user_id.eq(user))
        .order(favourites::chosen_at.desc())
        .select(favourites::public)
        .first(db)
        .optional()?;
    Ok(last.unwrap_or(true))
}

/// Keeps a project, public or not as they last chose. Twice is as once. In a write transaction. Under the
/// person's lock: beside a ban it would else be counted though they are banned.
pub fn keep(db: &mut Db, user: UserId, project: &Project) -> Result<(), FavouriteError> {
    reaction::lock(db, user)?;
    if project.is_made_by(db, user)? {
        return Err(FavouriteError::Own);
    }
    if of(db, user, project.id)?.is_some() {
        return Ok(());
    }
    let many: i64 = favourites::table
        .filter(favourites::user_id.eq(user))
        .count()
        .get_result(db)?;
    if many >= MOST {
        return Err(FavouriteError::TooMany);
    }
    let (public, counts, at) = (as_last(db, user)?, counts(db, user)?, now());
    let made = both!(db, conn => diesel::insert_into(favourites::table)
        .values((
            favourites::user_id.eq(user),
            favourites::project_id.eq(project.id),
            favourites::public.eq(public),
            favourites::counts.eq(counts),
            favourites::created_at.eq(at),
            favourites::chosen_at.eq(at),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    count(db, project.id, made as i32 * i32::from(counts))?;
    Ok(())
}

pub fn let_go(db: &mut Db, user: UserId, project: ItemId) -> QueryResult<()> {
    reaction::lock(db, user)?;
    let row = || favourites::table.find((user, project));
    let counted = diesel::delete(row().filter(favourites::counts.eq(true))).execute(db)?;
    diesel::delete(row()).execute(db)?;
    count(db, project, -(counted as i32))
}

/// On their page, or for themselves alone.
pub fn show(db: &mut Db, user: UserId, project: ItemId, public: bool) -> QueryResult<usize> {
    diesel::update(favourites::table.find((user, project)))
        .set((
            favourites::public.eq(public),
            favourites::chosen_at.eq(now()),
        ))
        .execute(db)
}

fn count(db: &mut Db, project: ItemId, step: i32) -> QueryResult<()> {
    if step == 0 {
        return Ok(());
    }
    diesel::update(projects::table.find(project))
        .set(projects::favourites.eq(projects::favourites + step))
        .execute(db)
        .map(|_| ())
}

/// What a ban takes out of the counts, and its undo brings back. Under the lock of
/// [`crate::moderation::sanction`].
pub fn settle(db: &mut Db, user: UserId, counts: bool) -> QueryResult<()> {
    let mine = || favourites::table.filter(favourites::user_id.eq(user));
    let changed: Vec<ItemId> = mine()
        .filter(favourites::counts.ne(counts))
        .order(favourites::project_id)
        .select(favourites::project_id)
        .load(db)?;
    for project in changed {
        count(db, project, if counts { 1 } else { -1 })?;
    }
    diesel::update(mine())
        .set(favourites::counts.eq(counts))
        .execute(db)
        .map(|_| ())
}

/// Of a project that is erased.
pub fn erase(db: &mut Db, project: ItemId) -> QueryResult<()> {
    diesel::delete(favourites::table.filter(favourites::project_id.eq(project))).execute(db)?;
    let beside = liked_also::project_id
        .eq(project)
        .or(liked_also::other_id.eq(project));
    diesel::delete(liked_also::table.filter(beside)).execute(db)?;
    diesel::update(projects::table.find(project))
        .set(projects::favourites.eq(0))
        .execute(db)
        .map(|_| ())
}

/// A part of somebody's favourites, newest first: the project, when they chose it, whether it is public.
pub type Part = Vec<(ItemId, NaiveDateTime, bool)>;

/// Those of projects that are public; all of them for oneself, else the public ones.
pub fn page(
    db: &mut Db,
    user: UserId,
    own: bool,
    after: Option<(NaiveDateTime, ItemId)>,
    limit: i64,
) -> QueryResult<Part> {
    let mut query = favourites::table
        .inner_join(items::table.on(items::id.eq(favourites::project_id)))
        .filter(favourites::user_id.eq(user))
        .filter(Published)
        .order((favourites::created_at.desc(), favourites::project_id.desc()))
        .limit(limit)
        .select((
            favourites::project_id,
            favourites::created_at,
            favourites::public,
        ))
        .into_boxed();
    if !own {
        query = query.filter(favourites::public.eq(true).and(favourites::counts.eq(true)));
    }
    if let Some((at, id)) = after {
        query = query.filter(favourites::created_at.le(at)).filter(
            favourites::created_at.lt(at).or(favourites::created_at
                .eq(at)
                .and(favourites::project_id.lt(id))),
        );
    }
    query.load(db)
}

/// Other projects that people who like this one like, those of most people first.
pub fn liked_also(db: &mut Db, project: ItemId) -> QueryResult<Vec<ItemId>> {
    liked_also::table
        .filter(liked_also::project_id.eq(project))
        .filter(liked_also::people.ge(FLOOR as i32))
        .order((liked_also::people.desc(), liked_also::other_id.desc()))
        .select(liked_also::other_id)
        .load(db)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct Beside {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Integer)]
    people: i32,
}

/// What is liked beside one project, as it is counted now.
pub type Also = (ItemId, Vec<(ItemId, i32)>);

/// A walk over all projects with favourites that counts anew what is liked beside them.
#[derive(Default)]
pub struct Counting {
    after: i64,
}

impl Counting {
    /// The next projects; what changed is to be stored, in a transaction of its own. None at the end.
    pub fn step(&mut self, db: &mut Db) -> QueryResult<Option<Vec<Also>>> {
        // Those that were counted before, too: fewer may like them now. Each half walks along its own
        // index and stops: to bring all that are left together for every step would be quadratic.
        let next: Vec<Id> = diesel::sql_query(
            "SELECT id FROM (SELECT id FROM (SELECT f.project_id AS id FROM favourites f \
               WHERE f.project_id > $1 AND f.public AND f.counts \
               GROUP BY f.project_id HAVING count(*) >= $2 ORDER BY f.project_id LIMIT $3) liked \
             UNION SELECT id FROM (SELECT a.project_id AS id FROM liked_also a WHERE a.project_id > $4 \
               GROUP BY a.project_id ORDER BY a.project_id LIMIT $5) counted) both_of_them \
             ORDER BY id LIMIT $6",
        )
        .bind::<BigInt, _>(self.after)
        .bind::<BigInt, _>(FLOOR)
        .bind::<BigInt, _>(AT_ONCE)
        .bind::<BigInt, _>(self.after)
        .bind::<BigInt, _>(AT_ONCE)
        .bind::<BigInt, _>(AT_ONCE)
        .load(db)?;
        let Some(last) = next.last() else {
            return Ok(None);
        };
        self.after = last.id;
        let ids: Vec<ItemId> = next.iter().map(|row| ItemId(row.id)).collect();
        let mut known = stored(db, &ids)?;
        let mut changed = Vec::new();
        for id in ids {
            let counted = beside(db, id)?;
            if known.remove(&id).unwrap_or_default() != counted {
                changed.push((id, counted));
            }
        }
        Ok(Some(changed))
    }
}

/// What is liked beside these, as it was counted last.
fn stored(db: &mut Db, of: &[ItemId]) -> QueryResult<HashMap<ItemId, Vec<(ItemId, i32)>>> {
    let rows: Vec<(ItemId, ItemId, i32)> = liked_also::table
        .filter(among(liked_also::project_id, of))
        .order((liked_also::people.desc(), liked_also::other_id.desc()))
        .select((
            liked_also::project_id,
            liked_also::other_id,
            liked_also::people,
        ))
        .load(db)?;
    let mut known: HashMap<ItemId, Vec<(ItemId, i32)>> = HashMap::new();
    for (project, other, people) in rows {
        known.entry(project).or_default().push((other, people));
    }
    Ok(known)
}

fn beside(db: &mut Db, project: ItemId) -> QueryResult<Vec<(ItemId, i32)>> {
    let rows: Vec<Beside> = diesel::sql_query(
        "SELECT b.project_id AS id, CAST(count(*) AS INTEGER) AS people FROM \
         (SELECT f.user_id FROM favourites f WHERE f.project_id = $1 AND f.public AND f.counts ORDER BY f.created_at DESC LIMIT $2) a \
         JOIN favourites b ON b.user_id = a.user_id JOIN items i ON i.id = b.project_id \
         WHERE b.project_id <> $3 AND b.public AND b.counts AND i.state = 'published' \
         GROUP BY b.project_id HAVING count(*) >= $4 ORDER BY count(*) DESC, b.project_id DESC LIMIT $5",
    )
    .bind::<BigInt, _>(project)
    .bind::<BigInt, _>(LOOKED_AT)
    .bind::<BigInt, _>(project)
    .bind::<BigInt, _>(FLOOR)
    .bind::<BigInt, _>(SHOWN)
    .load(db)?;
    Ok(rows
        .into_iter()
        .map(|row| (ItemId(row.id), row.people))
        .collect())
}

/// In a write transaction. Every node counts each hour, and often the same: one after the other, and what
/// another has stored meanwhile is not stored again.
pub fn store(db: &mut Db, counted: &[Also]) -> QueryResult<()> {
    dialect::lock(db, "liked_also")?;
    let ids: Vec<ItemId> = counted.iter().map(|(project, _)| *project).collect();
    let mut known = stored(db, &ids)?;
    for (project, others) in counted {
        if known.remove(project).unwrap_or_default() == *others {
            continue;
        }
        diesel::delete(liked_also::table.filter(liked_also::project_id.eq(project))).execute(db)?;
        for (other, people) in others {
            diesel::insert_into(liked_also::table)
                .values((
                    liked_also::project_id.eq(project),
                    liked_also::other_id.eq(other),
                    liked_also::people.eq(people),
                ))
                .execute(db)?;
        }
    }
    Ok(())
}

/// All of it at once, for small sites and tests.
pub fn count_all(db: &mut Db) -> QueryResult<()> {
    let mut counting = Counting::default();
    while let Some(changed) = counting.step(db)? {
        store(db, &changed)?;
    }
    Ok(())
}
