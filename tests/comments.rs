//! Comments: threads, edits, deletions, reports, and input that no person means.

use crate::support::*;
use potluck_models::item::State;

fn post(client: &Client, project: &Made, text: &str) -> String {
    client
        .post(&project.comments(), &[("body", text)])
        .expect(303);
    let id = client
        .site
        .comment_saying(text)
        .expect("the comment is there");
    id.to_string()
}

on_both! {
    fn a_reply_stands_under_what_it_answers(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        let odile = site.come_back("odile");
        let first = post(&ann, &duck, "How do they turn so fast?");
        let page = ann.get(&duck.path()).expect(200).says("How do they turn so fast?");
        assert!(page.html().contains(&format!("id=\"comment-{first}\"")));
        let answer = odile.post(&duck.comments(), &[("body", "With very small wheels."), ("parent", &first)]).expect(303);
        assert_eq!(answer.leads_to(), duck.path());
        let html = site.visitor().get(&duck.path()).html();
        assert!(html.find("turn so fast").unwrap() < html.find("very small wheels").unwrap());
        let reply = site.comment_saying("very small wheels").unwrap();
        site.visitor().get(&format!("/comments/{reply}")).expect(200).says("very small wheels").says("turn so fast");
        let count: i64 = site.count(&format!("threads WHERE project_id = {} AND comment_count = 2", duck.id));
        assert_eq!(count, 1);
    }

    fn who_decides_sees_what_waits(site, limits_off) {
        let odile = site.maker("odile");
        let mona = site.moderator("mona");
        let duck = site.project("odile", "Duck racer");
        site.regular("ann");
        let id = site.waiting("ann", &duck, "This waits for somebody.", State::Held);
        let here = format!("/comments/{id}");
        mona.get(&here).expect(200).says("This waits for somebody.");
        odile.get(&here).expect(404);
        site.sql(&format!("UPDATE items SET queue = 'maker' WHERE id = {id}"));
        for path in [&duck.path(), &here] {
            odile.get(path).expect(200).says("This waits for somebody.").says("Show it");
            site.visitor().get(path).does_not_say("This waits for somebody.");
        }
        for state in [State::Spam, State::Removed] {
            site.put(id, state);
            mona.get(&here).expect(200).says("This waits for somebody.");
            odile.get(&duck.path()).expect(200).does_not_say("This waits for somebody.");
        }
    }

    fn markdown_is_shown_safely(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        let text = "**Bold** and a [link](https://example.org/x), a [trap](javascript:alert(1)), \
                    <script>alert(1)</script> \"><svg onload=alert(1)> <img src=x onerror=alert(1)> <iframe src=//evil.example></iframe>";
        ann.post(&duck.comments(), &[("body", text)]).expect(303);
        let html = ann.get(&duck.path()).html();
        let at = html.find("<strong>Bold</strong>").expect("bold");
        let shown = &html[at..at + 900.min(html.len() - at)];
        for evil in ["<script>alert", "<svg onload", "onerror=alert(1)>", "<iframe", "href=\"javascript"] {
            assert!(!shown.contains(evil), "{evil}: {shown}");
        }
        let link = shown.split("<a ").find(|tag| tag.contains("example.org")).expect("the link");
        let link = link.split('>').next().unwrap();
        for word in ["nofollow", "ugc", "noopener"] {
            assert!(link.contains(word), "{link}");
        }
    }

    fn a_preview_posts_nothing(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        let answer = ann.post(&duck.comments(), &[("body", "Is **this** good?"), ("preview", "1")]).expect(200).keeps("Is **this** good?");
        assert!(answer.html().contains("<strong>this</strong>"));
        assert_eq!(site.comment_saying("good?"), None);
    }

    fn only_the_author_edits_and_the_first_quarter_of_an_hour_leaves_no_mark(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        let bob = site.regular("bob");
        let id = post(&ann, &duck, "I think that the ducks are fine.");
        let edit = format!("/comments/{id}/edit");
        bob.post(&edit, &[("body", "Bob was here instead.")]).expect(403);
        ann.submit(&edit, &edit, &[("body", "I think that the ducks are great.")]).expect(303);
        let page = site.visitor().get(&duck.path()).expect(200).says("the ducks are great").does_not_say("the ducks are fine");
        assert!(!page.html().contains(&format!("/comments/{id}/history")), "a mark within 15 minutes");
        let past = (potluck_models::now() - chrono::Duration::minutes(16)).format("%Y-%m-%d %H:%M:%S%.6f");
        site.sql(&format!("UPDATE comments SET created_at = '{past}' WHERE id = {id}"));
        ann.submit(&edit, &edit, &[("body", "I think that the ducks are grand.")]).expect(303);
        let page = site.visitor().get(&duck.path()).expect(200).says("the ducks are grand").says("edited");
        assert!(page.html().contains(&format!("/comments/{id}/history")));
        site.visitor().get(&format!("/comments/{id}/history")).expect(200).says("the ducks are great").says("the ducks are grand");
    }

    fn a_deleted_comment_leaves_its_place_and_its_replies(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        let id = post(&ann, &duck, "Something I will regret.");
        odile.post(&duck.comments(), &[("body", "Something that stays."), ("parent", &id)]).expect(303);
        ann.get(&format!("/comments/{id}/delete")).expect(200);
        site.visitor().get(&duck.path()).expect(200).says("Something I will regret.");
        odile.post(&format!("/comments/{id}/delete"), &[]).expect(403);
        ann.post(&format!("/comments/{id}/delete"), &[]).expect(303);
        for client in [&site.visitor(), &ann, &odile] {
            client.get(&duck.path()).expect(200).does_not_say("Something I will regret.").says("Something that stays.");
        }
        site.visitor().get(&format!("/comments/{id}")).expect(410);
        assert_eq!(site.count(&format!("threads WHERE project_id = {} AND comment_count = 1", duck.id)), 1);
        assert_eq!(site.count(&format!("comments WHERE id = {id} AND body LIKE '%regret%'")), 1, "moderators keep it for 30 days");
    }

    fn a_report_brings_it_before_moderators_once_a_person(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.regular("ann");
        let id = site.comment("ann", &duck, "Mildly unkind words about ducks.");
        let bob = site.regular("bob");
        let mona = site.moderator("mona");
        let report = format!("/comments/{id}/report");
        bob.submit(&report, &report, &[("reason", "nonsense")]).expect(422);
        bob.submit(&report, &report, &[("reason", "unkind"), ("note", "Ducks have feelings.")]).expect(303);
        bob.post(&report, &[("reason", "unkind"), ("note", "Again.")]).expect(303);
        assert_eq!(site.item(id).reports, 1);
        assert_eq!(site.state(id), State::Published, "a report hides nothing by itself");
        mona.get("/moderation/reported").expect(200).says("Mildly unkind words").says("Ducks have feelings.");
        let report = format!("{}/report", duck.path());
        bob.submit(&report, &report, &[("reason", "spam")]).expect(303);
        assert_eq!(site.item(duck.id).reports, 1);
    }

    fn input_that_no_comment_may_hold_is_refused_clearly(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let pond = site.project("odile", "Pond");
        let ann = site.regular("ann");
        let elsewhere = site.comment("odile", &pond, "This is said at the pond.").to_string();
        let held = site.waiting("odile", &duck, "This is not public.", State::Held).to_string();
        let before = (site.count("comments"), site.count("items"), site.count("revisions"));

        for nothing in ["", "   \n\t ", "\u{200B}\u{2060}\u{FEFF}", "\u{3164}"] {
            ann.post(&duck.comments(), &[("body", nothing)]).expect(422).says("Write something first");
        }
        ann.post(&duck.comments(), &[]).expect(422);
        let long = format!("{}é", "word ".repeat(2_000));
        assert_eq!(long.chars().count(), 10_001);
        let answer = ann.post(&duck.comments(), &[("body", &long)]).expect(422).says("at most 10,000 characters");
        assert_eq!(answer.textarea("body").as_deref(), Some(long.as_str()));

        let answer = ann.post_bytes(&duck.comments(), "body", b"Readable \xFF\xFE and more").expect(400);
        answer.says("UTF-8").keeps("Readable").keeps("and more");
        let answer = ann.post_bytes(&duck.comments(), "body", b"Before\0after").expect(400);
        answer.says("NUL").keeps("Before");

        let typed = "An answer to nothing that is there.";
        for parent in ["999999", "-1", "0", "1000000000000000000", "99999999999999999999999", "x", "1 OR 1=1", &elsewhere, &held, &duck.id.to_string()] {
            let answer = ann.post(&duck.comments(), &[("body", typed), ("parent", parent)]);
            assert!(matches!(answer.status, 400 | 404 | 422), "parent={parent}: {}", answer.status);
            answer.keeps(typed);
        }
        let answer = ann.post("/projects/no-such-thing/comments", &[("body", typed)]);
        answer.expect(404).keeps(typed);
        let foreign = odile.csrf();
        ann.post_raw(&duck.comments(), &[("csrf", &foreign), ("body", typed)], &[]).expect(403).keeps(typed);
        site.sql(&format!("UPDATE projects SET closed = true WHERE id = {}", duck.id));
        ann.post(&duck.comments(), &[("body", typed)]).expect(403).says("Comments are closed").keeps(typed);
        ann.send("POST", &duck.comments(), &[("content-type", "application/json")], b"{}").expect(400);
        ann.send("POST", &duck.comments(), &[("content-type", "multipart/form-data")], b"x").expect(400);

        assert_eq!((site.count("comments"), site.count("items"), site.count("revisions")), before);
        site.visitor().get(&duck.path()).expect(200);
    }

    fn strange_addresses_are_no_fault_of_ours(site) {
        site.maker("odile");
        let ada = site.admin("ada");
        let duck = site.project("odile", "Duck racer");
        for client in [&site.visitor(), &ada] {
            for path in [
                "/comments/0", "/comments/-1", "/comments/1000000000000000000", "/comments/9223372036854775807", "/comments/9223372036854775808",
                "/comments/x", "/comments/%00", "/comments/%ff", "/comments/1%20OR%201=1", "/projects/%00", "/projects/..%2f..%2fetc", "/people/%00",
                "/people/nobody-here", "/tags/%F0%9F%A6%86", "/tags/%00", "/projects/duck-racer/releases/%00", "/files/..%2fpotluck.sqlite",
                "/files/%00", "/files/x", "/files/x-card.png", "/moderation/nothing", "/moderation/log?before=x", "/moderation/log?before=-1", "/admin/models?id=-1",
                "/confirm?token=%00", "/confirm?token=x", "/confirm?sent=..%2f..%2fetc", "/reset?token=%ff", "/setup/%00", "/login?next=%00",
            ] {
                let answer = client.get(path);
                assert!(answer.status < 500, "{path} as {:?}: {}", client.name, answer.status);
            }
            for page in ["-1", "0", "1000000000000000000", "99999999999999999999999", "x", "%00", "1;drop"] {
                for path in ["/projects", "/releases", "/tags/duck", "/people/odile", &duck.path(), "/moderation/held", "/moderation/log"] {
                    for name in ["page", "after", "before", "kind", "order", "sort"] {
                        let answer = client.get(&format!("{path}?{name}={page}"));
                        assert!(answer.status < 500, "{path}?{name}={page} as {:?}: {}", client.name, answer.status);
                    }
                }
            }
            let long = format!("/projects?q={}", "x".repeat(20_000));
            if let Ok(answer) = client.try_send("GET", &long, &[], b"") {
                assert!(answer.status < 500);
            }
        }
        let many: Vec<(&str, &str)> = std::iter::repeat_n(("item", "comment:1"), 5_000).collect();
        let answer = ada.post("/moderation/verdicts", &many);
        assert!((400..500).contains(&answer.status), "{}", answer.status);
        for item in ["comment:x", "comment:-1", "comment:99999999999999999999", "project:", ":", "person:1", ""] {
            let answer = ada.post("/moderation/verdicts", &[("item", item), ("verdict", "spam")]);
            assert!(answer.status < 500, "item={item}: {}", answer.status);
        }
        let answer = ada.post("/moderation/verdicts", &[("item", "comment:1"), ("verdict", "explode")]);
        assert!((400..500).contains(&answer.status), "{}", answer.status);
        let answer = ada.post("/moderation/batches/1000000000000000000/undo", &[]);
        assert!((400..500).contains(&answer.status), "{}", answer.status);
    }

    fn a_double_click_makes_one_comment(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        site.sql("UPDATE comments SET created_at = '2020-01-01 00:00:00'");
        let token = ann.csrf();
        let (token, duck_comments) = (token.as_str(), duck.comments());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let again = ann.copy();
                let there = &duck_comments;
                scope.spawn(move || {
                    let answer = again.post_raw(there, &[("csrf", token), ("body", "Clicked with much enthusiasm.")], &[]);
                    assert!(matches!(answer.status, 303 | 429), "{}", answer.status);
                });
            }
        });
        assert_eq!(site.count("comments WHERE body LIKE 'Clicked%'"), 1);
    }
}
