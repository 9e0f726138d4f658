//! Letters about notices: how often somebody wants them, by topic, and which are due. A notice notes
//! when its letter is due ([`due`]); [`take`] bundles what is: at once a letter a notice, by the day and by
//! the week one letter of all. It marks them in the transaction that queues the mail, so that each goes
//! out once whatever dies in between, and takes so many a minute as the mail server bears.

use crate::account::User;
use crate::condition::{Upto, among};
use crate::db::{ItemId, NoticeId, UserId, dialect, now};
use crate::inbox::{self, Notice, Which};
use crate::intake::heat::Heat;
use crate::moderation::UNTOLD;
use crate::notice::Sort;
use crate::schema::{mail_wishes, marks, notices, settings, users};
use crate::{Db, QueryResult, both, secret, words};
use chrono::{Datelike, Duration, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// The last minute's letters are known by how far ahead this is.
const MARK: &str = "letters";
/// People of one [`take`].
const AT_ONCE: i64 = 20;
/// What the sending may make up for at once, after a rest.
const BURST: Duration = Duration::seconds(10);
/// Notices that one letter tells of; the rest it counts. Of letters at once, as many are written to one
/// person at a time.
pub const IN_LETTER: usize = 40;
/// The hour (UTC) of the letters by the day, and on Mondays by the week, unless the settings say another.
pub const HOUR: i64 = 7;

words! {
    /// What a notice is about, as people choose by it.
    pub enum Topic {
        Replies = "replies",
        Mentions = "mentions",
        Comments = "comments",
        Follows = "follows",
        /// Making together, and what moderators ask.
        Team = "team",
    }
}

impl Topic {
    /// As a filter of the inbox calls it.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Replies => "Answers",
            Topic::Mentions => "Mentions",
            Topic::Comments => "Comments",
            Topic::Follows => "Following",
            Topic::Team => "Making together",
        }
    }

    /// As the account page and letters tell of it.
    pub fn words(self) -> &'static str {
        match self {
            Topic::Replies => "answers to your comments and reports",
            Topic::Mentions => "where somebody names you",
            Topic::Comments => "comments on what you made",
            Topic::Follows => "what is new from what you follow",
            Topic::Team => "making together, awards, and what moderators ask you",
        }
    }

    pub fn sorts(self) -> Vec<Sort> {
        let all = Sort::ALL.iter().copied();
        all.filter(|sort| sort.topic() == self).collect()
    }

    /// Who never chose. Following is no wish for letters.
    fn default(self, by_mail: bool) -> Rate {
        match (by_mail, self) {
            (true, Topic::Follows) | (false, _) => Rate::Off,
            (true, _) => Rate::Instant,
        }
    }
}

words! {
    /// How often.
    pub enum Rate {
        Instant = "instant",
        Daily = "daily",
        Weekly = "weekly",
        Off = "off",
    }
}

impl Rate {
    pub fn name(self) -> &'static str {
        match self {
            Rate::Instant => "at once",
            Rate::Daily => "once a day",
            Rate::Weekly => "once a week",
            Rate::Off => "never",
        }
    }

    /// When the letter about something of now is due; `hour` is in UTC. At once is as late as verdicts
    /// can be taken back without a trace.
    pub fn due(self, at: NaiveDateTime, hour: i64) -> Option<NaiveDateTime> {
        let hour = u32::try_from(hour).unwrap_or(0).min(23);
        let struck = at.date().and_time(NaiveTime::from_hms_opt(hour, 0, 0)?);
        let next = match struck > at {
            true => struck,
            false => struck + Duration::days(1),
        };
        match self {
            Rate::Instant => Some(at + UNTOLD),
            Rate::Daily => Some(next),
            Rate::Weekly => {
                let to_monday = (7 - next.weekday().num_days_from_monday()) % 7;
                Some(next + Duration::days(i64::from(to_monday)))
            }
            Rate::Off => None,
        }
    }
}

/// How often these people want letters of a topic.
fn rates(db: &mut Db, people: &[UserId], topic: Topic) -> QueryResult<HashMap<UserId, Rate>> {
    let mut found: HashMap<UserId, Rate> = mail_wishes::table
        .filter(mail_wishes::user_id.eq_any(people))
        .filter(mail_wishes::topic.eq(topic))
        .select((mail_wishes::user_id, mail_wishes::rate))
        .load::<(UserId, Rate)>(db)?
        .into_iter()
        .collect();
    let rest: Vec<UserId> = people
        .iter()
        .copied()
        .filter(|user| !found.contains_key(user))
        .collect();
    if topic.default(true) == Rate::Off {
        found.extend(rest.into_iter().map(|user| (user, Rate::Off)));
        return Ok(found);
    }
    let by_mail: Vec<(UserId, bool)> = users::table
        .filter(users::id.eq_any(rest))
        .select((users::id, users::tell_by_mail))
        .load(db)?;
    let by_mail = by_mail.into_iter();
    found.extend(by_mail.map(|(user, by_mail)| (user, topic.default(by_mail))));
    Ok(found)
}

/// When letters to these people about something of now are due; those without want none.
pub(crate) fn due(
    db: &mut Db,
    people: &[UserId],
    topic: Topic,
) -> QueryResult<HashMap<UserId, NaiveDateTime>> {
    let (at, hour) = (now(), hour(db)?);
    let rates = rates(db, people, topic)?.into_iter();
    Ok(rates
        .filter_map(|(user, rate)| Some((user, rate.due(at, hour)?)))
        .collect())
}

fn hour(db: &mut Db) -> QueryResult<i64> {
    let stored: Option<String> = settings::table
        .find("letters_hour")
        .select(settings::value)
        .get_result(db)
        .optional()?;
    Ok(stored.and_then(|hour| hour.parse().ok()).unwrap_or(HOUR))
}

/// Whether somebody wants letters of a topic, however often.
pub fn wants(db: &mut Db, user: UserId, topic: Topic) -> QueryResult<bool> {
    let rate = rates(db, &[user], topic)?.remove(&user);
    Ok(rate.is_some_and(|rate| rate != Rate::Off))
}

/// What somebody chose, by topic.
pub fn chosen(db: &mut Db, user: UserId) -> QueryResult<Vec<(Topic, Rate)>> {
    let by_mail = users::table
        .find(user)
        .select(users::tell_by_mail)
        .get_result(db)?;
    let rows: Vec<(Topic, Rate)> = mail_wishes::table
        .filter(mail_wishes::user_id.eq(user))
        .select((mail_wishes::topic, mail_wishes::rate))
        .load(db)?;
    let rows: HashMap<Topic, Rate> = rows.into_iter().collect();
    Ok(Topic::ALL
        .iter()
        .map(|topic| {
            let rate = rows.get(topic).copied();
            (*topic, rate.unwrap_or_else(|| topic.default(by_mail)))
        })
        .collect())
}

/// From now on, also for what lies in the inbox and waits for its letter.
pub fn choose(db: &mut Db, user: UserId, wishes: &[(Topic, Rate)]) -> QueryResult<()> {
    let (at, hour) = (now(), hour(db)?);
    for (topic, rate) in wishes {
        both!(db, conn => diesel::insert_into(mail_wishes::table)
            .values((
                mail_wishes::user_id.eq(user),
                mail_wishes::topic.eq(topic),
                mail_wishes::rate.eq(rate),
            ))
            .on_conflict((mail_wishes::user_id, mail_wishes::topic))
            .do_update()
            .set(mail_wishes::rate.eq(rate))
            .execute(conn))?;
        let waiting = notices::table
            .filter(notices::user_id.eq(user))
            .filter(notices::kind.eq_any(topic.sorts()))
            .filter(notices::due_at.is_not_null());
        diesel::update(waiting)
            .set(notices::due_at.eq(rate.due(at, hour)))
            .execute(db)?;
    }
    Ok(())
}

/// What the address in a letter ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Topic(Topic),
    /// Every topic of this rate: the letter by the day, or by the week.
    Rate(Rate),
    /// All of them: what letters of before there were topics end.
    All,
}

impl Stop {
    fn word(self) -> &'static str {
        match self {
            Stop::Topic(topic) => topic.as_str(),
            Stop::Rate(rate) => rate.as_str(),
            Stop::All => "",
        }
    }

    /// What stands in the address: what, who, and a proof that we wrote it.
    pub fn token(self, key: &str, user: UserId) -> String {
        let proof = secret::keyed(key, &self.proven(user));
        match self {
            Stop::All => format!("notices-{user}-{proof}"),
            _ => format!("{}-{user}-{proof}", self.word()),
        }
    }

    /// What a token ends, and whose letters.
    pub fn of_token(key: &str, token: &str) -> Option<(Stop, UserId)> {
        let (word, rest) = token.split_once('-')?;
        let (user, proof) = rest.split_once('-')?;
        let user = UserId(user.parse().ok()?);
        let stop = match word {
            "notices" => Stop::All,
            "daily" => Stop::Rate(Rate::Daily),
            "weekly" => Stop::Rate(Rate::Weekly),
            topic => Stop::Topic(topic.parse().ok()?),
        };
        secret::keyed_matches(key, &stop.proven(user), proof).then_some((stop, user))
    }

    fn proven(self, user: UserId) -> String {
        match self {
            Stop::All => format!("unsubscribe:notices:{user}"),
            _ => format!("unsubscribe:{}:{user}", self.word()),
        }
    }

    /// Ends them. Twice is as once.
    pub fn end(self, db: &mut Db, user: UserId) -> QueryResult<()> {
        let chosen = chosen(db, user)?.into_iter();
        let ends: Vec<(Topic, Rate)> = chosen
            .filter(|(topic, rate)| match self {
                Stop::Topic(one) => one == *topic,
                Stop::Rate(one) => one == *rate,
                Stop::All => true,
            })
            .map(|(topic, _)| (topic, Rate::Off))
            .collect();
        choose(db, user, &ends)
    }
}

/// One letter that is to be written.
#[derive(Clone, Debug)]
pub struct Bundle {
    pub to: User,
    pub rate: Rate,
    /// One, or of a letter by the day or the week up to [`IN_LETTER`], newest first.
    pub notices: Vec<Notice>,
    /// Those beyond.
    pub more: usize,
}

impl Bundle {
    pub fn stop(&self) -> Stop {
        match (self.rate, self.notices.first()) {
            (Rate::Instant, Some(notice)) => Stop::Topic(notice.sort.topic()),
            (rate, _) => Stop::Rate(rate),
        }
    }
}

/// A version before queued a letter about this; from now on it is due like the others.
pub fn queued_before(db: &mut Db, user: UserId, item: ItemId) -> QueryResult<usize> {
    diesel::update(
        notices::table
            .filter(notices::user_id.eq(user).and(notices::item_id.eq(item)))
            .filter(notices::mailed_at.is_null().and(notices::due_at.is_null())),
    )
    .set(notices::due_at.eq(now()))
    .execute(db)
}

/// Whether any letter is due. Nearly always none is, which is one look into an index.
pub fn is_due(db: &mut Db, at: NaiveDateTime) -> QueryResult<bool> {
    let first: Option<NoticeId> = notices::table
        .filter(notices::due_at.le(at))
        .select(notices::id)
        .upto(1)
        .get_result(db)
        .optional()?;
    Ok(first.is_some())
}

/// Takes the letters that are due to the next few people, as many as may go now at this many a minute;
/// 0 is no limit. To be called in the write transaction that queues them.
pub fn take(db: &mut Db, at: NaiveDateTime, per_minute: i64) -> QueryResult<Vec<Bundle>> {
    // Of several processes, one after the other.
    dialect::lock(db, MARK)?;
    let apart = Duration::microseconds(60_000_000 / per_minute.max(1));
    let booked: Option<NaiveDateTime> = marks::table
        .find(MARK)
        .select(marks::at)
        .get_result(db)
        .optional()?;
    let mut booked = booked.map_or(at, |booked| booked.max(at - BURST));
    let mut people = AT_ONCE;
    if per_minute > 0 {
        if booked > at {
            return Ok(Vec::new());
        }
        let room = (at - booked).num_microseconds().unwrap_or(0)
            / apart.num_microseconds().unwrap_or(1).max(1);
        people = people.min(room + 1);
    }
    let due: Vec<UserId> = notices::table
        .filter(notices::due_at.le(at))
        .order((notices::due_at, notices::user_id))
        .limit(people * 8)
        .select(notices::user_id)
        .load(db)?;
    let mut next: Vec<UserId> = Vec::new();
    for user in due {
        if !next.contains(&user) && (next.len() as i64) < people {
            next.push(user);
        }
    }
    let mut heated = HashMap::new();
    let mut all = Vec::new();
    for user in next {
        all.extend(take_of(db, user, at, &mut heated)?);
    }
    booked += apart * i32::try_from(all.len()).unwrap_or(i32::MAX);
    if per_minute > 0 && !all.is_empty() {
        both!(db, conn => diesel::insert_into(marks::table)
            .values((marks::name.eq(MARK), marks::at.eq(booked)))
            .on_conflict(marks::name)
            .do_update()
            .set(marks::at.eq(booked))
            .execute(conn))?;
    }
    Ok(all)
}

/// The letters that are due to one person. What they have read, what is gone and what they want no
/// letters of any more is left out, and waits no longer.
fn take_of(
    db: &mut Db,
    user: UserId,
    at: NaiveDateTime,
    heated: &mut HashMap<ItemId, bool>,
) -> QueryResult<Vec<Bundle>> {
    let to = User::find(db, user)?;
    let shut_out = to
        .sanctioned
        .locked_out_until
        .is_some_and(|until| until > now());
    let wanted: HashMap<Topic, Rate> = chosen(db, user)?.into_iter().collect();
    let mut by_rate: BTreeMap<&str, Vec<NoticeId>> = BTreeMap::new();
    if to.is_confirmed() && !shut_out {
        for (id, sort, place) in inbox::due(db, user, at)? {
            let rate = wanted.get(&sort.topic()).copied().unwrap_or(Rate::Off);
            if rate == Rate::Off || (sort.is_talk() && is_heated(db, place, heated)?) {
                continue;
            }
            by_rate.entry(rate.as_str()).or_default().push(id);
        }
    }
    // Of letters at once, the others stay due and are written at the next look.
    let mut stay = NoticeId(i64::MAX);
    if let Some(ids) = by_rate.get_mut(Rate::Instant.as_str()) {
        stay = ids.get(IN_LETTER).copied().unwrap_or(stay);
        ids.truncate(IN_LETTER);
    }
    let at_once: Vec<Sort> = Sort::ALL
        .iter()
        .copied()
        .filter(|sort| wanted.get(&sort.topic()) == Some(&Rate::Instant))
        .collect();
    let told: Vec<NoticeId> = by_rate.values().flatten().copied().collect();
    diesel::update(notices::table.filter(among(notices::id, told)))
        .set(notices::mailed_at.eq(now()))
        .execute(db)?;
    diesel::update(
        notices::table
            .filter(notices::user_id.eq(user))
            .filter(notices::due_at.le(at))
            .filter(notices::kind.ne_all(at_once).or(notices::id.lt(stay))),
    )
    .set(notices::due_at.eq(None::<NaiveDateTime>))
    .execute(db)?;
    let mut letters = Vec::new();
    for (rate, ids) in by_rate {
        let Ok(rate) = rate.parse::<Rate>() else {
            continue;
        };
        // What a letter tells of is the newest; it is read here, with its words, and no more than that.
        let more = ids.len().saturating_sub(IN_LETTER);
        let newest = Which::These(ids[more..].to_vec());
        let notices = inbox::load(db, user, newest, IN_LETTER as i64)?;
        if rate == Rate::Instant {
            // In the order in which it happened.
            letters.extend(notices.into_iter().rev().map(|notice| Bundle {
                to: to.clone(),
                rate,
                notices: vec![notice],
                more: 0,
            }));
            continue;
        }
        letters.push(Bundle {
            to: to.clone(),
            rate,
            notices,
            more,
        });
    }
    Ok(letters)
}

/// A heated thread calls nobody back.
fn is_heated(db: &mut Db, project: ItemId, known: &mut HashMap<ItemId, bool>) -> QueryResult<bool> {
    if let Some(heated) = known.get(&project) {
        return Ok(*heated);
    }
    let heated = Heat::here(db, project)?.is_some();
    known.insert(project, heated);
    Ok(heated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn at(day: u32, hour: u32) -> NaiveDateTime {
        let day = NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        day.and_hms_opt(hour, 0, 0).unwrap()
    }

    #[test]
    fn by_the_day_is_the_next_time_the_clock_strikes_and_by_the_week_the_next_monday() {
        // The 23rd of November 2026 is a Monday.
        assert_eq!(Rate::Daily.due(at(20, 6), 7), Some(at(20, 7)));
        assert_eq!(Rate::Daily.due(at(20, 7), 7), Some(at(21, 7)));
        assert_eq!(Rate::Weekly.due(at(20, 7), 7), Some(at(23, 7)));
        assert_eq!(Rate::Weekly.due(at(23, 6), 7), Some(at(23, 7)));
        assert_eq!(Rate::Weekly.due(at(23, 7), 7), Some(at(30, 7)));
        assert_eq!(Rate::Instant.due(at(20, 7), 7), Some(at(20, 7) + UNTOLD));
        assert_eq!(Rate::Off.due(at(20, 7), 7), None);
    }

    #[test]
    fn a_token_ends_one_thing_of_one_person() {
        let user = UserId(12);
        for stop in [
            Stop::Topic(Topic::Replies),
            Stop::Rate(Rate::Weekly),
            Stop::All,
        ] {
            let token = stop.token("key", user);
            assert_eq!(Stop::of_token("key", &token), Some((stop, user)));
            assert_eq!(Stop::of_token("other", &token), None);
            assert_eq!(Stop::of_token("key", &token.replace("-12-", "-13-")), None);
        }
        let token = Stop::Topic(Topic::Replies).token("key", user);
        assert_eq!(
            Stop::of_token("key", &token.replace("replies", "mentions")),
            None
        );
        assert_eq!(Stop::of_token("key", "replies-12-"), None);
        assert_eq!(Stop::of_token("key", "off-12-00ff"), None);
    }
}
