//! What the filter is, how good it is, what it lacks, and what it needs from people.

pub mod charts;
pub mod figures;
pub mod listed;
pub mod texts;

use super::Frame;
use crate::app::App;
use crate::error::Error;
use crate::layout::{Layout, page};
use crate::session::Moderator;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use figures::{Row, thousands};
use listed::Listed;
use potluck_models::db::ModelId;
use potluck_models::label::Import;
use potluck_models::lease::Lease;
use potluck_models::moderation::drift::{self, Sample, Week};
use potluck_models::moderation::queue::{Filter, Name};
use potluck_models::spam::evaluation::{Histogram, upper_bound};
use potluck_models::spam::features::View;
use potluck_models::spam::report::OWN_FEET;
use potluck_models::spam::training::{self, LEASE, LoadError, StoredModel};
use potluck_models::spam::{FEATURES_VERSION, Report};
use potluck_models::{Db, QueryResult};
use texts::{Fate, Mistaken, Pair};

/// Models that are listed here; the rest is on the administrators' page.
const LISTED: usize = 5;
/// Mistakes that are shown without a click.
const FIRST_MISTAKES: usize = 5;

#[derive(Template)]
#[template(path = "moderation/filter.html")]
struct FilterPage {
    layout: Layout,
    frame: Frame,
    trouble: Option<Trouble>,
    /// The model in use, its thresholds for the promises in force.
    active: Option<Listed>,
    models: Vec<Listed>,
    new_labels: i64,
    mistakes: Vec<Mistaken>,
    pairs: Vec<Pair>,
    imports: Vec<(Import, Option<String>)>,
    weeks: Vec<Week>,
    notices: Vec<String>,
    sample: Sample,
    /// Of the sample, what waits to be looked at in Recent and in Spam.
    sample_recent: i64,
    sample_spam: i64,
}

/// Why the filter does not decide, and what happens now.
struct Trouble {
    what: String,
    meanwhile: String,
    next: String,
}

impl Trouble {
    /// `loaded` is the model that this process scores with.
    fn find(
        db: &mut Db,
        active: Option<&StoredModel>,
        loaded: Option<ModelId>,
    ) -> QueryResult<Option<Trouble>> {
        let Some(model) = active else {
            return Ok(Some(Trouble {
                what: "No model is in use.".into(),
                meanwhile: RULES.into(),
                next: "An administrator can retrain the filter, or use an earlier model again."
                    .into(),
            }));
        };
        if !model.fits() {
            let lease = Lease::find(db, LEASE)?;
            let next = match lease {
                Some(lease) if lease.is_held() => format!(
                    "A new one is being trained in the background from the same labels ({}) and takes over by itself.",
                    lease.note
                ),
                Some(lease) if lease.rests() => format!(
                    "The last try to train a new one failed ({}); it is tried again by itself.",
                    lease.note
                ),
                _ => "A new one is trained in the background from the same labels and takes over by itself, \
                      within a minute or two."
                    .into(),
            };
            return Ok(Some(Trouble {
                what: format!(
                    "Model {} reads texts as another version of Potluck did (features version {}; this one has \
                     {FEATURES_VERSION}). It is kept, but does not score.",
                    model.id, model.features_version
                ),
                meanwhile: meanwhile(loaded),
                next,
            }));
        }
        // In a moment this process has it, or it cannot be read.
        match StoredModel::read(db, model.id) {
            Ok(_) => Ok(None),
            Err(LoadError::Database(error)) => Err(error),
            Err(LoadError::Broken { error, .. }) => Ok(Some(Trouble {
                what: format!("Model {} cannot be read: {error}.", model.id),
                meanwhile: meanwhile(loaded),
                next: "A new one is trained from the same labels by itself; an administrator can also use an earlier one."
                    .into(),
            })),
        }
    }
}

const RULES: &str = "The rules decide meanwhile: first comments, many links and repeated texts are held as ever, \
                     and nothing gets a score.";

fn meanwhile(loaded: Option<ModelId>) -> String {
    loaded.map_or(RULES.into(), |id| {
        format!("Model {id}, the last good one, decides until this server is started again.")
    })
}

impl FilterPage {
    fn lede(&self) -> String {
        match &self.active {
            None => "no model is in use: rules decide".into(),
            Some(active) if active.is_starter() => {
                format!(
                    "model {}, the starter that came with Potluck",
                    active.model.id
                )
            }
            Some(active) => format!(
                "model {} · trained {} on {} labels",
                active.model.id,
                self.layout.ago(&active.model.created_at),
                active.labels()
            ),
        }
    }

    fn measured_on(&self, report: &Report) -> &'static str {
        match report.own {
            Some(_) => "your labels, each scored by a model that had not seen it",
            None => "public texts that the starter had not seen",
        }
    }

    /// Heads of the columns of [`FilterPage::figures`].
    fn columns(&self, active: &Listed) -> Vec<String> {
        let report = active.report.as_ref();
        let mut columns = vec![match report.and_then(|report| report.own.as_ref()) {
            Some(_) => "All own labels".to_owned(),
            None => "Starter’s own test".to_owned(),
        }];
        if report.is_some_and(|report| report.newest.is_some()) {
            columns.push("Newest fifth".into());
        }
        if let Some(against) = &active.facts.against
            && against.newest.is_some()
        {
            columns.push(format!("Model {} on it", against.model));
        }
        columns
    }

    fn figures(&self, active: &Listed) -> Vec<Row> {
        let mut columns = vec![active.metrics()];
        let newest = active.report.as_ref().and_then(|r| r.newest.as_ref());
        if let Some(newest) = newest {
            columns.push(Some(&newest.metrics));
        }
        let against = active.facts.against.as_ref();
        if let Some(metrics) = against.and_then(|against| against.newest.as_ref()) {
            columns.push(Some(metrics));
        }
        figures::rows(&columns)
    }

    /// When the oldest text of the newest fifth was written.
    fn newest_from(&self, report: &Report) -> Option<String> {
        let from = chrono::DateTime::from_timestamp(report.newest?.from, 0)?;
        Some(from.format("%-d %B %Y").to_string())
    }

    fn is_measured(&self, report: &Report) -> bool {
        report.reliability.iter().any(|bin| bin.texts > 0)
    }

    /// The bins of the histogram: from, to, ham, spam.
    fn bins<'a>(&self, histogram: &'a Histogram) -> Vec<(usize, usize, &'a u64, &'a u64)> {
        let n = histogram.ham.len().max(1);
        let pairs = histogram.ham.iter().zip(&histogram.spam);
        pairs
            .enumerate()
            .map(|(i, (ham, spam))| (i * 100 / n, (i + 1) * 100 / n, ham, spam))
            .collect()
    }

    fn own_feet(&self) -> u64 {
        OWN_FEET
    }

    fn hash<'a>(&self, report: &'a Report) -> &'a str {
        report.labels_hash.get(..12).unwrap_or("")
    }

    fn first_mistakes(&self) -> usize {
        FIRST_MISTAKES
    }

    fn vocabulary(&self, report: &Report) -> String {
        let sizes: Vec<String> = View::ALL
            .iter()
            .zip(&report.vocabulary)
            .map(|(view, n)| {
                let what = match view {
                    View::Words => "words",
                    View::Pairs => "pairs of words",
                    View::Chars => "pieces of words",
                    View::Signs => "signs",
                };
                format!("{} {what}", thousands(n))
            })
            .collect();
        sizes.join(", ")
    }

    fn sampled(&self) -> Vec<String> {
        let sample = &self.sample;
        let bound = |hits, n| (upper_bound(hits, n) * 100.0).ceil();
        let was = |n: u64| if n == 1 { "was" } else { "were" };
        let mut said = Vec::new();
        if sample.published > 0 {
            said.push(format!(
                "Of {} published by the filter alone and looked at, {} {} spam: at most {} in 100 by the upper 95 % bound.",
                sample.published,
                sample.missed,
                was(sample.missed),
                bound(sample.missed, sample.published)
            ));
        }
        if sample.put_away > 0 {
            said.push(format!(
                "Of {} put away by it and looked at, {} {} real: at most {} in 100 by the upper 95 % bound.",
                sample.put_away,
                sample.wronged,
                was(sample.wronged),
                bound(sample.wronged, sample.put_away)
            ));
        }
        said
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
) -> Result<HttpResponse, Error> {
    let frame = Frame::of(&req, &app).await?;
    let layout = Layout::new(&req);
    let loaded = app.filter().map(|active| active.id);
    let found = app
        .read(move |db: &mut Db| -> QueryResult<FilterPage> {
            let active = StoredModel::active(db)?;
            let trouble = Trouble::find(db, active.as_ref(), loaded)?;
            let active = match active {
                Some(model) => Some(Listed::in_force(db, model)?),
                None => None,
            };
            let report = active.as_ref().and_then(|active| active.report.as_ref());
            let (mistakes, pairs) = match report {
                Some(report) => texts::load(db, report)?,
                None => (Vec::new(), Vec::new()),
            };
            let weeks = drift::weeks(db)?;
            let mut sampled = |queue| {
                Filter {
                    sample: true,
                    ..Filter::all_of(queue)
                }
                .count(db)
            };
            let (sample_recent, sample_spam) = (sampled(Name::Recent)?, sampled(Name::Spam)?);
            Ok(FilterPage {
                layout,
                frame,
                trouble,
                models: Listed::page(db, None, LISTED)?.0,
                new_labels: training::new_labels(db)?,
                mistakes,
                pairs,
                imports: Import::told(db)?,
                notices: drift::notices(&weeks),
                weeks,
                sample: Sample::measure(db)?,
                sample_recent,
                sample_spam,
                active,
            })
        })
        .await?;
    page(&found)
}
