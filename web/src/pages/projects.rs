//! Projects: the list, the page of one, and the forms of its makers. Text goes through the intake;
//! who may comment, and the picture, are settings and change at once.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{self, Html, Layout, page, page_with};
use crate::linked::{self, Who};
use crate::moderation::beside::Beside;
use crate::pages::comments::Talk;
use crate::pages::favourites::Keep;
use crate::pages::forge::Changes;
use crate::pages::ratings::Panel;
use crate::pages::reactions::Bar;
use crate::pages::{appeals, awards, deleted, failures, favourites, secret};
use crate::picture::{self, PictureError, Sizes};
use crate::session::{self, Member, Visitor};
use crate::video::Video;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Duration, NaiveDateTime};
use potluck_models::account::User;
use potluck_models::comment::Order;
use potluck_models::db::{ItemId, UserId, now};
use potluck_models::gallery::{self, Shot};
use potluck_models::gate::{self, CommentPolicy, Refusal};
use potluck_models::intake::limits;
use potluck_models::item::{Item, Revision, State};
use potluck_models::looking::Role;
use potluck_models::maker::{self, Switches};
use potluck_models::moderation::appeal;
use potluck_models::moderation::reason::Reason;
use potluck_models::picture::Picture;
use potluck_models::project::{
    self, Card, Choices, FieldError, Fields, Intent, Link, LinkKind, PAGE, Project, ProjectKind,
    ShareError, link_field,
};
use potluck_models::release::{self, Download, Release, Version};
use potluck_models::{
    Db, QueryResult, deletion, invitation, join, looking, markdown, mature, rating, slug,
};

/// A place in a list that is read newest first: `<microseconds>-<id>` of the last row seen.
/// Whatever else stands in an address is the beginning.
pub fn parse_after(token: &str) -> Option<(NaiveDateTime, ItemId)> {
    let (micros, id) = token.split_once('-')?;
    let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?.naive_utc();
    Some((at, id.parse().ok()?))
}

pub fn after(at: NaiveDateTime, id: ItemId) -> String {
    format!("{}-{id}", at.and_utc().timestamp_micros())
}

/// One card too many was asked for: it is dropped, and says that there is a next page.
pub fn next_page(cards: &mut Vec<Card>) -> Option<String> {
    if cards.len() as i64 <= PAGE {
        return None;
    }
    cards.truncate(PAGE as usize);
    cards.last().map(|card| after(card.published_at, card.id))
}

/// Where in a list somebody is.
#[derive(serde::Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    pub after: String,
}

/// White space folded and control characters dropped.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

// ---- One project ----

/// How the viewer stands to a project.
#[derive(Clone, Copy)]
pub struct Standing {
    pub on_team: bool,
    pub is_moderator: bool,
}

impl Standing {
    fn of(db: &mut Db, project: &Project, viewer: Option<&User>) -> QueryResult<Standing> {
        Ok(Standing {
            on_team: match viewer {
                Some(viewer) => project.is_made_by(db, viewer.id)?,
                None => false,
            },
            is_moderator: viewer
                .is_some_and(|viewer| viewer.role >= potluck_models::account::Role::Moderator),
        })
    }
}

/// The project of an address, if this viewer may see it. What was public and is not any more is
/// gone; what never was public is nowhere. A maker's own deleted project is gone for the maker too.
pub fn visible(
    db: &mut Db,
    slug: &str,
    viewer: Option<&User>,
) -> Result<(Project, Standing), Error> {
    visible_with(db, slug, "", viewer)
}

/// The same, for who comes with the key of a secret link.
pub fn visible_with(
    db: &mut Db,
    slug: &str,
    key: &str,
    viewer: Option<&User>,
) -> Result<(Project, Standing), Error> {
    let project = Project::by_address(db, slug)?;
    let standing = Standing::of(db, &project, viewer)?;
    let insider = standing.is_moderator || (standing.on_team && project.state != State::Deleted);
    let invited = match viewer {
        Some(viewer) if project.state == State::Unlisted => {
            invitation::is_invited(db, project.id, viewer.id)?
        }
        _ => false,
    };
    if project.is_public() || insider || invited || project.opens_with(key) {
        // Only who may see it is told where it is now.
        if project.slug != slug {
            return Err(Error::Moved(project.slug));
        }
        return Ok((project, standing));
    }
    let was_public = project.published_at.is_some() || standing.on_team;
    Err(match project.state {
        State::Deleted | State::Removed if was_public => Error::Gone,
        _ => Error::NotFound,
    })
}

/// The project of an address, as everybody sees it.
pub fn public(db: &mut Db, slug: &str) -> Result<Project, Error> {
    let project = Project::by_address(db, slug)?;
    if project.state != State::Published {
        return Err(Error::NotFound);
    }
    if project.slug != slug {
        return Err(Error::Moved(project.slug));
    }
    Ok(project)
}

#[derive(Template)]
#[template(path = "projects/show.html")]
struct ShowPage {
    layout: Layout,
    /// What the links to its other pages end with.
    key: String,
    project: Project,
    item: Item,
    standing: Standing,
    makers: Vec<(UserId, String, String)>,
    /// The reader is asked to make it too.
    invited: bool,
    looking: Vec<Role>,
    /// What the reader asked of its makers.
    asked: Option<join::Own>,
    /// Who asks to join, for its makers.
    asking: usize,
    tags: Vec<String>,
    links: Vec<Link>,
    /// All of them, the cover first.
    shots: Vec<Shot>,
    versions: Vec<Version>,
    /// Of the latest of them.
    downloads: Vec<Download>,
    waiting_releases: Vec<String>,
    changes: Option<Changes>,
    /// Minutes between two comments of one person, where a moderator asked for it.
    slow: Option<i32>,
    appeal: Option<appeals::Note>,
    /// It lies in Spam, and its author was told that it stays away.
    kept_away: bool,
    ratings: Option<Panel>,
    reactions: Option<Bar>,
    /// Of a public one.
    keep: Option<Keep>,
    failures: Option<failures::Panel>,
    awards: Option<awards::Panel>,
    talk: Talk,
    liked_also: Vec<Card>,
}

impl ShowPage {
    /// What the makers and moderators of a page that is not public are told about it.
    fn notice(&self) -> Option<(&'static str, String)> {
        let told = |strong, rest: &str| Some((strong, rest.to_owned()));
        if !(self.standing.on_team || self.standing.is_moderator) {
            return None;
        }
        match self.project.state {
            State::Draft => told(
                "A draft.",
                "Only its makers see this page until it is shared.",
            ),
            State::Removed => Some((
                "Removed by a moderator.",
                match self.reason() {
                    Some(reason) => format!(
                        "Reason: {}. Only its makers and moderators see this page.",
                        reason.sentence
                    ),
                    None => "Only its makers and moderators see this page.".into(),
                },
            )),
            State::Deleted => told("Deleted by its maker.", "Only moderators see this page."),
            // Spam looks held to its author.
            State::Spam if self.standing.is_moderator && !self.standing.on_team => told(
                "In Spam.",
                if self.kept_away {
                    "Its makers are told that it stays away from readers."
                } else {
                    "Its makers are told that it waits for a moderator."
                },
            ),
            State::Spam if self.kept_away => told(
                "Kept from readers.",
                "Only its makers and moderators see this page.",
            ),
            State::Held | State::Spam => told(
                "Waiting for a moderator.",
                "Only its makers and moderators see this page until then.",
            ),
            State::Published | State::Unlisted if self.item.has_waiting_edit() => told(
                "An edit waits for a moderator.",
                "Until then everybody sees the text as it was before.",
            ),
            State::Unlisted => told(
                "Not in the lists.",
                "Whoever has the secret link sees this page.",
            ),
            State::Published => None,
        }
    }

    /// Why a moderator removed it.
    fn reason(&self) -> Option<&Reason> {
        match self.project.state {
            State::Removed => self.layout.settings.reasons.find(&self.item.evidence),
            _ => None,
        }
    }

    fn beside(&self) -> Beside {
        let back = format!("/projects/{}", self.project.slug);
        let (csrf, settings) = (&self.layout.csrf, &self.layout.settings);
        Beside::new(&self.item, "this project".into(), &back, csrf, settings)
    }

    fn shared_at(&self) -> &NaiveDateTime {
        let project = &self.project;
        project.published_at.as_ref().unwrap_or(&project.created_at)
    }

    /// What to get.
    fn latest(&self) -> Option<&Version> {
        release::latest(&self.versions)
    }

    /// A pre-release that is newer than that.
    fn coming(&self) -> Option<&Version> {
        let latest = self.latest()?;
        self.versions.first().filter(|first| first.id != latest.id)
    }

    fn owner(&self) -> &str {
        self.makers.first().map_or(
            "",
            |(_, username, name)| {
                if name.is_empty() { username } else { name }
            },
        )
    }

    fn url(&self) -> String {
        format!("{}/projects/{}", self.layout.url, self.project.slug)
    }

    fn linked(&self) -> Html {
        let makers = self.makers.iter().map(|(_, username, name)| Who {
            name: self.name(username, name),
            username,
        });
        let makers: Vec<Who> = makers.collect();
        let url = &self.layout.url;
        // A mature picture is for those who ask for it, and programs do not.
        let images = self.shots.iter().filter(|shot| !shot.picture.veiled);
        let images = images.map(|shot| format!("{url}{}", shot.picture.url("page")));
        let images: Vec<String> = images.collect();
        let (at, comments) = (self.shared_at(), self.talk.count());
        linked::of_project(
            url,
            &self.project,
            &makers,
            &self.links,
            images,
            at,
            comments,
        )
    }

    fn name<'a>(&self, username: &'a str, display_name: &'a str) -> &'a str {
        if display_name.is_empty() {
            username
        } else {
            display_name
        }
    }

    fn cover(&self) -> Option<&Shot> {
        self.shots.first()
    }

    /// What a card of it on another site shows.
    fn card_picture(&self) -> Option<&Picture> {
        let cover = self.cover()?;
        (!cover.picture.veiled).then_some(&cover.picture)
    }

    fn video(&self) -> Option<Video> {
        Video::of(&self.link(LinkKind::Video)?.url)
    }

    /// Those below it.
    fn others(&self) -> &[Shot] {
        self.shots.get(1..).unwrap_or_default()
    }

    fn waiting_request(&self) -> Option<&join::Own> {
        self.asked.as_ref().filter(|own| own.waits())
    }

    fn declined_request(&self) -> Option<&join::Own> {
        self.asked.as_ref().filter(|own| own.is_declined())
    }

    /// What stands on the first button.
    fn play_word(&self) -> &'static str {
        match self.project.kind {
            ProjectKind::Game => "Play in the browser",
            _ => "Try it in the browser",
        }
    }

    fn link_word(&self, kind: &LinkKind) -> &'static str {
        match kind {
            LinkKind::Play => "in the browser",
            LinkKind::Repository => "source",
            LinkKind::Download => "download",
            LinkKind::Video => "video",
            LinkKind::Website => "website",
            LinkKind::Funding => "support",
        }
    }

    fn approves_first(&self) -> bool {
        self.project.approve_first
            && !self.project.closed
            && self.project.comment_policy != CommentPolicy::Nobody
    }

    fn link(&self, kind: LinkKind) -> Option<&Link> {
        self.links.iter().find(|link| link.kind == kind)
    }

    fn policy(&self) -> (&'static str, String) {
        let owner = self.owner();
        if self.project.comment_policy == CommentPolicy::Nobody {
            return (
                "No comments here",
                format!("{owner} does not take comments on this project."),
            );
        }
        if self.project.closed {
            return (
                "Comments are closed",
                "What was said stays here to read.".into(),
            );
        }
        match self.project.comment_policy {
            CommentPolicy::Makers => (
                "Comments are open to makers",
                format!(
                    "{owner} asks for feedback from people who have shared something of their own."
                ),
            ),
            _ => (
                "Comments are open to members",
                "Everyone with a confirmed account is welcome.".into(),
            ),
        }
    }
}

#[derive(serde::Deserialize)]
pub struct ShowQuery {
    /// Where the next part of a long talk begins.
    #[serde(default)]
    after: String,
    /// Of the talk.
    #[serde(default)]
    order: String,
    /// Of a secret link.
    #[serde(default)]
    key: String,
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    slug: web::Path<String>,
    query: Query<ShowQuery>,
) -> Result<HttpResponse, Error> {
    let (slug, me) = (slug.into_inner(), visitor.signed_in.clone());
    let ShowQuery { after, order, key } = query.0;
    let after = after.parse().unwrap_or(ItemId(0));
    let order = order.parse().unwrap_or(Order::Oldest);
    let layout = Layout::new(&req);
    let csrf = layout.csrf.clone();
    let slow = app.rules().slow(&slug).map(|slow| slow.rule.number);
    let settings = app.settings();
    let make = app
        .read_here(move |db| -> Result<_, Error> {
            let viewer = me.as_ref().map(|me| &me.user);
            let (project, standing) = match visible_with(db, &slug, &key, viewer) {
                Err(Error::Gone) => return Ok(Err(deleted::of_maker(db, &slug, viewer)?)),
                found => found?,
            };
            let item = Item::find(db, project.id)?;
            let makers = project.makers(db)?;
            let invited = match viewer {
                Some(viewer) => invitation::is_invited(db, project.id, viewer.id)?,
                None => false,
            };
            let looking = looking::of(db, project.id)?;
            let (asked, asking) = match viewer {
                Some(viewer) if standing.on_team => {
                    (None, join::Request::on(db, project.id, viewer.id)?.len())
                }
                Some(viewer) => (join::Own::of(db, project.id, viewer.id)?, 0),
                None => (None, 0),
            };
            let tags = project.tags(db)?;
            let mut links = project.links(db)?;
            links.sort_by_key(|link| LINK_ORDER.iter().position(|kind| *kind == link.kind));
            let shots = gallery::of(db, &project)?;
            let versions = Release::versions(db, project.id)?;
            let downloads = match release::latest(&versions) {
                Some(latest) => release::downloads(db, &[(latest.id, &latest.url)])?
                    .remove(&latest.id)
                    .unwrap_or_default(),
                None => Vec::new(),
            };
            let waiting_releases = if standing.on_team || standing.is_moderator {
                Release::waiting(db, project.id)?
            } else {
                Vec::new()
            };
            let link = secret::query(&project, &key);
            let changes = Changes::of(db, &project, (&link, &csrf), false, false)?;
            let appeal = appeals::Note::for_reader(db, &item, me.as_ref().map(|me| me.user.id))?;
            let kept_away =
                item.state == State::Spam && !appeal::kept_away(db, &[item.id])?.is_empty();
            let ratings = Panel::of(db, &project, me.as_deref(), standing.on_team, &settings)?;
            let here = (csrf.as_str(), format!("/projects/{}", project.slug));
            let here = (here.0, here.1.as_str());
            let reactions = Bar::of(db, &item, &project, viewer, &settings, here)?;
            let keep = match project.is_public() {
                true => Some(Keep::of(db, &project, viewer, standing.on_team, &csrf)?),
                false => None,
            };
            let liked_also = favourites::liked_also(db, project.id, viewer.map(|user| user.id))?;
            let reader = viewer.map(|viewer| viewer.id);
            let failures = failures::Panel::of(db, &project, standing.on_team, None)?;
            let awards = awards::Panel::of(db, &project, standing, reader)?;
            let talk = Talk::load(db, &project, me, &csrf, &settings, order, after)?;
            Ok(Ok(move |layout| ShowPage {
                layout,
                key: secret::query(&project, &key),
                project,
                item,
                standing,
                makers,
                invited,
                looking,
                asked,
                asking,
                tags,
                links,
                shots,
                versions,
                downloads,
                waiting_releases,
                changes,
                slow,
                appeal,
                kept_away,
                ratings,
                reactions,
                keep,
                failures,
                awards,
                talk,
                liked_also,
            }))
        })
        .await?;
    let shown = match make {
        Ok(make) => make(layout),
        Err(what) => return deleted::answer(&req, what),
    };
    let texts = shown.talk.shown().chain([shown.item.id]);
    app.views.count(&visitor, texts);
    let mut response = secret::quietly(page(&shown)?, &shown.project);
    if let Some(video) = shown.video() {
        let policy = HeaderValue::from_str(&layout::csp_with_frame(video.origin))
            .map_err(|error| Error::internal(error.into()))?;
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

// ---- The form ----

/// What stands in the form's fields: typed, or read from the project.
struct Typed {
    title: String,
    summary: String,
    description: String,
    kind: String,
    tags: String,
    links: Vec<(LinkKind, String)>,
    comment_policy: String,
    approve_first: bool,
    closed: bool,
    feedback_open: bool,
    /// On what they want to be rated.
    aspects: Vec<String>,
    picture_alt: String,
    picture_remove: bool,
    looking: Vec<Role>,
    mature: bool,
    /// Of a project that is there already; None from who sends the form without this field.
    address: Option<String>,
}

const LINK_ORDER: [LinkKind; 6] = [
    LinkKind::Play,
    LinkKind::Download,
    LinkKind::Website,
    LinkKind::Repository,
    LinkKind::Video,
    LinkKind::Funding,
];

pub const MAX_ALT: usize = 300;

impl Typed {
    fn empty() -> Typed {
        Typed::read(&Form::default())
    }

    fn read(form: &Form) -> Typed {
        let text = |name| form.get(name).to_owned();
        Typed {
            title: text("title"),
            summary: text("summary"),
            description: text("description"),
            kind: text("kind"),
            tags: form.all("tags").collect::<Vec<_>>().join(", "),
            links: LINK_ORDER.map(|kind| (kind, text(link_field(kind)))).into(),
            comment_policy: match form.get("comment_policy") {
                "" => CommentPolicy::Members.as_str().to_owned(),
                chosen => chosen.to_owned(),
            },
            approve_first: form.has("approve_first"),
            closed: form.has("closed"),
            feedback_open: form.has("feedback_open"),
            aspects: form.all("aspect").map(str::to_owned).collect(),
            picture_alt: text("picture_alt"),
            picture_remove: form.has("picture_remove"),
            looking: looking::parse(form.all("looking_for")),
            mature: form.has("mature"),
            address: form.has("address").then(|| text("address")),
        }
    }

    /// `wished`: an address among the fields still waits to be taken.
    fn of(
        project: &Project,
        fields: Fields,
        picture: Option<&Picture>,
        looking: Vec<Role>,
        wished: bool,
    ) -> Typed {
        let link = |kind: LinkKind| {
            let found = fields.links.iter().find(|link| link.kind == kind);
            (kind, found.map_or(String::new(), |link| link.url.clone()))
        };
        Typed {
            links: LINK_ORDER.map(link).into(),
            title: fields.title,
            summary: fields.summary,
            description: fields.description,
            kind: fields.kind.as_str().to_owned(),
            tags: fields.tags.join(", "),
            comment_policy: project.comment_policy.as_str().to_owned(),
            approve_first: project.approve_first,
            closed: project.closed,
            feedback_open: project.feedback_open,
            aspects: Vec::new(),
            picture_alt: match picture {
                Some(picture) if fields.picture_alt.is_empty() => picture.alt.clone(),
                _ => fields.picture_alt,
            },
            picture_remove: false,
            looking,
            mature: project.mature,
            address: Some(match wished {
                true if !fields.address.is_empty() => fields.address,
                _ => project.slug.clone(),
            }),
        }
    }

    /// The text and the settings, or every fault at once.
    fn parse(&self) -> Result<(Fields, Choices), Vec<FieldError>> {
        let links: Vec<(LinkKind, &str)> = self
            .links
            .iter()
            .map(|(kind, url)| (*kind, url.as_str()))
            .collect();
        let parsed = Fields::parse(
            &self.title,
            &self.summary,
            &self.description,
            &self.kind,
            &self.tags,
            &links,
        );
        let mut faults = Vec::new();
        let mut fault = |field, message: String| faults.push(FieldError { field, message });
        let alt = self.picture_alt.chars().count();
        if alt > MAX_ALT {
            fault(
                "picture_alt",
                format!("At most {MAX_ALT} characters; these are {alt}."),
            );
        }
        let policy = self.comment_policy.parse().unwrap_or_else(|_| {
            fault("comment_policy", "Choose who may comment.".into());
            CommentPolicy::Members
        });
        let address = match &self.address {
            Some(typed) => slug::parse(typed).unwrap_or_else(|error| {
                faults.push(error);
                String::new()
            }),
            None => String::new(),
        };
        match parsed {
            Ok(fields) if faults.is_empty() => Ok((
                Fields {
                    picture_alt: one_line(&self.picture_alt),
                    address,
                    ..fields
                },
                Choices {
                    comment_policy: policy,
                    approve_first: self.approve_first,
                    closed: self.closed,
                    picture_id: None,
                },
            )),
            Ok(_) => Err(faults),
            Err(mut first) => {
                first.append(&mut faults);
                Err(first)
            }
        }
    }
}

/// A project whose form is open.
struct Editing {
    slug: String,
    title: String,
    is_draft: bool,
    picture: Option<Picture>,
    /// What the editor saw: compared when it comes back, so that two editors do not
    /// overwrite each other unknowing.
    seen: String,
}

/// Why the form comes again, besides faults of its fields.
enum Word {
    Preview(Html),
    /// The gate's or a limit's sentence, with the way in.
    Refused(String, Option<(&'static str, &'static str)>),
    /// Somebody else saved meanwhile: what stands there now.
    Conflict(Box<Typed>),
}

#[derive(Template)]
#[template(path = "projects/form.html")]
struct FormPage {
    layout: Layout,
    errors: Vec<FieldError>,
    typed: Typed,
    editing: Option<Editing>,
    word: Option<Word>,
    /// A browser forgets a chosen file when a form comes again.
    choose_again: bool,
}

impl FormPage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }

    fn picture(&self) -> Option<&Picture> {
        self.editing.as_ref()?.picture.as_ref()
    }

    fn heading(&self) -> String {
        match &self.editing {
            Some(editing) => format!("Edit {}", editing.title),
            None => "Share a project".into(),
        }
    }

    fn action(&self) -> String {
        match &self.editing {
            Some(editing) => format!("/projects/{}/edit", editing.slug),
            None => "/projects/new".into(),
        }
    }

    fn is_unshared(&self) -> bool {
        self.editing.as_ref().is_none_or(|editing| editing.is_draft)
    }

    fn policies(&self) -> [(CommentPolicy, &'static str, &'static str); 3] {
        [
            (
                CommentPolicy::Members,
                "Members",
                "Everyone with a confirmed account.",
            ),
            (
                CommentPolicy::Makers,
                "Makers",
                "People who have shared a project of their own.",
            ),
            (
                CommentPolicy::Nobody,
                "Nobody",
                "No comments for now. Earlier ones are hidden, not lost.",
            ),
        ]
    }

    /// What the site offers to be rated on.
    fn aspects(&self) -> Vec<String> {
        rating::offered(&self.layout.settings)
    }

    fn link_name(&self, kind: &LinkKind) -> &'static str {
        link_field(*kind)
    }

    fn link_label(&self, kind: &LinkKind) -> &'static str {
        match kind {
            LinkKind::Play => "Play in the browser",
            LinkKind::Website => "Website",
            LinkKind::Download => "Download",
            LinkKind::Repository => "Source code",
            LinkKind::Video => "Video",
            LinkKind::Funding => "Support its makers",
        }
    }
}

pub async fn new_form(req: HttpRequest, member: Member) -> Result<HttpResponse, Error> {
    // Better told before the typing than after it.
    let word = gate::may_post(member.user(), now())
        .err()
        .map(|refusal| Word::Refused(refusal.sentence(), refusal.way_in()));
    page(&FormPage {
        layout: Layout::new(&req),
        errors: Vec::new(),
        typed: Typed::empty(),
        editing: None,
        word,
        choose_again: false,
    })
}

/// The form again: with faults, a preview or a refusal, and everything typed kept.
fn again(
    req: &HttpRequest,
    status: StatusCode,
    form: &Form,
    editing: Option<Editing>,
    errors: Vec<FieldError>,
    word: Option<Word>,
) -> Result<HttpResponse, Error> {
    page_with(
        status,
        &FormPage {
            layout: Layout::new(req),
            typed: Typed::read(form),
            editing,
            choose_again: form.picture.is_some() && !errors.iter().any(|e| e.field == "picture"),
            errors,
            word,
        },
    )
}

/// An [`Error`] that a form answers itself, so that the text stays where it was typed.
fn refused(
    req: &HttpRequest,
    form: &Form,
    editing: Option<Editing>,
    error: Error,
) -> Result<HttpResponse, Error> {
    let (status, word, wait) = match error {
        Error::Refused(refusal) => (
            StatusCode::FORBIDDEN,
            Word::Refused(refusal.sentence(), refusal.way_in()),
            None,
        ),
        Error::SlowDown(limited) => (
            StatusCode::TOO_MANY_REQUESTS,
            Word::Refused(limited.sentence(), None),
            Some(limited.seconds()),
        ),
        other => return Err(other),
    };
    let mut response = again(req, status, form, editing, Vec::new(), Some(word))?;
    if let Some(seconds) = wait {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

fn preview(form: &Form) -> Word {
    Word::Preview(Html(markdown::to_html(form.get("description").trim())))
}

/// The picture that came with a form, decoded; or the fault beside its field.
async fn decode_picture(
    app: &App,
    member: UserId,
    form: &mut Form,
) -> Result<Result<Option<Sizes>, PictureError>, Error> {
    // What is left says that there was one: the form may have to ask for it again.
    let Some(bytes) = form.picture.as_mut().map(std::mem::take) else {
        return Ok(Ok(None));
    };
    if !app.config.limits_off {
        let bucket = format!("picture:{member}");
        app.write(move |db| limits::count(db, &bucket, 60, Duration::hours(1)))
            .await?
            .map_err(Error::SlowDown)?;
    }
    Ok(picture::take(app, bytes).await?.map(Some))
}

/// Writes the files of a picture. Not yet named by any row: whoever calls this removes them when
/// the commit fails.
async fn store_picture(app: &App, sizes: Option<Sizes>) -> Result<Option<Sizes>, Error> {
    let Some(sizes) = sizes else {
        return Ok(None);
    };
    let uploads = app.config.uploads.clone();
    web::block(move || sizes.store(&uploads).map(|()| Some(sizes)))
        .await
        .map_err(|error| Error::internal(error.into()))?
        .map_err(|error| {
            Error::internal(anyhow::Error::new(error).context("cannot store a picture"))
        })
}

type Parsed = (Fields, Choices, Option<Sizes>);

/// Text, settings and picture, or every fault of them at once. Of somebody whom the gate does not
/// let through no picture is decoded.
async fn parse_all(
    app: &App,
    user: &User,
    gate: Result<(), Refusal>,
    form: &mut Form,
) -> Result<Result<Parsed, Vec<FieldError>>, Error> {
    let parsed = Typed::read(form).parse();
    let picture = match gate {
        Ok(()) => decode_picture(app, user.id, form).await?,
        Err(refusal) if parsed.is_ok() => return Err(Error::Refused(refusal)),
        Err(_) => Ok(None),
    };
    Ok(match (parsed, picture) {
        (Ok((fields, choices)), Ok(sizes)) => Ok((fields, choices, sizes)),
        (Ok(_), Err(fault)) => Err(vec![picture_fault(&fault)]),
        (Err(errors), Ok(_)) => Err(errors),
        (Err(mut errors), Err(fault)) => {
            errors.push(picture_fault(&fault));
            Err(errors)
        }
    })
}

fn picture_fault(fault: &PictureError) -> FieldError {
    FieldError {
        field: "picture",
        message: fault.to_string(),
    }
}

/// The row of a picture whose files are stored.
struct NewPicture {
    key: String,
    extension: &'static str,
    size: (u32, u32),
}

impl NewPicture {
    fn of(sizes: &Sizes) -> NewPicture {
        NewPicture {
            key: sizes.key.clone(),
            extension: sizes.extension,
            size: (sizes.width, sizes.height),
        }
    }

    /// Without words: they are text, and come with the text that the intake lets through.
    fn create(&self, db: &mut Db, owner: UserId) -> QueryResult<potluck_models::db::PictureId> {
        Picture::create(db, owner, &self.key, self.extension, self.size, "")
    }
}

pub async fn create(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    mut form: Form,
) -> Result<HttpResponse, Error> {
    let user = visitor.user().cloned().ok_or(Error::SignIn)?;
    if form.has("preview") {
        let word = preview(&form);
        return again(&req, StatusCode::OK, &form, None, Vec::new(), Some(word));
    }
    let gate = gate::may_post(&user, now());
    let (mut fields, mut choices, sizes) = match parse_all(&app, &user, gate, &mut form).await {
        Ok(Ok(parsed)) => parsed,
        Ok(Err(errors)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return again(&req, status, &form, None, errors, None);
        }
        Err(error) => return refused(&req, &form, None, error),
    };
    if sizes.is_none() {
        fields.picture_alt.clear();
    }
    let sizes = store_picture(&app, sizes).await?;
    let intent = intent(&form);
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let new_picture = sizes.as_ref().map(NewPicture::of);
    let (looking, is_mature) = (looking::parse(form.all("looking_for")), form.has("mature"));
    let feedback_open = form.has("feedback_open");
    let offered = rating::offered(&app.settings());
    let aspects: Vec<String> = form.all("aspect").map(str::to_owned).collect();
    let shared = app
        .write(move |db| -> Result<Project, ShareError> {
            if let Some(new) = &new_picture {
                choices.picture_id = Some(new.create(db, user.id)?);
            }
            let project = project::share(
                db,
                &intake.context(),
                &user,
                &fields,
                choices,
                intent,
                &network,
            )?;
            looking::choose(db, project.id, &looking)?;
            mature::choose(db, project.id, is_mature)?;
            project.open_feedback(db, feedback_open)?;
            rating::choose(db, project.id, &offered, &aspects)?;
            Ok(project)
        })
        .await;
    match shared {
        Ok(project) => Ok(see_other(format!(
            "/projects/{}?said={}",
            project.slug,
            said(project.state)
        ))),
        Err(error) => {
            forget_files(&app, sizes);
            refused(&req, &form, None, error)
        }
    }
}

/// By the button that was pressed.
fn intent(form: &Form) -> Intent {
    if form.has("draft") {
        Intent::Draft
    } else if form.has("unlisted") {
        Intent::Unlisted
    } else {
        Intent::Publish
    }
}

fn said(state: State) -> &'static str {
    match state {
        State::Published => "published",
        State::Draft => "draft",
        State::Unlisted => "unlisted",
        _ => "waiting",
    }
}

fn forget_files(app: &App, sizes: Option<Sizes>) {
    if let Some(sizes) = sizes {
        picture::remove(&app.config.uploads, &sizes.key, sizes.extension);
    }
}

// ---- Editing ----

/// What an editor of a project sees, in a word: the newest text's number and the settings.
fn seen(db: &mut Db, project: &Project) -> QueryResult<String> {
    let revision = Revision::newest(db, project.id)?;
    let picture = project.picture_id.map_or(0, |id| id.0);
    let looking: Vec<&str> = looking::of(db, project.id)?
        .into_iter()
        .map(Role::as_str)
        .collect();
    let looking = looking.join("+");
    let aspects = rating::chosen(db, project.id, &[])?.join("+");
    Ok(format!(
        "{}-{}-{}{}{}{}-{picture}-{looking}-{aspects}",
        revision.number,
        project.comment_policy,
        u8::from(project.approve_first),
        u8::from(project.closed),
        u8::from(project.feedback_open),
        u8::from(project.mature),
    ))
}

/// The project of an address, for its makers to change.
pub fn own(db: &mut Db, slug: &str, user: &User) -> Result<(Project, Standing), Error> {
    let (project, standing) = visible(db, slug, Some(user))?;
    if !standing.on_team {
        return Err(Error::Forbidden(
            "Only the makers of a project can change it.".into(),
        ));
    }
    if project.state == State::Removed {
        return Err(Error::Forbidden(
            "A moderator took this project away, so it cannot be changed.".into(),
        ));
    }
    if project.state == State::Deleted {
        return Err(Error::Gone);
    }
    Ok((project, standing))
}

/// The open form of a project, and the project as it is stored.
fn open(db: &mut Db, slug: &str, user: &User) -> Result<(Editing, Typed), Error> {
    let (project, _) = own(db, slug, user)?;
    let picture = project.picture(db)?;
    let fields = project.fields_for_editing(db)?;
    let wished = Item::find(db, project.id)?.has_waiting_edit();
    let looking = looking::of(db, project.id)?;
    let mut typed = Typed::of(&project, fields, picture.as_ref(), looking, wished);
    typed.aspects = rating::chosen(db, project.id, &[])?;
    let editing = Editing {
        seen: seen(db, &project)?,
        slug: project.slug,
        title: project.title,
        is_draft: project.state == State::Draft,
        picture,
    };
    Ok((editing, typed))
}

pub async fn edit_form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let (editing, typed) = app.read(move |db| open(db, &slug, &user)).await?;
    page(&FormPage {
        layout: Layout::new(&req),
        errors: Vec::new(),
        typed,
        editing: Some(editing),
        word: None,
        choose_again: false,
    })
}

/// What became of an edit.
enum Edited {
    Saved {
        state: State,
        before: State,
        /// Where it is now.
        slug: String,
        /// A picture that is not shown any more.
        replaced: Option<Picture>,
    },
    Conflict,
    /// Another project is or was at the address.
    Taken,
}

pub async fn update(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    slug: web::Path<String>,
    mut form: Form,
) -> Result<HttpResponse, Error> {
    let user = visitor.user().cloned().ok_or(Error::SignIn)?;
    let slug = slug.into_inner();
    let (asked, editor) = (slug.clone(), user.clone());
    let (mut editing, stored) = app.read(move |db| open(db, &asked, &editor)).await?;
    let now_seen = std::mem::take(&mut editing.seen);
    // Until it is told, the editor has seen what the form came with.
    let given = form.get("seen").to_owned();
    editing.seen = if given.is_empty() {
        now_seen.clone()
    } else {
        given.clone()
    };
    let conflict = |form: &Form, mut editing: Editing, stored: Typed, seen: String| {
        editing.seen = seen;
        let word = Some(Word::Conflict(Box::new(stored)));
        again(
            &req,
            StatusCode::CONFLICT,
            form,
            Some(editing),
            Vec::new(),
            word,
        )
    };
    if form.has("preview") {
        let word = preview(&form);
        return again(
            &req,
            StatusCode::OK,
            &form,
            Some(editing),
            Vec::new(),
            Some(word),
        );
    }
    // Settings alone take no gate: that is asked once it is known that the text changed.
    let (mut fields, mut choices, sizes) = match parse_all(&app, &user, Ok(()), &mut form).await {
        Ok(Ok(parsed)) => parsed,
        Ok(Err(errors)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return again(&req, status, &form, Some(editing), errors, None);
        }
        Err(error) => return refused(&req, &form, Some(editing), error),
    };
    if !given.is_empty() && given != now_seen {
        return conflict(&form, editing, stored, now_seen);
    }
    let remove = form.has("picture_remove");
    let sizes = store_picture(&app, sizes).await?;
    let intent = intent(&form);
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let new_picture = sizes.as_ref().map(NewPicture::of);
    let (looking, is_mature) = (looking::parse(form.all("looking_for")), form.has("mature"));
    let feedback_open = form.has("feedback_open");
    let offered = rating::offered(&app.settings());
    let aspects: Vec<String> = form.all("aspect").map(str::to_owned).collect();
    let (asked, editor) = (slug.clone(), user.clone());
    let expected = now_seen;
    let edited = app
        .write(move |db| -> Result<Edited, Error> {
            let (project, _) = own(db, &asked, &editor)?;
            // Again, and now nobody can come between.
            if seen(db, &project)? != expected {
                return Ok(Edited::Conflict);
            }
            let shown = project.picture(db)?;
            choices.picture_id = match (&new_picture, &shown) {
                (Some(new), _) => Some(new.create(db, editor.id)?),
                (None, Some(shown)) if !remove => Some(shown.id),
                _ => None,
            };
            let stored = project.fields_for_editing(db)?;
            if choices.picture_id.is_none() {
                // The next one takes its place, with its own words.
                choices.picture_id = gallery::next_cover(db, &project)?;
                fields.picture_alt = match choices.picture_id {
                    Some(next) => stored.words_of(next, false).0.to_owned(),
                    None => String::new(),
                };
            }
            let gone = shown
                .as_ref()
                .map(|shown| shown.id)
                .filter(|id| Some(*id) != choices.picture_id);
            fields.keep_shots(&stored, choices.picture_id, gone);
            let stays = fields.address == project.slug && stored.address.is_empty();
            if fields.address.is_empty() || stays {
                fields.address = stored.address;
            } else if !slug::is_free(db, project.id, &fields.address)? {
                return Ok(Edited::Taken);
            }
            // With a line in the log.
            let switches = Switches {
                closed: Some(choices.closed),
                approve_first: Some(choices.approve_first),
                feedback_open: Some(feedback_open),
            };
            maker::switch(db, &editor, &project, switches)?;
            project.choose(db, choices)?;
            looking::choose(db, project.id, &looking)?;
            mature::choose(db, project.id, is_mature)?;
            rating::choose(db, project.id, &offered, &aspects)?;
            let replaced = shown.filter(|shown| Some(shown.id) != choices.picture_id);
            if let Some(replaced) = &replaced {
                replaced.delete(db)?;
            }
            // Settings alone are no text: a maker can always close the door.
            let same_text = project.fields_for_editing(db)? == fields;
            let state = if same_text && project.state != State::Draft {
                // Words that wait come with the edit they belong to.
                if !Item::find(db, project.id)?.has_waiting_edit() {
                    gallery::describe(db, project.id, &fields)?;
                }
                project.state
            } else {
                project.edit(db, &intake.context(), &editor, &fields, intent, &network)?
            };
            Ok(Edited::Saved {
                state,
                before: project.state,
                slug: Project::find(db, project.id)?.slug,
                replaced,
            })
        })
        .await;
    match edited {
        Ok(Edited::Saved {
            state,
            before,
            slug,
            replaced,
        }) => {
            if let Some(old) = replaced {
                picture::remove(&app.config.uploads, &old.key, &old.extension);
            }
            let word = match (before, state) {
                (State::Draft, state) => said(state),
                (State::Published, State::Published) | (State::Unlisted, State::Unlisted) => {
                    "saved"
                }
                (State::Published | State::Unlisted, _) => "edit-waiting",
                _ => "waiting",
            };
            Ok(see_other(format!("/projects/{slug}?said={word}")))
        }
        Ok(Edited::Taken) => {
            forget_files(&app, sizes);
            let errors = vec![FieldError {
                field: "address",
                message: "Another project has this address, or had it once.".into(),
            }];
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            again(&req, status, &form, Some(editing), errors, None)
        }
        Ok(Edited::Conflict) => {
            forget_files(&app, sizes);
            let (editing, stored) = app.read(move |db| open(db, &slug, &user)).await?;
            let seen = editing.seen.clone();
            conflict(&form, editing, stored, seen)
        }
        Err(error) => {
            forget_files(&app, sizes);
            refused(&req, &form, Some(editing), error)
        }
    }
}

// ---- Deleting ----

#[derive(Template)]
#[template(path = "projects/delete.html")]
struct DeletePage {
    layout: Layout,
    project: Project,
}

/// What a moderator took away its makers may delete all the same.
fn owned(db: &mut Db, slug: &str, user: &User) -> Result<Project, Error> {
    let (project, standing) = visible(db, slug, Some(user))?;
    if !standing.on_team {
        return Err(Error::Forbidden(
            "Only the makers of a project can delete it.".into(),
        ));
    }
    if project.state == State::Deleted {
        return Err(Error::Gone);
    }
    Ok(project)
}

pub async fn delete_form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let project = app.read(move |db| owned(db, &slug, &user)).await?;
    page(&DeletePage {
        layout: Layout::new(&req),
        project,
    })
}

pub async fn delete(
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    app.write(move |db| -> Result<(), Error> {
        let project = owned(db, &slug, &user)?;
        deletion::delete(db, user.id, project.id)?;
        Ok(())
    })
    .await?;
    Ok(see_other("/account?said=deleted#deleted"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_list_is_read_back_exactly() {
        let at = now();
        assert_eq!(parse_after(&after(at, ItemId(7))), Some((at, ItemId(7))));
    }

    #[test]
    fn a_broken_place_is_the_beginning() {
        for bad in [
            "",
            "-",
            "1",
            "1-",
            "-1",
            "x-1",
            "1-x",
            "99999999999999999999-1",
            "9223372036854775807-1",
            "1-99999999999999999999",
        ] {
            assert_eq!(parse_after(bad), None, "{bad}");
        }
    }
}
