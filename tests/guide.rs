//! The guide: its text, comments that are shown as good reviews, and articles that readers suggest.

use crate::support::*;
use potluck_models::db::ItemId;
use potluck_models::gate::CommentPolicy;
use potluck_models::item::State;

const TEXT: &str = "/admin/texts/guide";
const REVIEW: &str =
    "The ducks line up on the bridge, which took my breath; a bell there would tell when they go.";

/// Odile's duck racer, and what Ann said about it.
fn table(site: &Site) -> (Client<'_>, Client<'_>, Made, ItemId) {
    site.maker("odile");
    let ann = site.regular("ann");
    let duck = site.project("odile", "Duck racer");
    let review = site.comment("ann", &duck, REVIEW);
    wait_for("the notices to be made", || {
        (site.count("jobs WHERE kind = 'notices'") == 0).then_some(())
    });
    (site.moderator("mona"), ann, duck, review)
}

fn suggest(mona: &Client, review: ItemId) -> Answer {
    mona.post(&format!("/moderation/comments/{review}/review"), &[])
}

fn answer(client: &Client, review: ItemId, word: &str) -> Answer {
    let id = review.to_string();
    client.post("/account/reviews", &[("comment", &id), ("answer", word)])
}

fn shows(site: &Site) -> bool {
    site.visitor()
        .get("/guide")
        .expect(200)
        .html()
        .contains(REVIEW)
}

/// The number of the pick that stands.
fn pick(site: &Site) -> i64 {
    use diesel::prelude::*;
    use potluck_models::schema::good_reviews;
    site.db(|db| {
        good_reviews::table
            .order(good_reviews::id.desc())
            .select(good_reviews::id)
            .first(db)
    })
}

fn article(client: &Client, title: &str, url: &str, why: &str) -> Answer {
    client.submit(
        "/guide/suggest",
        "/guide/suggest",
        &[("title", title), ("url", url), ("why", why)],
    )
}

on_both! {
    fn an_administrator_rewrites_the_guide_and_takes_it_back(site) {
        let (ada, visitor) = (site.admin("ada"), site.visitor());
        visitor.get("/guide").expect(200).says("Spend time with it first").says("About software").says("About art");
        let words = "First words.\n\n## Our own part {#own}\n\nSee [the rules](/conduct).\n\n## And more";
        // A preview changes nothing.
        ada.submit(TEXT, TEXT, &[("body", words), ("preview", "1")]).expect(200).says("This is how it will look").keeps(words);
        visitor.get("/guide").says("Spend time with it first");
        ada.submit(TEXT, TEXT, &[("body", words)]).expect(303);
        let page = visitor.get("/guide").expect(200).says("Our own part").does_not_say("Spend time with it first");
        let html = page.html();
        assert!(html.contains("<h2 id=\"own\">Our own part</h2>") && html.contains("<h2 id=\"and-more\">"));
        for link in ["#own", "#and-more", "/conduct", "#removed"] {
            assert!(page.links().contains(&link.to_owned()), "{link}");
        }
        // What is told of removals stays below it, and reasons may lead to the new parts.
        assert!(html.contains("id=\"reason-unkind\""));
        assert!(ada.get("/admin/reasons").html().contains("value=\"own\""));
        ada.submit(TEXT, TEXT, &[("body", words), ("default", "1")]).expect(303);
        visitor.get("/guide").says("Spend time with it first").does_not_say("Our own part");
        // Both are kept, and logged with who did it.
        let page = ada.get(TEXT).expect(200).says("the default again").says("by ada");
        let first = page.links().into_iter().rfind(|link| link.starts_with("/admin/texts/guide/")).unwrap();
        let before = ada.get(&first).expect(200).says("Our own part");
        ada.fill_in(&before.form(TEXT), &[("restore", first.rsplit('/').next().unwrap())]).expect(303);
        visitor.get("/guide").says("Our own part");
        assert_eq!(site.count("log WHERE act = 'changed the guide'"), 3);
        ada.get("/moderation/log").expect(200).says("changed the guide");
    }

    fn a_guide_that_cannot_be_is_refused_with_its_text(site) {
        let ada = site.admin("ada");
        ada.submit(TEXT, TEXT, &[("body", " \n ")]).expect(422).says("Write something");
        let long = "ü".repeat(50_001);
        ada.submit(TEXT, TEXT, &[("body", &long)]).expect(422).says("at most 50,000 characters").keeps(&long);
        ada.post_bytes(TEXT, "body", b"a\0b").expect(400);
        for hostile in ["<script>alert(1)</script>", "[x](javascript:alert(1))", "## \u{202e}abc {#\"onclick=x}", &"w".repeat(1_000)] {
            ada.submit(TEXT, TEXT, &[("body", hostile)]).expect(303);
            let html = site.visitor().get("/guide").expect(200).html();
            assert!(!html.contains("<script>alert") && !html.contains("href=\"javascript") && !html.contains("id=\"\"onclick"), "{hostile}");
        }
        site.moderator("mona").post(TEXT, &[("body", "Mine now")]).expect(403);
    }

    fn two_administrators_do_not_overwrite_one_another(site) {
        let (ada, bea) = (site.admin("ada"), site.admin("bea"));
        let late = ada.get(TEXT).expect(200).form(TEXT);
        bea.submit(TEXT, TEXT, &[("body", "Bea’s guide.")]).expect(303);
        let page = ada.fill_in(&late, &[("body", "Ada’s guide.")]).expect(422).says("Somebody else changed it").keeps("Ada’s guide.");
        site.visitor().get("/guide").says("Bea’s guide.");
        // Having seen it, she may.
        ada.fill_in(&page.form(TEXT), &[("body", "Ada’s guide.")]).expect(303);
        site.visitor().get("/guide").says("Ada’s guide.");
    }

    fn a_review_is_shown_when_its_author_says_yes(site, limits_off) {
        let (mona, ann, duck, review) = table(site);
        let talk = mona.get(&duck.path()).expect(200);
        mona.fill_in(&talk.form(&format!("/moderation/comments/{review}/review")), &[]).expect(303);
        assert!(!shows(site));
        // It is in her inbox, counted as new, with both answers.
        let inbox = ann.get("/inbox").expect(200).says("as a good review").says("Duck racer");
        assert!(inbox.html().contains("count-dot\">1<"));
        ann.fill_in(&inbox.form("/account/reviews"), &[("answer", "yes")]).expect(303);
        assert!(shows(site));
        let page = site.visitor().get("/guide").says("Good reviews").says("Duck racer");
        assert!(page.links().contains(&format!("/comments/{review}#comment-{review}")));
        assert!(!ann.get("/inbox").html().contains("count-dot\">1<"));
        // She takes it back, and gives it again.
        ann.get("/account/reviews").expect(200).says("in the guide");
        answer(&ann, review, "no").expect(303);
        assert!(!shows(site));
        answer(&ann, review, "yes").expect(303);
        assert!(shows(site));
        ann.get("/account/mine").expect(200).says("your comments in the guide");
    }

    fn nobody_else_answers_for_its_author(site, limits_off) {
        let (mona, ann, _, review) = table(site);
        suggest(&mona, review).expect(303);
        let odile = site.come_back("odile");
        for other in [&odile, &mona] {
            answer(other, review, "yes").expect(404);
        }
        answer(&ann, review, "maybe").expect(400);
        answer(&ann, ItemId(987_654_321), "yes").expect(404);
        assert!(!shows(site));
    }

    fn a_review_is_hidden_as_long_as_its_comment_is(site, limits_off) {
        let (mona, ann, duck, review) = table(site);
        suggest(&mona, review).expect(303);
        answer(&ann, review, "yes").expect(303);
        for state in [State::Held, State::Spam, State::Removed, State::Deleted] {
            site.put(review, state);
            assert!(!shows(site), "{state}");
            ann.get("/account/reviews").expect(200).does_not_say("line up on the bridge");
            site.put(review, State::Published);
            assert!(shows(site), "{state}");
        }
        site.put(duck.id, State::Held);
        assert!(!shows(site), "of a project that is held");
        site.put(duck.id, State::Published);
        site.sql(&format!("UPDATE projects SET comment_policy = 'nobody' WHERE id = {}", duck.id));
        assert!(!shows(site), "of a project that hides its comments");
        mona.get("/moderation/guide").expect(200).says("not shown: the comment is not public");
    }

    fn a_question_outlasts_a_verdict_that_was_undone(site, limits_off) {
        let (mona, ann, _, review) = table(site);
        suggest(&mona, review).expect(303);
        site.put(review, State::Held);
        ann.get("/inbox").does_not_say("as a good review");
        site.put(review, State::Published);
        ann.get("/inbox").says("as a good review");
    }

    fn a_moderator_takes_a_suggestion_back(site, limits_off) {
        let (mona, ann, _, review) = table(site);
        suggest(&mona, review).expect(303);
        suggest(&mona, review).expect(403).says("suggested already");
        answer(&ann, review, "yes").expect(303);
        let page = mona.get("/moderation/guide").expect(200).says("in the guide");
        let undo = format!("/moderation/reviews/{}/undo", pick(site));
        mona.fill_in(&page.form(&undo), &[]).expect(303);
        assert!(!shows(site));
        mona.post(&undo, &[]).expect(303);
        mona.get("/moderation/guide").says("taken back");
        ann.get("/inbox").does_not_say("as a good review");
        ann.get("/account/reviews").says("Nothing is asked of you");
        answer(&ann, review, "yes").expect(404);
        let log = mona.get("/moderation/log").expect(200);
        log.says("suggested a good review").says("took back a good review");
        assert_eq!(site.count("log WHERE act LIKE '%good review' AND item_id IS NOT NULL AND user_id IS NOT NULL"), 2);
        // She never said no, so she may be asked again.
        suggest(&mona, review).expect(303);
        ann.get("/inbox").says("as a good review");
    }

    fn who_said_no_is_not_asked_again(site, limits_off) {
        let (mona, ann, _, review) = table(site);
        suggest(&mona, review).expect(303);
        answer(&ann, review, "no").expect(303);
        mona.get("/moderation/guide").says("its author said no");
        mona.post(&format!("/moderation/reviews/{}/undo", pick(site)), &[]).expect(303);
        suggest(&mona, review).expect(403).says("did not want");
    }

    fn only_what_readers_see_is_suggested(site, limits_off) {
        let (mona, _, duck, review) = table(site);
        site.put(review, State::Held);
        suggest(&mona, review).expect(403).says("Only a published comment");
        site.put(review, State::Published);
        let own = site.comment("mona", &duck, "The moderator’s own words about the ducks.");
        suggest(&mona, own).expect(403).says("your own comment");
        suggest(&mona, duck.id).expect(404);
        site.come_back("ann").post(&format!("/moderation/comments/{review}/review"), &[]).expect(403);
        let hidden = site.project_for("odile", "Quiet ducks", CommentPolicy::Members);
        let there = site.comment("ann", &hidden, "Words on a project that goes away later on.");
        site.put(hidden.id, State::Removed);
        suggest(&mona, there).expect(403);
        assert_eq!(site.count("good_reviews"), 0);
    }

    fn a_suggested_article_is_listed_once_it_is_accepted(site) {
        let (ann, mona) = (site.member("ann"), site.moderator("mona"));
        article(&ann, "On looking twice", "https://letters.example/looking", "It teaches to look before one judges.").expect(303);
        ann.get("/guide/suggest").says("waits for a moderator");
        let visitor = site.visitor();
        visitor.get("/guide").expect(200).does_not_say("On looking twice");
        site.member("bob").get("/guide/suggest").expect(200).does_not_say("On looking twice");
        let page = mona.get("/moderation/guide").expect(200).says("On looking twice").says("https://letters.example/looking");
        let form = page.forms().into_iter().find(|form| form.action.starts_with("/moderation/articles/")).unwrap();
        mona.fill_in(&form, &[("decision", "accepted")]).expect(303);
        let guide = visitor.get("/guide").says("On looking twice").says("suggested by ann").says("letters.example");
        assert!(guide.html().contains("rel=\"nofollow ugc noopener\""));
        // A second word on it changes nothing; the undo does.
        mona.fill_in(&form, &[("decision", "declined")]).expect(303);
        visitor.get("/guide").says("On looking twice");
        mona.fill_in(&form, &[("decision", "waiting")]).expect(303);
        visitor.get("/guide").does_not_say("On looking twice");
        mona.fill_in(&form, &[("decision", "declined")]).expect(303);
        ann.get("/guide/suggest").says("not taken");
        assert_eq!(site.count("log WHERE act LIKE '%an article'"), 3);
        mona.fill_in(&form, &[("decision", "eaten")]).expect(400);
    }

    fn a_suggestion_that_cannot_be_is_kept_beside_its_faults(site, limits_off) {
        let ann = site.member("ann");
        let why = "What it teaches, in a sentence.";
        article(&ann, "", "https://a.example/", why).expect(422).says("Say what it is called.").keeps(why);
        for bad in ["javascript:alert(1)", "a.example", "https://u:p@a.example/", &format!("https://a.example/{}", "x".repeat(2_000))] {
            article(&ann, "A title", bad, why).expect(422).says("An address starts with").keeps("A title");
        }
        article(&ann, &"t".repeat(121), "https://a.example/", why).expect(422).says("at most 120 characters");
        article(&ann, "A title", "https://a.example/", &"y".repeat(501)).expect(422).says("at most 500 characters");
        article(&ann, "A title", "https://a.example/", "").expect(422);
        ann.post_bytes("/guide/suggest", "title", b"a\0b").expect(400);
        assert_eq!(site.count("articles"), 0);
        // Odd, and allowed.
        for (n, title) in ["\u{202e}txet thgir", &"w".repeat(120), "🍲🍲🍲", "<b>bold</b>"].iter().enumerate() {
            article(&ann, title, &format!("https://a.example/{n}"), why).expect(303);
        }
        site.sql("UPDATE articles SET state = 'accepted'");
        assert!(!site.visitor().get("/guide").expect(200).html().contains("<b>bold"));
        article(&site.member("bob"), "The same", "https://a.example/1", why).expect(422).says("before you");
    }

    fn suggestions_have_their_limits(site) {
        let ann = site.member("ann");
        for n in 0..5 {
            article(&ann, "A title", &format!("https://a.example/{n}"), "Why it is good.").expect(303);
        }
        article(&ann, "One more", "https://a.example/9", "Why it is good.").expect(429).says("waiting for a moderator").keeps("One more");
        site.sql("UPDATE articles SET state = 'declined'");
        for n in 10..15 {
            article(&ann, "A title", &format!("https://a.example/{n}"), "Why it is good.").expect(303);
        }
        site.sql("UPDATE articles SET state = 'declined'");
        assert!(article(&ann, "One more", "https://a.example/99", "Why.").expect(429).header("retry-after").is_some());
        site.sql("UPDATE users SET suspended_until = '2999-01-01 00:00:00' WHERE username = 'ann'");
        article(&ann, "One more", "https://a.example/98", "Why.").expect(403).says("cannot post until").keeps("One more");
    }
}
