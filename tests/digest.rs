//! The daily letter to moderators: once, only if something waits, and one click ends it.

use crate::support::*;
use chrono::{Duration, NaiveDateTime, Timelike};
use potluck_models::item::State;
use potluck_models::now;
use potluck_models::settings::Settings;

/// What each process does every minute. Gives how many letters it queued.
fn look(site: &Site, at: NaiveDateTime) -> usize {
    actix_web::rt::System::new()
        .block_on(potluck::jobs::digest::send(&site.app, at))
        .expect("the digest is looked after")
}

/// A site that was set up some days ago, whose hour is now. Gives that hour.
fn morning(site: &Site) -> NaiveDateTime {
    let at = now();
    let digest_hour = i64::from(at.hour());
    site.app.set_settings(Settings {
        digest_hour,
        ..Settings::clone(&site.app.settings())
    });
    assert_eq!(
        look(site, at - Duration::days(2)),
        0,
        "a new site waits for its first morning"
    );
    at
}

fn something_waits(site: &Site) {
    site.maker("odile");
    site.member("ann");
    let duck = site.project("odile", "Duck racer");
    for n in 0..3 {
        site.waiting("ann", &duck, &format!("Waiting remark {n}."), State::Held);
    }
}

/// The address in a letter that ends it.
fn way_out(letter: &str) -> String {
    let start = letter.find("/unsubscribe/").expect("a way out");
    let rest = &letter[start..];
    rest.split(['>', '\r', '\n'])
        .next()
        .expect("an address")
        .to_owned()
}

fn in_the_outbox(site: &Site, name: &str) -> usize {
    wait_for("the job queue to be empty", || {
        (site.count("jobs WHERE kind NOT IN ('notice', 'notices')") == 0).then_some(())
    });
    site.letters("digest", name).len()
}

on_both! {
    fn what_waits_is_told_once_a_day_however_many_ask(site, limits_off) {
        something_waits(site);
        site.moderator("mona");
        site.admin("ada");
        let at = morning(site);
        let sent: usize = std::thread::scope(|scope| {
            let all: Vec<_> = (0..6).map(|_| scope.spawn(|| look(site, at))).collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(sent, 2, "one for mona, one for ada");
        assert_eq!(look(site, at + Duration::minutes(1)), 0);
        let letter = site.letter("digest", "mona");
        assert!(letter.contains("Subject: 3 items waiting at Potluck"), "{letter}");
        assert!(letter.contains("Held: 3 items, the oldest for under a minute, 3 new since yesterday"), "{letter}");
        assert!(letter.contains("/moderation/held") && letter.contains("Robots decided"), "{letter}");
        let stop = format!("List-Unsubscribe: <{}{}>\r\n", site.app.url(), way_out(&letter));
        assert!(letter.contains(&stop), "{letter}");
        assert!(letter.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{letter}");
        assert_eq!((in_the_outbox(site, "mona"), in_the_outbox(site, "ada"), in_the_outbox(site, "ann")), (1, 1, 0));
        assert_eq!(look(site, at + Duration::days(1)), 2);
        assert_eq!(in_the_outbox(site, "mona"), 2);
    }

    fn when_nothing_waits_nobody_is_written_to(site, limits_off) {
        site.maker("odile");
        site.regular("ann");
        let duck = site.project("odile", "Duck racer");
        // Published, and nobody has looked at it: that waits for nobody.
        site.comment("ann", &duck, "A kind word about the ducks.");
        site.moderator("mona");
        let at = morning(site);
        assert_eq!(look(site, at), 0);
        site.waiting("ann", &duck, "This one waits.", State::Held);
        assert_eq!(look(site, at + Duration::minutes(5)), 0, "it waits for the next morning");
        assert_eq!(look(site, at + Duration::days(1)), 1);
    }

    fn at_minus_one_there_is_none(site, limits_off) {
        something_waits(site);
        site.moderator("mona");
        let at = morning(site);
        site.app.set_settings(Settings { digest_hour: -1, ..Settings::clone(&site.app.settings()) });
        assert_eq!(look(site, at), 0);
        assert_eq!(look(site, at + Duration::days(3)), 0);
    }

    fn one_click_in_a_mail_program_ends_it(site, limits_off) {
        something_waits(site);
        let mona = site.moderator("mona");
        site.moderator("max");
        let at = morning(site);
        look(site, at);
        let stop = way_out(&site.letter("digest", "mona"));
        let wanted = || site.count("users WHERE role = 'moderator' AND digest");

        // A scanner opens the link, somebody guesses, and a form of another site is sent here.
        let program = site.visitor();
        program.get(&stop).expect(200).says("End the daily letters?");
        assert_eq!(program.get(&stop).header("set-cookie"), None);
        let click = [("List-Unsubscribe", "One-Click")];
        let forged = stop.replace("digest-", "digest-1");
        program.post_raw(&forged, &click, &[]).expect(404);
        assert_eq!(program.post_raw(&stop, &[], &[]).status, 403);
        assert_eq!(mona.post_raw("/account/letters", &click, &[("origin", "https://evil.example")]).status, 403);
        assert_eq!(wanted(), 2);

        // No cookies, no token, from wherever the program runs.
        let answer = program.post_raw(&stop, &click, &[("origin", "https://mail.example")]);
        answer.expect(200).says("No more daily letters");
        assert_eq!(wanted(), 1);
        program.post_raw(&stop, &click, &[]).expect(200);
        assert_eq!(look(site, at + Duration::days(1)), 1);
        assert_eq!((in_the_outbox(site, "mona"), in_the_outbox(site, "max")), (1, 2));
    }

    fn the_page_has_a_button_and_the_account_page_switches_it_on_again(site, limits_off) {
        something_waits(site);
        let mona = site.moderator("mona");
        let at = morning(site);
        look(site, at);
        let stop = way_out(&site.letter("digest", "mona"));
        let form = mona.get(&stop).expect(200).form(&stop);
        mona.fill_in(&form, &[]).expect(200).says("No more daily letters");
        assert_eq!(look(site, at + Duration::days(1)), 0);
        let account = mona.get("/account").expect(200).says("At ");
        let form = account.form("/account/letters");
        assert!(!form.html.contains("checked"), "{}", form.html);
        mona.fill_in(&form, &[("digest", "1")]).expect(303);
        assert!(mona.get("/account").form("/account/letters").html.contains("checked"));
        assert_eq!(look(site, at + Duration::days(2)), 1);
        let bob = site.member("bob");
        assert!(!bob.get("/account").expect(200).html().contains("/account/letters"));
    }

    fn who_moderates_no_more_is_not_written_to(site, limits_off) {
        something_waits(site);
        for name in ["mona", "max", "eve"] {
            site.moderator(name);
        }
        let at = morning(site);
        site.sql("UPDATE users SET role = 'member' WHERE username = 'mona'");
        site.sql("UPDATE users SET locked_out_until = '2999-01-01 00:00:00' WHERE username = 'max'");
        assert_eq!(look(site, at), 1);
        assert_eq!((in_the_outbox(site, "eve"), in_the_outbox(site, "mona")), (1, 0));
    }
}
