//! Labelled texts that need a person: those the filter gets most wrong, and near-identical ones with
//! different labels.

use super::super::row::signed;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::session::Moderator;
use actix_web::{HttpResponse, web};
use chrono::NaiveDateTime;
use potluck_models::db::ItemId;
use potluck_models::item::State;
use potluck_models::label::{self, Place, Settlement, Side};
use potluck_models::moderation::queue::{self, Entry};
use potluck_models::moderation::verdict::Label;
use potluck_models::spam::Report;
use potluck_models::spam::classifier::in_words;
use potluck_models::spam::near::Contradiction;
use potluck_models::{Db, QueryResult};
use std::collections::HashMap;

/// Places of one text that are named; of a wave there are hundreds.
const NAMED: usize = 5;

/// An item under which a labelled text stands.
pub struct OnSite {
    pub path: String,
    /// "comment 12".
    pub what: String,
    pub author: String,
    pub state: State,
    /// Who called it what it is called, and when.
    pub by: String,
    pub at: NaiveDateTime,
    /// `comment:12@3`, for the form of a verdict.
    pub word: String,
}

/// A labelled text with the places where it stands.
pub struct Text {
    pub hash: String,
    pub excerpt: String,
    pub items: Vec<OnSite>,
    /// Names of the files it came in by.
    pub files: Vec<String>,
    /// Places that are not named.
    pub more: usize,
}

impl Text {
    fn of(side: Side, entries: &HashMap<ItemId, Entry>) -> Text {
        let mut text = Text {
            hash: side.hash,
            excerpt: cut(&side.text, 280),
            items: Vec::new(),
            files: Vec::new(),
            more: side.places.len().saturating_sub(NAMED),
        };
        for place in side.places.into_iter().take(NAMED) {
            match place {
                Place::Item {
                    id, state, by, at, ..
                } => {
                    let Some(entry) = entries.get(&id) else {
                        continue;
                    };
                    text.items.push(OnSite {
                        path: entry.path(),
                        what: format!("{} {id}", entry.item.kind),
                        author: entry.author.username.clone(),
                        state,
                        by,
                        at,
                        word: format!("{}:{id}@{}", entry.item.kind, entry.item.version),
                    });
                }
                Place::Import { name, .. } => text.files.push(name),
            }
        }
        text
    }
}

/// The first characters of a text, its white space folded.
pub fn cut(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What became of the text of a mistake.
pub enum Fate {
    Stands(Text),
    /// Somebody called it the other thing since the training.
    Turned(Text),
    /// Erased, or its label was taken back.
    Gone,
}

/// A label that the filter would not have guessed.
pub struct Mistaken {
    pub spam: bool,
    pub probability: f64,
    /// Name, whether it speaks for spam, weight.
    pub tokens: Vec<(String, bool, String)>,
    pub fate: Fate,
}

impl Mistaken {
    /// The verdict that would say otherwise.
    pub fn other(&self) -> &'static str {
        if self.spam { "ham" } else { "spam" }
    }

    pub fn called(&self) -> &'static str {
        if self.spam { "spam" } else { "ham" }
    }
}

pub struct Pair {
    pub spam: Text,
    pub ham: Text,
}

/// The report's mistakes and contradictions, with what became of them.
pub fn load(db: &mut Db, report: &Report) -> QueryResult<(Vec<Mistaken>, Vec<Pair>)> {
    let mut sides = Vec::new();
    for mistake in &report.mistakes {
        let found = label::find(db, &mistake.text_hash, mistake.spam)?;
        let turned = match found {
            None => label::find(db, &mistake.text_hash, !mistake.spam)?,
            Some(_) => None,
        };
        sides.push((found, turned));
    }
    let pairs = label::contradictions(db, &report.contradictions)?;
    let ids: Vec<ItemId> = sides
        .iter()
        .flat_map(|(found, turned)| found.iter().chain(turned))
        .chain(pairs.iter().flat_map(|pair| [&pair.spam, &pair.ham]))
        .flat_map(|side| side.places.iter().take(NAMED))
        .filter_map(|place| match place {
            Place::Item { id, .. } => Some(*id),
            Place::Import { .. } => None,
        })
        .collect();
    let entries: HashMap<ItemId, Entry> = queue::these(db, &ids)?
        .into_iter()
        .map(|entry| (entry.item.id, entry))
        .collect();
    let mistaken = report
        .mistakes
        .iter()
        .zip(sides)
        .map(|(mistake, side)| Mistaken {
            spam: mistake.spam,
            probability: mistake.probability,
            tokens: mistake
                .tokens
                .iter()
                // What moved nothing by a tenth explains nothing.
                .filter(|(_, weight)| weight.abs() >= 0.05)
                .map(|(token, weight)| (in_words(token), *weight > 0.0, signed(*weight)))
                .collect(),
            fate: match side {
                (Some(side), _) => Fate::Stands(Text::of(side, &entries)),
                (None, Some(side)) => Fate::Turned(Text::of(side, &entries)),
                (None, None) => Fate::Gone,
            },
        })
        .collect();
    let pairs = pairs
        .into_iter()
        .map(|pair| Pair {
            spam: Text::of(pair.spam, &entries),
            ham: Text::of(pair.ham, &entries),
        })
        .collect();
    Ok((mistaken, pairs))
}

/// A person says what two texts are that contradict each other.
pub async fn settle(
    app: web::Data<App>,
    moderator: Moderator,
    form: Form,
) -> Result<HttpResponse, Error> {
    let settlement = match form.get("settle") {
        "spam" => Settlement::Both(Label::Spam),
        "ham" => Settlement::Both(Label::Ham),
        "differ" => Settlement::Differ,
        _ => {
            return Err(Error::BadRequest(
                "Press one of the three buttons. Nothing was changed.",
            ));
        }
    };
    let hash = |field: &str| {
        let hash = form.get(field);
        let is_one = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        is_one.then(|| hash.to_owned())
    };
    let (Some(spam), Some(ham)) = (hash("spam"), hash("ham")) else {
        return Err(Error::BadRequest(
            "The form does not say which texts are meant. Nothing was changed.",
        ));
    };
    let (by, pair) = (moderator.user().id, Contradiction { spam, ham });
    let changed = app
        .write(move |db: &mut Db| label::settle(db, by, &pair, settlement))
        .await?;
    let said = match (changed, settlement) {
        (0, _) => "nothing",
        (_, Settlement::Differ) => "differ",
        _ => "settled",
    };
    Ok(see_other(format!(
        "/moderation/filter?said={said}#contradictions"
    )))
}
