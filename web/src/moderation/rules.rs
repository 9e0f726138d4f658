//! Rules that moderators set: the list, the page of one with what it met, ending and putting back;
//! and raid mode. Setting one stands in `rule_form.rs`.

use super::Frame;
use super::banner::{self, WORDS};
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, safe_next, see_other};
use crate::layout::{Layout, page, page_with};
use crate::session::Moderator;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDateTime;
use potluck_models::db::{Db, ItemId, RuleId};
use potluck_models::gate::day_and_hour;
use potluck_models::item::State;
use potluck_models::moderation::queue::{self, Entry};
use potluck_models::moderation::rule::{
    self, Kind, MOST_RAID_HOURS, NewRule, RAID_HOURS, Rule, RuleError, Told,
};
use potluck_models::project::FieldError;
use potluck_models::{QueryResult, now};
use serde::Deserialize;

const PAGE: i64 = 50;

/// Raid mode as every page of the desk shows it.
pub struct RaidOn {
    pub id: RuleId,
    pub by: String,
    pub until: String,
}

impl RaidOn {
    pub fn of(app: &App) -> Option<RaidOn> {
        app.rules().raid().map(|on| RaidOn {
            id: on.rule.id,
            by: on.by.clone(),
            until: day_and_hour(&on.rule.until),
        })
    }
}

/// Takes the rules over that are in force now. False when the database did not answer, so that it
/// is worth asking again.
pub async fn reload(app: &App) -> bool {
    let key = app.settings().key.clone();
    match app.read(move |db| rule::in_force(db, &key)).await {
        Ok(rules) => {
            app.set_rules(rules);
            true
        }
        Err(error) => {
            tracing::error!("cannot read the rules: {error}");
            false
        }
    }
}

/// What kinds of rules there are, for those who set one.
pub fn title(kind: &Kind) -> &'static str {
    match kind {
        Kind::Words => "Words",
        Kind::Pattern => "Pattern",
        Kind::Domain => "Links",
        Kind::Network => "Network",
        Kind::Mail => "Mail addresses",
        Kind::Newcomer => "New accounts",
        Kind::Slow => "Slow mode",
        Kind::Raid => "Raid mode",
    }
}

/// "2 sign-ups refused, 14 texts met"
pub fn fired(told: &Told) -> String {
    let plural = |n: i64, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
    let mut words = Vec::new();
    if told.rule.turned_away > 0 {
        words.push(format!(
            "refused {}",
            plural(told.rule.turned_away.into(), "sign-up")
        ));
    }
    if told.texts > 0 {
        words.push(format!("met {}", plural(told.texts, "text")));
    }
    match (words.is_empty(), told.rule.kind) {
        (true, Kind::Slow) => String::new(),
        (true, _) => "met nothing yet".into(),
        (false, _) => words.join(", "),
    }
}

#[derive(Template)]
#[template(path = "moderation/rules.html")]
struct ListPage {
    layout: Layout,
    frame: Frame,
    in_force: Vec<Told>,
    over: Vec<Told>,
    errors: Vec<FieldError>,
    hours: String,
    note: String,
}

impl ListPage {
    fn kinds(&self) -> impl Iterator<Item = Kind> {
        Kind::ALL.iter().copied().filter(|kind| *kind != Kind::Raid)
    }

    fn most_hours(&self) -> i32 {
        MOST_RAID_HOURS
    }

    fn fault(&self, field: &str) -> crate::layout::Html {
        crate::layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str) -> crate::layout::Html {
        crate::layout::described(&self.errors, field, false)
    }
}

async fn list_page(req: &HttpRequest, app: &App) -> Result<ListPage, Error> {
    let (layout, frame) = (Layout::new(req), Frame::of(req, app).await?);
    let (in_force, over) = app.read(Rule::list).await?;
    Ok(ListPage {
        layout,
        frame,
        in_force,
        over,
        errors: Vec::new(),
        hours: RAID_HOURS.to_string(),
        note: String::new(),
    })
}

pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
) -> Result<HttpResponse, Error> {
    page(&list_page(&req, &app).await?)
}

#[derive(Deserialize)]
pub struct ShowQuery {
    #[serde(default)]
    before: String,
}

#[derive(Template)]
#[template(path = "moderation/rule.html")]
struct RulePage {
    layout: Layout,
    frame: Frame,
    told: Told,
    /// What it met, the newest first.
    met: Vec<Entry>,
    next: Option<ItemId>,
}

impl RulePage {
    /// Where what it held still waits, among others.
    fn waiting(&self) -> Option<(&'static str, &'static str)> {
        match self.told.rule.kind {
            Kind::Raid => Some((
                "/moderation/held?why=raid",
                "What raid mode held and nobody has decided",
            )),
            Kind::Slow => None,
            _ => Some((
                "/moderation/held?why=rules",
                "What rules held and nobody has decided",
            )),
        }
    }

    /// How many of those shown still wait.
    fn still_waiting(&self) -> usize {
        self.met
            .iter()
            .filter(|entry| entry.item.queue.is_some())
            .count()
    }

    fn badge(&self, entry: &Entry) -> &'static str {
        match entry.item.state {
            State::Published => "badge-good",
            State::Held => "badge-wait",
            State::Spam | State::Removed => "badge-bad",
            _ => "",
        }
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
    id: web::Path<i64>,
    query: Query<ShowQuery>,
) -> Result<HttpResponse, Error> {
    let (layout, frame) = (Layout::new(&req), Frame::of(&req, &app).await?);
    let (id, before) = (RuleId(id.into_inner()), query.0.before.parse().ok());
    let (told, met, next) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            let told = Rule::told(db, id)?;
            let mut ids = Rule::met(db, id, before, PAGE + 1)?;
            let more = ids.len() as i64 > PAGE;
            ids.truncate(PAGE as usize);
            let next = ids.last().copied().filter(|_| more);
            let mut met = queue::these(db, &ids)?;
            met.reverse();
            Ok((told, met, next))
        })
        .await?;
    page(&RulePage {
        layout,
        frame,
        told,
        met,
        next,
    })
}

/// Raid mode on: at once, since a raid does not wait for a trial.
pub async fn start_raid(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (hours, note) = (form.get("number").to_owned(), form.get("note").to_owned());
    let new = match NewRule::parse(Kind::Raid, "", &hours, "", "", &note) {
        Ok(new) => new,
        Err(errors) => {
            let shown = ListPage {
                errors,
                hours,
                note,
                ..list_page(&req, &app).await?
            };
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
        }
    };
    let by = moderator.user().id;
    app.write(move |db: &mut Db| match Rule::set(db, by, &new) {
        // Pressed twice, or by two.
        Ok(_) | Err(RuleError::RaidIsOn) => Ok(()),
        Err(error) => Err(Error::from(error)),
    })
    .await?;
    reload(&app).await;
    Ok(see_other("/moderation/rules?said=raid-on"))
}

fn back(form: &Form, said: &str) -> HttpResponse {
    let back = match safe_next(form.get("back")) {
        "/" => "/moderation/rules".to_owned(),
        page => banner::without(page, &WORDS),
    };
    see_other(banner::with(&back, &[("said", said.to_owned())]))
}

pub async fn end(
    app: web::Data<App>,
    moderator: Moderator,
    id: web::Path<i64>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (by, id) = (moderator.user().id, RuleId(id.into_inner()));
    app.write(move |db: &mut Db| Rule::end(db, by, id)).await?;
    reload(&app).await;
    Ok(back(&form, "rule-ended"))
}

pub async fn resume(
    app: web::Data<App>,
    moderator: Moderator,
    id: web::Path<i64>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (by, id) = (moderator.user().id, RuleId(id.into_inner()));
    let resumed = app
        .write(move |db: &mut Db| Rule::resume(db, by, id))
        .await?;
    reload(&app).await;
    let said = if resumed { "rule-resumed" } else { "nothing" };
    Ok(back(&form, said))
}

impl From<RuleError> for Error {
    fn from(error: RuleError) -> Error {
        match error {
            RuleError::Database(error) => error.into(),
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

/// "3 December 2026", or with the hour when it is soon.
pub fn until(at: &NaiveDateTime) -> String {
    if *at - now() < chrono::Duration::days(3) {
        day_and_hour(at)
    } else {
        at.format("%-d %B %Y").to_string()
    }
}
