//! Campaigns: a wave becomes one card with one decision and one undo, and a rule holds the next ones.
//! And everything of somebody or something, in whatever state.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::db::{CampaignId, ItemId};
use potluck_models::item::State;
use potluck_models::moderation::campaign;
use potluck_models::now;
use potluck_models::schema::campaigns;

fn wave(name: &str, n: usize) -> String {
    format!(
        "Hello {name}, I got {n} followers in one week with this little trick and you can do the same \
         at home, it costs nothing at all, just look at my page and sign up today before it is gone"
    )
}

const NAMES: [&str; 5] = ["anna", "bert", "cora", "dora", "emil"];

/// Twelve near-equal comments from five accounts on two projects.
fn posted(site: &Site) -> (Made, Vec<ItemId>) {
    site.maker("odile");
    let (duck, pond) = (
        site.project("odile", "Duck racer"),
        site.project("odile", "Pond"),
    );
    for name in NAMES {
        site.member(name);
    }
    let ids = (0..12)
        .map(|n| {
            let on = if n % 3 == 0 { &pond } else { &duck };
            site.comment(
                NAMES[n % 5],
                on,
                &wave(["you", "all", "friend"][n % 3], 100 + n),
            )
        })
        .collect();
    (duck, ids)
}

fn only_campaign(site: &Site) -> CampaignId {
    let ids: Vec<CampaignId> = site.db(|db| {
        campaigns::table
            .filter(campaigns::opened_at.is_not_null())
            .select(campaigns::id)
            .load(db)
    });
    assert_eq!(ids.len(), 1, "one campaign");
    ids[0]
}

fn campaign_of(site: &Site, id: ItemId) -> Option<CampaignId> {
    site.item(id).campaign_id
}

/// The decision form of the card, pressed.
fn decide(client: &Client, page: &str, verdict: &str, reason: &str) -> Answer {
    let form = client
        .get(page)
        .expect(200)
        .forms()
        .into_iter()
        .find(|form| form.hidden.iter().any(|(name, _)| name == "campaign"))
        .expect("a decision form");
    client.fill_in(&form, &[("verdict", verdict), ("reason", reason)])
}

fn in_days(days: i64) -> String {
    (now() + chrono::Duration::days(days))
        .format("%Y-%m-%d")
        .to_string()
}

/// The comments of a page of the desk, in its order.
fn listed(answer: &Answer) -> Vec<ItemId> {
    answer
        .html()
        .split("id=\"item-comment-")
        .skip(1)
        .filter_map(|rest| rest.split('"').next()?.parse().ok())
        .map(ItemId)
        .collect()
}

on_both! {
    fn a_wave_becomes_one_campaign_with_one_decision_and_one_undo(site, limits_off) {
        let (_, ids) = posted(site);
        let mona = site.moderator("mona");
        let id = only_campaign(site);
        for item in &ids {
            assert_eq!(campaign_of(site, *item), Some(id));
        }
        let page = format!("/moderation/campaigns/{id}");
        let list = mona.get("/moderation/campaigns").expect(200);
        let html = list.html();
        list.says("12 alike from 5 accounts since").says("12 published; 12 undecided").says("anna").says("Pond");
        let marked = html.split("<mark>").skip(1).filter_map(|rest| rest.split("</mark>").next()).collect::<Vec<_>>().join(" ");
        assert!(marked.contains("little trick") && !marked.contains("you, I"), "{marked}");
        // Each item leads there, and names some that are like it.
        mona.get("/moderation/recent").expect(200).says("11 alike").says("7 more").says("Campaigns 1");
        let shown = mona.get(&page).expect(200);
        assert_eq!(listed(&shown), ids.iter().rev().copied().collect::<Vec<_>>());
        mona.get(&format!("/moderation/everything/all?campaign={id}")).expect(200).says("12 items by 5 people").says("published (12)");

        decide(&mona, "/moderation/campaigns", "spam", "").expect(303);
        assert_eq!(site.count("items WHERE state = 'spam'"), 12);
        assert_eq!(site.count("batches"), 1);
        mona.get("/moderation/campaigns").expect(200).says("No campaign here").says("Campaigns 0");
        mona.get("/moderation/campaigns?show=decided").expect(200).says("12 items marked as spam by mona");
        let batch = site.count("batches WHERE undone_at IS NULL");
        assert_eq!(batch, 1);
        let batches = format!("/moderation/batches/{}", site.db(|db| {
            use potluck_models::schema::batches;
            batches::table.select(batches::id).first::<potluck_models::db::BatchId>(db)
        }));
        mona.submit(&batches, &format!("{batches}/undo"), &[]).expect(303);
        assert_eq!(site.count("items WHERE state = 'published' AND kind = 'comment' AND campaign_id IS NOT NULL"), 12);
        mona.get("/moderation/campaigns").expect(200).says("12 undecided").says("undone by mona");
        crate::bulk::counts_hold(site);
    }

    fn a_rule_holds_the_next_ones_until_it_ends(site, limits_off) {
        let (duck, _) = posted(site);
        let mona = site.moderator("mona");
        let id = only_campaign(site);
        let page = format!("/moderation/campaigns/{id}");
        let hold = format!("{page}/hold");
        // Makers' comments are not held for being the first.
        let maker = site.maker("mark");
        let why = |text: &str| {
            maker.submit(&duck.path(), &duck.comments(), &[("body", text)]).expect(303);
            let id = site.comment_saying(&text[..40]).unwrap();
            (id, site.item(id).why)
        };
        mona.submit(&page, &hold, &[("until", "2020-01-01")]).expect(422).says("Choose a day from tomorrow on");
        mona.submit(&page, &hold, &[("until", &in_days(200))]).expect(422);
        assert_ne!(why(&wave("you 13 of you", 13)).1, "campaign");
        mona.submit(&page, &hold, &[("until", &in_days(14))]).expect(303);
        mona.get(&page).expect(200).says("waits for a moderator until").says("by mona");
        mona.get("/moderation/campaigns?show=held").expect(200).says("alike from");
        let (held, because) = why(&wave("you 14 or so", 14));
        assert_eq!(because, "campaign");
        assert_eq!(site.state(held), State::Held);
        assert_eq!(campaign_of(site, held), Some(id));
        // What is not like it is judged as ever.
        assert_ne!(why("The boss of level three jumps over my duck, and then nothing happens to it.").1, "campaign");
        // Once all of it is called spam, the next one is, too.
        decide(&mona, &page, "spam", "").expect(303);
        let (put_away, because) = why(&wave("you 15 again", 15));
        assert_eq!((because.as_str(), site.state(put_away)), ("campaign", State::Spam));
        let let_go = format!("{page}/let-go");
        mona.submit(&page, &let_go, &[]).expect(303);
        assert_ne!(why(&wave("you 16 or 17", 16)).1, "campaign");
        mona.get("/moderation/log").expect(200).says(&format!("the next of campaign {id} until {}", in_days(14))).says("no longer");
        // It ends by itself as well.
        mona.submit(&page, &hold, &[("until", &in_days(3))]).expect(303);
        site.db(|db| diesel::update(campaigns::table).set(campaigns::held_until.eq(now())).execute(db));
        assert_ne!(why(&wave("all of you 18", 18)).1, "campaign");
    }

    fn what_many_say_in_few_words_is_no_campaign(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        for name in NAMES {
            site.member(name);
            site.comment(name, &duck, "Great game, thank you for making it!");
        }
        assert_eq!(site.count("items WHERE kind = 'comment' AND campaign_id IS NOT NULL"), 0);
        site.moderator("mona").get("/moderation/campaigns").expect(200).says("No campaign here");
    }

    fn one_account_makes_a_campaign_in_three_places_and_not_in_one(site, limits_off) {
        site.maker("odile");
        site.member("anna");
        site.member("bert");
        let places: Vec<Made> = ["Duck racer", "Pond", "Pie"].iter().map(|title| site.project("odile", title)).collect();
        for n in 0..3 {
            site.comment("anna", &places[0], &wave("you", n));
        }
        assert_eq!(site.count("items WHERE kind = 'comment' AND campaign_id IS NOT NULL"), 3);
        let mona = site.moderator("mona");
        mona.get("/moderation/campaigns").expect(200).says("No campaign here");
        for on in &places[1..] {
            site.comment("anna", on, &wave("you", 7));
        }
        mona.get("/moderation/campaigns").expect(200).says("5 alike from one account");
    }

    fn an_edit_leaves_the_campaign_of_what_it_said_before(site, limits_off) {
        let (_, ids) = posted(site);
        let id = only_campaign(site);
        let edit = format!("/comments/{}/edit", ids[0]);
        site.come_back(NAMES[0]).submit(&edit, &edit, &[("body", "I take it all back, this is a lovely game with a duck.")]).expect(303);
        assert_eq!(site.state(ids[0]), State::Published, "the edit is shown");
        assert_eq!(campaign_of(site, ids[0]), None);
        assert_eq!(site.count(&format!("campaigns WHERE id = {id} AND items = 11")), 1);
        site.come_back(NAMES[0]).submit(&edit, &edit, &[("body", &wave("you", 9))]).expect(303);
        assert_eq!(campaign_of(site, ids[0]), Some(id));
    }

    fn texts_from_before_are_compared_by_the_sweep(site, limits_off) {
        posted(site);
        site.sql("UPDATE items SET simhash = NULL, campaign_id = NULL; DELETE FROM item_bands; DELETE FROM campaigns");
        while site.db(campaign::record) {}
        let id = only_campaign(site);
        assert_eq!(site.count(&format!("items WHERE campaign_id = {id}")), 12);
        assert_eq!(site.count("items WHERE simhash IS NULL"), 0);
        assert!(!site.db(campaign::record), "once is enough");
    }

    fn everything_is_of_somebody_and_in_every_state(site, limits_off) {
        site.maker("odile");
        site.member("anna");
        site.member("bert");
        let duck = site.project("odile", "Duck racer");
        let published = site.comment("anna", &duck, "See https://shop.ducks.example/pond for one.");
        let held = site.waiting("anna", &duck, "Held.", State::Held);
        let spam = site.waiting("anna", &duck, "Spam.", State::Spam);
        let removed = site.comment("anna", &duck, "Removed.");
        site.put(removed, State::Removed);
        let other = site.comment("bert", &duck, "By another, see https://ducks.example/x");
        site.sql(&format!("UPDATE items SET network = 'abc1' WHERE id IN ({held}, {other})"));
        let mona = site.moderator("mona");
        let find = |query: &str| listed(&mona.get(&format!("/moderation/everything?{query}")).expect(200));
        assert_eq!(find("author=anna"), [removed, spam, held, published]);
        assert_eq!(find("author=anna&order=oldest"), [published, held, spam, removed]);
        assert_eq!(find("domain=ducks.example"), [other, published]);
        assert_eq!(find("domain=ducks.example&author=anna"), [published]);
        assert_eq!(find("network=abc1"), [other, held]);
        assert_eq!(find(&format!("project={}&q=by+another", duck.slug)), [other]);
        assert_eq!(find(&format!("project={}", duck.slug)).len(), 5, "five comments and the project");
        assert_eq!(find("author=nobody"), []);
        // All of the site is not one list, nor one verdict.
        let bare = mona.get("/moderation/everything").expect(200).says("Everything of what?");
        assert_eq!(listed(&bare), []);
        mona.post("/moderation/verdicts", &[("all", "everything"), ("until", "1000000"), ("verdict", "spam"), ("reason", "")]).expect(303);
        assert_eq!(site.count("batches"), 0);
        mona.get("/moderation/everything?author=anna&order=surest").expect(400);
        // The cards of the queues lead here.
        let links = mona.get("/moderation/held").expect(200).links();
        for link in ["/moderation/everything?author=anna", "/moderation/everything?network=abc1"] {
            assert!(links.iter().any(|found| found == link), "{link} in {links:?}");
        }
        mona.get("/moderation/people/anna").expect(200).says("Everything they wrote");
        // One verdict for all of it, and back.
        let all = "/moderation/everything/all?author=anna";
        mona.get(all).expect(200).says("4 items by 1 person").says("held (1)").says("removed (1)");
        mona.submit(all, "/moderation/verdicts", &[("verdict", "spam"), ("reason", "")]).expect(303);
        assert_eq!(site.count("items WHERE state = 'spam'"), 4);
        assert_eq!((site.state(other), site.count("batches")), (State::Published, 1));
        let undo = mona.get("/moderation").expect(200);
        let form = undo.forms().into_iter().find(|form| form.action.ends_with("/undo")).expect("an undo");
        mona.fill_in(&form, &[]).expect(303);
        assert_eq!([published, held, spam, removed].map(|id| site.state(id)), [State::Published, State::Held, State::Spam, State::Removed]);
        crate::bulk::counts_hold(site);
    }

    fn everything_is_read_page_by_page(site, limits_off) {
        crate::bulk::crowd(site, 120);
        let mona = site.moderator("mona");
        let (mut next, mut seen) = (Some("/moderation/everything?author=ann".to_owned()), Vec::new());
        while let Some(address) = next {
            let page = mona.get(&address).expect(200);
            seen.extend(listed(&page));
            next = page.links().into_iter().find(|link| link.contains("after="));
        }
        let mut sorted = seen.clone();
        sorted.sort_by_key(|id| std::cmp::Reverse(*id));
        assert_eq!((seen.len(), &seen), (120, &sorted));
    }
}

/// Posts one form after another from a thread of its own, as fast as they are answered; what a site
/// answers that stands in its own way is a 500.
fn keep_at<'scope>(
    scope: &'scope std::thread::Scope<'scope, '_>,
    client: Client<'scope>,
    rounds: usize,
    form: impl Fn(usize) -> (String, Vec<(String, String)>) + Send + 'scope,
) {
    let csrf = client.csrf();
    scope.spawn(move || {
        for round in 0..rounds {
            let (path, fields) = form(round);
            let mut body = format!("csrf={csrf}");
            for (name, value) in fields {
                body.push_str(&format!("&{name}={}", encode(&value)));
            }
            let kind = [("content-type", "application/x-www-form-urlencoded")];
            let answer = client.send("POST", &path, &kind, body.as_bytes());
            assert!(
                answer.status < 500,
                "{path}: {} {}",
                answer.status,
                answer.words()
            );
        }
    });
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

on_both! {
    fn who_edits_decides_and_answers_the_same_texts_at_once_waits_for_nobody_in_a_ring(site, limits_off) {
        let (duck, ids) = posted(site);
        let campaign = only_campaign(site);
        site.sql("UPDATE projects SET approve_first = TRUE");
        let (mona, max, odile) = (site.moderator("mona"), site.moderator("max"), site.come_back("odile"));
        let here: Vec<ItemId> = ids.iter().copied().filter(|id| site.item(*id).project_id == Some(duck.id)).collect();
        std::thread::scope(|scope| {
            for (n, name) in NAMES.iter().enumerate() {
                let own: Vec<ItemId> = ids.iter().copied().skip(n).step_by(5).collect();
                keep_at(scope, site.come_back(name), 12, move |round| {
                    let text = wave(["you", "all", "friend"][round % 3], 300 + round);
                    (format!("/comments/{}/edit", own[round % own.len()]), vec![field("body", &text)])
                });
            }
            keep_at(scope, mona, 12, move |round| {
                let verdict = ["spam", "ham"][round % 2];
                let fields = [("all", "everything"), ("campaign", &campaign.to_string()), ("until", "1000000"), ("verdict", verdict), ("back", "/moderation")];
                ("/moderation/verdicts".into(), fields.iter().map(|(name, value)| field(name, value)).collect())
            });
            let several = here.clone();
            keep_at(scope, max, 12, move |round| {
                let mut fields: Vec<_> = several.iter().rev().map(|id| field("item", &format!("comment:{id}"))).collect();
                fields.push(field("verdict", ["ham", "spam"][round % 2]));
                ("/moderation/verdicts".into(), fields)
            });
            let waiting = format!("{}/waiting", duck.path());
            keep_at(scope, odile, 12, move |round| {
                let act = ["show", "hide"][round % 2];
                let ticked = here.iter().map(|id| field("item", &id.to_string()));
                (waiting.clone(), ticked.chain([field("act", act)]).collect())
            });
        });
        crate::bulk::counts_hold(site);
    }
}
