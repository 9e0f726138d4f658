//! The way out of a letter that comes again and again: one click in a mail program (RFC 8058), or a
//! button on a page. No log-in: the address itself proves who is meant. It ends letters and opens
//! nothing.

use crate::app::App;
use crate::error::Error;
use crate::layout::{Layout, page};
use crate::mail::ONE_CLICK;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::account::User;
use potluck_models::db::UserId;
use potluck_models::moderation::digest;
use potluck_models::notice;
use potluck_models::{Db, QueryResult};

#[derive(Template)]
#[template(path = "accounts/unsubscribe.html")]
struct UnsubscribePage {
    layout: Layout,
    token: String,
    username: String,
    sort: Sort,
    /// It has been pressed.
    done: bool,
}

impl UnsubscribePage {
    fn field(&self) -> (&'static str, &'static str) {
        ONE_CLICK
    }
}

/// What it ends: the daily letter to moderators, or those about what was said to somebody.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Digest,
    Notices,
}

fn of_token(key: &str, token: &str) -> Option<(Sort, UserId)> {
    let digest = digest::of_token(key, token).map(|user| (Sort::Digest, user));
    digest.or_else(|| notice::of_token(key, token).map(|user| (Sort::Notices, user)))
}

/// What stands in a letter about what was said to somebody.
pub fn about_notices(url: &str, key: &str, user: UserId) -> String {
    format!("{url}/unsubscribe/{}", notice::token(key, user))
}

/// What stands in a letter to somebody.
pub fn address(url: &str, key: &str, user: UserId) -> String {
    format!("{url}/unsubscribe/{}", digest::token(key, user))
}

/// A mail scanner opens links: nothing changes by that.
pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    token: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (sort, id) = of_token(&app.settings().key, &token).ok_or(Error::NotFound)?;
    let user = app.read(move |db: &mut Db| User::find(db, id)).await?;
    page(&UnsubscribePage {
        layout: Layout::new(&req),
        token: token.into_inner(),
        username: user.username,
        sort,
        done: false,
    })
}

/// Answers with a page, not with a redirect, which mail programs do not follow. Pressed twice, it
/// stays as it is.
pub async fn unsubscribe(
    req: HttpRequest,
    app: web::Data<App>,
    token: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (sort, id) = of_token(&app.settings().key, &token).ok_or(Error::NotFound)?;
    let user = app
        .write(move |db: &mut Db| -> QueryResult<User> {
            match sort {
                Sort::Digest => digest::want(db, id, false)?,
                Sort::Notices => notice::end_letters(db, id)?,
            };
            User::find(db, id)
        })
        .await?;
    page(&UnsubscribePage {
        layout: Layout::new(&req),
        token: token.into_inner(),
        username: user.username,
        sort,
        done: true,
    })
}
