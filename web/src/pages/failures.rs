//! "Didn't work for me": the form, the list of what did not work, and the page of one such thing with
//! its reports and what the makers say. What they say and mark is in `failure_answers.rs`.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{self, Html, Layout, page, page_with};
use crate::moderation::beside::Beside;
use crate::pages::appeals;
use crate::pages::projects::{Standing, visible};
use crate::session::{self, Member, Visitor};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::DateTime;
use potluck_models::account::User;
use potluck_models::db::{FailureGroupId, ItemId, UserId, now};
use potluck_models::failure::answer::{self, Answer};
use potluck_models::failure::group::{self, After, Fate, Group, Reader, Said, Told};
use potluck_models::failure::{
    self, Failure, FailureError, MAX_TRACE, MAX_WORDS, Report, SYSTEMS, System, Typed, Version,
};
use potluck_models::gate::{self, Feedback, Refusal, Shut};
use potluck_models::item::{Item, Kind, State};
use potluck_models::project::{FieldError, Project};
use potluck_models::{Db, QueryResult};
use std::collections::HashMap;

/// Why they cannot, and the way in.
type Refused = (String, Option<(&'static str, &'static str)>);

impl From<FailureError> for Error {
    fn from(error: FailureError) -> Error {
        match error {
            FailureError::Database(error) => error.into(),
            FailureError::Refused(refusal) => Error::Refused(refusal),
            FailureError::Limited(limited) => Error::SlowDown(limited),
            FailureError::Gone => Error::NotFound,
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

/// What of it takes part in the page of a project and of a release.
#[derive(Template)]
#[template(path = "failures/_panel.html")]
pub struct Panel {
    slug: String,
    /// The release that a report begins with.
    release: Option<String>,
    on_team: bool,
    takes: bool,
    open: i64,
}

impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    /// None: nobody reports anything there, and nothing is open.
    pub fn of(
        db: &mut Db,
        project: &Project,
        on_team: bool,
        release: Option<&str>,
    ) -> QueryResult<Option<Panel>> {
        let open = group::open(db, project.id)?;
        let takes = takes(project);
        let shows = takes || on_team || open > 0;
        Ok((shows && project.is_public()).then(|| Panel {
            slug: project.slug.clone(),
            release: release.map(str::to_owned),
            on_team,
            takes,
            open,
        }))
    }
}

/// Whether anybody at all may report something there.
fn takes(project: &Project) -> bool {
    let refusal = gate::may_give(Feedback::Failure, None, project.terms(), now());
    matches!(refusal, Err(Refusal::NoFeedback(_, Shut::SignIn)))
}

fn refused(db: &mut Db, user: &User, project: &Project) -> QueryResult<Option<Refused>> {
    let person = failure::person(db, user, project)?;
    let answer = gate::may_give(Feedback::Failure, Some(person), project.terms(), now());
    Ok(answer
        .err()
        .map(|refusal| (refusal.sentence(), refusal.way_in())))
}

// ---- The list ----

#[derive(Template)]
#[template(path = "failures/list.html")]
struct ListPage {
    layout: Layout,
    project: Project,
    standing: Standing,
    takes: bool,
    groups: Vec<Told>,
    next: Option<String>,
    is_first: bool,
}

impl ListPage {
    fn count(&self, closed: &bool) -> usize {
        let of_kind = self.groups.iter().filter(|t| t.group.closed == *closed);
        of_kind.count()
    }
}

#[derive(serde::Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    after: String,
}

/// `<closed>-<microseconds>-<id>` of the last group seen. Whatever else is the beginning.
fn parse_after(token: &str) -> Option<After> {
    let mut parts = token.splitn(3, '-');
    let closed = parts.next()? == "1";
    let at = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
    Some((closed, at.naive_utc(), parts.next()?.parse().ok()?))
}

pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    slug: web::Path<String>,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let (slug, viewer) = (slug.into_inner(), visitor.user().cloned());
    let after = parse_after(&query.0.after);
    let layout = Layout::new(&req);
    let shown = app
        .read(move |db| -> Result<_, Error> {
            let (project, standing) = visible(db, &slug, viewer.as_ref())?;
            let (groups, next) = group::list(db, project.id, after)?;
            let next = next.map(|(closed, at, id)| {
                let closed = u8::from(closed);
                format!("{closed}-{}-{id}", at.and_utc().timestamp_micros())
            });
            Ok(ListPage {
                layout,
                takes: takes(&project),
                standing,
                project,
                groups,
                next,
                is_first: after.is_none(),
            })
        })
        .await?;
    page(&shown)
}

// ---- The form ----

#[derive(Template)]
#[template(path = "failures/form.html")]
struct FormPage {
    layout: Layout,
    errors: Vec<FieldError>,
    project: Project,
    versions: Vec<Version>,
    typed: Typed,
    refusal: Option<Refused>,
    /// The report that is changed.
    editing: Option<ItemId>,
    open: i64,
}

impl FormPage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }

    fn action(&self) -> String {
        match self.editing {
            Some(id) => format!("/failures/{id}/edit"),
            None => format!("/projects/{}/failures/new", self.project.slug),
        }
    }

    fn back(&self) -> String {
        match self.editing {
            Some(id) => format!("/failures/{id}"),
            None => format!("/projects/{}", self.project.slug),
        }
    }

    fn is_chosen(&self, version: &str) -> bool {
        self.typed.release == version
    }
}

fn read_typed(form: &Form) -> Typed {
    let text = |name| form.get(name).to_owned();
    Typed {
        release: text("release"),
        system: text("system"),
        system_version: text("system_version"),
        words: text("words"),
        trace: text("trace"),
    }
}

#[derive(serde::Deserialize)]
pub struct NewQuery {
    #[serde(default)]
    release: String,
}

/// `/projects/{slug}/failures/new`
pub async fn new_form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    query: Query<NewQuery>,
) -> Result<HttpResponse, Error> {
    let (slug, user, layout) = (slug.into_inner(), member.user().clone(), Layout::new(&req));
    let release = query.0.release;
    let shown = app
        .read(move |db| -> Result<_, Error> {
            let (project, _) = visible(db, &slug, Some(&user))?;
            let versions = failure::versions(db, project.id)?;
            let asked = versions.iter().find(|(_, name)| *name == release);
            let chosen = asked.or(versions.first());
            let typed = Typed {
                release: chosen.map_or(String::new(), |(_, name)| name.clone()),
                ..Typed::default()
            };
            Ok(FormPage {
                layout,
                errors: Vec::new(),
                refusal: refused(db, &user, &project)?,
                open: group::open(db, project.id)?,
                versions,
                typed,
                editing: None,
                project,
            })
        })
        .await?;
    page(&shown)
}

/// What was sent and cannot be taken as it is.
enum Sent {
    Done(String),
    Fault(Box<FormPage>, StatusCode),
}

fn answered(sent: Sent) -> Result<HttpResponse, Error> {
    match sent {
        Sent::Done(to) => Ok(see_other(to)),
        Sent::Fault(shown, status) => page_with(status, &*shown),
    }
}

/// Where a report stands, with what the page there says.
fn at(slug: &str, group: FailureGroupId, said: &str, id: ItemId) -> String {
    format!("/projects/{slug}/failures/{group}?said={said}#failure-{id}")
}

pub async fn create(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user, layout) = (slug.into_inner(), member.user().clone(), Layout::new(&req));
    let typed = read_typed(&form);
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let sent = app
        .write(move |db| -> Result<Sent, Error> {
            let (project, _) = visible(db, &slug, Some(&user))?;
            let versions = failure::versions(db, project.id)?;
            let refusal = refused(db, &user, &project)?;
            let parsed = match refusal {
                Some(_) => Err(Vec::new()),
                None => Report::parse(&typed, &versions),
            };
            let report = match parsed {
                Ok(report) => report,
                Err(errors) => {
                    let status = match refusal {
                        Some(_) => StatusCode::FORBIDDEN,
                        None => StatusCode::UNPROCESSABLE_ENTITY,
                    };
                    let shown = FormPage {
                        layout,
                        errors,
                        refusal,
                        open: 0,
                        versions,
                        typed,
                        editing: None,
                        project,
                    };
                    return Ok(Sent::Fault(Box::new(shown), status));
                }
            };
            let context = intake.context();
            let (id, state) =
                failure::post(db, &context, &user, &project, None, &report, &network)?;
            let said = match state {
                State::Published => "failure-reported",
                _ => "failure-waiting",
            };
            let group = Failure::find(db, id)?.group_id;
            Ok(Sent::Done(at(&project.slug, group, said, id)))
        })
        .await?;
    answered(sent)
}

/// One's own report, as it may be changed.
fn own_report(db: &mut Db, id: ItemId, user: &User) -> Result<(Project, Failure), Error> {
    let item = Item::find(db, id)?;
    if item.kind != Kind::Failure {
        return Err(Error::NotFound);
    }
    if item.author_id != user.id {
        return Err(FailureError::NotTheirs.into());
    }
    if matches!(item.state, State::Removed | State::Deleted) {
        return Err(Error::Gone);
    }
    let project = Project::find(db, item.project_id.ok_or(Error::NotFound)?)?;
    let (project, _) = visible(db, &project.slug, Some(user))?;
    Ok((project, Failure::find(db, id)?))
}

pub async fn edit_form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    let (id, user, layout) = (id.into_inner(), member.user().clone(), Layout::new(&req));
    let shown = app
        .read(move |db| -> Result<_, Error> {
            let (project, failure) = own_report(db, id, &user)?;
            let report = failure.for_editing(db)?;
            let versions = failure::versions(db, project.id)?;
            let stands = versions.iter().find(|(of, _)| Some(*of) == report.release);
            let typed = Typed {
                release: stands.map_or(String::new(), |(_, name)| name.clone()),
                system: report.system.as_str().to_owned(),
                system_version: report.system_version,
                words: report.words,
                trace: report.trace,
            };
            Ok(FormPage {
                layout,
                errors: Vec::new(),
                refusal: None,
                open: 0,
                versions,
                typed,
                editing: Some(id),
                project,
            })
        })
        .await?;
    page(&shown)
}

pub async fn edit(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, user, layout) = (id.into_inner(), member.user().clone(), Layout::new(&req));
    let typed = read_typed(&form);
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let sent = app
        .write(move |db| -> Result<Sent, Error> {
            let (project, _) = own_report(db, id, &user)?;
            let versions = failure::versions(db, project.id)?;
            let report = match Report::parse(&typed, &versions) {
                Ok(report) => report,
                Err(errors) => {
                    let shown = FormPage {
                        layout,
                        errors,
                        refusal: None,
                        open: 0,
                        versions,
                        typed,
                        editing: Some(id),
                        project,
                    };
                    let status = StatusCode::UNPROCESSABLE_ENTITY;
                    return Ok(Sent::Fault(Box::new(shown), status));
                }
            };
            let context = intake.context();
            let state = failure::edit(db, &context, &user, &project, id, &report, &network)?;
            let said = match state {
                State::Published => "saved",
                _ => "edit-waiting",
            };
            let group = Failure::find(db, id)?.group_id;
            Ok(Sent::Done(at(&project.slug, group, said, id)))
        })
        .await?;
    answered(sent)
}

pub async fn delete(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    let (id, user) = (id.into_inner(), member.user().clone());
    let to = app
        .write(move |db| -> Result<String, Error> {
            let (project, failure) = own_report(db, id, &user)?;
            failure::delete(db, &user, id)?;
            let group = Group::find(db, project.id, failure.group_id)?;
            let slug = project.slug;
            Ok(match group {
                Some(group) if !group.is_empty() => {
                    format!("/projects/{slug}/failures/{}?said=deleted", group.id)
                }
                _ => format!("/projects/{slug}/failures?said=deleted"),
            })
        })
        .await?;
    Ok(see_other(to))
}

// ---- One failure with its reports ----

/// With what a moderator may do about it.
struct Row<T> {
    of: T,
    own: bool,
    beside: Option<Beside>,
    appeal: Option<appeals::Note>,
}

#[derive(Template)]
#[template(path = "failures/show.html")]
pub struct ShowPage {
    layout: Layout,
    errors: Vec<FieldError>,
    project: Project,
    standing: Standing,
    me: Option<UserId>,
    told: Told,
    reports: Vec<Row<Said>>,
    answers: Vec<Row<Answer>>,
    me_too: Vec<(System, i64)>,
    versions: Vec<Version>,
    /// The reader may report it, too.
    may_report: bool,
    is_reporter: bool,
    next: Option<ItemId>,
    is_first: bool,
    /// What a maker typed.
    words: String,
    fate: Fate,
    fixed_in: String,
}

impl ShowPage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }

    fn address(&self) -> String {
        let (slug, id) = (&self.project.slug, self.told.group.id);
        format!("/projects/{slug}/failures/{id}")
    }

    fn people(&self) -> String {
        people(&self.told.group.people)
    }

    /// "2 more with it: Linux 1, Windows 1".
    fn too(&self) -> Option<String> {
        let all: i64 = self.me_too.iter().map(|(_, n)| n).sum();
        let each = self
            .me_too
            .iter()
            .map(|(system, n)| match self.me_too.len() {
                1 => format!("on {}", system.name()),
                _ => format!("{n} on {}", system.name()),
            });
        let each = each.collect::<Vec<_>>().join(", ");
        (all > 0).then(|| format!("{all} said “me too”, {each}."))
    }

    /// What stands beside a text that not everybody reads.
    fn not_public(&self, state: &State) -> Option<&'static str> {
        match state {
            State::Published | State::Unlisted => None,
            State::Removed => Some("removed by a moderator"),
            State::Spam if self.standing.is_moderator => Some("in Spam"),
            _ => Some("waits for a moderator"),
        }
    }

    /// Of their newest report here.
    fn is_own_system(&self, system: &System) -> bool {
        let own = self.reports.iter().rev().find(|row| row.own);
        own.is_some_and(|row| row.of.failure.system == *system)
    }

    fn is_fixed(&self) -> bool {
        self.told.group.fate == Fate::Fixed
    }
}

pub fn people(n: &i32) -> String {
    match *n {
        1 => "1 person".into(),
        n => format!("{n} people"),
    }
}

/// What a maker typed, and what is wrong with it.
#[derive(Default)]
pub struct Answering {
    pub words: String,
    pub fate: Option<Fate>,
    pub fixed_in: String,
    pub errors: Vec<FieldError>,
}

/// Reads the page of a group.
pub fn load(
    db: &mut Db,
    slug: &str,
    id: FailureGroupId,
    viewer: Option<&User>,
    layout: Layout,
    after: ItemId,
    typed: Answering,
) -> Result<ShowPage, Error> {
    let (project, standing) = visible(db, slug, viewer)?;
    let group = Group::find(db, project.id, id)?.ok_or(Error::NotFound)?;
    let me = viewer.map(|viewer| viewer.id);
    let reader = Reader {
        id: me,
        moderates: standing.is_moderator,
    };
    let (reports, next) = group::reports(db, id, reader, after)?;
    if group.is_empty() && reports.is_empty() {
        // Whatever part was asked for: without one that they may read there is no such page.
        let (first, _) = group::reports(db, id, reader, ItemId(0))?;
        if first.is_empty() {
            return Err(Error::NotFound);
        }
    }
    let answers = answer::of(db, id, reader)?;
    let ids: Vec<ItemId> = reports
        .iter()
        .map(|said| said.failure.id)
        .chain(answers.iter().map(|answer| answer.id))
        .collect();
    let mut items: HashMap<ItemId, Item> = HashMap::new();
    if me.is_some() {
        let found = Item::all(db, &ids)?;
        items.extend(found.into_iter().map(|item| (item.id, item)));
    }
    let own: Vec<Item> = items
        .values()
        .filter(|item| Some(item.author_id) == me)
        .cloned()
        .collect();
    let mut notes = appeals::Note::of(db, &own)?;
    let back = format!("/projects/{}/failures/{id}", project.slug);
    let csrf = layout.csrf.clone();
    let settings = layout.settings.clone();
    let moderates = standing.is_moderator;
    let beside = |id: ItemId, what: String| {
        let item = items.get(&id).filter(|_| moderates)?;
        Some(Beside::new(item, what, &back, &csrf, &settings))
    };
    let reports = reports
        .into_iter()
        .map(|said| Row {
            own: Some(said.author) == me,
            beside: beside(said.failure.id, format!("the report by {}", said.name())),
            appeal: notes.remove(&said.failure.id),
            of: said,
        })
        .collect();
    let answers = answers
        .into_iter()
        .map(|answer| Row {
            own: Some(answer.author) == me,
            beside: beside(answer.id, format!("the answer by {}", answer.name())),
            appeal: notes.remove(&answer.id),
            of: answer,
        })
        .collect();
    let is_reporter = match me {
        Some(me) => group::is_reporter(db, id, me)?,
        None => false,
    };
    let may_report = match viewer {
        Some(viewer) => refused(db, viewer, &project)?.is_none(),
        None => false,
    };
    let me_too = group::me_too(db, id)?;
    let versions = failure::versions(db, project.id)?;
    let told = group::tell(db, vec![group])?.pop().ok_or(Error::NotFound)?;
    let newest = versions
        .first()
        .map_or(String::new(), |(_, name)| name.clone());
    Ok(ShowPage {
        layout,
        errors: typed.errors,
        fate: typed.fate.unwrap_or(told.group.fate),
        fixed_in: match typed.fixed_in.is_empty() {
            true => told.fixed_in.clone().unwrap_or(newest),
            false => typed.fixed_in,
        },
        words: typed.words,
        project,
        standing,
        me,
        told,
        reports,
        answers,
        me_too,
        versions,
        may_report,
        is_reporter,
        next,
        is_first: after.0 == 0,
    })
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    path: web::Path<(String, FailureGroupId)>,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let ((slug, id), viewer) = (path.into_inner(), visitor.user().cloned());
    let after = query.0.after.parse().unwrap_or(ItemId(0));
    let layout = Layout::new(&req);
    let shown = app
        .read(move |db| {
            load(
                db,
                &slug,
                id,
                viewer.as_ref(),
                layout,
                after,
                Answering::default(),
            )
        })
        .await?;
    let texts = shown.reports.iter().map(|row| row.of.failure.id);
    let texts = texts.chain(shown.answers.iter().map(|row| row.of.id));
    app.views.count(&visitor, texts);
    page(&shown)
}

#[derive(serde::Deserialize)]
pub struct FindQuery {
    /// What was done before, for the page there to say.
    #[serde(default)]
    said: String,
}

/// `/failures/{id}` and `/answers/{id}`: where it stands, for who may read it there.
pub async fn find(
    app: web::Data<App>,
    visitor: Visitor,
    path: web::Path<(String, ItemId)>,
    query: Query<FindQuery>,
) -> Result<HttpResponse, Error> {
    let ((_, id), viewer) = (path.into_inner(), visitor.user().cloned());
    let said = query.0.said;
    let to = app
        .read(move |db| -> Result<String, Error> {
            let (project, group) = failure::place(db, id)?.ok_or(Error::NotFound)?;
            let project = Project::find(db, project)?;
            let (project, standing) = visible(db, &project.slug, viewer.as_ref())?;
            let item = Item::find(db, id)?;
            let own = viewer.is_some_and(|viewer| viewer.id == item.author_id);
            match item.state {
                State::Published => {}
                State::Deleted => return Err(Error::Gone),
                State::Removed if !own && !standing.is_moderator => return Err(Error::Gone),
                _ if !own && !standing.is_moderator => return Err(Error::NotFound),
                _ => {}
            }
            let what = match item.kind {
                Kind::Answer => "answer",
                _ => "failure",
            };
            // The part of a long list that it is in.
            let start = match item.kind {
                Kind::Failure => group::part_of(db, group, id)?,
                _ => None,
            };
            let mut words: Vec<String> = Vec::new();
            words.extend(start.map(|start| format!("after={start}")));
            if !said.is_empty() {
                words.push(format!("said={}", layout::encode(&said)));
            }
            let words = match words.is_empty() {
                true => String::new(),
                false => format!("?{}", words.join("&")),
            };
            let slug = project.slug;
            Ok(format!(
                "/projects/{slug}/failures/{group}{words}#{what}-{id}"
            ))
        })
        .await?;
    Ok(see_other(to))
}

/// `system` and `release` of who has it, too; `still` with the release that should have mended it.
pub async fn too(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    path: web::Path<(String, FailureGroupId)>,
    form: Form,
) -> Result<HttpResponse, Error> {
    const NO_SYSTEM: Error = Error::BadRequest("Choose a system. Nothing was changed.");
    const NO_RELEASE: Error = Error::BadRequest("Choose a release. Nothing was changed.");
    let ((slug, group), user) = (path.into_inner(), member.user().clone());
    let system = form.get("system").parse::<System>().ok();
    let system = system.filter(|system| SYSTEMS.contains(system));
    let (release, still) = (form.get("release").to_owned(), form.has("still"));
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let to = app
        .write(move |db| -> Result<String, Error> {
            let (project, _) = visible(db, &slug, Some(&user))?;
            let known = Group::find(db, project.id, group)?;
            let known = known
                .filter(|known| !known.is_empty())
                .ok_or(Error::NotFound)?;
            let system = system.ok_or(NO_SYSTEM)?;
            let versions = failure::versions(db, project.id)?;
            let version = match release.as_str() {
                "" => None,
                name => {
                    let found = versions.into_iter().find(|(_, of)| of == name);
                    Some(found.ok_or(NO_RELEASE)?)
                }
            };
            let report = Report::me_too(version, system);
            let context = intake.context();
            let done = failure::post(
                db,
                &context,
                &user,
                &project,
                Some(group),
                &report,
                &network,
            );
            let (id, state) = match done {
                Ok(done) => done,
                Err(FailureError::Already) => {
                    let slug = &project.slug;
                    return Ok(format!(
                        "/projects/{slug}/failures/{group}?said=failure-already"
                    ));
                }
                Err(error) => return Err(error.into()),
            };
            let open = Group::find(db, project.id, group)?.is_some_and(|group| !group.closed);
            let said = match state {
                State::Published if still && known.closed && open => "failure-still",
                State::Published => "failure-too",
                _ => "failure-waiting",
            };
            Ok(at(&project.slug, group, said, id))
        })
        .await?;
    Ok(see_other(to))
}
