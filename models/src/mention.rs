//! `@name` in a comment: a link to the person, and who is meant.

use crate::account::Username;
use crate::db::UserId;
use crate::schema::users;
use crate::{Db, QueryResult};
use diesel::prelude::*;
use std::collections::HashMap;

/// People whom one comment tells.
pub const MOST: usize = 5;
/// Names of one comment that are looked up at all.
const LOOKED_UP: usize = 50;

/// A rendered and cleaned text with its `@name`s as links to those who are members. In code and in
/// links they stay as they are.
pub fn link(db: &mut Db, html: &str) -> QueryResult<String> {
    if !html.contains('@') {
        return Ok(html.to_owned());
    }
    let known = known(db, html)?;
    if known.is_empty() {
        return Ok(html.to_owned());
    }
    let mut linked = String::with_capacity(html.len() + 64);
    for part in parts(html) {
        let name = match part {
            Part::Other(text) => {
                linked.push_str(text);
                continue;
            }
            Part::Name(name) => name,
        };
        match member(&known, name) {
            Some((_, found)) => {
                let (name, rest) = name.split_at(found.len());
                linked.push_str(&format!("<a href=\"/people/{found}\">@{name}</a>{rest}"));
            }
            None => {
                linked.push('@');
                linked.push_str(name);
            }
        }
    }
    Ok(linked)
}

/// Who is meant by a rendered text that is not linked yet: the first few members, each once.
pub fn people(db: &mut Db, html: &str) -> QueryResult<Vec<UserId>> {
    if !html.contains('@') {
        return Ok(Vec::new());
    }
    let known = known(db, html)?;
    let mut meant: Vec<UserId> = Vec::new();
    for part in parts(html) {
        if let Part::Name(name) = part
            && let Some((id, _)) = member(&known, name)
            && !meant.contains(&id)
        {
            meant.push(id);
        }
    }
    meant.truncate(MOST);
    Ok(meant)
}

/// Members among the names that stand in a text, by name.
fn known(db: &mut Db, html: &str) -> QueryResult<HashMap<String, UserId>> {
    let mut names: Vec<String> = Vec::new();
    for part in parts(html) {
        if let Part::Name(name) = part {
            for name in spellings(name) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        if names.len() >= LOOKED_UP {
            break;
        }
    }
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(String, UserId)> = users::table
        .filter(users::username.eq_any(names))
        .filter(users::confirmed_at.is_not_null())
        .filter(users::robot.eq(false))
        .select((users::username, users::id))
        .load(db)?;
    Ok(found.into_iter().collect())
}

/// `ann-` may be a name, or Ann and a dash.
fn spellings(name: &str) -> impl Iterator<Item = String> {
    let bare = name.trim_end_matches(['-', '_']);
    let whole = [name, bare];
    let different = if bare == name { 1 } else { 2 };
    whole
        .into_iter()
        .take(different)
        .filter_map(|name| Username::parse(name).ok())
        .map(|name| name.as_str().to_owned())
        .collect::<Vec<_>>()
        .into_iter()
}

fn member(known: &HashMap<String, UserId>, name: &str) -> Option<(UserId, String)> {
    spellings(name).find_map(|name| known.get(&name).map(|id| (*id, name.clone())))
}

enum Part<'a> {
    /// What stands after an `@` and may be a name.
    Name(&'a str),
    Other(&'a str),
}

/// A cleaned text cut at its names. The cleaner writes `<` in a text as an entity, and `>` in a quoted
/// value never ends a tag of its own.
fn parts(html: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    // Inside of how many elements whose text is left alone.
    let mut apart = 0_usize;
    let mut rest = html;
    while !rest.is_empty() {
        if let Some(tag) = rest.strip_prefix('<') {
            let mut quoted = false;
            let end = tag.find(|c| {
                quoted ^= c == '"';
                c == '>' && !quoted
            });
            let end = end.map_or(rest.len(), |end| end + 2);
            let name = tag.trim_start_matches('/');
            let name = &name[..name
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(name.len())];
            if ["a", "code", "pre"].contains(&name) {
                apart = if tag.starts_with('/') {
                    apart.saturating_sub(1)
                } else {
                    apart + 1
                };
            }
            parts.push(Part::Other(&rest[..end]));
            rest = &rest[end..];
            continue;
        }
        let end = rest.find('<').unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        rest = after;
        if apart > 0 {
            parts.push(Part::Other(text));
        } else {
            cut(text, &mut parts);
        }
    }
    parts
}

fn cut<'a>(text: &'a str, parts: &mut Vec<Part<'a>>) {
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut from = 0;
    for (at, _) in text.match_indices('@') {
        if at < from {
            continue;
        }
        // An address, a path, or the second of two.
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || "@._-/+".contains(c)) {
            continue;
        }
        let after = &text[at + 1..];
        let name = &after[..after.find(|c| !in_name(c)).unwrap_or(after.len())];
        let next = after[name.len()..].chars().next();
        // `@ann@server.example` is somebody elsewhere.
        if !(3..=27).contains(&name.len()) || next.is_some_and(|c| c == '@' || c.is_alphanumeric())
        {
            continue;
        }
        parts.push(Part::Other(&text[from..at]));
        parts.push(Part::Name(name));
        from = at + 1 + name.len();
    }
    parts.push(Part::Other(&text[from..]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown;

    fn names(markdown: &str) -> Vec<String> {
        let html = markdown::to_html(markdown);
        let parts = parts(&html);
        let whole: String = parts
            .iter()
            .map(|part| match part {
                Part::Name(name) => format!("@{name}"),
                Part::Other(text) => (*text).to_owned(),
            })
            .collect();
        assert_eq!(whole, html, "cutting loses nothing");
        parts
            .into_iter()
            .filter_map(|part| match part {
                Part::Name(name) => Some(name.to_owned()),
                Part::Other(_) => None,
            })
            .collect()
    }

    #[test]
    fn a_name_stands_alone_in_the_text() {
        assert_eq!(
            names("Hi @ann, and (@Bob-2). @mo_t!"),
            ["ann", "Bob-2", "mo_t"]
        );
        assert_eq!(names("**@ann** *@bob*"), ["ann", "bob"]);
        assert_eq!(names("@ann\n@bob"), ["ann", "bob"]);
    }

    #[test]
    fn addresses_code_links_and_people_elsewhere_are_no_names() {
        for other in [
            "ann@example.org",
            "`@ann`",
            "```\n@ann\n```",
            "[@ann](https://x.example)",
            "https://x.example/@ann",
            "@ann@pond.example",
            "@@ann",
            "@an",
            "@annü",
            "@",
            "@abcdefghijklmnopqrstuvwxyzabcdef",
        ] {
            assert_eq!(names(other), [""; 0], "{other}");
        }
    }
}
