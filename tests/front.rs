//! The front page: what stands on it, that nothing stands there twice, and what an empty one says.

use crate::support::*;
use potluck_models::item::State;
use potluck_models::lists;

/// Each section by its heading, with the titles of its cards.
fn sections(client: &Client) -> Vec<(String, Vec<String>)> {
    let html = client.get("/").expect(200).html();
    html.split("<section class=\"section\"")
        .skip(1)
        .map(|section| {
            let heading = section.split("<h2").nth(1).unwrap_or("");
            let heading = heading.split_once('>').map_or("", |(_, rest)| rest);
            let heading = heading.split("</h2>").next().unwrap_or("").to_owned();
            let cards = section
                .split("class=\"card-title\"")
                .skip(1)
                .filter_map(|card| {
                    card.split_once("<a href=")?
                        .1
                        .split_once('>')?
                        .1
                        .split_once("</a>")
                })
                .map(|(title, _)| unescape(title));
            (heading, cards.collect())
        })
        .filter(|(_, cards): &(String, Vec<String>)| !cards.is_empty())
        .collect()
}

fn titles(client: &Client, heading: &str) -> Vec<String> {
    let all = sections(client);
    let found = all.iter().find(|(name, _)| name == heading);
    found.map(|(_, cards)| cards.clone()).unwrap_or_default()
}

/// Six makers who brought a first project each, and more of the first of them.
fn lay(site: &Site, more: usize) {
    for name in ["odile", "yuki", "bram", "sofie", "dmitri", "amara"] {
        site.maker(name);
    }
    for n in 0..more {
        site.project("odile", &format!("Duck {n}"));
    }
}

on_both! {
    fn nothing_stands_there_twice(site, limits_off) {
        lay(site, 20);
        let odile = site.come_back("odile");
        let late = site.project("odile", "Late duck");
        let path = format!("{}/releases/new", late.path());
        odile.submit(&path, &path, &[("version", "1.0"), ("notes", "")]).expect(303);
        let mut db = potluck_models::db::connect(site.database_url()).unwrap();
        lists::count_all(&mut db).unwrap();
        let all = sections(&site.visitor());
        let headings: Vec<&str> = all.iter().map(|(heading, _)| heading.as_str()).collect();
        assert_eq!(headings, ["Waiting for feedback", "Just released", "New at the table", "Newest"]);
        let mut cards: Vec<&String> = all.iter().flat_map(|(_, cards)| cards).collect();
        let shown = cards.len();
        cards.sort();
        cards.dedup();
        assert_eq!(cards.len(), shown, "{all:?}");
        assert_eq!(titles(&site.visitor(), "Just released"), ["Late duck"]);
        assert_eq!(titles(&site.visitor(), "Newest").len(), 8);
    }

    fn who_brings_a_first_project_is_named(site, limits_off) {
        lay(site, 8);
        let visitor = site.visitor();
        let firsts = titles(&visitor, "New at the table");
        assert_eq!(firsts, ["amara made this", "dmitri made this", "sofie made this", "bram made this"]);
        visitor.get("/").expect(200).says("amara is new here");
        // One that is held was never shared, so the next one is the first.
        let amara = site.project_by_title("amara made this").unwrap();
        site.put(amara.id, State::Held);
        site.project("amara", "Amara again");
        let firsts = titles(&visitor, "New at the table");
        assert_eq!(firsts[0], "Amara again");
        assert!(!firsts.contains(&"Duck 7".to_owned()), "{firsts:?}");
    }

    fn what_waits_for_feedback_takes_comments_and_got_few(site, limits_off) {
        lay(site, 6);
        let visitor = site.visitor();
        site.regular("ann");
        for n in 0..6 {
            let duck = site.project_by_title(&format!("Duck {n}")).unwrap();
            if n < 4 {
                site.comment("ann", &duck, &format!("Kind words about duck number {n}, and much of them."));
            }
        }
        let closed = site.project_by_title("Duck 5").unwrap();
        site.sql(&format!("UPDATE projects SET closed = TRUE WHERE id = {}", closed.id));
        let waiting = titles(&visitor, "Waiting for feedback");
        assert!(waiting.contains(&"Duck 4".to_owned()), "{waiting:?}");
        assert!(!waiting.contains(&"Duck 5".to_owned()), "{waiting:?}");
        assert!(visitor.get("/").links().contains(&"/projects?order=waiting".to_owned()));
    }

    fn few_projects_stand_in_one_list(site, limits_off) {
        site.maker("odile");
        site.maker("yuki");
        let all = sections(&site.visitor());
        assert_eq!(all, [("Newest".to_owned(), vec!["yuki made this".to_owned(), "odile made this".to_owned()])]);
        site.visitor().get("/").does_not_say("still empty");
    }

    fn what_a_reader_ignores_is_in_no_section(site, limits_off) {
        lay(site, 8);
        let ann = site.member("ann");
        ann.post("/people/odile/ignore", &[("ignore", "1")]).expect(303);
        let all = sections(&ann);
        let cards: Vec<&String> = all.iter().flat_map(|(_, cards)| cards).collect();
        assert!(!cards.is_empty() && cards.iter().all(|title| !title.contains("Duck") && !title.contains("odile")), "{cards:?}");
        // Who ignores everybody is not told that nobody ever came.
        for name in ["yuki", "bram", "sofie", "dmitri", "amara"] {
            ann.post(&format!("/people/{name}/ignore"), &[("ignore", "1")]).expect(303);
        }
        ann.get("/").expect(200).does_not_say("still empty");
    }

    fn the_code_of_conduct_is_in_front(site) {
        let html = site.visitor().get("/").expect(200).says("Talk about the work.").says("Makers decide.").html();
        let (rules, list) = (html.find("How we sit together").unwrap(), html.find("class=\"section").unwrap());
        assert!(rules < list, "the rules come after the lists");
        assert!(site.visitor().get("/").links().contains(&"/conduct".to_owned()));
    }

    fn an_empty_site_tells_a_maker_what_happens(site) {
        let visitor = site.visitor();
        let page = visitor.get("/").expect(200).says("still empty").says("A moderator looks at your first one").says("You choose who may comment");
        assert!(page.links().contains(&"/signup".to_owned()));
        page.does_not_say("Before the guests come");
        let ann = site.member("ann");
        let page = ann.get("/").expect(200).says("What happens when you share");
        assert!(page.links().contains(&"/projects/new".to_owned()));
        site.maker("odile");
        ann.get("/").expect(200).does_not_say("What happens when you share");
    }

    fn the_first_administrator_ticks_off_a_list(site) {
        let ada = site.admin("ada");
        let done = || ada.get("/").expect(200).html().matches("<li class=\"done\"").count();
        ada.get("/").expect(200).says("Before the guests come").says("Give the site its name");
        assert_eq!(done(), 1);
        // Saved as it is, it is a choice all the same.
        ada.submit("/admin/settings", "/admin/settings", &[]).expect(303);
        assert_eq!(done(), 2);
        ada.submit("/admin/settings", "/admin/settings", &[("site_name", "Table Nine"), ("contact", "ada@nine.example")]).expect(303);
        ada.get("/").says("it is Table Nine").says("ada@nine.example");
        assert_eq!(done(), 3);
        ada.submit("/", "/admin/checked", &[]).expect(303);
        assert_eq!(done(), 4);
        assert_eq!(site.db(potluck_models::settings::Settings::load).site_name, "Table Nine");
        ada.get("/").does_not_say("I have read both");
        site.maker("odile");
        ada.get("/").does_not_say("Before the guests come");
    }
}
