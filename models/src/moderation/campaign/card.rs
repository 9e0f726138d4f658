//! Campaigns as moderators see them: the list, the card of one, and what is like an item.

use super::{Campaign, DAYS};
use crate::condition::{CurrentText, fixed};
use crate::db::{BatchId, CampaignId, ItemId, UserId, dialect, now};
use crate::item::{Item, Kind, State};
use crate::moderation::entry::Place;
use crate::moderation::verdict::{Batch, Told};
use crate::schema::{campaigns, items, projects, revisions, users};
use crate::spam::alike;
use crate::{Db, QueryResult, words};
use chrono::{Duration, NaiveDateTime};
use diesel::dsl::{count_star, exists, max, min, not, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text, Timestamp};
use std::collections::{BTreeMap, HashMap};

/// Campaigns of a page.
pub const PAGE: i64 = 20;
/// Of a card: accounts and places that are named, and texts that the example is compared with.
const NAMED: usize = 6;
const COMPARED: i64 = 12;
/// Texts of a campaign that an item is compared with for its card, and those that are named.
const NEWEST: i64 = 12;
const NEAREST: usize = 4;

words! {
    /// Which campaigns.
    pub enum Show {
        /// Something of them is undecided.
        Open = "open",
        Decided = "decided",
        /// Whose next ones are held.
        Held = "held",
    }
}

/// As the partial index has it.
const UNDECIDED: &str = "items.campaign_id IS NOT NULL AND (items.queue IS NOT NULL OR (items.state = 'published' AND items.looked_at IS NULL))";

/// How many campaigns of the last [`DAYS`] have something undecided, for the side bar.
pub fn count_open(db: &mut Db) -> QueryResult<i64> {
    campaigns::table
        .filter(campaigns::opened_at.is_not_null())
        .filter(campaigns::last_at.gt(now() - Duration::days(DAYS)))
        .filter(exists(
            items::table
                .filter(fixed::<Bool>(UNDECIDED))
                .filter(items::campaign_id.eq(campaigns::id.nullable())),
        ))
        .count()
        .get_result(db)
}

/// Where a page ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    at: NaiveDateTime,
    id: CampaignId,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.at.and_utc().timestamp_micros(), self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();

    fn from_str(word: &str) -> Result<Cursor, ()> {
        let (at, id) = word.split_once('_').ok_or(())?;
        let at = chrono::DateTime::from_timestamp_micros(at.parse().map_err(|_| ())?);
        Ok(Cursor {
            at: at.ok_or(())?.naive_utc(),
            id: id.parse().map_err(|_| ())?,
        })
    }
}

/// The campaigns with the newest texts first, and where the next page begins.
pub fn list(
    db: &mut Db,
    show: Show,
    after: Option<Cursor>,
) -> QueryResult<(Vec<Card>, Option<Cursor>)> {
    let undecided = || {
        items::table
            .filter(fixed::<Bool>(UNDECIDED))
            .filter(items::campaign_id.eq(campaigns::id.nullable()))
    };
    let mut query = campaigns::table
        .filter(campaigns::opened_at.is_not_null())
        .order((campaigns::last_at.desc(), campaigns::id.desc()))
        .limit(PAGE + 1)
        .select(Campaign::as_select())
        .into_boxed();
    query = match show {
        Show::Open => query.filter(exists(undecided())),
        Show::Decided => query.filter(not(exists(undecided()))),
        Show::Held => query.filter(campaigns::held_until.gt(now())),
    };
    if let Some(Cursor { at, id }) = after {
        query = query.filter(
            sql::<Bool>("(campaigns.last_at, campaigns.id) < (")
                .bind::<Timestamp, _>(at)
                .sql(", ")
                .bind::<BigInt, _>(id)
                .sql(")"),
        );
    }
    let mut page: Vec<Campaign> = query.load(db)?;
    let more = page.len() as i64 > PAGE;
    page.truncate(PAGE as usize);
    let next = page.last().filter(|_| more).map(|last| Cursor {
        at: last.last_at,
        id: last.id,
    });
    Ok((Card::load(db, page)?, next))
}

/// A campaign with all that a decision on it needs.
pub struct Card {
    pub campaign: Campaign,
    pub states: Vec<(State, i64)>,
    /// Nobody has decided them.
    pub undecided: i64,
    /// The score of the least and of the most likely spam.
    pub scores: Option<(f64, f64)>,
    /// Up to here a decision on all of it goes.
    pub newest: Option<ItemId>,
    /// Those with the most texts, and how many there are.
    pub accounts: Vec<(String, i64)>,
    pub people: usize,
    pub places: Vec<(Place, i64)>,
    pub threads: usize,
    /// The newest text in pieces, each with whether the others say it too.
    pub example: Vec<(bool, String)>,
    /// The last decision on all of it.
    pub decided: Option<Told>,
    pub held_by: Option<String>,
}

impl Card {
    pub fn find(db: &mut Db, id: CampaignId) -> QueryResult<Card> {
        let campaign = Campaign::find(db, id)?;
        let card = Card::load(db, vec![campaign])?.pop();
        card.ok_or(diesel::result::Error::NotFound)
    }

    /// In the order given.
    fn load(db: &mut Db, page: Vec<Campaign>) -> QueryResult<Vec<Card>> {
        if page.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<CampaignId> = page.iter().map(|campaign| campaign.id).collect();
        type Standing = (
            Option<CampaignId>,
            State,
            i64,
            Option<f64>,
            Option<f64>,
            Option<ItemId>,
        );
        let standings: Vec<Standing> = items::table
            .filter(items::campaign_id.eq_any(&ids))
            .group_by((items::campaign_id, items::state))
            .select((
                items::campaign_id,
                items::state,
                count_star(),
                min(items::score),
                max(items::score),
                max(items::id),
            ))
            .order(items::state)
            .load(db)?;
        let undecided: Vec<(Option<CampaignId>, i64)> = items::table
            .filter(fixed::<Bool>(UNDECIDED))
            .filter(items::campaign_id.eq_any(&ids))
            .group_by(items::campaign_id)
            .select((items::campaign_id, count_star()))
            .load(db)?;
        let (mut accounts, names) = accounts(db, &ids)?;
        let (mut places, sites) = places(db, &ids)?;
        let mut examples = examples(db, &ids)?;
        let batches: Vec<BatchId> = page.iter().filter_map(|found| found.batch_id).collect();
        let told = Batch::told(db, &batches)?;
        let holders: HashMap<UserId, String> = users::table
            .filter(users::id.eq_any(page.iter().filter_map(|found| found.held_by)))
            .select((users::id, users::username))
            .load(db)?
            .into_iter()
            .collect();
        Ok(page
            .into_iter()
            .map(|campaign| {
                let mine = || standings.iter().filter(|row| row.0 == Some(campaign.id));
                let lowest = mine().filter_map(|row| row.3).reduce(f64::min);
                let highest = mine().filter_map(|row| row.4).reduce(f64::max);
                let (people, accounts) = accounts.remove(&campaign.id).unwrap_or_default();
                let (threads, places) = places.remove(&campaign.id).unwrap_or_default();
                Card {
                    states: mine().map(|row| (row.1, row.2)).collect(),
                    undecided: undecided
                        .iter()
                        .find(|(id, _)| *id == Some(campaign.id))
                        .map_or(0, |(_, n)| *n),
                    scores: lowest.zip(highest),
                    newest: mine().filter_map(|row| row.5).max(),
                    accounts: named(accounts, &names),
                    people,
                    places: named(places, &sites),
                    threads,
                    example: examples.remove(&campaign.id).unwrap_or_default(),
                    decided: told
                        .iter()
                        .find(|told| Some(told.batch.id) == campaign.batch_id)
                        .cloned(),
                    held_by: campaign.held_by.and_then(|id| holders.get(&id).cloned()),
                    campaign,
                }
            })
            .collect())
    }

    pub fn count(&self, state: State) -> i64 {
        let found = self.states.iter().find(|(of, _)| *of == state);
        found.map_or(0, |(_, n)| *n)
    }
}

/// How many there are in each campaign, and those with the most texts.
type Most<K> = HashMap<CampaignId, (usize, Vec<(K, i64)>)>;

fn most<K>(rows: Vec<(Option<CampaignId>, K, i64)>) -> Most<K> {
    let mut of: Most<K> = HashMap::new();
    for (id, what, n) in rows {
        if let Some(id) = id {
            let (all, most) = of.entry(id).or_insert_with(|| (0, Vec::new()));
            *all += 1;
            most.push((what, n));
        }
    }
    for (_, most) in of.values_mut() {
        most.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        most.truncate(NAMED);
    }
    of
}

/// With their names, or without those who have none any more.
fn named<K: Eq + std::hash::Hash, T: Clone>(
    most: Vec<(K, i64)>,
    names: &HashMap<K, T>,
) -> Vec<(T, i64)> {
    let named = most.into_iter();
    named
        .filter_map(|(key, n)| Some((names.get(&key)?.clone(), n)))
        .collect()
}

fn accounts(
    db: &mut Db,
    ids: &[CampaignId],
) -> QueryResult<(Most<UserId>, HashMap<UserId, String>)> {
    let most = most(
        items::table
            .filter(items::campaign_id.eq_any(ids))
            .group_by((items::campaign_id, items::author_id))
            .select((items::campaign_id, items::author_id, count_star()))
            .load(db)?,
    );
    let all = most.values().flat_map(|(_, most)| most);
    let names: Vec<(UserId, String)> = users::table
        .filter(users::id.eq_any(all.map(|(id, _)| *id)))
        .select((users::id, users::username))
        .load(db)?;
    Ok((most, names.into_iter().collect()))
}

fn places(db: &mut Db, ids: &[CampaignId]) -> QueryResult<(Most<ItemId>, HashMap<ItemId, Place>)> {
    let rows: Vec<(Option<CampaignId>, Option<ItemId>, i64)> = items::table
        .filter(items::campaign_id.eq_any(ids))
        .group_by((items::campaign_id, items::project_id))
        .select((items::campaign_id, items::project_id, count_star()))
        .load(db)?;
    let rows = rows.into_iter();
    let most = most(rows.filter_map(|(id, on, n)| Some((id, on?, n))).collect());
    let all = most.values().flat_map(|(_, most)| most);
    let places: Vec<(ItemId, String, String)> = projects::table
        .filter(projects::id.eq_any(all.map(|(id, _)| *id)))
        .select((projects::id, projects::slug, projects::title))
        .load(db)?;
    let places = places.into_iter();
    let places = places.map(|(id, slug, title)| (id, Place { slug, title }));
    Ok((most, places.collect()))
}

/// The newest text of each that is still there, beside the few before it.
fn examples(
    db: &mut Db,
    ids: &[CampaignId],
) -> QueryResult<HashMap<CampaignId, Vec<(bool, String)>>> {
    let newest = dialect::newest_alike(db, ids, COMPARED)?;
    let mut of: BTreeMap<ItemId, CampaignId> = BTreeMap::new();
    of.extend(newest.iter().map(|row| (row.id, row.campaign_id)));
    let texts: Vec<(ItemId, String)> = revisions::table
        .filter(revisions::item_id.eq_any(of.keys().copied().collect::<Vec<_>>()))
        .filter(CurrentText)
        .filter(revisions::text.ne(""))
        .order((revisions::item_id.desc(), revisions::number.desc()))
        .select((revisions::item_id, revisions::text))
        .load(db)?;
    let mut texts_of: HashMap<CampaignId, Vec<String>> = HashMap::new();
    for (item, text) in texts {
        texts_of.entry(of[&item]).or_default().push(text);
    }
    Ok(texts_of
        .into_iter()
        .filter_map(|(id, texts)| {
            let (example, others) = texts.split_first()?;
            let others: Vec<&str> = others.iter().map(String::as_str).collect();
            Some((id, alike::in_common(example, &others)))
        })
        .collect())
}

/// One of the newest texts of a campaign.
#[derive(Clone, Debug, QueryableByName)]
pub struct Alike {
    #[diesel(sql_type = BigInt)]
    pub campaign_id: CampaignId,
    #[diesel(sql_type = BigInt)]
    pub id: ItemId,
    #[diesel(sql_type = BigInt)]
    simhash: i64,
    #[diesel(sql_type = Text)]
    pub kind: Kind,
    #[diesel(sql_type = Text)]
    pub state: State,
    #[diesel(sql_type = Timestamp)]
    pub at: NaiveDateTime,
    #[diesel(sql_type = Text)]
    pub author: String,
    /// How many texts the campaign has.
    #[diesel(sql_type = Integer)]
    items: i32,
    #[diesel(sql_type = Bool)]
    pub is_open: bool,
}

/// What is said on an item's card of the texts that are like it.
#[derive(Clone, Debug)]
pub struct Kin {
    pub campaign: CampaignId,
    /// Moderators see it as a campaign.
    pub is_open: bool,
    /// How many others.
    pub others: i32,
    pub nearest: Vec<Alike>,
}

/// What is like these items, in one query for all.
pub fn kin(db: &mut Db, page: &[&Item]) -> QueryResult<HashMap<ItemId, Kin>> {
    let mut ids: Vec<CampaignId> = page.iter().filter_map(|item| item.campaign_id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let newest = dialect::newest_alike(db, &ids, NEWEST)?;
    let kin = page.iter().filter_map(|item| {
        let own = item.simhash.unwrap_or(0) as u64;
        let others = newest
            .iter()
            .filter(|row| Some(row.campaign_id) == item.campaign_id && row.id != item.id);
        let mut nearest: Vec<Alike> = others.cloned().collect();
        nearest.sort_by_key(|row| alike::distance(own, row.simhash as u64));
        nearest.truncate(NEAREST);
        let first = nearest.first()?;
        let kin = Kin {
            campaign: first.campaign_id,
            is_open: first.is_open,
            others: first.items - 1,
            nearest,
        };
        Some((item.id, kin))
    });
    Ok(kin.collect())
}
