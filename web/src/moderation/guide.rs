//! What moderators do for the guide: articles that readers suggested, and comments picked as good
//! reviews, each with its undo.

use super::Frame;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page};
use crate::session::Moderator;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::QueryResult;
use potluck_models::article::{self, Article, Standing};
use potluck_models::db::{Db, ItemId};
use potluck_models::good_review::{self, Pick, PickError};
use potluck_models::markdown;

const NEWEST: i64 = 100;
const DECIDED: i64 = 50;

#[derive(Template)]
#[template(path = "moderation/guide.html")]
struct GuidePage {
    layout: Layout,
    frame: Frame,
    waiting: Vec<Article>,
    accepted: Vec<Article>,
    declined: Vec<Article>,
    /// With who picked them.
    picks: Vec<(Pick, String)>,
}

impl GuidePage {
    fn excerpt(&self, pick: &Pick) -> String {
        markdown::excerpt(&pick.body_html, 240)
    }

    fn standing(&self, pick: &Pick) -> &'static str {
        match pick.consented {
            _ if pick.undone_at.is_some() => "taken back",
            None => "its author is asked",
            Some(false) => "its author said no",
            Some(true) if pick.is_public => "in the guide",
            Some(true) => "not shown: the comment is not public",
        }
    }
}

/// `/moderation/guide`
pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
) -> Result<HttpResponse, Error> {
    let (waiting, accepted, declined, picks) = app
        .read(|db: &mut Db| -> QueryResult<_> {
            Ok((
                Article::all(db, Standing::Waiting, NEWEST)?,
                Article::all(db, Standing::Accepted, NEWEST)?,
                Article::all(db, Standing::Declined, DECIDED)?,
                good_review::all(db, NEWEST)?,
            ))
        })
        .await?;
    page(&GuidePage {
        layout: Layout::new(&req),
        frame: Frame::of(&req, &app).await?,
        waiting,
        accepted,
        declined,
        picks,
    })
}

/// One article, accepted, declined, or back among those that wait.
pub async fn decide(
    app: web::Data<App>,
    moderator: Moderator,
    id: web::Path<i64>,
    form: Form,
) -> Result<HttpResponse, Error> {
    const FAULT: Error = Error::BadRequest("Press one of the buttons. Nothing was changed.");
    let (by, id) = (moderator.user().clone(), id.into_inner());
    let to: Standing = form.get("decision").parse().map_err(|_| FAULT)?;
    let decided = app
        .write(move |db: &mut Db| article::decide(db, &by, id, to))
        .await?;
    let said = match to {
        _ if !decided => "decided-already",
        Standing::Accepted => "article-accepted",
        Standing::Declined => "article-declined",
        Standing::Waiting => "article-back",
    };
    Ok(see_other(format!("/moderation/guide?said={said}")))
}

/// Suggests a comment as a good review; its author is asked.
pub async fn suggest(
    app: web::Data<App>,
    moderator: Moderator,
    id: web::Path<ItemId>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let (by, id) = (moderator.user().clone(), id.into_inner());
    let suggested = app
        .write(move |db: &mut Db| -> Result<_, Error> {
            match good_review::suggest(db, &by, id) {
                Err(PickError::Database(error)) => Err(error.into()),
                other => Ok(other),
            }
        })
        .await?;
    match suggested {
        Ok(_) => Ok(see_other(format!(
            "/comments/{id}?said=review-suggested#comment-{id}"
        ))),
        Err(refused) => Err(Error::Forbidden(refused.to_string())),
    }
}

/// Takes a suggestion back.
pub async fn undo(
    app: web::Data<App>,
    moderator: Moderator,
    id: web::Path<i64>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let (by, id) = (moderator.user().clone(), id.into_inner());
    let undone = app
        .write(move |db: &mut Db| good_review::undo(db, &by, id))
        .await?;
    let said = match undone {
        true => "review-undone",
        false => "decided-already",
    };
    Ok(see_other(format!("/moderation/guide?said={said}")))
}
