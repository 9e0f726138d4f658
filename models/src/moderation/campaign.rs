//! Campaigns: texts that say nearly the same, over accounts, threads and days.
//!
//! Every text of eight different words and more leaves its SimHash when it is taken in
//! ([`crate::spam::alike`]). A text that is near others joins theirs, and two that are near each other
//! make a new row of `campaigns`. Moderators see it as a campaign once it has three texts from two
//! accounts, or from one account in three places: who says a thing twice in one thread pressed the
//! button twice, who says it in three is advertising. Two campaigns never become one: one text between
//! them would put both under one decision.

pub mod card;

use super::log::Act;
use super::verdict::Verdict;
use crate::account::Role;
use crate::condition::fixed;
use crate::db::{BatchId, CampaignId, ItemId, UserId, dialect, now};
use crate::intake::{Outcome, Step, Text};
use crate::item::{Item, Kind, Revision, RevisionState, State};
use crate::schema::{batches, campaigns, item_bands, items, revisions};
use crate::spam::alike::{self, NEAR};
use crate::{Db, QueryResult, both};
use chrono::{Duration, NaiveDateTime};
use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::collections::HashSet;

/// How far back a text is compared.
pub const DAYS: i64 = 60;
/// How long a rule is offered to hold, and how long it may at most.
pub const HOLD_DAYS: i64 = 14;
pub const MOST_HOLD_DAYS: i64 = 90;

/// Of a band, its newest texts; of what is near, the nearest, whose words are compared.
const CROWD: i64 = 32;
const READ: usize = 12;
/// The newest of those alike that are looked at for whether they are a campaign.
const OPENED_BY: i64 = 200;

/// What the intake found around a text.
#[derive(Clone, Debug, Default)]
pub struct Around {
    hash: Option<u64>,
    /// The nearest first.
    near: Vec<Near>,
}

#[derive(Clone, Debug)]
struct Near {
    id: ItemId,
    campaign: Option<CampaignId>,
}

impl Around {
    /// The stored form of the hash; 0: too short to be like another.
    pub fn simhash(&self) -> i64 {
        self.hash.map_or(0, |hash| hash as i64)
    }

    /// The texts of the last [`DAYS`] that are like this one. Of a crowded band the newest count, and
    /// of what is near the nearest are read, so that the cost has a bound.
    pub fn of(db: &mut Db, text: &str, except: Option<ItemId>) -> QueryResult<Around> {
        let Some(hash) = alike::of(text) else {
            return Ok(Around::default());
        };
        let mut near: Vec<(u32, ItemId)> = dialect::in_bands(db, &alike::probes(hash), CROWD)?
            .into_iter()
            .filter(|(id, _)| Some(*id) != except)
            .map(|(id, simhash)| (alike::distance(hash, simhash as u64), id))
            .filter(|(distance, _)| *distance <= NEAR)
            .collect();
        near.sort_by_key(|(distance, id)| (*distance, std::cmp::Reverse(*id)));
        near.dedup();
        near.truncate(READ);
        let ids: Vec<ItemId> = near.iter().map(|(_, id)| *id).collect();
        let texts: Vec<(ItemId, Option<CampaignId>, String)> = match ids.is_empty() {
            true => Vec::new(),
            false => revisions::table
                .inner_join(items::table)
                .filter(revisions::item_id.eq_any(&ids))
                .filter(revisions::state.ne(RevisionState::Draft))
                .filter(items::created_at.gt(now() - Duration::days(DAYS)))
                .order(revisions::number.desc())
                .select((items::id, items::campaign_id, revisions::text))
                .load(db)?,
        };
        let near = ids.into_iter().filter_map(|id| {
            // Its newest text, as its hash is of that.
            let (_, campaign, found) = texts.iter().find(|(of, ..)| *of == id)?;
            alike::says_the_same(text, found).then_some(Near {
                id,
                campaign: *campaign,
            })
        });
        Ok(Around {
            hash: Some(hash),
            near: near.collect(),
        })
    }

    /// The rule of a campaign that this text is like: held, or put away if all of it was called spam.
    pub fn step(&self, db: &mut Db, text: &Text) -> QueryResult<Step> {
        const NAME: &str = "campaign";
        let ids: Vec<CampaignId> = self.near.iter().filter_map(|near| near.campaign).collect();
        // Who quotes a wave to speak of it, on the other side of the desk.
        if ids.is_empty() || text.author.role >= Role::Moderator {
            return Ok(Step::pass(NAME));
        }
        type Row = (
            CampaignId,
            Option<NaiveDateTime>,
            Option<Verdict>,
            Option<UserId>,
        );
        let rules: Vec<Row> = campaigns::table
            .left_join(batches::table.on(campaigns::batch_id.eq(batches::id.nullable())))
            .filter(campaigns::id.eq_any(ids))
            .filter(campaigns::held_until.gt(now()))
            .select((
                campaigns::id,
                campaigns::held_until,
                batches::verdict.nullable(),
                batches::undone_by.nullable(),
            ))
            .load(db)?;
        let rule = self.near.iter().find_map(|near| {
            let rule = rules.iter().find(|(id, ..)| Some(*id) == near.campaign)?;
            Some((near, rule))
        });
        Ok(match rule {
            None => Step::pass(NAME),
            Some((near, (id, until, verdict, undone))) => {
                let is_spam = *verdict == Some(Verdict::Spam) && undone.is_none();
                let until = until.map_or(String::new(), |until| until.format("%-d %B").to_string());
                let like = format!("like {} of campaign {id}", near.id);
                if is_spam {
                    let evidence = format!("{like}, which was called spam; until {until}");
                    Step::new(NAME, Outcome::Spam, evidence)
                } else {
                    let evidence = format!("{like}, whose next ones wait until {until}");
                    Step::new(NAME, Outcome::Hold, evidence)
                }
            }
        })
    }
}

/// Keeps what was found around a new text, and makes it one of those it is like. In the transaction
/// that stores the text.
pub fn join(db: &mut Db, item: ItemId, around: &Around) -> QueryResult<()> {
    let Some(hash) = around.hash else {
        return Ok(());
    };
    let rows: Vec<_> = alike::bands(hash)
        .into_iter()
        .map(|band| {
            (
                item_bands::band.eq(band),
                item_bands::item_id.eq(item),
                item_bands::simhash.eq(around.simhash()),
            )
        })
        .collect();
    both!(db, conn => diesel::insert_into(item_bands::table).values(&rows).execute(conn))?;
    if around.near.is_empty() {
        return Ok(());
    }
    // Those that are like this one and like nothing before it. What somebody decides at this moment
    // stays alone until the next one comes.
    let alone: Vec<ItemId> = around
        .near
        .iter()
        .filter(|near| near.campaign.is_none())
        .map(|near| near.id)
        .collect();
    let alone = dialect::lock_alone(db, &alone)?;
    let known = around.near.iter().find_map(|near| near.campaign);
    if known.is_none() && alone.is_empty() {
        // Somebody's text of the same moment took them all.
        return Ok(());
    }
    let joining: Vec<ItemId> = alone.into_iter().chain([item]).collect();
    // Not the time of now: texts from before are compared later than they came.
    let (first, last): (Option<NaiveDateTime>, Option<NaiveDateTime>) = items::table
        .filter(items::id.eq_any(&joining))
        .select((min(items::created_at), max(items::created_at)))
        .first(db)?;
    let (first, last) = (first.unwrap_or_else(now), last.unwrap_or_else(now));
    let id = match known {
        Some(id) => id,
        None => diesel::insert_into(campaigns::table)
            .values((
                campaigns::items.eq(0),
                campaigns::created_at.eq(first),
                campaigns::last_at.eq(last),
            ))
            .returning(campaigns::id)
            .get_result(db)?,
    };
    dialect::lock_campaigns(db, &[id])?;
    diesel::update(items::table.filter(items::id.eq_any(&joining)))
        .set(items::campaign_id.eq(id))
        .execute(db)?;
    let campaign = Campaign::find(db, id)?;
    diesel::update(campaigns::table.find(id))
        .set((
            campaigns::items.eq(campaign.items + joining.len() as i32),
            campaigns::created_at.eq(campaign.created_at.min(first)),
            campaigns::last_at.eq(campaign.last_at.max(last)),
        ))
        .execute(db)?;
    if campaign.opened_at.is_none() {
        open(db, id)?;
    }
    Ok(())
}

fn open(db: &mut Db, id: CampaignId) -> QueryResult<()> {
    type Row = (UserId, Option<ItemId>, Kind);
    let texts: Vec<Row> = items::table
        .filter(items::campaign_id.eq(id))
        .order(items::id.desc())
        .limit(OPENED_BY)
        .select((items::author_id, items::project_id, items::kind))
        .load(db)?;
    let accounts: HashSet<UserId> = texts.iter().map(|(author, ..)| *author).collect();
    // A maker's own projects and releases may well be written alike.
    let comments = texts.iter().filter(|(.., kind)| *kind == Kind::Comment);
    let places: HashSet<Option<ItemId>> = comments.map(|(_, on, _)| *on).collect();
    if texts.len() >= 3 && (accounts.len() >= 2 || places.len() >= 3) {
        diesel::update(campaigns::table.find(id))
            .set(campaigns::opened_at.eq(now()))
            .execute(db)?;
    }
    Ok(())
}

/// A changed text: out of the campaign of what it said before, and into that of what it says. While
/// readers still see the text before, it stays in that one, unless the new one is in another.
pub fn join_anew(db: &mut Db, item: &Item, around: &Around, keep: bool) -> QueryResult<()> {
    if keep && around.near.is_empty() {
        return Ok(());
    }
    let goes_on = item.campaign_id.filter(|id| {
        let mut near = around.near.iter();
        near.any(|near| near.campaign == Some(*id))
    });
    forget(db, item.id)?;
    if let (Some(id), None) = (item.campaign_id, goes_on) {
        // Both at once, in order: of two edits that change places neither waits for the other.
        let joined = around.near.iter().find_map(|near| near.campaign);
        let both: Vec<CampaignId> = joined.into_iter().chain([id]).collect();
        dialect::lock_campaigns(db, &both)?;
        diesel::update(campaigns::table.find(id))
            .set(campaigns::items.eq(campaigns::items - 1))
            .execute(db)?;
    }
    diesel::update(items::table.find(item.id))
        .set((
            items::simhash.eq(around.simhash()),
            items::campaign_id.eq(goes_on),
        ))
        .execute(db)?;
    if goes_on.is_some() {
        let still = Around {
            near: Vec::new(),
            ..around.clone()
        };
        return join(db, item.id, &still);
    }
    join(db, item.id, around)
}

/// Its text is erased, or another: nothing is like it any more.
pub fn forget(db: &mut Db, item: ItemId) -> QueryResult<()> {
    diesel::delete(item_bands::table.filter(item_bands::item_id.eq(item))).execute(db)?;
    diesel::update(items::table.find(item))
        .set(items::simhash.eq(0))
        .execute(db)
        .map(|_| ())
}

/// Texts of one step of [`record`].
const READ_AT_ONCE: i64 = 100;

/// Compares the texts of the last [`DAYS`] that an earlier version took in, a step at a time; gives
/// whether there may be more. To be called in a write transaction.
pub fn record(db: &mut Db) -> QueryResult<bool> {
    let unread: Vec<ItemId> = items::table
        .filter(fixed::<Bool>("items.simhash IS NULL"))
        .filter(items::created_at.gt(now() - Duration::days(DAYS)))
        .order((items::created_at, items::id))
        .limit(READ_AT_ONCE)
        .select(items::id)
        .load(db)?;
    let more = unread.len() as i64 == READ_AT_ONCE;
    // All at once, in the order of their numbers; what somebody edited meanwhile was read by that.
    let mut locked = dialect::lock_items(db, &unread)?;
    locked.retain(|item| item.simhash.is_none());
    for item in locked {
        // A draft passes the intake when it is published.
        let text = match item.state {
            State::Draft => None,
            _ => Revision::current(db, item.id).optional()?,
        };
        let around = match text {
            Some(revision) => Around::of(db, &revision.text, Some(item.id))?,
            None => Around::default(),
        };
        diesel::update(items::table.find(item.id))
            .set(items::simhash.eq(around.simhash()))
            .execute(db)?;
        join(db, item.id, &around)?;
        if !around.near.is_empty() {
            // Whoever holds one campaign and asks for another may stand in a ring.
            return Ok(true);
        }
    }
    Ok(more)
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = campaigns)]
pub struct Campaign {
    pub id: CampaignId,
    pub items: i32,
    pub opened_at: Option<NaiveDateTime>,
    /// When the first of them came.
    pub created_at: NaiveDateTime,
    pub last_at: NaiveDateTime,
    pub held_until: Option<NaiveDateTime>,
    pub held_by: Option<UserId>,
    pub batch_id: Option<BatchId>,
}

impl Campaign {
    pub fn find(db: &mut Db, id: CampaignId) -> QueryResult<Campaign> {
        campaigns::table
            .find(id)
            .select(Campaign::as_select())
            .get_result(db)
    }

    pub fn holds(&self) -> bool {
        self.held_until > Some(now())
    }

    /// From now on what is like it waits, until a time; or no longer, with None. Gives whether that
    /// changed anything. In a write transaction.
    pub fn hold(
        db: &mut Db,
        id: CampaignId,
        by: UserId,
        until: Option<NaiveDateTime>,
    ) -> QueryResult<bool> {
        dialect::lock_campaigns(db, &[id])?;
        let campaign = Campaign::find(db, id)?;
        if until.is_none() && !campaign.holds() {
            return Ok(false);
        }
        diesel::update(campaigns::table.find(id))
            .set((
                campaigns::held_until.eq(until),
                campaigns::held_by.eq(until.map(|_| by)),
            ))
            .execute(db)?;
        let detail = match until {
            Some(until) => format!(
                "the next of campaign {id} until {}",
                until.format("%Y-%m-%d")
            ),
            None => format!("the next of campaign {id}: no longer"),
        };
        Act {
            actor: Some(by),
            act: if until.is_some() { "hold" } else { "let go" },
            detail: &detail,
            ..Act::default()
        }
        .write(db)?;
        Ok(true)
    }

    /// The last decision on all of it.
    pub fn decided(db: &mut Db, id: CampaignId, batch: BatchId) -> QueryResult<usize> {
        diesel::update(campaigns::table.find(id))
            .set(campaigns::batch_id.eq(batch))
            .execute(db)
    }
}
