//! Tags: the cloud of all, and the projects that carry one.

use crate::app::{App, LARGE};
use crate::error::Error;
use crate::forms::Query;
use crate::layout::{Layout, page, segment};
use crate::pages::following::Button;
use crate::pages::lists::{COUNTED, counted};
use crate::pages::projects::{ListQuery, next_page, parse_after};
use crate::session::Visitor;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::with_kept_plans;
use potluck_models::follow::Target;
use potluck_models::old_number;
use potluck_models::project::{self, Card, Listing, PAGE};
use potluck_models::{QueryResult, tag};
use std::sync::Arc;

const RELATED: i64 = 12;
/// A cloud of more is no cloud.
const IN_CLOUD: usize = 200;

#[derive(Template)]
#[template(path = "tags/cloud.html")]
struct CloudPage {
    layout: Layout,
    tags: Vec<(String, i64)>,
    most: i64,
    /// Rare ones that it does not show.
    left_out: usize,
}

impl CloudPage {
    /// 1 to 5. By the square root, so that one giant does not make all others the same small size.
    fn step(&self, count: &i64) -> u32 {
        step(*count, self.most)
    }
}

fn step(count: i64, most: i64) -> u32 {
    let root = |n: i64| (n.max(1) as f64).sqrt();
    let (least, most) = (1.0, root(most));
    if most <= least {
        return 2;
    }
    1 + ((root(count) - least) / (most - least) * 4.0).round() as u32
}

pub async fn cloud(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let tags = match app.tags.get() {
        Some(kept) => kept,
        None => {
            let counted = Arc::new(app.read(project::tag_counts).await?);
            if counted.iter().map(|(_, count)| *count).sum::<i64>() >= LARGE {
                app.tags.keep(counted.clone());
            }
            counted
        }
    };
    let mut shown: Vec<(String, i64)> = tags.to_vec();
    if shown.len() > IN_CLOUD {
        shown.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        shown.truncate(IN_CLOUD);
        shown.sort();
    }
    page(&CloudPage {
        layout: Layout::new(&req),
        most: shown.iter().map(|(_, count)| *count).max().unwrap_or(0),
        left_out: tags.len() - shown.len(),
        tags: shown,
    })
}

#[derive(Template)]
#[template(path = "tags/show.html")]
struct TagPage {
    layout: Layout,
    tag: String,
    /// Those that stand beside it most often.
    related: Vec<String>,
    total: String,
    cards: Vec<Card>,
    next: Option<String>,
    is_first: bool,
    follow: Button,
}

impl TagPage {
    fn path(&self) -> String {
        format!("/tags/{}", segment(&self.tag))
    }
}

/// Another name of a tag leads to it.
pub fn moved(path: &str) -> HttpResponse {
    HttpResponse::MovedPermanently()
        .insert_header((header::LOCATION, path))
        .finish()
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    name: web::Path<String>,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let (name, start) = (name.into_inner(), parse_after(&query.0.after));
    let asked = name.clone();
    let (layout, me) = (Layout::new(&req), visitor.signed_in.clone());
    let (reader, csrf) = (visitor.id(), layout.csrf.clone());
    let (mut cards, total, related, merged, (follow, follows)) = app
        .read(move |db| {
            with_kept_plans(db, |db| -> QueryResult<_> {
                let merged = tag::target(db, &asked)?;
                let listing = Listing {
                    tag: Some(&asked),
                    after: start,
                    limit: PAGE + 1,
                    reader,
                    ..Listing::default()
                };
                let total = project::count_tagged(db, &asked, COUNTED)?;
                let related = tag::related(db, &asked, RELATED)?;
                let follows = total == 0 && old_number::are_any(db)?;
                let place = (
                    format!("/tags/{}", segment(&asked)),
                    asked.as_str(),
                    csrf.as_str(),
                );
                let target = Target::Tag(asked.clone());
                let follow = Button::new(db, me.as_ref().map(|me| &me.user), &target, place)?;
                Ok((listing.load(db)?, total, related, merged, (follow, follows)))
            })
        })
        .await?;
    if total == 0 && name == "all" && follows {
        // The cloud, on the site that this one follows.
        return Ok(moved("/tags"));
    }
    if let Some(target) = merged {
        return Ok(moved(&format!("/tags/{}", segment(&target))));
    }
    if total == 0 {
        return Err(Error::NotFound);
    }
    page(&TagPage {
        layout,
        follow,
        tag: name,
        related,
        total: counted(total),
        next: next_page(&mut cards),
        cards,
        is_first: start.is_none(),
    })
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn the_cloud_has_five_steps() {
        assert_eq!([1, 9, 30, 60, 100].map(|n| step(n, 100)), [1, 2, 3, 4, 5]);
        assert_eq!(step(1, 1), 2);
        assert_eq!(step(0, 0), 2);
    }
}
