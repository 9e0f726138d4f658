//! The one file of the filter that knows tables: labels out of verdicts and imports, models into
//! their table, when it is time to train, and whether a new model may take over.

use super::classifier::{Model, ModelError};
use super::evaluation::{Metrics, Paired};
use super::learning::{
    Example, Label as Taught, Options, TrainError, newest_fifth, score, train_with,
};
use super::near::Contradiction;
use super::{FEATURES_VERSION, Report, starter};
use crate::db::{ItemId, ModelId, UserId, dialect, now};
use crate::intake::{ActiveModel, Outcome, Step};
use crate::job::Job;
use crate::moderation::log::Act;
use crate::moderation::queue::RECENT;
use crate::moderation::rescore::Rescore;
use crate::moderation::verdict::Label;
use crate::schema::{imported_labels, items, label_imports, marks, models, revisions, verdicts};
use crate::settings::Settings;
use crate::{Db, QueryResult, both, secret, words};
use chrono::{Duration, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};

/// The lease of the one process that trains.
pub const LEASE: &str = "training";
/// The job that judges held texts again by a new model.
pub const RESCORE: &str = "rescore";

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
    pub facts: String,
}

/// What is known of a model beside what is in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Its labels by kind: verdicts, looks in Recent, imported ones.
    pub verdicts: u64,
    pub looked_at: u64,
    pub imported: u64,
    /// Why it was trained, in words.
    pub because: String,
    pub seconds: f64,
    pub against: Option<Against>,
}

/// How a new model compares with the one that was in use, on the newest fifth of the labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Against {
    pub model: ModelId,
    /// The model in use on the same texts. It may have learned from some of them.
    pub newest: Option<Metrics>,
    /// Both ways of training on the older part, compared text by text. None: trained the same way,
    /// so that there is nothing to compare, or too little to compare on.
    pub recipes: Option<Paired>,
    /// Worse beyond the noise, or no better than chance: it was not put into use.
    pub refused: bool,
}

impl StoredModel {
    /// With the thresholds of the day it was made.
    pub fn report(&self) -> Option<Report> {
        serde_json::from_str(&self.report).ok()
    }

    /// With the thresholds for the promises in force, as a model that is loaded has them.
    pub fn report_in_force(&self, db: &mut Db) -> QueryResult<Option<Report>> {
        let Some(mut report) = self.report() else {
            return Ok(None);
        };
        report.promise(Settings::load(db)?.promises(), silent(db)?);
        Ok(Some(report))
    }

    pub fn facts(&self) -> Facts {
        serde_json::from_str(&self.facts).unwrap_or_default()
    }

    /// A model of other features is kept and shown, but never scored with.
    pub fn fits(&self) -> bool {
        self.features_version == FEATURES_VERSION as i32
    }

    /// Newest first.
    pub fn all(db: &mut Db) -> QueryResult<Vec<StoredModel>> {
        models::table
            .order(models::id.desc())
            .select(StoredModel::as_select())
            .load(db)
    }

    pub fn find(db: &mut Db, id: ModelId) -> QueryResult<Option<StoredModel>> {
        models::table
            .find(id)
            .select(StoredModel::as_select())
            .get_result(db)
            .optional()
    }

    pub fn active(db: &mut Db) -> QueryResult<Option<StoredModel>> {
        models::table
            .filter(models::active.eq(true))
            .select(StoredModel::as_select())
            .first(db)
            .optional()
    }

    /// Puts this model into use, in every process within a second or two; what is held is judged
    /// again in the background.
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
        if Rescore::is_needed(db)? {
            Job::enqueue(db, RESCORE, &Rescore::with(id))?;
        }
        dialect::bump(db, "model").map(|_| ())
    }

    /// The model itself, with thresholds for the promises in force.
    pub fn read(db: &mut Db, id: ModelId) -> Result<Model, LoadError> {
        let bytes: Vec<u8> = models::table
            .find(id)
            .select(models::bytes)
            .get_result(db)?;
        let mut model =
            Model::from_bytes(&bytes).map_err(|error| LoadError::Broken { id, error })?;
        model.promise(Settings::load(db)?.promises(), silent(db)?);
        Ok(model)
    }
}

/// All that a site can teach its filter.
#[derive(Debug, Default)]
pub struct Labels {
    pub examples: Vec<Example>,
    pub facts: Facts,
    /// Contradictions among them that people have settled as right.
    pub settled: BTreeSet<Contradiction>,
    /// When they were read.
    pub read_at: NaiveDateTime,
}

/// What is taught: the newest label of each item that was not undone, with the text and the signals
/// as they were when it was judged; and imported labels. Training puts them into an order of its own.
pub fn labels(db: &mut Db) -> QueryResult<Labels> {
    let mut labels = Labels {
        settled: crate::label::settled(db)?,
        read_at: now(),
        ..Labels::default()
    };
    type Row = (
        ItemId,
        Option<Label>,
        f64,
        String,
        String,
        String,
        NaiveDateTime,
    );
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
            revisions::steps,
            revisions::created_at,
        ))
        .load(db)?;
    let mut last = None;
    for (item, label, weight, text, signals, steps, at) in rows {
        let Some(label) = label else { continue };
        let example = Example {
            text,
            signals: serde_json::from_str(&signals).unwrap_or_default(),
            label: label.taught(),
            at: Some(at.and_utc().timestamp()),
            picked: picked(&steps),
            weight,
        };
        match labels.examples.last_mut() {
            Some(kept) if last == Some(item) => *kept = example,
            _ => labels.examples.push(example),
        }
        last = Some(item);
    }
    let looked_at = labels.examples.iter().filter(|e| e.weight < 1.0).count();
    labels.facts.looked_at = looked_at as u64;
    labels.facts.verdicts = (labels.examples.len() - looked_at) as u64;
    type Imported = (String, Label, f64, Option<NaiveDateTime>);
    let imported: Vec<Imported> = imported_labels::table
        .inner_join(label_imports::table)
        .filter(
            label_imports::undone_at
                .is_null()
                .and(imported_labels::dropped_at.is_null()),
        )
        .order(imported_labels::id)
        .select((
            imported_labels::text,
            imported_labels::label,
            label_imports::weight,
            imported_labels::written_at,
        ))
        .load(db)?;
    labels.facts.imported = imported.len() as u64;
    // A file without times is older than all that was judged here.
    let oldest = labels.examples.iter().filter_map(|e| e.at).min();
    labels.examples.extend(
        imported
            .into_iter()
            .map(|(text, label, weight, at)| Example {
                text,
                signals: Vec::new(),
                label: label.taught(),
                at: at.map(|at| at.and_utc().timestamp()).or(oldest),
                picked: false,
                weight,
            }),
    );
    Ok(labels)
}

/// Whether the filter alone had kept this text back, by the steps of its intake.
fn picked(steps: &str) -> bool {
    let steps: Vec<Step> = serde_json::from_str(steps).unwrap_or_default();
    let (filter, others): (Vec<&Step>, Vec<&Step>) =
        steps.iter().partition(|step| step.name == "filter");
    filter.iter().any(|step| step.outcome > Outcome::Publish)
        && others.iter().all(|step| step.outcome <= Outcome::Publish)
}

/// Texts that readers see and nobody has judged.
fn silent(db: &mut Db) -> QueryResult<u64> {
    // As Recent says it, so that its index serves.
    let count: i64 = items::table
        .filter(crate::condition::fixed::<diesel::sql_types::Bool>(RECENT))
        .count()
        .get_result(db)?;
    Ok(count as u64)
}

impl Label {
    fn taught(self) -> Taught {
        match self {
            Label::Spam => Taught::Spam,
            Label::Ham => Taught::Ham,
        }
    }
}

/// A model with its report and what came of the comparison, before it is stored.
pub struct Candidate {
    pub model: Model,
    pub kind: ModelKind,
    pub facts: Facts,
    pub read_at: NaiveDateTime,
}

impl Candidate {
    pub fn is_refused(&self) -> bool {
        let against = self.facts.against.as_ref();
        against.is_some_and(|against| against.refused)
    }
}

/// Trains on all labels, and compares with the model in use.
pub fn candidate(
    db: &mut Db,
    labels: Labels,
    options: &Options,
    progress: &mut dyn FnMut(super::Step, f32),
) -> Result<Candidate, CandidateError> {
    let started = std::time::Instant::now();
    let options = &Options {
        settled: labels.settled.clone(),
        ..options.clone()
    };
    let bundled = options.starter.then(starter::bundled);
    let trained = train_with(&labels.examples, bundled, options, progress)?;
    let against = compare(db, &labels.examples, options, &trained.report)?;
    let kind = if labels.examples.is_empty() {
        ModelKind::Starter
    } else {
        ModelKind::Trained
    };
    Ok(Candidate {
        model: trained.model,
        kind,
        facts: Facts {
            against,
            seconds: started.elapsed().as_secs_f64(),
            ..labels.facts
        },
        read_at: labels.read_at,
    })
}

#[derive(Debug, thiserror::Error)]
pub enum CandidateError {
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// The promotion guard. The recipe of the model in use and the new one are both trained on the older
/// four fifths of the labels and tried on the newest; a new recipe that is worse beyond the noise is
/// refused. (The model in use itself would be no fair rival: it has seen some of these texts.)
fn compare(
    db: &mut Db,
    examples: &[Example],
    options: &Options,
    report: &Report,
) -> Result<Option<Against>, CandidateError> {
    let Some(active) = StoredModel::active(db)?.filter(StoredModel::fits) else {
        return Ok(None);
    };
    let all: Vec<&Example> = examples.iter().collect();
    let Some(newest) = newest_fifth(&all) else {
        return Ok(None);
    };
    let is_newest: HashSet<usize> = newest.iter().copied().collect();
    let newest: Vec<&Example> = newest.iter().map(|&i| all[i]).collect();
    let model = match StoredModel::read(db, active.id) {
        Ok(model) => model,
        Err(LoadError::Database(error)) => return Err(error.into()),
        // A broken one is no rival.
        Err(LoadError::Broken { .. }) => return Ok(None),
    };
    let recipes = match recipe(model.report(), options) {
        Some(old) => {
            // Without times, so that it does not try a newest fifth of its own.
            let older: Vec<Example> = all
                .iter()
                .enumerate()
                .filter(|(i, _)| !is_newest.contains(i))
                .map(|(_, example)| Example {
                    at: None,
                    ..(*example).clone()
                })
                .collect();
            let scored = |options: &Options| -> Result<_, TrainError> {
                let quiet = Options {
                    quiet: true,
                    ..options.clone()
                };
                let bundled = options.starter.then(starter::bundled);
                let trained = train_with(&older, bundled, &quiet, &mut |_, _| {})?;
                Ok(score(&trained.model, &newest))
            };
            Some(Paired::of(&scored(options)?, &scored(&old)?))
        }
        None => None,
    };
    Ok(Some(Against {
        model: active.id,
        newest: Some(Metrics::of(&score(&model, &newest))),
        refused: recipes.is_some_and(|paired| paired.is_worse())
            || collapsed(model.report(), report),
        recipes,
    }))
}

/// Whether a new model knows the newest labels hardly better than chance, though the one in use knew
/// those of its time: labels that were turned round by a bad import, say. A person must see that.
fn collapsed(old: &Report, new: &Report) -> bool {
    match (old.newest, new.newest) {
        (Some(old), Some(new)) => old.metrics.auc > CHANCE + 0.2 && new.metrics.auc < CHANCE + 0.1,
        _ => false,
    }
}

/// The AUC of guessing.
const CHANCE: f64 = 0.5;

/// How the model in use was trained, if that differs from how one is trained now. The starter alone
/// has no recipe.
fn recipe(report: &Report, options: &Options) -> Option<Options> {
    if report.own_labels() == 0 || report.vocabulary_limit == 0 {
        return None;
    }
    let old = Options {
        vocabulary: report.vocabulary_limit as usize,
        folds: report.folds as usize,
        seed: report.seed,
        starter: report.starter_spam + report.starter_ham > 0,
        ..options.clone()
    };
    let same = old.vocabulary == options.vocabulary
        && old.folds == options.folds
        && old.starter == options.starter;
    (!same).then_some(old)
}

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Stored, and in use.
    InUse(ModelId),
    /// Stored, but worse than the one in use.
    Refused(ModelId),
    /// The very same as the one in use: nothing was stored.
    Same(ModelId),
}

/// Stores a candidate and puts it into use, unless the guard refuses it and nobody insists. To be
/// called in a write transaction.
pub fn keep(db: &mut Db, candidate: &Candidate, force: bool) -> QueryResult<Kept> {
    dialect::lock(db, "models")?;
    let bytes = candidate.model.to_bytes();
    let active = StoredModel::active(db)?;
    read_until(db, candidate.read_at)?;
    let same = active.filter(|active| active.sha256 == secret::sha256_bytes(&bytes));
    // One that was damaged since is replaced by its like.
    if let Some(same) = same
        && StoredModel::read(db, same.id).is_ok()
    {
        return Ok(Kept::Same(same.id));
    }
    let id = store(db, candidate, None)?;
    let refused = candidate.is_refused() && !force;
    if !refused {
        StoredModel::activate(db, id)?;
    }
    let detail = format!(
        "model {id} from {} own labels: {}{}",
        candidate.model.report().own_labels(),
        candidate.facts.because,
        if refused {
            "; worse than the one in use or no better than chance, so not put into use"
        } else {
            ""
        }
    );
    Act {
        act: "retrain",
        detail: &detail,
        ..Act::default()
    }
    .write(db)?;
    Ok(if refused {
        Kept::Refused(id)
    } else {
        Kept::InUse(id)
    })
}

/// Keeps a model. It is used only once it is activated.
pub fn store(db: &mut Db, candidate: &Candidate, by: Option<UserId>) -> QueryResult<ModelId> {
    let bytes = candidate.model.to_bytes();
    let json = |value: serde_json::Result<String>| {
        value.map_err(|error| diesel::result::Error::SerializationError(error.into()))
    };
    let report = candidate.model.report();
    let (spam, ham) = match candidate.kind {
        ModelKind::Starter => (0, 0),
        ModelKind::Trained => (report.own_spam as i32, report.own_ham as i32),
    };
    diesel::insert_into(models::table)
        .values((
            models::kind.eq(candidate.kind),
            models::features_version.eq(FEATURES_VERSION as i32),
            models::sha256.eq(secret::sha256_bytes(&bytes)),
            models::bytes.eq(bytes),
            models::report.eq(json(serde_json::to_string(report))?),
            models::spam_labels.eq(spam),
            models::ham_labels.eq(ham),
            models::active.eq(false),
            models::created_by.eq(by),
            // Verdicts that came while it trained count as new.
            models::created_at.eq(candidate.read_at),
            models::facts.eq(json(serde_json::to_string(&candidate.facts))?),
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
    let Some(StoredModel { id, .. }) = StoredModel::active(db)? else {
        return Ok(None);
    };
    let model = StoredModel::read(db, id)?;
    Ok(Some(ActiveModel { id, model }))
}

/// The newest model that can be read, whichever is active: for a start with a damaged one.
pub fn last_good(db: &mut Db) -> QueryResult<Option<ActiveModel>> {
    for stored in StoredModel::all(db)?.into_iter().filter(StoredModel::fits) {
        match StoredModel::read(db, stored.id) {
            Ok(model) => {
                let id = stored.id;
                return Ok(Some(ActiveModel { id, model }));
            }
            Err(LoadError::Database(error)) => return Err(error),
            Err(LoadError::Broken { .. }) => {}
        }
    }
    Ok(None)
}

/// On the first day there is no model: the bundled starter stands in, marked as such. After an
/// upgrade that changed the features, the new starter takes over from the old one.
pub fn ensure_starter(db: &mut Db) -> QueryResult<bool> {
    dialect::lock(db, "models")?;
    let any: Option<ModelId> = models::table.select(models::id).first(db).optional()?;
    let active = StoredModel::active(db)?;
    let outdated = active.is_some_and(|m| m.kind == ModelKind::Starter && !m.fits());
    if any.is_some() && !outdated {
        return Ok(false);
    }
    let candidate = Candidate {
        model: Model::starter(),
        kind: ModelKind::Starter,
        facts: Facts {
            because: "the starter that came with Potluck".into(),
            ..Facts::default()
        },
        read_at: now(),
    };
    let id = store(db, &candidate, None)?;
    StoredModel::activate(db, id)?;
    Ok(true)
}

/// The mark of the last training that ended: labels up to then were read.
const LABELS_READ: &str = "labels read";

fn read_until(db: &mut Db, at: NaiveDateTime) -> QueryResult<()> {
    both!(db, conn => diesel::insert_into(marks::table)
        .values((marks::name.eq(LABELS_READ), marks::at.eq(at)))
        .on_conflict(marks::name)
        .do_update()
        .set(marks::at.eq(at))
        .execute(conn))
    .map(|_| ())
}

/// Up to when labels were read by a training; not the age of a model, for an older one may be in use
/// and a training that changes nothing makes none.
fn last_read(db: &mut Db) -> QueryResult<Option<NaiveDateTime>> {
    let mark: Option<NaiveDateTime> = marks::table
        .find(LABELS_READ)
        .select(marks::at)
        .get_result(db)
        .optional()?;
    if mark.is_some() {
        return Ok(mark);
    }
    // Trained by a version that kept no mark.
    models::table
        .filter(models::kind.eq(ModelKind::Trained))
        .order(models::id.desc())
        .select(models::created_at)
        .first(db)
        .optional()
}

/// Labels given, taken back, imported or dropped since the last training.
pub fn new_labels(db: &mut Db) -> QueryResult<i64> {
    let since = last_read(db)?.unwrap_or_default();
    let dropped: i64 = imported_labels::table
        .filter(imported_labels::dropped_at.gt(since))
        .count()
        .get_result(db)?;
    let given: i64 = verdicts::table
        .filter(verdicts::created_at.gt(since))
        .filter(
            verdicts::label
                .is_not_null()
                .and(verdicts::undone_at.is_null()),
        )
        .count()
        .get_result(db)?;
    let undone: i64 = verdicts::table
        .filter(verdicts::undone_at.gt(since))
        .filter(
            verdicts::label
                .is_not_null()
                .and(verdicts::created_at.le(since)),
        )
        .count()
        .get_result(db)?;
    let imports: Vec<(i32, i32)> = label_imports::table
        .filter(
            label_imports::created_at
                .gt(since)
                .and(label_imports::undone_at.is_null())
                .or(label_imports::created_at
                    .le(since)
                    .and(label_imports::undone_at.gt(since))),
        )
        .select((label_imports::spam, label_imports::ham))
        .load(db)?;
    let imported: i64 = imports.iter().map(|(s, h)| i64::from(s + h)).sum();
    Ok(given + undone + imported + dropped)
}

/// Whether it is time to train without being asked, and why.
pub fn due(db: &mut Db, settings: &Settings, at: NaiveDateTime) -> QueryResult<Option<String>> {
    let active = StoredModel::active(db)?;
    if active.is_some_and(|model| !model.fits()) {
        return Ok(Some("an upgrade changed the features".into()));
    }
    let new = new_labels(db)?;
    if new == 0 {
        return Ok(None);
    }
    if settings.retrain_after > 0 && new >= settings.retrain_after {
        return Ok(Some(format!("{new} new labels")));
    }
    let Ok(hour) = u32::try_from(settings.retrain_hour) else {
        return Ok(None);
    };
    let night = NaiveTime::from_hms_opt(hour.min(23), 0, 0).unwrap_or_default();
    let mut last_night = at.date().and_time(night);
    if last_night > at {
        last_night -= Duration::days(1);
    }
    // Before the first training, since the starter was put in.
    let since = match last_read(db)? {
        Some(read) => Some(read),
        None => models::table
            .order(models::id.desc())
            .select(models::created_at)
            .first(db)
            .optional()?,
    };
    let slept = since.is_none_or(|since| since < last_night);
    Ok(slept.then(|| format!("the night's training, {new} new labels")))
}

impl StoredModel {
    /// Newest first, those before a given one.
    pub fn page(
        db: &mut Db,
        before: Option<ModelId>,
        most: usize,
    ) -> QueryResult<Vec<StoredModel>> {
        let mut query = models::table
            .order(models::id.desc())
            .limit(most as i64)
            .select(StoredModel::as_select())
            .into_boxed();
        if let Some(before) = before {
            query = query.filter(models::id.lt(before));
        }
        query.load(db)
    }
}
