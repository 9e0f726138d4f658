//! People: what they made and what they said. Their own drafts and waiting projects only they see.

use crate::app::App;
use crate::error::Error;
use crate::forms::Query;
use crate::layout::{Html, Layout, page};
use crate::linked::{self, Who};
use crate::pages::awards;
use crate::pages::favourites;
use crate::pages::following::Button;
use crate::pages::projects::{next_page, parse_after};
use crate::session::Visitor;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::account::User;
use potluck_models::db::{ItemId, with_kept_plans};
use potluck_models::elsewhere::Elsewhere;
use potluck_models::exchange::{self, Gift, Way};
use potluck_models::follow::{self, Target};
use potluck_models::ignore;
use potluck_models::item::State;
use potluck_models::markdown;
use potluck_models::moderation::appeal;
use potluck_models::profile::Profile;
use potluck_models::project::{Card, Listing, PAGE};
use potluck_models::proof;
use potluck_models::{Db, QueryResult};
use serde::Deserialize;
use std::collections::HashSet;

/// Of their own page: what is not public.
const MOST_UNSHARED: i64 = 60;

/// Where each part goes on.
#[derive(Deserialize)]
pub struct PersonQuery {
    #[serde(default)]
    made: String,
    #[serde(default)]
    gave: String,
    #[serde(default)]
    received: String,
    #[serde(default)]
    liked: String,
}

/// A part of what they gave or received, and where it goes on.
type Part = (Vec<Gift>, Option<ItemId>);

#[derive(Template)]
#[template(path = "people/show.html")]
struct PersonPage {
    layout: Layout,
    person: User,
    is_own: bool,
    /// The reader ignores them; nobody else is told.
    is_ignored: bool,
    links: Vec<Elsewhere>,
    /// Those of them whose page links back here.
    proved: HashSet<String>,
    projects: Vec<Card>,
    more_made: Option<String>,
    /// Of their own page only: what is not public.
    unshared: Vec<Card>,
    /// Of these, what stays away from readers for good.
    kept_away: HashSet<ItemId>,
    gave: Part,
    received: Part,
    /// Their public favourites, and where older ones begin.
    liked: (Vec<(Card, bool)>, Option<String>),
    follow: Option<Button>,
    /// Told to themselves alone.
    followers: i32,
    awards: Option<awards::OfPerson>,
    /// Not on a later page of any part.
    is_first: bool,
}

impl PersonPage {
    fn linked(&self) -> Html {
        let (name, username) = (self.person.name(), self.person.username.as_str());
        linked::of_person(&self.layout.url, &Who { name, username })
    }

    fn excerpt(&self, gift: &Gift) -> String {
        markdown::excerpt(&gift.body_html, 280)
    }

    fn is_empty(&self) -> bool {
        self.projects.is_empty() && self.gave.0.is_empty() && self.received.0.is_empty()
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
    query: Query<PersonQuery>,
) -> Result<HttpResponse, Error> {
    let (username, viewer, query) = (username.into_inner(), visitor.id(), query.0);
    let layout = Layout::new(&req);
    let (me, csrf) = (visitor.signed_in.clone(), layout.csrf.clone());
    let make = app
        .read(move |db| {
            with_kept_plans(db, |db| -> Result<_, Error> {
                let person = User::by_username(db, &username)?.ok_or(Error::NotFound)?;
                let is_own = viewer == Some(person.id);
                let made = parse_after(&query.made);
                let mut projects = Listing {
                    maker: Some(person.id),
                    after: made,
                    limit: PAGE + 1,
                    ..Listing::default()
                }
                .load(db)?;
                let more_made = next_page(&mut projects);
                let is_first = made.is_none() && query.gave.is_empty() && query.received.is_empty();
                let mut unshared = if is_own && is_first {
                    Listing {
                        maker: Some(person.id),
                        every_state: true,
                        limit: MOST_UNSHARED,
                        ..Listing::default()
                    }
                    .load(db)?
                } else {
                    Vec::new()
                };
                unshared.retain(|card| card.state != State::Published);
                let kept_away = kept_away(db, &unshared)?;
                let gave = query.gave.parse().ok();
                let gave = exchange::page(db, person.id, Way::Gave, gave, viewer)?;
                let received = query.received.parse().ok();
                let received = exchange::page(db, person.id, Way::Received, received, viewer)?;
                let liked = parse_after(&query.liked);
                let is_first = is_first && liked.is_none();
                let liked = favourites::shown(db, person.id, false, liked, viewer)?;
                let awards = match is_first {
                    true => awards::OfPerson::of(db, &person, viewer)?,
                    false => None,
                };
                // An account that was never confirmed, and did nothing, is nobody yet.
                let did_nothing = projects.is_empty() && gave.0.is_empty();
                if !person.is_confirmed() && !is_own && is_first && did_nothing {
                    return Err(Error::NotFound);
                }
                let links =
                    Profile::of(db, person.id)?.map_or(Vec::new(), |profile| profile.links());
                let proved = match links.is_empty() {
                    true => HashSet::new(),
                    false => proof::proved(db, person.id)?,
                };
                let is_ignored = match viewer {
                    Some(viewer) if !is_own => ignore::holds(db, viewer, person.id)?,
                    _ => false,
                };
                let follow = match person.is_confirmed() && !is_own {
                    true => {
                        let path = format!("/people/{}", person.username);
                        let place = (path, person.name(), csrf.as_str());
                        let target = Target::Person(person.id);
                        Some(Button::new(
                            db,
                            me.as_ref().map(|me| &me.user),
                            &target,
                            place,
                        )?)
                    }
                    false => None,
                };
                let followers = match is_own {
                    true => follow::followers_of(db, person.id)?,
                    false => 0,
                };
                Ok(move |layout| PersonPage {
                    layout,
                    liked,
                    follow,
                    followers,
                    is_ignored,
                    links,
                    proved,
                    person,
                    is_own,
                    projects,
                    more_made,
                    unshared,
                    kept_away,
                    gave,
                    received,
                    awards,
                    is_first,
                })
            })
        })
        .await?;
    page(&make(layout))
}
