//! The page of a project, who may see it, and its deletion. Its form is `project_form.rs`.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{self, Html, Layout, page};
use crate::linked::{self, Who};
use crate::moderation::beside::Beside;
use crate::pages::comments::Talk;
use crate::pages::favourites::Keep;
use crate::pages::forge::Changes;
use crate::pages::ratings::Panel;
use crate::pages::reactions::Bar;
use crate::pages::{appeals, awards, deleted, failures, favourites, secret};
use crate::session::{Member, Visitor};
use crate::video::Video;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, NaiveDateTime};
use potluck_models::account::User;
use potluck_models::comment::Order;
use potluck_models::db::{ItemId, UserId};
use potluck_models::gallery::{self, Shot};
use potluck_models::gate::{self, CommentPolicy};
use potluck_models::item::{Item, State};
use potluck_models::looking::Role;
use potluck_models::moderation::appeal;
use potluck_models::moderation::reason::Reason;
use potluck_models::picture::Picture;
use potluck_models::project::{self, Card, Link, LinkKind, PAGE, Project, ProjectKind};
use potluck_models::release::{self, Download, Release, Version};
use potluck_models::{Db, QueryResult, deletion, invitation, join, looking};

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

pub const LINK_ORDER: [LinkKind; 6] = [
    LinkKind::Play,
    LinkKind::Download,
    LinkKind::Website,
    LinkKind::Repository,
    LinkKind::Video,
    LinkKind::Funding,
];

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
    use potluck_models::db::now;

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
