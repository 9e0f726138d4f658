//! The list of projects: its orders, each with its rule in a sentence, and its filters.

use crate::app::App;
use crate::error::Error;
use crate::forms::Query;
use crate::layout::{Layout, page};
use crate::session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::QueryResult;
use potluck_models::lists::{self, List, Order};
use potluck_models::looking::Role;
use potluck_models::project::{self, Card, PAGE, ProjectKind};
use potluck_models::release::System;
use std::collections::HashMap;

/// Further than that nobody needs to know.
pub(super) const COUNTED: i64 = 1_000;

#[derive(serde::Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    order: String,
    #[serde(default)]
    download: String,
    #[serde(default, rename = "looking-for")]
    looking_for: String,
    #[serde(default)]
    platform: String,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "projects/list.html")]
struct ListPage {
    layout: Layout,
    list: List,
    /// Somebody helped somebody this month.
    helped: bool,
    /// Some project has ratings enough.
    rated: bool,
    cards: Vec<Card>,
    counts: HashMap<ProjectKind, i64>,
    next: Option<String>,
    is_first: bool,
}

impl ListPage {
    fn of_kind(&self, kind: &ProjectKind) -> i64 {
        self.counts.get(kind).copied().unwrap_or(0)
    }

    fn count(&self, kind: &ProjectKind) -> String {
        counted(self.of_kind(kind))
    }

    fn all(&self) -> String {
        counted(self.counts.values().sum())
    }

    /// Of the list as it is filtered, where that is known.
    fn total(&self) -> Option<String> {
        let is_whole = self.list.order == Order::Newest && !self.is_narrowed();
        is_whole.then(|| self.list.kind.map_or(self.all(), |kind| self.count(&kind)))
    }

    fn is_narrowed(&self) -> bool {
        self.list.has_download || self.list.looking_for.is_some() || self.list.system.is_some()
    }

    fn word(&self) -> &'static str {
        self.list.kind.map_or("projects", ProjectKind::plural)
    }

    /// What the list is, and by which rule, in one sentence.
    fn rule(&self) -> String {
        let what = match self.list.kind {
            None => "Everything on the table".to_owned(),
            Some(_) => format!("All {} on the table", self.word()),
        };
        let what = match self.list.looking_for {
            Some(role) => format!("{what} that looks for {}", role.one()),
            None => what,
        };
        let what = match self.list.system {
            Some(System::Source) => format!("{what}, with its source code"),
            Some(system) => format!("{what}, for {}", system.name()),
            None => what,
        };
        match self.list.order {
            Order::Newest => format!("{what}, newest first."),
            Order::Released => "What makers put out lately, by the newest release of each.".into(),
            Order::Waiting => "First come those that got the fewest comments for each one that their makers gave to others. Counted every hour.".into(),
            Order::Rated => "What people who tried it think best of, as far as enough of them say so: ordered by the lower end of what their ratings make likely (Wilson’s interval), never by a mean. Counted every hour.".into(),
            Order::Helpful => "By people whose comments helped other makers most in the last 30 days.".into(),
        }
    }

    fn orders(&self) -> Vec<(Order, &'static str)> {
        let mut orders = vec![
            (Order::Newest, "newest"),
            (Order::Released, "just released"),
            (Order::Waiting, "waiting for feedback"),
        ];
        if self.helped || self.list.order == Order::Helpful {
            orders.push((Order::Helpful, "helped most this month"));
        }
        if self.rated || self.list.order == Order::Rated {
            orders.push((Order::Rated, "rated well"));
        }
        orders
    }

    fn address(&self, kind: Option<ProjectKind>, order: Order, download: bool) -> String {
        let list = &self.list;
        self.address_of(kind, order, download, list.looking_for, list.system)
    }

    fn address_of(
        &self,
        kind: Option<ProjectKind>,
        order: Order,
        download: bool,
        looking_for: Option<Role>,
        system: Option<System>,
    ) -> String {
        let mut parts = Vec::new();
        if let Some(kind) = kind {
            parts.push(format!("kind={kind}"));
        }
        if order != Order::Newest {
            parts.push(format!("order={order}"));
        }
        if download {
            parts.push("download=1".to_owned());
        }
        if let Some(role) = looking_for {
            parts.push(format!("looking-for={role}"));
        }
        if let Some(system) = system {
            parts.push(format!("platform={system}"));
        }
        match parts.is_empty() {
            true => "/projects".into(),
            false => format!("/projects?{}", parts.join("&")),
        }
    }

    /// For every system, whomever they look for.
    fn of_everybody(&self) -> String {
        let list = &self.list;
        self.address_of(list.kind, list.order, list.has_download, None, None)
    }

    fn own(&self) -> String {
        self.address(self.list.kind, self.list.order, self.list.has_download)
    }

    fn with_kind(&self, kind: &ProjectKind) -> String {
        self.address(Some(*kind), self.list.order, self.list.has_download)
    }

    fn of_every_kind(&self) -> String {
        self.address(None, self.list.order, self.list.has_download)
    }

    fn sorted(&self, order: &Order) -> String {
        self.address(self.list.kind, *order, self.list.has_download)
    }

    fn with_download(&self, download: bool) -> String {
        self.address(self.list.kind, self.list.order, download)
    }

    fn further(&self, after: &str) -> String {
        let own = self.own();
        let sign = if own.contains('?') { '&' } else { '?' };
        format!("{own}{sign}after={after}")
    }

    fn chip(&self, kind: &ProjectKind) -> String {
        match kind {
            ProjectKind::Other => kind.name().into(),
            _ => capital(kind.plural()),
        }
    }

    fn heading(&self) -> String {
        capital(self.word())
    }
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

pub(super) fn counted(n: i64) -> String {
    match n > COUNTED {
        true => "1,000+".into(),
        false => n.to_string(),
    }
}

/// `/projects`
pub async fn projects(
    req: HttpRequest,
    app: web::Data<App>,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let asked = query.0;
    let start = asked
        .after
        .split_once('-')
        .and_then(|(by, id)| Some((by.parse().ok()?, id.parse().ok()?)));
    let list = List {
        order: asked.order.parse().unwrap_or(Order::Newest),
        kind: asked.kind.parse().ok(),
        has_download: asked.download == "1",
        looking_for: asked.looking_for.parse().ok(),
        system: asked.platform.parse().ok(),
        after: start,
        limit: PAGE as usize,
        reader: session::reader(&req),
    };
    let looked_for = list.clone();
    let (cards, next, counts, (helped, rated)) = app
        .read(move |db| -> QueryResult<_> {
            let (cards, next) = looked_for.load(db)?;
            Ok((
                cards,
                next,
                project::counts_by_kind(db, COUNTED)?,
                (lists::anybody_helped(db)?, lists::anything_rated(db)?),
            ))
        })
        .await?;
    page(&ListPage {
        layout: Layout::new(&req),
        list,
        helped,
        rated,
        next: next.map(|(by, id)| format!("{by}-{id}")),
        cards,
        counts,
        is_first: start.is_none(),
    })
}
