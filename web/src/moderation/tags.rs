//! Tags that mean the same, made one by moderators, with the undo of each.

use super::Frame;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Html, Layout, described, fault, page_with};
use crate::session::Moderator;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::Db;
use potluck_models::project::FieldError;
use potluck_models::tag::{self, Merge};

const NEWEST: i64 = 100;

#[derive(Template)]
#[template(path = "moderation/tags.html")]
struct TagsPage {
    layout: Layout,
    frame: Frame,
    merges: Vec<(Merge, String, i64)>,
    /// As typed.
    tag: String,
    into: String,
    errors: Vec<FieldError>,
}

impl TagsPage {
    fn fault(&self, field: &str) -> Html {
        fault(&self.errors, field)
    }

    fn described(&self, field: &str) -> Html {
        described(&self.errors, field, true)
    }
}

async fn show(
    req: &HttpRequest,
    app: &App,
    (tag, into): (String, String),
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let status = match errors.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let merges = app.read(|db: &mut Db| tag::merges(db, NEWEST)).await?;
    page_with(
        status,
        &TagsPage {
            layout: Layout::new(req),
            frame: Frame::of(req, app).await?,
            merges,
            tag,
            into,
            errors,
        },
    )
}

pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
) -> Result<HttpResponse, Error> {
    show(&req, &app, Default::default(), Vec::new()).await
}

pub async fn merge(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    form: Form,
) -> Result<HttpResponse, Error> {
    let by = moderator.user().clone();
    let typed = (form.get("tag").to_owned(), form.get("into").to_owned());
    let (tag, into) = typed.clone();
    let merged = app
        .write(move |db: &mut Db| tag::merge(db, &by, &tag, &into))
        .await?;
    match merged {
        Ok(_) => Ok(see_other("/moderation/tags?said=tags-merged")),
        Err(error) => show(&req, &app, typed, vec![error]).await,
    }
}

pub async fn undo(
    app: web::Data<App>,
    moderator: Moderator,
    id: web::Path<i64>,
) -> Result<HttpResponse, Error> {
    let (by, id) = (moderator.user().clone(), id.into_inner());
    let parted = app.write(move |db: &mut Db| tag::part(db, &by, id)).await?;
    let said = if parted { "tags-parted" } else { "tags-left" };
    Ok(see_other(format!("/moderation/tags?said={said}")))
}
