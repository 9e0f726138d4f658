//! "Stop telling me of this thread", and the way back: on the thread, on the page of a comment, and in the
//! inbox. Nobody else learns of it.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::pages::projects;
use crate::session::Member;
use actix_web::{HttpResponse, web};
use potluck_models::{Db, mute};

/// `/projects/{slug}/mute`
pub async fn change(
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let user = member.user().clone();
    let hears = form.has("hear");
    let slug = app
        .write(move |db: &mut Db| -> Result<String, Error> {
            let (project, _) = projects::visible(db, &slug, Some(&user))?;
            match hears {
                true => mute::hear_again(db, user.id, project.id).map(|_| ())?,
                false => mute::mute(db, user.id, project.id)?,
            }
            Ok(project.slug)
        })
        .await?;
    let said = if hears { "heard-again" } else { "muted" };
    Ok(see_other(match form.get("back") {
        "inbox" => format!("/inbox?said={said}"),
        "following" => format!("/account/following?said={said}"),
        _ => format!("/projects/{slug}?said={said}#comments"),
    }))
}
