//! `/sitemap.xml`: one file for a small site; for a large one an index of parts, as a file may have
//! 50,000 addresses. A part holds what has a number in its range, so that none of them moves when
//! something new comes.

use crate::app::App;
use crate::error::Error;
use crate::layout::segment;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDateTime;
use potluck_models::{Db, QueryResult, project};

/// Projects and people of a site that fits one file.
const SMALL: i64 = 20_000;
/// Numbers of a part: at most so many addresses.
pub const PART: i64 = 50_000;
const MOST_TAGS: usize = 5_000;

type Address = (String, Option<NaiveDateTime>);

#[derive(Template)]
#[template(path = "site/sitemap.xml")]
struct Sitemap {
    addresses: Vec<Address>,
}

#[derive(Template)]
#[template(path = "site/sitemap_index.xml")]
struct Index {
    parts: Vec<String>,
}

fn xml(page: &impl Template) -> Result<HttpResponse, Error> {
    Ok(HttpResponse::Ok()
        .content_type("application/xml; charset=utf-8")
        .body(page.render()?))
}

/// Lists, the site itself, and tags.
fn of_site(db: &mut Db, url: &str) -> QueryResult<Vec<Address>> {
    let newest = project::public_addresses(db, 0, i64::MAX, 1)?;
    let newest = newest.first().map(|(_, at)| *at);
    let mut all: Vec<Address> = ["/", "/projects", "/releases"]
        .map(|path| (format!("{url}{path}"), newest))
        .into();
    for path in ["/tags", "/conduct", "/guide", "/privacy"] {
        all.push((format!("{url}{path}"), None));
    }
    for (tag, _) in project::tag_counts(db)?.into_iter().take(MOST_TAGS) {
        all.push((format!("{url}/tags/{}", segment(&tag)), None));
    }
    Ok(all)
}

fn of_projects(db: &mut Db, url: &str, from: i64, to: i64, most: i64) -> QueryResult<Vec<Address>> {
    let projects = project::public_addresses(db, from, to, most)?;
    let address = |(slug, updated)| (format!("{url}/projects/{slug}"), Some(updated));
    Ok(projects.into_iter().map(address).collect())
}

fn of_people(db: &mut Db, url: &str, from: i64, to: i64, most: i64) -> QueryResult<Vec<Address>> {
    let makers = project::public_makers(db, from, to, most)?;
    let address = |username| (format!("{url}/people/{username}"), None);
    Ok(makers.into_iter().map(address).collect())
}

pub async fn show(app: web::Data<App>) -> Result<HttpResponse, Error> {
    let url = app.url();
    let (addresses, parts) = app
        .read(move |db| -> QueryResult<_> {
            if !project::are_more_than(db, SMALL)? {
                let mut addresses = of_site(db, &url)?;
                addresses.extend(of_projects(db, &url, 0, i64::MAX, SMALL)?);
                addresses.extend(of_people(db, &url, 0, i64::MAX, PART)?);
                return Ok((addresses, Vec::new()));
            }
            let (of_projects, of_people) = project::sitemap_parts(db, PART)?;
            let mut parts = vec![format!("{url}/sitemap/site-0.xml")];
            for (name, numbers) in [("projects", of_projects), ("people", of_people)] {
                parts.extend(
                    numbers
                        .iter()
                        .map(|n| format!("{url}/sitemap/{name}-{n}.xml")),
                );
            }
            Ok((Vec::new(), parts))
        })
        .await?;
    if !parts.is_empty() {
        return xml(&Index { parts });
    }
    xml(&Sitemap { addresses })
}

/// `/sitemap/projects-3.xml`
pub async fn part(
    app: web::Data<App>,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse, Error> {
    let ((name, number), url) = (path.into_inner(), app.url());
    let from = number.checked_mul(PART).filter(|from| *from >= 0);
    let from = from.ok_or(Error::NotFound)?;
    let to = from.saturating_add(PART);
    let addresses = app
        .read(move |db| -> Result<_, Error> {
            Ok(match name.as_str() {
                "site" if number == 0 => of_site(db, &url)?,
                "projects" => of_projects(db, &url, from, to, PART)?,
                "people" => of_people(db, &url, from, to, PART)?,
                _ => Vec::new(),
            })
        })
        .await?;
    if addresses.is_empty() {
        return Err(Error::NotFound);
    }
    xml(&Sitemap { addresses })
}
