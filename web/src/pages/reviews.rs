//! `/account/reviews`: comments of somebody that moderators would like to show in the guide, and what
//! they say to it, now or later.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page};
use crate::session::Member;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::{Db, ItemId};
use potluck_models::good_review::{self, Pick};
use potluck_models::markdown;

const MOST: i64 = 100;

#[derive(Template)]
#[template(path = "accounts/reviews.html")]
struct ReviewsPage {
    layout: Layout,
    picks: Vec<Pick>,
}

impl ReviewsPage {
    fn excerpt(&self, pick: &Pick) -> String {
        markdown::excerpt(&pick.body_html, 400)
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
) -> Result<HttpResponse, Error> {
    let me = member.user().id;
    page(&ReviewsPage {
        layout: Layout::new(&req),
        picks: app
            .read(move |db: &mut Db| good_review::of_author(db, me, MOST))
            .await?,
    })
}

pub async fn answer(
    app: web::Data<App>,
    member: Member,
    form: Form,
) -> Result<HttpResponse, Error> {
    const FAULT: Error = Error::BadRequest("Press one of the buttons. Nothing was changed.");
    let me = member.user().id;
    let comment: ItemId = form.get("comment").parse().map_err(|_| FAULT)?;
    let yes = match form.get("answer") {
        "yes" => true,
        "no" => false,
        _ => return Err(FAULT),
    };
    let answered = app
        .write(move |db: &mut Db| good_review::answer(db, me, comment, yes))
        .await?;
    if !answered {
        return Err(Error::NotFound);
    }
    let said = if yes { "review-yes" } else { "review-no" };
    Ok(see_other(format!("/account/reviews?said={said}")))
}
