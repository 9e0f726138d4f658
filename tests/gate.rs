//! Who may comment where: each policy for each kind of person, changed at any time.

use crate::support::*;
use potluck_models::gate::CommentPolicy;

const BRING_A_DISH: &str =
    "If you want to comment on this project, you first have to share a project of your own.";

/// Whether the page of a project has the composer, and what stands there if not.
fn composer(answer: &Answer, project: &Made) -> bool {
    let forms = answer.forms();
    forms
        .iter()
        .any(|form| form.action == project.comments() && form.html.contains("<textarea"))
}

on_both! {
    fn each_policy_lets_in_whom_it_names(site, limits_off) {
        let odile = site.maker("odile");
        let bob = site.maker("bob");
        let ann = site.regular("ann");
        let una = site.unconfirmed("una");
        let mona = site.moderator("mona");
        let visitor = site.visitor();
        use CommentPolicy::{Makers, Members, Nobody};
        #[rustfmt::skip]
        let table: &[(CommentPolicy, &Client, bool, &str)] = &[
            (Members, &odile,   true,  ""),
            (Members, &bob,     true,  ""),
            (Members, &ann,     true,  ""),
            (Members, &una,     false, "Confirm your e-mail address first"),
            (Members, &mona,      true,  ""),
            (Members, &visitor, false, "Log in to leave a thoughtful comment"),
            (Makers,  &odile,   true,  ""),
            (Makers,  &bob,     true,  ""),
            (Makers,  &ann,     false, BRING_A_DISH),
            (Makers,  &una,     false, "Confirm your e-mail address first"),
            (Makers,  &visitor, false, "Log in to leave a thoughtful comment"),
            (Nobody,  &odile,   false, "does not take comments"),
            (Nobody,  &bob,     false, "does not take comments"),
            (Nobody,  &ann,     false, "does not take comments"),
            (Nobody,  &mona,      false, "does not take comments"),
            (Nobody,  &visitor, false, "does not take comments"),
        ];
        for (number, (policy, client, may, sentence)) in table.iter().enumerate() {
            let project = site.project_for("odile", &format!("Thing {number}"), *policy);
            let case = format!("{policy} as {:?}", client.name);
            let page = client.get(&project.path()).expect(200);
            assert_eq!(composer(&page, &project), *may, "{case}");
            let typed = format!("A thoughtful text, number {number}, which must not be lost.");
            let answer = client.post(&project.comments(), &[("body", &typed)]);
            if *may {
                assert!(page.html().contains("Leave a thoughtful comment"), "{case}");
                assert_eq!(answer.status, 303, "{case}: {}", answer.words());
            } else {
                page.says(sentence);
                let answer = answer.expect(403).keeps(&typed);
                if !client.name.is_empty() {
                    answer.says(sentence);
                }
                assert_eq!(site.comment_saying(&typed), None, "{case}");
            }
        }
    }

    fn the_refusal_shows_the_way_in(site) {
        site.maker("odile");
        let ann = site.regular("ann");
        let club = site.project_for("odile", "For makers", CommentPolicy::Makers);
        let page = ann.get(&club.path()).expect(200).says(BRING_A_DISH);
        assert!(page.links().contains(&"/projects/new".to_owned()), "no way in: {:?}", page.links());
        let refused = ann.post(&club.comments(), &[("body", "Typed before I knew.")]).expect(403).says(BRING_A_DISH).keeps("Typed before I knew.");
        assert!(refused.links().contains(&"/projects/new".to_owned()));
    }

    fn a_change_of_policy_counts_at_the_next_request(site, limits_off) {
        let odile = site.maker("odile");
        let ann = site.regular("ann");
        let duck = site.project("odile", "Duck racer");
        site.comment("ann", &duck, "Said while all was open.");
        let set = |policy: &str, closed: bool| {
            let mut fields = vec![
                ("title", "Duck racer"), ("summary", "Ducks that race"), ("description", "They race."), ("kind", "game"),
                ("tags", ""), ("comment_policy", policy),
            ];
            if closed {
                fields.push(("closed", "1"));
            }
            let edit = format!("{}/edit", duck.path());
            odile.submit(&edit, &edit, &fields).expect(303);
        };
        set("makers", false);
        ann.post(&duck.comments(), &[("body", "First try, kept.")]).expect(403).says(BRING_A_DISH).keeps("First try, kept.");
        set("members", true);
        ann.get(&duck.path()).expect(200).says("Comments are closed").says("Said while all was open.");
        ann.post(&duck.comments(), &[("body", "Second try, kept.")]).expect(403).says("Comments are closed").keeps("Second try, kept.");
        set("nobody", false);
        ann.get(&duck.path()).expect(200).does_not_say("Said while all was open.");
        ann.post(&duck.comments(), &[("body", "Third try, kept.")]).expect(403).keeps("Third try, kept.");
        set("members", false);
        ann.get(&duck.path()).expect(200).says("Said while all was open.");
        ann.post(&duck.comments(), &[("body", "Fourth try, about ducks and lamps.")]).expect(303);
        assert!(site.comment_saying("Fourth try").is_some());
        for lost in ["First try", "Second try", "Third try"] {
            assert_eq!(site.comment_saying(lost), None);
        }
    }

    fn nobody_hides_earlier_comments_everywhere_and_brings_them_back(site) {
        site.maker("odile");
        site.regular("ann");
        let duck = site.project("odile", "Duck racer");
        let id = site.comment("ann", &duck, "Quackery of the finest kind.");
        let visitor = site.visitor();
        let places = [duck.path(), format!("{}.atom", duck.comments()), "/people/ann".to_owned(), "/people/ann.atom".to_owned()];
        for place in &places[..2] {
            visitor.get(place).expect(200).says("Quackery");
        }
        visitor.get(&format!("/comments/{id}")).expect(200);
        site.sql(&format!("UPDATE projects SET comment_policy = 'nobody' WHERE id = {}", duck.id));
        for place in &places {
            let answer = visitor.get(place);
            assert!(answer.status < 500);
            answer.does_not_say("Quackery");
        }
        visitor.get(&format!("/comments/{id}")).expect(404).does_not_say("Quackery");
        assert_eq!(site.state(id), potluck_models::item::State::Published, "hidden is not deleted");
        site.sql(&format!("UPDATE projects SET comment_policy = 'members' WHERE id = {}", duck.id));
        visitor.get(&duck.path()).expect(200).says("Quackery");
        visitor.get(&format!("/comments/{id}")).expect(200).says("Quackery");
    }

    fn sharing_a_project_opens_the_makers_table_once_it_is_published(site, limits_off) {
        site.maker("odile");
        let club = site.project_for("odile", "For makers", CommentPolicy::Makers);
        let ann = site.regular("ann");
        let mona = site.moderator("mona");
        let fields = [
            ("title", "A lamp"), ("summary", "It lights up"), ("description", "With a bulb, a shade and much patience."),
            ("kind", "art"), ("tags", "light"), ("comment_policy", "members"),
        ];
        let shared = ann.submit("/projects/new", "/projects/new", &fields).expect(303);
        assert_eq!(shared.leads_to(), "/projects/a-lamp");
        // A first project waits; the table stays closed meanwhile.
        ann.get(&club.path()).expect(200).says(BRING_A_DISH);
        let lamp = site.project_by_title("A lamp").unwrap();
        site.visitor().get(&lamp.path()).expect(404);
        mona.get("/moderation/projects").expect(200).says("A lamp");
        mona.post("/moderation/verdicts", &[("item", &format!("project:{}", lamp.id)), ("verdict", "ham")]).expect(303);
        site.visitor().get(&lamp.path()).expect(200).says("It lights up");
        ann.post(&club.comments(), &[("body", "Now I may say how I like this.")]).expect(303);
        // Taken away again, the door closes.
        mona.post("/moderation/verdicts", &[("item", &format!("project:{}", lamp.id)), ("verdict", "remove"), ("reason", "off-topic")]).expect(303);
        ann.post(&club.comments(), &[("body", "And now no more.")]).expect(403).says(BRING_A_DISH);
    }
}
