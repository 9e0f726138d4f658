//! The way of a text: what holds it, what refuses it, what lets it through.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::intake::Outcome;
use potluck_models::item::{Queue, Revision, State};

/// As if so many seconds had gone by since the last comments.
fn time_goes_by(site: &Site, seconds: i64) {
    use potluck_models::schema::comments;
    site.db(|db| {
        let all: Vec<(potluck_models::db::ItemId, chrono::NaiveDateTime)> = comments::table
            .select((comments::id, comments::created_at))
            .load(db)?;
        for (id, at) in all {
            let earlier = at - chrono::Duration::seconds(seconds);
            diesel::update(comments::table.find(id))
                .set(comments::created_at.eq(earlier))
                .execute(db)?;
            use potluck_models::schema::items;
            diesel::update(items::table.find(id))
                .set(items::created_at.eq(earlier))
                .execute(db)?;
        }
        Ok(())
    });
}

fn posted(
    site: &Site,
    client: &Client,
    project: &Made,
    text: &str,
) -> (State, Option<Queue>, String) {
    client
        .post(&project.comments(), &[("body", text)])
        .expect(303);
    let words: String = text.chars().take(40).collect();
    let id = site
        .comment_saying(&words.replace('%', ""))
        .expect("the comment is there");
    let item = site.item(id);
    (item.state, item.queue, item.why)
}

on_both! {
    fn the_first_comments_of_a_member_wait_until_one_is_approved(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.member("ann");
        let mona = site.moderator("mona");
        let (state, queue, why) = posted(site, &ann, &duck, "Hello, I liked how the ducks lean into the curve.");
        assert_eq!((state, queue, why.as_str()), (State::Held, Some(Queue::Held), "first_comment"));
        let (state, ..) = posted(site, &ann, &duck, "The sound of the water could be softer, I think.");
        assert_eq!(state, State::Held);
        // Its author sees it, marked; nobody else does.
        ann.get(&duck.path()).expect(200).says("lean into the curve").says("Waiting for a moderator");
        for other in [&site.visitor(), &site.regular("bob"), &site.come_back("odile")] {
            other.get(&duck.path()).expect(200).does_not_say("lean into the curve");
        }
        let first = site.comment_saying("lean into").unwrap();
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{first}")), ("verdict", "ham")]).expect(303);
        site.visitor().get(&duck.path()).expect(200).says("lean into the curve").does_not_say("could be softer");
        let (state, ..) = posted(site, &ann, &duck, "And the menu reads well on a small screen.");
        assert_eq!(state, State::Published);
    }

    fn makers_are_not_kept_waiting(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let bob = site.maker("bob");
        let (state, _, why) = posted(site, &bob, &duck, "I make things too, and this curve is lovely work.");
        assert_eq!(state, State::Published, "{why}");
    }

    fn many_links_wait_for_a_person(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let bob = site.maker("bob");
        let text = "Four sources on wheels: https://a.example https://b.example http://c.example HTTPS://d.example are all good reading.";
        let (state, _, why) = posted(site, &bob, &duck, text);
        assert_ne!(state, State::Published);
        assert!(matches!(why.as_str(), "links" | "filter"), "{why}");
        let id = site.comment_saying("Four sources").unwrap();
        let steps = site.db(|db| Revision::newest(db, id)).steps();
        let links = steps.iter().find(|step| step.name == "links").expect("the step is recorded");
        assert_eq!((links.outcome, links.evidence.as_str()), (Outcome::Hold, "4 links"));
    }

    fn the_same_words_of_somebody_else_wait_and_are_spam_when_those_were(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let (ann, bob, eve) = (site.regular("ann"), site.regular("bob"), site.regular("eve"));
        let mona = site.moderator("mona");
        let text = "I have a friend who tells everybody about his boat.";
        posted(site, &ann, &duck, text);
        let (state, _, why) = posted(site, &bob, &duck, "I have a  FRIEND who tells everybody about his boat. ");
        assert_eq!((state, why.as_str()), (State::Held, "duplicates"));
        let id = site.comment_saying("I have a friend").unwrap();
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{id}")), ("verdict", "spam")]).expect(303);
        let (state, ..) = posted(site, &eve, &duck, text);
        assert_eq!(state, State::Spam);
    }

    fn every_step_is_stored_with_the_text(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.member("ann");
        posted(site, &ann, &duck, "Hello to all of you, the ducks are charming.");
        let id = site.comment_saying("Hello to all").unwrap();
        let revision = site.db(|db| Revision::newest(db, id));
        let names: Vec<String> = revision.steps().into_iter().map(|step| step.name).collect();
        assert_eq!(names, ["watched", "rules", "raid", "links", "duplicates", "heated", "campaign", "first_comment", "filter", "approve_first"]);
        assert!(revision.score.is_some() && revision.model_id.is_some(), "the filter was asked");
        assert!(revision.signals().contains(&"@first-comment".to_owned()), "{:?}", revision.signals());
        let item = site.item(id);
        assert_eq!(item.score, revision.score);
        // Nobody had told the starter of charming ducks.
        assert_eq!(site.count(&format!("revisions WHERE item_id = {id} AND unseen > 0 AND unseen < 1")), 1);
    }

    fn plain_spam_is_held_by_the_filter_whoever_posts_it(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let bob = site.maker("bob");
        let text = "CONGRATULATIONS you WON a FREE prize!!! Claim now http://win-cash.example call 09061701461 to subscribe, \
                    check out my channel and earn money fast";
        // On the first day the filter has too few labels to put anything away by itself.
        let (state, queue, why) = posted(site, &bob, &duck, text);
        assert_eq!((state, queue, why.as_str()), (State::Held, Some(Queue::Held), "filter"));
        let id = site.comment_saying("CONGRATULATIONS").unwrap();
        assert!(site.item(id).score > Some(0.8), "{:?}", site.item(id).score);
        site.visitor().get(&duck.path()).expect(200).does_not_say("win-cash");
        // A person sees the words that decided.
        let mona = site.moderator("mona");
        let page = mona.get("/moderation/held").expect(200).says("win-cash");
        assert!(page.words().to_lowercase().contains("prize"), "{}", page.words());
    }

    fn spam_looks_held_to_its_author_and_to_nobody_else(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let eve = site.member("eve");
        let id = site.waiting("eve", &duck, "Golden ducks, nearly for nothing.", State::Spam);
        eve.get(&duck.path()).expect(200).says("Golden ducks").says("Waiting for a moderator").does_not_say("Spam");
        eve.get(&format!("/comments/{id}")).expect(200);
        for other in [&site.visitor(), &site.come_back("odile"), &site.regular("bob")] {
            other.get(&duck.path()).expect(200).does_not_say("Golden ducks");
            other.get(&format!("/comments/{id}")).expect(404);
        }
    }

    fn without_a_model_the_rules_decide_and_moderators_are_told(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.app.set_filter(None);
        let ann = site.member("ann");
        let (state, _, why) = posted(site, &ann, &duck, "Hello, no filter looks at this one.");
        assert_eq!((state, why.as_str()), (State::Held, "first_comment"));
        let bob = site.maker("bob");
        assert_eq!(posted(site, &bob, &duck, "Hello, nor at that one of a maker.").0, State::Published);
        site.moderator("mona").get("/moderation/filter").expect(200);
    }

    fn comments_are_ten_seconds_apart_and_nothing_typed_is_lost(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        time_goes_by(site, 60);
        posted(site, &ann, &duck, "The first of two in quick order.");
        let typed = "The second of two in quick order.";
        let answer = ann.post(&duck.comments(), &[("body", typed)]).expect(429).keeps(typed);
        let wait: u64 = answer.header("retry-after").expect("Retry-After").parse().unwrap();
        assert!((1..=10).contains(&wait), "{wait}");
        assert_eq!(site.comment_saying("The second of two"), None);
        time_goes_by(site, 11);
        posted(site, &ann, &duck, typed);
    }

    fn thirty_comments_an_hour_are_enough(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        time_goes_by(site, 7_200);
        for n in 0..30 {
            site.comment("ann", &duck, &format!("Remark number {n} on the ducks of this pond."));
        }
        time_goes_by(site, 60);
        let typed = "One remark too many on the ducks.";
        let answer = ann.post(&duck.comments(), &[("body", typed)]).expect(429).keeps(typed).says("30 comments in an hour");
        assert!(answer.header("retry-after").is_some());
        assert_eq!(site.comment_saying("too many"), None);
        time_goes_by(site, 3_600);
        posted(site, &ann, &duck, typed);
    }

    fn a_new_member_has_at_most_five_texts_waiting(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.member("ann");
        for n in 0..5 {
            posted(site, &ann, &duck, &format!("Hopeful remark {n} about the ducks."));
            // Far more than ten seconds: the machine's clock may be set back meanwhile.
            time_goes_by(site, 600);
        }
        let typed = "The sixth, which has to wait outside.";
        ann.post(&duck.comments(), &[("body", typed)]).expect(429).keeps(typed).says("5 texts waiting");
        assert_eq!(site.comment_saying("The sixth"), None);
        let fields = [("title", "A lamp"), ("summary", "It lights"), ("description", typed), ("kind", "art"), ("comment_policy", "members")];
        ann.post("/projects/new", &fields).expect(429).keeps(typed);
        assert!(site.project_by_title("A lamp").is_none());
    }

    fn the_same_text_twice_is_refused_and_kept(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        time_goes_by(site, 60);
        posted(site, &ann, &duck, "Said once, and that is enough.");
        time_goes_by(site, 120);
        let typed = "said  once, and THAT is enough.";
        ann.post(&duck.comments(), &[("body", typed)]).expect(429).keeps(typed).says("posted this very text before");
        assert_eq!(site.count("comments WHERE body LIKE '%is enough%'"), 1);
    }

    fn limits_count_all_the_same_however_many_ask_at_once(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        time_goes_by(site, 60);
        let token = ann.csrf();
        let (token, there) = (token.as_str(), duck.comments());
        std::thread::scope(|scope| {
            for n in 0..8 {
                let (again, there) = (ann.copy(), &there);
                scope.spawn(move || {
                    let body = format!("Shouted at once, number {n}.");
                    again.post_raw(there, &[("csrf", token), ("body", &body)], &[])
                });
            }
        });
        assert_eq!(site.count("comments WHERE body LIKE 'Shouted%'"), 1);
    }

    fn an_edit_takes_the_same_way_and_the_old_text_stays_meanwhile(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        posted(site, &ann, &duck, "Harmless remark on the ducks, as it was.");
        let id = site.comment_saying("as it was").unwrap();
        let edit = format!("/comments/{id}/edit");
        let links = "Changed: https://a.example https://b.example https://c.example https://d.example https://e.example all at once.";
        ann.submit(&edit, &edit, &[("body", links)]).expect(303);
        site.visitor().get(&duck.path()).expect(200).says("as it was").does_not_say("a.example");
        assert_eq!(site.state(id), State::Published);
        assert!(site.item(id).queue.is_some(), "the new text waits");
        let mona = site.moderator("mona");
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{id}")), ("verdict", "ham")]).expect(303);
        site.visitor().get(&duck.path()).expect(200).says("a.example").does_not_say("as it was");
    }

    fn a_maker_who_approves_first_sees_each_comment_before_others_do(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.sql(&format!("UPDATE projects SET approve_first = true WHERE id = {}", duck.id));
        let ann = site.regular("ann");
        let bob = site.regular("bob");
        let (state, queue, _) = posted(site, &ann, &duck, "For your eyes first, dear maker.");
        assert_eq!((state, queue), (State::Held, Some(Queue::Maker)));
        let id = site.comment_saying("For your eyes").unwrap();
        bob.post(&format!("/comments/{id}/approve"), &[]).expect(403);
        ann.post(&format!("/comments/{id}/approve"), &[]).expect(403);
        assert_eq!(site.state(id), State::Held);
        odile.get(&duck.path()).expect(200).says("waits for you");
        odile.post(&format!("/comments/{id}/approve"), &[]).expect(303);
        assert_eq!(site.state(id), State::Published);
        assert_eq!(site.count("verdicts WHERE label IS NOT NULL"), 0, "a maker's act trains nothing");
        // The maker's own words do not wait for the maker.
        assert_eq!(posted(site, &odile, &duck, "My own words on my own ducks.").0, State::Published);
    }
}
