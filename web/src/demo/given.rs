//! What the demo shows of awards and of what did not work: a fault of two people that a release mended,
//! one that is open, and a few awards.

use super::find;
use chrono::Duration;
use diesel::prelude::*;
use potluck_models::award::{self, Design};
use potluck_models::db::{FailureGroupId, ItemId};
use potluck_models::failure::group::{self, Fate};
use potluck_models::failure::{self, Failure, Report, System, Typed, answer};
use potluck_models::intake::Context;
use potluck_models::item::{Item, Revision, RevisionState, State};
use potluck_models::moderation::log;
use potluck_models::notice::Sort;
use potluck_models::project::Project;
use potluck_models::schema::{awards, failure_answers, failures, items, notices, revisions};
use potluck_models::{Db, now};

/// As each machine told it.
fn trace(folder: &str, line: u32, hash: &str) -> String {
    format!(
        "thread 'main' panicked at src/crates.rs:{line}:21:\n\
         index out of bounds: the len is {} but the index is {}\n\
         stack backtrace:\n   \
         0: rust_begin_unwind\n   \
         1: core::panicking::panic_fmt\n   \
         2: core::panicking::panic_bounds_check\n   \
         3: mango::crates::Crates::land::{hash}\n             \
         at {folder}src/crates.rs:{line}:21\n   \
         4: mango::race::Race::step::{hash}\n             \
         at {folder}src/race.rs:{}:9\n   \
         5: mango::main::{hash}\n             \
         at {folder}src/main.rs:61:13\n\
         note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.",
        line % 7,
        line % 7 + 1,
        line + 90,
    )
}

/// Author, days ago, release, system and its version, words and trace.
struct Told<'a> {
    by: &'a str,
    days: f64,
    release: &'a str,
    system: System,
    version: &'a str,
    words: &'a str,
    trace: String,
}

/// Giver, slug, name, mark, why, days ago.
const AWARDS: &[(&str, &str, &str, &str, &str, f64)] = &[
    (
        "yuki",
        "mango-racer",
        "Best fruit in a leading role",
        "🥭",
        "It bruises, it rolls on, it never complains. By lap three I was rooting for the fruit and not for myself.",
        21.0,
    ),
    (
        "leonh",
        "mango-racer",
        "Kindest one-button mode",
        "heart",
        "My father played a whole evening with his elbow and won twice.",
        9.0,
    ),
    (
        "odile",
        "tidepool",
        "Wettest menu",
        "wave",
        "I waited at the title until the tide was in. Then I waited for it to go out again.",
        5.0,
    ),
    (
        "odile",
        "lantern",
        "Warmest light",
        "lamp",
        "The one lamp in the last room is the best level design I saw this year.",
        2.0,
    ),
];

pub fn lay(db: &mut Db, context: &Context) -> anyhow::Result<()> {
    let racer = Project::by_slug(db, "mango-racer")?;
    let odile = find(db, "odile")?;
    let crates = [
        Told {
            by: "kwame",
            days: 12.0,
            release: "1.1",
            system: System::Linux,
            version: "Debian 13",
            words: "Two crates landed on me at once in the car park and the game was gone. It was the best lap I ever drove.",
            trace: trace("/home/kwame/games/mango/", 214, "h0f3a9c1d2b4e5f60"),
        },
        Told {
            by: "hana_s",
            days: 8.0,
            release: "1.1",
            system: System::Windows,
            version: "11",
            words: "Split screen, last lap: a crate for each of us, then nothing. My sister says she had won.",
            trace: trace("C:\\Games\\mango\\", 219, "h9d77c0aa13fe2201"),
        },
    ];
    let mut mended = None;
    for told in &crates {
        mended = Some(report(db, context, &racer, told)?);
    }
    let mended = mended.unwrap_or(FailureGroupId(0));
    let open = Told {
        by: "tomasz",
        days: 2.0,
        release: "1.2",
        system: System::Web,
        version: "Firefox 144",
        words: "The race is silent until I click beside it once. After that every pip and peel is there.",
        trace: String::new(),
    };
    let open = report(db, context, &racer, &open)?;
    too(db, context, &racer, open, ("vera", System::Web, 1.0))?;
    let at = now() - Duration::days(3);
    let words = "Found it: the second crate asked for a place that the first had just taken. \
                 The crates queue up now, as crates should. Tell your sister we believe her.";
    let (id, _) = answer::post(db, context, &odile, &racer, mended, words, "")?;
    let_through(db, id)?;
    turn_back(db, id, 2.9)?;
    diesel::update(failure_answers::table.find(id))
        .set(failure_answers::created_at.eq(at))
        .execute(db)?;
    let versions = failure::versions(db, racer.id)?;
    let release = versions.iter().find(|(_, name)| name == "1.2");
    let release = release.map(|(id, _)| *id);
    let told = notices::table.filter(notices::kind.eq_any([Sort::Answer, Sort::Fixed]));
    log::dated(at, || {
        group::mark(db, &odile, &racer, mended, Fate::Fixed, release)
    })?;
    diesel::update(told)
        .set(notices::created_at.eq(at))
        .execute(db)?;
    for (giver, slug, name, mark, why, days) in AWARDS {
        let giver = find(db, giver)?;
        let project = Project::by_slug(db, slug)?;
        let design = Design {
            name: (*name).into(),
            mark: (*mark).into(),
            why: (*why).into(),
        };
        let (id, _) = award::give(db, context, &giver, &project, &design, "")?;
        let_through(db, id)?;
        turn_back(db, id, *days)?;
        let at = now() - Duration::minutes((days * 1_440.0) as i64);
        diesel::update(awards::table.find(id))
            .set(awards::created_at.eq(at))
            .execute(db)?;
        diesel::update(notices::table.filter(notices::item_id.eq(id)))
            .set(notices::created_at.eq(at))
            .execute(db)?;
    }
    // It was long ago: nobody is written to.
    diesel::update(notices::table)
        .set(notices::due_at.eq(None::<chrono::NaiveDateTime>))
        .execute(db)?;
    Ok(())
}

fn report(
    db: &mut Db,
    context: &Context,
    project: &Project,
    told: &Told,
) -> anyhow::Result<FailureGroupId> {
    let author = find(db, told.by)?;
    let typed = Typed {
        release: told.release.into(),
        system: told.system.as_str().into(),
        system_version: told.version.into(),
        words: told.words.into(),
        trace: told.trace.clone(),
    };
    let versions = failure::versions(db, project.id)?;
    let report = Report::parse(&typed, &versions)
        .map_err(|faults| anyhow::anyhow!("{}: {faults:?}", told.by))?;
    let (id, _) = failure::post(db, context, &author, project, None, &report, "")?;
    settle(db, id, told.days)?;
    Ok(Failure::find(db, id)?.group_id)
}

fn too(
    db: &mut Db,
    context: &Context,
    project: &Project,
    group: FailureGroupId,
    (by, system, days): (&str, System, f64),
) -> anyhow::Result<()> {
    let author = find(db, by)?;
    let version = failure::versions(db, project.id)?.into_iter().next();
    let report = Report::me_too(version, system);
    let (id, _) = failure::post(db, context, &author, project, Some(group), &report, "")?;
    settle(db, id, days)
}

fn settle(db: &mut Db, id: ItemId, days: f64) -> anyhow::Result<()> {
    let_through(db, id)?;
    turn_back(db, id, days)?;
    let at = now() - Duration::minutes((days * 1_440.0) as i64);
    diesel::update(failures::table.find(id))
        .set(failures::created_at.eq(at))
        .execute(db)?;
    let group = Failure::find(db, id)?.group_id;
    group::recount(db, group)?;
    Ok(())
}

/// Somebody looked at it then.
fn let_through(db: &mut Db, id: ItemId) -> anyhow::Result<()> {
    let item = Item::find(db, id)?;
    if item.state != State::Published {
        let mut to = item.standing();
        (to.state, to.queue) = (State::Published, None);
        (to.why, to.evidence) = Default::default();
        Revision::newest(db, id)?.set_state(db, RevisionState::Published)?;
        item.settle(db, to)?;
    }
    Ok(())
}

fn turn_back(db: &mut Db, id: ItemId, days: f64) -> anyhow::Result<()> {
    let at = now() - Duration::minutes((days * 1_440.0) as i64);
    diesel::update(items::table.find(id))
        .set((
            items::created_at.eq(at),
            items::published_at.eq(at),
            items::looked_at.eq(at),
        ))
        .execute(db)?;
    diesel::update(revisions::table.filter(revisions::item_id.eq(id)))
        .set(revisions::created_at.eq(at))
        .execute(db)?;
    Ok(())
}
