//! `/inbox`: what was said to somebody. Reading the page changes nothing; a button does.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{Layout, page};
use crate::session::Member;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::QueryResult;
use potluck_models::db::{Db, JoinNoticeId, NoticeId};
use potluck_models::join::{self, Answer, Told};
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
    /// Who asks to join, and what became of one's own asking; on the first page.
    joins: Vec<Told>,
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

    fn button(&self, told: &Told) -> &'static str {
        match told.state {
            Answer::Open => "Answer",
            _ => "Open",
        }
    }

    fn newest_join(&self) -> Option<JoinNoticeId> {
        let unread = self.joins.iter().any(|told| !told.read);
        let newest = self.joins.first().map(|told| told.id);
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
    let ((notices, next), joins) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            let joins = match before {
                None => join::inbox(db, me)?,
                Some(_) => Vec::new(),
            };
            Ok((notice::inbox(db, me, before)?, joins))
        })
        .await?;
    page(&InboxPage {
        layout: Layout::new(&req),
        notices,
        joins,
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
    if let Ok(one) = form.get("join").parse::<JoinNoticeId>() {
        let path = app
            .write(move |db: &mut Db| join::read_one(db, me, one))
            .await?
            .ok_or(Error::NotFound)?;
        return Ok(see_other(path));
    }
    let up_to: Option<NoticeId> = form.get("up_to").parse().ok();
    let joins: Option<JoinNoticeId> = form.get("joins_up_to").parse().ok();
    if up_to.is_none() && joins.is_none() {
        return Err(FAULT);
    }
    app.write(move |db: &mut Db| -> QueryResult<()> {
        if let Some(up_to) = up_to {
            notice::read_all(db, me, up_to)?;
        }
        if let Some(up_to) = joins {
            join::read_all(db, me, up_to)?;
        }
        Ok(())
    })
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
