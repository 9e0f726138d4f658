//! Recounts what is kept counted, beside a running site: `potluck check`.
//!
//! Rows are looked at in ranges, each with one statement, so that count and rows are of one moment.
//! A repair is a transaction of its own: it locks the row, counts anew and writes what it found.

use crate::db::{BatchId, FailureGroupId, ItemId, UserId, dialect, now, write_tx};
use crate::item::Item;
use crate::moderation::sanction::{self, Sanction, Scope, Sort};
use crate::moderation::{public_log, verdict};
use crate::schema::{batches, models, users};
use crate::spam::training::StoredModel;
use crate::{Db, QueryResult, award, failure, favourite, follow};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;

/// Rows of one range.
const AT_ONCE: i64 = 5_000;

/// One thing that is counted, and what differed.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub what: &'static str,
    /// Rows that were looked at.
    pub rows: i64,
    pub differs: Vec<Difference>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub id: i64,
    pub stored: String,
    pub counted: String,
    pub mended: bool,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    stored: String,
    #[diesel(sql_type = Text)]
    counted: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Of a count, those rows that differ.
macro_rules! differing {
    ($($sql:tt)+) => {
        concat!(
            "SELECT id, CAST(stored AS TEXT) AS stored, CAST(counted AS TEXT) AS counted FROM (",
            $($sql)+,
            ") counts WHERE stored <> counted ORDER BY id"
        )
    };
}

mod given;

const THREADS: (&str, &str) = (
    "SELECT coalesce(max(id), 0) AS n FROM threads",
    "SELECT count(*) AS n FROM threads",
);
const ITEMS: (&str, &str) = (
    "SELECT coalesce(max(id), 0) AS n FROM items",
    "SELECT count(*) AS n FROM items",
);

const USERS: (&str, &str) = (
    "SELECT coalesce(max(id), 0) AS n FROM users",
    "SELECT count(*) AS n FROM users",
);

/// A count in SQL that both databases understand.
struct Counted {
    what: &'static str,
    /// The last id of the table whose rows are looked at, and how many they are.
    of: (&'static str, &'static str),
    /// Gives id, stored and counted of the rows after $1 up to $2.
    sql: &'static str,
    mend: Option<fn(&mut Db, i64) -> QueryResult<()>>,
}

const COUNTED: [Counted; 12] = [
    Counted {
        what: "published comments of threads",
        of: THREADS,
        sql: differing!(
            "SELECT t.id, t.comment_count AS stored, (SELECT count(*) FROM comments c JOIN items i ON i.id = c.id \
              WHERE c.thread_id = t.id AND i.state = 'published') AS counted FROM threads t WHERE t.id > $1 AND t.id <= $2"
        ),
        mend: Some(count_comments),
    },
    Counted {
        what: "people of groups of failures",
        of: (
            "SELECT coalesce(max(id), 0) AS n FROM failure_groups",
            "SELECT count(*) AS n FROM failure_groups",
        ),
        sql: differing!(
            "SELECT g.id, g.people AS stored, (SELECT count(DISTINCT i.author_id) FROM failures f JOIN items i ON i.id = f.id \
              WHERE f.group_id = g.id AND i.state = 'published') AS counted FROM failure_groups g WHERE g.id > $1 AND g.id <= $2"
        ),
        mend: Some(|db, id| failure::group::recount(db, FailureGroupId(id))),
    },
    Counted {
        what: "awards of projects that readers see",
        of: (
            "SELECT coalesce(max(id), 0) AS n FROM projects",
            "SELECT count(*) AS n FROM projects",
        ),
        sql: differing!(
            "SELECT p.id, p.awards AS stored, (SELECT count(*) FROM awards a JOIN items i ON i.id = a.id WHERE a.project_id = p.id \
              AND i.state = 'published' AND a.declined_at IS NULL AND NOT EXISTS (SELECT 1 FROM project_makers m \
              WHERE m.project_id = p.id AND m.user_id = a.giver_id)) AS counted FROM projects p WHERE p.id > $1 AND p.id <= $2"
        ),
        mend: Some(|db, id| award::recount(db, ItemId(id))),
    },
    Counted {
        what: "open reports of items",
        of: ITEMS,
        sql: differing!(
            "SELECT i.id, i.reports AS stored, (SELECT count(*) FROM reports r WHERE r.item_id = i.id AND r.closed_by IS NULL) \
              AS counted FROM items i WHERE i.id > $1 AND i.id <= $2"
        ),
        mend: Some(count_reports),
    },
    Counted {
        what: "texts that readers see, one of a published item",
        of: ITEMS,
        sql: differing!(
            "SELECT i.id, 1 AS stored, (SELECT count(*) FROM revisions r WHERE r.item_id = i.id AND r.state = 'published') \
              AS counted FROM items i WHERE i.state = 'published' AND i.id > $1 AND i.id <= $2"
        ),
        mend: None,
    },
    Counted {
        what: "queues, which hold nothing that is gone",
        of: ITEMS,
        sql: differing!(
            "SELECT i.id, 0 AS stored, 1 AS counted FROM items i WHERE i.queue IS NOT NULL \
              AND i.state IN ('removed', 'deleted', 'draft') AND i.id > $1 AND i.id <= $2"
        ),
        mend: Some(leave_queue),
    },
    Counted {
        what: "texts that the search finds",
        of: ITEMS,
        sql: differing!(
            "SELECT i.id, (SELECT count(*) FROM search_texts s WHERE s.doc = i.id) AS stored, CASE WHEN i.state = 'published' AND i.kind IN ('project', 'release', 'comment', 'profile') AND (i.kind = 'project' OR \
              EXISTS (SELECT 1 FROM items p JOIN projects q ON q.id = p.id WHERE p.id = i.project_id AND p.state = 'published' \
              AND (i.kind <> 'comment' OR q.comment_policy <> 'nobody'))) THEN 1 ELSE 0 END AS counted \
              FROM items i WHERE i.id > $1 AND i.id <= $2"
        ),
        mend: Some(index_again),
    },
    Counted {
        what: "favourites that count, by who is banned",
        of: USERS,
        sql: differing!(
            "SELECT u.id, (SELECT count(*) FROM favourites f WHERE f.user_id = u.id AND f.counts) \
              + (SELECT count(*) FROM project_follows f WHERE f.user_id = u.id AND f.counts) \
              + (SELECT count(*) FROM person_follows f WHERE f.user_id = u.id AND f.counts) AS stored, \
              CASE WHEN EXISTS (SELECT 1 FROM sanctions s WHERE s.user_id = u.id AND s.kind = 'ban' AND s.undone_at IS NULL) THEN 0 \
              ELSE (SELECT count(*) FROM favourites f WHERE f.user_id = u.id) \
              + (SELECT count(*) FROM project_follows f WHERE f.user_id = u.id) \
              + (SELECT count(*) FROM person_follows f WHERE f.user_id = u.id) END AS counted FROM users u WHERE u.id > $1 AND u.id <= $2"
        ),
        mend: Some(count_for_nobody_banned),
    },
    Counted {
        what: "favourites of projects",
        of: ITEMS,
        sql: differing!(
            "SELECT p.id, p.favourites AS stored, (SELECT count(*) FROM favourites f WHERE f.project_id = p.id AND f.counts) AS counted \
              FROM projects p WHERE p.id > $1 AND p.id <= $2"
        ),
        mend: Some(count_favourites),
    },
    Counted {
        what: "followers of projects",
        of: ITEMS,
        sql: differing!(
            "SELECT p.id, p.followers AS stored, (SELECT count(*) FROM project_follows f WHERE f.project_id = p.id AND f.counts) AS counted \
              FROM projects p WHERE p.id > $1 AND p.id <= $2"
        ),
        mend: Some(count_followers),
    },
    Counted {
        what: "followers of people",
        of: USERS,
        sql: differing!(
            "SELECT u.id, u.followers AS stored, (SELECT count(*) FROM person_follows f WHERE f.person_id = u.id AND f.counts) AS counted \
              FROM users u WHERE u.id > $1 AND u.id <= $2"
        ),
        mend: Some(count_followers_of_person),
    },
    Counted {
        what: "verdicts in force, one of a version",
        of: ITEMS,
        sql: differing!(
            "SELECT v.item_id AS id, 1 AS stored, count(*) AS counted FROM verdicts v WHERE v.undone_at IS NULL \
              AND v.item_id > $1 AND v.item_id <= $2 GROUP BY v.item_id, v.version_after"
        ),
        mend: None,
    },
];

/// Counts everything, and repairs what differs if asked. `said` is told of each part as it is done.
pub fn run(db: &mut Db, fix: bool, mut said: impl FnMut(&Report)) -> QueryResult<Vec<Report>> {
    let mut reports = Vec::new();
    let mut done = |report: Report| {
        said(&report);
        reports.push(report);
    };
    for counted in COUNTED.iter().chain(&given::COUNTED) {
        done(counted.run(db, fix)?);
    }
    done(batches_by_kind(db, fix)?);
    done(people(db, fix)?);
    done(active_model(db, fix)?);
    Ok(reports)
}

fn number(db: &mut Db, sql: &str) -> QueryResult<i64> {
    let found: Number = diesel::sql_query(sql).get_result(db)?;
    Ok(found.n)
}

impl Counted {
    fn run(&self, db: &mut Db, fix: bool) -> QueryResult<Report> {
        let (last, rows) = self.of;
        let last = number(db, last)?;
        let mut report = Report {
            what: self.what,
            rows: number(db, rows)?,
            differs: Vec::new(),
        };
        let mut after = 0;
        while after < last {
            for found in self.range(db, after, after + AT_ONCE)? {
                let mut mended = false;
                if let (true, Some(mend)) = (fix, self.mend) {
                    write_tx(db, |db| mend(db, found.id))?;
                    mended = self.range(db, found.id - 1, found.id)?.is_empty();
                }
                report.differs.push(Difference {
                    id: found.id,
                    stored: found.stored,
                    counted: found.counted,
                    mended,
                });
            }
            after += AT_ONCE;
        }
        Ok(report)
    }

    fn range(&self, db: &mut Db, after: i64, to: i64) -> QueryResult<Vec<Found>> {
        diesel::sql_query(self.sql)
            .bind::<BigInt, _>(after)
            .bind::<BigInt, _>(to)
            .load(db)
    }
}

/// First takes the row's lock, by writing it as it is: on PostgreSQL a count made before would not
/// see what whoever holds the row has counted.
fn count_under_lock(db: &mut Db, id: i64, lock: &str, count: &str) -> QueryResult<()> {
    for sql in [lock, count] {
        diesel::sql_query(sql).bind::<BigInt, _>(id).execute(db)?;
    }
    Ok(())
}

fn count_comments(db: &mut Db, id: i64) -> QueryResult<()> {
    count_under_lock(
        db,
        id,
        "UPDATE threads SET comment_count = comment_count WHERE id = $1",
        "UPDATE threads SET comment_count = (SELECT count(*) FROM comments c JOIN items i ON i.id = c.id \
         WHERE c.thread_id = threads.id AND i.state = 'published') WHERE id = $1",
    )
}

fn count_reports(db: &mut Db, id: i64) -> QueryResult<()> {
    count_under_lock(
        db,
        id,
        "UPDATE items SET reports = reports WHERE id = $1",
        "UPDATE items SET reports = (SELECT count(*) FROM reports r WHERE r.item_id = items.id \
         AND r.closed_by IS NULL) WHERE id = $1",
    )
}

fn count_for_nobody_banned(db: &mut Db, id: i64) -> QueryResult<()> {
    sanction::lock(db, UserId(id))?;
    let counts = follow::counts(db, UserId(id))?;
    follow::settle(db, UserId(id), counts)?;
    favourite::settle(db, UserId(id), counts)
}

fn count_favourites(db: &mut Db, id: i64) -> QueryResult<()> {
    count_under_lock(
        db,
        id,
        "UPDATE projects SET favourites = favourites WHERE id = $1",
        "UPDATE projects SET favourites = (SELECT count(*) FROM favourites f WHERE f.project_id = projects.id AND f.counts) WHERE id = $1",
    )
}

fn count_followers(db: &mut Db, id: i64) -> QueryResult<()> {
    count_under_lock(
        db,
        id,
        "UPDATE projects SET followers = followers WHERE id = $1",
        "UPDATE projects SET followers = (SELECT count(*) FROM project_follows f WHERE f.project_id = projects.id AND f.counts) WHERE id = $1",
    )
}

fn count_followers_of_person(db: &mut Db, id: i64) -> QueryResult<()> {
    count_under_lock(
        db,
        id,
        "UPDATE users SET followers = followers WHERE id = $1",
        "UPDATE users SET followers = (SELECT count(*) FROM person_follows f WHERE f.person_id = users.id AND f.counts) WHERE id = $1",
    )
}

fn leave_queue(db: &mut Db, id: i64) -> QueryResult<()> {
    if let Some(item) = dialect::lock_item(db, ItemId(id))? {
        let mut to = Item::standing(&item);
        to.queue = None;
        item.settle(db, to)?;
    }
    Ok(())
}

/// The commit of this transaction does it.
fn index_again(db: &mut Db, id: i64) -> QueryResult<()> {
    diesel::sql_query("INSERT INTO search_pending (doc) VALUES ($1)")
        .bind::<BigInt, _>(id)
        .execute(db)
        .map(|_| ())
}

/// What the public log says a batch was on.
fn batches_by_kind(db: &mut Db, fix: bool) -> QueryResult<Report> {
    let mut report = Report {
        what: "items of batches, by kind",
        rows: 0,
        differs: Vec::new(),
    };
    let mut after = BatchId(0);
    loop {
        let next: Vec<(BatchId, String)> = batches::table
            .filter(batches::id.gt(after))
            .order(batches::id)
            .limit(200)
            .select((batches::id, batches::kinds))
            .load(db)?;
        let Some((last, _)) = next.last() else {
            return Ok(report);
        };
        after = *last;
        report.rows += next.len() as i64;
        for (batch, kinds) in next.into_iter().filter(|(_, kinds)| !kinds.is_empty()) {
            let recount = |db: &mut Db| -> QueryResult<String> {
                let counted = public_log::count(db, &[batch])?.remove(&batch);
                Ok(verdict::kinds_in_words(&counted.unwrap_or_default()))
            };
            if recount(db)? == kinds {
                continue;
            }
            // A step of it may have come in between: what counts is what both say under its lock.
            let found = write_tx(db, |db| -> QueryResult<Option<Difference>> {
                dialect::lock(db, &format!("batch:{batch}"))?;
                let stored: String = batches::table
                    .find(batch)
                    .select(batches::kinds)
                    .get_result(db)?;
                let counted = recount(db)?;
                if stored == counted {
                    return Ok(None);
                }
                if fix {
                    diesel::update(batches::table.find(batch))
                        .set(batches::kinds.eq(&counted))
                        .execute(db)?;
                }
                Ok(Some(Difference {
                    id: batch.0,
                    stored,
                    counted,
                    mended: fix,
                }))
            })?;
            report.differs.extend(found);
        }
    }
}

/// What holds for people, beside the sanctions it comes from.
fn people(db: &mut Db, fix: bool) -> QueryResult<Report> {
    type Row = (
        UserId,
        Option<NaiveDateTime>,
        Option<NaiveDateTime>,
        Option<crate::db::SanctionId>,
    );
    let at = now();
    let concerned: Vec<Row> = users::table
        .filter(
            users::suspended_until
                .gt(at)
                .or(users::locked_out_until.gt(at))
                .or(users::warning_id.is_not_null())
                .or(users::id.eq_any(sanction::people(db)?)),
        )
        .order(users::id)
        .select((
            users::id,
            users::suspended_until,
            users::locked_out_until,
            users::warning_id,
        ))
        .load(db)?;
    let mut report = Report {
        what: "people, by the sanctions in force",
        rows: concerned.len() as i64,
        differs: Vec::new(),
    };
    // What ran out by itself is as good as none.
    let running = |until: Option<NaiveDateTime>| until.filter(|until| *until > at);
    for (user, suspended, locked_out, warning) in concerned {
        let in_force = Sanction::in_force(db, user)?;
        let shut = |all: bool| {
            in_force
                .iter()
                .filter(|sanction| match sanction.scope {
                    Some(scope) => !all || scope == Scope::All,
                    None => false,
                })
                .map(|sanction| sanction.until.unwrap_or(crate::account::FOR_GOOD))
                .max()
        };
        let warned = in_force
            .iter()
            .filter(|sanction| sanction.sort == Sort::Warn)
            .map(|sanction| sanction.id)
            .min();
        let words = |suspended: Option<NaiveDateTime>,
                     locked_out: Option<NaiveDateTime>,
                     warning: Option<crate::db::SanctionId>| {
            let until = |until: Option<NaiveDateTime>| {
                until.map_or("no".to_owned(), |until| until.to_string())
            };
            format!(
                "suspended {}, locked out {}, warning {}",
                until(suspended),
                until(locked_out),
                warning.map_or("no".to_owned(), |warning| warning.to_string())
            )
        };
        let stored = words(running(suspended), running(locked_out), warning);
        let counted = words(shut(false), shut(true), warned);
        if stored == counted {
            continue;
        }
        if fix {
            write_tx(db, |db| -> QueryResult<()> {
                sanction::lock(db, user)?;
                sanction::settle(db, user)
            })?;
        }
        report.differs.push(Difference {
            id: user.0,
            stored,
            counted,
            mended: fix,
        });
    }
    Ok(report)
}

/// Exactly one model is in use. None: the newest that was not refused is taken.
fn active_model(db: &mut Db, fix: bool) -> QueryResult<Report> {
    let active: i64 = models::table
        .filter(models::active.eq(true))
        .count()
        .get_result(db)?;
    let mut report = Report {
        what: "models in use, exactly one",
        rows: models::table.count().get_result(db)?,
        differs: Vec::new(),
    };
    if active == 1 {
        return Ok(report);
    }
    let mut mended = false;
    let refused = |model: &StoredModel| {
        let against = model.facts().against;
        against.is_some_and(|against| against.refused)
    };
    if fix {
        let newest = StoredModel::all(db)?
            .into_iter()
            .find(|model| model.fits() && !refused(model));
        if let Some(model) = newest {
            write_tx(db, |db| StoredModel::activate(db, model.id))?;
            mended = true;
        }
    }
    report.differs.push(Difference {
        id: 0,
        stored: active.to_string(),
        counted: "1".into(),
        mended,
    });
    Ok(report)
}
