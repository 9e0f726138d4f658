//! What somebody follows: the button on the pages of projects, people and tags, and the list. Nobody else
//! sees who follows; makers see how many.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, encode, page, segment};
use crate::pages::projects;
use crate::session::Member;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::account::User;
use potluck_models::follow::{self, Followed, Target};
use potluck_models::gate::Refusal;
use potluck_models::{Db, QueryResult, mute, project, tag};

/// Follow, or follow no more. Who is not logged in is led there.
#[derive(Template)]
#[template(path = "follows/_button.html")]
pub struct Button {
    /// The page it stands on.
    path: String,
    name: String,
    csrf: String,
    /// None: a visitor.
    follows: Option<bool>,
}

impl askama::filters::HtmlSafe for Button {}

impl Button {
    pub fn new(
        db: &mut Db,
        reader: Option<&User>,
        target: &Target,
        (path, name, csrf): (String, &str, &str),
    ) -> QueryResult<Button> {
        let follows = match reader {
            Some(reader) => Some(follow::holds(db, reader.id, target)?),
            None => None,
        };
        Ok(Button {
            path,
            name: name.to_owned(),
            csrf: csrf.to_owned(),
            follows,
        })
    }

    fn login(&self) -> String {
        format!("/login?next={}", encode(&self.path))
    }
}

#[derive(Template)]
#[template(path = "accounts/following.html")]
struct FollowingPage {
    layout: Layout,
    followed: Followed,
    /// Threads they are not told of, as they wish: slug and title.
    muted: Vec<(String, String)>,
}

/// `/account/following`
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
) -> Result<HttpResponse, Error> {
    let me = member.user().id;
    let (followed, muted) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            Ok((Followed::by(db, me)?, mute::list(db, me)?))
        })
        .await?;
    page(&FollowingPage {
        layout: Layout::new(&req),
        followed,
        muted,
    })
}

/// Follows it, or not any more; and back to where the button was.
async fn change(
    app: web::Data<App>,
    member: Member,
    form: Form,
    find: impl FnOnce(&mut Db, &User) -> Result<(Target, String), Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let user = member.user().clone();
    let unfollows = form.has("unfollow");
    let path = app
        .write(move |db: &mut Db| -> Result<String, Error> {
            let (target, path) = find(db, &user)?;
            match unfollows {
                true => follow::unfollow(db, user.id, &target)?,
                false if !user.is_confirmed() => return Err(Error::Refused(Refusal::Unconfirmed)),
                false => follow::follow(db, user.id, &target)?,
            }
            Ok(path)
        })
        .await?;
    if form.has("list") {
        return Ok(see_other("/account/following?said=unfollowed"));
    }
    let said = if unfollows { "unfollowed" } else { "followed" };
    Ok(see_other(format!("{path}?said={said}")))
}

pub async fn project(
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    change(app, member, form, move |db, _| {
        let project = projects::public(db, &slug)?;
        let path = format!("/projects/{}", project.slug);
        Ok((Target::Project(project.id), path))
    })
    .await
}

pub async fn person(
    app: web::Data<App>,
    member: Member,
    username: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    change(app, member, form, move |db, _| {
        let whom = User::by_username(db, &username)?.filter(User::is_confirmed);
        let whom = whom.ok_or(Error::NotFound)?;
        let path = format!("/people/{}", whom.username);
        Ok((Target::Person(whom.id), path))
    })
    .await
}

pub async fn tag(
    app: web::Data<App>,
    member: Member,
    name: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    change(app, member, form, move |db, user| {
        let typed = name.into_inner();
        let name = tag::target(db, &typed)?.unwrap_or(typed);
        let path = format!("/tags/{}", segment(&name));
        // A tag that no project carries any more can still be let go.
        let known = project::count_tagged(db, &name, 1)? > 0
            || follow::holds(db, user.id, &Target::Tag(name.clone()))?;
        match known {
            true => Ok((Target::Tag(name), path)),
            false => Err(Error::NotFound),
        }
    })
    .await
}
