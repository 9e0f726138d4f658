//! The makers of a project: who they are, who is invited, and leaving. The invited answer at their
//! account or on the page of the project.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{self, Html, Layout, page, page_with};
use crate::pages::projects::visible;
use crate::session::Member;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::Db;
use potluck_models::account::User;
use potluck_models::db::UserId;
use potluck_models::invitation::{self, InviteError, Invited};
use potluck_models::item::State;
use potluck_models::join::Request;
use potluck_models::looking::{self, Role};
use potluck_models::project::{FieldError, Project};

impl From<InviteError> for Error {
    fn from(error: InviteError) -> Error {
        match error {
            InviteError::Database(error) => error.into(),
            InviteError::Refused(refusal) => Error::Refused(refusal),
            InviteError::Limited(limited) => Error::SlowDown(limited),
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

#[derive(Template)]
#[template(path = "projects/makers.html")]
struct TeamPage {
    layout: Layout,
    errors: Vec<FieldError>,
    project: Project,
    makers: Vec<(UserId, String, String)>,
    invited: Vec<Invited>,
    asking: Vec<Request>,
    looking: Vec<Role>,
    /// The name that was typed.
    typed: String,
}

impl TeamPage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }

    fn name<'a>(&self, username: &'a str, display_name: &'a str) -> &'a str {
        if display_name.is_empty() {
            username
        } else {
            display_name
        }
    }
}

/// The project of an address, for its makers.
fn team(db: &mut Db, slug: &str, user: &User) -> Result<Project, Error> {
    let (project, standing) = visible(db, slug, Some(user))?;
    if !standing.on_team {
        return Err(Error::Forbidden(
            "Only the makers of a project see who is invited.".into(),
        ));
    }
    match project.state {
        State::Deleted => Err(Error::Gone),
        _ => Ok(project),
    }
}

async fn load(
    req: &HttpRequest,
    app: &App,
    user: User,
    slug: String,
    fault: Option<FieldError>,
    typed: String,
) -> Result<TeamPage, Error> {
    let layout = Layout::new(req);
    app.read(move |db| -> Result<_, Error> {
        let project = team(db, &slug, &user)?;
        Ok(TeamPage {
            layout,
            errors: fault.into_iter().collect(),
            makers: project.makers(db)?,
            invited: Invited::of(db, project.id)?,
            asking: Request::on(db, project.id, user.id)?,
            looking: looking::of(db, project.id)?,
            project,
            typed,
        })
    })
    .await
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    page(&load(&req, &app, user, slug, None, String::new()).await?)
}

/// The page again, with what is wrong beside its field.
async fn again(
    req: &HttpRequest,
    app: &App,
    user: User,
    slug: String,
    (field, error): (&'static str, InviteError),
    typed: String,
) -> Result<HttpResponse, Error> {
    let message = match error {
        InviteError::Database(_) | InviteError::Refused(_) | InviteError::Limited(_) => {
            return Err(error.into());
        }
        rule => rule.to_string(),
    };
    let fault = FieldError { field, message };
    let page = load(req, app, user, slug, Some(fault), typed).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// `withdraw` with a number takes an invitation back; else `invite` names somebody.
pub async fn change(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let withdrawn: Option<UserId> = form.get("withdraw").parse().ok();
    let name = form.get("invite").to_owned();
    let limits_off = app.config.limits_off;
    let (asked, by, named) = (slug.clone(), user.clone(), name.clone());
    let done = app
        .write(move |db| -> Result<_, Error> {
            let project = team(db, &asked, &by)?;
            if let Some(whom) = withdrawn {
                return Ok(Ok(match invitation::withdraw(db, &by, &project, whom)? {
                    true => "withdrawn",
                    false => "nothing",
                }));
            }
            let invited = invitation::invite(db, limits_off, &by, &project, &named);
            Ok(invited.map(|()| "invited"))
        })
        .await?;
    match done {
        Ok(said) => Ok(see_other(format!("/projects/{slug}/makers?said={said}"))),
        Err(error) => again(&req, &app, user, slug, ("invite", error), name).await,
    }
}

pub async fn leave(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let (asked, goes) = (slug.clone(), user.clone());
    let left = app
        .write(move |db| -> Result<_, Error> {
            let project = team(db, &asked, &goes)?;
            Ok(invitation::leave(db, &goes, &project))
        })
        .await?;
    match left {
        Ok(()) => Ok(see_other("/account?said=left")),
        Err(error) => again(&req, &app, user, slug, ("leave", error), String::new()).await,
    }
}

/// The invited accepts or declines.
pub async fn answer(
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let accepts = match form.get("answer") {
        "accept" => Some(true),
        "decline" => Some(false),
        _ => None,
    };
    let to = app
        .write(move |db| -> Result<String, Error> {
            let project = Project::by_slug(db, &slug)?;
            if !invitation::is_invited(db, project.id, user.id)? {
                // Whether there is a project that is not public is nobody's business.
                return Err(match project.state {
                    State::Published => InviteError::NotInvited.into(),
                    _ => Error::NotFound,
                });
            }
            let accepts = accepts.ok_or(Error::BadRequest("Accept it, or decline it."))?;
            invitation::answer(db, &user, &project, accepts)?;
            Ok(match accepts {
                true => format!("/projects/{}?said=joined", project.slug),
                false => "/account?said=not-joined".to_owned(),
            })
        })
        .await?;
    Ok(see_other(to))
}
