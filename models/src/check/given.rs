//! What people gave: reactions and ratings, whether each counts, and how many were counted.

use super::{Counted, ITEMS, count_under_lock};
use crate::db::{ItemId, RatingId, UserId};
use crate::rating::counting;
use crate::schema::{ratings, reactions};
use crate::{Db, QueryResult, fairness, reaction};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

pub(super) const COUNTED: [Counted; 4] = [
    Counted {
        what: "reactions, and whether they count",
        of: (ITEMS.0, "SELECT count(*) AS n FROM reactions"),
        sql: differing!(concat!(
            "SELECT r.item_id AS id, 'wrong: ' || count(*) AS stored, 'wrong: 0' AS counted FROM reactions r \
             JOIN items i ON i.id = r.item_id WHERE r.item_id > $1 AND r.item_id <= $2 AND r.counts <> (",
            reaction::stands!(),
            ") GROUP BY r.item_id"
        )),
        mend: Some(weigh_reactions),
    },
    Counted {
        what: "reactions of texts, by sign",
        of: (ITEMS.0, "SELECT count(*) AS n FROM reaction_counts"),
        sql: differing!(
            "SELECT c.item_id AS id, c.n AS stored, (SELECT count(*) FROM reactions r WHERE r.item_id = c.item_id \
              AND r.sign = c.sign AND r.counts) AS counted FROM reaction_counts c WHERE c.item_id > $1 AND c.item_id <= $2 \
              UNION ALL SELECT r.item_id AS id, 0 AS stored, count(*) AS counted FROM reactions r WHERE r.item_id > $1 \
              AND r.item_id <= $2 AND r.counts AND NOT EXISTS (SELECT 1 FROM reaction_counts c WHERE c.item_id = r.item_id \
              AND c.sign = r.sign) GROUP BY r.item_id, r.sign"
        ),
        mend: Some(count_reactions),
    },
    Counted {
        what: "ratings, and whether they count",
        of: (ITEMS.0, "SELECT count(*) AS n FROM ratings"),
        sql: differing!(concat!(
            "SELECT t.project_id AS id, 'wrong: ' || count(*) AS stored, 'wrong: 0' AS counted FROM ratings t \
             WHERE t.project_id > $1 AND t.project_id <= $2 AND t.counts <> (",
            counting::stands!(),
            ") GROUP BY t.project_id"
        )),
        mend: Some(weigh_ratings),
    },
    Counted {
        what: "ratings of projects, by aspect and step",
        of: (ITEMS.0, "SELECT count(*) AS n FROM rating_counts"),
        sql: differing!(
            "SELECT c.project_id AS id, c.n AS stored, CASE WHEN c.aspect = '' THEN (SELECT count(*) FROM ratings t \
              WHERE t.project_id = c.project_id AND t.counts) ELSE (SELECT count(*) FROM ratings t JOIN rating_steps s \
              ON s.rating_id = t.id WHERE t.project_id = c.project_id AND t.counts AND s.aspect = c.aspect AND s.step = c.step) \
              END AS counted FROM rating_counts c WHERE c.project_id > $1 AND c.project_id <= $2 \
              UNION ALL SELECT t.project_id AS id, 0 AS stored, count(*) AS counted FROM ratings t JOIN rating_steps s \
              ON s.rating_id = t.id WHERE t.project_id > $1 AND t.project_id <= $2 AND t.counts AND NOT EXISTS \
              (SELECT 1 FROM rating_counts c WHERE c.project_id = t.project_id AND c.aspect = s.aspect AND c.step = s.step) \
              GROUP BY t.project_id, s.aspect, s.step \
              UNION ALL SELECT t.project_id AS id, 0 AS stored, count(*) AS counted FROM ratings t WHERE t.project_id > $1 \
              AND t.project_id <= $2 AND t.counts AND NOT EXISTS (SELECT 1 FROM rating_counts c \
              WHERE c.project_id = t.project_id AND c.aspect = '') GROUP BY t.project_id"
        ),
        mend: Some(counting::recount),
    },
];

fn weigh_reactions(db: &mut Db, item: i64) -> QueryResult<()> {
    let givers: Vec<UserId> = reactions::table
        .filter(reactions::item_id.eq(ItemId(item)))
        .select(reactions::user_id)
        .distinct()
        .order(reactions::user_id)
        .load(db)?;
    for giver in givers {
        fairness::weigh(db, giver)?;
    }
    Ok(())
}

fn count_reactions(db: &mut Db, item: i64) -> QueryResult<()> {
    count_under_lock(
        db,
        item,
        "UPDATE reaction_counts SET n = n WHERE item_id = $1",
        "UPDATE reaction_counts SET n = (SELECT count(*) FROM reactions r WHERE r.item_id = reaction_counts.item_id \
         AND r.sign = reaction_counts.sign AND r.counts) WHERE item_id = $1",
    )?;
    diesel::sql_query(
        "INSERT INTO reaction_counts (item_id, sign, n) SELECT r.item_id, r.sign, count(*) FROM reactions r \
         WHERE r.item_id = $1 AND r.counts GROUP BY r.item_id, r.sign ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(item)
    .execute(db)
    .map(|_| ())
}

fn weigh_ratings(db: &mut Db, project: i64) -> QueryResult<()> {
    let all: Vec<RatingId> = ratings::table
        .filter(ratings::project_id.eq(ItemId(project)))
        .order(ratings::id)
        .select(ratings::id)
        .load(db)?;
    counting::weigh(db, &all)
}
