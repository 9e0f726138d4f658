//! What runs beside the requests: queued jobs, the watch for changes of other processes, sweeping.

pub mod answers;
pub mod digest;
pub mod gravatars;
pub mod joins;
pub mod notices;
pub mod outside;
pub mod steps;
pub mod training;

use crate::app::App;
use crate::error::Error;
use crate::mail::{self, Letter, Mailer};
use crate::moderation::{batches, letters};
use crate::picture;
use potluck_models::QueryResult;
use potluck_models::account::User;
use potluck_models::db::{Db, ItemId, SanctionId, dialect, now};
use potluck_models::failure::telling;
use potluck_models::job::Job;
use potluck_models::join;
use potluck_models::moderation::campaign;
use potluck_models::moderation::measures;
use potluck_models::moderation::rule;
use potluck_models::moderation::sanction::{self, Sanction};
use potluck_models::moderation::{appeal, bulk, claim, letters as verdict_letters, report};
use potluck_models::notice;
use potluck_models::picture::Picture;
use potluck_models::search::{self, index};
use potluck_models::settings::Settings;
use potluck_models::spam::training::RESCORE;
use potluck_models::{fairness, favourite, follow, intake, item, link, lists, rating, session};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How soon a queued mail is noticed, and what another process changed.
const TICK: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(3_600);

/// Works until the process ends: jobs as they come due.
pub async fn work(app: Arc<App>, mailer: Mailer) {
    // A verdict on many, or a telling of many, that a kill cut off goes on at once, not when its claim has run out.
    for kind in [bulk::JOB, follow::JOB, telling::JOB] {
        let resumed = app.write(move |db| Job::take_up_again(db, kind)).await;
        if let Err(error) = resumed {
            tracing::warn!("cannot look for work that was cut off: {error}");
        }
    }
    loop {
        match app_claim(&app).await {
            Ok(Some(job)) => run(&app, &mailer, &job).await,
            Ok(None) => tokio::time::sleep(TICK / 4).await,
            Err(error) => {
                tracing::error!("cannot read the job queue: {error}");
                tokio::time::sleep(10 * TICK).await;
            }
        }
    }
}

async fn app_claim(app: &App) -> Result<Option<Job>, crate::error::Error> {
    // A look without the write lock: an idle site writes nothing.
    if !app.read(Job::is_due).await? {
        return Ok(None);
    }
    app.write(Job::claim).await
}

async fn run(app: &App, mailer: &Mailer, job: &Job) {
    let outcome = match job.kind.as_str() {
        mail::JOB => match serde_json::from_str::<Letter>(&job.payload) {
            Ok(letter) => mailer
                .send(&letter)
                .await
                .map_err(|error| (error.to_string(), error.permanent)),
            Err(error) => Err((error.to_string(), true)),
        },
        RESCORE => match serde_json::from_str(&job.payload) {
            Ok(rescore) => training::rescore(app, rescore)
                .await
                .map_err(|error| (error.to_string(), false)),
            Err(error) => Err((error.to_string(), true)),
        },
        bulk::JOB => match serde_json::from_str(&job.payload) {
            Ok(batch) => batches::work(app, batch)
                .await
                .map_err(|error| (error.to_string(), false)),
            Err(error) => Err((error.to_string(), true)),
        },
        verdict_letters::JOB => match serde_json::from_str(&job.payload) {
            Ok(about) => letters::work(app, about)
                .await
                .map_err(|error| (error.to_string(), false)),
            Err(error) => Err((error.to_string(), true)),
        },
        sanction::JOB => match serde_json::from_str::<SanctionId>(&job.payload) {
            Ok(id) => tell(app, id)
                .await
                .map_err(|error| (error.to_string(), false)),
            Err(error) => Err((error.to_string(), true)),
        },
        report::JOB => match serde_json::from_str(&job.payload) {
            Ok(answered) => answers::reporters(app, answered)
                .await
                .map_err(|error| (error.to_string(), false)),
            Err(error) => Err((error.to_string(), true)),
        },
        appeal::JOB => match serde_json::from_str(&job.payload) {
            Ok((id, verdict)) => answers::author(app, id, verdict)
                .await
                .map_err(|error| (error.to_string(), false)),
            Err(error) => Err((error.to_string(), true)),
        },
        index::JOB => drain_index(app)
            .await
            .map_err(|error| (error.to_string(), false)),
        notice::JOB => match serde_json::from_str::<Vec<ItemId>>(&job.payload) {
            Ok(ids) => notices::make(app, ids)
                .await
                .map_err(|error| (error.to_string(), false)),
            Err(error) => Err((error.to_string(), true)),
        },
        follow::JOB => steps::work(app, job, follow::go_on)
            .await
            .map_err(|error| (error.to_string(), false)),
        telling::JOB => steps::work(app, job, telling::go_on)
            .await
            .map_err(|error| (error.to_string(), false)),
        join::LETTER => match serde_json::from_str(&job.payload) {
            Ok((user, id)) => joins::write(app, user, id)
                .await
                .map_err(|error| (error.to_string(), false)),
            Err(error) => Err((error.to_string(), true)),
        },
        notice::LETTER => match serde_json::from_str(&job.payload) {
            Ok((user, item)) => notices::queued_before(app, user, item)
                .await
                .map_err(|error| (error.to_string(), false)),
            Err(error) => Err((error.to_string(), true)),
        },
        other => Err((format!("no such kind of job: {other}"), true)),
    };
    let done = job.clone();
    let stored = match outcome {
        Ok(()) => app.write(move |db| done.done(db)).await,
        Err((error, permanent)) => {
            tracing::warn!(
                job = done.id,
                kind = done.kind,
                attempt = done.attempts,
                "failed: {error}"
            );
            app.write(move |db| done.failed(db, &error, permanent))
                .await
        }
    };
    if let Err(error) = stored {
        tracing::error!(
            job = job.id,
            "done, but not marked so; it may run again: {error}"
        );
    }
}

/// Writes to a person what a moderator did, unless it was undone meanwhile or they were told.
async fn tell(app: &App, id: SanctionId) -> Result<(), Error> {
    let (settings, url) = (app.settings(), app.url());
    app.write(move |db: &mut Db| -> QueryResult<()> {
        let sanction = Sanction::find(db, id)?;
        if sanction.tell(db)? {
            let user = User::find(db, sanction.user_id)?;
            Letter::sanction(
                &settings.site_name,
                &url,
                &user.username,
                &user.email,
                &sanction.sentence(),
                &sanction.reason,
            )
            .queue(db)?;
        }
        Ok(())
    })
    .await
}

/// Takes over what other processes changed: settings, and the filter after a retraining.
pub async fn watch(app: Arc<App>) {
    let mut seen = app.versions.clone();
    loop {
        tokio::time::sleep(TICK).await;
        let now = match app.read(dialect::versions).await {
            Ok(now) => now,
            Err(error) => {
                tracing::warn!("cannot look for changes: {error}");
                continue;
            }
        };
        for (name, version) in now {
            if seen.get(&name) == Some(&version) {
                continue;
            }
            let taken_over = match name.as_str() {
                "settings" => match app.read(Settings::load).await {
                    Ok(settings) => {
                        app.set_settings(settings);
                        // Its promises are the filter's thresholds.
                        crate::filter::reload(&app).await
                    }
                    Err(error) => {
                        tracing::error!("cannot read the settings: {error}");
                        false
                    }
                },
                "model" => crate::filter::reload(&app).await,
                rule::CHANGE => crate::moderation::rules::reload(&app).await,
                _ => true,
            };
            // What could not be read is tried again at the next look.
            if taken_over {
                seen.insert(name, version);
            }
        }
    }
}

/// What was deleted long enough ago: its text, and the files of its pictures.
async fn erase_deleted(app: &App) -> Result<(), Error> {
    loop {
        let erased = app.write(item::erase_deleted).await?;
        for old in &erased.pictures {
            picture::remove(&app.config.uploads, &old.key, &old.extension);
        }
        if erased.items > 0 {
            tracing::info!("erased the text of {} deleted items", erased.items);
        }
        if !erased.more {
            return Ok(());
        }
    }
}

/// Texts that a version before took in, before the queues knew their links and scripts. Short
/// transactions, so that people's own wait little; a kill in between costs one of them.
async fn record_facts(app: &App) -> Result<(), Error> {
    while app.write(item::record_facts).await? {}
    Ok(())
}

/// What the desk decided on each day of the last month; a day at a time, and of several processes one.
pub async fn count_days(app: &App) -> Result<(), Error> {
    for day in app.read(measures::uncounted).await? {
        let counted = app.read(move |db| measures::Day::count(db, day)).await?;
        app.write(move |db| counted.store(db)).await?;
    }
    Ok(())
}

/// What the search finds: the rest of large changes, texts of before there was one, and the words that
/// it may offer for mistyped ones.
async fn read_for_search(app: &App) -> Result<(), Error> {
    drain_index(app).await?;
    while app.write(index::fill).await? {}
    while app.write(index::fill_systems).await? {}
    while app.write(search::learn).await? {}
    Ok(())
}

/// What the lists of projects are ordered by. Counted without the write lock; what changed is stored.
async fn count_ranks(app: &App) -> Result<(), Error> {
    let mut counting = lists::Counting::default();
    loop {
        let start = Instant::now();
        let (changed, so_far) = app
            .read(move |db| -> QueryResult<_> { Ok((counting.step(db)?, counting)) })
            .await?;
        counting = so_far;
        match changed {
            None => return Ok(()),
            Some(changed) if changed.is_empty() => {}
            Some(changed) => app.write(move |db| lists::store(db, &changed)).await?,
        }
        give_way(start).await;
    }
}

/// Ratings that moderators may want to look at.
async fn look_for_rings(app: &App) -> Result<(), Error> {
    if let Some(found) = app.read(fairness::look).await? {
        app.write(move |db| fairness::store(db, &found)).await?;
    }
    Ok(())
}

/// What people who like a project like beside it; as the ranks, counted without the write lock.
async fn count_liked_also(app: &App) -> Result<(), Error> {
    let mut counting = favourite::Counting::default();
    loop {
        let start = Instant::now();
        let (changed, so_far) = app
            .read(move |db| -> QueryResult<_> { Ok((counting.step(db)?, counting)) })
            .await?;
        counting = so_far;
        match changed {
            None => return Ok(()),
            Some(changed) if changed.is_empty() => {}
            Some(changed) => app.write(move |db| favourite::store(db, &changed)).await?,
        }
        give_way(start).await;
    }
}

/// Between two steps of a count that takes minutes on a large site and that nobody waits for: it leaves
/// half of the database to those who read.
async fn give_way(start: Instant) {
    tokio::time::sleep(start.elapsed()).await;
}

async fn drain_index(app: &App) -> Result<(), Error> {
    while app.write(index::drain).await? {}
    Ok(())
}

/// The same, before texts were compared with one another.
async fn record_campaigns(app: &App) -> Result<(), Error> {
    while app.write(campaign::record).await? {}
    Ok(())
}

/// A process that was killed left files without a row, or a row without a project.
async fn sweep_pictures(app: &App) -> Result<(), Error> {
    const AGE: Duration = Duration::from_secs(86_400);
    let before = now() - chrono::Duration::days(1);
    app.write(move |db| Picture::forget_unused(db, before))
        .await?;
    let uploads = app.config.uploads.clone();
    if !uploads.is_dir() {
        return Ok(());
    }
    let gone = app
        .read(move |db| -> Result<usize, Error> {
            let named = Picture::keys(db)?;
            picture::orphans(&uploads, &named, AGE).map_err(|error| Error::internal(error.into()))
        })
        .await?;
    if gone > 0 {
        tracing::info!("removed {gone} files of pictures that nothing shows");
    }
    Ok(())
}

/// Forgets what no rule looks at any more.
pub async fn sweep(app: Arc<App>) {
    loop {
        let swept = app
            .write(|db| -> QueryResult<()> {
                session::Session::sweep(db)?;
                intake::limits::sweep(db)?;
                intake::address::sweep(db)?;
                link::sweep(db)?;
                claim::sweep(db)?;
                rating::counting::sweep(db)?;
                Ok(())
            })
            .await;
        if let Err(error) = swept {
            tracing::warn!("sweeping failed: {error}");
        }
        if let Err(error) = erase_deleted(&app).await {
            tracing::warn!("erasing what was deleted failed: {error}");
        }
        if let Err(error) = record_facts(&app).await {
            tracing::warn!("reading older texts for the queues failed: {error}");
        }
        if let Err(error) = record_campaigns(&app).await {
            tracing::warn!("comparing older texts failed: {error}");
        }
        if let Err(error) = read_for_search(&app).await {
            tracing::warn!("reading texts for the search failed: {error}");
        }
        if let Err(error) = count_ranks(&app).await {
            tracing::warn!("counting for the lists of projects failed: {error}");
        }
        if let Err(error) = look_for_rings(&app).await {
            tracing::warn!("looking for rings of ratings failed: {error}");
        }
        if let Err(error) = count_liked_also(&app).await {
            tracing::warn!("counting what is liked beside projects failed: {error}");
        }
        if let Err(error) = training::count_weeks(&app).await {
            tracing::warn!("counting the filter's weeks failed: {error}");
        }
        if let Err(error) = count_days(&app).await {
            tracing::warn!("counting the desk's days failed: {error}");
        }
        if let Err(error) = sweep_pictures(&app).await {
            tracing::warn!("sweeping the pictures failed: {error}");
        }
        app.swept.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(SWEEP).await;
    }
}
