//! Forms as they come in, urlencoded or multipart. Every POST passes [`receive`], which checks origin
//! and forgery token, whatever the handler; the handler takes the [`Form`] as an argument.

use crate::app::App;
use crate::error::Error;
use crate::mail::ONE_CLICK;
use crate::session::{self, Visitor, csrf_matches};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::{StreamExt, TryStreamExt};
use std::future::{Ready, ready};

/// Of all fields together; the longest text is a description of 50,000 characters.
const MAX_FIELDS: usize = 600 * 1024;
const MAX_FIELD_COUNT: usize = 4_000;
const TOO_LARGE: Error = Error::TooLarge("All fields of a form together may have 600 kB.");
/// Of one picture.
pub const MAX_UPLOAD: usize = 10 * 1024 * 1024;
/// Of several that come at once, in the field `shots`.
const MAX_SHOTS: usize = 30 * 1024 * 1024;
const MAX_SHOT_COUNT: usize = 24;

/// A form that passed the checks, its fields in order.
#[derive(Debug, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    /// The file of the field `picture`, if one was chosen.
    pub picture: Option<Vec<u8>>,
    /// Those of the field `shots`, which takes several.
    pub shots: Vec<Upload>,
}

/// One of several files. One that is too large fails alone, and the others are kept.
#[derive(Debug)]
pub struct Upload {
    pub name: String,
    /// None: it was too large.
    pub bytes: Option<Vec<u8>>,
}

/// What was typed into a form, for the page of whatever refuses it.
#[derive(Clone, Debug)]
pub struct Kept(pub Vec<(String, String)>);

impl Form {
    /// The first field of a name, or nothing.
    pub fn get(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// All of it, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A ticked box or a pressed button.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(key, _)| key == name)
    }

    /// Everything that was typed, but no secret and nothing that the form itself put in.
    fn kept(&self) -> Kept {
        const OURS: &[&str] = &[
            "csrf", "token", "seen", "next", "parent", "item", "verdict", "page", "act", "show",
            "hide", "lift",
        ];
        let worth = |(key, value): &&(String, String)| {
            !OURS.contains(&key.as_str())
                && !key.contains("password")
                && !value.trim().is_empty()
                // A ticked box or a pressed button says only that.
                && value != "1"
        };
        Kept(self.fields.iter().filter(worth).cloned().collect())
    }
}

/// What a field is called on the page that gives it back.
pub fn label(name: &str) -> String {
    match name {
        "body" => "Your comment".into(),
        "summary" => "One sentence".into(),
        "description" => "The story".into(),
        "kind" => "What kind of thing it is".into(),
        "comment_policy" => "Who may comment".into(),
        "picture_alt" => "What the picture shows".into(),
        "link_repository" => "Source code".into(),
        "link_download" => "Download".into(),
        "link_video" => "Video".into(),
        "link_website" => "Website".into(),
        "link_play" => "Play in the browser".into(),
        "link_funding" => "Support its makers".into(),
        "notes" => "What is new".into(),
        "display_name" => "Name".into(),
        "bio" => "About you".into(),
        "url" => "Address".into(),
        "login" => "User name or mail address".into(),
        "username" => "User name".into(),
        "email" => "Mail address".into(),
        other => {
            let words = other.replace('_', " ");
            let first = words.chars().next().map(|c| c.to_uppercase().to_string());
            first.unwrap_or_default() + words.get(1..).unwrap_or(&words)
        }
    }
}

/// Reads and checks the form of a POST, before any handler is asked. What was typed is kept first,
/// so that whatever refuses it afterwards, an ended session too, can give it back.
pub async fn receive(req: &HttpRequest, payload: Payload) -> Result<Form, Error> {
    let (form, fault) = read(req, payload).await?;
    req.extensions_mut().insert(form.kept());
    if let Some(fault) = fault {
        return Err(fault);
    }
    if ends_letters(req.path(), &form) {
        return Ok(form);
    }
    let app = session::app(req);
    if !same_origin(app, req.headers()) {
        return Err(Error::Forgery);
    }
    let visitor = req.extensions().get::<Visitor>().cloned();
    match visitor {
        Some(visitor) if csrf_matches(app, &visitor, form.get("csrf")) => Ok(form),
        // A form of somebody whose session has ended since.
        Some(visitor) if visitor.signed_in.is_none() && visitor.form_cookie.is_none() => {
            Err(Error::SignIn)
        }
        _ => Err(Error::Forgery),
    }
}

/// A mail program's own button sends this field and nothing else (RFC 8058), without cookies and from
/// wherever it runs. Whoever knows the address may press it: its handler checks the proof there, and
/// ends letters and does nothing else.
fn ends_letters(path: &str, form: &Form) -> bool {
    path.starts_with("/unsubscribe/") && form.get(ONE_CLICK.0) == ONE_CLICK.1
}

/// The query of an address. Of a name that stands there twice the first counts: addresses are typed
/// and put together by hand, and a page that only reads has no reason to refuse one.
pub struct Query<T>(pub T);

impl<T: serde::de::DeserializeOwned> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Query<T>, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut once = url::form_urlencoded::Serializer::new(String::new());
        let mut met = Vec::new();
        for (key, value) in url::form_urlencoded::parse(req.query_string().as_bytes()) {
            if !met.contains(&key) {
                once.append_pair(&key, &value);
                met.push(key);
            }
        }
        ready(
            web::Query::<T>::from_query(&once.finish())
                .map(|query| Query(query.into_inner()))
                .map_err(|_| Error::BadRequest("The address could not be understood.")),
        )
    }
}

/// Hands the received form to the handler.
impl FromRequest for Form {
    type Error = Error;
    type Future = Ready<Result<Form, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let form = req.extensions_mut().remove::<Form>();
        ready(form.ok_or(Error::BadRequest("This address takes forms only.")))
    }
}

/// A browser says where a form was sent from. Without `base_url` only loopback is believed.
fn same_origin(app: &App, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site");
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    let Some(origin) = text("origin") else {
        return true;
    };
    // The pages whose address holds a secret send no referrer, and then browsers hide the origin too.
    if origin == "null" {
        return site == Some("same-origin");
    }
    match &app.config.base_url {
        Some(base) => origin == base,
        None => {
            let host = text("host").unwrap_or("");
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            matches!(name, "localhost" | "127.0.0.1" | "[::1]")
                && origin == format!("http://{host}")
        }
    }
}

/// Reads all of it, and the fault of its encoding, if any, apart: the readable part is kept.
async fn read(req: &HttpRequest, payload: Payload) -> Result<(Form, Option<Error>), Error> {
    let kind = req.content_type().to_ascii_lowercase();
    match kind.as_str() {
        "multipart/form-data" => read_multipart(req, payload).await,
        "application/x-www-form-urlencoded" | "" => read_urlencoded(payload).await,
        _ => Err(Error::BadRequest(
            "A form of this kind is not understood here.",
        )),
    }
}

async fn read_urlencoded(mut payload: Payload) -> Result<(Form, Option<Error>), Error> {
    let mut bytes = web::BytesMut::new();
    let mut fault = None;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk
            .map_err(|_| Error::BadRequest("The form did not arrive whole. Send it again."))?;
        let room = MAX_FIELDS - bytes.len();
        if chunk.len() > room {
            // What came so far is kept; the rest is not read.
            bytes.extend_from_slice(&chunk[..room]);
            fault = Some(TOO_LARGE);
            break;
        }
        bytes.extend_from_slice(&chunk);
    }
    let mut form = Form::default();
    for pair in bytes[..]
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
    {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let (key, value) = (halves.next().unwrap_or(b""), halves.next().unwrap_or(b""));
        form.push(decode(key), decode(value), &mut fault);
    }
    Ok((form, fault))
}

/// Files of people who are not signed in, and of fields that take none, are read past and not held
/// in memory: the words around them can be given back all the same.
async fn read_multipart(
    req: &HttpRequest,
    payload: Payload,
) -> Result<(Form, Option<Error>), Error> {
    const BROKEN: Error = Error::BadRequest("The form did not arrive whole. Send it again.");
    let signed_in = req
        .extensions()
        .get::<Visitor>()
        .is_some_and(|visitor| visitor.signed_in.is_some());
    let mut form = Form::default();
    let mut fault = None;
    let (mut total, mut uploaded) = (0, 0);
    let mut parts = actix_multipart::Multipart::new(req.headers(), payload);
    while let Some(mut part) = parts.try_next().await.map_err(|_| BROKEN)? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part
            .content_disposition()
            .and_then(|d| d.get_filename())
            .is_some();
        let is_shot = is_file && name == "shots";
        let is_wanted = !is_file
            || (signed_in && name == "picture" && form.picture.is_none())
            || (signed_in && is_shot && form.shots.len() < MAX_SHOT_COUNT);
        let file_name = part
            .content_disposition()
            .and_then(|d| d.get_filename())
            .map(short_name)
            .unwrap_or_default();
        let mut is_large_shot = false;
        let mut bytes = Vec::new();
        let mut too_large = false;
        while let Some(chunk) = part.try_next().await.map_err(|_| BROKEN)? {
            let (sum, most) = if is_shot {
                (&mut uploaded, MAX_SHOTS)
            } else if is_file {
                (&mut uploaded, MAX_UPLOAD)
            } else {
                (&mut total, MAX_FIELDS)
            };
            *sum += chunk.len();
            too_large = *sum > most;
            if too_large {
                break;
            }
            is_large_shot |= is_shot && bytes.len() + chunk.len() > MAX_UPLOAD;
            if is_large_shot {
                bytes.clear();
            } else if is_wanted {
                bytes.extend_from_slice(&chunk);
            }
        }
        if !is_file {
            form.push(name.into_bytes(), bytes, &mut fault);
        } else if is_shot {
            if is_wanted && (is_large_shot || !bytes.is_empty()) {
                form.shots.push(Upload {
                    name: file_name,
                    bytes: (!is_large_shot).then_some(bytes),
                });
            }
        } else if !bytes.is_empty() {
            form.picture = Some(bytes);
        }
        if too_large {
            // What came so far is kept; the rest is not read.
            let error = if is_shot {
                Error::TooLarge(
                    "Pictures sent at once may have 30 MB together. Send fewer at a time.",
                )
            } else if is_file {
                Error::TooLarge("A picture may have 10 MB.")
            } else {
                TOO_LARGE
            };
            return Ok((form, Some(error)));
        }
    }
    if uploaded > 0 && !signed_in {
        fault = Some(Error::SignIn);
    }
    Ok((form, fault))
}

/// What a file is called, as far as a sentence has room for it.
fn short_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let seen: String = name.chars().filter(|c| !c.is_control()).collect();
    match seen.chars().count() {
        0..=60 => seen,
        _ => format!("{}…", seen.chars().take(59).collect::<String>()),
    }
}

impl Form {
    /// Adds a field, and notes what no text may hold.
    fn push(&mut self, key: Vec<u8>, value: Vec<u8>, fault: &mut Option<Error>) {
        if self.fields.len() >= MAX_FIELD_COUNT {
            *fault = Some(Error::TooLarge("This form has too many fields."));
            return;
        }
        // A form that was cut off is too large before it is anything else.
        let mut note = |error| {
            if fault.is_none() {
                *fault = Some(error);
            }
        };
        let value = String::from_utf8(value).unwrap_or_else(|error| {
            note(Error::BadRequest(
                "The text is not valid UTF-8. It is kept below as far as it can be read.",
            ));
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        let value = if value.contains('\0') {
            note(Error::BadRequest(
                "The text holds a NUL character, which no text may. It is kept below without it.",
            ));
            value.replace('\0', "")
        } else {
            value
        };
        let key = String::from_utf8_lossy(&key).into_owned();
        self.fields.push((key, value.replace("\r\n", "\n")));
    }
}

fn decode(encoded: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut at = 0;
    while at < encoded.len() {
        let escaped = encoded
            .get(at + 1..at + 3)
            .and_then(|two| std::str::from_utf8(two).ok());
        match (
            encoded[at],
            escaped.and_then(|two| u8::from_str_radix(two, 16).ok()),
        ) {
            (b'+', _) => bytes.push(b' '),
            (b'%', Some(value)) => {
                bytes.push(value);
                at += 2;
            }
            (other, _) => bytes.push(other),
        }
        at += 1;
    }
    bytes
}

/// A place on this site to go on to after log-in; anything else leads home.
pub fn safe_next(next: &str) -> &str {
    let path = next.split(['?', '#']).next().unwrap_or("");
    let ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control)
        && !path.contains("/../");
    if ours { next } else { "/" }
}

/// 303 to a place on this site.
pub fn see_other(to: impl AsRef<str>) -> actix_web::HttpResponse {
    actix_web::HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to.as_ref()))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_on_stays_on_this_site() {
        assert_eq!(
            safe_next("/projects/duck?a=b#comment-1"),
            "/projects/duck?a=b#comment-1"
        );
        for foreign in [
            "//evil.example",
            "/\\evil.example",
            "https:evil.example",
            "https://evil.example",
            "evil",
            "",
            "/a\r\nb",
        ] {
            assert_eq!(safe_next(foreign), "/", "{foreign:?}");
        }
    }

    #[test]
    fn percent_signs_are_decoded_once_and_broken_ones_kept() {
        assert_eq!(decode(b"a+b%20c%2Bd%2525%zz%"), b"a b c+d%25%zz%");
    }

    #[test]
    fn what_was_typed_is_kept_and_no_secret() {
        let mut form = Form::default();
        for (key, value) in [
            ("csrf", "abc"),
            ("title", "Duck"),
            ("tags", "a, b"),
            ("picture_alt", " "),
            ("closed", "1"),
            ("link_website", "https://duck.example/"),
            ("password", "an odd lamp"),
            ("password_again", "an odd lamp"),
            ("token", "f00"),
        ] {
            form.push(key.into(), value.into(), &mut None);
        }
        let kept: Vec<_> = form.kept().0.into_iter().map(|(key, _)| key).collect();
        assert_eq!(kept, ["title", "tags", "link_website"]);
        assert_eq!(label("link_website"), "Website");
        assert_eq!(label("reset_days"), "Reset days");
    }

    #[test]
    fn invalid_text_is_a_fault_and_is_kept_as_far_as_it_can_be_read() {
        let mut form = Form::default();
        let mut fault = None;
        form.push(
            b"body".to_vec(),
            b"good \xFF\0 text\r\n".to_vec(),
            &mut fault,
        );
        assert!(matches!(fault, Some(Error::BadRequest(_))));
        assert_eq!(form.get("body"), "good \u{FFFD} text\n");
    }
}
