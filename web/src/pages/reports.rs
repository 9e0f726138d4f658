//! Reporting: the form for each thing that can be reported, and a member's own reports with what
//! became of them. Whoever is not logged in is told how, and sees what they were about to report.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page, page_with, segment};
use crate::pages::awards;
use crate::pages::comments::find_visible;
use crate::pages::projects::{public, visible};
use crate::session::{Member, SignedIn, Visitor};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::account::User;
use potluck_models::award;
use potluck_models::db::{ItemId, PictureId, UserId};
use potluck_models::gallery::{self, Shot};
use potluck_models::intake::limits;
use potluck_models::item::{Item, Kind, Revision, State};
use potluck_models::markdown;
use potluck_models::moderation::profile_report;
use potluck_models::moderation::report::{self, Fate, Own, ReportReason};
use potluck_models::picture::Picture;
use potluck_models::project::Project;
use potluck_models::release::Release;
use potluck_models::{Db, QueryResult};

/// Reports that a member's page shows.
const MOST: i64 = 200;

#[derive(Clone, Copy)]
enum Target {
    Item(ItemId, Option<PictureId>),
    Person(UserId),
}

/// What is about to be reported.
struct Thing {
    target: Target,
    what: &'static str,
    action: String,
    back: String,
    author: UserId,
    by: String,
    quote: String,
    picture: Option<Picture>,
    /// Of several, which one is it.
    pictures: Vec<Shot>,
    reasons: &'static [ReportReason],
}

#[derive(Template)]
#[template(path = "reports/form.html")]
struct ReportPage {
    layout: Layout,
    thing: Thing,
    note: String,
    fault: bool,
}

impl ReportPage {
    fn is_profile(&self) -> bool {
        matches!(self.thing.target, Target::Person(_))
    }

    fn is_chosen(&self, shot: &Shot) -> bool {
        let chosen = self.thing.picture.as_ref();
        chosen.is_some_and(|chosen| chosen.id == shot.picture.id)
    }

    fn not_told(&self) -> &'static str {
        match self.thing.target {
            Target::Person(_) => "The person",
            Target::Item(..) => "The author",
        }
    }
}

fn the_comment(db: &mut Db, id: ItemId, me: Option<&SignedIn>) -> Result<Thing, Error> {
    let (comment, item, project) = find_visible(db, id, me)?;
    if item.state != State::Published {
        return Err(Error::Gone);
    }
    let author = User::find(db, comment.author_id)?;
    Ok(Thing {
        target: Target::Item(id, None),
        what: "a comment",
        action: format!("/comments/{id}/report"),
        back: format!("/projects/{}#comment-{id}", project.slug),
        author: author.id,
        by: author.name().to_owned(),
        quote: markdown::excerpt(&comment.body_html, 400),
        picture: None,
        pictures: Vec::new(),
        reasons: ReportReason::of_kind(Kind::Comment),
    })
}

fn public_project(db: &mut Db, slug: &str) -> Result<(Project, User), Error> {
    let project = public(db, slug)?;
    let owner = User::find(db, project.owner_id)?;
    Ok((project, owner))
}

fn the_project(db: &mut Db, slug: &str) -> Result<Thing, Error> {
    let (project, owner) = public_project(db, slug)?;
    let author = Item::find(db, project.id)?.author_id;
    Ok(Thing {
        target: Target::Item(project.id, None),
        what: "a project",
        action: format!("/projects/{}/report", project.slug),
        back: format!("/projects/{}", project.slug),
        author,
        by: owner.name().to_owned(),
        quote: format!("{}. {}", project.title, project.summary),
        picture: None,
        pictures: Vec::new(),
        reasons: ReportReason::of_kind(Kind::Project),
    })
}

/// `which` is the one that was chosen among several.
fn the_picture(db: &mut Db, slug: &str, which: Option<PictureId>) -> Result<Thing, Error> {
    let (project, owner) = public_project(db, slug)?;
    let author = Item::find(db, project.id)?.author_id;
    let mut pictures = gallery::of(db, &project)?;
    let chosen = match which {
        Some(which) => pictures.iter().find(|shot| shot.picture.id == which),
        None => pictures.first(),
    };
    let picture = chosen.ok_or(Error::NotFound)?.picture.clone();
    if pictures.len() == 1 {
        pictures.clear();
    }
    Ok(Thing {
        target: Target::Item(project.id, Some(picture.id)),
        what: "a picture",
        action: format!("/projects/{}/picture/report", project.slug),
        back: format!("/projects/{}", project.slug),
        author,
        by: owner.name().to_owned(),
        quote: format!("The picture of {}", project.title),
        picture: Some(picture),
        pictures,
        reasons: ReportReason::OF_PICTURE,
    })
}

fn the_release(
    db: &mut Db,
    slug: &str,
    version: &str,
    me: Option<&SignedIn>,
) -> Result<Thing, Error> {
    let (project, _) = visible(db, slug, me.map(|me| &me.user))?;
    let (release, state) = Release::find(db, project.id, version)?;
    if state != State::Published || !project.is_public() {
        return Err(Error::NotFound);
    }
    let item = Item::find(db, release.id)?;
    let author = User::find(db, item.author_id)?;
    let back = format!("/projects/{}/releases/{}", project.slug, segment(version));
    Ok(Thing {
        target: Target::Item(release.id, None),
        what: "a release",
        action: format!("{back}/report"),
        back,
        author: author.id,
        by: author.name().to_owned(),
        quote: format!(
            "{} {}. {}",
            project.title,
            release.version,
            markdown::excerpt(&release.notes_html, 400)
        ),
        picture: None,
        pictures: Vec::new(),
        reasons: ReportReason::of_kind(Kind::Release),
    })
}

/// A report of a failure, an answer to one, or an award.
fn the_item(db: &mut Db, id: ItemId, me: Option<&SignedIn>) -> Result<Thing, Error> {
    let item = Item::find(db, id)?;
    let (what, path) = match item.kind {
        Kind::Failure => ("a report of a failure", "failures"),
        Kind::Answer => ("an answer", "answers"),
        Kind::Award => ("an award", "awards"),
        _ => return Err(Error::NotFound),
    };
    let project = Project::find(db, item.project_id.ok_or(Error::NotFound)?)?;
    let (project, standing) = visible(db, &project.slug, me.map(|me| &me.user))?;
    match item.state {
        State::Published => {}
        State::Removed | State::Deleted => return Err(Error::Gone),
        _ => return Err(Error::NotFound),
    }
    if item.kind == Kind::Award {
        let award = award::find(db, id)?;
        let reader = me.map(|me| me.user.id);
        if awards::is_hidden(db, &project, &award, standing, reader)? {
            return Err(Error::NotFound);
        }
    }
    // What readers see: an edit that waits is for its author and moderators alone.
    let shown = Revision::published(db, id)?.ok_or(Error::NotFound)?;
    let shown = markdown::to_html(&shown.readable(item.kind));
    let author = User::find(db, item.author_id)?;
    let back = format!("/{path}/{id}");
    Ok(Thing {
        target: Target::Item(id, None),
        what,
        action: format!("{back}/report"),
        back,
        author: author.id,
        by: author.name().to_owned(),
        quote: markdown::excerpt(&shown, 400),
        picture: None,
        pictures: Vec::new(),
        reasons: ReportReason::of_kind(item.kind),
    })
}

fn the_person(db: &mut Db, username: &str) -> Result<Thing, Error> {
    let person = User::by_username(db, username)?.ok_or(Error::NotFound)?;
    if !person.is_confirmed() {
        return Err(Error::NotFound);
    }
    Ok(Thing {
        target: Target::Person(person.id),
        what: "a profile",
        action: format!("/people/{}/report", person.username),
        back: format!("/people/{}", person.username),
        quote: markdown::excerpt(&person.bio_html, 400),
        author: person.id,
        by: person.name().to_owned(),
        picture: None,
        pictures: Vec::new(),
        reasons: ReportReason::OF_PROFILE,
    })
}

/// Nobody is offered to report their own.
fn show(req: &HttpRequest, thing: Thing, me: Option<UserId>) -> Result<HttpResponse, Error> {
    if me == Some(thing.author) {
        return Err(report::ReportError::Own.into());
    }
    page(&ReportPage {
        layout: Layout::new(req),
        thing,
        note: String::new(),
        fault: false,
    })
}

async fn file(
    req: &HttpRequest,
    app: &App,
    member: &Member,
    thing: Thing,
    form: &Form,
) -> Result<HttpResponse, Error> {
    let note = form.get("note").to_owned();
    let reason = form.get("reason").parse::<ReportReason>().ok();
    let Some(reason) = reason.filter(|reason| thing.reasons.contains(reason)) else {
        let again = ReportPage {
            layout: Layout::new(req),
            thing,
            note,
            fault: true,
        };
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
    };
    let (reporter, target) = (member.user().clone(), thing.target);
    let limits_off = app.config.limits_off;
    let stays = app
        .write(move |db| -> Result<bool, report::ReportError> {
            if !limits_off {
                limits::reports(db, reporter.id)?.map_err(report::ReportError::Limited)?;
            }
            match target {
                Target::Person(person) => {
                    profile_report::file(db, &reporter, person, reason, &note)?;
                    Ok(true)
                }
                Target::Item(item, picture) => {
                    report::file_on(db, &reporter, item, picture, reason, &note)?;
                    Ok(Item::find(db, item)?.state == State::Published)
                }
            }
        })
        .await?;
    if !stays {
        // Hidden by this very report: where it stood is nothing to come back to.
        return Ok(see_other("/account/reports?said=reported"));
    }
    let (path, fragment) = match thing.back.split_once('#') {
        Some((path, fragment)) => (path, format!("#{fragment}")),
        None => (thing.back.as_str(), String::new()),
    };
    Ok(see_other(format!("{path}?said=reported{fragment}")))
}

pub async fn comment_form(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    let (id, reader, me) = (id.into_inner(), visitor.id(), visitor.signed_in);
    let thing = app.read(move |db| the_comment(db, id, me.as_deref()));
    show(&req, thing.await?, reader)
}

pub async fn comment(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, me) = (id.into_inner(), member.0.clone());
    let thing = app.read(move |db| the_comment(db, id, Some(&me))).await?;
    file(&req, &app, &member, thing, &form).await
}

pub async fn project_form(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let thing = app.read(move |db| the_project(db, &slug)).await?;
    show(&req, thing, visitor.id())
}

pub async fn project(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let thing = app.read(move |db| the_project(db, &slug)).await?;
    file(&req, &app, &member, thing, &form).await
}

pub async fn picture_form(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let thing = app.read(move |db| the_picture(db, &slug, None)).await?;
    show(&req, thing, visitor.id())
}

pub async fn picture(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let which = match form.get("picture") {
        "" => None,
        typed => Some(typed.parse().map_err(|_| Error::NotFound)?),
    };
    let thing = app.read(move |db| the_picture(db, &slug, which)).await?;
    file(&req, &app, &member, thing, &form).await
}

pub async fn release_form(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let ((slug, version), reader, me) = (path.into_inner(), visitor.id(), visitor.signed_in);
    let thing = app.read(move |db| the_release(db, &slug, &version, me.as_deref()));
    show(&req, thing.await?, reader)
}

pub async fn release(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    path: web::Path<(String, String)>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let ((slug, version), me) = (path.into_inner(), member.0.clone());
    let thing = app
        .read(move |db| the_release(db, &slug, &version, Some(&me)))
        .await?;
    file(&req, &app, &member, thing, &form).await
}

pub async fn item_form(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    path: web::Path<(String, ItemId)>,
) -> Result<HttpResponse, Error> {
    let ((_, id), reader, me) = (path.into_inner(), visitor.id(), visitor.signed_in);
    let thing = app.read(move |db| the_item(db, id, me.as_deref()));
    show(&req, thing.await?, reader)
}

pub async fn item(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    path: web::Path<(String, ItemId)>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let ((_, id), me) = (path.into_inner(), member.0.clone());
    let thing = app.read(move |db| the_item(db, id, Some(&me))).await?;
    file(&req, &app, &member, thing, &form).await
}

pub async fn person_form(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    username: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let thing = app.read(move |db| the_person(db, &username)).await?;
    show(&req, thing, visitor.id())
}

pub async fn person(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    username: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let thing = app.read(move |db| the_person(db, &username)).await?;
    file(&req, &app, &member, thing, &form).await
}

#[derive(Template)]
#[template(path = "reports/own.html")]
struct OwnPage {
    layout: Layout,
    reports: Vec<Own>,
}

impl OwnPage {
    fn is_open(&self, own: &Own) -> bool {
        matches!(own.fate, Fate::Waits | Fate::Hidden)
    }
}

/// `/account/reports`
pub async fn own(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
) -> Result<HttpResponse, Error> {
    let me = member.user().id;
    let reports = app
        .read(move |db: &mut Db| -> QueryResult<Vec<Own>> {
            let mut all = report::own(db, me, MOST)?;
            all.extend(profile_report::own(db, me, MOST)?);
            all.sort_by_key(|own| std::cmp::Reverse(own.at));
            all.truncate(MOST as usize);
            Ok(all)
        })
        .await?;
    page(&OwnPage {
        layout: Layout::new(&req),
        reports,
    })
}
