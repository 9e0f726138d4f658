//! Pages of the site in its administrators' words: the guide and the imprint, in Markdown, with a
//! preview and every text that was in force before.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Html, Layout, described, fault, page, page_with};
use crate::session::Admin;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::Db;
use potluck_models::project::FieldError;
use potluck_models::settings::Settings;
use potluck_models::site_text::{self, LISTED, MAX_BODY, Name, Rendered, SiteText};
use potluck_models::{DbError, QueryResult};

#[derive(Template)]
#[template(path = "admin/text.html")]
struct TextPage {
    layout: Layout,
    name: Name,
    errors: Vec<FieldError>,
    body: String,
    /// Of the text that is in force, which the form began with.
    seen: i64,
    preview: Option<Html>,
    /// Newest first; the first is in force.
    earlier: Vec<SiteText>,
}

impl TextPage {
    fn fault(&self, field: &str) -> Html {
        fault(&self.errors, field)
    }

    fn described(&self, field: &str) -> Html {
        described(&self.errors, field, true)
    }

    fn has_default(&self) -> bool {
        self.name.default_body().is_some()
    }

    /// Something other than the default is in force.
    fn is_own(&self) -> bool {
        let newest = self.earlier.first();
        newest.is_some_and(|text| text.body.is_some())
    }

    fn what(&self, text: &SiteText) -> String {
        match (&text.body, self.has_default()) {
            (Some(body), _) => format!("{} characters", body.chars().count()),
            (None, true) => "the default again".into(),
            (None, false) => "taken away".into(),
        }
    }
}

/// What one of the earlier texts said.
#[derive(Template)]
#[template(path = "admin/text_before.html")]
struct BeforePage {
    layout: Layout,
    name: Name,
    text: SiteText,
    html: Html,
    /// Of the text that is in force.
    newest: i64,
}

fn name(word: &str) -> Result<Name, Error> {
    word.parse().map_err(|_| Error::NotFound)
}

async fn show(
    req: &HttpRequest,
    app: &App,
    name: Name,
    typed: Option<(String, i64)>,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let earlier = app
        .read(move |db: &mut Db| SiteText::all(db, name, LISTED))
        .await?;
    let newest = earlier.first();
    let stored = || match newest {
        Some(text) => (text.words().to_owned(), text.id),
        None => (name.default_body().unwrap_or("").to_owned(), 0),
    };
    let is_typed = typed.is_some();
    let (body, seen) = typed.unwrap_or_else(stored);
    let status = match errors.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = TextPage {
        layout: Layout::new(req),
        name,
        preview: is_typed.then(|| Html(Rendered::of(&body).html)),
        errors,
        body,
        seen,
        earlier,
    };
    page_with(status, &page)
}

/// `/admin/texts/{name}`
pub async fn form(
    req: HttpRequest,
    app: web::Data<App>,
    _admin: Admin,
    path: web::Path<String>,
) -> Result<HttpResponse, Error> {
    show(&req, &app, name(&path)?, None, Vec::new()).await
}

/// Saves, shows what it would be, or brings the default or an earlier text back.
pub async fn save(
    req: HttpRequest,
    app: web::Data<App>,
    admin: Admin,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let name = name(&path)?;
    let by = admin.0.user.id;
    let seen: i64 = form.get("seen").parse().unwrap_or(0);
    let typed = form.get("body").trim().to_owned();
    let again = |message: String| {
        let field = "body";
        let errors = vec![FieldError { field, message }];
        show(&req, &app, name, Some((typed.clone(), seen)), errors)
    };
    let earlier: Option<i64> = form.get("restore").parse().ok();
    let is_typed = earlier.is_none() && !form.has("default");
    if is_typed {
        let long = typed.chars().count();
        if long > MAX_BODY {
            return again(format!(
                "This page has at most 50,000 characters; this has {long}."
            ))
            .await;
        }
        if typed.is_empty() {
            return again(match name {
                Name::Guide => "Write something, or bring the default back.".into(),
                Name::Imprint => "Write something, or take the page away.".into(),
            })
            .await;
        }
        if form.has("preview") {
            return show(&req, &app, name, Some((typed, seen)), Vec::new()).await;
        }
    }
    let own = is_typed.then(|| typed.clone());
    let put = app
        .write(move |db: &mut Db| -> QueryResult<Option<Settings>> {
            let body = match earlier {
                Some(id) => SiteText::find(db, name, id)?.body,
                None => own,
            };
            match site_text::put(db, by, name, body.as_deref(), seen)? {
                true => Settings::load(db).map(Some),
                false => Ok(None),
            }
        })
        .await?;
    let Some(settings) = put else {
        // Theirs is in the list below, and the next save is over it.
        let message = "Somebody else changed it since this page was opened. Theirs is in force, and the first in the list below: look at it, then save yours over it if that is right.";
        let newest = app
            .read(move |db: &mut Db| SiteText::newest(db, name))
            .await?;
        let seen = newest.map_or(0, |text| text.id);
        let field = "body";
        let message = message.to_owned();
        let errors = vec![FieldError { field, message }];
        let typed = is_typed.then_some((typed, seen));
        return show(&req, &app, name, typed, errors).await;
    };
    app.set_settings(settings);
    let said = match (is_typed || earlier.is_some(), name) {
        (true, _) => "text",
        (false, Name::Guide) => "text-default",
        (false, Name::Imprint) => "text-gone",
    };
    Ok(see_other(format!("/admin/texts/{name}?said={said}")))
}

/// `/admin/texts/{name}/{id}`
pub async fn before(
    req: HttpRequest,
    app: web::Data<App>,
    _admin: Admin,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse, Error> {
    let (word, id) = path.into_inner();
    let name = name(&word)?;
    let (text, newest) = app
        .read(move |db: &mut Db| -> Result<_, DbError> {
            let newest = SiteText::newest(db, name)?;
            Ok((SiteText::find(db, name, id)?, newest.map_or(0, |t| t.id)))
        })
        .await?;
    page(&BeforePage {
        layout: Layout::new(&req),
        name,
        html: Html(Rendered::of(text.words()).html),
        text,
        newest,
    })
}

/// An administrator says that they have read how people talk here: a step of their checklist.
pub async fn check(app: web::Data<App>, _admin: Admin, _form: Form) -> Result<HttpResponse, Error> {
    let settings = app
        .write(|db: &mut Db| -> QueryResult<Settings> {
            let mut settings = Settings::load(db)?;
            settings.guide_read = true;
            settings.save_looks(db)?;
            Ok(settings)
        })
        .await?;
    app.set_settings(settings);
    Ok(see_other("/?said=checked#begin"))
}
