//! Addresses of projects: choosing another, and that the one of before leads on.

use crate::cli::{run, text};
use crate::support::*;
use potluck_models::item::State;
use potluck_models::project::Project;

/// More links than anything is let through with.
const FLOOD: &str = "pills https://a.example https://b.example https://c.example https://d.example \
    https://e.example https://f.example https://g.example https://h.example https://i.example \
    https://j.example https://k.example https://l.example https://m.example https://n.example \
    https://o.example https://p.example";

/// The edit form as it comes, with changes.
fn save(site: &Site, maker: &Client, duck: &Made, changes: &[(&str, &str)]) -> Answer {
    let project = site.db(|db| Project::find(db, duck.id));
    let edit = format!("/projects/{}/edit", project.slug);
    let form = maker.get(&edit).expect(200).form(&edit);
    let before = [
        ("title", project.title.as_str()),
        ("summary", project.summary.as_str()),
        ("description", project.description.as_str()),
        ("kind", "game"),
        ("tags", "duck, pie"),
        ("comment_policy", "members"),
        ("address", project.slug.as_str()),
    ];
    let mut fields: Vec<(&str, &str)> = before
        .into_iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name))
        .collect();
    fields.extend(changes);
    maker.fill_in(&form, &fields)
}

fn call(maker: &Client, duck: &Made, address: &str) -> Answer {
    save(maker.site, maker, duck, &[("address", address)])
}

fn slug(site: &Site, duck: &Made) -> String {
    site.made(duck.id).slug
}

on_both! {
    fn the_address_of_before_leads_on_for_pages_releases_and_feeds(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let new = format!("{}/releases/new", duck.path());
        odile.submit(&new, &new, &[("version", "1.0"), ("notes", "First.")]).expect(303);
        site.regular("ann");
        site.comment("ann", &duck, "The corners are sharp.");
        let answer = call(&odile, &duck, "duck-races").expect(303);
        assert_eq!(answer.leads_to(), "/projects/duck-races");
        let visitor = site.visitor();
        visitor.get("/projects/duck-races").expect(200).says("Duck racer");
        for (old, to) in [
            ("/projects/duck-racer", "/projects/duck-races"),
            ("/projects/duck-racer?after=3", "/projects/duck-races?after=3"),
            ("/projects/duck-racer/releases", "/projects/duck-races/releases"),
            ("/projects/duck-racer/releases/1.0", "/projects/duck-races/releases/1.0"),
            ("/projects/duck-racer/comments.atom", "/projects/duck-races/comments.atom"),
            ("/projects/duck-racer/report", "/projects/duck-races/report"),
        ] {
            let answer = visitor.get(old).expect(301);
            assert_eq!(answer.location(), Some(to), "{old}");
        }
        // A form that was open meanwhile loses nothing: 308 sends it again to where it belongs.
        let ann = site.come_back("ann");
        let answer = ann.post("/projects/duck-racer/comments", &[("body", "Said on the old page.")]).expect(308);
        assert_eq!(answer.location(), Some("/projects/duck-races/comments"));
        ann.post("/projects/duck-races/comments", &[("body", "Said on the old page.")]).expect(303);
        for place in ["/projects", "/projects.atom", "/sitemap.xml", "/people/odile"] {
            let html = visitor.get(place).expect(200).html();
            assert!(html.contains("/projects/duck-races") && !html.contains("/projects/duck-racer\""), "{place}");
        }
    }

    fn an_address_is_plain_and_nobody_elses(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.maker("ann");
        site.project("ann", "A lamp");
        let long = "x".repeat(81);
        for (address, says) in [
            ("", "3 to 80 characters"),
            ("ab", "3 to 80 characters"),
            (long.as_str(), "3 to 80 characters"),
            ("Duck", "small letters"),
            ("d\u{443}ck", "small letters"),
            ("../../admin", "small letters"),
            ("\u{202E}kcud", "small letters"),
            ("-duck", "begins and ends"),
            ("new", "the address of a form"),
            ("a-lamp", "Another project has this address"),
        ] {
            call(&odile, &duck, address).expect(422).says(says).keeps("A longer story of **Duck racer**, told by odile.");
        }
        assert_eq!(slug(site, &duck), "duck-racer");
        assert_eq!(site.count("old_slugs"), 0);
    }

    fn nobody_takes_an_address_that_leads_on(site, limits_off) {
        site.app.set_filter(None);
        let (odile, ann) = (site.maker("odile"), site.maker("ann"));
        let duck = site.project("odile", "Duck racer");
        call(&odile, &duck, "duck-races").expect(303);
        let other = site.project("ann", "Duck racer");
        assert_ne!(other.slug, "duck-racer");
        call(&ann, &other, "duck-racer").expect(422).says("or had it once");
        // Its own one of before it takes back.
        let duck = site.made(duck.id);
        call(&odile, &duck, "duck-racer").expect(303);
        let visitor = site.visitor();
        visitor.get("/projects/duck-racer").expect(200).says("told by odile");
        assert_eq!(visitor.get("/projects/duck-races").expect(301).location(), Some("/projects/duck-racer"));
        assert_eq!(site.count("old_slugs"), 1);
    }

    fn who_may_not_see_it_is_not_led_on(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        call(&odile, &duck, "secret-name").expect(303);
        let visitor = site.visitor();
        for (state, status) in [(State::Held, 404), (State::Draft, 404), (State::Removed, 404)] {
            site.put(duck.id, state);
            let answer = visitor.get("/projects/duck-racer");
            assert!(answer.status == status || answer.status == 410, "{state}: {}", answer.status);
            answer.does_not_say("secret-name");
            visitor.get("/projects/duck-racer/comments.atom").expect(404);
        }
        odile.get("/projects/duck-racer").expect(301);
    }

    fn an_address_waits_with_the_edit_it_belongs_to(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let edit = format!("{}/edit", duck.path());
        save(site, &odile, &duck, &[("address", "cheap-pills"), ("description", FLOOD)]).expect(303);
        assert!(site.item(duck.id).has_waiting_edit());
        assert_eq!(slug(site, &duck), "duck-racer");
        assert!(odile.get(&edit).expect(200).html().contains("cheap-pills"));
        assert_eq!(site.count("revisions WHERE text LIKE '%cheap-pills%'"), 1);
        // Meanwhile another project takes it: that one keeps it.
        let ann = site.maker("ann");
        let lamp = site.project("ann", "A lamp");
        call(&ann, &lamp, "cheap-pills").expect(303);
        let mona = site.moderator("mona");
        mona.post("/moderation/verdicts", &[("item", &format!("project:{}", duck.id)), ("verdict", "ham")]).expect(303);
        assert_eq!((slug(site, &duck), slug(site, &lamp)), ("duck-racer".into(), "cheap-pills".into()));
        site.visitor().get("/projects/duck-racer").expect(200).says("pills");
    }

    fn of_two_who_want_one_address_at_once_one_gets_it(site, limits_off) {
        site.app.set_filter(None);
        let names = ["ann", "bob", "carl", "dora"];
        let makers: Vec<(Client, Made)> = names.map(|name| {
            let client = site.maker(name);
            let made = site.project_by_title(&format!("{name} made this")).unwrap();
            (client, made)
        }).into();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let sent: Vec<_> = makers.into_iter().map(|(client, made)| scope.spawn(move || call(&client, &made, "the-one").status)).collect();
            sent.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
        assert_eq!(site.count("projects WHERE slug = 'the-one'"), 1);
    }

    fn a_slowed_talk_stays_slow_at_its_new_address(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let mona = site.user_id("odile");
        site.sql(&format!("INSERT INTO rules (kind, pattern, number, outcome, note, by_id, created_at, until) VALUES ('slow', 'duck-racer', 5, 'refuse', '', {mona}, '2026-01-01 00:00:00', '2999-01-01 00:00:00')"));
        call(&odile, &duck, "duck-races").expect(303);
        assert_eq!(site.count("rules WHERE pattern = 'duck-races'"), 1);
        wait_for("the rule at its new address", || {
            let page = site.visitor().get("/projects/duck-races").expect(200).words();
            page.contains("Slow mode").then_some(())
        });
    }

    fn erasing_frees_the_addresses_of_before(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        call(&odile, &duck, "duck-races").expect(303);
        odile.post("/projects/duck-races/delete", &[]).expect(303);
        site.visitor().get("/projects/duck-racer").expect(410).does_not_say("duck-races");
        site.sql("UPDATE items SET erase_at = '2026-01-01 00:00:00' WHERE erase_at IS NOT NULL");
        site.db(potluck_models::item::erase_deleted);
        assert_eq!(site.count("old_slugs"), 0);
        site.visitor().get("/projects/duck-racer").expect(404);
        site.visitor().get("/projects/duck-races").expect(404);
    }

    fn addresses_of_another_site_lead_on(site, limits_off) {
        let ann = site.member("ann");
        let duck = site.project("ann", "Duck pie");
        let draft = site.project("ann", "Not yet");
        site.put(draft.id, State::Draft);
        site.visitor().get("/project/77/").expect(404);
        site.visitor().get("/tags/all").expect(404);
        let file = site.folder().join("addresses.csv");
        let import = |rows: &str| {
            std::fs::write(&file, rows).unwrap();
            run(site.folder(), site.database_url(), &["import", "addresses", file.to_str().unwrap()])
        };
        for fault in ["number,project\n77,nowhere\n", "number\n77\n", "number,project\nx,duck-pie\n"] {
            let output = import(fault);
            assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        }
        let fault = format!("number,project\n77,{}\n78,nowhere\n", duck.slug);
        assert!(text(&import(&fault)).contains("no project has the address nowhere"));
        assert_eq!(site.count("old_numbers"), 0, "all or nothing");
        let output = import(&format!("number, project\n77, {}\n78, {}\n", duck.slug, draft.slug));
        assert!(text(&output).contains("2 addresses"), "{}", text(&output));
        let leads_to = |from: &str| {
            let answer = site.visitor().get(from).expect(301);
            answer.header("location").expect("a way on").to_owned()
        };
        for old in ["/project/77/", "/project/77", "/project/77/1204/", "/project-Duck+Pie-77-.html", "/project-Duck-pie--2-77-1204.html"] {
            assert_eq!(leads_to(old), duck.path(), "{old}");
        }
        assert_eq!(leads_to("/tags/all"), "/tags");
        // Only who may see it is told where it is.
        site.visitor().get("/project/78/").expect(404);
        ann.get("/project/78/").expect(301);
        for nothing in ["/project/79/", "/project/", "/project/x", "/project-.html", "/project--.html", "/project-a-99999999999999999999-.html"] {
            site.visitor().get(nothing).expect(404);
        }
    }
}
