//! Items: the moderation side of every public text, and the only place where a state changes.
//!
//! A comment or project shares its number with its item. Every text that was submitted is kept as
//! a [`Revision`] with what the intake said of it; the comment or project row holds what is shown.

use crate::condition::{Upto, among, fixed};
use crate::db::{
    CampaignId, FailureGroupId, ItemId, ModelId, RevisionId, ThreadId, UserId, dialect, now,
};
use crate::intake::{self, Decision, Outcome};
use crate::moderation::{campaign, rule};
use crate::picture::Picture;
use crate::schema::{appeals, comments, item_domains, items, revisions, threads};
use crate::spam::facts::{self, Facts};
use crate::spam::near;
use crate::{
    Db, QueryResult, award, comment, deletion, failure, follow, notice, profile, project, rating,
    release, unlisted, words,
};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

diesel::define_sql_function! {
    fn coalesce(one: Nullable<Timestamp>, other: Timestamp) -> Nullable<Timestamp>;
}

words! {
    pub enum Kind {
        Comment = "comment",
        Project = "project",
        Release = "release",
        /// What a person says of themselves; its author is whom it is about.
        Profile = "profile",
        /// What a rater answers to the makers' questions, for them alone ([`crate::rating`]).
        Rating = "rating",
        /// A report of what did not work.
        Failure = "failure",
        /// What the makers say to such reports.
        Answer = "answer",
        Award = "award",
    }
}

words! {
    /// Where an item stands. Only `published` counts, is listed, fed or mailed; `unlisted` is a project
    /// that was let through, for those who have its link.
    pub enum State {
        Draft = "draft",
        Unlisted = "unlisted",
        Published = "published",
        Held = "held",
        Spam = "spam",
        Removed = "removed",
        Deleted = "deleted",
    }
}

words! {
    /// Who an item waits for.
    pub enum Queue {
        Held = "held",
        Spam = "spam",
        Projects = "projects",
        /// The maker of the project it stands on, who approves each comment first.
        Maker = "maker",
    }
}

words! {
    pub enum RevisionState {
        /// What readers see.
        Published = "published",
        /// Held or spam; readers see the one before, if there is one.
        Waiting = "waiting",
        /// Was seen once.
        Replaced = "replaced",
        /// Was seen once and then put away, and its author wrote over it where nobody saw: no history for
        /// readers, and known to the checks as before.
        Hidden = "hidden",
        /// Was never seen: its author changed it while it waited, or the maker declined it.
        Withdrawn = "withdrawn",
        /// For its makers alone: it took no intake yet.
        Draft = "draft",
    }
}

#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = items)]
pub struct Item {
    pub id: ItemId,
    pub kind: Kind,
    pub author_id: UserId,
    pub project_id: Option<ItemId>,
    pub state: State,
    pub queue: Option<Queue>,
    pub why: String,
    pub evidence: String,
    pub score: Option<f64>,
    pub model_id: Option<ModelId>,
    pub version: i32,
    pub reports: i32,
    pub looked_at: Option<NaiveDateTime>,
    pub network: String,
    pub created_at: NaiveDateTime,
    pub published_at: Option<NaiveDateTime>,
    /// Drawn for people to look at, though the filter has decided.
    pub sampled: bool,
    /// How often readers were shown it while it waited to be looked at.
    pub views: i32,
    /// Of its text, if it is long enough to be like another.
    pub simhash: Option<i64>,
    pub campaign_id: Option<CampaignId>,
}

#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = revisions)]
pub struct Revision {
    pub id: RevisionId,
    pub item_id: ItemId,
    pub number: i32,
    pub state: RevisionState,
    pub content: String,
    pub text: String,
    pub signals: String,
    pub steps: String,
    pub score: Option<f64>,
    pub model_id: Option<ModelId>,
    pub created_at: NaiveDateTime,
}

/// A text on its way in, judged.
pub struct Submitted<'a> {
    pub kind: Kind,
    pub author: UserId,
    pub project: Option<ItemId>,
    /// What is shown: Markdown, or a project's fields as JSON.
    pub content: &'a str,
    /// What was judged.
    pub text: &'a str,
    pub network: &'a str,
    pub decision: &'a Decision,
}

/// Everything about an item that a decision changes; an undo puts back an earlier one.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Standing {
    pub state: State,
    pub queue: Option<Queue>,
    pub why: String,
    pub evidence: String,
    pub looked_at: Option<NaiveDateTime>,
    pub published_at: Option<NaiveDateTime>,
}

/// How long moderators and labels keep what its author deleted.
pub const KEPT: Duration = Duration::days(30);
/// Items of one [`erase_deleted`].
const ERASED_AT_ONCE: i64 = 500;

/// What an erasure took.
#[derive(Debug, Default)]
pub struct Erased {
    pub items: usize,
    /// Pictures whose rows are gone: their files go after the commit.
    pub pictures: Vec<Picture>,
    /// There is more: call again.
    pub more: bool,
}

/// Erases the texts of what was deleted long enough ago, a batch at a time. The rows stay: places in
/// threads, verdicts and the log refer to them. To be called in a write transaction.
pub fn erase_deleted(db: &mut Db) -> QueryResult<Erased> {
    let due: Vec<(ItemId, Kind)> = items::table
        .filter(items::erase_at.le(now()))
        .order(items::id)
        .limit(ERASED_AT_ONCE)
        .select((items::id, items::kind))
        .load(db)?;
    let mut erased = Erased {
        items: due.len(),
        more: due.len() as i64 == ERASED_AT_ONCE,
        ..Erased::default()
    };
    for (id, kind) in due {
        match kind {
            Kind::Comment => comment::erase(db, id)?,
            Kind::Project => erased.pictures.extend(project::erase(db, id)?),
            Kind::Release => release::erase(db, id)?,
            Kind::Profile => profile::erase(db, id)?,
            // The revisions hold it, and nothing else does.
            Kind::Rating => {}
            Kind::Failure => failure::erase(db, id)?,
            Kind::Answer => failure::answer::erase(db, id)?,
            Kind::Award => award::erase(db, id)?,
        }
        Revision::erase_all(db, id)?;
        deletion::forget(db, id)?;
        // What its author said for it quotes it, often.
        diesel::update(appeals::table.filter(appeals::item_id.eq(id)))
            .set(appeals::words.eq(""))
            .execute(db)?;
        // The evidence of a check may quote the text.
        diesel::update(items::table.find(id))
            .set((
                items::erase_at.eq(None::<NaiveDateTime>),
                items::evidence.eq(""),
            ))
            .execute(db)?;
    }
    Ok(erased)
}

impl Item {
    pub fn find(db: &mut Db, id: ItemId) -> QueryResult<Item> {
        items::table
            .find(id)
            .select(Item::as_select())
            .get_result(db)
    }

    /// These, in any order.
    pub fn all(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<Item>> {
        items::table
            .filter(items::id.eq_any(ids))
            .select(Item::as_select())
            .load(db)
    }

    /// Stores a new text with what the intake decided. A project may also begin as a draft.
    pub fn submit(db: &mut Db, new: &Submitted) -> QueryResult<ItemId> {
        let at = now();
        let (state, queue) = resting_place(new.kind, new.decision);
        let facts = facts::of(new.text);
        let id: ItemId = diesel::insert_into(items::table)
            .values((
                items::kind.eq(new.kind),
                items::author_id.eq(new.author),
                items::project_id.eq(new.project),
                items::state.eq(state),
                items::queue.eq(queue),
                items::why.eq(&new.decision.why),
                items::evidence.eq(&new.decision.evidence),
                items::score.eq(new.decision.score),
                items::model_id.eq(new.decision.model_id),
                items::network.eq(new.network),
                items::created_at.eq(at),
                items::published_at.eq((state == State::Published).then_some(at)),
                items::sampled.eq(new.decision.sampled),
                items::script.eq(facts.script),
                items::newcomer.eq(new.decision.newcomer),
                items::by_maker.eq(new.decision.by_maker()),
                items::simhash.eq(new.decision.around.simhash()),
            ))
            .returning(items::id)
            .get_result(db)?;
        if state == State::Published && matches!(new.kind, Kind::Project | Kind::Release) {
            follow::published(db, &[id])?;
        }
        keep_domains(db, id, &facts)?;
        keep_traces(db, id, new.decision)?;
        campaign::join(db, id, &new.decision.around)?;
        let revision_state = match state {
            State::Draft => RevisionState::Draft,
            State::Published | State::Unlisted => RevisionState::Published,
            _ => RevisionState::Waiting,
        };
        Revision::insert(
            db,
            id,
            1,
            revision_state,
            new.content,
            new.text,
            new.decision,
        )?;
        Ok(id)
    }

    /// A changed text. What was published stays visible until the new text is let through; what
    /// waits goes on waiting, however harmless the new text is, and for whom it waited, or editing
    /// would be a way round. Gives whether the new text is what the row should now show.
    /// The item is locked, as for [`Item::settle`].
    pub fn revise(
        &self,
        db: &mut Db,
        content: &str,
        text: &str,
        decision: &Decision,
    ) -> QueryResult<bool> {
        let (mut state, mut queue) = resting_place(self.kind, decision);
        let (mut why, mut evidence) = (decision.why.clone(), decision.evidence.clone());
        let facts = facts::of(text);
        let last = Revision::newest(db, self.id)?;
        let keep_visible = self.is_shown() && state != State::Published;
        // Released by nobody yet: the stricter of the old reason and the new one. The maker comes
        // after the moderators, so a text does not go from their queue to the maker's by an edit.
        let with_moderators = matches!(
            self.queue,
            Some(Queue::Held | Queue::Projects | Queue::Spam)
        );
        let goes_on_waiting = match (self.state, decision.outcome) {
            (State::Spam, _) | (State::Held, Outcome::Publish) => true,
            (State::Held | State::Published | State::Unlisted, Outcome::Hold) => with_moderators,
            _ => false,
        };
        if goes_on_waiting {
            (state, queue) = (self.state, self.queue);
            (why, evidence) = (self.why.clone(), self.evidence.clone());
        } else if keep_visible {
            state = self.state;
        }
        // An edit of a published text that replaces one still waiting leaves nothing to wait for.
        diesel::update(
            revisions::table.filter(
                revisions::item_id
                    .eq(self.id)
                    .and(revisions::state.eq_any([RevisionState::Waiting, RevisionState::Draft])),
            ),
        )
        .set(revisions::state.eq(RevisionState::Withdrawn))
        .execute(db)?;
        let revision_state = match state {
            State::Published | State::Unlisted if keep_visible => RevisionState::Waiting,
            State::Held | State::Spam => RevisionState::Waiting,
            State::Draft => RevisionState::Draft,
            _ => RevisionState::Published,
        };
        // The row holds the published text and no other: once the author has written over it where no
        // reader sees, no verdict may bring the row back as if it were the text that was let through.
        if !keep_visible {
            let to = match self.is_shown() {
                true => RevisionState::Replaced,
                false => RevisionState::Hidden,
            };
            Revision::retire_published(db, self.id, to)?;
        }
        Revision::insert(
            db,
            self.id,
            last.number + 1,
            revision_state,
            content,
            text,
            decision,
        )?;
        diesel::update(items::table.find(self.id))
            .set((
                items::score.eq(decision.score),
                items::model_id.eq(decision.model_id),
                items::script.eq(facts.script),
                items::newcomer.eq(decision.newcomer),
                items::by_maker.eq(decision.by_maker()),
            ))
            .execute(db)?;
        // The text that readers still see beside the new one has its links still.
        if !keep_visible {
            forget_domains(db, self.id)?;
        }
        keep_domains(db, self.id, &facts)?;
        keep_traces(db, self.id, decision)?;
        campaign::join_anew(db, self, &decision.around, keep_visible)?;
        let standing = Standing {
            state,
            queue,
            why,
            evidence,
            looked_at: None,
            published_at: self.published_at,
        };
        self.settle(db, standing)?;
        Ok(!keep_visible)
    }

    pub fn standing(&self) -> Standing {
        Standing {
            state: self.state,
            queue: self.queue,
            why: self.why.clone(),
            evidence: self.evidence.clone(),
            looked_at: self.looked_at,
            published_at: self.published_at,
        }
    }

    /// Puts the item into a state: the row, its version and the counters, all in the caller's
    /// transaction. Nothing else writes `items.state`.
    ///
    /// It writes the whole standing from what `self` knows, so `self` must come from
    /// [`dialect::lock_item`] in this transaction (or have been made in it): an unlocked reading
    /// would overwrite what somebody decided in between, and count twice.
    pub fn settle(&self, db: &mut Db, to: Standing) -> QueryResult<i32> {
        let mut counts = Counts::default();
        let version = self.settle_counting(db, to, &mut counts)?;
        counts.apply(db)?;
        Ok(version)
    }

    /// [`Item::settle`] as one of many: what the threads count is left to the end of the batch.
    pub fn settle_counting(
        &self,
        db: &mut Db,
        to: Standing,
        counts: &mut Counts,
    ) -> QueryResult<i32> {
        let mut to = to;
        if self.kind == Kind::Project && matches!(to.state, State::Published | State::Unlisted) {
            // Who lets it through does not put it into the lists: that is its makers' to say.
            to.state = match unlisted::among(db, &[self.id])?.is_empty() {
                true => State::Published,
                false => State::Unlisted,
            };
        }
        let to_state = to.state;
        let published_at = match to.state {
            State::Published => to.published_at.or(Some(now())),
            _ => to.published_at,
        };
        diesel::update(items::table.find(self.id))
            .set((
                items::state.eq(to.state),
                items::queue.eq(to.queue),
                items::why.eq(to.why),
                items::evidence.eq(to.evidence),
                items::looked_at.eq(to.looked_at),
                items::published_at.eq(published_at),
                items::erase_at.eq((to.state == State::Deleted).then(|| now() + KEPT)),
                items::version.eq(items::version + 1),
            ))
            .execute(db)?;
        after_settling(db, &[self], to_state, counts)?;
        Ok(self.version + 1)
    }

    /// Puts many locked items into one standing, as [`Item::settle`] does each; of the publishing
    /// times the first counts.
    pub fn settle_all(
        db: &mut Db,
        settled: &[&Item],
        to: &Standing,
        counts: &mut Counts,
    ) -> QueryResult<()> {
        put_all(db, settled, to, false)?;
        after_settling(db, settled, to.state, counts)
    }

    /// Puts many locked items back into a standing that all of them had, publishing time and all.
    pub fn put_back_all(
        db: &mut Db,
        settled: &[&Item],
        to: &Standing,
        counts: &mut Counts,
    ) -> QueryResult<()> {
        put_all(db, settled, to, true)?;
        after_settling(db, settled, to.state, counts)
    }

    /// By its author: hidden at once. The text is kept for moderators for a while. Reads the item
    /// anew under its lock, so that two at once delete it once.
    pub fn delete(&self, db: &mut Db) -> QueryResult<i32> {
        let item = dialect::lock_item(db, self.id)?.ok_or(diesel::result::Error::NotFound)?;
        if item.state == State::Deleted {
            return Ok(item.version);
        }
        let mut to = item.standing();
        to.state = State::Deleted;
        to.queue = None;
        to.why = "author".into();
        to.evidence = String::new();
        item.settle(db, to)
    }

    /// An edit of this published text waits for a person.
    pub fn has_waiting_edit(&self) -> bool {
        self.is_shown() && self.queue.is_some()
    }

    /// To everybody, or to those who have its link.
    pub fn is_shown(&self) -> bool {
        matches!(self.state, State::Published | State::Unlisted)
    }
}

/// Writes a standing into many rows, each row once: that is most of what a verdict on thousands costs.
/// `exactly`: with its time of publishing; else the first time stays.
fn put_all(db: &mut Db, settled: &[&Item], to: &Standing, exactly: bool) -> QueryResult<()> {
    let ids: Vec<ItemId> = settled.iter().map(|item| item.id).collect();
    let kept_out = match to.state {
        State::Published => unlisted::among(db, &ids)?,
        _ => Vec::new(),
    };
    let (kept_out, ids): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| kept_out.contains(id));
    for (ids, state) in [(ids, to.state), (kept_out, State::Unlisted)] {
        if ids.is_empty() {
            continue;
        }
        let rows = items::table.filter(among(items::id, ids));
        let columns = (
            items::state.eq(state),
            items::queue.eq(to.queue),
            items::why.eq(&to.why),
            items::evidence.eq(&to.evidence),
            items::looked_at.eq(to.looked_at),
            items::erase_at.eq((state == State::Deleted).then(|| now() + KEPT)),
            items::version.eq(items::version + 1),
        );
        let published_at = items::published_at;
        if exactly {
            diesel::update(rows)
                .set((columns, published_at.eq(to.published_at)))
                .execute(db)?;
        } else if state == State::Published {
            diesel::update(rows)
                .set((columns, published_at.eq(coalesce(published_at, now()))))
                .execute(db)?;
        } else {
            diesel::update(rows).set(columns).execute(db)?;
        }
    }
    Ok(())
}

/// What follows from a new state.
fn after_settling(
    db: &mut Db,
    settled: &[&Item],
    to: State,
    counts: &mut Counts,
) -> QueryResult<()> {
    profile::settled(db, settled, to)?;
    notice::settled(db, settled, to)?;
    award::settled(db, settled, to)?;
    failure::settled(db, settled, to)?;
    failure::answer::settled(db, settled, to)?;
    counts.touch(db, settled, to)?;
    counts.add_all(db, settled, to)
}

/// Those of a kind that come before readers by going into a state.
pub(crate) fn appearing<'a>(
    items: &'a [&'a Item],
    kind: Kind,
    to: State,
) -> impl Iterator<Item = &'a Item> {
    let shows = to == State::Published;
    let items = items.iter().copied();
    items.filter(move |item| shows && item.kind == kind && item.state != State::Published)
}

/// Where the links of a text lead, for the queues. What is there already stays.
fn keep_domains(db: &mut Db, item: ItemId, facts: &Facts) -> QueryResult<()> {
    for domain in &facts.domains {
        diesel::sql_query(
            "INSERT INTO item_domains (domain, item_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind::<diesel::sql_types::Text, _>(domain)
        .bind::<diesel::sql_types::BigInt, _>(item)
        .execute(db)?;
    }
    Ok(())
}

/// Where it came from, and the rules of moderators that met it.
fn keep_traces(db: &mut Db, item: ItemId, decision: &Decision) -> QueryResult<()> {
    intake::address::keep(db, item, decision.address)?;
    rule::keep_hits(db, item, &decision.rules)
}

fn forget_domains(db: &mut Db, item: ItemId) -> QueryResult<usize> {
    diesel::delete(item_domains::table.filter(item_domains::item_id.eq(item))).execute(db)
}

/// Texts of one step of [`record_facts`].
const READ_AT_ONCE: i64 = 200;

/// Records what the queues filter by for texts that an earlier version took in, a step at a time;
/// gives whether there may be more. To be called in a write transaction.
pub fn record_facts(db: &mut Db) -> QueryResult<bool> {
    let unread: Vec<ItemId> = items::table
        .filter(fixed::<Bool>("items.script = ''"))
        .order(items::id)
        .limit(READ_AT_ONCE)
        .select(items::id)
        .load(db)?;
    for &id in &unread {
        let current = Revision::current(db, id).optional()?;
        let (text, signals) = current.map_or_else(Default::default, |current| {
            let signals = current.signals();
            (current.text, signals)
        });
        let facts = facts::of(&text);
        let has = |signal: &str| signals.iter().any(|found| found == signal);
        let first = has("@first-comment") || has("@first-project");
        diesel::update(items::table.find(id))
            .set((
                items::script.eq(facts.script),
                items::newcomer.eq(first && !has("@maker")),
                items::by_maker.eq(has("@maker")),
            ))
            .execute(db)?;
        keep_domains(db, id, &facts)?;
    }
    Ok(unread.len() as i64 == READ_AT_ONCE)
}

/// How the published comments of threads change. Applied last and in order of thread: two batches
/// that touch the same threads never wait for each other in a ring.
#[derive(Debug, Default)]
pub struct Counts {
    threads: BTreeMap<ThreadId, i32>,
    /// Groups of failures, counted before threads.
    groups: BTreeSet<FailureGroupId>,
    /// Projects whose awards are counted after them.
    awarded: BTreeSet<ItemId>,
    /// What may have come with a rating, and was published or is not any more.
    rated: Vec<ItemId>,
}

impl Counts {
    fn add(&mut self, db: &mut Db, comment: ItemId, step: i32) -> QueryResult<()> {
        let thread: ThreadId = comments::table
            .find(comment)
            .select(comments::thread_id)
            .get_result(db)?;
        *self.threads.entry(thread).or_default() += step;
        Ok(())
    }

    fn note_rated(&mut self, item: &Item, step: i32) {
        if step != 0 && matches!(item.kind, Kind::Comment | Kind::Rating) {
            self.rated.push(item.id);
        }
    }

    /// What these items change that go into a state.
    fn add_all(&mut self, db: &mut Db, settled: &[&Item], to: State) -> QueryResult<()> {
        let step = |item: &Item| {
            i32::from(to == State::Published) - i32::from(item.state == State::Published)
        };
        for item in settled {
            self.note_rated(item, step(item));
        }
        let steps: BTreeMap<ItemId, i32> = settled
            .iter()
            .filter(|item| item.kind == Kind::Comment && step(item) != 0)
            .map(|item| (item.id, step(item)))
            .collect();
        if steps.is_empty() {
            return Ok(());
        }
        let threads: Vec<(ItemId, ThreadId)> = comments::table
            .filter(comments::id.eq_any(steps.keys().copied().collect::<Vec<_>>()))
            .select((comments::id, comments::thread_id))
            .load(db)?;
        for (comment, thread) in threads {
            *self.threads.entry(thread).or_default() += steps[&comment];
        }
        Ok(())
    }

    /// Notes which counts these items change that go into a state.
    fn touch(&mut self, db: &mut Db, settled: &[&Item], to: State) -> QueryResult<()> {
        let changed = |kind: Kind| -> Vec<ItemId> {
            let shows = |state: State| state == State::Published;
            let of_kind = settled.iter().filter(|item| item.kind == kind);
            of_kind
                .filter(|item| shows(item.state) != shows(to))
                .map(|item| item.id)
                .collect()
        };
        let reports = failure::groups_of(db, &changed(Kind::Failure))?;
        self.groups.extend(reports);
        let awarded = award::projects_of(db, &changed(Kind::Award))?;
        self.awarded.extend(awarded);
        Ok(())
    }

    pub fn apply(self, db: &mut Db) -> QueryResult<()> {
        for group in self.groups {
            failure::group::recount(db, group)?;
        }
        for (thread, step) in self.threads.into_iter().filter(|(_, step)| *step != 0) {
            diesel::update(threads::table.find(thread))
                .set(threads::comment_count.eq(threads::comment_count + step))
                .execute(db)?;
        }
        for project in self.awarded {
            award::recount(db, project)?;
        }
        rating::counting::settled(db, &self.rated)
    }
}

/// One more published comment in a new comment's thread.
pub fn count_comment(db: &mut Db, comment: ItemId) -> QueryResult<()> {
    let mut counts = Counts::default();
    counts.add(db, comment, 1)?;
    counts.apply(db)
}

fn resting_place(kind: Kind, decision: &Decision) -> (State, Option<Queue>) {
    let state = match decision.outcome {
        Outcome::Publish => State::Published,
        Outcome::Hold => State::Held,
        Outcome::Spam => State::Spam,
        Outcome::Draft => State::Draft,
    };
    (state, queue_for(kind, decision.outcome, &decision.why))
}

/// Where a text of this kind waits after this outcome for this reason.
fn queue_for(kind: Kind, outcome: Outcome, why: &str) -> Option<Queue> {
    match outcome {
        Outcome::Publish | Outcome::Draft => None,
        Outcome::Hold if why == crate::intake::APPROVE_FIRST => Some(Queue::Maker),
        Outcome::Hold if kind == Kind::Project => Some(Queue::Projects),
        Outcome::Hold => Some(Queue::Held),
        Outcome::Spam => Some(Queue::Spam),
    }
}

impl Revision {
    fn insert(
        db: &mut Db,
        item: ItemId,
        number: i32,
        state: RevisionState,
        content: &str,
        text: &str,
        decision: &Decision,
    ) -> QueryResult<usize> {
        let json = |value: serde_json::Result<String>| {
            value.map_err(|error| diesel::result::Error::SerializationError(error.into()))
        };
        diesel::insert_into(revisions::table)
            .values((
                revisions::item_id.eq(item),
                revisions::number.eq(number),
                revisions::state.eq(state),
                revisions::content.eq(content),
                revisions::text.eq(text),
                revisions::text_hash.eq(near::text_hash(text)),
                revisions::signals.eq(json(serde_json::to_string(&decision.signals))?),
                revisions::steps.eq(json(serde_json::to_string(&decision.steps))?),
                revisions::score.eq(decision.score),
                revisions::model_id.eq(decision.model_id),
                revisions::created_at.eq(now()),
                revisions::unseen.eq(decision.unseen),
            ))
            .execute(db)
    }

    pub fn newest(db: &mut Db, item: ItemId) -> QueryResult<Revision> {
        let newest = revisions::table
            .filter(revisions::item_id.eq(item))
            .order(revisions::number.desc())
            .select(Revision::as_select());
        newest.upto(1).get_result(db)
    }

    /// What a moderator decides on: the text that waits, or else the one that readers see.
    pub fn current(db: &mut Db, item: ItemId) -> QueryResult<Revision> {
        let current = revisions::table
            .filter(revisions::item_id.eq(item))
            .filter(revisions::state.eq_any([RevisionState::Waiting, RevisionState::Published]))
            .order(revisions::number.desc())
            .select(Revision::as_select())
            .upto(1)
            .get_result(db)
            .optional()?;
        match current {
            Some(current) => Ok(current),
            None => Revision::newest(db, item),
        }
    }

    /// [`Revision::current`] and [`Revision::published`] of many items.
    pub fn current_and_published(
        db: &mut Db,
        ids: &[ItemId],
    ) -> QueryResult<HashMap<ItemId, (Revision, Option<Revision>)>> {
        let rows: Vec<Revision> = revisions::table
            .filter(revisions::item_id.eq_any(ids))
            .filter(revisions::state.eq_any([RevisionState::Waiting, RevisionState::Published]))
            .order((revisions::item_id, revisions::number.desc()))
            .select(Revision::as_select())
            .load(db)?;
        let mut of: HashMap<ItemId, (Revision, Option<Revision>)> = HashMap::new();
        for revision in rows {
            let shown = (revision.state == RevisionState::Published).then(|| revision.clone());
            of.entry(revision.item_id)
                .and_modify(|(_, published)| {
                    if published.is_none() {
                        published.clone_from(&shown);
                    }
                })
                .or_insert((revision, shown));
        }
        for id in ids {
            // Nothing of it waits or is shown: the last text that was judged.
            if !of.contains_key(id) {
                of.insert(*id, (Revision::newest(db, *id)?, None));
            }
        }
        Ok(of)
    }

    /// Makes these texts, beside which none is shown, what readers see: their rows hold them already. Of a
    /// profile no row does: it takes [`Revision::show`].
    pub fn show_first(db: &mut Db, ids: &[RevisionId]) -> QueryResult<usize> {
        diesel::update(revisions::table.filter(revisions::id.eq_any(ids)))
            .set(revisions::state.eq(RevisionState::Published))
            .execute(db)
    }

    /// Puts a waiting edit back where the intake had sent it: queue, why and evidence.
    pub fn wait_again(&self, kind: Kind, to: &mut Standing) {
        let steps = self.steps();
        if let Some(step) = intake::decisive(&steps) {
            to.queue = queue_for(kind, step.outcome, &step.name);
            to.why.clone_from(&step.name);
            to.evidence.clone_from(&step.evidence);
        }
    }

    /// The one that readers see.
    pub fn published(db: &mut Db, item: ItemId) -> QueryResult<Option<Revision>> {
        revisions::table
            .filter(
                revisions::item_id
                    .eq(item)
                    .and(revisions::state.eq(RevisionState::Published)),
            )
            .order(revisions::number.desc())
            .select(Revision::as_select())
            .upto(1)
            .get_result(db)
            .optional()
    }

    /// Oldest first.
    pub fn all(db: &mut Db, item: ItemId) -> QueryResult<Vec<Revision>> {
        revisions::table
            .filter(revisions::item_id.eq(item))
            .order(revisions::number)
            .select(Revision::as_select())
            .load(db)
    }

    pub fn erase_all(db: &mut Db, item: ItemId) -> QueryResult<usize> {
        forget_domains(db, item)?;
        campaign::forget(db, item)?;
        diesel::update(revisions::table.filter(revisions::item_id.eq(item)))
            .set((
                revisions::content.eq(""),
                revisions::text.eq(""),
                revisions::text_hash.eq(""),
                revisions::signals.eq("[]"),
                revisions::steps.eq("[]"),
            ))
            .execute(db)
    }

    fn retire_published(db: &mut Db, item: ItemId, to: RevisionState) -> QueryResult<usize> {
        diesel::update(
            revisions::table.filter(
                revisions::item_id
                    .eq(item)
                    .and(revisions::state.eq(RevisionState::Published)),
            ),
        )
        .set(revisions::state.eq(to))
        .execute(db)
    }

    /// Makes this the text that readers see: a waiting edit that was let through, or an undo.
    pub fn show(&self, db: &mut Db, kind: Kind) -> QueryResult<()> {
        Revision::retire_published(db, self.item_id, RevisionState::Replaced)?;
        diesel::update(revisions::table.find(self.id))
            .set(revisions::state.eq(RevisionState::Published))
            .execute(db)?;
        match kind {
            Kind::Comment => comment::show_body(db, self.item_id, &self.content),
            Kind::Project => project::show_content(db, self.item_id, &self.content),
            Kind::Profile => profile::show(db, self.item_id),
            Kind::Release => release::show_content(db, self.item_id, &self.content),
            Kind::Rating => Ok(()),
            Kind::Failure => failure::show_content(db, self.item_id, &self.content),
            Kind::Answer => failure::answer::show_words(db, self.item_id, &self.content),
            Kind::Award => award::show_content(db, self.item_id, &self.content),
        }
    }

    /// As people read it: Markdown. Of a project and a profile, the JSON of their fields.
    pub fn readable(&self, kind: Kind) -> String {
        match kind {
            Kind::Release => release::readable(&self.content),
            Kind::Rating => rating::readable(&self.content),
            Kind::Failure => failure::readable(&self.content),
            Kind::Award => award::readable(&self.content),
            Kind::Comment | Kind::Project | Kind::Profile | Kind::Answer => self.content.clone(),
        }
    }

    pub fn set_state(&self, db: &mut Db, state: RevisionState) -> QueryResult<usize> {
        diesel::update(revisions::table.find(self.id))
            .set(revisions::state.eq(state))
            .execute(db)
    }

    pub fn steps(&self) -> Vec<crate::intake::Step> {
        serde_json::from_str(&self.steps).unwrap_or_default()
    }

    pub fn signals(&self) -> Vec<String> {
        serde_json::from_str(&self.signals).unwrap_or_default()
    }
}
