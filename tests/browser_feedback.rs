//! Feedback in a real browser, with script and without: rita says what she thinks of a duck racer in all
//! the ways there are, bob gives it an award, odile, who makes it, answers, and each is told of it.

use crate::browser::{Browser, Driver};
use crate::ratings::seek;
use crate::support::*;
use serde_json::json;

const HEART: &str = "❤️";
const QUESTION: &str = "Did the tutorial help?";
const ANSWER: &str = "It told me to press Q, which I do not have.";
const FAULT: &str = "It stops when I load the third lake.";
/// The button of a notice, which reads it and leads to what it is about.
const READ: &str = "input[name=one] + button";

struct Story<'a> {
    script: bool,
    site: &'a Site,
    duck: Made,
    rita: Browser<'a>,
    odile: Browser<'a>,
    bob: Browser<'a>,
    /// Odile and bob once more, for what is no feedback.
    odile_too: Client<'a>,
    bob_too: Client<'a>,
}

/// Far more than fits on a screen, and with what would be markup if it were not text.
fn long_trace() -> String {
    let mut trace = String::from("Traceback (most recent call last):\n");
    trace.push_str("  File \"/home/rita/duck/game.py\", line 1, in <module>\n");
    for n in 1..=400 {
        trace.push_str(&format!(
            "  File \"/home/rita/duck/lake.py\", line {n}, in splash\n"
        ));
    }
    trace.push_str("save.SaveError: cannot open '/home/rita/save.dat'\n");
    trace
}

/// As from the clipboard: typed key by key it would take minutes.
fn paste(reader: &Browser, css: &str, text: &str) {
    let text = json!(text);
    reader.ask(&format!(
        "void (document.querySelector('{css}').value = {text})"
    ));
}

/// To be asked of a page that is there already: nothing is waited for.
#[track_caller]
fn does_not_see(reader: &Browser, sentence: &str) {
    let words = reader.words();
    assert!(
        !words.contains(sentence),
        "{sentence:?} in the browser, on {}:\n{words}",
        reader.address()
    );
}

/// What the head of every page says of the inbox.
#[track_caller]
fn has_new(reader: &Browser, many: u32) {
    let said = reader.ask("document.querySelector('.menu .count-dot')?.firstChild.data ?? '0'");
    assert_eq!(said, many.to_string());
}

fn put_out(odile: &Client, duck: &Made, version: &str) {
    let new = format!("{}/releases/new", duck.path());
    let fields = [("version", version), ("question", QUESTION)];
    odile.submit(&new, &new, &fields).expect(303);
}

impl Story<'_> {
    /// Everybody who is to be told of something is.
    fn settle(&self) {
        wait_for("the notices to be made", || {
            let jobs = "jobs WHERE kind IN ('followers', 'notices')";
            (self.site.count(jobs) == 0).then_some(())
        });
    }

    fn page(&self, of: &str) -> String {
        format!("{}/{of}", self.duck.path())
    }

    /// The first button of the project's form for something: the one that does it.
    fn button(&self, of: &str) -> String {
        format!("form[action='{}'] button", self.page(of))
    }

    fn sign(&self, act: &str) -> String {
        let item = self.duck.id;
        format!("#reactions-{item} button[name={act}][value='{HEART}']")
    }

    /// With script the bar alone comes back, without it the page.
    fn react(&self, reader: &Browser, act: &str) {
        let sign = self.sign(act);
        match self.script {
            true => reader.click(&sign),
            false => reader.send(&sign),
        }
    }

    fn two_react_and_one_takes_it_back(&self) {
        let (rita, odile, bob) = (&self.rita, &self.odile, &self.bob);
        let bar = format!("#reactions-{}", self.duck.id);
        rita.go(&self.duck.path());
        rita.click(&format!("{bar} summary"));
        self.react(rita, "add");
        rita.sees("Love it, 1");
        assert_eq!(rita.address().ends_with(&bar), !self.script);
        // It stands there for others to press.
        bob.go(&self.duck.path());
        self.react(bob, "add");
        bob.sees("Love it, 2");
        rita.go(&self.duck.path());
        rita.sees("Love it, 2");
        self.react(rita, "remove");
        rita.sees("Love it, 1");
        rita.find(&self.sign("add"));
        odile.go(&self.duck.path());
        odile.find(".reactions li [title='Love it']");
    }

    fn rita_rates_it_and_answers_what_its_maker_asks(&self) {
        let (rita, odile) = (&self.rita, &self.odile);
        rita.go(&self.duck.path());
        rita.sees("Nobody rated it yet; shown from 5 on");
        rita.send("#ratings a.button");
        rita.sees("Of Duck racer 1.1.");
        rita.sees(QUESTION);
        rita.click("[name='step:Fun'] option[value='4']");
        rita.click("[name='step:Audio'] option[value='2']");
        rita.fill("#answer-0", ANSWER);
        rita.send(&self.button("rating"));
        rita.sees("The makers see how many chose each step, and never who.");
        rita.sees("One person rated it; shown from 5 on.");
        // It can be changed, and so stands there as it was given.
        rita.send("#ratings a.button");
        rita.find("[name='step:Fun'] option[value='4'][selected]");
        rita.find("[name='step:Audio'] option[value='2'][selected]");
        rita.sees(ANSWER);
        odile.go(&self.page("feedback"));
        for sentence in ["One person rated it", "one rating", QUESTION, ANSWER] {
            odile.sees(sentence);
        }
        does_not_see(odile, "rita");
        does_not_see(odile, "very good 1");
    }

    fn rita_keeps_it_and_follows_it(&self) {
        let (rita, odile) = (&self.rita, &self.odile);
        rita.go(&self.duck.path());
        rita.send(&self.button("favourite"));
        rita.sees("It is one of your favourites now.");
        rita.sees("Your page shows it.");
        rita.send(&self.button("follow"));
        rita.sees("You follow it. What is new comes to your inbox.");
        rita.sees("Following Duck racer: press to stop");
        rita.go("/favourites");
        rita.sees("Duck racer");
        odile.go(&self.duck.path());
        odile.sees("One person likes it, one person follows it");
        does_not_see(odile, "rita");
    }

    fn rita_reports_what_did_not_work(&self) {
        let (rita, odile) = (&self.rita, &self.odile);
        rita.go(&self.duck.path());
        rita.send(&format!("a[href^='{}']", self.page("failures/new")));
        rita.find("#release option[value='1.1'][selected]");
        rita.click("#system option[value=linux]");
        rita.fill("#system_version", "Debian 13");
        rita.fill("#words", FAULT);
        paste(rita, "#trace", &long_trace());
        rita.send(&self.button("failures/new"));
        rita.sees("Thank you. Its makers read it here");
        rita.sees("1 person · Linux · in 1.1");
        rita.sees("Linux (Debian 13) · 1.1");
        rita.sees("You reported it");
        // The trace is folded, and whole.
        rita.click(".comment-body details summary");
        rita.find(".comment-body details[open] pre.trace");
        rita.sees("line 1, in <module> File");
        rita.sees("line 400, in splash save.SaveError: cannot open");
        rita.go(&self.duck.path());
        rita.sees("1 open");
        // It stands apart from the talk.
        does_not_see(rita, FAULT);
        odile.go("/inbox");
        has_new(odile, 1);
        odile.sees("rita reported what did not work in Duck racer");
        odile.send(READ);
        odile.sees(FAULT);
        odile.sees("line 400, in splash save.SaveError: cannot open");
        has_new(odile, 0);
    }

    fn bob_gives_an_award(&self) {
        let (rita, odile, bob) = (&self.rita, &self.odile, &self.bob);
        bob.go(&self.duck.path());
        bob.send("#awards a[href$='/award']");
        bob.sees("5 of your 5 awards of this month are left");
        bob.fill("#name", "Best duck main character");
        bob.click("input[name=mark][value=duck]");
        bob.fill("#why", "It quacks at every bend.");
        bob.send(&self.button("award"));
        bob.sees("Given. Its makers find it in their inbox.");
        bob.sees("Best duck main character by bob");
        bob.go(&self.page("award"));
        bob.sees("4 of your 5 awards of this month are left");
        rita.go(&self.duck.path());
        rita.sees("Best duck main character by bob");
        rita.send("#awards h2 a");
        rita.sees("It quacks at every bend.");
        odile.go("/inbox");
        has_new(odile, 1);
        odile.sees("1 new bob and rita on Duck racer");
        odile.sees("bob gave an award to Duck racer");
        odile.sees("Best duck main character: It quacks at every bend.");
    }

    /// As its maker goes there, from the page of the project.
    fn odile_goes_to_the_report(&self) {
        let odile = &self.odile;
        odile.go(&self.duck.path());
        odile.send(&format!("a[href='{}']", self.page("failures")));
        odile.sees("1 person · Linux · in 1.1");
        odile.send(".failure-title a");
    }

    fn odile_answers_and_rita_is_told(&self) {
        let (rita, odile) = (&self.rita, &self.odile);
        rita.go("/inbox");
        has_new(rita, 0);
        rita.sees("Nothing here yet");
        self.odile_goes_to_the_report();
        odile.fill("#answer textarea", "What is the lake called, please?");
        odile.send("#answer button");
        odile.sees("Your answer is there. Those who reported it are told.");
        rita.go("/inbox");
        has_new(rita, 1);
        rita.sees("odile answered what did not work for you in Duck racer");
        rita.send(READ);
        rita.sees("What the makers say");
        rita.sees("What is the lake called, please?");
        has_new(rita, 0);
    }

    fn a_new_release_comes_to_the_inbox(&self) {
        let (rita, odile) = (&self.rita, &self.odile);
        odile.go(&self.page("releases/new"));
        odile.fill("#version", "1.2");
        odile.fill("#notes", "Calmer lakes, all of which load.");
        odile.send(&self.button("releases/new"));
        odile.sees("Your release is out.");
        self.settle();
        rita.go("/inbox");
        has_new(rita, 1);
        rita.sees("1 new odile on Duck racer");
        rita.sees("odile released 1.2 of Duck racer");
    }

    fn odile_marks_it_fixed_and_rita_reads_of_it(&self) {
        let (rita, odile) = (&self.rita, &self.odile);
        self.odile_goes_to_the_report();
        odile.click("#fate input[value=fixed]");
        odile.click("#fixed_in option[value='1.2']");
        odile.send("#answer button");
        odile.sees("Marked. Those who reported it are told.");
        odile.sees("fixed in 1.2");
        odile.go(&self.duck.path());
        does_not_see(odile, "1 open");
        let list = self.site.visitor().get(&self.page("failures"));
        list.expect(200).says("Answered for").says("fixed in 1.2");
        rita.go("/inbox");
        has_new(rita, 2);
        rita.sees("2 new its makers and odile on Duck racer");
        rita.sees("Its makers say “fixed in 1.2” of what did not work for you in Duck racer");
        // Three of one project are one row that unfolds; the newest comes first.
        rita.click(".notice-more summary");
        rita.send(".notice-more li:first-child button");
        rita.sees("Does it work now?");
        rita.sees("Its makers say that 1.2 mends it.");
        rita.go("/inbox");
        has_new(rita, 1);
        rita.send(".list-tools button");
        rita.sees("All read.");
        does_not_see(rita, "Mark all as read");
        has_new(rita, 0);
    }

    fn rita_mutes_the_talk_and_is_told_of_it_no_more(&self) {
        let (rita, odile) = (&self.rita, &self.odile_too);
        let words = "The fog on the third lake is lovely.";
        let parent = self.site.comment("rita", &self.duck, words).to_string();
        let reply = |words: &str| {
            let fields = [("body", words), ("parent", parent.as_str())];
            odile.post(&self.duck.comments(), &fields).expect(303);
            self.settle();
        };
        reply("It is made of real breath.");
        rita.go("/inbox");
        has_new(rita, 1);
        rita.sees("odile answered you on Duck racer");
        rita.send(&self.button("mute"));
        rita.sees("You are told of this thread no more. Nobody learns of it");
        has_new(rita, 0);
        // Of a later word elsewhere she is told, so what she is not told of will not come.
        reply("The fourth lake has some, too.");
        let other = self.site.project_by_title("odile made this");
        let other = other.expect("every maker has one").comments();
        let fields = [("body", "Here is some fog as well, @rita.")];
        odile.post(&other, &fields).expect(303);
        self.settle();
        rita.go("/inbox");
        rita.sees("odile named you on odile made this");
        does_not_see(rita, "The fourth lake has some, too.");
        has_new(rita, 1);
        // She reads on there as she likes.
        rita.go(&self.duck.path());
        rita.sees("The fourth lake has some, too.");
        rita.sees("You are told of this thread no more. Tell me again");
    }

    fn rita_unfollows_it_and_hears_of_no_release(&self) {
        let (rita, odile) = (&self.rita, &self.odile);
        rita.go("/account/following");
        rita.sees("Threads you muted");
        rita.send(&self.button("follow"));
        rita.sees("You do not follow it any more.");
        rita.sees("You follow nothing yet");
        odile.go(&self.duck.path());
        odile.sees("One person likes it");
        does_not_see(odile, "follows it");
        // Who follows it now is told of the next one.
        let follow = self.page("follow");
        self.bob_too.post(&follow, &[]).expect(303);
        put_out(&self.odile_too, &self.duck, "1.3");
        self.settle();
        let inbox = self.bob_too.get("/inbox").expect(200);
        inbox.says("odile released 1.3 of Duck racer");
        rita.go("/inbox");
        rita.sees("odile released 1.2 of Duck racer");
        does_not_see(rita, "released 1.3");
    }
}

fn feedback_goes_its_way(script: bool) {
    let Some((driver, program)) = Driver::start() else {
        return;
    };
    let site = Site::start(Database::Sqlite, Options::default().limits_off());
    site.app.set_filter(None);
    let (odile_too, bob_too) = (site.maker("odile"), site.maker("bob"));
    site.regular("rita");
    let duck = site.project("odile", "Duck racer");
    seek(&site, &duck, &["Fun", "Audio"]);
    put_out(&odile_too, &duck, "1.1");
    let open = |name: &str| {
        let browser = Browser::open(&driver, &program, &site, script);
        browser.log_in(name);
        browser
    };
    let story = Story {
        script,
        site: &site,
        duck,
        rita: open("rita"),
        odile: open("odile"),
        bob: open("bob"),
        odile_too,
        bob_too,
    };
    story.two_react_and_one_takes_it_back();
    story.rita_rates_it_and_answers_what_its_maker_asks();
    story.rita_keeps_it_and_follows_it();
    story.rita_reports_what_did_not_work();
    story.bob_gives_an_award();
    story.odile_answers_and_rita_is_told();
    story.a_new_release_comes_to_the_inbox();
    story.odile_marks_it_fixed_and_rita_reads_of_it();
    story.rita_mutes_the_talk_and_is_told_of_it_no_more();
    story.rita_unfollows_it_and_hears_of_no_release();
    for browser in [&story.rita, &story.odile, &story.bob] {
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

#[test]
fn feedback_goes_its_way_with_script() {
    feedback_goes_its_way(true);
}

#[test]
fn feedback_goes_its_way_without_script() {
    feedback_goes_its_way(false);
}
