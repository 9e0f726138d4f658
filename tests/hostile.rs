//! Every form of the site, found by following its links as a visitor, a maker, a moderator and an
//! administrator, and sent as no page would send it: with a field missing, too long, of another type,
//! full of markup, of letters that turn the line around, of bytes that are no letters. Whatever comes:
//! no 500, a message that a person can read, and the typed text is still there. A new form is tried
//! without a word here.

use crate::support::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Pages of one person that are read for their forms.
const PAGES: usize = 150;

const MARKUP: &str = "<script>alert(1)</script><img src=x onerror=alert(1)><svg/onload=alert(1)>\
    [x](javascript:alert(1)) ![x](data:text/html,x) <a href=\" javascript:alert(1)\">x</a> \"><b onclick=alert(1)>";
const TURNED: &str = "\u{202e}gpj.exe\u{202c} \u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{200b}\u{2066}x";

/// What is typed where words belong.
fn texts() -> Vec<String> {
    vec![
        MARKUP.into(),
        TURNED.into(),
        "a\0b".into(),
        "long words and many ".repeat(3_000) + &"x".repeat(1_000),
        "\u{1f986}".repeat(300),
        "   \u{a0}\u{3000} ".into(),
    ]
}

/// What is sent where something is chosen or counted.
fn choices() -> Vec<String> {
    vec![
        "99999999999999999999".into(),
        "-1".into(),
        "a\0b; --".into(),
    ]
}

/// Forms that would end the session that tries them, or put their own person away.
fn is_left_out(action: &str) -> bool {
    matches!(action, "/logout" | "/account/sessions")
}

/// Forms after which others would meet nothing: tried at the end.
fn takes_away(action: &str) -> bool {
    ["/delete", "/leave", "/link", "/ban", "/clear", "/suspend"]
        .iter()
        .any(|end| action.ends_with(end))
}

/// The kind of a form: its address without numbers and names, and what its fields are called.
fn kind_of(form: &Form) -> String {
    let path = form.action.split(['?', '#']).next().unwrap_or("");
    let path: Vec<&str> = path
        .split('/')
        .enumerate()
        .map(|(at, part)| {
            let is_name = at > 1 && part.chars().any(|c| c.is_ascii_digit() || c == '-');
            if is_name { "_" } else { part }
        })
        .collect();
    let names: BTreeSet<String> = form.fields().into_iter().map(|field| field.name).collect();
    format!("{} {names:?}", path.join("/"))
}

/// As a browser sends an address that a page writes out in letters.
fn as_sent(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'!'..=b'~' if !b"\"<>\\^`{|}".contains(&byte) => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Follows links from the front page and those that nothing leads to, and gives one form of each kind.
fn forms(client: &Client, from: &[&str]) -> BTreeMap<String, Form> {
    let mut forms = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut shapes: BTreeMap<String, usize> = BTreeMap::new();
    let mut next: VecDeque<String> = from.iter().map(|path| (*path).to_owned()).collect();
    let mut read = 0;
    while let Some(path) = next.pop_front() {
        let path = path.split('#').next().unwrap_or("").to_owned();
        let bare = path.split('?').next().unwrap_or("");
        let shape: String = bare
            .split('/')
            .map(|part| {
                if part.chars().any(|c| c.is_ascii_digit() || c == '-') {
                    "_"
                } else {
                    part
                }
            })
            .collect::<Vec<_>>()
            .join("/");
        let is_ours = path.starts_with('/') && !path.starts_with("//");
        let is_file = ["/files/", "/static/"]
            .iter()
            .any(|start| path.starts_with(start));
        if !is_ours || is_file || read >= PAGES || !seen.insert(path.clone()) {
            continue;
        }
        // A few of each sort of page: a hundred comments have the same forms.
        let of_shape = shapes.entry(shape).or_default();
        *of_shape += 1;
        if *of_shape > 4 {
            continue;
        }
        read += 1;
        let page = client.get(&as_sent(&path));
        assert!(
            page.status < 500,
            "{path} as {:?}: {}",
            client.name,
            page.status
        );
        if !page
            .header("content-type")
            .unwrap_or("")
            .starts_with("text/html")
        {
            continue;
        }
        for form in page.forms() {
            if !is_left_out(&form.action) {
                forms.entry(kind_of(&form)).or_insert(form);
            }
        }
        next.extend(page.links());
    }
    forms
}

/// Sends the form with these values instead of its own; None leaves the field out.
fn send(client: &Client, form: &Form, values: &[(String, Option<String>)]) -> Answer {
    let fields: Vec<(&str, &str)> = values
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
        .collect();
    if form.is_get() {
        let query: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let action = form.action.split('?').next().unwrap_or("/");
        return client.get(&format!("{action}?{}", query.join("&")));
    }
    let token = form.hidden.iter().find(|(name, _)| name == "csrf");
    let token = token.map_or("", |(_, token)| token.as_str());
    let mut all = vec![("csrf", token)];
    all.extend(fields);
    client.post_raw(&form.action, &all, &[])
}

/// What is wrong with an answer to a form in which this was typed, if anything is.
fn fault(answer: &Answer, typed: Option<(&Field, &str)>) -> Option<String> {
    if answer.status >= 500 {
        return Some(format!("{}", answer.status));
    }
    let is_page = answer
        .header("content-type")
        .unwrap_or("")
        .starts_with("text/html");
    if answer.status >= 400 && answer.status != 413 && answer.status != 414 && !is_page {
        return Some(format!("{} without a page", answer.status));
    }
    if answer.status < 300 || answer.status >= 400 {
        let html = answer.html();
        let lower = html.to_lowercase();
        for evil in [
            "<script>alert",
            "<img src=x",
            "<svg/onload",
            "\"javascript:",
            "<b onclick",
        ] {
            if lower.contains(evil) {
                return Some(format!("{} and {evil} stands in the page", answer.status));
            }
        }
    }
    // A text of some length that is refused comes back, but for secrets and what was cut by the browser.
    if let Some((field, text)) = typed {
        let is_long = text.chars().count() > 2 && !text.contains('\0') && !text.trim().is_empty();
        let has_words = field.kind == "textarea" || field.kind == "text";
        if answer.status == 422 && is_long && has_words {
            let kept = unescape(&answer.html()).replace("\r\n", "\n");
            if !kept.contains(text.trim()) {
                return Some("refused, and the typed text is lost".into());
            }
        }
    }
    None
}

/// How many were sent, and how many of them met nothing.
fn try_all(
    client: &Client,
    forms: &BTreeMap<String, Form>,
    faults: &mut Vec<String>,
) -> (usize, usize) {
    let (mut sent, mut met_nothing) = (0, 0);
    let mut in_order: Vec<(&String, &Form)> = forms.iter().collect();
    in_order.sort_by_key(|(_, form)| takes_away(&form.action));
    for (kind, form) in in_order {
        let fields = form.fields();
        let usual: Vec<(String, Option<String>)> = fields
            .iter()
            .filter(|field| field.name != "csrf")
            .map(|field| (field.name.clone(), field.value.clone()))
            .collect();
        let mut look = |what: String, answer: Answer, typed: Option<(&Field, &str)>| {
            sent += 1;
            met_nothing += usize::from(matches!(answer.status, 404 | 410));
            if let Some(fault) = fault(&answer, typed) {
                faults.push(format!("{:?} {kind} with {what}: {fault}", client.name));
            }
        };
        look("nothing".into(), send(client, form, &[]), None);
        for field in fields.iter().filter(|field| field.name != "csrf") {
            let with = |value: Option<String>| -> Vec<(String, Option<String>)> {
                usual
                    .iter()
                    .map(|(name, usual)| match *name == field.name {
                        true => (name.clone(), value.clone()),
                        false => (name.clone(), usual.clone()),
                    })
                    .collect()
            };
            look(
                format!("no {}", field.name),
                send(client, form, &with(None)),
                None,
            );
            let values = match field.kind.as_str() {
                "textarea" | "text" | "search" | "email" | "url" => texts(),
                "password" => vec!["a\0b".into(), "x".repeat(5_000)],
                _ => choices(),
            };
            for value in values {
                let shown: String = value.chars().take(24).collect();
                let answer = send(client, form, &with(Some(value.clone())));
                look(
                    format!("{} = {shown:?}", field.name),
                    answer,
                    Some((field, &value)),
                );
            }
            if !form.is_get() {
                let answer = client.post_bytes(&form.action, &field.name, b"a\xff\xfe\xc3(b");
                look(format!("{} in no letters", field.name), answer, None);
            }
        }
    }
    (sent, met_nothing)
}

on_both! {
    fn every_form_answers_whatever_it_is_sent(site, limits_off) {
        site.maker("odile");
        site.regular("ann");
        let project = site.project("odile", "Duck racer");
        let comment = site.comment("ann", &project, "The curve is kind, and the duck is kinder.");
        site.comment("odile", &project, "Thank you, ann, for the kind words about the duck.");
        site.waiting("ann", &project, "Somebody has to look at this first, please.", potluck_models::item::State::Held);
        let of_project = project.path();
        let pages = [
            "/", "/projects", "/search", "/account", "/account/profile", "/inbox", "/account/mine", "/account/blocks",
            "/account/ignored", "/account/reports", "/projects/new", &of_project, &format!("{of_project}/edit"),
            &format!("{of_project}/releases/new"), &format!("{of_project}/makers"), &format!("{of_project}/link"),
            &format!("{of_project}/report"), &format!("/comments/{comment}"), &format!("/comments/{comment}/edit"),
            &format!("/comments/{comment}/report"), "/people/ann", "/people/ann/report",
            "/signup", "/login", "/reset", "/confirm",
        ];
        let desk = [
            "/moderation", "/moderation/held", "/moderation/recent", "/moderation/rules/new", "/moderation/rules",
            "/moderation/tags", "/moderation/people/ann", "/moderation/people/ann/warn", "/moderation/people/ann/ban",
            "/moderation/people/ann/suspend", "/moderation/people/ann/hold", "/moderation/people/ann/clear",
            "/moderation/habits", "/moderation/log", "/moderation/makers", "/moderation/campaigns",
        ];
        let admin = ["/admin", "/admin/settings", "/admin/reasons", "/admin/models", "/admin/models/promises", "/admin/jobs"];
        let (mut faults, mut sent, mut met_nothing, mut kinds) = (Vec::new(), 0, 0, 0);
        let mona = site.moderator("mona");
        let ada = site.admin("ada");
        let people = [
            (site.visitor(), &pages[..]),
            (site.come_back("odile"), &pages[..]),
            (mona, &desk[..]),
            (ada, &admin[..]),
        ];
        let mut tried: BTreeSet<String> = BTreeSet::new();
        for (client, from) in people {
            let mut forms = forms(&client, from);
            // A visitor's answers are others than a member's; what a member may send, moderators may.
            if !client.name.is_empty() {
                forms.retain(|kind, _| tried.insert(kind.clone()));
            }
            kinds += forms.len();
            let (more, nothing) = try_all(&client, &forms, &mut faults);
            sent += more;
            met_nothing += nothing;
        }
        assert!(kinds > 60 && sent > 1_000, "{kinds} forms were found, {sent} sent");
        assert!(met_nothing * 10 < sent, "{met_nothing} of {sent} met nothing: something was taken away too early");
        assert!(faults.is_empty(), "{} faults in {sent} answers:\n{}", faults.len(), faults.join("\n"));

        // And nothing that was stored on the way comes out as markup.
        let visitor = site.visitor();
        for path in [of_project.as_str(), "/", "/projects", "/people/odile", "/people/ann", "/tags"] {
            let page = visitor.get(path);
            assert!(matches!(page.status, 200 | 301 | 303 | 404 | 410), "{path}: {}", page.status);
            assert_eq!(fault(&page, None), None, "{path}");
        }
    }
}
