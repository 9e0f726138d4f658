//! What makers deleted, and the way back: what its makers find at the address for thirty days, while
//! everybody else is told that it is gone.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page_with, segment};
use crate::session::Member;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDateTime;
use potluck_models::Db;
use potluck_models::account::User;
use potluck_models::deletion::{self, Deletion};
use potluck_models::item::State;
use potluck_models::project::Project;
use potluck_models::release::Release;

/// A deleted thing, as its makers see it.
pub struct Deleted {
    what: &'static str,
    name: String,
    until: NaiveDateTime,
    /// Where the form that brings it back goes.
    action: String,
}

#[derive(Template)]
#[template(path = "projects/deleted.html")]
struct DeletedPage {
    layout: Layout,
    deleted: Deleted,
}

/// Gone for everybody but its makers, and for them too when it cannot be brought back any more.
pub fn of_maker(db: &mut Db, slug: &str, viewer: Option<&User>) -> Result<Deleted, Error> {
    let project = Project::by_address(db, slug)?;
    let its_maker = match viewer {
        Some(viewer) => project.is_made_by(db, viewer.id)?,
        None => false,
    };
    if !its_maker || project.state != State::Deleted {
        return Err(Error::Gone);
    }
    let deletion = Deletion::find(db, project.id)?.ok_or(Error::Gone)?;
    Ok(Deleted {
        what: "project",
        name: project.title.clone(),
        until: deletion.until(),
        action: format!("/projects/{}/restore", project.slug),
    })
}

pub fn of_release(db: &mut Db, project: &Project, release: &Release) -> Result<Deleted, Error> {
    let deletion = Deletion::find(db, release.id)?.ok_or(Error::Gone)?;
    let version = segment(&release.version);
    Ok(Deleted {
        what: "release",
        name: format!("{} {}", project.title, release.version),
        until: deletion.until(),
        action: format!("/projects/{}/releases/{version}/restore", project.slug),
    })
}

pub fn answer(req: &HttpRequest, deleted: Deleted) -> Result<HttpResponse, Error> {
    let layout = Layout::new(req);
    page_with(StatusCode::GONE, &DeletedPage { layout, deleted })
}

/// `/projects/{slug}/restore`: page, releases and comments as they were.
pub async fn restore_project(
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let to = app
        .write(move |db| -> Result<String, Error> {
            let project = Project::by_slug(db, &slug)?;
            let its_maker = project.is_made_by(db, user.id)?;
            if !its_maker
                || project.state != State::Deleted
                || !deletion::bring_back(db, &user, project.id)?
            {
                return Err(Error::NotFound);
            }
            Ok(format!("/projects/{}", project.slug))
        })
        .await?;
    Ok(see_other(format!("{to}?said=brought-back")))
}
