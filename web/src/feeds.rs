//! Atom feeds (RFC 4287) of what is published, and of nothing else; each as a JSON Feed, too. An entry's id is a `tag:` URI
//! of the site's host, the day it was made and its number: it stays when titles and addresses change.

use crate::app::App;
use crate::error::Error;
use crate::layout::{rfc3339, segment};
use crate::pages::projects::public;
use crate::pages::tags::moved;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDateTime;
use potluck_models::account::User;
use potluck_models::comment::Comment;
use potluck_models::project::{self, Card, Listing};
use potluck_models::release::Release;
use potluck_models::{Db, QueryResult, gate, secret, tag};

const ENTRIES: i64 = 30;

struct Entry {
    id: String,
    title: String,
    link: String,
    author: String,
    author_link: String,
    published: NaiveDateTime,
    updated: NaiveDateTime,
    summary: String,
    /// HTML that was cleaned when it was written.
    content: String,
}

#[derive(Template)]
#[template(path = "feeds/feed.xml")]
struct Feed {
    title: String,
    subtitle: String,
    url: String,
    /// The feed's own address, which is its id too.
    own: String,
    /// The page that it feeds from.
    page: String,
    updated: NaiveDateTime,
    entries: Vec<Entry>,
}

impl Feed {
    /// `path` is that of the feed; an empty feed is as old as `born`.
    fn new(
        url: &str,
        path: &str,
        page: &str,
        title: String,
        subtitle: &str,
        born: NaiveDateTime,
        entries: Vec<Entry>,
    ) -> Feed {
        Feed {
            title,
            subtitle: subtitle.to_owned(),
            own: format!("{url}{path}"),
            page: format!("{url}{page}"),
            url: url.to_owned(),
            updated: entries
                .iter()
                .map(|entry| entry.updated)
                .max()
                .unwrap_or(born),
            entries,
        }
    }
}

/// What XML 1.0 cannot hold, not even escaped.
fn xml(text: &str) -> String {
    text.chars()
        .filter(|c| {
            matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}')
                || *c >= '\u{10000}'
        })
        .collect()
}

fn tag_uri(url: &str, made: NaiveDateTime, what: &str) -> String {
    let host = url::Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "localhost".into());
    format!("tag:{host},{}:{what}", made.format("%Y-%m-%d"))
}

/// <https://www.jsonfeed.org/version/1.1/>
fn json(feed: &Feed) -> String {
    let items: Vec<serde_json::Value> = feed.entries.iter().map(json_item).collect();
    serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "description": feed.subtitle,
        "home_page_url": feed.page,
        "feed_url": feed.own.strip_suffix(".atom").map_or(String::new(), |own| format!("{own}.json")),
        "items": items,
    })
    .to_string()
}

fn json_item(entry: &Entry) -> serde_json::Value {
    let mut item = serde_json::json!({
        "id": entry.id,
        "url": entry.link,
        "title": entry.title,
        "content_html": entry.content,
        "date_published": rfc3339(&entry.published),
        "date_modified": rfc3339(&entry.updated),
        "authors": [{ "name": entry.author, "url": entry.author_link }],
    });
    if !entry.summary.is_empty() {
        item["summary"] = entry.summary.as_str().into();
    }
    item
}

/// The feed in the format that its address names, or 304 when the reader has it already.
fn answer(req: &HttpRequest, feed: &Feed) -> Result<HttpResponse, Error> {
    let as_json = req.match_info().get("format") == Some("json");
    let body = if as_json { json(feed) } else { feed.render()? };
    // Weak: what compresses the answer may change its bytes.
    let etag = format!("W/\"{}\"", &secret::sha256(&body)[..32]);
    let known = req
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|given| {
            given.trim() == "*"
                || given
                    .split(',')
                    .any(|one| one.trim().trim_start_matches("W/") == etag.trim_start_matches("W/"))
        });
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        // Readers in other people's pages may take it: it is public and the same for all.
        .insert_header((
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ));
    if known {
        return Ok(response.finish());
    }
    Ok(response
        .content_type(if as_json {
            "application/feed+json; charset=utf-8"
        } else {
            "application/atom+xml; charset=utf-8"
        })
        .body(body))
}

fn of_cards(db: &mut Db, url: &str, cards: Vec<Card>) -> QueryResult<Vec<Entry>> {
    let ids: Vec<_> = cards.iter().map(|card| card.id).collect();
    let mut stories = project::stories(db, &ids)?;
    let entry = |card: Card| Entry {
        id: tag_uri(url, card.published_at, &format!("project/{}", card.id)),
        link: format!("{url}/projects/{}", card.slug),
        author: xml(card.maker()),
        author_link: format!("{url}/people/{}", card.username),
        published: card.published_at,
        updated: card.updated_at.max(card.published_at),
        content: xml(&stories.remove(&card.id).unwrap_or_default()),
        title: xml(&card.title),
        summary: xml(&card.summary),
    };
    Ok(cards.into_iter().map(entry).collect())
}

/// The day from which an empty feed counts: any, as long as it stays the same.
fn epoch() -> NaiveDateTime {
    chrono::DateTime::UNIX_EPOCH.naive_utc()
}

/// `/projects.atom`
pub async fn projects(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let (url, name) = (app.url(), app.settings().site_name.clone());
    let feed = app
        .read(move |db| -> QueryResult<_> {
            let listing = Listing {
                limit: ENTRIES,
                ..Listing::default()
            };
            let cards = listing.load(db)?;
            Ok(Feed::new(
                &url,
                "/projects.atom",
                "/projects",
                format!("{name}: new projects"),
                "Everything on the table, newest first.",
                epoch(),
                of_cards(db, &url, cards)?,
            ))
        })
        .await?;
    answer(&req, &feed)
}

/// `/tags/{tag}.atom`
pub async fn tag(
    req: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (url, name) = (app.url(), app.settings().site_name.clone());
    let (tag, format) = path.into_inner();
    let asked = tag.clone();
    if let Some(target) = app.read(move |db| tag::target(db, &asked)).await? {
        return Ok(moved(&format!("/tags/{}.{format}", segment(&target))));
    }
    let feed = app
        .read(move |db| -> Result<_, Error> {
            let listing = Listing {
                tag: Some(&tag),
                limit: ENTRIES,
                ..Listing::default()
            };
            let cards = listing.load(db)?;
            if cards.is_empty() {
                return Err(Error::NotFound);
            }
            let page = format!("/tags/{}", segment(&tag));
            Ok(Feed::new(
                &url,
                &format!("{page}.atom"),
                &page,
                format!("{name}: {}", xml(&tag)),
                "New projects with this tag.",
                epoch(),
                of_cards(db, &url, cards)?,
            ))
        })
        .await?;
    answer(&req, &feed)
}

/// `/people/{username}.atom`
pub async fn person(
    req: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (url, name) = (app.url(), app.settings().site_name.clone());
    let (username, _) = path.into_inner();
    let feed = app
        .read(move |db| -> Result<_, Error> {
            let person = User::by_username(db, &username)?
                .filter(User::is_confirmed)
                .ok_or(Error::NotFound)?;
            let listing = Listing {
                maker: Some(person.id),
                limit: ENTRIES,
                ..Listing::default()
            };
            let cards = listing.load(db)?;
            let page = format!("/people/{}", person.username);
            Ok(Feed::new(
                &url,
                &format!("{page}.atom"),
                &page,
                format!("{name}: {}", xml(person.name())),
                "What this maker brings.",
                person.created_at,
                of_cards(db, &url, cards)?,
            ))
        })
        .await?;
    answer(&req, &feed)
}

/// `/releases.atom`
pub async fn releases(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let (url, name) = (app.url(), app.settings().site_name.clone());
    let releases = app
        .read(|db| Release::newest(db, None, ENTRIES))
        .await?
        .into_iter()
        .map(|new| Entry {
            // Its day may be changed later; the day it came in does not.
            id: tag_uri(&url, new.created_at, &format!("release/{}", new.release.id)),
            title: xml(&format!("{} {}", new.title(), new.release.version)),
            link: format!(
                "{url}/projects/{}/releases/{}",
                new.slug(),
                segment(&new.release.version)
            ),
            author: xml(new.maker()),
            author_link: format!("{url}/people/{}", new.username()),
            published: new.release.released_at,
            updated: new.release.edited_at.map_or(new.release.released_at, |at| {
                at.max(new.release.released_at)
            }),
            summary: String::new(),
            content: xml(&new.release.notes_html),
        })
        .collect();
    let feed = Feed::new(
        &url,
        "/releases.atom",
        "/releases",
        format!("{name}: new releases"),
        "What makers put out lately.",
        epoch(),
        releases,
    );
    answer(&req, &feed)
}

/// `/projects/{slug}/comments.atom`
pub async fn comments(
    req: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let url = app.url();
    let (slug, _) = path.into_inner();
    let feed = app
        .read(move |db| -> Result<_, Error> {
            let project = public(db, &slug)?;
            if !gate::shows_comments(project.terms()) {
                return Err(Error::NotFound);
            }
            let page = format!("/projects/{}", project.slug);
            let entries = Comment::newest_on(db, project.id, ENTRIES)?
                .into_iter()
                .map(|(comment, username, display_name)| {
                    let name = if display_name.is_empty() {
                        &username
                    } else {
                        &display_name
                    };
                    Entry {
                        id: tag_uri(&url, comment.created_at, &format!("comment/{}", comment.id)),
                        title: xml(&format!("{name} on {}", project.title)),
                        link: format!("{url}{page}#comment-{}", comment.id),
                        author: xml(name),
                        author_link: format!("{url}/people/{username}"),
                        published: comment.created_at,
                        updated: comment.edited_at.unwrap_or(comment.created_at),
                        summary: String::new(),
                        content: xml(&comment.body_html),
                    }
                })
                .collect();
            Ok(Feed::new(
                &url,
                &format!("{page}/comments.atom"),
                &page,
                format!("Comments on {}", xml(&project.title)),
                &xml(&project.summary),
                project.created_at,
                entries,
            ))
        })
        .await?;
    answer(&req, &feed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_host_without_its_port() {
        let made = chrono::NaiveDate::from_ymd_opt(2026, 3, 4)
            .unwrap()
            .and_hms_opt(5, 6, 7)
            .unwrap();
        assert_eq!(
            tag_uri("http://127.0.0.1:8080", made, "project/3"),
            "tag:127.0.0.1,2026-03-04:project/3"
        );
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out_and_the_rest_is_escaped() {
        assert_eq!(xml("a\u{0}b\u{8}c\u{FFFF}d\te😀"), "abcd\te😀");
        let feed = Feed::new(
            "http://x.example",
            "/f",
            "/",
            "<&\">".into(),
            "",
            epoch(),
            vec![],
        );
        let text = feed.render().unwrap();
        assert!(text.starts_with("<?xml"), "{text}");
        assert!(
            text.contains("<title>&#60;&#38;&#34;&#62;</title>"),
            "{text}"
        );
    }
}
