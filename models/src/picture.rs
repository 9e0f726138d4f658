//! Pictures that members brought: the row. Decoding, sizes and files are `web/src/picture.rs`.

use crate::branding;
use crate::db::{ItemId, PictureId, UserId, now};
use crate::project::Project;
use crate::schema::{gravatars, items, pictures, profiles, project_shots, projects, users};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::HashSet;

#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = pictures)]
pub struct Picture {
    pub id: PictureId,
    pub owner_id: UserId,
    /// Random; names the files, so that an address cannot be guessed.
    pub key: String,
    pub extension: String,
    /// Of the largest size.
    pub width: i32,
    pub height: i32,
    pub alt: String,
    pub created_at: NaiveDateTime,
    /// Of mature or violent work: blurred until a reader asks for it ([`crate::mature`]).
    pub veiled: bool,
}

impl Picture {
    pub fn create(
        db: &mut Db,
        owner: UserId,
        key: &str,
        extension: &str,
        (width, height): (u32, u32),
        alt: &str,
    ) -> QueryResult<PictureId> {
        diesel::insert_into(pictures::table)
            .values((
                pictures::owner_id.eq(owner),
                pictures::key.eq(key),
                pictures::extension.eq(extension),
                pictures::width.eq(width as i32),
                pictures::height.eq(height as i32),
                pictures::alt.eq(alt),
                pictures::created_at.eq(now()),
            ))
            .returning(pictures::id)
            .get_result(db)
    }

    pub fn find(db: &mut Db, id: PictureId) -> QueryResult<Picture> {
        pictures::table
            .find(id)
            .select(Picture::as_select())
            .get_result(db)
    }

    pub fn by_key(db: &mut Db, key: &str) -> QueryResult<Option<Picture>> {
        pictures::table
            .filter(pictures::key.eq(key))
            .select(Picture::as_select())
            .get_result(db)
            .optional()
    }

    /// The project whose picture it is: while it is public, so is the picture.
    pub fn shown_by(&self, db: &mut Db) -> QueryResult<Option<Project>> {
        let beside: Option<ItemId> = project_shots::table
            .find(self.id)
            .select(project_shots::project_id)
            .get_result(db)
            .optional()?;
        if let Some(project) = beside {
            return Project::find(db, project).optional();
        }
        projects::table
            .inner_join(items::table.on(items::id.eq(projects::id)))
            .filter(projects::picture_id.eq(self.id))
            .select(Project::as_select())
            .first(db)
            .optional()
    }

    /// It is the picture that readers see of somebody.
    pub fn is_avatar(&self, db: &mut Db) -> QueryResult<bool> {
        let file = format!("{}.{}", self.key, self.extension);
        let shown: Option<UserId> = users::table
            .filter(users::id.eq(self.owner_id).and(users::avatar.eq(file)))
            .select(users::id)
            .first(db)
            .optional()?;
        Ok(shown.is_some())
    }

    /// Forgets the row; its files go after the commit.
    pub fn delete(&self, db: &mut Db) -> QueryResult<usize> {
        diesel::delete(pictures::table.find(self.id)).execute(db)
    }

    /// Forgets rows that no project, no person and not the site shows: of a picture that was replaced by a process that died.
    pub fn forget_unused(db: &mut Db, before: NaiveDateTime) -> QueryResult<usize> {
        let shown = projects::table
            .filter(projects::picture_id.is_not_null())
            .select(projects::picture_id.assume_not_null());
        let faces = profiles::table
            .filter(profiles::picture_id.is_not_null())
            .select(profiles::picture_id.assume_not_null());
        let fetched = gravatars::table
            .filter(gravatars::picture_id.is_not_null())
            .select(gravatars::picture_id.assume_not_null());
        let beside = project_shots::table.select(project_shots::picture_id);
        let logo = branding::logo(db)?.map_or(String::new(), |logo| logo.key);
        diesel::delete(
            pictures::table.filter(
                pictures::created_at
                    .lt(before)
                    .and(pictures::id.ne_all(shown))
                    .and(pictures::id.ne_all(beside))
                    .and(pictures::id.ne_all(faces))
                    .and(pictures::id.ne_all(fetched))
                    .and(pictures::key.ne(logo)),
            ),
        )
        .execute(db)
    }

    /// The keys of all: files of any other are nobody's.
    pub fn keys(db: &mut Db) -> QueryResult<HashSet<String>> {
        let keys: Vec<String> = pictures::table.select(pictures::key).load(db)?;
        Ok(keys.into_iter().collect())
    }

    pub fn describe(db: &mut Db, id: PictureId, alt: &str) -> QueryResult<usize> {
        diesel::update(pictures::table.find(id))
            .set(pictures::alt.eq(alt))
            .execute(db)
    }

    /// Where a size of it is served: `card`, `thumb` or `page`; of a person `face` or `dot`.
    pub fn url(&self, size: &str) -> String {
        format!("/files/{}-{size}.{}", self.key, self.extension)
    }
}
