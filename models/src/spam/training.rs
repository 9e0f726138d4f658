//! The one file of the filter that knows tables: labels out of verdicts, models into their table.

use super::classifier::{Model, ModelError};
use super::learning::{Example, Label as Taught};
use super::{FEATURES_VERSION, Report};
use crate::db::{ItemId, ModelId, UserId, dialect, now};
use crate::intake::ActiveModel;
use crate::moderation::verdict::Label;
use crate::schema::{models, revisions, verdicts};
use crate::{Db, QueryResult, secret, words};
use chrono::NaiveDateTime;
use diesel::prelude::*;

words! {
    pub enum ModelKind { Starter = "starter", Trained = "trained" }
}

/// A stored model without its bytes.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = models)]
pub struct StoredModel {
    pub id: ModelId,
    pub kind: ModelKind,
    pub features_version: i32,
    pub sha256: String,
    pub report: String,
    pub spam_labels: i32,
    pub ham_labels: i32,
    pub active: bool,
    pub created_at: NaiveDateTime,
}

impl StoredModel {
    pub fn report(&self) -> Option<Report> {
        serde_json::from_str(&self.report).ok()
    }

    /// Newest first.
    pub fn all(db: &mut Db) -> QueryResult<Vec<StoredModel>> {
        models::table
            .order(models::id.desc())
            .select(StoredModel::as_select())
            .load(db)
    }

    pub fn active(db: &mut Db) -> QueryResult<Option<StoredModel>> {
        models::table
            .filter(models::active.eq(true))
            .select(StoredModel::as_select())
            .first(db)
            .optional()
    }

    /// Puts this model into use, in every process within a second or two.
    pub fn activate(db: &mut Db, id: ModelId) -> QueryResult<()> {
        // Of two at once, one unsets what the other set.
        dialect::lock(db, "models")?;
        diesel::update(models::table.filter(models::active.eq(true)))
            .set(models::active.eq(false))
            .execute(db)?;
        let found = diesel::update(models::table.find(id))
            .set(models::active.eq(true))
            .execute(db)?;
        if found == 0 {
            return Err(diesel::result::Error::NotFound);
        }
        dialect::bump(db, "model").map(|_| ())
    }
}

/// What is taught: the newest label of each item that was not undone, with the text and the signals
/// as they were when it was judged. In order of item, so that any database gives the same list.
pub fn examples(db: &mut Db) -> QueryResult<Vec<Example>> {
    type Row = (ItemId, Option<Label>, f64, String, String);
    let rows: Vec<Row> = verdicts::table
        .inner_join(revisions::table.on(verdicts::revision_id.eq(revisions::id.nullable())))
        .filter(
            verdicts::label
                .is_not_null()
                .and(verdicts::undone_at.is_null()),
        )
        // Deleted by its author and erased since.
        .filter(revisions::text.ne(""))
        .order((verdicts::item_id, verdicts::id))
        .select((
            verdicts::item_id,
            verdicts::label,
            verdicts::weight,
            revisions::text,
            revisions::signals,
        ))
        .load(db)?;
    let mut newest: Vec<(ItemId, Example)> = Vec::with_capacity(rows.len());
    for (item, label, weight, text, signals) in rows {
        let label = match label {
            Some(Label::Spam) => Taught::Spam,
            Some(Label::Ham) => Taught::Ham,
            None => continue,
        };
        let signals = serde_json::from_str(&signals).unwrap_or_default();
        let example = Example {
            text,
            signals,
            label,
            at: None,
            weight,
        };
        match newest.last_mut() {
            Some((last, kept)) if *last == item => *kept = example,
            _ => newest.push((item, example)),
        }
    }
    Ok(newest.into_iter().map(|(_, example)| example).collect())
}

/// Keeps a model. It is used only once it is activated.
pub fn store(
    db: &mut Db,
    model: &Model,
    kind: ModelKind,
    by: Option<UserId>,
) -> QueryResult<ModelId> {
    let bytes = model.to_bytes();
    let report = serde_json::to_string(model.report())
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    let (spam, ham) = match kind {
        ModelKind::Starter => (0, 0),
        ModelKind::Trained => (
            model.report().own_spam as i32,
            model.report().own_ham as i32,
        ),
    };
    diesel::insert_into(models::table)
        .values((
            models::kind.eq(kind),
            models::features_version.eq(FEATURES_VERSION as i32),
            models::sha256.eq(secret::sha256_bytes(&bytes)),
            models::bytes.eq(bytes),
            models::report.eq(report),
            models::spam_labels.eq(spam),
            models::ham_labels.eq(ham),
            models::active.eq(false),
            models::created_by.eq(by),
            models::created_at.eq(now()),
        ))
        .returning(models::id)
        .get_result(db)
}

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("model {id} cannot be used: {error}")]
    Broken { id: ModelId, error: ModelError },
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// The model in use. A broken one is an error to log; comments go on by the rules alone.
pub fn load_active(db: &mut Db) -> Result<Option<ActiveModel>, LoadError> {
    let row: Option<(ModelId, Vec<u8>)> = models::table
        .filter(models::active.eq(true))
        .select((models::id, models::bytes))
        .first(db)
        .optional()?;
    let Some((id, bytes)) = row else {
        return Ok(None);
    };
    match Model::from_bytes(&bytes) {
        Ok(model) => Ok(Some(ActiveModel { id, model })),
        Err(error) => Err(LoadError::Broken { id, error }),
    }
}

/// On the first day there is no model: the bundled starter stands in, marked as such.
pub fn ensure_starter(db: &mut Db) -> QueryResult<bool> {
    dialect::lock(db, "models")?;
    let any: Option<ModelId> = models::table.select(models::id).first(db).optional()?;
    if any.is_some() {
        return Ok(false);
    }
    let id = store(db, &Model::starter(), ModelKind::Starter, None)?;
    StoredModel::activate(db, id)?;
    Ok(true)
}
