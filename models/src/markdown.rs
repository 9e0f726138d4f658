//! Members' Markdown to safe HTML: comrak renders and drops raw HTML, ammonia cleans what is left.
//! Two lines of defence, always in this order. Rendered once, when written, and stored.

use std::collections::HashSet;
use std::sync::LazyLock;

/// `rel` of every link that a member supplies, anywhere: worth nothing to a spammer's ranking.
pub const LINK_REL: &str = "nofollow ugc noopener";

/// Paragraphs, emphasis, lists, quotes, code, links and tables. No pictures, no HTML; headings
/// become h3 and below, so that a description cannot break the page's outline.
pub fn to_html(markdown: &str) -> String {
    let html = shift_headings(&rendered(markdown));
    CLEANER.clean(&html).to_string()
}

/// comrak's HTML, still to be cleaned.
pub(crate) fn rendered(markdown: &str) -> String {
    let mut options = comrak::Options::default();
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.render.hardbreaks = true;
    options.render.r#unsafe = false;
    comrak::markdown_to_html(markdown, &options)
}

/// A text as another quotes it, with room for the answer below. Quotes in it are left out: who
/// answers an answer means the last of them.
pub fn quoted(markdown: &str) -> String {
    let lines: Vec<String> = markdown
        .lines()
        .filter(|line| !line.trim_start().starts_with('>'))
        .map(|line| format!("> {line}").trim_end().to_owned())
        .collect();
    let text = lines.join("\n");
    let text = text.trim_matches(|c| "> \n".contains(c));
    format!("> {text}\n\n")
}

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(cleaner);

/// What Markdown may become in a member's text, and nothing else.
pub(crate) fn cleaner() -> ammonia::Builder<'static> {
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .tags(HashSet::from([
            "p",
            "br",
            "em",
            "strong",
            "del",
            "ul",
            "ol",
            "li",
            "blockquote",
            "code",
            "pre",
            "a",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some(LINK_REL))
        .generic_attributes(HashSet::new())
        .tag_attributes(
            [
                ("a", HashSet::from(["href"])),
                ("ol", HashSet::from(["start"])),
            ]
            .into_iter()
            .collect(),
        );
    cleaner
}

/// `# Title` is the page's business: what a member writes starts at the third level and goes down
/// one step at a time, or a reader who jumps from heading to heading would look for what is missing.
fn shift_headings(html: &str) -> String {
    let mut levels: Vec<usize> = (1..=6)
        .filter(|level| html.contains(&format!("<h{level}>")))
        .collect();
    levels.dedup();
    let mut shifted = String::with_capacity(html.len());
    let (mut rest, mut last) = (html, 2);
    while let Some((start, level)) = next_heading(rest) {
        let rank = levels.iter().filter(|other| **other < level).count();
        last = (3 + rank).min(last + 1).min(6);
        let (open, close) = (format!("<h{level}>"), format!("</h{level}>"));
        let inside = &rest[start + open.len()..];
        let end = inside.find(&close).unwrap_or(inside.len());
        shifted.push_str(&rest[..start]);
        shifted.push_str(&format!("<h{last}>{}</h{last}>", &inside[..end]));
        rest = inside.get(end + close.len()..).unwrap_or("");
    }
    shifted.push_str(rest);
    shifted
}

/// Where comrak's next `<h1>` to `<h6>` begins, and its level. What a member typed is escaped.
pub(crate) fn next_heading(html: &str) -> Option<(usize, usize)> {
    html.match_indices("<h").find_map(|(at, _)| {
        let level = html[at + 2..].chars().next()?.to_digit(10)? as usize;
        let whole = html[at + 3..].starts_with('>') && (1..=6).contains(&level);
        whole.then_some((at, level))
    })
}

/// Where the links of what [`to_html`] gave lead, each once, in their order.
pub fn links(html: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in html.split("href=\"").skip(1) {
        let link = part.split('"').next().unwrap_or("").replace("&amp;", "&");
        if link.starts_with("http") && !found.contains(&link) {
            found.push(link);
        }
    }
    found
}

/// What [`to_html`] gave with its links as text, the target told: moderators must not be led
/// where spam leads.
pub fn unlinked(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find("<a ") {
        out.push_str(&rest[..start]);
        let tag = &rest[start..];
        // Quoted values may hold `>`; the cleaner writes `"` in them as an entity.
        let mut quoted = false;
        let Some(end) = tag.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        }) else {
            return out; // never written by the cleaner
        };
        let href = tag[..end]
            .split_once("href=\"")
            .and_then(|(_, value)| value.split_once('"'))
            .map_or("", |(value, _)| value);
        let inside = &tag[end + 1..];
        let (words, after) = inside.split_once("</a>").unwrap_or((inside, ""));
        let bare = |address: &str| {
            let address = address.strip_prefix("mailto:").unwrap_or(address);
            let address = address.split_once("://").map_or(address, |(_, rest)| rest);
            address.trim_end_matches('/').to_owned()
        };
        out.push_str(words);
        if bare(words) != bare(href) {
            out.push_str(" ⟨");
            out.push_str(&href.replace('<', "&lt;"));
            out.push('⟩');
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The text alone, for feeds, cards and summaries, cut at a word.
pub fn excerpt(html: &str, chars: usize) -> String {
    static BARE: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
        let mut bare = ammonia::Builder::empty();
        bare.link_rel(None);
        bare
    });
    let bare = BARE
        .clean(&html.replace("</p>", " </p>").replace("<br", " <br"))
        .to_string();
    let text = bare
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", " ")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= chars {
        return text;
    }
    let cut: String = text.chars().take(chars).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", &cut[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_carry_rel_and_only_safe_schemes() {
        let html = to_html(
            "[a](https://a.example) and https://b.example and [x](javascript:alert(1)) [d](data:text/html,x)",
        );
        assert_eq!(
            html.matches("rel=\"nofollow ugc noopener\"").count(),
            html.matches("<a ").count()
        );
        assert!(
            html.contains("href=\"https://a.example\"")
                && html.contains("href=\"https://b.example\"")
        );
        assert!(
            !html.contains("javascript:") && !html.contains("data:"),
            "{html}"
        );
    }

    #[test]
    fn no_script_survives() {
        for hostile in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<svg onload=alert(1)>",
            "<iframe src=//e.example></iframe>",
            "![x](javascript:alert(1))",
            "<a href=\"jAvascript:alert(1)\">x</a>",
            "<p style=\"position:fixed\" onclick=alert(1)>x</p>",
            "[x](//e.example)",
            "<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">",
        ] {
            let html = to_html(hostile);
            // What is left of a tag is its escaped text, never a tag.
            for tag in html.split('<').skip(1) {
                let name = tag
                    .trim_start_matches('/')
                    .split(|c: char| !c.is_alphanumeric())
                    .next()
                    .unwrap_or("");
                assert!(
                    ["p", "br", "a", "em", "strong", "code", "pre"].contains(&name),
                    "{hostile} gave {html}"
                );
                let inside = tag.split('>').next().unwrap_or("");
                assert!(
                    !inside.contains("on") || !inside.contains('='),
                    "{hostile} gave {html}"
                );
            }
        }
    }

    #[test]
    fn an_unlinked_text_tells_its_targets_and_links_nowhere() {
        let of = |markdown| unlinked(&to_html(markdown)).trim().to_owned();
        assert_eq!(
            of("see https://a.example/x and [**here**](https://b.example/?a=1&b=%3E\"c)"),
            "<p>see https://a.example/x and <strong>here</strong> ⟨https://b.example/?a=1&amp;b=%3E%22c⟩</p>"
        );
        for hostile in [
            "[x](<https://a.example/a>b>)",
            "[a\\](https://e.example)</a><a href=https://f.example>",
            "<https://a.example/\"onclick=x>",
        ] {
            assert!(!of(hostile).contains("<a"), "{}", of(hostile));
        }
    }

    #[test]
    fn headings_start_at_the_third_level_and_skip_none() {
        let html = |markdown| to_html(markdown).replace('\n', "");
        assert_eq!(html("# One\n\n## Two"), "<h3>One</h3><h4>Two</h4>");
        assert_eq!(html("### One\n\n### Two"), "<h3>One</h3><h3>Two</h3>");
        assert_eq!(
            html("#### Low\n\n# High\n\n###### Deep"),
            "<h3>Low</h3><h3>High</h3><h4>Deep</h4>"
        );
        assert_eq!(
            html("`<h1>` stays text"),
            "<p><code>&lt;h1&gt;</code> stays text</p>"
        );
    }

    #[test]
    fn an_excerpt_is_text_cut_at_a_word() {
        assert_eq!(
            excerpt("<p>Fish &amp; chips</p><p>now</p>", 80),
            "Fish & chips now"
        );
        assert_eq!(excerpt("<p>one two three</p>", 9), "one two…");
    }
}
