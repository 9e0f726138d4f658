//! What the demo's people have elsewhere: a project that follows its forge, and a proved link. Nobody
//! is asked for it: the hosts are invented.

use super::find;
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use potluck_models::db::{ItemId, UserId};
use potluck_models::forge::Repository;
use potluck_models::forge::answers::Change;
use potluck_models::forge::follow::{self, Follow, News};
use potluck_models::project::LinkKind;
use potluck_models::schema::{forge_follows, forge_releases, link_proofs, project_links, releases};
use potluck_models::settings::Settings;
use potluck_models::{Db, now};

const FORGE: &str = "git.mangoracer.example forgejo";
/// What changed, how long ago, and by which hash.
const CHANGES: [(&str, i64, &str); 6] = [
    ("Bruises heal a little on the flat", 5, "9f1c2ab44e01"),
    (
        "Track three: a sign before the second hairpin",
        22,
        "41be08d7c9aa",
    ),
    (
        "One-button mode remembers who asked for it",
        47,
        "c07d5512e8f3",
    ),
    ("Green fruit bounces less in the rain", 70, "0b9a77e13d52"),
    (
        "A crate sound that is not me opening a crate",
        118,
        "e5d43f80216b",
    ),
    (
        "Split screen keeps its line in the middle",
        190,
        "73aa19c4f0de",
    ),
];

pub fn lay(db: &mut Db) -> anyhow::Result<()> {
    let odile = find(db, "odile")?;
    let settings = Settings {
        forges: FORGE.into(),
        ..Settings::load(db)?
    };
    settings.save(db)?;
    let (project, link): (ItemId, String) = project_links::table
        .filter(project_links::kind.eq(LinkKind::Repository))
        .filter(project_links::url.like("https://git.mangoracer.example/%"))
        .select((project_links::project_id, project_links::url))
        .first(db)?;
    let repository = Repository::of(&link, FORGE)?;
    follow::switch_on(db, odile.id, project, &repository)?;
    let changes = CHANGES.map(|(title, hours, hash)| Change {
        title: title.into(),
        url: repository.change_page(hash),
        at: now() - Duration::hours(hours),
    });
    let news = News {
        said: "1 release came.".into(),
        known_releases: None,
        known_changes: None,
        changes: Some((changes.into(), String::new())),
    };
    if let Some(follow) = Follow::of(db, project)? {
        follow::came(db, &follow, &news)?;
    }
    diesel::update(forge_follows::table.find(project))
        .set((
            forge_follows::asked_at.eq(now() - Duration::minutes(12)),
            forge_follows::next_at.eq(Some(now() + Duration::minutes(51))),
        ))
        .execute(db)?;
    // The first was typed, the others came.
    let versions: Vec<(ItemId, String, NaiveDateTime)> = releases::table
        .filter(releases::project_id.eq(project))
        .order(releases::released_at)
        .select((releases::id, releases::version, releases::released_at))
        .load(db)?;
    for (release, version, at) in versions.into_iter().skip(1) {
        diesel::insert_into(forge_releases::table)
            .values((
                forge_releases::project_id.eq(project),
                forge_releases::source.eq(repository.source()),
                forge_releases::tag.eq(format!("v{version}")),
                forge_releases::release_id.eq(release),
                forge_releases::software.eq(repository.software),
                forge_releases::imported.eq(true),
                forge_releases::created_at.eq(at),
            ))
            .execute(db)?;
    }
    prove(db, odile.id)
}

/// The first of somebody's links.
fn prove(db: &mut Db, person: UserId) -> anyhow::Result<()> {
    let at = now() - Duration::days(2);
    diesel::update(
        link_proofs::table
            .filter(link_proofs::user_id.eq(person))
            .filter(link_proofs::url.like("https://odile.example%")),
    )
    .set((
        link_proofs::proved_at.eq(Some(at)),
        link_proofs::checked_at.eq(Some(at)),
        link_proofs::next_at.eq(at + Duration::days(7)),
    ))
    .execute(db)?;
    Ok(())
}
