//! Training without being asked: at night, after enough verdicts, after an upgrade. And what follows
//! a new model: held texts are judged again.

use crate::app::App;
use crate::cli::retrain::{Busy, Job, Retrain};
use crate::error::Error;
use potluck_models::db::{Db, now};
use potluck_models::lease::Lease;
use potluck_models::moderation::drift;
use potluck_models::moderation::rescore::Rescore;
use potluck_models::spam::training::{self, LEASE, LoadError, StoredModel};
use std::sync::Arc;
use std::time::Duration;

/// How often it is asked whether training is due.
const LOOK: Duration = Duration::from_secs(20);

/// Trains whenever it is due, until the process ends. Of several nodes, the one that takes the lease.
pub async fn watch(app: Arc<App>) {
    loop {
        tokio::time::sleep(LOOK).await;
        match due(&app).await {
            Ok(Some(because)) => {
                tracing::info!("training the filter: {because}");
                train(app.clone(), because).await;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!("cannot see whether training is due: {error}"),
        }
    }
}

async fn due(app: &App) -> Result<Option<String>, Error> {
    let (settings, loaded) = (app.settings(), app.filter().map(|active| active.id));
    app.read(move |db: &mut Db| -> potluck_models::QueryResult<_> {
        let lease = Lease::find(db, LEASE)?;
        if lease.is_some_and(|lease| lease.is_held() || lease.rests()) {
            return Ok(None);
        }
        if let Some(because) = training::due(db, &settings, now())? {
            return Ok(Some(because));
        }
        // It could not be loaded: perhaps it is only not loaded yet.
        let active = StoredModel::active(db)?.map(|model| model.id);
        let Some(id) = active.filter(|active| Some(*active) != loaded) else {
            return Ok(None);
        };
        match StoredModel::read(db, id) {
            Err(LoadError::Database(error)) => Err(error),
            Err(broken) => Ok(Some(broken.to_string())),
            Ok(_) => Ok(None),
        }
    })
    .await
}

async fn train(app: Arc<App>, because: String) {
    let of = app.clone();
    let begun = tokio::task::spawn_blocking(move || {
        Job::begin(
            &of.config,
            &of.config.program,
            Retrain::for_server(&because),
        )
    })
    .await;
    match begun {
        Ok(Ok(job)) => follow(app, job).await,
        // Another node was quicker.
        Ok(Err(error)) if error.is::<Busy>() => {}
        Ok(Err(error)) => tracing::error!("{error:#}"),
        Err(error) => tracing::error!("{error}"),
    }
}

/// Waits for a training to end and takes its model over; the other nodes notice within a second.
/// A failure is kept with the lease, for the page of administrators.
pub async fn follow(app: Arc<App>, job: Job) {
    match tokio::task::spawn_blocking(move || job.follow(|_| {}, |_| {})).await {
        Ok(Ok(())) => {
            crate::filter::reload(&app).await;
        }
        Ok(Err(error)) => tracing::error!("{error:#}"),
        Err(error) => tracing::error!("{error}"),
    }
}

/// Judges held texts again, a few in each transaction, so that nobody waits for it.
pub async fn rescore(app: &App, mut next: Rescore) -> Result<(), Error> {
    let mut active = app.filter();
    if active.as_ref().is_none_or(|active| active.id != next.model) {
        // This process may not have noticed the new model yet.
        crate::filter::reload(app).await;
        active = app.filter();
    }
    // Another was activated since: its own job follows.
    let Some(active) = active.filter(|active| active.id == next.model) else {
        return Ok(());
    };
    loop {
        let (step, model) = (next.clone(), active.clone());
        match app.write(move |db| step.step(db, &model)).await? {
            Some(more) => next = more,
            None => return Ok(()),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Counts the weeks that have ended since the last look.
pub async fn count_weeks(app: &App) -> Result<(), Error> {
    for week in app.read(drift::uncounted).await? {
        let counted = app.read(move |db| drift::count(db, week)).await?;
        app.write(move |db| counted.store(db)).await?;
    }
    Ok(())
}
