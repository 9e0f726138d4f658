//! Releases of a project. A release is an item of its own: its notes take the intake too.

use crate::account::User;
use crate::condition::{Published, Upto, among};
use crate::db::{ItemId, dialect, now};
use crate::forge::follow;
use crate::gate::{self, Refusal};
use crate::intake::{self, Context, Decision, Outcome, Text, limits};
use crate::item::{Item, Kind, Revision, State, Submitted};
use crate::picture::Picture;
use crate::project::{FieldError, Project, ShareError, parse_url};
use crate::schema::{items, pictures, projects, release_links, releases, users};
use crate::{Db, QueryResult, both, markdown, rating, words};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use std::collections::HashMap;

pub const MAX_VERSION: usize = 80;
pub const MAX_NOTES: usize = 50_000;
/// Addresses of one release.
pub const MAX_DOWNLOADS: usize = 16;

words! {
    /// What a download runs on.
    pub enum System {
        Linux = "linux",
        Macos = "macos",
        Windows = "windows",
        Web = "web",
        Android = "android",
        Ios = "ios",
        Source = "source",
        Other = "other",
    }
}

impl System {
    /// As it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            System::Linux => "Linux",
            System::Macos => "macOS",
            System::Windows => "Windows",
            System::Web => "Web",
            System::Android => "Android",
            System::Ios => "iOS",
            System::Source => "Source code",
            System::Other => "Other",
        }
    }
}

/// Where a release can be had.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Download {
    pub system: System,
    pub url: String,
}

/// The text of a release, parsed and within its limits. A revision keeps it as JSON; those of before
/// there were downloads kept the Markdown of the notes alone. The version is the release's name and a
/// part of its address: it stays, and no edit changes it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Notes {
    pub version: String,
    pub notes: String,
    pub downloads: Vec<Download>,
    /// What the makers ask those who rate it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
}

/// What the makers set beside the text: no text, so it changes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub released_on: NaiveDate,
    pub prerelease: bool,
}

impl Notes {
    /// Downloads come as (system, address), with empty addresses left out.
    pub fn parse(
        version: &str,
        notes: &str,
        downloads: &[(&str, &str)],
    ) -> Result<Notes, Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut fault = |field, message: String| faults.push(FieldError { field, message });
        let version = version.split_whitespace().collect::<Vec<_>>().join(" ");
        match version.chars().count() {
            0 => fault("version", "Say which version it is.".into()),
            n if n > MAX_VERSION => fault(
                "version",
                format!("A version has at most {MAX_VERSION} characters; this has {n}."),
            ),
            _ if version.eq_ignore_ascii_case("new") => fault(
                "version",
                "“new” is the address of this form. Call it something else.".into(),
            ),
            // It is a part of an address, where these would end it, climb out of it or hide.
            _ if version.contains(['/', '\\', '?', '#', '%'])
                || version.chars().any(char::is_control)
                || !version.chars().any(char::is_alphanumeric) =>
            {
                fault(
                    "version",
                    "A version has letters or digits, and none of / \\ ? # %.".into(),
                );
            }
            _ => {}
        }
        let notes = notes.trim().to_owned();
        let length = notes.chars().count();
        if length > MAX_NOTES {
            fault(
                "notes",
                format!("Notes have at most 50,000 characters; these have {length}."),
            );
        }
        let mut kept: Vec<Download> = Vec::new();
        for (system, typed) in downloads {
            let typed = typed.trim();
            if typed.is_empty() {
                continue;
            }
            let (Ok(system), Some(url)) = (system.parse(), parse_url(typed)) else {
                let words = match system.parse::<System>() {
                    Ok(_) => "An address starts with https:// or http://.".into(),
                    Err(_) => format!("Choose a system for “{}”.", short(typed)),
                };
                fault("url", words);
                continue;
            };
            let download = Download { system, url };
            if !kept.contains(&download) {
                kept.push(download);
            }
        }
        if kept.len() > MAX_DOWNLOADS {
            fault(
                "url",
                format!(
                    "A release has at most {MAX_DOWNLOADS} addresses; these are {}.",
                    kept.len()
                ),
            );
        }
        if faults.is_empty() {
            Ok(Notes {
                version,
                notes,
                downloads: kept,
                questions: Vec::new(),
            })
        } else {
            Err(faults)
        }
    }

    /// What the filter reads.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}", self.version, self.notes);
        for download in &self.downloads {
            text.push('\n');
            text.push_str(&download.url);
        }
        for question in &self.questions {
            text.push('\n');
            text.push_str(question);
        }
        text
    }

    pub fn to_json(&self) -> QueryResult<String> {
        serde_json::to_string(self)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))
    }

    /// What a revision of a release holds.
    fn stored(content: &str, release: &Release) -> Notes {
        serde_json::from_str(content).unwrap_or_else(|_| Notes {
            version: release.version.clone(),
            notes: content.to_owned(),
            downloads: only(&release.url),
            questions: Vec::new(),
        })
    }
}

/// As it can be told again beside its field.
fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The one address of a release of before there were several.
fn only(url: &str) -> Vec<Download> {
    let download = |url: &str| Download {
        system: System::Other,
        url: url.to_owned(),
    };
    (!url.is_empty())
        .then(|| download(url))
        .into_iter()
        .collect()
}

/// A revision's content as people read it: Markdown.
pub fn readable(content: &str) -> String {
    let Ok(stored) = serde_json::from_str::<Notes>(content) else {
        return content.to_owned();
    };
    let mut all = stored.notes;
    if !stored.downloads.is_empty() {
        all.push_str("\n\n");
    }
    for download in &stored.downloads {
        all.push_str(&format!(
            "- {}: <{}>\n",
            download.system.name(),
            download.url
        ));
    }
    if !stored.questions.is_empty() {
        all.push_str("\n\n");
    }
    for question in &stored.questions {
        all.push_str(&format!("- {question}\n"));
    }
    all
}

/// The day of a release, as a form's field has it: empty is `or`.
pub fn parse_day(typed: &str, or: NaiveDate, today: NaiveDate) -> Result<NaiveDate, FieldError> {
    let fault = |message: &str| FieldError {
        field: "released_on",
        message: message.to_owned(),
    };
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(or);
    }
    let day = NaiveDate::parse_from_str(typed, "%Y-%m-%d")
        .map_err(|_| fault("A day is written like 2026-03-21."))?;
    // Somewhere it is tomorrow already.
    if today.succ_opt().is_some_and(|tomorrow| day > tomorrow) {
        return Err(fault("This day has not come yet."));
    }
    match NaiveDate::from_ymd_opt(1970, 1, 1) {
        Some(first) if day < first => Err(fault("A release is from 1970 or later.")),
        _ => Ok(day),
    }
}

/// When a release of that day came out, for lists: today's just now, an older one at noon.
fn moment(day: NaiveDate, at: NaiveDateTime) -> NaiveDateTime {
    if day >= at.date() {
        return at;
    }
    day.and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default())
}

/// Why a release was not put out under its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    ByAnother,
    /// Its makers deleted it and may bring it back.
    ByDeleted,
}

pub(crate) fn judge(
    db: &mut Db,
    context: &Context,
    author: &User,
    text: &str,
    editing: Option<ItemId>,
    network: &str,
) -> QueryResult<Decision> {
    let is_maker = User::is_maker(db, author.id)?;
    intake::judge(
        db,
        context,
        &Text {
            kind: Kind::Release,
            author,
            is_maker,
            text,
            editing,
            approve_first: false,
            network,
            heat: None,
        },
    )
}

/// Takes a new release of a project in.
pub fn put_out(
    db: &mut Db,
    context: &Context,
    author: &User,
    project: &Project,
    (new, facts): (&Notes, Facts),
    network: &str,
) -> Result<Result<State, Taken>, ShareError> {
    gate::may_post(author, now()).map_err(ShareError::Refused)?;
    if !context.limits_off {
        limits::texts(db, author.id)?.map_err(ShareError::Limited)?;
    }
    // Two of one name at once: the second sees the first.
    dialect::lock(db, &format!("releases:{}", project.id))?;
    match Release::find(db, project.id, &new.version).optional()? {
        Some((_, State::Deleted)) => return Ok(Err(Taken::ByDeleted)),
        Some(_) => return Ok(Err(Taken::ByAnother)),
        None => {}
    }
    let text = new.text();
    let decision = judge(db, context, author, &text, None, network)?;
    let id = Item::submit(
        db,
        &Submitted {
            kind: Kind::Release,
            author: author.id,
            project: Some(project.id),
            content: &new.to_json()?,
            text: &text,
            network,
            decision: &decision,
        },
    )?;
    let at = moment(facts.released_on, now());
    Release::insert(db, id, project.id, new, facts.prerelease, at)?;
    Ok(Ok(Item::find(db, id)?.state))
}

/// Takes a changed text in, and sets what is no text. Gives the state the new text got: readers go on
/// seeing the one before until it is let through.
pub fn edit(
    db: &mut Db,
    context: &Context,
    editor: &User,
    release: ItemId,
    (new, facts): (&Notes, Facts),
    network: &str,
) -> Result<State, ShareError> {
    gate::may_post(editor, now()).map_err(ShareError::Refused)?;
    let item = dialect::lock_item(db, release)?.ok_or(diesel::result::Error::NotFound)?;
    if matches!(item.state, State::Removed | State::Deleted) {
        return Err(ShareError::Refused(Refusal::NotPublished));
    }
    let release: Release = releases::table
        .find(release)
        .select(Release::as_select())
        .get_result(db)?;
    if facts.released_on != release.released_at.date() {
        diesel::update(releases::table.find(release.id))
            .set(releases::released_at.eq(moment(facts.released_on, now())))
            .execute(db)?;
    }
    diesel::update(releases::table.find(release.id))
        .set(releases::prerelease.eq(facts.prerelease))
        .execute(db)?;
    let same_text = release.for_editing(db)? == *new;
    let same_facts =
        (release.released_at.date(), release.prerelease) == (facts.released_on, facts.prerelease);
    if !same_text || !same_facts {
        follow::keep(db, release.id)?;
    }
    if same_text {
        return Ok(item.state);
    }
    if !context.limits_off {
        limits::texts(db, editor.id)?.map_err(ShareError::Limited)?;
    }
    let text = new.text();
    let decision = judge(db, context, editor, &text, Some(release.id), network)?;
    if item.revise(db, &new.to_json()?, &text, &decision)? {
        write(db, release.id, new)?;
        return Ok(Item::find(db, release.id)?.state);
    }
    Ok(match decision.outcome {
        Outcome::Spam => State::Spam,
        _ => State::Held,
    })
}

#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = releases)]
pub struct Release {
    pub id: ItemId,
    pub project_id: ItemId,
    pub version: String,
    pub notes: String,
    pub notes_html: String,
    /// The first of its addresses.
    pub url: String,
    pub released_at: NaiveDateTime,
    pub prerelease: bool,
    /// Of the text that readers see.
    pub edited_at: Option<NaiveDateTime>,
}

/// A release with what a list shows of its project.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = releases)]
pub struct NewRelease {
    #[diesel(embed)]
    pub release: Release,
    #[diesel(select_expression = (projects::slug, projects::title))]
    pub project: (String, String),
    #[diesel(select_expression = (users::username, users::display_name))]
    pub owner: (String, String),
    #[diesel(embed)]
    pub picture: Option<Picture>,
    /// When it came in: its day may be changed later.
    #[diesel(select_expression = items::created_at)]
    pub created_at: NaiveDateTime,
}

impl NewRelease {
    pub fn slug(&self) -> &str {
        &self.project.0
    }

    pub fn title(&self) -> &str {
        &self.project.1
    }

    pub fn username(&self) -> &str {
        &self.owner.0
    }

    pub fn maker(&self) -> &str {
        if self.owner.1.is_empty() {
            &self.owner.0
        } else {
            &self.owner.1
        }
    }
}

/// A release of a project without its notes.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = releases)]
pub struct Version {
    pub id: ItemId,
    pub version: String,
    pub url: String,
    pub released_at: NaiveDateTime,
    pub prerelease: bool,
}

/// What to get: the newest that is no pre-release, or the newest that there is.
pub fn latest(versions: &[Version]) -> Option<&Version> {
    let finished = versions.iter().find(|version| !version.prerelease);
    finished.or(versions.first())
}

/// Where these can be had, by release. Asked with the first address of each, which those of before
/// have alone.
pub fn downloads(
    db: &mut Db,
    of: &[(ItemId, &str)],
) -> QueryResult<HashMap<ItemId, Vec<Download>>> {
    let ids: Vec<ItemId> = of.iter().map(|(id, _)| *id).collect();
    let rows: Vec<(ItemId, System, String)> = release_links::table
        .filter(among(release_links::release_id, ids))
        .order(release_links::id)
        .select((
            release_links::release_id,
            release_links::system,
            release_links::url,
        ))
        .load(db)?;
    let mut found: HashMap<ItemId, Vec<Download>> = HashMap::new();
    for (release, system, url) in rows {
        let download = Download { system, url };
        found.entry(release).or_default().push(download);
    }
    for (id, url) in of {
        found.entry(*id).or_insert_with(|| only(url));
    }
    Ok(found)
}

/// The newest published release of a project at that time, for what is written then.
pub fn newest_of(db: &mut Db, project: ItemId, at: NaiveDateTime) -> QueryResult<Option<ItemId>> {
    releases::table
        .inner_join(items::table)
        .filter(releases::project_id.eq(project).and(Published))
        .filter(releases::released_at.le(at))
        .order((releases::released_at.desc(), releases::id.desc()))
        .select(releases::id)
        .upto(1)
        .get_result(db)
        .optional()
}

/// What to get of a project now, as [`latest`] has it: a pre-release makes nothing old.
pub fn latest_of(db: &mut Db, project: ItemId) -> QueryResult<Option<(ItemId, NaiveDateTime)>> {
    releases::table
        .inner_join(items::table)
        .filter(releases::project_id.eq(project).and(Published))
        .order((
            releases::prerelease,
            releases::released_at.desc(),
            releases::id.desc(),
        ))
        .select((releases::id, releases::released_at))
        .upto(1)
        .get_result(db)
        .optional()
}

impl Release {
    /// The row of a release whose item was submitted before.
    pub fn insert(
        db: &mut Db,
        id: ItemId,
        project: ItemId,
        new: &Notes,
        prerelease: bool,
        at: NaiveDateTime,
    ) -> QueryResult<()> {
        diesel::insert_into(releases::table)
            .values((
                releases::id.eq(id),
                releases::project_id.eq(project),
                releases::version.eq(&new.version),
                releases::notes.eq(&new.notes),
                releases::notes_html.eq(markdown::to_html(&new.notes)),
                releases::url.eq(first_url(new)),
                releases::released_at.eq(at),
                releases::prerelease.eq(prerelease),
            ))
            .execute(db)?;
        rating::write_questions(db, id, &new.questions)?;
        write_downloads(db, id, &new.downloads)
    }

    /// The text as it stands, or as its waiting edit has it.
    pub fn for_editing(&self, db: &mut Db) -> QueryResult<Notes> {
        let mut stored = Notes::stored(&Revision::newest(db, self.id)?.content, self);
        stored.version.clone_from(&self.version);
        Ok(stored)
    }

    /// Published ones of a project, newest first.
    pub fn of(db: &mut Db, project: ItemId) -> QueryResult<Vec<Release>> {
        releases::table
            .inner_join(items::table)
            .filter(releases::project_id.eq(project).and(Published))
            .order((releases::released_at.desc(), releases::id.desc()))
            .limit(200)
            .select(Release::as_select())
            .load(db)
    }

    /// Versions, dates and links of a project's published releases without the notes, newest first.
    pub fn versions(db: &mut Db, project: ItemId) -> QueryResult<Vec<Version>> {
        releases::table
            .inner_join(items::table)
            .filter(releases::project_id.eq(project).and(Published))
            .order((releases::released_at.desc(), releases::id.desc()))
            .select(Version::as_select())
            .upto(200)
            .load(db)
    }

    /// In whatever state; who may read it is for the page to decide.
    pub fn find(db: &mut Db, project: ItemId, version: &str) -> QueryResult<(Release, State)> {
        releases::table
            .inner_join(items::table)
            .filter(
                releases::project_id
                    .eq(project)
                    .and(releases::version.eq(version)),
            )
            .select((Release::as_select(), items::state))
            .first(db)
    }

    /// Of this project, and not yet published.
    pub fn waiting(db: &mut Db, project: ItemId) -> QueryResult<Vec<String>> {
        releases::table
            .inner_join(items::table)
            .filter(
                releases::project_id
                    .eq(project)
                    .and(items::state.eq_any([State::Held, State::Spam])),
            )
            .order(releases::id.desc())
            .limit(20)
            .select(releases::version)
            .load(db)
    }

    /// The newest of all published projects, after a place of the list (keyset).
    pub fn newest(
        db: &mut Db,
        after: Option<(NaiveDateTime, ItemId)>,
        limit: i64,
    ) -> QueryResult<Vec<NewRelease>> {
        let project_items = diesel::alias!(items as project_items);
        let mut query = releases::table
            .inner_join(items::table)
            .inner_join(projects::table.inner_join(users::table))
            .inner_join(project_items.on(project_items.field(items::id).eq(releases::project_id)))
            .left_join(pictures::table.on(projects::picture_id.eq(pictures::id.nullable())))
            .filter(Published)
            .filter(project_items.field(items::state).eq(State::Published))
            .filter(releases::released_at.le(now()))
            .order((releases::released_at.desc(), releases::id.desc()))
            .limit(limit)
            .select(NewRelease::as_select())
            .into_boxed();
        if let Some((at, id)) = after {
            query = query.filter(
                releases::released_at
                    .lt(at)
                    .or(releases::released_at.eq(at).and(releases::id.lt(id))),
            );
        }
        query.load(db)
    }
}

/// What its makers deleted, after its time. Its name is free again: no version holds a `/`.
pub fn erase(db: &mut Db, id: ItemId) -> QueryResult<()> {
    write_downloads(db, id, &[])?;
    rating::write_questions(db, id, &[])?;
    diesel::update(releases::table.find(id))
        .set((
            releases::version.eq(format!("erased/{id}")),
            releases::notes.eq(""),
            releases::notes_html.eq(""),
            releases::url.eq(""),
        ))
        .execute(db)
        .map(|_| ())
}

/// Shows an earlier or a waiting revision.
pub fn show_content(db: &mut Db, id: ItemId, content: &str) -> QueryResult<()> {
    let release: Release = releases::table
        .find(id)
        .select(Release::as_select())
        .get_result(db)?;
    write(db, id, &Notes::stored(content, &release))
}

fn first_url(notes: &Notes) -> &str {
    notes
        .downloads
        .first()
        .map_or("", |download| download.url.as_str())
}

pub(crate) fn write(db: &mut Db, id: ItemId, notes: &Notes) -> QueryResult<()> {
    diesel::update(releases::table.find(id))
        .set((
            releases::notes.eq(&notes.notes),
            releases::notes_html.eq(markdown::to_html(&notes.notes)),
            releases::url.eq(first_url(notes)),
            releases::edited_at.eq(now()),
        ))
        .execute(db)?;
    rating::write_questions(db, id, &notes.questions)?;
    write_downloads(db, id, &notes.downloads)
}

fn write_downloads(db: &mut Db, id: ItemId, downloads: &[Download]) -> QueryResult<()> {
    diesel::delete(release_links::table.filter(release_links::release_id.eq(id))).execute(db)?;
    let rows: Vec<_> = downloads
        .iter()
        .map(|download| {
            (
                release_links::release_id.eq(id),
                release_links::system.eq(download.system),
                release_links::url.eq(&download.url),
            )
        })
        .collect();
    both!(db, conn => diesel::insert_into(release_links::table).values(&rows).execute(conn))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_part_of_an_address() {
        for fine in ["1.3", "2026-11", "the one with ducks", "v2 «β»"] {
            assert!(Notes::parse(fine, "", &[]).is_ok(), "{fine}");
        }
        for bad in [
            "",
            "new",
            "New",
            "..",
            ".",
            "a/b",
            "a\\b",
            "a?b",
            "a#b",
            "50%",
            &"1".repeat(81),
        ] {
            let faults = Notes::parse(bad, "", &[]).unwrap_err();
            assert_eq!(faults[0].field, "version", "{bad}");
        }
    }

    #[test]
    fn notes_and_address_have_faults_of_their_own() {
        let faults =
            Notes::parse("1", &"x".repeat(50_001), &[("linux", "ftp://x.example")]).unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["notes", "url"]);
    }

    #[test]
    fn a_download_has_a_system_and_stands_once() {
        let rows = [
            ("linux", "https://x.example/a"),
            ("web", " "),
            ("linux", "https://x.example/a"),
            ("source", "https://x.example/a"),
        ];
        let notes = Notes::parse("1", "", &rows).unwrap();
        let systems: Vec<_> = notes.downloads.iter().map(|d| d.system).collect();
        assert_eq!(systems, [System::Linux, System::Source]);
        let faults = Notes::parse("1", "", &[("amiga", "https://x.example/a")]).unwrap_err();
        assert_eq!(faults[0].field, "url");
        let many: Vec<String> = (0..17).map(|n| format!("https://x.example/{n}")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|url| ("web", url.as_str())).collect();
        assert!(Notes::parse("1", "", &many).is_err());
    }

    #[test]
    fn moderators_read_the_notes_and_where_it_can_be_had() {
        let notes = Notes::parse("1", "New **bell**", &[("ios", "https://x.example/a")]).unwrap();
        let read = readable(&notes.to_json().unwrap());
        assert_eq!(read, "New **bell**\n\n- iOS: <https://x.example/a>\n");
        assert_eq!(
            markdown::links(&markdown::to_html(&read)),
            ["https://x.example/a"]
        );
        // As it was kept once.
        assert_eq!(readable("{} - *new*"), "{} - *new*");
    }

    #[test]
    fn a_day_is_neither_in_the_future_nor_before_there_were_days() {
        let day = |typed: &str| NaiveDate::parse_from_str(typed, "%Y-%m-%d").unwrap();
        let today = day("2026-03-21");
        let parse = |typed| parse_day(typed, today, today).ok();
        assert_eq!(parse(""), Some(today));
        assert_eq!(parse(" 2025-12-31 "), Some(day("2025-12-31")));
        assert_eq!(parse("2026-03-22"), Some(day("2026-03-22")));
        for bad in [
            "2026-03-23",
            "21.3.2026",
            "1969-12-31",
            "2026-02-30",
            "+99999-01-01",
            "x",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
