//! `/log`: what moderators and the filter did, for everybody. No removed text, no author.

use crate::app::App;
use crate::error::Error;
use crate::forms::Query;
use crate::layout::{Layout, page};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use potluck_models::Db;
use potluck_models::db::BatchId;
use potluck_models::moderation::public_log::{self, PublicAct};
use potluck_models::moderation::verdict::Verdict;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Before {
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "site/log.html")]
struct LogPage {
    layout: Layout,
    days: Vec<(NaiveDate, Vec<PublicAct>)>,
    is_first: bool,
    next: Option<BatchId>,
}

impl LogPage {
    fn day(&self, day: &NaiveDate) -> String {
        day.format("%-d %B %Y").to_string()
    }

    fn who(&self, act: &PublicAct) -> String {
        match act.robot {
            true => "The filter".into(),
            false if self.layout.settings.log_names_moderators => act.by.clone(),
            false => "A moderator".into(),
        }
    }

    /// "removed 3 comments and 1 project".
    fn what(&self, act: &PublicAct) -> String {
        let many: Vec<String> = act
            .kinds
            .iter()
            .map(|(kind, n)| format!("{n} {kind}{}", if *n == 1 { "" } else { "s" }))
            .collect();
        let many = match many.as_slice() {
            [] => "nothing".to_owned(),
            [one] => one.clone(),
            [start @ .., last] => format!("{} and {last}", start.join(", ")),
        };
        match act.batch.verdict {
            Verdict::Spam => format!("put away {many} as spam"),
            Verdict::Ham => format!("let {many} through"),
            Verdict::Remove => format!("removed {many}"),
            Verdict::Restore => format!("brought {many} back"),
            Verdict::Hold => format!("held {many} that readers reported"),
        }
    }

    fn why(&self, act: &PublicAct) -> String {
        match self.layout.settings.reasons.find(&act.batch.reason) {
            Some(reason) => format!("because {}", reason.sentence),
            None => String::new(),
        }
    }

    fn time(&self, act: &PublicAct) -> String {
        act.batch.created_at.format("%H:%M").to_string()
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    query: Query<Before>,
) -> Result<HttpResponse, Error> {
    let before = query.0.before.map(BatchId);
    let (acts, next) = app
        .read(move |db: &mut Db| public_log::page(db, before))
        .await?;
    let mut days: Vec<(NaiveDate, Vec<PublicAct>)> = Vec::new();
    for act in acts {
        let day = act.batch.created_at.date();
        match days.last_mut() {
            Some((last, of_day)) if *last == day => of_day.push(act),
            _ => days.push((day, vec![act])),
        }
    }
    page(&LogPage {
        layout: Layout::new(&req),
        days,
        is_first: before.is_none(),
        next,
    })
}
