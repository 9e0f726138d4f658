//! Whom somebody ignores: the buttons on a person's page, and the list. Nobody else learns of it.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page};
use crate::session::Member;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::Db;
use potluck_models::account::User;
use potluck_models::ignore::{self, Ignored};
use potluck_models::inbox;

#[derive(Template)]
#[template(path = "accounts/ignored.html")]
struct IgnoredPage {
    layout: Layout,
    people: Vec<Ignored>,
}

/// `/account/ignored`
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
) -> Result<HttpResponse, Error> {
    let me = member.user().id;
    let people = app.read(move |db: &mut Db| ignore::list(db, me)).await?;
    page(&IgnoredPage {
        layout: Layout::new(&req),
        people,
    })
}

/// From their page: ignores them, or reads them again.
pub async fn change(
    app: web::Data<App>,
    member: Member,
    username: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (me, username) = (member.user().id, username.into_inner());
    let read_again = form.has("read_again");
    let name = app
        .write(move |db: &mut Db| -> Result<String, Error> {
            let whom = User::by_username(db, &username)?.ok_or(Error::NotFound)?;
            if read_again {
                ignore::read_again(db, me, whom.id)?;
            } else {
                ignore::ignore(db, me, whom.id)?;
                inbox::read_by(db, me, whom.id)?;
            }
            Ok(whom.username)
        })
        .await?;
    if form.has("list") {
        return Ok(see_other("/account/ignored?said=read-again"));
    }
    let said = if read_again { "read-again" } else { "ignored" };
    Ok(see_other(format!("/people/{name}?said={said}")))
}
