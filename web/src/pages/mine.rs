//! `/account/mine`: everything of one's own on one page: comments, drafts, what waits, one's standing.

use crate::app::App;
use crate::error::Error;
use crate::forms::Query;
use crate::layout::{Layout, page};
use crate::session::Member;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::{Db, ItemId};
use potluck_models::item::State;
use potluck_models::markdown;
use potluck_models::mine::{self, Own, Tally};
use potluck_models::moderation::queue::{self, Entry};
use potluck_models::moderation::sanction::Sanction;
use potluck_models::project::{Card, Listing};
use serde::Deserialize;

const MOST_DRAFTS: i64 = 200;

#[derive(Deserialize)]
pub struct MineQuery {
    #[serde(default)]
    before: String,
}

#[derive(Template)]
#[template(path = "accounts/mine.html")]
struct MinePage {
    layout: Layout,
    username: String,
    is_maker: bool,
    is_confirmed: bool,
    tally: Tally,
    sanctions: Vec<Sanction>,
    drafts: Vec<Card>,
    waiting: Vec<Entry>,
    comments: Vec<Own>,
    is_first: bool,
    next: Option<ItemId>,
}

impl MinePage {
    fn excerpt(&self, own: &Own) -> String {
        markdown::excerpt(&own.body_html, 240)
    }

    fn standing(&self, entry: &Entry) -> &'static str {
        let item = &entry.item;
        mine::standing(item.state, item.queue, &item.why).unwrap_or("published")
    }

    /// Where its author goes on with it.
    fn path(&self, entry: &Entry) -> String {
        match entry.item.kind {
            potluck_models::item::Kind::Profile => "/account/profile".into(),
            _ => entry.path(),
        }
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    query: Query<MineQuery>,
) -> Result<HttpResponse, Error> {
    let layout = Layout::new(&req);
    let (user, is_maker) = (member.user().clone(), member.0.is_maker);
    let before: Option<ItemId> = query.0.before.parse().ok();
    let mine = app
        .read(move |db: &mut Db| -> Result<MinePage, Error> {
            let (comments, next) = mine::comments(db, user.id, before)?;
            let ids: Vec<ItemId> = mine::waiting(db, user.id)?
                .iter()
                .map(|item| item.id)
                .collect();
            let mut waiting = queue::these(db, &ids)?;
            waiting.reverse();
            let mut drafts = Listing {
                maker: Some(user.id),
                every_state: true,
                limit: MOST_DRAFTS,
                ..Listing::default()
            }
            .load(db)?;
            drafts.retain(|card| card.state == State::Draft);
            Ok(MinePage {
                layout,
                is_maker,
                is_confirmed: user.is_confirmed(),
                tally: mine::tally(db, user.id)?,
                sanctions: Sanction::for_member(db, user.id)?,
                username: user.username,
                drafts,
                waiting,
                comments,
                is_first: before.is_none(),
                next,
            })
        })
        .await?;
    page(&mine)
}
