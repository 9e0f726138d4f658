//! What the people of the demo gave each other: reactions, and ratings where makers asked for them.

use super::find;
use anyhow::Context as _;
use diesel::prelude::*;
use potluck_models::Db;
use potluck_models::account::User;
use potluck_models::db::ItemId;
use potluck_models::intake::Context;
use potluck_models::item::{Kind, State};
use potluck_models::project::Project;
use potluck_models::rating::{self, Answer, Given, Giving, RateError};
use potluck_models::reaction::{self, ReactError, Set};
use potluck_models::release::{self, Facts, Notes, Release};
use potluck_models::schema::{items, ratings};

/// Who gives: people with something on the table, in no order.
const GIVERS: [&str; 14] = [
    "ferro", "leonh", "bram_k", "dmitri", "yuki", "sofie", "amara", "hana_s", "theodora", "wren",
    "nils", "priya-r", "kwame", "ingrid_v",
];

const SOUGHT: [(&str, &[&str]); 3] = [
    ("mango-racer", &["Fun", "Innovation", "Graphics", "Audio"]),
    ("knitmap", &["Innovation", "Accessibility"]),
    ("tidepool", &["Graphics", "Audio"]),
];

const QUESTION: &str = "Did the second track teach you to drift, or did you give up?";

const ANSWERS: [(&str, &str); 3] = [
    (
        "sofie",
        "On the third try. The melon in the hairpin is what made it click.",
    ),
    (
        "wren",
        "I gave up once, and came back because of the sound the crate makes.",
    ),
    (
        "nils",
        "With the keyboard no. With a gamepad it took me one lap.",
    ),
];

pub fn lay(db: &mut Db, context: &Context) -> anyhow::Result<()> {
    let offered = rating::offered(context.settings);
    for (slug, aspects) in SOUGHT {
        let project = Project::by_slug(db, slug)?;
        let aspects: Vec<String> = aspects.iter().map(|one| (*one).to_owned()).collect();
        rating::choose(db, project.id, &offered, &aspects)?;
    }
    race(db, context)?;
    let knitmap = Project::by_slug(db, "knitmap")?;
    for (n, giver) in GIVERS.iter().take(7).enumerate() {
        let steps = [
            ("Innovation", 4 + n as i32 % 2),
            ("Accessibility", 1 + n as i32 % 4),
        ];
        rate(db, context, giver, &knitmap, &steps, None)?;
    }
    // Too few to be shown.
    let tidepool = Project::by_slug(db, "tidepool")?;
    for giver in ["ferro", "wren", "nils"] {
        rate(
            db,
            context,
            giver,
            &tidepool,
            &[("Graphics", 5), ("Audio", 4)],
            None,
        )?;
    }
    react(db, context)
}

/// Mango Racer was rated before its newest release, and after it.
fn race(db: &mut Db, context: &Context) -> anyhow::Result<()> {
    let racer = Project::by_slug(db, "mango-racer")?;
    let versions = Release::versions(db, racer.id)?;
    let (Some(newest), before) = (versions.first(), versions.get(1)) else {
        return Ok(());
    };
    if let Some(before) = before {
        for (n, giver) in GIVERS.iter().take(9).enumerate() {
            let n = n as i32;
            let steps = [
                ("Fun", 2 + n % 3),
                ("Innovation", 3 + n % 3),
                ("Graphics", 2 + n % 4),
                ("Audio", 1 + n % 3),
            ];
            rate(db, context, giver, &racer, &steps, None)?;
        }
        diesel::update(ratings::table.filter(ratings::project_id.eq(racer.id)))
            .set((
                ratings::release_id.eq(before.id),
                ratings::changed_at.eq(before.released_at + chrono::Duration::days(2)),
            ))
            .execute(db)?;
    }
    ask(db, context, &racer, &newest.version)?;
    for (n, giver) in GIVERS.iter().take(12).enumerate() {
        let n = n as i32;
        let steps = [
            ("Fun", 3 + n % 3),
            ("Innovation", 4 + n % 2),
            ("Graphics", 3 + n % 3),
            ("Audio", 2 + n % 4),
        ];
        let answer = ANSWERS.iter().find(|(by, _)| by == giver);
        rate(
            db,
            context,
            giver,
            &racer,
            &steps,
            answer.map(|(_, words)| *words),
        )?;
    }
    Ok(())
}

/// A question with the newest release.
fn ask(db: &mut Db, context: &Context, project: &Project, version: &str) -> anyhow::Result<()> {
    let owner = User::find(db, project.owner_id)?;
    let (release, _) = Release::find(db, project.id, version)?;
    let notes = Notes {
        questions: vec![QUESTION.into()],
        ..release.for_editing(db)?
    };
    let facts = Facts {
        released_on: release.released_at.date(),
        prerelease: release.prerelease,
    };
    release::edit(db, context, &owner, release.id, (&notes, facts), "")?;
    Ok(())
}

fn rate(
    db: &mut Db,
    context: &Context,
    giver: &str,
    project: &Project,
    steps: &[(&str, i32)],
    answer: Option<&str>,
) -> anyhow::Result<()> {
    let giver = find(db, giver)?;
    let answer = answer.map(|answer| Answer {
        question: QUESTION.into(),
        answer: answer.into(),
    });
    let given = Given {
        steps: steps
            .iter()
            .map(|(aspect, step)| ((*aspect).to_owned(), *step))
            .collect(),
        answers: Some(answer.into_iter().collect()),
    };
    let giving = Giving {
        given: &given,
        comment: None,
        network: "",
    };
    match rating::give(db, context, &giver, project.id, &giving) {
        // Their own.
        Ok(_) | Err(RateError::Refused(_)) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{} rates", giver.username)),
    }
}

/// Some like much, some a little; nobody their own.
fn react(db: &mut Db, context: &Context) -> anyhow::Result<()> {
    let set = Set::of(context.settings);
    let texts: Vec<ItemId> = items::table
        .filter(items::state.eq(State::Published))
        .filter(items::kind.eq_any([Kind::Project, Kind::Release, Kind::Comment]))
        .order(items::id)
        .limit(400)
        .select(items::id)
        .load(db)?;
    let givers: Vec<User> = GIVERS
        .iter()
        .map(|name| find(db, name))
        .collect::<Result<_, _>>()?;
    for (n, text) in texts.iter().enumerate() {
        for (m, giver) in givers.iter().enumerate() {
            // Any pattern will do, as long as it is the same each time.
            let dice = (n * 31 + m * 17 + n * m * 7) % 23;
            let Some(sign) = set.offered.get(dice).filter(|_| (n + m) % 3 == 0) else {
                continue;
            };
            let given = reaction::give(db, context.settings, true, giver, *text, &sign.sign);
            if let Err(ReactError::Database(error)) = given {
                return Err(error.into());
            }
        }
    }
    Ok(())
}
