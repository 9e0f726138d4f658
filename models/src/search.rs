//! Full-text search over what is published: projects, releases, comments and people.
//!
//! The words of every text are folded here ([`fold`]), so that SQLite's FTS5 and PostgreSQL's GIN find
//! the same. [`index`] keeps them in the transaction that changes a text. What the index gives is only
//! where to look: a result is read anew from the tables, in the state it has now, so that nothing that
//! is not published can come up, whatever the index holds.

pub mod ask;
pub mod excerpt;
mod fold;
pub mod index;
mod rank;
mod stems;
mod words;

use crate::account::FOR_GOOD;
use crate::condition::{Published, among};
use crate::db::{ItemId, UserId, now};
use crate::gate::CommentPolicy;
use crate::item::{Kind, State};
use crate::looking::Role;
use crate::picture::Picture;
use crate::project::ProjectKind;
use crate::release::System;
use crate::schema::{comments, items, pictures, projects, releases, users};
use crate::{Db, QueryResult};
use ask::Question;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::collections::HashMap;

pub use stems::Language;
pub use words::{learn, meant};

crate::words! {
    /// What is looked through.
    pub enum What { Projects = "projects", Releases = "releases", Comments = "comments", People = "people" }
}

crate::words! {
    pub enum Order { Newest = "newest", Relevance = "relevance" }
}

/// Results of a page.
pub const PAGE: usize = 20;
/// Matches that the order by relevance looks at: the newest.
pub const RANKED: usize = 2_000;
/// Newest texts that PostgreSQL looks through one by one before it asks for all that match: common
/// words are found there, and of rare ones there are few.
const WINDOW: i64 = 4_000;
/// A word that is in no more texts than this is asked for at once.
const RARE: i64 = 2_000;
/// Matches there from which on it looks on in this way, and how far at most (some 70 ms).
const SEEN: i64 = 3;
const FARTHEST: i64 = 200_000;
/// How often a page goes on where matches turn out to be hidden (a project that is just being removed).
const ROUNDS: usize = 8;

/// What somebody looks for. Tag, kind, download, roles and systems are facts of projects and their releases: with one
/// of them, nothing else is found.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub question: Question,
    pub what: Option<What>,
    pub kind: Option<ProjectKind>,
    pub tag: String,
    pub has_download: bool,
    /// Whom the makers of a project look for.
    pub looking_for: Option<Role>,
    /// What a release runs on, or one of those of a project.
    pub system: Option<System>,
}

/// One result, as it reads now.
#[derive(Clone, Debug)]
pub struct Found {
    pub place: i64,
    pub what: What,
    /// The number of the item or of the account.
    pub id: i64,
    /// Of the project it is, or stands on; a person's user name.
    pub slug: String,
    /// Of the project; a person's name.
    pub title: String,
    /// Of a release.
    pub version: String,
    pub username: String,
    pub display_name: String,
    pub at: NaiveDateTime,
    pub text: String,
    pub picture: Option<Picture>,
}

impl Found {
    /// Who wrote it.
    pub fn author(&self) -> &str {
        match self.display_name.is_empty() {
            true => &self.username,
            false => &self.display_name,
        }
    }
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    place: i64,
}

impl Search {
    /// Words that the index holds beside those of the text; one of each list must be there.
    fn facts(&self) -> Vec<Vec<String>> {
        let mut facts = Vec::new();
        if let Some(what) = self.what {
            facts.push(vec![index::fact_what(what)]);
        }
        if let Some(kind) = self.kind {
            facts.push(vec![index::fact_kind(kind)]);
        }
        if !self.tag.is_empty() {
            facts.push(vec![index::fact_tag(&self.tag)]);
        }
        if self.has_download {
            facts.push(vec![index::fact_download()]);
        }
        if let Some(role) = self.looking_for {
            facts.push(vec![index::fact_role(role)]);
        }
        if let Some(system) = self.system {
            facts.push(vec![index::fact_system(system)]);
        }
        facts
    }

    /// Newest first, after a place; and where to go on, if there is more.
    pub fn newest(
        &self,
        db: &mut Db,
        after: Option<i64>,
        limit: usize,
    ) -> QueryResult<(Vec<Found>, Option<i64>)> {
        let mut found: Vec<Found> = Vec::new();
        let mut below = after.unwrap_or(i64::MAX);
        if self.question.is_empty() {
            return Ok((found, None));
        }
        for _ in 0..ROUNDS {
            let places = self.places(db, below, limit + 1)?;
            let is_last = places.len() <= limit;
            if let Some(last) = places.last() {
                below = *last;
            }
            found.extend(read(db, &places)?);
            if found.len() > limit {
                found.truncate(limit);
                let last = found.last().map(|last| last.place);
                return Ok((found, last));
            }
            if is_last {
                return Ok((found, None));
            }
        }
        Ok((found, Some(below)))
    }

    /// The best of the newest matches first, from the one with this number on; where to go on; and how
    /// many matches were looked at.
    pub fn best(
        &self,
        db: &mut Db,
        from: usize,
        limit: usize,
    ) -> QueryResult<(Vec<Found>, Option<usize>, usize)> {
        if self.question.is_empty() {
            return Ok((Vec::new(), None, 0));
        }
        let places = self.places(db, i64::MAX, RANKED)?;
        let ranked = rank::by_relevance(db, &places, &self.question)?;
        let all = ranked.len();
        let mut found = Vec::new();
        let mut at = from.min(all);
        while at < all && found.len() < limit {
            let end = (at + limit - found.len()).min(all);
            found.extend(read(db, &ranked[at..end])?);
            at = end;
        }
        Ok((found, (at < all).then_some(at), all))
    }

    /// Whether any text holds this word.
    fn finds_word(&self, db: &mut Db, word: &str) -> QueryResult<bool> {
        let alone = Search {
            question: Question::parse(word),
            ..Search::default()
        };
        let places = alone.places(db, i64::MAX, 1)?;
        Ok(!places.is_empty())
    }

    /// Where the index has it, newest first.
    fn places(&self, db: &mut Db, below: i64, limit: usize) -> QueryResult<Vec<i64>> {
        let places = match db {
            Db::Sqlite(_) => diesel::sql_query(
                "SELECT rowid AS place FROM search_index WHERE rowid < $1 AND search_index MATCH $2 ORDER BY rowid DESC LIMIT $3",
            )
            .bind::<BigInt, _>(below)
            .bind::<Text, _>(self.question.for_sqlite(&self.facts()))
            .bind::<BigInt, _>(limit as i64)
            .load::<Place>(db)?,
            Db::Pg(_) => self.places_in_postgres(db, below, limit)?,
        };
        Ok(places.into_iter().map(|found| found.place).collect())
    }

    /// GIN knows no order. Common words are looked for among the newest texts, by the order of their
    /// places; all matches are fetched and sorted when that does not give enough, and of words that are
    /// known to be rare at once.
    fn places_in_postgres(&self, db: &mut Db, below: i64, limit: usize) -> QueryResult<Vec<Place>> {
        let asked = self.question.for_postgres(&self.facts());
        let rare = words::fewest(db, &self.question)?.is_some_and(|texts| texts <= RARE);
        let mut among = |window: i64| -> QueryResult<Vec<Place>> {
            diesel::sql_query(
                "SELECT place FROM (SELECT place, vector FROM search_index WHERE place < $1 ORDER BY place DESC LIMIT $4) newest \
                 WHERE vector @@ CAST($2 AS tsquery) ORDER BY place DESC LIMIT $3",
            )
            .bind::<BigInt, _>(below)
            .bind::<Text, _>(&asked)
            .bind::<BigInt, _>(limit as i64)
            .bind::<BigInt, _>(window)
            .load(db)
        };
        if !rare {
            let found = among(WINDOW)?;
            if found.len() == limit {
                return Ok(found);
            }
            // Common enough that a longer look has them sooner than all of them are fetched and sorted.
            let seen = found.len() as i64;
            if seen >= SEEN {
                let enough = WINDOW * limit as i64 / seen * 5 / 4;
                if enough <= FARTHEST {
                    let found = among(enough)?;
                    if found.len() == limit {
                        return Ok(found);
                    }
                }
            }
        }
        // Not `ORDER BY place` alone: the planner would walk all texts in that order.
        diesel::sql_query(
            "SELECT place FROM search_index WHERE vector @@ CAST($2 AS tsquery) AND place < $1 ORDER BY place + 0 DESC LIMIT $3",
        )
        .bind::<BigInt, _>(below)
        .bind::<Text, _>(&asked)
        .bind::<BigInt, _>(limit as i64)
        .load(db)
    }
}

/// These places as they read now, in this order, without what is not before readers any more.
fn read(db: &mut Db, places: &[i64]) -> QueryResult<Vec<Found>> {
    let docs: Vec<i64> = places.iter().map(|place| index::doc_at(*place)).collect();
    let ids: Vec<ItemId> = docs
        .iter()
        .filter(|doc| **doc > 0)
        .map(|doc| ItemId(*doc))
        .collect();
    let people: Vec<UserId> = docs
        .iter()
        .filter(|doc| **doc < 0)
        .map(|doc| UserId(-*doc))
        .collect();
    let kinds: Vec<(ItemId, Kind)> = items::table
        .filter(among(items::id, ids).and(Published))
        .select((items::id, items::kind))
        .load(db)?;
    let of = |kind: Kind| -> Vec<ItemId> {
        let same = kinds.iter().filter(|(_, of)| *of == kind);
        same.map(|(id, _)| *id).collect()
    };
    let mut found = read_projects(db, of(Kind::Project))?;
    found.extend(read_releases(db, of(Kind::Release))?);
    found.extend(read_comments(db, of(Kind::Comment))?);
    found.extend(read_people(db, people)?);
    let mut found: HashMap<i64, Found> = found
        .into_iter()
        .map(|found| match found.what {
            What::People => (-found.id, found),
            _ => (found.id, found),
        })
        .collect();
    Ok(places
        .iter()
        .filter_map(|place| {
            let found = found.remove(&index::doc_at(*place))?;
            Some(Found {
                place: *place,
                ..found
            })
        })
        .collect())
}

type Titled = (String, String);
type Named = (String, String);
type Times = (Option<NaiveDateTime>, NaiveDateTime);

fn read_projects(db: &mut Db, ids: Vec<ItemId>) -> QueryResult<Vec<Found>> {
    type Row = (
        ItemId,
        Titled,
        (String, String),
        Times,
        Named,
        Option<Picture>,
    );
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = projects::table
        .inner_join(items::table.on(items::id.eq(projects::id)))
        .inner_join(users::table.on(users::id.eq(projects::owner_id)))
        .left_join(pictures::table.on(projects::picture_id.eq(pictures::id.nullable())))
        .filter(among(projects::id, ids))
        .filter(Published)
        .select((
            projects::id,
            (projects::slug, projects::title),
            (projects::summary, projects::description_html),
            (items::published_at, items::created_at),
            (users::username, users::display_name),
            Option::<Picture>::as_select(),
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(
            |(id, (slug, title), (summary, html), at, name, picture)| Found {
                text: index::story(&summary, &html),
                picture,
                ..Found::new(What::Projects, id.0, slug, title, at, name)
            },
        )
        .collect())
}

fn read_releases(db: &mut Db, ids: Vec<ItemId>) -> QueryResult<Vec<Found>> {
    type Row = (ItemId, Titled, (String, String), Times, Named);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let project_items = diesel::alias!(items as project_items);
    let rows: Vec<Row> = releases::table
        .inner_join(items::table.on(items::id.eq(releases::id)))
        .inner_join(projects::table.on(projects::id.eq(releases::project_id)))
        .inner_join(project_items.on(project_items.field(items::id).eq(projects::id)))
        .inner_join(users::table.on(users::id.eq(projects::owner_id)))
        .filter(among(releases::id, ids))
        .filter(Published)
        .filter(project_items.field(items::state).eq(State::Published))
        .filter(releases::released_at.le(now()))
        .select((
            releases::id,
            (projects::slug, projects::title),
            (releases::version, releases::notes_html),
            (items::published_at, items::created_at),
            (users::username, users::display_name),
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(id, (slug, title), (version, html), at, name)| Found {
            version,
            text: fold::plain(&html),
            ..Found::new(What::Releases, id.0, slug, title, at, name)
        })
        .collect())
}

fn read_comments(db: &mut Db, ids: Vec<ItemId>) -> QueryResult<Vec<Found>> {
    type Row = (ItemId, Titled, String, Times, Named);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let project_items = diesel::alias!(items as project_items);
    let rows: Vec<Row> = comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .inner_join(projects::table.on(items::project_id.eq(projects::id.nullable())))
        .inner_join(project_items.on(project_items.field(items::id).eq(projects::id)))
        .inner_join(users::table.on(users::id.eq(comments::author_id)))
        .filter(among(comments::id, ids))
        .filter(Published)
        .filter(project_items.field(items::state).eq(State::Published))
        .filter(projects::comment_policy.ne(CommentPolicy::Nobody))
        .select((
            comments::id,
            (projects::slug, projects::title),
            comments::body_html,
            (items::published_at, items::created_at),
            (users::username, users::display_name),
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(id, (slug, title), html, at, name)| Found {
            text: fold::plain(&html),
            ..Found::new(What::Comments, id.0, slug, title, at, name)
        })
        .collect())
}

fn read_people(db: &mut Db, ids: Vec<UserId>) -> QueryResult<Vec<Found>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(UserId, Named, String, NaiveDateTime)> = users::table
        .filter(among(users::id, ids))
        .filter(users::confirmed_at.is_not_null())
        .filter(
            users::suspended_until
                .is_null()
                .or(users::suspended_until.ne(FOR_GOOD)),
        )
        .select((
            users::id,
            (users::username, users::display_name),
            users::bio_html,
            users::created_at,
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(id, (username, name), html, at)| {
            let title = match name.is_empty() {
                true => username.clone(),
                false => name.clone(),
            };
            Found {
                text: fold::plain(&html),
                ..Found::new(
                    What::People,
                    id.0,
                    username.clone(),
                    title,
                    (None, at),
                    (username, name),
                )
            }
        })
        .collect())
}

impl Found {
    fn new(
        what: What,
        id: i64,
        slug: String,
        title: String,
        (published, created): Times,
        (username, display_name): Named,
    ) -> Found {
        Found {
            place: 0,
            what,
            id,
            slug,
            title,
            version: String::new(),
            username,
            display_name,
            at: published.unwrap_or(created),
            text: String::new(),
            picture: None,
        }
    }
}
