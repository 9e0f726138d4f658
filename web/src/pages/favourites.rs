//! Favourites and following on a project's page, what is liked beside it, and `/favourites`.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{Layout, page};
use crate::pages::following::Button;
use crate::pages::projects::{self, ListQuery, after, parse_after};
use crate::session::Member;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDateTime;
use potluck_models::account::User;
use potluck_models::db::{ItemId, UserId};
use potluck_models::favourite;
use potluck_models::follow::Target;
use potluck_models::gate::Refusal;
use potluck_models::project::{self, Card, PAGE, Project};
use potluck_models::{Db, QueryResult};

/// What stands below a project's head: keeping it, and following it.
#[derive(Template)]
#[template(path = "projects/_keep.html")]
pub struct Keep {
    slug: String,
    title: String,
    csrf: String,
    /// How many like it, and how many follow it; the second is for its makers.
    favourites: i32,
    followers: i32,
    on_team: bool,
    signed_in: bool,
    /// The reader's own favourite: whether it is on their page.
    own: Option<bool>,
    follow: Option<Button>,
}

impl askama::filters::HtmlSafe for Keep {}

impl Keep {
    /// Of a public project.
    pub fn of(
        db: &mut Db,
        project: &Project,
        reader: Option<&User>,
        on_team: bool,
        csrf: &str,
    ) -> QueryResult<Keep> {
        let own = match reader {
            Some(reader) if !on_team => favourite::of(db, reader.id, project.id)?,
            _ => None,
        };
        let path = format!("/projects/{}", project.slug);
        let place = (path, project.title.as_str(), csrf);
        let follow = match on_team {
            true => None,
            false => Some(Button::new(
                db,
                reader,
                &Target::Project(project.id),
                place,
            )?),
        };
        Ok(Keep {
            slug: project.slug.clone(),
            title: project.title.clone(),
            csrf: csrf.to_owned(),
            favourites: project.favourites,
            followers: project.followers,
            on_team,
            signed_in: reader.is_some(),
            own,
            follow,
        })
    }

    /// What its makers are told, and only if it is good news.
    fn news(&self) -> String {
        let many = |n: i32, one: &str, more: &str| match n {
            0 => None,
            1 => Some(format!("one person {one}")),
            n => Some(format!("{n} people {more}")),
        };
        let likes = many(self.favourites, "likes it", "like it");
        let follows = many(self.followers, "follows it", "follow it");
        let both: Vec<String> = likes.into_iter().chain(follows).collect();
        let mut sentence = both.join(", ");
        if let Some(first) = sentence.get(..1).map(str::to_uppercase) {
            sentence.replace_range(..1, &first);
        }
        sentence
    }
}

/// What people who like a project like beside it.
pub fn liked_also(db: &mut Db, project: ItemId, reader: Option<UserId>) -> QueryResult<Vec<Card>> {
    let ids = favourite::liked_also(db, project)?;
    project::cards(db, &ids, reader)
}

/// Cards, each with whether everybody may see that it is a favourite; and where the next page begins.
type Part = (Vec<(Card, bool)>, Option<String>);

/// A page of somebody's favourites, and where the next begins.
pub fn shown(
    db: &mut Db,
    user: UserId,
    own: bool,
    start: Option<(NaiveDateTime, ItemId)>,
    reader: Option<UserId>,
) -> QueryResult<Part> {
    let mut part = favourite::page(db, user, own, start, PAGE + 1)?;
    let more = part.len() as i64 > PAGE;
    part.truncate(PAGE as usize);
    let last = part.last().filter(|_| more);
    let next = last.map(|(id, at, _)| after(*at, *id));
    let ids: Vec<ItemId> = part.iter().map(|(id, ..)| *id).collect();
    let public = |id: ItemId| part.iter().any(|(one, _, public)| *one == id && *public);
    let cards = project::cards(db, &ids, reader)?;
    let cards = cards.into_iter().map(|card| {
        let public = public(card.id);
        (card, public)
    });
    Ok((cards.collect(), next))
}

#[derive(Template)]
#[template(path = "accounts/favourites.html")]
struct FavouritesPage {
    layout: Layout,
    me: String,
    kept: Vec<(Card, bool)>,
    next: Option<String>,
    is_first: bool,
}

/// `/favourites`: one's own, the private ones among them.
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let (me, start) = (member.user().id, parse_after(&query.0.after));
    let (kept, next) = app
        .read(move |db: &mut Db| shown(db, me, true, start, None))
        .await?;
    page(&FavouritesPage {
        layout: Layout::new(&req),
        me: member.user().username.clone(),
        kept,
        next,
        is_first: start.is_none(),
    })
}

/// `/projects/{slug}/favourite`: keeps it, lets it go, or says who sees that.
pub async fn change(
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let user = member.user().clone();
    let me = user.id;
    let lets_go = form.has("let_go");
    let public = match form.get("public") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let slug = app
        .write(move |db: &mut Db| -> Result<String, Error> {
            let project = projects::public(db, &slug)?;
            match (lets_go, public) {
                (true, _) => favourite::let_go(db, me, project.id)?,
                (false, Some(public)) => {
                    favourite::show(db, me, project.id, public)?;
                }
                (false, None) => {
                    if !user.is_confirmed() {
                        return Err(Error::Refused(Refusal::Unconfirmed));
                    }
                    favourite::keep(db, me, &project)?;
                }
            }
            Ok(project.slug)
        })
        .await?;
    let said = match (lets_go, public) {
        (true, _) => "let-go",
        (false, Some(_)) => "saved",
        (false, None) => "kept",
    };
    Ok(see_other(match form.has("list") {
        true => format!("/favourites?said={said}"),
        false => format!("/projects/{slug}?said={said}"),
    }))
}
