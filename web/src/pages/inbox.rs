//! `/inbox`: what was said to somebody. Reading the page changes nothing; a button does.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{Layout, page};
use crate::session::Member;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::{Db, NoticeId};
use potluck_models::markdown;
use potluck_models::notice::{self, Notice, Sort, Wishes};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct InboxQuery {
    #[serde(default)]
    before: String,
}

#[derive(Template)]
#[template(path = "people/inbox.html")]
struct InboxPage {
    layout: Layout,
    notices: Vec<Notice>,
    is_first: bool,
    next: Option<NoticeId>,
}

impl InboxPage {
    fn words(&self, notice: &Notice) -> &'static str {
        match notice.sort {
            Sort::Mention => "named you on",
            Sort::Reply => "answered you on",
            Sort::Comment => "commented on",
            Sort::Review => "would like to show in the guide what you said on",
        }
    }

    fn excerpt(&self, notice: &Notice) -> String {
        markdown::excerpt(&notice.body_html, 240)
    }

    fn newest(&self) -> Option<NoticeId> {
        let unread = self.notices.iter().any(|notice| !notice.read);
        let newest = self.notices.first().map(|notice| notice.id);
        newest.filter(|_| unread)
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    query: Query<InboxQuery>,
) -> Result<HttpResponse, Error> {
    let me = member.user().id;
    let before: Option<NoticeId> = query.0.before.parse().ok();
    let (notices, next) = app
        .read(move |db: &mut Db| notice::inbox(db, me, before))
        .await?;
    page(&InboxPage {
        layout: Layout::new(&req),
        notices,
        is_first: before.is_none(),
        next,
    })
}

/// All up to one, or one, which leads to its comment.
pub async fn read(app: web::Data<App>, member: Member, form: Form) -> Result<HttpResponse, Error> {
    const FAULT: Error = Error::BadRequest("Press one of the buttons. Nothing was changed.");
    let me = member.user().id;
    if let Ok(one) = form.get("one").parse::<NoticeId>() {
        let comment = app
            .write(move |db: &mut Db| notice::read_one(db, me, one))
            .await?
            .ok_or(Error::NotFound)?;
        return Ok(see_other(format!("/comments/{comment}#comment-{comment}")));
    }
    let up_to: NoticeId = form.get("up_to").parse().map_err(|_| FAULT)?;
    app.write(move |db: &mut Db| notice::read_all(db, me, up_to))
        .await?;
    Ok(see_other("/inbox?said=inbox-read"))
}

/// What somebody wants to be told of, from the account page.
pub async fn choose(
    app: web::Data<App>,
    member: Member,
    form: Form,
) -> Result<HttpResponse, Error> {
    let me = member.user().id;
    let wishes = Wishes {
        mentions: form.has("mentions"),
        replies: form.has("replies"),
        comments: form.has("comments"),
        by_mail: form.has("by_mail"),
    };
    app.write(move |db: &mut Db| wishes.save(db, me)).await?;
    Ok(see_other("/account?said=saved#told"))
}
