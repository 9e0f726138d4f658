//! The desk of moderators: queues, verdicts, people, the log, the filter.

pub mod appeals;
pub mod banner;
pub mod batches;
pub mod beside;
pub mod campaigns;
pub mod claims;
pub mod desk;
pub mod diff;
pub mod filter;
pub mod guide;
pub mod habits;
pub mod last;
pub mod letters;
pub mod log;
pub mod log_export;
pub mod makers;
pub mod mature;
pub mod measures;
pub mod people;
pub mod reported;
pub mod row;
pub mod rule_form;
pub mod rules;
pub mod sanctions;
pub mod tags;
pub mod verdicts;
pub mod view;

use crate::app::{App, LARGE};
use crate::error::Error;
use crate::session::Visitor;
use actix_web::{HttpMessage, HttpRequest};
use banner::{Banner, Params};
use habits::Keys;
use potluck_models::article::Article;
use potluck_models::db::with_kept_plans;
use potluck_models::moderation::campaign::card;
use potluck_models::moderation::habits::Habits;
use potluck_models::moderation::queue::{self, Count, Name};
use potluck_models::moderation::{appeal, profile_report};
use potluck_models::settings::SureSpam;
use potluck_models::{Db, QueryResult};

/// What surrounds every page of the desk: the queues with their counts, and what the last act did.
pub struct Frame {
    counts: Vec<Count>,
    /// Authors who wait for another look, and people whose profiles are reported.
    pub appeals: i64,
    pub people: i64,
    /// Those with something undecided.
    campaigns: i64,
    /// Suggested for the guide.
    articles: i64,
    banner: Option<Banner>,
    /// No model, or one that cannot be read: rules decide.
    filter_missing: bool,
    /// How this moderator likes the desk.
    pub habits: Habits,
    pub keys: Keys,
    /// Minutes at the desk without a pause, when a break is to be offered.
    break_after: Option<i64>,
    raid: Option<rules::RaidOn>,
    /// This page without what it says of the last act: where forms come back to.
    pub back: String,
}

impl Frame {
    pub async fn of(req: &HttpRequest, app: &App) -> Result<Frame, Error> {
        let params = Params::of(req);
        let filter_missing = app.filter().is_none();
        let raid = rules::RaidOn::of(app);
        let back = banner::without(&here(req), &banner::WORDS);
        let settings = app.settings();
        let unsure = settings.sure_spam == SureSpam::LeftOut;
        let large = app.large.get().unwrap_or_default();
        let visitor = req.extensions().get::<Visitor>().cloned();
        let me = visitor.and_then(|visitor| visitor.id());
        let frame = app
            .read(move |db: &mut Db| {
                with_kept_plans(db, |db| -> QueryResult<_> {
                    let habits = match me {
                        Some(me) => Habits::of(db, me)?,
                        None => Habits::default(),
                    };
                    Ok(Frame {
                        break_after: match me {
                            Some(me) => habits.offers_break(db, me)?,
                            None => None,
                        },
                        keys: Keys::read(&habits.keys),
                        habits,
                        counts: queue::counts_but(db, unsure, &large)?,
                        banner: Banner::load(db, &params, &settings.reasons, me)?,
                        appeals: appeal::count(db)?,
                        people: profile_report::people(db)?,
                        campaigns: card::count_open(db)?,
                        articles: Article::waiting(db)?,
                        filter_missing,
                        raid,
                        back,
                    })
                })
            })
            .await?;
        let mut large = frame.counts.clone();
        large.retain(|count| count.items >= LARGE);
        app.large.keep(large);
        Ok(frame)
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
        "first_profile" => "first profile with links",
        "first_failure" => "first report of a failure",
        "removed_before" => "removed before",
        "duplicates" => "same text as another",
        "campaign" => "part of a campaign",
        "approve_first" => "maker approves",
        "maker" => "by the maker",
        "filter" => "the filter",
        "rules" => "a rule",
        "raid" => "raid mode",
        "heated" => "heated thread",
        "reports" => "reported by readers",
        other => other,
    }
}
