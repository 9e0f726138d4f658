//! Reactions: what stands under a project, a release or a comment, and giving one and taking it back.
//! Plain forms; with script only the bar comes back (`static/js/site.js`).

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, safe_next, see_other};
use crate::layout::{Layout, page, segment};
use crate::session::Member;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::account::User;
use potluck_models::db::ItemId;
use potluck_models::item::{Item, Kind};
use potluck_models::project::Project;
use potluck_models::reaction::{self, ReactError, Set, Shown, Sign};
use potluck_models::schema::releases;
use potluck_models::settings::Settings;
use potluck_models::{Db, QueryResult};
use std::sync::Arc;

/// What stands under one text.
#[derive(Template)]
#[template(path = "reactions/_bar.html")]
pub struct Bar {
    item: ItemId,
    given: Vec<Shown>,
    /// What the reader may give besides; none of it, if they may not react.
    more: Arc<Vec<Sign>>,
    may: bool,
    /// Both are of the form, and empty without one.
    csrf: String,
    /// Where the answer leads: the page that the bar stands on.
    back: String,
}

impl askama::filters::HtmlSafe for Bar {}

impl Bar {
    /// Of one text that is not a comment in a talk. None where there is nothing to see or to do.
    pub fn of(
        db: &mut Db,
        item: &Item,
        project: &Project,
        reader: Option<&User>,
        settings: &Settings,
        (csrf, back): (&str, &str),
    ) -> QueryResult<Option<Bar>> {
        if item.state != potluck_models::item::State::Published || !project.is_public() {
            return Ok(None);
        }
        let set = Set::of(settings);
        let may = match reader {
            Some(reader) => reaction::may_react(db, reader, item, project)?.is_ok(),
            None => false,
        };
        let reader = reader.map(|reader| reader.id);
        let given = reaction::under(db, &[item.id], reader, &set)?.remove(&item.id);
        let more = Arc::new(set.offered);
        Ok(Bar::new(
            item.id,
            given.unwrap_or_default(),
            &more,
            may,
            (csrf, back),
        ))
    }

    /// Of one text, from what was read for many.
    pub fn new(
        item: ItemId,
        given: Vec<Shown>,
        more: &Arc<Vec<Sign>>,
        may: bool,
        (csrf, back): (&str, &str),
    ) -> Option<Bar> {
        let may = may && !more.is_empty();
        (may || !given.is_empty()).then(|| Bar {
            item,
            given,
            more: more.clone(),
            may,
            csrf: if may { csrf.to_owned() } else { String::new() },
            back: if may { back.to_owned() } else { String::new() },
        })
    }

    /// What nobody gave yet.
    fn rest(&self) -> impl Iterator<Item = &Sign> {
        let given = |one: &&Sign| self.given.iter().any(|shown| shown.sign == one.sign);
        self.more.iter().filter(move |one| !given(one))
    }

    fn has_rest(&self) -> bool {
        self.rest().next().is_some()
    }
}

/// `/items/{id}/reactions`: `add` or `remove` holds the sign.
pub async fn change(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, user, settings) = (id.into_inner(), member.user().clone(), app.settings());
    let (add, remove) = (form.get("add").to_owned(), form.get("remove").to_owned());
    let limits_off = app.config.limits_off;
    let csrf = Layout::new(&req).csrf;
    // Without one it leads to the text itself.
    let back = match form.get("back").split('#').next() {
        Some(given) if !given.is_empty() && given.is_ascii() => safe_next(given).to_owned(),
        _ => String::new(),
    };
    let (bar, to) = app
        .write(move |db| -> Result<_, Error> {
            let (item, project) = visible(db, id)?;
            if add.is_empty() && remove.is_empty() {
                return Err(Error::BadRequest("Choose a sign to react with."));
            }
            if add.is_empty() {
                reaction::take_back(db, limits_off, &user, id, &remove)?;
            } else {
                reaction::give(db, &settings, limits_off, &user, id, &add)?;
            }
            let to = match back.as_str() {
                "" => address(db, &item, &project)?,
                back => back.to_owned(),
            };
            let bar = Bar::of(db, &item, &project, Some(&user), &settings, (&csrf, &to))?;
            Ok((bar, to))
        })
        .await?;
    match bar {
        Some(bar) if form.has("part") => page(&bar),
        _ => Ok(see_other(format!("{to}#reactions-{id}"))),
    }
}

/// A text that everybody reads. What is not is nowhere, whoever asks.
fn visible(db: &mut Db, id: ItemId) -> Result<(Item, Project), Error> {
    let (item, project) = reaction::find(db, id)?;
    if item.state != potluck_models::item::State::Published || !project.is_public() {
        return Err(Error::NotFound);
    }
    Ok((item, project))
}

fn address(db: &mut Db, item: &Item, project: &Project) -> QueryResult<String> {
    use diesel::prelude::*;
    Ok(match item.kind {
        Kind::Comment => format!("/comments/{}", item.id),
        Kind::Release => {
            let version: String = releases::table
                .find(item.id)
                .select(releases::version)
                .get_result(db)?;
            format!("/projects/{}/releases/{}", project.slug, segment(&version))
        }
        _ => format!("/projects/{}", project.slug),
    })
}

impl From<ReactError> for Error {
    fn from(error: ReactError) -> Error {
        match error {
            ReactError::Refused(refusal) => Error::Refused(refusal),
            ReactError::Limited(limited) => Error::SlowDown(limited),
            ReactError::NoSuchSign => {
                Error::BadRequest("This site does not offer that sign. Load the page again.")
            }
            ReactError::Database(error) => error.into(),
        }
    }
}
