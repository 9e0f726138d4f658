//! The front page: what waits for feedback, what was just released, what is new, and how we sit
//! together. An empty site explains itself, to its administrator and to the first maker.

use crate::app::App;
use crate::config::MailTo;
use crate::error::Error;
use crate::layout::{Layout, page};
use crate::session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::QueryResult;
use potluck_models::db::ItemId;
use potluck_models::project::{self, Card, Listing, Order};
use potluck_models::release::Release;

const FEW: i64 = 4;
const NEWEST: i64 = 8;

#[derive(Template)]
#[template(path = "home/show.html")]
struct HomePage {
    layout: Layout,
    waiting: Vec<Card>,
    released: Vec<Card>,
    newest: Vec<Card>,
    /// For the first administrator: where letters lie while no mail server is set.
    outbox: Option<String>,
}

impl HomePage {
    /// The tagline's first sentence, and the rest of it in another tone.
    fn tagline(&self) -> (&str, &str) {
        let tagline = self.layout.settings.tagline.as_str();
        match tagline.find(". ") {
            Some(at) => (&tagline[..=at], &tagline[at + 2..]),
            None => (tagline, ""),
        }
    }
}

pub async fn show(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let reader = session::reader(&req);
    let (waiting, released, newest) = app
        .read(move |db| -> QueryResult<_> {
            let list = |order, limit| Listing {
                order,
                limit,
                reader,
                ..Listing::default()
            };
            let newest = list(Order::Newest, NEWEST).load(db)?;
            // With so few on the table, the other two lists would only repeat this one.
            if !project::are_more_than(db, FEW)? {
                return Ok((Vec::new(), Vec::new(), newest));
            }
            let waiting = list(Order::WaitingForFeedback, FEW).load(db)?;
            let mut ids: Vec<ItemId> = Vec::new();
            for new in Release::newest(db, None, 4 * FEW)? {
                if !ids.contains(&new.release.project_id) && (ids.len() as i64) < FEW {
                    ids.push(new.release.project_id);
                }
            }
            let mut released = Listing {
                ids: Some(&ids),
                reader,
                ..Listing::default()
            }
            .load(db)?;
            released.sort_by_key(|card| ids.iter().position(|id| *id == card.id));
            Ok((waiting, released, newest))
        })
        .await?;
    let outbox = match &app.config.mail {
        MailTo::Outbox(folder) => Some(folder.display().to_string()),
        MailTo::Smtp(_) => None,
    };
    page(&HomePage {
        layout: Layout::new(&req),
        waiting,
        released,
        newest,
        outbox,
    })
}
