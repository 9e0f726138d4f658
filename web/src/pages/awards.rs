//! Awards: the form in which a maker designs and gives one, those of a project and of a person, and
//! what givers and receivers do with them.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{self, Html, Layout, page, page_with};
use crate::moderation::beside::Beside;
use crate::pages::projects::{Standing, visible};
use crate::session::{self, Member, Visitor};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDateTime;
use potluck_models::account::User;
use potluck_models::award::{
    self, AwardError, Design, Given, Left, MAX_NAME, MAX_WHY, Mark, PAGE, Typed, Which,
};
use potluck_models::db::{ItemId, UserId, now};
use potluck_models::gate::{self, Feedback, Refusal, Shut};
use potluck_models::item::{Item, State};
use potluck_models::project::{FieldError, Project};
use potluck_models::{Db, QueryResult};
use std::collections::HashMap;

/// Of a project's page and of a person's, each way.
const FEW: i64 = 6;

impl From<AwardError> for Error {
    fn from(error: AwardError) -> Error {
        match error {
            AwardError::Database(error) => error.into(),
            AwardError::Refused(refusal) => Error::Refused(refusal),
            AwardError::Limited(limited) => Error::SlowDown(limited),
            AwardError::Gone => Error::NotFound,
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

/// A mark, drawn or typed, as decoration: its name stands beside it.
pub fn mark(word: &str) -> Html {
    match word.parse::<Mark>() {
        Ok(mark) => Html(format!(
            "<svg class=\"award-mark\" width=\"40\" height=\"40\" aria-hidden=\"true\" focusable=\"false\"><use href=\"{}#{mark}\"/></svg>",
            crate::assets::url("img/awards.svg")
        )),
        // One emoji by its own rules; nothing in it can be markup.
        Err(_) => Html(format!(
            "<span class=\"award-mark\" aria-hidden=\"true\">{}</span>",
            word.replace('&', "&amp;").replace('<', "&lt;")
        )),
    }
}

/// What takes part in the page of a project.
#[derive(Template)]
#[template(path = "awards/_panel.html")]
pub struct Panel {
    slug: String,
    awards: Vec<Given>,
    /// All of them, with those that are not named here.
    count: i32,
    may_give: bool,
    on_team: bool,
}

impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    /// None: there are none, and nobody may give one.
    pub fn of(
        db: &mut Db,
        project: &Project,
        standing: Standing,
        reader: Option<UserId>,
    ) -> QueryResult<Option<Panel>> {
        let refusal = gate::may_give(Feedback::Award, None, project.terms(), now());
        let takes = matches!(refusal, Err(Refusal::NoFeedback(_, Shut::SignIn)));
        let may_give = takes && !standing.on_team;
        if project.awards == 0 && !(may_give && reader.is_some()) {
            return Ok(None);
        }
        let (awards, _) = match project.awards {
            0 => Default::default(),
            _ => award::list(db, Which::On(project.id), reader, None, FEW)?,
        };
        Ok(Some(Panel {
            slug: project.slug.clone(),
            awards,
            count: project.awards,
            may_give: may_give && reader.is_some(),
            on_team: standing.on_team,
        }))
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn has_more(&self) -> bool {
        self.count as usize > self.awards.len()
    }
}

/// What takes part in the page of a person.
#[derive(Template)]
#[template(path = "awards/_person.html")]
pub struct OfPerson {
    username: String,
    name: String,
    is_own: bool,
    given: Vec<Given>,
    more_given: bool,
    received: Vec<Given>,
    more_received: bool,
    now: NaiveDateTime,
}

impl askama::filters::HtmlSafe for OfPerson {}

impl OfPerson {
    /// None: they neither gave nor received any.
    pub fn of(db: &mut Db, person: &User, reader: Option<UserId>) -> QueryResult<Option<OfPerson>> {
        let (given, more_given) = award::list(db, Which::By(person.id), reader, None, FEW)?;
        let (received, more) = award::list(db, Which::For(person.id), reader, None, FEW)?;
        Ok(
            (!given.is_empty() || !received.is_empty()).then(|| OfPerson {
                username: person.username.clone(),
                name: person.name().to_owned(),
                is_own: reader == Some(person.id),
                given,
                more_given: more_given.is_some(),
                received,
                more_received: more.is_some(),
                now: now(),
            }),
        )
    }

    fn ago(&self, at: &NaiveDateTime) -> String {
        layout::ago(self.now, *at)
    }
}

// ---- The form ----

#[derive(Template)]
#[template(path = "awards/form.html")]
struct FormPage {
    layout: Layout,
    errors: Vec<FieldError>,
    project: Project,
    typed: Typed,
    left: Left,
    designs: Vec<(ItemId, String, String)>,
    /// Why they cannot give one, and the way in.
    refusal: Option<(String, Option<(&'static str, &'static str)>)>,
}

impl FormPage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }

    fn is_chosen(&self, mark: &Mark) -> bool {
        self.typed.emoji.is_empty() && self.typed.mark == mark.as_str()
    }

    /// "3 of your 5 awards of this month are left."
    fn left_words(&self) -> String {
        let Left { left, of, more_on } = self.left;
        let more = more_on.format("%-d %B");
        match left {
            0 => format!("All {of} of this month are given. More come on {more}."),
            1 => format!("One of your {of} awards of this month is left. More come on {more}."),
            n => format!("{n} of your {of} awards of this month are left. More come on {more}."),
        }
    }
}

fn load(
    db: &mut Db,
    layout: Layout,
    slug: &str,
    user: &User,
    typed: Typed,
    errors: Vec<FieldError>,
) -> Result<FormPage, Error> {
    let (project, _) = visible(db, slug, Some(user))?;
    let refusal = match award::may_give(db, &layout.settings, user, &project) {
        Ok(()) => None,
        Err(AwardError::Database(error)) => return Err(error.into()),
        Err(error) => Some((error.to_string(), error.way_in())),
    };
    Ok(FormPage {
        left: award::left(db, &layout.settings, user.id)?,
        designs: award::designs(db, user.id)?,
        layout,
        errors,
        project,
        typed,
        refusal,
    })
}

#[derive(serde::Deserialize)]
pub struct FormQuery {
    /// An award of theirs that they give again.
    #[serde(default)]
    again: String,
}

/// `/projects/{slug}/award`
pub async fn form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    query: Query<FormQuery>,
) -> Result<HttpResponse, Error> {
    let (slug, user, layout) = (slug.into_inner(), member.user().clone(), Layout::new(&req));
    let again: Option<ItemId> = query.0.again.parse().ok();
    let shown = app
        .read(move |db| -> Result<_, Error> {
            let mut shown = load(db, layout, &slug, &user, Typed::default(), Vec::new())?;
            let found = shown.designs.iter().find(|(id, ..)| Some(*id) == again);
            if let Some((_, name, mark)) = found {
                let (mark, emoji) = match mark.parse::<Mark>() {
                    Ok(_) => (mark.clone(), String::new()),
                    Err(_) => (String::new(), mark.clone()),
                };
                shown.typed = Typed {
                    name: name.clone(),
                    mark,
                    emoji,
                    why: String::new(),
                };
            }
            Ok(shown)
        })
        .await?;
    page(&shown)
}

pub async fn give(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user, layout) = (slug.into_inner(), member.user().clone(), Layout::new(&req));
    let text = |name| form.get(name).to_owned();
    let typed = Typed {
        name: text("name"),
        mark: text("mark"),
        emoji: text("emoji"),
        why: text("why"),
    };
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let sent = app
        .write(move |db| -> Result<_, Error> {
            let mut shown = load(db, layout, &slug, &user, typed, Vec::new())?;
            if shown.refusal.is_some() {
                return Ok(Err((StatusCode::FORBIDDEN, shown)));
            }
            let design = match Design::parse(&shown.typed) {
                Ok(design) => design,
                Err(errors) => {
                    shown.errors = errors;
                    return Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, shown)));
                }
            };
            let context = intake.context();
            match award::give(db, &context, &user, &shown.project, &design, &network) {
                Ok((_, state)) => {
                    let said = match state {
                        State::Published => "award-given",
                        _ => "award-waiting",
                    };
                    let slug = &shown.project.slug;
                    Ok(Ok(format!("/projects/{slug}?said={said}#awards")))
                }
                Err(AwardError::Already) => {
                    shown.errors = vec![FieldError {
                        field: "name",
                        message: AwardError::Already.to_string(),
                    }];
                    Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, shown)))
                }
                Err(error) => Err(error.into()),
            }
        })
        .await?;
    match sent {
        Ok(to) => Ok(see_other(to)),
        Err((status, shown)) => page_with(status, &shown),
    }
}

// ---- Lists ----

/// With what a moderator may do about it.
struct Row {
    of: Given,
    own: bool,
    beside: Option<Beside>,
}

#[derive(Template)]
#[template(path = "awards/list.html")]
struct ListPage {
    layout: Layout,
    /// What they are of: a project's, or what a person gave or received.
    title: String,
    crumb: (String, String),
    address: String,
    lede: &'static str,
    rows: Vec<Row>,
    /// Of a project of the reader's own: those that were declined, too.
    on_team: bool,
    on_project: bool,
    next: Option<ItemId>,
}

#[derive(serde::Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    before: String,
    /// Of a person: `received`, or what they gave.
    #[serde(default)]
    which: String,
}

fn rows(
    db: &mut Db,
    awards: Vec<Given>,
    reader: Option<UserId>,
    moderates: bool,
    layout: &Layout,
) -> QueryResult<Vec<Row>> {
    let ids: Vec<ItemId> = awards.iter().map(|award| award.id).collect();
    let items: HashMap<ItemId, Item> = match moderates {
        true => Item::all(db, &ids)?
            .into_iter()
            .map(|item| (item.id, item))
            .collect(),
        false => HashMap::new(),
    };
    Ok(awards
        .into_iter()
        .map(|award| Row {
            own: reader == Some(award.giver),
            beside: items.get(&award.id).map(|item| {
                let what = format!("the award by {}", award.giver_name());
                Beside::new(item, what, &layout.path, &layout.csrf, &layout.settings)
            }),
            of: award,
        })
        .collect())
}

/// `/projects/{slug}/awards`
pub async fn of_project(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    slug: web::Path<String>,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let (slug, viewer) = (slug.into_inner(), visitor.user().cloned());
    let before: Option<ItemId> = query.0.before.parse().ok();
    let layout = Layout::new(&req);
    let shown = app
        .read(move |db| -> Result<_, Error> {
            let (project, standing) = visible(db, &slug, viewer.as_ref())?;
            let reader = viewer.map(|viewer| viewer.id);
            let which = match standing.on_team {
                true => Which::OnWithDeclined(project.id),
                false => Which::On(project.id),
            };
            let (awards, next) = award::list(db, which, reader, before, PAGE)?;
            let rows = rows(db, awards, reader, standing.is_moderator, &layout)?;
            Ok(ListPage {
                title: "Awards".into(),
                crumb: (format!("/projects/{}", project.slug), project.title.clone()),
                address: format!("/projects/{}/awards?", project.slug),
                lede: match standing.on_team {
                    true => "What others gave to what you made. One that you would rather not have you can decline: then it is shown nowhere, and nobody is told.",
                    false => "What other makers gave to it, and why.",
                },
                layout,
                rows,
                on_team: standing.on_team,
                on_project: true,
                next,
            })
        })
        .await?;
    app.views
        .count(&visitor, shown.rows.iter().map(|row| row.of.id));
    page(&shown)
}

/// `/people/{username}/awards`
pub async fn of_person(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    username: web::Path<String>,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let (username, reader) = (username.into_inner(), visitor.id());
    let before: Option<ItemId> = query.0.before.parse().ok();
    let received = query.0.which == "received";
    let layout = Layout::new(&req);
    let shown = app
        .read(move |db| -> Result<_, Error> {
            let person = User::by_username(db, &username)?.ok_or(Error::NotFound)?;
            if !person.is_confirmed() {
                return Err(Error::NotFound);
            }
            let (which, word, title, lede) = match received {
                true => (
                    Which::For(person.id),
                    "received",
                    format!("Awards for what {} made", person.name()),
                    "What other makers gave, and why.",
                ),
                false => (
                    Which::By(person.id),
                    "gave",
                    format!("Awards that {} gave", person.name()),
                    "To what others made, and why.",
                ),
            };
            let (awards, next) = award::list(db, which, reader, before, PAGE)?;
            let moderates = layout.is_moderator();
            let rows = rows(db, awards, reader, moderates, &layout)?;
            Ok(ListPage {
                crumb: (
                    format!("/people/{}", person.username),
                    person.name().to_owned(),
                ),
                address: format!("/people/{}/awards?which={word}&", person.username),
                title,
                lede,
                layout,
                rows,
                on_team: false,
                on_project: false,
                next,
            })
        })
        .await?;
    app.views
        .count(&visitor, shown.rows.iter().map(|row| row.of.id));
    page(&shown)
}

// ---- One award ----

#[derive(Template)]
#[template(path = "awards/show.html")]
struct ShowPage {
    layout: Layout,
    award: Given,
    own: bool,
    beside: Option<Beside>,
    notice: Option<&'static str>,
}

/// Whether this reader does not get to see a published award: it was declined, or who gave it makes the
/// project, too. Who gave it, those who make the project and moderators see it still.
pub fn is_hidden(
    db: &mut Db,
    project: &Project,
    award: &Given,
    standing: Standing,
    reader: Option<UserId>,
) -> QueryResult<bool> {
    if standing.on_team || standing.is_moderator || reader == Some(award.giver) {
        return Ok(false);
    }
    Ok(award.declined || project.is_made_by(db, award.giver)?)
}

/// `/awards/{id}`: where it stands among the others; to who gave it and to moderators also one that is
/// not public.
pub async fn find(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    let (id, viewer) = (id.into_inner(), visitor.user().cloned());
    let layout = Layout::new(&req);
    let shown = app
        .read(move |db| -> Result<_, Error> {
            let award = award::find(db, id)?;
            let (project, standing) = visible(db, &award.slug, viewer.as_ref())?;
            let own = viewer.as_ref().is_some_and(|user| user.id == award.giver);
            let insider = own || standing.is_moderator;
            match award.state {
                State::Published => {}
                State::Deleted => return Err(Error::Gone),
                State::Removed if !insider => return Err(Error::Gone),
                _ if !insider => return Err(Error::NotFound),
                _ => {}
            }
            let reader = viewer.as_ref().map(|user| user.id);
            if is_hidden(db, &project, &award, standing, reader)? {
                return Err(Error::NotFound);
            }
            let item = Item::find(db, id)?;
            let beside = standing.is_moderator.then(|| {
                let what = format!("the award by {}", award.giver_name());
                Beside::new(&item, what, &layout.path, &layout.csrf, &layout.settings)
            });
            let made = project.is_made_by(db, award.giver)?;
            let notice = match award.state {
                State::Removed => Some("Removed by a moderator."),
                State::Published if made => Some("Not shown: who gave it makes the project, too."),
                State::Published if award.declined && standing.on_team => {
                    Some("You declined it: nobody else sees it.")
                }
                // Who gave it is told nothing.
                State::Published => None,
                State::Spam if standing.is_moderator => Some("In Spam."),
                _ => Some("It waits for a moderator."),
            };
            Ok(ShowPage {
                layout,
                award,
                own,
                beside,
                notice,
            })
        })
        .await?;
    page(&shown)
}

/// `act`: `decline`, or `show` to take that back.
pub async fn decline(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, user) = (id.into_inner(), member.user().clone());
    let declines = match form.get("act") {
        "decline" => true,
        "show" => false,
        _ => {
            return Err(Error::BadRequest(
                "Decline it, or show it. Nothing was changed.",
            ));
        }
    };
    let to = app
        .write(move |db| -> Result<String, Error> {
            let slug = award::find(db, id)?.slug;
            let said = match award::decline(db, &user, id, declines)? {
                true if declines => "award-declined",
                true => "award-shown",
                false => "nothing",
            };
            Ok(format!("/projects/{slug}/awards?said={said}#award-{id}"))
        })
        .await?;
    Ok(see_other(to))
}

pub async fn delete(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    let (id, user) = (id.into_inner(), member.user().clone());
    let to = app
        .write(move |db| -> Result<String, Error> {
            let slug = award::find(db, id)?.slug;
            award::take_back(db, &user, id)?;
            Ok(format!("/projects/{slug}?said=award-back"))
        })
        .await?;
    Ok(see_other(to))
}
