//! The site's own name, colour, logo and imprint: on every page, within the policy, on every node.

use crate::support::*;
use image::{ImageFormat, Rgba, RgbaImage};
use potluck_models::QueryResult;
use potluck_models::db::Db;
use potluck_models::settings::Settings;
use std::io::Cursor;

const SETTINGS: &str = "/admin/settings";

fn save(client: &Client, fields: &[(&str, &str)]) -> Answer {
    client.submit(SETTINGS, SETTINGS, fields)
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    RgbaImage::from_fn(width, height, |x, _| {
        Rgba([20, 90, 200, if x % 2 == 0 { 255 } else { 0 }])
    })
    .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
    .expect("a picture is drawn");
    bytes
}

/// The part between quotation marks of a page that holds this.
fn address(html: &str, part: &str) -> Option<String> {
    html.split('"')
        .find(|text| text.contains(part))
        .map(str::to_owned)
}

/// What the other processes look at.
fn version(site: &Site) -> i64 {
    site.count("changes WHERE name = 'settings'")
        * site
            .db(|db| {
                use diesel::prelude::*;
                use potluck_models::schema::changes;
                changes::table
                    .find("settings")
                    .select(changes::version)
                    .first(db)
                    .optional()
            })
            .unwrap_or(0)
}

on_both! {
    fn a_colour_of_its_own_is_a_style_sheet_of_its_own(site) {
        let (ada, visitor) = (site.admin("ada"), site.visitor());
        assert_eq!(address(&visitor.get("/").html(), "/accent/"), None);
        let before = version(site);
        save(&ada, &[("accent", " #2A6 ")]).expect(303);
        assert!(version(site) > before, "other processes are not told");
        for path in ["/", "/projects", "/conduct", "/no-such-page"] {
            let html = visitor.get(path).html();
            let sheet = address(&html, "/accent/").unwrap_or_else(|| panic!("{path} has no colour"));
            assert!(sheet.ends_with("/accent/22aa66.css"), "{sheet}");
            let answer = visitor.get(&sheet).expect(200);
            assert_eq!(answer.header("content-type"), Some("text/css; charset=utf-8"));
            assert!(answer.header("cache-control").unwrap().contains("immutable"));
            assert!(answer.html().contains("--accent:#") && answer.html().contains("prefers-color-scheme:dark"));
            assert!(!html.contains("style=\"") && !html.contains("<style"));
        }
        // By another address it is no less right, and kept for no longer than a look.
        let other = visitor.get("/static/000000000000/accent/22aa66.css").expect(200);
        assert!(!other.header("cache-control").unwrap().contains("immutable"));
        ada.get(SETTINGS).expect(200).says("on light paper").says("on dark paper");
        save(&ada, &[("accent", "")]).expect(303);
        assert_eq!(address(&visitor.get("/").html(), "/accent/"), None);
    }

    fn what_is_no_colour_is_refused_beside_its_field(site) {
        let ada = site.admin("ada");
        for bad in ["green", "#12345", "#zzzzzz", "url(x)", "#2a6345;}", "\u{202e}#2a6345", "#"] {
            let page = save(&ada, &[("accent", bad), ("site_name", "Kept as typed")]).expect(422);
            page.says("A colour is written like #2a6345").keeps(bad).keeps("Kept as typed");
        }
        assert_eq!(site.db(Settings::load).accent, "");
        for path in ["accent/green.css", "accent/12345.css", "accent/", "accent/2a6345"] {
            site.visitor().get(&format!("/static/0/{path}")).expect(404);
        }
    }

    fn a_logo_stands_in_the_head_of_every_page(site) {
        let (ada, visitor) = (site.admin("ada"), site.visitor());
        assert!(visitor.get("/").html().contains("brand-mark"));
        ada.upload("/admin/logo", &[], &png(300, 300)).expect(303);
        for path in ["/", "/projects", "/login", "/no-such-page"] {
            let html = visitor.get(path).html();
            let brand = html.split("class=\"brand\"").nth(1).unwrap().split("</a>").next().unwrap();
            assert!(brand.contains("width=\"36\" height=\"36\" alt=\"\"") && brand.contains("Potluck"), "{brand}");
            assert!(html.contains("rel=\"icon\" href=\"/files/"), "{path}");
            for part in ["-logo.png", "-icon.png"] {
                let file = address(&html, part).unwrap();
                let answer = visitor.get(&file).expect(200);
                assert_eq!(answer.header("content-type"), Some("image/png"));
                assert!(answer.header("cache-control").unwrap().contains("immutable"));
            }
        }
        // Wide, it is the name already.
        ada.upload("/admin/logo", &[], &png(960, 96)).expect(303);
        let html = visitor.get("/").html();
        let brand = html.split("class=\"brand\"").nth(1).unwrap().split("</a>").next().unwrap();
        assert!(brand.contains("alt=\"Potluck\"") && !brand.ends_with("Potluck"), "{brand}");
        assert!(brand.contains("width=\"360\" height=\"36\""), "{brand}");
        ada.post("/admin/logo", &[("remove", "1")]).expect(303);
        assert!(visitor.get("/").html().contains("brand-mark"));
        assert_eq!(site.count("log WHERE act = 'settings'"), 3);
    }

    fn the_sweep_spares_the_logo(site) {
        let ada = site.admin("ada");
        ada.upload("/admin/logo", &[], &png(64, 64)).expect(303);
        let first = site.db(Settings::load).logo.unwrap();
        ada.upload("/admin/logo", &[], &png(64, 64)).expect(303);
        let second = site.db(Settings::load).logo.unwrap();
        let soon = potluck_models::now() + chrono::Duration::days(2);
        let gone = site.db(|db| potluck_models::picture::Picture::forget_unused(db, soon));
        assert_eq!(gone, 1);
        site.visitor().get(&second.url()).expect(200);
        site.visitor().get(&first.url()).expect(404);
    }

    fn what_is_no_picture_is_refused_beside_its_field(site) {
        let (ada, mona) = (site.admin("ada"), site.moderator("mona"));
        ada.post("/admin/logo", &[]).expect(422).says("Choose a picture first.");
        ada.upload("/admin/logo", &[], b"<svg onload=alert(1)>").expect(422).says("not a picture that can be read here");
        mona.upload("/admin/logo", &[], &png(64, 64)).expect(403);
        assert_eq!(site.db(Settings::load).logo, None);
        assert_eq!(site.count("pictures"), 0);
    }

    fn saving_the_settings_leaves_the_logo(site) {
        let ada = site.admin("ada");
        ada.upload("/admin/logo", &[], &png(64, 64)).expect(303);
        save(&ada, &[("site_name", "Table Nine")]).expect(303);
        let stored = site.db(Settings::load);
        assert!(stored.logo.is_some() && stored.site_name == "Table Nine");
    }

    fn an_imprint_is_linked_once_it_is_written(site) {
        let (ada, visitor) = (site.admin("ada"), site.visitor());
        let page = "/admin/texts/imprint";
        visitor.get("/imprint").expect(404);
        assert!(!visitor.get("/").links().contains(&"/imprint".to_owned()));
        ada.submit(page, page, &[("body", "")]).expect(422).says("Write something");
        let before = version(site);
        ada.submit(page, page, &[("body", "**Ada Nine**\n\nLong Lane 9\n\n<script>alert(1)</script>")]).expect(303);
        assert!(version(site) > before, "other processes are not told");
        let html = visitor.get("/imprint").expect(200).says("Long Lane 9").html();
        assert!(html.contains("<strong>Ada Nine</strong>") && !html.contains("alert(1)</script>"));
        assert!(visitor.get("/projects").links().contains(&"/imprint".to_owned()));
        ada.submit(page, page, &[("body", "kept"), ("default", "1")]).expect(303);
        visitor.get("/imprint").expect(404);
        assert!(!visitor.get("/").links().contains(&"/imprint".to_owned()));
        assert_eq!(site.count("log WHERE act = 'changed the imprint'"), 2);
    }

    fn another_node_notices_the_logo_and_the_texts(site) {
        // Written by another process: this one hears of it by the row of `changes`.
        site.admin("ada");
        let by = site.user_id("ada");
        site.db(|db| potluck_models::site_text::put(db, by, potluck_models::site_text::Name::Imprint, Some("From elsewhere."), 0));
        site.db(another_colour);
        let visitor = site.visitor();
        wait_for("the imprint of another process", || (visitor.get("/imprint").status == 200).then_some(()));
        wait_for("the colour of another process", || address(&visitor.get("/").html(), "/accent/123456.css"));
    }

    fn what_changes_while_a_node_starts_is_noticed_too(site, meanwhile_another_sets_the_colour) {
        let visitor = site.visitor();
        wait_for("the colour", || address(&visitor.get("/").html(), "/accent/123456.css"));
    }
}

impl Options {
    fn meanwhile_another_sets_the_colour(self) -> Options {
        self.meanwhile(another_colour)
    }
}

fn another_colour(db: &mut Db) -> QueryResult<()> {
    let mut settings = Settings::load(db)?;
    settings.accent = "#123456".into();
    settings.save(db)
}
