//! Pages of the site that its administrators write in Markdown: the guide, which has a default in the
//! binary, and the imprint, which is there once it has words. Every text that was ever in force is kept.
//! Like the other settings they are in memory on every node, rendered.

mod page;

use crate::db::{UserId, dialect, now};
use crate::markdown;
use crate::moderation::log::Act;
use crate::schema::{site_texts, users};
use crate::{Db, QueryResult, words};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::sync::{Arc, LazyLock};

pub const MAX_BODY: usize = 50_000;
/// Earlier texts of a list.
pub const LISTED: i64 = 100;

const GUIDE: &str = include_str!("site_text/guide.md");

words! {
    pub enum Name { Guide = "guide", Imprint = "imprint" }
}

impl Name {
    pub fn title(self) -> &'static str {
        match self {
            Name::Guide => "Guide",
            Name::Imprint => "Imprint",
        }
    }

    /// What the binary brings; none: without words there is no such page.
    pub fn default_body(self) -> Option<&'static str> {
        match self {
            Name::Guide => Some(GUIDE),
            Name::Imprint => None,
        }
    }
}

/// A text with its parts, rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub html: String,
    /// Its first lines in plain words, for whoever links to it.
    pub excerpt: String,
    /// Anchor and heading of each of its parts.
    pub parts: Vec<(String, String)>,
}

impl Rendered {
    pub fn of(body: &str) -> Rendered {
        let (html, parts) = page::to_page(body);
        Rendered {
            excerpt: markdown::excerpt(&html, 180),
            html,
            parts,
        }
    }
}

/// What is in force, as every process keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    pub guide: Arc<Rendered>,
    pub imprint: Option<Arc<Rendered>>,
}

impl Default for Texts {
    fn default() -> Self {
        static DEFAULT: LazyLock<Arc<Rendered>> = LazyLock::new(|| Arc::new(Rendered::of(GUIDE)));
        Texts {
            guide: DEFAULT.clone(),
            imprint: None,
        }
    }
}

impl Texts {
    pub fn load(db: &mut Db) -> QueryResult<Texts> {
        let mut texts = Texts::default();
        let mut own = |name| -> QueryResult<Option<Arc<Rendered>>> {
            let newest = SiteText::newest(db, name)?;
            let body = newest.and_then(|text| text.body);
            Ok(body.map(|body| Arc::new(Rendered::of(&body))))
        };
        if let Some(guide) = own(Name::Guide)? {
            texts.guide = guide;
        }
        texts.imprint = own(Name::Imprint)?;
        Ok(texts)
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = site_texts)]
pub struct SiteText {
    pub id: i64,
    pub name: Name,
    /// None: the default again, or no such page.
    pub body: Option<String>,
    pub created_at: NaiveDateTime,
    #[diesel(select_expression = users::username)]
    pub by: String,
}

impl SiteText {
    /// The one in force, if somebody ever wrote one.
    pub fn newest(db: &mut Db, name: Name) -> QueryResult<Option<SiteText>> {
        Ok(SiteText::all(db, name, 1)?.pop())
    }

    /// Newest first.
    pub fn all(db: &mut Db, name: Name, most: i64) -> QueryResult<Vec<SiteText>> {
        site_texts::table
            .inner_join(users::table.on(users::id.eq(site_texts::by_id)))
            .filter(site_texts::name.eq(name))
            .order(site_texts::id.desc())
            .limit(most)
            .select(SiteText::as_select())
            .load(db)
    }

    pub fn find(db: &mut Db, name: Name, id: i64) -> QueryResult<SiteText> {
        site_texts::table
            .inner_join(users::table.on(users::id.eq(site_texts::by_id)))
            .filter(site_texts::name.eq(name))
            .filter(site_texts::id.eq(id))
            .select(SiteText::as_select())
            .first(db)
    }

    /// The words of it, or those of the binary.
    pub fn words(&self) -> &str {
        let own = self.body.as_deref();
        own.or(self.name.default_body()).unwrap_or("")
    }
}

/// Puts a text in force if the one before it is still the one that was seen, and tells the other
/// processes. None brings the default back. Gives false if somebody else was first. To be called in a
/// write transaction.
pub fn put(
    db: &mut Db,
    by: UserId,
    name: Name,
    body: Option<&str>,
    seen: i64,
) -> QueryResult<bool> {
    dialect::lock(db, "site_texts")?;
    let newest = SiteText::newest(db, name)?;
    if newest.as_ref().map_or(0, |text| text.id) != seen {
        return Ok(false);
    }
    let before = newest.and_then(|text| text.body);
    if before.as_deref() == body {
        return Ok(true);
    }
    let id: i64 = diesel::insert_into(site_texts::table)
        .values((
            site_texts::name.eq(name),
            site_texts::body.eq(body),
            site_texts::by_id.eq(by),
            site_texts::created_at.eq(now()),
        ))
        .returning(site_texts::id)
        .get_result(db)?;
    let told = |body: Option<&str>| match (body, name.default_body()) {
        (Some(body), _) => format!("{} characters", body.chars().count()),
        (None, Some(_)) => "the default".into(),
        (None, None) => "none".into(),
    };
    Act {
        actor: Some(by),
        act: match name {
            Name::Guide => "changed the guide",
            Name::Imprint => "changed the imprint",
        },
        detail: &format!("/admin/texts/{name}/{id}"),
        before: &told(before.as_deref()),
        after: &told(body),
        ..Act::default()
    }
    .write(db)?;
    dialect::bump(db, "settings")?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_guide_has_the_parts_that_reasons_lead_to() {
        let parts = Texts::default().guide.parts.clone();
        let anchors: Vec<&str> = parts.iter().map(|(anchor, _)| anchor.as_str()).collect();
        for part in [
            "time",
            "happened",
            "worked",
            "one-thing",
            "ask",
            "software",
            "art",
            "listen",
            "send",
        ] {
            assert!(anchors.contains(&part), "{part} in {anchors:?}");
        }
        assert_eq!(parts[0].1, "Spend time with it first");
    }
}
