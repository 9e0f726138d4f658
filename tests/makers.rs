//! What makers may do on their own projects: each act and its undo, what moderators see and take
//! back, and where a maker's word ends.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::db::ItemId;
use potluck_models::item::{Queue, State};
use potluck_models::project::Project;
use potluck_models::schema::{blocks, maker_acts};

const KIND: &str = "The corners are sharp, and I like them so.";

struct Scene<'a> {
    odile: Client<'a>,
    ann: Client<'a>,
    mona: Client<'a>,
    duck: Made,
    id: ItemId,
}

/// Odile's project, a published comment of ann's on it, and a moderator.
fn scene(site: &Site) -> Scene<'_> {
    let odile = site.maker("odile");
    let ann = site.regular("ann");
    let duck = site.project("odile", "Duck racer");
    let id = site.comment("ann", &duck, KIND);
    Scene {
        odile,
        ann,
        mona: site.moderator("mona"),
        duck,
        id,
    }
}

/// By the button in the menu beside the comment.
fn press(maker: &Client, project: &Made, id: ItemId, act: &str) -> Answer {
    let action = format!("/comments/{id}/maker");
    let form = maker.get(&project.path()).expect(200).form(&action);
    assert!(
        form.html.contains(&format!("value=\"{act}\"")),
        "no button {act}: {}",
        form.html
    );
    maker.fill_in(&form, &[("act", act)])
}

/// As somebody who makes their own request.
fn ask(client: &Client, id: ItemId, act: &str) -> Answer {
    client.post(&format!("/comments/{id}/maker"), &[("act", act)])
}

fn verdict(mona: &Client, id: ItemId, verdict: &str) -> Answer {
    let item = format!("comment:{id}");
    let fields = [
        ("item", item.as_str()),
        ("verdict", verdict),
        ("reason", "unkind"),
    ];
    mona.post("/moderation/verdicts", &fields)
}

fn last_act(site: &Site) -> i64 {
    let last = maker_acts::table.select(diesel::dsl::max(maker_acts::id));
    site.db(|db| last.first::<Option<i64>>(db)).expect("an act")
}

/// By the button on the page of makers' acts.
fn take_back(mona: &Client, site: &Site) -> Answer {
    let action = format!("/moderation/makers/{}/undo", last_act(site));
    let form = mona.get("/moderation/makers").expect(200).form(&action);
    mona.fill_in(&form, &[])
}

fn counted(site: &Site, project: &Made, n: i64) {
    let thread = format!(
        "threads WHERE project_id = {} AND comment_count = {n}",
        project.id
    );
    assert_eq!(site.count(&thread), 1, "the count is not {n}");
}

fn trained_nothing(site: &Site) {
    assert_eq!(
        site.count("verdicts WHERE label IS NOT NULL"),
        0,
        "a maker's act trains nothing"
    );
}

fn standing(site: &Site, id: ItemId) -> (State, Option<Queue>, String) {
    let item = site.item(id);
    (item.state, item.queue, item.why)
}

on_both! {
    fn a_held_comment_goes_back_to_the_makers_list_and_comes_back(site, limits_off) {
        let Scene { odile, ann, mona, duck, id } = &scene(site);
        let here = format!("/comments/{id}");
        press(odile, duck, *id, "hold").expect(303);
        assert_eq!(standing(site, *id), (State::Held, Some(Queue::Maker), "maker".into()));
        counted(site, duck, 0);
        let visitor = site.visitor();
        for place in [&duck.path(), &format!("{}.atom", duck.comments()), &"/people/ann".to_owned()] {
            visitor.get(place).expect(200).does_not_say("sharp");
        }
        visitor.get(&here).expect(404);
        ann.get(&duck.path()).expect(200).says(KIND).says("does not show your comment at the moment");
        mona.get(&here).expect(200).says(KIND).says("Held by the maker");
        mona.get("/moderation/log").expect(200).says("odile maker held comment");
        mona.get("/moderation/makers").expect(200).says("odile held comment").says("sharp");
        let waiting = format!("{}/waiting", duck.path());
        let page = odile.get(&waiting).expect(200).says(KIND).says("held by a maker");
        odile.fill_in(&page.form(&waiting), &[("show", &id.to_string())]).expect(303);
        assert_eq!(standing(site, *id), (State::Published, None, String::new()));
        visitor.get(&duck.path()).expect(200).says(KIND);
        counted(site, duck, 1);
        assert_eq!(site.count("maker_acts WHERE undone_at IS NULL"), 0);
        trained_nothing(site);
        assert_eq!(site.count("verdicts"), 0);
    }

    fn a_hidden_comment_leaves_a_line_and_comes_back(site, limits_off) {
        let Scene { odile, ann, duck, id, .. } = &scene(site);
        press(odile, duck, *id, "hide").expect(303);
        assert_eq!(standing(site, *id), (State::Removed, None, "maker".into()));
        counted(site, duck, 0);
        let visitor = site.visitor();
        visitor.get(&duck.path()).expect(200).does_not_say("sharp").says("The maker of this project hid it.");
        visitor.get(&format!("/comments/{id}")).expect(410);
        ann.get(&duck.path()).expect(200).says(KIND).says("The maker of this project does not show your comment.");
        // It stays hidden, whatever its author does but one thing.
        let edit = format!("/comments/{id}/edit");
        ann.get(&edit).expect(403).says("does not show this comment");
        ann.post(&edit, &[("body", "Then in other words, about the corners.")]).expect(403);
        assert_eq!(site.state(*id), State::Removed);
        let form = odile.get(&duck.path()).expect(200).does_not_say("sharp").form(&format!("/comments/{id}/maker"));
        odile.fill_in(&form, &[("act", "show")]).expect(303);
        visitor.get(&duck.path()).expect(200).says(KIND);
        counted(site, duck, 1);
        press(odile, duck, *id, "hide").expect(303);
        ann.submit(&format!("/comments/{id}/delete"), &format!("/comments/{id}/delete"), &[]).expect(303);
        assert_eq!(site.state(*id), State::Deleted);
        ask(odile, *id, "show").expect(303);
        assert_eq!(site.state(*id), State::Deleted, "what its author deleted stays so");
        trained_nothing(site);
    }

    fn an_edit_of_what_a_maker_holds_stays_with_the_maker_by_way_of_the_moderators(site, limits_off) {
        let Scene { odile, ann, mona, duck, id } = &scene(site);
        press(odile, duck, *id, "hold").expect(303);
        let edit = format!("/comments/{id}/edit");
        ann.submit(&edit, &edit, &[("body", "The corners are sharp, which is fine.")]).expect(303);
        assert_eq!(standing(site, *id), (State::Held, Some(Queue::Maker), "maker".into()));
        let links = "Corners: http://a.example http://b.example http://c.example http://d.example http://e.example";
        ann.submit(&edit, &edit, &[("body", links)]).expect(303);
        assert_eq!(site.item(*id).queue, Some(Queue::Held), "links wait for a moderator");
        // Not the maker's to decide meanwhile.
        for act in ["show", "hide", "hold", "pin", "fold", "helped"] {
            ask(odile, *id, act).expect(303);
            assert_eq!(site.item(*id).queue, Some(Queue::Held), "{act}");
        }
        verdict(mona, *id, "ham").expect(303);
        assert_eq!(standing(site, *id), (State::Held, Some(Queue::Maker), "maker".into()));
        site.visitor().get(&duck.path()).expect(200).does_not_say("a.example");
        ask(odile, *id, "show").expect(303);
        site.visitor().get(&duck.path()).expect(200).says("a.example");
        counted(site, duck, 1);
    }

    fn an_edit_that_waits_for_moderators_does_not_come_along(site, limits_off) {
        let Scene { odile, ann, duck, id, .. } = &scene(site);
        let edit = format!("/comments/{id}/edit");
        let links = "Corners: http://a.example http://b.example http://c.example http://d.example http://e.example";
        ann.submit(&edit, &edit, &[("body", links)]).expect(303);
        assert_eq!((site.state(*id), site.item(*id).queue), (State::Published, Some(Queue::Held)));
        for away in ["hold", "hide"] {
            ask(odile, *id, away).expect(303);
            ask(odile, *id, "show").expect(303);
            assert_eq!(standing(site, *id), (State::Published, None, String::new()));
            site.visitor().get(&duck.path()).expect(200).says(KIND).does_not_say("a.example");
        }
    }

    fn a_maker_decides_nothing_that_waits_for_moderators_or_that_they_decided(site, limits_off) {
        let Scene { odile, mona, duck, id, .. } = &scene(site);
        let held = site.waiting("ann", duck, "This waits for a moderator.", State::Held);
        let spam = site.waiting("ann", duck, "This lies in spam.", State::Spam);
        verdict(mona, *id, "remove").expect(303);
        let ids = [*id, held, spam];
        let before: Vec<_> = ids.map(|id| standing(site, id)).into();
        let numbers = ids.map(|id| id.to_string());
        for id in ids {
            for act in ["show", "hold", "hide", "fold", "pin", "helped"] {
                ask(odile, id, act).expect(303);
            }
            odile.post(&format!("/comments/{id}/approve"), &[]).expect(303);
        }
        let mut fields = vec![("act", "show")];
        fields.extend(numbers.iter().map(|number| ("item", number.as_str())));
        odile.post(&format!("{}/waiting", duck.path()), &fields).expect(303);
        assert_eq!(before, Vec::from(ids.map(|id| standing(site, id))));
        assert_eq!(site.count("maker_acts"), 0);
        site.visitor().get(&duck.path()).expect(200).says("A moderator removed it");
    }

    fn a_moderator_may_remove_what_a_maker_hid_and_then_it_is_theirs(site, limits_off) {
        let Scene { odile, mona, duck, id, .. } = &scene(site);
        press(odile, duck, *id, "hide").expect(303);
        verdict(mona, *id, "remove").expect(303);
        assert_eq!(site.item(*id).why, "moderator");
        ask(odile, *id, "show").expect(303);
        assert_eq!(site.state(*id), State::Removed);
        // Restored, it is where it was: with the maker.
        verdict(mona, *id, "restore").expect(303);
        assert_eq!(standing(site, *id), (State::Held, Some(Queue::Maker), "maker".into()));
        trained_nothing(site);
    }

    fn spam_that_was_none_goes_back_to_the_maker_who_held_it(site, limits_off) {
        let Scene { odile, mona, duck, id, .. } = &scene(site);
        press(odile, duck, *id, "hold").expect(303);
        verdict(mona, *id, "ham").expect(303);
        assert_eq!(standing(site, *id), (State::Held, Some(Queue::Maker), "maker".into()), "ham is what it is, not where it stands");
        verdict(mona, *id, "spam").expect(303);
        ask(odile, *id, "show").expect(303);
        assert_eq!(site.state(*id), State::Spam);
        verdict(mona, *id, "ham").expect(303);
        assert_eq!(standing(site, *id), (State::Held, Some(Queue::Maker), "maker".into()));
    }

    fn moderators_take_back_what_a_maker_put_away_and_that_stands(site, limits_off) {
        let Scene { odile, mona, duck, id, .. } = &scene(site);
        for away in ["hold", "hide"] {
            let other = site.comment("ann", duck, &format!("Said before the {away} came."));
            press(odile, duck, other, away).expect(303);
            take_back(mona, site).expect(303);
            assert_eq!(standing(site, other).0, State::Published);
            // The word of the moderator stands until it is undone.
            ask(odile, other, "hide").expect(403).says("A moderator took this back");
            ask(odile, other, "hold").expect(403);
            assert_eq!(site.state(other), State::Published);
            let batch = site.count("batches");
            mona.post(&format!("/moderation/batches/{batch}/undo"), &[]).expect(303);
            assert_eq!(site.item(other).why, "maker");
            ask(odile, other, "show").expect(303);
            assert_eq!(site.state(other), State::Published);
            ask(odile, other, "hold").expect(303);
            assert_eq!(site.state(other), State::Held);
        }
        // Beside the comment too.
        press(odile, duck, *id, "hold").expect(303);
        mona.get(&format!("/comments/{id}")).expect(200).says("Restore");
        verdict(mona, *id, "restore").expect(303);
        assert_eq!(site.state(*id), State::Published);
        trained_nothing(site);
    }

    fn one_comment_is_pinned_and_shown_first(site, limits_off) {
        let Scene { odile, ann, mona, duck, id } = &scene(site);
        let second = site.comment("ann", duck, "Said second, and better.");
        ann.post(&duck.comments(), &[("body", "An answer to what was second."), ("parent", &second.to_string())]).expect(303);
        let reply = site.comment_saying("An answer to what").unwrap();
        ask(odile, reply, "pin").expect(403).says("answers no other");
        press(odile, duck, *id, "pin").expect(303);
        press(odile, duck, second, "pin").expect(303);
        let shown = site.visitor().get(&duck.path()).expect(200).says("pinned by the maker").html();
        assert_eq!(shown.matches("pinned by the maker").count(), 1);
        let at = |words: &str| shown.find(words).expect("it is shown");
        assert!(at("Said second") < at("An answer to what") && at("An answer to what") < at("corners are sharp"));
        for one in [*id, second, reply] {
            assert_eq!(shown.matches(&format!("id=\"comment-{one}\"")).count(), 1, "once");
        }
        // Taken away, it leads no page any more.
        ask(odile, second, "hide").expect(303);
        site.visitor().get(&duck.path()).expect(200).does_not_say("pinned by the maker");
        ask(odile, second, "show").expect(303);
        press(odile, duck, second, "unpin").expect(303);
        site.visitor().get(&duck.path()).expect(200).does_not_say("pinned by the maker");
        press(odile, duck, *id, "pin").expect(303);
        take_back(mona, site).expect(303);
        site.visitor().get(&duck.path()).expect(200).does_not_say("pinned by the maker");
        ask(odile, *id, "pin").expect(403).says("A moderator took this back");
        let action = format!("/moderation/makers/{}/undo", last_act(site));
        let form = mona.get("/moderation/makers").expect(200).form(&action);
        mona.fill_in(&form, &[("again", "1")]).expect(303);
        site.visitor().get(&duck.path()).expect(200).says("pinned by the maker");
        assert_eq!(site.count("maker_acts WHERE kind = 'pin' AND undone_at IS NULL"), 1);
        trained_nothing(site);
    }

    fn a_pinned_comment_leads_a_long_thread_from_its_end(site, limits_off) {
        let Scene { odile, duck, id, .. } = &scene(site);
        let many: Vec<ItemId> = (0..51).map(|n| site.comment("ann", duck, &format!("Number {n} of many remarks."))).collect();
        let last = many[50];
        ask(odile, last, "pin").expect(303);
        let first = site.visitor().get(&duck.path()).expect(200).html();
        assert!(first.find(&format!("id=\"comment-{last}\"")).unwrap() < first.find(&format!("id=\"comment-{id}\"")).unwrap());
        let next = first.split("?after=").nth(1).unwrap().split('#').next().unwrap();
        site.visitor().get(&format!("{}?after={next}", duck.path())).expect(200).says("Number 50 of many").says("pinned by the maker");
    }

    fn what_helped_is_marked_and_not_ones_own(site, limits_off) {
        let Scene { odile, mona, duck, id, .. } = &scene(site);
        press(odile, duck, *id, "helped").expect(303);
        for path in [&duck.path(), &format!("/comments/{id}")] {
            site.visitor().get(path).expect(200).says("helped the maker");
        }
        assert_eq!(site.count("comments WHERE helped_at IS NOT NULL"), 1);
        press(odile, duck, *id, "unhelped").expect(303);
        site.visitor().get(&duck.path()).expect(200).does_not_say("helped the maker");
        let own = site.comment("odile", duck, "My own words, which helped me much.");
        ask(odile, own, "helped").expect(403);
        press(odile, duck, *id, "helped").expect(303);
        take_back(mona, site).expect(303);
        site.visitor().get(&duck.path()).expect(200).does_not_say("helped the maker");
        trained_nothing(site);
    }

    fn a_folded_quarrel_is_one_line_that_readers_open(site, limits_off) {
        let Scene { odile, ann, mona, duck, id } = &scene(site);
        ann.post(&duck.comments(), &[("body", "And another thing about it."), ("parent", &id.to_string())]).expect(303);
        press(odile, duck, *id, "fold").expect(303);
        let page = site.visitor().get(&duck.path()).expect(200).says("The maker folded a comment by ann and a reply.").says(KIND);
        let html = page.html();
        let thread = &html[html.find("class=\"thread\"").unwrap()..];
        for tag in ["details", "article", "div"] {
            let thread = thread.split("</section>").next().unwrap();
            // The thread's own div was opened before the cut.
            let opened = thread.matches(&format!("<{tag}")).count() + usize::from(tag == "div");
            assert_eq!(opened, thread.matches(&format!("</{tag}>")).count(), "{tag}");
        }
        assert!(html.contains("<details class=\"fold\"><summary>"));
        counted(site, duck, 2);
        let alone = site.visitor().get(&format!("/comments/{id}")).expect(200).html();
        assert!(alone.contains("<details class=\"fold\" open>"), "on its own page it is open");
        press(odile, duck, *id, "unfold").expect(303);
        assert!(!site.visitor().get(&duck.path()).html().contains("class=\"fold\""));
        press(odile, duck, *id, "fold").expect(303);
        take_back(mona, site).expect(303);
        assert!(!site.visitor().get(&duck.path()).html().contains("class=\"fold\""));
        ask(odile, *id, "fold").expect(403);
    }

    fn a_blocked_person_comments_nowhere_on_what_the_maker_makes(site, limits_off) {
        let Scene { odile, ann, mona, duck, id } = &scene(site);
        let pond = site.project("odile", "Pond");
        let lamp = {
            site.maker("bob");
            site.project("bob", "Lamp")
        };
        press(odile, duck, *id, "block").expect(303);
        let typed = "A text that must not be lost for a block.";
        for project in [duck, &pond] {
            ann.get(&project.path()).expect(200).says("take no comments from you here");
            ann.post(&project.comments(), &[("body", typed)]).expect(403).says("take no comments from you").keeps(typed);
            let reply = [("body", typed), ("parent", &*id.to_string())];
            ann.post(&project.comments(), &reply).expect(403).keeps(typed);
        }
        ann.post(&format!("/comments/{id}/edit"), &[("body", typed)]).expect(403).keeps(typed);
        ann.post(&lamp.comments(), &[("body", typed)]).expect(303);
        site.visitor().get(&duck.path()).expect(200).says(KIND);
        site.come_back("bob").get(&duck.path()).expect(200).says("Leave a comment");
        // A co-maker has equal rights, and their block holds on what they make together.
        site.regular("carl");
        let bob = site.user_id("bob");
        site.db(|db| Project::find(db, duck.id)?.add_maker(db, bob));
        site.come_back("bob").post("/account/blocks", &[("username", "carl")]).expect(303);
        site.come_back("carl").post(&duck.comments(), &[("body", typed)]).expect(403);
        site.come_back("carl").post(&pond.comments(), &[("body", "Pond is not bob's, says carl.")]).expect(303);
        // Two makers of one thing who quarrel still both make it.
        site.come_back("bob").post("/account/blocks", &[("username", "odile")]).expect(303);
        odile.post(&duck.comments(), &[("body", "I make this too, bob.")]).expect(303);

        let list = odile.get("/account/blocks").expect(200).says("ann").does_not_say("carl");
        let form = list.forms().into_iter().find(|form| form.html.contains("Unblock")).expect("a way back");
        let block: i64 = site.db(|db| blocks::table.select(diesel::dsl::min(blocks::id)).first::<Option<i64>>(db)).unwrap();
        ann.post("/account/blocks", &[("lift", &block.to_string())]).expect(404);
        odile.fill_in(&form, &[("lift", &block.to_string())]).expect(303);
        ann.post(&duck.comments(), &[("body", "Here again, about the corners.")]).expect(303);
        mona.get("/moderation/log").expect(200).says("odile set a block on ann").says("odile lifted their block on ann");
        trained_nothing(site);
    }

    fn a_moderator_lifts_a_block_and_the_maker_is_told(site, limits_off) {
        let Scene { odile, ann, mona, duck, id } = &scene(site);
        press(odile, duck, *id, "block").expect(303);
        let page = mona.get("/moderation/people/ann").expect(200).says("Blocked by makers");
        let form = page.forms().into_iter().find(|form| form.action.starts_with("/moderation/blocks/")).expect("a way to lift it");
        mona.fill_in(&form, &[]).expect(303);
        assert!(site.letter("block", "odile").contains("lifted your block of ann"));
        ann.post(&duck.comments(), &[("body", "Here again, as a moderator saw fit.")]).expect(303);
        odile.get("/account/blocks").expect(200).says("lifted by a moderator");
        ask(odile, *id, "block").expect(403).says("A moderator lifted your block");
        mona.fill_in(&form, &[("again", "1")]).expect(303);
        ann.post(&duck.comments(), &[("body", "And once more, after all.")]).expect(403);
        mona.get("/moderation/log").expect(200).says("mona lifted the block on ann");
    }

    fn nobody_blocks_themselves_a_moderator_or_without_making_anything(site, limits_off) {
        let Scene { odile, ann, duck, .. } = &scene(site);
        for name in ["odile", "mona", "nobody-here"] {
            odile.post("/account/blocks", &[("username", name)]).expect(422);
        }
        ann.post("/account/blocks", &[("username", "odile")]).expect(422);
        assert_eq!(site.count("blocks"), 0);
        odile.post("/account/blocks", &[("username", "ann")]).expect(303);
        odile.post("/account/blocks", &[("username", "ann")]).expect(303);
        assert_eq!(site.count("blocks"), 1);
        ann.post(&duck.comments(), &[("body", "May I say something?")]).expect(403);
    }

    fn only_the_makers_of_a_project_have_these_powers_there(site, limits_off) {
        let Scene { ann, mona, duck, id, .. } = &scene(site);
        let bob = site.maker("bob");
        let lamp = site.project("bob", "Lamp");
        let number = id.to_string();
        let before = site.fingerprint();
        for other in [ann, &bob, mona] {
            for act in ["show", "hold", "hide", "fold", "unfold", "pin", "unpin", "helped", "unhelped", "block"] {
                ask(other, *id, act).expect(403);
            }
            other.post(&format!("{}/waiting", duck.path()), &[("act", "hide"), ("item", &number)]).expect(403);
            other.post(&format!("{}/switch", duck.path()), &[("closed", "on")]).expect(403);
            assert!(!other.get(&duck.path()).html().contains(&format!("/comments/{id}/maker")));
        }
        // Nor through a project of one's own.
        bob.post(&format!("{}/waiting", lamp.path()), &[("act", "hide"), ("item", &number)]).expect(303);
        assert_eq!(site.fingerprint(), before);
    }

    fn thirty_that_wait_are_answered_in_two_posts(site, limits_off) {
        let Scene { odile, ann, duck, .. } = &scene(site);
        odile.submit(&duck.path(), &format!("{}/switch", duck.path()), &[("approve_first", "on")]).expect(303);
        for n in 0..30 {
            ann.post(&duck.comments(), &[("body", &format!("Remark {n} for the maker alone, on ducks and ponds."))]).expect(303);
        }
        odile.get(&duck.path()).expect(200).says("30 comments wait for you.");
        let here = format!("{}/waiting", duck.path());
        let page = odile.get(&here).expect(200).says("Remark 29 for the maker");
        let form = page.form(&here);
        let ids: Vec<String> = form.html.split("name=\"item\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), 30);
        let ticked = |ids: &[String], act: &'static str| {
            let mut fields = vec![("act", act)];
            fields.extend(ids.iter().map(|id| ("item", id.as_str())));
            odile.fill_in(&form, &fields).expect(303)
        };
        odile.fill_in(&form, &[("act", "show")]).expect(400).says("Tick the comments first");
        ticked(&ids[..20], "show");
        ticked(&ids[20..], "hide");
        counted(site, duck, 21);
        let page = odile.get(&here).expect(200).says("Nothing waits for you.").says("not published by a maker").says("Remark 25");
        // And one of them after all.
        odile.fill_in(&page.form(&here), &[("show", &ids[25])]).expect(303);
        counted(site, duck, 22);
        // All of a page at once.
        for n in 30..33 {
            ann.post(&duck.comments(), &[("body", &format!("Remark {n} for the maker alone, on lamps and rivers."))]).expect(303);
        }
        let form = odile.get(&here).expect(200).form(&here);
        let fields: Vec<(&str, &str)> = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("act", "all")]).collect();
        odile.post_raw(&here, &fields, &[]).expect(303);
        counted(site, duck, 25);
        // Said twice, it is said once.
        let again = ticked(&ids[..20], "show");
        assert!(again.location().unwrap().contains("said=nothing"));
        trained_nothing(site);
    }

    fn the_switches_on_the_page_are_the_settings_and_stand_in_the_log(site, limits_off) {
        let Scene { odile, ann, mona, duck, .. } = &scene(site);
        let switch = format!("{}/switch", duck.path());
        odile.submit(&duck.path(), &switch, &[("closed", "on")]).expect(303);
        ann.get(&duck.path()).expect(200).says("Comments are closed");
        ann.post(&duck.comments(), &[("body", "Too late by a moment.")]).expect(403);
        mona.get("/moderation/log").expect(200).says("odile closed the comments: Duck racer");
        odile.submit(&duck.path(), &switch, &[("closed", "off")]).expect(303);
        ann.post(&duck.comments(), &[("body", "Open again, how good.")]).expect(303);
        odile.post(&switch, &[]).expect(303);
        assert_eq!(site.count("log WHERE act LIKE '%the comments'"), 2);
    }

    fn moderator_and_maker_at_once_leave_one_standing_and_true_counts(site, limits_off) {
        let Scene { odile, mona, duck, .. } = &scene(site);
        for round in 0..6 {
            let id = site.comment("ann", duck, &format!("Contested remark number {round}."));
            let (odile, mona) = (odile.copy(), mona.copy());
            std::thread::scope(|scope| {
                scope.spawn(move || ask(&odile, id, "hold").expect(303));
                scope.spawn(move || verdict(&mona, id, "remove").expect(303));
            });
            assert_eq!(standing(site, id), (State::Removed, None, "moderator".into()), "the moderator's word stands in either order");
        }
        counted(site, duck, 1);
    }

    fn the_card_of_an_item_tells_what_makers_did(site, limits_off) {
        let Scene { odile, mona, duck, id, .. } = &scene(site);
        press(odile, duck, *id, "hide").expect(303);
        mona.get("/moderation/spam?show=removed").expect(200).says("hid by the maker odile").says("hidden by the maker");
    }
}
