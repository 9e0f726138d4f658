//! Pages of administrators.

pub mod compare;
pub mod logo;
pub mod models;
pub mod promises;
pub mod reasons;
pub mod settings;
pub mod texts;

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page};
use crate::session::Admin;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::account::User;
use potluck_models::job::Job;
use potluck_models::lease::Lease;
use potluck_models::moderation::{letters, queue};
use potluck_models::spam::training::{LEASE, RESCORE, StoredModel};
use potluck_models::{Db, QueryResult};

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct OverviewPage {
    layout: Layout,
    version: &'static str,
    database: &'static str,
    mail: String,
    limits_off: bool,
    admins: i64,
    waiting: i64,
    model: Option<StoredModel>,
    training: bool,
    jobs: usize,
    dead: usize,
}

pub async fn overview(
    req: HttpRequest,
    app: web::Data<App>,
    _admin: Admin,
) -> Result<HttpResponse, Error> {
    let loaded = app.filter().map(|active| active.id);
    let (admins, waiting, model, jobs, training) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            Ok((
                User::count_admins(db)?,
                queue::waiting(db)?,
                match loaded {
                    Some(id) => StoredModel::find(db, id)?,
                    None => None,
                },
                Job::waiting(db)?,
                Lease::find(db, LEASE)?.is_some_and(|lease| lease.is_held()),
            ))
        })
        .await?;
    let dead = jobs.iter().filter(|job| job.dead_at.is_some()).count();
    page(&OverviewPage {
        layout: Layout::new(&req),
        version: env!("CARGO_PKG_VERSION"),
        database: if app.config.database_url.starts_with("sqlite:") {
            "SQLite"
        } else {
            "PostgreSQL"
        },
        mail: crate::server::mail_notice(&app.config),
        limits_off: app.config.limits_off,
        admins,
        waiting,
        model,
        training,
        jobs: jobs.len() - dead,
        dead,
    })
}

#[derive(Template)]
#[template(path = "admin/jobs.html")]
struct JobsPage {
    layout: Layout,
    jobs: Vec<Job>,
}

impl JobsPage {
    fn dead(&self) -> usize {
        self.jobs.iter().filter(|job| job.dead_at.is_some()).count()
    }

    /// Not the payload: a letter holds a link that is for one person only.
    fn what(&self, job: &Job) -> String {
        match job.kind.as_str() {
            "mail" => "A letter".into(),
            letters::JOB => "Letters about verdicts, which wait ten minutes".into(),
            RESCORE => "Judging held texts again by the new model".into(),
            kind => kind.to_owned(),
        }
    }

    fn when(&self, job: &Job) -> String {
        match (job.run_at - self.layout.now).num_seconds() {
            ..=0 => "due now".into(),
            seconds @ 1..120 => format!("next in {seconds} seconds"),
            seconds => format!("next in {} minutes", seconds / 60),
        }
    }
}

pub async fn jobs(
    req: HttpRequest,
    app: web::Data<App>,
    _admin: Admin,
) -> Result<HttpResponse, Error> {
    page(&JobsPage {
        layout: Layout::new(&req),
        jobs: app.read(Job::waiting).await?,
    })
}

pub async fn retry_job(
    app: web::Data<App>,
    _admin: Admin,
    id: web::Path<i64>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let id = id.into_inner();
    let taken_up = app.write(move |db| Job::retry(db, id)).await?;
    if !taken_up {
        return Err(Error::NotFound);
    }
    Ok(see_other("/admin/jobs?said=retry"))
}
