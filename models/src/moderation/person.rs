//! A person as moderators see them: what they wrote and what was decided of it, who they share a
//! network or a text with, and the notes that moderators keep. And the list of people.

use super::log::Act;
use super::queue::{self, Entry};
use super::verdict::Verdict;
use crate::account::{Role, escape_like};
use crate::condition::fixed;
use crate::db::{BatchId, ItemId, NoteId, UserId, now};
use crate::item::{Kind, State};
use crate::schema::{batches, items, person_notes, revisions, sessions, users, verdicts};
use crate::{Db, QueryResult, words};
use chrono::NaiveDateTime;
use diesel::dsl::{count_star, max, min, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use std::collections::BTreeMap;

/// People of a page.
pub const PAGE: i64 = 50;
/// Of each outcome, and of what else a person's page lists.
const NEWEST: i64 = 10;
const VERDICTS: i64 = 20;
/// Accounts that one may be linked to, in each way.
const LINKED: i64 = 20;
pub const MAX_NOTE: usize = 2_000;

words! {
    /// Which people.
    pub enum Show {
        Newest = "newest",
        Suspended = "suspended",
        /// Most removed first.
        Removed = "removed",
        /// Most spam first.
        Spam = "spam",
    }
}

/// Where a page of the list ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub key: i64,
    pub id: UserId,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.key, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();

    fn from_str(word: &str) -> Result<Cursor, ()> {
        let (key, id) = word.split_once('_').ok_or(())?;
        Ok(Cursor {
            key: key.parse().map_err(|_| ())?,
            id: id.parse().map_err(|_| ())?,
        })
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Listed {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub role: Role,
    pub suspended_until: Option<NaiveDateTime>,
    pub created_at: NaiveDateTime,
}

/// People with their texts counted, and where the next page begins.
type Page = (Vec<(Listed, Tally)>, Option<Cursor>);

/// How many texts of a person lie where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub published: i64,
    pub held: i64,
    pub spam: i64,
    pub removed: i64,
}

/// People whose name holds `name` (any if empty), and where the next page begins.
pub fn list(db: &mut Db, name: &str, show: Show, after: Option<Cursor>) -> QueryResult<Page> {
    let (mut keys, by_count) = match show {
        Show::Removed => (most(db, State::Removed, name, after)?, true),
        Show::Spam => (most(db, State::Spam, name, after)?, true),
        Show::Newest | Show::Suspended => {
            let mut query = users::table
                .filter(users::robot.eq(false))
                .order(users::id.desc())
                .limit(PAGE + 1)
                .select(users::id)
                .into_boxed();
            if show == Show::Suspended {
                query = query.filter(users::suspended_until.gt(now()));
            }
            if !name.is_empty() {
                query = query.filter(users::username.like(pattern(name)).escape('\\'));
            }
            if let Some(after) = after {
                query = query.filter(users::id.lt(after.id));
            }
            let ids: Vec<UserId> = query.load(db)?;
            (ids.into_iter().map(|id| (id, 0)).collect::<Vec<_>>(), false)
        }
    };
    let more = keys.len() as i64 > PAGE;
    keys.truncate(PAGE as usize);
    let next = keys.last().filter(|_| more).map(|(id, count)| Cursor {
        key: if by_count { *count } else { 0 },
        id: *id,
    });
    let ids: Vec<UserId> = keys.iter().map(|(id, _)| *id).collect();
    let tallies = tallies(db, &ids)?;
    let mut people: Vec<Listed> = users::table
        .filter(users::id.eq_any(&ids))
        .select(Listed::as_select())
        .load(db)?;
    people.sort_by_key(|person| ids.iter().position(|id| *id == person.id));
    let people = people
        .into_iter()
        .map(|person| {
            let tally = tallies.get(&person.id).copied().unwrap_or_default();
            (person, tally)
        })
        .collect();
    Ok((people, next))
}

fn pattern(name: &str) -> String {
    format!("%{}%", escape_like(&name.to_lowercase()))
}

/// Whose texts were put away most, by the index of what was.
fn most(
    db: &mut Db,
    state: State,
    name: &str,
    after: Option<Cursor>,
) -> QueryResult<Vec<(UserId, i64)>> {
    // Written out as the partial index has it, so that SQLite sees that it holds all of it.
    let taken = match state {
        State::Spam => "(items.state IN ('removed', 'spam') AND items.state = 'spam')",
        _ => "(items.state IN ('removed', 'spam') AND items.state = 'removed')",
    };
    let mut query = items::table
        .group_by(items::author_id)
        .filter(fixed::<Bool>(taken))
        .select((items::author_id, count_star()))
        .order((count_star().desc(), items::author_id.asc()))
        .limit(PAGE + 1)
        .into_boxed();
    if !name.is_empty() {
        let named = users::table
            .filter(users::username.like(pattern(name)).escape('\\'))
            .select(users::id);
        query = query.filter(items::author_id.eq_any(named));
    }
    if let Some(Cursor { key, id }) = after {
        query = query.having(
            count_star().lt(key).or(count_star()
                .eq(key)
                .and(sql::<Bool>("items.author_id > ").bind::<BigInt, _>(id))),
        );
    }
    query.load(db)
}

pub fn tallies(db: &mut Db, people: &[UserId]) -> QueryResult<BTreeMap<UserId, Tally>> {
    let rows: Vec<(UserId, State, i64)> = items::table
        .filter(items::author_id.eq_any(people))
        .group_by((items::author_id, items::state))
        .select((items::author_id, items::state, count_star()))
        .load(db)?;
    let mut tallies: BTreeMap<UserId, Tally> = BTreeMap::new();
    for (author, state, n) in rows {
        let tally = tallies.entry(author).or_default();
        match state {
            State::Published => tally.published = n,
            State::Held => tally.held = n,
            State::Spam => tally.spam = n,
            State::Removed => tally.removed = n,
            State::Draft | State::Unlisted | State::Deleted => {}
        }
    }
    Ok(tallies)
}

/// The newest texts of a person by outcome, without those outcomes that have none.
pub fn newest(db: &mut Db, author: UserId) -> QueryResult<Vec<(State, Vec<Entry>)>> {
    const OUTCOMES: [State; 4] = [State::Published, State::Held, State::Spam, State::Removed];
    let mut ids: Vec<ItemId> = Vec::new();
    for state in OUTCOMES {
        let newest = items::table
            .filter(items::author_id.eq(author).and(items::state.eq(state)))
            .order(items::id.desc())
            .limit(NEWEST)
            .select(items::id);
        ids.extend(newest.load::<ItemId>(db)?);
    }
    let mut entries = queue::these(db, &ids)?;
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.item.id));
    let of = |state| -> Vec<Entry> {
        let found = entries.iter().filter(|entry| entry.item.state == state);
        found.cloned().collect()
    };
    let mut texts: Vec<_> = OUTCOMES.map(|state| (state, of(state))).into();
    texts.retain(|(_, entries)| !entries.is_empty());
    Ok(texts)
}

/// A verdict on one of their texts.
#[derive(Clone, Debug, Queryable)]
pub struct Received {
    pub item_id: ItemId,
    pub kind: Kind,
    pub batch_id: BatchId,
    pub verdict: Verdict,
    pub reason: String,
    pub by: String,
    pub at: NaiveDateTime,
    pub undone_at: Option<NaiveDateTime>,
}

/// Newest first.
pub fn verdicts_on(db: &mut Db, author: UserId) -> QueryResult<Vec<Received>> {
    verdicts::table
        .inner_join(items::table.on(items::id.eq(verdicts::item_id)))
        .inner_join(batches::table.on(batches::id.eq(verdicts::batch_id)))
        .inner_join(users::table.on(users::id.eq(verdicts::by_id)))
        .filter(items::author_id.eq(author))
        .order(verdicts::id.desc())
        .limit(VERDICTS)
        .select((
            verdicts::item_id,
            items::kind,
            verdicts::batch_id,
            verdicts::verdict,
            verdicts::reason,
            users::username,
            verdicts::created_at,
            verdicts::undone_at,
        ))
        .load(db)
}

/// A network that a person came from, and who else did.
#[derive(Clone, Debug)]
pub struct Network {
    hash: String,
    pub first: NaiveDateTime,
    pub last: NaiveDateTime,
    /// At most [`LINKED`].
    pub others: Vec<String>,
}

impl Network {
    /// Enough of the hash to tell one from another; the hash itself tells nothing of the address.
    pub fn token(&self) -> &str {
        self.hash.get(..6).unwrap_or(&self.hash)
    }
}

/// Where the account was made, was logged in, and where its texts came from; the latest first.
pub fn networks(db: &mut Db, person: UserId) -> QueryResult<Vec<Network>> {
    type Seen = (String, Option<NaiveDateTime>, Option<NaiveDateTime>);
    let mut seen: Vec<Seen> = items::table
        .filter(items::author_id.eq(person))
        .group_by(items::network)
        .select((
            items::network,
            min(items::created_at),
            max(items::created_at),
        ))
        .load(db)?;
    seen.extend(
        sessions::table
            .filter(sessions::user_id.eq(person))
            .group_by(sessions::network)
            .select((
                sessions::network,
                min(sessions::created_at),
                max(sessions::seen_at),
            ))
            .load::<Seen>(db)?,
    );
    let (made_in, made_at): (String, NaiveDateTime) = users::table
        .find(person)
        .select((users::network, users::created_at))
        .get_result(db)?;
    seen.push((made_in, Some(made_at), Some(made_at)));
    let mut spans: BTreeMap<String, (NaiveDateTime, NaiveDateTime)> = BTreeMap::new();
    for (hash, first, last) in seen {
        let (Some(first), Some(last)) = (first, last) else {
            continue;
        };
        if hash.is_empty() {
            continue;
        }
        let span = spans.entry(hash).or_insert((first, last));
        *span = (span.0.min(first), span.1.max(last));
    }
    let mut networks: Vec<Network> = spans
        .into_iter()
        .map(|(hash, (first, last))| Network {
            hash,
            first,
            last,
            others: Vec::new(),
        })
        .collect();
    networks.sort_by_key(|network| std::cmp::Reverse(network.last));
    networks.truncate(NEWEST as usize);
    for network in &mut networks {
        network.others = others_in(db, &network.hash, person)?;
    }
    Ok(networks)
}

fn others_in(db: &mut Db, network: &str, person: UserId) -> QueryResult<Vec<String>> {
    let wrote = items::table
        .filter(items::network.eq(network))
        .select(items::author_id);
    let came = sessions::table
        .filter(sessions::network.eq(network))
        .select(sessions::user_id);
    users::table
        .filter(users::id.ne(person))
        .filter(
            users::network
                .eq(network)
                .or(users::id.eq_any(wrote))
                .or(users::id.eq_any(came)),
        )
        .order(users::id.desc())
        .limit(LINKED)
        .select(users::username)
        .load(db)
}

/// Accounts that submitted the very same text, other than a few common words.
pub fn text_twins(db: &mut Db, person: UserId) -> QueryResult<Vec<String>> {
    // Short texts ("thank you!") are said by many.
    const LONG: &str = "length(revisions.text) >= 25 AND revisions.text_hash <> ''";
    let texts: Vec<String> = revisions::table
        .inner_join(items::table)
        .filter(items::author_id.eq(person))
        .filter(fixed::<Bool>(LONG))
        .order(revisions::id.desc())
        .limit(200)
        .select(revisions::text_hash)
        .load(db)?;
    revisions::table
        .inner_join(items::table.inner_join(users::table))
        .filter(revisions::text_hash.eq_any(texts))
        .filter(items::author_id.ne(person))
        .select(users::username)
        .distinct()
        .order(users::username)
        .limit(LINKED)
        .load(db)
}

/// A moderator's note about a person.
#[derive(Clone, Debug, Queryable)]
pub struct Note {
    pub id: NoteId,
    pub by_id: UserId,
    pub by: String,
    pub text: String,
    pub at: NaiveDateTime,
}

/// Newest first.
pub fn notes(db: &mut Db, person: UserId) -> QueryResult<Vec<Note>> {
    person_notes::table
        .inner_join(users::table.on(users::id.eq(person_notes::by_id)))
        .filter(person_notes::user_id.eq(person))
        .order(person_notes::id.desc())
        .select((
            person_notes::id,
            person_notes::by_id,
            users::username,
            person_notes::text,
            person_notes::created_at,
        ))
        .load(db)
}

/// In a write transaction. The log says that there is a note, and not what it says: notes can be
/// removed, the log cannot.
pub fn add_note(db: &mut Db, by: UserId, person: UserId, text: &str) -> QueryResult<()> {
    diesel::insert_into(person_notes::table)
        .values((
            person_notes::user_id.eq(person),
            person_notes::by_id.eq(by),
            person_notes::text.eq(text),
            person_notes::created_at.eq(now()),
        ))
        .execute(db)?;
    log_note(db, by, person, "added")
}

/// One's own; gives whom it was about.
pub fn remove_note(db: &mut Db, by: UserId, id: NoteId) -> QueryResult<Option<UserId>> {
    let mine = person_notes::table
        .find(id)
        .filter(person_notes::by_id.eq(by));
    let person: Option<UserId> = mine.select(person_notes::user_id).first(db).optional()?;
    if let Some(person) = person {
        diesel::delete(mine).execute(db)?;
        log_note(db, by, person, "removed")?;
    }
    Ok(person)
}

fn log_note(db: &mut Db, by: UserId, person: UserId, what: &str) -> QueryResult<()> {
    Act {
        actor: Some(by),
        act: "note",
        user: Some(person),
        detail: what,
        ..Act::default()
    }
    .write(db)
    .map(|_| ())
}
