//! The index, kept in the transaction that changes a text. Triggers note in `search_pending` whatever
//! may be found otherwise from now on; [`settle`] reads the notes before every commit and writes what
//! readers may see at that moment. So it follows states, edits, undos and erasures without knowing
//! any of them, and no new path to a text can forget it.

use super::{What, fold};
use crate::account::FOR_GOOD;
use crate::condition::{Published, among};
use crate::db::{ItemId, UserId, dialect};
use crate::gate::CommentPolicy;
use crate::item::{Kind, State};
use crate::job::Job;
use crate::looking::{self, Role};
use crate::project::{LinkKind, ProjectKind};
use crate::release::System;
use crate::schema::{
    comments, items, jobs, project_links, project_tags, projects, release_links, releases,
    search_progress, search_texts, users,
};
use crate::{Db, QueryResult, both};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What one transaction could not take along.
pub const JOB: &str = "index";
/// Notes that one commit works off: more than a step of a verdict on many makes.
const AT_ONCE: i64 = 2_500;
/// Texts of one step of [`fill`].
const FILLED_AT_ONCE: i64 = 100;
/// Locks that all texts share, so that a large batch does not need thousands.
const STRIPES: i64 = 64;

/// A text as it is found.
pub(super) struct Doc {
    pub doc: i64,
    at: NaiveDateTime,
    pub title: String,
    pub text: String,
    facts: Vec<String>,
}

/// The order "newest": seconds, and behind them a number of its own. The second half is the text's.
pub(super) fn place(at: NaiveDateTime, doc: i64) -> i64 {
    let seconds = at.and_utc().timestamp().clamp(0, (1 << 33) - 1);
    let own = doc.unsigned_abs() as i64 * 2 + i64::from(doc < 0);
    (seconds << 30) | (own & ((1 << 30) - 1))
}

/// Whose place it is.
pub(super) fn doc_at(place: i64) -> i64 {
    let own = place & ((1 << 30) - 1);
    match own % 2 {
        0 => own / 2,
        _ => -(own / 2),
    }
}

/// As words that no text can hold: folded words have no `_`.
pub(super) fn fact_what(what: What) -> String {
    format!("is_{what}")
}

pub(super) fn fact_kind(kind: ProjectKind) -> String {
    format!("kind_{kind}")
}

pub(super) fn fact_download() -> String {
    "has_download".into()
}

pub(super) fn fact_role(role: Role) -> String {
    format!("seeks_{role}")
}

pub(super) fn fact_system(system: System) -> String {
    format!("on_{system}")
}

pub(super) fn fact_tag(tag: &str) -> String {
    let mut fact = String::from("tag_");
    for c in tag.chars() {
        if c.is_alphanumeric() {
            fact.push(c);
        } else {
            fact.push_str(&format!("_{:x}_", u32::from(c)));
        }
    }
    fact
}

#[derive(QueryableByName)]
struct Noted {
    #[diesel(sql_type = BigInt)]
    doc: i64,
}

/// Brings the index in line with what this transaction changed; [`crate::db::write_tx`] calls it.
pub fn settle(db: &mut Db) -> QueryResult<()> {
    let noted: Vec<Noted> = match db {
        // There is one writer; what others may have left, without this, comes along.
        Db::Sqlite(_) => diesel::sql_query(
            "DELETE FROM search_pending WHERE id IN (SELECT id FROM search_pending ORDER BY id DESC LIMIT $1) RETURNING doc",
        ),
        Db::Pg(_) => diesel::sql_query(
            // By where they lie: a planner that takes the table for empty, as it mostly is, would compare
            // each note with each.
            "DELETE FROM search_pending WHERE ctid = ANY(ARRAY(\
             SELECT ctid FROM search_pending WHERE tx = txid_current_if_assigned() ORDER BY id DESC LIMIT $1)) RETURNING doc",
        ),
    }
    .bind::<BigInt, _>(AT_ONCE)
    .load(db)?;
    if noted.is_empty() {
        return Ok(());
    }
    if noted.len() as i64 == AT_ONCE {
        let known: Option<i64> = jobs::table
            .filter(jobs::kind.eq(JOB).and(jobs::dead_at.is_null()))
            .select(jobs::id)
            .first(db)
            .optional()?;
        if known.is_none() {
            Job::enqueue(db, JOB, &())?;
        }
    }
    keep(db, noted.into_iter().map(|noted| noted.doc).collect())
}

/// What no commit took along: the rest of a large change, and what was written past
/// [`crate::db::write_tx`]. Gives whether there may be more.
pub fn drain(db: &mut Db) -> QueryResult<bool> {
    const LEFT: i64 = 500;
    let noted: Vec<Noted> = match db {
        Db::Sqlite(_) => diesel::sql_query(
            "DELETE FROM search_pending WHERE id IN (SELECT id FROM search_pending ORDER BY id LIMIT $1) RETURNING doc",
        ),
        Db::Pg(_) => diesel::sql_query(
            "DELETE FROM search_pending WHERE ctid = ANY(ARRAY(\
             SELECT ctid FROM search_pending ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING doc",
        ),
    }
    .bind::<BigInt, _>(LEFT)
    .load(db)?;
    let more = noted.len() as i64 == LEFT;
    keep(db, noted.into_iter().map(|noted| noted.doc).collect())?;
    Ok(more)
}

/// Reads older texts for the index, a step at a time; gives whether there may be more. Starts anew when
/// the folding of words has changed.
pub fn fill(db: &mut Db) -> QueryResult<bool> {
    dialect::lock(db, "search:fill")?;
    for people in [false, true] {
        let name = progress_of(people);
        let at = position(db, &name)?;
        if at < 0 {
            continue;
        }
        let next: Vec<i64> = match people {
            false => items::table
                .filter(items::id.gt(ItemId(at)))
                .order(items::id)
                .limit(FILLED_AT_ONCE)
                .select(items::id)
                .load::<ItemId>(db)?
                .into_iter()
                .map(|id| id.0)
                .collect(),
            true => users::table
                .filter(users::id.gt(UserId(at)))
                .order(users::id)
                .limit(FILLED_AT_ONCE)
                .select(users::id)
                .load::<UserId>(db)?
                .into_iter()
                .map(|id| -id.0)
                .collect(),
        };
        let last = next.last().map(|doc| doc.abs());
        let is_done = (next.len() as i64) < FILLED_AT_ONCE;
        set_position(db, &name, if is_done { -1 } else { last.unwrap_or(at) })?;
        write(db, next)?;
        return Ok(!(is_done && people));
    }
    Ok(false)
}

/// Lets [`fill`] begin from the first text again.
pub fn start_anew(db: &mut Db) -> QueryResult<()> {
    for people in [false, true] {
        set_position(db, &progress_of(people), 0)?;
    }
    Ok(())
}

pub fn count(db: &mut Db) -> QueryResult<i64> {
    search_texts::table.count().get_result(db)
}

fn progress_of(people: bool) -> String {
    let what = if people { "people" } else { "items" };
    format!("{what}/{}", fold::FOLDING)
}

pub(super) fn position(db: &mut Db, name: &str) -> QueryResult<i64> {
    let at: Option<i64> = search_progress::table
        .find(name)
        .select(search_progress::position)
        .get_result(db)
        .optional()?;
    Ok(at.unwrap_or(0))
}

pub(super) fn set_position(db: &mut Db, name: &str, at: i64) -> QueryResult<()> {
    both!(db, conn => diesel::insert_into(search_progress::table)
        .values((search_progress::name.eq(name), search_progress::position.eq(at)))
        .on_conflict(search_progress::name)
        .do_update()
        .set(search_progress::position.eq(at))
        .execute(conn))
    .map(|_| ())
}

/// Writes these as readers see them now; with a project its releases, which carry its facts, and with
/// a release its project, which runs where one of them does.
fn keep(db: &mut Db, docs: Vec<i64>) -> QueryResult<()> {
    let mut docs: BTreeSet<i64> = docs.into_iter().collect();
    let noted: Vec<ItemId> = docs
        .iter()
        .filter(|doc| **doc > 0)
        .map(|doc| ItemId(*doc))
        .collect();
    let of_projects: Vec<ItemId> = releases::table
        .filter(releases::project_id.eq_any(&noted))
        .select(releases::id)
        .load(db)?;
    let of_releases: Vec<ItemId> = releases::table
        .filter(releases::id.eq_any(&noted))
        .select(releases::project_id)
        .load(db)?;
    docs.extend(of_projects.into_iter().map(|id| id.0));
    docs.extend(of_releases.into_iter().map(|id| id.0));
    write(db, docs.into_iter().collect())
}

fn write(db: &mut Db, docs: Vec<i64>) -> QueryResult<()> {
    if docs.is_empty() {
        return Ok(());
    }
    // Of two that write the same text, the second reads what the first has left. The last locks of
    // a transaction, and in one order: who holds them waits for nothing else.
    let stripes: BTreeSet<i64> = docs.iter().map(|doc| doc.rem_euclid(STRIPES)).collect();
    let locks = stripes.iter().map(|stripe| format!("search:{stripe}"));
    dialect::lock_all(db, locks.collect())?;
    let found: HashMap<i64, Doc> = load(db, &docs)?
        .into_iter()
        .map(|doc| (doc.doc, doc))
        .collect();
    let known: HashMap<i64, i64> = search_texts::table
        .filter(among(search_texts::doc, docs.iter().copied()))
        .select((search_texts::doc, search_texts::place))
        .load::<(i64, i64)>(db)?
        .into_iter()
        .collect();
    let gone: Vec<i64> = known
        .keys()
        .copied()
        .filter(|doc| !found.contains_key(doc))
        .collect();
    forget(db, known.values().copied().collect())?;
    if !gone.is_empty() {
        diesel::delete(search_texts::table.filter(among(search_texts::doc, gone))).execute(db)?;
    }
    let mut docs: Vec<(i64, Doc)> = found
        .into_values()
        .map(|doc| (place(doc.at, doc.doc), doc))
        .collect();
    // In order of place, as the index keeps them.
    docs.sort_by_key(|(place, _)| *place);
    let moved = docs
        .iter()
        .filter(|(place, doc)| known.get(&doc.doc) != Some(place));
    put_places(db, moved.map(|(place, doc)| (*place, doc.doc)).unzip())?;
    insert(db, &docs)
}

fn forget(db: &mut Db, places: Vec<i64>) -> QueryResult<()> {
    match db {
        _ if places.is_empty() => {}
        Db::Sqlite(sqlite) => {
            for place in places {
                diesel::sql_query("DELETE FROM search_index WHERE rowid = $1")
                    .bind::<BigInt, _>(place)
                    .execute(sqlite)?;
            }
        }
        Db::Pg(pg) => {
            diesel::sql_query("DELETE FROM search_index WHERE place = ANY($1)")
                .bind::<Array<BigInt>, _>(places)
                .execute(pg)?;
        }
    }
    Ok(())
}

fn put_places(db: &mut Db, (places, docs): (Vec<i64>, Vec<i64>)) -> QueryResult<()> {
    match db {
        _ if places.is_empty() => {}
        Db::Sqlite(sqlite) => {
            for (place, doc) in places.into_iter().zip(docs) {
                diesel::sql_query(
                    "INSERT INTO search_texts (place, doc) VALUES ($1, $2) ON CONFLICT (doc) DO UPDATE SET place = excluded.place",
                )
                .bind::<BigInt, _>(place)
                .bind::<BigInt, _>(doc)
                .execute(sqlite)?;
            }
        }
        Db::Pg(pg) => {
            diesel::sql_query(
                "INSERT INTO search_texts (place, doc) SELECT * FROM unnest($1, $2) ON CONFLICT (doc) DO UPDATE SET place = excluded.place",
            )
            .bind::<Array<BigInt>, _>(places)
            .bind::<Array<BigInt>, _>(docs)
            .execute(pg)?;
        }
    }
    Ok(())
}

/// One statement a text costs SQLite nothing; PostgreSQL is at the other end of a wire.
fn insert(db: &mut Db, docs: &[(i64, Doc)]) -> QueryResult<()> {
    match db {
        _ if docs.is_empty() => {}
        Db::Sqlite(sqlite) => {
            for (place, doc) in docs {
                let words = fold::words(&doc.text).join(" ");
                diesel::sql_query(
                    "INSERT INTO search_index (rowid, title, words) VALUES ($1, $2, $3)",
                )
                .bind::<BigInt, _>(place)
                .bind::<Text, _>(fold::words(&doc.title).join(" "))
                .bind::<Text, _>(format!("{words} {}", doc.facts.join(" ")))
                .execute(sqlite)?;
            }
        }
        Db::Pg(pg) => {
            let (places, vectors): (Vec<i64>, Vec<String>) = docs
                .iter()
                .map(|(place, doc)| {
                    let (title, words) = (fold::words(&doc.title), fold::words(&doc.text));
                    (*place, vector(&title, &words, &doc.facts))
                })
                .unzip();
            diesel::sql_query(
                "INSERT INTO search_index (place, vector) \
                 SELECT place, CAST(vector AS tsvector) FROM unnest($1, $2) AS new (place, vector)",
            )
            .bind::<Array<BigInt>, _>(places)
            .bind::<Array<Text>, _>(vectors)
            .execute(pg)?;
        }
    }
    Ok(())
}

/// As PostgreSQL writes a `tsvector`: our own words with their places, so that its parser has no say.
/// What it calls the configuration `simple`, and the same words as in SQLite.
fn vector(title: &[String], words: &[String], facts: &[String]) -> String {
    /// Places of one word that it can keep.
    const PLACES: usize = 255;
    // No phrase reaches from the title into the text.
    let begin = title.len() + 10;
    let mut at: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let title = title.iter().enumerate().map(|(n, word)| (n + 1, word));
    let words = words.iter().enumerate().map(|(n, word)| (begin + n, word));
    for (place, word) in title.chain(words) {
        let places = at.entry(word).or_default();
        if places.len() < PLACES {
            places.push(place);
        }
    }
    let mut vector = String::new();
    for (word, places) in at {
        let places: Vec<String> = places.iter().map(usize::to_string).collect();
        vector.push_str(&format!("'{word}':{} ", places.join(",")));
    }
    for fact in facts {
        vector.push_str(&format!("'{fact}' "));
    }
    vector
}

/// Those of these that readers may find, as they read now.
pub(super) fn load(db: &mut Db, docs: &[i64]) -> QueryResult<Vec<Doc>> {
    let ids: Vec<ItemId> = docs
        .iter()
        .filter(|doc| **doc > 0)
        .map(|doc| ItemId(*doc))
        .collect();
    let kinds: Vec<(ItemId, Kind)> = items::table
        .filter(among(items::id, ids))
        .filter(Published)
        .select((items::id, items::kind))
        .load(db)?;
    let of = |kind: Kind| -> Vec<ItemId> {
        let same = kinds.iter().filter(|(_, of)| *of == kind);
        same.map(|(id, _)| *id).collect()
    };
    let people: Vec<UserId> = docs
        .iter()
        .filter(|doc| **doc < 0)
        .map(|doc| UserId(-*doc))
        .collect();
    let mut found = load_comments(db, of(Kind::Comment))?;
    found.extend(load_projects(db, of(Kind::Project))?);
    found.extend(load_releases(db, of(Kind::Release))?);
    found.extend(load_people(db, people)?);
    Ok(found)
}

fn load_comments(db: &mut Db, ids: Vec<ItemId>) -> QueryResult<Vec<Doc>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    type Row = (
        ItemId,
        Option<ItemId>,
        Option<NaiveDateTime>,
        NaiveDateTime,
        String,
    );
    let rows: Vec<Row> = comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .filter(among(comments::id, ids))
        .filter(Published)
        .select((
            comments::id,
            items::project_id,
            items::published_at,
            items::created_at,
            comments::body_html,
        ))
        .load(db)?;
    // In a query of its own: joined to the other, PostgreSQL may walk all comments of each project.
    let on: BTreeSet<ItemId> = rows.iter().filter_map(|row| row.1).collect();
    let open: HashSet<ItemId> = projects::table
        .inner_join(items::table.on(items::id.eq(projects::id)))
        .filter(among(projects::id, on))
        .filter(Published)
        .filter(projects::comment_policy.ne(CommentPolicy::Nobody))
        .select(projects::id)
        .load(db)?
        .into_iter()
        .collect();
    Ok(rows
        .into_iter()
        .filter(|row| row.1.is_some_and(|project| open.contains(&project)))
        .map(|(id, _, published, created, html)| Doc {
            doc: id.0,
            at: published.unwrap_or(created),
            title: String::new(),
            text: fold::plain(&html),
            facts: vec![fact_what(What::Comments)],
        })
        .collect())
}

fn tags_of(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, Vec<String>>> {
    let rows: Vec<(ItemId, String)> = project_tags::table
        .filter(project_tags::project_id.eq_any(ids))
        .order((project_tags::project_id, project_tags::tag))
        .select((project_tags::project_id, project_tags::tag))
        .load(db)?;
    let mut tags: HashMap<ItemId, Vec<String>> = HashMap::new();
    for (id, tag) in rows {
        tags.entry(id).or_default().push(tag);
    }
    Ok(tags)
}

fn load_projects(db: &mut Db, ids: Vec<ItemId>) -> QueryResult<Vec<Doc>> {
    type Row = (
        (ItemId, Option<NaiveDateTime>, NaiveDateTime),
        (String, String, String, ProjectKind),
    );
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = projects::table
        .inner_join(items::table.on(items::id.eq(projects::id)))
        .filter(projects::id.eq_any(&ids))
        .select((
            (projects::id, items::published_at, items::created_at),
            (
                projects::title,
                projects::summary,
                projects::description_html,
                projects::kind,
            ),
        ))
        .load(db)?;
    let mut tags = tags_of(db, &ids)?;
    let links: HashSet<(ItemId, String)> = project_links::table
        .filter(project_links::project_id.eq_any(&ids))
        .filter(project_links::kind.eq_any([LinkKind::Download, LinkKind::Play]))
        .select((project_links::project_id, project_links::kind))
        .load(db)?
        .into_iter()
        .collect();
    let has = |id: ItemId, kind: LinkKind| links.contains(&(id, kind.as_str().to_owned()));
    let mut looking = looking::of_all(db, &ids)?;
    let mut systems = systems_of_projects(db, &ids)?;
    Ok(rows
        .into_iter()
        .map(|((id, published, created), (title, summary, html, kind))| {
            let tags = tags.remove(&id).unwrap_or_default();
            let mut facts = vec![fact_what(What::Projects), fact_kind(kind)];
            facts.extend(tags.iter().map(|tag| fact_tag(tag)));
            if has(id, LinkKind::Download) {
                facts.push(fact_download());
            }
            let mut systems = systems.remove(&id).unwrap_or_default();
            if has(id, LinkKind::Play) {
                systems.insert(System::Web.as_str().to_owned());
            }
            facts.extend(
                systems
                    .iter()
                    .filter_map(|name| name.parse().ok())
                    .map(fact_system),
            );
            let looking = looking.remove(&id).unwrap_or_default();
            facts.extend(looking.into_iter().map(fact_role));
            Doc {
                doc: id.0,
                at: published.unwrap_or(created),
                text: format!("{}\n{}", story(&summary, &html), tags.join(", ")),
                title,
                facts,
            }
        })
        .collect())
}

/// What the published releases of each run on.
fn systems_of_projects(
    db: &mut Db,
    ids: &[ItemId],
) -> QueryResult<HashMap<ItemId, BTreeSet<String>>> {
    let rows: Vec<(ItemId, String)> = release_links::table
        .inner_join(releases::table)
        .inner_join(items::table.on(items::id.eq(releases::id)))
        .filter(releases::project_id.eq_any(ids))
        .filter(items::state.eq(State::Published))
        .select((releases::project_id, release_links::system))
        .distinct()
        .load(db)?;
    let mut systems: HashMap<ItemId, BTreeSet<String>> = HashMap::new();
    for (id, system) in rows {
        systems.entry(id).or_default().insert(system);
    }
    Ok(systems)
}

/// Reads the releases of before there were facts of systems anew, with their projects, a step at a time;
/// gives whether there may be more.
pub fn fill_systems(db: &mut Db) -> QueryResult<bool> {
    const PROGRESS: &str = "systems/1";
    dialect::lock(db, "search:fill")?;
    let at = position(db, PROGRESS)?;
    if at < 0 {
        return Ok(false);
    }
    let next: Vec<(i64, ItemId)> = release_links::table
        .filter(release_links::id.gt(at))
        .order(release_links::id)
        .limit(FILLED_AT_ONCE)
        .select((release_links::id, release_links::release_id))
        .load(db)?;
    let is_done = (next.len() as i64) < FILLED_AT_ONCE;
    let last = next.last().map_or(at, |(id, _)| *id);
    set_position(db, PROGRESS, if is_done { -1 } else { last })?;
    keep(db, next.into_iter().map(|(_, id)| id.0).collect())?;
    Ok(!is_done)
}

/// What a project says of itself, behind its title.
pub(super) fn story(summary: &str, html: &str) -> String {
    match fold::plain(html) {
        told if told.is_empty() => fold::composed(summary),
        told => format!("{} · {told}", fold::composed(summary)),
    }
}

fn load_releases(db: &mut Db, ids: Vec<ItemId>) -> QueryResult<Vec<Doc>> {
    type Row = (
        (ItemId, Option<NaiveDateTime>, NaiveDateTime),
        (String, String, String),
        (ItemId, ProjectKind),
    );
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let project_items = diesel::alias!(items as project_items);
    let rows: Vec<Row> = releases::table
        .inner_join(items::table.on(items::id.eq(releases::id)))
        .inner_join(projects::table.on(projects::id.eq(releases::project_id)))
        .inner_join(project_items.on(project_items.field(items::id).eq(projects::id)))
        .filter(releases::id.eq_any(ids))
        .filter(project_items.field(items::state).eq(State::Published))
        .select((
            (releases::id, items::published_at, items::created_at),
            (releases::version, releases::notes_html, releases::url),
            (projects::id, projects::kind),
        ))
        .load(db)?;
    let projects: Vec<ItemId> = rows.iter().map(|(.., (project, _))| *project).collect();
    let tags = tags_of(db, &projects)?;
    let ids: Vec<ItemId> = rows.iter().map(|((id, ..), ..)| *id).collect();
    let mut systems: HashMap<ItemId, BTreeSet<String>> = HashMap::new();
    let links: Vec<(ItemId, String)> = release_links::table
        .filter(release_links::release_id.eq_any(ids))
        .select((release_links::release_id, release_links::system))
        .load(db)?;
    for (id, system) in links {
        systems.entry(id).or_default().insert(system);
    }
    Ok(rows
        .into_iter()
        .map(
            |((id, published, created), (version, html, url), (project, kind))| {
                let mut facts = vec![fact_what(What::Releases), fact_kind(kind)];
                let tags = tags.get(&project).into_iter().flatten();
                facts.extend(tags.map(|tag| fact_tag(tag)));
                if !url.is_empty() {
                    facts.push(fact_download());
                }
                let systems = systems.remove(&id).unwrap_or_default();
                facts.extend(
                    systems
                        .iter()
                        .filter_map(|name| name.parse().ok())
                        .map(fact_system),
                );
                Doc {
                    doc: id.0,
                    at: published.unwrap_or(created),
                    title: version,
                    text: fold::plain(&html),
                    facts,
                }
            },
        )
        .collect())
}

fn load_people(db: &mut Db, ids: Vec<UserId>) -> QueryResult<Vec<Doc>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(UserId, NaiveDateTime, String, String, String)> = users::table
        .filter(users::id.eq_any(ids))
        .filter(users::confirmed_at.is_not_null())
        .filter(users::robot.eq(false))
        .filter(
            users::suspended_until
                .is_null()
                .or(users::suspended_until.ne(FOR_GOOD)),
        )
        .select((
            users::id,
            users::created_at,
            users::username,
            users::display_name,
            users::bio_html,
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(id, at, username, name, html)| Doc {
            doc: -id.0,
            at,
            title: format!("{name} {username}"),
            text: fold::plain(&html),
            facts: vec![fact_what(What::People)],
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::now;

    #[test]
    fn a_place_tells_whose_it_is_and_later_ones_are_greater() {
        let at = now();
        for doc in [1, -1, 77, -77, 400_000_000, -400_000_000] {
            assert_eq!(doc_at(place(at, doc)), doc);
        }
        assert!(place(at + chrono::Duration::seconds(1), 1) > place(at, 400_000_000));
        assert!(place(at, 2) > place(at, 1));
        assert!(place(crate::account::FOR_GOOD, 1) > 0);
    }

    #[test]
    fn the_words_of_a_vector_stand_at_their_places() {
        let words = |text: &str| fold::words(text);
        assert_eq!(
            vector(
                &words("Duck"),
                &words("a duck, a pie"),
                &["tag_pie".to_owned()]
            ),
            "'a':11,13 'duck':1,12 'pie':14 'tag_pie' "
        );
    }
}
