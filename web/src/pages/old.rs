//! Addresses of the site that this one follows, as pygame.org had them: `/project/7/`,
//! `/project-Title-7-.html`. Each leads to the project, wherever it is now.

use super::projects::visible;
use crate::app::App;
use crate::error::Error;
use crate::session::Visitor;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use potluck_models::Db;
use potluck_models::old_number;

/// `/project/{number}`, and what stood below it.
pub async fn by_number(
    app: web::Data<App>,
    visitor: Visitor,
    path: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let path = path.into_inner();
    let number = path.split('/').next().unwrap_or("");
    lead_on(&app, visitor, number.parse().ok()).await
}

/// `/project-{title}-{number}-{release}.html`; the release may be left out, the title may have hyphens.
pub async fn by_title(
    app: web::Data<App>,
    visitor: Visitor,
    path: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let path = path.into_inner();
    let number = path.rsplit('-').nth(1).and_then(|n| n.parse().ok());
    lead_on(&app, visitor, number).await
}

async fn lead_on(app: &App, visitor: Visitor, number: Option<i64>) -> Result<HttpResponse, Error> {
    let number = number.ok_or(Error::NotFound)?;
    let slug = app
        .read(move |db: &mut Db| -> Result<String, Error> {
            let slug = old_number::slug(db, number)?;
            let viewer = visitor.signed_in.as_ref().map(|me| &me.user);
            // Only who may see it is told where it is.
            visible(db, &slug, viewer)?;
            Ok(slug)
        })
        .await?;
    Ok(HttpResponse::MovedPermanently()
        .insert_header((header::LOCATION, format!("/projects/{slug}")))
        .finish())
}
