//! What is held, spam, removed or deleted is gone from every place that strangers can look at.

use crate::support::*;
use potluck_models::item::State;

/// Every place of the site where a project or a comment could show.
fn places(project: &Made, comment: &str) -> Vec<String> {
    let mut all: Vec<String> = [
        "/",
        "/projects",
        "/projects?order=waiting",
        "/projects?kind=game",
        "/projects.atom",
        "/releases",
        "/releases.atom",
        "/tags",
        "/tags/duck",
        "/tags/duck.atom",
        "/people/odile",
        "/people/odile.atom",
        "/people/ann",
        "/people/ann.atom",
        "/sitemap.xml",
        "/search?q=canary",
    ]
    .map(String::from)
    .to_vec();
    all.push(project.path());
    all.push(format!("{}.atom", project.comments()));
    all.push(format!("{}/releases", project.path()));
    all.push(format!("{}/report", project.path()));
    for what in ["", "/history", "/report", "/edit", "/delete"] {
        all.push(format!("/comments/{comment}{what}"));
    }
    all
}

const HIDDEN: &[State] = &[State::Held, State::Spam, State::Removed, State::Deleted];

on_both! {
    fn a_comment_that_is_not_published_is_nowhere(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.regular("ann");
        let bob = site.regular("bob");
        let odile = site.come_back("odile");
        let id = site.comment("ann", &duck, "Canary words that sing of ducks.");
        site.visitor().get(&duck.path()).expect(200).says("Canary words");
        for state in HIDDEN {
            site.put(id, *state);
            for client in [&site.visitor(), &bob, &odile] {
                for place in places(&duck, &id.to_string()) {
                    let answer = client.get(&place);
                    assert!(answer.status < 500, "{place}: {}", answer.status);
                    let html = answer.html();
                    assert!(!html.contains("Canary"), "{state}: {place} as {:?} shows it", client.name);
                    if place.starts_with("/comments/") {
                        assert!(matches!(answer.status, 403 | 404 | 410) || answer.leads_to() == "/login", "{state}: {place} as {:?}: {}", client.name, answer.status);
                    }
                }
                let answer = client.get(&duck.path());
                assert!(!answer.words().contains("1 comment"), "{state}: it is counted");
            }
            site.put(id, State::Published);
        }
        site.visitor().get(&duck.path()).expect(200).says("Canary words");
    }

    fn a_project_that_is_not_published_is_nowhere_with_all_its_talk(site) {
        site.maker("odile");
        let duck = site.project("odile", "Canary racer");
        site.regular("ann");
        let bob = site.regular("bob");
        let id = site.comment("ann", &duck, "Canary words that sing of ducks.");
        for state in [&[State::Draft], HIDDEN].concat() {
            site.put(duck.id, state);
            for client in [&site.visitor(), &bob] {
                for place in places(&duck, &id.to_string()) {
                    let answer = client.get(&place);
                    assert!(answer.status < 500, "{place}: {}", answer.status);
                    assert!(!answer.html().contains("Canary"), "{state}: {place} as {:?} shows it", client.name);
                    assert!(!answer.html().contains("/projects/canary-racer\""), "{state}: {place} as {:?} links to it", client.name);
                }
                // Nor can anything be put on it.
                let answer = client.post(&duck.comments(), &[("body", "May I still say this?")]);
                assert!(matches!(answer.status, 403 | 404 | 410), "{state}: {}", answer.status);
            }
            site.put(duck.id, State::Published);
        }
        site.visitor().get(&duck.path()).expect(200).says("Canary words");
    }

    fn a_waiting_edit_is_seen_by_its_author_and_moderators_alone(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        let id = site.comment("ann", &duck, "Plain words on the ducks.");
        let edit = format!("/comments/{id}/edit");
        let text = "Canary: https://a.example https://b.example https://c.example https://d.example https://e.example";
        ann.submit(&edit, &edit, &[("body", text)]).expect(303);
        assert!(site.item(id).queue.is_some());
        for client in [&site.visitor(), &site.regular("bob"), &site.come_back("odile")] {
            for place in places(&duck, &id.to_string()) {
                client.get(&place).does_not_say("Canary");
            }
            client.get(&duck.path()).says("Plain words");
        }
        ann.get(&edit).expect(200).keeps("Canary");
        site.moderator("mona").get("/moderation/held").expect(200).says("Canary");
        let odile = site.come_back("odile");
        let fields = [
            ("title", "Canary racer"), ("summary", "Ducks"), ("description", "https://a.example ".repeat(20).leak() as &str), ("kind", "game"),
            ("tags", ""), ("comment_policy", "members"),
        ];
        let edit = format!("{}/edit", duck.path());
        odile.submit(&edit, &edit, &fields).expect(303);
        for client in [&site.visitor(), &ann] {
            for place in places(&duck, &id.to_string()) {
                client.get(&place).does_not_say("Canary racer");
            }
        }
        site.visitor().get(&duck.path()).expect(200).says("Duck racer");
    }

    fn robots_are_told_what_is_not_for_them(site) {
        let ann = site.member("ann");
        let robots = site.visitor().get("/robots.txt").expect(200);
        assert!(robots.header("content-type").unwrap().starts_with("text/plain"));
        assert!(robots.html().contains(&format!("Sitemap: {}", site.url("/sitemap.xml"))));
        for path in ["/account", "/projects/new"] {
            let answer = ann.get(path).expect(200);
            let told = answer.html().contains("name=\"robots\" content=\"noindex") || answer.header("x-robots-tag").is_some();
            assert!(told, "{path} is for search engines?");
        }
        let security = site.visitor().get("/.well-known/security.txt");
        if security.status == 200 {
            for line in ["Contact: ", "Expires: ", "Canonical: "] {
                assert!(security.html().contains(line), "{line}");
            }
        }
        assert!(site.visitor().get("/.well-known/change-password").location().is_some());
    }

    fn the_checks_say_that_all_is_well(site) {
        site.visitor().get("/healthz").expect(200);
        site.visitor().get("/readyz").expect(200);
    }
}
