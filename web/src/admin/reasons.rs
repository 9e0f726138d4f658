//! Why texts are removed: the short list that moderators choose from, in the words of the site.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Html, Layout, described, fault, page, page_with};
use crate::session::Admin;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::Db;
use potluck_models::db::UserId;
use potluck_models::moderation::reason::{
    self, MAX_LABEL, MAX_LETTER, MAX_SENTENCE, MOST, Reason, ReasonError, Words,
};
use potluck_models::project::FieldError;
use potluck_models::settings::Settings;
use potluck_models::site_text::Rendered;

/// The list, with the form of a new one below.
#[derive(Template)]
#[template(path = "admin/reasons.html")]
struct ListPage {
    layout: Layout,
    errors: Vec<FieldError>,
    words: Words,
}

/// One to be changed.
#[derive(Template)]
#[template(path = "admin/reason.html")]
struct ReasonPage {
    layout: Layout,
    key: String,
    errors: Vec<FieldError>,
    words: Words,
}

fn no_words() -> Words {
    Words {
        label: String::new(),
        sentence: String::new(),
        letter: String::new(),
        guide: String::new(),
    }
}

impl ListPage {
    fn fault(&self, field: &str) -> Html {
        fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        described(&self.errors, field, has_hint)
    }

    /// Anchor and heading of each part of the guide.
    fn parts(&self) -> &[(String, String)] {
        &self.layout.settings.texts.guide.parts
    }

    fn offered(&self) -> Vec<&Reason> {
        self.layout.settings.reasons.offered().collect()
    }

    fn retired(&self) -> Vec<&Reason> {
        let all = self.layout.settings.reasons.all().iter();
        all.filter(|reason| !reason.is_offered()).collect()
    }

    fn has_room(&self) -> bool {
        self.offered().len() < MOST
    }
}

impl ReasonPage {
    fn fault(&self, field: &str) -> Html {
        fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        described(&self.errors, field, has_hint)
    }

    fn parts(&self) -> &[(String, String)] {
        &self.layout.settings.texts.guide.parts
    }
}

/// What was typed, or what is wrong with it.
fn parse(form: &Form, guide: &Rendered) -> (Words, Vec<FieldError>) {
    let line = |field: &str| -> String {
        let words: Vec<&str> = form.get(field).split_whitespace().collect();
        words.join(" ")
    };
    let words = Words {
        label: line("label"),
        // It goes on after "A moderator removed it:", and a full stop follows.
        sentence: line("sentence").trim_end_matches('.').to_owned(),
        letter: form.get("letter").trim().replace("\r\n", "\n"),
        guide: form.get("guide").to_owned(),
    };
    let mut errors = Vec::new();
    for (field, value, most, missing) in [
        ("label", &words.label, MAX_LABEL, "Name the reason."),
        (
            "sentence",
            &words.sentence,
            MAX_SENTENCE,
            "Say what readers see.",
        ),
        (
            "letter",
            &words.letter,
            MAX_LETTER,
            "Say what the author is told.",
        ),
    ] {
        let long = value.chars().count();
        let message = if long == 0 {
            missing.to_owned()
        } else if long > most {
            format!("This has at most {most} characters; it has {long}.")
        } else if value.chars().any(|c| c.is_control() && c != '\n') {
            "This holds a character that cannot be shown.".to_owned()
        } else {
            continue;
        };
        errors.push(FieldError { field, message });
    }
    let known = |part: &str| guide.parts.iter().any(|(anchor, _)| anchor == part);
    if !words.guide.is_empty() && !known(&words.guide) {
        errors.push(FieldError {
            field: "guide",
            message: "Choose a part of the guide.".into(),
        });
    }
    (words, errors)
}

fn at_fault(error: ReasonError) -> Result<Vec<FieldError>, Error> {
    match error {
        ReasonError::Database(error) => Err(error.into()),
        rule => Ok(vec![FieldError {
            field: "label",
            message: rule.to_string(),
        }]),
    }
}

/// Runs one change; what the list is then holds from the next page on.
async fn write(
    app: &App,
    admin: &Admin,
    work: impl FnOnce(&mut Db, UserId) -> Result<(), ReasonError> + Send + 'static,
) -> Result<Result<(), Vec<FieldError>>, Error> {
    let by = admin.0.user.id;
    let done = app
        .write(
            move |db: &mut Db| -> Result<Result<Settings, ReasonError>, Error> {
                match work(db, by) {
                    Ok(()) => Ok(Ok(Settings::load(db)?)),
                    Err(ReasonError::Database(error)) => Err(error.into()),
                    Err(rule) => Ok(Err(rule)),
                }
            },
        )
        .await?;
    match done {
        Ok(settings) => {
            app.set_settings(settings);
            Ok(Ok(()))
        }
        Err(rule) => Ok(Err(at_fault(rule)?)),
    }
}

fn list_page(
    req: &HttpRequest,
    words: Words,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    page_with(
        status,
        &ListPage {
            layout: Layout::new(req),
            errors,
            words,
        },
    )
}

pub async fn list(req: HttpRequest, _admin: Admin) -> Result<HttpResponse, Error> {
    list_page(&req, no_words(), Vec::new())
}

pub async fn add(
    req: HttpRequest,
    app: web::Data<App>,
    admin: Admin,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (words, errors) = parse(&form, &app.settings().texts.guide);
    if !errors.is_empty() {
        return list_page(&req, words, errors);
    }
    let new = words.clone();
    match write(&app, &admin, move |db, by| {
        reason::add(db, by, &new).map(|_| ())
    })
    .await?
    {
        Ok(()) => Ok(see_other("/admin/reasons?said=reason")),
        Err(errors) => list_page(&req, words, errors),
    }
}

pub async fn form(
    req: HttpRequest,
    app: web::Data<App>,
    _admin: Admin,
    key: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let settings = app.settings();
    let found = settings.reasons.find(&key).ok_or(Error::NotFound)?;
    page(&ReasonPage {
        layout: Layout::new(&req),
        key: found.key.clone(),
        errors: Vec::new(),
        words: Words {
            label: found.label.clone(),
            sentence: found.sentence.clone(),
            letter: found.letter.clone(),
            guide: found.guide.clone(),
        },
    })
}

pub async fn change(
    req: HttpRequest,
    app: web::Data<App>,
    admin: Admin,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let key = key.into_inner();
    if app.settings().reasons.find(&key).is_none() {
        return Err(Error::NotFound);
    }
    let (words, mut errors) = parse(&form, &app.settings().texts.guide);
    if errors.is_empty() {
        let (changed, new) = (key.clone(), words.clone());
        let work = move |db: &mut Db, by| reason::change(db, by, &changed, &new);
        match write(&app, &admin, work).await? {
            Ok(()) => return Ok(see_other("/admin/reasons?said=reason")),
            Err(faults) => errors = faults,
        }
    }
    page_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &ReasonPage {
            layout: Layout::new(&req),
            key,
            errors,
            words,
        },
    )
}

pub async fn shift(
    req: HttpRequest,
    app: web::Data<App>,
    admin: Admin,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (key, up) = (key.into_inner(), form.get("to") == "up");
    match write(&app, &admin, move |db, by| reason::shift(db, by, &key, up)).await? {
        Ok(()) => Ok(see_other("/admin/reasons?said=reason-order")),
        Err(errors) => list_page(&req, no_words(), errors),
    }
}

pub async fn retire(
    req: HttpRequest,
    app: web::Data<App>,
    admin: Admin,
    key: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (key, back) = (key.into_inner(), form.has("back"));
    match write(&app, &admin, move |db, by| {
        reason::retire(db, by, &key, !back)
    })
    .await?
    {
        Ok(()) if back => Ok(see_other("/admin/reasons?said=reason-back")),
        Ok(()) => Ok(see_other("/admin/reasons?said=reason-retired")),
        Err(errors) => list_page(&req, no_words(), errors),
    }
}
