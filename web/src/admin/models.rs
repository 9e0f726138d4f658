//! Every model that was ever trained: retrain, go back to an earlier one.

use crate::app::App;
use crate::cli::retrain as training;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page};
use crate::moderation::filter::Listed;
use crate::session::Admin;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::{ModelId, UserId};
use potluck_models::moderation::log::Act;
use potluck_models::moderation::queue;
use potluck_models::spam::training::StoredModel;
use potluck_models::{Db, QueryResult};
use std::sync::Mutex;

/// The retraining of this server, of which there is at most one at a time.
#[derive(Default)]
pub struct Training(Mutex<Progress>);

#[derive(Clone, Default)]
struct Progress {
    running: bool,
    /// The last thing it said.
    step: String,
    /// Why the last one failed.
    fault: Option<String>,
}

impl Training {
    fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn is_running(&self) -> bool {
        self.progress().running
    }

    /// False when one is running already.
    fn begin(&self) -> bool {
        let mut progress = self.progress();
        if progress.running {
            return false;
        }
        *progress = Progress {
            running: true,
            ..Progress::default()
        };
        true
    }

    fn end(&self, fault: Option<String>) {
        *self.progress() = Progress {
            fault,
            ..Progress::default()
        };
    }
}

#[derive(Template)]
#[template(path = "admin/models.html")]
struct ModelsPage {
    layout: Layout,
    models: Vec<Listed>,
    labels: (i64, i64),
    progress: Progress,
}

pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    _admin: Admin,
) -> Result<HttpResponse, Error> {
    let (models, labels) = app
        .read(|db: &mut Db| -> QueryResult<_> { Ok((Listed::all(db)?, queue::labels(db)?)) })
        .await?;
    let progress = app.training.progress().clone();
    page(&ModelsPage {
        layout: Layout::new(&req),
        models,
        labels,
        progress,
    })
}

pub async fn retrain(
    app: web::Data<App>,
    admin: Admin,
    _form: Form,
) -> Result<HttpResponse, Error> {
    if app.training.begin() {
        tokio::spawn(train(app.clone(), admin.0.user.id));
    }
    Ok(see_other("/admin/models?said=retrain"))
}

/// Out of the request's way: the work is a child process, its words are read on a thread.
async fn train(app: web::Data<App>, by: UserId) {
    log(&app, by, "retrain", "started from the page".into()).await;
    let watched = app.clone();
    let outcome = tokio::task::spawn_blocking(move || {
        let child = training::child(&watched.config, false)?;
        training::follow(
            child,
            |step| watched.training.progress().step = step.into(),
            |_| {},
        )
    })
    .await;
    let fault = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{error:#}")),
        Err(error) => Some(error.to_string()),
    };
    match &fault {
        // The child logged its model; this process takes it over at once.
        None => {
            crate::filter::reload(&app).await;
        }
        Some(fault) => {
            tracing::error!("retraining failed: {fault}");
            log(&app, by, "retrain failed", fault.clone()).await;
        }
    }
    app.training.end(fault);
}

async fn log(app: &App, by: UserId, act: &'static str, detail: String) {
    let written = app
        .write(move |db: &mut Db| -> QueryResult<usize> {
            Act {
                actor: Some(by),
                act,
                detail: &detail,
                ..Act::default()
            }
            .write(db)
        })
        .await;
    if let Err(error) = written {
        tracing::error!("cannot write the log: {error}");
    }
}

pub async fn activate(
    app: web::Data<App>,
    admin: Admin,
    path: web::Path<i64>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let (id, by) = (ModelId(path.into_inner()), admin.0.user.id);
    let listed = app.read(Listed::all).await?;
    let model = listed.iter().find(|listed| listed.model.id == id);
    if !model.ok_or(Error::NotFound)?.fits() {
        return Err(Error::Forbidden(
            "This model was made for another version of Potluck. It is kept, but cannot score."
                .into(),
        ));
    }
    app.write(move |db: &mut Db| -> QueryResult<()> {
        StoredModel::activate(db, id)?;
        let detail = format!("model {id}");
        Act {
            actor: Some(by),
            act: "activate",
            detail: &detail,
            ..Act::default()
        }
        .write(db)
        .map(|_| ())
    })
    .await?;
    crate::filter::reload(&app).await;
    Ok(see_other("/admin/models?said=activated"))
}
