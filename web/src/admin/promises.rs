//! What the filter promises of real comments, and what would follow from another promise: shown
//! before it is saved, on last month's comments.

use super::compare::decision;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{Layout, page, page_with};
use crate::moderation::filter::figures::{self, Row, percent};
use crate::session::Admin;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::Duration;
use potluck_models::intake::ActiveModel;
use potluck_models::moderation::log::Act;
use potluck_models::moderation::placing::{self, Beside, Placed, Scored};
use potluck_models::project::FieldError;
use potluck_models::settings::Settings;
use potluck_models::spam::Report;
use potluck_models::{Db, QueryResult};
use serde::Deserialize;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// In 1,000 real comments.
const PUT_AWAY: RangeInclusive<i64> = 1..=100;
/// In 100 real comments.
const HELD: RangeInclusive<i64> = 1..=50;
/// Comments that the preview reads, the newest of the last month.
const COMMENTS: usize = 20_000;
const MONTH: Duration = Duration::days(30);
/// Comments whose fate would change that are shown.
const SHOWN: usize = 10;

/// The numbers as they were typed.
#[derive(Deserialize, Default)]
pub struct Typed {
    put_away: Option<String>,
    held: Option<String>,
}

struct Preview {
    now: Report,
    then: Report,
    month: Beside,
}

#[derive(Template)]
#[template(path = "admin/promises.html")]
struct PromisesPage {
    layout: Layout,
    errors: Vec<FieldError>,
    put_away: String,
    held: String,
    /// Of the model in use, for the promises in force.
    report: Option<Report>,
    preview: Option<Preview>,
}

impl PromisesPage {
    fn rows(&self, preview: &Preview) -> Vec<Row> {
        let both = [&preview.now, &preview.then];
        let of = |name, means, value: &dyn Fn(&Report) -> String| Row {
            name,
            means,
            values: both.iter().map(|report| value(report)).collect(),
        };
        let mut rows = vec![
            of("Puts away from", "a score so high or higher", &|r| {
                r.thresholds
                    .spam
                    .as_ref()
                    .map_or("never by itself".into(), percent)
            }),
            of("Holds from", "", &|r| percent(&r.thresholds.hold)),
            of("Ham labels missing", "to promise what it puts away", &|r| {
                r.ham_missing_to_put_away.to_string()
            }),
            of("Ham labels missing", "to promise what waits", &|r| {
                r.ham_missing_to_hold.to_string()
            }),
        ];
        if preview.now.own.is_some() {
            rows.extend([
                of("Of your spam", "held or put away", &|r| {
                    percent(&r.spam_held)
                }),
                of("Of your spam", "put away", &|r| percent(&r.spam_put_away)),
                of("Of your ham", "held or put away", &|r| percent(&r.ham_held)),
                of("Of your ham", "put away", &|r| percent(&r.ham_put_away)),
            ]);
        }
        rows
    }

    fn month(&self, month: &Beside) -> Vec<Row> {
        let of = |name, value: fn(&Placed) -> usize| Row {
            name,
            means: "",
            values: vec![
                value(&month.before).to_string(),
                value(&month.after).to_string(),
            ],
        };
        vec![
            of("Published", |placed| placed.published),
            of("Held", |placed| placed.held),
            of("Put away as spam", |placed| placed.put_away),
        ]
    }

    fn is_cut_off(&self, month: &Beside) -> bool {
        month.comments == COMMENTS
    }

    fn is_changed(&self, preview: &Preview) -> bool {
        preview.now.promises != preview.then.promises
    }
}

/// In 1,000 put away and in 100 held, or what is wrong with these numbers.
fn parse(typed: &Typed) -> Result<(i64, i64), Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut number = |field: &'static str, typed: &Option<String>, range: RangeInclusive<i64>| {
        let typed = typed.as_deref().unwrap_or("").trim();
        match typed.parse::<i64>() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                errors.push(FieldError {
                    field,
                    message: format!("A whole number from {} to {}.", range.start(), range.end()),
                });
                *range.start()
            }
        }
    };
    let promises = (
        number("put_away", &typed.put_away, PUT_AWAY),
        number("held", &typed.held, HELD),
    );
    if errors.is_empty() {
        Ok(promises)
    } else {
        Err(errors)
    }
}

fn with((put_away, held): (i64, i64), settings: &Settings) -> Settings {
    Settings {
        put_away_per_1000: put_away,
        held_per_100: held,
        ..settings.clone()
    }
}

fn report_of(active: &Option<Arc<ActiveModel>>, settings: &Settings) -> Option<Report> {
    let mut report = active.as_ref()?.model.report().clone();
    report.promise(settings.promises(), report.silent);
    Some(report)
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    _admin: Admin,
    typed: Query<Typed>,
) -> Result<HttpResponse, Error> {
    let (typed, settings, active) = (typed.0, app.settings(), app.filter());
    let mut shown = PromisesPage {
        layout: Layout::new(&req),
        errors: Vec::new(),
        put_away: settings.put_away_per_1000.to_string(),
        held: settings.held_per_100.to_string(),
        report: report_of(&active, &settings),
        preview: None,
    };
    if typed.put_away.is_none() && typed.held.is_none() {
        return page(&shown);
    }
    let parsed = parse(&typed);
    shown.put_away = typed.put_away.unwrap_or_default();
    shown.held = typed.held.unwrap_or_default();
    match parsed {
        Err(errors) => {
            shown.errors = errors;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
        Ok(wanted) => {
            let then = report_of(&active, &with(wanted, &settings));
            if let (Some(active), Some(now), Some(then)) = (active, shown.report.clone(), then) {
                let preview = app
                    .read(move |db: &mut Db| -> QueryResult<_> {
                        let month = last_month(db, &active, &now, &then)?;
                        Ok(Preview { now, then, month })
                    })
                    .await?;
                shown.preview = Some(preview);
            }
            page(&shown)
        }
    }
}

fn last_month(
    db: &mut Db,
    active: &ActiveModel,
    now: &Report,
    then: &Report,
) -> QueryResult<Beside> {
    let since = potluck_models::db::now() - MONTH;
    let scored = placing::newest(db, &[&active.model], Some(since), COMMENTS)?;
    let of = |report: &Report, scored: &Scored| {
        let score = scored.scores[0];
        (score, report.thresholds.place(score))
    };
    let (now, then) = (|s: &Scored| of(now, s), |s: &Scored| of(then, s));
    Beside::of(db, &scored, now, then, SHOWN)
}

pub async fn save(
    req: HttpRequest,
    app: web::Data<App>,
    admin: Admin,
    form: Form,
) -> Result<HttpResponse, Error> {
    let typed = Typed {
        put_away: Some(form.get("put_away").to_owned()),
        held: Some(form.get("held").to_owned()),
    };
    let wanted = match parse(&typed) {
        Ok(wanted) => wanted,
        Err(errors) => {
            return page_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                &PromisesPage {
                    layout: Layout::new(&req),
                    errors,
                    put_away: typed.put_away.unwrap_or_default(),
                    held: typed.held.unwrap_or_default(),
                    report: report_of(&app.filter(), &app.settings()),
                    preview: None,
                },
            );
        }
    };
    let by = admin.0.user.id;
    let settings = app
        .write(move |db: &mut Db| -> QueryResult<Settings> {
            // What another administrator saved meanwhile must stay.
            let stored = Settings::load(db)?;
            let settings = with(wanted, &stored);
            settings.save(db)?;
            let detail = format!(
                "at most {} in 1,000 real comments put away (before: {}), at most {} in 100 held (before: {})",
                settings.put_away_per_1000,
                stored.put_away_per_1000,
                settings.held_per_100,
                stored.held_per_100
            );
            Act {
                actor: Some(by),
                act: "promises",
                detail: &detail,
                ..Act::default()
            }
            .write(db)?;
            Ok(settings)
        })
        .await?;
    app.set_settings(settings);
    // Its thresholds follow from them.
    crate::filter::reload(&app).await;
    Ok(see_other("/admin/models/promises?said=promises"))
}
