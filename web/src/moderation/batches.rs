//! One batch with its items, how far it is while it goes on, and the job that goes on with it.

use super::Frame;
use super::desk::View;
use crate::app::App;
use crate::error::Error;
use crate::layout::{Layout, page};
use crate::session::Moderator;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::{BatchId, ItemId, VerdictId};
use potluck_models::job::Job;
use potluck_models::moderation::bulk;
use potluck_models::moderation::queue::{self, Entry, Filter, Name};
use potluck_models::moderation::verdict::{Batch, Given, Phase, Told};
use potluck_models::{Db, QueryResult};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

const PAGE: i64 = 50;

#[derive(Deserialize)]
pub struct Query {
    /// The last verdict of the page before.
    after: Option<i64>,
}

#[derive(Template)]
#[template(path = "moderation/batch.html")]
struct BatchPage {
    layout: Layout,
    frame: Frame,
    told: Told,
    given: Vec<(Given, Option<Entry>)>,
    next: Option<VerdictId>,
}

impl BatchPage {
    fn goes_on(&self) -> bool {
        self.told.batch.phase != Phase::Done
    }

    /// Of [`Batch::total`], how many were gone through.
    fn gone_through(&self) -> i64 {
        let batch = &self.told.batch;
        let done = match batch.phase {
            Phase::Undoing => i64::from(batch.total) - self.told.left,
            _ => self.told.items,
        };
        (done + i64::from(batch.skipped)).clamp(0, i64::from(batch.total))
    }

    fn stayed(&self) -> String {
        super::items(&i64::from(self.told.batch.skipped))
    }

    fn doing(&self) -> &'static str {
        match self.told.batch.phase {
            Phase::Undoing => "Being undone",
            _ => "Going on",
        }
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
    path: web::Path<i64>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Error> {
    let frame = Frame::of(&req, &app).await?;
    let layout = Layout::new(&req);
    let id = BatchId(path.into_inner());
    let after = query.after.map(VerdictId);
    let (told, given, next) = app.read(move |db: &mut Db| load(db, id, after)).await?;
    page(&BatchPage {
        layout,
        frame,
        told,
        given,
        next,
    })
}

type Loaded = (Told, Vec<(Given, Option<Entry>)>, Option<VerdictId>);

fn load(db: &mut Db, id: BatchId, after: Option<VerdictId>) -> QueryResult<Loaded> {
    let told = Batch::told(db, &[id])?
        .pop()
        .ok_or(diesel::result::Error::NotFound)?;
    let mut given = told.batch.verdicts(db, after, PAGE + 1)?;
    let more = given.len() as i64 > PAGE;
    given.truncate(PAGE as usize);
    let next = given.last().filter(|_| more).map(|given| given.id);
    let ids: Vec<ItemId> = given.iter().map(|given| given.item_id).collect();
    let mut entries = queue::these(db, &ids)?;
    let given = given
        .into_iter()
        .map(|given| {
            let at = entries
                .iter()
                .position(|entry| entry.item.id == given.item_id);
            let entry = at.map(|at| entries.swap_remove(at));
            (given, entry)
        })
        .collect();
    Ok((told, given, next))
}

/// The payload of the job: which batch, and for a verdict what matches.
#[derive(Serialize, Deserialize)]
pub struct GoOn {
    batch: BatchId,
    matching: Option<Matching>,
}

/// A filter as its address says it.
#[derive(Serialize, Deserialize)]
struct Matching {
    queue: String,
    until: ItemId,
    fields: Vec<(String, String)>,
}

impl Matching {
    fn filter(&self) -> Result<Filter, Error> {
        let queue: Name = self.queue.parse().map_err(|_| Error::NotFound)?;
        let of = |word: &str| match word {
            "until" => self.until.to_string(),
            word => {
                let found = self.fields.iter().find(|(name, _)| name == word);
                found.map_or(String::new(), |(_, value)| value.clone())
            }
        };
        Ok(View::read(queue, &of)?.filter)
    }
}

/// Queues what is left of a verdict on all that match. To be called in its transaction.
pub fn go_on(db: &mut Db, batch: BatchId, view: &View, until: ItemId) -> QueryResult<usize> {
    let fields = view.fields().into_iter();
    let matching = Matching {
        queue: view.filter.queue.to_string(),
        until,
        fields: fields
            .map(|(word, value)| (word.to_owned(), value))
            .collect(),
    };
    let job = GoOn {
        batch,
        matching: Some(matching),
    };
    Job::enqueue(db, bulk::JOB, &job)
}

/// The same for an undo.
pub fn undo_on(db: &mut Db, batch: BatchId) -> QueryResult<usize> {
    let job = GoOn {
        batch,
        matching: None,
    };
    Job::enqueue(db, bulk::JOB, &job)
}

/// The job: step by step, each a transaction that others may come between.
pub async fn work(app: &App, job: GoOn) -> Result<(), Error> {
    let filter = match &job.matching {
        Some(matching) => Some(matching.filter()?),
        None => None,
    };
    loop {
        let filter = filter.clone();
        let step = move |db: &mut Db| bulk::step(db, job.batch, filter.as_ref());
        let start = Instant::now();
        if !app.write(step).await? {
            return Ok(());
        }
        tokio::time::sleep(rest(start.elapsed())).await;
    }
}

/// How long the job stands back after a step: nobody waits for the last item, and readers wait for
/// their page. Where steps wait for a database elsewhere, they leave readers room by themselves.
pub fn rest(took: Duration) -> Duration {
    (took / 2).min(Duration::from_millis(30))
}
