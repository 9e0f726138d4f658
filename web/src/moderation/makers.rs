//! What makers did with comments on their projects, for moderators, with the undo of each; and the
//! lifting of a block.

use super::Frame;
use super::banner::{self, WORDS};
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, safe_next, see_other};
use crate::layout::{Layout, page};
use crate::mail::Letter;
use crate::session::Moderator;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::account::User;
use potluck_models::block;
use potluck_models::db::{BlockId, Db, ItemId, MakerActId};
use potluck_models::moderation::maker_acts::{self, Told};
use serde::Deserialize;

const PAGE: i64 = 50;

#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    before: String,
    /// One comment.
    #[serde(default)]
    item: String,
}

#[derive(Template)]
#[template(path = "moderation/makers.html")]
struct ListPage {
    layout: Layout,
    frame: Frame,
    item: Option<ItemId>,
    acts: Vec<Told>,
    next: Option<MakerActId>,
}

pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let (before, item) = (query.0.before.parse().ok(), query.0.item.parse().ok());
    let mut acts = app
        .read(move |db: &mut Db| maker_acts::told(db, before, item, PAGE + 1))
        .await?;
    let more = acts.len() as i64 > PAGE;
    acts.truncate(PAGE as usize);
    page(&ListPage {
        layout: Layout::new(&req),
        frame: Frame::of(&req, &app).await?,
        item,
        next: acts.last().filter(|_| more).map(|told| told.act.id),
        acts,
    })
}

/// With `again`, a moderator takes the taking back back.
pub async fn undo(
    app: web::Data<App>,
    moderator: Moderator,
    id: web::Path<i64>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (by, id) = (moderator.user().clone(), MakerActId(id.into_inner()));
    let again = form.has("again");
    let done = app
        .write(move |db: &mut Db| match again {
            true => maker_acts::let_stand(db, &by, id),
            false => maker_acts::take_back(db, &by, id),
        })
        .await?;
    let said = match (done, again) {
        (false, _) => "nothing",
        (true, true) => "undone",
        (true, false) => "maker-undone",
    };
    Ok(back_to(&form, "/moderation/makers", said))
}

/// Lifts a block, or with `again` lets it stand once more. The maker is told of both.
pub async fn lift(
    app: web::Data<App>,
    moderator: Moderator,
    id: web::Path<i64>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (by, id) = (moderator.user().clone(), BlockId(id.into_inner()));
    let again = form.has("again");
    let (settings, url) = (app.settings(), app.url());
    let done = app
        .write(move |db: &mut Db| -> Result<_, Error> {
            let told = match again {
                true => block::let_stand(db, by.id, id)?,
                false => block::lift(db, &by, id)?,
            };
            let Some(told) = told else {
                return Ok(None);
            };
            let maker = User::find(db, told.block.by_id)?;
            Letter::block(
                &settings.site_name,
                &url,
                &maker.username,
                &maker.email,
                &told.whom,
                again,
            )
            .queue(db)?;
            Ok(Some(told))
        })
        .await?;
    let (home, said) = match (done, again) {
        (None, _) => ("/moderation/people".to_owned(), "nothing"),
        (Some(told), true) => (format!("/moderation/people/{}", told.whom), "block-stands"),
        (Some(told), false) => (format!("/moderation/people/{}", told.whom), "block-lifted"),
    };
    Ok(back_to(&form, &home, said))
}

fn back_to(form: &Form, home: &str, said: &str) -> HttpResponse {
    let back = match safe_next(form.get("back")) {
        "/" => home.to_owned(),
        page => banner::without(page, &WORDS),
    };
    see_other(banner::with(&back, &[("said", said.to_owned())]))
}
