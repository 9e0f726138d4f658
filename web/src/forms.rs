//! Forms as they come in, urlencoded or multipart. Every POST passes [`receive`], which checks origin
//! and forgery token, whatever the handler; the handler takes the [`Form`] as an argument.

use crate::app::App;
use crate::error::Error;
use crate::session::{self, Visitor, csrf_matches};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::{StreamExt, TryStreamExt};
use std::future::{Ready, ready};

/// Of all fields together; the longest text is a description of 50,000 characters.
const MAX_FIELDS: usize = 600 * 1024;
const MAX_FIELD_COUNT: usize = 4_000;
/// Of one picture.
pub const MAX_UPLOAD: usize = 10 * 1024 * 1024;

/// A form that passed the checks, its fields in order.
#[derive(Debug, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    /// The file of the field `picture`, if one was chosen.
    pub picture: Option<Vec<u8>>,
}

/// Long texts of a form, for the page of whatever refuses it.
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

    /// A ticked box or a pressed button.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(key, _)| key == name)
    }

    fn kept(&self) -> Kept {
        const WORTH: &[&str] = &["body", "title", "summary", "description", "notes", "note"];
        let worth = |(key, value): &&(String, String)| {
            WORTH.contains(&key.as_str()) && !value.trim().is_empty()
        };
        Kept(self.fields.iter().filter(worth).cloned().collect())
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
    while let Some(chunk) = payload.next().await {
        let chunk = chunk
            .map_err(|_| Error::BadRequest("The form did not arrive whole. Send it again."))?;
        if bytes.len() + chunk.len() > MAX_FIELDS {
            return Err(Error::TooLarge(
                "All fields of a form together may have 600 kB.",
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    let mut form = Form::default();
    let mut fault = None;
    for pair in bytes[..]
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
    {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let (key, value) = (halves.next().unwrap_or(b""), halves.next().unwrap_or(b""));
        form.push(decode(key), decode(value), &mut fault)?;
    }
    Ok((form, fault))
}

async fn read_multipart(
    req: &HttpRequest,
    payload: Payload,
) -> Result<(Form, Option<Error>), Error> {
    const BROKEN: Error = Error::BadRequest("The form did not arrive whole. Send it again.");
    let mut form = Form::default();
    let mut fault = None;
    let mut total = 0;
    let mut parts = actix_multipart::Multipart::new(req.headers(), payload);
    while let Some(mut part) = parts.try_next().await.map_err(|_| BROKEN)? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part
            .content_disposition()
            .and_then(|d| d.get_filename())
            .is_some();
        let most = if is_file {
            MAX_UPLOAD
        } else {
            MAX_FIELDS - total.min(MAX_FIELDS)
        };
        let mut bytes = Vec::new();
        let mut too_large = false;
        while let Some(chunk) = part.try_next().await.map_err(|_| BROKEN)? {
            if bytes.len() + chunk.len() > most {
                too_large = true;
                break;
            }
            bytes.extend_from_slice(&chunk);
        }
        if too_large {
            // What was typed before the file is kept; the rest is not read.
            req.extensions_mut().insert(form.kept());
            return Err(if is_file {
                Error::TooLarge("A picture may have 10 MB.")
            } else {
                Error::TooLarge("All fields of a form together may have 600 kB.")
            });
        }
        if !is_file {
            total += bytes.len();
            form.push(name.into_bytes(), bytes, &mut fault)?;
        } else if name == "picture" && !bytes.is_empty() {
            form.picture = Some(bytes);
        }
    }
    Ok((form, fault))
}

impl Form {
    /// Adds a field, and notes what no text may hold.
    fn push(
        &mut self,
        key: Vec<u8>,
        value: Vec<u8>,
        fault: &mut Option<Error>,
    ) -> Result<(), Error> {
        if self.fields.len() >= MAX_FIELD_COUNT {
            return Err(Error::TooLarge("This form has too many fields."));
        }
        let value = String::from_utf8(value).unwrap_or_else(|error| {
            *fault = Some(Error::BadRequest(
                "The text is not valid UTF-8. It is kept below as far as it can be read.",
            ));
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        let value = if value.contains('\0') {
            *fault = Some(Error::BadRequest(
                "The text holds a NUL character, which no text may. It is kept below without it.",
            ));
            value.replace('\0', "")
        } else {
            value
        };
        let key = String::from_utf8_lossy(&key).into_owned();
        self.fields.push((key, value.replace("\r\n", "\n")));
        Ok(())
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
    fn invalid_text_is_a_fault_and_is_kept_as_far_as_it_can_be_read() {
        let mut form = Form::default();
        let mut fault = None;
        form.push(
            b"body".to_vec(),
            b"good \xFF\0 text\r\n".to_vec(),
            &mut fault,
        )
        .unwrap();
        assert!(matches!(fault, Some(Error::BadRequest(_))));
        assert_eq!(form.get("body"), "good \u{FFFD} text\n");
    }
}
