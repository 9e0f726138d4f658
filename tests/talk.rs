//! The talk under a project: its orders and parts, folding, quoting, what edits changed, and the nudge.

use crate::support::*;
use potluck_models::db::ItemId;
use potluck_models::settings::Settings;

/// The comments of a page of a project, in its order.
fn shown(answer: &Answer) -> Vec<ItemId> {
    answer
        .html()
        .split("<article class=\"comment")
        .skip(1)
        .filter_map(|rest| {
            rest.split("id=\"comment-")
                .nth(1)?
                .split('"')
                .next()?
                .parse()
                .ok()
        })
        .map(ItemId)
        .collect()
}

/// Answers a comment, as if the answer had been let through long ago.
fn reply(site: &Site, author: &str, project: &Made, parent: ItemId, text: &str) -> ItemId {
    let id = site.comment(author, project, text);
    site.sql(&format!(
        "UPDATE comments SET parent_id = {parent}, \
         root_id = (SELECT root_id FROM comments WHERE id = {parent}) WHERE id = {id}"
    ));
    id
}

/// All parts of the talk, by its links to the next one.
fn all_of(client: &Client, address: &str) -> Vec<ItemId> {
    let mut page = client.get(address).expect(200);
    let mut all = shown(&page);
    while let Some(next) = page
        .links()
        .into_iter()
        .find(|link| link.contains("after="))
    {
        page = client.get(&next).expect(200);
        all.extend(shown(&page));
    }
    all
}

on_both! {
    fn each_order_of_a_talk_shows_every_comment_once(site, limits_off) {
        let odile = site.maker("odile");
        site.regular("bob");
        let duck = site.project("odile", "Duck racer");
        let tops: Vec<ItemId> = (0..53).map(|n| site.comment("bob", &duck, &format!("Remark number {n} of many."))).collect();
        let reply = reply(site, "odile", &duck, tops[7], "That is how it floats.");
        for id in [tops[20], tops[52]] {
            odile.post(&format!("/comments/{id}/maker"), &[("act", "helped")]).expect(303);
        }
        let mut oldest = tops.clone();
        oldest.insert(8, reply);
        let visitor = site.visitor();
        assert_eq!(all_of(&visitor, &duck.path()), oldest);
        let mut newest: Vec<ItemId> = tops.iter().rev().copied().collect();
        let at = newest.iter().position(|id| *id == tops[7]).unwrap();
        newest.insert(at + 1, reply);
        assert_eq!(all_of(&visitor, &format!("{}?order=newest", duck.path())), newest);
        let mut helpful = oldest.clone();
        helpful.retain(|id| ![tops[20], tops[52]].contains(id));
        helpful.splice(0..0, [tops[20], tops[52]]);
        assert_eq!(all_of(&visitor, &format!("{}?order=helpful", duck.path())), helpful);
        // What is pinned comes first in each of them, and once.
        odile.post(&format!("/comments/{}/maker", tops[51]), &[("act", "pin")]).expect(303);
        for order in ["oldest", "newest", "helpful", "nonsense"] {
            let page = visitor.get(&format!("{}?order={order}", duck.path())).expect(200);
            assert_eq!(shown(&page)[0], tops[51], "{order}");
        }
        let current = visitor.get(&format!("{}?order=newest", duck.path())).expect(200);
        assert!(current.html().contains("?order=newest#comments\" aria-current=\"true\""), "which order it is");
    }

    fn replies_fold_into_one_line(site, limits_off) {
        site.maker("odile");
        site.regular("bob");
        let duck = site.project("odile", "Duck racer");
        let top = site.comment("bob", &duck, "How does it float?");
        let first = reply(site, "odile", &duck, top, "By its feathers.");
        reply(site, "bob", &duck, first, "They look dry.");
        let page = site.visitor().get(&duck.path()).expect(200).says("2 replies");
        assert_eq!(page.html().matches("<details class=\"branch\" open>").count(), 1, "one reply alone is not folded");
        assert_eq!(page.html().matches("<details").count(), page.html().matches("</details>").count());
    }

    fn a_quote_is_typed_in_with_room_for_the_answer(site, limits_off) {
        site.maker("odile");
        let bob = site.regular("bob");
        let duck = site.project("odile", "Duck racer");
        let top = site.comment("odile", &duck, "> An older word.\n\nFeathers <b>are</b> light.\nAnd dry.");
        let page = bob.get(&format!("/comments/{top}/quote")).expect(200);
        assert!(page.form(&duck.comments()).hidden.contains(&("parent".into(), top.to_string())));
        assert_eq!(page.textarea("body").unwrap(), "> Feathers <b>are</b> light.\n> And dry.\n\n");
        let held = site.waiting("odile", &duck, "Nobody reads this yet.", potluck_models::item::State::Held);
        bob.get(&format!("/comments/{held}/quote")).expect(404);
        site.visitor().get(&format!("/comments/{top}/quote")).expect(303);
    }

    fn a_history_says_what_each_edit_changed(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let id = site.comment("odile", &duck, "The pond is green and deep.");
        site.sql(&format!("UPDATE comments SET created_at = '2026-01-01 00:00:00' WHERE id = {id}"));
        site.sql(&format!("UPDATE revisions SET created_at = '2026-01-01 00:00:00' WHERE item_id = {id}"));
        odile.post(&format!("/comments/{id}/edit"), &[("body", "The pond is blue and deep.")]).expect(303);
        let page = site.visitor().get(&format!("/comments/{id}/history")).expect(200);
        assert!(page.html().contains("<del>green </del><ins>blue </ins>"), "{}", page.html());
    }

    fn a_curt_comment_is_asked_for_more_once_and_may_be_sent_as_it_is(site, limits_off) {
        site.maker("odile");
        let bob = site.regular("bob");
        let duck = site.project("odile", "Duck racer");
        let to = duck.comments();
        let page = bob.get(&duck.path()).expect(200);
        assert!(page.html().contains("name=\"send\""), "the button of the composer asks");
        let asked = bob.post(&to, &[("body", "Meh!"), ("send", "1")]).expect(200);
        let asked = asked.says("Could you say what you liked").says("Only you see this");
        assert_eq!(site.comment_saying("Meh!"), None, "it is not sent yet");
        assert_eq!(asked.textarea("body").as_deref(), Some("Meh!"));
        let form = asked.form(&to);
        assert!(!form.html.contains("name=\"send\""), "it is asked once");
        bob.fill_in(&form, &[("body", "Meh!")]).expect(303);
        assert!(site.comment_saying("Meh!").is_some());
        // What says something, what answers, and what a program sends, goes straight on.
        bob.post(&to, &[("body", "The ducks lean into the curve in a lovely way."), ("send", "1")]).expect(303);
        let id = site.comment_saying("lean into").unwrap();
        bob.post(&to, &[("body", "Me too!"), ("parent", &id.to_string()), ("send", "1")]).expect(303);
        bob.post(&to, &[("body", "First!")]).expect(303);
        site.app.set_settings(Settings { nudges: false, ..Settings::clone(&site.app.settings()) });
        bob.post(&to, &[("body", "Second!"), ("send", "1")]).expect(303);
    }
}
