//! Whether a page links to somebody's page here and says that it is the same person: `rel="me"` in an
//! `<a>`, `<area>` or `<link>`, or in the `Link` header.

use crate::fetch::Page;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer,
    TokenizerOpts,
};
use std::cell::RefCell;
use url::Url;

pub fn leads_to(page: &Page, own: &str) -> bool {
    let Ok(own) = Url::parse(own) else {
        return false;
    };
    let in_head = page
        .links
        .iter()
        .flat_map(|value| of_header(value))
        .filter_map(|link| page.url.join(&link).ok());
    let in_page = of_page(&String::from_utf8_lossy(&page.body), &page.url);
    in_head.chain(in_page).any(|link| is_same(&link, &own))
}

/// Whatever scheme it was written with, and with or without a slash at its end.
fn is_same(link: &Url, own: &Url) -> bool {
    let path = |url: &Url| url.path().trim_end_matches('/').to_owned();
    matches!(link.scheme(), "http" | "https")
        && link.host() == own.host()
        && link.port() == own.port()
        && link.query().is_none()
        && link.username().is_empty()
        && path(link) == path(own)
}

fn says_me(rel: &str) -> bool {
    rel.split_ascii_whitespace()
        .any(|word| word.eq_ignore_ascii_case("me"))
}

/// The addresses of `<https://x.example/>; rel="me"`, of which there may be several in one header.
fn of_header(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    // An address holds no `<`, so that each begins a link.
    for link in value.split('<').skip(1) {
        let Some((url, parameters)) = link.split_once('>') else {
            continue;
        };
        let me = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim().trim_end_matches(',').trim();
            name.trim().eq_ignore_ascii_case("rel") && says_me(value.trim_matches('"'))
        });
        if me {
            found.push(url.trim().to_owned());
        }
    }
    found
}

#[derive(Default)]
struct Links {
    base: RefCell<Option<String>>,
    me: RefCell<Vec<String>>,
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    tag.attrs
        .iter()
        .find(|attribute| &*attribute.name.local == name)
        .map(|attribute| attribute.value.to_string())
}

impl TokenSink for Links {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let TagToken(tag) = token else {
            return TokenSinkResult::Continue;
        };
        if tag.kind != StartTag {
            return TokenSinkResult::Continue;
        }
        match &*tag.name {
            "base" if self.base.borrow().is_none() => {
                *self.base.borrow_mut() = attribute(&tag, "href");
            }
            "a" | "area" | "link" => {
                if let (Some(href), Some(rel)) = (attribute(&tag, "href"), attribute(&tag, "rel"))
                    && says_me(&rel)
                {
                    self.me.borrow_mut().push(href);
                }
            }
            // What looks like a tag in there is text, often somebody else's.
            "title" | "textarea" => return TokenSinkResult::RawData(RawKind::Rcdata),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => {
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
            "plaintext" => return TokenSinkResult::Plaintext,
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn of_page(html: &str, at: &Url) -> Vec<Url> {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokens = Tokenizer::new(Links::default(), TokenizerOpts::default());
    let _ = tokens.feed(&input);
    tokens.end();
    let base = tokens.sink.base.take();
    let base = base
        .and_then(|base| at.join(base.trim()).ok())
        .unwrap_or_else(|| at.clone());
    let me = tokens.sink.me.take();
    me.iter()
        .filter_map(|href| base.join(href.trim()).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Known;
    use proptest::prelude::*;

    const OWN: &str = "https://potluck.example/people/odile";

    fn page(body: &str, links: &[&str]) -> Page {
        Page {
            url: Url::parse("https://ponds.example/about/").unwrap(),
            body: body.as_bytes().to_vec(),
            known: Known::default(),
            links: links.iter().map(|link| (*link).to_owned()).collect(),
            rest: None,
        }
    }

    #[test]
    fn a_link_back_is_found_wherever_it_stands() {
        for body in [
            r#"<a rel="me" href="https://potluck.example/people/odile">here</a>"#,
            r#"<A HREF='https://potluck.example/people/odile/' REL='nofollow ME noopener'>"#,
            "<html><head><link href=https://POTLUCK.example/people/odile rel=me></head>",
            r#"<p><a href="http://potluck.example/people/odile#top" rel="me">x"#,
            r#"<script>var a = "<!--";</script><a rel=me href=https://potluck.example/people/odile>"#,
            r#"<base href="https://potluck.example/people/"><a rel=me href="odile">"#,
            r#"<a rel="&#109;e" href="https://potluck.example/people/&#111;dile">"#,
        ] {
            assert!(leads_to(&page(body, &[]), OWN), "{body}");
        }
        for link in [
            "<https://potluck.example/people/odile>; rel=\"me\"",
            "</feed>; rel=alternate, <https://potluck.example/people/odile>; rel=me",
            "<https://potluck.example/people/odile>; title=x; rel=\"author me\", </x>; rel=y",
        ] {
            assert!(leads_to(&page("", &[link]), OWN), "{link}");
        }
    }

    #[test]
    fn what_is_no_link_back_proves_nothing() {
        for body in [
            "",
            "https://potluck.example/people/odile rel=me",
            r#"<a href="https://potluck.example/people/odile">no word of me</a>"#,
            r#"<a rel="memento" href="https://potluck.example/people/odile">"#,
            r#"<a rel="me" href="https://potluck.example/people/odile2">"#,
            r#"<a rel="me" href="https://potluck.example/people/odile?x">"#,
            r#"<a rel="me" href="https://potluck.example.evil.example/people/odile">"#,
            r#"<a rel="me" href="https://potluck.example@evil.example/people/odile">"#,
            r#"<a rel="me" href="/people/odile">"#,
            r#"<!-- <a rel="me" href="https://potluck.example/people/odile"> -->"#,
            r#"<textarea><a rel="me" href="https://potluck.example/people/odile"></textarea>"#,
            r#"<title><a rel="me" href="https://potluck.example/people/odile"></title>"#,
            r#"<script>"<a rel='me' href='https://potluck.example/people/odile'>"</script>"#,
            r#"<a data-rel="me" rel="" href="https://potluck.example/people/odile">"#,
            r#"<a title='rel="me" href="https://potluck.example/people/odile"'>"#,
        ] {
            assert!(!leads_to(&page(body, &[]), OWN), "{body}");
        }
        for link in [
            "",
            "<",
            "<>",
            "<https://potluck.example/people/odile>",
            "<x>; rel=me",
        ] {
            assert!(!leads_to(&page("", &[link]), OWN), "{link}");
        }
    }

    proptest! {
        #[test]
        fn no_page_breaks_the_reading(body in "(<|/|>|a|script|rel=me|href=|&#|\\PC){0,60}", link in "\\PC{0,60}") {
            prop_assert!(!leads_to(&page(&body, &[&link]), OWN));
        }
    }
}
