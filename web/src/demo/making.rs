//! What the demo shows of making together: whom projects look for and who asks to join, several
//! pictures of one project, work that is mature, and a video.

use super::{find, picture};
use crate::config::Config;
use crate::picture as pictures;
use diesel::prelude::*;
use potluck_models::Db;
use potluck_models::db::PictureId;
use potluck_models::gallery::{self, Words};
use potluck_models::intake::Context;
use potluck_models::item::Revision;
use potluck_models::looking::{self, Role};
use potluck_models::picture::Picture;
use potluck_models::project::{self, Fields, Link, LinkKind, Project};
use potluck_models::schema::{jobs, projects, revisions};
use potluck_models::{join, mature};

const SOUGHT: &[(&str, &[Role])] = &[
    ("mango-racer", &[Role::Musician, Role::Tester]),
    ("stackhaus", &[Role::Artist, Role::Musician]),
    ("tidepool", &[Role::Translator]),
    ("critter-press", &[Role::Programmer]),
    ("night-bus", &[Role::Writer, Role::Voice]),
    ("signal-box", &[Role::Tester]),
];

/// Pattern, palette, seed, what it shows and its caption.
type Drawn = (
    &'static str,
    &'static [&'static str],
    u64,
    &'static str,
    &'static str,
);

const SHOTS: &[Drawn] = &[
    (
        "fruit",
        &["#cfe3d4", "#f0b429", "#c63b22", "#4f8a4b", "#54413a"],
        6,
        "Mangoes on a road through pale green fields, lines of speed behind them",
        "The orchard in May, before the branches hang low",
    ),
    (
        "tracks",
        &["#f6e2c4", "#54413a", "#c63b22", "#f08a24", "#4f8a4b"],
        9,
        "Brown lanes on sand with crossings and coloured posts",
        "The car park from above. Everybody finds the short cut in the end.",
    ),
    (
        "sprites",
        &["#fdf1dc", "#c63b22", "#4f8a4b", "#54413a", "#f0b429"],
        3,
        "Fifteen small symmetrical fruit with faces",
        "All who race, ripe and unripe",
    ),
];

/// Drawn outside the transaction, as the covers are.
pub fn draw(config: &Config) -> anyhow::Result<Vec<pictures::Sizes>> {
    let mut drawn = Vec::new();
    for (pattern, palette, seed, ..) in SHOTS {
        let mut png = std::io::Cursor::new(Vec::new());
        picture::cover(pattern, palette, *seed).write_to(&mut png, image::ImageFormat::Png)?;
        let sizes = pictures::intake(png.get_ref())?;
        sizes.store(&config.uploads)?;
        drawn.push(sizes);
    }
    Ok(drawn)
}

pub fn lay(db: &mut Db, context: &Context, shots: &[pictures::Sizes]) -> anyhow::Result<()> {
    for (slug, roles) in SOUGHT {
        let project = Project::by_slug(db, slug)?;
        looking::choose(db, project.id, roles)?;
    }
    let racer = Project::by_slug(db, "mango-racer")?;
    let mut order: Vec<PictureId> = racer.picture_id.into_iter().collect();
    for sizes in shots {
        let size = (sizes.width, sizes.height);
        let (key, extension) = (&sizes.key, sizes.extension);
        order.push(Picture::create(
            db,
            racer.owner_id,
            key,
            extension,
            size,
            "",
        )?);
    }
    gallery::arrange(db, &racer, &order)?;
    rewrite(db, &racer, |fields| {
        for (kind, url) in [
            (LinkKind::Play, "https://play.odile.example/mango-racer"),
            (LinkKind::Funding, "https://odile.example/thanks"),
        ] {
            fields.links.push(Link {
                kind,
                url: url.into(),
            });
        }
        let cover = fields.picture_alt.clone();
        let said = SHOTS.iter().map(|(.., alt, caption)| (*alt, *caption));
        let said = std::iter::once((cover.as_str(), "")).chain(said);
        let words = order
            .iter()
            .zip(said)
            .map(|(picture, (alt, caption))| Words {
                picture: *picture,
                alt: alt.into(),
                caption: caption.into(),
            });
        let words = words.collect();
        fields.set_shots(words);
    })?;
    // Invented like all else: there is no such video.
    let haus = Project::by_slug(db, "stackhaus")?;
    rewrite(db, &haus, |fields| {
        for link in &mut fields.links {
            if link.kind == LinkKind::Video {
                link.url = "https://www.youtube.com/watch?v=potluckdemo".into();
            }
        }
    })?;
    let film = Project::by_slug(db, "moth-hour")?;
    mature::choose(db, film.id, true)?;
    let vera = find(db, "vera")?;
    join::ask(
        db,
        context,
        &vera,
        &racer,
        Role::Musician.as_str(),
        "I read your line about very small sounds and have a shelf of them: pips, peels, a drawer of spoons. \
         I would start with the orchard and send you three loops to throw away.",
        "",
    )?;
    diesel::delete(jobs::table.filter(jobs::kind.eq(join::LETTER))).execute(db)?;
    Ok(())
}

/// As if its makers had always said so.
fn rewrite(db: &mut Db, project: &Project, change: impl FnOnce(&mut Fields)) -> anyhow::Result<()> {
    let mut fields = project.fields_for_editing(db)?;
    change(&mut fields);
    let content = serde_json::to_string(&fields)?;
    let newest = Revision::newest(db, project.id)?;
    diesel::update(revisions::table.find(newest.id))
        .set((
            revisions::content.eq(&content),
            revisions::text.eq(fields.text()),
        ))
        .execute(db)?;
    project::show_content(db, project.id, &content)?;
    diesel::update(projects::table.find(project.id))
        .set(projects::updated_at.eq(project.updated_at))
        .execute(db)?;
    Ok(())
}
