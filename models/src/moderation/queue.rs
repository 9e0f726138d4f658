//! Queues: named lists of items that wait for a person.
//!
//! A [`Listing`] is what a queue's address says: which list, which filter, which order, from where.
//! It finds items by one query over `items`; [`Entry::load`] then reads all that a moderator needs
//! to decide on them in a fixed number of queries, however many they are.

use super::report::{self, Report};
use super::verdict::{self, Label, Seen, Verdict};
use crate::account::Role;
use crate::db::{BatchId, ItemId, ModelId, UserId};
use crate::item::{Item, Kind, Queue, Revision, RevisionState, State};
use crate::picture::Picture;
use crate::project::Fields;
use crate::schema::{
    comments, items, pictures, project_makers, projects, releases, revisions, users, verdicts,
};
use crate::{Db, QueryResult, markdown, words};
use chrono::NaiveDateTime;
use diesel::dsl::{count_star, min, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Double, Nullable, Text};
use std::collections::HashMap;

/// Items of a page.
pub const PAGE: i64 = 50;

type Backend = <Db as Connection>::Backend;

diesel::define_sql_function! { fn lower(text: Text) -> Text; }
diesel::define_sql_function! { fn abs(number: Double) -> Double; }
diesel::define_sql_function! { fn coalesce(number: Nullable<Double>, instead: Double) -> Double; }

words! {
    /// The lists of the desk. Recent is what was published and nobody has looked at.
    pub enum Name {
        Held = "held",
        Spam = "spam",
        Reported = "reported",
        Recent = "recent",
        Projects = "projects",
    }
}

impl Name {
    pub fn title(self) -> &'static str {
        match self {
            Name::Held => "Held",
            Name::Spam => "Spam",
            Name::Reported => "Reported",
            Name::Recent => "Recent",
            Name::Projects => "Projects",
        }
    }

    /// The order in which a queue is best worked off.
    pub fn usual_order(self) -> Order {
        match self {
            Name::Held => Order::Doubtful,
            Name::Spam => Order::Surest,
            Name::Reported | Name::Projects => Order::Oldest,
            Name::Recent => Order::Newest,
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

/// Revisions that can be decided on. The rest is history, or its author's alone.
const CURRENT: [RevisionState; 2] = [RevisionState::Published, RevisionState::Waiting];

/// Written out, not bound, so that SQLite sees that its partial indices hold all of it.
const RECENT: &str = "(items.state = 'published' AND items.looked_at IS NULL)";
const REPORTED: &str = "items.reports > 0";
const SAMPLED: &str = "items.sampled";

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
            until: None,
        }
    }

    /// Whether it leaves anything out.
    pub fn narrows(&self) -> bool {
        let words = [&self.text, &self.author, &self.project, &self.why];
        words.iter().any(|word| !word.is_empty())
            || self.kind.is_some()
            || self.score_from.is_some()
            || self.score_to.is_some()
            || self.sample
    }

    fn matching(&self) -> items::BoxedQuery<'_, Backend> {
        let mut query = items::table.into_boxed();
        query = match (self.queue, self.show) {
            (Name::Spam, Show::Decided) => {
                query.filter(items::state.eq(State::Spam).and(items::queue.is_null()))
            }
            (Name::Spam, Show::Removed) => query.filter(items::state.eq(State::Removed)),
            (Name::Held, _) => query.filter(items::queue.eq(Queue::Held)),
            (Name::Spam, Show::Waiting) => query.filter(items::queue.eq(Queue::Spam)),
            (Name::Projects, _) => query.filter(items::queue.eq(Queue::Projects)),
            // What its author deleted needs no answer any more.
            (Name::Reported, _) => query
                .filter(sql::<Bool>(REPORTED))
                .filter(items::state.ne(State::Deleted)),
            (Name::Recent, _) => query
                .filter(sql::<Bool>(RECENT))
                .filter(items::queue.is_null()),
        };
        if !self.author.is_empty() {
            let author = users::table
                .filter(users::username.eq(&self.author))
                .select(users::id);
            query = query.filter(items::author_id.eq_any(author));
        }
        if !self.project.is_empty() {
            let project = projects::table
                .filter(projects::slug.eq(&self.project))
                .select(projects::id.nullable());
            query = query.filter(items::project_id.eq_any(project));
        }
        if !self.text.is_empty() {
            let escaped = self
                .text
                .replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_");
            let texts = revisions::table
                .filter(revisions::state.eq_any(CURRENT))
                .filter(
                    lower(revisions::text)
                        .like(lower(format!("%{escaped}%")))
                        .escape('\\'),
                )
                .select(revisions::item_id);
            query = query.filter(items::id.eq_any(texts));
        }
        if let Some(kind) = self.kind {
            query = query.filter(items::kind.eq(kind));
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
            query = query.filter(sql::<Bool>(SAMPLED));
        }
        if let Some(until) = self.until {
            query = query.filter(items::id.le(until));
        }
        query
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
        Ok(rows
            .into_iter()
            .map(|(kind, id, version)| Seen {
                kind,
                id,
                version: Some(version),
            })
            .collect())
    }

    /// One page in an order, and where the next begins.
    pub fn page(
        &self,
        db: &mut Db,
        order: Order,
        after: Option<Cursor>,
    ) -> QueryResult<(Vec<Item>, Option<Cursor>)> {
        let doubt = || abs(coalesce(items::score, 0.5) - 0.5);
        let sureness = || coalesce(items::score, -1.0);
        let mut query = self.matching();
        query = match order {
            Order::Doubtful => query.order((doubt().asc(), items::id.asc())),
            Order::Surest => query.order((sureness().desc(), items::id.asc())),
            Order::Oldest => query.order(items::id.asc()),
            Order::Newest => query.order(items::id.desc()),
        };
        if let Some(Cursor { key, id }) = after {
            query = match order {
                Order::Doubtful => {
                    query.filter(doubt().gt(key).or(doubt().eq(key).and(items::id.gt(id))))
                }
                Order::Surest => query.filter(
                    sureness()
                        .lt(key)
                        .or(sureness().eq(key).and(items::id.gt(id))),
                ),
                Order::Oldest => query.filter(items::id.gt(id)),
                Order::Newest => query.filter(items::id.lt(id)),
            };
        }
        let mut page: Vec<Item> = query.limit(PAGE + 1).select(Item::as_select()).load(db)?;
        let more = page.len() as i64 > PAGE;
        page.truncate(PAGE as usize);
        let next = page.last().filter(|_| more).map(|last| Cursor {
            key: match order {
                Order::Doubtful => (last.score.unwrap_or(0.5) - 0.5).abs(),
                Order::Surest => last.score.unwrap_or(-1.0),
                Order::Oldest | Order::Newest => 0.0,
            },
            id: last.id,
        });
        Ok((page, next))
    }

    /// What one verdict on all of it would touch.
    pub fn preview(&self, db: &mut Db) -> QueryResult<Preview> {
        let items = self.count(db)?;
        let newest: Option<ItemId> = self
            .matching()
            .order(items::id.desc())
            .select(items::id)
            .first(db)
            .optional()?;
        // As one batch would take them.
        type Row = (ItemId, State, Option<Queue>, String);
        let batch: Vec<Row> = self
            .matching()
            .inner_join(users::table.on(users::id.eq(items::author_id)))
            .order(items::id)
            .limit(verdict::MOST as i64)
            .select((items::id, items::state, items::queue, users::username))
            .load(db)?;
        let sample: Vec<ItemId> = batch.iter().take(20).map(|(id, ..)| *id).collect();
        let mut states: Vec<(State, Option<Queue>, usize)> = Vec::new();
        let mut authors: HashMap<String, usize> = HashMap::new();
        for (_, state, queue, author) in batch {
            match states
                .iter_mut()
                .find(|(s, q, _)| (*s, *q) == (state, queue))
            {
                Some((.., n)) => *n += 1,
                None => states.push((state, queue, 1)),
            }
            *authors.entry(author).or_default() += 1;
        }
        let people = authors.len();
        let mut authors: Vec<(String, usize)> = authors.into_iter().collect();
        authors.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        authors.truncate(10);
        Ok(Preview {
            items,
            newest,
            states,
            people,
            authors,
            sample: these(db, &sample)?,
        })
    }
}

pub struct Preview {
    pub items: i64,
    pub newest: Option<ItemId>,
    /// Of one batch, like what follows.
    pub states: Vec<(State, Option<Queue>, usize)>,
    pub people: usize,
    /// The ten with the most.
    pub authors: Vec<(String, usize)>,
    /// The first twenty.
    pub sample: Vec<Entry>,
}

/// How many wait in each queue.
pub fn counts(db: &mut Db) -> QueryResult<Vec<Count>> {
    let by_queue: Vec<(Option<Queue>, i64, Option<NaiveDateTime>)> = items::table
        .filter(items::queue.is_not_null())
        .group_by(items::queue)
        .select((items::queue, count_star(), min(items::created_at)))
        .load(db)?;
    Name::ALL
        .iter()
        .map(|&name| {
            let queue = match name {
                Name::Held => Queue::Held,
                Name::Spam => Queue::Spam,
                Name::Projects => Queue::Projects,
                Name::Reported | Name::Recent => {
                    let (items, oldest) = Filter::all_of(name)
                        .matching()
                        .select((count_star(), min(items::created_at)))
                        .first(db)?;
                    return Ok(Count {
                        queue: name,
                        items,
                        oldest,
                    });
                }
            };
            let found = by_queue.iter().find(|(found, ..)| *found == Some(queue));
            Ok(Count {
                queue: name,
                items: found.map_or(0, |(_, items, _)| *items),
                oldest: found.and_then(|(_, _, oldest)| *oldest),
            })
        })
        .collect()
}

/// How many items wait for moderators, in all queues but Recent.
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
    Ok(queued + reported)
}

/// Who wrote it, and how they have stood until now.
#[derive(Clone, Debug)]
pub struct Author {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub role: Role,
    pub created_at: NaiveDateTime,
    pub is_maker: bool,
    pub published: i64,
    pub removed: i64,
    pub spam: i64,
}

/// Where it stands.
#[derive(Clone, Debug)]
pub struct Place {
    pub slug: String,
    pub title: String,
}

/// What a comment answers.
#[derive(Clone, Debug)]
pub struct Parent {
    pub id: ItemId,
    pub username: String,
    pub excerpt: String,
}

/// A verdict that was given on it before.
#[derive(Clone, Debug)]
pub struct Earlier {
    pub batch: BatchId,
    pub by: String,
    pub verdict: Verdict,
    pub reason: String,
    pub label: Option<Label>,
    pub at: NaiveDateTime,
    pub undone: bool,
}

/// What there is to read.
#[derive(Clone, Debug)]
pub enum Content {
    /// Of a comment, or notes of a release: cleaned HTML without links.
    Prose(String),
    Project {
        fields: Box<Fields>,
        description: String,
    },
}

/// An item with all that a decision on it needs.
#[derive(Clone, Debug)]
pub struct Entry {
    pub item: Item,
    pub author: Author,
    pub place: Option<Place>,
    pub parent: Option<Parent>,
    pub picture: Option<Picture>,
    /// The version of a release.
    pub release: Option<String>,
    pub content: Content,
    /// The text that waits, or the newest that there is.
    pub revision: Revision,
    /// The text that readers see while another waits.
    pub shown: Option<Revision>,
    pub earlier: Vec<Earlier>,
    pub reports: Vec<Report>,
}

impl Entry {
    /// Reads what belongs to these items, in their order.
    pub fn load(db: &mut Db, page: Vec<Item>) -> QueryResult<Vec<Entry>> {
        if page.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<ItemId> = page.iter().map(|item| item.id).collect();
        let mut revisions = current_revisions(db, &ids)?;
        let authors = authors(db, &page)?;
        let parents = parents(db, &ids)?;
        let (places, pictures) = places(db, &page)?;
        let versions: HashMap<ItemId, String> = releases::table
            .filter(releases::id.eq_any(&ids))
            .select((releases::id, releases::version))
            .load(db)?
            .into_iter()
            .collect();
        let mut earlier = earlier(db, &ids)?;
        let mut reports: HashMap<ItemId, Vec<Report>> = HashMap::new();
        for report in report::open_on(db, &ids)? {
            reports.entry(report.item_id).or_default().push(report);
        }
        let entries = page.into_iter().filter_map(|item| {
            let mut all = revisions.remove(&item.id)?;
            let revision = all.pop()?;
            let shown = (revision.state == RevisionState::Waiting)
                .then(|| all.pop())
                .flatten()
                .filter(|revision| revision.state == RevisionState::Published);
            Some(Entry {
                author: authors.get(&item.author_id)?.clone(),
                place: item.project_id.and_then(|id| places.get(&id).cloned()),
                parent: parents.get(&item.id).cloned(),
                picture: pictures.get(&item.id).cloned(),
                release: versions.get(&item.id).cloned(),
                content: Content::of(item.kind, &revision.content),
                earlier: earlier.remove(&item.id).unwrap_or_default(),
                reports: reports.remove(&item.id).unwrap_or_default(),
                revision,
                shown,
                item,
            })
        });
        Ok(entries.collect())
    }

    /// An edit of a published text waits, and readers still see the text before it.
    pub fn is_edit(&self) -> bool {
        self.shown.is_some()
    }

    /// Its address on the site.
    pub fn path(&self) -> String {
        match (&self.place, self.item.kind, &self.release) {
            (Some(place), Kind::Project, _) => format!("/projects/{}", place.slug),
            (Some(place), Kind::Release, Some(version)) => {
                format!("/projects/{}/releases/{version}", place.slug)
            }
            _ => format!("/comments/{}", self.item.id),
        }
    }

    /// Its first words, for lists.
    pub fn excerpt(&self, chars: usize) -> String {
        match &self.content {
            Content::Prose(html) => markdown::excerpt(html, chars),
            Content::Project { fields, .. } => {
                let all = format!("{}: {}", fields.title, fields.summary);
                match all.char_indices().nth(chars) {
                    Some((cut, _)) => format!("{}…", &all[..cut]),
                    None => all,
                }
            }
        }
    }
}

impl Content {
    fn of(kind: Kind, content: &str) -> Content {
        let prose = |text: &str| markdown::unlinked(&markdown::to_html(text));
        match (kind, serde_json::from_str::<Fields>(content)) {
            (Kind::Project, Ok(fields)) => Content::Project {
                description: prose(&fields.description),
                fields: Box::new(fields),
            },
            _ => Content::Prose(prose(content)),
        }
    }
}

/// Published and waiting ones of each item, oldest first.
fn current_revisions(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, Vec<Revision>>> {
    let mut of: HashMap<ItemId, Vec<Revision>> = HashMap::new();
    let rows: Vec<Revision> = revisions::table
        .filter(
            revisions::item_id
                .eq_any(ids)
                .and(revisions::state.eq_any(CURRENT)),
        )
        .order((revisions::item_id, revisions::number))
        .select(Revision::as_select())
        .load(db)?;
    for revision in rows {
        of.entry(revision.item_id).or_default().push(revision);
    }
    Ok(of)
}

fn authors(db: &mut Db, page: &[Item]) -> QueryResult<HashMap<UserId, Author>> {
    let ids: Vec<UserId> = page.iter().map(|item| item.author_id).collect();
    type Row = (UserId, String, String, Role, NaiveDateTime);
    let rows: Vec<Row> = users::table
        .filter(users::id.eq_any(&ids))
        .select((
            users::id,
            users::username,
            users::display_name,
            users::role,
            users::created_at,
        ))
        .load(db)?;
    let makers: Vec<UserId> = project_makers::table
        .inner_join(items::table.on(items::id.eq(project_makers::project_id)))
        .filter(
            project_makers::user_id
                .eq_any(&ids)
                .and(items::state.eq(State::Published)),
        )
        .select(project_makers::user_id)
        .distinct()
        .load(db)?;
    let history: Vec<(UserId, State, i64)> = items::table
        .filter(items::author_id.eq_any(&ids))
        .group_by((items::author_id, items::state))
        .select((items::author_id, items::state, count_star()))
        .load(db)?;
    let of = |id: UserId, state: State| {
        history
            .iter()
            .find(|(author, found, _)| *author == id && *found == state)
            .map_or(0, |(.., n)| *n)
    };
    Ok(rows
        .into_iter()
        .map(|(id, username, display_name, role, created_at)| {
            let author = Author {
                id,
                username,
                display_name,
                role,
                created_at,
                is_maker: makers.contains(&id),
                published: of(id, State::Published),
                removed: of(id, State::Removed),
                spam: of(id, State::Spam),
            };
            (id, author)
        })
        .collect())
}

fn parents(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, Parent>> {
    let up = diesel::alias!(comments as up);
    type Row = (ItemId, ItemId, String, String);
    let rows: Vec<Row> = comments::table
        .inner_join(up.on(comments::parent_id.eq(up.field(comments::id).nullable())))
        .inner_join(users::table.on(users::id.eq(up.field(comments::author_id))))
        .filter(comments::id.eq_any(ids))
        .select((
            comments::id,
            up.field(comments::id),
            users::username,
            up.field(comments::body_html),
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(id, parent, username, html)| {
            let parent = Parent {
                id: parent,
                username,
                excerpt: markdown::excerpt(&html, 160),
            };
            (id, parent)
        })
        .collect())
}

type Places = (HashMap<ItemId, Place>, HashMap<ItemId, Picture>);

fn places(db: &mut Db, page: &[Item]) -> QueryResult<Places> {
    let ids: Vec<ItemId> = page.iter().filter_map(|item| item.project_id).collect();
    let rows: Vec<(ItemId, String, String, Option<Picture>)> = projects::table
        .left_join(pictures::table.on(projects::picture_id.eq(pictures::id.nullable())))
        .filter(projects::id.eq_any(ids))
        .select((
            projects::id,
            projects::slug,
            projects::title,
            Option::<Picture>::as_select(),
        ))
        .load(db)?;
    let (mut places, mut found) = (HashMap::new(), HashMap::new());
    for (id, slug, title, picture) in rows {
        places.insert(id, Place { slug, title });
        if let Some(picture) = picture {
            found.insert(id, picture);
        }
    }
    Ok((places, found))
}

fn earlier(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, Vec<Earlier>>> {
    type Row = (
        ItemId,
        BatchId,
        String,
        Verdict,
        String,
        Option<Label>,
        NaiveDateTime,
        Option<NaiveDateTime>,
    );
    let rows: Vec<Row> = verdicts::table
        .inner_join(users::table.on(users::id.eq(verdicts::by_id)))
        .filter(verdicts::item_id.eq_any(ids))
        .order(verdicts::id)
        .select((
            verdicts::item_id,
            verdicts::batch_id,
            users::username,
            verdicts::verdict,
            verdicts::reason,
            verdicts::label,
            verdicts::created_at,
            verdicts::undone_at,
        ))
        .load(db)?;
    let mut of: HashMap<ItemId, Vec<Earlier>> = HashMap::new();
    for (item, batch, by, verdict, reason, label, at, undone) in rows {
        of.entry(item).or_default().push(Earlier {
            batch,
            by,
            verdict,
            reason,
            label,
            at,
            undone: undone.is_some(),
        });
    }
    Ok(of)
}

/// These items with what belongs to them, in order of their numbers: for a batch, and for what a
/// verdict left as it was.
pub fn these(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<Entry>> {
    let found = items::table
        .filter(items::id.eq_any(ids))
        .order(items::id)
        .select(Item::as_select())
        .load(db)?;
    Entry::load(db, found)
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
