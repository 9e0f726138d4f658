//! What stands in the head of every answer: pages, errors, files, refusals.

use crate::support::*;

const EVERYWHERE: &[&str] = &[
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "permissions-policy",
    "cache-control",
];

fn check_policy(policy: &str) {
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(rule), "{rule} is missing: {policy}");
    }
    for hole in ["unsafe-inline", "unsafe-eval", "http:", "https:", "*"] {
        assert!(!policy.contains(hole), "{hole}: {policy}");
    }
}

on_both! {
    fn every_answer_carries_the_headers(site) {
        let odile = site.maker("odile");
        let visitor = site.visitor();
        let css = visitor.get("/").html();
        let css = css.split('"').find(|part| part.ends_with("site.css")).expect("a style sheet").to_owned();
        let answers = [
            ("a page", visitor.get("/")),
            ("a page of a member", odile.get("/account")),
            ("no such page", visitor.get("/nothing/here")),
            ("no such project", visitor.get("/projects/nothing-here")),
            ("a file of ours", visitor.get(&css)),
            ("no such file of ours", visitor.get("/static/0/none.css")),
            ("a redirect to the log-in", visitor.get("/account")),
            ("a POST without a token", visitor.post_raw("/login", &[("login", "x")], &[])),
            ("a POST from elsewhere", odile.post_raw("/logout", &[], &[("origin", "https://evil.example")])),
            ("a wrong method", visitor.send("DELETE", "/projects", &[], b"")),
            ("a path that is no text", visitor.get("/projects/%ff%fe")),
            ("a feed", visitor.get("/projects.atom")),
            ("a check", visitor.get("/healthz")),
        ];
        for (what, answer) in answers {
            assert!(answer.status < 500, "{what}: {}", answer.status);
            for name in EVERYWHERE {
                assert!(answer.header(name).is_some(), "{what} ({}) has no {name}", answer.status);
            }
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
            check_policy(answer.header("content-security-policy").unwrap());
            assert_eq!(answer.header("access-control-allow-origin"), None, "{what}");
            assert!(answer.header("server").is_none_or(|name| !name.contains(char::is_numeric)), "{what}");
        }
    }

    fn a_members_pages_are_kept_by_no_cache(site) {
        let ann = site.member("ann");
        for path in ["/account", "/", "/nothing"] {
            let answer = ann.get(path);
            let cache = answer.header("cache-control").unwrap_or("");
            assert!(cache.contains("no-store") || cache.contains("private"), "{path}: {cache}");
        }
    }

    fn reading_sets_no_cookie(site) {
        site.maker("odile");
        let visitor = site.visitor();
        for path in ["/", "/projects", "/projects/odile-made-this", "/people/odile", "/tags", "/conduct", "/privacy", "/projects.atom"] {
            let answer = visitor.get(path);
            assert_eq!(answer.header("set-cookie"), None, "{path}");
        }
    }

    fn cookies_are_bound_to_the_site(site, https) {
        let visitor = site.visitor();
        let answer = visitor.get("/login");
        let cookie = answer.header("set-cookie").expect("the form cookie").to_owned();
        assert!(cookie.starts_with("__Host-potluck-form="), "{cookie}");
        for word in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(cookie.contains(word), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        assert!(answer.header("strict-transport-security").is_some_and(|age| age.contains("max-age=31536000")));
    }
}

#[test]
fn a_file_of_ours_is_kept_for_a_year_under_its_hash() {
    let site = Site::start(Database::Sqlite, Options::default());
    let visitor = site.visitor();
    let html = visitor.get("/").html();
    let css = html
        .split('"')
        .find(|part| part.ends_with("site.css"))
        .expect("a style sheet");
    let answer = visitor.get(css).expect(200);
    assert!(
        answer
            .header("cache-control")
            .unwrap()
            .contains("immutable")
    );
    assert_eq!(
        answer.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    let old = visitor.get("/static/000000000000/css/site.css").expect(200);
    assert!(!old.header("cache-control").unwrap().contains("immutable"));
    visitor.get("/static/0/../Cargo.toml").expect(404);
    visitor.get("/static/0/..%2f..%2fCargo.toml").expect(404);
}
