//! Soft claims: who has which item open, so that two moderators do not read the same text twice.
//!
//! A claim binds nobody. It tells the others a name, keeps "the next 25" of two people apart, and
//! runs out ten minutes after its holder last did something. What keeps a decision from being
//! overwritten is the version that a form carries ([`super::verdict::Seen`]), not a claim.

use super::queue::{Cursor, Filter, Order, PAGE};
use crate::condition::among;
use crate::db::{ItemId, UserId, dialect, now};
use crate::item::Item;
use crate::schema::{batches, claims, items, users};
use crate::{Db, QueryResult, both};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

pub const LASTS: Duration = Duration::minutes(10);
/// However long somebody works on, what they opened and left lying is free again after this.
const AT_MOST: Duration = Duration::minutes(30);
/// Items of one share.
pub const SHARE: usize = 25;
/// Pages that a search for free items looks through: beyond, somebody else is at nearly all of it.
const PAGES: usize = 40;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub by: UserId,
    pub username: String,
    pub until: NaiveDateTime,
}

/// Claims in force on these items.
pub fn on(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, Claim>> {
    let rows: Vec<(ItemId, UserId, String, NaiveDateTime)> = claims::table
        .inner_join(users::table.on(users::id.eq(claims::user_id)))
        .filter(among(claims::item_id, ids).and(claims::until.gt(now())))
        .select((claims::item_id, users::id, users::username, claims::until))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(id, by, username, until)| {
            let claim = Claim {
                by,
                username,
                until,
            };
            (id, claim)
        })
        .collect())
}

/// Claims for somebody what nobody else holds, and renews what they hold. Gives how many are theirs
/// now. Claims of two at once fall one way or the other, never both. In a write transaction.
pub fn take(db: &mut Db, by: UserId, ids: &[ItemId]) -> QueryResult<usize> {
    let at = now();
    for part in ids.chunks(500) {
        diesel::delete(
            claims::table
                .filter(claims::item_id.eq_any(part))
                .filter(claims::until.le(at).or(claims::user_id.eq(by))),
        )
        .execute(db)?;
        let rows: Vec<_> = part
            .iter()
            .map(|id| {
                (
                    claims::item_id.eq(*id),
                    claims::user_id.eq(by),
                    claims::until.eq(at + LASTS),
                    claims::since.eq(at),
                )
            })
            .collect();
        both!(db, conn => diesel::insert_into(claims::table)
            .values(&rows)
            .on_conflict_do_nothing()
            .execute(conn))?;
    }
    claims::table
        .filter(claims::item_id.eq_any(ids).and(claims::user_id.eq(by)))
        .count()
        .get_result(db)
        .map(|n: i64| n as usize)
}

/// Whoever does something goes on holding what they hold.
pub fn renew(db: &mut Db, by: UserId) -> QueryResult<usize> {
    let at = now();
    let theirs = claims::user_id.eq(by).and(claims::until.gt(at));
    diesel::update(claims::table.filter(theirs.and(claims::since.gt(at - AT_MOST))))
        .set(claims::until.eq(at + LASTS))
        .execute(db)
}

/// Lets go of everything.
pub fn release(db: &mut Db, by: UserId) -> QueryResult<usize> {
    diesel::delete(claims::table.filter(claims::user_id.eq(by))).execute(db)
}

/// What ran out, and what was decided meanwhile.
pub fn sweep(db: &mut Db) -> QueryResult<usize> {
    diesel::delete(claims::table.filter(claims::until.le(now()))).execute(db)
}

/// The first items of a view that nobody holds.
fn free(db: &mut Db, filter: &Filter, order: Order, most: usize) -> QueryResult<Vec<ItemId>> {
    let (mut found, mut after): (Vec<ItemId>, Option<Cursor>) = (Vec::new(), None);
    for _ in 0..PAGES {
        let (page, next) = filter.page(db, order, after, PAGE)?;
        let ids: Vec<ItemId> = page.iter().map(|item| item.id).collect();
        let taken = on(db, &ids)?;
        found.extend(ids.into_iter().filter(|id| !taken.contains_key(id)));
        if found.len() >= most || next.is_none() {
            break;
        }
        after = next;
    }
    found.truncate(most);
    Ok(found)
}

/// The first item of a view after a place that nobody else holds, with the place of the next; the
/// first at all if others hold many.
pub fn first_free(
    db: &mut Db,
    filter: &Filter,
    order: Order,
    after: Option<Cursor>,
    me: UserId,
) -> QueryResult<(Vec<Item>, Option<Cursor>)> {
    const TRIES: usize = 60;
    let mut from = after;
    for _ in 0..TRIES {
        let (page, next) = filter.page(db, order, from, 1)?;
        let ids: Vec<ItemId> = page.iter().map(|item| item.id).collect();
        if on(db, &ids)?.values().all(|claim| claim.by == me) {
            return Ok((page, next));
        }
        match next {
            Some(next) => from = Some(next),
            None => break,
        }
    }
    filter.page(db, order, after, 1)
}

/// One item at a time: the next one is theirs before they see it.
pub fn take_first(
    db: &mut Db,
    by: UserId,
    filter: &Filter,
    order: Order,
    after: Option<Cursor>,
) -> QueryResult<()> {
    dialect::lock(db, "claims")?;
    let (page, _) = first_free(db, filter, order, after, by)?;
    let ids: Vec<ItemId> = page.iter().map(|item| item.id).collect();
    take(db, by, &ids).map(|_| ())
}

/// Takes the next share for one person. Gives how many items it has.
pub fn take_share(db: &mut Db, by: UserId, filter: &Filter, order: Order) -> QueryResult<usize> {
    // Of two who take at once, the second takes what is left.
    dialect::lock(db, "claims")?;
    release(db, by)?;
    let ids = free(db, filter, order, SHARE)?;
    take(db, by, &ids)
}

/// Deals the next share out among everybody on duty, one item each in turn, so that the surest and
/// the most doubtful ones fall to all alike. Gives how many fell to whom asked.
pub fn deal_share(db: &mut Db, by: UserId, filter: &Filter, order: Order) -> QueryResult<usize> {
    dialect::lock(db, "claims")?;
    release(db, by)?;
    let mut hands: Vec<(UserId, Vec<ItemId>)> = vec![(by, Vec::new())];
    for other in on_duty(db)? {
        if other.id != by {
            hands.push((other.id, Vec::new()));
        }
    }
    let players = hands.len();
    for (n, id) in free(db, filter, order, SHARE)?.into_iter().enumerate() {
        hands[n % players].1.push(id);
    }
    for (player, ids) in &hands {
        take(db, *player, ids)?;
    }
    Ok(hands[0].1.len())
}

/// Somebody who is at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDuty {
    pub id: UserId,
    pub username: String,
    /// Items that they hold.
    pub holds: i64,
}

/// Who holds items, or has decided something in the last ten minutes; by name.
pub fn on_duty(db: &mut Db) -> QueryResult<Vec<OnDuty>> {
    let at = now();
    let holding: Vec<(UserId, i64)> = claims::table
        .inner_join(items::table.on(items::id.eq(claims::item_id)))
        .filter(claims::until.gt(at))
        .filter(items::queue.is_not_null().or(items::looked_at.is_null()))
        .group_by(claims::user_id)
        .select((claims::user_id, diesel::dsl::count_star()))
        .load(db)?;
    // The newest are few, and by number they need no index of their own.
    let acts: Vec<(UserId, NaiveDateTime)> = batches::table
        .order(batches::id.desc())
        .limit(100)
        .select((batches::by_id, batches::created_at))
        .load(db)?;
    let mut ids: HashSet<UserId> = holding.iter().map(|(id, _)| *id).collect();
    ids.extend(
        acts.iter()
            .filter(|(_, acted)| *acted > at - LASTS)
            .map(|(id, _)| *id),
    );
    let names: Vec<(UserId, String)> = users::table
        .filter(among(users::id, ids).and(users::robot.eq(false)))
        .order(users::username)
        .select((users::id, users::username))
        .load(db)?;
    Ok(names
        .into_iter()
        .map(|(id, username)| OnDuty {
            holds: holding
                .iter()
                .find(|(holder, _)| *holder == id)
                .map_or(0, |(_, n)| *n),
            id,
            username,
        })
        .collect())
}
