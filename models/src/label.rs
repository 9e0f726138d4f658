//! Labels that did not come from verdicts: imports, undone as a whole; and labels that contradict
//! each other, for a person to settle.

use crate::db::{ImportId, ItemId, UserId, dialect, now};
use crate::item::{Kind, State};
use crate::moderation::log::Act;
use crate::moderation::verdict::{self, Label, Seen, Verdict};
use crate::schema::{
    imported_labels, items, label_imports, revisions, settled_contradictions, users, verdicts,
};
use crate::spam::near::{self, Contradiction};
use crate::{Db, QueryResult, both};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashSet};

/// One labelled text of a file.
#[derive(Clone, Debug)]
pub struct NewLabel {
    pub text: String,
    pub label: Label,
    /// When it was written, if the file says so.
    pub written_at: Option<NaiveDateTime>,
}

/// Labels that came in by one file.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = label_imports)]
pub struct Import {
    pub id: ImportId,
    pub name: String,
    pub spam: i32,
    pub ham: i32,
    pub weight: f64,
    pub created_by: Option<UserId>,
    pub created_at: NaiveDateTime,
    pub undone_at: Option<NaiveDateTime>,
}

/// Rows of one write transaction: others must get their turn.
const AT_ONCE: usize = 500;

impl Import {
    /// Newest first.
    pub fn all(db: &mut Db) -> QueryResult<Vec<Import>> {
        label_imports::table
            .order(label_imports::id.desc())
            .select(Import::as_select())
            .load(db)
    }

    /// Labels of all that stand: (spam, ham).
    pub fn labels(db: &mut Db) -> QueryResult<(i64, i64)> {
        let all: Vec<(i32, i32)> = label_imports::table
            .filter(label_imports::undone_at.is_null())
            .select((label_imports::spam, label_imports::ham))
            .load(db)?;
        Ok(all.iter().fold((0, 0), |(spam, ham), (s, h)| {
            (spam + i64::from(*s), ham + i64::from(*h))
        }))
    }

    pub fn find(db: &mut Db, id: ImportId) -> QueryResult<Option<Import>> {
        label_imports::table
            .find(id)
            .select(Import::as_select())
            .get_result(db)
            .optional()
    }

    /// Begins an import, as if undone: it counts once [`Import::finish`] is reached, so that one
    /// that is cut off half-way teaches nothing.
    pub fn begin(
        db: &mut Db,
        name: &str,
        weight: f64,
        by: Option<UserId>,
    ) -> QueryResult<ImportId> {
        let at = now();
        diesel::insert_into(label_imports::table)
            .values((
                label_imports::name.eq(name),
                label_imports::spam.eq(0),
                label_imports::ham.eq(0),
                label_imports::weight.eq(weight),
                label_imports::created_by.eq(by),
                label_imports::created_at.eq(at),
                label_imports::undone_at.eq(Some(at)),
            ))
            .returning(label_imports::id)
            .get_result(db)
    }

    /// Adds labels, to be called in write transactions of [`Import::chunks`]. Gives how many were
    /// new: a text that was imported with this label before is left out.
    pub fn add(db: &mut Db, id: ImportId, labels: &[NewLabel]) -> QueryResult<usize> {
        let mut hashed: Vec<(String, &NewLabel)> = Vec::with_capacity(labels.len());
        let mut seen = HashSet::new();
        for label in labels {
            let hash = near::text_hash(&label.text);
            if seen.insert((hash.clone(), label.label)) {
                hashed.push((hash, label));
            }
        }
        let hashes: Vec<&String> = hashed.iter().map(|(hash, _)| hash).collect();
        let known: HashSet<(String, Label)> = imported_labels::table
            .inner_join(label_imports::table)
            .filter(imported_labels::text_hash.eq_any(hashes))
            .filter(
                label_imports::undone_at
                    .is_null()
                    .or(label_imports::id.eq(id)),
            )
            .select((imported_labels::text_hash, imported_labels::label))
            .load(db)?
            .into_iter()
            .collect();
        let rows: Vec<_> = hashed
            .iter()
            .filter(|(hash, label)| !known.contains(&(hash.clone(), label.label)))
            .map(|(hash, label)| {
                (
                    imported_labels::import_id.eq(id),
                    imported_labels::text.eq(&label.text),
                    imported_labels::text_hash.eq(hash),
                    imported_labels::label.eq(label.label),
                    imported_labels::written_at.eq(label.written_at),
                )
            })
            .collect();
        // Of no rows, SQLite would tell how many the statement before had changed.
        if rows.is_empty() {
            return Ok(0);
        }
        both!(db, conn => diesel::insert_into(imported_labels::table)
            .values(&rows)
            .execute(conn))
    }

    /// Parts of a file, each for one transaction.
    pub fn chunks(labels: &[NewLabel]) -> impl Iterator<Item = &[NewLabel]> {
        labels.chunks(AT_ONCE)
    }

    /// Forgets one that brought nothing, or that was cut off, with its texts.
    pub fn discard(db: &mut Db, id: ImportId) -> QueryResult<usize> {
        diesel::delete(imported_labels::table.filter(imported_labels::import_id.eq(id)))
            .execute(db)?;
        diesel::delete(label_imports::table.find(id)).execute(db)
    }

    /// From now on it teaches, unless all of it came in meanwhile by another: then it is gone.
    pub fn finish(db: &mut Db, id: ImportId) -> QueryResult<Option<Import>> {
        dialect::lock(db, "imports")?;
        // Of two that run at once, neither saw the other's rows when it added its own.
        diesel::sql_query(
            "DELETE FROM imported_labels WHERE import_id = $1 AND EXISTS (\
             SELECT 1 FROM imported_labels other JOIN label_imports i ON i.id = other.import_id \
             WHERE i.undone_at IS NULL AND i.id <> $1 \
             AND other.text_hash = imported_labels.text_hash AND other.label = imported_labels.label)",
        )
        .bind::<diesel::sql_types::BigInt, _>(id.0)
        .execute(db)?;
        let mut of = |label: Label| -> QueryResult<i64> {
            imported_labels::table
                .filter(
                    imported_labels::import_id
                        .eq(id)
                        .and(imported_labels::label.eq(label)),
                )
                .count()
                .get_result(db)
        };
        let (spam, ham) = (of(Label::Spam)?, of(Label::Ham)?);
        if spam + ham == 0 {
            Import::discard(db, id)?;
            return Ok(None);
        }
        diesel::update(label_imports::table.find(id))
            .set((
                label_imports::spam.eq(spam as i32),
                label_imports::ham.eq(ham as i32),
                label_imports::created_at.eq(now()),
                label_imports::undone_at.eq(None::<NaiveDateTime>),
            ))
            .execute(db)?;
        let import: Import = label_imports::table
            .find(id)
            .select(Import::as_select())
            .get_result(db)?;
        let detail = format!("import {id} ({}): {spam} spam, {ham} ham", import.name);
        Act {
            actor: import.created_by,
            act: "import labels",
            detail: &detail,
            ..Act::default()
        }
        .write(db)?;
        Ok(Some(import))
    }

    /// Whether it was cut off half-way, and teaches nothing: never finished, never undone.
    pub fn is_unfinished(&self) -> bool {
        self.undone_at.is_some() && self.spam + self.ham == 0
    }

    /// Takes all its labels back and forgets their texts; false when that was done before. One that
    /// was never finished is forgotten as a whole.
    pub fn undo(db: &mut Db, id: ImportId, by: Option<UserId>) -> QueryResult<bool> {
        if Import::find(db, id)?.is_some_and(|import| import.is_unfinished()) {
            return Import::discard(db, id).map(|_| true);
        }
        let done = diesel::update(
            label_imports::table
                .find(id)
                .filter(label_imports::undone_at.is_null()),
        )
        .set(label_imports::undone_at.eq(Some(now())))
        .execute(db)?;
        if done == 0 {
            return Ok(false);
        }
        diesel::delete(imported_labels::table.filter(imported_labels::import_id.eq(id)))
            .execute(db)?;
        let detail = format!("import {id}");
        Act {
            actor: by,
            act: "undo import",
            detail: &detail,
            ..Act::default()
        }
        .write(db)?;
        Ok(true)
    }
}

/// Where a labelled text is.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    Item {
        id: ItemId,
        kind: Kind,
        state: State,
        by: String,
        at: NaiveDateTime,
    },
    Import {
        id: ImportId,
        name: String,
    },
}

/// One side of a contradiction.
#[derive(Clone, Debug)]
pub struct Side {
    pub hash: String,
    pub text: String,
    pub places: Vec<Place>,
}

/// Near-identical texts, of which one was called spam and one ham.
#[derive(Clone, Debug)]
pub struct Pair {
    pub spam: Side,
    pub ham: Side,
}

/// Pairs of which a person said that both labels are right.
pub fn settled(db: &mut Db) -> QueryResult<BTreeSet<Contradiction>> {
    let rows: Vec<(String, String)> = settled_contradictions::table
        .select((
            settled_contradictions::spam_hash,
            settled_contradictions::ham_hash,
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(spam, ham)| Contradiction { spam, ham })
        .collect())
}

/// Of the contradictions that a training found, those that still stand and that nobody has settled.
pub fn contradictions(db: &mut Db, found: &[Contradiction]) -> QueryResult<Vec<Pair>> {
    let settled = settled(db)?;
    let mut pairs = Vec::new();
    for pair in found {
        if settled.contains(pair) {
            continue;
        }
        let spam = side(db, &pair.spam, Label::Spam)?;
        let ham = side(db, &pair.ham, Label::Ham)?;
        if let (Some(spam), Some(ham)) = (spam, ham) {
            pairs.push(Pair { spam, ham });
        }
    }
    Ok(pairs)
}

/// Where a text stands under a label now; None when nowhere.
pub fn side(db: &mut Db, hash: &str, label: Label) -> QueryResult<Option<Side>> {
    type Row = (
        ItemId,
        Kind,
        State,
        Option<Label>,
        String,
        NaiveDateTime,
        String,
    );
    let given: Vec<Row> = verdicts::table
        .inner_join(revisions::table.on(verdicts::revision_id.eq(revisions::id.nullable())))
        .inner_join(items::table.on(items::id.eq(verdicts::item_id)))
        .inner_join(users::table.on(users::id.eq(verdicts::by_id)))
        .filter(revisions::text_hash.eq(hash))
        .filter(
            verdicts::label
                .is_not_null()
                .and(verdicts::undone_at.is_null()),
        )
        .filter(items::state.ne(State::Deleted))
        .order((verdicts::item_id, verdicts::id))
        .select((
            items::id,
            items::kind,
            items::state,
            verdicts::label,
            users::username,
            verdicts::created_at,
            revisions::text,
        ))
        .load(db)?;
    let mut text = String::new();
    let mut places: Vec<Place> = Vec::new();
    for (i, (id, kind, state, newest, by, at, of)) in given.iter().enumerate() {
        // The newest label of each item counts, if it was given to this text.
        let last = given.get(i + 1).is_none_or(|(next, ..)| next != id);
        if last && *newest == Some(label) && newest_label(db, *id)? == Some(label) {
            text.clone_from(of);
            places.push(Place::Item {
                id: *id,
                kind: *kind,
                state: *state,
                by: by.clone(),
                at: *at,
            });
        }
    }
    let imported: Vec<(ImportId, String, String)> = imported_labels::table
        .inner_join(label_imports::table)
        .filter(imported_labels::text_hash.eq(hash))
        .filter(
            imported_labels::label
                .eq(label)
                .and(imported_labels::dropped_at.is_null())
                .and(label_imports::undone_at.is_null()),
        )
        .select((
            label_imports::id,
            label_imports::name,
            imported_labels::text,
        ))
        .load(db)?;
    for (id, name, of) in imported {
        text = of;
        places.push(Place::Import { id, name });
    }
    Ok((!places.is_empty()).then(|| Side {
        hash: hash.to_owned(),
        text,
        places,
    }))
}

fn newest_label(db: &mut Db, item: ItemId) -> QueryResult<Option<Label>> {
    verdicts::table
        .filter(
            verdicts::item_id
                .eq(item)
                .and(verdicts::label.is_not_null())
                .and(verdicts::undone_at.is_null()),
        )
        .order(verdicts::id.desc())
        .select(verdicts::label)
        .first(db)
}

/// What a person says of two texts that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Both are this.
    Both(Label),
    /// They do differ: both labels are right.
    Differ,
}

/// Settles a contradiction: a verdict on each item that was called the other thing, imported labels
/// dropped. Gives how many labels changed. To be called in a write transaction.
pub fn settle(
    db: &mut Db,
    by: UserId,
    pair: &Contradiction,
    settlement: Settlement,
) -> QueryResult<usize> {
    dialect::lock(db, "contradictions")?;
    let (spam, ham) = (
        side(db, &pair.spam, Label::Spam)?,
        side(db, &pair.ham, Label::Ham)?,
    );
    // Settled by somebody else, or erased.
    let (Some(spam), Some(ham)) = (spam, ham) else {
        return Ok(0);
    };
    let log = |db: &mut Db, detail: String| {
        Act {
            actor: Some(by),
            act: "settle labels",
            detail: &detail,
            ..Act::default()
        }
        .write(db)
    };
    let right = match settlement {
        Settlement::Differ => {
            let row = (
                settled_contradictions::spam_hash.eq(&pair.spam),
                settled_contradictions::ham_hash.eq(&pair.ham),
                settled_contradictions::by_id.eq(by),
                settled_contradictions::created_at.eq(now()),
            );
            let new = both!(db, conn => diesel::insert_into(settled_contradictions::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(conn))?;
            log(
                db,
                "two texts that are alike: one spam, one ham, both labels right".into(),
            )?;
            return Ok(new);
        }
        Settlement::Both(right) => right,
    };
    let (wrong, side, verdict) = match right {
        Label::Spam => (Label::Ham, ham, Verdict::Spam),
        Label::Ham => (Label::Spam, spam, Verdict::Ham),
    };
    let seen: Vec<Seen> = side
        .places
        .iter()
        .filter_map(|place| match place {
            Place::Item { id, kind, .. } => Some(Seen {
                kind: *kind,
                id: *id,
                version: None,
            }),
            Place::Import { .. } => None,
        })
        .collect();
    let decided = verdict::decide(db, by, verdict, "", &seen)?.done;
    let dropped = diesel::update(
        imported_labels::table.filter(
            imported_labels::text_hash
                .eq(&side.hash)
                .and(imported_labels::label.eq(wrong))
                .and(imported_labels::dropped_at.is_null()),
        ),
    )
    .set(imported_labels::dropped_at.eq(Some(now())))
    .execute(db)?;
    log(
        db,
        format!(
            "two texts that are alike are {right}: {decided} decided again, {dropped} imported labels dropped"
        ),
    )?;
    Ok(decided + dropped)
}

/// The labelled text behind a report's mistake, if it still exists: its excerpt and where it is.
pub fn find(db: &mut Db, hash: &str, spam: bool) -> QueryResult<Option<Side>> {
    side(db, hash, if spam { Label::Spam } else { Label::Ham })
}

impl Import {
    /// All of them with who brought each, newest first. Nobody: from the command line.
    pub fn told(db: &mut Db) -> QueryResult<Vec<(Import, Option<String>)>> {
        label_imports::table
            .left_join(users::table.on(label_imports::created_by.eq(users::id.nullable())))
            .order(label_imports::id.desc())
            .select((Import::as_select(), users::username.nullable()))
            .load(db)
    }
}
