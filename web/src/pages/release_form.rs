//! The form for a new or a changed release, and deleting it. Text goes through the intake; the day and
//! whether it is a pre-release are settings and change at once.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{self, Html, Layout, page, page_with, segment};
use crate::pages::projects::own;
use crate::session::{self, Member, Visitor};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use potluck_models::account::User;
use potluck_models::db::{dialect, now};
use potluck_models::forge::follow;
use potluck_models::item::{Item, Revision, State};
use potluck_models::project::{FieldError, Project};
use potluck_models::release::{
    self, Download, Facts, MAX_DOWNLOADS, Notes, Release, System, Taken,
};
use potluck_models::{Db, deletion, gate, markdown, rating};

/// What stands in the form's fields.
struct Typed {
    version: String,
    notes: String,
    /// System and address.
    downloads: Vec<(String, String)>,
    released_on: String,
    prerelease: bool,
    /// For those who rate it.
    questions: Vec<String>,
}

/// Rows for addresses that the form has beyond those that are filled in.
const ROOM: usize = 2;

impl Typed {
    fn read(form: &Form) -> Typed {
        let mut systems = form.all("system");
        let urls = form.all("url").map(str::trim);
        // A row without a system comes from who sends the form without its page.
        let mut row = |url: &str| {
            let system = systems.next().unwrap_or(System::Other.as_str());
            (system.to_owned(), url.to_owned())
        };
        Typed {
            version: form.get("version").to_owned(),
            notes: form.get("notes").to_owned(),
            downloads: urls
                .map(&mut row)
                .filter(|(_, url)| !url.is_empty())
                .collect(),
            released_on: form.get("released_on").to_owned(),
            prerelease: form.has("prerelease"),
            questions: form.all("question").map(str::to_owned).collect(),
        }
    }

    fn of(release: &Release, notes: Notes) -> Typed {
        let row = |one: Download| (one.system.as_str().to_owned(), one.url);
        Typed {
            version: notes.version,
            questions: notes.questions,
            notes: notes.notes,
            downloads: notes.downloads.into_iter().map(row).collect(),
            released_on: release.released_at.date().to_string(),
            prerelease: release.prerelease,
        }
    }

    /// Every fault at once. An empty day is `or`.
    fn parse(&self, version: &str, or: NaiveDate) -> Result<(Notes, Facts), Vec<FieldError>> {
        let rows: Vec<(&str, &str)> = self
            .downloads
            .iter()
            .map(|(system, url)| (system.as_str(), url.as_str()))
            .collect();
        let notes = Notes::parse(version, &self.notes, &rows);
        let questions = rating::parse_questions(self.questions.iter().map(String::as_str));
        let notes = match (notes, questions) {
            (Ok(notes), Ok(questions)) => Ok(Notes { questions, ..notes }),
            (Ok(_), Err(faults)) | (Err(faults), Ok(_)) => Err(faults),
            (Err(mut faults), Err(more)) => {
                faults.extend(more);
                Err(faults)
            }
        };
        let day = release::parse_day(&self.released_on, or, now().date());
        match (notes, day) {
            (Ok(notes), Ok(released_on)) => Ok((
                notes,
                Facts {
                    released_on,
                    prerelease: self.prerelease,
                },
            )),
            (Ok(_), Err(fault)) => Err(vec![fault]),
            (Err(faults), Ok(_)) => Err(faults),
            (Err(mut faults), Err(fault)) => {
                faults.push(fault);
                Err(faults)
            }
        }
    }
}

/// A release whose form is open.
#[derive(Clone)]
struct Editing {
    release: Release,
    /// The number of the text that the editor saw, so that two do not overwrite each other unknowing.
    seen: String,
    /// The forge that it came from.
    came_from: Option<String>,
}

/// Why the form comes again, besides faults of its fields.
enum Word {
    Preview(Html),
    /// The gate's or a limit's sentence, with the way in.
    Refused(String, Option<(&'static str, &'static str)>),
    /// Another maker saved meanwhile: what stands there now.
    Conflict(Box<Typed>),
}

#[derive(Template)]
#[template(path = "releases/form.html")]
struct FormPage {
    layout: Layout,
    project: Project,
    errors: Vec<FieldError>,
    typed: Typed,
    /// Empty rows for addresses.
    room: usize,
    editing: Option<Editing>,
    word: Option<Word>,
}

impl FormPage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }

    fn heading(&self) -> String {
        match &self.editing {
            Some(editing) => format!("Edit {}", editing.release.version),
            None => "Add a release".into(),
        }
    }

    /// Where the form is sent to, and where its maker may go instead.
    fn ways(&self) -> (String, String) {
        match &self.editing {
            Some(editing) => {
                let address = address(&self.project, &editing.release.version);
                (format!("{address}/edit"), address)
            }
            None => {
                let project = format!("/projects/{}", self.project.slug);
                (format!("{project}/releases/new"), project)
            }
        }
    }

    /// The filled rows, and empty ones after them for the systems that are not there yet.
    fn rows(&self) -> Vec<(String, String)> {
        let mut rows = self.typed.downloads.clone();
        let all = (rows.len() + self.room).min(MAX_DOWNLOADS);
        while rows.len() < all {
            let has = |system: &&System| rows.iter().any(|(named, _)| named == system.as_str());
            let next = System::ALL.iter().find(|system| !has(system));
            let next = next.unwrap_or(&System::Other).as_str();
            rows.push((next.to_owned(), String::new()));
        }
        rows
    }

    /// A row for each question that there may be.
    fn questions(&self) -> Vec<String> {
        let mut rows = self.typed.questions.clone();
        rows.resize(rows.len().max(rating::MOST_QUESTIONS), String::new());
        rows
    }

    /// "2026-11-21", for the calendar of a browser.
    fn today(&self) -> NaiveDate {
        self.layout.now.date()
    }

    fn of(req: &HttpRequest, project: Project, editing: Option<Editing>, form: &Form) -> FormPage {
        FormPage {
            layout: Layout::new(req),
            project,
            errors: Vec::new(),
            typed: Typed::read(form),
            room: if form.has("more") { 3 * ROOM } else { ROOM },
            editing,
            word: None,
        }
    }
}

/// `/projects/{slug}/releases/{version}`
fn address(project: &Project, version: &str) -> String {
    format!("/projects/{}/releases/{}", project.slug, segment(version))
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
        word: refusal.map(|refusal| Word::Refused(refusal.sentence(), refusal.way_in())),
        room: 1 + ROOM,
        ..FormPage::of(&req, project, None, &Form::default())
    })
}

/// A release of a project, for its makers to change.
fn own_release(
    db: &mut Db,
    slug: &str,
    version: &str,
    user: &User,
) -> Result<(Project, Release), Error> {
    let (project, _) = own(db, slug, user)?;
    let (release, state) = Release::find(db, project.id, version)?;
    match state {
        State::Deleted => Err(Error::Gone),
        State::Removed => Err(Error::Forbidden(
            "A moderator took this release away, so it cannot be changed.".into(),
        )),
        _ => Ok((project, release)),
    }
}

fn open(
    db: &mut Db,
    slug: &str,
    version: &str,
    user: &User,
) -> Result<(Project, Editing, Typed), Error> {
    let (project, release) = own_release(db, slug, version, user)?;
    let notes = release.for_editing(db)?;
    let seen = Revision::newest(db, release.id)?.number.to_string();
    let came_from = follow::origins(db, &[release.id])?
        .remove(&release.id)
        .filter(|origin| origin.imported)
        .map(|origin| origin.name);
    let typed = Typed::of(&release, notes);
    let editing = Editing {
        release,
        seen,
        came_from,
    };
    Ok((project, editing, typed))
}

pub async fn edit_form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let ((slug, version), user) = (path.into_inner(), member.user().clone());
    let refusal = gate::may_post(&user, now()).err();
    let (project, editing, typed) = app.read(move |db| open(db, &slug, &version, &user)).await?;
    page(&FormPage {
        typed,
        word: refusal.map(|refusal| Word::Refused(refusal.sentence(), refusal.way_in())),
        ..FormPage::of(&req, project, Some(editing), &Form::default())
    })
}

/// The preview, or another row: nothing is saved.
fn looks_only(form: &Form) -> Option<Option<Word>> {
    if form.has("preview") {
        let notes = markdown::to_html(form.get("notes").trim());
        return Some(Some(Word::Preview(Html(notes))));
    }
    form.has("more").then_some(None)
}

/// The form again, with the gate's or a limit's word over it.
fn refused(form: FormPage, error: Error) -> Result<HttpResponse, Error> {
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
        error => return Err(error),
    };
    let word = Some(word);
    let mut response = page_with(status, &FormPage { word, ..form })?;
    if let Some(seconds) = wait {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
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
    let again = |project| FormPage::of(&req, project, None, &form);
    if let Some(word) = looks_only(&form) {
        return page(&FormPage {
            word,
            ..again(project)
        });
    }
    let invalid = |project, errors| {
        let form = FormPage {
            errors,
            ..again(project)
        };
        page_with(StatusCode::UNPROCESSABLE_ENTITY, &form)
    };
    let typed = Typed::read(&form);
    let new = match typed.parse(&typed.version, now().date()) {
        Ok(new) => new,
        Err(errors) => return invalid(project, errors),
    };
    let to = address(&project, &new.0.version);
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let slug = project.slug.clone();
    let put_out = app
        .write(move |db| -> Result<_, Error> {
            let (project, _) = own(db, &slug, &user)?;
            let (context, new) = (intake.context(), (&new.0, new.1));
            Ok(release::put_out(
                db, &context, &user, &project, new, &network,
            )?)
        })
        .await;
    let taken = |message: &str| {
        vec![FieldError {
            field: "version",
            message: message.to_owned(),
        }]
    };
    match put_out {
        Ok(Ok(State::Published)) => Ok(see_other(format!("{to}?said=released"))),
        Ok(Ok(_)) => Ok(see_other(format!("{to}?said=waiting"))),
        Ok(Err(Taken::ByAnother)) => invalid(
            project,
            taken("This project has a release of that name already."),
        ),
        Ok(Err(Taken::ByDeleted)) => invalid(
            project,
            taken(
                "A release of that name was deleted. Bring it back at its address, and edit it there.",
            ),
        ),
        Err(error) => refused(again(project), error),
    }
}

/// What became of an edit.
enum Edited {
    Saved { before: State, after: State },
    Conflict,
}

pub async fn update(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    path: web::Path<(String, String)>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let user = visitor.user().cloned().ok_or(Error::SignIn)?;
    let (slug, version) = path.into_inner();
    let (asked, editor) = ((slug.clone(), version.clone()), user.clone());
    let (project, editing, stored) = app
        .read(move |db| open(db, &asked.0, &asked.1, &editor))
        .await?;
    let again = |seen: &str| {
        let mut editing = editing.clone();
        editing.seen = seen.to_owned();
        let mut form = FormPage::of(&req, project.clone(), Some(editing), &form);
        form.typed.version.clone_from(&version);
        form
    };
    // Without a word the editor has seen what is there.
    let seen = match form.get("seen") {
        "" => editing.seen.as_str(),
        given => given,
    };
    if let Some(word) = looks_only(&form) {
        return page(&FormPage {
            word,
            ..again(seen)
        });
    }
    let (notes, facts) =
        match Typed::read(&form).parse(&version, editing.release.released_at.date()) {
            Ok(new) => new,
            Err(errors) => {
                let form = FormPage {
                    errors,
                    ..again(seen)
                };
                return page_with(StatusCode::UNPROCESSABLE_ENTITY, &form);
            }
        };
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let (given, asked) = (seen.to_owned(), (slug, version.clone()));
    let edited = app
        .write(move |db| -> Result<Edited, Error> {
            let (_, release) = own_release(db, &asked.0, &asked.1, &user)?;
            dialect::lock_item(db, release.id)?;
            if Revision::newest(db, release.id)?.number.to_string() != given {
                return Ok(Edited::Conflict);
            }
            let before = Item::find(db, release.id)?.state;
            let (context, new) = (intake.context(), (&notes, facts));
            let after = release::edit(db, &context, &user, release.id, new, &network)?;
            Ok(Edited::Saved { before, after })
        })
        .await;
    match edited {
        Ok(Edited::Saved { before, after }) => {
            let word = match (before, after) {
                (State::Published, State::Published) => "saved",
                (State::Published, _) => "edit-waiting",
                _ => "waiting",
            };
            let to = address(&project, &version);
            Ok(see_other(format!("{to}?said={word}")))
        }
        Ok(Edited::Conflict) => {
            let form = FormPage {
                word: Some(Word::Conflict(Box::new(stored))),
                ..again(&editing.seen)
            };
            page_with(StatusCode::CONFLICT, &form)
        }
        Err(error) => refused(again(seen), error),
    }
}

// ---- Deleting ----

#[derive(Template)]
#[template(path = "releases/delete.html")]
struct DeletePage {
    layout: Layout,
    project: Project,
    release: Release,
}

impl DeletePage {
    fn address(&self) -> String {
        address(&self.project, &self.release.version)
    }
}

/// A moderator's removal does not keep its makers from deleting it.
fn to_delete(
    db: &mut Db,
    slug: &str,
    version: &str,
    user: &User,
) -> Result<(Project, Release), Error> {
    let (project, _) = own(db, slug, user)?;
    match Release::find(db, project.id, version)? {
        (_, State::Deleted) => Err(Error::Gone),
        (release, _) => Ok((project, release)),
    }
}

pub async fn delete_form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let ((slug, version), user) = (path.into_inner(), member.user().clone());
    let (project, release) = app
        .read(move |db| to_delete(db, &slug, &version, &user))
        .await?;
    page(&DeletePage {
        layout: Layout::new(&req),
        project,
        release,
    })
}

pub async fn delete(
    app: web::Data<App>,
    member: Member,
    path: web::Path<(String, String)>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let ((slug, version), user) = (path.into_inner(), member.user().clone());
    let to = app
        .write(move |db| -> Result<String, Error> {
            let (project, release) = to_delete(db, &slug, &version, &user)?;
            deletion::delete(db, user.id, release.id)?;
            Ok(address(&project, &version))
        })
        .await?;
    Ok(see_other(format!("{to}?said=deleted")))
}

pub async fn restore(
    app: web::Data<App>,
    member: Member,
    path: web::Path<(String, String)>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let ((slug, version), user) = (path.into_inner(), member.user().clone());
    let to = app
        .write(move |db| -> Result<String, Error> {
            let (project, _) = own(db, &slug, &user)?;
            let (release, _) = Release::find(db, project.id, &version)?;
            if !deletion::bring_back(db, &user, release.id)? {
                return Err(Error::NotFound);
            }
            Ok(address(&project, &version))
        })
        .await?;
    Ok(see_other(format!("{to}?said=brought-back")))
}
