//! The pictures of a project: the first is its cover. Which there are and in which order is a setting
//! and changes at once; what is said of them (captions, and words for people who do not see them) is
//! text, kept with the other [`Fields`] of the project in a revision and judged with them.

use crate::condition::among;
use crate::db::{ItemId, PictureId};
use crate::picture::Picture;
use crate::project::{Fields, Project};
use crate::schema::{pictures, project_shots, projects};
use crate::{Db, QueryResult, both, mature};
use diesel::prelude::*;
use std::collections::HashMap;

/// Pictures of one project, the cover counted in.
pub const MOST: usize = 12;
pub const MAX_CAPTION: usize = 200;

/// What is said of one picture. The words for the cover stand in [`Fields::picture_alt`], too, where
/// revisions of before there were more pictures have them alone.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Words {
    pub picture: PictureId,
    #[serde(default)]
    pub alt: String,
    #[serde(default)]
    pub caption: String,
}

/// A picture with what readers see of its words.
#[derive(Clone, Debug)]
pub struct Shot {
    pub picture: Picture,
    pub caption: String,
}

impl Shot {
    /// For who does not see it: what it shows, or else its caption.
    pub fn alt(&self) -> &str {
        match self.picture.alt.is_empty() {
            true => &self.caption,
            false => &self.picture.alt,
        }
    }
}

impl Fields {
    /// The words of these pictures as they are kept: none that are empty, and in an order that says
    /// nothing of that of the pictures, so that moving one is no new text.
    pub fn set_shots(&mut self, words: Vec<Words>) {
        self.shots = words;
        self.shots
            .retain(|words| !words.alt.is_empty() || !words.caption.is_empty());
        self.shots.sort_by_key(|words| words.picture);
    }

    /// Takes over the words of the other pictures from the text before, where a form has only those of
    /// the cover. `gone` is not shown any more.
    pub fn keep_shots(
        &mut self,
        before: &Fields,
        cover: Option<PictureId>,
        gone: Option<PictureId>,
    ) {
        let mut shots = before.shots.clone();
        shots.retain(|words| Some(words.picture) != gone);
        if let Some(cover) = cover {
            match shots.iter().position(|words| words.picture == cover) {
                Some(at) => shots[at].alt.clone_from(&self.picture_alt),
                // With words of others around, those of the cover must say whose they are.
                None if !shots.is_empty() => shots.push(Words {
                    picture: cover,
                    alt: self.picture_alt.clone(),
                    caption: String::new(),
                }),
                None => {}
            }
        }
        self.set_shots(shots);
    }

    /// What this text says of a picture.
    pub fn words_of(&self, picture: PictureId, is_cover: bool) -> (&str, &str) {
        match self.shots.iter().find(|words| words.picture == picture) {
            Some(words) => (&words.alt, &words.caption),
            None if is_cover && self.shots.is_empty() => (&self.picture_alt, ""),
            None => ("", ""),
        }
    }
}

/// All pictures of a project, the cover first.
pub fn of(db: &mut Db, project: &Project) -> QueryResult<Vec<Shot>> {
    let rows: Vec<(Picture, String)> = project_shots::table
        .inner_join(pictures::table)
        .filter(project_shots::project_id.eq(project.id))
        .order((project_shots::position, project_shots::picture_id))
        .select((Picture::as_select(), project_shots::caption))
        .load(db)?;
    let mut shots: Vec<Shot> = rows
        .into_iter()
        .map(|(picture, caption)| Shot { picture, caption })
        .collect();
    let Some(cover) = project.picture_id else {
        return Ok(shots);
    };
    match shots.iter().position(|shot| shot.picture.id == cover) {
        Some(at) => shots[..=at].rotate_right(1),
        None => shots.insert(
            0,
            Shot {
                picture: Picture::find(db, cover)?,
                caption: String::new(),
            },
        ),
    }
    Ok(shots)
}

/// The pictures beside the covers of these projects, in their order.
pub fn beside_covers(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, Vec<Picture>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(ItemId, Option<PictureId>, Picture)> = project_shots::table
        .inner_join(pictures::table)
        .inner_join(projects::table)
        .filter(among(project_shots::project_id, ids))
        .order((project_shots::project_id, project_shots::position))
        .select((projects::id, projects::picture_id, Picture::as_select()))
        .load(db)?;
    let mut of: HashMap<ItemId, Vec<Picture>> = HashMap::new();
    for (project, cover, picture) in rows {
        if cover != Some(picture.id) {
            of.entry(project).or_default().push(picture);
        }
    }
    Ok(of)
}

/// The pictures from now on, the cover first. Words come with the text that is let through, and those
/// that are shown stay until then.
pub fn arrange(db: &mut Db, project: &Project, order: &[PictureId]) -> QueryResult<()> {
    let shown: HashMap<PictureId, String> = of(db, project)?
        .into_iter()
        .map(|shot| (shot.picture.id, shot.caption))
        .collect();
    diesel::update(projects::table.find(project.id))
        .set(projects::picture_id.eq(order.first()))
        .execute(db)?;
    diesel::delete(project_shots::table.filter(project_shots::project_id.eq(project.id)))
        .execute(db)?;
    let rows: Vec<_> = order
        .iter()
        .zip(0_i32..)
        .map(|(picture, position)| {
            (
                project_shots::picture_id.eq(*picture),
                project_shots::project_id.eq(project.id),
                project_shots::position.eq(position),
                project_shots::caption.eq(shown.get(picture).cloned().unwrap_or_default()),
            )
        })
        .collect();
    both!(db, conn => diesel::insert_into(project_shots::table).values(&rows).execute(conn))?;
    mature::veil(db, project.id)
}

/// The picture that takes the place of a cover which is taken away.
pub fn next_cover(db: &mut Db, project: &Project) -> QueryResult<Option<PictureId>> {
    let shots = of(db, project)?;
    let next = shots
        .iter()
        .map(|shot| shot.picture.id)
        .find(|id| Some(*id) != project.picture_id);
    Ok(next)
}

/// Shows what a text says of the pictures of now.
pub fn describe(db: &mut Db, id: ItemId, fields: &Fields) -> QueryResult<()> {
    let cover: Option<PictureId> = projects::table
        .find(id)
        .select(projects::picture_id)
        .get_result(db)?;
    if let Some(cover) = cover {
        let (alt, _) = fields.words_of(cover, true);
        Picture::describe(db, cover, alt)?;
    }
    let shots: Vec<PictureId> = project_shots::table
        .filter(project_shots::project_id.eq(id))
        .select(project_shots::picture_id)
        .load(db)?;
    for picture in shots {
        let (alt, caption) = fields.words_of(picture, cover == Some(picture));
        Picture::describe(db, picture, alt)?;
        diesel::update(project_shots::table.find(picture))
            .set(project_shots::caption.eq(caption))
            .execute(db)?;
    }
    Ok(())
}

/// Takes all of them away: of a project that is erased. Gives them, whose files are to be removed.
pub fn erase(db: &mut Db, project: &Project) -> QueryResult<Vec<Picture>> {
    let pictures: Vec<Picture> = of(db, project)?
        .into_iter()
        .map(|shot| shot.picture)
        .collect();
    arrange(db, project, &[])?;
    for picture in &pictures {
        picture.delete(db)?;
    }
    Ok(pictures)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(alt: &str) -> Fields {
        let fields = Fields::parse("Duck", "It floats.", "", "game", "", &[]);
        Fields {
            picture_alt: alt.into(),
            ..fields.unwrap()
        }
    }

    fn words(picture: i64, alt: &str, caption: &str) -> Words {
        Words {
            picture: PictureId(picture),
            alt: alt.into(),
            caption: caption.into(),
        }
    }

    #[test]
    fn a_text_of_before_has_the_words_of_its_cover_alone() {
        let old: Fields = serde_json::from_str(
            r#"{"title":"Duck","summary":"","description":"","kind":"game","tags":[],"links":[],"picture_alt":"A duck"}"#,
        )
        .unwrap();
        assert_eq!(old.words_of(PictureId(1), true), ("A duck", ""));
        assert_eq!(old.words_of(PictureId(2), false), ("", ""));
        assert!(!serde_json::to_string(&old).unwrap().contains("shots"));
    }

    #[test]
    fn the_form_of_a_project_keeps_the_words_of_its_other_pictures() {
        let mut before = fields("A duck");
        before.set_shots(vec![
            words(2, "", "In the rain"),
            words(1, "A duck", ""),
            words(3, "", ""),
        ]);
        assert_eq!(before.shots.len(), 2);
        let mut same = fields("A duck");
        same.keep_shots(&before, Some(PictureId(1)), None);
        assert_eq!(same, before);
        let mut other = fields("A goose");
        other.keep_shots(&before, Some(PictureId(9)), Some(PictureId(1)));
        assert_eq!(
            other.shots,
            [words(2, "", "In the rain"), words(9, "A goose", "")]
        );
        let mut none = fields("");
        none.keep_shots(&fields("A duck"), Some(PictureId(1)), None);
        assert_eq!(none, fields(""));
    }
}
