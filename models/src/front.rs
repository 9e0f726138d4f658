//! What the front page shows: who just shared a first project, what waits for feedback, what was
//! released, what is new. No project stands there twice.

use crate::db::{ItemId, UserId};
use crate::lists::{self, List};
use crate::project::{self, Card, Listing};
use crate::{Db, QueryResult};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// Of a section, on a site that has enough.
const FEW: usize = 4;
const NEWEST: usize = 8;
/// As many as fill every section.
const ENOUGH: usize = NEWEST + 3 * FEW;
/// Newest projects among which the first ones of their makers are looked for.
const LOOKED_THROUGH: i64 = 200;

#[derive(Clone, Debug, Default)]
pub struct Front {
    pub firsts: Vec<Card>,
    pub waiting: Vec<Card>,
    pub released: Vec<Card>,
    pub newest: Vec<Card>,
    /// Nothing was published yet, by whomever.
    pub is_empty: bool,
}

impl Front {
    /// A few walks along indices, however many projects there are.
    pub fn load(db: &mut Db, reader: Option<UserId>) -> QueryResult<Front> {
        let list = |order, limit| List {
            order,
            kind: None,
            has_download: false,
            looking_for: None,
            system: None,
            after: None,
            limit,
            reader,
        };
        let (mut newest, more) = list(lists::Order::Newest, ENOUGH).load(db)?;
        let is_small = more.is_none();
        // With so few on the table, the other lists would only tear this one apart.
        if is_small && newest.len() <= FEW {
            // Who ignores everybody that brought something sees nothing of it.
            let is_empty = newest.is_empty() && !project::are_more_than(db, 0)?;
            return Ok(Front {
                newest,
                is_empty,
                ..Front::default()
            });
        }
        let few = match is_small {
            true => newest.len().div_ceil(4).clamp(2, FEW),
            false => FEW,
        };
        let mut shown: Vec<ItemId> = Vec::new();
        let mut take = |mut cards: Vec<Card>, most: usize| -> Vec<Card> {
            cards.retain(|card| !shown.contains(&card.id));
            cards.truncate(most);
            shown.extend(cards.iter().map(|card| card.id));
            cards
        };
        // What is rarest first; there is always more that waits.
        let firsts = take(firsts(db, reader)?, few);
        let (released, _) = list(lists::Order::Released, 3 * FEW).load(db)?;
        let released = take(released, few);
        let waiting = match is_small {
            // Counted as it stands now: the ranks are counted hourly.
            true => Listing {
                order: project::Order::WaitingForFeedback,
                limit: ENOUGH as i64,
                reader,
                ..Listing::default()
            }
            .load(db)?,
            false => list(lists::Order::Waiting, 3 * FEW).load(db)?.0,
        };
        let waiting = take(waiting, few);
        newest = take(newest, NEWEST);
        Ok(Front {
            firsts,
            waiting,
            released,
            newest,
            is_empty: false,
        })
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    id: ItemId,
}

/// Among the newest projects those whose owner had made nothing that was published before.
fn firsts(db: &mut Db, reader: Option<UserId>) -> QueryResult<Vec<Card>> {
    let found: Vec<Found> = diesel::sql_query(
        "SELECT p.id FROM (SELECT i.id, i.published_at FROM items i \
           WHERE i.kind = 'project' AND i.state = 'published' AND i.published_at IS NOT NULL \
           ORDER BY i.published_at DESC, i.id DESC LIMIT $1) n \
         JOIN projects p ON p.id = n.id \
         WHERE NOT EXISTS (SELECT 1 FROM project_makers m JOIN items e ON e.id = m.project_id \
           WHERE m.user_id = p.owner_id AND e.state = 'published' \
           AND (e.published_at, e.id) < (n.published_at, n.id)) \
         ORDER BY n.published_at DESC, n.id DESC LIMIT $2",
    )
    .bind::<BigInt, _>(LOOKED_THROUGH)
    .bind::<BigInt, _>(FEW as i64)
    .load(db)?;
    let ids: Vec<ItemId> = found.into_iter().map(|found| found.id).collect();
    project::cards(db, &ids, reader)
}
