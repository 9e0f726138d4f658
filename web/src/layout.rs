//! The frame of every page, and the layers around every request: security headers, who asks, and
//! the page of an error.

use crate::error::Error;
use crate::forms::{self, Kept};
use crate::session::{self, SignedIn, Visitor};
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use chrono::NaiveDateTime;
use diesel::OptionalExtension;
use potluck_models::db::BatchId;
use potluck_models::moderation::sanction::Sanction;
use potluck_models::moderation::verdict::{Batch, UNDO};
use potluck_models::project::FieldError;
use potluck_models::{now, secret};
use std::fmt;
use std::sync::Arc;

/// HTML that was cleaned when it was written: the only thing a template shows unescaped.
#[derive(Clone, Debug)]
pub struct Html(pub String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Html {}

/// What the frame of a page shows.
pub struct Layout {
    pub settings: Arc<potluck_models::settings::Settings>,
    pub signed_in: Option<Arc<SignedIn>>,
    /// The forgery token of this page's forms; empty on pages without one.
    pub csrf: String,
    pub path: String,
    /// What the page before did, as a word of [`said`].
    pub said: &'static str,
    /// The batch of a verdict that was given on this page, to be undone. Pages of the desk tell more.
    pub decided: Option<i64>,
    /// Scheme and host, for canonical addresses and cards.
    pub url: String,
    pub now: NaiveDateTime,
}

impl Layout {
    pub fn new(req: &HttpRequest) -> Layout {
        let app = session::app(req);
        let visitor = req.extensions().get::<Visitor>().cloned();
        let csrf = visitor
            .as_ref()
            .and_then(|visitor| session::csrf_token(app, visitor))
            .unwrap_or_default();
        let word = |name: &str| {
            req.query_string()
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
                .unwrap_or("")
        };
        Layout {
            settings: app.settings(),
            signed_in: visitor.and_then(|visitor| visitor.signed_in),
            csrf,
            path: req.path().to_owned(),
            said: said(word("said")),
            decided: req.extensions().get::<Decided>().map(|decided| decided.0),
            url: app.url(),
            now: now(),
        }
    }

    /// For a page with a form that people use before they are signed in: draws the form cookie
    /// that its token is bound to. Reading pages sets none.
    pub fn with_form(req: &HttpRequest) -> Layout {
        let visitor = req.extensions().get::<Visitor>().cloned();
        if let Some(mut visitor) =
            visitor.filter(|v| v.signed_in.is_none() && v.form_cookie.is_none())
        {
            visitor.form_cookie = Some(secret::token());
            req.extensions_mut().insert(visitor);
            req.extensions_mut().insert(NewFormCookie);
        }
        Layout::new(req)
    }

    pub fn is_moderator(&self) -> bool {
        self.signed_in
            .as_ref()
            .is_some_and(|s| s.user.role >= potluck_models::account::Role::Moderator)
    }

    /// What a moderator wants this member to read before they post on.
    pub fn warning(&self) -> Option<&Sanction> {
        self.signed_in.as_ref()?.warning.as_ref()
    }

    pub fn is_admin(&self) -> bool {
        self.signed_in
            .as_ref()
            .is_some_and(|s| s.user.role == potluck_models::account::Role::Admin)
    }

    /// `aria-current` of the navigation.
    pub fn at(&self, start: &str) -> bool {
        self.path == start || self.path.starts_with(&format!("{start}/"))
    }

    pub fn asset(&self, path: &str) -> String {
        crate::assets::url(path)
    }

    /// The style sheet of the site's own colour.
    pub fn accent(&self) -> Option<String> {
        crate::accent::url(&self.settings.accent)
    }

    /// "3 days ago", for people; the exact time stands beside it for machines.
    pub fn ago(&self, at: &NaiveDateTime) -> String {
        ago(self.now, *at)
    }
}

pub fn ago(now: NaiveDateTime, at: NaiveDateTime) -> String {
    let seconds = (now - at).num_seconds();
    let plural = |n: i64, unit: &str| format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" });
    match seconds {
        ..60 => "just now".into(),
        60..3_600 => plural(seconds / 60, "minute"),
        3_600..86_400 => plural(seconds / 3_600, "hour"),
        86_400..172_800 => "yesterday".into(),
        172_800..2_592_000 => plural(seconds / 86_400, "day"),
        _ => at.format("%-d %B %Y").to_string(),
    }
}

/// The machine's form of a time, for `<time datetime>` and feeds.
pub fn rfc3339(at: &NaiveDateTime) -> String {
    at.and_utc()
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// The sentence that a page says after an act, by a word in its address: only these can be said.
fn said(word: &str) -> &'static str {
    match word {
        "confirmed" => "Your address is confirmed. Log in and join the table.",
        "welcome" => "Welcome to the table.",
        "goodbye" => "You are logged out.",
        "password" => "Your password is changed. Other sessions are ended.",
        "reset" => "Your password is changed. Log in with the new one.",
        "sessions" => "Ended.",
        "rated" => "Thank you. The makers see how many chose each step, and never who.",
        "rating-waits" => {
            "Thank you. A moderator looks at your words first; your rating counts from then on."
        }
        "unrated" => "Your rating is withdrawn.",
        "released" => "Your release is out.",
        "published" => "Published. Thank you for bringing it.",
        "waiting" => "Thank you. A moderator looks at it first; until then only you see it.",
        "draft" => "Saved as a draft. Only you see it.",
        "saved" => "Saved.",
        "inbox-read" => "All read.",
        "inbox-some" => "Read.",
        "muted" => {
            "You are told of this thread no more. Nobody learns of it; the same place takes it back."
        }
        "heard-again" => "You are told of this thread again.",
        "followed" => "You follow it. What is new comes to your inbox.",
        "unfollowed" => "You do not follow it any more.",
        "kept" => "It is one of your favourites now.",
        "let-go" => "It is not one of your favourites any more.",
        "ignored" => {
            "From now on what they say is folded away for you. Nobody is told; your account has the list."
        }
        "read-again" => "You read them again.",
        "profile-waiting" => {
            "Saved. A moderator looks at it first; until then readers see what they saw before."
        }
        "profile-cleared" => "Taken away. Readers see your user name alone.",
        "edit-waiting" => {
            "Saved. A moderator looks at the new text first; until then the old one is shown."
        }
        "deleted" => "Deleted.",
        "invited" => "Invited. They find it in their account and on the page of the project.",
        "withdrawn" => "The invitation is taken back.",
        "joined" => "You are one of its makers now.",
        "not-joined" => "Declined. Nobody is told why.",
        "asked" => "Sent. The makers find it in their inbox, and you find their answer in yours.",
        "not-asked" => "Taken back. The makers do not see it any more.",
        "taken-in" => "They are one of the makers now, and are told.",
        "turned-away" => "Declined. They are told, and not why.",
        "left" => "You are not one of its makers any more.",
        "mature" => {
            "Marked. Its pictures are blurred until a reader asks for them; the same place takes it back."
        }
        "not-mature" => "The mark is taken back, as far as it was a moderator’s.",
        "unlisted" => "Only who has the secret link finds it now. The link stands on its page.",
        "listed" => "It is in the lists now.",
        "new-link" => "There is a new link. The one of before leads nowhere.",
        "brought-back" => "It is back, as it was.",
        "forge-on" => "It is on. The first answer comes in a moment: load this page again.",
        "forge-off" => "It is off. What came stays.",
        "forge-now" => "We ask now. The answer comes in a moment: load this page again.",
        "forge-waits" => "The forge asked us to wait, so we ask as soon as it lets us.",
        "changes-hidden" => "Readers do not see the list of changes any more.",
        "changes-shown" => "Readers see the list of changes again.",
        "commented" => "Thank you for your comment.",
        "comment-waiting" => {
            "Thank you. Your comment waits for a moderator; until then only you see it."
        }
        "comment-waiting-maker" => {
            "Thank you. The maker looks at each comment first; until then only you see yours."
        }
        "failure-reported" => {
            "Thank you. Its makers read it here, and you learn when they answer or mend it."
        }
        "failure-waiting" => {
            "Thank you. A moderator looks at it first; until then only you see it."
        }
        "failure-too" => "Noted: you have it, too. You learn when its makers answer or mend it.",
        "failure-still" => "Thank you for trying. It is open again.",
        "failure-already" => "You said so already. You learn when its makers answer or mend it.",
        "failure-marked" => "Marked. Those who reported it are told.",
        "failure-answered" => "Your answer is there. Those who reported it are told.",
        "award-given" => "Given. Its makers find it in their inbox.",
        "award-waiting" => {
            "Thank you. A moderator looks at your award first; until then nobody sees it."
        }
        "award-declined" => "It is shown nowhere now, and nobody is told. You can take that back.",
        "award-shown" => "It is shown again.",
        "award-back" => "Taken back. It is shown nowhere now.",
        "reported" => "Thank you for telling us. A moderator will look at it.",
        "appealed" => "Thank you. A moderator looks at it again, and we write to you.",
        "reports-answered" => "Answered. Those who reported it learn of it in ten minutes.",
        "reports-open" => "The reports wait again.",
        "approved" => "The comment is published.",
        "declined" => "The comment stays hidden.",
        "all-approved" => "The comments are published.",
        "all-declined" => "The comments stay hidden.",
        "some-left" => "Done, but for some that were decided or changed meanwhile.",
        "maker-held" => {
            "Held. It waits for you again, and nobody else reads it but its author and moderators."
        }
        "maker-hid" => "Hidden. Its place says so; you can show it again.",
        "maker-folded" => "Folded, with its replies. Readers can open it.",
        "maker-pinned" => "Pinned. It is the first that readers see.",
        "maker-helped" => "Marked: this comment helped you.",
        "blocked" => {
            "Blocked. They cannot comment on your projects any more; what they said stays."
        }
        "unblocked" => "Unblocked. They can comment again where others can.",
        "block-lifted" => "The block is lifted, and the maker is told.",
        "block-stands" => "The block stands again.",
        "maker-undone" => "Taken back.",
        "undone" => "Undone.",
        "read" => "Thank you for reading. You can go on.",
        "sanctioned" => "Done. It stands below, with its undo.",
        "lifted" => "Undone.",
        "lifted-left" => "Undone, but for texts that somebody decided again since.",
        "campaign-held" => "From now on, what is like these does not get through.",
        "campaign-let-go" => "What is like these is judged as everything else again.",
        "noted" => "The note is kept.",
        "note-removed" => "The note is removed.",
        "tags-merged" => "Merged. The old tag leads to the new one.",
        "tags-parted" => "Undone. They are two tags again.",
        "tags-left" => "Nothing was changed: undo what was merged later first.",
        "rule-set" => "The rule is in force.",
        "rule-ended" => "Ended. It can be put back until its own end.",
        "rule-resumed" => "It is in force again.",
        "raid-on" => "Raid mode is on.",
        "nothing" => "Nothing was left to decide there.",
        "retrain" => "Retraining has started. The new model appears here when it is done.",
        "activated" => "This model is in use now.",
        "retry" => "It is tried again now.",
        "settings" => "The settings are saved.",
        "logo" => "The logo is on every page now.",
        "logo-gone" => "The logo is taken away. The covered dish is back.",
        "text" => "Saved. It is in force now; what was there before is kept below.",
        "text-default" => "The default is back. What was there before is kept below.",
        "text-gone" => "The page is gone, and the link to it. What was there is kept below.",
        "checked" => "Thank you. That is done.",
        "review-suggested" => {
            "Suggested. Its author is asked; you can take it back on the desk, under Guide."
        }
        "review-undone" => "Taken back. It is not in the guide, and its author is not asked.",
        "review-yes" => "Thank you. The guide shows it, and you can take that back at any time.",
        "review-no" => "Then not. The guide does not show it.",
        "article-suggested" => "Thank you. A moderator reads it before it is in the guide.",
        "article-accepted" => "Accepted. The guide lists it, with who suggested it.",
        "article-declined" => "Declined.",
        "article-back" => "Undone. It waits again.",
        "decided-already" => "Somebody decided it before you. Nothing was changed.",
        "habits" => "The desk is set as you like it.",
        "nothing-free" => "Nothing here is free: what waits is held by others, or nothing waits.",
        "reason" => "The reason is saved, and holds from now on.",
        "reason-order" => "The order is changed.",
        "reason-retired" => "It is not offered any more. What was removed for it still says so.",
        "reason-back" => "It is offered again.",
        "settled" => {
            "Settled. It counts from the next training. What was decided on items here is a batch that the overview can undo."
        }
        "differ" => "Both labels stay, and these two are not asked about again.",
        "import-undone" => "Its labels are taken back, and its texts are forgotten.",
        "promises" => "The promises are saved, and the filter keeps them from now on.",
        _ => "",
    }
}

struct NewFormCookie;

/// The batch that an address names, if its moderator can take it back.
struct Decided(i64);

async fn find_decided(req: &HttpRequest) -> Result<Option<i64>, Error> {
    let named = url::form_urlencoded::parse(req.query_string().as_bytes())
        .find_map(|(key, value)| (key == "decided").then(|| value.parse().ok())?);
    let visitor = req.extensions().get::<Visitor>().cloned();
    let me = visitor.filter(Visitor::is_moderator).and_then(|v| v.id());
    let (Some(id), Some(me)) = (named, me) else {
        return Ok(None);
    };
    let batch = session::app(req)
        .read(move |db| Batch::find(db, BatchId(id)).optional())
        .await?;
    let can_be_undone = |batch: &Batch| {
        batch.by_id == me && batch.undone_at.is_none() && batch.created_at > now() - UNDO
    };
    Ok(batch.filter(can_be_undone).map(|_| id))
}

/// A page, rendered.
pub fn page(template: &impl Template) -> Result<HttpResponse, Error> {
    page_with(StatusCode::OK, template)
}

pub fn page_with(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Error> {
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(template.render()?))
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    layout: Layout,
    status: u16,
    title: &'static str,
    sentence: String,
    way_in: Option<(&'static str, String)>,
    request_id: String,
    kept: Vec<(String, String)>,
}

/// Every request gets a number, which stands in the log and on the page of an error.
#[derive(Clone)]
pub struct RequestId(pub String);

tokio::task_local! {
    /// The same for what has no request at hand: writes, whose acts are logged with it.
    pub static REQUEST: String;
}

/// The innermost layer: finds out who asks, takes in forms, and gives an error its page. The request must not be
/// held across the call: actix's router wants it for itself.
pub async fn serve<B: MessageBody + 'static>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let id = secret::token()[..12].to_owned();
    req.extensions_mut().insert(RequestId(id.clone()));
    if req.path().starts_with("/static/") {
        return Ok(next.call(req).await?.map_into_left_body());
    }
    // No address of ours holds one, and PostgreSQL takes none in a text.
    if req.uri().to_string().contains("%00") {
        let error = Error::BadRequest("The address holds a NUL character, which none may.");
        req.extensions_mut().insert(nobody());
        let response = error_page(req.request(), &error, &id);
        return Ok(req.into_response(response).map_into_right_body());
    }
    let app = session::app(req.request()).clone();
    match session::identify(&app, req.request()).await {
        Ok(visitor) => {
            req.extensions_mut().insert(visitor);
        }
        Err(error) => {
            req.extensions_mut().insert(nobody());
            let response = error_page(req.request(), &error, &id);
            return Ok(req.into_response(response).map_into_right_body());
        }
    }
    match find_decided(req.request()).await {
        Ok(Some(id)) => {
            req.extensions_mut().insert(Decided(id));
        }
        Ok(None) => {}
        Err(error) => tracing::warn!("cannot look up a batch: {error}"),
    }
    if req.method() == Method::POST {
        let payload = req.take_payload();
        match forms::receive(req.request(), payload).await {
            Ok(form) => {
                req.extensions_mut().insert(form);
            }
            Err(error) => {
                let response = error_page(req.request(), &error, &id);
                return Ok(req.into_response(response).map_into_right_body());
            }
        }
    }
    let response = REQUEST.scope(id.clone(), next.call(req)).await?;
    let page = response
        .response()
        .error()
        .map(|cause| match cause.as_error::<Error>() {
            Some(error) => error_page(response.request(), error, &id),
            // Of actix itself: a number in the path that is none.
            None if cause.as_response_error().status_code() == StatusCode::NOT_FOUND => {
                error_page(response.request(), &Error::NotFound, &id)
            }
            // A path that is no UTF-8, a header too long.
            None => error_page(
                response.request(),
                &Error::BadRequest("The request could not be understood."),
                &id,
            ),
        });
    Ok(match page {
        Some(page) => response.into_response(page).map_into_right_body(),
        None => response.map_into_left_body(),
    })
}

fn nobody() -> Visitor {
    Visitor {
        signed_in: None,
        form_cookie: None,
    }
}

fn error_page(req: &HttpRequest, error: &Error, id: &str) -> HttpResponse<BoxBody> {
    let status = error.status_code();
    let (method, path) = (req.method(), req.path());
    match error {
        Error::Internal(cause) => tracing::error!(request = id, %method, path, "failed: {cause:#}"),
        Error::Busy(cause) => tracing::warn!(request = id, %method, path, "busy: {cause}"),
        Error::Forgery | Error::Forbidden(_) => {
            tracing::warn!(request = id, %method, path, "refused: {error}")
        }
        _ => tracing::debug!(request = id, %method, path, "{error}"),
    }
    let here = req.uri().path_and_query().map_or("/", |all| all.as_str());
    let login = |next: &str| format!("/login?next={}", encode(next));
    if matches!(error, Error::SignIn) && (method == Method::GET || method == Method::HEAD) {
        return HttpResponse::SeeOther()
            .insert_header((header::LOCATION, login(here)))
            .finish();
    }
    if let Error::Moved(slug) = error {
        let mut parts = here.splitn(4, '/');
        // `/projects/{slug}`, what is below it, and what was asked of it.
        let below = match (parts.nth(2), parts.next()) {
            (Some(_), Some(rest)) => format!("/{rest}"),
            (Some(last), None) => last
                .split_once('?')
                .map_or(String::new(), |(_, query)| format!("?{query}")),
            _ => String::new(),
        };
        let mut response = match *method {
            Method::GET | Method::HEAD => HttpResponse::MovedPermanently(),
            _ => HttpResponse::PermanentRedirect(),
        };
        return response
            .insert_header((header::LOCATION, format!("/projects/{slug}{below}")))
            .finish();
    }
    let way_in = match error {
        Error::SignIn => Some(("Log in", login("/"))),
        Error::Refused(refusal) => refusal.way_in().map(|(words, to)| (words, to.to_owned())),
        Error::NotFound | Error::Gone => Some(("See the projects", "/projects".to_owned())),
        _ => None,
    };
    let kept = req
        .extensions()
        .get::<Kept>()
        .map(|kept| kept.0.clone())
        .unwrap_or_default();
    let page = ErrorPage {
        layout: Layout::new(req),
        status: status.as_u16(),
        title: error.title(),
        sentence: error.sentence(),
        way_in,
        request_id: id.to_owned(),
        kept,
    };
    let mut response = match page.render() {
        Ok(html) => HttpResponse::build(status)
            .content_type("text/html; charset=utf-8")
            .body(html),
        Err(_) => HttpResponse::build(status).body("Something broke."),
    };
    if let Error::SlowDown(limited) = error {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(limited.seconds()));
    }
    if let Error::Method(allowed) = error {
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static(allowed));
    }
    if let Error::Busy(_) = error {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("3"));
    }
    response
}

/// Percent-encodes one value of a query string.
pub fn encode(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// The fault of a field, to stand between its label and its control.
pub fn fault(errors: &[FieldError], field: &str) -> Html {
    let Some(error) = errors.iter().find(|error| error.field == field) else {
        return Html(String::new());
    };
    let message = error
        .message
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    Html(format!(
        "<p class=\"error\" id=\"{field}-error\">{message}</p>"
    ))
}

/// The attributes of a control that tie it to its hint and to its fault.
pub fn described(errors: &[FieldError], field: &str, has_hint: bool) -> Html {
    let at_fault = errors.iter().any(|error| error.field == field);
    Html(match (at_fault, has_hint) {
        (false, false) => String::new(),
        (false, true) => format!(" aria-describedby=\"{field}-hint\""),
        (true, false) => format!(" aria-invalid=\"true\" aria-describedby=\"{field}-error\""),
        (true, true) => {
            format!(" aria-invalid=\"true\" aria-describedby=\"{field}-error {field}-hint\"")
        }
    })
}

/// Percent-encodes one part of a path: tags and versions hold `+`, `#` and letters of all scripts.
pub fn segment(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// "March 2025", for what happened long ago and needs no day.
pub fn month(at: &NaiveDateTime) -> String {
    at.format("%B %Y").to_string()
}

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; \
     frame-ancestors 'none'";

/// The same for a page that lets the player of this host in.
pub fn csp_with_frame(origin: &str) -> String {
    format!("{CSP}; frame-src {origin}")
}

/// The outermost layer: the headers of every response, files and errors included.
pub async fn headers<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let mut response = next.call(req).await?;
    let request = response.request().clone();
    let https = session::app(&request).config.is_https();
    if request.extensions().get::<NewFormCookie>().is_some()
        && let Some(value) = request
            .extensions()
            .get::<Visitor>()
            .and_then(|v| v.form_cookie.clone())
    {
        let cookie = session::cookie(https, session::form_cookie_name(https), value, 0);
        response.response_mut().add_cookie(&cookie)?;
    }
    let private = request
        .extensions()
        .get::<Visitor>()
        .is_some_and(|v| v.signed_in.is_some() || v.form_cookie.is_some());
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set("content-security-policy", CSP);
    set("x-content-type-options", "nosniff");
    set("x-frame-options", "DENY");
    set("referrer-policy", "same-origin");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set(
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    );
    set(
        "cache-control",
        if private {
            "private, no-store"
        } else {
            "no-cache"
        },
    );
    set("vary", "Cookie");
    if https {
        set(
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        );
    }
    Ok(response)
}

/// The picture of somebody who brought none: a tone of their own and a letter, drawn here.
/// `class` is `avatar-small`, `avatar-large` or nothing.
pub fn avatar(username: &str, name: &str, class: &str) -> Html {
    const TONES: [&str; 10] = [
        "#e0a458", "#8fb996", "#d98b7b", "#7fb3c8", "#b79bd1", "#c9b37e", "#6fb3a5", "#d892b0",
        "#9aa7d8", "#b8b96a",
    ];
    let sum = username.bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let tone = TONES[sum as usize % TONES.len()];
    let letter: String = name
        .chars()
        .find(|c| c.is_alphanumeric())
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    Html(format!(
        "<svg class=\"avatar {class}\" viewBox=\"0 0 40 40\" width=\"40\" height=\"40\" aria-hidden=\"true\" \
         focusable=\"false\"><rect width=\"40\" height=\"40\" fill=\"{tone}\"/><text x=\"20\" y=\"20\" \
         dy=\".36em\" text-anchor=\"middle\" fill=\"#24211c\">{letter}</text></svg>"
    ))
}

/// The picture that somebody brought, or else [`avatar`]. `file` is what `users.avatar` holds.
pub fn portrait(username: &str, name: &str, file: &Option<String>, class: &str) -> Html {
    let Some((key, extension)) = file.as_deref().and_then(|file| file.split_once('.')) else {
        return avatar(username, name, class);
    };
    let size = if class == "avatar-large" {
        "face"
    } else {
        "dot"
    };
    Html(format!(
        "<img class=\"avatar {class}\" src=\"/files/{key}-{size}.{extension}\" width=\"40\" height=\"40\" \
         alt=\"\" decoding=\"async\">"
    ))
}

/// What no route knows; or knows, and only to read.
pub async fn not_found(req: HttpRequest) -> Result<HttpResponse, Error> {
    if *req.method() == Method::POST && req.resource_map().has_resource(req.path()) {
        return Err(Error::Method("GET, HEAD"));
    }
    Err(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    #[test]
    fn times_are_told_as_people_tell_them() {
        let at = now();
        assert_eq!(ago(at, at), "just now");
        assert_eq!(ago(at, at - Duration::minutes(1)), "1 minute ago");
        assert_eq!(ago(at, at - Duration::hours(5)), "5 hours ago");
        assert_eq!(ago(at, at - Duration::hours(30)), "yesterday");
        assert_eq!(ago(at, at - Duration::days(9)), "9 days ago");
    }
}
