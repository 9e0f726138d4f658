//! Becoming a member and coming back: sign up, confirm, log in and out, reset; and the first
//! administrator's way in. Unknown names and wrong passwords answer alike, in words and in time.

use crate::app::App;
use crate::config::MailTo;
use crate::error::Error;
use crate::forms::{Form, Query, safe_next, see_other};
use crate::layout::{Layout, page, page_with};
use crate::mail::Letter;
use crate::session::{self, Member, Visitor};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::Duration;
use potluck_models::account::{Email, Role, SignUpError, User, Username};
use potluck_models::gate;
use potluck_models::intake::limits::{self, Limited};
use potluck_models::link::{Link, Purpose};
use potluck_models::moderation::rule::{Kind, Rule};
use potluck_models::project::FieldError;
use potluck_models::session::Session;
use potluck_models::{Db, QueryResult, now, password};

#[derive(Template)]
#[template(path = "accounts/signup.html")]
struct SignUpPage {
    layout: Layout,
    errors: Vec<FieldError>,
    action: String,
    setup: bool,
    username: String,
    email: String,
    /// Why nobody signs up just now.
    closed: Option<String>,
}

impl SignUpPage {
    fn error(&self, field: &str) -> Option<&str> {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message.as_str())
    }
}

pub async fn sign_up_form(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
) -> Result<HttpResponse, Error> {
    if visitor.signed_in.is_some() {
        return Ok(see_other("/"));
    }
    let raid = app.rules().raid().map(|raid| closed(&raid.rule));
    page(&SignUpPage {
        layout: Layout::with_form(&req),
        errors: Vec::new(),
        action: "/signup".into(),
        setup: false,
        username: String::new(),
        email: String::new(),
        closed: raid,
    })
}

/// The three fields of a sign-up, or the page again with what is wrong.
struct NewMember {
    name: Username,
    email: Email,
    password: String,
}

fn parse(form: &Form, site: &str) -> Result<NewMember, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut fault = |field, message: String| errors.push(FieldError { field, message });
    let name =
        Username::parse(form.get("username")).map_err(|error| fault("username", error.to_string()));
    let email = Email::parse(form.get("email")).map_err(|error| fault("email", error.into()));
    let chosen = form.get("password");
    if let Err(weak) = password::check(chosen, &[site, form.get("username"), form.get("email")]) {
        fault("password", weak.to_string());
    }
    match (name, email, errors.is_empty()) {
        (Ok(name), Ok(email), true) => Ok(NewMember {
            name,
            email,
            password: chosen.to_owned(),
        }),
        _ => Err(errors),
    }
}

fn again(
    req: &HttpRequest,
    form: &Form,
    action: &str,
    setup: bool,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    page_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &SignUpPage {
            layout: Layout::with_form(req),
            errors,
            action: action.to_owned(),
            setup,
            username: form.get("username").to_owned(),
            email: form.get("email").to_owned(),
            closed: None,
        },
    )
}

/// Why nobody, or nobody from this network, signs up for now.
fn closed(rule: &Rule) -> String {
    let until = gate::day_and_hour(&rule.until);
    match rule.kind {
        Kind::Raid => format!(
            "Every chair is taken for a moment: we take no new members until {until}. \
             Reading needs no account. Please come back then."
        ),
        _ => format!(
            "We take no new members from your network until {until}. Reading needs no account. \
             If you have something to bring before that, write to the people who run this site."
        ),
    }
}

/// A rule of moderators stands in the way.
async fn turned_away(
    req: &HttpRequest,
    app: &App,
    form: &Form,
    rule: Rule,
) -> Result<HttpResponse, Error> {
    let id = rule.id;
    app.write(move |db| Rule::count_refusal(db, id)).await?;
    if rule.kind == Kind::Mail {
        let message = format!(
            "We take no sign-ups with an address at {} for now. Another address will do.",
            rule.pattern
        );
        let field = "email";
        return again(
            req,
            form,
            "/signup",
            false,
            vec![FieldError { field, message }],
        );
    }
    page_with(
        StatusCode::FORBIDDEN,
        &SignUpPage {
            layout: Layout::with_form(req),
            errors: Vec::new(),
            action: "/signup".into(),
            setup: false,
            username: form.get("username").to_owned(),
            email: form.get("email").to_owned(),
            closed: Some(closed(&rule)),
        },
    )
}

/// What the letter of a sign-up will be called, or why there is none.
enum SignedUp {
    Letter(String),
    NameTaken(String),
    Limited(Limited),
}

pub async fn sign_up(
    req: HttpRequest,
    app: web::Data<App>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let settings = app.settings();
    let new = match parse(&form, &settings.site_name) {
        Ok(new) => new,
        Err(errors) => return again(&req, &form, "/signup", false, errors),
    };
    let met = app
        .rules()
        .sign_up(new.email.as_str(), session::caller(&app, &req))
        .map(|met| met.rule.clone());
    if let Some(rule) = met {
        return turned_away(&req, &app, &form, rule).await;
    }
    let chosen = new.password.clone();
    let hash = app.hash(move || password::hash(&chosen)).await?;
    let (network, url) = (session::network(&app, &req), app.url());
    let limits_off = app.config.limits_off;
    let outcome = app
        .write(move |db| -> QueryResult<SignedUp> {
            if !limits_off {
                let bucket = format!("signup:{network}");
                if let Err(limited) =
                    limits::count(db, &bucket, settings.signups_per_hour, Duration::hours(1))?
                {
                    return Ok(SignedUp::Limited(limited));
                }
            }
            let letter = match User::create(db, &new.name, &new.email, hash, &network) {
                Ok(user) => {
                    let token = Link::issue(db, Purpose::Confirm, Some(user.id))?;
                    Letter::confirm(
                        &settings.site_name,
                        &url,
                        &user.username,
                        &user.email,
                        &token,
                    )
                }
                Err(SignUpError::EmailTaken) => Letter::already_member(
                    &settings.site_name,
                    &url,
                    new.name.as_str(),
                    new.email.as_str(),
                ),
                Err(SignUpError::Banned) => {
                    Letter::closed(&settings.site_name, new.name.as_str(), new.email.as_str())
                }
                Err(SignUpError::NameTaken) => {
                    return Ok(SignedUp::NameTaken(SignUpError::NameTaken.to_string()));
                }
                Err(SignUpError::Database(error)) => return Err(error),
            };
            letter.queue(db)?;
            Ok(SignedUp::Letter(letter.file))
        })
        .await?;
    match outcome {
        SignedUp::Letter(file) => Ok(see_other(format!("/confirm?sent={file}"))),
        SignedUp::Limited(limited) => Err(Error::SlowDown(limited)),
        SignedUp::NameTaken(message) => again(
            &req,
            &form,
            "/signup",
            false,
            vec![FieldError {
                field: "username",
                message,
            }],
        ),
    }
}

enum Step {
    /// The link was opened: a button, since mail scanners open links too.
    Button(String),
    /// A letter is on its way; on loopback, the file that it will be.
    Sent(Option<String>),
    /// Ask for a fresh link; true when one was tried that is too old.
    Ask(bool),
}

#[derive(Template)]
#[template(path = "accounts/confirm.html")]
struct ConfirmPage {
    layout: Layout,
    step: Step,
}

impl ConfirmPage {
    fn heading(&self) -> &'static str {
        match self.step {
            Step::Button(_) => "One more click",
            Step::Sent(_) => "Check your mail",
            Step::Ask(true) => "This link is too old",
            Step::Ask(false) => "Confirm your address",
        }
    }

    fn is_button(&self) -> bool {
        matches!(self.step, Step::Button(_))
    }

    fn is_sent(&self) -> bool {
        matches!(self.step, Step::Sent(_))
    }
}

#[derive(serde::Deserialize)]
pub struct LinkQuery {
    #[serde(default)]
    token: String,
    #[serde(default)]
    sent: String,
}

pub async fn confirm_form(
    req: HttpRequest,
    app: web::Data<App>,
    query: Query<LinkQuery>,
) -> Result<HttpResponse, Error> {
    let LinkQuery { token, sent } = query.0;
    let step = if !token.is_empty() {
        let given = token.clone();
        match app
            .read(move |db| Link::find(db, Purpose::Confirm, &given))
            .await?
        {
            Some(_) => Step::Button(token),
            None => Step::Ask(true),
        }
    } else if !sent.is_empty() {
        Step::Sent(outbox_hint(&app, &req, &sent))
    } else {
        Step::Ask(false)
    };
    page(&ConfirmPage {
        layout: Layout::with_form(&req),
        step,
    })
}

/// A newcomer who tries the site on their own machine has no mail server: say which file it is.
fn outbox_hint(app: &App, req: &HttpRequest, file: &str) -> Option<String> {
    let MailTo::Outbox(folder) = &app.config.mail else {
        return None;
    };
    let plain = !file.starts_with('.')
        && file
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    (session::caller(app, req).is_loopback() && plain)
        .then(|| folder.join(file).display().to_string())
}

pub async fn confirm(
    req: HttpRequest,
    app: web::Data<App>,
    form: Form,
) -> Result<HttpResponse, Error> {
    if !form.has("token") {
        return send_confirmation_again(req, app, form).await;
    }
    let token = form.get("token").to_owned();
    let confirmed = app
        .write(move |db| -> QueryResult<bool> {
            let Some(link) = Link::find(db, Purpose::Confirm, &token)? else {
                return Ok(false);
            };
            let Some(user) = link.user_id else {
                return Ok(false);
            };
            if !link.spend(db)? {
                return Ok(false);
            }
            User::find(db, user)?.confirm(db)?;
            Ok(true)
        })
        .await?;
    if confirmed {
        return Ok(see_other("/login?said=confirmed"));
    }
    page_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &ConfirmPage {
            layout: Layout::with_form(&req),
            step: Step::Ask(true),
        },
    )
}

/// The same answer whether the address is known, confirmed, or neither.
async fn send_confirmation_again(
    req: HttpRequest,
    app: web::Data<App>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (settings, url, email) = (app.settings(), app.url(), form.get("email").to_owned());
    let file = app
        .write(move |db| -> QueryResult<Option<String>> {
            let Some(user) = User::by_email(db, &email)?.filter(|user| !user.is_confirmed()) else {
                return Ok(None);
            };
            if limits::count(db, &format!("confirm:{}", user.id), 3, Duration::hours(1))?.is_err() {
                return Ok(None);
            }
            let token = Link::issue(db, Purpose::Confirm, Some(user.id))?;
            let letter = Letter::confirm(
                &settings.site_name,
                &url,
                &user.username,
                &user.email,
                &token,
            );
            letter.queue(db)?;
            Ok(Some(letter.file))
        })
        .await?;
    let step = Step::Sent(file.and_then(|file| outbox_hint(&app, &req, &file)));
    page(&ConfirmPage {
        layout: Layout::with_form(&req),
        step,
    })
}

#[derive(Template)]
#[template(path = "accounts/login.html")]
struct LoginPage {
    layout: Layout,
    wrong: bool,
    login: String,
    next: String,
}

#[derive(serde::Deserialize)]
pub struct LoginQuery {
    #[serde(default)]
    next: String,
}

pub async fn log_in_form(
    req: HttpRequest,
    visitor: Visitor,
    query: Query<LoginQuery>,
) -> Result<HttpResponse, Error> {
    let next = safe_next(&query.0.next).to_owned();
    if visitor.signed_in.is_some() {
        return Ok(see_other(next));
    }
    page(&LoginPage {
        layout: Layout::with_form(&req),
        wrong: false,
        login: String::new(),
        next,
    })
}

/// Wrong passwords for one account in a quarter of an hour. The owner is never locked out for good,
/// and a thief gets some 2,000 tries a day.
const ACCOUNT_TRIES: i64 = 20;
const NETWORK_TRIES: i64 = 100;
/// Of a name or an address, in bytes.
const MAX_LOGIN: usize = 254;
const TRY_WINDOW: Duration = Duration::minutes(15);

pub async fn log_in(
    req: HttpRequest,
    app: web::Data<App>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (login, typed) = (
        form.get("login").trim().to_owned(),
        form.get("password").to_owned(),
    );
    let next = safe_next(form.get("next")).to_owned();
    // No name and no address is longer: it costs a try and is looked for nowhere.
    let is_possible = login.len() <= MAX_LOGIN;
    let known_as = if is_possible {
        login.to_lowercase()
    } else {
        String::new()
    };
    // People type passwords into the wrong field: what was typed is kept as a keyed hash only.
    let bucket = format!(
        "login:{}",
        potluck_models::secret::keyed(&app.settings().key, &format!("login:{known_as}"))
    );
    if !app.config.limits_off {
        let account = bucket.clone();
        let network = format!("login-from:{}", session::network(&app, &req));
        // Counted before the password is looked at, so that many at once are counted too.
        let counted = app
            .write(move |db| -> QueryResult<Result<(), Limited>> {
                let from = limits::count(db, &network, NETWORK_TRIES, TRY_WINDOW)?;
                if !is_possible {
                    return Ok(from);
                }
                Ok(from.and(limits::count(db, &account, ACCOUNT_TRIES, TRY_WINDOW)?))
            })
            .await?;
        counted.map_err(Error::SlowDown)?;
    }
    let user = if is_possible {
        let name = login.clone();
        app.read(move |db| User::by_login(db, &name)).await?
    } else {
        None
    };
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let (right, fresh_hash) = app
        .hash(move || match stored {
            Some(phc) => {
                let right = password::verify(&typed, &phc);
                let outdated = right && password::is_outdated(&phc);
                (right, outdated.then(|| password::hash(&typed)))
            }
            None => {
                password::verify_nobody(&typed);
                (false, None)
            }
        })
        .await?;
    if let Some(user) = user.as_ref().filter(|_| !right) {
        tracing::info!(user = user.username, "wrong password");
    }
    let Some(user) = user.filter(|_| right) else {
        let layout = Layout::with_form(&req);
        return page_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &LoginPage {
                layout,
                wrong: true,
                login,
                next,
            },
        );
    };
    // Only now: who does not know the password learns nothing of it.
    gate::may_log_in(&user, now()).map_err(Error::Refused)?;
    tracing::info!(user = user.username, "logged in");
    let agent = req
        .headers()
        .get(USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("")
        .to_owned();
    let before = req
        .cookie(session::cookie_name(app.config.is_https()))
        .map(|cookie| cookie.value().to_owned());
    let (id, network) = (user.id, session::network(&app, &req));
    let token = app
        .write(move |db| -> QueryResult<String> {
            limits::forget(db, &bucket)?;
            if let Some(hash) = fresh_hash {
                user.set_password_hash(db, &hash)?;
            }
            // Whatever session the browser had before ends with this log-in.
            if let Some(before) = before {
                Session::end(db, &potluck_models::secret::sha256(&before))?;
            }
            Session::open(db, id, &agent, &network)
        })
        .await?;
    Ok(with_session(&app, see_other(next), token))
}

fn with_session(app: &App, mut response: HttpResponse, token: String) -> HttpResponse {
    let https = app.config.is_https();
    let cookie = session::cookie(https, session::cookie_name(https), token, 90);
    // The cookie's letters are hexadecimal: it always fits a header.
    let _ = response.add_cookie(&cookie);
    response
}

pub async fn log_out(
    app: web::Data<App>,
    member: Member,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let hash = member.0.session.token_hash.clone();
    app.write(move |db| Session::end(db, &hash)).await?;
    let mut response = see_other("/?said=goodbye");
    let _ = response.add_cookie(&session::end_cookie(app.config.is_https()));
    Ok(response)
}

mod reset {
    use super::*;

    pub enum Step {
        Ask(bool),
        /// The outbox, on loopback.
        Sent(Option<String>),
        Choose(String, String),
    }

    #[derive(Template)]
    #[template(path = "accounts/reset.html")]
    pub struct ResetPage {
        pub layout: Layout,
        pub errors: Vec<FieldError>,
        pub step: Step,
    }

    impl ResetPage {
        pub fn heading(&self) -> &'static str {
            match self.step {
                Step::Ask(true) => "This link is too old",
                Step::Ask(false) => "Forgot the password?",
                Step::Sent(_) => "Check your mail",
                Step::Choose(..) => "Choose a new password",
            }
        }
    }
}

/// The address holds a secret: nothing may pass it on.
fn without_referrer(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(
        HeaderName::from_static("referrer-policy"),
        HeaderValue::from_static("no-referrer"),
    );
    response
}

fn owner(db: &mut Db, token: &str) -> QueryResult<Option<(Link, User)>> {
    let Some(link) = Link::find(db, Purpose::Reset, token)? else {
        return Ok(None);
    };
    let Some(id) = link.user_id else {
        return Ok(None);
    };
    Ok(Some((link, User::find(db, id)?)))
}

pub async fn reset_form(
    req: HttpRequest,
    app: web::Data<App>,
    query: Query<LinkQuery>,
) -> Result<HttpResponse, Error> {
    let token = query.0.token;
    let step = if token.is_empty() {
        reset::Step::Ask(false)
    } else {
        let given = token.clone();
        match app.read(move |db| owner(db, &given)).await? {
            Some((_, user)) => reset::Step::Choose(token, user.username),
            None => reset::Step::Ask(true),
        }
    };
    let shown = reset::ResetPage {
        layout: Layout::with_form(&req),
        errors: Vec::new(),
        step,
    };
    page(&shown).map(without_referrer)
}

pub async fn reset(
    req: HttpRequest,
    app: web::Data<App>,
    form: Form,
) -> Result<HttpResponse, Error> {
    if form.has("token") {
        return choose_password(req, app, form).await;
    }
    let (settings, url, email) = (app.settings(), app.url(), form.get("email").to_owned());
    let network = session::network(&app, &req);
    let limits_off = app.config.limits_off;
    let counted = app
        .write(move |db| -> QueryResult<Result<(), Limited>> {
            let hour = Duration::hours(1);
            if !limits_off
                && let Err(limited) = limits::count(db, &format!("reset-from:{network}"), 20, hour)?
            {
                return Ok(Err(limited));
            }
            let Some(user) = User::by_email(db, &email)? else {
                return Ok(Ok(()));
            };
            // A stranger cannot fill somebody's mailbox; told to nobody, since it would tell who is here.
            if limits::count(db, &format!("reset:{}", user.id), 3, hour)?.is_ok() {
                let token = Link::issue(db, Purpose::Reset, Some(user.id))?;
                Letter::reset(
                    &settings.site_name,
                    &url,
                    &user.username,
                    &user.email,
                    &token,
                )
                .queue(db)?;
            }
            Ok(Ok(()))
        })
        .await?;
    counted.map_err(Error::SlowDown)?;
    let outbox = match &app.config.mail {
        MailTo::Outbox(folder) if session::caller(&app, &req).is_loopback() => {
            Some(folder.display().to_string())
        }
        _ => None,
    };
    page(&reset::ResetPage {
        layout: Layout::with_form(&req),
        errors: Vec::new(),
        step: reset::Step::Sent(outbox),
    })
}

async fn choose_password(
    req: HttpRequest,
    app: web::Data<App>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (token, chosen) = (
        form.get("token").to_owned(),
        form.get("password").to_owned(),
    );
    let given = token.clone();
    let Some((link, user)) = app.read(move |db| owner(db, &given)).await? else {
        let step = reset::Step::Ask(true);
        let late = reset::ResetPage {
            layout: Layout::with_form(&req),
            errors: Vec::new(),
            step,
        };
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &late).map(without_referrer);
    };
    let settings = app.settings();
    if let Err(weak) = password::check(&chosen, &[&settings.site_name, &user.username, &user.email])
    {
        let errors = vec![FieldError {
            field: "password",
            message: weak.to_string(),
        }];
        let step = reset::Step::Choose(token, user.username);
        let weak = reset::ResetPage {
            layout: Layout::with_form(&req),
            errors,
            step,
        };
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &weak).map(without_referrer);
    }
    let hash = app.hash(move || password::hash(&chosen)).await?;
    let url = app.url();
    let spent = app
        .write(move |db| -> QueryResult<bool> {
            if !link.spend(db)? {
                return Ok(false);
            }
            user.set_password_hash(db, &hash)?;
            // Who can read the mail has confirmed the address as well.
            user.confirm(db)?;
            Session::end_others(db, user.id, None)?;
            Letter::password_changed(&settings.site_name, &url, &user.username, &user.email)
                .queue(db)?;
            Ok(true)
        })
        .await?;
    Ok(see_other(if spent {
        "/login?said=reset"
    } else {
        "/reset"
    }))
}

/// The link of the first start, as long as there is no administrator.
fn setup_link(db: &mut Db, token: &str) -> QueryResult<Option<Link>> {
    if User::count_admins(db)? > 0 {
        return Ok(None);
    }
    Link::find(db, Purpose::Setup, token)
}

pub async fn set_up_form(
    req: HttpRequest,
    app: web::Data<App>,
    token: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let token = token.into_inner();
    let given = token.clone();
    app.read(move |db| setup_link(db, &given))
        .await?
        .ok_or(Error::NotFound)?;
    page(&SignUpPage {
        layout: Layout::with_form(&req),
        errors: Vec::new(),
        action: format!("/setup/{token}"),
        setup: true,
        username: String::new(),
        email: String::new(),
        closed: None,
    })
    .map(without_referrer)
}

pub async fn set_up(
    req: HttpRequest,
    app: web::Data<App>,
    token: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let token = token.into_inner();
    let given = token.clone();
    app.read(move |db| setup_link(db, &given))
        .await?
        .ok_or(Error::NotFound)?;
    let action = format!("/setup/{token}");
    let new = match parse(&form, &app.settings().site_name) {
        Ok(new) => new,
        Err(errors) => return again(&req, &form, &action, true, errors),
    };
    let chosen = new.password.clone();
    let hash = app.hash(move || password::hash(&chosen)).await?;
    let network = session::network(&app, &req);
    let agent = req
        .headers()
        .get(USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("")
        .to_owned();
    let made = app
        .write(move |db| -> Result<Option<String>, SignUpRollback> {
            let Some(link) = setup_link(db, &token)? else {
                return Ok(None);
            };
            // First of all: of two at once one ends here, before it made anybody.
            if !link.spend(db)? {
                return Ok(None);
            }
            let user =
                User::create(db, &new.name, &new.email, hash, &network).map_err(SignUpRollback)?;
            user.confirm(db)?;
            user.set_role(db, Role::Admin)?;
            Link::close_setup(db)?;
            Ok(Some(Session::open(db, user.id, &agent, &network)?))
        })
        .await;
    match made {
        Ok(Some(token)) => Ok(with_session(&app, see_other("/?said=welcome"), token)),
        Ok(None) => Err(Error::NotFound),
        Err(Error::Forbidden(message)) => again(
            &req,
            &form,
            &action,
            true,
            vec![FieldError {
                field: "username",
                message,
            }],
        ),
        Err(error) => Err(error),
    }
}

/// A taken name takes the transaction back and becomes a message beside the field.
struct SignUpRollback(SignUpError);

impl From<diesel::result::Error> for SignUpRollback {
    fn from(error: diesel::result::Error) -> Self {
        SignUpRollback(SignUpError::Database(error))
    }
}

impl From<SignUpRollback> for Error {
    fn from(SignUpRollback(error): SignUpRollback) -> Error {
        match error {
            SignUpError::Database(error) => error.into(),
            SignUpError::NameTaken | SignUpError::EmailTaken | SignUpError::Banned => {
                Error::Forbidden(SignUpError::NameTaken.to_string())
            }
        }
    }
}
