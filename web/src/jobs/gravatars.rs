//! Asks Gravatar for the pictures of people who have none here, where the setting allows it.

use super::outside::ask;
use crate::app::App;
use crate::error::Error;
use crate::fetch::{Answer, Known};
use crate::picture::{self, Sizes};
use actix_web::web;
use potluck_models::db::UserId;
use potluck_models::gravatar::{self, Came, Claim};
use std::sync::Arc;
use std::time::{Duration, Instant};

const MOST: usize = 2 * 1024 * 1024;

/// How soon the setting is noticed, and how often those who came since are asked for.
const LOOK: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_secs(3_600);

/// Until the process ends.
pub async fn watch(app: Arc<App>) {
    let mut looked: Option<Instant> = None;
    loop {
        tokio::time::sleep(LOOK).await;
        if !app.settings().gravatar {
            looked = None;
        } else if looked.is_none_or(|at| at.elapsed() > AGAIN) {
            looked = Some(Instant::now());
            if let Err(error) = look(&app).await {
                tracing::warn!("asking {} failed: {error}", gravatar::HOST);
            }
        }
    }
}

/// Goes through those that are due, one question after the other. Of several processes each asks for others.
async fn look(app: &App) -> Result<(), Error> {
    loop {
        let due = app.read(gravatar::due).await?;
        if due.is_empty() {
            return Ok(());
        }
        for (user, email) in due {
            if !app.settings().gravatar {
                return Ok(());
            }
            match app.write(move |db| gravatar::claim(db, user)).await? {
                Claim::Off => return Ok(()),
                Claim::Taken => continue,
                Claim::Ours => {}
            }
            if !one(app, user, &email).await? {
                return Ok(());
            }
        }
    }
}

/// False: it does not answer, so the others are asked for another time.
async fn one(app: &App, user: UserId, email: &str) -> Result<bool, Error> {
    let accept = "image/webp, image/png, image/jpeg;q=0.9";
    let answer = ask(
        app,
        gravatar::url(email),
        accept,
        Known::default(),
        (MOST, true),
    )
    .await?;
    let (came, sizes) = match answer {
        Ok(Answer::Page(page)) => match picture::take_face(app, page.body).await? {
            Ok(sizes) => {
                let sizes = keep(app, sizes).await?;
                let size = (sizes.width, sizes.height);
                let came = Came::Picture(sizes.key.clone(), sizes.extension.into(), size);
                (came, Some(sizes))
            }
            // No picture that we read.
            Err(_) => (Came::Nothing, None),
        },
        Ok(Answer::Same(_)) => (Came::Nothing, None),
        Err(fault) if fault.passes() => {
            tracing::info!("{} does not answer: {fault}", gravatar::HOST);
            return Ok(false);
        }
        Err(_) => (Came::Nothing, None),
    };
    let stored = app.write(move |db| gravatar::store(db, user, &came)).await;
    let uploads = &app.config.uploads;
    match stored {
        Ok(Some((key, extension))) => picture::remove(uploads, &key, &extension),
        Ok(None) => {}
        Err(error) => {
            if let Some(sizes) = sizes {
                picture::remove(uploads, &sizes.key, sizes.extension);
            }
            return Err(error);
        }
    }
    Ok(true)
}

async fn keep(app: &App, sizes: Sizes) -> Result<Sizes, Error> {
    let uploads = app.config.uploads.clone();
    web::block(move || sizes.store(&uploads).map(|()| sizes))
        .await
        .map_err(|error| Error::internal(error.into()))?
        .map_err(|error| {
            Error::internal(anyhow::Error::new(error).context("cannot store a picture"))
        })
}
