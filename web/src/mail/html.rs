//! The HTML of a letter, made of its text when it is sent, so that both say the same. Paragraphs, quotes
//! (`> `), lists (`- `) and addresses of this site; no pictures, nothing that tells the sender it was read.

const PAGE: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>";
const BODY: &str = "</title></head>\n<body style=\"margin:0;padding:24px 16px\">\n<div style=\"max-width:36em;margin:0 auto;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif\">\n";
const QUOTE: &str = "<blockquote style=\"margin:0 0 16px;padding:0 0 0 14px;border-left:3px solid #c9a86a\" dir=\"auto\">";
const P: &str = "<p style=\"margin:0 0 16px\" dir=\"auto\">";

/// `url` is where the site is: only what leads there is a link.
pub fn of(subject: &str, text: &str, url: &str) -> String {
    let mut html = format!("{PAGE}{}{BODY}", escape(subject));
    for paragraph in text.split("\n\n") {
        let paragraph = paragraph.trim_matches('\n');
        if paragraph.is_empty() {
            continue;
        }
        html.push_str(&block(paragraph, url));
        html.push('\n');
    }
    html.push_str("</div>\n</body></html>\n");
    html
}

/// A paragraph, and what of it is quoted: readers do not follow a stranger's addresses from a letter of
/// ours, so those of a quote are no links.
fn block(paragraph: &str, url: &str) -> String {
    let mut html = String::new();
    let mut said: Vec<String> = Vec::new();
    let mut quoted: Vec<String> = Vec::new();
    fn end(html: &mut String, start: &str, lines: &mut Vec<String>, close: &str) {
        if !lines.is_empty() {
            html.push_str(start);
            html.push_str(&lines.join("\n"));
            html.push_str(close);
            lines.clear();
        }
    }
    for line in paragraph.lines() {
        match line.strip_prefix('>') {
            Some(words) => {
                end(&mut html, P, &mut said, "</p>");
                quoted.push(format!("{}<br>", escape(words.trim_start())));
            }
            None => {
                end(&mut html, QUOTE, &mut quoted, "</blockquote>");
                // A line that stands for itself: the rest flows.
                if stands_alone(line)
                    && let Some(before) = said.last_mut()
                {
                    before.push_str("<br>");
                }
                let after = if stands_alone(line) { "<br>" } else { "" };
                said.push(format!("{}{after}", linked(line, url)));
            }
        }
    }
    end(&mut html, P, &mut said, "</p>");
    end(&mut html, QUOTE, &mut quoted, "</blockquote>");
    html.replace("<br><br>", "<br>")
        .replace("<br></p>", "</p>")
        .replace("<br></blockquote>", "</blockquote>")
}

fn stands_alone(line: &str) -> bool {
    line.starts_with("http") || line.starts_with("- ")
}

/// Its addresses of this site as links. Any other is somebody's words, be it a title or a version: a
/// letter of ours leads nobody there.
fn linked(line: &str, url: &str) -> String {
    let words = line.split(' ').map(|word| {
        let end = word.trim_end_matches(['.', ',', ':', ';', ')']);
        match is_ours(end, url) {
            true => format!(
                "<a href=\"{0}\">{0}</a>{1}",
                escape(end),
                escape(&word[end.len()..])
            ),
            false => escape(word),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `https://site.example.evil.example` and `https://site.example@evil.example` begin with our address, too.
fn is_ours(address: &str, url: &str) -> bool {
    let rest = address.strip_prefix(url).filter(|_| !url.is_empty());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_flows_and_an_address_stands_alone_as_a_link() {
        let html = block(
            "open this and\npress the button:\nhttps://x.example/a?b=1&c=2",
            "https://x.example",
        );
        assert_eq!(
            html,
            format!(
                "{P}open this and\npress the button:<br>\n<a href=\"https://x.example/a?b=1&amp;c=2\">https://x.example/a?b=1&amp;c=2</a></p>"
            )
        );
    }

    #[test]
    fn what_is_quoted_is_escaped_and_no_link() {
        let html = block(
            "ann wrote:\n> <script>alert(1)</script> https://x.example/evil\n> second",
            "https://x.example",
        );
        assert!(
            !html.contains("<script>") && !html.contains("href"),
            "{html}"
        );
        assert!(html.contains("<br>\nsecond</blockquote>"), "{html}");
    }

    #[test]
    fn only_what_leads_to_the_site_is_a_link() {
        let url = "https://x.example";
        for ours in ["", "/", "/inbox", "?page=2", "#top"] {
            assert!(is_ours(&format!("{url}{ours}"), url), "{ours}");
        }
        for other in [
            "https://evil.example/x",
            "https://x.example.evil.example/",
            "https://x.example@evil.example/",
            "https://x.example:8443/",
            "http://x.example/",
        ] {
            let html = block(&format!("ann shared {other}:\n{url}/projects/a"), url);
            assert_eq!(html.matches("href").count(), 1, "{html}");
            assert!(html.contains(other), "{html}");
        }
        assert!(!is_ours("https://x.example", ""));
    }

    #[test]
    fn the_subject_is_escaped() {
        let html = of("</title><b>", "x", "");
        assert!(html.contains("<title>&lt;/title&gt;&lt;b&gt;</title>"));
    }
}
