//! Articles elsewhere that readers suggest for the guide. A suggestion is no public text: moderators
//! alone read it, with its author, until one of them accepts it.

use crate::account::User;
use crate::db::{UserId, dialect, now};
use crate::gate::{self, Refusal};
use crate::intake::limits::{self, Limited};
use crate::moderation::log::Act;
use crate::project::{FieldError, parse_url};
use crate::schema::{articles, users};
use crate::{Db, QueryResult, words};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

pub const MAX_TITLE: usize = 120;
pub const MAX_WHY: usize = 500;
/// Of one member, at once.
const MOST_WAITING: i64 = 5;
const MOST_A_DAY: i64 = 10;

words! {
    pub enum Standing { Waiting = "waiting", Accepted = "accepted", Declined = "declined" }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct Article {
    pub id: i64,
    pub title: String,
    pub url: String,
    pub why: String,
    pub state: Standing,
    pub created_at: NaiveDateTime,
    pub decided_at: Option<NaiveDateTime>,
    #[diesel(select_expression = users::username)]
    pub username: String,
    #[diesel(select_expression = users::display_name)]
    pub display_name: String,
}

impl Article {
    /// Who suggested it.
    pub fn name(&self) -> &str {
        if self.display_name.is_empty() {
            &self.username
        } else {
            &self.display_name
        }
    }

    /// Where it leads, for who thinks before they follow.
    pub fn host(&self) -> &str {
        let bare = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let host = bare.split(['/', '?', '#']).next().unwrap_or("");
        host.strip_prefix("www.").unwrap_or(host)
    }
}

/// A suggestion, parsed.
#[derive(Clone, Debug)]
pub struct Fields {
    title: String,
    url: String,
    why: String,
}

impl Fields {
    pub fn parse(title: &str, url: &str, why: &str) -> Result<Fields, Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut fault = |field, message: String| faults.push(FieldError { field, message });
        let line = |text: &str| -> String {
            let plain: String = text
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            plain.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let (title, why) = (line(title), line(why));
        match title.chars().count() {
            0 => fault("title", "Say what it is called.".into()),
            n if n > MAX_TITLE => fault(
                "title",
                format!("A title has at most {MAX_TITLE} characters; this has {n}."),
            ),
            _ => {}
        }
        let url = match url.trim() {
            "" => {
                fault("url", "Say where it can be read.".into());
                None
            }
            typed => {
                let parsed = parse_url(typed);
                if parsed.is_none() {
                    fault(
                        "url",
                        "An address starts with https:// or http:// and is at most 2,000 characters long.".into(),
                    );
                }
                parsed
            }
        };
        match why.chars().count() {
            0 => fault("why", "Say in a sentence what one learns from it.".into()),
            n if n > MAX_WHY => fault(
                "why",
                format!("This has at most {MAX_WHY} characters; it has {n}."),
            ),
            _ => {}
        }
        match url {
            Some(url) if faults.is_empty() => Ok(Fields { title, url, why }),
            _ => Err(faults),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("{}", .0.sentence())]
    Limited(Limited),
    #[error("{}", .0.message)]
    Invalid(FieldError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Takes a suggestion in. To be called in a write transaction.
pub fn suggest(
    db: &mut Db,
    by: &User,
    fields: &Fields,
    limits_off: bool,
) -> Result<i64, SuggestError> {
    gate::may_post(by, now()).map_err(SuggestError::Refused)?;
    // Of two at once, the second sees the first.
    dialect::lock(db, "articles")?;
    let known: i64 = articles::table
        .filter(articles::state.eq_any([Standing::Waiting, Standing::Accepted]))
        .filter(articles::url.eq(&fields.url))
        .count()
        .get_result(db)?;
    if known > 0 {
        return Err(SuggestError::Invalid(FieldError {
            field: "url",
            message: "Somebody suggested this one before you. Thank you all the same.".into(),
        }));
    }
    if !limits_off {
        let waiting: i64 = articles::table
            .filter(articles::by_id.eq(by.id))
            .filter(articles::state.eq(Standing::Waiting))
            .count()
            .get_result(db)?;
        if waiting >= MOST_WAITING {
            let most = MOST_WAITING;
            return Err(SuggestError::Limited(Limited::TooManyWaiting { most }));
        }
        limits::count(
            db,
            &format!("articles:{}", by.id),
            MOST_A_DAY,
            Duration::days(1),
        )?
        .map_err(SuggestError::Limited)?;
    }
    Ok(diesel::insert_into(articles::table)
        .values((
            articles::by_id.eq(by.id),
            articles::title.eq(&fields.title),
            articles::url.eq(&fields.url),
            articles::why.eq(&fields.why),
            articles::created_at.eq(now()),
        ))
        .returning(articles::id)
        .get_result(db)?)
}

/// Accepts or declines one that waits, or lets it wait again: the undo of both. False: somebody was
/// first, and nothing was changed.
pub fn decide(db: &mut Db, by: &User, id: i64, to: Standing) -> QueryResult<bool> {
    let article = Article::find(db, id)?;
    let from = match to {
        Standing::Waiting => vec![Standing::Accepted, Standing::Declined],
        _ => vec![Standing::Waiting],
    };
    let decided = diesel::update(
        articles::table
            .find(id)
            .filter(articles::state.eq_any(from)),
    )
    .set((
        articles::state.eq(to),
        articles::decided_at.eq(Some(now()).filter(|_| to != Standing::Waiting)),
        articles::decided_by.eq(Some(by.id).filter(|_| to != Standing::Waiting)),
    ))
    .execute(db)?;
    if decided == 0 {
        return Ok(false);
    }
    Act {
        actor: Some(by.id),
        act: match to {
            Standing::Accepted => "accepted an article",
            Standing::Declined => "declined an article",
            Standing::Waiting => "took back a word on an article",
        },
        user: User::by_username(db, &article.username)?.map(|user| user.id),
        detail: &format!("{} {}", article.title, article.url),
        before: article.state.as_str(),
        after: to.as_str(),
        ..Act::default()
    }
    .write(db)?;
    Ok(true)
}

impl Article {
    pub fn find(db: &mut Db, id: i64) -> QueryResult<Article> {
        articles::table
            .inner_join(users::table.on(users::id.eq(articles::by_id)))
            .filter(articles::id.eq(id))
            .select(Article::as_select())
            .first(db)
    }

    /// In one standing, newest first.
    pub fn all(db: &mut Db, state: Standing, most: i64) -> QueryResult<Vec<Article>> {
        articles::table
            .inner_join(users::table.on(users::id.eq(articles::by_id)))
            .filter(articles::state.eq(state))
            .order(articles::id.desc())
            .limit(most)
            .select(Article::as_select())
            .load(db)
    }

    /// What somebody suggested, newest first.
    pub fn by(db: &mut Db, user: UserId, most: i64) -> QueryResult<Vec<Article>> {
        articles::table
            .inner_join(users::table.on(users::id.eq(articles::by_id)))
            .filter(articles::by_id.eq(user))
            .order(articles::id.desc())
            .limit(most)
            .select(Article::as_select())
            .load(db)
    }

    /// How many wait for a moderator.
    pub fn waiting(db: &mut Db) -> QueryResult<i64> {
        articles::table
            .filter(articles::state.eq(Standing::Waiting))
            .count()
            .get_result(db)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_names_its_own_fault() {
        let fields = |title: &str, url: &str, why: &str| -> Vec<&'static str> {
            let faults = Fields::parse(title, url, why).err().unwrap_or_default();
            faults.iter().map(|fault| fault.field).collect()
        };
        assert_eq!(fields(" ", "", "\n"), ["title", "url", "why"]);
        assert_eq!(
            fields(&"x".repeat(121), "javascript:alert(1)", &"y".repeat(501)),
            ["title", "url", "why"]
        );
        assert!(fields("On looking", "https://a.example/x", "It teaches to look.").is_empty());
    }
}
