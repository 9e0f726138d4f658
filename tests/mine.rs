//! A person's page in its parts, and the page of one's own.

use crate::support::*;
use potluck_models::item::State;

on_both! {
    fn a_persons_page_says_what_they_made_gave_and_received(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.maker("bob");
        let boat = site.project("bob", "Boat builder");
        let gift = site.comment("odile", &boat, "The hull could be longer, and the mast is a joy.");
        site.comment("odile", &duck, "Thanks to all, says the maker of it.");
        site.comment("bob", &duck, "The third lap is where it gets good.");
        site.waiting("bob", &duck, "A word that waits for somebody.", State::Held);
        let bob = site.come_back("bob");
        let acts = bob.post(&format!("/comments/{gift}/maker"), &[("act", "helped")]);
        acts.expect(303);
        let page = site.visitor().get("/people/odile").expect(200)
            .says("odile gave").says("The hull could be longer").says("helped the maker")
            .says("odile received").says("The third lap").does_not_say("A word that waits");
        // What they say on their own project they give to nobody.
        let html = page.html();
        assert!(!html.contains("Thanks to all, says the maker"), "own words are no gift");
        odile.get("/people/odile").says("What you gave");
    }

    fn each_part_goes_on_page_by_page(site, limits_off) {
        site.maker("odile");
        site.maker("bob");
        let boat = site.project("bob", "Boat builder");
        for n in 0..40 {
            site.comment("odile", &boat, &format!("Remark number {n} of forty about the mast."));
        }
        for n in 0..30 {
            site.project("odile", &format!("Toy {n:02} of thirty"));
        }
        for (person, part) in [("odile", "?gave="), ("bob", "?received=")] {
            let mut path = format!("/people/{person}");
            let mut seen = Vec::new();
            loop {
                let page = site.visitor().get(&path).expect(200);
                let more = page.links().into_iter().find(|link| link.contains(part));
                seen.extend((0..40).filter(|n| page.html().contains(&format!("Remark number {n} of"))));
                match more {
                    Some(next) => path = next,
                    None => break,
                }
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..40).collect::<Vec<i32>>(), "{part}: each once");
        }
        let first = site.visitor().get("/people/odile").expect(200).says("Toy 29").does_not_say("Toy 02");
        let next = first.links().into_iter().find(|link| link.contains("?made=")).expect("more projects");
        site.visitor().get(&next).expect(200).says("Toy 02").does_not_say("Toy 29");
        for odd in ["?gave=x&received=-1", "?made=nonsense", "?gave=99999999999999999999"] {
            site.visitor().get(&format!("/people/odile{odd}")).expect(200);
        }
    }

    fn one_sees_all_of_ones_own_and_spam_looks_held(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        let said = site.comment("ann", &duck, "Seen by everybody, on the laps.");
        for (words, state) in [
            ("Held, for whatever reason.", State::Held),
            ("Taken for spam by the filter.", State::Spam),
        ] {
            site.waiting("ann", &duck, words, state);
        }
        let gone = site.comment("ann", &duck, "Removed for being rude.");
        let mona = site.moderator("mona");
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{gone}")), ("verdict", "remove"), ("reason", "unkind")])
            .expect(303);
        let sure = site.comment("ann", &duck, "Spam, says a moderator of it.");
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{sure}")), ("verdict", "spam")]).expect(303);
        let page = ann.get("/account/mine").expect(200)
            .says("Seen by everybody").says("waits for a moderator").says("removed by a moderator")
            .says("All is well").does_not_say("taken for spam:").does_not_say("spam:");
        // The word stands in her own text alone: three wait, and all three say the same.
        let html = page.html();
        for words in ["Held, for whatever", "Taken for spam by", "Spam, says a moderator"] {
            let from = html.rfind(words).expect("it is listed");
            let badge = &html[from..from + html[from..].find("</li>").unwrap()];
            assert!(badge.contains("waits for a moderator"), "{words}: {badge}");
        }
        // Nobody else’s.
        site.come_back("odile").get("/account/mine").expect(200).does_not_say("on the laps");
        ann.post(&format!("/comments/{said}/delete"), &[]).expect(303);
        ann.get("/account/mine").expect(200).does_not_say("on the laps");
    }

    fn drafts_and_standing_are_there_too(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck in the drawer");
        site.put(duck.id, State::Draft);
        let mona = site.moderator("mona");
        let page = "/moderation/people/odile/warn";
        let form = mona.get(page).expect(200).form(page);
        mona.fill_in(&form, &[("reason", "Please be kinder about ducks.")]).expect(303);
        odile.get("/account/mine").expect(200).says("Duck in the drawer").says("Please be kinder").does_not_say("All is well");
    }
}
