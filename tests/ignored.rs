//! Ignoring: on the server, for the one who ignores alone, and told to nobody.

use crate::support::*;

const FOLDED: &str = "A comment by somebody you ignore";

on_both! {
    fn who_is_ignored_is_folded_for_the_one_who_ignores_alone(site) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        site.regular("bob");
        site.comment("bob", &duck, "A remark by Bob that Ann would rather not read.");
        ann.get("/people/bob").expect(200).says("Ignore");
        let page = "/people/bob";
        ann.submit(page, "/people/bob/ignore", &[]).expect(303);
        // Still there, behind a summary, without script.
        let html = ann.get(&duck.path()).expect(200).says(FOLDED).html();
        let (before, after) = html.split_once(FOLDED).unwrap();
        assert!(before.ends_with("<details class=\"fold\"><summary>"), "it is not folded");
        assert!(after.contains("A remark by Bob"));
        assert_eq!(html.matches("<details").count(), html.matches("</details>").count());
        for other in [&odile, &site.visitor()] {
            other.get(&duck.path()).expect(200).does_not_say(FOLDED).says("A remark by Bob");
        }
        let id = site.comment_saying("A remark by Bob").unwrap();
        ann.get(&format!("/comments/{id}")).expect(200).says(FOLDED);
        // Bob sees nothing of it anywhere.
        let bob = site.come_back("bob");
        for path in ["/people/ann", "/account", "/people/bob", "/account/ignored"] {
            bob.get(path).expect(200).does_not_say("You ignore ann").does_not_say("ignores you");
        }
        ann.get("/account/ignored").expect(200).says("bob");
        let form = ann.get("/account/ignored").form("/people/bob/ignore");
        ann.fill_in(&form, &[("read_again", "1")]).expect(303);
        ann.get(&duck.path()).expect(200).does_not_say(FOLDED);
        ann.get("/account/ignored").says("You ignore nobody");
    }

    fn what_they_made_is_left_out_of_lists(site) {
        site.maker("odile");
        site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        ann.post("/people/odile/ignore", &[]).expect(303);
        for path in ["/projects", "/tags/duck", "/"] {
            ann.get(path).expect(200).does_not_say("Duck racer");
            site.visitor().get(path).expect(200).says("Duck racer");
        }
        // Who asks for a page by its address gets it.
        ann.get("/people/odile").expect(200).says("You ignore odile").says("Duck racer");
    }

    fn replies_to_the_ignored_stay_in_sight(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        let cleo = site.regular("cleo");
        site.regular("bob");
        let parent = site.comment("bob", &duck, "A remark by Bob that Ann would rather not read.");
        cleo.post(&duck.comments(), &[("body", "An answer by Cleo, which is kind."), ("parent", &parent.to_string())])
            .expect(303);
        ann.post("/people/bob/ignore", &[]).expect(303);
        let html = ann.get(&duck.path()).expect(200).html();
        let fold = html.find(FOLDED).unwrap();
        let end = fold + html[fold..].find("</details>\n").unwrap();
        let answer = html.find("An answer by Cleo").unwrap();
        assert!(answer > end, "the answer is folded away with what it answers");
    }

    fn nobody_ignores_themselves_or_nobody(site) {
        let ann = site.regular("ann");
        ann.post("/people/ann/ignore", &[]).expect(403);
        ann.post("/people/nobody-here/ignore", &[]).expect(404);
        ann.get("/people/ann").expect(200).does_not_say("Ignore ann");
    }

    fn the_desk_shows_everything(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.regular("bob");
        site.waiting("bob", &duck, "A remark that waits for a moderator.", potluck_models::item::State::Held);
        let mona = site.moderator("mona");
        mona.post("/people/bob/ignore", &[]).expect(303);
        mona.get("/moderation/held").expect(200).says("A remark that waits").does_not_say(FOLDED);
    }
}
