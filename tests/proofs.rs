//! Links of profiles that are proved: the page there links back and says that it is the same person.

use crate::elsewhere::{Elsewhere, Reply};
use crate::support::*;
use potluck_models::db::ItemId;
use potluck_models::item::State;
use potluck_models::proof;

const FORM: &str = "/account/profile";
const HOSTS: [&str; 3] = ["ponds.example", "www.ponds.example", "other.example"];
const BACK: &str = "<!doctype html><title>Ponds</title><a rel=\"me\" href=\"https://potluck.example/people/ann\">Me at the potluck</a>";
/// What only readers of a screen hear.
const SAYS: &str = "the page there links back to this one";

fn page(body: &str) -> Reply {
    Reply::Found {
        body: body.to_owned(),
        etag: "",
    }
}

fn link(site: &Site) -> Option<proof::Link> {
    let user = site.user_id("ann");
    site.db(|db| proof::of(db, user)).pop()
}

fn looked_at(site: &Site) -> proof::Link {
    wait_for("the page to be looked at", || {
        link(site).filter(|link| link.checked_at.is_some())
    })
}

/// As a week later.
fn look_again(site: &Site) -> proof::Link {
    site.sql("UPDATE link_proofs SET checked_at = NULL, next_at = '2020-01-01 00:00:00'");
    looked_at(site)
}

on_both! {
    fn a_link_is_proved_while_its_page_links_back(site, https) {
        let there = Elsewhere::of(site, &HOSTS);
        there.put("ponds.example/", page(BACK));
        let ann = site.regular("ann");
        ann.submit(FORM, FORM, &[("link_website", "ponds.example"), ("bio", "Ponds, mostly.")]).expect(303);
        assert!(looked_at(site).proved_at.is_some());
        let shown = site.visitor().get("/people/ann").expect(200).says(SAYS);
        assert!(shown.html().contains("visually-hidden\">: the page there"));
        ann.get(FORM).expect(200).says("proved");
        let asked = &there.asked("ponds.example/")[0];
        assert!(asked.header("user-agent").contains("https://potluck.example"), "{asked:?}");
        // Once more, and it holds no longer.
        there.put("ponds.example/", page("<a href=\"https://potluck.example/people/ann\">no word of me</a>"));
        assert!(look_again(site).proved_at.is_none());
        site.visitor().get("/people/ann").expect(200).says("ponds.example").does_not_say(SAYS);
        ann.get(FORM).expect(200).says("Not proved. The page there does not link back here.");
        // By the head of the answer.
        let header = ("Link", "<https://potluck.example/people/ann>; rel=\"me\"".to_owned());
        there.put("ponds.example/", Reply::Status(200, vec![header], "nothing".into()));
        assert!(look_again(site).proved_at.is_some());
        // On the same site under its other name.
        there.put("ponds.example/", Reply::Status(301, vec![("Location", "https://www.ponds.example/me".into())], String::new()));
        there.put("www.ponds.example/me", page(BACK));
        assert!(look_again(site).proved_at.is_some());
    }

    fn nobody_proves_by_what_is_not_theirs(site, https) {
        let there = Elsewhere::of(site, &HOSTS);
        let ann = site.regular("ann");
        there.put("ponds.example/", page(&BACK.replace("people/ann", "people/odile")));
        ann.submit(FORM, FORM, &[("link_website", "ponds.example")]).expect(303);
        assert!(looked_at(site).proved_at.is_none());
        let here = format!("https://{}/", there.here());
        let status = |status, to: &str| Reply::Status(status, vec![("Location", to.to_owned())], BACK.into());
        for reply in [
            status(302, "https://other.example/"),
            status(302, &here),
            status(302, "https://10.0.0.1/"),
            status(302, "?"),
            status(404, ""),
            status(500, ""),
            Reply::Endless,
            Reply::Dripping,
            page("<textarea><a rel=\"me\" href=\"https://potluck.example/people/ann\"></textarea>"),
            page("\u{0}\u{202E}<a rel=me href=\u{0}>"),
        ] {
            there.put("other.example/", page(BACK));
            there.put("ponds.example/", reply.clone());
            let link = look_again(site);
            assert!(link.proved_at.is_none() && !link.error.is_empty(), "{reply:?}");
        }
    }

    fn a_page_that_fails_once_proves_still(site, https) {
        let there = Elsewhere::of(site, &HOSTS);
        let ann = site.regular("ann");
        there.put("ponds.example/", page(BACK));
        ann.submit(FORM, FORM, &[("link_website", "ponds.example")]).expect(303);
        assert!(looked_at(site).proved_at.is_some());
        there.status("ponds.example/", 503, &[("Retry-After", "7200")]);
        assert!(look_again(site).proved_at.is_some());
        assert!(look_again(site).proved_at.is_some());
        assert!(look_again(site).proved_at.is_none());
        there.put("ponds.example/", page(BACK));
        assert!(look_again(site).proved_at.is_some());
        // Gone is gone.
        there.status("ponds.example/", 404, &[]);
        assert!(look_again(site).proved_at.is_none());
    }

    fn only_published_profiles_prove_anything(site, https) {
        let there = Elsewhere::of(site, &HOSTS);
        let ann = site.member("ann");
        there.put("ponds.example/", page(BACK));
        // Of somebody new, links are looked at first.
        ann.submit(FORM, FORM, &[("link_website", "ponds.example")]).expect(303);
        assert_eq!(site.count("link_proofs"), 0);
        let item = {
            use diesel::prelude::*;
            use potluck_models::schema::profiles;
            let user = site.user_id("ann");
            site.db(|db| profiles::table.filter(profiles::user_id.eq(user)).select(profiles::id).first(db))
        };
        let mona = site.moderator("mona");
        let named = format!("profile:{item}");
        mona.post("/moderation/verdicts", &[("item", &named), ("verdict", "ham")]).expect(303);
        assert!(looked_at(site).proved_at.is_some());
        mona.post("/moderation/verdicts", &[("item", &named), ("verdict", "remove"), ("reason", "unkind")]).expect(303);
        assert_eq!((site.state(item), site.count("link_proofs")), (State::Removed, 0));
        site.visitor().get("/people/ann").expect(200).does_not_say(SAYS);
        // Another link, and what the one before proved is forgotten.
        mona.post("/moderation/verdicts", &[("item", &named), ("verdict", "restore")]).expect(303);
        looked_at(site);
        ann.submit(FORM, FORM, &[("link_website", "https://ponds.example/other")]).expect(303);
        mona.post("/moderation/verdicts", &[("item", &named), ("verdict", "ham")]).expect(303);
        wait_for("the other page to be looked at", || {
            link(site).filter(|link| link.url.ends_with("/other") && link.checked_at.is_some())
        });
        assert_eq!(site.count("link_proofs WHERE proved_at IS NOT NULL"), 0);
        assert!(there.all_asked() >= 3);
    }

    fn links_of_before_are_looked_at_too(site, https) {
        let there = Elsewhere::of(site, &HOSTS);
        there.put("ponds.example/", page(BACK));
        let ann = site.regular("ann");
        ann.submit(FORM, FORM, &[("link_website", "ponds.example")]).expect(303);
        looked_at(site);
        site.sql("DELETE FROM link_proofs");
        site.db(|db| proof::fill(db, ItemId(0)));
        assert!(looked_at(site).proved_at.is_some());
    }

    fn without_a_public_address_nothing_is_looked_at(site) {
        let there = Elsewhere::of(site, &HOSTS);
        let ann = site.regular("ann");
        ann.submit(FORM, FORM, &[("link_website", "ponds.example")]).expect(303);
        assert!(link(site).is_some_and(|link| link.checked_at.is_none()));
        assert_eq!(there.all_asked(), 0);
    }
}
