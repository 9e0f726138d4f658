//! The log to take along: `/moderation/log.csv` and `/moderation/log.jsonl`, of what its filter
//! matches, newest first. One line an act, and of a batch one line an item. Written piece by piece
//! as it is read, so that a log of years is never in memory as a whole.

use super::log::Asked;
use crate::app::App;
use crate::error::Error;
use crate::forms::Query;
use crate::layout::rfc3339;
use crate::session::Moderator;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use potluck_models::db::{BatchId, VerdictId};
use potluck_models::moderation::log::{self, Entry, Filter, OfBatch};
use potluck_models::moderation::verdict::Verdict;
use potluck_models::{Db, QueryResult};
use serde::Serialize;

/// Acts, and items of a batch, that are read at once.
const AT_ONCE: i64 = 500;

#[derive(Clone, Copy)]
enum Format {
    Csv,
    JsonLines,
}

/// One line. `undone` is when the verdict on this item was taken back.
#[derive(Default, Serialize)]
struct Line {
    id: i64,
    at: String,
    who: Option<String>,
    act: String,
    item: Option<String>,
    /// The person it is about: of an item, who wrote it.
    person: Option<String>,
    before: Option<String>,
    after: Option<String>,
    why: Option<String>,
    batch: Option<i64>,
    request_id: Option<String>,
    undone: Option<String>,
    detail: String,
}

const HEADER: &str =
    "id,at,who,act,item,person,before,after,why,batch,request_id,undone,detail\r\n";

impl Line {
    fn of(entry: &Entry) -> Line {
        let item = entry.item_id.map(|id| match entry.item_kind {
            Some(kind) => format!("{kind}:{id}"),
            None => id.to_string(),
        });
        Line {
            id: entry.id,
            at: rfc3339(&entry.at),
            who: entry.actor.clone(),
            act: entry.act.clone(),
            item,
            person: entry.about.clone(),
            before: entry.before.clone(),
            after: entry.after.clone(),
            why: entry.why.clone(),
            batch: entry.batch_id.map(|batch| batch.0),
            request_id: entry.request_id.clone(),
            undone: None,
            detail: entry.detail.clone(),
        }
    }

    fn of_item(entry: &Entry, item: &OfBatch) -> Line {
        Line {
            item: Some(format!("{}:{}", item.kind, item.item_id)),
            person: Some(item.author.clone()),
            before: item.before.map(|state| state.to_string()),
            after: item.after.map(|state| state.to_string()),
            undone: item.undone_at.as_ref().map(rfc3339),
            ..Line::of(entry)
        }
    }

    fn write(&self, format: Format, out: &mut String) {
        match format {
            Format::JsonLines => {
                if let Ok(line) = serde_json::to_string(self) {
                    out.push_str(&line);
                    out.push('\n');
                }
            }
            Format::Csv => {
                let said = |value: &Option<String>| value.clone().unwrap_or_default();
                let fields = [
                    self.id.to_string(),
                    self.at.clone(),
                    said(&self.who),
                    self.act.clone(),
                    said(&self.item),
                    said(&self.person),
                    said(&self.before),
                    said(&self.after),
                    said(&self.why),
                    self.batch.map_or(String::new(), |batch| batch.to_string()),
                    said(&self.request_id),
                    said(&self.undone),
                    self.detail.clone(),
                ];
                let fields: Vec<String> = fields.iter().map(|field| cell(field)).collect();
                out.push_str(&fields.join(","));
                out.push_str("\r\n");
            }
        }
    }
}

/// A value that a table program shows as it is. One that starts like a formula would be computed
/// when the file is opened: the apostrophe makes it text.
pub(crate) fn cell(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let value = if formula {
        format!("'{value}")
    } else {
        value.to_owned()
    };
    if value.contains([',', '"', '\n', '\r', '\'']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value
    }
}

pub async fn csv(
    app: web::Data<App>,
    _moderator: Moderator,
    query: Query<Asked>,
) -> Result<HttpResponse, Error> {
    export(app, query.0, Format::Csv).await
}

pub async fn jsonl(
    app: web::Data<App>,
    _moderator: Moderator,
    query: Query<Asked>,
) -> Result<HttpResponse, Error> {
    export(app, query.0, Format::JsonLines).await
}

async fn export(app: web::Data<App>, asked: Asked, format: Format) -> Result<HttpResponse, Error> {
    let filter = app.read(move |db: &mut Db| asked.filter(db)).await?;
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "log.csv"),
        Format::JsonLines => ("application/x-ndjson; charset=utf-8", "log.jsonl"),
    };
    let export = Export {
        app,
        filter,
        format,
        before: None,
        begun: false,
        within: None,
        acts: Vec::new(),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .streaming(stream::try_unfold(export, Export::next)))
}

/// How far an export came.
struct Export {
    app: web::Data<App>,
    /// None: nothing is left to read.
    filter: Option<Filter>,
    format: Format,
    before: Option<i64>,
    begun: bool,
    /// The batch that is being written, and the last of its items that was.
    within: Option<(Entry, BatchId, VerdictId)>,
    /// Acts that were read, the next one last.
    acts: Vec<Entry>,
}

impl Export {
    /// The next piece, never an empty one; None at the end.
    async fn next(mut self) -> Result<Option<(Bytes, Export)>, Error> {
        let mut out = String::new();
        if !self.begun {
            self.begun = true;
            if matches!(self.format, Format::Csv) {
                out.push_str(HEADER);
            }
        }
        while out.len() < 32_000 {
            if let Some((entry, batch, after)) = self.within.take() {
                let items = self
                    .app
                    .read(move |db: &mut Db| log::of_batch(db, batch, after, AT_ONCE))
                    .await?;
                for item in &items {
                    Line::of_item(&entry, item).write(self.format, &mut out);
                }
                if let (true, Some(last)) = (items.len() as i64 == AT_ONCE, items.last()) {
                    self.within = Some((entry, batch, last.id));
                }
            } else if let Some(entry) = self.acts.pop() {
                // A verdict on one item says all that is to say itself.
                match (entry.batch_id, entry.item_id) {
                    (Some(batch), None) if entry.act.parse::<Verdict>().is_ok() => {
                        self.within = Some((entry, batch, VerdictId(0)));
                    }
                    _ => Line::of(&entry).write(self.format, &mut out),
                }
            } else if let Some(filter) = self.filter.clone() {
                let before = self.before;
                let mut acts = self
                    .app
                    .read(move |db: &mut Db| -> QueryResult<Vec<Entry>> {
                        filter.page(db, before, AT_ONCE)
                    })
                    .await?;
                if (acts.len() as i64) < AT_ONCE {
                    self.filter = None;
                }
                self.before = acts.last().map(|entry| entry.id);
                acts.reverse();
                self.acts = acts;
            } else {
                break;
            }
        }
        if out.is_empty() {
            return Ok(None);
        }
        Ok(Some((Bytes::from(out), self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(cell("unkind"), "unkind");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(cell("-2, \"so\""), "\"'-2, \"\"so\"\"\"");
        assert_eq!(cell("a\nb"), "\"a\nb\"");
    }
}
