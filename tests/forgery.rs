//! Forms from elsewhere, and reading that must not write.

use crate::access::routes;
use crate::support::*;
use potluck_models::item::{Item, Queue, State};
use std::collections::BTreeSet;

/// Enough of every field that any form of the site would do something with it.
fn fields(site: &Site) -> Vec<(&'static str, String)> {
    let held = site
        .comment_saying("waits for a moderator")
        .expect("made below");
    vec![
        ("username", "eve".into()),
        ("email", "eve@example.org".into()),
        ("login", "ada".into()),
        ("password", PASSWORD.into()),
        ("current_password", PASSWORD.into()),
        ("others", "1".into()),
        ("title", "A forged thing".into()),
        ("summary", "Forged".into()),
        ("description", "Forged".into()),
        ("kind", "game".into()),
        ("comment_policy", "members".into()),
        ("body", "A forged comment about the ducks.".into()),
        ("reason", "spam".into()),
        ("note", "Forged".into()),
        ("item", format!("comment:{held}")),
        ("verdict", "ham".into()),
        ("site_name", "Forged".into()),
        ("tagline", "Forged".into()),
        ("contact", "".into()),
    ]
}

on_both! {
    fn a_post_without_its_token_or_from_elsewhere_changes_nothing(site, limits_off) {
        let ada = site.admin("ada");
        site.regular("ann");
        let project = site.project("ada", "Of ada");
        let own = site.comment("ada", &project, "Of ada too.");
        site.waiting("ann", &project, "This waits for a moderator.", State::Held);
        let for_maker = site.comment("ann", &project, "This waits for the maker.");
        site.db(|db| {
            let item = Item::find(db, for_maker)?;
            let mut to = item.standing();
            (to.state, to.queue) = (State::Held, Some(Queue::Maker));
            item.settle(db, to)
        });
        let fields = fields(site);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let token = ada.csrf();
        let somebody = site.member("bob");
        let foreign = somebody.csrf();
        let visitor = site.visitor();
        let form = visitor.csrf();
        let before = site.fingerprint();
        let host = format!("http://{}", site.address);
        for (method, path) in routes() {
            if method != "POST" {
                continue;
            }
            let id = if path.contains("approve") { for_maker } else { own };
            let there = path.replace("{slug}", &project.slug).replace("{id}", &id.to_string()).replace("{token}", "00ff");
            let with = |token: &str| {
                let mut all = fields.clone();
                all.push(("csrf", Box::leak(token.to_owned().into_boxed_str())));
                all
            };
            let tries: Vec<(&str, Answer)> = vec![
                ("no token", ada.post_raw(&there, &fields, &[])),
                ("an empty token", ada.post_raw(&there, &with(""), &[])),
                ("a made-up token", ada.post_raw(&there, &with(&"0".repeat(64)), &[])),
                ("the token of another member", ada.post_raw(&there, &with(&foreign), &[])),
                ("the token of a visitor", ada.post_raw(&there, &with(&form), &[])),
                ("the right token twice wrong", ada.post_raw(&there, &[&[("csrf", "x")], with(&token).as_slice()].concat(), &[])),
                ("a foreign Origin", ada.post_raw(&there, &with(&token), &[("origin", "https://evil.example")])),
                ("an opaque Origin", ada.post_raw(&there, &with(&token), &[("origin", "null")])),
                ("another port", ada.post_raw(&there, &with(&token), &[("origin", "http://127.0.0.1:1")])),
                ("another site", ada.post_raw(&there, &with(&token), &[("sec-fetch-site", "cross-site")])),
                ("a sibling site", ada.post_raw(&there, &with(&token), &[("sec-fetch-site", "same-site"), ("origin", &host)])),
                ("a visitor without a cookie", site.visitor().post_raw(&there, &with(&token), &[])),
                ("a visitor with a foreign token", visitor.post_raw(&there, &with(&token), &[])),
            ];
            for (what, answer) in tries {
                // Another member's way in is closed before its form is looked at.
                assert_eq!(answer.status, 403, "{path} with {what}");
            }
            assert_eq!(site.fingerprint(), before, "{path} changed something");
        }
        // A page that sends no referrer hides its origin; only the browser's own word can vouch for it.
        let hidden = |site: &str| ada.post_raw(&project.comments(), &[("csrf", &ada.csrf()), ("body", "Of a hidden origin, about ducks.")],
            &[("origin", "null"), ("sec-fetch-site", site)]).status;
        assert_eq!(hidden("cross-site"), 403);
        assert_eq!(hidden("none"), 403);
        assert_eq!(hidden("same-site"), 403);
        assert_eq!(site.fingerprint(), before);
        assert_eq!(hidden("same-origin"), 303);
        // The same forms with the right token do go through.
        ada.post(&project.comments(), &[("body", "Not forged, about the ducks.")]).expect(303);
        ada.post_raw(&project.comments(), &[("csrf", &ada.csrf()), ("body", "Sent by a browser, about the ducks.")],
            &[("origin", &host), ("sec-fetch-site", "same-origin")]).expect(303);
        assert_ne!(site.fingerprint(), before);
    }

    fn a_forged_or_stale_form_gives_the_text_back(site) {
        site.maker("odile");
        let ann = site.regular("ann");
        let duck = site.project("odile", "Duck racer");
        let typed = "Three paragraphs of care: <b>é</b> & \"more\".";
        ann.post_raw(&duck.comments(), &[("csrf", "stale"), ("body", typed)], &[]).expect(403).keeps(typed);
        // The session ended while the form was open.
        let token = ann.csrf();
        ann.forget_cookies();
        ann.post_raw(&duck.comments(), &[("csrf", &token), ("body", typed)], &[]).expect(403).keeps(typed).says("log");
        assert_eq!(site.comment_saying("Three paragraphs"), None);
    }

    fn on_the_open_net_only_the_own_origin_counts(site, https) {
        let ann = site.member("ann");
        let token = ann.csrf();
        let send = |origin: &str| ann.post_raw("/account/sessions", &[("csrf", &token), ("others", "1")], &[("origin", origin)]).status;
        assert_eq!(send("https://potluck.example"), 303);
        for bad in ["http://potluck.example", "https://potluck.example.evil.example", "https://potluck.example:8443", &format!("http://{}", site.address)] {
            assert_eq!(send(bad), 403, "{bad}");
        }
    }

    fn reading_changes_nothing(site, limits_off) {
        let ada = site.admin("ada");
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.regular("ann");
        let id = site.comment("ann", &duck, "A first word on the ducks.");
        site.waiting("ann", &duck, "Held for now, about ducks.", State::Held);
        site.waiting("ann", &duck, "Spam for now, about ducks.", State::Spam);
        let reported = site.comment("ann", &duck, "A second word on the ducks.");
        site.sql(&format!("UPDATE items SET reports = 1 WHERE id = {reported}"));
        ada.post("/moderation/verdicts", &[("item", &format!("comment:{id}")), ("verdict", "ham")]).expect(303);
        let before = site.fingerprint();
        let mut seen = BTreeSet::new();
        let mut next: Vec<String> = ["/", "/moderation", "/admin", "/account", "/projects/new", "/sitemap.xml", "/robots.txt", "/healthz",
            "/readyz", "/signup", "/login", "/reset", "/confirm", "/releases", "/tags", "/moderation/held/all", "/moderation/spam/all"]
            .map(String::from).to_vec();
        for what in ["edit", "delete", "report", "history", "approve"] {
            next.push(format!("/comments/{id}/{what}"));
            next.push(format!("{}/{what}", duck.path()));
        }
        while let Some(path) = next.pop() {
            if !seen.insert(path.clone()) || seen.len() > 300 {
                continue;
            }
            let answer = ada.get(&path);
            assert!(answer.status < 500, "{path}: {}", answer.status);
            ada.send("HEAD", &path, &[], b"");
            for link in answer.links() {
                let link = link.split('#').next().unwrap_or("").to_owned();
                if link.starts_with('/') && !link.starts_with("//") && !link.starts_with("/static/") {
                    next.push(link);
                }
            }
        }
        assert!(seen.len() > 40, "the crawl found {} pages", seen.len());
        assert_eq!(site.fingerprint(), before);
        assert!(ada.is_logged_in());
    }

    fn no_link_of_a_page_is_broken(site, limits_off) {
        let ada = site.admin("ada");
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.regular("ann");
        site.comment("ann", &duck, "A first word on the ducks.");
        site.waiting("ann", &duck, "Held for now, about ducks.", State::Held);
        let mut seen = BTreeSet::new();
        let mut faults = Vec::new();
        for client in [ada, site.visitor(), site.come_back("ann")] {
            seen.clear();
            let mut next = vec![("(start)".to_owned(), "/".to_owned())];
            while let Some((from, path)) = next.pop() {
                if !seen.insert(path.clone()) || seen.len() > 150 {
                    continue;
                }
                let answer = client.get(&path);
                if answer.status >= 400 {
                    faults.push(format!("{path} on {from} as {:?}: {}", client.name, answer.status));
                }
                for link in answer.links() {
                    let link = link.split('#').next().unwrap_or("").to_owned();
                    if link.starts_with('/') && !link.starts_with("//") {
                        next.push((path.clone(), link));
                    }
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
