//! Queues: named lists of items that wait for a person.
//!
//! A [`Filter`] is what a queue's address says: which list, and what is left out of it. Every filter
//! but the text, and every order, is served by an index that holds all they ask for (see the
//! migration `record_facts`): what a page costs depends neither on how deep it lies nor, but for the
//! length of the list itself, on how little matches. A text is looked for in the order of the page,
//! a bounded number at a time.

use super::appeal;
use super::verdict::{Label, Seen};
use crate::account::escape_like;
use crate::condition::{CurrentText, among, fixed};
use crate::db::{CampaignId, ItemId, ModelId, now};
use crate::item::{Item, Kind, Queue, State};
use crate::schema::{claims, item_domains, items, projects, reports, revisions, users, verdicts};
use crate::{Db, QueryResult, words};
use chrono::{DateTime, Duration, NaiveDateTime};
use diesel::dsl::{count_star, min, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Nullable, Text, Timestamp};
use std::collections::{HashMap, HashSet};

pub use super::entry::{Author, Content, Earlier, Entry, Parent, Place, these};

/// Items of a page.
pub const PAGE: i64 = 50;
/// A page counts what matches its filter up to here: beyond, nobody asks for the last digit, and
/// counting would cost more than the page.
pub const COUNTED: i64 = 1_000;
/// Texts that one page looks through at most for words, before it asks whether to go on.
pub const LOOKED_THROUGH: usize = 10_000;
const AT_ONCE: i64 = 1_000;
/// What was published before so many days and never looked at does not wait to be looked over.
pub const RECENT_DAYS: i64 = 60;

type Backend = <Db as Connection>::Backend;

diesel::define_sql_function! { fn lower(text: Text) -> Text; }

words! {
    /// The lists of the desk. Recent is what was published and nobody has looked at.
    pub enum Name {
        Held = "held",
        Spam = "spam",
        Reported = "reported",
        Recent = "recent",
        Projects = "projects",
        /// All of an author, a domain, a network, a campaign or a project, in whatever state. Not in
        /// the side bar, for it waits for nobody.
        Everything = "everything",
    }
}

impl Name {
    /// Those that wait for people, as the side bar has them.
    pub const WAITING: [Name; 5] = [
        Name::Held,
        Name::Spam,
        Name::Reported,
        Name::Recent,
        Name::Projects,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Name::Held => "Held",
            Name::Spam => "Spam",
            Name::Reported => "Reported",
            Name::Recent => "Recent",
            Name::Projects => "Projects",
            Name::Everything => "Everything",
        }
    }

    /// The order in which a queue is best worked off.
    pub fn usual_order(self) -> Order {
        match self {
            Name::Held => Order::Doubtful,
            Name::Spam => Order::Surest,
            Name::Reported => Order::Reported,
            Name::Projects => Order::Oldest,
            Name::Recent | Name::Everything => Order::Newest,
        }
    }
}

words! {
    /// Spam also shows what people decided, so that it can be restored.
    pub enum Show { Waiting = "waiting", Decided = "decided", Removed = "removed" }
}

words! {
    pub enum Order {
        /// Nearest to even odds first: where a person helps most.
        Doubtful = "doubtful",
        Surest = "surest",
        Oldest = "oldest",
        Newest = "newest",
        /// Heaviest first, as its reporters were right until now.
        Reported = "reported",
        /// What readers are shown most while it waits.
        Seen = "seen",
    }
}

/// What the address of a queue asks for. Empty and None: anything.
#[derive(Clone, Debug)]
pub struct Filter {
    pub queue: Name,
    pub show: Show,
    pub text: String,
    pub author: String,
    /// The slug of a project.
    pub project: String,
    pub kind: Option<Kind>,
    /// The step that decided.
    pub why: String,
    pub score_from: Option<f64>,
    pub score_to: Option<f64>,
    /// Only what was drawn at random, to see how well the filter does.
    pub sample: bool,
    /// A host or a domain that the text links to.
    pub domain: String,
    /// The keyed hash of a network, from a link on an item.
    pub network: String,
    /// In hours.
    pub younger: Option<i64>,
    pub older: Option<i64>,
    /// What the text is written in.
    pub script: String,
    /// Nothing of the author's had been published when it was written.
    pub first: bool,
    pub maker: Option<bool>,
    /// Held by this moderator, for the time being.
    pub claimed: String,
    /// Without what is [`SURE`] spam and nobody drew: see [`Settings::sure_spam`].
    ///
    /// [`Settings::sure_spam`]: crate::settings::Settings::sure_spam
    pub unsure: bool,
    pub campaign: Option<CampaignId>,
    /// Nothing that came later: what "all that match" meant when it was shown.
    pub until: Option<ItemId>,
}

/// Where a page ends: the key of its last item in the order, and the item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    pub key: f64,
    pub id: ItemId,
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
        let key: f64 = key.parse().map_err(|_| ())?;
        let id = id.parse().map_err(|_| ())?;
        key.is_finite().then_some(Cursor { key, id }).ok_or(())
    }
}

/// How many wait in a queue, and since when.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    pub queue: Name,
    pub items: i64,
    pub oldest: Option<NaiveDateTime>,
}

/// Written out, not bound, so that SQLite sees that its partial indices hold all of it.
pub(crate) const RECENT: &str =
    "items.state = 'published' AND items.looked_at IS NULL AND items.queue IS NULL";
const DECIDED: &str = "items.queue IS NULL AND items.state IN ('spam', 'removed')";
const REPORTED: &str = "items.reports > 0";
const SAMPLED: &str = "items.sampled";
/// What lies in Spam by these is sure: the filter is, or a person called all of the campaign spam.
pub const SURE: [&str; 2] = ["filter", "campaign"];
/// Nothing is added to them but this: no other index can serve them then. A planner that knows
/// nothing of the skew would read all that a busy author ever wrote, row by row.
const ITEM: &str = "(+items.id)";
const AUTHOR: &str = "(+items.author_id)";
const PROJECT: &str = "(+items.project_id)";
const KIND: &str = "(items.kind || '')";
/// As the indices have them.
const DOUBT: &str = "abs(coalesce(items.score, 0.5) - 0.5)";
const SURENESS: &str = "(-coalesce(items.score, -1.0))";
const REPORTS: &str = "(-items.reports)";
const REPORT_WEIGHT: &str = "(-items.report_weight)";
const VIEWS: &str = "(-items.views)";
/// Of equals the newest first: most have no report at all, and the oldest of those are of years ago.
const NEWEST: &str = "(-items.id)";

impl Filter {
    pub fn all_of(queue: Name) -> Filter {
        Filter {
            queue,
            show: Show::Waiting,
            text: String::new(),
            author: String::new(),
            project: String::new(),
            kind: None,
            why: String::new(),
            score_from: None,
            score_to: None,
            sample: false,
            domain: String::new(),
            network: String::new(),
            younger: None,
            older: None,
            script: String::new(),
            first: false,
            maker: None,
            claimed: String::new(),
            unsure: false,
            campaign: None,
            until: None,
        }
    }

    /// Whether it leaves anything out.
    pub fn narrows(&self) -> bool {
        let words = [
            &self.text,
            &self.author,
            &self.project,
            &self.why,
            &self.domain,
            &self.network,
            &self.script,
            &self.claimed,
        ];
        words.iter().any(|word| !word.is_empty())
            || self.kind.is_some()
            || self.score_from.is_some()
            || self.score_to.is_some()
            || self.younger.is_some()
            || self.older.is_some()
            || self.maker.is_some()
            || self.campaign.is_some()
            || self.first
            || self.sample
    }

    /// Everything is of somebody or something: all of the site in one list would be nobody's work.
    pub fn names_what(&self) -> bool {
        let of = [&self.author, &self.domain, &self.network, &self.project];
        self.campaign.is_some() || of.iter().any(|word| !word.is_empty())
    }

    /// The campaign, if all of it is meant and nothing else is asked for.
    pub fn whole_campaign(&self) -> Option<CampaignId> {
        let bare = Filter {
            campaign: None,
            ..self.clone()
        };
        let whole = self.queue == Name::Everything && !bare.narrows();
        self.campaign.filter(|_| whole)
    }

    /// The newest first where words are looked for: a search ends before it has seen everything. And of
    /// what people decided: what was written lately is what is mostly taken back, and the index has it
    /// in that order.
    pub fn usual_order(&self) -> Order {
        match self.show {
            Show::Waiting if self.text.is_empty() => self.queue.usual_order(),
            _ => Order::Newest,
        }
    }

    /// All that it asks for but the text.
    fn without_text(&self) -> items::BoxedQuery<'_, Backend> {
        let mut query = items::table.into_boxed();
        // There no index of a queue serves, but those of what is asked for do, in the order of the
        // items' numbers.
        let (item_id, author_id, project_id) = match self.queue {
            Name::Everything => ("items.id", "items.author_id", "items.project_id"),
            _ => (ITEM, AUTHOR, PROJECT),
        };
        query = match (self.queue, self.show) {
            (Name::Spam, Show::Decided) => query
                .filter(fixed::<Bool>(DECIDED))
                .filter(items::state.eq(State::Spam)),
            (Name::Spam, Show::Removed) => query
                .filter(fixed::<Bool>(DECIDED))
                .filter(items::state.eq(State::Removed)),
            (Name::Held, _) => query.filter(items::queue.eq(Queue::Held)),
            (Name::Spam, Show::Waiting) => query.filter(items::queue.eq(Queue::Spam)),
            (Name::Projects, _) => query.filter(items::queue.eq(Queue::Projects)),
            // What its author deleted needs no answer any more.
            (Name::Reported, _) => query
                .filter(fixed::<Bool>(REPORTED))
                .filter(items::state.ne(State::Deleted)),
            (Name::Recent, _) => {
                let query = query.filter(fixed::<Bool>(RECENT));
                // What was drawn waits for people however old it is.
                if self.sample {
                    query
                } else {
                    query.filter(items::created_at.gt(now() - Duration::days(RECENT_DAYS)))
                }
            }
            (Name::Everything, _) if self.names_what() => {
                query.filter(items::state.ne(State::Draft))
            }
            (Name::Everything, _) => query.filter(fixed::<Bool>("1 = 0")),
        };
        if !self.author.is_empty() {
            let author = users::table
                .filter(users::username.eq(&self.author))
                .select(users::id);
            query = query.filter(fixed::<Nullable<BigInt>>(author_id).eq(author.single_value()));
        }
        if !self.project.is_empty() {
            let project = projects::table
                .filter(projects::slug.eq(&self.project))
                .select(projects::id);
            query = query.filter(fixed::<Nullable<BigInt>>(project_id).eq(project.single_value()));
        }
        if !self.domain.is_empty() {
            let linking = item_domains::table
                .filter(item_domains::domain.eq(&self.domain))
                .select(item_domains::item_id)
                // Nothing is left out by it: PostgreSQL reads the domain once and not once an item.
                .limit(i64::MAX);
            query = query.filter(fixed::<BigInt>(item_id).eq_any(linking));
        }
        if !self.network.is_empty() {
            query = query.filter(items::network.eq(&self.network));
        }
        if let Some(campaign) = self.campaign {
            query = query.filter(items::campaign_id.eq(campaign));
        }
        if let Some(hours) = self.younger {
            query = query.filter(items::created_at.gt(now() - Duration::hours(hours)));
        }
        if let Some(hours) = self.older {
            query = query.filter(items::created_at.le(now() - Duration::hours(hours)));
        }
        if !self.script.is_empty() {
            query = query.filter(items::script.eq(&self.script));
        }
        if self.first {
            query = query.filter(items::newcomer.eq(true));
        }
        if let Some(maker) = self.maker {
            query = query.filter(items::by_maker.eq(maker));
        }
        if let Some(kind) = self.kind {
            query = query.filter(fixed::<Text>(KIND).eq(kind.as_str()));
        }
        if !self.why.is_empty() {
            query = query.filter(items::why.eq(&self.why));
        }
        if let Some(from) = self.score_from {
            query = query.filter(items::score.ge(from));
        }
        if let Some(to) = self.score_to {
            query = query.filter(items::score.le(to));
        }
        if self.sample {
            query = query.filter(fixed::<Bool>(SAMPLED));
        }
        if !self.claimed.is_empty() {
            let held = claims::table
                .inner_join(users::table.on(users::id.eq(claims::user_id)))
                .filter(users::username.eq(&self.claimed))
                .filter(claims::until.gt(now()))
                .select(claims::item_id);
            query = query.filter(items::id.eq_any(held));
        }
        if self.unsure && self.queue == Name::Spam && self.show == Show::Waiting {
            query = query.filter(items::why.ne_all(SURE).or(fixed::<Bool>(SAMPLED)));
        }
        if let Some(until) = self.until {
            query = query.filter(items::id.le(until));
        }
        query
    }

    fn pattern(&self) -> String {
        format!("%{}%", escape_like(&self.text))
    }

    pub(super) fn matching(&self) -> items::BoxedQuery<'_, Backend> {
        let query = self.without_text();
        if self.text.is_empty() {
            return query;
        }
        let texts = revisions::table
            .filter(CurrentText)
            .filter(
                lower(revisions::text)
                    .like(lower(self.pattern()))
                    .escape('\\'),
            )
            .select(revisions::item_id);
        query.filter(items::id.eq_any(texts))
    }

    /// Those of these items whose text has the words.
    fn with_text(&self, db: &mut Db, keys: &[Cursor]) -> QueryResult<HashSet<ItemId>> {
        let found: Vec<ItemId> = revisions::table
            .filter(among(revisions::item_id, keys.iter().map(|key| key.id)))
            .filter(CurrentText)
            .filter(
                lower(revisions::text)
                    .like(lower(self.pattern()))
                    .escape('\\'),
            )
            .select(revisions::item_id)
            .load(db)?;
        Ok(found.into_iter().collect())
    }

    pub fn count(&self, db: &mut Db) -> QueryResult<i64> {
        self.matching().select(count_star()).first(db)
    }

    /// Oldest first from after an item on, as they are now: what somebody decides in between is left
    /// to them.
    pub fn seen(&self, db: &mut Db, after: ItemId, limit: i64) -> QueryResult<Vec<Seen>> {
        let rows: Vec<(Kind, ItemId, i32)> = self
            .matching()
            .filter(items::id.gt(after))
            .order(items::id)
            .limit(limit)
            .select((items::kind, items::id, items::version))
            .load(db)?;
        Ok(rows.into_iter().map(Seen::from).collect())
    }

    /// One page in an order, and where the next begins. A page of a search for words may have fewer
    /// items than its size though another follows: it ends when it has looked through enough.
    pub fn page(
        &self,
        db: &mut Db,
        order: Order,
        after: Option<Cursor>,
        size: i64,
    ) -> QueryResult<(Vec<Item>, Option<Cursor>)> {
        let searches = !self.text.is_empty();
        let limit = if searches { AT_ONCE } else { size + 1 };
        let (mut page, mut from, mut looked): (Vec<Cursor>, _, usize) = (Vec::new(), after, 0);
        let next = loop {
            let mut keys = self.keys(db, order, from, limit)?;
            let all = (keys.len() as i64) < limit;
            looked += keys.len();
            from = keys.last().copied();
            if searches {
                let found = self.with_text(db, &keys)?;
                keys.retain(|key| found.contains(&key.id));
            }
            page.extend(keys);
            if page.len() > size as usize {
                page.truncate(size as usize);
                break page.last().copied();
            }
            if all {
                break None;
            }
            if looked >= LOOKED_THROUGH {
                break from;
            }
        };
        Ok((read(db, &page)?, next))
    }

    /// The first page, where the next begins, and how many match: up to one more than [`COUNTED`].
    /// One look at the index for all of it; not for words, which no index has.
    pub fn first_page(
        &self,
        db: &mut Db,
        order: Order,
        size: i64,
    ) -> QueryResult<(Vec<Item>, Option<Cursor>, i64)> {
        let mut keys = self.keys(db, order, None, COUNTED + 1)?;
        let matching = keys.len() as i64;
        keys.truncate(size as usize);
        let next = keys.last().copied().filter(|_| matching > size);
        Ok((read(db, &keys)?, next, matching))
    }

    /// Where the next items stand in an order. Their rows are not read: an index has it all.
    fn keys(
        &self,
        db: &mut Db,
        order: Order,
        after: Option<Cursor>,
        limit: i64,
    ) -> QueryResult<Vec<Cursor>> {
        if self.queue == Name::Everything {
            return self.keys_by_number(db, order, after, limit);
        }
        let mut query = self.without_text();
        query = match order {
            Order::Doubtful => query.order((fixed::<Double>(DOUBT).asc(), items::id.asc())),
            Order::Surest => query.order((fixed::<Double>(SURENESS).asc(), items::id.asc())),
            Order::Oldest => query.order((items::created_at.asc(), items::id.asc())),
            Order::Newest => query.order((items::created_at.desc(), items::id.desc())),
            Order::Reported if self.queue == Name::Reported => {
                query.order((fixed::<Double>(REPORT_WEIGHT).asc(), items::id.asc()))
            }
            Order::Reported => query.order((
                fixed::<Double>(REPORTS).asc(),
                fixed::<BigInt>(NEWEST).asc(),
            )),
            Order::Seen => {
                query.order((fixed::<Double>(VIEWS).asc(), fixed::<BigInt>(NEWEST).asc()))
            }
        };
        if let Some(Cursor { key, id }) = after {
            // Compared as rows, which an index can serve; "or" it could not.
            let beyond_at = |start, id| {
                sql::<Bool>(start)
                    .bind::<Double, _>(key)
                    .sql(", ")
                    .bind::<BigInt, _>(id)
                    .sql(")")
            };
            let beyond = |start| beyond_at(start, id);
            let beyond_new = |start| beyond_at(start, ItemId(id.0.wrapping_neg()));
            let by_time = |start| {
                sql::<Bool>(start)
                    .bind::<Timestamp, _>(time_of(key))
                    .sql(", ")
                    .bind::<BigInt, _>(id)
                    .sql(")")
            };
            query = match order {
                Order::Doubtful => query.filter(beyond(
                    "(abs(coalesce(items.score, 0.5) - 0.5), items.id) > (",
                )),
                Order::Surest => {
                    query.filter(beyond("((-coalesce(items.score, -1.0)), items.id) > ("))
                }
                Order::Reported if self.queue == Name::Reported => {
                    query.filter(beyond("((-items.report_weight), items.id) > ("))
                }
                Order::Reported => query.filter(beyond_new("((-items.reports), (-items.id)) > (")),
                Order::Seen => query.filter(beyond_new("((-items.views), (-items.id)) > (")),
                Order::Oldest => query.filter(by_time("(items.created_at, items.id) > (")),
                Order::Newest => query.filter(by_time("(items.created_at, items.id) < (")),
            };
        }
        // Each only where the index of the order has it. Among what is reported, by what the reports
        // weigh; elsewhere, where no index has that, by how many there are.
        let number = match (order, self.queue) {
            (Order::Seen, _) => "CAST(items.views AS DOUBLE PRECISION)",
            (_, Name::Reported) => "items.report_weight",
            _ => "CAST(items.reports AS DOUBLE PRECISION)",
        };
        type Row = (ItemId, Option<f64>, NaiveDateTime, f64);
        let rows: Vec<Row> = query
            .limit(limit)
            .select((
                items::id,
                items::score,
                items::created_at,
                fixed::<Double>(number),
            ))
            .load(db)?;
        Ok(rows
            .into_iter()
            .map(|(id, score, created_at, number)| Cursor {
                id,
                key: match order {
                    Order::Doubtful => (score.unwrap_or(0.5) - 0.5).abs(),
                    Order::Surest => -score.unwrap_or(-1.0),
                    Order::Reported | Order::Seen => -number,
                    // Microseconds until the year 2255 fit exactly.
                    Order::Oldest | Order::Newest => created_at.and_utc().timestamp_micros() as f64,
                },
            })
            .collect())
    }

    /// In the order in which they were submitted.
    fn keys_by_number(
        &self,
        db: &mut Db,
        order: Order,
        after: Option<Cursor>,
        limit: i64,
    ) -> QueryResult<Vec<Cursor>> {
        let mut query = self.without_text().limit(limit).select(items::id);
        query = match order {
            Order::Oldest => query.order(items::id.asc()),
            _ => query.order(items::id.desc()),
        };
        if let Some(Cursor { id, .. }) = after {
            query = match order {
                Order::Oldest => query.filter(items::id.gt(id)),
                _ => query.filter(items::id.lt(id)),
            };
        }
        let ids: Vec<ItemId> = query.load(db)?;
        let keys = ids.into_iter().map(|id| Cursor { key: 0.0, id });
        Ok(keys.collect())
    }
}

/// The items of a page, in its order.
fn read(db: &mut Db, page: &[Cursor]) -> QueryResult<Vec<Item>> {
    let ids: Vec<ItemId> = page.iter().map(|key| key.id).collect();
    let mut rows: HashMap<ItemId, Item> = items::table
        .filter(among(items::id, &ids))
        .select(Item::as_select())
        .load(db)?
        .into_iter()
        .map(|item: Item| (item.id, item))
        .collect();
    Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
}

fn time_of(key: f64) -> NaiveDateTime {
    DateTime::from_timestamp_micros(key as i64)
        .unwrap_or_default()
        .naive_utc()
}

/// How many wait in each queue; in Spam also what is [`SURE`], unless that is left out.
pub fn counts(db: &mut Db, unsure: bool) -> QueryResult<Vec<Count>> {
    counts_but(db, unsure, &[])
}

/// As [`counts`], but for queues that are known to be large and were counted a moment ago.
pub fn counts_but(db: &mut Db, unsure: bool, known: &[Count]) -> QueryResult<Vec<Count>> {
    Name::WAITING
        .iter()
        .map(|&name| {
            if let Some(known) = known.iter().find(|known| known.queue == name) {
                return Ok(*known);
            }
            let all = Filter {
                unsure: unsure && name == Name::Spam,
                ..Filter::all_of(name)
            };
            // Two questions of an index in one statement: as one they would be asked of every item.
            let items = all.matching().select(count_star()).single_value();
            // What is reported waits since it was reported.
            let (items, oldest): (Option<i64>, Option<NaiveDateTime>) = match name {
                Name::Reported => {
                    let open = reports::table.filter(reports::closed_by.is_null());
                    let oldest = open.select(min(reports::created_at)).single_value();
                    diesel::select((items, oldest)).get_result(db)?
                }
                _ => {
                    let oldest = all.matching().select(min(items::created_at)).single_value();
                    diesel::select((items, oldest)).get_result(db)?
                }
            };
            Ok(Count {
                queue: name,
                items: items.unwrap_or(0),
                oldest,
            })
        })
        .collect()
}

/// How many items wait for moderators, in all queues but Recent, and how many appeals of what waits in
/// none.
pub fn waiting(db: &mut Db) -> QueryResult<i64> {
    let queued: i64 = items::table
        .filter(items::queue.eq_any([Queue::Held, Queue::Spam, Queue::Projects]))
        .count()
        .get_result(db)?;
    let reported: i64 = Filter::all_of(Name::Reported)
        .matching()
        .filter(items::queue.is_null().or(items::queue.eq(Queue::Maker)))
        .select(count_star())
        .first(db)?;
    Ok(queued + reported + appeal::of_decided(db)?)
}

/// Labels that people have given until now and not taken back: (spam, ham).
pub fn labels(db: &mut Db) -> QueryResult<(i64, i64)> {
    // The newest of each item counts.
    let given = diesel::alias!(verdicts as given);
    let newest = given
        .filter(
            given
                .field(verdicts::label)
                .is_not_null()
                .and(given.field(verdicts::undone_at).is_null()),
        )
        .filter(given.field(verdicts::item_id).eq(verdicts::item_id))
        .order(given.field(verdicts::id).desc())
        .limit(1)
        .select(given.field(verdicts::id));
    let rows: Vec<(Option<Label>, i64)> = verdicts::table
        .filter(verdicts::id.eq_any(newest))
        .group_by(verdicts::label)
        .select((verdicts::label, count_star()))
        .load(db)?;
    let of = |label| {
        rows.iter()
            .find(|(found, _)| *found == Some(label))
            .map_or(0, |(_, n)| *n)
    };
    Ok((of(Label::Spam), of(Label::Ham)))
}

/// Which model scored it, when that is not the one in use.
pub fn scored_by_another(item: &Item, active: Option<ModelId>) -> Option<ModelId> {
    item.model_id.filter(|model| Some(*model) != active)
}
