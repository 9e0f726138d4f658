//! The desk of moderators: queues, verdicts, people, the log, the filter.

pub mod banner;
pub mod batches;
pub mod campaigns;
pub mod desk;
pub mod diff;
pub mod filter;
pub mod log;
pub mod people;
pub mod row;
pub mod sanctions;
pub mod verdicts;
pub mod view;

use crate::app::App;
use crate::error::Error;
use actix_web::HttpRequest;
use banner::{Banner, Params};
use potluck_models::moderation::campaign::card;
use potluck_models::moderation::queue::{self, Count, Name};
use potluck_models::{Db, QueryResult};

/// What surrounds every page of the desk: the queues with their counts, and what the last act did.
pub struct Frame {
    counts: Vec<Count>,
    /// Those with something undecided.
    campaigns: i64,
    banner: Option<Banner>,
    /// No model, or one that cannot be read: rules decide.
    filter_missing: bool,
    /// This page without what it says of the last act: where forms come back to.
    pub back: String,
}

impl Frame {
    pub async fn of(req: &HttpRequest, app: &App) -> Result<Frame, Error> {
        let params = Params::of(req);
        let filter_missing = app.filter().is_none();
        let back = banner::without(&here(req), &banner::WORDS);
        app.read(move |db: &mut Db| -> QueryResult<Frame> {
            Ok(Frame {
                counts: queue::counts(db)?,
                campaigns: card::count_open(db)?,
                banner: Banner::load(db, &params)?,
                filter_missing,
                back,
            })
        })
        .await
    }

    pub fn count(&self, queue: Name) -> Option<&Count> {
        self.counts.iter().find(|count| count.queue == queue)
    }

    /// For `aria-current`.
    fn at(&self, queue: &Name) -> bool {
        let path = self.back.split('?').next().unwrap_or("");
        let rest = path.strip_prefix("/moderation/");
        rest.is_some_and(|rest| rest.split('/').next() == Some(queue.as_str()))
    }
}

/// Path and query of the page that was asked for.
fn here(req: &HttpRequest) -> String {
    req.uri()
        .path_and_query()
        .map_or("/moderation".to_owned(), ToString::to_string)
}

/// "one comment" would be wrong as often as right: a batch mixes kinds.
pub fn items(n: &i64) -> String {
    match n {
        1 => "1 item".into(),
        n => format!("{n} items"),
    }
}

/// The name of a step or a reason in words.
pub fn why_words(why: &str) -> &str {
    match why {
        "watched" => "watched by a moderator",
        "first_comment" => "first comment",
        "first_project" => "first project",
        "duplicates" => "same text as another",
        "campaign" => "part of a campaign",
        "approve_first" => "maker approves",
        "filter" => "the filter",
        other => other,
    }
}
