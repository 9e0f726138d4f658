//! Every model that was ever trained: retrain, go back to an earlier one.

use crate::app::App;
use crate::cli::retrain::{Busy, Job, Retrain};
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::jobs::training::follow;
use crate::layout::{Layout, page};
use crate::moderation::filter::Listed;
use crate::session::Admin;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::ModelId;
use potluck_models::lease::Lease;
use potluck_models::moderation::log::Act;
use potluck_models::moderation::queue;
use potluck_models::spam::training::{LEASE, StoredModel};
use potluck_models::{Db, QueryResult};

#[derive(Template)]
#[template(path = "admin/models.html")]
struct ModelsPage {
    layout: Layout,
    models: Vec<Listed>,
    labels: (i64, i64),
    /// What is being done now, if a training runs on any node.
    running: Option<String>,
    /// Why the last one failed.
    fault: Option<String>,
}

pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    _admin: Admin,
) -> Result<HttpResponse, Error> {
    let (models, labels, lease) = app
        .read(|db: &mut Db| -> QueryResult<_> {
            Ok((
                Listed::all(db)?,
                queue::labels(db)?,
                Lease::find(db, LEASE)?,
            ))
        })
        .await?;
    let running = lease.as_ref().filter(|lease| lease.is_held());
    let failed = lease.as_ref().filter(|lease| lease.rests());
    page(&ModelsPage {
        layout: Layout::new(&req),
        models,
        labels,
        running: running.map(|lease| lease.note.clone()),
        fault: failed.map(|lease| lease.note.clone()),
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
