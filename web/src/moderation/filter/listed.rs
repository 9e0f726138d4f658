//! A model in a list of those that were trained.

use super::figures::two;
use potluck_models::db::ModelId;
use potluck_models::spam::training::{Facts, ModelKind, StoredModel};
use potluck_models::spam::{Metrics, Report};
use potluck_models::{Db, QueryResult};

pub struct Listed {
    pub model: StoredModel,
    pub report: Option<Report>,
    pub facts: Facts,
}

impl Listed {
    /// Newest first, those before a given one, and where the next page begins.
    pub fn page(
        db: &mut Db,
        before: Option<ModelId>,
        most: usize,
    ) -> QueryResult<(Vec<Listed>, Option<ModelId>)> {
        let mut models = StoredModel::page(db, before, most + 1)?;
        let more = models.len() > most;
        models.truncate(most);
        let next = models.last().filter(|_| more).map(|model| model.id);
        Ok((models.into_iter().map(Listed::of).collect(), next))
    }

    pub fn of(model: StoredModel) -> Listed {
        Listed {
            report: model.report(),
            facts: model.facts(),
            model,
        }
    }

    /// With the thresholds for the promises in force.
    pub fn in_force(db: &mut Db, model: StoredModel) -> QueryResult<Listed> {
        Ok(Listed {
            report: model.report_in_force(db)?,
            ..Listed::of(model)
        })
    }

    /// On the site's own labels if there are any, else on the texts that the starter left out.
    pub fn metrics(&self) -> Option<&Metrics> {
        let report = self.report.as_ref()?;
        report.own.as_ref().or(report.starter.as_ref())
    }

    pub fn is_starter(&self) -> bool {
        self.model.kind == ModelKind::Starter
    }

    pub fn name(&self) -> String {
        if self.is_starter() {
            format!("{} (starter)", self.model.id)
        } else {
            self.model.id.to_string()
        }
    }

    pub fn labels(&self) -> i32 {
        self.model.spam_labels + self.model.ham_labels
    }

    /// The model that it was found worse than, so that it was not put into use.
    pub fn refused_for(&self) -> Option<ModelId> {
        let against = self.facts.against.as_ref()?;
        against.refused.then_some(against.model)
    }

    pub fn f1_spam(&self) -> String {
        self.metrics()
            .map_or("–".into(), |metrics| two(&metrics.f1_spam))
    }

    pub fn f1_ham(&self) -> String {
        self.metrics()
            .map_or("–".into(), |metrics| two(&metrics.f1_ham))
    }
}
