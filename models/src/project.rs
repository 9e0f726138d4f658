//! Projects: made things with a page.
//!
//! Title, summary, description, kind, tags and links are text and take the intake, as one revision
//! (kept as JSON of [`Fields`]). Comment policy, switches and the picture are the maker's settings:
//! they change at once.

use crate::account::User;
use crate::condition::{FoundPublished, Published, Upto, among};
use crate::db::{ItemId, PictureId, UserId, dialect, now};
use crate::gate::{self, CommentPolicy, Refusal, Terms};
use crate::intake::limits::{self, Limited};
use crate::intake::{self, Context, Decision, Text};
use crate::item::{Item, Kind, Revision, State, Submitted};
use crate::line::one_line;
use crate::picture::Picture;
use crate::schema::{
    ignores, items, pictures, project_links, project_makers, project_tags, projects, releases,
    threads, users,
};
use crate::thread::Thread;
use crate::{
    Db, QueryResult, award, both, fairness, favourite, follow, forge, gallery, join, looking,
    markdown, mature, reaction, slug, tag, unlisted, words,
};
use chrono::NaiveDateTime;
use diesel::dsl::{exists, max, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Timestamp};

use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

pub const MAX_TITLE: usize = 80;
pub const MAX_SUMMARY: usize = 200;
pub const MAX_DESCRIPTION: usize = 50_000;
pub const MAX_TAGS: usize = 10;
pub const MAX_TAG: usize = 32;
/// What the page of an erased project would be called.
const ERASED: &str = "Deleted project";
/// Cards of a page of a list.
pub const PAGE: i64 = 24;
/// Up to so many projects of a tag or a maker are looked up one by one.
const FEW: i64 = 1_000;
/// An offset of none: with it PostgreSQL asks a project at a time, on the walk, and does not gather all
/// that somebody made or that has a tag.
const ASKED_OF_EACH: i64 = 0;

words! {
    pub enum ProjectKind { Game = "game", App = "app", Art = "art", Tool = "tool", Other = "other" }
}

impl ProjectKind {
    /// As a maker says it.
    pub fn name(self) -> &'static str {
        match self {
            ProjectKind::Game => "Game",
            ProjectKind::App => "App",
            ProjectKind::Art => "Art",
            ProjectKind::Tool => "Tool",
            ProjectKind::Other => "Other",
        }
    }

    pub fn plural(self) -> &'static str {
        match self {
            ProjectKind::Game => "games",
            ProjectKind::App => "apps",
            ProjectKind::Art => "art",
            ProjectKind::Tool => "tools",
            ProjectKind::Other => "other things",
        }
    }
}

words! {
    pub enum LinkKind {
        Repository = "repository",
        Download = "download",
        Video = "video",
        Website = "website",
        /// Runs where it stands, without being installed.
        Play = "play",
        /// Where its makers take thanks in money.
        Funding = "funding",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Link {
    pub kind: LinkKind,
    pub url: String,
}

/// The text of a project, parsed and within its limits. What a revision of it keeps.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fields {
    pub title: String,
    pub summary: String,
    pub description: String,
    pub kind: ProjectKind,
    pub tags: Vec<String>,
    pub links: Vec<Link>,
    /// What the picture shows. The picture is a setting; these words are text like the others.
    #[serde(default)]
    pub picture_alt: String,
    /// Where its makers want it to be, if they said so: words in an address are text, too.
    #[serde(default)]
    pub address: String,
    /// What is said of its pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shots: Vec<gallery::Words>,
}

/// A fault and the field it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub field: &'static str,
    pub message: String,
}

impl Link {
    /// The address as people read it: without the scheme, cut when it is long.
    pub fn label(&self) -> String {
        let bare = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let bare = bare
            .strip_prefix("www.")
            .unwrap_or(bare)
            .trim_end_matches('/');
        if bare.chars().count() <= 48 {
            return bare.to_owned();
        }
        format!("{}…", bare.chars().take(47).collect::<String>())
    }
}

impl Fields {
    /// From what was typed. Links come as (kind, address) with empty ones left out.
    pub fn parse(
        title: &str,
        summary: &str,
        description: &str,
        kind: &str,
        tags: &str,
        links: &[(LinkKind, &str)],
    ) -> Result<Fields, Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut fault = |field, message: String| faults.push(FieldError { field, message });
        let title = one_line(title);
        match title.chars().count() {
            0 => fault("title", "Give your project a title.".into()),
            n if n > MAX_TITLE => fault(
                "title",
                format!("A title has at most {MAX_TITLE} characters; this has {n}."),
            ),
            _ => {}
        }
        let summary = one_line(summary);
        match summary.chars().count() {
            0 => fault("summary", "Say in a sentence what it is.".into()),
            n if n > MAX_SUMMARY => fault(
                "summary",
                format!("A summary has at most {MAX_SUMMARY} characters; this has {n}."),
            ),
            _ => {}
        }
        let description = description.trim().to_owned();
        match description.chars().count() {
            n if n > MAX_DESCRIPTION => fault(
                "description",
                format!("A description has at most 50,000 characters; this has {n}."),
            ),
            _ => {}
        }
        let kind = kind.parse().unwrap_or_else(|_| {
            fault("kind", "Choose what kind of thing it is.".into());
            ProjectKind::Other
        });
        let tags = parse_tags(tags).unwrap_or_else(|message| {
            fault("tags", message);
            Vec::new()
        });
        let mut kept = Vec::new();
        for (kind, typed) in links {
            let typed = typed.trim();
            if typed.is_empty() {
                continue;
            }
            match parse_url(typed) {
                Some(url) => kept.push(Link { kind: *kind, url }),
                None => fault(
                    link_field(*kind),
                    "An address starts with https:// or http://.".into(),
                ),
            }
        }
        if faults.is_empty() {
            Ok(Fields {
                title,
                summary,
                description,
                kind,
                tags,
                links: kept,
                picture_alt: String::new(),
                address: String::new(),
                shots: Vec::new(),
            })
        } else {
            Err(faults)
        }
    }

    /// What the filter reads.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}", self.title, self.summary, self.description);
        for tag in &self.tags {
            text.push_str("\n#");
            text.push_str(tag);
        }
        for link in &self.links {
            text.push('\n');
            text.push_str(&link.url);
        }
        if !self.picture_alt.is_empty() {
            text.push('\n');
            text.push_str(&self.picture_alt);
        }
        for words in &self.shots {
            let alt = Some(&words.alt).filter(|alt| **alt != self.picture_alt);
            for said in alt.into_iter().chain([&words.caption]) {
                if !said.is_empty() {
                    text.push('\n');
                    text.push_str(said);
                }
            }
        }
        if !self.address.is_empty() {
            text.push('\n');
            text.push_str(&self.address);
        }
        text
    }

    fn to_json(&self) -> QueryResult<String> {
        serde_json::to_string(self)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))
    }
}

/// The name of the form's field for links of a kind.
pub fn link_field(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Repository => "link_repository",
        LinkKind::Download => "link_download",
        LinkKind::Video => "link_video",
        LinkKind::Website => "link_website",
        LinkKind::Play => "link_play",
        LinkKind::Funding => "link_funding",
    }
}

/// `Pixel Art, racing` becomes `pixel-art` and `racing`.
pub(crate) fn parse_tags(typed: &str) -> Result<Vec<String>, String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in typed.split([',', '\n', ';']) {
        let tag: String = tag
            .nfkc()
            .flat_map(char::to_lowercase)
            .map(|c| {
                if c.is_alphanumeric() || c == '+' || c == '#' || c == '.' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let tag = tag
            .split('-')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        // `#` alone or `..` would make an address that no browser asks for.
        if tag.is_empty() || !tag.chars().any(char::is_alphanumeric) || tags.contains(&tag) {
            continue;
        }
        if tag.chars().count() > MAX_TAG {
            return Err(format!("A tag has at most {MAX_TAG} characters: “{tag}”."));
        }
        tags.push(tag);
    }
    if tags.len() > MAX_TAGS {
        return Err(format!(
            "A project has at most {MAX_TAGS} tags; these are {}.",
            tags.len()
        ));
    }
    tags.sort();
    Ok(tags)
}

/// A web address as a member may give it, with its host.
pub fn parse_url(typed: &str) -> Option<String> {
    let url = url::Url::parse(typed).ok()?;
    let fine = matches!(url.scheme(), "http" | "https")
        && url
            .host_str()
            .is_some_and(|host| host.contains('.') || host == "localhost")
        && url.username().is_empty()
        && url.password().is_none()
        && typed.len() <= 2000;
    fine.then(|| url.to_string())
}

/// What the maker sets, beside the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    pub comment_policy: CommentPolicy,
    pub approve_first: bool,
    pub closed: bool,
    pub picture_id: Option<PictureId>,
}

/// A project with the state of its item: read through a join with `items`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = projects)]
pub struct Project {
    pub id: ItemId,
    pub slug: String,
    pub owner_id: UserId,
    pub title: String,
    pub summary: String,
    pub description: String,
    pub description_html: String,
    pub kind: ProjectKind,
    pub comment_policy: CommentPolicy,
    pub approve_first: bool,
    pub closed: bool,
    pub picture_id: Option<PictureId>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// Its makers keep it out of the lists.
    pub unlisted: bool,
    /// What its link ends with.
    pub secret: Option<String>,
    /// Its makers call it mature or violent.
    pub mature: bool,
    /// A moderator did.
    pub mature_by: Option<UserId>,
    /// Ratings, awards and reports of failures from every member, whatever is chosen for comments.
    pub feedback_open: bool,
    /// Counted: those that readers see.
    pub awards: i32,
    /// Counted: who keeps it, and who follows it.
    pub favourites: i32,
    pub followers: i32,
    #[diesel(select_expression = items::state)]
    pub state: State,
    /// None: it never was public.
    #[diesel(select_expression = items::published_at)]
    pub published_at: Option<NaiveDateTime>,
}

#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("{}", .0.sentence())]
    Limited(Limited),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Only makers see it, and it took no intake; or it is to be public.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    Draft,
    /// Let through as if it were published, and shown to those who have its link.
    Unlisted,
    Publish,
}

fn judge(
    db: &mut Db,
    context: &Context,
    author: &User,
    fields: &Fields,
    editing: Option<ItemId>,
    network: &str,
) -> QueryResult<Decision> {
    let text = fields.text();
    let is_maker = User::is_maker(db, author.id)?;
    intake::judge(
        db,
        context,
        &Text {
            kind: Kind::Project,
            author,
            is_maker,
            text: &text,
            editing,
            approve_first: false,
            network,
            heat: None,
        },
    )
}

/// Takes a new project in.
pub fn share(
    db: &mut Db,
    context: &Context,
    author: &User,
    fields: &Fields,
    choices: Choices,
    intent: Intent,
    network: &str,
) -> Result<Project, ShareError> {
    gate::may_post(author, now()).map_err(ShareError::Refused)?;
    if !context.limits_off {
        // As for comments: of two at once, the second sees the first wait.
        dialect::lock(db, &format!("posts:{}", author.id))?;
        limits::texts(db, author.id)?.map_err(ShareError::Limited)?;
    }
    let decision = match intent {
        Intent::Draft => Decision::draft(),
        Intent::Unlisted | Intent::Publish => {
            if !context.limits_off {
                limits::waiting(db, context.settings, author.id)?.map_err(ShareError::Limited)?;
            }
            judge(db, context, author, fields, None, network)?
        }
    };
    let json = fields.to_json()?;
    let new = Submitted {
        kind: Kind::Project,
        author: author.id,
        project: None,
        content: &json,
        text: &fields.text(),
        network,
        decision: &decision,
    };
    let id = Item::submit(db, &new)?;
    diesel::update(items::table.find(id))
        .set(items::project_id.eq(id))
        .execute(db)?;
    let at = now();
    let slug = free_slug(db, &fields.title, id)?;
    diesel::insert_into(projects::table)
        .values((
            (
                projects::id.eq(id),
                projects::slug.eq(slug),
                projects::owner_id.eq(author.id),
            ),
            (
                projects::title.eq(&fields.title),
                projects::summary.eq(&fields.summary),
            ),
            (
                projects::description.eq(&fields.description),
                projects::description_html.eq(markdown::to_html(&fields.description)),
                projects::kind.eq(fields.kind),
            ),
            (
                projects::comment_policy.eq(choices.comment_policy),
                projects::approve_first.eq(choices.approve_first),
                projects::closed.eq(choices.closed),
                projects::picture_id.eq(choices.picture_id),
            ),
            (projects::created_at.eq(at), projects::updated_at.eq(at)),
        ))
        .execute(db)?;
    diesel::insert_into(project_makers::table)
        .values((
            project_makers::project_id.eq(id),
            project_makers::user_id.eq(author.id),
        ))
        .execute(db)?;
    Thread::create_for(db, id)?;
    write_tags_and_links(db, id, fields)?;
    gallery::describe(db, id, fields)?;
    if intent == Intent::Unlisted {
        unlisted::wish(db, id, true)?;
        let item = Item::find(db, id)?;
        if item.state == State::Published {
            // It never was public.
            let mut to = item.standing();
            (to.state, to.published_at) = (State::Unlisted, None);
            item.settle(db, to)?;
        }
    }
    Ok(Project::find(db, id)?)
}

/// A name for the address: letters and digits of the title, made unique by a number.
fn free_slug(db: &mut Db, title: &str, id: ItemId) -> QueryResult<String> {
    let plain: String = title
        .nfkd()
        .filter(char::is_ascii)
        .collect::<String>()
        .to_lowercase();
    let words: Vec<&str> = plain
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let mut wish: String = words.join("-").chars().take(60).collect();
    wish.truncate(wish.trim_end_matches('-').len());
    if wish.is_empty() || wish == "new" {
        wish = format!("project-{id}");
    }
    // "Duck" with the number 12 may find "Duck 12" there already. The lock is for two of one title
    // at once: the second sees what the first took.
    let mut candidate = wish.clone();
    for round in 1.. {
        if slug::is_free(db, id, &candidate)? {
            break;
        }
        candidate = match round {
            1 => format!("{wish}-{id}"),
            n => format!("{wish}-{id}-{n}"),
        };
    }
    Ok(candidate)
}

fn write_tags_and_links(db: &mut Db, id: ItemId, fields: &Fields) -> QueryResult<()> {
    diesel::delete(project_tags::table.filter(project_tags::project_id.eq(id))).execute(db)?;
    diesel::delete(project_links::table.filter(project_links::project_id.eq(id))).execute(db)?;
    let tags = tag::in_use(db, &fields.tags)?;
    let tags: Vec<_> = tags
        .iter()
        .map(|tag| (project_tags::project_id.eq(id), project_tags::tag.eq(tag)))
        .collect();
    let links: Vec<_> = fields
        .links
        .iter()
        .map(|link| {
            (
                project_links::project_id.eq(id),
                project_links::kind.eq(link.kind),
                project_links::url.eq(&link.url),
            )
        })
        .collect();
    both!(db, conn => diesel::insert_into(project_tags::table).values(&tags).execute(conn))?;
    both!(db, conn => diesel::insert_into(project_links::table).values(&links).execute(conn))?;
    Ok(())
}

/// What its owner deleted, after its time, with the notes of its releases; the address told the
/// title, so it goes too. Gives the pictures, whose files are to be removed.
pub fn erase(db: &mut Db, id: ItemId) -> QueryResult<Vec<Picture>> {
    let project = Project::find(db, id)?;
    let pictures = gallery::erase(db, &project)?;
    let slug = free_slug(db, ERASED, id)?;
    let fields = Fields {
        title: ERASED.into(),
        summary: String::new(),
        description: String::new(),
        kind: ProjectKind::Other,
        tags: Vec::new(),
        links: Vec::new(),
        picture_alt: String::new(),
        address: String::new(),
        shots: Vec::new(),
    };
    slug::forget(db, id)?;
    looking::choose(db, id, &[])?;
    join::erase(db, id)?;
    favourite::erase(db, id)?;
    follow::erase(db, id)?;
    forge::follow::forget(db, id)?;
    write_fields(db, id, &fields)?;
    diesel::update(projects::table.find(id))
        .set(projects::slug.eq(slug))
        .execute(db)?;
    let of_it: Vec<ItemId> = releases::table
        .filter(releases::project_id.eq(id))
        .select(releases::id)
        .load(db)?;
    for release in of_it {
        crate::release::erase(db, release)?;
        Revision::erase_all(db, release)?;
    }
    Ok(pictures)
}

/// Shows an earlier or a waiting revision.
pub fn show_content(db: &mut Db, id: ItemId, content: &str) -> QueryResult<()> {
    let fields: Fields = serde_json::from_str(content)
        .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    write_fields(db, id, &fields)
}

fn write_fields(db: &mut Db, id: ItemId, fields: &Fields) -> QueryResult<()> {
    diesel::update(projects::table.find(id))
        .set((
            projects::title.eq(&fields.title),
            projects::summary.eq(&fields.summary),
            projects::description.eq(&fields.description),
            projects::description_html.eq(markdown::to_html(&fields.description)),
            projects::kind.eq(fields.kind),
            projects::updated_at.eq(now()),
        ))
        .execute(db)?;
    if !fields.address.is_empty() {
        slug::change(db, id, &fields.address)?;
    }
    gallery::describe(db, id, fields)?;
    write_tags_and_links(db, id, fields)
}

impl Project {
    pub fn find(db: &mut Db, id: ItemId) -> QueryResult<Project> {
        projects::table
            .inner_join(items::table.on(items::id.eq(projects::id)))
            .filter(projects::id.eq(id))
            .select(Project::as_select())
            .get_result(db)
    }

    pub fn by_slug(db: &mut Db, slug: &str) -> QueryResult<Project> {
        projects::table
            .inner_join(items::table.on(items::id.eq(projects::id)))
            .filter(projects::slug.eq(slug))
            .select(Project::as_select())
            .get_result(db)
    }

    /// By its address of now, or by one that it had before.
    pub fn by_address(db: &mut Db, address: &str) -> QueryResult<Project> {
        if let Some(found) = Project::by_slug(db, address).optional()? {
            return Ok(found);
        }
        match slug::formerly(db, address)? {
            Some(id) => Project::find(db, id),
            None => Err(diesel::result::Error::NotFound),
        }
    }

    pub fn terms(&self) -> Terms {
        Terms {
            state: self.state,
            policy: self.comment_policy,
            closed: self.closed,
            feedback_open: self.feedback_open,
        }
    }

    /// Its pictures are blurred until a reader asks for them.
    pub fn is_mature(&self) -> bool {
        self.mature || self.mature_by.is_some()
    }

    /// Everybody may see it.
    pub fn is_public(&self) -> bool {
        self.state == State::Published
    }

    /// Whether this is the end of the link of an unlisted project.
    pub fn opens_with(&self, key: &str) -> bool {
        self.state == State::Unlisted && self.secret.as_deref() == Some(key)
    }

    pub fn is_made_by(&self, db: &mut Db, user: UserId) -> QueryResult<bool> {
        let found: i64 = project_makers::table
            .filter(
                project_makers::project_id
                    .eq(self.id)
                    .and(project_makers::user_id.eq(user)),
            )
            .count()
            .get_result(db)?;
        Ok(found > 0)
    }

    /// Its makers, the owner first.
    pub fn makers(&self, db: &mut Db) -> QueryResult<Vec<(UserId, String, String)>> {
        let mut makers: Vec<(UserId, String, String)> = project_makers::table
            .inner_join(users::table)
            .filter(project_makers::project_id.eq(self.id))
            .order(users::username)
            .select((users::id, users::username, users::display_name))
            .load(db)?;
        makers.sort_by_key(|(id, ..)| *id != self.owner_id);
        Ok(makers)
    }

    /// What they gave it before counts no more, as long as they make it.
    pub fn add_maker(&self, db: &mut Db, user: UserId) -> QueryResult<usize> {
        reaction::lock(db, user)?;
        let added = both!(db, conn => diesel::insert_into(project_makers::table)
            .values((
                project_makers::project_id.eq(self.id),
                project_makers::user_id.eq(user),
                project_makers::joined_at.eq(now()),
            ))
            .on_conflict_do_nothing()
            .execute(conn))?;
        // The project's row before the lock of its ratings, in the order in which a verdict takes them.
        award::recount(db, self.id)?;
        fairness::weigh(db, user)?;
        Ok(added)
    }

    pub fn tags(&self, db: &mut Db) -> QueryResult<Vec<String>> {
        project_tags::table
            .filter(project_tags::project_id.eq(self.id))
            .order(project_tags::tag)
            .select(project_tags::tag)
            .load(db)
    }

    pub fn links(&self, db: &mut Db) -> QueryResult<Vec<Link>> {
        let rows: Vec<(LinkKind, String)> = project_links::table
            .filter(project_links::project_id.eq(self.id))
            .order(project_links::id)
            .select((project_links::kind, project_links::url))
            .load(db)?;
        Ok(rows
            .into_iter()
            .map(|(kind, url)| Link { kind, url })
            .collect())
    }

    pub fn picture(&self, db: &mut Db) -> QueryResult<Option<Picture>> {
        self.picture_id.map(|id| Picture::find(db, id)).transpose()
    }

    /// The text as it stands, or as its waiting edit has it: what the edit form shows.
    pub fn fields_for_editing(&self, db: &mut Db) -> QueryResult<Fields> {
        let newest = crate::item::Revision::newest(db, self.id)?;
        serde_json::from_str(&newest.content)
            .map_err(|error| diesel::result::Error::DeserializationError(error.into()))
    }

    /// The maker's settings: at once, without the intake.
    pub fn choose(&self, db: &mut Db, choices: Choices) -> QueryResult<()> {
        // The item before its project, in the order in which a verdict takes them.
        dialect::lock_item(db, self.id)?;
        diesel::update(projects::table.find(self.id))
            .set((
                projects::comment_policy.eq(choices.comment_policy),
                projects::approve_first.eq(choices.approve_first),
                projects::closed.eq(choices.closed),
                projects::picture_id.eq(choices.picture_id),
            ))
            .execute(db)?;
        mature::veil(db, self.id)
    }

    /// At once: whether feedback besides comments goes by the comment policy is no text either.
    pub fn open_feedback(&self, db: &mut Db, open: bool) -> QueryResult<usize> {
        diesel::update(projects::table.find(self.id))
            .set(projects::feedback_open.eq(open))
            .execute(db)
    }

    /// Takes a changed text in; a draft becomes public when it is to be published.
    /// Gives the state the new text got.
    pub fn edit(
        &self,
        db: &mut Db,
        context: &Context,
        author: &User,
        fields: &Fields,
        intent: Intent,
        network: &str,
    ) -> Result<State, ShareError> {
        gate::may_post(author, now()).map_err(ShareError::Refused)?;
        let item = dialect::lock_item(db, self.id)?.ok_or(diesel::result::Error::NotFound)?;
        if !context.limits_off {
            dialect::lock(db, &format!("posts:{}", author.id))?;
            limits::texts(db, author.id)?.map_err(ShareError::Limited)?;
        }
        if matches!(item.state, State::Removed | State::Deleted) {
            return Err(ShareError::Refused(Refusal::NotPublished));
        }
        let stays_draft = item.state == State::Draft && intent == Intent::Draft;
        let unchanged = self.fields_for_editing(db)? == *fields;
        if unchanged && item.state != State::Draft {
            return Ok(item.state);
        }
        if item.state == State::Draft && intent != Intent::Draft {
            unlisted::wish(db, self.id, intent == Intent::Unlisted)?;
        }
        let decision = if stays_draft {
            Decision::draft()
        } else {
            if item.state == State::Draft && !context.limits_off {
                limits::waiting(db, context.settings, author.id)?.map_err(ShareError::Limited)?;
            }
            judge(db, context, author, fields, Some(self.id), network)?
        };
        if item.revise(db, &fields.to_json()?, &fields.text(), &decision)? {
            write_fields(db, self.id, fields)?;
            return Ok(Item::find(db, self.id)?.state);
        }
        Ok(if decision.outcome == intake::Outcome::Spam {
            State::Spam
        } else {
            State::Held
        })
    }
}

/// A project in a list.
#[derive(Clone, Debug)]
pub struct Card {
    pub id: ItemId,
    pub slug: String,
    pub title: String,
    pub summary: String,
    pub kind: ProjectKind,
    pub username: String,
    pub display_name: String,
    pub picture: Option<Picture>,
    pub comment_policy: CommentPolicy,
    /// Whoever shows it asks [`Card::comments`].
    pub comment_count: i32,
    pub published_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub state: State,
    /// Its newest release.
    pub version: Option<String>,
    /// Whom its makers look for.
    pub looking: Vec<looking::Role>,
}

/// The letter that stands where a picture is missing.
pub fn initial(title: &str) -> String {
    title
        .chars()
        .find(|c| c.is_alphanumeric())
        .map_or("?".into(), |c| c.to_uppercase().collect())
}

impl Card {
    pub fn initial(&self) -> String {
        initial(&self.title)
    }

    /// How many comments are told; none where comments are hidden.
    pub fn comments(&self) -> i32 {
        match self.comment_policy {
            CommentPolicy::Nobody => 0,
            _ => self.comment_count,
        }
    }

    pub fn maker(&self) -> &str {
        if self.display_name.is_empty() {
            &self.username
        } else {
            &self.display_name
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Newest,
    /// Fewest comments first, among those that take comments; of equals the newest.
    WaitingForFeedback,
}

/// Which projects to list. Published ones only, unless `every_state` asks for a maker's own.
#[derive(Clone, Debug, Default)]
pub struct Listing<'a> {
    pub kind: Option<ProjectKind>,
    pub tag: Option<&'a str>,
    pub maker: Option<UserId>,
    pub every_state: bool,
    pub ids: Option<&'a [ItemId]>,
    pub order: Order,
    /// Keyset: the last card of the page before, as `(published_at, id)`; of every state, `(created_at, id)`.
    pub after: Option<(NaiveDateTime, ItemId)>,
    pub limit: i64,
    /// Leaves out what is by people whom they ignore.
    pub reader: Option<UserId>,
}

type CardRow = (
    (
        ItemId,
        String,
        String,
        String,
        ProjectKind,
        NaiveDateTime,
        NaiveDateTime,
    ),
    (String, String),
    (State, Option<NaiveDateTime>),
    (CommentPolicy, i32),
    Option<Picture>,
);

impl Listing<'_> {
    /// The projects of a tag or a maker, if they are few: the list then begins from them. Of many, a walk
    /// along all projects soon meets enough.
    fn few(&self, db: &mut Db) -> QueryResult<Option<Vec<ItemId>>> {
        let ids: Vec<ItemId> = match (self.tag, self.maker) {
            (Some(tag), _) => project_tags::table
                .filter(project_tags::tag.eq(tag))
                .limit(FEW + 1)
                .select(project_tags::project_id)
                .load(db)?,
            (None, Some(maker)) => project_makers::table
                .filter(project_makers::user_id.eq(maker))
                .limit(FEW + 1)
                .select(project_makers::project_id)
                .load(db)?,
            (None, None) => return Ok(None),
        };
        Ok((ids.len() as i64 <= FEW).then_some(ids))
    }

    pub fn load(&self, db: &mut Db) -> QueryResult<Vec<Card>> {
        let few = self.few(db)?;
        let mut query = projects::table
            .inner_join(items::table.on(items::id.eq(projects::id)))
            .inner_join(users::table.on(users::id.eq(projects::owner_id)))
            .inner_join(threads::table.on(threads::project_id.eq(projects::id.nullable())))
            .left_join(pictures::table.on(projects::picture_id.eq(pictures::id.nullable())))
            .select((
                (
                    projects::id,
                    projects::slug,
                    projects::title,
                    projects::summary,
                    projects::kind,
                    projects::created_at,
                    projects::updated_at,
                ),
                (users::username, users::display_name),
                (items::state, items::published_at),
                (projects::comment_policy, threads::comment_count),
                Option::<Picture>::as_select(),
            ))
            .into_boxed();
        if !self.every_state && (few.is_some() || self.ids.is_some()) {
            query = query.filter(FoundPublished);
        } else if !self.every_state {
            query = query.filter(Published.and(items::kind.eq(Kind::Project)));
        } else {
            query = query.filter(items::state.ne(State::Deleted));
        }
        if let Some(kind) = self.kind {
            query = query.filter(projects::kind.eq(kind));
        }
        if let Some(few) = &few {
            query = query.filter(projects::id.eq_any(few));
        } else if let Some(tag) = self.tag {
            let tagged = project_tags::table
                .filter(project_tags::project_id.eq(projects::id))
                .filter(project_tags::tag.eq(tag));
            query = query.filter(exists(tagged.offset(ASKED_OF_EACH)));
        } else if let Some(maker) = self.maker {
            let made = project_makers::table
                .filter(project_makers::project_id.eq(projects::id))
                .filter(project_makers::user_id.eq(maker));
            query = query.filter(exists(made.offset(ASKED_OF_EACH)));
        }
        if let Some(ids) = self.ids {
            query = query.filter(among(projects::id, ids));
        }
        if let Some(reader) = self.reader {
            query = query.filter(
                projects::owner_id.ne_all(
                    ignores::table
                        .filter(ignores::by_id.eq(reader))
                        .select(ignores::user_id),
                ),
            );
        }
        if let Some((at, id)) = self.after {
            query = if self.every_state {
                query.filter(
                    items::created_at
                        .lt(at)
                        .or(items::created_at.eq(at).and(items::id.lt(id))),
                )
            } else {
                // Compared as rows, which an index can serve; "or" it could not.
                query.filter(
                    sql::<Bool>("(items.published_at, items.id) < (")
                        .bind::<Timestamp, _>(at)
                        .sql(", ")
                        .bind::<BigInt, _>(id)
                        .sql(")"),
                )
            };
        }
        query = match self.order {
            // What was never published has no such time, and the databases disagree where it goes.
            Order::Newest if self.every_state => {
                query.order((items::created_at.desc(), items::id.desc()))
            }
            Order::Newest => query.order((items::published_at.desc(), items::id.desc())),
            Order::WaitingForFeedback => query
                .filter(
                    projects::comment_policy
                        .ne(CommentPolicy::Nobody)
                        .and(projects::closed.eq(false)),
                )
                .order((
                    threads::comment_count,
                    items::published_at.desc(),
                    items::id.desc(),
                )),
        };
        let limit = if self.limit == 0 { PAGE } else { self.limit };
        let rows: Vec<CardRow> = query.upto(limit).load(db)?;
        let mut cards: Vec<Card> = rows
            .into_iter()
            .map(
                |(
                    (id, slug, title, summary, kind, created_at, updated_at),
                    (username, display_name),
                    (state, published_at),
                    (comment_policy, comment_count),
                    picture,
                )| Card {
                    id,
                    slug,
                    title,
                    summary,
                    kind,
                    username,
                    display_name,
                    picture,
                    comment_policy,
                    comment_count,
                    updated_at,
                    state,
                    published_at: published_at.unwrap_or(created_at),
                    version: None,
                    looking: Vec::new(),
                },
            )
            .collect();
        let ids: Vec<ItemId> = cards.iter().map(|card| card.id).collect();
        let versions: HashMap<ItemId, String> = releases::table
            .inner_join(items::table)
            .filter(among(releases::project_id, &ids).and(Published))
            .order((releases::released_at, releases::id))
            .select((releases::project_id, releases::version))
            .load::<(ItemId, String)>(db)?
            .into_iter()
            .collect();
        let mut looking = looking::of_all(db, &ids)?;
        for card in &mut cards {
            card.version = versions.get(&card.id).cloned();
            card.looking = looking.remove(&card.id).unwrap_or_default();
        }
        Ok(cards)
    }
}

/// Tags of published projects with how many carry each, by name.
pub fn tag_counts(db: &mut Db) -> QueryResult<Vec<(String, i64)>> {
    project_tags::table
        .inner_join(items::table.on(items::id.eq(project_tags::project_id)))
        .filter(Published)
        .group_by(project_tags::tag)
        .order(project_tags::tag)
        .select((project_tags::tag, diesel::dsl::count_star()))
        .load(db)
}

/// The cards of these projects in this order; without those that the reader ignores.
pub fn cards(db: &mut Db, ids: &[ItemId], reader: Option<UserId>) -> QueryResult<Vec<Card>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut cards = Listing {
        ids: Some(ids),
        limit: ids.len() as i64,
        reader,
        ..Listing::default()
    }
    .load(db)?;
    cards.sort_by_key(|card| ids.iter().position(|id| *id == card.id));
    Ok(cards)
}

/// Whether more than so many projects are published.
pub fn are_more_than(db: &mut Db, most: i64) -> QueryResult<bool> {
    let ids: Vec<ItemId> = items::table
        .filter(items::kind.eq(Kind::Project).and(Published))
        .limit(most + 1)
        .select(items::id)
        .load(db)?;
    Ok(ids.len() as i64 > most)
}

/// Published projects of each kind, counted as far as `most` and one more: what a list says of its size.
pub fn counts_by_kind(db: &mut Db, most: i64) -> QueryResult<HashMap<ProjectKind, i64>> {
    let mut counts = HashMap::new();
    for kind in ProjectKind::ALL {
        let counted: Vec<ItemId> = projects::table
            .inner_join(items::table.on(items::id.eq(projects::id)))
            .filter(projects::kind.eq(kind))
            .filter(Published)
            .limit(most + 1)
            .select(projects::id)
            .load(db)?;
        counts.insert(*kind, counted.len() as i64);
    }
    Ok(counts)
}

/// Published projects that carry a tag, counted as far as `most` and one more.
pub fn count_tagged(db: &mut Db, tag: &str, most: i64) -> QueryResult<i64> {
    let counted: Vec<ItemId> = project_tags::table
        .inner_join(items::table.on(items::id.eq(project_tags::project_id)))
        .filter(project_tags::tag.eq(tag).and(Published))
        .limit(most + 1)
        .select(items::id)
        .load(db)?;
    Ok(counted.len() as i64)
}

/// The rendered stories of some projects, for feeds: cards do without them.
pub fn stories(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, String>> {
    let rows: Vec<(ItemId, String)> = projects::table
        .filter(among(projects::id, ids))
        .select((projects::id, projects::description_html))
        .load(db)?;
    Ok(rows.into_iter().collect())
}

/// Slugs of published projects with numbers in a range, `to` left out, the newest first, and when
/// each was changed.
pub fn public_addresses(
    db: &mut Db,
    from: i64,
    to: i64,
    limit: i64,
) -> QueryResult<Vec<(String, NaiveDateTime)>> {
    projects::table
        .inner_join(items::table.on(items::id.eq(projects::id)))
        .filter(Published)
        .filter(projects::id.ge(ItemId(from)))
        .filter(projects::id.lt(ItemId(to)))
        .order(projects::id.desc())
        .limit(limit)
        .select((projects::slug, projects::updated_at))
        .load(db)
}

/// People with a published project, whose numbers are in a range.
pub fn public_makers(db: &mut Db, from: i64, to: i64, limit: i64) -> QueryResult<Vec<String>> {
    project_makers::table
        .inner_join(users::table)
        .inner_join(items::table.on(items::id.eq(project_makers::project_id)))
        .filter(Published)
        .filter(users::id.ge(UserId(from)))
        .filter(users::id.lt(UserId(to)))
        .order(users::username)
        .limit(limit)
        .select(users::username)
        .distinct()
        .load(db)
}

/// In which ranges of so many numbers there are published projects, and people who made one. Each range
/// is asked for one: nothing is counted.
pub fn sitemap_parts(db: &mut Db, size: i64) -> QueryResult<(Vec<i64>, Vec<i64>)> {
    let last: Option<ItemId> = items::table.select(max(items::id)).first(db)?;
    let mut of_projects = Vec::new();
    for part in 0..=last.map_or(-1, |last| last.0 / size) {
        if !public_addresses(db, part * size, (part + 1) * size, 1)?.is_empty() {
            of_projects.push(part);
        }
    }
    let last: Option<UserId> = users::table.select(max(users::id)).first(db)?;
    let mut of_people = Vec::new();
    for part in 0..=last.map_or(-1, |last| last.0 / size) {
        let one: Option<UserId> = project_makers::table
            .inner_join(items::table.on(items::id.eq(project_makers::project_id)))
            .filter(Published)
            .filter(project_makers::user_id.ge(UserId(part * size)))
            .filter(project_makers::user_id.lt(UserId((part + 1) * size)))
            .select(project_makers::user_id)
            .first(db)
            .optional()?;
        if one.is_some() {
            of_people.push(part);
        }
    }
    Ok((of_projects, of_people))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_are_folded_sorted_and_counted() {
        assert_eq!(
            parse_tags("Pixel Art, racing; Racing\n C++ ").unwrap(),
            ["c++", "pixel-art", "racing"]
        );
        assert_eq!(parse_tags(" , - ,#").unwrap(), Vec::<String>::new());
        assert!(parse_tags("a,b,c,d,e,f,g,h,i,j,k").is_err());
        assert!(parse_tags(&"x".repeat(33)).is_err());
    }

    #[test]
    fn every_field_names_its_own_fault() {
        let faults = Fields::parse(
            " ",
            "",
            "",
            "boat",
            "",
            &[(LinkKind::Video, "javascript:alert(1)")],
        )
        .unwrap_err();
        let fields: Vec<_> = faults.iter().map(|f| f.field).collect();
        assert_eq!(fields, ["title", "summary", "kind", "link_video"]);
    }

    #[test]
    fn an_address_is_http_and_has_no_password_in_it() {
        assert!(parse_url("https://codeberg.example/ann/duck").is_some());
        for bad in [
            "javascript:alert(1)",
            "ftp://x.example",
            "https://u:p@x.example",
            "//x.example",
            "x.example",
            "https://",
        ] {
            assert_eq!(parse_url(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_was_parsed_survives_its_json(title in "[a-zA-Z0-9 é]{1,80}", description in "\\PC{0,200}", tags in "[a-z, ]{0,40}") {
            if let Ok(fields) = Fields::parse(&title, "s", &description, "game", &tags, &[]) {
                let json = fields.to_json().unwrap();
                prop_assert_eq!(serde_json::from_str::<Fields>(&json).unwrap(), fields);
            }
        }
    }
}
