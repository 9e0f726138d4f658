//! Appeals: what authors ask to be looked at again, oldest first, and the answer to one.

use super::Frame;
use super::diff::Change;
use super::row::Row;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page, page_with};
use crate::session::Moderator;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::{AppealId, ItemId, UserId};
use potluck_models::item::State;
use potluck_models::moderation::appeal::{
    self, Appeal, AppealError, First, MAX_WORDS, Outcome, Ruling,
};
use potluck_models::moderation::queue::{self, Content};
use potluck_models::moderation::verdict::Verdict;
use potluck_models::{Db, QueryResult};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize)]
pub struct Query {
    after: Option<i64>,
}

/// An appeal with its item and all that its decision needs.
struct Card {
    appeal: Appeal,
    row: Row,
    first: Option<First>,
    /// Why whoever looks may not decide it.
    refusal: Option<String>,
    /// They decided it first, and nobody else moderates here.
    alone: bool,
}

impl Card {
    /// What waits was taken away by nobody, so the reason is still to be given.
    fn needs_reason(&self) -> bool {
        !matches!(self.row.entry.item.state, State::Removed | State::Spam)
    }

    fn label_words(&self) -> &'static str {
        match self.row.entry.item.state {
            State::Removed => "The filter learns nothing from this.",
            _ => "The filter learns from it: ham, or spam.",
        }
    }
}

#[derive(Template)]
#[template(path = "moderation/appeals.html")]
struct AppealsPage {
    layout: Layout,
    frame: Frame,
    cards: Vec<Card>,
    is_first: bool,
    next: Option<AppealId>,
    fault: Option<String>,
    /// The word to an author that was typed into what was refused.
    typed: Option<(AppealId, String)>,
}

impl AppealsPage {
    fn typed(&self, card: &Card) -> &str {
        match &self.typed {
            Some((id, words)) if *id == card.appeal.id => words,
            _ => "",
        }
    }

    fn lede(&self) -> String {
        match self.frame.appeals {
            0 => "nothing waits".into(),
            1 => "1 waits".into(),
            n => format!("{n} wait, oldest first"),
        }
    }

    /// "waits for 3 hours".
    fn waits(&self, card: &Card) -> String {
        match self
            .layout
            .ago(&card.appeal.created_at)
            .strip_suffix(" ago")
        {
            Some(time) => format!("waits for {time}"),
            None => "asked just now".into(),
        }
    }

    fn decided(&self, first: &First) -> String {
        let reasons = &self.layout.settings.reasons;
        match (first.verdict, reasons.find(&first.reason)) {
            (Verdict::Remove, Some(reason)) => {
                format!("Removed: {}", reason.label.to_lowercase())
            }
            (Verdict::Remove, None) => "Removed".into(),
            (Verdict::Spam, _) => "Marked as spam".into(),
            (verdict, _) => format!("Decided: {verdict}"),
        }
    }
}

async fn appeals_page(
    req: &HttpRequest,
    app: &App,
    me: UserId,
    after: Option<AppealId>,
    fault: Option<String>,
) -> Result<AppealsPage, Error> {
    let (layout, frame) = (Layout::new(req), Frame::of(req, app).await?);
    let active = app.filter();
    let (cards, next) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            let (appeals, next) = appeal::page(db, after)?;
            let ids: Vec<ItemId> = appeals.iter().map(|appeal| appeal.item_id).collect();
            let mut firsts = appeal::firsts(db, &appeals)?;
            let mut rows: HashMap<ItemId, Row> = queue::these(db, &ids)?
                .into_iter()
                .map(|entry| (entry.item.id, Row::of(entry, active.as_deref())))
                .collect();
            let mut cards = Vec::new();
            for appeal in appeals {
                let Some(row) = rows.remove(&appeal.item_id) else {
                    continue;
                };
                let first = appeal.verdict_id.and_then(|id| firsts.remove(&id));
                let concerned =
                    appeal.author_id == me || first.as_ref().is_some_and(|first| first.by_id == me);
                // Asked only where it matters: nearly never.
                let alone = concerned && appeal::is_alone(db, me, appeal.author_id)?;
                let refusal = appeal::refusal(&appeal, first.as_ref(), me, alone);
                cards.push(Card {
                    refusal: refusal.map(|refusal| refusal.to_string()),
                    alone,
                    appeal,
                    row,
                    first,
                });
            }
            Ok((cards, next))
        })
        .await?;
    Ok(AppealsPage {
        layout,
        frame,
        cards,
        is_first: after.is_none(),
        next,
        fault,
        typed: None,
    })
}

pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    query: web::Query<Query>,
) -> Result<HttpResponse, Error> {
    let after = query.after.map(AppealId);
    page(&appeals_page(&req, &app, moderator.user().id, after, None).await?)
}

pub async fn decide(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    id: web::Path<i64>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, by) = (AppealId(id.into_inner()), moderator.user().clone());
    let outcome = form.get("outcome").parse::<Outcome>();
    let answer = form.get("answer").replace("\r\n", "\n").trim().to_owned();
    let typed = Some((id, answer.clone()));
    let reason = form.get("reason").to_owned();
    let version = form.get("seen").parse().ok();
    let decided = match outcome {
        Err(_) => Err("Press one of the buttons: overturn or uphold.".to_owned()),
        Ok(_) if answer.chars().count() > MAX_WORDS => {
            Err(format!("An answer has at most {MAX_WORDS} characters."))
        }
        Ok(outcome) => {
            let decided = app.write(move |db: &mut Db| {
                let ruling = Ruling {
                    outcome,
                    reason: &reason,
                    answer: &answer,
                    version,
                };
                match appeal::decide(db, &by, id, &ruling) {
                    Ok(batch) => Ok(Ok(batch)),
                    // Said on the page, where the rest waits.
                    Err(error @ (AppealError::Changed | AppealError::Reason)) => {
                        Ok(Err(error.to_string()))
                    }
                    Err(error) => Err(error),
                }
            });
            decided.await?
        }
    };
    match decided {
        Ok(batch) => Ok(see_other(format!("/moderation/appeals?batch={batch}"))),
        Err(fault) => {
            let me = moderator.user().id;
            let mut shown = appeals_page(&req, &app, me, None, Some(fault)).await?;
            shown.typed = typed;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
    }
}
