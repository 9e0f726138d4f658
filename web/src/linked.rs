//! What pages tell programs about themselves: JSON-LD in the words of schema.org. A block of data and
//! no script: browsers run none of it.

use crate::layout::{Html, rfc3339};
use chrono::NaiveDateTime;
use potluck_models::project::{Link, LinkKind, Project, ProjectKind};
use serde_json::{Value, json};

/// Ready for the head of a page. The text inside cannot end the element, whatever it says.
fn block(mut data: Value) -> Html {
    data["@context"] = json!("https://schema.org");
    let text = data.to_string().replace('<', "\\u003c");
    Html(format!(
        "<script type=\"application/ld+json\">{text}</script>"
    ))
}

/// A name and the address of its page.
pub struct Who<'a> {
    pub name: &'a str,
    pub username: &'a str,
}

fn person(url: &str, who: &Who) -> Value {
    json!({
        "@type": "Person",
        "name": who.name,
        "url": format!("{url}/people/{}", who.username),
    })
}

pub fn of_person(url: &str, who: &Who) -> Html {
    block(person(url, who))
}

/// The type that says most of what it is.
fn type_of(kind: ProjectKind) -> &'static str {
    match kind {
        ProjectKind::Game => "VideoGame",
        ProjectKind::App | ProjectKind::Tool => "SoftwareApplication",
        ProjectKind::Art | ProjectKind::Other => "CreativeWork",
    }
}

pub fn of_project(
    url: &str,
    project: &Project,
    makers: &[Who],
    links: &[Link],
    images: Vec<String>,
    shared_at: &NaiveDateTime,
    comments: i32,
) -> Html {
    let makers: Vec<Value> = makers.iter().map(|who| person(url, who)).collect();
    let mut data = json!({
        "@type": type_of(project.kind),
        "name": project.title,
        "description": project.summary,
        "url": format!("{url}/projects/{}", project.slug),
        "author": makers,
        "datePublished": rfc3339(shared_at),
        "dateModified": rfc3339(&project.updated_at),
        "commentCount": comments,
    });
    if !images.is_empty() {
        data["image"] = json!(images);
    }
    if project.is_mature() {
        data["isFamilyFriendly"] = json!(false);
    }
    let link = |kind: LinkKind| links.iter().find(|link| link.kind == kind);
    if let Some(site) = link(LinkKind::Website) {
        data["sameAs"] = json!(site.url);
    }
    let software = !matches!(project.kind, ProjectKind::Art | ProjectKind::Other);
    if let (true, Some(download)) = (software, link(LinkKind::Download)) {
        data["downloadUrl"] = json!(download.url);
    }
    let acts: Vec<Value> = [
        (LinkKind::Play, "PlayAction"),
        (LinkKind::Funding, "DonateAction"),
    ]
    .into_iter()
    .filter_map(|(kind, act)| Some(json!({ "@type": act, "target": link(kind)?.url })))
    .collect();
    if !acts.is_empty() {
        data["potentialAction"] = json!(acts);
    }
    block(data)
}

/// A comment on its own page: `text` is its beginning.
pub fn of_comment(
    url: &str,
    project: &Project,
    who: &Who,
    id: impl std::fmt::Display,
    text: &str,
    at: &NaiveDateTime,
) -> Html {
    block(json!({
        "@type": "Comment",
        "url": format!("{url}/comments/{id}"),
        "text": text,
        "author": person(url, who),
        "dateCreated": rfc3339(at),
        "about": {
            "@type": type_of(project.kind),
            "name": project.title,
            "url": format!("{url}/projects/{}", project.slug),
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_the_block() {
        let who = Who {
            name: "</script><script>alert(1)</script>",
            username: "ann",
        };
        let html = of_person("https://x.example", &who).0;
        assert_eq!(html.matches("<script").count(), 1, "{html}");
        assert_eq!(html.matches("</script>").count(), 1, "{html}");
        let inside = &html[html.find('>').unwrap() + 1..html.rfind('<').unwrap()];
        let data: Value = serde_json::from_str(inside).unwrap();
        assert_eq!(data["name"], who.name);
        assert_eq!(data["url"], "https://x.example/people/ann");
    }
}
