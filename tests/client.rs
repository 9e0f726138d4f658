//! Somebody with a browser, as far as HTTP goes: cookies, forms with their hidden fields, and what
//! came back.

use crate::support::Site;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;
use ureq::http;

pub struct Client<'a> {
    pub site: &'a Site,
    pub name: String,
    cookies: RefCell<BTreeMap<String, String>>,
    agent: ureq::Agent,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub bytes: Vec<u8>,
    asked: String,
}

impl<'a> Client<'a> {
    pub fn new(site: &'a Site, name: &str) -> Client<'a> {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A kept connection may be closed by the server in the very moment of a POST.
            .max_idle_connections(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        Client {
            site,
            name: name.to_owned(),
            cookies: RefCell::default(),
            agent,
        }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies
            .borrow_mut()
            .insert(name.to_owned(), value.to_owned());
    }

    pub fn forget_cookies(&self) {
        self.cookies.borrow_mut().clear();
    }

    /// The same person's cookies in another browser: what a thief would have.
    pub fn copy(&self) -> Client<'a> {
        let copy = Client::new(self.site, &self.name);
        *copy.cookies.borrow_mut() = self.cookies.borrow().clone();
        copy
    }

    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(self.site.url(path))
            .header("user-agent", "potluck tests");
        if self.site.https {
            request = request.header("host", "potluck.example");
        }
        let cookies: Vec<String> = self
            .cookies
            .borrow()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = if matches!(method, "GET" | "HEAD") {
            self.agent.run(request.body(()).expect("a request"))?
        } else {
            self.agent.run(request.body(body).expect("a request"))?
        };
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let text = cookie.to_str().expect("cookies are ASCII");
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if value.is_empty() || attributes.to_lowercase().contains("max-age=0") {
                self.cookies.borrow_mut().remove(name.trim());
            } else {
                self.set_cookie(name.trim(), value);
            }
        }
        let mut body = body;
        let bytes = body.with_config().limit(50_000_000).read_to_vec()?;
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            bytes,
            asked: format!("{method} {path} as {:?}", self.name),
        })
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_send(method, path, headers, body)
            .unwrap_or_else(|error| panic!("{method} {path} as {:?}: {error}", self.name))
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// A form exactly as given: no token is added.
    pub fn post_raw(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.send("POST", path, &all, urlencoded(fields).as_bytes())
    }

    /// A form with the token that this person's forms carry.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.csrf();
        let mut all = vec![("csrf", token.as_str())];
        all.extend(fields);
        self.post_raw(path, &all, &[])
    }

    /// Bytes as they are in one field, which no browser would send.
    pub fn post_bytes(&self, path: &str, name: &str, value: &[u8]) -> Answer {
        let escaped: String = value.iter().map(|byte| format!("%{byte:02X}")).collect();
        let body = format!("csrf={}&{name}={escaped}", self.csrf());
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", path, &kind, body.as_bytes())
    }

    /// Opens a page, fills in its form that goes to `action`, and sends it.
    pub fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let form = self.get(page).expect(200).form(action);
        self.fill_in(&form, fields)
    }

    /// Sends a form that was found on a page, with its hidden fields.
    pub fn fill_in(&self, form: &Form, fields: &[(&str, &str)]) -> Answer {
        let mut all: Vec<(&str, &str)> = form
            .hidden
            .iter()
            .filter(|(name, _)| !fields.iter().any(|(given, _)| given == name))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        all.extend(fields);
        self.post_raw(&form.action, &all, &[])
    }

    /// A form with a file in the field `picture`.
    pub fn upload(&self, path: &str, fields: &[(&str, &str)], picture: &[u8]) -> Answer {
        const BOUNDARY: &str = "----a-line-that-no-picture-holds";
        let token = self.csrf();
        let mut body = Vec::new();
        for (name, value) in [("csrf", token.as_str())].iter().chain(fields) {
            body.extend_from_slice(
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
            );
        }
        body.extend_from_slice(
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"../../x.png\"\r\n\
                 Content-Type: image/png\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(picture);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send("POST", path, &[("content-type", &kind)], &body)
    }

    /// The forgery token of this person's forms: of any page that has one.
    pub fn csrf(&self) -> String {
        let signed_in = self
            .cookie(potluck::session::cookie_name(self.site.https))
            .is_some();
        let page = if signed_in {
            let account = self.get("/account");
            // A session that has ended since.
            if account.status == 200 {
                account
            } else {
                self.get("/login")
            }
        } else {
            self.get("/login")
        };
        page.hidden("csrf")
            .unwrap_or_else(|| panic!("no token on a page for {:?}", self.name))
    }

    /// Whether the site knows this person.
    pub fn is_logged_in(&self) -> bool {
        self.get("/account").status == 200
    }
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        if self.status != status {
            panic!(
                "{} answered {} instead of {status}{}: {}",
                self.asked,
                self.status,
                self.location()
                    .map(|to| format!(" (to {to})"))
                    .unwrap_or_default(),
                short(&self.words())
            );
        }
        self
    }

    pub fn html(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn location(&self) -> Option<&str> {
        self.header("location")
    }

    /// Where it leads, without query and fragment.
    pub fn leads_to(&self) -> &str {
        self.location()
            .unwrap_or("")
            .split(['?', '#'])
            .next()
            .unwrap_or("")
    }

    /// What a reader sees: no tags, entities as letters, white space folded.
    pub fn words(&self) -> String {
        words(&self.html())
    }

    #[track_caller]
    pub fn says(self, sentence: &str) -> Answer {
        assert!(
            self.words().contains(sentence),
            "{} does not say {sentence:?}: {}",
            self.asked,
            short(&self.words())
        );
        self
    }

    #[track_caller]
    pub fn does_not_say(self, sentence: &str) -> Answer {
        assert!(
            !self.html().contains(sentence) && !self.words().contains(sentence),
            "{} says {sentence:?}",
            self.asked
        );
        self
    }

    /// The value of the first hidden field of this name.
    pub fn hidden(&self, name: &str) -> Option<String> {
        tags(&self.html(), "input").into_iter().find_map(|tag| {
            (attribute(&tag, "name").as_deref() == Some(name)).then(|| attribute(&tag, "value"))?
        })
    }

    /// The form that goes to `action`.
    #[track_caller]
    pub fn form(&self, action: &str) -> Form {
        self.forms()
            .into_iter()
            .find(|form| form.action == action)
            .unwrap_or_else(|| {
                panic!(
                    "{} ({}) has no form to {action}, but to {:?}",
                    self.asked,
                    self.status,
                    self.forms().iter().map(|f| &f.action).collect::<Vec<_>>()
                )
            })
    }

    pub fn forms(&self) -> Vec<Form> {
        let html = self.html();
        let mut rest = html.as_str();
        let mut forms = Vec::new();
        while let Some(start) = rest.find("<form") {
            let end = rest[start..]
                .find("</form>")
                .map_or(rest.len(), |at| start + at);
            let form = &rest[start..end];
            let head = &form[..form.find('>').unwrap_or(form.len())];
            let hidden = tags(form, "input")
                .iter()
                .filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"))
                .filter_map(|tag| {
                    Some((
                        attribute(tag, "name")?,
                        attribute(tag, "value").unwrap_or_default(),
                    ))
                })
                .collect();
            forms.push(Form {
                action: attribute(head, "action").unwrap_or_default(),
                hidden,
                html: form.to_owned(),
            });
            rest = &rest[end..];
        }
        forms
    }

    /// The addresses of its links, as they stand.
    pub fn links(&self) -> Vec<String> {
        tags(&self.html(), "a")
            .iter()
            .filter_map(|tag| attribute(tag, "href"))
            .collect()
    }

    /// What a textarea of this name holds.
    pub fn textarea(&self, name: &str) -> Option<String> {
        let html = self.html();
        let mut rest = html.as_str();
        while let Some(start) = rest.find("<textarea") {
            let (head, after) = rest[start..].split_once('>')?;
            let (text, after) = after.split_once("</textarea>")?;
            if attribute(head, "name").as_deref() == Some(name) {
                // A line break at the start belongs to the markup.
                return Some(unescape(text.strip_prefix('\n').unwrap_or(text)));
            }
            rest = after;
        }
        None
    }

    /// Whether what was typed can still be read on the page.
    #[track_caller]
    pub fn keeps(self, typed: &str) -> Answer {
        let kept = unescape(&self.html());
        assert!(
            kept.contains(typed),
            "{} ({}) lost what was typed: {}",
            self.asked,
            self.status,
            short(&self.words())
        );
        self
    }
}

/// A form of a page.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub hidden: Vec<(String, String)>,
    pub html: String,
}

/// Something of a form that a person fills in.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    /// `textarea`, `select`, or the type of an input; `hidden` also for what only password managers see.
    pub kind: String,
    /// What it holds as the page comes; a box that is not ticked holds nothing.
    pub value: Option<String>,
}

impl Form {
    pub fn is_get(&self) -> bool {
        let head = &self.html[..self.html.find('>').unwrap_or(self.html.len())];
        attribute(head, "method").is_none_or(|method| method == "get")
    }

    /// All of its fields but buttons, each name once.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for tag in tags(&self.html, "input") {
            let kind = match tag.contains(" hidden") {
                true => "hidden".into(),
                false => attribute(&tag, "type").unwrap_or_else(|| "text".into()),
            };
            let Some(name) = attribute(&tag, "name") else {
                continue;
            };
            let is_box = matches!(kind.as_str(), "checkbox" | "radio");
            let value = attribute(&tag, "value").unwrap_or_else(|| match is_box {
                true => "on".into(),
                false => String::new(),
            });
            let value = (!is_box || tag.contains(" checked")).then_some(value);
            match fields.iter_mut().find(|field| field.name == name) {
                Some(field) => field.value = field.value.take().or(value),
                None => fields.push(Field { name, kind, value }),
            }
        }
        for part in self.html.split("<textarea").skip(1) {
            let (head, rest) = part.split_once('>').unwrap_or((part, ""));
            if let Some(name) = attribute(head, "name") {
                let text = rest.split("</textarea>").next().unwrap_or("");
                let text = unescape(text.strip_prefix('\n').unwrap_or(text));
                fields.push(Field {
                    name,
                    kind: "textarea".into(),
                    value: Some(text),
                });
            }
        }
        for part in self.html.split("<select").skip(1) {
            let (head, rest) = part.split_once('>').unwrap_or((part, ""));
            if let Some(name) = attribute(head, "name") {
                let options = tags(rest.split("</select>").next().unwrap_or(""), "option");
                let chosen = options.iter().find(|option| option.contains(" selected"));
                fields.push(Field {
                    name,
                    kind: "select".into(),
                    value: chosen
                        .or(options.first())
                        .and_then(|option| attribute(option, "value")),
                });
            }
        }
        fields
    }
}

pub fn encode(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn urlencoded(fields: &[(&str, &str)]) -> String {
    fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect::<Vec<_>>()
        .join("&")
}

/// Each opening tag of a name, up to its `>`.
fn tags(html: &str, name: &str) -> Vec<String> {
    html.split(&format!("<{name}"))
        .skip(1)
        .filter(|rest| rest.starts_with(char::is_whitespace))
        .map(|rest| rest[..rest.find('>').unwrap_or(rest.len())].to_owned())
        .collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let length = tag[start..].find('"')?;
    Some(unescape(&tag[start..start + length]))
}

pub fn unescape(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end <= 8);
        let letter = end.and_then(|end| match &rest[1..end] {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "nbsp" => Some(' '),
            number => match number.strip_prefix("#x") {
                Some(hex) => u32::from_str_radix(hex, 16).ok().and_then(char::from_u32),
                None => number
                    .strip_prefix('#')
                    .and_then(|decimal| decimal.parse().ok())
                    .and_then(char::from_u32),
            },
        });
        match (letter, end) {
            (Some(letter), Some(end)) => {
                text.push(letter);
                rest = &rest[end + 1..];
            }
            _ => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

fn words(html: &str) -> String {
    let body = html.find("<main").map_or(html, |at| &html[at..]);
    let mut text = String::new();
    let mut inside = false;
    for letter in body.chars() {
        match letter {
            '<' => {
                inside = true;
                text.push(' ');
            }
            '>' if inside => inside = false,
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    unescape(&text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn short(text: &str) -> String {
    text.chars().take(600).collect()
}
