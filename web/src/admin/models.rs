//! Every model that was ever trained: retrain, go back to an earlier one; and the imports that
//! taught them.

use crate::app::App;
use crate::cli::retrain::{Busy, Job, Retrain};
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::jobs::training::follow;
use crate::layout::{Layout, page};
use crate::moderation::desk::own_labels;
use crate::moderation::filter::listed::Listed;
use crate::session::Admin;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::{ImportId, ModelId};
use potluck_models::label::Import;
use potluck_models::lease::Lease;
use potluck_models::moderation::log::Act;
use potluck_models::spam::training::{self, LEASE, LoadError, StoredModel};
use potluck_models::{Db, QueryResult};
use serde::Deserialize;

/// Models of a page.
const PAGE: usize = 50;

#[derive(Deserialize)]
pub struct From {
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "admin/models.html")]
struct ModelsPage {
    layout: Layout,
    models: Vec<Listed>,
    next: Option<ModelId>,
    is_first: bool,
    active: Option<ModelId>,
    labels: (i64, i64),
    new_labels: i64,
    /// What is being done now, if a training runs on any node.
    running: Option<String>,
    /// Why the last one failed.
    fault: Option<String>,
}

impl ModelsPage {
    /// "scoring fold by fold: 45 %" as words and a number for the bar.
    fn step<'a>(&self, running: &'a str) -> (&'a str, u8) {
        let (name, share) = running.rsplit_once(": ").unwrap_or((running, ""));
        (name, share.trim_end_matches(" %").parse().unwrap_or(0))
    }

    /// An earlier model is used again; a refused or newer one for the first time.
    fn verb(&self, listed: &Listed) -> &'static str {
        if listed.refused_for().is_some() {
            "Use anyway"
        } else if self
            .active
            .is_some_and(|active| active.0 > listed.model.id.0)
        {
            "Go back to it"
        } else {
            "Use it"
        }
    }
}

pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    _admin: Admin,
    from: Query<From>,
) -> Result<HttpResponse, Error> {
    let before = from.0.before.map(ModelId);
    let ((models, next), active, labels, new_labels, lease) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            Ok((
                Listed::page(db, before, PAGE)?,
                StoredModel::active(db)?.map(|model| model.id),
                own_labels(db)?,
                training::new_labels(db)?,
                Lease::find(db, LEASE)?,
            ))
        })
        .await?;
    let running = lease.as_ref().filter(|lease| lease.is_held());
    let fault = match &lease {
        Some(lease) if lease.rests() => Some(lease.note.clone()),
        Some(lease) if lease.broke_off() => Some(format!(
            "it broke off without a word ({}); perhaps its machine was stopped",
            lease.note
        )),
        _ => None,
    };
    page(&ModelsPage {
        layout: Layout::new(&req),
        models,
        next,
        is_first: before.is_none(),
        active,
        labels,
        new_labels,
        running: running.map(|lease| lease.note.clone()),
        fault,
    })
}

/// Out of the request's way: the work is a child process, which holds the lease from here on.
pub async fn retrain(
    app: web::Data<App>,
    admin: Admin,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let because = format!("asked for by {}", admin.0.user.username);
    let config = app.config.clone();
    let begun = actix_web::web::block(move || {
        Job::begin(&config, &config.program, Retrain::for_server(&because))
    })
    .await
    .map_err(|error| Error::internal(error.into()))?;
    match begun {
        Ok(job) => {
            tokio::spawn(follow(app.into_inner(), job));
        }
        // The page shows how far it is.
        Err(error) if error.is::<Busy>() => {}
        Err(error) => return Err(Error::internal(error)),
    }
    Ok(see_other("/admin/models?said=retrain"))
}

pub async fn activate(
    app: web::Data<App>,
    admin: Admin,
    path: web::Path<i64>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let (id, by) = (ModelId(path.into_inner()), admin.0.user.id);
    let model = app.read(move |db| StoredModel::find(db, id)).await?;
    if !model.ok_or(Error::NotFound)?.fits() {
        return Err(Error::Forbidden(
            "This model was made for another version of Potluck. It is kept, but cannot score."
                .into(),
        ));
    }
    // One that cannot be read must not take the place of one that can.
    let read = app
        .read(move |db: &mut Db| -> Result<_, Error> { Ok(StoredModel::read(db, id)) })
        .await?;
    match read {
        Ok(_) => {}
        Err(LoadError::Broken { error, .. }) => {
            return Err(Error::Forbidden(format!(
                "Model {id} cannot be used: {error}. {}",
                if app.filter().is_some() {
                    "The model in use stays."
                } else {
                    "Rules go on deciding."
                }
            )));
        }
        Err(LoadError::Database(error)) => return Err(error.into()),
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

/// Takes back all that a file taught.
pub async fn undo_import(
    app: web::Data<App>,
    admin: Admin,
    path: web::Path<i64>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let (id, by) = (ImportId(path.into_inner()), admin.0.user.id);
    let undone = app
        .write(move |db: &mut Db| -> QueryResult<_> {
            match Import::find(db, id)? {
                Some(_) => Import::undo(db, id, Some(by)).map(Some),
                None => Ok(None),
            }
        })
        .await?;
    let said = match undone.ok_or(Error::NotFound)? {
        true => "import-undone",
        false => "nothing",
    };
    Ok(see_other(format!("/moderation/filter?said={said}#imports")))
}
