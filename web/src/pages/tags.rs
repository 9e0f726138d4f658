//! Tags: the cloud of all, and the projects that carry one.

use crate::app::App;
use crate::error::Error;
use crate::forms::Query;
use crate::layout::{Layout, page, segment};
use crate::pages::projects::{ListQuery, next_page, parse_after};
use crate::session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::QueryResult;
use potluck_models::project::{self, Card, Listing, PAGE};

#[derive(Template)]
#[template(path = "tags/cloud.html")]
struct CloudPage {
    layout: Layout,
    tags: Vec<(String, i64)>,
    most: i64,
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
    let tags = app.read(project::tag_counts).await?;
    page(&CloudPage {
        layout: Layout::new(&req),
        most: tags.iter().map(|(_, count)| *count).max().unwrap_or(0),
        tags,
    })
}

#[derive(Template)]
#[template(path = "tags/show.html")]
struct TagPage {
    layout: Layout,
    tag: String,
    total: i64,
    cards: Vec<Card>,
    next: Option<String>,
    is_first: bool,
}

impl TagPage {
    fn path(&self) -> String {
        format!("/tags/{}", segment(&self.tag))
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    tag: web::Path<String>,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Error> {
    let (tag, start) = (tag.into_inner(), parse_after(&query.0.after));
    let asked = tag.clone();
    let reader = session::reader(&req);
    let (mut cards, total) = app
        .read(move |db| -> QueryResult<_> {
            let listing = Listing {
                tag: Some(&asked),
                after: start,
                limit: PAGE + 1,
                reader,
                ..Listing::default()
            };
            Ok((listing.load(db)?, project::count_tagged(db, &asked)?))
        })
        .await?;
    if total == 0 {
        return Err(Error::NotFound);
    }
    page(&TagPage {
        layout: Layout::new(&req),
        tag,
        total,
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
