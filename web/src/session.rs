//! Who asks. The layer reads the cookie once a request; handlers name what they need in their
//! signature: [`Visitor`] (anyone), [`Member`], [`Moderator`], [`Admin`].

use crate::app::{App, LARGE};
use crate::error::Error;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use potluck_models::account::{Role, User, network_hash};
use potluck_models::db::{UserId, with_kept_plans};
use potluck_models::inbox;
use potluck_models::moderation::sanction::Sanction;
use potluck_models::secret;
use potluck_models::session::Session;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct SignedIn {
    pub user: User,
    pub session: Session,
    pub is_maker: bool,
    /// For moderators: how many items wait in their queues.
    pub waiting: i64,
    /// What was said to them and is not read, up to [`inbox::COUNTED`].
    pub unread: i64,
    /// What a moderator wants them to read before they post on.
    pub warning: Option<Sanction>,
}

impl SignedIn {
    /// "3", or "99+".
    pub fn unread(&self) -> String {
        if self.unread >= inbox::COUNTED {
            return format!("{}+", inbox::COUNTED - 1);
        }
        self.unread.to_string()
    }

    pub fn is_moderator(&self) -> bool {
        self.user.role >= Role::Moderator
    }
}

/// Anyone.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub signed_in: Option<Arc<SignedIn>>,
    /// Of forms for people who are not signed in: the random value in their form cookie.
    pub form_cookie: Option<String>,
}

impl Visitor {
    pub fn user(&self) -> Option<&User> {
        self.signed_in.as_ref().map(|signed_in| &signed_in.user)
    }

    pub fn id(&self) -> Option<UserId> {
        self.user().map(|user| user.id)
    }

    pub fn is_moderator(&self) -> bool {
        self.user().is_some_and(|user| user.role >= Role::Moderator)
    }
}

/// Who reads, where a page shows everybody the same but for whom they ignore.
pub fn reader(req: &HttpRequest) -> Option<UserId> {
    visitor_of(req).id()
}

/// Signed in.
#[derive(Clone, Debug)]
pub struct Member(pub Arc<SignedIn>);

impl Member {
    pub fn user(&self) -> &User {
        &self.0.user
    }
}

/// Signed in as a moderator or an administrator.
#[derive(Clone, Debug)]
pub struct Moderator(pub Arc<SignedIn>);

impl Moderator {
    pub fn user(&self) -> &User {
        &self.0.user
    }
}

/// Signed in as an administrator.
#[derive(Clone, Debug)]
pub struct Admin(pub Arc<SignedIn>);

fn visitor_of(req: &HttpRequest) -> Visitor {
    req.extensions()
        .get::<Visitor>()
        .cloned()
        .unwrap_or(Visitor {
            signed_in: None,
            form_cookie: None,
        })
}

fn with_role(req: &HttpRequest, role: Role) -> Result<Arc<SignedIn>, Error> {
    let signed_in = visitor_of(req).signed_in.ok_or(Error::SignIn)?;
    if signed_in.user.role < role {
        return Err(Error::Forbidden(match role {
            Role::Admin => "This page is for administrators.".into(),
            _ => "This page is for moderators.".into(),
        }));
    }
    Ok(signed_in)
}

macro_rules! extract {
    ($($name:ident: $from:expr;)*) => { $(
        impl FromRequest for $name {
            type Error = Error;
            type Future = Ready<Result<Self, Error>>;
            fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
                let from: fn(&HttpRequest) -> Result<Self, Error> = $from;
                ready(from(req))
            }
        }
    )* };
}

extract! {
    Visitor: |req| Ok(visitor_of(req));
    Member: |req| visitor_of(req).signed_in.map(Member).ok_or(Error::SignIn);
    Moderator: |req| with_role(req, Role::Moderator).map(Moderator);
    Admin: |req| with_role(req, Role::Admin).map(Admin);
}

/// The name says more than `potluck` when a browser may enforce it.
pub fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-potluck" } else { "potluck" }
}

pub fn form_cookie_name(https: bool) -> &'static str {
    if https {
        "__Host-potluck-form"
    } else {
        "potluck-form"
    }
}

/// A cookie by our rules: not for scripts, not from other sites, not for other hosts.
pub fn cookie(https: bool, name: &'static str, value: String, days: i64) -> Cookie<'static> {
    let cookie = Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(https);
    if days == 0 {
        cookie.finish()
    } else {
        cookie.max_age(Duration::days(days)).finish()
    }
}

pub fn end_cookie(https: bool) -> Cookie<'static> {
    let mut cookie = cookie(https, cookie_name(https), String::new(), 0);
    cookie.make_removal();
    cookie
}

/// Reads the cookies of a request. Anonymous readers cost no query.
pub async fn identify(app: &web::Data<App>, req: &HttpRequest) -> Result<Visitor, Error> {
    let https = app.config.is_https();
    let value = |name| req.cookie(name).map(|cookie| cookie.value().to_owned());
    let form_cookie = value(form_cookie_name(https)).filter(|value| value.len() == 64);
    let Some(token) = value(cookie_name(https)).filter(|token| token.len() == 64) else {
        return Ok(Visitor {
            signed_in: None,
            form_cookie,
        });
    };
    let many = app.waiting.get();
    let found = app
        .read(move |db| -> Result<_, diesel::result::Error> {
            with_kept_plans(db, |db| {
                let Some((session, user)) = Session::find(db, &token)? else {
                    return Ok(None);
                };
                let is_maker = User::is_maker(db, user.id)?;
                let waiting = match many {
                    _ if user.role < Role::Moderator => 0,
                    Some(many) => many,
                    None => potluck_models::moderation::queue::waiting(db)?,
                };
                let warning = match user.sanctioned.warning_id {
                    Some(id) => Some(Sanction::find(db, id)?),
                    None => None,
                };
                let unread = inbox::unread(db, user.id)?;
                Ok(Some(SignedIn {
                    user,
                    unread,
                    session,
                    is_maker,
                    waiting,
                    warning,
                }))
            })
        })
        .await?;
    if let Some(signed_in) = &found
        && signed_in.waiting >= LARGE
    {
        app.waiting.keep(signed_in.waiting);
    }
    if let Some(signed_in) = &found
        && signed_in.session.wants_touch()
    {
        // Beside the request: reading a page neither waits for the writer nor fails with it.
        let (app, session) = (app.clone(), signed_in.session.clone());
        actix_web::rt::spawn(async move {
            if let Err(error) = app.write(move |db| session.touch(db)).await {
                tracing::warn!("a session could not be touched: {error}");
            }
        });
    }
    Ok(Visitor {
        signed_in: found.map(Arc::new),
        form_cookie,
    })
}

/// The forgery token of a person's forms: bound to the session, or to the form cookie before one.
pub fn csrf_token(app: &App, visitor: &Visitor) -> Option<String> {
    let key = &app.settings().key;
    match (&visitor.signed_in, &visitor.form_cookie) {
        (Some(signed_in), _) => Some(secret::keyed(
            key,
            &format!("csrf:{}", signed_in.session.token_hash),
        )),
        (None, Some(cookie)) => Some(secret::keyed(key, &format!("form:{cookie}"))),
        (None, None) => None,
    }
}

pub fn csrf_matches(app: &App, visitor: &Visitor, given: &str) -> bool {
    let key = &app.settings().key;
    match (&visitor.signed_in, &visitor.form_cookie) {
        (Some(signed_in), _) => secret::keyed_matches(
            key,
            &format!("csrf:{}", signed_in.session.token_hash),
            given,
        ),
        (None, Some(cookie)) => secret::keyed_matches(key, &format!("form:{cookie}"), given),
        (None, None) => false,
    }
}

/// The caller's address: the peer's, or what a proxy of ours says.
pub fn caller(app: &App, req: &HttpRequest) -> IpAddr {
    let peer = req
        .peer_addr()
        .map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.ip());
    let trusted = &app.config.trusted_proxies;
    if !trusted.contains(&peer) {
        return peer;
    }
    // The right-most address that is not one of our proxies: what stands left of it anyone can write.
    req.headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|part| part.trim().parse().ok())
        .filter(|address| !trusted.contains(address))
        .last()
        .unwrap_or(peer)
}

/// The keyed hash of the caller's network.
pub fn network(app: &App, req: &HttpRequest) -> String {
    network_hash(&app.settings().key, caller(app, req))
}

/// The app of a request; registered in `routes.rs`, so it is always there.
pub fn app(req: &HttpRequest) -> &web::Data<App> {
    req.app_data::<web::Data<App>>()
        .expect("the app is registered for every route")
}
