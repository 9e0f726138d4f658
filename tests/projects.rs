//! Projects: sharing, editing, pictures, lists and feeds.

use crate::support::*;
use potluck_models::item::{Queue, State};
use std::io::Cursor;

const FIELDS: &[(&str, &str)] = &[
    ("title", "A lamp of paper"),
    ("summary", "It folds flat & glows <warm>"),
    (
        "description",
        "Eleven sheets, one bulb and **much** patience. <script>alert(1)</script>",
    ),
    ("kind", "art"),
    ("tags", "Paper, Light"),
    ("comment_policy", "members"),
    ("link_repository", "https://codeberg.example/ann/lamp"),
    ("link_website", "https://lamp.example/"),
];

fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all: Vec<(&str, &str)> = FIELDS
        .iter()
        .filter(|(name, _)| !changes.iter().any(|(c, _)| c == name))
        .copied()
        .collect();
    all.extend(changes);
    all
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(x % 256) as u8, (y % 256) as u8, 120])
    })
    .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
    .expect("a picture is drawn");
    bytes
}

/// A JPEG twice as wide as high that says it was taken on its side, and where.
fn photo() -> Vec<u8> {
    let mut bytes = Vec::new();
    image::RgbImage::from_pixel(400, 200, image::Rgb([200, 60, 60]))
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Jpeg)
        .expect("a picture is drawn");
    // TIFF, big-endian: orientation 6, and a GPS block.
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02".to_vec();
    exif.extend_from_slice(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0");
    exif.extend_from_slice(b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x26\0\0\0\0");
    exif.extend_from_slice(b"\0\x01\0\x01\0\x02\0\0\0\x02N\0\0\0\0\0\0\0SECRET-PLACE");
    let length = (exif.len() + 2) as u16;
    let mut photo = bytes[..2].to_vec();
    photo.extend_from_slice(&[0xFF, 0xE1]);
    photo.extend_from_slice(&length.to_be_bytes());
    photo.extend_from_slice(&exif);
    photo.extend_from_slice(&bytes[2..]);
    photo
}

/// The first bytes of a PNG of that size, with a right check sum, and nothing after them.
fn header_only(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend_from_slice(&width.to_be_bytes());
    chunk.extend_from_slice(&height.to_be_bytes());
    chunk.extend_from_slice(&[8, 2, 0, 0, 0]);
    let mut sum = u32::MAX;
    for byte in &chunk {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ 0xEDB8_8320
            } else {
                sum >> 1
            };
        }
    }
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    png.extend_from_slice(&chunk);
    png.extend_from_slice(&(!sum).to_be_bytes());
    png
}

fn pictures(html: &str) -> Vec<String> {
    html.split('"')
        .filter(|part| part.starts_with("/files/"))
        .map(str::to_owned)
        .collect()
}

fn uploads(site: &Site) -> usize {
    std::fs::read_dir(site.folder().join("uploads")).map_or(0, |files| files.count())
}

on_both! {
    fn the_first_project_waits_the_next_ones_do_not(site, limits_off) {
        // What the filter makes of it is not the matter here.
        site.app.set_filter(None);
        let ann = site.member("ann");
        let answer = ann.submit("/projects/new", "/projects/new", FIELDS).expect(303);
        assert_eq!(answer.leads_to(), "/projects/a-lamp-of-paper");
        let lamp = site.project_by_title("A lamp of paper").unwrap();
        assert_eq!((site.state(lamp.id), site.item(lamp.id).queue), (State::Held, Some(Queue::Projects)));
        ann.get(&lamp.path()).expect(200).says("It folds flat & glows <warm>");
        let visitor = site.visitor();
        for place in [lamp.path(), "/projects/a-lamp-of-paper/edit".into(), format!("{}.atom", lamp.comments())] {
            assert!(visitor.get(&place).status != 200, "{place}");
        }
        for place in ["/", "/projects", "/projects.atom", "/tags/paper", "/people/ann", "/sitemap.xml"] {
            visitor.get(place).does_not_say("lamp");
        }
        let mona = site.moderator("mona");
        mona.post("/moderation/verdicts", &[("item", &format!("project:{}", lamp.id)), ("verdict", "ham")]).expect(303);
        for place in ["/", "/projects", "/projects.atom", "/tags/paper", "/people/ann"] {
            visitor.get(place).expect(200).says("A lamp of paper");
        }
        assert!(visitor.get("/sitemap.xml").expect(200).html().contains("/projects/a-lamp-of-paper<"));
        // The next one is shown at once.
        ann.submit("/projects/new", "/projects/new", &with(&[("title", "A second lamp"), ("description", "With two bulbs now, and a dimmer.")])).expect(303);
        visitor.get("/projects/a-second-lamp").expect(200);
    }

    fn a_project_page_is_safe_linked_and_ready_to_be_shared(site, limits_off) {
        // What the filter makes of it is not the matter here.
        site.app.set_filter(None);
        let ann = site.maker("ann");
        ann.submit("/projects/new", "/projects/new", FIELDS).expect(303);
        let page = site.visitor().get("/projects/a-lamp-of-paper").expect(200).says("It folds flat & glows <warm>");
        let html = page.html();
        assert!(html.contains("<strong>much</strong>"));
        assert!(!html.contains("<script>alert"));
        for address in ["codeberg.example", "lamp.example"] {
            let link = html.split("<a ").skip(1).find(|tag| tag.contains(address)).expect("the link");
            let link = link.split('>').next().unwrap();
            for word in ["nofollow", "ugc", "noopener"] {
                assert!(link.contains(word), "{link}");
            }
        }
        for property in ["og:title", "og:type", "og:url", "og:image", "og:description"] {
            assert!(html.contains(&format!("property=\"{property}\"")), "{property}");
        }
        let image = html.split("property=\"og:image\"").nth(1).unwrap().split('"').nth(1).unwrap().to_owned();
        assert!(image.starts_with(&site.url("/")), "og:image is not absolute: {image}");
        assert!(html.contains(&format!("rel=\"canonical\" href=\"{}\"", site.url("/projects/a-lamp-of-paper"))), "no canonical address");
        assert!(html.contains("name=\"description\""));
    }

    fn what_is_wrong_stands_beside_its_field_and_all_is_kept(site) {
        let ann = site.member("ann");
        let long = "x".repeat(81);
        let summary = "s".repeat(201);
        let tags = "a,b,c,d,e,f,g,h,i,j,k";
        for (change, says) in [
            (("title", ""), "Give your project a title"),
            (("title", long.as_str()), "at most 80"),
            (("summary", " "), "Say in a sentence"),
            (("summary", summary.as_str()), "at most 200"),
            (("kind", "boat"), "Choose what kind"),
            (("kind", ""), "Choose what kind"),
            (("tags", tags), "at most 10 tags"),
            (("link_website", "javascript:alert(1)"), "An address starts with"),
            (("link_website", "https://ann:secret@lamp.example"), "An address starts with"),
        ] {
            let answer = ann.post("/projects/new", &with(&[change]));
            assert_eq!(answer.status, 422, "{change:?}");
            answer.says(says).keeps("Eleven sheets, one bulb and **much** patience.");
        }
        let description = "word ".repeat(10_001);
        ann.post("/projects/new", &with(&[("description", &description)])).expect(422).says("at most 50,000").keeps(description.trim());
        let answer = ann.post_bytes("/projects/new", "description", b"half \xFF readable");
        answer.expect(400).keeps("half");
        assert_eq!(site.count("projects"), 0);
        assert_eq!(site.count("items"), 0);
    }

    fn a_draft_and_a_preview_are_seen_by_nobody(site) {
        let ann = site.member("ann");
        let mut preview = FIELDS.to_vec();
        preview.push(("preview", "1"));
        let answer = ann.post("/projects/new", &preview).expect(200).keeps("Eleven sheets");
        assert!(answer.html().contains("<strong>much</strong>"));
        assert_eq!(site.count("projects"), 0);
        let mut draft = FIELDS.to_vec();
        draft.push(("draft", "1"));
        ann.post("/projects/new", &draft).expect(303);
        let lamp = site.project_by_title("A lamp of paper").unwrap();
        assert_eq!((site.state(lamp.id), site.item(lamp.id).queue), (State::Draft, None));
        assert!(site.visitor().get(&lamp.path()).status >= 400);
        assert!(site.moderator("mona").get("/moderation/projects").expect(200).words().find("A lamp of paper").is_none());
        ann.get(&lamp.path()).expect(200);
    }

    fn a_picture_is_drawn_anew_turned_and_without_its_place(site, limits_off) {
        // What the filter makes of it is not the matter here.
        site.app.set_filter(None);
        let ann = site.maker("ann");
        let mut fields = FIELDS.to_vec();
        fields.push(("picture_alt", "A red lamp"));
        ann.upload("/projects/new", &fields, &photo()).expect(303);
        let html = site.visitor().get("/projects/a-lamp-of-paper").expect(200).html();
        assert!(html.contains("alt=\"A red lamp\""), "no alt text");
        let shown = pictures(&html);
        assert!(!shown.is_empty());
        for path in &shown {
            let file = site.visitor().get(path).expect(200);
            assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
            assert!(file.header("content-type").unwrap().starts_with("image/"));
            assert!(!file.html().contains("SECRET-PLACE") && !file.html().contains("Exif"), "{path} kept its data");
            let picture = image::load_from_memory(&file.bytes).expect("a picture");
            if path.contains("-page.") {
                assert_eq!((picture.width(), picture.height()), (200, 400), "not turned");
            }
        }
        assert!(uploads(site) > 0);
        assert!(!site.folder().join("x.png").exists());
    }

    fn the_words_for_a_picture_wait_with_the_edit_they_belong_to(site, limits_off) {
        site.app.set_filter(None);
        let ann = site.maker("ann");
        let fields = with(&[("picture_alt", "A red lamp")]);
        ann.upload("/projects/new", &fields, &png(640, 400)).expect(303);
        let lamp = site.project_by_title("A lamp of paper").unwrap();
        let alt = |words: &str| site.visitor().get(&lamp.path()).expect(200).html().contains(&format!("alt=\"{words}\""));
        assert!(alt("A red lamp"));
        // Another picture under the same words is no new text.
        let edit = format!("{}/edit", lamp.path());
        ann.upload(&edit, &fields, &png(320, 400)).expect(303);
        assert!(alt("A red lamp"));
        assert_eq!(site.count("pictures"), 1);
        assert_eq!(site.count("revisions WHERE text LIKE '%A red lamp%'"), 1);
        // Words alone are text: judged, kept as a revision, and the earlier ones shown meanwhile.
        let flood = "pills https://a.example https://b.example https://c.example https://d.example https://e.example https://f.example";
        ann.post(&edit, &with(&[("picture_alt", flood)])).expect(303);
        assert_eq!(site.count("revisions WHERE text LIKE '%pills%'"), 1);
        if site.item(lamp.id).has_waiting_edit() {
            assert!(alt("A red lamp"));
            assert!(ann.get(&edit).expect(200).html().contains("pills"));
        }
        ann.post(&edit, &with(&[("picture_remove", "1"), ("picture_alt", "gone")])).expect(303);
        assert_eq!(site.count("pictures"), 0);
    }

    fn a_bad_picture_and_bad_words_are_told_at_once(site) {
        let ann = site.member("ann");
        let answer = ann.upload("/projects/new", &with(&[("title", " ")]), b"no picture").expect(422);
        answer.says("Give your project a title").says("not a picture");
    }

    fn an_ended_session_gives_the_whole_form_back(site) {
        let ann = site.member("ann");
        let token = ann.csrf();
        ann.forget_cookies();
        let all = with(&[("csrf", &token), ("picture_alt", "A red lamp")]);
        let answer = ann.post_raw("/projects/new", &all, &[]).expect(403);
        answer.keeps("Paper, Light").keeps("https://lamp.example/").keeps("A red lamp").says("Source code").does_not_say(&token);
    }

    fn a_removed_project_tells_its_maker_why(site) {
        let ann = site.maker("ann");
        let lamp = site.project("ann", "A lamp");
        site.put(lamp.id, State::Removed);
        site.sql(&format!("UPDATE items SET why = 'moderator', evidence = 'private' WHERE id = {}", lamp.id));
        ann.get(&lamp.path()).expect(200).says("Reason: it told something private.").does_not_say("Reason: moderator");
    }

    fn addresses_put_together_by_hand_are_answered_for_what_they_are(site) {
        let ann = site.member("ann");
        ann.get("/projects?kind=game&kind=art").expect(200);
        for nowhere in ["/comments/abc", "/comments/99999999999999999999", "/comments/-1"] {
            ann.get(nowhere).expect(404);
        }
        let answer = ann.post("/conduct", &[]).expect(405);
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        ann.post("/nowhere", &[]).expect(404);
    }

    fn no_card_counts_comments_that_are_hidden(site) {
        site.maker("ann");
        site.member("bob");
        let lamp = site.project("ann", "A lamp");
        site.comment("bob", &lamp, "It glows.");
        let visitor = site.visitor();
        visitor.get("/projects").expect(200).says("1 comment");
        site.sql(&format!("UPDATE projects SET comment_policy = 'nobody' WHERE id = {}", lamp.id));
        for page in ["/", "/projects", "/tags/duck", "/people/ann"] {
            visitor.get(page).expect(200).does_not_say("1 comment");
        }
    }

    fn what_is_no_picture_is_refused_and_leaves_nothing(site) {
        let ann = site.member("ann");
        let whole = png(300, 200);
        let mut polyglot = b"<html><script>alert(1)</script>".to_vec();
        polyglot.extend_from_slice(&whole);
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".to_vec();
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("a text", b"this is no picture at all".to_vec()),
            ("a page", b"<!doctype html><script>alert(1)</script>".to_vec()),
            ("a drawing with script", svg),
            ("a page before a picture", polyglot),
            ("half a picture", whole[..whole.len() / 2].to_vec()),
            ("30,000 by 30,000 pixels", header_only(30_000, 30_000)),
            ("no pixels", header_only(0, 0)),
            ("a broken header", b"\x89PNG\r\n\x1a\n".to_vec()),
        ];
        for (what, bytes) in cases {
            let answer = ann.upload("/projects/new", FIELDS, &bytes);
            assert!((400..500).contains(&answer.status), "{what}: {}", answer.status);
            answer.keeps("Eleven sheets, one bulb and **much** patience.");
        }
        let answer = ann.upload("/projects/new", FIELDS, &header_only(30_000, 30_000));
        assert!(answer.words().contains("30000") || answer.words().contains("megapixels"), "{}", answer.words());
        assert_eq!((site.count("projects"), site.count("pictures"), uploads(site)), (0, 0, 0));
        // A picture with something hidden behind it is drawn anew.
        let mut hidden = whole.clone();
        hidden.extend_from_slice(b"<script>HIDDEN</script>");
        ann.upload("/projects/new", FIELDS, &hidden).expect(303);
        let lamp = site.project_by_title("A lamp of paper").unwrap();
        for path in pictures(&ann.get(&lamp.path()).expect(200).html()) {
            assert!(!ann.get(&path).expect(200).html().contains("HIDDEN"));
        }
    }

    fn a_picture_that_is_too_large_is_cut_off(site) {
        let ann = site.member("ann");
        let mut huge = png(300, 200);
        huge.resize(11 * 1024 * 1024, 0);
        ann.upload("/projects/new", FIELDS, &huge).expect(413).keeps("Eleven sheets").says("10 MB");
        assert_eq!((site.count("projects"), uploads(site)), (0, 0));
        ann.get("/projects/new").expect(200);
    }

    fn the_picture_of_a_hidden_project_is_hidden_too(site) {
        let ann = site.member("ann");
        ann.upload("/projects/new", FIELDS, &png(640, 400)).expect(303);
        let lamp = site.project_by_title("A lamp of paper").unwrap();
        let paths = pictures(&ann.get(&lamp.path()).expect(200).html());
        assert!(!paths.is_empty());
        let visitor = site.visitor();
        let bob = site.member("bob");
        for path in &paths {
            ann.get(path).expect(200);
            visitor.get(path).expect(404);
            bob.get(path).expect(404);
        }
        site.put(lamp.id, State::Published);
        for path in &paths {
            visitor.get(path).expect(200);
        }
        site.put(lamp.id, State::Removed);
        for path in &paths {
            assert!(matches!(visitor.get(path).status, 404 | 410), "{path}");
        }
    }

    fn a_deleted_project_is_gone_and_its_maker_no_maker_any_more(site, limits_off) {
        let ann = site.maker("ann");
        let lamp = site.project("ann", "A lamp");
        site.regular("bob");
        site.comment("bob", &lamp, "A bright idea, this lamp.");
        let delete = format!("{}/delete", lamp.path());
        ann.get(&delete).expect(200);
        assert_eq!(site.state(lamp.id), State::Published);
        ann.submit(&delete, &delete, &[]).expect(303);
        assert_eq!(site.state(lamp.id), State::Deleted);
        let visitor = site.visitor();
        visitor.get(&lamp.path()).expect(410);
        for place in ["/", "/projects", "/projects.atom", "/tags/duck", "/people/ann", "/people/bob", "/sitemap.xml"] {
            visitor.get(place).does_not_say("A lamp").does_not_say("bright idea");
        }
    }

    fn lists_are_cut_into_pages_without_gaps(site, limits_off) {
        site.maker("odile");
        for n in 0..60 {
            site.project("odile", &format!("Serial thing {n:02}"));
        }
        for start in ["/projects", "/tags/duck"] {
            let mut found = Vec::new();
            let mut next = Some(start.to_owned());
            let mut pages = 0;
            while let Some(path) = next.take() {
                pages += 1;
                assert!(pages < 20, "{start} never ends");
                let page = site.visitor().get(&path).expect(200);
                for link in page.links() {
                    if link.starts_with("/projects/serial-thing-") && !link.contains('#') && !found.contains(&link) {
                        found.push(link);
                    }
                }
                let html = page.html();
                next = html.split("<a ").find(|tag| tag.split('>').next().unwrap_or("").contains("rel=\"next\""))
                    .and_then(|tag| tag.split("href=\"").nth(1))
                    .map(|rest| unescape(rest.split('"').next().unwrap()));
            }
            assert_eq!(found.len(), 60, "{start}");
            assert!(pages >= 2, "{start} has {pages} pages");
        }
    }

    fn feeds_are_atom_whatever_a_title_holds(site) {
        site.maker("odile");
        let odd = site.project("odile", "Ducks & <pies> ]]> \"quoted\" 'n all 🦆");
        site.regular("ann");
        site.comment("ann", &odd, "A comment with & < > ]]> \u{1F986} in it.");
        let visitor = site.visitor();
        for feed in ["/projects.atom", "/releases.atom", "/tags/duck.atom", "/people/odile.atom", &format!("{}.atom", odd.comments())] {
            let answer = visitor.get(feed).expect(200);
            assert!(answer.header("content-type").unwrap().starts_with("application/atom+xml"), "{feed}");
            let xml = answer.html();
            assert!(xml.contains("<feed") && xml.contains("</feed>") && xml.contains("rel=\"self\""), "{feed}");
            well_formed(feed, &xml);
            if let Some(tag) = answer.header("etag") {
                let again = visitor.send("GET", feed, &[("if-none-match", tag)], b"");
                assert_eq!(again.status, 304, "{feed}");
            }
        }
        well_formed("/sitemap.xml", &visitor.get("/sitemap.xml").expect(200).html());
        for part in ["site", "projects", "people"] {
            let path = format!("/sitemap/{part}-0.xml");
            well_formed(&path, &visitor.get(&path).expect(200).html());
        }
        assert!(visitor.get("/sitemap/projects-0.xml").html().contains("<loc>"));
        for missing in ["projects-1", "people--1", "site-1", "other-0", "projects-99999999999999999"] {
            visitor.get(&format!("/sitemap/{missing}.xml")).expect(404);
        }
        let feed = visitor.get("/projects.atom").html();
        let titles: Vec<String> = feed.split("<title>").skip(1).map(|rest| unescape(rest.split('<').next().unwrap())).collect();
        assert!(titles.contains(&"Ducks & <pies> ]]> \"quoted\" 'n all 🦆".to_owned()), "{titles:?}");
    }

    fn each_feed_is_a_json_feed_too(site) {
        site.maker("odile");
        let duck = site.project("odile", "Ducks & <pies> \"quoted\"");
        site.regular("ann");
        site.comment("ann", &duck, "A comment with </script> in it.");
        let visitor = site.visitor();
        for feed in ["/projects", "/releases", "/people/odile", &duck.comments()] {
            let answer = visitor.get(&format!("{feed}.json")).expect(200);
            assert!(answer.header("content-type").unwrap().starts_with("application/feed+json"), "{feed}");
            let json: serde_json::Value = serde_json::from_str(&answer.html()).unwrap();
            assert_eq!(json["version"], "https://jsonfeed.org/version/1.1", "{feed}");
            assert_eq!(json["feed_url"], site.url(&format!("{feed}.json")));
            let tag = answer.header("etag").expect("a tag").to_owned();
            assert_eq!(visitor.send("GET", &format!("{feed}.json"), &[("if-none-match", &tag)], b"").status, 304);
            let atom = visitor.get(&format!("{feed}.atom")).expect(200);
            for item in json["items"].as_array().unwrap() {
                assert!(atom.html().contains(&format!("<id>{}</id>", item["id"].as_str().unwrap())), "{feed}: the same entries");
            }
        }
        let json: serde_json::Value = serde_json::from_str(&visitor.get("/projects.json").html()).unwrap();
        assert!(json["items"].as_array().unwrap().iter().any(|item| item["title"] == "Ducks & <pies> \"quoted\""), "{json}");
        visitor.get("/projects.xml").expect(404);
    }

    fn pages_say_what_they_are_to_programs(site) {
        site.maker("odile");
        let duck = site.project("odile", "Ducks & </script><b>");
        site.regular("ann");
        let id = site.comment("ann", &duck, "It floats in a lovely way.");
        let held = site.waiting("ann", &duck, "Nobody reads this.", potluck_models::item::State::Held);
        let of = |path: &str| -> Option<serde_json::Value> {
            let html = site.visitor().get(path).expect(200).html();
            let (_, rest) = html.split_once("<script type=\"application/ld+json\">")?;
            Some(serde_json::from_str(rest.split_once("</script>")?.0).expect("JSON"))
        };
        let project = of(&duck.path()).expect("of a project");
        assert_eq!(project["name"], "Ducks & </script><b>");
        assert_eq!(project["author"][0]["url"], site.url("/people/odile"));
        assert_eq!(project["commentCount"], 1);
        assert_eq!(of("/people/odile").expect("of a maker")["@type"], "Person");
        let comment = of(&format!("/comments/{id}")).expect("of a comment");
        assert_eq!(comment["text"], "It floats in a lovely way.");
        assert_eq!(comment["about"]["url"], site.url(&duck.path()));
        assert_eq!(site.visitor().get(&format!("/comments/{held}")).status, 404);
    }
}

/// Tags that close in order, and no bare `&`: not all of XML, but what goes wrong.
fn well_formed(name: &str, xml: &str) {
    let mut open: Vec<String> = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        let text = &rest[..at];
        for (amp, _) in text.match_indices('&') {
            let end = text[amp..].find(';').unwrap_or(0);
            assert!((3..=8).contains(&end), "{name}: a bare & in {text:?}");
        }
        assert!(!text.contains("]]>"), "{name}: ]]> in {text:?}");
        rest = &rest[at..];
        let end = rest
            .find('>')
            .unwrap_or_else(|| panic!("{name}: a tag that never ends"));
        let tag = &rest[1..end];
        if let Some(closing) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closing.trim()), "{name}");
        } else if !tag.starts_with(['?', '!']) && !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap_or("").to_owned());
        }
        rest = &rest[end + 1..];
    }
    assert_eq!(open, Vec::<String>::new(), "{name}");
    assert!(
        !xml.chars().any(|c| c.is_control() && !"\n\r\t".contains(c)),
        "{name}: a control character"
    );
}
