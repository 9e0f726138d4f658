//! All feedback of a project, by release, as its makers read it: what people think, what they answered,
//! which comments helped and what did not work. Nobody who rated is named, and of fewer than
//! [`crate::rating::picture::SHOWN_FROM`] nothing is told, to the makers either.

use crate::db::ItemId;
use crate::failure::group::{self, Told};
use crate::item::State;
use crate::rating::picture::Picture;
use crate::rating::{self, counting};
use crate::schema::{comments, items, releases, users};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use std::collections::HashMap;

/// Answers and comments that are read, the newest.
const MOST: i64 = 1_000;

/// What came in while a release was the newest.
#[derive(Clone, Debug)]
pub struct OfRelease {
    /// None: there was no release yet.
    pub release: Option<ItemId>,
    /// None: there was no release yet, or it was deleted and has no name and no page any more.
    pub version: Option<String>,
    pub released_at: Option<NaiveDateTime>,
    pub picture: Picture,
    /// Each question with its answers, the newest first.
    pub answers: Vec<(String, Vec<String>)>,
    pub helped: Vec<Helped>,
    /// What did not work with it: open, and closed.
    pub open: Vec<Told>,
    pub closed: Vec<Told>,
}

impl OfRelease {
    /// Beside ratings.
    pub fn says_anything(&self) -> bool {
        !(self.answers.is_empty()
            && self.helped.is_empty()
            && self.open.is_empty()
            && self.closed.is_empty())
    }
}

/// A comment that helped the makers.
#[derive(Clone, Debug)]
pub struct Helped {
    pub id: ItemId,
    pub username: String,
    pub display_name: String,
    pub body_html: String,
    pub created_at: NaiveDateTime,
}

impl Helped {
    pub fn name(&self) -> &str {
        if self.display_name.is_empty() {
            &self.username
        } else {
            &self.display_name
        }
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = BigInt)]
    release_id: i64,
    #[diesel(sql_type = Text)]
    aspect: String,
    #[diesel(sql_type = Integer)]
    step: i32,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Answered {
    #[diesel(sql_type = BigInt)]
    release_id: i64,
    #[diesel(sql_type = Text)]
    content: String,
}

/// The newest release first; those of which nothing is told are left out.
pub fn by_release(db: &mut Db, project: ItemId, aspects: &[String]) -> QueryResult<Vec<OfRelease>> {
    let mut steps: HashMap<i64, Vec<(String, i32, i32)>> = HashMap::new();
    for row in steps_of(db, project)? {
        let n = i32::try_from(row.n).unwrap_or(i32::MAX);
        let of = steps.entry(row.release_id).or_default();
        of.push((row.aspect, row.step, n));
    }
    let mut answers: HashMap<i64, Vec<(String, Vec<String>)>> = HashMap::new();
    for row in answers_of(db, project)? {
        let of = answers.entry(row.release_id).or_default();
        for one in rating::answers(&row.content) {
            match of
                .iter_mut()
                .find(|(question, _)| *question == one.question)
            {
                Some((_, given)) => given.push(one.answer),
                None => of.push((one.question, vec![one.answer])),
            }
        }
    }
    let mut helped: HashMap<i64, Vec<Helped>> = HashMap::new();
    for (release, comment) in helped_of(db, project)? {
        let of = helped.entry(release.map_or(0, |id| id.0)).or_default();
        of.push(comment);
    }
    let mut failures: HashMap<Option<String>, group::OfRelease> = group::by_release(db, project)?
        .into_iter()
        .map(|one| (one.version.clone(), one))
        .collect();
    let versions: Vec<(ItemId, String, NaiveDateTime, State)> = releases::table
        .inner_join(items::table)
        .filter(releases::project_id.eq(project))
        .order((releases::released_at.desc(), releases::id.desc()))
        .select((
            releases::id,
            releases::version,
            releases::released_at,
            items::state,
        ))
        .load(db)?;
    let known = versions.into_iter().map(|(id, version, at, state)| {
        let version = (state != State::Deleted).then_some(version);
        (Some(id), version, Some(at))
    });
    let before = (None, None, None);
    let all = known
        .chain([before])
        .map(|(release, version, released_at)| {
            let key = release.map_or(0, |id| id.0);
            let steps = steps.remove(&key).unwrap_or_default();
            // Who reported one without a release met it before there was any, or did not say: that does
            // not belong to a release without a name.
            let deleted = release.is_some() && version.is_none();
            let failures = match deleted {
                true => None,
                false => failures.remove(&version),
            };
            let (open, closed) =
                failures.map_or_else(Default::default, |one| (one.open, one.closed));
            OfRelease {
                release,
                version,
                released_at,
                picture: Picture::of_rows(aspects, &steps),
                answers: answers.remove(&key).unwrap_or_default(),
                helped: helped.remove(&key).unwrap_or_default(),
                open,
                closed,
            }
        });
    Ok(all
        .filter(|one| one.picture.people > 0 || one.says_anything())
        .collect())
}

/// By release, aspect and step.
const STEPS_OF: &str = concat!(
    "SELECT coalesce(t.release_id, 0) AS release_id, s.aspect, s.step, count(*) AS n FROM ratings t \
         JOIN rating_steps s ON s.rating_id = t.id WHERE t.project_id = $1 AND ",
    counting::fair!(),
    " GROUP BY t.release_id, s.aspect, s.step \
         UNION ALL SELECT coalesce(t.release_id, 0) AS release_id, '' AS aspect, 0 AS step, count(*) AS n FROM ratings t \
         WHERE t.project_id = $1 AND ",
    counting::fair!(),
    " GROUP BY t.release_id"
);

/// How many chose each step while a release was the newest; step 0 of no aspect is how many people.
fn steps_of(db: &mut Db, project: ItemId) -> QueryResult<Vec<Step>> {
    diesel::sql_query(STEPS_OF)
        .bind::<BigInt, _>(project)
        .load(db)
}

/// By release, the newest first.
const ANSWERS_OF: &str = concat!(
    "SELECT coalesce(t.release_id, 0) AS release_id, r.content FROM ratings t \
         JOIN revisions r ON r.item_id = t.answers_id AND r.state = 'published' WHERE t.project_id = $1 AND ",
    counting::fair!(),
    " ORDER BY r.id DESC LIMIT $2"
);

/// Answers that are let through.
fn answers_of(db: &mut Db, project: ItemId) -> QueryResult<Vec<Answered>> {
    diesel::sql_query(ANSWERS_OF)
        .bind::<BigInt, _>(project)
        .bind::<BigInt, _>(MOST)
        .load(db)
}

fn helped_of(db: &mut Db, project: ItemId) -> QueryResult<Vec<(Option<ItemId>, Helped)>> {
    type Row = (
        Option<ItemId>,
        (ItemId, String, NaiveDateTime),
        (String, String),
    );
    let rows: Vec<Row> = comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .inner_join(users::table.on(users::id.eq(comments::author_id)))
        .filter(items::project_id.eq(project))
        .filter(items::state.eq(State::Published))
        .filter(comments::helped_at.is_not_null())
        .order(comments::id.desc())
        .limit(MOST)
        .select((
            comments::release_id,
            (comments::id, comments::body_html, comments::created_at),
            (users::username, users::display_name),
        ))
        .load(db)?;
    let comment = |(release, (id, body_html, created_at), (username, display_name))| {
        let helped = Helped {
            id,
            username,
            display_name,
            body_html,
            created_at,
        };
        (release, helped)
    };
    Ok(rows.into_iter().map(comment).collect())
}
