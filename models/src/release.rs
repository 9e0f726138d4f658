//! Releases of a project. A release is an item of its own: its notes take the intake too.

use crate::account::User;
use crate::db::{ItemId, dialect, now};
use crate::gate;
use crate::intake::{self, Context, Text, limits};
use crate::item::{Item, Kind, State, Submitted};
use crate::picture::Picture;
use crate::project::{FieldError, Project, ShareError, parse_url};
use crate::schema::{items, pictures, projects, releases, users};
use crate::{Db, QueryResult, markdown};
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub const MAX_VERSION: usize = 80;
pub const MAX_NOTES: usize = 50_000;

/// The text of a release, parsed and within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notes {
    pub version: String,
    pub notes: String,
    /// Where it can be had, or empty.
    pub url: String,
}

impl Notes {
    pub fn parse(version: &str, notes: &str, url: &str) -> Result<Notes, Vec<FieldError>> {
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
        let url = match url.trim() {
            "" => String::new(),
            typed => parse_url(typed).unwrap_or_else(|| {
                fault("url", "An address starts with https:// or http://.".into());
                String::new()
            }),
        };
        if faults.is_empty() {
            Ok(Notes {
                version,
                notes,
                url,
            })
        } else {
            Err(faults)
        }
    }

    /// What the filter reads.
    fn text(&self) -> String {
        format!("{}\n{}\n{}", self.version, self.notes, self.url)
    }
}

/// Takes a new release of a project in. None: the project has this version already.
pub fn put_out(
    db: &mut Db,
    context: &Context,
    author: &User,
    project: &Project,
    new: &Notes,
    network: &str,
) -> Result<Option<State>, ShareError> {
    gate::may_post(author, now()).map_err(ShareError::Refused)?;
    if !context.limits_off {
        limits::texts(db, author.id)?.map_err(ShareError::Limited)?;
    }
    // Two of one name at once: the second sees the first.
    dialect::lock(db, &format!("releases:{}", project.id))?;
    let taken: i64 = releases::table
        .filter(
            releases::project_id
                .eq(project.id)
                .and(releases::version.eq(&new.version)),
        )
        .count()
        .get_result(db)?;
    if taken > 0 {
        return Ok(None);
    }
    let text = new.text();
    let is_maker = User::is_maker(db, author.id)?;
    let decision = intake::judge(
        db,
        context,
        &Text {
            kind: Kind::Release,
            author,
            is_maker,
            text: &text,
            editing: None,
            approve_first: false,
            network,
            heat: None,
        },
    )?;
    let id = Item::submit(
        db,
        &Submitted {
            kind: Kind::Release,
            author: author.id,
            project: Some(project.id),
            content: &new.notes,
            text: &text,
            network,
            decision: &decision,
        },
    )?;
    Release::insert(
        db,
        id,
        project.id,
        &new.version,
        &new.notes,
        &new.url,
        now(),
    )?;
    Ok(Some(Item::find(db, id)?.state))
}

#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = releases)]
pub struct Release {
    pub id: ItemId,
    pub project_id: ItemId,
    pub version: String,
    pub notes: String,
    pub notes_html: String,
    pub url: String,
    pub released_at: NaiveDateTime,
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
    pub version: String,
    pub url: String,
    pub released_at: NaiveDateTime,
}

impl Release {
    /// The row of a release whose item was submitted before.
    pub fn insert(
        db: &mut Db,
        id: ItemId,
        project: ItemId,
        version: &str,
        notes: &str,
        url: &str,
        at: NaiveDateTime,
    ) -> QueryResult<usize> {
        diesel::insert_into(releases::table)
            .values((
                releases::id.eq(id),
                releases::project_id.eq(project),
                releases::version.eq(version),
                releases::notes.eq(notes),
                releases::notes_html.eq(markdown::to_html(notes)),
                releases::url.eq(url),
                releases::released_at.eq(at),
            ))
            .execute(db)
    }

    /// Published ones of a project, newest first.
    pub fn of(db: &mut Db, project: ItemId) -> QueryResult<Vec<Release>> {
        releases::table
            .inner_join(items::table)
            .filter(
                releases::project_id
                    .eq(project)
                    .and(items::state.eq(State::Published)),
            )
            .order((releases::released_at.desc(), releases::id.desc()))
            .limit(200)
            .select(Release::as_select())
            .load(db)
    }

    /// Versions, dates and links of a project's published releases without the notes, newest first.
    pub fn versions(db: &mut Db, project: ItemId) -> QueryResult<Vec<Version>> {
        releases::table
            .inner_join(items::table)
            .filter(
                releases::project_id
                    .eq(project)
                    .and(items::state.eq(State::Published)),
            )
            .order((releases::released_at.desc(), releases::id.desc()))
            .limit(200)
            .select(Version::as_select())
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
            .filter(items::state.eq(State::Published))
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

/// What its author deleted, after its time. The version stays: it is the release's name.
pub fn erase(db: &mut Db, id: ItemId) -> QueryResult<()> {
    diesel::update(releases::table.find(id))
        .set((
            releases::notes.eq(""),
            releases::notes_html.eq(""),
            releases::url.eq(""),
        ))
        .execute(db)
        .map(|_| ())
}

/// Shows an earlier or a waiting revision of the notes.
pub fn show_notes(db: &mut Db, id: ItemId, notes: &str) -> QueryResult<()> {
    diesel::update(releases::table.find(id))
        .set((
            releases::notes.eq(notes),
            releases::notes_html.eq(markdown::to_html(notes)),
        ))
        .execute(db)
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_part_of_an_address() {
        for fine in ["1.3", "2026-11", "the one with ducks", "v2 «β»"] {
            assert!(Notes::parse(fine, "", "").is_ok(), "{fine}");
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
            let faults = Notes::parse(bad, "", "").unwrap_err();
            assert_eq!(faults[0].field, "version", "{bad}");
        }
    }

    #[test]
    fn notes_and_address_have_faults_of_their_own() {
        let faults = Notes::parse("1", &"x".repeat(50_001), "ftp://x.example").unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["notes", "url"]);
    }
}
