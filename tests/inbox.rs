//! The inbox: who is told of a comment, when, how often, and who is not.

use crate::support::*;
use potluck_models::gate::CommentPolicy;
use potluck_models::item::State;
use potluck_models::notice::{self, Sort};

/// Odile, who makes the duck racer; Ann and Bob, who talk about it.
fn table(site: &Site) -> (Client<'_>, Client<'_>, Client<'_>, Made) {
    let odile = site.maker("odile");
    let (ann, bob) = (site.regular("ann"), site.regular("bob"));
    settle(site);
    // What made them regulars told the one who made that project; it is not what these are about.
    (odile, ann, bob, site.project("odile", "Duck racer"))
}

/// Waits until every notice that there is to make is made.
fn settle(site: &Site) {
    wait_for("the notices to be made", || {
        (site.count("jobs WHERE kind = 'notices'") == 0).then_some(())
    });
}

fn says(client: &Client, project: &Made, words: &str) {
    client
        .post(&project.comments(), &[("body", words)])
        .expect(303);
}

fn told(site: &Site, name: &str) -> i64 {
    settle(site);
    site.count(&format!("notices WHERE user_id = {}", site.user(name).id))
}

/// As if ten minutes had passed.
fn ten_minutes_later(site: &Site) {
    settle(site);
    site.sql("UPDATE notices SET due_at = '2020-01-01 00:00:00' WHERE due_at IS NOT NULL");
    wait_for("the letters to be written", || {
        let due = site.count("notices WHERE due_at IS NOT NULL");
        (due + site.count("jobs WHERE kind = 'mail'") == 0).then_some(())
    });
}

/// What the header says on a page like any other.
fn new(client: &Client) -> i64 {
    let html = client.get("/projects").expect(200).html();
    html.split("count-dot\">").nth(1).map_or(0, |after| {
        let number = after.split('<').next().expect("a number");
        number.parse().expect("a number")
    })
}

on_both! {
    fn a_name_is_a_link_and_tells_that_person(site, limits_off) {
        let (_, ann, bob, duck) = table(site);
        says(&ann, &duck, "Ask @Bob, and not `@bob` or nobody@example.org or @nobody-here.");
        let html = site.visitor().get(&duck.path()).expect(200).html();
        assert!(html.contains("Ask <a href=\"/people/bob\">@Bob</a>, and not <code>@bob</code>"), "{html}");
        assert_eq!(html.matches("href=\"/people/nobody").count(), 0);
        assert_eq!(told(site, "bob"), 1);
        let page = bob.get("/inbox").expect(200).says("ann").says("named you on").says("Duck racer").says("Ask @Bob");
        // The header says that there is something new, on every page.
        assert!(page.html().contains("count-dot\">1<"));
        assert_eq!(new(&bob), 1);
        // Reading the page changes nothing; the button does, and leads there.
        bob.get("/inbox").expect(200);
        assert_eq!(new(&bob), 1);
        let form = page.form("/inbox");
        bob.fill_in(&form, &[]).expect(303);
        assert_eq!(new(&bob), 0);
    }

    fn makers_and_who_is_answered_are_told_once(site, limits_off) {
        let (odile, ann, bob, duck) = table(site);
        says(&ann, &duck, "The third lap is great fun, I thought.");
        assert_eq!(told(site, "odile"), 1);
        let parent = site.comment_saying("The third lap").unwrap();
        // To her project, in answer to nobody of hers, and with her name twice: still one.
        bob.post(&duck.comments(), &[("body", "@ann @ann @odile I liked the second."), ("parent", &parent.to_string())])
            .expect(303);
        assert_eq!((told(site, "ann"), told(site, "odile"), told(site, "bob")), (1, 2, 0));
        ann.get("/inbox").says("named you on");
        odile.get("/inbox").says("commented on").says("named you on");
        bob.post(&duck.comments(), &[("body", "And the first one, too."), ("parent", &parent.to_string())]).expect(303);
        settle(site);
        ann.get("/inbox").says("answered you on");
        // One's own words tell oneself nothing.
        odile.post(&duck.comments(), &[("body", "Thank you all, says @odile herself.")]).expect(303);
        assert_eq!(told(site, "odile"), 3);
    }

    fn what_waits_tells_nobody_until_it_is_published(site) {
        let odile = site.maker("odile");
        site.regular("bob");
        let duck = site.project("odile", "Duck racer");
        let nia = site.member("nia");
        settle(site);
        says(&nia, &duck, "My first words here, for @bob and all.");
        let id = site.comment_saying("My first words").unwrap();
        assert_eq!(site.state(id), State::Held);
        assert_eq!((told(site, "bob"), told(site, "odile")), (0, 0));
        let mona = site.moderator("mona");
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{id}")), ("verdict", "ham")]).expect(303);
        assert_eq!((told(site, "bob"), told(site, "odile")), (1, 1));
        // Taken away again, it is in no inbox; brought back, nobody is told twice.
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{id}")), ("verdict", "spam")]).expect(303);
        odile.get("/inbox").expect(200).does_not_say("My first words").says("Nothing here yet");
        let batch = site.count("batches");
        mona.post(&format!("/moderation/batches/{batch}/undo"), &[]).expect(303);
        assert_eq!((told(site, "bob"), told(site, "odile")), (1, 1));
        odile.get("/inbox").says("My first words");
    }

    fn at_most_five_are_told_by_one_comment(site, limits_off) {
        let (_, ann, _, duck) = table(site);
        for name in ["cleo", "dora", "emil", "fred", "gina", "hans"] {
            site.member(name);
        }
        says(&ann, &duck, "@cleo @dora @emil @fred @gina @hans and @bob, look!");
        settle(site);
        assert_eq!(site.count("notices WHERE kind = 'mention'"), 5);
        assert_eq!((told(site, "gina"), told(site, "hans")), (1, 0));
    }

    fn who_ignores_the_writer_or_wants_none_is_not_told(site, limits_off) {
        let (odile, ann, bob, duck) = table(site);
        bob.post("/people/ann/ignore", &[]).expect(303);
        odile.post("/account/notices", &[("mentions", "1"), ("replies", "1")]).expect(303);
        says(&ann, &duck, "For @bob, who does not listen, on the second lap.");
        assert_eq!((told(site, "bob"), told(site, "odile")), (0, 0));
        // She wants no news of comments, but of her name she does.
        says(&ann, &duck, "For @odile, who made the second lap.");
        assert_eq!(told(site, "odile"), 1);
        // Who is ignored later is new no more.
        assert_eq!(new(&odile), 1);
        odile.post("/people/ann/ignore", &[]).expect(303);
        assert_eq!(new(&odile), 0);
        odile.get("/inbox").expect(200).does_not_say("second lap");
    }

    fn who_cannot_see_the_project_is_not_told(site, limits_off) {
        let (_, ann, _, _) = table(site);
        let hidden = site.project_for("odile", "Hidden racer", CommentPolicy::Members);
        let before = told(site, "odile");
        says(&ann, &hidden, "For @bob, about the hidden lap.");
        settle(site);
        // The same words on a project that is public no more.
        site.sql("DELETE FROM notices");
        site.put(hidden.id, State::Held);
        let id = site.comment_saying("hidden lap").unwrap();
        site.db(|db| notice::make(db, &[id]));
        assert_eq!((told(site, "bob"), told(site, "odile")), (0, before.min(0) + 1));
    }

    fn comments_that_their_makers_show_to_nobody_are_in_no_inbox_and_no_letter_but_theirs(site, limits_off) {
        let (odile, ann, bob, duck) = table(site);
        says(&ann, &duck, "A word about the third lap, @bob.");
        assert_eq!((told(site, "bob"), new(&bob)), (1, 1));
        let policy = |word: &str| {
            site.sql(&format!("UPDATE projects SET comment_policy = '{word}' WHERE id = {}", duck.id));
        };
        policy("nobody");
        bob.get("/inbox").expect(200).does_not_say("third lap");
        assert_eq!(new(&bob), 0);
        odile.get("/inbox").expect(200).says("A word about the third lap");
        ten_minutes_later(site);
        assert!(site.letter("notice", "odile").contains("third lap"), "she makes it");
        assert!(site.letters("notice", "bob").is_empty(), "he reads no comments there");
        // Shown again, they are told of again.
        policy("members");
        bob.get("/inbox").expect(200).says("A word about the third lap");
        assert_eq!(new(&bob), 1);
    }

    fn an_award_leads_to_its_own_page(site, limits_off) {
        site.app.set_filter(None);
        let (odile, _, _, duck) = table(site);
        let fields = [("name", "Best duck main character"), ("mark", "duck"), ("why", "It quacks at every bend.")];
        site.maker("mara").post(&format!("{}/award", duck.path()), &fields).expect(303);
        let page = odile.get("/inbox").expect(200).says("gave an award to");
        let form = page.forms().into_iter().find(|form| form.hidden.iter().any(|(name, _)| name == "one"));
        let answer = odile.fill_in(&form.expect("a button"), &[]).expect(303);
        let to = answer.location().expect("it leads there");
        assert!(to.starts_with("/awards/"), "{to}");
        site.visitor().get(to).expect(200).says("Best duck main character");
    }

    fn a_letter_follows_unless_it_was_read_or_is_not_wanted(site, limits_off) {
        let (odile, ann, bob, duck) = table(site);
        says(&ann, &duck, "Three laps would do, don’t you think, @bob?");
        settle(site);
        assert!(site.letters("notice", "bob").is_empty(), "before its time");
        // Odile reads it in time.
        let form = odile.get("/inbox").expect(200).form("/inbox");
        odile.fill_in(&form, &[]).expect(303);
        ten_minutes_later(site);
        let letter = site.letter("notice", "bob");
        assert!(letter.contains("Three laps would do") && letter.contains("List-Unsubscribe"), "{letter}");
        assert!(site.letters("notice", "odile").is_empty(), "she has read it");
        // The address in it ends such letters, and nothing else.
        let start = letter.find("/unsubscribe/mentions-").expect("a way out");
        let stop: String = letter[start..].chars().take_while(|c| !c.is_whitespace() && *c != '>').collect();
        site.visitor().get(&stop).expect(200).says("End the letters about where somebody names you?");
        site.visitor().post_raw(&stop, &[("List-Unsubscribe", "One-Click")], &[]).expect(200).says("No more letters about where somebody names you");
        let account = bob.get("/account").html();
        assert_eq!(account.matches("<option value=\"off\" selected>").count(), 2, "mentions, and what one follows");
        says(&ann, &duck, "Or perhaps four laps, @bob?");
        ten_minutes_later(site);
        assert_eq!(site.letters("notice", "bob").len(), 1);
        assert_eq!(told(site, "bob"), 2);
    }

    fn what_is_taken_back_in_time_is_in_no_letter(site, limits_off) {
        let (_, ann, _, duck) = table(site);
        says(&ann, &duck, "Something rude about the laps of @bob.");
        settle(site);
        let id = site.comment_saying("Something rude").unwrap();
        let mona = site.moderator("mona");
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{id}")), ("verdict", "remove"), ("reason", "unkind")])
            .expect(303);
        ten_minutes_later(site);
        assert!(site.letters("notice", "bob").is_empty() && site.letters("notice", "odile").is_empty());
    }

    fn an_edit_tells_whom_it_names_anew(site, limits_off) {
        let (_, ann, _, duck) = table(site);
        says(&ann, &duck, "A remark for nobody in particular, on laps.");
        let id = site.comment_saying("A remark for nobody").unwrap();
        assert_eq!(told(site, "bob"), 0);
        ann.post(&format!("/comments/{id}/edit"), &[("body", "A remark for @bob in particular, on laps.")]).expect(303);
        assert_eq!(told(site, "bob"), 1);
        assert!(site.visitor().get(&duck.path()).html().contains("<a href=\"/people/bob\">@bob</a>"));
    }

    fn any_item_can_be_told_of_and_once(site, limits_off) {
        let (_, _, bob, duck) = table(site);
        let id = site.user_id("bob");
        let tell = |sort| site.db(|db| notice::tell(db, id, sort, duck.id));
        assert!(tell(Sort::Project));
        assert!(!tell(Sort::Project), "they know it");
        let page = bob.get("/inbox").expect(200).says("odile shared Duck racer");
        assert_eq!(new(&bob), 1);
        let form = page.forms().into_iter().find(|form| form.hidden.iter().any(|(name, _)| name == "one"));
        let answer = bob.fill_in(&form.expect("a button"), &[]).expect(303);
        assert_eq!(answer.header("location"), Some(duck.path().as_str()));
        assert_eq!(new(&bob), 0);
        // What is said of it later takes the place of that, and is new.
        assert!(tell(Sort::Review));
        assert_eq!((told(site, "bob"), new(&bob)), (1, 1));
        assert!(tell(Sort::Project));
        site.put(duck.id, State::Held);
        assert_eq!(new(&bob), 0);
        bob.get("/inbox").expect(200).does_not_say("Duck racer");
    }

    fn an_inbox_goes_on_page_by_page(site, limits_off) {
        let (odile, _, _, duck) = table(site);
        for n in 0..60 {
            site.comment("ann", &duck, &format!("Remark number {n} of sixty about the laps."));
        }
        settle(site);
        let first = odile.get("/inbox").expect(200).says("number 59").says("number 10").does_not_say("number 9 ");
        let next = first.links().into_iter().find(|link| link.starts_with("/inbox?before=")).expect("older ones");
        odile.get(&next).expect(200).says("number 9 ").says("number 0 ").does_not_say("number 10 ");
        // All at once, but for what came since.
        let form = first.forms().into_iter().find(|form| form.hidden.iter().any(|(name, _)| name == "up_to")).expect("a button");
        site.comment("bob", &duck, "One more remark, which came in between.");
        settle(site);
        odile.fill_in(&form, &[]).expect(303);
        assert_eq!(new(&odile), 1);
        // Others’ are none of one’s business.
        let foreign = site.count("notices");
        site.come_back("ann").post("/inbox", &[("one", &foreign.to_string())]).expect(404);
    }
}
