//! "Didn't work for me": what happened on whose system, with the trace of it. No part of the talk and
//! none of the ratings. A report is an item of its own; one without words and trace says "me too".
//!
//! Reports of one fault are a group ([`group`]): by the signature of their traces ([`signature`]), or
//! because their author said that it is theirs, too.
//!
//! The filter reads the words, the lines of the trace that read like words, and where its links lead;
//! not the frames. They are code that no comment has, so a score of them would mean nothing and a
//! label would teach nonsense, and two people with the same crash would look like one campaign.

pub mod answer;
pub mod group;
pub mod signature;
pub mod telling;

use crate::account::User;
use crate::block;
use crate::condition::{Published, among};
use crate::db::{FailureGroupId, ItemId, UserId, dialect, now};
use crate::gate::{self, Feedback, Person, Refusal};
use crate::ignore;
use crate::intake::limits::{self, Limited};
use crate::intake::{self, Context, Decision, Outcome, Text};
use crate::invitation;
use crate::item::{Item, Kind, Revision, State, Submitted, appearing};
use crate::line::one_line;
use crate::notice::{self, Sort};
use crate::project::{FieldError, Project};
pub use crate::release::System;
use crate::schema::{failure_groups, failures, items, releases};
use crate::{Db, QueryResult, inbox, markdown};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use regex::Regex;
use signature::Trace;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

pub const MAX_WORDS: usize = 2_000;
pub const MAX_SYSTEM_VERSION: usize = 60;
/// Of a trace, in bytes.
pub const MAX_TRACE: usize = 64 * 1024;
/// Reports of one person in an hour.
const AN_HOUR: i64 = 10;

/// What something may not work on.
pub const SYSTEMS: [System; 7] = [
    System::Linux,
    System::Macos,
    System::Windows,
    System::Web,
    System::Android,
    System::Ios,
    System::Other,
];

/// A report, parsed and within its limits. A revision keeps it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    pub release: Option<ItemId>,
    /// What that release is called, for who reads it alone.
    pub version: String,
    pub system: System,
    pub system_version: String,
    pub words: String,
    pub trace: String,
}

/// What was typed.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub release: String,
    pub system: String,
    pub system_version: String,
    pub words: String,
    pub trace: String,
}

/// A release as a form offers it.
pub type Version = (ItemId, String);

impl Report {
    /// `versions`: those that it may be about. Without any there is nothing to choose.
    pub fn parse(typed: &Typed, versions: &[Version]) -> Result<Report, Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut fault = |field, message: String| faults.push(FieldError { field, message });
        let chosen = versions.iter().find(|(_, name)| *name == typed.release);
        if chosen.is_none() && !typed.release.is_empty() {
            fault("release", "Choose a release of this project.".into());
        }
        let system = typed.system.parse().ok();
        let system = system.filter(|system| SYSTEMS.contains(system));
        if system.is_none() {
            fault("system", "Choose a system.".into());
        }
        let system_version = one_line(&typed.system_version);
        match system_version.chars().count() {
            n if n > MAX_SYSTEM_VERSION => fault(
                "system_version",
                format!("At most {MAX_SYSTEM_VERSION} characters; these are {n}."),
            ),
            _ => {}
        }
        let words = typed.words.trim().to_owned();
        match words.chars().count() {
            _ if !words.chars().any(char::is_alphanumeric) => {
                fault("words", "Say in a few words what happened.".into());
            }
            n if n > MAX_WORDS => fault(
                "words",
                format!("At most 2,000 characters; these are {n}. A trace has a place of its own."),
            ),
            _ => {}
        }
        let trace = typed.trace.trim_end().to_owned();
        if trace.len() > MAX_TRACE {
            fault(
                "trace",
                format!(
                    "A trace has at most 64 KB; this has {}. Its first and its last part say most.",
                    trace.len().div_ceil(1024)
                ),
            );
        }
        match system {
            Some(system) if faults.is_empty() => Ok(Report {
                release: chosen.map(|(id, _)| *id),
                version: chosen.map_or(String::new(), |(_, name)| name.clone()),
                system,
                system_version,
                words,
                trace: match trace.trim().is_empty() {
                    true => String::new(),
                    false => trace,
                },
            }),
            _ => Err(faults),
        }
    }

    /// Without a text of its own.
    pub fn me_too(release: Option<Version>, system: System) -> Report {
        let (release, version) = release.unzip();
        Report {
            release,
            version: version.unwrap_or_default(),
            system,
            system_version: String::new(),
            words: String::new(),
            trace: String::new(),
        }
    }

    pub fn is_me_too(&self) -> bool {
        self.words.is_empty() && self.trace.is_empty()
    }

    /// What the filter reads. Of "me too" nothing: there is nothing to learn from it.
    fn text(&self, trace: &Trace) -> String {
        let mut parts: Vec<&str> = vec![&self.words, &self.system_version];
        parts.extend(trace.said.iter().map(String::as_str));
        let said = parts.join("\n");
        parts.extend(
            links(&self.trace)
                .into_iter()
                .filter(|link| !said.contains(link)),
        );
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }

    fn to_json(&self) -> QueryResult<String> {
        serde_json::to_string(self)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))
    }
}

/// Where the links of a trace lead: one a host, since a browser's trace names its own page in every line.
fn links(trace: &str) -> Vec<&str> {
    static LINK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)(?:https?://|www\.)([^\s/:"'<>()\[\]]+)[^\s"'<>()\[\]]*"#)
            .expect("a pattern of our own")
    });
    let mut hosts = HashSet::new();
    LINK.captures_iter(trace)
        .filter(|found| hosts.insert(found[1].to_lowercase()))
        .filter_map(|found| found.get(0).map(|link| link.as_str()))
        .collect()
}

/// A revision's content as moderators read it: Markdown, the trace as code.
pub fn readable(content: &str) -> String {
    let Ok(report) = serde_json::from_str::<Report>(content) else {
        return content.to_owned();
    };
    let on = format!("{} {}", report.system.name(), report.system_version);
    let mut facts = vec![on.trim().to_owned()];
    if !report.version.is_empty() {
        facts.push(format!("release {}", report.version));
    }
    let facts = facts.join(", ");
    if report.is_me_too() {
        return format!("Me too: {facts}");
    }
    let mut all = format!("{}\n\n{facts}", report.words);
    if !report.trace.is_empty() {
        let ticks = report.trace.split(|c| c != '`').map(str::len).max();
        let fence = "`".repeat(ticks.unwrap_or(0).max(2) + 1);
        all.push_str(&format!("\n\n{fence}text\n{}\n{fence}\n", report.trace));
    }
    all
}

#[derive(Debug, thiserror::Error)]
pub enum FailureError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("{}", .0.sentence())]
    Limited(Limited),
    #[error("You said so already. Your report stands in the list.")]
    Already,
    #[error("This is not here any more.")]
    Gone,
    #[error("Only who wrote it changes it.")]
    NotTheirs,
    #[error("Only the makers of this project decide that.")]
    NotMaker,
    #[error("Choose one of the releases of this project.")]
    NoRelease,
    #[error("Say something, or mark it.")]
    Nothing,
    #[error("An answer has at most 2,000 characters; this has {0}.")]
    TooLong(usize),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = failures)]
pub struct Failure {
    pub id: ItemId,
    pub group_id: FailureGroupId,
    pub release_id: Option<ItemId>,
    pub system: System,
    pub system_version: String,
    pub words: String,
    pub words_html: String,
    pub trace: String,
    pub headline: String,
    pub created_at: NaiveDateTime,
    pub edited_at: Option<NaiveDateTime>,
}

impl Failure {
    pub fn find(db: &mut Db, id: ItemId) -> QueryResult<Failure> {
        failures::table
            .find(id)
            .select(Failure::as_select())
            .get_result(db)
    }

    pub fn is_me_too(&self) -> bool {
        self.words.is_empty() && self.trace.is_empty()
    }

    /// As it stands, or as its waiting edit has it.
    pub fn for_editing(&self, db: &mut Db) -> QueryResult<Report> {
        let newest = Revision::newest(db, self.id)?;
        serde_json::from_str(&newest.content)
            .map_err(|error| diesel::result::Error::DeserializationError(error.into()))
    }
}

/// How this person stands to the project, for the gate.
pub fn person<'a>(db: &mut Db, user: &'a User, project: &Project) -> QueryResult<Person<'a>> {
    Ok(Person {
        user,
        is_maker: User::is_maker(db, user.id)?,
        on_team: project.is_made_by(db, user.id)?,
        is_blocked: block::holds(db, project.id, user.id)?,
    })
}

fn judge(
    db: &mut Db,
    context: &Context,
    person: Person,
    kind: Kind,
    text: &str,
    editing: Option<ItemId>,
    network: &str,
) -> QueryResult<Decision> {
    intake::judge(
        db,
        context,
        &Text {
            kind,
            author: person.user,
            is_maker: person.is_maker,
            text,
            editing,
            approve_first: false,
            network,
            heat: None,
        },
    )
}

/// Takes a report in: gate, limits, checks, filter, state. Into this group, if its author found it
/// there; else into that of its trace. To be called in a write transaction.
pub fn post(
    db: &mut Db,
    context: &Context,
    author: &User,
    project: &Project,
    into: Option<FailureGroupId>,
    report: &Report,
    network: &str,
) -> Result<(ItemId, State), FailureError> {
    let person = person(db, author, project)?;
    gate::may_give(Feedback::Failure, Some(person), project.terms(), now())
        .map_err(FailureError::Refused)?;
    if !context.limits_off {
        let bucket = format!("failures:{}", author.id);
        limits::count(db, &bucket, AN_HOUR, Duration::hours(1))?.map_err(FailureError::Limited)?;
        limits::waiting(db, context.settings, author.id)?.map_err(FailureError::Limited)?;
    }
    // Of two presses of a button, the second sees what the first did.
    dialect::lock(db, &format!("failures-by:{}", author.id))?;
    if let Some(into) = into {
        let group = group::Group::find(db, project.id, into)?.ok_or(FailureError::Gone)?;
        let said = failures::table
            .inner_join(items::table)
            .filter(failures::group_id.eq(group.id))
            .filter(items::author_id.eq(author.id))
            .filter(items::state.ne_all([State::Deleted, State::Removed]));
        let before: Vec<Option<ItemId>> = said.select(failures::release_id).load(db)?;
        if before.contains(&report.release) {
            return Err(FailureError::Already);
        }
    }
    let trace = signature::read(&report.trace);
    let text = report.text(&trace);
    let decision = judge(db, context, person, Kind::Failure, &text, None, network)?;
    let id = Item::submit(
        db,
        &Submitted {
            kind: Kind::Failure,
            author: author.id,
            project: Some(project.id),
            content: &report.to_json()?,
            text: &text,
            network,
            decision: &decision,
        },
    )?;
    let group = match into {
        Some(group) => group,
        None => group::of_signature(db, project.id, &trace.signature)?,
    };
    diesel::insert_into(failures::table)
        .values((
            (
                failures::id.eq(id),
                failures::group_id.eq(group),
                failures::created_at.eq(now()),
            ),
            facts(report),
            (
                failures::words.eq(&report.words),
                failures::words_html.eq(markdown::to_html(&report.words)),
                failures::trace.eq(&report.trace),
                failures::headline.eq(&trace.headline),
            ),
        ))
        .execute(db)?;
    let state = Item::find(db, id)?.state;
    if state == State::Published {
        group::recount(db, group)?;
        published(db, &[id])?;
    }
    Ok((id, state))
}

#[expect(clippy::type_complexity, reason = "three columns of one row")]
fn facts(
    report: &Report,
) -> (
    diesel::dsl::Eq<failures::release_id, Option<ItemId>>,
    diesel::dsl::Eq<failures::system, System>,
    diesel::dsl::Eq<failures::system_version, &str>,
) {
    (
        failures::release_id.eq(report.release),
        failures::system.eq(report.system),
        failures::system_version.eq(report.system_version.as_str()),
    )
}

/// Takes an edit by its author in. Gives the state the new text got: readers go on seeing the one
/// before until it is let through.
pub fn edit(
    db: &mut Db,
    context: &Context,
    author: &User,
    project: &Project,
    id: ItemId,
    report: &Report,
    network: &str,
) -> Result<State, FailureError> {
    let person = person(db, author, project)?;
    gate::may_change_words(person, now()).map_err(FailureError::Refused)?;
    if !context.limits_off {
        limits::edits(db, author.id)?.map_err(FailureError::Limited)?;
    }
    let item = dialect::lock_item(db, id)?.ok_or(FailureError::Gone)?;
    if item.author_id != author.id {
        return Err(FailureError::NotTheirs);
    }
    if matches!(item.state, State::Removed | State::Deleted) {
        return Err(FailureError::Gone);
    }
    let failure = Failure::find(db, id)?;
    if failure.for_editing(db)? == *report {
        return Ok(item.state);
    }
    let text = report.text(&signature::read(&report.trace));
    let decision = judge(db, context, person, Kind::Failure, &text, Some(id), network)?;
    if item.revise(db, &report.to_json()?, &text, &decision)? {
        write(db, &failure, report)?;
        return Ok(Item::find(db, id)?.state);
    }
    Ok(match decision.outcome {
        Outcome::Spam => State::Spam,
        _ => State::Held,
    })
}

/// Of these items, reports that come before readers by this are told of.
pub fn settled(db: &mut Db, items: &[&Item], to: State) -> QueryResult<()> {
    let ids: Vec<ItemId> = appearing(items, Kind::Failure, to)
        .map(|item| item.id)
        .collect();
    match ids.is_empty() {
        true => Ok(()),
        false => published(db, &ids),
    }
}

/// The makers learn of reports with words. "Me too" they find beside them. Of a thousand at once no
/// trace is read: each may be 64 KB.
fn published(db: &mut Db, ids: &[ItemId]) -> QueryResult<()> {
    let told: Vec<(ItemId, UserId, Option<ItemId>)> = failures::table
        .inner_join(items::table)
        .filter(among(failures::id, ids))
        .filter(failures::words.ne("").or(failures::trace.ne("")))
        .order(failures::id)
        .select((failures::id, items::author_id, items::project_id))
        .load(db)?;
    let mut makers: HashMap<ItemId, Vec<UserId>> = HashMap::new();
    for (id, author, project) in told {
        let Some(project) = project else {
            continue;
        };
        let makers = match makers.entry(project) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(invitation::makers(db, project)?),
        };
        let meant = ignore::listening(db, makers, &[author])?;
        notice::tell_many(db, &meant, Sort::Failure, id)?;
    }
    Ok(())
}

/// Its author takes it back.
pub fn delete(db: &mut Db, author: &User, id: ItemId) -> Result<(), FailureError> {
    let item = dialect::lock_item(db, id)?
        .filter(|item| item.kind == Kind::Failure)
        .ok_or(FailureError::Gone)?;
    if item.author_id != author.id {
        return Err(FailureError::NotTheirs);
    }
    item.delete(db)?;
    Ok(())
}

/// Shows an earlier or a waiting revision.
pub fn show_content(db: &mut Db, id: ItemId, content: &str) -> QueryResult<()> {
    let report: Report = serde_json::from_str(content)
        .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    let failure = Failure::find(db, id)?;
    let same_words = failure.words == report.words && failure.trace == report.trace;
    let same_facts = failure.release_id == report.release
        && failure.system == report.system
        && failure.system_version == report.system_version;
    if same_words && same_facts {
        return Ok(()); // a first text that was let through late is no edit
    }
    write(db, &failure, &report)
}

/// What readers see. Another trace may be about another fault: then the report goes to its group.
fn write(db: &mut Db, failure: &Failure, report: &Report) -> QueryResult<()> {
    let trace = signature::read(&report.trace);
    let project: Option<ItemId> = items::table
        .find(failure.id)
        .select(items::project_id)
        .get_result(db)?;
    let moves = signature::read(&failure.trace).signature != trace.signature;
    let group = match project {
        Some(project) if moves => group::of_signature(db, project, &trace.signature)?,
        _ => failure.group_id,
    };
    diesel::update(failures::table.find(failure.id))
        .set((
            facts(report),
            failures::group_id.eq(group),
            failures::words.eq(&report.words),
            failures::words_html.eq(markdown::to_html(&report.words)),
            failures::trace.eq(&report.trace),
            failures::headline.eq(&trace.headline),
            failures::edited_at.eq(now()),
        ))
        .execute(db)?;
    let mut touched = vec![failure.group_id, group];
    touched.sort();
    touched.dedup();
    for group in touched {
        group::recount(db, group)?;
    }
    Ok(())
}

/// What its author deleted, after its time.
pub fn erase(db: &mut Db, id: ItemId) -> QueryResult<()> {
    diesel::update(failures::table.find(id))
        .set((
            failures::system_version.eq(""),
            failures::words.eq(""),
            failures::words_html.eq(""),
            failures::trace.eq(""),
            failures::headline.eq(""),
        ))
        .execute(db)
        .map(|_| ())
}

/// The groups that these reports are in.
pub(crate) fn groups_of(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<FailureGroupId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    failures::table
        .filter(among(failures::id, ids))
        .select(failures::group_id)
        .distinct()
        .load(db)
}

/// Where something stands: the address of its project, and the group.
pub fn place(db: &mut Db, id: ItemId) -> QueryResult<Option<(ItemId, FailureGroupId)>> {
    let of_report: Option<FailureGroupId> = failures::table
        .find(id)
        .select(failures::group_id)
        .get_result(db)
        .optional()?;
    let group = match of_report {
        Some(group) => Some(group),
        None => answer::group_of(db, id)?,
    };
    let Some(group) = group else {
        return Ok(None);
    };
    let project = failure_groups::table
        .find(group)
        .select(failure_groups::project_id)
        .get_result(db)?;
    Ok(Some((project, group)))
}

/// What inboxes tell of reports, which is what became of them, and of answers. A release that readers do
/// not see is not named.
pub(crate) fn told(
    db: &mut Db,
    reports: &[ItemId],
    answers: &[ItemId],
    found: &mut HashMap<ItemId, inbox::Text>,
) -> QueryResult<()> {
    if !reports.is_empty() {
        type Row = (ItemId, String, String, group::Fate, Option<ItemId>);
        let rows: Vec<Row> = failures::table
            .inner_join(failure_groups::table)
            .filter(among(failures::id, reports))
            .select((
                failures::id,
                failures::words_html,
                failures::headline,
                failure_groups::state,
                failure_groups::fixed_in,
            ))
            .load(db)?;
        let named: Vec<ItemId> = rows.iter().filter_map(|row| row.4).collect();
        let versions = group::versions(db, &named)?;
        for (id, html, headline, fate, fixed_in) in rows {
            let words = markdown::excerpt(&html, inbox::EXCERPT);
            let excerpt = if words.is_empty() { headline } else { words };
            let version = group::named_of(&versions, fixed_in);
            let version = group::fate_in_words(fate, version.as_deref());
            found.insert(id, inbox::Text { excerpt, version });
        }
    }
    if !answers.is_empty() {
        for (id, html) in answer::words_of(db, answers)? {
            let excerpt = markdown::excerpt(&html, inbox::EXCERPT);
            let version = String::new();
            found.insert(id, inbox::Text { excerpt, version });
        }
    }
    Ok(())
}

/// The releases that a report may be about, the newest first.
pub fn versions(db: &mut Db, project: ItemId) -> QueryResult<Vec<Version>> {
    releases::table
        .inner_join(items::table)
        .filter(releases::project_id.eq(project).and(Published))
        .order((releases::released_at.desc(), releases::id.desc()))
        .limit(200)
        .select((releases::id, releases::version))
        .load(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &str, trace: &str) -> Typed {
        Typed {
            release: "1.2".into(),
            system: "linux".into(),
            system_version: " Debian\u{202e}\t13 ".into(),
            words: words.into(),
            trace: trace.into(),
        }
    }

    fn parse(typed: &Typed) -> Result<Report, Vec<&'static str>> {
        Report::parse(typed, &[(ItemId(7), "1.2".into())])
            .map_err(|faults| faults.iter().map(|fault| fault.field).collect())
    }

    #[test]
    fn a_report_has_a_system_and_words_and_faults_stand_at_their_fields() {
        let report = parse(&typed(" It stops. ", "KeyError: 'a'\n\n")).unwrap();
        assert_eq!(
            (report.release, report.system_version.as_str()),
            (Some(ItemId(7)), "Debian 13")
        );
        assert_eq!(
            (report.words.as_str(), report.trace.as_str()),
            ("It stops.", "KeyError: 'a'")
        );
        let none = Typed {
            release: "9".into(),
            system: "source".into(),
            system_version: "x".repeat(61),
            words: " \u{200b} ".into(),
            trace: "x".repeat(MAX_TRACE + 1),
        };
        let all = ["release", "system", "system_version", "words", "trace"];
        assert_eq!(parse(&none).unwrap_err(), all);
        assert!(parse(&typed("x", &"y".repeat(MAX_TRACE))).is_ok());
    }

    #[test]
    fn the_filter_reads_words_and_links_and_no_frames() {
        let trace = "Traceback (most recent call last):\n  File \"/home/ann/duck/game.py\", line 3, in play_level\n    x()\nSaveError: broken, see https://duck.example/help\nbuy cheap pills here today\n";
        let report = parse(&typed("It stops.", trace)).unwrap();
        let text = report.text(&signature::read(&report.trace));
        for said in [
            "It stops.",
            "Debian 13",
            "https://duck.example/help",
            "buy cheap pills",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("play_level"), "{text}");
        let too = Report::me_too(None, System::Web);
        assert_eq!(too.text(&signature::read("")), "");
    }

    #[test]
    fn a_trace_cannot_leave_its_code_block() {
        let report = parse(&typed("x", "```\n# Not a heading\n````")).unwrap();
        let html = markdown::to_html(&readable(&report.to_json().unwrap()));
        assert!(!html.contains("<h1"), "{html}");
        assert!(html.contains("# Not a heading"), "{html}");
    }

    #[test]
    fn a_host_is_named_once() {
        let trace = "at a (https://duck.example/game.js:1:2)\nat b (https://duck.example/game.js:3:4)\nwww.pills.example";
        assert_eq!(links(trace).len(), 2);
    }
}
