//! What the filter is, how good it is, and what it still lacks.

use super::Frame;
use super::row::percent;
use crate::app::App;
use crate::error::Error;
use crate::layout::{Layout, page};
use crate::session::Moderator;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::moderation::queue;
use potluck_models::spam::report::OWN_FEET;
use potluck_models::spam::training::{ModelKind, StoredModel};
use potluck_models::spam::{FEATURES_VERSION, Metrics, Report};
use potluck_models::{Db, QueryResult};

#[derive(Template)]
#[template(path = "moderation/filter.html")]
struct FilterPage {
    layout: Layout,
    frame: Frame,
    models: Vec<Listed>,
    labels: (i64, i64),
}

/// A model in a list of all that were ever trained.
pub struct Listed {
    pub model: StoredModel,
    pub report: Option<Report>,
}

impl Listed {
    pub fn all(db: &mut Db) -> QueryResult<Vec<Listed>> {
        Ok(StoredModel::all(db)?
            .into_iter()
            .map(|model| Listed {
                report: model.report(),
                model,
            })
            .collect())
    }

    /// On the site's own labels if there are any, else on the texts that the starter left out.
    pub fn metrics(&self) -> Option<&Metrics> {
        let report = self.report.as_ref()?;
        report.own.as_ref().or(report.starter.as_ref())
    }

    pub fn name(&self) -> String {
        match self.model.kind {
            ModelKind::Starter => format!("{} (starter)", self.model.id),
            ModelKind::Trained => self.model.id.to_string(),
        }
    }

    /// A model of other features is kept and shown, but never scored with.
    pub fn fits(&self) -> bool {
        self.model.features_version == FEATURES_VERSION as i32
    }

    pub fn f1_spam(&self) -> String {
        figure(self.metrics().map(|metrics| metrics.f1_spam))
    }

    pub fn f1_ham(&self) -> String {
        figure(self.metrics().map(|metrics| metrics.f1_ham))
    }
}

fn figure(figure: Option<f64>) -> String {
    figure.map_or("–".into(), |figure| format!("{figure:.2}"))
}

impl FilterPage {
    fn active(&self) -> Option<&Listed> {
        self.models.iter().find(|listed| listed.model.active)
    }

    fn lede(&self) -> String {
        match self.active() {
            None => "no model is in use: rules decide".into(),
            Some(active) if active.model.kind == ModelKind::Starter => {
                format!(
                    "model {}, the starter that came with Potluck",
                    active.model.id
                )
            }
            Some(active) => format!(
                "model {} · trained {} on {} labels",
                active.model.id,
                self.layout.ago(&active.model.created_at),
                active.model.spam_labels + active.model.ham_labels
            ),
        }
    }

    fn measured_on(&self, active: &Listed) -> &'static str {
        match active
            .report
            .as_ref()
            .and_then(|report| report.own.as_ref())
        {
            Some(_) => "own labels, out of fold",
            None => "texts the starter left out",
        }
    }

    fn two(&self, figure: &f64) -> String {
        format!("{figure:.2}")
    }

    fn three(&self, figure: &f64) -> String {
        format!("{figure:.3}")
    }

    fn percent(&self, share: &f64) -> String {
        let share = share * 100.0;
        if share == 0.0 || share >= 10.0 {
            format!("{share:.0} %")
        } else {
            format!("{share:.2} %")
        }
    }

    fn of_1000(&self, share: &f64) -> String {
        let n = (share * 1000.0).round();
        format!("{n} in 1,000")
    }

    fn own_feet(&self) -> u64 {
        OWN_FEET
    }

    fn labelled(&self) -> u64 {
        (self.labels.0 + self.labels.1) as u64
    }

    fn threshold(&self, share: &f64) -> String {
        percent(share)
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
) -> Result<HttpResponse, Error> {
    let frame = Frame::of(&req, &app).await?;
    let (models, labels) = app
        .read(|db: &mut Db| -> QueryResult<_> { Ok((Listed::all(db)?, queue::labels(db)?)) })
        .await?;
    page(&FilterPage {
        layout: Layout::new(&req),
        frame,
        models,
        labels,
    })
}
