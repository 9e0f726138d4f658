//! Reports of one fault, and what the makers say became of it.

use super::{Failure, FailureError, telling};
use crate::account::User;
use crate::condition::{Published, among};
use crate::db::{FailureGroupId, ItemId, UserId, dialect, now};
use crate::gate;
use crate::item::{Kind, State};
use crate::markdown;
use crate::moderation::log::Act;
use crate::project::Project;
use crate::release::System;
use crate::schema::{failure_groups, failures, items, project_makers, releases, users};
use crate::{Db, QueryResult, both, words};
use chrono::NaiveDateTime;
use diesel::dsl::{count, max, min};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// Groups of a page.
pub const PAGE: i64 = 30;
/// Reports of a part of a group's page: each may bring a trace of 64 KB.
pub const PART: i64 = 20;

words! {
    /// What the makers say of it.
    pub enum Fate {
        Open = "open",
        Fixed = "fixed",
        /// It cannot be reproduced.
        Unseen = "unseen",
        /// It is no fault.
        Intended = "intended",
    }
}

#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = failure_groups)]
pub struct Group {
    pub id: FailureGroupId,
    pub project_id: ItemId,
    #[diesel(column_name = state)]
    pub fate: Fate,
    pub closed: bool,
    pub fixed_in: Option<ItemId>,
    pub decided_at: Option<NaiveDateTime>,
    /// Who has a published report in it.
    pub people: i32,
    pub last_at: NaiveDateTime,
}

impl Group {
    pub fn find(db: &mut Db, project: ItemId, id: FailureGroupId) -> QueryResult<Option<Group>> {
        failure_groups::table
            .find(id)
            .filter(failure_groups::project_id.eq(project))
            .select(Group::as_select())
            .get_result(db)
            .optional()
    }

    /// Nobody's report is before readers.
    pub fn is_empty(&self) -> bool {
        self.people == 0
    }
}

/// A group as a list shows it.
#[derive(Clone, Debug)]
pub struct Told {
    pub group: Group,
    /// The line of the first trace that says what went wrong, or the first words.
    pub heading: String,
    /// The heading is a line of a trace.
    pub is_trace: bool,
    pub excerpt: String,
    pub systems: Vec<System>,
    /// Names of releases, the newest first.
    pub versions: Vec<String>,
    pub fixed_in: Option<String>,
}

impl Told {
    /// "fixed in 1.2".
    pub fn fate(&self) -> String {
        fate_in_words(self.group.fate, self.fixed_in.as_deref())
    }
}

pub fn fate_in_words(fate: Fate, fixed_in: Option<&str>) -> String {
    match (fate, fixed_in) {
        (Fate::Open, _) => "open".into(),
        (Fate::Fixed, Some(version)) => format!("fixed in {version}"),
        (Fate::Fixed, None) => "fixed".into(),
        (Fate::Unseen, _) => "cannot reproduce".into(),
        (Fate::Intended, _) => "not a fault".into(),
    }
}

/// Where a list of groups goes on: open or closed, newest report, number.
pub type After = (bool, NaiveDateTime, FailureGroupId);

/// Those of a project that readers may see: open ones first, then by the newest report.
pub fn list(
    db: &mut Db,
    project: ItemId,
    after: Option<After>,
) -> QueryResult<(Vec<Told>, Option<After>)> {
    let mut query = failure_groups::table
        .filter(failure_groups::project_id.eq(project))
        .filter(failure_groups::people.gt(0))
        .order((
            failure_groups::closed,
            failure_groups::last_at.desc(),
            failure_groups::id.desc(),
        ))
        .limit(PAGE + 1)
        .select(Group::as_select())
        .into_boxed();
    if let Some((closed, at, id)) = after {
        let older = failure_groups::last_at.lt(at).or(failure_groups::last_at
            .eq(at)
            .and(failure_groups::id.lt(id)));
        query = query.filter(
            failure_groups::closed
                .gt(closed)
                .or(failure_groups::closed.eq(closed).and(older)),
        );
    }
    let mut groups: Vec<Group> = query.load(db)?;
    let more = groups.len() as i64 > PAGE;
    groups.truncate(PAGE as usize);
    let next = groups
        .last()
        .filter(|_| more)
        .map(|last| (last.closed, last.last_at, last.id));
    Ok((tell(db, groups)?, next))
}

/// How many are open, for its makers.
pub fn open(db: &mut Db, project: ItemId) -> QueryResult<i64> {
    failure_groups::table
        .filter(failure_groups::project_id.eq(project))
        .filter(failure_groups::closed.eq(false))
        .filter(failure_groups::people.gt(0))
        .count()
        .get_result(db)
}

/// Reads what belongs to these groups, in a fixed number of queries.
pub fn tell(db: &mut Db, groups: Vec<Group>) -> QueryResult<Vec<Told>> {
    let ids: Vec<FailureGroupId> = groups.iter().map(|group| group.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let published = || {
        failures::table
            .inner_join(items::table)
            .filter(among(failures::group_id, &ids))
            .filter(Published)
    };
    let first: Vec<(FailureGroupId, Option<ItemId>)> = published()
        .filter(failures::words.ne(""))
        .group_by(failures::group_id)
        .select((failures::group_id, min(failures::id)))
        .load(db)?;
    let first: Vec<ItemId> = first.into_iter().filter_map(|(_, id)| id).collect();
    let first: Vec<(FailureGroupId, String, String)> = failures::table
        .filter(failures::id.eq_any(first))
        .select((failures::group_id, failures::headline, failures::words_html))
        .load(db)?;
    let met: Vec<(FailureGroupId, System, Option<ItemId>)> = published()
        .select((failures::group_id, failures::system, failures::release_id))
        .distinct()
        .load(db)?;
    let fixed = groups.iter().filter_map(|group| group.fixed_in);
    let named: Vec<ItemId> = met.iter().filter_map(|(.., id)| *id).chain(fixed).collect();
    let versions = versions(db, &named)?;
    let mut all = Vec::with_capacity(groups.len());
    for group in groups {
        let (heading, words) = first
            .iter()
            .find(|(id, ..)| *id == group.id)
            .map_or_else(Default::default, |(_, headline, html)| {
                (headline.clone(), markdown::excerpt(html, 160))
            });
        let mut systems: Vec<System> = Vec::new();
        let mut on: Vec<ItemId> = Vec::new();
        for (_, system, release) in met.iter().filter(|(id, ..)| *id == group.id) {
            if !systems.contains(system) {
                systems.push(*system);
            }
            on.extend(release);
        }
        systems.sort_by_key(|system| System::ALL.iter().position(|one| one == system));
        let is_trace = !heading.is_empty();
        let (heading, excerpt) = match (is_trace, words.is_empty()) {
            (true, _) => (heading, words),
            (false, false) => (words, String::new()),
            (false, true) => ("Reported without words".into(), String::new()),
        };
        all.push(Told {
            heading,
            is_trace,
            excerpt,
            systems,
            versions: versions
                .iter()
                .filter(|(id, _)| on.contains(id))
                .map(|(_, name)| name.clone())
                .collect(),
            fixed_in: named_of(&versions, group.fixed_in),
            group,
        });
    }
    Ok(all)
}

pub(super) fn named_of(versions: &[(ItemId, String)], id: Option<ItemId>) -> Option<String> {
    let found = versions.iter().find(|(of, _)| Some(*of) == id)?;
    Some(found.1.clone())
}

/// What these releases are called, as far as readers see them; the newest first.
pub(super) fn versions(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<(ItemId, String)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    releases::table
        .inner_join(items::table)
        .filter(among(releases::id, ids))
        .filter(Published)
        .order((releases::released_at.desc(), releases::id.desc()))
        .select((releases::id, releases::version))
        .load(db)
}

/// A report as the page of its group shows it.
#[derive(Clone, Debug)]
pub struct Said {
    pub failure: Failure,
    pub author: UserId,
    pub state: State,
    pub has_waiting_edit: bool,
    pub username: String,
    pub display_name: String,
    pub avatar: Option<String>,
    pub version: Option<String>,
}

impl Said {
    pub fn name(&self) -> &str {
        match self.display_name.is_empty() {
            true => &self.username,
            false => &self.display_name,
        }
    }

    /// "Linux (Debian 13)".
    pub fn on(&self) -> String {
        match self.failure.system_version.as_str() {
            "" => self.failure.system.name().to_owned(),
            version => format!("{} ({version})", self.failure.system.name()),
        }
    }
}

/// Who reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reader {
    pub id: Option<UserId>,
    pub moderates: bool,
}

/// The reports of a group that this reader may read, oldest first, after one. "Me too" is only
/// counted, unless it is their own.
pub fn reports(
    db: &mut Db,
    group: FailureGroupId,
    reader: Reader,
    after: ItemId,
) -> QueryResult<(Vec<Said>, Option<ItemId>)> {
    let mut states = vec![State::Published];
    if reader.moderates {
        states.extend([State::Held, State::Spam, State::Removed]);
    }
    let own = reader.id.unwrap_or(UserId(0));
    let theirs = items::author_id.eq(own).and(items::state.eq_any([
        State::Published,
        State::Held,
        State::Spam,
        State::Removed,
    ]));
    let with_words = failures::words
        .ne("")
        .or(failures::trace.ne(""))
        .and(items::state.eq_any(states));
    type Row = (
        Failure,
        (UserId, State, Option<crate::item::Queue>),
        (String, String, Option<String>),
    );
    let mut rows: Vec<Row> = failures::table
        .inner_join(items::table.inner_join(users::table))
        .filter(failures::group_id.eq(group).and(failures::id.gt(after)))
        .filter(with_words.or(theirs))
        .order(failures::id)
        .limit(PART + 1)
        .select((
            Failure::as_select(),
            (items::author_id, items::state, items::queue),
            (users::username, users::display_name, users::avatar),
        ))
        .load(db)?;
    let more = rows.len() as i64 > PART;
    rows.truncate(PART as usize);
    let next = rows.last().filter(|_| more).map(|(failure, ..)| failure.id);
    let named: Vec<ItemId> = rows.iter().filter_map(|(f, ..)| f.release_id).collect();
    let versions = versions(db, &named)?;
    let said = rows
        .into_iter()
        .map(|(failure, (author, state, queue), user)| Said {
            version: named_of(&versions, failure.release_id),
            author,
            has_waiting_edit: state == State::Published && queue.is_some(),
            state,
            username: user.0,
            display_name: user.1,
            avatar: user.2,
            failure,
        })
        .collect();
    Ok((said, next))
}

/// Before which report the part of a group's page begins that this one stands in, if it is not the
/// first. Counted among what everybody reads.
pub fn part_of(db: &mut Db, group: FailureGroupId, id: ItemId) -> QueryResult<Option<ItemId>> {
    let before: Vec<ItemId> = failures::table
        .inner_join(items::table)
        .filter(failures::group_id.eq(group).and(failures::id.lt(id)))
        .filter(failures::words.ne("").or(failures::trace.ne("")))
        .filter(Published)
        .order(failures::id.desc())
        .limit(PART)
        .select(failures::id)
        .load(db)?;
    Ok(match before.len() as i64 {
        PART => before.first().copied(),
        _ => None,
    })
}

/// Who said "me too" and nothing else, counted by system: people, not reports. Whoever said it of several
/// releases counts once, at one system; whoever told more stands among the reports.
pub fn me_too(db: &mut Db, group: FailureGroupId) -> QueryResult<Vec<(System, i64)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        system: System,
        #[diesel(sql_type = BigInt)]
        people: i64,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT system, count(*) AS people FROM (\
           SELECT min(f.system) AS system FROM failures f JOIN items i ON i.id = f.id \
           WHERE f.group_id = $1 AND i.state = 'published' GROUP BY i.author_id \
           HAVING max(CASE WHEN f.words = '' AND f.trace = '' THEN 0 ELSE 1 END) = 0) persons \
         GROUP BY system ORDER BY people DESC, system",
    )
    .bind::<BigInt, _>(group)
    .load(db)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.system, row.people))
        .collect())
}

/// Whether this person has a report in it that was not taken away.
pub fn is_reporter(db: &mut Db, group: FailureGroupId, user: UserId) -> QueryResult<bool> {
    let found: Option<ItemId> = failures::table
        .inner_join(items::table)
        .filter(failures::group_id.eq(group))
        .filter(items::author_id.eq(user))
        .filter(items::state.ne_all([State::Deleted, State::Removed]))
        .select(failures::id)
        .first(db)
        .optional()?;
    Ok(found.is_some())
}

/// The next who have a published report in it, after one of them and in the order of their numbers, each
/// with their first one, for what they are told. The makers know without.
pub(super) fn reporters(
    db: &mut Db,
    group: &Group,
    after: UserId,
    most: i64,
) -> QueryResult<Vec<(UserId, ItemId)>> {
    let makers = project_makers::table
        .filter(project_makers::project_id.eq(group.project_id))
        .select(project_makers::user_id);
    let rows: Vec<(UserId, Option<ItemId>)> = failures::table
        .inner_join(items::table)
        .filter(failures::group_id.eq(group.id))
        .filter(Published)
        .filter(items::author_id.gt(after))
        .filter(items::author_id.ne_all(makers))
        .group_by(items::author_id)
        .order(items::author_id)
        .limit(most)
        .select((items::author_id, min(failures::id)))
        .load(db)?;
    Ok(rows
        .into_iter()
        .filter_map(|(user, id)| Some((user, id?)))
        .collect())
}

/// The group of a signature: the one there is, or a new one. A trace of nothing finds none.
pub(super) fn of_signature(
    db: &mut Db,
    project: ItemId,
    signature: &str,
) -> QueryResult<FailureGroupId> {
    let known = |db: &mut Db| -> QueryResult<Option<FailureGroupId>> {
        failure_groups::table
            .filter(failure_groups::project_id.eq(project))
            .filter(failure_groups::signature.eq(signature))
            .select(failure_groups::id)
            .first(db)
            .optional()
    };
    if !signature.is_empty() {
        // Two first reports at once: the second finds the group of the first.
        dialect::lock(db, &format!("failures:{project}"))?;
        if let Some(id) = known(db)? {
            return Ok(id);
        }
    }
    both!(db, conn => diesel::insert_into(failure_groups::table)
        .values((
            failure_groups::project_id.eq(project),
            failure_groups::signature.eq(signature),
            failure_groups::state.eq(Fate::Open),
            failure_groups::last_at.eq(now()),
        ))
        .returning(failure_groups::id)
        .get_result(conn))
}

/// Takes the row's lock, until the transaction ends: who reports it in this moment counts before or
/// after. A campaign is locked earlier, as verdicts do.
pub(super) fn lock(db: &mut Db, id: FailureGroupId) -> QueryResult<()> {
    diesel::update(failure_groups::table.find(id))
        .set(failure_groups::people.eq(failure_groups::people))
        .execute(db)
        .map(|_| ())
}

/// Counts who has a published report in it. What was fixed is open again when somebody reports it from
/// the release that mends it, or from a later one; then nobody is told of the fix any more. Takes the
/// row's lock before it counts.
pub fn recount(db: &mut Db, id: FailureGroupId) -> QueryResult<()> {
    lock(db, id)?;
    let published = || {
        failures::table
            .inner_join(items::table)
            .filter(failures::group_id.eq(id))
            .filter(Published)
    };
    let people: i64 = published()
        .select(count(items::author_id).aggregate_distinct())
        .first(db)?;
    let last: Option<NaiveDateTime> = published().select(max(failures::created_at)).first(db)?;
    let group: Group = failure_groups::table
        .find(id)
        .select(Group::as_select())
        .get_result(db)?;
    diesel::update(failure_groups::table.find(id))
        .set((
            failure_groups::people.eq(people as i32),
            failure_groups::last_at.eq(last.unwrap_or(group.last_at)),
        ))
        .execute(db)?;
    let (Fate::Fixed, Some(fixed_in), Some(decided)) =
        (group.fate, group.fixed_in, group.decided_at)
    else {
        return Ok(());
    };
    let mended: NaiveDateTime = releases::table
        .find(fixed_in)
        .select(releases::released_at)
        .get_result(db)?;
    let still: Option<ItemId> = published()
        .inner_join(releases::table.on(failures::release_id.eq(releases::id.nullable())))
        .filter(failures::created_at.gt(decided))
        .filter(releases::released_at.ge(mended))
        .select(failures::id)
        .first(db)
        .optional()?;
    if still.is_some() {
        diesel::update(failure_groups::table.find(id))
            .set((
                failure_groups::state.eq(Fate::Open),
                failure_groups::closed.eq(false),
                failure_groups::decided_at.eq(None::<NaiveDateTime>),
            ))
            .execute(db)?;
        telling::forget(db, id)?;
    }
    Ok(())
}

/// A maker says what became of it. It is no text: it changes at once, and is in the log. That it is
/// marked so already is no fault; gives whether anything changed.
pub fn mark(
    db: &mut Db,
    maker: &User,
    project: &Project,
    id: FailureGroupId,
    fate: Fate,
    fixed_in: Option<ItemId>,
) -> Result<bool, FailureError> {
    gate::may_post(maker, now()).map_err(FailureError::Refused)?;
    if !project.is_made_by(db, maker.id)? {
        return Err(FailureError::NotMaker);
    }
    lock(db, id)?;
    let group = Group::find(db, project.id, id)?.ok_or(FailureError::Gone)?;
    let fixed_in = match fate {
        Fate::Fixed => {
            let known = super::versions(db, project.id)?;
            let version = known.into_iter().find(|(of, _)| Some(*of) == fixed_in);
            Some(version.ok_or(FailureError::NoRelease)?)
        }
        _ => None,
    };
    let release = fixed_in.as_ref().map(|(id, _)| *id);
    if (group.fate, group.fixed_in) == (fate, release) {
        return Ok(false);
    }
    let at = now();
    diesel::update(failure_groups::table.find(id))
        .set((
            failure_groups::state.eq(fate),
            failure_groups::closed.eq(fate != Fate::Open),
            failure_groups::fixed_in.eq(release),
            failure_groups::decided_at.eq(Some(at)),
        ))
        .execute(db)?;
    let after = fate_in_words(fate, fixed_in.as_ref().map(|(_, version)| version.as_str()));
    Act {
        actor: Some(maker.id),
        act: "marked a failure",
        item: Some(project.id),
        detail: &format!("failure {id} of {}", project.title),
        before: group.fate.as_str(),
        after: &after,
        ..Act::default()
    }
    .write(db)?;
    telling::begin(db, id, maker.id, at)?;
    Ok(true)
}

/// A line of the maker's own table of failures: a published report with what became of it. As CSV and
/// JSON have it, in this order.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// The number of the group: reports of one fault have the same.
    pub failure: i64,
    /// open, fixed, unseen or intended.
    pub state: Fate,
    pub fixed_in: Option<String>,
    /// How many people have it.
    pub people: i32,
    /// What it happened with.
    pub release: Option<String>,
    pub system: System,
    pub system_version: String,
    pub by: String,
    /// In UTC.
    pub at: NaiveDateTime,
    pub words: String,
    pub headline: String,
    pub trace: String,
}

impl Line {
    /// The names of its columns.
    pub const COLUMNS: [&'static str; 12] = [
        "failure",
        "state",
        "fixed_in",
        "people",
        "release",
        "system",
        "system_version",
        "by",
        "at",
        "words",
        "headline",
        "trace",
    ];

    /// Its cells, in the order of [`Line::COLUMNS`].
    pub fn cells(&self) -> [String; 12] {
        [
            self.failure.to_string(),
            self.state.to_string(),
            self.fixed_in.clone().unwrap_or_default(),
            self.people.to_string(),
            self.release.clone().unwrap_or_default(),
            self.system.to_string(),
            self.system_version.clone(),
            self.by.clone(),
            self.at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            self.words.clone(),
            self.headline.clone(),
            self.trace.clone(),
        ]
    }
}

/// All published reports of a project after one, oldest first, so many at a time: for its makers'
/// downloads. With the number to go on from. A trace may have 64 KB: who has no use for them reads none.
pub fn lines(
    db: &mut Db,
    project: ItemId,
    after: ItemId,
    most: i64,
    with_traces: bool,
) -> QueryResult<(Vec<Line>, Option<ItemId>)> {
    type Row = (
        (ItemId, Option<ItemId>, NaiveDateTime),
        (System, String),
        (String, String),
        Group,
        String,
    );
    let mut rows: Vec<Row> = failures::table
        .inner_join(items::table.inner_join(users::table))
        .inner_join(failure_groups::table)
        .filter(items::project_id.eq(project))
        .filter(items::kind.eq(Kind::Failure))
        .filter(Published)
        .filter(items::id.gt(after))
        .order(items::id)
        .limit(most + 1)
        .select((
            (failures::id, failures::release_id, failures::created_at),
            (failures::system, failures::system_version),
            (failures::words, failures::headline),
            Group::as_select(),
            users::username,
        ))
        .load(db)?;
    let more = rows.len() as i64 > most;
    rows.truncate(most as usize);
    let ids: Vec<ItemId> = rows.iter().map(|((id, ..), ..)| *id).collect();
    let next = ids.last().copied().filter(|_| more);
    let traces: Vec<(ItemId, String)> = match with_traces {
        true => failures::table
            .filter(among(failures::id, &ids))
            .filter(failures::trace.ne(""))
            .select((failures::id, failures::trace))
            .load(db)?,
        false => Vec::new(),
    };
    let mut traces: std::collections::HashMap<ItemId, String> = traces.into_iter().collect();
    let named: Vec<ItemId> = rows
        .iter()
        .flat_map(|((_, release, _), _, _, group, _)| release.iter().copied().chain(group.fixed_in))
        .collect();
    let versions = versions(db, &named)?;
    let lines = rows
        .into_iter()
        .map(|((id, release, at), on, said, group, by)| Line {
            failure: group.id.0,
            state: group.fate,
            fixed_in: named_of(&versions, group.fixed_in),
            people: group.people,
            release: named_of(&versions, release),
            system: on.0,
            system_version: on.1,
            by,
            at,
            words: said.0,
            headline: said.1,
            trace: traces.remove(&id).unwrap_or_default(),
        })
        .collect();
    Ok((lines, next))
}

/// What did not work with a release, for the makers' page of feedback.
#[derive(Clone, Debug)]
pub struct OfRelease {
    /// None: who reported it did not say.
    pub version: Option<String>,
    pub open: Vec<Told>,
    pub closed: Vec<Told>,
}

/// The failures of a project by release, the newest first: a group stands under each that it was met
/// in. The 200 newest groups.
pub fn by_release(db: &mut Db, project: ItemId) -> QueryResult<Vec<OfRelease>> {
    const MOST: i64 = 200;
    let groups: Vec<Group> = failure_groups::table
        .filter(failure_groups::project_id.eq(project))
        .filter(failure_groups::people.gt(0))
        .order((
            failure_groups::closed,
            failure_groups::last_at.desc(),
            failure_groups::id.desc(),
        ))
        .limit(MOST)
        .select(Group::as_select())
        .load(db)?;
    let told = tell(db, groups)?;
    let mut names: Vec<Option<String>> = super::versions(db, project)?
        .into_iter()
        .map(|(_, name)| Some(name))
        .collect();
    names.push(None);
    let stands_under = |told: &Told, name: &Option<String>| match name {
        Some(name) => told.versions.contains(name),
        None => told.versions.is_empty(),
    };
    let mut all = Vec::new();
    for version in names {
        let (closed, open): (Vec<Told>, Vec<Told>) = told
            .iter()
            .filter(|told| stands_under(told, &version))
            .cloned()
            .partition(|told| told.group.closed);
        if !open.is_empty() || !closed.is_empty() {
            all.push(OfRelease {
                version,
                open,
                closed,
            });
        }
    }
    Ok(all)
}
