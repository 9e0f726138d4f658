//! The Markdown of administrators, as a page of the site: headings from the second level on, each with
//! an anchor, and links to other pages of the site. Cleaned like everything else.

use crate::markdown::{cleaner, excerpt, next_heading, rendered};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

/// What else on these pages has an anchor.
const TAKEN: [&str; 6] = [
    "main",
    "site-search",
    "removed",
    "reviews",
    "articles",
    "suggest",
];

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = cleaner();
    cleaner
        .add_tags(["h1", "h2"])
        .url_relative(ammonia::UrlRelative::Custom(Box::new(ours)))
        .link_rel(Some("noopener"));
    cleaner
});

/// To pages of this site; `//elsewhere.example` would be none.
fn ours(url: &str) -> Option<Cow<'_, str>> {
    let ours = (url.starts_with('/') && !url.starts_with("//")) || url.starts_with('#');
    (ours && !url.contains('\\')).then_some(Cow::Borrowed(url))
}

/// The HTML, and anchor and heading of each part of the second level.
pub fn to_page(body: &str) -> (String, Vec<(String, String)>) {
    with_anchors(&CLEANER.clean(&rendered(body)).to_string())
}

/// `## Before you send {#send}` can be linked to as `#send`; a heading that names no anchor gets one
/// of its words.
fn with_anchors(html: &str) -> (String, Vec<(String, String)>) {
    let mut out = String::with_capacity(html.len());
    let mut parts = Vec::new();
    let mut taken: HashSet<String> = TAKEN.iter().map(|anchor| (*anchor).to_owned()).collect();
    let (mut rest, mut last) = (html, 1);
    while let Some((start, level)) = next_heading(rest) {
        let (open, close) = (format!("<h{level}>"), format!("</h{level}>"));
        let inside = &rest[start + open.len()..];
        let end = inside.find(&close).unwrap_or(inside.len());
        // `# One` and `## One` are the same here: the page has its own title.
        last = level.clamp(2, 4).min(last + 1);
        let (words, wish) = named(&inside[..end]);
        let heading = excerpt(words, 200);
        let anchor = free(
            wish.map_or_else(|| slug(&heading), str::to_owned),
            &mut taken,
        );
        out.push_str(&rest[..start]);
        out.push_str(&format!("<h{last} id=\"{anchor}\">{words}</h{last}>"));
        if last == 2 {
            parts.push((anchor, heading));
        }
        rest = inside.get(end + close.len()..).unwrap_or("");
    }
    out.push_str(rest);
    (out, parts)
}

/// The words of a heading, and the anchor that it names.
fn named(heading: &str) -> (&str, Option<&str>) {
    let named = heading
        .trim_end()
        .strip_suffix('}')
        .and_then(|most| most.rsplit_once("{#"))
        .filter(|(_, anchor)| is_anchor(anchor));
    match named {
        Some((words, anchor)) => (words.trim_end(), Some(anchor)),
        None => (heading, None),
    }
}

fn is_anchor(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&text.len()) && text.bytes().all(fine)
}

fn slug(heading: &str) -> String {
    let plain = heading.to_lowercase();
    let words: Vec<&str> = plain
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(6)
        .collect();
    let slug: String = words.join("-").chars().take(40).collect();
    match slug.trim_matches('-') {
        "" => "part".into(),
        slug => slug.to_owned(),
    }
}

fn free(wish: String, taken: &mut HashSet<String>) -> String {
    let mut anchor = wish.clone();
    // Where reasons for removals are told.
    let ours = |anchor: &str| anchor.starts_with("reason-") || anchor.starts_with("comment-");
    for round in 2.. {
        if !ours(&anchor) && taken.insert(anchor.clone()) {
            break;
        }
        anchor = match ours(&anchor) {
            true => format!("part-{wish}"),
            false => format!("{wish}-{round}"),
        };
    }
    anchor
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(body: &str) -> String {
        to_page(body).0.replace('\n', "")
    }

    #[test]
    fn headings_begin_below_the_title_and_have_anchors() {
        assert_eq!(
            html("# One\n\n## Two things\n\n#### Deep"),
            "<h2 id=\"one\">One</h2><h2 id=\"two-things\">Two things</h2><h3 id=\"deep\">Deep</h3>"
        );
        assert_eq!(
            html("## Before you *send* {#send}\n\n## Send"),
            "<h2 id=\"send\">Before you <em>send</em></h2><h2 id=\"send-2\">Send</h2>"
        );
        assert_eq!(html("## Removed"), "<h2 id=\"removed-2\">Removed</h2>");
        assert_eq!(html("## {#reason-x}"), "<h2 id=\"part-reason-x\"></h2>");
        assert_eq!(html("## 静かな部屋"), "<h2 id=\"part\">静かな部屋</h2>");
        assert_eq!(
            to_page("## One {#1}\n\n### Inner\n\n## Two").1,
            [
                ("1".into(), "One".into()),
                ("two".to_owned(), "Two".to_owned())
            ]
        );
    }

    #[test]
    fn an_anchor_holds_nothing_that_closes_it() {
        for hostile in [
            "## x {#\"onclick=alert(1)}",
            "## x {#<b>}",
            "## <h2 id=x>",
            "## `<h2>`\" onclick=1",
        ] {
            let page = html(hostile);
            assert_eq!(page.matches("<h2 id=\"").count(), 1, "{page}");
            let anchor = page.split('"').nth(1).unwrap();
            assert!(is_anchor(anchor), "{hostile} gave {page}");
        }
    }

    #[test]
    fn links_lead_to_the_site_or_out_of_it_by_http() {
        let page = html(
            "[a](/conduct) [b](#send) [c](//e.example) [d](javascript:alert(1)) [e](x) [f](https://f.example) [g](/\\g.example)",
        );
        for fine in [
            "href=\"/conduct\"",
            "href=\"#send\"",
            "href=\"https://f.example\"",
        ] {
            assert!(page.contains(fine), "{page}");
        }
        // The backslash is escaped before it comes here, so the last one is a page of this site.
        assert!(page.contains("href=\"/%5Cg.example\""), "{page}");
        assert_eq!(page.matches("href=").count(), 4, "{page}");
        for hostile in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "![x](https://x.example/x.png)",
        ] {
            let page = html(hostile);
            assert!(
                !page.contains("<img") && !page.contains("<script"),
                "{page}"
            );
        }
    }
}
