//! What counts of the ratings, and how many. [`weigh`] alone decides, under a lock of the project that
//! comes after every item and thread.

use crate::db::{ItemId, RatingId, UserId, dialect, now};
use crate::schema::{rating_counts, rating_steps, ratings};
use crate::{Db, QueryResult, both};
use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::collections::BTreeSet;

/// How long it is known which network a rating came from.
const NETWORK_KEPT: Duration = Duration::days(30);

/// Whoever moves the counts of a project's ratings holds it, until the end of the transaction: two who
/// moved the same rows in another order would wait for each other. Taken after items and threads.
pub(super) fn hold(db: &mut Db, project: ItemId) -> QueryResult<()> {
    dialect::lock(db, &format!("ratings:{project}"))
}

/// When a rating `t` counts for its project, in SQL: it is the newest of somebody who does not make the
/// project and was not sent away since, and the words that came with it are before their readers.
macro_rules! stands {
    () => {
        concat!("t.is_newest AND ", $crate::rating::counting::fair!())
    };
}
pub(crate) use stands;

/// The same without being the newest: how it was with a release.
macro_rules! fair {
    () => {
        "NOT EXISTS (SELECT 1 FROM sanctions s WHERE s.user_id = t.user_id AND s.kind IN ('ban', 'clear') \
         AND s.undone_at IS NULL AND s.created_at >= t.changed_at) \
         AND NOT EXISTS (SELECT 1 FROM project_makers m WHERE m.project_id = t.project_id AND m.user_id = t.user_id) \
         AND (t.comment_id IS NULL OR EXISTS (SELECT 1 FROM items c WHERE c.id = t.comment_id AND c.state = 'published')) \
         AND (t.answers_id IS NULL OR EXISTS (SELECT 1 FROM items a WHERE a.id = t.answers_id AND a.state = 'published'))"
    };
}
pub(crate) use fair;

/// Turns the flag of a rating round, if it is not what [`stands`] says.
const LOOK_AGAIN: &str = concat!(
    "UPDATE ratings SET counts = NOT counts WHERE id = $1 AND counts <> \
             (SELECT CASE WHEN ",
    stands!(),
    " THEN TRUE ELSE FALSE END FROM ratings t WHERE t.id = $1)"
);

/// Looks again whether these count, and moves the counts of their projects with it.
pub(crate) fn weigh(db: &mut Db, ids: &[RatingId]) -> QueryResult<()> {
    let projects: Vec<ItemId> = ratings::table
        .filter(ratings::id.eq_any(ids))
        .select(ratings::project_id)
        .distinct()
        .order(ratings::project_id)
        .load(db)?;
    for project in projects {
        hold(db, project)?;
    }
    // What others committed before they let go of the lock is seen from here on.
    for id in ids {
        let changed = diesel::sql_query(LOOK_AGAIN)
            .bind::<BigInt, _>(*id)
            .execute(db)?;
        if changed > 0 {
            count_steps(db, *id)?;
        }
    }
    Ok(())
}

/// What holds for a person changed: a ban or its undo, they joined the makers of a project or left.
pub(crate) fn weigh_of(db: &mut Db, user: UserId) -> QueryResult<()> {
    let theirs: Vec<RatingId> = ratings::table
        .filter(ratings::user_id.eq(user))
        .order(ratings::id)
        .select(ratings::id)
        .load(db)?;
    weigh(db, &theirs)
}

/// These comments and answers came before their readers, or left them. The last that a transaction does.
pub(crate) fn settled(db: &mut Db, items: &[ItemId]) -> QueryResult<()> {
    if items.is_empty() {
        return Ok(());
    }
    let mut given: BTreeSet<RatingId> = BTreeSet::new();
    for some in items.chunks(1_000) {
        let with: Vec<RatingId> = ratings::table
            .filter(ratings::comment_id.eq_any(some))
            .select(ratings::id)
            .load(db)?;
        let answered: Vec<RatingId> = ratings::table
            .filter(ratings::answers_id.eq_any(some))
            .select(ratings::id)
            .load(db)?;
        given.extend(with.into_iter().chain(answered));
    }
    let given: Vec<RatingId> = given.into_iter().collect();
    weigh(db, &given)
}

/// Takes one out of the counts, whatever it is about to become. Under [`hold`].
pub(super) fn uncount(db: &mut Db, id: RatingId) -> QueryResult<()> {
    let counted = diesel::update(ratings::table.find(id).filter(ratings::counts.eq(true)))
        .set(ratings::counts.eq(false))
        .execute(db)?;
    if counted > 0 {
        count_steps(db, id)?;
    }
    Ok(())
}

/// Moves the counts by what one rating says: up if it counts now, else down.
fn count_steps(db: &mut Db, id: RatingId) -> QueryResult<()> {
    let (project, counts): (ItemId, bool) = ratings::table
        .find(id)
        .select((ratings::project_id, ratings::counts))
        .get_result(db)?;
    let by = if counts { 1 } else { -1 };
    let mut steps: Vec<(String, i32)> = rating_steps::table
        .filter(rating_steps::rating_id.eq(id))
        .select((rating_steps::aspect, rating_steps::step))
        .load(db)?;
    steps.push((String::new(), 0));
    for (aspect, step) in steps {
        both!(db, conn => diesel::insert_into(rating_counts::table)
            .values((
                rating_counts::project_id.eq(project),
                rating_counts::aspect.eq(aspect),
                rating_counts::step.eq(step),
                rating_counts::n.eq(by),
            ))
            .on_conflict((rating_counts::project_id, rating_counts::aspect, rating_counts::step))
            .do_update()
            .set(rating_counts::n.eq(rating_counts::n + by))
            .execute(conn))?;
    }
    Ok(())
}

/// Counts a project's anew: `potluck check --fix`.
pub(crate) fn recount(db: &mut Db, project: i64) -> QueryResult<()> {
    hold(db, ItemId(project))?;
    for sql in [
        "DELETE FROM rating_counts WHERE project_id = $1",
        "INSERT INTO rating_counts (project_id, aspect, step, n) SELECT t.project_id, s.aspect, s.step, count(*) \
         FROM ratings t JOIN rating_steps s ON s.rating_id = t.id WHERE t.project_id = $1 AND t.counts \
         GROUP BY t.project_id, s.aspect, s.step",
        "INSERT INTO rating_counts (project_id, aspect, step, n) SELECT t.project_id, '', 0, count(*) \
         FROM ratings t WHERE t.project_id = $1 AND t.counts GROUP BY t.project_id",
    ] {
        diesel::sql_query(sql)
            .bind::<BigInt, _>(project)
            .execute(db)?;
    }
    Ok(())
}

/// Forgets which networks older ratings came from.
pub fn sweep(db: &mut Db) -> QueryResult<usize> {
    diesel::update(
        ratings::table
            .filter(ratings::changed_at.lt(now() - NETWORK_KEPT))
            .filter(ratings::network.ne("")),
    )
    .set(ratings::network.eq(""))
    .execute(db)
}
