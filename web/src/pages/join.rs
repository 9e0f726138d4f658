//! Asking to join the makers of a project, taking that back, and the makers' answer.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{self, Html, Layout, page, page_with};
use crate::pages::projects::{own, visible};
use crate::session::{self, Member};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::Db;
use potluck_models::account::User;
use potluck_models::db::JoinId;
use potluck_models::join::{self, JoinError, MAX_WORDS, Own};
use potluck_models::looking::{self, Role};
use potluck_models::project::{FieldError, Project};

impl From<JoinError> for Error {
    fn from(error: JoinError) -> Error {
        match error {
            JoinError::Database(error) => error.into(),
            JoinError::Refused(refusal) => Error::Refused(refusal),
            JoinError::Limited(limited) => Error::SlowDown(limited),
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

#[derive(Template)]
#[template(path = "projects/join.html")]
struct JoinPage {
    layout: Layout,
    errors: Vec<FieldError>,
    project: Project,
    roles: Vec<Role>,
    own: Option<Own>,
    /// Why they cannot ask at present, and the way in.
    refusal: Option<(String, Option<(&'static str, &'static str)>)>,
    role: String,
    words: String,
}

impl JoinPage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }
}

fn load(
    db: &mut Db,
    slug: &str,
    user: &User,
    layout: Layout,
    (role, words): (String, String),
    fault: Option<FieldError>,
) -> Result<JoinPage, Error> {
    let (project, _) = visible(db, slug, Some(user))?;
    let roles = looking::of(db, project.id)?;
    let own = Own::of(db, project.id, user.id)?;
    let refusal = match join::may_ask(db, user, &project) {
        Ok(()) if roles.is_empty() => {
            Some(("The makers look for nobody at present.".to_owned(), None))
        }
        Ok(()) => None,
        Err(JoinError::Database(error)) => return Err(error.into()),
        Err(JoinError::Refused(refusal)) => Some((refusal.sentence(), refusal.way_in())),
        Err(rule) => Some((rule.to_string(), None)),
    };
    Ok(JoinPage {
        layout,
        errors: fault.into_iter().collect(),
        role: match &roles[..] {
            [one] if role.is_empty() => one.as_str().to_owned(),
            _ => role,
        },
        project,
        roles,
        own,
        refusal,
        words,
    })
}

pub async fn form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (slug, user, layout) = (slug.into_inner(), member.user().clone(), Layout::new(&req));
    let nothing = (String::new(), String::new());
    let shown = app
        .read(move |db| load(db, &slug, &user, layout, nothing, None))
        .await?;
    page(&shown)
}

/// `withdraw` takes one's own back; else `role` and `words` are asked with.
pub async fn ask(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let withdraws = form.has("withdraw");
    let typed = (form.get("role").to_owned(), form.get("words").to_owned());
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let (asked, asker, (role, words)) = (slug.clone(), user.clone(), typed.clone());
    let done = app
        .write(
            move |db| -> Result<Result<(String, &str), JoinError>, Error> {
                let (project, _) = visible(db, &asked, Some(&asker))?;
                let slug = project.slug.clone();
                if withdraws {
                    return Ok(Ok(match join::withdraw(db, &asker, &project)? {
                        true => (slug, "not-asked"),
                        false => (slug, "nothing"),
                    }));
                }
                let context = intake.context();
                let done = join::ask(db, &context, &asker, &project, &role, &words, &network);
                Ok(done.map(|_| (slug, "asked")))
            },
        )
        .await?;
    let error = match done {
        Ok((slug, said)) => return Ok(see_other(format!("/projects/{slug}?said={said}#looking"))),
        Err(error) => error,
    };
    let field = match &error {
        JoinError::Database(_) | JoinError::Refused(_) | JoinError::Limited(_) => {
            return Err(error.into());
        }
        JoinError::NotLooking => "role",
        JoinError::NoWords | JoinError::LongWords(_) | JoinError::Advertising => "words",
        // Nothing of what was typed is wrong: the page says why they cannot ask.
        _ => "",
    };
    let message = error.to_string();
    let fault = (!field.is_empty()).then_some(FieldError { field, message });
    let layout = Layout::new(&req);
    let (status, shown) = app
        .read(move |db| -> Result<_, Error> {
            let mut shown = load(db, &slug, &user, layout, typed, fault)?;
            if shown.errors.is_empty() && shown.refusal.is_none() {
                shown.refusal = Some((error.to_string(), None));
            }
            let status = match shown.refusal {
                Some(_) => StatusCode::FORBIDDEN,
                None => StatusCode::UNPROCESSABLE_ENTITY,
            };
            Ok((status, shown))
        })
        .await?;
    page_with(status, &shown)
}

/// `accept` or `decline` with the number of a request.
pub async fn answer(
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    const NONE: Error = Error::BadRequest("Accept one, or decline it. Nothing was changed.");
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let number = |name: &str| form.get(name).parse::<JoinId>().ok();
    let answer = match (number("accept"), number("decline")) {
        (Some(id), _) => Some((id, true)),
        (_, Some(id)) => Some((id, false)),
        _ => None,
    };
    let to = app
        .write(move |db| -> Result<String, Error> {
            let (project, _) = own(db, &slug, &user)?;
            let (id, accepts) = answer.ok_or(NONE)?;
            let said = match join::answer(db, &user, &project, id, accepts) {
                Ok(()) if accepts => "taken-in",
                Ok(()) => "turned-away",
                Err(JoinError::Answered) => "nothing",
                Err(error) => return Err(error.into()),
            };
            Ok(format!("/projects/{}/makers?said={said}", project.slug))
        })
        .await?;
    Ok(see_other(to))
}
