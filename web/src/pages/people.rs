//! People: what they made and what they said. Their own drafts and waiting projects only they see.

use crate::app::App;
use crate::error::Error;
use crate::layout::{Html, Layout, page};
use crate::linked::{self, Who};
use crate::session::Visitor;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::account::User;
use potluck_models::comment::Comment;
use potluck_models::db::ItemId;
use potluck_models::item::State;
use potluck_models::moderation::appeal;
use potluck_models::project::{Card, Listing};
use potluck_models::{Db, QueryResult, markdown};
use std::collections::HashSet;

const MOST_PROJECTS: i64 = 60;
const COMMENTS: i64 = 20;

#[derive(Template)]
#[template(path = "people/show.html")]
struct PersonPage {
    layout: Layout,
    person: User,
    is_own: bool,
    projects: Vec<Card>,
    /// Of their own page only: what is not public.
    unshared: Vec<Card>,
    /// Of these, what stays away from readers for good.
    kept_away: HashSet<ItemId>,
    comments: Vec<(Comment, String, String)>,
}

impl PersonPage {
    fn linked(&self) -> Html {
        let (name, username) = (self.person.name(), self.person.username.as_str());
        linked::of_person(&self.layout.url, &Who { name, username })
    }

    fn excerpt(&self, comment: &Comment) -> String {
        markdown::excerpt(&comment.body_html, 280)
    }

    fn maker_of(&self) -> Option<&Card> {
        self.projects.first()
    }

    /// Spam looks held to its author.
    fn badge(&self, card: &Card) -> &'static str {
        match card.state {
            State::Draft => "draft",
            State::Removed => "removed by a moderator",
            State::Unlisted => "unlisted",
            _ if self.kept_away.contains(&card.id) => "kept from readers",
            _ => "waits for a moderator",
        }
    }
}

/// Those of one's own projects that a moderator left in Spam when asked to look again.
pub fn kept_away(db: &mut Db, own: &[Card]) -> QueryResult<HashSet<ItemId>> {
    let in_spam = own.iter().filter(|card| card.state == State::Spam);
    let ids: Vec<ItemId> = in_spam.map(|card| card.id).collect();
    match ids.is_empty() {
        true => Ok(HashSet::new()),
        false => appeal::kept_away(db, &ids),
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    username: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (username, viewer) = (username.into_inner(), visitor.id());
    let layout = Layout::new(&req);
    let make = app
        .read(move |db| -> Result<_, Error> {
            let person = User::by_username(db, &username)?.ok_or(Error::NotFound)?;
            let is_own = viewer == Some(person.id);
            let listing = |every_state| Listing {
                maker: Some(person.id),
                every_state,
                limit: MOST_PROJECTS,
                ..Listing::default()
            };
            let projects = listing(false).load(db)?;
            let mut unshared = if is_own {
                listing(true).load(db)?
            } else {
                Vec::new()
            };
            unshared.retain(|card| card.state != State::Published);
            let kept_away = kept_away(db, &unshared)?;
            let comments = Comment::by(db, person.id, COMMENTS)?;
            // An account that was never confirmed, and did nothing, is nobody yet.
            if !person.is_confirmed() && !is_own && projects.is_empty() && comments.is_empty() {
                return Err(Error::NotFound);
            }
            Ok(move |layout| PersonPage {
                layout,
                person,
                is_own,
                projects,
                unshared,
                kept_away,
                comments,
            })
        })
        .await?;
    page(&make(layout))
}
