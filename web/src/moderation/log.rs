//! The log: every act of people, newest first.

use super::Frame;
use crate::app::App;
use crate::error::Error;
use crate::forms::see_other;
use crate::layout::{Layout, page};
use crate::session::Moderator;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::{BatchId, SanctionId};
use potluck_models::moderation::log::{self, Entry as Line};
use potluck_models::moderation::sanction::{self, Sanction};
use potluck_models::moderation::verdict::{Batch, Told};
use potluck_models::{Db, QueryResult};
use serde::Deserialize;

const PAGE: i64 = 50;

#[derive(Deserialize)]
pub struct Query {
    before: Option<i64>,
    /// One batch: where its page was once.
    of: Option<i64>,
}

#[derive(Template)]
#[template(path = "moderation/log.html")]
struct LogPage {
    layout: Layout,
    frame: Frame,
    lines: Vec<(Line, Option<Told>, Option<sanction::Told>)>,
    next: Option<i64>,
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
    query: web::Query<Query>,
) -> Result<HttpResponse, Error> {
    if let Some(id) = query.of {
        return Ok(see_other(format!("/moderation/batches/{id}")));
    }
    let frame = Frame::of(&req, &app).await?;
    let layout = Layout::new(&req);
    let before = query.before;
    let (lines, next) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            let mut lines = log::page(db, before, None, PAGE + 1)?;
            let more = lines.len() as i64 > PAGE;
            lines.truncate(PAGE as usize);
            let next = lines.last().filter(|_| more).map(|line| line.id);
            let batches: Vec<BatchId> = lines.iter().filter_map(|line| line.batch_id).collect();
            let told = Batch::told(db, &batches)?;
            let sanctions: Vec<SanctionId> =
                lines.iter().filter_map(|line| line.sanction_id).collect();
            let sanctions = Sanction::told(db, &sanctions, &batches)?;
            let lines = lines
                .into_iter()
                .map(|line| {
                    let told = told
                        .iter()
                        .find(|told| Some(told.batch.id) == line.batch_id);
                    let told = told.cloned();
                    // A batch that was part of an act on a person is undone with all of it.
                    let sanction = sanctions.iter().find(|told| match line.sanction_id {
                        Some(id) => told.sanction.id == id,
                        None => line.batch_id.is_some() && told.sanction.batch_id == line.batch_id,
                    });
                    let sanction = sanction.cloned();
                    (line, told, sanction)
                })
                .collect();
            Ok((lines, next))
        })
        .await?;
    page(&LogPage {
        layout,
        frame,
        lines,
        next,
    })
}
