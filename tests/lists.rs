//! The lists of projects with their orders, and tags: the cloud, what stands together, merging.

use crate::support::*;
use potluck_models::item::State;
use potluck_models::lists;

/// The titles of the cards, in their order.
fn cards(site: &Site, path: &str) -> Vec<String> {
    let html = site.visitor().get(path).expect(200).html();
    html.split("class=\"card-title\"")
        .skip(1)
        .map(|card| {
            let title = card
                .split_once("href=")
                .unwrap()
                .1
                .split_once('>')
                .unwrap()
                .1;
            unescape(title.split("</a>").next().unwrap())
        })
        .collect()
}

fn release(site: &Site, client: &Client, made: &Made, version: &str, days_ago: i64) {
    let path = format!("{}/releases/new", made.path());
    client
        .submit(&path, &path, &[("version", version), ("notes", "")])
        .expect(303);
    let at = (potluck_models::now() - chrono::Duration::days(days_ago)).format("%Y-%m-%d %H:%M:%S");
    site.sql(&format!(
        "UPDATE releases SET released_at = '{at}' WHERE version = '{version}'"
    ));
}

fn count(site: &Site) {
    let mut db = potluck_models::db::connect(site.database_url()).unwrap();
    lists::count_all(&mut db).unwrap();
}

/// Walks a list to its end, two cards a page being too few to be asked for over HTTP.
fn walk(site: &Site, order: lists::Order) -> Vec<i64> {
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let list = lists::List {
            order,
            kind: None,
            has_download: false,
            looking_for: None,
            system: None,
            after,
            limit: 2,
            reader: None,
        };
        let (cards, next) = site.db(|db| list.load(db));
        seen.extend(cards.iter().map(|card| card.id.0));
        match next {
            Some(next) => after = Some(next),
            None => return seen,
        }
    }
}

on_both! {
    fn the_newest_release_of_each_project_orders_the_list(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let (duck, pie, tea) = (site.project("odile", "Duck"), site.project("odile", "Pie"), site.project("odile", "Tea"));
        release(site, &odile, &duck, "0.1", 9);
        release(site, &odile, &pie, "1.0", 5);
        release(site, &odile, &duck, "0.2", 2);
        release(site, &odile, &tea, "2.0", 7);
        assert_eq!(cards(site, "/projects?order=released"), ["Duck", "Pie", "Tea"]);
        assert_eq!(walk(site, lists::Order::Released), [duck.id.0, pie.id.0, tea.id.0]);
        // What is to come is not out, and what was taken away never was.
        site.sql("UPDATE releases SET released_at = '2999-01-01 00:00:00' WHERE version = '0.2'");
        assert_eq!(cards(site, "/projects?order=released"), ["Pie", "Tea", "Duck"]);
        site.sql("UPDATE items SET state = 'removed' WHERE id = (SELECT id FROM releases WHERE version = '1.0')");
        assert_eq!(cards(site, "/projects?order=released"), ["Tea", "Duck"]);
        site.put(tea.id, State::Held);
        assert_eq!(cards(site, "/projects?order=released"), ["Duck"]);
    }

    fn who_gave_much_and_got_little_waits_first(site) {
        for name in ["ann", "ben", "cat"] {
            site.member(name);
        }
        let (of_ann, of_ben, of_cat) = (site.project("ann", "Of Ann"), site.project("ben", "Of Ben"), site.project("cat", "Of Cat"));
        // Ann got one and gave none; Ben gave two; Cat gave none, and got one.
        site.comment("ben", &of_ann, "A kind word for Ann.");
        site.comment("ben", &of_cat, "A kind word for Cat.");
        count(site);
        // Ben: 1/3; the others 2/1, the newer first.
        assert_eq!(cards(site, "/projects?order=waiting"), ["Of Ben", "Of Cat", "Of Ann"]);
        // What a maker says at home is neither given nor received.
        site.comment("ben", &of_ben, "Thank you all for coming.");
        let id = site.comment("cat", &of_ben, "A kind word for Ben.");
        site.comment("cat", &of_ann, "A second one for Ann.");
        count(site);
        // Ben 2/3, Cat 2/3, Ann 3/1.
        assert_eq!(cards(site, "/projects?order=waiting"), ["Of Cat", "Of Ben", "Of Ann"]);
        assert_eq!(walk(site, lists::Order::Waiting), [of_cat.id.0, of_ben.id.0, of_ann.id.0]);
        // Nothing counts that is not published.
        site.put(id, State::Spam);
        count(site);
        assert_eq!(cards(site, "/projects?order=waiting"), ["Of Ben", "Of Cat", "Of Ann"]);
        site.sql(&format!("UPDATE projects SET closed = true WHERE id = {}", of_cat.id));
        assert_eq!(cards(site, "/projects?order=waiting"), ["Of Ben", "Of Ann"]);
        site.visitor().get("/projects?order=waiting").says("the fewest comments for each one that their makers gave to others");
    }

    fn helping_others_makes_a_list_of_its_own(site) {
        for name in ["ann", "ben"] {
            site.member(name);
        }
        let (of_ann, _of_ben) = (site.project("ann", "Of Ann"), site.project("ben", "Of Ben"));
        let id = site.comment("ben", &of_ann, "A word that helps Ann.");
        count(site);
        site.visitor().get("/projects").does_not_say("helped most this month");
        let ann = site.come_back("ann");
        ann.post(&format!("/comments/{id}/maker"), &[("act", "helped")]).expect(303);
        count(site);
        site.visitor().get("/projects").says("helped most this month");
        assert_eq!(cards(site, "/projects?order=helpful"), ["Of Ben"]);
        site.sql("UPDATE comments SET helped_at = '2020-01-01 00:00:00' WHERE helped_at IS NOT NULL");
        count(site);
        site.visitor().get("/projects").does_not_say("helped most this month");
    }

    fn lists_are_filtered_by_kind_and_download(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck");
        let pie = site.project("odile", "Pie");
        site.sql(&format!("UPDATE projects SET kind = 'tool' WHERE id = {}", pie.id));
        site.sql(&format!("INSERT INTO project_links (project_id, kind, url) VALUES ({}, 'download', 'https://duck.example/')", duck.id));
        count(site);
        for order in ["newest", "waiting"] {
            assert_eq!(cards(site, &format!("/projects?order={order}&kind=tool")), ["Pie"], "{order}");
            assert_eq!(cards(site, &format!("/projects?order={order}&download=1")), ["Duck"], "{order}");
            assert!(cards(site, &format!("/projects?order={order}&download=1&kind=tool")).is_empty(), "{order}");
        }
        assert_eq!(walk(site, lists::Order::Newest).len(), 3);
        for strange in ["order=boat&after=boat", "after=-", "after=9223372036854775807-1", "order=waiting&after=1", "order=released&after=99999999999999999-1", "download=2"] {
            site.visitor().get(&format!("/projects?{strange}")).expect(200);
        }
    }

    fn a_tag_is_merged_everywhere_and_parted_again(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let share = |title: &str, tags: &str| {
            let fields = [("title", title), ("summary", "Art"), ("description", &format!("The story of {title}.")), ("kind", "art"), ("tags", tags), ("comment_policy", "members")];
            odile.submit("/projects/new", "/projects/new", &fields).expect(303);
        };
        share("First", "pixelart");
        share("Second", "pixelart, pixel-art, small");
        let mona = site.moderator("mona");
        for (tag, into, says) in [("", "pixel-art", "Type one tag"), ("a, b", "pixel-art", "Type one tag"), ("pixelart", "PixelArt", "the same tag"), ("nothing", "pixel-art", "No project has this tag")] {
            mona.post("/moderation/tags", &[("tag", tag), ("into", into)]).expect(422).says(says);
        }
        mona.submit("/moderation/tags", "/moderation/tags", &[("tag", "Pixelart"), ("into", "Pixel Art")]).expect(303);
        mona.get("/moderation/tags").says("pixelart became pixel-art on 2 projects");
        mona.get("/moderation/log").says("merged tags").says("pixelart into pixel-art");
        let visitor = site.visitor();
        for (path, to) in [("/tags/pixelart", "/tags/pixel-art"), ("/tags/pixelart.atom", "/tags/pixel-art.atom")] {
            let answer = visitor.get(path).expect(301);
            assert_eq!(answer.location(), Some(to));
        }
        assert_eq!(cards(site, "/tags/pixel-art").len(), 2);
        visitor.get("/tags").does_not_say("pixelart");
        assert_eq!(visitor.get("/search?q=story&tag=pixel-art").expect(200).html().matches("class=\"row-title\"").count(), 2);
        // Whoever types the old one gets the new one.
        share("Third", "pixelart");
        assert_eq!(cards(site, "/tags/pixel-art").len(), 3);
        // The later one is undone first.
        mona.post("/moderation/tags", &[("tag", "pixel-art"), ("into", "pixels")]).expect(303);
        assert_eq!(visitor.get("/tags/pixelart").expect(301).location(), Some("/tags/pixels"));
        mona.post("/moderation/tags", &[("tag", "pixels"), ("into", "pixelart")]).expect(422).says("the same tag");
        mona.post("/moderation/tags/1/undo", &[]).expect(303);
        visitor.get("/tags/pixelart").expect(301);
        mona.post("/moderation/tags/2/undo", &[]).expect(303);
        mona.post("/moderation/tags/1/undo", &[]).expect(303);
        assert_eq!(cards(site, "/tags/pixelart"), ["Second", "First"]);
        assert_eq!(cards(site, "/tags/pixel-art"), ["Third", "Second"]);
        visitor.get("/tags/pixels").expect(404);
        mona.get("/moderation/log").says("parted tags");
    }

    fn a_tag_names_those_that_stand_beside_it(site) {
        site.maker("odile");
        let (one, two) = (site.project("odile", "One"), site.project("odile", "Two"));
        for (made, tag) in [(&one, "tea"), (&two, "tea"), (&two, "cake")] {
            site.sql(&format!("INSERT INTO project_tags (project_id, tag) VALUES ({}, '{tag}')", made.id));
        }
        let html = site.visitor().get("/tags/tea").expect(200).html();
        let related = html.split("class=\"related\"").nth(1).expect("related tags").split("</nav>").next().unwrap().to_owned();
        let order: Vec<usize> = ["duck", "pie", "cake"].iter().map(|tag| related.find(&format!("/tags/{tag}")).expect(tag)).collect();
        assert!(order.is_sorted(), "{related}");
        site.put(two.id, State::Removed);
        site.visitor().get("/tags/tea").does_not_say("cake");
    }
}
