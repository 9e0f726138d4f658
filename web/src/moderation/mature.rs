//! A moderator marks a project as mature, or takes that back: one button undoes the other.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::pages::projects::visible;
use crate::session::Moderator;
use actix_web::{HttpResponse, web};
use potluck_models::mature;

pub async fn mark(
    app: web::Data<App>,
    moderator: Moderator,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), moderator.user().clone());
    let wish = match form.get("mature") {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    };
    let to = app
        .write(move |db| -> Result<String, Error> {
            let (project, _) = visible(db, &slug, Some(&user))?;
            let wish = wish.ok_or(Error::BadRequest("Mark it, or take the mark back."))?;
            let said = match (mature::mark(db, &user, project.id, wish)?, wish) {
                (false, _) => "nothing",
                (true, true) => "mature",
                (true, false) => "not-mature",
            };
            Ok(format!("/projects/{}?said={said}", project.slug))
        })
        .await?;
    Ok(see_other(to))
}
