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
use potluck_models::mailing::Stop;
use potluck_models::moderation::digest;
use potluck_models::{Db, QueryResult};

#[derive(Template)]
#[template(path = "accounts/unsubscribe.html")]
struct UnsubscribePage {
    layout: Layout,
    token: String,
    username: String,
    ends: Ends,
    /// It has been pressed.
    done: bool,
}

impl UnsubscribePage {
    fn field(&self) -> (&'static str, &'static str) {
        ONE_CLICK
    }
}

/// What it ends: the daily letter to moderators, or letters about what lies in an inbox.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Digest,
    News(Stop),
}

impl Ends {
    fn of_token(key: &str, token: &str) -> Option<(Ends, UserId)> {
        let digest = digest::of_token(key, token).map(|user| (Ends::Digest, user));
        digest.or_else(|| Stop::of_token(key, token).map(|(stop, user)| (Ends::News(stop), user)))
    }

    /// What they are called.
    fn words(self) -> String {
        match self {
            Ends::Digest => "daily letters".into(),
            Ends::News(Stop::Topic(topic)) => format!("letters about {}", topic.words()),
            Ends::News(Stop::Rate(rate)) => format!("letters that come {}", rate.name()),
            Ends::News(Stop::All) => "letters about what lies in your inbox".into(),
        }
    }
}

/// What stands in a letter about what lies in an inbox.
pub fn address(url: &str, key: &str, stop: Stop, user: UserId) -> String {
    format!("{url}/unsubscribe/{}", stop.token(key, user))
}

/// What stands in the daily letter to a moderator.
pub fn of_digest(url: &str, key: &str, user: UserId) -> String {
    format!("{url}/unsubscribe/{}", digest::token(key, user))
}

/// A mail scanner opens links: nothing changes by that.
pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    token: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (ends, id) = Ends::of_token(&app.settings().key, &token).ok_or(Error::NotFound)?;
    let user = app.read(move |db: &mut Db| User::find(db, id)).await?;
    page(&UnsubscribePage {
        layout: Layout::new(&req),
        token: token.into_inner(),
        username: user.username,
        ends,
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
    let (ends, id) = Ends::of_token(&app.settings().key, &token).ok_or(Error::NotFound)?;
    let user = app
        .write(move |db: &mut Db| -> QueryResult<User> {
            match ends {
                Ends::Digest => digest::want(db, id, false).map(|_| ())?,
                Ends::News(stop) => stop.end(db, id)?,
            };
            User::find(db, id)
        })
        .await?;
    page(&UnsubscribePage {
        layout: Layout::new(&req),
        token: token.into_inner(),
        username: user.username,
        ends,
        done: true,
    })
}
