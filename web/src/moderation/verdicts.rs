//! Verdicts and their undo: one item, the ticked ones, or all that match a filter; one batch each.

use super::Frame;
use super::banner::{self, WORDS};
use super::batches;
use super::desk::View;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, safe_next, see_other};
use crate::layout::{Layout, page, page_with};
use crate::session::Moderator;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::{BatchId, ItemId};
use potluck_models::item::{Queue, State};
use potluck_models::moderation::habits::Habits;
use potluck_models::moderation::preview::Preview;
use potluck_models::moderation::queue::Name;
use potluck_models::moderation::verdict::{self, MOST, Seen, UndoError, Verdict};
use potluck_models::moderation::{bulk, claim};
use potluck_models::{Db, QueryResult};

#[derive(Template)]
#[template(path = "moderation/refused.html")]
struct RefusedPage {
    layout: Layout,
    frame: Frame,
    sentence: &'static str,
    back: String,
    /// A removal that wants its reason: the fields of the form that was sent.
    kept: Vec<(String, String)>,
}

/// Not an error: the moderator left something out.
async fn refused(
    req: &HttpRequest,
    app: &App,
    back: String,
    sentence: &'static str,
) -> Result<HttpResponse, Error> {
    page_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &RefusedPage {
            layout: Layout::new(req),
            frame: Frame::of(req, app).await?,
            sentence,
            back,
            kept: Vec::new(),
        },
    )
}

/// Where the form was, without what that page said of the act before.
fn back(form: &Form) -> String {
    match safe_next(form.get("back")) {
        "/" => "/moderation".to_owned(),
        page => banner::without(page, &[&WORDS[..], &["decided"]].concat()),
    }
}

fn is_desk(page: &str) -> bool {
    page == "/moderation" || page.starts_with("/moderation/") || page.starts_with("/moderation?")
}

pub async fn decide(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    form: Form,
) -> Result<HttpResponse, Error> {
    let back = back(&form);
    let verdict = form.get("verdict").parse::<Verdict>();
    let Some(verdict) = verdict.ok().filter(|verdict| *verdict != Verdict::Hold) else {
        let sentence = "Press one of the buttons: spam, ham, remove or restore.";
        return refused(&req, &app, back, sentence).await;
    };
    let reason = match verdict {
        Verdict::Remove => match app.settings().reasons.choose(form.get("reason")) {
            Some(reason) => reason,
            None => {
                let kept = form
                    .fields()
                    .filter(|(name, _)| *name != "reason" && *name != "csrf");
                return page_with(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    &RefusedPage {
                        layout: Layout::new(&req),
                        frame: Frame::of(&req, &app).await?,
                        sentence: "Say why it is removed: the reason stands where the text was, and its author reads it.",
                        back,
                        kept: kept
                            .map(|(name, value)| (name.to_owned(), value.to_owned()))
                            .collect(),
                    },
                );
            }
        },
        // The bar sends its box of reasons with every verdict.
        _ => String::new(),
    };
    let by = moderator.user().id;
    let outcomes = if form.has("all") {
        let queue: Name = form.get("all").parse().map_err(|_| Error::NotFound)?;
        let view = View::read(queue, &|word| form.get(word).to_owned())?;
        let Some(until) = view.filter.until else {
            return Err(Error::BadRequest(
                "A verdict on all that match says up to which item. Nothing was changed.",
            ));
        };
        let (outcomes, goes_on) = app
            .write(move |db: &mut Db| -> QueryResult<_> {
                let words = view.words();
                let (outcomes, goes_on) =
                    bulk::decide_all(db, by, verdict, &reason, &view.filter, &words)?;
                if let (Some(batch), true) = (outcomes.batch, goes_on) {
                    batches::go_on(db, batch, &view, until)?;
                }
                Ok((outcomes, goes_on))
            })
            .await?;
        app.forget_counts();
        if let (Some(batch), true) = (outcomes.batch, goes_on) {
            return Ok(see_other(format!("/moderation/batches/{batch}")));
        }
        outcomes
    } else {
        let seen = seen(&form)?;
        if seen.is_empty() {
            let sentence = "Tick at least one item, or use the buttons beside it.";
            return refused(&req, &app, back, sentence).await;
        }
        if seen.len() > MOST {
            let sentence = "One batch takes 1,000 items. Tick fewer, or decide all that match.";
            return refused(&req, &app, back, sentence).await;
        }
        let next = view_of(&back);
        app.write(move |db: &mut Db| -> QueryResult<_> {
            let outcomes = verdict::decide(db, by, verdict, &reason, &seen)?;
            claim::renew(db, by)?;
            if let Some(view) = next
                && view.one.unwrap_or(Habits::of(db, by)?.one_at_a_time)
            {
                claim::take_first(db, by, &view.filter, view.order, view.after)?;
            }
            Ok(outcomes)
        })
        .await?
    };
    app.forget_counts();
    let words = if is_desk(&back) {
        let skipped: Vec<ItemId> = outcomes.skipped.iter().map(|(id, _)| *id).collect();
        banner::after_verdict(outcomes.batch, &skipped)
    } else {
        match outcomes.batch {
            Some(batch) => vec![("decided", batch.to_string())],
            None => vec![("said", "nothing".to_owned())],
        }
    };
    Ok(see_other(banner::with(&back, &words)))
}

/// The view of a queue that a form came from.
fn view_of(back: &str) -> Option<View> {
    let (path, query) = back.split_once('?').unwrap_or((back, ""));
    let queue = path.strip_prefix("/moderation/")?.parse().ok()?;
    View::parse(queue, query).ok()
}

/// The items of a form, each with the version that its page showed.
fn seen(form: &Form) -> Result<Vec<Seen>, Error> {
    const FOREIGN: Error =
        Error::BadRequest("An item is named like comment:12. Nothing was changed.");
    let shown: Vec<Seen> = form
        .all("seen")
        .filter_map(|word| word.parse().ok())
        .collect();
    form.all("item")
        .map(|word| {
            let mut item: Seen = word.parse().map_err(|()| FOREIGN)?;
            item.version = item.version.or_else(|| {
                let same = |seen: &&Seen| (seen.kind, seen.id) == (item.kind, item.id);
                shown.iter().find(same).and_then(|seen| seen.version)
            });
            Ok(item)
        })
        .collect()
}

pub async fn undo(
    app: web::Data<App>,
    moderator: Moderator,
    path: web::Path<i64>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, by) = (BatchId(path.into_inner()), moderator.user().id);
    let back = back(&form);
    let undone = app
        .write(move |db: &mut Db| -> Result<bool, UndoError> {
            match verdict::undo(db, id, by) {
                Ok(undone) if undone.goes_on.is_some() => {
                    batches::undo_on(db, id)?;
                    Ok(true)
                }
                // Pressed twice, or by two: the page tells who did it.
                Ok(_) | Err(UndoError::Already) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await;
    app.forget_counts();
    if undone? {
        return Ok(see_other(format!("/moderation/batches/{id}")));
    }
    Ok(see_other(if is_desk(&back) {
        banner::with(&back, &[("undone", id.to_string())])
    } else {
        banner::with(&back, &[("said", "undone".to_owned())])
    }))
}

#[derive(Template)]
#[template(path = "moderation/confirm_all.html")]
struct ConfirmAllPage {
    layout: Layout,
    frame: Frame,
    view: View,
    preview: Preview,
    verdict: Option<Verdict>,
}

impl ConfirmAllPage {
    fn back(&self) -> String {
        let path = format!("/moderation/{}", self.view.filter.queue);
        match self.view.query().as_str() {
            "" => path,
            query => format!("{path}?{query}"),
        }
    }

    /// More than one transaction should take: it goes on in the background.
    fn takes_steps(&self) -> bool {
        self.preview.items > MOST as i64
    }

    fn offers(&self, verdict: Verdict) -> bool {
        let restores = self.view.filter.show != potluck_models::moderation::queue::Show::Waiting;
        match self.verdict {
            Some(wanted) => wanted == verdict,
            // In whatever state things are: what it does not fit stays as it is.
            None if self.view.filter.queue == Name::Everything => true,
            None => restores == (verdict == Verdict::Restore),
        }
    }

    fn state(&self, state: &State, queue: &Option<Queue>) -> String {
        match (state, queue) {
            (State::Published, Some(_)) => "published, an edit waits".into(),
            (State::Held, Some(Queue::Maker)) => "waiting for the maker".into(),
            (state, _) => state.to_string(),
        }
    }

    fn score(&self, score: &Option<f64>) -> String {
        score.map_or(String::new(), |score| {
            format!("{} %", super::row::percent(&score))
        })
    }
}

/// What a verdict on all that match would touch, before it is given.
pub async fn confirm_all(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
    path: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let name: Name = path.parse().map_err(|_| Error::NotFound)?;
    let view = View::of(&req, name)?;
    let verdict = url::form_urlencoded::parse(req.query_string().as_bytes())
        .find(|(key, _)| key == "verdict")
        .and_then(|(_, word)| word.parse().ok());
    let filter = view.filter.clone();
    let preview = app
        .read(move |db: &mut Db| Preview::of(db, &filter))
        .await?;
    page(&ConfirmAllPage {
        layout: Layout::new(&req),
        frame: Frame::of(&req, &app).await?,
        view,
        preview,
        verdict,
    })
}
