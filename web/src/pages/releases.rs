//! Releases: the newest of all projects, those of one, the page of one, and the form for a new one.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{self, Html, Layout, page, page_with, segment};
use crate::moderation::beside::Beside;
use crate::pages::appeals;
use crate::pages::projects::{ListQuery, after, own, parse_after, visible};
use crate::session::{self, Member, Visitor};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::QueryResult;
use potluck_models::db::now;
use potluck_models::gate;
use potluck_models::ignore;
use potluck_models::item::{Item, State};
use potluck_models::markdown;
use potluck_models::moderation::appeal;
use potluck_models::moderation::reason::Reason;
use potluck_models::project::{FieldError, Project};
use potluck_models::release::{self, NewRelease, Notes, Release, Version};

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

#[derive(Template)]
#[template(path = "releases/of.html")]
struct OfPage {
    layout: Layout,
    project: Project,
    releases: Vec<Release>,
    on_team: bool,
}

impl OfPage {
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
) -> Result<HttpResponse, Error> {
    let (slug, viewer) = (slug.into_inner(), visitor.user().cloned());
    let (project, standing, releases) = app
        .read(move |db| -> Result<_, Error> {
            let (project, standing) = visible(db, &slug, viewer.as_ref())?;
            let releases = Release::of(db, project.id)?;
            Ok((project, standing, releases))
        })
        .await?;
    page(&OfPage {
        layout: Layout::new(&req),
        project,
        releases,
        on_team: standing.on_team,
    })
}

// ---- One release ----

#[derive(Template)]
#[template(path = "releases/show.html")]
struct ShowPage {
    layout: Layout,
    project: Project,
    release: Release,
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

    fn beside(&self) -> Beside {
        let version = segment(&self.release.version);
        let back = format!("/projects/{}/releases/{version}", self.project.slug);
        let (csrf, settings) = (&self.layout.csrf, &self.layout.settings);
        Beside::new(&self.item, "this release".into(), &back, csrf, settings)
    }

    fn notice(&self) -> Option<(&'static str, String)> {
        let told = |strong, rest: &str| Some((strong, rest.to_owned()));
        match self.state {
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
) -> Result<HttpResponse, Error> {
    let ((slug, version), viewer) = (path.into_inner(), visitor.user().cloned());
    let layout = Layout::new(&req);
    let make = app
        .read(move |db| -> Result<_, Error> {
            let (project, standing) = visible(db, &slug, viewer.as_ref())?;
            let (release, state) = Release::find(db, project.id, &version)?;
            let insider = standing.on_team || standing.is_moderator;
            match state {
                State::Published => {}
                State::Removed | State::Deleted if !insider => return Err(Error::Gone),
                State::Deleted if !standing.is_moderator => return Err(Error::Gone),
                _ if !insider => return Err(Error::NotFound),
                _ => {}
            }
            let item = Item::find(db, release.id)?;
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
            Ok(move |layout| ShowPage {
                layout,
                project,
                release,
                state,
                own: reader == Some(item.author_id),
                kept_away,
                item,
                is_moderator: standing.is_moderator && !standing.on_team,
                may_decide: standing.is_moderator,
                on_team: standing.on_team,
                appeal,
                older,
                newer,
            })
        })
        .await?;
    let shown = make(layout);
    app.views.count(&visitor, [shown.item.id]);
    page(&shown)
}

// ---- A new one ----

#[derive(Template)]
#[template(path = "releases/form.html")]
struct FormPage {
    layout: Layout,
    project: Project,
    errors: Vec<FieldError>,
    version: String,
    notes: String,
    url: String,
    preview: Option<Html>,
    refused: Option<(String, Option<(&'static str, &'static str)>)>,
}

impl FormPage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }

    fn of(req: &HttpRequest, project: Project, form: &Form) -> FormPage {
        FormPage {
            layout: Layout::new(req),
            project,
            errors: Vec::new(),
            version: form.get("version").to_owned(),
            notes: form.get("notes").to_owned(),
            url: form.get("url").to_owned(),
            preview: None,
            refused: None,
        }
    }
}

pub async fn new_form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let refusal = gate::may_post(&user, now()).err();
    let (project, _) = app.read(move |db| own(db, &slug, &user)).await?;
    page(&FormPage {
        refused: refusal.map(|refusal| (refusal.sentence(), refusal.way_in())),
        ..FormPage::of(&req, project, &Form::default())
    })
}

pub async fn create(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let user = visitor.user().cloned().ok_or(Error::SignIn)?;
    let (asked, editor) = (slug.into_inner(), user.clone());
    let (project, _) = app.read(move |db| own(db, &asked, &editor)).await?;
    if form.has("preview") {
        return page(&FormPage {
            preview: Some(Html(markdown::to_html(form.get("notes").trim()))),
            ..FormPage::of(&req, project, &form)
        });
    }
    let invalid = |project, errors| {
        page_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &FormPage {
                errors,
                ..FormPage::of(&req, project, &form)
            },
        )
    };
    let new = match Notes::parse(form.get("version"), form.get("notes"), form.get("url")) {
        Ok(new) => new,
        Err(errors) => return invalid(project, errors),
    };
    let address = format!(
        "/projects/{}/releases/{}",
        project.slug,
        segment(&new.version)
    );
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let slug = project.slug.clone();
    let put_out = app
        .write(move |db| -> Result<Option<State>, Error> {
            let (project, _) = own(db, &slug, &user)?;
            Ok(release::put_out(
                db,
                &intake.context(),
                &user,
                &project,
                &new,
                &network,
            )?)
        })
        .await;
    let (status, refused, wait) = match put_out {
        Ok(Some(State::Published)) => return Ok(see_other(format!("{address}?said=released"))),
        Ok(Some(_)) => return Ok(see_other(format!("{address}?said=waiting"))),
        Ok(None) => {
            let errors = vec![FieldError {
                field: "version",
                message: "This project has a release of that name already.".into(),
            }];
            return invalid(project, errors);
        }
        Err(Error::Refused(refusal)) => (
            StatusCode::FORBIDDEN,
            (refusal.sentence(), refusal.way_in()),
            None,
        ),
        Err(Error::SlowDown(limited)) => (
            StatusCode::TOO_MANY_REQUESTS,
            (limited.sentence(), None),
            Some(limited.seconds()),
        ),
        Err(error) => return Err(error),
    };
    let mut response = page_with(
        status,
        &FormPage {
            refused: Some(refused),
            ..FormPage::of(&req, project, &form)
        },
    )?;
    if let Some(seconds) = wait {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
