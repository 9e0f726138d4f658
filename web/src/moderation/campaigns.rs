//! Campaigns: near-duplicates over accounts and threads as one card, with one decision for all of
//! them, and the rule that holds the next ones.

use super::Frame;
use super::banner::{self, WORDS};
use super::desk::{QueuePage, View};
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, safe_next, see_other};
use crate::layout::{Layout, page, page_with};
use crate::session::Moderator;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};
use potluck_models::db::{CampaignId, Db};
use potluck_models::moderation::campaign::card::{self, Card, Cursor, Kin, Show};
use potluck_models::moderation::campaign::{Campaign, HOLD_DAYS, MOST_HOLD_DAYS};
use potluck_models::moderation::queue::Name;
use potluck_models::now;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    show: String,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "moderation/campaigns.html")]
struct ListPage {
    layout: Layout,
    frame: Frame,
    show: Show,
    cards: Vec<Shown>,
    is_first: bool,
    next: Option<Cursor>,
}

impl ListPage {
    fn shows(&self) -> [(Show, &'static str); 3] {
        [
            (Show::Open, "Undecided"),
            (Show::Held, "Next ones held"),
            (Show::Decided, "Decided"),
        ]
    }

    fn address(&self, show: &Show) -> String {
        match show {
            Show::Open => "/moderation/campaigns".to_owned(),
            show => format!("/moderation/campaigns?show={show}"),
        }
    }

    fn next_page(&self, cursor: &Cursor) -> String {
        banner::with(&self.address(&self.show), &[("after", cursor.to_string())])
    }
}

pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    const FOREIGN: Error = Error::BadRequest("There is no such list of campaigns.");
    let ListQuery { show, after } = query.0;
    let show = match show.as_str() {
        "" => Show::Open,
        word => word.parse().map_err(|_| FOREIGN)?,
    };
    let after: Option<Cursor> = match after.as_str() {
        "" => None,
        word => Some(word.parse().map_err(|()| FOREIGN)?),
    };
    let (cards, next) = app
        .read(move |db: &mut Db| card::list(db, show, after))
        .await?;
    page(&ListPage {
        layout: Layout::new(&req),
        frame: Frame::of(&req, &app).await?,
        show,
        cards: cards.into_iter().map(Shown::of).collect(),
        is_first: after.is_none(),
        next,
    })
}

/// A card as a page shows it, with the day that is typed for its rule.
pub struct Shown {
    pub card: Card,
    pub until: String,
    pub fault: Option<&'static str>,
}

impl Shown {
    pub fn of(card: Card) -> Shown {
        Shown {
            card,
            until: day(now() + Duration::days(HOLD_DAYS)),
            fault: None,
        }
    }

    pub fn path(&self) -> String {
        format!("/moderation/campaigns/{}", self.card.campaign.id)
    }

    /// "37 alike from 12 accounts since Tuesday".
    pub fn sentence(&self) -> String {
        let campaign = &self.card.campaign;
        let accounts = match self.card.people {
            1 => "one account".to_owned(),
            n => format!("{n} accounts"),
        };
        let since = since(now(), campaign.created_at);
        format!("{} alike from {accounts} since {since}", campaign.items)
    }

    /// "12 held, 25 spam".
    pub fn states(&self) -> String {
        let states = self.card.states.iter();
        let words: Vec<String> = states.map(|(state, n)| format!("{n} {state}")).collect();
        words.join(", ")
    }

    pub fn scores(&self) -> Option<String> {
        let (lowest, highest) = self.card.scores?;
        let (lowest, highest) = (super::row::percent(&lowest), super::row::percent(&highest));
        Some(if lowest == highest {
            format!("{lowest} % spam")
        } else {
            format!("{lowest} to {highest} % spam")
        })
    }

    pub fn more_accounts(&self) -> usize {
        self.card.people.saturating_sub(self.card.accounts.len())
    }

    pub fn more_places(&self) -> usize {
        self.card.threads.saturating_sub(self.card.places.len())
    }

    /// What the rule does, while it is in force.
    pub fn rule(&self) -> Option<String> {
        let until = self
            .card
            .campaign
            .held_until
            .filter(|until| *until > now())?;
        let does = if self.is_spam() {
            "is put away as spam"
        } else {
            "waits for a moderator"
        };
        let by = self.card.held_by.as_deref().unwrap_or("somebody");
        let until = until.format("%-d %B");
        Some(format!("What is like these {does} until {until}, by {by}."))
    }

    /// All of it was called spam, and nobody took that back.
    pub fn is_spam(&self) -> bool {
        let decided = self.card.decided.as_ref();
        decided.is_some_and(|told| {
            told.batch.verdict.as_str() == "spam" && told.batch.undone_by.is_none()
        })
    }

    pub fn first_day(&self) -> String {
        day(now() + Duration::days(1))
    }

    pub fn last_day(&self) -> String {
        day(now() + Duration::days(MOST_HOLD_DAYS))
    }
}

fn day(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d").to_string()
}

/// A day of this week by its name, an earlier one by its date.
fn since(now: NaiveDateTime, at: NaiveDateTime) -> String {
    match (now.date() - at.date()).num_days() {
        ..=0 => at.format("today, %H:%M").to_string(),
        1 => "yesterday".to_owned(),
        2..=6 => at.format("%A").to_string(),
        _ => at.format("%-d %B").to_string(),
    }
}

/// What a row says of the texts that are like it: where its campaign is.
pub fn of_kin(kin: &Kin) -> String {
    format!("/moderation/campaigns/{}", kin.campaign)
}

async fn campaign_page(
    req: &HttpRequest,
    app: &App,
    moderator: &Moderator,
    id: CampaignId,
) -> Result<QueuePage, Error> {
    let card = app.read(move |db: &mut Db| Card::find(db, id)).await?;
    let mut view = View::of(req, Name::Everything)?;
    view.filter.campaign = Some(id);
    let mut page = QueuePage::load(req, app, moderator, view).await?;
    page.campaign = Some(Shown::of(card));
    Ok(page)
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    path: web::Path<i64>,
) -> Result<HttpResponse, Error> {
    page(&campaign_page(&req, &app, &moderator, CampaignId(path.into_inner())).await?)
}

/// The rule: what is like these waits until a day.
pub async fn hold(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    path: web::Path<i64>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, by) = (CampaignId(path.into_inner()), moderator.user().id);
    let typed = form.get("until").trim().to_owned();
    let Some(until) = end_of(&typed) else {
        let mut shown = campaign_page(&req, &app, &moderator, id).await?;
        if let Some(campaign) = &mut shown.campaign {
            // Not where this form was sent to: there is no page.
            shown.frame.back = campaign.path();
            campaign.until = typed;
            campaign.fault = Some("Choose a day from tomorrow on, within 90 days.");
        }
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    };
    app.write(move |db: &mut Db| Campaign::hold(db, id, by, Some(until)))
        .await?;
    Ok(see_other(back(&form, id, "campaign-held")))
}

/// Ended early.
pub async fn let_go(
    app: web::Data<App>,
    moderator: Moderator,
    path: web::Path<i64>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, by) = (CampaignId(path.into_inner()), moderator.user().id);
    app.write(move |db: &mut Db| Campaign::hold(db, id, by, None))
        .await?;
    Ok(see_other(back(&form, id, "campaign-let-go")))
}

fn back(form: &Form, id: CampaignId, said: &str) -> String {
    let page = match safe_next(form.get("back")) {
        "/" => format!("/moderation/campaigns/{id}"),
        page => banner::without(page, &WORDS),
    };
    banner::with(&page, &[("said", said.to_owned())])
}

/// The day that was chosen, as it begins.
fn end_of(typed: &str) -> Option<NaiveDateTime> {
    let day = NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok()?;
    let end = NaiveDateTime::new(day, NaiveTime::MIN);
    (end > now() && end <= now() + Duration::days(MOST_HOLD_DAYS)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_this_week_has_its_name() {
        let at = |day: &str| NaiveDateTime::parse_from_str(day, "%Y-%m-%d %H:%M").unwrap();
        let now = at("2026-11-21 09:00");
        assert_eq!(since(now, at("2026-11-21 07:05")), "today, 07:05");
        assert_eq!(since(now, at("2026-11-20 23:59")), "yesterday");
        assert_eq!(since(now, at("2026-11-17 12:00")), "Tuesday");
        assert_eq!(since(now, at("2026-11-14 12:00")), "14 November");
    }

    #[test]
    fn a_rule_ends_between_tomorrow_and_ninety_days() {
        let in_days = |days: i64| day(now() + Duration::days(days));
        assert!(end_of(&in_days(1)).is_some());
        assert!(end_of(&in_days(90)).is_some());
        for bad in ["", "soon", "2020-01-01", &in_days(0), &in_days(92)] {
            assert_eq!(end_of(bad), None, "{bad}");
        }
    }
}
