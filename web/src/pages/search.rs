//! Search over everything that is published, by words, phrases and beginnings of words. The newest
//! first, or the best of the newest 2,000.

use crate::app::App;
use crate::error::Error;
use crate::forms::Query;
use crate::layout::{Layout, page, segment};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::QueryResult;
use potluck_models::looking::Role;
use potluck_models::project::{MAX_TAG, ProjectKind};
use potluck_models::release::System;
use potluck_models::search::ask::{MAX_CHARS, Question};
use potluck_models::search::excerpt::{Excerpt, Piece};
use potluck_models::search::{self, Found, Order, PAGE, RANKED, Search, What};
use potluck_models::tag;

#[derive(serde::Deserialize)]
pub struct SearchQuery {
    #[serde(default)]
    q: String,
    #[serde(default, rename = "in")]
    what: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    download: String,
    #[serde(default, rename = "looking-for")]
    looking_for: String,
    #[serde(default)]
    platform: String,
    #[serde(default)]
    order: String,
    /// The place of the last result, or in the order by relevance the number of the next.
    #[serde(default)]
    after: String,
}

/// A result with what matches in it.
struct Shown {
    found: Found,
    title: Vec<Piece>,
    excerpt: Excerpt,
}

impl Shown {
    fn new(found: Found, question: &Question) -> Shown {
        let title = match found.what {
            What::Projects | What::People => Excerpt::whole(&found.title, question),
            What::Releases => {
                let mut title = vec![Piece {
                    text: format!("{} ", found.title),
                    hit: false,
                }];
                title.extend(Excerpt::whole(&found.version, question));
                title
            }
            What::Comments => vec![Piece {
                text: format!("{} on {}", found.author(), found.title),
                hit: false,
            }],
        };
        Shown {
            title,
            excerpt: Excerpt::of(&found.text, question),
            found,
        }
    }

    fn path(&self) -> String {
        let found = &self.found;
        match found.what {
            What::Projects => format!("/projects/{}", found.slug),
            What::Releases => {
                format!(
                    "/projects/{}/releases/{}",
                    found.slug,
                    segment(&found.version)
                )
            }
            What::Comments => format!("/comments/{}", found.id),
            What::People => format!("/people/{}", found.slug),
        }
    }

    fn word(&self) -> &'static str {
        match self.found.what {
            What::Projects => "Project",
            What::Releases => "Release",
            What::Comments => "Comment",
            What::People => "Person",
        }
    }
}

#[derive(Template)]
#[template(path = "search/show.html")]
struct SearchPage {
    layout: Layout,
    /// As it was typed, cut.
    typed: String,
    search: Search,
    order: Order,
    results: Vec<Shown>,
    /// Matches that were ranked.
    ranked: usize,
    next: Option<String>,
    is_first: bool,
    /// The question as it may have been meant.
    meant: Option<String>,
}

impl SearchPage {
    fn heading(&self) -> String {
        match self.typed.is_empty() {
            true => "Search".into(),
            false => format!("Search for {}", self.typed),
        }
    }

    fn is_narrowed(&self) -> bool {
        self.search.kind.is_some()
            || !self.search.tag.is_empty()
            || self.search.has_download
            || self.search.looking_for.is_some()
            || self.search.system.is_some()
    }

    fn where_name(&self, what: &What) -> &'static str {
        match what {
            What::Projects => "Projects",
            What::Releases => "Releases",
            What::Comments => "Comments",
            What::People => "People",
        }
    }

    fn address(&self, asked: &str, what: Option<What>, order: Order, after: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", asked);
        if let Some(what) = what {
            query.append_pair("in", what.as_str());
        }
        if let Some(kind) = self.search.kind {
            query.append_pair("kind", kind.as_str());
        }
        if !self.search.tag.is_empty() {
            query.append_pair("tag", &self.search.tag);
        }
        if self.search.has_download {
            query.append_pair("download", "1");
        }
        if let Some(role) = self.search.looking_for {
            query.append_pair("looking-for", role.as_str());
        }
        if let Some(system) = self.search.system {
            query.append_pair("platform", system.as_str());
        }
        if order != Order::Newest {
            query.append_pair("order", order.as_str());
        }
        if !after.is_empty() {
            query.append_pair("after", after);
        }
        format!("/search?{}", query.finish())
    }

    fn looking_in(&self, what: &What) -> String {
        self.address(&self.typed, Some(*what), self.order, "")
    }

    fn looking_in_all(&self) -> String {
        self.address(&self.typed, None, self.order, "")
    }

    fn sorted(&self, order: Order) -> String {
        self.address(&self.typed, self.search.what, order, "")
    }

    fn further(&self, after: &str) -> String {
        self.address(&self.typed, self.search.what, self.order, after)
    }

    fn corrected(&self, meant: &str) -> String {
        self.address(meant, self.search.what, self.order, "")
    }

    /// The same words over everything, where a filter leaves nothing.
    fn everywhere(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", &self.typed);
        format!("/search?{}", query.finish())
    }
}

/// As it is kept: small letters, and a hyphen for each space.
fn tag_of(typed: &str) -> String {
    let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    words.join("-").chars().take(MAX_TAG).collect()
}

/// `/search`
pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    query: Query<SearchQuery>,
) -> Result<HttpResponse, Error> {
    let asked = query.0;
    let typed: String = asked
        .q
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_CHARS)
        .collect();
    let typed = typed.trim().to_owned();
    let search = Search {
        question: Question::parse(&typed),
        what: asked.what.parse().ok(),
        kind: asked.kind.parse().ok(),
        tag: tag_of(&asked.tag),
        has_download: asked.download == "1",
        looking_for: asked.looking_for.parse().ok(),
        system: asked.platform.parse().ok(),
    };
    let order = asked.order.parse().unwrap_or(Order::Newest);
    let after: Option<i64> = asked.after.parse().ok().filter(|after| *after > 0);
    let mut looked_for = search.clone();
    let language = app.settings().stemming;
    let (found, next, ranked, meant, question) = app
        .read(move |db| -> QueryResult<_> {
            looked_for.question.widen(db, language)?;
            if let Some(target) = tag::target(db, &looked_for.tag)? {
                looked_for.tag = target;
            }
            let (found, next, ranked) = match order {
                Order::Newest => {
                    let (found, next) = looked_for.newest(db, after, PAGE)?;
                    (found, next.map(|next| next.to_string()), 0)
                }
                Order::Relevance => {
                    let from = after.map_or(0, |after| after.min(RANKED as i64) as usize);
                    let (found, next, ranked) = looked_for.best(db, from, PAGE)?;
                    (found, next.map(|next| next.to_string()), ranked)
                }
            };
            let meant = match found.is_empty() && after.is_none() {
                true => search::meant(db, &looked_for)?,
                false => None,
            };
            Ok((found, next, ranked, meant, looked_for.question))
        })
        .await?;
    let results = found
        .into_iter()
        .map(|found| Shown::new(found, &question))
        .collect();
    page(&SearchPage {
        layout: Layout::new(&req),
        typed,
        search,
        order,
        results,
        ranked,
        next,
        is_first: after.is_none(),
        meant,
    })
}
