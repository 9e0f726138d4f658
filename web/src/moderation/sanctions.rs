//! What a moderator does about a person: one plain page for each act, which says what it will do
//! before it does it; and its undo.

use super::Frame;
use super::banner::{self, WORDS};
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, safe_next, see_other};
use crate::layout::{Layout, page, page_with};
use crate::mail::Letter;
use crate::session::Moderator;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};
use potluck_models::account::User;
use potluck_models::db::{Db, SanctionId};
use potluck_models::moderation::reason::Reasons;
use potluck_models::moderation::sanction::{
    self, Away, MAX_REASON, Order, SanctionError, Scope, Sort,
};
use potluck_models::moderation::verdict::{MOST, Verdict};
use potluck_models::now;
use potluck_models::project::FieldError;

/// An act with an end ends within this; what shall last for ever is a ban.
const LONGEST: Duration = Duration::days(730);
const MOST_HELD: i32 = 100;

#[derive(Template)]
#[template(path = "moderation/person_act.html")]
struct ActPage {
    layout: Layout,
    frame: Frame,
    person: User,
    sort: Sort,
    /// What a removal, and a spam verdict, on all they wrote would meet.
    removable: i64,
    markable: i64,
    errors: Vec<FieldError>,
    typed: Typed,
}

/// The fields as they were typed.
#[derive(Clone, Default)]
struct Typed {
    texts: String,
    until: String,
    scope: String,
    away: String,
    why: String,
    reason: String,
}

impl Typed {
    fn of(form: &Form) -> Typed {
        let get = |name: &str| form.get(name).trim().to_owned();
        Typed {
            texts: get("texts"),
            until: get("until"),
            scope: get("scope"),
            away: get("away"),
            why: get("why"),
            reason: get("reason"),
        }
    }

    /// What a page offers at first: the mildest of each.
    fn first(sort: Sort) -> Typed {
        let days = match sort {
            Sort::Hold => 30,
            _ => 7,
        };
        Typed {
            texts: "5".into(),
            until: (now() + Duration::days(days))
                .format("%Y-%m-%d")
                .to_string(),
            scope: if sort == Sort::Suspend { "posting" } else { "" }.into(),
            ..Typed::default()
        }
    }
}

impl ActPage {
    fn heading(&self) -> &'static str {
        match self.sort {
            Sort::Hold => "Hold the next texts",
            Sort::Warn => "Warn",
            Sort::Suspend => "Suspend",
            Sort::Clear => "Put away all they wrote",
            Sort::Ban => "Ban",
        }
    }

    fn lede(&self) -> &'static str {
        match self.sort {
            Sort::Hold => {
                "Their next texts wait for a moderator, whatever the filter says of them."
            }
            Sort::Warn => {
                "They see it on every page, and post on only after they pressed “I have read this”."
            }
            Sort::Suspend => "Until that day they cannot post. They see why, and until when.",
            Sort::Clear => {
                "One batch: every text gets the same verdict, and one undo brings all of it back."
            }
            Sort::Ban => {
                "The account is closed without an end, all its sessions end, and its mail address cannot sign up again."
            }
        }
    }

    fn button(&self) -> &'static str {
        match self.sort {
            Sort::Hold => "Hold the next texts",
            Sort::Warn => "Send the warning",
            Sort::Suspend => "Suspend",
            Sort::Clear => "Put away",
            Sort::Ban => "Ban this account",
        }
    }

    fn is_heavy(&self) -> bool {
        matches!(self.sort, Sort::Clear | Sort::Ban)
    }

    fn fault(&self, field: &str) -> crate::layout::Html {
        crate::layout::fault(&self.errors, field)
    }

    fn has_fault(&self, field: &str) -> bool {
        self.errors.iter().any(|error| error.field == field)
    }

    fn described(&self, field: &str, has_hint: bool) -> crate::layout::Html {
        crate::layout::described(&self.errors, field, has_hint)
    }

    fn tomorrow(&self) -> String {
        (self.layout.now + Duration::days(1))
            .format("%Y-%m-%d")
            .to_string()
    }

    fn latest(&self) -> String {
        (self.layout.now + LONGEST).format("%Y-%m-%d").to_string()
    }

    fn more_than_one_batch(&self) -> bool {
        self.markable.max(self.removable) > MOST as i64
    }

    fn most(&self) -> usize {
        MOST
    }
}

async fn act_page(
    req: &HttpRequest,
    app: &App,
    moderator: &Moderator,
    username: String,
    sort: Sort,
    errors: Vec<FieldError>,
    typed: Typed,
) -> Result<ActPage, Error> {
    let by = moderator.user().clone();
    let (layout, frame) = (Layout::new(req), Frame::of(req, app).await?);
    app.read(move |db: &mut Db| -> Result<ActPage, Error> {
        let person = User::by_username(db, &username)?.ok_or(Error::NotFound)?;
        sanction::may_sanction(&by, &person)?;
        Ok(ActPage {
            layout,
            frame,
            sort,
            removable: sanction::count_of(db, person.id, Verdict::Remove)?,
            markable: sanction::count_of(db, person.id, Verdict::Spam)?,
            errors,
            typed,
            person,
        })
    })
    .await
}

pub async fn form(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (username, sort) = path.into_inner();
    let sort: Sort = sort.parse().map_err(|_| Error::NotFound)?;
    let typed = Typed::first(sort);
    page(&act_page(&req, &app, &moderator, username, sort, Vec::new(), typed).await?)
}

/// What was asked for, or what is wrong with it.
fn parse(
    sort: Sort,
    typed: &Typed,
    sure: bool,
    reasons: &Reasons,
) -> Result<Order, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut fault = |field, message: &str| {
        errors.push(FieldError {
            field,
            message: message.to_owned(),
        });
    };
    match typed.reason.chars().count() {
        0 => fault("reason", "Say why. The person reads this."),
        n if n > MAX_REASON => fault("reason", "The reason has at most 1,000 characters."),
        _ => {}
    }
    let has_end = match sort {
        Sort::Hold | Sort::Suspend => true,
        Sort::Clear => !typed.scope.is_empty(),
        Sort::Warn | Sort::Ban => false,
    };
    let until = end_of(&typed.until);
    if has_end && until.is_none() {
        fault("until", "Choose a day from tomorrow on, within two years.");
    }
    let until = until.unwrap_or_default();
    let texts = typed.texts.parse().unwrap_or(0);
    if sort == Sort::Hold && !(1..=MOST_HELD).contains(&texts) {
        fault("texts", "From 1 to 100 texts.");
    }
    let scope = typed.scope.parse::<Scope>().ok();
    let needs_scope = sort == Sort::Suspend || (sort == Sort::Clear && !typed.scope.is_empty());
    if needs_scope && scope.is_none() {
        fault("scope", "Choose what is suspended.");
    }
    let away = match (typed.away.as_str(), reasons.choose(&typed.why)) {
        ("spam", _) => Some(Away {
            verdict: Verdict::Spam,
            reason: String::new(),
        }),
        ("remove", Some(why)) => Some(Away {
            verdict: Verdict::Remove,
            reason: why,
        }),
        ("remove", None) => {
            if matches!(sort, Sort::Clear | Sort::Ban) {
                fault("why", "Choose what stands where the texts were.");
            }
            None
        }
        _ => {
            if sort == Sort::Clear {
                fault("away", "Choose what becomes of the texts.");
            }
            None
        }
    };
    if matches!(sort, Sort::Clear | Sort::Ban) && !sure {
        fault("sure", "Tick that you have read what it does.");
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(match (sort, away, scope) {
        (Sort::Hold, ..) => Order::Hold { texts, until },
        (Sort::Suspend, _, Some(scope)) => Order::Suspend { scope, until },
        (Sort::Clear, Some(away), scope) => Order::Clear {
            away,
            suspend: scope.map(|scope| (scope, until)),
        },
        (Sort::Ban, away, _) => Order::Ban { away },
        // What the faults above leave of Suspend and Clear is nothing.
        (Sort::Warn | Sort::Suspend | Sort::Clear, ..) => Order::Warn,
    })
}

/// The day that was chosen, as it begins.
fn end_of(typed: &str) -> Option<NaiveDateTime> {
    let day = NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok()?;
    let end = NaiveDateTime::new(day, NaiveTime::MIN);
    (end > now() && end <= now() + LONGEST).then_some(end)
}

pub async fn impose(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    path: web::Path<(String, String)>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (username, sort) = path.into_inner();
    let sort: Sort = sort.parse().map_err(|_| Error::NotFound)?;
    let typed = Typed::of(&form);
    let order = match parse(sort, &typed, form.has("sure"), &app.settings().reasons) {
        Ok(order) => order,
        Err(errors) => {
            let shown = act_page(&req, &app, &moderator, username, sort, errors, typed).await?;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
        }
    };
    let (by, name, reason) = (
        moderator.user().clone(),
        username.clone(),
        typed.reason.clone(),
    );
    let done = app
        .write(move |db: &mut Db| -> Result<Option<String>, Error> {
            let person = User::by_username(db, &name)?.ok_or(Error::NotFound)?;
            match sanction::impose(db, &by, person.id, &order, &reason) {
                Ok(_) => Ok(Some(person.username)),
                Err(SanctionError::NothingLeft) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
        .await?;
    let Some(name) = done else {
        let errors = vec![FieldError {
            field: "away",
            message: SanctionError::NothingLeft.to_string(),
        }];
        let shown = act_page(&req, &app, &moderator, username, sort, errors, typed).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    };
    Ok(see_other(format!(
        "/moderation/people/{name}?said=sanctioned"
    )))
}

pub async fn undo(
    app: web::Data<App>,
    moderator: Moderator,
    id: web::Path<i64>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (by, id) = (moderator.user().clone(), SanctionId(id.into_inner()));
    let (settings, url) = (app.settings(), app.url());
    let left = app
        .write(move |db: &mut Db| -> Result<usize, Error> {
            let lifted = match sanction::undo(db, &by, id) {
                Ok(lifted) => lifted,
                // Pressed twice, or by two: the page tells who did it.
                Err(SanctionError::Already) => return Ok(0),
                Err(error) => return Err(error.into()),
            };
            // Who was told of the one is told of the other.
            if lifted.sanction.told_at.is_some() {
                let user = User::find(db, lifted.sanction.user_id)?;
                Letter::lifted(&settings.site_name, &url, &user.username, &user.email).queue(db)?;
            }
            Ok(lifted.left)
        })
        .await?;
    let back = match safe_next(form.get("back")) {
        "/" => "/moderation/people".to_owned(),
        page => banner::without(page, &WORDS),
    };
    let said = if left == 0 { "lifted" } else { "lifted-left" };
    Ok(see_other(banner::with(&back, &[("said", said.to_owned())])))
}
