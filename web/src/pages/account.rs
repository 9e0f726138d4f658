//! A member's own account: password, sessions, their projects in every state.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page, page_with};
use crate::mail::Letter;
use crate::pages::people;
use crate::session::{Member, Moderator};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::Duration;
use potluck_models::account::{Role, User};
use potluck_models::db::{ItemId, SanctionId, SessionId};
use potluck_models::deletion::Deletion;
use potluck_models::intake::limits;
use potluck_models::invitation::Invitation;
use potluck_models::item::State;
use potluck_models::join::Sent;
use potluck_models::mailing::{self, Rate, Topic};
use potluck_models::moderation::digest;
use potluck_models::moderation::sanction::{self, Sanction};
use potluck_models::notice::Wishes;
use potluck_models::project::{Card, FieldError, Listing};
use potluck_models::session::Session;
use potluck_models::{QueryResult, password};
use std::collections::HashSet;

#[derive(Template)]
#[template(path = "accounts/account.html")]
struct AccountPage {
    layout: Layout,
    errors: Vec<FieldError>,
    user: User,
    this: SessionId,
    sessions: Vec<Session>,
    mine: Vec<Card>,
    /// Of these, what stays away from readers for good.
    kept_away: HashSet<ItemId>,
    /// What they may make too.
    invitations: Vec<Invitation>,
    /// Where they asked to join, and wait for an answer.
    sent: Vec<Sent>,
    /// Their projects that can be brought back.
    deleted: Vec<(Deletion, String, String)>,
    /// What moderators did that concerns them.
    sanctions: Vec<Sanction>,
    /// Of a moderator: whether the daily letter of what waits is wanted.
    digest: Option<bool>,
    wishes: Wishes,
    /// How often they want letters, by topic.
    letters: Vec<(Topic, Rate)>,
}

impl AccountPage {
    /// What switches a topic off in the inbox too, if anything does: its field, and whether it is on.
    fn switch(&self, topic: &Topic) -> Option<(&'static str, bool)> {
        match topic {
            Topic::Replies => Some(("replies", self.wishes.replies)),
            Topic::Mentions => Some(("mentions", self.wishes.mentions)),
            Topic::Comments => Some(("comments", self.wishes.comments)),
            Topic::Follows | Topic::Team => None,
        }
    }

    fn error(&self, field: &str) -> Option<&str> {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message.as_str())
    }

    /// "Firefox on Linux", as far as the browser says.
    fn device(&self, session: &Session) -> String {
        let agent = &session.user_agent;
        let find = |names: &[&'static str]| names.iter().copied().find(|name| agent.contains(name));
        let browser = find(&["Firefox", "Edg", "Chromium", "Chrome", "Safari", "curl"])
            .map(|b| if b == "Edg" { "Edge" } else { b });
        let system = find(&["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"]);
        match (browser, system) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => "An unknown browser".to_owned(),
        }
    }
}

async fn account_page(
    req: &HttpRequest,
    app: &App,
    member: &Member,
    errors: Vec<FieldError>,
) -> Result<AccountPage, Error> {
    let (user, this) = (member.user().clone(), member.0.session.id);
    let (id, moderates) = (user.id, user.role >= Role::Moderator);
    let (
        sessions,
        (mine, kept_away, (invitations, sent), deleted),
        sanctions,
        digest,
        (wishes, letters),
    ) = app
        .read(move |db| -> QueryResult<_> {
            let mine = Listing {
                maker: Some(id),
                every_state: true,
                limit: 200,
                ..Listing::default()
            };
            let sanctions = Sanction::for_member(db, id)?;
            let digest = moderates.then(|| digest::is_wanted(db, id)).transpose()?;
            let mine = mine.load(db)?;
            let kept_away = people::kept_away(db, &mine)?;
            let invitations = (Invitation::to(db, id)?, Sent::by(db, id)?);
            let deleted = Deletion::of_maker(db, id)?;
            let mine = (mine, kept_away, invitations, deleted);
            let sessions = Session::of(db, id)?;
            let wishes = (Wishes::of(db, id)?, mailing::chosen(db, id)?);
            Ok((sessions, mine, sanctions, digest, wishes))
        })
        .await?;
    Ok(AccountPage {
        layout: Layout::new(req),
        errors,
        user,
        this,
        sessions,
        mine,
        kept_away,
        invitations,
        sent,
        deleted,
        sanctions,
        digest,
        wishes,
        letters,
    })
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
) -> Result<HttpResponse, Error> {
    page(&account_page(&req, &app, &member, Vec::new()).await?)
}

pub async fn change_password(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    form: Form,
) -> Result<HttpResponse, Error> {
    let user = member.user().clone();
    let settings = app.settings();
    let (now, chosen) = (
        form.get("current_password").to_owned(),
        form.get("password").to_owned(),
    );
    let bucket = format!("password:{}", user.id);
    if !app.config.limits_off {
        app.write(move |db| limits::count(db, &bucket, 10, Duration::minutes(15)))
            .await?
            .map_err(Error::SlowDown)?;
    }
    let mut errors = Vec::new();
    if let Err(weak) = password::check(&chosen, &[&settings.site_name, &user.username, &user.email])
    {
        errors.push(FieldError {
            field: "password",
            message: weak.to_string(),
        });
    }
    let phc = user.password_hash.clone();
    let fine = errors.is_empty();
    let hash = app
        .hash(move || {
            password::verify(&now, &phc).then(|| {
                if fine {
                    password::hash(&chosen)
                } else {
                    String::new()
                }
            })
        })
        .await?;
    if hash.is_none() {
        errors.insert(
            0,
            FieldError {
                field: "current_password",
                message: "This is not your password now.".into(),
            },
        );
    }
    let Some(hash) = hash.filter(|_| errors.is_empty()) else {
        return page_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &account_page(&req, &app, &member, errors).await?,
        );
    };
    let (this, url) = (member.0.session.id, app.url());
    app.write(move |db| -> QueryResult<()> {
        user.set_password_hash(db, &hash)?;
        Session::end_others(db, user.id, Some(this))?;
        Letter::password_changed(&settings.site_name, &url, &user.username, &user.email)
            .queue(db)?;
        Ok(())
    })
    .await?;
    Ok(see_other("/account?said=password"))
}

pub async fn end_sessions(
    app: web::Data<App>,
    member: Member,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (user, this) = (member.user().id, member.0.session.id);
    let one: Option<SessionId> = form.get("session").parse().ok();
    let others = form.has("others");
    app.write(move |db| -> QueryResult<()> {
        if others {
            Session::end_others(db, user, Some(this))?;
        } else if let Some(one) = one {
            Session::end_one(db, user, one)?;
        }
        Ok(())
    })
    .await?;
    Ok(see_other("/account?said=sessions"))
}

/// What moderators are written to about.
pub async fn choose_letters(
    app: web::Data<App>,
    moderator: Moderator,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (user, wanted) = (moderator.user().id, form.has("digest"));
    app.write(move |db| digest::want(db, user, wanted)).await?;
    Ok(see_other("/account?said=saved"))
}

/// "I have read this."
pub async fn read_warning(
    app: web::Data<App>,
    member: Member,
    form: Form,
) -> Result<HttpResponse, Error> {
    let user = member.user().id;
    let id: SanctionId = form.get("warning").parse().map_err(|_| Error::NotFound)?;
    app.write(move |db| sanction::read_warning(db, user, id))
        .await?;
    Ok(see_other("/account?said=read"))
}
