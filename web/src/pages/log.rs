//! `/log`: what moderators and the filter did, for everybody. No removed text, no author.

use crate::app::App;
use crate::error::Error;
use crate::forms::Query;
use crate::layout::{Layout, page};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use potluck_models::db::BatchId;
use potluck_models::moderation::public_log::{self, PublicAct};
use potluck_models::moderation::verdict::Verdict;
use potluck_models::{Db, QueryResult};
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub struct Before {
    before: Option<i64>,
}

struct Day {
    date: NaiveDate,
    acts: Vec<PublicAct>,
    /// How many of each kind were put away as spam.
    spam: BTreeMap<String, i64>,
}

/// "3 comments and 1 project".
fn many(kinds: &BTreeMap<String, i64>) -> String {
    let many: Vec<String> = kinds
        .iter()
        .map(|(kind, n)| format!("{n} {kind}{}", if *n == 1 { "" } else { "s" }))
        .collect();
    match many.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

#[derive(Template)]
#[template(path = "site/log.html")]
struct LogPage {
    layout: Layout,
    days: Vec<Day>,
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
        let many = many(&act.kinds);
        match act.batch.verdict {
            Verdict::Spam => format!("put away {many} as spam"),
            Verdict::Ham => format!("let {many} through"),
            Verdict::Remove => format!("removed {many}"),
            Verdict::Restore => format!("brought {many} back"),
            Verdict::Hold => format!("held {many} that readers reported"),
        }
    }

    /// "12 comments were put away as spam".
    fn spam(&self, day: &Day) -> String {
        let were = if day.spam.values().sum::<i64>() == 1 {
            "was"
        } else {
            "were"
        };
        format!("{} {were} put away as spam", many(&day.spam))
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
    let (acts, next, spam) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            let (acts, next) = public_log::page(db, before)?;
            let spam = public_log::spam_by_day(db, before, next)?;
            Ok((acts, next, spam))
        })
        .await?;
    let mut days: BTreeMap<Reverse<NaiveDate>, Day> = BTreeMap::new();
    let day = |date| Day {
        date,
        acts: Vec::new(),
        spam: BTreeMap::new(),
    };
    for act in acts {
        let date = act.batch.created_at.date();
        let of_day = days.entry(Reverse(date)).or_insert_with(|| day(date));
        of_day.acts.push(act);
    }
    for (date, spam) in spam {
        days.entry(Reverse(date)).or_insert_with(|| day(date)).spam = spam;
    }
    page(&LogPage {
        layout: Layout::new(&req),
        days: days.into_values().collect(),
        is_first: before.is_none(),
        next,
    })
}
