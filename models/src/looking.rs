//! Whom the makers of a project look for: roles of a fixed list, so that they can be searched by and
//! no text has to be judged. Who would like to be that asks by a [`crate::join`] request.

use crate::condition::among;
use crate::db::ItemId;
use crate::schema::project_roles;
use crate::{Db, QueryResult, both, words};
use diesel::prelude::*;
use std::collections::HashMap;

words! {
    /// What a maker does, as projects are short of it.
    pub enum Role {
        Artist = "artist",
        Musician = "musician",
        Writer = "writer",
        Programmer = "programmer",
        Designer = "designer",
        Tester = "tester",
        Translator = "translator",
        Voice = "voice",
    }
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Artist => "Artist",
            Role::Musician => "Musician",
            Role::Writer => "Writer",
            Role::Programmer => "Programmer",
            Role::Designer => "Designer",
            Role::Tester => "Tester",
            Role::Translator => "Translator",
            Role::Voice => "Voice actor",
        }
    }

    /// "an artist", within a sentence.
    pub fn one(self) -> String {
        let name = self.name().to_lowercase();
        match self {
            Role::Artist => format!("an {name}"),
            _ => format!("a {name}"),
        }
    }

    /// What they would do, for who chooses among the names.
    pub fn hint(self) -> &'static str {
        match self {
            Role::Artist => "Draws, models or animates",
            Role::Musician => "Music and sounds",
            Role::Writer => "Stories, texts, help pages",
            Role::Programmer => "Code",
            Role::Designer => "How it plays or is used",
            Role::Tester => "Tries it and says what breaks",
            Role::Translator => "Another language",
            Role::Voice => "Speaks or sings",
        }
    }
}

/// "an artist, a writer and a tester".
pub fn sentence(roles: &[Role]) -> String {
    let names: Vec<String> = roles.iter().map(|role| role.one()).collect();
    match &names[..] {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// In the order of the list, each once; of words that are none nothing is made.
pub fn parse<'a>(words: impl Iterator<Item = &'a str>) -> Vec<Role> {
    let words: Vec<&str> = words.collect();
    let all = Role::ALL.iter().copied();
    all.filter(|role| words.contains(&role.as_str())).collect()
}

pub fn of(db: &mut Db, project: ItemId) -> QueryResult<Vec<Role>> {
    Ok(of_all(db, &[project])?.remove(&project).unwrap_or_default())
}

/// The same for a page of projects.
pub fn of_all(db: &mut Db, projects: &[ItemId]) -> QueryResult<HashMap<ItemId, Vec<Role>>> {
    let rows: Vec<(ItemId, String)> = project_roles::table
        .filter(among(project_roles::project_id, projects))
        .select((project_roles::project_id, project_roles::role))
        .load(db)?;
    let mut found: HashMap<ItemId, Vec<String>> = HashMap::new();
    for (id, role) in rows {
        found.entry(id).or_default().push(role);
    }
    // A role that a later version knows is left out.
    Ok(found
        .into_iter()
        .map(|(id, roles)| (id, parse(roles.iter().map(String::as_str))))
        .collect())
}

/// The makers' choice, at once.
pub fn choose(db: &mut Db, project: ItemId, roles: &[Role]) -> QueryResult<()> {
    if of(db, project)? == roles {
        return Ok(());
    }
    diesel::delete(project_roles::table.filter(project_roles::project_id.eq(project)))
        .execute(db)?;
    let rows: Vec<_> = roles
        .iter()
        .map(|role| {
            (
                project_roles::project_id.eq(project),
                project_roles::role.eq(*role),
            )
        })
        .collect();
    both!(db, conn => diesel::insert_into(project_roles::table).values(&rows).execute(conn))
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_in_their_order_and_each_once() {
        let typed = ["tester", "artist", "boss", "tester", ""];
        assert_eq!(parse(typed.into_iter()), [Role::Artist, Role::Tester]);
    }

    #[test]
    fn a_sentence_names_them_all() {
        assert_eq!(sentence(&[]), "");
        assert_eq!(sentence(&[Role::Artist]), "an artist");
        assert_eq!(
            sentence(&[Role::Artist, Role::Voice, Role::Writer]),
            "an artist, a voice actor and a writer"
        );
    }
}
