//! Fairness: what somebody gave counts as long as they are fair to ask. Nobody's reactions and ratings
//! count for what they make themselves, nor those of whom moderators banned or cleared away; an undo
//! brings them back.
//!
//! Rings and crowds are hints for people, never a reason for the machine: friends who make things for
//! each other look like a ring, and a classroom like a crowd.

use crate::db::{ItemId, UserId, dialect, now, write_tx};
use crate::schema::{projects, rating_hints, ratings, users};
use crate::{Db, QueryResult, both, rating, reaction};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamp};
use std::collections::HashMap;

/// How far back rings are looked for.
const RINGS_FOR: Duration = Duration::days(30);
/// Within so short a time several from one network are worth a look.
const CROWDS_FOR: Duration = Duration::days(7);
/// As many as that.
const CROWD: i64 = 4;
/// Hints of each sort: more than somebody looks into in a day.
const MOST: i64 = 20;

/// Looks again whether what a person gave counts: they were banned or cleared, that was undone, they
/// joined the makers of a project, or left. Under [`reaction::lock`], and after items and threads.
pub fn weigh(db: &mut Db, user: UserId) -> QueryResult<()> {
    reaction::lock(db, user)?;
    reaction::weigh(db, user)?;
    rating::counting::weigh_of(db, user)
}

/// As it is found and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Rated by these from one network; None: a ring.
    project: Option<ItemId>,
    people: Vec<i64>,
}

#[derive(QueryableByName)]
struct Ring {
    #[diesel(sql_type = BigInt)]
    one: i64,
    #[diesel(sql_type = BigInt)]
    two: i64,
    #[diesel(sql_type = BigInt)]
    three: i64,
}

#[derive(QueryableByName)]
struct Crowd {
    #[diesel(sql_type = BigInt)]
    project_id: i64,
    #[diesel(sql_type = Text)]
    network: String,
}

/// Two who gave each other nothing but the highest marks, and three in a circle.
fn rings(db: &mut Db) -> QueryResult<Vec<Found>> {
    let rings: Vec<Ring> = diesel::sql_query(
        "WITH top AS (SELECT DISTINCT t.user_id AS giver, m.user_id AS maker FROM ratings t \
           JOIN project_makers m ON m.project_id = t.project_id WHERE t.counts AND t.changed_at > $1 \
           AND (SELECT min(s.step) FROM rating_steps s WHERE s.rating_id = t.id) = 5) \
         SELECT one, two, three FROM ( \
           SELECT a.giver AS one, b.giver AS two, CAST(0 AS BIGINT) AS three FROM top a \
             JOIN top b ON b.giver = a.maker AND b.maker = a.giver WHERE a.giver < b.giver \
           UNION ALL SELECT a.giver AS one, b.giver AS two, c.giver AS three FROM top a \
             JOIN top b ON b.giver = a.maker JOIN top c ON c.giver = b.maker AND c.maker = a.giver \
             WHERE a.giver < b.giver AND a.giver < c.giver AND b.giver <> c.giver \
         ) found ORDER BY three, one, two LIMIT $2",
    )
    .bind::<Timestamp, _>(now() - RINGS_FOR)
    .bind::<BigInt, _>(MOST)
    .load(db)?;
    let people = |ring: Ring| [ring.one, ring.two, ring.three];
    let found = rings.into_iter().map(|ring| Found {
        project: None,
        people: people(ring).into_iter().filter(|id| *id > 0).collect(),
    });
    Ok(found.collect())
}

/// Projects that several rated from one network within days.
fn crowds(db: &mut Db) -> QueryResult<Vec<Found>> {
    let since = now() - CROWDS_FOR;
    let crowds: Vec<Crowd> = diesel::sql_query(
        "SELECT t.project_id, t.network FROM ratings t WHERE t.counts AND t.network <> '' AND t.changed_at > $1 \
         GROUP BY t.project_id, t.network HAVING count(DISTINCT t.user_id) >= $2 \
         ORDER BY count(DISTINCT t.user_id) DESC, t.project_id LIMIT $3",
    )
    .bind::<Timestamp, _>(since)
    .bind::<BigInt, _>(CROWD)
    .bind::<BigInt, _>(MOST)
    .load(db)?;
    let mut found = Vec::new();
    for crowd in crowds {
        let project = ItemId(crowd.project_id);
        let people: Vec<UserId> = ratings::table
            .filter(ratings::project_id.eq(project))
            .filter(ratings::network.eq(&crowd.network))
            .filter(ratings::counts.eq(true).and(ratings::changed_at.gt(since)))
            .order(ratings::user_id)
            .limit(MOST)
            .select(ratings::user_id)
            .load(db)?;
        found.push(Found {
            project: Some(project),
            people: people.into_iter().map(|id| id.0).collect(),
        });
    }
    Ok(found)
}

/// What there is to hint at now; None, if that is known. Read apart from the write lock.
pub fn look(db: &mut Db) -> QueryResult<Option<Vec<Found>>> {
    let mut found = rings(db)?;
    found.extend(crowds(db)?);
    let known = stored(db)?.into_iter().map(|(found, _)| found);
    Ok((!known.eq(found.iter().cloned())).then_some(found))
}

/// In a write transaction. Every node looks each hour, and most often finds the same: one after the other,
/// and what another has stored meanwhile is not stored again.
pub fn store(db: &mut Db, found: &[Found]) -> QueryResult<()> {
    dialect::lock(db, "rating_hints")?;
    let known = stored(db)?;
    if known.iter().map(|(known, _)| known).eq(found) {
        return Ok(());
    }
    let before: HashMap<String, NaiveDateTime> = known
        .into_iter()
        .map(|(found, at)| (format!("{found:?}"), at))
        .collect();
    diesel::delete(rating_hints::table).execute(db)?;
    let at = now();
    let mut rows = Vec::new();
    for one in found {
        let people = serde_json::to_string(&one.people)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        let known = before.get(&format!("{one:?}")).copied();
        rows.push((
            rating_hints::project_id.eq(one.project),
            rating_hints::people.eq(people),
            rating_hints::found_at.eq(known.unwrap_or(at)),
        ));
    }
    both!(db, conn => diesel::insert_into(rating_hints::table).values(&rows).execute(conn))
        .map(|_| ())
}

/// Both, for tests and small sites.
pub fn look_and_store(db: &mut Db) -> QueryResult<()> {
    match look(db)? {
        Some(found) => write_tx(db, |db| store(db, &found)),
        None => Ok(()),
    }
}

fn stored(db: &mut Db) -> QueryResult<Vec<(Found, NaiveDateTime)>> {
    let rows: Vec<(Option<ItemId>, String, NaiveDateTime)> = rating_hints::table
        .order(rating_hints::id)
        .select((
            rating_hints::project_id,
            rating_hints::people,
            rating_hints::found_at,
        ))
        .load(db)?;
    let found = rows.into_iter().map(|(project, people, at)| {
        let people = serde_json::from_str(&people).unwrap_or_default();
        (Found { project, people }, at)
    });
    Ok(found.collect())
}

/// A hint with the names of those it is about.
#[derive(Clone, Debug)]
pub struct Hint {
    /// Slug and title, where several rated one project from one network.
    pub project: Option<(String, String)>,
    pub people: Vec<String>,
    pub found_at: NaiveDateTime,
}

impl Hint {
    pub fn is_about(&self, username: &str) -> bool {
        self.people.iter().any(|name| name == username)
    }
}

/// Rings first.
pub fn hints(db: &mut Db) -> QueryResult<Vec<Hint>> {
    let stored = stored(db)?;
    if stored.is_empty() {
        return Ok(Vec::new());
    }
    let ids = stored.iter().flat_map(|(found, _)| &found.people);
    let ids: Vec<UserId> = ids.copied().map(UserId).collect();
    let names: HashMap<i64, String> = users::table
        .filter(users::id.eq_any(ids))
        .select((users::id, users::username))
        .load::<(UserId, String)>(db)?
        .into_iter()
        .map(|(id, name)| (id.0, name))
        .collect();
    let on: Vec<ItemId> = stored
        .iter()
        .filter_map(|(found, _)| found.project)
        .collect();
    let titles: HashMap<ItemId, (String, String)> = projects::table
        .filter(projects::id.eq_any(on))
        .select((projects::id, (projects::slug, projects::title)))
        .load::<(ItemId, (String, String))>(db)?
        .into_iter()
        .collect();
    let hints = stored.into_iter().map(|(found, found_at)| Hint {
        project: found.project.and_then(|id| titles.get(&id).cloned()),
        people: found
            .people
            .iter()
            .filter_map(|id| names.get(id).cloned())
            .collect(),
        found_at,
    });
    Ok(hints.collect())
}
