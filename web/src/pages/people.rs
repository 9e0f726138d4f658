//! People: what they made and what they said. Their own drafts and waiting projects only they see.

use crate::app::App;
use crate::error::Error;
use crate::layout::{Html, Layout, page};
use crate::session::Visitor;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::account::User;
use potluck_models::comment::Comment;
use potluck_models::elsewhere::Elsewhere;
use potluck_models::item::State;
use potluck_models::markdown;
use potluck_models::profile::Profile;
use potluck_models::project::{Card, Listing};

const MOST_PROJECTS: i64 = 60;
const COMMENTS: i64 = 20;

#[derive(Template)]
#[template(path = "people/show.html")]
struct PersonPage {
    layout: Layout,
    person: User,
    is_own: bool,
    links: Vec<Elsewhere>,
    projects: Vec<Card>,
    /// Of their own page only: what is not public.
    unshared: Vec<Card>,
    comments: Vec<(Comment, String, String)>,
}

impl PersonPage {
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
            _ => "waits for a moderator",
        }
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
            let comments = Comment::by(db, person.id, COMMENTS)?;
            // An account that was never confirmed, and did nothing, is nobody yet.
            if !person.is_confirmed() && !is_own && projects.is_empty() && comments.is_empty() {
                return Err(Error::NotFound);
            }
            let links = Profile::of(db, person.id)?.map_or(Vec::new(), |profile| profile.links());
            Ok(move |layout| PersonPage {
                layout,
                links,
                person,
                is_own,
                projects,
                unshared,
                comments,
            })
        })
        .await?;
    page(&make(layout))
}
