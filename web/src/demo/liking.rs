//! What people of the demo like and follow, and what that brought to Vera's inbox.

use super::find;
use diesel::prelude::*;
use potluck_models::db::ItemId;
use potluck_models::follow::{self, Target};
use potluck_models::item::State;
use potluck_models::notice::{self, Sort};
use potluck_models::project::Project;
use potluck_models::schema::{items, notices, projects, releases};
use potluck_models::{Db, favourite};

/// Who likes what: enough of them like the same for a page to say so.
const LIKES: [(&str, &[&str]); 6] = [
    (
        "vera",
        &["Mango Racer", "Tidepool", "Knitmap", "Pocket Synth"],
    ),
    ("ferro", &["Tidepool", "Pocket Synth", "Knitmap"]),
    ("leonh", &["Mango Racer", "Tidepool", "Knitmap"]),
    ("bram_k", &["Mango Racer", "Knitmap", "Bytebonsai"]),
    (
        "mia_t",
        &["Mango Racer", "Tidepool", "Pocket Synth", "Signal Box"],
    ),
    ("odile", &["Tidepool", "Pocket Synth", "Signal Box"]),
];

pub fn lay(db: &mut Db) -> anyhow::Result<()> {
    for (who, titles) in LIKES {
        let who = find(db, who)?;
        for title in titles {
            let project = by_title(db, title)?;
            favourite::keep(db, who.id, &project)?;
        }
    }
    favourite::count_all(db)?;
    let vera = find(db, "vera")?;
    let odile = find(db, "odile")?;
    // Two things: a project and a person. What is new of them lies in her inbox, too.
    let pool = by_title(db, "Tidepool")?;
    for target in [Target::Project(pool.id), Target::Person(odile.id)] {
        follow::follow(db, vera.id, &target)?;
    }
    let hers = by_title(db, "Knitmap")?;
    favourite::show(db, vera.id, hers.id, false)?;
    let racer = by_title(db, "Mango Racer")?;
    for project in [pool.id, racer.id] {
        if let Some(release) = newest(db, project)? {
            notice::tell(db, vera.id, Sort::Release, release)?;
        }
    }
    notice::tell(db, vera.id, Sort::Project, racer.id)?;
    // Without letters: those of the demo would all go out at once.
    diesel::update(notices::table)
        .set(notices::due_at.eq(None::<chrono::NaiveDateTime>))
        .execute(db)?;
    Ok(())
}

fn by_title(db: &mut Db, title: &str) -> anyhow::Result<Project> {
    let id: ItemId = projects::table
        .filter(projects::title.eq(title))
        .select(projects::id)
        .first(db)?;
    Ok(Project::find(db, id)?)
}

fn newest(db: &mut Db, project: ItemId) -> anyhow::Result<Option<ItemId>> {
    let newest = releases::table
        .inner_join(items::table)
        .filter(releases::project_id.eq(project))
        .filter(items::state.eq(State::Published))
        .order(releases::released_at.desc())
        .select(releases::id)
        .first(db)
        .optional()?;
    Ok(newest)
}
