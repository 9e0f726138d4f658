//! Reports: a reader's complaint with a reason. They bring a thing before moderators and never train
//! the filter; enough of them, weighed, hold a published text until somebody has looked.
//!
//! A report weighs as much as its reporter was right until now ([`Record`]). What is said about a
//! person's profile stands in [`super::profile_report`]: it is about more than the text.

use super::UNTOLD;
use super::verdict::{self, Batch, Phase, Verdict};
use crate::account::User;
use crate::condition::among;
use crate::db::{BatchId, ItemId, PictureId, UserId, dialect, now};
use crate::gate::{self, Refusal};
use crate::intake::limits::Limited;
use crate::item::{Item, Kind, State};
use crate::job::Job;
use crate::picture::Picture;
use crate::schema::{
    batches, items, pictures, profile_reports, projects, reports, sessions, users, verdicts,
};
use crate::settings::Settings;
use crate::{Db, QueryResult, both, words};
use chrono::{Duration, NaiveDateTime};
use diesel::dsl::{count_star, max, sum};
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

pub const MAX_NOTE: usize = 500;
/// The job that tells reporters what became of it, [`UNTOLD`] after the verdict.
pub const JOB: &str = "report";
/// Why an item is held that readers reported.
pub const WHY: &str = "reports";
/// However often somebody was wrong, a moderator sees what they say.
pub const FLOOR: f64 = 0.1;
/// Accounts younger than this hide nothing.
const YOUNG: Duration = Duration::days(1);

/// Whose reporters the job tells.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub enum Answered {
    Batch(BatchId),
    /// Those of a profile that were answered at this moment, in microseconds.
    Profile(UserId, i64),
}

words! {
    pub enum ReportReason {
        Spam = "spam",
        Unkind = "unkind",
        OffTopic = "off-topic",
        Private = "private",
        /// Of what somebody made.
        Copied = "copied",
        /// Of a profile.
        Pretends = "pretends",
        Other = "other",
    }
}

impl ReportReason {
    pub fn label(self) -> &'static str {
        match self {
            ReportReason::Spam => "It is spam or advertising",
            ReportReason::Unkind => "It is unkind or abusive",
            ReportReason::OffTopic => "It has nothing to do with the project",
            ReportReason::Private => "It tells something private about somebody",
            ReportReason::Copied => "It is somebody else’s work, taken without leave",
            ReportReason::Pretends => "It pretends to be somebody else",
            ReportReason::Other => "Something else",
        }
    }

    /// What can be wrong with a text of this kind.
    pub fn of_kind(kind: Kind) -> &'static [ReportReason] {
        use ReportReason::{Copied, OffTopic, Other, Private, Spam, Unkind};
        match kind {
            Kind::Comment | Kind::Rating | Kind::Failure | Kind::Answer | Kind::Award => {
                &[Spam, Unkind, OffTopic, Private, Other]
            }
            Kind::Project | Kind::Release => &[Spam, Unkind, Copied, Private, Other],
            Kind::Profile => ReportReason::OF_PROFILE,
        }
    }

    pub const OF_PICTURE: &'static [ReportReason] = &[
        ReportReason::Unkind,
        ReportReason::Copied,
        ReportReason::Private,
        ReportReason::Spam,
        ReportReason::Other,
    ];

    pub const OF_PROFILE: &'static [ReportReason] = &[
        ReportReason::Spam,
        ReportReason::Unkind,
        ReportReason::Pretends,
        ReportReason::Private,
        ReportReason::Other,
    ];
}

/// How often moderators agreed with what somebody reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    pub right: i64,
    pub answered: i64,
}

impl Record {
    /// The share of right ones, as if one more had been right and one wrong: half for a beginner,
    /// and never quite one.
    pub fn weight(self) -> f64 {
        ((self.right + 1) as f64 / (self.answered + 2) as f64).max(FLOOR)
    }

    /// "right 7 of 9 times".
    pub fn words(self) -> String {
        match self.answered {
            0 => "no report answered yet".into(),
            1 => format!("right {} of 1 time", self.right),
            n => format!("right {} of {n} times", self.right),
        }
    }
}

/// The records of these people, in three queries however many they are. Who has none is left out.
pub fn records(db: &mut Db, people: &[UserId]) -> QueryResult<HashMap<UserId, Record>> {
    let mut records: HashMap<UserId, Record> = HashMap::new();
    let of_items: Vec<(UserId, Verdict, i64)> = reports::table
        .inner_join(verdicts::table.on(reports::closed_by.eq(verdicts::id.nullable())))
        .filter(among(reports::reporter_id, people))
        .group_by((reports::reporter_id, verdicts::verdict))
        .select((reports::reporter_id, verdicts::verdict, count_star()))
        .load(db)?;
    // Who asks anew after an answer was told that it is fine: that stays in their record.
    let repeated: Vec<(UserId, Option<i64>)> = reports::table
        .filter(among(reports::reporter_id, people))
        .filter(reports::repeated.gt(0))
        .group_by(reports::reporter_id)
        .select((reports::reporter_id, sum(reports::repeated)))
        .load(db)?;
    let of_profiles: Vec<(UserId, Option<i64>)> = profile_reports::table
        .filter(among(profile_reports::reporter_id, people))
        .filter(profile_reports::repeated.gt(0))
        .group_by(profile_reports::reporter_id)
        .select((profile_reports::reporter_id, sum(profile_reports::repeated)))
        .load(db)?;
    for (reporter, n) in repeated.into_iter().chain(of_profiles) {
        records.entry(reporter).or_default().answered += n.unwrap_or(0);
    }
    for (reporter, verdict, n) in of_items {
        let record = records.entry(reporter).or_default();
        record.answered += n;
        record.right += if agrees(verdict) { n } else { 0 };
    }
    let of_people: Vec<(UserId, Option<super::profile_report::Outcome>, i64)> =
        profile_reports::table
            .filter(among(profile_reports::reporter_id, people))
            .filter(profile_reports::closed_at.is_not_null())
            .group_by((profile_reports::reporter_id, profile_reports::outcome))
            .select((
                profile_reports::reporter_id,
                profile_reports::outcome,
                count_star(),
            ))
            .load(db)?;
    for (reporter, outcome, n) in of_people {
        let record = records.entry(reporter).or_default();
        record.answered += n;
        if outcome == Some(super::profile_report::Outcome::Acted) {
            record.right += n;
        }
    }
    Ok(records)
}

/// Whether a verdict says that the report was right.
fn agrees(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Spam | Verdict::Remove)
}

#[derive(Clone, Debug)]
pub struct Report {
    pub item_id: ItemId,
    pub reporter_id: UserId,
    pub reporter: String,
    pub reason: ReportReason,
    pub note: String,
    pub created_at: NaiveDateTime,
    /// Of the reporter.
    pub record: Record,
    /// What was meant, if not the whole of it. None also when the picture was taken away since.
    pub picture: Option<Picture>,
    /// It was answered before, and asks anew.
    pub repeated: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("This is not published any more.")]
    NotPublished,
    #[error(
        "This is your own. You can change it or take it away yourself; nobody has to look at it first."
    )]
    Own,
    #[error("{}", .0.sentence())]
    Limited(Limited),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// One report a person and item: saying it again while it waits changes nothing, and after it was
/// answered asks anew.
pub fn file(
    db: &mut Db,
    reporter: &User,
    item: ItemId,
    reason: ReportReason,
    note: &str,
) -> Result<(), ReportError> {
    file_on(db, reporter, item, None, reason, note)
}

/// The same about a picture of the item, or about the item. Who reported the text already and means
/// the picture too adds that to their report.
pub fn file_on(
    db: &mut Db,
    reporter: &User,
    item: ItemId,
    picture: Option<PictureId>,
    reason: ReportReason,
    note: &str,
) -> Result<(), ReportError> {
    gate::may_post(reporter, now()).map_err(ReportError::Refused)?;
    let item = dialect::lock_item(db, item)?.ok_or(diesel::result::Error::NotFound)?;
    if item.state != State::Published {
        return Err(ReportError::NotPublished);
    }
    // The answer would tell an author what became of their own text, even that it is spam.
    if item.author_id == reporter.id {
        return Err(ReportError::Own);
    }
    let note: String = note.trim().chars().take(MAX_NOTE).collect();
    let record = records(db, &[reporter.id])?.remove(&reporter.id);
    let weight = if now() - reporter.created_at < YOUNG {
        FLOOR
    } else {
        record.unwrap_or_default().weight()
    };
    let new = both!(db, conn => diesel::insert_into(reports::table)
        .values((
            reports::item_id.eq(item.id),
            reports::reporter_id.eq(reporter.id),
            reports::reason.eq(reason),
            reports::note.eq(&note),
            reports::created_at.eq(now()),
            reports::picture_id.eq(picture),
            reports::weight.eq(weight),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    let mine = reports::item_id
        .eq(item.id)
        .and(reports::reporter_id.eq(reporter.id));
    let asked_anew =
        diesel::update(reports::table.filter(mine.and(reports::closed_by.is_not_null())))
            .set((
                reports::reason.eq(reason),
                reports::note.eq(&note),
                reports::created_at.eq(now()),
                reports::closed_by.eq(None::<i64>),
                reports::picture_id.eq(picture),
                reports::weight.eq(weight),
                reports::repeated.eq(reports::repeated + 1),
                reports::told_at.eq(None::<NaiveDateTime>),
            ))
            .execute(db)?;
    if new + asked_anew > 0 {
        diesel::update(items::table.find(item.id))
            .set(items::reports.eq(items::reports + 1))
            .execute(db)?;
        weigh(db, &[item.id])?;
        hide_if_many(db, item)?;
    } else if picture.is_some() {
        diesel::update(reports::table.filter(mine.and(reports::picture_id.is_null())))
            .set((reports::picture_id.eq(picture), reports::reason.eq(reason)))
            .execute(db)?;
    }
    Ok(())
}

/// Writes what the open reports on these items weigh. Counted anew and not added up, so that what a
/// version before answered leaves nothing behind.
pub(super) fn weigh(db: &mut Db, ids: &[ItemId]) -> QueryResult<()> {
    let weights: Vec<(ItemId, Option<f64>)> = reports::table
        .filter(
            reports::item_id
                .eq_any(ids)
                .and(reports::closed_by.is_null()),
        )
        .group_by(reports::item_id)
        .select((reports::item_id, sum(reports::weight)))
        .load(db)?;
    for (item, weight) in weights {
        diesel::update(items::table.find(item))
            .set(items::report_weight.eq(weight.unwrap_or(0.0)))
            .execute(db)?;
    }
    Ok(())
}

/// Holds a published item when what is said against it passes the bar: until a moderator has looked,
/// and never for good. The item is locked.
///
/// A person counts once, accounts that share a network count as one, by the heaviest; its author, an
/// account younger than a day and a report that was answered before do not count. What a moderator
/// let stand, by taking a hold back, needs reports that came later.
fn hide_if_many(db: &mut Db, item: Item) -> QueryResult<()> {
    let bar = Settings::load(db)?.reports_hide_at;
    if bar <= 0 {
        return Ok(());
    }
    let let_stand: Option<NaiveDateTime> = verdicts::table
        .filter(verdicts::item_id.eq(item.id))
        .filter(verdicts::verdict.eq(Verdict::Hold))
        .select(max(verdicts::undone_at))
        .first(db)?;
    type Row = (UserId, ReportReason, f64, NaiveDateTime, String);
    let mut said: Vec<Row> = reports::table
        .inner_join(users::table.on(users::id.eq(reports::reporter_id)))
        .filter(reports::item_id.eq(item.id))
        .filter(reports::closed_by.is_null())
        .filter(reports::repeated.eq(0))
        .filter(reports::reporter_id.ne(item.author_id))
        .filter(users::created_at.le(now() - YOUNG))
        .order((reports::weight.desc(), reports::id))
        .select((
            reports::reporter_id,
            reports::reason,
            reports::weight,
            reports::created_at,
            users::network,
        ))
        .load(db)?;
    said.retain(|(_, _, _, at, _)| let_stand.is_none_or(|since| *at > since));
    let enough = |weight: f64| weight + 1e-9 >= bar as f64;
    if !enough(said.iter().map(|row| row.2).sum()) {
        return Ok(());
    }
    let people: Vec<UserId> = said
        .iter()
        .map(|row| row.0)
        .chain([item.author_id])
        .collect();
    let mut networks: HashMap<UserId, HashSet<String>> = HashMap::new();
    let opened: Vec<(UserId, String)> = sessions::table
        .filter(sessions::user_id.eq_any(&people))
        .select((sessions::user_id, sessions::network))
        .load(db)?;
    let made: Vec<(UserId, String)> = users::table
        .filter(users::id.eq_any(&people))
        .select((users::id, users::network))
        .load(db)?;
    for (person, network) in opened.into_iter().chain(made) {
        if !network.is_empty() {
            networks.entry(person).or_default().insert(network);
        }
    }
    // The author's own network counts as the author.
    let mut met: HashSet<String> = networks.get(&item.author_id).cloned().unwrap_or_default();
    let (mut weight, mut people) = (0.0, 0);
    let mut reasons: BTreeMap<&str, i32> = BTreeMap::new();
    for (reporter, reason, heavy, _, _) in said {
        let own = networks.remove(&reporter).unwrap_or_default();
        if own.is_disjoint(&met) {
            weight += heavy;
            people += 1;
            *reasons.entry(reason.as_str()).or_default() += 1;
        }
        met.extend(own);
    }
    if !enough(weight) {
        return Ok(());
    }
    let reasons: Vec<String> = reasons
        .into_iter()
        .map(|(reason, n)| format!("{reason} {n}"))
        .collect();
    let (readers, together) = match people {
        1 => ("1 reader".to_owned(), "The report weighs"),
        n => (format!("{n} readers"), "Together their reports weigh"),
    };
    let evidence = format!(
        "{readers} reported it: {}. {together} {weight:.1} and reached the bar of {bar}, so it is hidden until a moderator has looked.",
        reasons.join(", ")
    );
    verdict::hold_for_readers(db, item, WHY, &evidence).map(|_| ())
}

/// Reports that wait for an answer, on these items; the heaviest of each first.
pub fn open_on(db: &mut Db, items: &[ItemId]) -> QueryResult<Vec<Report>> {
    type Row = (
        ItemId,
        UserId,
        String,
        ReportReason,
        String,
        NaiveDateTime,
        bool,
        Option<Picture>,
    );
    let rows: Vec<Row> = reports::table
        .inner_join(users::table.on(users::id.eq(reports::reporter_id)))
        .left_join(pictures::table.on(reports::picture_id.eq(pictures::id.nullable())))
        .filter(among(reports::item_id, items).and(reports::closed_by.is_null()))
        .order((reports::item_id, reports::weight.desc(), reports::id))
        .select((
            reports::item_id,
            users::id,
            users::username,
            reports::reason,
            reports::note,
            reports::created_at,
            reports::repeated.gt(0),
            Option::<Picture>::as_select(),
        ))
        .load(db)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let reporters: Vec<UserId> = rows.iter().map(|row| row.1).collect();
    let records = records(db, &reporters)?;
    Ok(rows
        .into_iter()
        .map(
            |(item_id, reporter_id, reporter, reason, note, created_at, repeated, picture)| {
                Report {
                    record: records.get(&reporter_id).copied().unwrap_or_default(),
                    item_id,
                    reporter_id,
                    reporter,
                    reason,
                    note,
                    created_at,
                    picture,
                    repeated,
                }
            },
        )
        .collect())
}

/// What became of a report, as its reporter reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Waits,
    /// Held until a moderator has looked.
    Hidden,
    Removed,
    Left,
    /// Its author took it away first.
    Deleted,
    /// Of a profile.
    Acted,
}

impl Fate {
    pub fn words(self) -> &'static str {
        match self {
            Fate::Waits => "waits for a moderator",
            Fate::Hidden => "is hidden until a moderator has looked",
            Fate::Removed => "was removed",
            Fate::Left => "was left as it is",
            Fate::Deleted => "was deleted by its author",
            Fate::Acted => "a moderator has acted on it",
        }
    }

    fn of(verdict: Option<Verdict>, state: State) -> Fate {
        match (verdict, state) {
            (Some(verdict), _) if agrees(verdict) => Fate::Removed,
            (Some(_), _) => Fate::Left,
            (None, State::Deleted) => Fate::Deleted,
            (None, State::Published) => Fate::Waits,
            (None, _) => Fate::Hidden,
        }
    }
}

/// A report of one's own.
#[derive(Clone, Debug)]
pub struct Own {
    /// "a comment on Duck racer".
    pub what: String,
    /// Where it stands or stood.
    pub path: String,
    pub reason: ReportReason,
    pub note: String,
    pub at: NaiveDateTime,
    pub fate: Fate,
}

/// A report of an item with what it is about and how it was answered.
#[derive(Queryable, Selectable)]
#[diesel(table_name = reports)]
struct Line {
    #[diesel(column_name = id)]
    report: i64,
    item_id: ItemId,
    #[diesel(select_expression = items::kind)]
    kind: Kind,
    #[diesel(select_expression = items::state)]
    state: State,
    picture_id: Option<PictureId>,
    #[diesel(select_expression = (projects::slug, projects::title).nullable())]
    place: Option<(String, String)>,
    reason: ReportReason,
    note: String,
    created_at: NaiveDateTime,
    #[diesel(select_expression = verdicts::verdict.nullable())]
    answer: Option<Verdict>,
}

fn own_of(line: Line) -> Own {
    let thing = match (line.kind, line.picture_id) {
        (Kind::Project, Some(_)) => "the picture of",
        (Kind::Project, None) => "the project",
        (Kind::Release, _) => "a release of",
        (Kind::Comment, _) => "a comment on",
        (Kind::Profile, _) => "a profile",
        (Kind::Rating, _) => "an answer about",
        (Kind::Failure, _) => "a report of a failure of",
        (Kind::Answer, _) => "an answer on",
        (Kind::Award, _) => "an award for",
    };
    let (slug, title) = line.place.unwrap_or_default();
    Own {
        what: match line.kind {
            Kind::Profile => thing.to_owned(),
            _ => format!("{thing} “{title}”"),
        },
        path: match line.kind {
            Kind::Comment => format!("/comments/{}", line.item_id),
            Kind::Project => format!("/projects/{slug}"),
            Kind::Failure => format!("/failures/{}", line.item_id),
            Kind::Answer => format!("/answers/{}", line.item_id),
            Kind::Award => format!("/awards/{}", line.item_id),
            Kind::Release => format!("/projects/{slug}/releases"),
            Kind::Rating => format!("/projects/{slug}/feedback"),
            // Reported apart: see `profile_report`.
            Kind::Profile => "/account/reports".to_owned(),
        },
        reason: line.reason,
        note: line.note,
        at: line.created_at,
        fate: Fate::of(line.answer, line.state),
    }
}

/// What people decided last on these items, of what stands: an answer may be overruled before its
/// reporter hears of it.
fn newest_verdicts(db: &mut Db, lines: &mut [Line]) -> QueryResult<()> {
    let answered: Vec<ItemId> = lines
        .iter()
        .filter(|line| line.answer.is_some())
        .map(|line| line.item_id)
        .collect();
    let newest: HashMap<ItemId, Verdict> = verdicts::table
        .filter(verdicts::item_id.eq_any(answered))
        .filter(verdicts::undone_at.is_null())
        .filter(verdicts::verdict.ne(Verdict::Hold))
        .order(verdicts::id)
        .select((verdicts::item_id, verdicts::verdict))
        .load(db)?
        .into_iter()
        .collect();
    for line in lines {
        if line.answer.is_some() {
            line.answer = newest.get(&line.item_id).copied().or(line.answer);
        }
    }
    Ok(())
}

/// One's own reports of texts, newest first, at most `most` of them.
pub fn own(db: &mut Db, reporter: UserId, most: i64) -> QueryResult<Vec<Own>> {
    let mut lines: Vec<Line> = reports::table
        .inner_join(items::table)
        .left_join(projects::table.on(items::project_id.eq(projects::id.nullable())))
        .left_join(verdicts::table.on(reports::closed_by.eq(verdicts::id.nullable())))
        .filter(reports::reporter_id.eq(reporter))
        .order((reports::created_at.desc(), reports::id.desc()))
        .limit(most)
        .select(Line::as_select())
        .load(db)?;
    newest_verdicts(db, &mut lines)?;
    Ok(lines.into_iter().map(own_of).collect())
}

/// Takes what the reporters of a batch have not been told yet: each with all that was answered of
/// theirs, in this batch or long enough ago. What was undone meanwhile is open again, and not here.
/// While a batch goes on, or back, nobody knows what will be left of it: its reporters hear later.
pub fn take_answers(db: &mut Db, batch: BatchId) -> QueryResult<Vec<(User, Vec<Own>)>> {
    if Batch::find(db, batch)?.phase != Phase::Done {
        Job::enqueue_in(db, JOB, &Answered::Batch(batch), Duration::minutes(1))?;
        return Ok(Vec::new());
    }
    let unsettled: Vec<BatchId> = batches::table
        .filter(batches::phase.ne(Phase::Done))
        .select(batches::id)
        .load(db)?;
    let untold = || {
        reports::table
            .inner_join(verdicts::table.on(reports::closed_by.eq(verdicts::id.nullable())))
            .filter(reports::told_at.is_null())
    };
    let reporters: Vec<UserId> = untold()
        .filter(verdicts::batch_id.eq(batch))
        .select(reports::reporter_id)
        .distinct()
        .order(reports::reporter_id)
        .load(db)?;
    let mut all = Vec::new();
    for reporter in reporters {
        let mut lines: Vec<Line> = reports::table
            .inner_join(items::table)
            .inner_join(verdicts::table.on(reports::closed_by.eq(verdicts::id.nullable())))
            .left_join(projects::table.on(items::project_id.eq(projects::id.nullable())))
            .filter(reports::reporter_id.eq(reporter))
            .filter(reports::told_at.is_null())
            .filter(
                verdicts::batch_id
                    .eq(batch)
                    .or(verdicts::created_at.le(now() - UNTOLD)),
            )
            .filter(verdicts::batch_id.ne_all(&unsettled))
            .order(reports::id)
            .select(Line::as_select())
            .load(db)?;
        newest_verdicts(db, &mut lines)?;
        let ids: Vec<i64> = lines.iter().map(|line| line.report).collect();
        diesel::update(reports::table.filter(reports::id.eq_any(ids)))
            .set(reports::told_at.eq(now()))
            .execute(db)?;
        let told = lines.into_iter().map(own_of).collect();
        all.push((User::find(db, reporter)?, told));
    }
    Ok(all)
}
