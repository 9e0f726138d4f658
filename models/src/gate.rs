//! The gate: whether this person may comment here now, and if not, the sentence and the way in.
//! A pure function over rows and a clock; the policy of a project is its maker's choice alone.

use crate::account::{FOR_GOOD, User};
use crate::item::State;
use crate::words;
use chrono::NaiveDateTime;

words! {
    /// Whom the maker of a project lets comment.
    pub enum CommentPolicy { Nobody = "nobody", Makers = "makers", Members = "members" }
}

/// Who asks.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    pub user: &'a User,
    pub is_maker: bool,
    /// Owner or co-maker of the project in question.
    pub on_team: bool,
    /// One of its makers does not want them to comment ([`crate::block`]).
    pub is_blocked: bool,
}

/// What the maker chose.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub state: State,
    pub policy: CommentPolicy,
    pub closed: bool,
    /// Ratings, awards and reports of failures from every member, whatever the policy says.
    pub feedback_open: bool,
}

/// What people give a work besides comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feedback {
    /// On a project, a release or a comment; the policy does not govern it.
    Reaction,
    Rating,
    Award,
    /// "Didn't work for me".
    Failure,
}

/// Why somebody cannot give it here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    /// What is not published takes nothing.
    NotPublished,
    SignIn,
    /// They made it.
    Own,
    /// The policy is `nobody`, or the comments are closed.
    NotTaken,
    MakersOnly,
    Blocked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotPublished,
    Nobody,
    Closed,
    SignIn,
    Unconfirmed,
    Suspended {
        until: NaiveDateTime,
        reason: String,
    },
    /// Neither log-in nor posting.
    LockedOut {
        until: NaiveDateTime,
        reason: String,
    },
    /// A warning has to be read first.
    Warned,
    /// By a maker of this project.
    Blocked,
    MakersOnly,
    /// Of what is no comment.
    NoFeedback(Feedback, Shut),
}

impl Refusal {
    pub fn sentence(&self) -> String {
        match self {
            Refusal::NotPublished => "This project is not published, so it takes no comments yet.".into(),
            Refusal::Nobody => "The maker of this project does not take comments.".into(),
            Refusal::Closed => "Comments are closed. What was said stays here to read.".into(),
            Refusal::SignIn => "Log in to leave a thoughtful comment.".into(),
            Refusal::Unconfirmed => "Confirm your e-mail address first: open the link that was mailed to you.".into(),
            Refusal::Suspended { until, reason } | Refusal::LockedOut { until, reason }
                if *until == FOR_GOOD =>
            {
                with_reason("Your account was closed by a moderator.".into(), reason)
            }
            Refusal::Suspended { until, reason } => with_reason(
                format!("Your account cannot post until {}.", day_and_hour(until)),
                reason,
            ),
            Refusal::LockedOut { until, reason } => with_reason(
                format!("You cannot log in until {}.", day_and_hour(until)),
                reason,
            ),
            Refusal::Warned => "A moderator has a word for you. Read it first, then go on.".into(),
            // Not why: it is between two people, and nothing to be ashamed of.
            Refusal::Blocked => {
                "The makers of this project take no comments from you here. What you said before stays, and the other tables are open to you.".into()
            }
            Refusal::MakersOnly => {
                "If you want to comment on this project, you first have to share a project of your own.".into()
            }
            Refusal::NoFeedback(what, shut) => what.refused(*shut),
        }
    }

    /// The way in: a link's words and address.
    pub fn way_in(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Refusal::SignIn | Refusal::NoFeedback(_, Shut::SignIn) => Some(("Log in", "/login")),
            Refusal::Unconfirmed => Some(("Send the link again", "/confirm")),
            Refusal::Warned => Some(("Read it", "/account#sanctions")),
            Refusal::MakersOnly | Refusal::NoFeedback(_, Shut::MakersOnly) => {
                Some(("Share a project", "/projects/new"))
            }
            _ => None,
        }
    }
}

impl Feedback {
    /// "Log in to …".
    fn verb(self) -> &'static str {
        match self {
            Feedback::Reaction => "react",
            Feedback::Rating => "rate this",
            Feedback::Award => "give this an award",
            Feedback::Failure => "say what did not work",
        }
    }

    /// "… take no …".
    fn name(self) -> &'static str {
        match self {
            Feedback::Reaction => "reactions",
            Feedback::Rating => "ratings",
            Feedback::Award => "awards",
            Feedback::Failure => "reports of failures",
        }
    }

    fn refused(self, shut: Shut) -> String {
        let (verb, name) = (self.verb(), self.name());
        match shut {
            Shut::NotPublished => format!("This is not published, so it takes no {name}."),
            Shut::SignIn => format!("Log in to {verb}."),
            Shut::Own => match self {
                Feedback::Failure => {
                    "You make this project: you know best what does not work.".into()
                }
                _ => format!("You made this, so the {name} are for others to give."),
            },
            Shut::NotTaken => format!("The makers of this project take no {name} at the moment."),
            Shut::MakersOnly => format!(
                "The makers of this project ask those who have shared something of their own. To {verb}, you first have to share a project."
            ),
            // Not why, as for comments.
            Shut::Blocked => format!(
                "The makers of this project take no {name} from you. The other tables are open to you."
            ),
        }
    }
}

fn with_reason(sentence: String, reason: &str) -> String {
    if reason.is_empty() {
        sentence
    } else {
        format!("{sentence} The reason: {reason}")
    }
}

/// "3 March 2027, 14:00 UTC": an end is told to the minute.
pub fn day_and_hour(at: &NaiveDateTime) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

pub fn may_comment(
    person: Option<Person>,
    terms: Terms,
    now: NaiveDateTime,
) -> Result<(), Refusal> {
    if terms.state != State::Published {
        return Err(Refusal::NotPublished);
    }
    if terms.policy == CommentPolicy::Nobody {
        return Err(Refusal::Nobody);
    }
    if terms.closed {
        return Err(Refusal::Closed);
    }
    let Some(person) = person else {
        return Err(Refusal::SignIn);
    };
    may_change_words(person, now)?;
    let welcome = person.is_maker || person.on_team;
    if terms.policy == CommentPolicy::Makers && !welcome {
        return Err(Refusal::MakersOnly);
    }
    Ok(())
}

/// Whether this person may rate it, give it an award or report a failure: as they may comment, unless its
/// makers take these from every member. Nobody does it to what they make themselves. Reactions are no
/// talk: whoever is not kept away may give them.
pub fn may_give(
    what: Feedback,
    person: Option<Person>,
    terms: Terms,
    now: NaiveDateTime,
) -> Result<(), Refusal> {
    let refuse = |shut| Err(Refusal::NoFeedback(what, shut));
    if terms.state != State::Published {
        return refuse(Shut::NotPublished);
    }
    let by_policy = what != Feedback::Reaction && !terms.feedback_open;
    if by_policy && (terms.policy == CommentPolicy::Nobody || terms.closed) {
        return refuse(Shut::NotTaken);
    }
    let Some(person) = person else {
        return refuse(Shut::SignIn);
    };
    if person.on_team {
        return refuse(Shut::Own);
    }
    may_post(person.user, now)?;
    if person.is_blocked {
        return refuse(Shut::Blocked);
    }
    if by_policy && terms.policy == CommentPolicy::Makers && !person.is_maker {
        return refuse(Shut::MakersOnly);
    }
    Ok(())
}

/// Whether they may change what they said here before. A policy that came later does not forbid it;
/// a block does, or an old comment would be the way round it.
pub fn may_change_words(person: Person, now: NaiveDateTime) -> Result<(), Refusal> {
    may_post(person.user, now)?;
    // Makers of one project who quarrel still both make it.
    if person.is_blocked && !person.on_team {
        return Err(Refusal::Blocked);
    }
    Ok(())
}

/// Whether this account may put any text before others: projects, releases, reports, profiles.
pub fn may_post(user: &User, now: NaiveDateTime) -> Result<(), Refusal> {
    if let Some(until) = user.suspended_until.filter(|until| now < *until) {
        return Err(Refusal::Suspended {
            until,
            reason: user.suspended_reason.clone(),
        });
    }
    if !user.is_confirmed() {
        return Err(Refusal::Unconfirmed);
    }
    if user.sanctioned.warning_id.is_some() {
        return Err(Refusal::Warned);
    }
    Ok(())
}

/// Whether this account may be used at all. Asked at the log-in, after the password was right; a
/// session that is open ends by the same rule (`Session::find`).
pub fn may_log_in(user: &User, now: NaiveDateTime) -> Result<(), Refusal> {
    match user.sanctioned.locked_out_until {
        Some(until) if now < until => Err(Refusal::LockedOut {
            until,
            reason: user.suspended_reason.clone(),
        }),
        _ => Ok(()),
    }
}

/// Whether comments are shown at all: `nobody` hides earlier ones without deleting them.
pub fn shows_comments(terms: Terms) -> bool {
    terms.policy != CommentPolicy::Nobody
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Role, Sanctioned};
    use crate::db::{UserId, now};
    use proptest::prelude::*;

    fn user(confirmed: bool, suspended: bool) -> User {
        User {
            id: UserId(1),
            username: "ann".into(),
            email: "ann@example.org".into(),
            confirmed_at: confirmed.then(now),
            password_hash: String::new(),
            display_name: String::new(),
            bio: String::new(),
            bio_html: String::new(),
            role: Role::Member,
            suspended_until: suspended.then(|| now() + chrono::Duration::hours(1)),
            suspended_reason: String::new(),
            network: String::new(),
            created_at: now(),
            avatar: None,
            sanctioned: Sanctioned::default(),
        }
    }

    fn terms(policy: CommentPolicy, closed: bool) -> Terms {
        Terms {
            state: State::Published,
            policy,
            closed,
            feedback_open: false,
        }
    }

    #[test]
    fn a_visitor_is_asked_to_log_in() {
        assert_eq!(
            may_comment(None, terms(CommentPolicy::Members, false), now()),
            Err(Refusal::SignIn)
        );
    }

    #[test]
    fn a_makers_only_project_says_how_to_become_one() {
        let ann = user(true, false);
        let person = Person {
            user: &ann,
            is_maker: false,
            on_team: false,
            is_blocked: false,
        };
        let refusal =
            may_comment(Some(person), terms(CommentPolicy::Makers, false), now()).unwrap_err();
        assert_eq!(
            refusal.sentence(),
            "If you want to comment on this project, you first have to share a project of your own."
        );
        assert_eq!(refusal.way_in(), Some(("Share a project", "/projects/new")));
        let maker = Person {
            is_maker: true,
            ..person
        };
        assert_eq!(
            may_comment(Some(maker), terms(CommentPolicy::Makers, false), now()),
            Ok(())
        );
    }

    #[test]
    fn a_warning_must_be_read_before_the_next_text() {
        let mut ann = user(true, false);
        ann.sanctioned.warning_id = Some(crate::db::SanctionId(1));
        assert_eq!(may_post(&ann, now()), Err(Refusal::Warned));
        assert!(may_log_in(&ann, now()).is_ok(), "she can read it");
    }

    #[test]
    fn a_refusal_says_until_when_and_why() {
        let mut ann = user(true, true);
        ann.suspended_reason = "Third advert this week.".into();
        let sentence = may_post(&ann, now()).unwrap_err().sentence();
        assert!(sentence.contains("until"), "{sentence}");
        assert!(sentence.ends_with("The reason: Third advert this week."));
        assert!(may_log_in(&ann, now()).is_ok(), "it is posting only");
        ann.suspended_until = Some(FOR_GOOD);
        ann.sanctioned.locked_out_until = Some(FOR_GOOD);
        let sentence = may_log_in(&ann, now()).unwrap_err().sentence();
        assert!(
            sentence.starts_with("Your account was closed"),
            "{sentence}"
        );
    }

    fn any_policy() -> impl Strategy<Value = CommentPolicy> {
        prop::sample::select(CommentPolicy::ALL)
    }

    fn any_feedback() -> impl Strategy<Value = Feedback> {
        prop::sample::select(vec![
            Feedback::Reaction,
            Feedback::Rating,
            Feedback::Award,
            Feedback::Failure,
        ])
    }

    fn any_state() -> impl Strategy<Value = State> {
        prop::sample::select(State::ALL)
    }

    proptest! {
        #[test]
        fn nobody_and_closed_let_nobody_in(is_maker: bool, on_team: bool, policy in any_policy(), state in any_state(), closed: bool) {
            let ann = user(true, false);
            let person = Person { user: &ann, is_maker, on_team, is_blocked: false };
            let answer = may_comment(Some(person), Terms { state, policy, closed, feedback_open: true }, now());
            let open = state == State::Published && policy != CommentPolicy::Nobody && !closed;
            prop_assert!(open || answer.is_err());
            prop_assert!(!open || policy == CommentPolicy::Makers || answer.is_ok());
        }

        #[test]
        fn an_unconfirmed_or_suspended_account_posts_nowhere(is_maker: bool, on_team: bool, policy in any_policy(), confirmed: bool) {
            let ann = user(confirmed, confirmed);
            let person = Person { user: &ann, is_maker, on_team, is_blocked: false };
            prop_assert!(may_comment(Some(person), terms(policy, false), now()).is_err());
        }

        #[test]
        fn who_is_blocked_neither_comments_nor_changes_what_they_said_unless_they_make_it_too(is_maker: bool, on_team: bool, policy in any_policy(), state in any_state(), closed: bool) {
            let ann = user(true, false);
            let free = Person { user: &ann, is_maker, on_team, is_blocked: false };
            let blocked = Person { is_blocked: true, ..free };
            let terms = Terms { state, policy, closed, feedback_open: false };
            let (before, after) = (may_comment(Some(free), terms, now()), may_comment(Some(blocked), terms, now()));
            if on_team {
                prop_assert_eq!(&before, &after);
                prop_assert!(may_change_words(blocked, now()).is_ok());
            } else {
                prop_assert!(after.is_err());
                prop_assert_eq!(may_change_words(blocked, now()), Err(Refusal::Blocked));
                // Nobody is told of a way in that would not lead in.
                prop_assert!(after != Err(Refusal::MakersOnly));
            }
            prop_assert!(may_change_words(free, now()).is_ok());
        }

        #[test]
        fn feedback_goes_by_the_policy_unless_its_makers_open_it(what in any_feedback(), is_maker: bool, is_blocked: bool, policy in any_policy(), state in any_state(), closed: bool) {
            let ann = user(true, false);
            let person = Person { user: &ann, is_maker, on_team: false, is_blocked };
            let terms = Terms { state, policy, closed, feedback_open: false };
            let comments = may_comment(Some(person), terms, now());
            let open = Terms { feedback_open: true, ..terms };
            let published = state == State::Published && !is_blocked;
            prop_assert_eq!(may_give(what, Some(person), open, now()).is_ok(), published);
            let by_policy = if what == Feedback::Reaction { published } else { comments.is_ok() };
            prop_assert_eq!(may_give(what, Some(person), terms, now()).is_ok(), by_policy);
            prop_assert!(may_give(what, None, open, now()).is_err());
        }

        #[test]
        fn nobody_gives_feedback_to_what_they_make(what in any_feedback(), is_maker: bool, policy in any_policy(), state in any_state(), closed: bool, feedback_open: bool) {
            let ann = user(true, false);
            let person = Person { user: &ann, is_maker, on_team: true, is_blocked: false };
            let refusal = may_give(what, Some(person), Terms { state, policy, closed, feedback_open }, now()).unwrap_err();
            prop_assert!(refusal.sentence().len() > 20);
        }

        #[test]
        fn becoming_a_maker_never_closes_a_door(on_team: bool, is_blocked: bool, policy in any_policy(), closed: bool) {
            let ann = user(true, false);
            let before = may_comment(Some(Person { user: &ann, is_maker: false, on_team, is_blocked }), terms(policy, closed), now());
            let after = may_comment(Some(Person { user: &ann, is_maker: true, on_team, is_blocked }), terms(policy, closed), now());
            prop_assert!(before.is_err() || after.is_ok());
        }
    }
}
