//! What the site asks of others, beside the requests: forges for the releases of projects that follow
//! them, and the pages that profiles link to for a link back. One question after the other.

use crate::app::App;
use crate::error::Error;
use crate::fetch::{Answer, Fault, Known, Page, Question};
use crate::rel_me;
use actix_web::web;
use potluck_models::account::User;
use potluck_models::db::ItemId;
use potluck_models::forge::answers::{self, Release as Found};
use potluck_models::forge::follow::{self, Follow, News};
use potluck_models::forge::taking::{self, Barred, Took};
use potluck_models::proof;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How soon a button is noticed.
const LOOK: Duration = Duration::from_secs(1);
/// How often profiles are looked through for links of before there were proofs.
const FILL: Duration = Duration::from_secs(3_600);
/// Bytes of a forge's answer, and of a page.
const MOST_OF_A_FORGE: usize = 2 * 1024 * 1024;
const MOST_OF_A_PAGE: usize = 1024 * 1024;

/// Asks whenever something is due, until the process ends.
pub async fn watch(app: Arc<App>) {
    let mut filled: Option<Instant> = None;
    loop {
        // In turn: neither keeps the other waiting.
        let mut busy = false;
        match ask_forge(&app).await {
            Ok(asked) => busy |= asked,
            Err(error) => tracing::warn!("asking a forge failed: {error}"),
        }
        if proves(&app) {
            if filled.is_none_or(|at| at.elapsed() > FILL) {
                filled = Some(Instant::now());
                if let Err(error) = fill(&app).await {
                    tracing::warn!("looking for links to prove failed: {error}");
                }
            }
            match look_at_link(&app).await {
                Ok(looked) => busy |= looked,
                Err(error) => tracing::warn!("looking for a link back failed: {error}"),
            }
        }
        if !busy {
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn agent(app: &App) -> String {
    format!("Potluck/{} (+{})", env!("CARGO_PKG_VERSION"), app.url())
}

/// Asks off the request threads.
pub(super) async fn ask(
    app: &App,
    url: String,
    accept: &'static str,
    known: Known,
    (most, www): (usize, bool),
) -> Result<Result<Answer, Fault>, Error> {
    let (fetcher, agent) = (app.fetcher(), agent(app));
    web::block(move || {
        fetcher.ask(&Question {
            url: &url,
            accept,
            known: &known,
            most,
            www,
            agent: &agent,
        })
    })
    .await
    .map_err(|error| Error::internal(error.into()))
}

// ---- Forges ----

/// What a part of the asking came to.
enum Part<T> {
    Same,
    New(T, String),
    Failed(String, Option<Duration>),
}

/// Asks one forge, if one is due; gives whether it did.
pub async fn ask_forge(app: &App) -> Result<bool, Error> {
    if !app.read(follow::is_due).await? {
        return Ok(false);
    }
    let Some(follow) = app.write(follow::claim).await? else {
        return Ok(false);
    };
    let (asked, others) = (follow.clone(), app.settings().forges.clone());
    let author = match app.read(move |db| taking::may(db, &asked, &others)).await? {
        Ok(author) => author,
        Err(barred) => {
            app.write(move |db| match barred {
                Barred::Rest => follow::rest(db, &follow).map(|_| ()),
                Barred::Stop(why) => follow::stop(db, &follow, &why).map(|_| ()),
                Barred::Later(why) => follow::failed(db, &follow, &why, None),
            })
            .await?;
            return Ok(true);
        }
    };
    let repository = follow.repository();
    let mut news = News {
        said: follow.said.clone(),
        known_releases: None,
        known_changes: None,
        changes: None,
    };
    let mut failed: Option<(String, Option<Duration>)> = None;
    let releases = ask_part(app, repository.releases(), &follow.known_releases, |page| {
        answers::releases(&repository, &page.body)
    })
    .await?;
    // Whoever asks us to wait is not asked the second thing.
    let mut wait = releases.1;
    match releases.0 {
        Part::Same => {
            if follow.is_new() {
                news.said = "Nothing new came.".into();
            }
        }
        Part::New(all, known) => {
            let took = take_all(app, &follow, &author, all).await?;
            let is_first = follow.came_at.is_none();
            let is_news = is_first
                || took
                    .iter()
                    .any(|one| !matches!(one, Took::Same | Took::Theirs));
            if is_news || follow.is_new() {
                news.said = taking::told(&took, is_first);
            }
            if taking::is_whole(&took) {
                news.known_releases = Some(known);
            }
        }
        Part::Failed(why, later) => failed = Some((why, later)),
    }
    if failed.is_none() && follow.shows_changes && wait.is_none() {
        let changes = ask_part(app, repository.changes(), &follow.known_changes, |page| {
            answers::changes(&repository, &page.body)
        })
        .await?;
        wait = changes.1;
        match changes.0 {
            Part::Same => {}
            Part::New(changes, known) => {
                let intake = app.intake_of_ours();
                let held = taking::look_at_changes(&intake.context(), &author, &changes);
                news.changes = Some((changes, held));
                news.known_changes = Some(known);
            }
            Part::Failed(why, later) => failed = Some((why, later)),
        }
    }
    app.write(move |db| -> potluck_models::QueryResult<()> {
        let span = |wait: Duration| chrono::Duration::from_std(wait).unwrap_or_default();
        match &failed {
            None => follow::came(db, &follow, &news)?,
            Some((why, later)) => {
                follow::note(db, &follow, &news)?;
                follow::failed(db, &follow, why, later.map(span))?;
            }
        }
        let asks_to_wait = failed.and_then(|(_, later)| later).or(wait);
        if let Some(wait) = asks_to_wait {
            follow::let_host_rest(db, &follow, span(wait))?;
        }
        Ok(())
    })
    .await?;
    Ok(true)
}

/// One answer, read; and how long the host wants to rest, though it answered.
async fn ask_part<T>(
    app: &App,
    url: String,
    known: &str,
    read: impl FnOnce(&Page) -> Result<T, answers::Unreadable>,
) -> Result<(Part<T>, Option<Duration>), Error> {
    let known: Known = serde_json::from_str(known).unwrap_or_default();
    let answer = ask(
        app,
        url,
        "application/json",
        known,
        (MOST_OF_A_FORGE, false),
    )
    .await?;
    Ok(match answer {
        Ok(Answer::Same(rest)) => (Part::Same, rest),
        Ok(Answer::Page(page)) => match read(&page) {
            Ok(found) => {
                let known = serde_json::to_string(&page.known).unwrap_or_default();
                (Part::New(found, known), page.rest)
            }
            Err(error) => {
                let host = page.url.host_str().unwrap_or("It");
                (
                    Part::Failed(format!("{host} answered, but {error}."), None),
                    page.rest,
                )
            }
        },
        Err(fault) => (Part::Failed(fault.to_string(), fault.wait()), None),
    })
}

/// Each release in a transaction of its own, the oldest first: nobody's own text waits long, and a
/// kill in between costs nothing, since the next time goes on.
async fn take_all(
    app: &App,
    follow: &Follow,
    author: &User,
    all: Vec<Found>,
) -> Result<Vec<Took>, Error> {
    let mut took = Vec::with_capacity(all.len());
    for found in all.iter().rev() {
        let (follow, author, found) = (follow.clone(), author.clone(), found.clone());
        let intake = app.intake_of_ours();
        let one = app
            .write(move |db| taking::take_in(db, &intake.context(), &follow, &author, &found))
            .await?;
        took.push(one);
    }
    let follow = follow.clone();
    app.write(move |db| taking::note_gone(db, &follow, &all))
        .await?;
    Ok(took)
}

// ---- Links of profiles ----

/// Without a public address nobody can link back.
fn proves(app: &App) -> bool {
    app.config.is_https()
}

async fn fill(app: &App) -> Result<(), Error> {
    let mut after = Some(ItemId(0));
    while let Some(from) = after {
        after = app.write(move |db| proof::fill(db, from)).await?;
    }
    Ok(())
}

/// Looks at one page, if one is due; gives whether it did.
pub async fn look_at_link(app: &App) -> Result<bool, Error> {
    if !app.read(proof::is_due).await? {
        return Ok(false);
    }
    let Some((link, username)) = app.write(proof::claim).await? else {
        return Ok(false);
    };
    let own = format!("{}/people/{username}", app.url());
    let accept = "text/html, application/xhtml+xml;q=0.9";
    let most = (MOST_OF_A_PAGE, true);
    let answer = ask(app, link.url.clone(), accept, Known::default(), most).await?;
    let found = match answer {
        Ok(Answer::Page(page)) => match rel_me::leads_to(&page, &own) {
            true => proof::Found::Back,
            false => proof::Found::Nothing("The page there does not link back here.".into()),
        },
        // Nothing was known of it.
        Ok(Answer::Same(_)) => proof::Found::Nothing("The page there is empty.".into()),
        Err(fault) if fault.passes() => {
            let wait = fault
                .wait()
                .and_then(|wait| chrono::Duration::from_std(wait).ok());
            proof::Found::Unknown(fault.to_string(), wait)
        }
        Err(fault) => proof::Found::Nothing(fault.to_string()),
    };
    app.write(move |db| proof::store(db, &link, &found)).await?;
    Ok(true)
}
