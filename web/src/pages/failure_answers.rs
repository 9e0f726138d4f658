//! What the makers say to a failure, and what they mark it as.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page_with};
use crate::pages::failures::{self, Answering};
use crate::pages::projects::own;
use crate::session::{self, Member};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use potluck_models::db::{FailureGroupId, ItemId};
use potluck_models::failure::group::{self, Fate, Group};
use potluck_models::failure::{self, FailureError, answer};
use potluck_models::item::{Item, Kind, State};
use potluck_models::project::{FieldError, Project};

/// `words` to who reported it, `fate` with `fixed_in`, or both.
pub async fn post(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    path: web::Path<(String, FailureGroupId)>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let ((slug, id), user, layout) = (path.into_inner(), member.user().clone(), Layout::new(&req));
    let words = form.get("words").trim().to_owned();
    let fate = form.get("fate").parse::<Fate>().ok();
    let fixed_in = form.get("fixed_in").to_owned();
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let sent = app
        .write(move |db| -> Result<_, Error> {
            let (project, _) = own(db, &slug, &user)?;
            let known = Group::find(db, project.id, id)?.ok_or(Error::NotFound)?;
            let versions = failure::versions(db, project.id)?;
            let version = versions.iter().find(|(_, name)| *name == fixed_in);
            let version = version.map(|(id, _)| *id);
            let marks = fate.filter(|fate| {
                *fate != known.fate || (*fate == Fate::Fixed && version != known.fixed_in)
            });
            let mut errors = Vec::new();
            let mut fault = |field, error: FailureError| {
                let message = error.to_string();
                errors.push(FieldError { field, message });
            };
            if marks == Some(Fate::Fixed) && version.is_none() {
                fault("fate", FailureError::NoRelease);
            }
            match words.chars().count() {
                0 if marks.is_none() => fault("words", FailureError::Nothing),
                n if n > answer::MAX_WORDS => fault("words", FailureError::TooLong(n)),
                n if n > 0 && !words.chars().any(char::is_alphanumeric) => {
                    fault("words", FailureError::Nothing);
                }
                _ => {}
            }
            if !errors.is_empty() {
                let typed = Answering {
                    words,
                    fate,
                    fixed_in,
                    errors,
                };
                let shown = failures::load(db, &slug, id, Some(&user), layout, ItemId(0), typed)?;
                return Ok(Err(shown));
            }
            let mut said = "failure-marked";
            // The words first: they may join a campaign, and a verdict locks campaigns before groups.
            if !words.is_empty() {
                let context = intake.context();
                let (_, state) = answer::post(db, &context, &user, &project, id, &words, &network)?;
                said = match state {
                    State::Published => "failure-answered",
                    _ => "waiting",
                };
            }
            if let Some(fate) = marks {
                group::mark(db, &user, &project, id, fate, version)?;
            }
            let slug = project.slug;
            Ok(Ok(format!("/projects/{slug}/failures/{id}?said={said}")))
        })
        .await?;
    match sent {
        Ok(to) => Ok(see_other(to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// One's own answer, taken back.
pub async fn delete(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    let (id, user) = (id.into_inner(), member.user().clone());
    let to = app
        .write(move |db| -> Result<String, Error> {
            if Item::find(db, id)?.kind != Kind::Answer {
                return Err(Error::NotFound);
            }
            let (project, group) = failure::place(db, id)?.ok_or(Error::NotFound)?;
            answer::delete(db, &user, id)?;
            let slug = Project::find(db, project)?.slug;
            Ok(format!("/projects/{slug}/failures/{group}?said=deleted"))
        })
        .await?;
    Ok(see_other(to))
}
