//! The site about itself: conduct, imprint and privacy for people; health, robots and the well-known
//! addresses for programs.

use crate::app::App;
use crate::error::Error;
use crate::forms::see_other;
use crate::layout::{Html, Layout, page, rfc3339};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{Duration, NaiveTime};
use diesel::RunQueryDsl;
use potluck_models::db::now;
use potluck_models::secret;
use potluck_models::site_text::Rendered;
use std::path::PathBuf;
use std::sync::Arc;

macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident, $page:ident, $path:literal;)*) => { $(
        #[derive(Template)]
        #[template(path = $path)]
        struct $page {
            layout: Layout,
        }

        $(#[$doc])*
        pub async fn $name(req: HttpRequest) -> Result<HttpResponse, Error> {
            page(&$page { layout: Layout::new(&req) })
        }
    )* };
}

pages! {
    conduct, ConductPage, "site/conduct.html";
    privacy, PrivacyPage, "site/privacy.html";
}

#[derive(Template)]
#[template(path = "site/imprint.html")]
struct ImprintPage {
    layout: Layout,
    imprint: Arc<Rendered>,
}

impl ImprintPage {
    fn html(&self) -> Html {
        Html(self.imprint.html.clone())
    }
}

/// Who is responsible for the site: there once an administrator wrote it.
pub async fn imprint(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let imprint = app.settings().texts.imprint.clone();
    page(&ImprintPage {
        layout: Layout::new(&req),
        imprint: imprint.ok_or(Error::NotFound)?,
    })
}

fn text(body: impl Into<String>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(body.into())
}

/// The process runs.
pub async fn healthz() -> Result<HttpResponse, Error> {
    Ok(text("ok"))
}

/// The process can serve: its database answers and its folders take files.
pub async fn readyz(app: web::Data<App>) -> Result<HttpResponse, Error> {
    let folders = [app.config.data_dir.clone(), app.config.uploads.clone()];
    let checked = app
        .read(move |db| -> Result<(), Error> {
            diesel::sql_query("SELECT 1").execute(db)?;
            for folder in folders {
                is_writable(folder).map_err(|error| Error::internal(anyhow::Error::new(error)))?;
            }
            Ok(())
        })
        .await;
    Ok(match checked {
        Ok(()) => text("ok"),
        Err(error) => {
            tracing::error!("not ready: {error}");
            HttpResponse::build(StatusCode::SERVICE_UNAVAILABLE)
                .content_type("text/plain; charset=utf-8")
                .body("not ready")
        }
    })
}

fn is_writable(folder: PathBuf) -> std::io::Result<()> {
    std::fs::create_dir_all(&folder)?;
    let probe = folder.join(format!(".ready-{}", &secret::token()[..12]));
    std::fs::write(&probe, b"ok")?;
    std::fs::remove_file(probe)
}

pub async fn robots(app: web::Data<App>) -> Result<HttpResponse, Error> {
    Ok(text(format!(
        "User-agent: *\nDisallow: /moderation\nDisallow: /admin\nDisallow: /account\n\
         Disallow: /projects/new\nDisallow: /search\n\nSitemap: {}/sitemap.xml\n",
        app.url()
    )))
}

/// RFC 9116.
pub async fn security(app: web::Data<App>) -> Result<HttpResponse, Error> {
    let (settings, url) = (app.settings(), app.url());
    let contact = match settings.contact.trim() {
        "" => format!("{url}/"),
        mail if mail.contains('@') && !mail.contains(':') => format!("mailto:{mail}"),
        address => address.to_owned(),
    };
    // To the day, so that the file does not change with every look.
    let expires = (now() + Duration::days(180))
        .date()
        .and_time(NaiveTime::MIN);
    Ok(text(format!(
        "Contact: {contact}\nExpires: {}\nPreferred-Languages: en\n\
         Canonical: {url}/.well-known/security.txt\n",
        rfc3339(&expires)
    )))
}

pub async fn change_password() -> Result<HttpResponse, Error> {
    Ok(see_other("/account"))
}
