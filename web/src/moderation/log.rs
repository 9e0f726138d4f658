//! The log: every act of people, newest first, narrowed by the words of its address. What it shows
//! can be taken along (`log_export.rs`).

use super::Frame;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Query, see_other};
use crate::layout::{Layout, encode, page};
use crate::session::Moderator;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use potluck_models::Db;
use potluck_models::account::User;
use potluck_models::db::{BatchId, ItemId, SanctionId};
use potluck_models::item::Kind;
use potluck_models::moderation::log::{self, Entry as Line, Filter};
use potluck_models::moderation::sanction::{self, Sanction};
use potluck_models::moderation::verdict::{Batch, Told};
use serde::Deserialize;

const PAGE: i64 = 50;

/// The words of an address of the log.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// The last entry of the page before.
    before: Option<i64>,
    /// One batch: where its page was once.
    of: Option<i64>,
    #[serde(default)]
    who: String,
    #[serde(default)]
    act: String,
    #[serde(default)]
    person: String,
    /// `comment:12`, or its number alone.
    #[serde(default)]
    item: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
}

impl Asked {
    fn fields(&self) -> [(&'static str, &str); 6] {
        [
            ("who", &self.who),
            ("act", &self.act),
            ("person", &self.person),
            ("item", &self.item),
            ("since", &self.since),
            ("until", &self.until),
        ]
        .map(|(word, value)| (word, value.trim()))
    }

    /// As it stands behind the `?` of an address.
    fn query(&self) -> String {
        let said = self
            .fields()
            .into_iter()
            .filter(|(_, value)| !value.is_empty());
        let words: Vec<String> = said
            .map(|(word, value)| format!("{word}={}", encode(value)))
            .collect();
        words.join("&")
    }

    fn narrows(&self) -> bool {
        !self.query().is_empty()
    }

    /// None: it names somebody who is not here.
    pub fn filter(&self, db: &mut Db) -> Result<Option<Filter>, Error> {
        let mut filter = Filter {
            act: self.act.trim().to_owned(),
            item: item(&self.item)?,
            since: day(&self.since)?,
            // The day itself too.
            until: day(&self.until)?.and_then(|day| day.checked_add_days(Days::new(1))),
            ..Filter::default()
        };
        for (name, id) in [
            (&self.who, &mut filter.who),
            (&self.person, &mut filter.person),
        ] {
            if name.trim().is_empty() {
                continue;
            }
            match User::by_username(db, name.trim())? {
                Some(user) => *id = Some(user.id),
                None => return Ok(None),
            }
        }
        Ok(Some(filter))
    }
}

fn day(typed: &str) -> Result<Option<NaiveDateTime>, Error> {
    match typed.trim() {
        "" => Ok(None),
        day => NaiveDate::parse_from_str(day, "%Y-%m-%d")
            .map(|day| Some(NaiveDateTime::new(day, NaiveTime::MIN)))
            .map_err(|_| Error::BadRequest("A day is written like 2026-03-21.")),
    }
}

fn item(typed: &str) -> Result<Option<ItemId>, Error> {
    let typed = typed.trim();
    let number = match typed.split_once(':') {
        Some((kind, number)) if kind.parse::<Kind>().is_ok() => number,
        _ => typed,
    };
    match number {
        "" => Ok(None),
        number => number
            .parse()
            .map(Some)
            .map_err(|_| Error::BadRequest("An item is named like comment:12.")),
    }
}

#[derive(Template)]
#[template(path = "moderation/log.html")]
struct LogPage {
    layout: Layout,
    frame: Frame,
    asked: Asked,
    acts: Vec<String>,
    lines: Vec<(Line, Option<Told>, Option<sanction::Told>)>,
    next: Option<i64>,
}

impl LogPage {
    fn with_query(&self, path: &str, more: &str) -> String {
        let words = [self.asked.query(), more.to_owned()];
        let words: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .filter(|w| !w.is_empty())
            .collect();
        match words.is_empty() {
            true => path.to_owned(),
            false => format!("{path}?{}", words.join("&")),
        }
    }

    fn older(&self, before: &i64) -> String {
        self.with_query("/moderation/log", &format!("before={before}"))
    }

    /// Of one item: what it was and what it became. Settings and reasons say more than one line.
    fn change(&self, line: &Line) -> Option<String> {
        match (&line.before, &line.after, line.item_id, line.item_kind) {
            (Some(before), Some(after), Some(id), Some(kind)) => {
                Some(format!("{kind} {id}, {before} → {after}"))
            }
            _ => None,
        }
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
    query: Query<Asked>,
) -> Result<HttpResponse, Error> {
    let asked = query.0;
    if let Some(id) = asked.of {
        return Ok(see_other(format!("/moderation/batches/{id}")));
    }
    let frame = Frame::of(&req, &app).await?;
    let layout = Layout::new(&req);
    let (asked, acts, lines, next) = app
        .read(move |db: &mut Db| -> Result<_, Error> {
            let mut lines = match asked.filter(db)? {
                Some(filter) => filter.page(db, asked.before, PAGE + 1)?,
                None => Vec::new(),
            };
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
            Ok((asked, log::acts(db)?, lines, next))
        })
        .await?;
    page(&LogPage {
        layout,
        frame,
        asked,
        acts,
        lines,
        next,
    })
}
