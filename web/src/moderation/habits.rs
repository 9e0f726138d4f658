//! How a moderator likes the desk: its keys, one item at a time, blurred texts, breaks.

use super::Frame;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page, page_with};
use crate::session::Moderator;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::moderation::habits::Habits;
use potluck_models::project::FieldError;

/// What a key can do: its name, the usual key, what the page calls it.
const ACTS: [(&str, char, &str); 12] = [
    ("next", 'j', "Next item"),
    ("previous", 'k', "Previous item"),
    ("tick", 'x', "Tick"),
    ("page", 'a', "Tick the whole page"),
    ("spam", 's', "Spam"),
    ("ham", 'h', "Ham"),
    (
        "remove",
        'r',
        "Remove, then a digit for the reason; restore",
    ),
    ("undo", 'u', "Undo the last act"),
    ("open", 'o', "Open in its place"),
    ("show", 'v', "Show what is blurred or folded"),
    ("all", 'm', "All that match"),
    ("more", 'n', "Next page"),
];

/// Which key does what, for one moderator. Digits choose queues and reasons, `?` helps: neither can
/// be given to something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys([char; ACTS.len()]);

impl Default for Keys {
    fn default() -> Self {
        Keys(ACTS.map(|(_, key, _)| key))
    }
}

impl Keys {
    /// As stored: `spam=z ham=y`. What is not understood keeps its usual key.
    pub fn read(stored: &str) -> Keys {
        let mut keys = Keys::default();
        for pair in stored.split(' ') {
            let Some((name, key)) = pair.split_once('=') else {
                continue;
            };
            let at = ACTS.iter().position(|(act, ..)| *act == name);
            if let (Some(at), Some(key)) = (at, one_key(key)) {
                keys.0[at] = key;
            }
        }
        if keys.twice().is_some() {
            return Keys::default();
        }
        keys
    }

    fn write(&self) -> String {
        let differ = ACTS
            .iter()
            .zip(self.0)
            .filter(|((_, usual, _), key)| usual != key);
        let pairs: Vec<String> = differ
            .map(|((name, ..), key)| format!("{name}={key}"))
            .collect();
        pairs.join(" ")
    }

    /// A key that was given to two acts.
    fn twice(&self) -> Option<char> {
        let again = |(n, key): &(usize, &char)| self.0[..*n].contains(key);
        self.0.iter().enumerate().find(again).map(|(_, key)| *key)
    }

    pub fn of(&self, act: &str) -> String {
        let at = ACTS.iter().position(|(name, ..)| *name == act);
        at.map_or(String::new(), |at| self.0[at].to_string())
    }

    /// For the script: what each key does.
    pub fn json(&self) -> String {
        let pairs = ACTS.iter().zip(self.0);
        let map: serde_json::Map<String, serde_json::Value> = pairs
            .map(|((name, ..), key)| (key.to_string(), (*name).into()))
            .collect();
        serde_json::Value::Object(map).to_string()
    }

    /// Name, key and words of each, for pages.
    pub fn all(&self) -> Vec<(&'static str, char, &'static str)> {
        let pairs = ACTS.iter().zip(self.0);
        pairs
            .map(|((name, _, words), key)| (*name, key, *words))
            .collect()
    }
}

/// One visible sign that is neither a digit nor the question mark, without its shift.
fn one_key(typed: &str) -> Option<char> {
    let mut signs = typed.trim().chars();
    let key = signs.next()?.to_lowercase().next()?;
    let fits = !key.is_whitespace() && !key.is_control() && !key.is_ascii_digit();
    (signs.next().is_none() && fits && key != '?' && key != '=').then_some(key)
}

#[derive(Template)]
#[template(path = "moderation/habits.html")]
struct HabitsPage {
    layout: Layout,
    frame: Frame,
    habits: Habits,
    /// As typed, also when that was refused.
    keys: Vec<(&'static str, String, &'static str)>,
    errors: Vec<FieldError>,
}

pub async fn form(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
) -> Result<HttpResponse, Error> {
    let frame = Frame::of(&req, &app).await?;
    let keys = frame.keys.all().into_iter();
    page(&HabitsPage {
        layout: Layout::new(&req),
        habits: frame.habits.clone(),
        keys: keys
            .map(|(name, key, words)| (name, key.to_string(), words))
            .collect(),
        errors: Vec::new(),
        frame,
    })
}

pub async fn save(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    form: Form,
) -> Result<HttpResponse, Error> {
    let mut errors = Vec::new();
    let mut keys = Keys::default();
    let typed = |name: &str| form.get(&format!("key-{name}")).to_owned();
    if form.get("keys") != "usual" {
        for (at, (name, usual, words)) in ACTS.iter().enumerate() {
            match typed(name).as_str() {
                "" => keys.0[at] = *usual,
                sign => match one_key(sign) {
                    Some(key) => keys.0[at] = key,
                    None => errors.push(FieldError {
                        field: "keys",
                        message: format!(
                            "{words}: one letter or sign, no digit and no question mark."
                        ),
                    }),
                },
            }
        }
    }
    if let Some(key) = keys.twice() {
        errors.push(FieldError {
            field: "keys",
            message: format!("The key {key} was given to two things."),
        });
    }
    let break_after = match form.get("break_after").trim() {
        "" => Habits::default().break_after,
        minutes => match minutes.parse::<i32>() {
            Ok(minutes) if (0..=600).contains(&minutes) => minutes,
            _ => {
                errors.push(FieldError {
                    field: "break_after",
                    message: "A number of minutes from 0 to 600.".into(),
                });
                0
            }
        },
    };
    let habits = Habits {
        keys: keys.write(),
        one_at_a_time: form.has("one_at_a_time"),
        blur: form.has("blur"),
        break_after,
    };
    if !errors.is_empty() {
        let shown = ACTS
            .iter()
            .map(|(name, _, words)| (*name, typed(name), *words));
        return page_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &HabitsPage {
                layout: Layout::new(&req),
                frame: Frame::of(&req, &app).await?,
                habits,
                keys: shown.collect(),
                errors,
            },
        );
    }
    let me = moderator.user().id;
    app.write(move |db| habits.save(db, me)).await?;
    Ok(see_other("/moderation/habits?said=habits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_and_read_again_and_no_key_does_two_things() {
        let mut keys = Keys::default();
        assert_eq!(keys.write(), "");
        keys.0[4] = 'z';
        assert_eq!(keys.write(), "spam=z");
        assert_eq!(Keys::read("spam=z"), keys);
        assert_eq!(Keys::read("spam=z").of("spam"), "z");
        assert_eq!(keys.twice(), None);
        // A stored map that would leave an act without its key is not taken.
        assert_eq!(Keys::read("spam=h"), Keys::default());
        assert_eq!(
            Keys::read("nonsense spam= =x spam=12 fly=f"),
            Keys::default()
        );
        for foreign in ["", "1", "?", "ab", " ", "="] {
            assert_eq!(one_key(foreign), None, "{foreign:?}");
        }
        assert_eq!(one_key("S"), Some('s'));
        assert_eq!(one_key("ß"), Some('ß'));
    }
}
