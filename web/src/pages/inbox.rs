//! `/inbox`: what was said to somebody. Reading the page changes nothing; a button does.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{Layout, page, segment};
use crate::session::Member;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::QueryResult;
use potluck_models::db::{Db, JoinNoticeId, NoticeId};
use potluck_models::inbox::{self, Notice};
use potluck_models::item::Kind;
use potluck_models::join::{self, Answer, Told};
use potluck_models::mailing::{self, Rate, Topic};
use potluck_models::notice::{Sort, Wishes};
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

/// Where a notice leads.
pub fn path(notice: &Notice) -> String {
    let (item, slug) = (notice.item, &notice.slug);
    match notice.kind {
        Kind::Comment => format!("/comments/{item}#comment-{item}"),
        Kind::Release => format!(
            "/projects/{slug}/releases/{}",
            segment(&notice.text.version)
        ),
        Kind::Project => format!("/projects/{slug}"),
        Kind::Profile => format!("/people/{}", notice.username),
        Kind::Failure => format!("/failures/{item}"),
        Kind::Answer => format!("/answers/{item}"),
        Kind::Award => format!("/projects/{slug}/awards#award-{item}"),
        Kind::Rating => format!("/projects/{slug}/feedback"),
    }
}

impl InboxPage {
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
            Ok((inbox::page(db, me, before)?, joins))
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

/// All up to one, or one, which leads to what it is about.
pub async fn read(app: web::Data<App>, member: Member, form: Form) -> Result<HttpResponse, Error> {
    const FAULT: Error = Error::BadRequest("Press one of the buttons. Nothing was changed.");
    let me = member.user().id;
    if let Ok(one) = form.get("one").parse::<NoticeId>() {
        let notice = app
            .write(move |db: &mut Db| inbox::read_one(db, me, one))
            .await?
            .ok_or(Error::NotFound)?;
        return Ok(see_other(path(&notice)));
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
            inbox::read_all(db, me, up_to)?;
        }
        if let Some(up_to) = joins {
            join::read_all(db, me, up_to)?;
        }
        Ok(())
    })
    .await?;
    Ok(see_other("/inbox?said=inbox-read"))
}

/// What somebody wants to be told of, and how often by mail, from the account page.
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
    };
    // What the form does not say stays.
    let letters: Vec<(Topic, Rate)> = Topic::ALL
        .iter()
        .filter_map(|topic| Some((*topic, form.get(&format!("mail_{topic}")).parse().ok()?)))
        .collect();
    app.write(move |db: &mut Db| -> QueryResult<()> {
        wishes.save(db, me)?;
        mailing::choose(db, me, &letters)
    })
    .await?;
    Ok(see_other("/account?said=saved#told"))
}
