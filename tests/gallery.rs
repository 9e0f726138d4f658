//! The pictures of a project: several, their words and order, mature ones, and videos.

use crate::support::*;
use potluck_models::gallery;
use potluck_models::item::State;
use potluck_models::project::Project;
use std::io::Cursor;

fn png(tone: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::RgbImage::from_pixel(64, 40, image::Rgb([tone, 120, 200]))
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
        .expect("a picture is drawn");
    bytes
}

/// A form with several files in the field `shots`.
fn send(client: &Client, path: &str, fields: &[(&str, &str)], shots: &[(&str, &[u8])]) -> Answer {
    const BOUNDARY: &str = "----a-line-that-no-picture-holds";
    let token = client.csrf();
    let mut body = Vec::new();
    for (name, value) in [("csrf", token.as_str())].iter().chain(fields) {
        body.extend_from_slice(
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
            .as_bytes(),
        );
    }
    for (name, bytes) in shots {
        body.extend_from_slice(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"shots\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    client.send("POST", path, &[("content-type", &kind)], &body)
}

fn page(duck: &Made) -> String {
    format!("{}/pictures", duck.path())
}

/// The numbers of a project's pictures, the cover first.
fn order(site: &Site, duck: &Made) -> Vec<String> {
    site.db(|db| {
        let project = Project::find(db, duck.id)?;
        gallery::of(db, &project)
    })
    .into_iter()
    .map(|shot| shot.picture.id.to_string())
    .collect()
}

/// The form as the page has it, changed so.
fn save(client: &Client, duck: &Made, changes: &[(&str, &str)]) -> Answer {
    let html = client.get(&page(duck)).expect(200).html();
    let value = |part: &str, name: &str| -> Option<String> {
        let (_, rest) = part.split_once(&format!("name=\"{name}\""))?;
        let rest = rest.split_once("value=\"")?.1;
        Some(unescape(rest.split('"').next()?))
    };
    let mut fields: Vec<(String, String)> =
        vec![("seen".into(), value(&html, "seen").expect("seen"))];
    for (at, part) in html.split("<li class=\"gallery-row\">").skip(1).enumerate() {
        for name in [
            "shot".to_owned(),
            "place".to_owned(),
            format!("caption-{}", at + 1),
            format!("alt-{}", at + 1),
        ] {
            let value = value(part, &name).unwrap_or_default();
            fields.push((name, value));
        }
    }
    let places: Vec<&str> = changes
        .iter()
        .filter(|(name, _)| *name == "place")
        .map(|(_, to)| *to)
        .collect();
    if !places.is_empty() {
        fields.retain(|(name, _)| name != "place");
    }
    fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    let mut all: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    all.extend(changes);
    client.post(&page(duck), &all)
}

fn files(site: &Site) -> usize {
    let Ok(folders) = std::fs::read_dir(site.folder().join("uploads")) else {
        return 0;
    };
    folders
        .map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count())
        .sum()
}

/// A project with three pictures, and its maker.
fn with_three(site: &Site) -> (Client<'_>, Made) {
    site.app.set_filter(None);
    let odile = site.maker("odile");
    let duck = site.project("odile", "Duck racer");
    send(
        &odile,
        &page(&duck),
        &[],
        &[("a.png", &png(1)), ("b.png", &png(2)), ("c.png", &png(3))],
    )
    .expect(303);
    (odile, duck)
}

fn edits(site: &Site, duck: &Made) -> i64 {
    site.count(&format!("revisions WHERE item_id = {}", duck.id))
}

fn fields<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("title", "Duck racer"),
        ("summary", "What odile made, in a sentence"),
        (
            "description",
            "A longer story of **Duck racer**, told by odile.",
        ),
        ("kind", "game"),
        ("tags", "duck, pie"),
        ("comment_policy", "members"),
    ];
    all.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    all.extend(more);
    all
}

on_both! {
    fn several_pictures_come_at_once_and_the_first_is_the_cover(site, limits_off) {
        let (odile, duck) = with_three(site);
        let ids = order(site, &duck);
        assert_eq!((ids.len(), files(site)), (3, 9));
        assert_eq!(site.count(&format!("projects WHERE id = {} AND picture_id = {}", duck.id, ids[0])), 1);
        // Pictures without words are no text.
        assert_eq!(edits(site, &duck), 1);
        let visitor = site.visitor();
        let html = visitor.get(&duck.path()).expect(200).html();
        assert_eq!(html.matches("-page.jpg\"><img").count(), 2, "the others are links to large ones: {html}");
        for path in html.split('"').filter(|part| part.starts_with("/files/")) {
            visitor.get(path).expect(200);
        }
        assert!(html.contains("alt=\"Picture 2\""));
        send(&odile, &page(&duck), &[], &[("d.png", &png(4))]).expect(303);
        let more = order(site, &duck);
        assert_eq!(more[..3], ids[..]);
        assert_eq!(more.len(), 4);
        // Of a project that nobody may see, nobody sees a picture.
        site.put(duck.id, State::Held);
        for path in html.split('"').filter(|part| part.starts_with("/files/")) {
            visitor.get(path).expect(404);
            odile.get(path).expect(200);
        }
    }

    fn captions_are_text_and_wait_with_the_edit_they_belong_to(site, limits_off) {
        let (odile, duck) = with_three(site);
        save(&odile, &duck, &[("caption-1", "The start"), ("alt-1", "A duck at a line"), ("caption-3", " In the\nrain "), ("alt-3", "A wet duck")]).expect(303);
        assert_eq!(edits(site, &duck), 2);
        let visitor = site.visitor();
        let page_html = visitor.get(&duck.path()).expect(200).says("The start").says("In the rain").html();
        assert!(page_html.contains("alt=\"A duck at a line\"") && page_html.contains("alt=\"A wet duck\""));
        visitor.get("/projects").expect(200);
        // What a filter would hold is not shown until then.
        let flood = format!("pills {}", "http://a.b ".repeat(16));
        save(&odile, &duck, &[("caption-2", &flood)]).expect(303);
        assert_eq!(site.count("revisions WHERE text LIKE '%pills%'"), 1);
        assert!(site.item(duck.id).has_waiting_edit(), "sixteen links are held");
        visitor.get(&duck.path()).expect(200).does_not_say("pills").says("The start");
        odile.get(&page(&duck)).expect(200).says("wait for a moderator").keeps("pills");
        let mona = site.moderator("mona");
        mona.get("/moderation/projects").expect(200).says("pills");
        mona.post("/moderation/verdicts", &[("item", &format!("project:{}", duck.id)), ("verdict", "ham")]).expect(303);
        visitor.get(&duck.path()).expect(200).says("pills").says("The start");
    }

    fn the_form_of_the_project_leaves_the_words_of_its_pictures(site, limits_off) {
        let (odile, duck) = with_three(site);
        save(&odile, &duck, &[("caption-1", "The start"), ("alt-1", "A duck at a line"), ("caption-2", "The bend")]).expect(303);
        let before = edits(site, &duck);
        let edit = format!("{}/edit", duck.path());
        odile.submit(&edit, &edit, &fields(&[("picture_alt", "A duck at a line")])).expect(303);
        assert_eq!(edits(site, &duck), before, "nothing was changed");
        odile.submit(&edit, &edit, &fields(&[("picture_alt", "Two ducks"), ("title", "Duck racer II")])).expect(303);
        let html = site.visitor().get(&duck.path()).expect(200).says("The start").says("The bend").html();
        assert!(html.contains("alt=\"Two ducks\""));
        // Another cover takes the place of the one of before, and the next one that of none.
        let ids = order(site, &duck);
        odile.upload(&edit, &fields(&[("picture_alt", "A goose")]), &png(9)).expect(303);
        let now = order(site, &duck);
        assert_eq!((now.len(), &now[1..]), (3, &ids[1..]));
        let html = site.visitor().get(&duck.path()).expect(200).says("The bend").does_not_say("The start").html();
        assert!(html.contains("alt=\"A goose\""));
        odile.post(&edit, &fields(&[("picture_remove", "1")])).expect(303);
        assert_eq!(order(site, &duck), ids[1..]);
        site.visitor().get(&duck.path()).expect(200).says("The bend");
        assert_eq!((site.count("pictures"), files(site)), (2, 6));
    }

    fn pictures_are_moved_by_numbers_and_one_becomes_the_cover(site, limits_off) {
        let (odile, duck) = with_three(site);
        let ids = order(site, &duck);
        let is = |expected: [usize; 3]| assert_eq!(order(site, &duck), expected.map(|at| ids[at].clone()));
        save(&odile, &duck, &[("place", "1"), ("place", "2"), ("place", "1")]).expect(303);
        is([2, 0, 1]);
        save(&odile, &duck, &[("place", "3"), ("place", "2"), ("place", "3")]).expect(303);
        is([0, 1, 2]);
        save(&odile, &duck, &[("cover", &ids[1])]).expect(303);
        is([1, 0, 2]);
        save(&odile, &duck, &[("place", ""), ("place", "-7"), ("place", "99999999999999999999")]).expect(303);
        is([1, 0, 2]);
        // Moving is no text.
        assert_eq!(edits(site, &duck), 1);
        save(&odile, &duck, &[("caption-1", "One"), ("caption-2", "Two")]).expect(303);
        save(&odile, &duck, &[("cover", &ids[2])]).expect(303);
        assert_eq!(edits(site, &duck), 2);
        let html = odile.get(&page(&duck)).expect(200).html();
        let (one, two) = (html.find("value=\"One\""), html.find("value=\"Two\""));
        assert!(one.is_some() && one < two, "words stay with their pictures");
    }

    fn what_is_taken_away_leaves_no_file(site, limits_off) {
        let (odile, duck) = with_three(site);
        let ids = order(site, &duck);
        save(&odile, &duck, &[("caption-1", "The start"), ("caption-2", "The bend")]).expect(303);
        save(&odile, &duck, &[("remove", &ids[0]), ("remove", &ids[2])]).expect(303);
        assert_eq!(order(site, &duck), [ids[1].clone()]);
        assert_eq!((site.count("pictures"), files(site)), (1, 3));
        site.visitor().get(&duck.path()).expect(200).says("The bend").does_not_say("The start");
        save(&odile, &duck, &[("remove", &ids[1])]).expect(303);
        assert_eq!((site.count("pictures"), files(site), site.count("project_shots")), (0, 0, 0));
        // Nor what an erased project leaves.
        send(&odile, &page(&duck), &[], &[("a.png", &png(1)), ("b.png", &png(2))]).expect(303);
        let erased = site.db(|db| potluck_models::project::erase(db, duck.id));
        assert_eq!((erased.len(), site.count("pictures"), site.count("project_shots")), (2, 0, 0));
    }

    fn one_that_fails_leaves_the_others_and_is_named(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let mut large = png(7);
        large.resize(10 * 1024 * 1024 + 1, 0);
        let whole = png(5);
        let answer = send(&odile, &page(&duck), &[], &[
            ("good.png", &png(1)),
            ("../../no <b>picture</b>.txt", b"this is no picture"),
            ("half.png", &whole[..whole.len() / 2]),
            ("large.png", &large),
            ("fine.png", &png(2)),
        ]).expect(422);
        let html = answer.html();
        assert!(!html.contains("<b>picture"), "the name of a file is a text");
        answer.says("“b>.txt”: This file is not a picture").says("“half.png”: This picture is broken").says("“large.png”: a picture may have 10 MB").does_not_say("good.png");
        assert_eq!((order(site, &duck).len(), files(site)), (2, 6));
        let mut huge = png(7);
        huge.resize(9 * 1024 * 1024, 0);
        send(&odile, &page(&duck), &[], &[("1", &huge), ("2", &huge), ("3", &huge), ("4", &huge)]).expect(413).says("30 MB together");
        assert_eq!(files(site), 6);
    }

    fn twelve_are_the_most(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let all: Vec<Vec<u8>> = (0..14).map(png).collect();
        let all: Vec<(&str, &[u8])> = all.iter().map(|bytes| ("a.png", bytes.as_slice())).collect();
        send(&odile, &page(&duck), &[], &all).expect(422).says("at most 12 pictures; 2 of those you chose found no place");
        assert_eq!(order(site, &duck).len(), 12);
        odile.get(&page(&duck)).expect(200).says("There is no room for more");
        send(&odile, &page(&duck), &[], &all[..1]).expect(422);
        assert_eq!((site.count("pictures"), files(site)), (12, 36));
    }

    fn words_that_are_too_long_stand_beside_their_field(site, limits_off) {
        let (odile, duck) = with_three(site);
        let (caption, alt) = ("雪".repeat(201), "x".repeat(301));
        let answer = save(&odile, &duck, &[("caption-2", &caption), ("alt-3", &alt), ("caption-1", "kept")]).expect(422);
        answer.says("At most 200 characters; these are 201").says("At most 300 characters; these are 301").keeps(&caption).keeps(&alt).keeps("kept");
        assert_eq!(edits(site, &duck), 1);
        odile.post_bytes(&page(&duck), "caption-1", b"a\0b").expect(400);
        let hostile = "\u{202E}<script>alert(1)</script>\" onerror=alert(1) x=\"";
        save(&odile, &duck, &[("caption-1", hostile), ("alt-1", hostile), ("caption-2", &"w".repeat(200))]).expect(303);
        for path in [duck.path(), page(&duck)] {
            let html = odile.get(&path).expect(200).html();
            assert!(!html.contains("<script>alert") && !html.contains("\" onerror"), "{path}");
        }
    }

    fn two_who_change_the_pictures_at_once_are_told(site, limits_off) {
        let (odile, duck) = with_three(site);
        let old = odile.get(&page(&duck)).expect(200).hidden("seen").unwrap();
        let ids = order(site, &duck);
        save(&odile, &duck, &[("cover", &ids[2])]).expect(303);
        let form = [("seen", old.as_str()), ("shot", ids[0].as_str()), ("place", "1"), ("caption-1", "Mine")];
        let answer = send(&odile, &page(&duck), &form, &[("d.png", &png(4))]).expect(409);
        answer.says("Somebody changed this project").keeps("Mine");
        assert_eq!((order(site, &duck).len(), files(site)), (3, 9));
    }

    fn nobody_takes_the_picture_of_another_project(site, limits_off) {
        let (odile, duck) = with_three(site);
        let eve = site.maker("eve");
        let goose = site.project("eve", "Goose chase");
        send(&eve, &page(&goose), &[], &[("g.png", &png(8))]).expect(303);
        let (theirs, own) = (order(site, &duck), order(site, &goose));
        let seen = eve.get(&page(&goose)).expect(200).hidden("seen").unwrap();
        eve.post(&page(&goose), &[("seen", &seen), ("shot", &own[0]), ("shot", &theirs[0]), ("shot", "x"), ("place", "1"), ("place", "2"), ("caption-2", "stolen"), ("remove", &theirs[1])]).expect(303);
        assert_eq!((order(site, &duck), order(site, &goose)), (theirs.clone(), own));
        site.visitor().get(&duck.path()).expect(200).does_not_say("stolen");
        for other in [&eve, &site.member("bob")] {
            send(other, &page(&duck), &[], &[("e.png", &png(6))]).expect(403);
        }
        site.put(duck.id, State::Removed);
        send(&odile, &page(&duck), &[], &[("e.png", &png(6))]).expect(403);
        assert_eq!(order(site, &duck), theirs);
    }

    fn a_report_names_its_picture(site, limits_off) {
        let (_odile, duck) = with_three(site);
        let ids = order(site, &duck);
        let bob = site.member("bob");
        let report = format!("{}/picture/report", duck.path());
        bob.get(&report).expect(200).says("Which picture?");
        let reasons = bob.get(&report).expect(200).html();
        let reason = reasons.split("name=\"reason\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        bob.submit(&report, &report, &[("picture", &ids[2]), ("reason", &reason)]).expect(303);
        assert_eq!(site.count(&format!("reports WHERE picture_id = {}", ids[2])), 1);
        for bad in ["x", "99999"] {
            bob.post(&report, &[("picture", bad), ("reason", &reason)]).expect(404);
        }
        site.moderator("mona").get("/moderation/reported").expect(200).says("The picture it is about");
    }

    fn an_old_cover_is_the_first_of_the_gallery(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        odile.upload("/projects/new", &fields(&[("title", "Old lamp"), ("picture_alt", "A lamp")]), &png(1)).expect(303);
        let lamp = site.project_by_title("Old lamp").unwrap();
        assert_eq!(site.count("project_shots"), 0);
        let cover = order(site, &lamp);
        send(&odile, &page(&lamp), &[], &[("b.png", &png(2))]).expect(303);
        assert_eq!(order(site, &lamp)[..1], cover[..]);
        let html = site.visitor().get(&lamp.path()).expect(200).html();
        assert!(html.contains("alt=\"A lamp\""));
        assert_eq!(edits(site, &lamp), 1);
        save(&odile, &lamp, &[("cover", &order(site, &lamp)[1])]).expect(303);
        let html = site.visitor().get(&lamp.path()).expect(200).html();
        assert!(html.contains("alt=\"A lamp\""), "the words go with their picture");
    }

    fn mature_pictures_are_blurred_until_asked_for(site, limits_off) {
        let (odile, duck) = with_three(site);
        let edit = format!("{}/edit", duck.path());
        let visitor = site.visitor();
        let blurred = |path: &str| visitor.get(path).expect(200).html().matches("cover veiled").count();
        assert_eq!(blurred(&duck.path()), 0);
        odile.submit(&edit, &edit, &fields(&[("mature", "1")])).expect(303);
        assert_eq!(edits(site, &duck), 1, "a setting");
        assert_eq!((blurred(&duck.path()), blurred("/projects"), blurred("/search?q=duck&in=projects")), (3, 1, 1));
        let html = visitor.get(&duck.path()).expect(200).says("Mature or violent: show the pictures").html();
        let card = html.split("property=\"og:image\"").nth(1).unwrap().split('>').next().unwrap();
        assert!(card.contains("og-default") && !html.split("ld+json").nth(1).unwrap().split("</script>").next().unwrap().contains("/files/"), "{card}");
        // Those that come later are, too.
        send(&odile, &page(&duck), &[], &[("d.png", &png(4))]).expect(303);
        odile.upload(&edit, &fields(&[("mature", "1")]), &png(9)).expect(303);
        assert_eq!(blurred(&duck.path()), 4);
        odile.submit(&edit, &edit, &fields(&[])).expect(303);
        assert_eq!((blurred(&duck.path()), site.count("pictures WHERE veiled")), (0, 0));
    }

    fn a_moderator_marks_and_takes_back(site, limits_off) {
        let (odile, duck) = with_three(site);
        let mark = format!("{}/mature", duck.path());
        odile.post(&mark, &[("mature", "on")]).expect(403);
        let mona = site.moderator("mona");
        mona.post(&mark, &[("mature", "perhaps")]).expect(400);
        let form = mona.get(&duck.path()).expect(200).says("Mark it as mature").form(&mark);
        mona.fill_in(&form, &[("mature", "on")]).expect(303);
        mona.post(&mark, &[("mature", "on")]).expect(303);
        let blurred = || site.visitor().get(&duck.path()).expect(200).html().matches("cover veiled").count();
        assert_eq!(blurred(), 3);
        odile.get(&duck.path()).expect(200).says("A moderator marked this project as mature");
        // The makers' own word does not undo it.
        let edit = format!("{}/edit", duck.path());
        odile.submit(&edit, &edit, &fields(&[])).expect(303);
        assert_eq!(blurred(), 3);
        mona.post(&mark, &[("mature", "off")]).expect(303);
        assert_eq!(blurred(), 0);
        assert_eq!(site.count("log WHERE act = 'marked as mature'"), 1);
        mona.get("/moderation/log").expect(200).says("took the mark as mature back");
    }

    fn a_video_is_a_picture_until_play_is_pressed(site, limits_off) {
        let (odile, duck) = with_three(site);
        let edit = format!("{}/edit", duck.path());
        let visitor = site.visitor();
        let policy = |path: &str| visitor.get(path).expect(200).header("content-security-policy").unwrap().to_owned();
        assert!(!policy(&duck.path()).contains("frame-src"));
        odile.submit(&edit, &edit, &fields(&[("link_video", "https://youtu.be/potluckdemo")])).expect(303);
        let page = visitor.get(&duck.path()).expect(200).says("Play the video from YouTube");
        let html = page.html();
        assert!(html.contains("data-player=\"https://www.youtube-nocookie.com/embed/potluckdemo?autoplay=1\""));
        assert!(html.contains("href=\"https://youtu.be/potluckdemo\"") && html.contains("js/video.js") && !html.contains("<iframe"));
        let own = policy(&duck.path());
        assert!(own.ends_with("frame-src https://www.youtube-nocookie.com") && own.starts_with("default-src 'none'; script-src 'self'"), "{own}");
        for other in ["/", "/projects", &format!("{}/report", duck.path())] {
            assert!(!policy(other).contains("frame-src"), "{other}");
        }
        // A host that nobody knows is a link and nothing more.
        odile.submit(&edit, &edit, &fields(&[("link_video", "https://video.example/w/abc")])).expect(303);
        let html = visitor.get(&duck.path()).expect(200).html();
        assert!(html.contains("https://video.example/w/abc") && !html.contains("data-player") && !html.contains("js/video.js"));
        assert!(!policy(&duck.path()).contains("frame-src"));
    }
}
