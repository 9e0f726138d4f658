//! The site's own mark in the head of every page: brought, replaced, taken away.

use super::settings;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::picture;
use crate::session::Admin;
use actix_web::{HttpRequest, HttpResponse, web};
use potluck_models::QueryResult;
use potluck_models::branding::Logo;
use potluck_models::db::{Db, UserId};
use potluck_models::moderation::log::Act;
use potluck_models::picture::Picture;
use potluck_models::project::FieldError;
use potluck_models::settings::Settings;

pub async fn save(
    req: HttpRequest,
    app: web::Data<App>,
    admin: Admin,
    mut form: Form,
) -> Result<HttpResponse, Error> {
    let by = admin.0.user.id;
    if form.has("remove") {
        put(&app, by, None).await?;
        return Ok(see_other("/admin/settings?said=logo-gone"));
    }
    let refuse = |message: String| {
        let field = "picture";
        settings::at_fault(&req, &app, vec![FieldError { field, message }])
    };
    let Some(bytes) = form.picture.take().filter(|bytes| !bytes.is_empty()) else {
        return refuse("Choose a picture first.".into());
    };
    let taken = match picture::take_logo(&app, bytes).await? {
        Ok(taken) => taken,
        Err(fault) => return refuse(fault.to_string()),
    };
    let uploads = app.config.uploads.clone();
    let stored = web::block(move || taken.store(&uploads).map(|()| taken)).await;
    let sizes = stored
        .map_err(|error| Error::internal(error.into()))?
        .map_err(|error| {
            Error::internal(anyhow::Error::new(error).context("cannot store a picture"))
        })?;
    let logo = Logo {
        key: sizes.key.clone(),
        extension: sizes.extension.to_owned(),
        width: sizes.width,
        height: sizes.height,
    };
    let done = put(&app, by, Some(logo)).await;
    if done.is_err() {
        picture::remove(&app.config.uploads, &sizes.key, sizes.extension);
    }
    done?;
    Ok(see_other("/admin/settings?said=logo"))
}

/// The one of before stays until the sweep: pages that were sent a moment ago still show it.
async fn put(app: &App, by: UserId, logo: Option<Logo>) -> Result<(), Error> {
    let settings = app
        .write(move |db: &mut Db| -> QueryResult<Settings> {
            let mut settings = Settings::load(db)?;
            let told = |logo: &Option<Logo>| logo.as_ref().map_or("none".into(), Logo::to_string);
            Act {
                actor: Some(by),
                act: "settings",
                detail: if logo.is_some() {
                    "a new logo"
                } else {
                    "the logo taken away"
                },
                before: &told(&settings.logo),
                after: &told(&logo),
                ..Act::default()
            }
            .write(db)?;
            if let Some(logo) = &logo {
                let size = (logo.width, logo.height);
                Picture::create(db, by, &logo.key, &logo.extension, size, "")?;
            }
            settings.logo = logo;
            settings.save_looks(db)?;
            Ok(settings)
        })
        .await?;
    app.set_settings(settings);
    Ok(())
}
