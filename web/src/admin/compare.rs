//! Two models side by side: what they were made of, how good they are, what they weigh differently,
//! and what they would do with the newest comments.

use crate::app::App;
use crate::error::Error;
use crate::forms::Query;
use crate::layout::{Layout, page};
use crate::moderation::filter::figures::{self, Row, percent};
use crate::moderation::filter::listed::Listed;
use crate::moderation::row::signed;
use crate::session::Admin;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::ModelId;
use potluck_models::moderation::placing::{self, Beside};
use potluck_models::spam::classifier::in_words;
use potluck_models::spam::compare::Moved;
use potluck_models::spam::features::View;
use potluck_models::spam::training::{LoadError, StoredModel};
use potluck_models::spam::{Decision, Model, Report};
use potluck_models::{Db, QueryResult};
use serde::Deserialize;

/// Comments that both are tried on, the newest.
const COMMENTS: usize = 1_000;
/// Tokens and comments that are shown.
const SHOWN: usize = 20;
/// Models to choose from.
const CHOICE: usize = 50;

#[derive(Deserialize)]
pub struct Which {
    a: Option<i64>,
    b: Option<i64>,
}

/// What can be said only if both can be read.
struct Tried {
    moved: Vec<Moved>,
    comments: Beside,
}

#[derive(Template)]
#[template(path = "admin/compare.html")]
struct ComparePage {
    layout: Layout,
    all: Vec<Listed>,
    a: Listed,
    b: Listed,
    /// Why one of the two cannot be tried.
    fault: Option<String>,
    tried: Option<Tried>,
}

impl ComparePage {
    fn facts(&self) -> Vec<Row> {
        let both = [&self.a, &self.b];
        let of = |name, means, value: &dyn Fn(&Listed) -> String| Row {
            name,
            means,
            values: both.iter().map(|listed| value(listed)).collect(),
        };
        let report = |listed: &Listed, value: &dyn Fn(&Report) -> String| {
            listed.report.as_ref().map_or("–".into(), value)
        };
        vec![
            of("Made", "", &|l| self.layout.ago(&l.model.created_at)),
            of("Because", "", &|l| l.facts.because.clone()),
            of("Own labels", "", &|l| {
                format!("{} spam, {} ham", l.model.spam_labels, l.model.ham_labels)
            }),
            of("Of them verdicts", "", &|l| l.facts.verdicts.to_string()),
            of("Looked at", "they count half", &|l| {
                l.facts.looked_at.to_string()
            }),
            of("Imported", "", &|l| l.facts.imported.to_string()),
            of(
                "A starter’s text weighs",
                "beside one of your labels",
                &|l| report(l, &|r| figures::three(&r.starter_weight)),
            ),
            of("Holds from", "with the promises of now", &|l| {
                report(l, &|r| percent(&r.thresholds.hold))
            }),
            of("Puts away from", "", &|l| {
                report(l, &|r| {
                    r.thresholds
                        .spam
                        .as_ref()
                        .map_or("never by itself".into(), percent)
                })
            }),
            of("Vocabulary", "words, pairs, pieces of words, signs", &|l| {
                report(l, &|r| {
                    let sizes: Vec<String> = r.vocabulary.iter().map(ToString::to_string).collect();
                    sizes.join(" + ")
                })
            }),
            of("Features version", "how texts are read", &|l| {
                l.model.features_version.to_string()
            }),
            of(
                "Hash of the labels",
                "the same labels, the same hash",
                &|l| {
                    report(l, &|r| match r.labels_hash.get(..12) {
                        Some(start) => start.to_owned(),
                        None => "–".into(),
                    })
                },
            ),
            of("Seed", "of the folds", &|l| {
                report(l, &|r| r.seed.to_string())
            }),
        ]
    }

    fn figures(&self) -> Vec<Row> {
        figures::rows(&[self.a.metrics(), self.b.metrics()])
    }

    fn newest(&self) -> Option<Vec<Row>> {
        let of = |listed: &Listed| Some(listed.report.as_ref()?.newest?.metrics);
        let (a, b) = (of(&self.a), of(&self.b));
        if a.is_none() && b.is_none() {
            return None;
        }
        Some(figures::rows(&[a.as_ref(), b.as_ref()]))
    }

    fn is_chosen(&self, side: &Listed, listed: &Listed) -> bool {
        side.model.id == listed.model.id
    }

    fn pull(&self, pull: &Option<f64>) -> String {
        pull.map_or("unknown".into(), signed)
    }

    fn view(&self, view: &View) -> &'static str {
        match view {
            View::Words => "word",
            View::Pairs => "pair",
            View::Chars => "piece",
            View::Signs => "sign",
        }
    }
}

/// In words of the desk.
pub fn decision(decision: &Decision) -> &'static str {
    match decision {
        Decision::Publish => "published",
        Decision::Hold => "held",
        Decision::Spam => "put away",
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    _admin: Admin,
    which: Query<Which>,
) -> Result<HttpResponse, Error> {
    let layout = Layout::new(&req);
    let found = app
        .read(move |db: &mut Db| compare(db, layout, &which.0))
        .await?;
    page(&found)
}

fn compare(db: &mut Db, layout: Layout, which: &Which) -> Result<ComparePage, Error> {
    let (all, _) = Listed::page(db, None, CHOICE)?;
    // Unasked: the one in use, and the newest beside it.
    let active = StoredModel::active(db)?.map(|model| model.id);
    let newest = all.first().ok_or(Error::NotFound)?.model.id;
    let others = all.iter().map(|listed| listed.model.id);
    let b = which.b.map(ModelId).unwrap_or(newest);
    let a = which.a.map(ModelId).or(active.filter(|a| *a != b));
    let a = a
        .or_else(|| others.clone().find(|id| *id != b))
        .unwrap_or(b);
    let mut find = |id: ModelId| -> Result<Listed, Error> {
        let model = StoredModel::find(db, id)?.ok_or(Error::NotFound)?;
        Ok(Listed::in_force(db, model)?)
    };
    let (a, b) = (find(a)?, find(b)?);
    let mut fault = None;
    let mut models = Vec::new();
    for listed in [&a, &b] {
        match StoredModel::read(db, listed.model.id) {
            Ok(model) => models.push(model),
            Err(LoadError::Broken { id, error }) => {
                fault = Some(format!("Model {id} cannot be tried: {error}."));
            }
            Err(LoadError::Database(error)) => return Err(error.into()),
        }
    }
    let tried = match &models[..] {
        [a, b] => Some(try_both(db, a, b)?),
        _ => None,
    };
    Ok(ComparePage {
        layout,
        all,
        a,
        b,
        fault,
        tried,
    })
}

fn try_both(db: &mut Db, a: &Model, b: &Model) -> QueryResult<Tried> {
    let scored = placing::newest(db, &[a, b], None, COMMENTS)?;
    let of = |model: &Model, score: f64| (score, model.verdict(score));
    let comments = Beside::of(
        db,
        &scored,
        |scored| of(a, scored.scores[0]),
        |scored| of(b, scored.scores[1]),
        SHOWN,
    )?;
    Ok(Tried {
        moved: a.moved(b, SHOWN),
        comments,
    })
}
