//! What the last act did, told at the head of the page it came back to, with its undo.
//!
//! The redirect carries only numbers; what is said of them is read anew, so that a page that is
//! loaded again tells the truth of now.

use super::items;
use actix_web::HttpRequest;
use potluck_models::db::{BatchId, ItemId, UserId};
use potluck_models::item::State;
use potluck_models::moderation::appeal;
use potluck_models::moderation::queue::{self, Entry};
use potluck_models::moderation::reason::Reasons;
use potluck_models::moderation::verdict::{Batch, Told, Verdict};
use potluck_models::{Db, QueryResult};
use std::collections::{HashMap, HashSet};

/// The words of an address that belong to a banner and not to the page.
pub const WORDS: [&str; 5] = ["batch", "undone", "skipped", "skips", "said"];
/// Left items that are named one by one.
const NAMED: usize = 20;

pub struct Banner {
    pub told: Option<Told>,
    pub sentence: String,
    /// Items that stayed as they were, and why: address, words, reason.
    pub stayed: Vec<(String, String, String)>,
    /// How many more, unnamed.
    pub more: usize,
}

/// The words of [`WORDS`] in this request.
pub struct Params(HashMap<String, String>);

impl Params {
    pub fn of(req: &HttpRequest) -> Params {
        Params(
            url::form_urlencoded::parse(req.query_string().as_bytes())
                .filter(|(key, _)| WORDS.contains(&key.as_ref()))
                .map(|(key, value)| (key.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    fn number<T: std::str::FromStr>(&self, word: &str) -> Option<T> {
        self.0.get(word)?.parse().ok()
    }

    fn skipped(&self) -> Vec<ItemId> {
        let list = self.0.get("skipped").map_or("", String::as_str);
        let ids = list.split(',').filter_map(|id| id.parse().ok());
        ids.take(NAMED).collect()
    }
}

/// The words to add to the address after a verdict.
pub fn after_verdict(batch: Option<BatchId>, skipped: &[ItemId]) -> Vec<(&'static str, String)> {
    let mut words = Vec::new();
    match batch {
        Some(batch) => words.push(("batch", batch.to_string())),
        // What stayed as it was is named, and says so itself.
        None if !skipped.is_empty() => {}
        None => words.push(("said", "nothing".to_owned())),
    }
    if !skipped.is_empty() {
        let named: Vec<String> = skipped
            .iter()
            .take(NAMED)
            .map(ToString::to_string)
            .collect();
        words.push(("skipped", named.join(",")));
        words.push(("skips", skipped.len().to_string()));
    }
    words
}

impl Banner {
    pub fn load(
        db: &mut Db,
        params: &Params,
        reasons: &Reasons,
        me: Option<UserId>,
    ) -> QueryResult<Option<Banner>> {
        if let Some(id) = params.number("undone") {
            return Banner::of_undo(db, BatchId(id));
        }
        let told = match params.number("batch") {
            Some(id) => Batch::told(db, &[BatchId(id)])?.pop(),
            None => None,
        };
        let skipped = params.skipped();
        let stayed = why_skipped(db, &skipped, me)?;
        let sentence = match &told {
            Some(told) => {
                let done = words(told, reasons);
                match &told.undone_by {
                    Some(by) => format!("{done}, undone by {by}."),
                    None => format!("{done}."),
                }
            }
            None if skipped.is_empty() => return Ok(None),
            None => "Nothing was changed.".to_owned(),
        };
        let skips: usize = params.number("skips").unwrap_or(0);
        Ok(Some(Banner {
            told,
            sentence,
            more: skips.saturating_sub(stayed.len()),
            stayed,
        }))
    }

    fn of_undo(db: &mut Db, id: BatchId) -> QueryResult<Option<Banner>> {
        let Some(told) = Batch::told(db, &[id])?.pop() else {
            return Ok(None);
        };
        let batch = Batch::find(db, id)?;
        let left = told.left;
        let mut sentence = format!(
            "Undone{}: {}.",
            told.undone_by
                .as_deref()
                .map_or(String::new(), |by| format!(" by {by}")),
            done(told.batch.verdict, told.items - told.left),
        );
        if left > 0 {
            sentence.push_str(&format!(
                " {} {} decided or changed again since, and {}.",
                items(&left),
                if left == 1 { "was" } else { "were" },
                if left == 1 { "stays" } else { "stay" },
            ));
        }
        let named = batch.still_standing(db, NAMED as i64)?;
        let stayed = why_skipped(db, &named, None)?;
        Ok(Some(Banner {
            told: None,
            sentence,
            more: (left as usize).saturating_sub(stayed.len()),
            stayed,
        }))
    }

    pub fn can_undo(&self) -> Option<BatchId> {
        let told = self.told.as_ref()?;
        told.can_be_undone().then_some(told.batch.id)
    }
}

/// "37 items marked as spam".
pub fn done(verdict: Verdict, n: i64) -> String {
    let what = match verdict {
        Verdict::Spam => "marked as spam",
        Verdict::Ham => "marked as ham",
        Verdict::Remove => "removed",
        Verdict::Restore => "restored",
        Verdict::Hold => "held, as readers reported it",
    };
    format!("{} {what}", items(&n))
}

/// The same of a batch, with the reason of a removal.
pub fn words(told: &Told, reasons: &Reasons) -> String {
    let words = done(told.batch.verdict, told.items);
    match told.batch.reason.as_str() {
        "" => words,
        key => format!("{words}: {}", reasons.label(key).to_lowercase()),
    }
}

fn why_skipped(
    db: &mut Db,
    ids: &[ItemId],
    me: Option<UserId>,
) -> QueryResult<Vec<(String, String, String)>> {
    let found = queue::these(db, ids)?;
    let mut own = HashSet::new();
    for asked in appeal::open_among(db, ids)? {
        let entry = found.iter().find(|entry| entry.item.id == asked);
        if let (Some(me), Some(entry)) = (me, entry)
            && appeal::is_own(db, &entry.item, me)?
        {
            own.insert(asked);
        }
    }
    Ok(ids
        .iter()
        .map(|id| match found.iter().find(|entry| entry.item.id == *id) {
            Some(entry) if own.contains(id) => (
                entry.path(),
                format!("{} {id}", entry.item.kind),
                "is your own, and you asked for another look: somebody else decides it".into(),
            ),
            Some(entry) => (
                entry.path(),
                format!("{} {id}", entry.item.kind),
                why_stays(entry),
            ),
            None => (String::new(), format!("number {id}"), "is not there".into()),
        })
        .collect())
}

fn why_stays(entry: &Entry) -> String {
    let decided = entry.earlier.iter().rev().find(|earlier| !earlier.undone);
    match (entry.item.state, decided) {
        (State::Deleted, _) => "was deleted by its author".into(),
        (_, Some(last)) => format!("was decided by {}: {}", last.by, last.verdict),
        (state, None) => format!("has changed since you saw it, or is {state} already"),
    }
}

/// An address without some words of its query.
pub fn without(address: &str, words: &[&str]) -> String {
    let (rest, anchor) = match address.split_once('#') {
        Some((rest, anchor)) => (rest, format!("#{anchor}")),
        None => (address, String::new()),
    };
    let Some((path, query)) = rest.split_once('?') else {
        return address.to_owned();
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !words.contains(&pair.split('=').next().unwrap_or("")))
        .filter(|pair| !pair.is_empty())
        .collect();
    if kept.is_empty() {
        format!("{path}{anchor}")
    } else {
        format!("{path}?{}{anchor}", kept.join("&"))
    }
}

/// An address with more words in its query; what stands behind `#` stays behind.
pub fn with(address: &str, words: &[(&str, String)]) -> String {
    let (rest, anchor) = match address.split_once('#') {
        Some((rest, anchor)) => (rest, format!("#{anchor}")),
        None => (address, String::new()),
    };
    let mut out = rest.to_owned();
    for (word, value) in words {
        out.push(if out.contains('?') { '&' } else { '?' });
        out.push_str(&format!("{word}={}", crate::layout::encode(value)));
    }
    out + &anchor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_and_go_and_the_anchor_stays() {
        let page = "/projects/duck?a=1&batch=3#comment-7";
        assert_eq!(without(page, &WORDS), "/projects/duck?a=1#comment-7");
        assert_eq!(
            without("/moderation/held?batch=3", &WORDS),
            "/moderation/held"
        );
        assert_eq!(
            with(
                "/projects/duck#comment-7",
                &[("decided", "3".into()), ("x", "a b".into())]
            ),
            "/projects/duck?decided=3&x=a+b#comment-7"
        );
    }
}
