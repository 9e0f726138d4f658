//! Releases: the newest of all projects, those of one, and the page of one.

use crate::app::App;
use crate::error::Error;
use crate::forms::Query;
use crate::layout::{Html, Layout, page, segment};
use crate::moderation::beside::Beside;
use crate::pages::forge::Changes;
use crate::pages::projects::{ListQuery, after, parse_after, visible_with};
use crate::pages::reactions::Bar;
use crate::pages::{appeals, deleted, failures, secret};
use crate::session::{self, Visitor};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::QueryResult;
use potluck_models::db::ItemId;
use potluck_models::forge::follow::{self, Origin};
use potluck_models::ignore;
use potluck_models::item::{Item, State};
use potluck_models::markdown;
use potluck_models::moderation::appeal;
use potluck_models::moderation::reason::Reason;
use potluck_models::project::Project;
use potluck_models::release::{self, Download, NewRelease, Release, Version};
use std::collections::HashMap;

const PAGE: i64 = 30;

#[derive(Template)]
#[template(path = "releases/list.html")]
struct ListPage {
    layout: Layout,
    releases: Vec<NewRelease>,
    next: Option<String>,
    is_first: bool,
}

impl ListPage {
    fn excerpt(&self, release: &Release) -> String {
        markdown::excerpt(&release.notes_html, 140)
    }
}

pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let start = parse_after(&query.0.after);
    let reader = session::reader(&req);
    let (mut releases, ignored) = app
        .read(move |db| -> QueryResult<_> {
            Ok((
                Release::newest(db, start, PAGE + 1)?,
                ignore::usernames(db, reader)?,
            ))
        })
        .await?;
    let has_more = releases.len() as i64 > PAGE;
    releases.truncate(PAGE as usize);
    let last = releases.last().filter(|_| has_more);
    let next = last.map(|last| after(last.release.released_at, last.release.id));
    releases.retain(|release| !ignored.contains(release.username()));
    page(&ListPage {
        layout: Layout::new(&req),
        next,
        releases,
        is_first: start.is_none(),
    })
}

// ---- Of one project ----

#[derive(serde::Deserialize)]
pub struct Keyed {
    /// Of a secret link.
    #[serde(default)]
    key: String,
}

#[derive(Template)]
#[template(path = "releases/of.html")]
struct OfPage {
    layout: Layout,
    /// What links end with behind a secret one.
    key: String,
    project: Project,
    releases: Vec<Release>,
    downloads: HashMap<ItemId, Vec<Download>>,
    /// Those that came from a forge, or stand there as well.
    origins: HashMap<ItemId, Origin>,
    changes: Option<Changes>,
    on_team: bool,
}

impl OfPage {
    fn downloads(&self, release: &Release) -> &[Download] {
        self.downloads.get(&release.id).map_or(&[], Vec::as_slice)
    }

    fn origin(&self, release: &Release) -> Option<&Origin> {
        self.origins.get(&release.id)
    }

    fn excerpt(&self, release: &Release) -> String {
        markdown::excerpt(&release.notes_html, 280)
    }
}

/// `/projects/{slug}/releases`
pub async fn of_project(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    slug: web::Path<String>,
    query: Query<Keyed>,
) -> Result<HttpResponse, Error> {
    let (slug, viewer) = (slug.into_inner(), visitor.user().cloned());
    let key = query.0.key;
    let asked = key.clone();
    let layout = Layout::new(&req);
    let csrf = layout.csrf.clone();
    let (project, standing, releases, downloads, origins, changes) = app
        .read(move |db| -> Result<_, Error> {
            let (project, standing) = visible_with(db, &slug, &asked, viewer.as_ref())?;
            let releases = Release::of(db, project.id)?;
            let first: Vec<_> = releases.iter().map(|r| (r.id, r.url.as_str())).collect();
            let downloads = release::downloads(db, &first)?;
            let ids: Vec<ItemId> = releases.iter().map(|release| release.id).collect();
            let origins = follow::origins(db, &ids)?;
            let link = secret::query(&project, &asked);
            let may_decide = standing.is_moderator;
            let changes = Changes::of(db, &project, (&link, &csrf), true, may_decide)?;
            Ok((project, standing, releases, downloads, origins, changes))
        })
        .await?;
    let response = page(&OfPage {
        layout,
        key: secret::query(&project, &key),
        project: project.clone(),
        releases,
        downloads,
        origins,
        changes,
        on_team: standing.on_team,
    })?;
    Ok(secret::quietly(response, &project))
}

// ---- One release ----

#[derive(Template)]
#[template(path = "releases/show.html")]
struct ShowPage {
    layout: Layout,
    /// What links end with behind a secret one.
    key: String,
    project: Project,
    release: Release,
    downloads: Vec<Download>,
    /// It came from a forge, or stands there as well.
    origin: Option<Origin>,
    state: State,
    item: Item,
    /// Of another's project.
    is_moderator: bool,
    may_decide: bool,
    on_team: bool,
    appeal: Option<appeals::Note>,
    /// It lies in Spam, and its author was told that it stays away.
    kept_away: bool,
    /// Who reads wrote it.
    own: bool,
    reactions: Option<Bar>,
    failures: Option<failures::Panel>,
    older: Option<Version>,
    newer: Option<Version>,
}

impl ShowPage {
    /// Why a moderator removed it.
    fn reason(&self) -> Option<&Reason> {
        match self.state {
            State::Removed => self.layout.settings.reasons.find(&self.item.evidence),
            _ => None,
        }
    }

    fn address(&self) -> String {
        let version = segment(&self.release.version);
        format!("/projects/{}/releases/{version}", self.project.slug)
    }

    fn beside(&self) -> Beside {
        let back = self.address();
        let (csrf, settings) = (&self.layout.csrf, &self.layout.settings);
        Beside::new(&self.item, "this release".into(), &back, csrf, settings)
    }

    fn notice(&self) -> Option<(&'static str, String)> {
        let told = |strong, rest: &str| Some((strong, rest.to_owned()));
        match self.state {
            State::Published
                if self.item.has_waiting_edit() && (self.on_team || self.may_decide) =>
            {
                told(
                    "An edit waits for a moderator.",
                    "Until then everybody sees the text as it was before.",
                )
            }
            State::Published | State::Unlisted => None,
            State::Spam if self.is_moderator => told(
                "In Spam.",
                if self.kept_away {
                    "The makers are told that it stays away from readers."
                } else {
                    "The makers are told that it waits for a moderator."
                },
            ),
            State::Removed => Some((
                "Removed by a moderator.",
                match self.reason() {
                    Some(reason) => format!(
                        "Reason: {}. Only the makers and moderators see it.",
                        reason.sentence
                    ),
                    None => "Only the makers and moderators see it.".into(),
                },
            )),
            State::Deleted => told("Deleted by its maker.", "Only moderators see it."),
            State::Spam if self.kept_away => told(
                "Kept from readers.",
                "Only the makers and moderators see it.",
            ),
            _ => told(
                "Waiting for a moderator.",
                "Only the makers and moderators see it until then.",
            ),
        }
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    path: web::Path<(String, String)>,
    query: Query<Keyed>,
) -> Result<HttpResponse, Error> {
    let key = query.0.key;
    let ((slug, version), viewer) = (path.into_inner(), visitor.user().cloned());
    let layout = Layout::new(&req);
    let (csrf, settings) = (layout.csrf.clone(), app.settings());
    let shown = app
        .read(move |db| -> Result<_, Error> {
            let (project, standing) = visible_with(db, &slug, &key, viewer.as_ref())?;
            let (release, state) = Release::find(db, project.id, &version)?;
            let insider = standing.on_team || standing.is_moderator;
            match state {
                State::Published => {}
                State::Removed | State::Deleted if !insider => return Err(Error::Gone),
                State::Deleted if !standing.is_moderator => {
                    return Ok(Shown::Deleted(deleted::of_release(db, &project, &release)?));
                }
                _ if !insider => return Err(Error::NotFound),
                _ => {}
            }
            let item = Item::find(db, release.id)?;
            let here = format!("/projects/{}/releases/{}", project.slug, segment(&version));
            let here = (csrf.as_str(), here.as_str());
            let reactions = Bar::of(db, &item, &project, viewer.as_ref(), &settings, here)?;
            let downloads = release::downloads(db, &[(release.id, &release.url)])?
                .remove(&release.id)
                .unwrap_or_default();
            let origin = follow::origins(db, &[release.id])?.remove(&release.id);
            let reader = viewer.as_ref().map(|viewer| viewer.id);
            let appeal = appeals::Note::for_reader(db, &item, reader)?;
            let kept_away = state == State::Spam && !appeal::kept_away(db, &[item.id])?.is_empty();
            let mut versions = Release::versions(db, project.id)?;
            let at = versions.iter().position(|v| v.version == release.version);
            let older = at
                .filter(|at| at + 1 < versions.len())
                .map(|at| versions.swap_remove(at + 1));
            let newer = at
                .filter(|at| *at > 0)
                .map(|at| versions.swap_remove(at - 1));
            let version = (state == State::Published).then_some(release.version.as_str());
            let failures = match version {
                Some(_) => failures::Panel::of(db, &project, standing.on_team, version)?,
                None => None,
            };
            Ok(Shown::Page(Box::new(ShowPage {
                failures,
                layout,
                key: secret::query(&project, &key),
                project,
                release,
                downloads,
                origin,
                state,
                own: reader == Some(item.author_id),
                reactions,
                kept_away,
                item,
                is_moderator: standing.is_moderator && !standing.on_team,
                may_decide: standing.is_moderator,
                on_team: standing.on_team,
                appeal,
                older,
                newer,
            })))
        })
        .await?;
    match shown {
        Shown::Page(shown) => {
            app.views.count(&visitor, [shown.item.id]);
            Ok(secret::quietly(page(&*shown)?, &shown.project))
        }
        Shown::Deleted(what) => deleted::answer(&req, what),
    }
}

/// What its makers find at the address of a release.
enum Shown {
    Page(Box<ShowPage>),
    Deleted(deleted::Deleted),
}
