//! Ratings: what people think of a project, from 1 to 5 on the aspects that its makers chose. The
//! makers may ask questions with a release; what is answered is text for them alone, an item of the
//! kind `rating`, so that it takes the intake and can wait, be removed and be taken back like any other.
//! A comment would have put before everybody what was asked in confidence.
//!
//! One rating a person, project and release; the newest of a person counts for the project, and those
//! before tell how it was then. [`counting`] says what counts, [`picture`] what is shown of it.

pub mod counting;
pub mod picture;

use crate::account::User;
use crate::db::{ItemId, RatingId, UserId, dialect, now};
use crate::gate::{self, Feedback, Person, Refusal, Shut};
use crate::intake::limits::{self, Limited};
use crate::intake::{self, Context, Text};
use crate::item::{Item, Kind, Revision, State, Submitted};
use crate::line::one_line;
use crate::project::{FieldError, Project};
use crate::schema::{project_aspects, rating_steps, ratings, release_questions, releases};
use crate::{Db, QueryResult, block, both, reaction, release};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use std::collections::BTreeMap;

/// Each step has a word; none of them is a verdict on who made it.
pub const STEPS: [&str; 5] = [
    "not yet there",
    "getting there",
    "good",
    "very good",
    "outstanding",
];
/// Of the site's list.
pub const MOST_ASPECTS: usize = 12;
pub const MOST_QUESTIONS: usize = 5;
pub const MAX_QUESTION: usize = 200;
pub const MAX_ANSWER: usize = 500;
/// Ratings given, changed and withdrawn by one person in an hour.
const PER_HOUR: i64 = 60;
const CHANGED: &str = "The makers changed what they ask while you wrote. What has no question any more is kept \
                       for you to copy, and is not sent.";

pub fn step_word(step: i32) -> &'static str {
    usize::try_from(step - 1)
        .ok()
        .and_then(|at| STEPS.get(at))
        .copied()
        .unwrap_or_default()
}

// ---- What is asked ----

/// The site's list, as an administrator writes it: `Fun, Innovation`.
pub fn parse_aspects(typed: &str) -> Result<Vec<String>, String> {
    let mut aspects: Vec<String> = Vec::new();
    for one in typed.split([',', '\n']) {
        let one = one.split_whitespace().collect::<Vec<_>>().join(" ");
        if one.is_empty() {
            continue;
        }
        if one.chars().count() > 30 || one.chars().any(char::is_control) {
            return Err(format!("An aspect has at most 30 characters: “{one}”."));
        }
        if aspects
            .iter()
            .any(|known| known.to_lowercase() == one.to_lowercase())
        {
            return Err(format!("{one} stands there twice."));
        }
        aspects.push(one);
    }
    if aspects.len() > MOST_ASPECTS {
        return Err(format!("At most {MOST_ASPECTS} aspects."));
    }
    Ok(aspects)
}

/// What the site offers to makers.
pub fn offered(settings: &crate::settings::Settings) -> Vec<String> {
    parse_aspects(&settings.aspects).unwrap_or_default()
}

/// What the makers of a project chose, in the order of the site's list; what the site offers no more
/// comes last.
pub fn chosen(db: &mut Db, project: ItemId, offered: &[String]) -> QueryResult<Vec<String>> {
    let mut chosen: Vec<String> = project_aspects::table
        .filter(project_aspects::project_id.eq(project))
        .order(project_aspects::aspect)
        .select(project_aspects::aspect)
        .load(db)?;
    let place = |one: &String| offered.iter().position(|known| known == one);
    chosen.sort_by_key(|one| place(one).unwrap_or(usize::MAX));
    Ok(chosen)
}

/// The makers' choice, at once; what the site does not offer is left out. None: they seek no ratings.
pub fn choose(
    db: &mut Db,
    project: ItemId,
    offered: &[String],
    wanted: &[String],
) -> QueryResult<()> {
    let wanted: Vec<_> = offered.iter().filter(|one| wanted.contains(one)).collect();
    let stored = chosen(db, project, offered)?;
    if stored.iter().eq(wanted.iter().copied()) {
        return Ok(());
    }
    diesel::delete(project_aspects::table.filter(project_aspects::project_id.eq(project)))
        .execute(db)?;
    let rows: Vec<_> = wanted
        .iter()
        .map(|aspect| {
            (
                project_aspects::project_id.eq(project),
                project_aspects::aspect.eq(*aspect),
            )
        })
        .collect();
    both!(db, conn => diesel::insert_into(project_aspects::table).values(&rows).execute(conn))
        .map(|_| ())
}

/// The questions of a release's form, empty ones left out.
pub fn parse_questions<'a>(
    typed: impl Iterator<Item = &'a str>,
) -> Result<Vec<String>, Vec<FieldError>> {
    let fault = |message| {
        Err(vec![FieldError {
            field: "question",
            message,
        }])
    };
    let mut questions: Vec<String> = Vec::new();
    for one in typed {
        let one = one_line(one);
        let length = one.chars().count();
        if length > MAX_QUESTION {
            return fault(format!(
                "A question has at most {MAX_QUESTION} characters; one of these has {length}."
            ));
        }
        if !one.is_empty() && !questions.contains(&one) {
            questions.push(one);
        }
    }
    if questions.len() > MOST_QUESTIONS {
        return fault(format!(
            "At most {MOST_QUESTIONS} questions; these are {}.",
            questions.len()
        ));
    }
    Ok(questions)
}

pub fn questions(db: &mut Db, release: ItemId) -> QueryResult<Vec<String>> {
    release_questions::table
        .filter(release_questions::release_id.eq(release))
        .order(release_questions::number)
        .select(release_questions::question)
        .load(db)
}

/// As readers see them from now on; the release's text is let through.
pub(crate) fn write_questions(db: &mut Db, release: ItemId, all: &[String]) -> QueryResult<()> {
    diesel::delete(release_questions::table.filter(release_questions::release_id.eq(release)))
        .execute(db)?;
    let rows: Vec<_> = all
        .iter()
        .zip(1..)
        .map(|(question, number): (&String, i32)| {
            (
                release_questions::release_id.eq(release),
                release_questions::number.eq(number),
                release_questions::question.eq(question),
            )
        })
        .collect();
    both!(db, conn => diesel::insert_into(release_questions::table).values(&rows).execute(conn))
        .map(|_| ())
}

/// What a project asks those who rate it now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Empty: it seeks no ratings.
    pub aspects: Vec<String>,
    /// The release that a rating given now is of, and its version.
    pub release: Option<(ItemId, String)>,
    pub questions: Vec<String>,
}

impl Asked {
    pub fn of(db: &mut Db, project: ItemId, offered: &[String]) -> QueryResult<Asked> {
        let mut aspects = chosen(db, project, offered)?;
        aspects.retain(|one| offered.contains(one));
        if aspects.is_empty() {
            return Ok(Asked::default());
        }
        let release = match release::newest_of(db, project, now())? {
            Some(id) => {
                let version = releases::table.find(id).select(releases::version);
                Some((id, version.get_result(db)?))
            }
            None => None,
        };
        let questions = match &release {
            Some((id, _)) => questions(db, *id)?,
            None => Vec::new(),
        };
        Ok(Asked {
            aspects,
            release,
            questions,
        })
    }
}

// ---- Giving ----

/// What somebody thinks, parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    pub steps: BTreeMap<String, i32>,
    /// With the question as it was asked: the makers may change theirs. None: as they were.
    pub answers: Option<Vec<Answer>>,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    pub question: String,
    pub answer: String,
}

#[derive(Debug, thiserror::Error)]
pub enum RateError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("{}", .0.sentence())]
    Limited(Limited),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl Given {
    /// From what was chosen for each aspect, and typed below each question, which comes with it; what is
    /// empty is left out. The makers may have changed their questions since: no answer goes under another
    /// question than its own, and none is dropped.
    pub fn parse<'a>(
        asked: &Asked,
        step: impl Fn(&str) -> &'a str,
        typed: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Given, Vec<FieldError>> {
        let mut steps = BTreeMap::new();
        let mut answers = Vec::new();
        let fault = |field, message| Err(vec![FieldError { field, message }]);
        for aspect in &asked.aspects {
            match step(aspect).trim() {
                "" => {}
                chosen => match chosen.parse() {
                    Ok(step @ 1..=5) => {
                        steps.insert(aspect.clone(), step);
                    }
                    _ => return fault("steps", format!("Choose one of the steps for {aspect}.")),
                },
            }
        }
        for (question, answer) in typed {
            let answer = answer.trim();
            if !answer.chars().any(char::is_alphanumeric) {
                continue;
            }
            if !asked.questions.iter().any(|one| one == question) {
                return fault("kept", CHANGED.into());
            }
            let length = answer.chars().count();
            if length > MAX_ANSWER {
                return fault(
                    "answers",
                    format!("An answer has at most {MAX_ANSWER} characters; one has {length}."),
                );
            }
            answers.push(Answer {
                question: question.to_owned(),
                answer: answer.to_owned(),
            });
        }
        Ok(Given {
            steps,
            answers: Some(answers),
        })
    }
}

/// What a revision of answers holds.
pub fn answers(content: &str) -> Vec<Answer> {
    serde_json::from_str(content).unwrap_or_default()
}

/// The same as moderators read it: Markdown.
pub fn readable(content: &str) -> String {
    let each = answers(content).into_iter();
    let each = each.map(|one| format!("**{}**\n\n{}", one.question, one.answer));
    each.collect::<Vec<_>>().join("\n\n")
}

/// Whether this person may rate this project now.
pub fn may_rate(
    db: &mut Db,
    user: Option<(&User, bool)>,
    project: &Project,
    asked: &Asked,
) -> QueryResult<Result<(), Refusal>> {
    if asked.aspects.is_empty() {
        return Ok(Err(Refusal::NoFeedback(Feedback::Rating, Shut::NotTaken)));
    }
    let person = match user {
        None => None,
        Some((user, is_maker)) => {
            let on_team = project.is_made_by(db, user.id)?;
            Some(Person {
                user,
                is_maker,
                on_team,
                is_blocked: !on_team && block::holds(db, project.id, user.id)?,
            })
        }
    };
    Ok(gate::may_give(
        Feedback::Rating,
        person,
        project.terms(),
        now(),
    ))
}

/// A rating as it stands.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = ratings)]
pub struct Rating {
    pub id: RatingId,
    pub project_id: ItemId,
    pub user_id: UserId,
    pub release_id: Option<ItemId>,
    pub comment_id: Option<ItemId>,
    pub answers_id: Option<ItemId>,
    pub counts: bool,
    pub changed_at: NaiveDateTime,
}

impl Rating {
    /// The one that changes, if they rate this release.
    pub fn of_release(
        db: &mut Db,
        project: ItemId,
        user: UserId,
        release: Option<ItemId>,
    ) -> QueryResult<Option<Rating>> {
        let theirs = ratings::table
            .filter(ratings::project_id.eq(project))
            .filter(ratings::user_id.eq(user))
            .select(Rating::as_select())
            .into_boxed();
        match release {
            Some(release) => theirs.filter(ratings::release_id.eq(release)),
            None => theirs.filter(ratings::release_id.is_null()),
        }
        .first(db)
        .optional()
    }

    /// The newest of somebody.
    pub fn of(db: &mut Db, project: ItemId, user: UserId) -> QueryResult<Option<Rating>> {
        ratings::table
            .filter(ratings::project_id.eq(project))
            .filter(ratings::user_id.eq(user))
            .filter(ratings::is_newest.eq(true))
            .select(Rating::as_select())
            .first(db)
            .optional()
    }

    pub fn steps(&self, db: &mut Db) -> QueryResult<BTreeMap<String, i32>> {
        let steps: Vec<(String, i32)> = rating_steps::table
            .filter(rating_steps::rating_id.eq(self.id))
            .select((rating_steps::aspect, rating_steps::step))
            .load(db)?;
        Ok(steps.into_iter().collect())
    }

    /// As its author wrote them last.
    pub fn answers(&self, db: &mut Db) -> QueryResult<Vec<Answer>> {
        match self.answers_id {
            Some(id) => Ok(answers(&Revision::newest(db, id)?.content)),
            None => Ok(Vec::new()),
        }
    }
}

/// What is given, and where it came from.
pub struct Giving<'a> {
    pub given: &'a Given,
    /// The comment it is given with.
    pub comment: Option<ItemId>,
    pub network: &'a str,
}

/// Gives or changes a rating, in a write transaction. It belongs to the newest release; what was said of
/// one before stays with that.
pub fn give(
    db: &mut Db,
    context: &Context,
    user: &User,
    project: ItemId,
    giving: &Giving,
) -> Result<RatingId, RateError> {
    reaction::lock(db, user.id)?;
    // As they are now: a ban may have been what this waited for.
    let user = &User::find(db, user.id)?;
    let project = Project::find(db, project)?;
    let asked = Asked::of(db, project.id, &offered(context.settings))?;
    let is_maker = User::is_maker(db, user.id)?;
    may_rate(db, Some((user, is_maker)), &project, &asked)?.map_err(RateError::Refused)?;
    limit(db, context, user.id)?;
    let newest = Rating::of(db, project.id, user.id)?;
    let release = asked.release.as_ref().map(|(id, _)| *id);
    // A release may be gone that was rated meanwhile: then it is one of before that changes.
    let same = Rating::of_release(db, project.id, user.id, release)?;
    let answers_id = take_in(db, context, user, &project, is_maker, &same, giving)?;
    let comment_id = match (giving.comment, same.as_ref().and_then(|one| one.comment_id)) {
        (Some(comment), _) => Some(comment),
        // A comment that is not shown (any more) shall not keep a later rating from counting.
        (None, Some(earlier)) => {
            let item = Item::find(db, earlier)?;
            (item.state == State::Published).then_some(earlier)
        }
        (None, None) => None,
    };
    counting::hold(db, project.id)?;
    let at = now();
    for old in newest.iter().chain(&same) {
        counting::uncount(db, old.id)?;
        diesel::update(ratings::table.find(old.id))
            .set(ratings::is_newest.eq(false))
            .execute(db)?;
    }
    let id: RatingId = match &same {
        Some(same) => same.id,
        None => diesel::insert_into(ratings::table)
            .values((
                ratings::project_id.eq(project.id),
                ratings::user_id.eq(user.id),
                ratings::release_id.eq(release),
                ratings::created_at.eq(at),
                ratings::changed_at.eq(at),
            ))
            .returning(ratings::id)
            .get_result(db)?,
    };
    diesel::update(ratings::table.find(id))
        .set((
            ratings::comment_id.eq(comment_id),
            ratings::answers_id.eq(answers_id),
            ratings::network.eq(giving.network),
            ratings::changed_at.eq(at),
            ratings::is_newest.eq(true),
        ))
        .execute(db)?;
    diesel::delete(rating_steps::table.filter(rating_steps::rating_id.eq(id))).execute(db)?;
    let steps: Vec<_> = giving
        .given
        .steps
        .iter()
        .map(|(aspect, step)| {
            (
                rating_steps::rating_id.eq(id),
                rating_steps::aspect.eq(aspect),
                rating_steps::step.eq(*step),
            )
        })
        .collect();
    both!(db, conn => diesel::insert_into(rating_steps::table).values(&steps).execute(conn))?;
    counting::weigh(db, &[id])?;
    Ok(id)
}

fn limit(db: &mut Db, context: &Context, user: UserId) -> Result<(), RateError> {
    if context.limits_off {
        return Ok(());
    }
    let bucket = format!("ratings:{user}");
    limits::count(db, &bucket, PER_HOUR, Duration::hours(1))?.map_err(RateError::Limited)
}

/// The answers take the intake: as a new item, as an edit of the one that is there, or they are gone.
fn take_in(
    db: &mut Db,
    context: &Context,
    user: &User,
    project: &Project,
    is_maker: bool,
    same: &Option<Rating>,
    giving: &Giving,
) -> Result<Option<ItemId>, RateError> {
    let Some(answers) = &giving.given.answers else {
        return Ok(same.as_ref().and_then(|one| one.answers_id));
    };
    let earlier = match same.as_ref().and_then(|one| one.answers_id) {
        Some(id) => dialect::lock_item(db, id)?,
        None => None,
    };
    // What a moderator took away stays with its verdict; new words are a new item.
    let earlier = earlier.filter(|item| !matches!(item.state, State::Removed | State::Deleted));
    if answers.is_empty() {
        if let Some(earlier) = earlier {
            earlier.delete(db)?;
        }
        return Ok(None);
    }
    let content = serde_json::to_string(answers)
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    // The filter reads the rater's words, not those of the makers.
    let words: Vec<&str> = answers.iter().map(|one| one.answer.as_str()).collect();
    let text = words.join("\n");
    if let Some(earlier) = &earlier
        && Revision::newest(db, earlier.id)?.content == content
    {
        return Ok(Some(earlier.id));
    }
    if !context.limits_off && earlier.is_none() {
        limits::waiting(db, context.settings, user.id)?.map_err(RateError::Limited)?;
    }
    let decision = intake::judge(
        db,
        context,
        &Text {
            kind: Kind::Rating,
            author: user,
            is_maker,
            text: &text,
            editing: earlier.as_ref().map(|item| item.id),
            approve_first: false,
            network: giving.network,
            heat: None,
        },
    )?;
    if let Some(earlier) = earlier {
        earlier.revise(db, &content, &text, &decision)?;
        return Ok(Some(earlier.id));
    }
    let id = Item::submit(
        db,
        &Submitted {
            kind: Kind::Rating,
            author: user.id,
            project: Some(project.id),
            content: &content,
            text: &text,
            network: giving.network,
            decision: &decision,
        },
    )?;
    Ok(Some(id))
}

/// All that somebody rated a project with, also before; with the answers. Whatever holds here by now.
pub fn withdraw(
    db: &mut Db,
    context: &Context,
    user: &User,
    project: ItemId,
) -> Result<bool, RateError> {
    reaction::lock(db, user.id)?;
    limit(db, context, user.id)?;
    let theirs: Vec<(RatingId, Option<ItemId>)> = ratings::table
        .filter(ratings::project_id.eq(project))
        .filter(ratings::user_id.eq(user.id))
        .order(ratings::id)
        .select((ratings::id, ratings::answers_id))
        .load(db)?;
    let mut answers: Vec<ItemId> = theirs.iter().filter_map(|(_, answers)| *answers).collect();
    answers.sort_unstable();
    for item in dialect::lock_items(db, &answers)? {
        if item.state != State::Removed {
            item.delete(db)?;
        }
    }
    counting::hold(db, project)?;
    for (rating, _) in &theirs {
        counting::uncount(db, *rating)?;
    }
    let ids: Vec<RatingId> = theirs.iter().map(|(id, _)| *id).collect();
    diesel::delete(ratings::table.filter(ratings::id.eq_any(ids))).execute(db)?;
    Ok(!theirs.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_aspects_names_each_once() {
        let parsed = parse_aspects(" Fun,  Sound  and music,\n").unwrap();
        assert_eq!(parsed, ["Fun", "Sound and music"]);
        assert!(parse_aspects("Fun, fun").is_err());
        assert!(parse_aspects(&"x".repeat(31)).is_err());
        assert!(parse_aspects("a,b,c,d,e,f,g,h,i,j,k,l,m").is_err());
    }

    #[test]
    fn questions_are_few_short_and_each_its_own() {
        let typed = ["Was it  fair?", "", "Was it fair?", "What\u{0}stopped you?"];
        let parsed = parse_questions(typed.into_iter()).unwrap();
        assert_eq!(parsed, ["Was it fair?", "What stopped you?"]);
        let many: Vec<String> = (0..6).map(|n| format!("{n}?")).collect();
        assert!(parse_questions(many.iter().map(String::as_str)).is_err());
        assert!(parse_questions(["x".repeat(201).as_str()].into_iter()).is_err());
    }

    #[test]
    fn what_was_chosen_is_a_step_or_nothing() {
        let asked = Asked {
            aspects: vec!["Fun".into(), "Audio".into()],
            release: None,
            questions: vec!["Fair?".into()],
        };
        let parse = |fun: &'static str, fair: &'static str| {
            let step = |aspect: &str| if aspect == "Fun" { fun } else { "" };
            Given::parse(&asked, step, [("Fair?", fair)].into_iter())
        };
        let given = parse("4", " Yes. ").unwrap();
        assert_eq!(given.steps, BTreeMap::from([("Fun".to_owned(), 4)]));
        assert_eq!(given.answers.unwrap()[0].answer, "Yes.");
        let nothing = Given {
            answers: Some(Vec::new()),
            ..Given::default()
        };
        assert_eq!(parse("", " …").unwrap(), nothing);
        for bad in ["0", "6", "-1", "4.5", "x", "99999999999"] {
            assert!(parse(bad, "").is_err(), "{bad}");
        }
        assert!(Given::parse(&asked, |_| "", std::iter::empty()).is_ok());
    }

    #[test]
    fn an_answer_stays_with_its_question() {
        let asked = Asked {
            aspects: vec!["Fun".into()],
            release: None,
            questions: vec!["Fair?".into(), "Slow?".into()],
        };
        let parse = |typed: &[(&'static str, &'static str)]| {
            Given::parse(&asked, |_| "", typed.iter().copied())
        };
        let given = parse(&[("Slow?", "A bit."), ("Fair?", "")]).unwrap();
        assert_eq!(given.answers.unwrap()[0].question, "Slow?");
        assert!(parse(&[("Gone?", " ")]).is_ok());
        let faults = parse(&[("Fair?", "Yes."), ("Gone?", "No.")]).unwrap_err();
        assert_eq!(faults[0].field, "kept");
    }
}
