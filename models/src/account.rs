//! Accounts: sign-up, confirmation, roles, and what may be a name.

use crate::condition::Upto;
use crate::db::{SanctionId, UserId, dialect, now};
use crate::schema::{items, project_makers, users};
use crate::{Db, QueryResult, secret, words};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use unicode_security::confusable_detection::skeleton;

words! {
    /// What an account may do beyond its own things. Order matters: each includes the ones before.
    #[derive(PartialOrd, Ord)]
    pub enum Role { Member = "member", Moderator = "moderator", Admin = "admin" }
}

#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = users)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub email: String,
    pub confirmed_at: Option<NaiveDateTime>,
    pub password_hash: String,
    pub display_name: String,
    pub bio: String,
    pub bio_html: String,
    pub role: Role,
    pub suspended_until: Option<NaiveDateTime>,
    pub suspended_reason: String,
    pub network: String,
    pub created_at: NaiveDateTime,
    /// The file of the picture that readers see of them, without its size.
    pub avatar: Option<String>,
    #[diesel(embed)]
    pub sanctioned: Sanctioned,
}

/// What else holds for this account by acts of moderators; written by [`crate::moderation::sanction`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Sanctioned {
    pub locked_out_until: Option<NaiveDateTime>,
    /// The oldest warning that was not read yet.
    pub warning_id: Option<SanctionId>,
}

/// The end of what has none, in `users.suspended_until`.
pub const FOR_GOOD: NaiveDateTime = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => NaiveDateTime::new(day, NaiveTime::MIN),
    None => panic!("the year 9999 has a last day"),
};

#[derive(Insertable)]
#[diesel(table_name = users)]
pub struct NewUser {
    pub username: String,
    pub username_key: String,
    pub email: String,
    pub email_key: String,
    pub password_hash: String,
    pub confirmed_at: Option<NaiveDateTime>,
    pub role: Role,
    pub network: String,
    pub created_at: NaiveDateTime,
}

/// A user name: 3-25 of `a-z 0-9 _ -`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NameError {
    #[error("A user name has 3 to 25 characters.")]
    Length,
    #[error("A user name has small letters a-z, digits, _ and - only.")]
    Characters,
    #[error("This name is kept for the site itself.")]
    Reserved,
}

/// Names a stranger would take for the site speaking.
pub(crate) const RESERVED: &[&str] = &[
    "admin",
    "administrator",
    "moderator",
    "moderators",
    "potluck",
    "root",
    "staff",
    "support",
    "system",
    "webmaster",
    "postmaster",
    "abuse",
    "security",
    "everyone",
    "nobody",
    "deleted",
];

impl Username {
    pub fn parse(typed: &str) -> Result<Username, NameError> {
        let name = typed.trim().to_lowercase();
        if !name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
        {
            return Err(NameError::Characters);
        }
        if !(3..=25).contains(&name.len()) {
            return Err(NameError::Length);
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(NameError::Reserved);
        }
        Ok(Username(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Equal for names that look alike: `odi1e` and `odile`.
    pub fn key(&self) -> String {
        skeleton(&self.0).collect::<String>().to_lowercase()
    }
}

/// An address that mail can be sent to; whether somebody reads it is for the confirmation to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    pub fn parse(typed: &str) -> Result<Email, &'static str> {
        const FAULT: &str = "This does not look like an e-mail address.";
        let typed = typed.trim();
        let (local, domain) = typed.rsplit_once('@').ok_or(FAULT)?;
        let fine = |c: char| !c.is_control() && !c.is_whitespace() && !"<>()[]\\,;:\"".contains(c);
        let shaped = !local.is_empty()
            && local.len() <= 64
            && typed.len() <= 254
            && typed.chars().all(fine)
            && !local.contains('@')
            && domain.split('.').count() >= 2
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            });
        if shaped {
            Ok(Email(typed.to_owned()))
        } else {
            Err(FAULT)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    #[error("This name is taken, or looks too much like one that is.")]
    NameTaken,
    /// Never shown: the page answers as if it were new, and the owner gets a mail.
    #[error("the address has an account")]
    EmailTaken,
    /// Never shown either.
    #[error("the address belongs to somebody who was banned")]
    Banned,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl User {
    pub fn create(
        db: &mut Db,
        name: &Username,
        email: &Email,
        password_hash: String,
        network: &str,
    ) -> Result<User, SignUpError> {
        if User::was_banned(db, email)? {
            return Err(SignUpError::Banned);
        }
        if User::by_email(db, email.as_str())?.is_some() {
            return Err(SignUpError::EmailTaken);
        }
        let taken: i64 = users::table
            .filter(users::username_key.eq(name.key()))
            .count()
            .get_result(db)?;
        if taken > 0 {
            return Err(SignUpError::NameTaken);
        }
        let new = NewUser {
            username: name.as_str().to_owned(),
            username_key: name.key(),
            email: email.as_str().to_owned(),
            email_key: email.key(),
            password_hash,
            confirmed_at: None,
            role: Role::Member,
            network: network.to_owned(),
            created_at: now(),
        };
        use diesel::result::{DatabaseErrorKind::UniqueViolation, Error::DatabaseError};
        let id: UserId = match diesel::insert_into(users::table)
            .values(&new)
            .returning(users::id)
            .get_result(db)
        {
            Ok(id) => id,
            // Two sign-ups at once: the index decides.
            Err(DatabaseError(UniqueViolation, about)) => return Err(taken_twice(about.as_ref())),
            Err(error) => return Err(error.into()),
        };
        Ok(User::find(db, id)?)
    }

    /// The account that the filter acts by, so that what it did can be told and undone like what
    /// people did. Made when first needed; no password fits it. To be called in a write transaction.
    pub fn robot(db: &mut Db) -> QueryResult<UserId> {
        dialect::lock(db, "robot")?;
        let known: Option<UserId> = users::table
            .filter(users::robot.eq(true))
            .select(users::id)
            .first(db)
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        // Somebody may have the name already.
        let names = ["filter", "the-filter", "potluck-filter"].map(str::to_owned);
        let numbered = (2..1_000).map(|n| format!("the-filter-{n}"));
        let mut free = None;
        for name in names.into_iter().chain(numbered) {
            let key = Username(name.clone()).key();
            let taken: i64 = users::table
                .filter(users::username_key.eq(&key))
                .count()
                .get_result(db)?;
            if taken == 0 {
                free = Some((name, key));
                break;
            }
        }
        let (name, key) = free.ok_or(diesel::result::Error::NotFound)?;
        diesel::insert_into(users::table)
            .values((
                users::username.eq(&name),
                users::username_key.eq(key),
                // No address: nothing is mailed to it, and nobody can ask for a new password.
                users::email.eq(""),
                users::email_key.eq(format!("robot:{name}")),
                users::password_hash.eq("!"),
                users::display_name.eq("The filter"),
                users::role.eq(Role::Member),
                users::robot.eq(true),
                users::created_at.eq(now()),
            ))
            .returning(users::id)
            .get_result(db)
    }

    pub fn find(db: &mut Db, id: UserId) -> QueryResult<User> {
        users::table
            .find(id)
            .select(User::as_select())
            .get_result(db)
    }

    pub fn by_username(db: &mut Db, name: &str) -> QueryResult<Option<User>> {
        users::table
            .filter(users::username.eq(name.to_lowercase()))
            .select(User::as_select())
            .get_result(db)
            .optional()
    }

    pub fn by_email(db: &mut Db, email: &str) -> QueryResult<Option<User>> {
        users::table
            .filter(users::email_key.eq(email.trim().to_lowercase()))
            .select(User::as_select())
            .get_result(db)
            .optional()
    }

    /// By name or address, as typed at the log-in.
    pub fn by_login(db: &mut Db, login: &str) -> QueryResult<Option<User>> {
        let login = login.trim();
        if login.contains('@') {
            User::by_email(db, login)
        } else {
            User::by_username(db, login)
        }
    }

    pub fn count_admins(db: &mut Db) -> QueryResult<i64> {
        users::table
            .filter(users::role.eq(Role::Admin))
            .count()
            .get_result(db)
    }

    pub fn confirm(&self, db: &mut Db) -> QueryResult<usize> {
        diesel::update(
            users::table
                .find(self.id)
                .filter(users::confirmed_at.is_null()),
        )
        .set(users::confirmed_at.eq(now()))
        .execute(db)
    }

    pub fn set_role(&self, db: &mut Db, role: Role) -> QueryResult<usize> {
        diesel::update(users::table.find(self.id))
            .set(users::role.eq(role))
            .execute(db)
    }

    pub fn set_password_hash(&self, db: &mut Db, hash: &str) -> QueryResult<usize> {
        diesel::update(users::table.find(self.id))
            .set(users::password_hash.eq(hash))
            .execute(db)
    }

    /// Whether somebody with this address was banned. `ann+two@` is the mailbox of `ann@`.
    fn was_banned(db: &mut Db, email: &Email) -> QueryResult<bool> {
        let key = email.key();
        let (local, domain) = key.rsplit_once('@').unwrap_or((&key, ""));
        let mailbox = local.split('+').next().unwrap_or(local);
        let tagged = format!("{}+%@{}", escape_like(mailbox), escape_like(domain));
        let found: Option<UserId> = users::table
            .filter(users::suspended_until.eq(FOR_GOOD))
            .filter(
                users::email_key
                    .eq(format!("{mailbox}@{domain}"))
                    .or(users::email_key.like(tagged).escape('\\')),
            )
            .select(users::id)
            .first(db)
            .optional()?;
        Ok(found.is_some())
    }

    /// Without an end.
    pub fn is_banned(&self) -> bool {
        self.suspended_until == Some(FOR_GOOD)
    }

    pub fn is_confirmed(&self) -> bool {
        self.confirmed_at.is_some()
    }

    /// What people call this person.
    pub fn name(&self) -> &str {
        if self.display_name.is_empty() {
            &self.username
        } else {
            &self.display_name
        }
    }

    /// A member with at least one published project, as owner or co-maker. Computed, never set.
    pub fn is_maker(db: &mut Db, id: UserId) -> QueryResult<bool> {
        let first: Option<i64> = project_makers::table
            .inner_join(items::table.on(items::id.eq(project_makers::project_id)))
            .filter(
                project_makers::user_id
                    .eq(id)
                    .and(crate::condition::Published),
            )
            .select(project_makers::project_id)
            .upto(1)
            .get_result(db)
            .optional()?;
        Ok(first.is_some())
    }
}

/// As a part of a LIKE pattern with `\\` as its escape.
pub fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

/// Which of the two unique things somebody else was faster with: PostgreSQL names the constraint,
/// SQLite the column in its message.
fn taken_twice(about: &dyn diesel::result::DatabaseErrorInformation) -> SignUpError {
    let name = about.constraint_name().unwrap_or_else(|| about.message());
    if name.contains("email_key") {
        SignUpError::EmailTaken
    } else {
        SignUpError::NameTaken
    }
}

/// A keyed hash of the caller's /24 or /48: enough to count and compare, not enough to find anyone.
pub fn network_hash(key: &str, address: std::net::IpAddr) -> String {
    use std::net::IpAddr;
    let net = match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("4:{a}.{b}.{c}")
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => return network_hash(key, IpAddr::V4(v4)),
            None => {
                let [a, b, c, ..] = v6.segments();
                format!("6:{a:x}:{b:x}:{c:x}")
            }
        },
    };
    secret::keyed(key, &net)[..24].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_is_small_letters_digits_and_two_signs() {
        assert_eq!(Username::parse(" Odile ").map(|n| n.0), Ok("odile".into()));
        assert_eq!(Username::parse("ab"), Err(NameError::Length));
        assert_eq!(Username::parse(&"a".repeat(26)), Err(NameError::Length));
        assert_eq!(Username::parse("аdmin"), Err(NameError::Characters)); // Cyrillic а
        assert_eq!(Username::parse("a\u{0}bc"), Err(NameError::Characters));
        assert_eq!(Username::parse("admin"), Err(NameError::Reserved));
    }

    #[test]
    fn of_two_sign_ups_at_once_the_second_learns_what_was_taken() {
        use diesel::result::Error::DatabaseError;
        let mut db = crate::db::connect("sqlite::memory:").unwrap();
        crate::db::migrate(&mut db).unwrap();
        let mut insert = |name: &str, email: &str| {
            let (name, email) = (Username::parse(name).unwrap(), Email::parse(email).unwrap());
            diesel::insert_into(users::table)
                .values(NewUser {
                    username: name.as_str().to_owned(),
                    username_key: name.key(),
                    email: email.as_str().to_owned(),
                    email_key: email.key(),
                    password_hash: String::new(),
                    confirmed_at: None,
                    role: Role::Member,
                    network: String::new(),
                    created_at: now(),
                })
                .execute(&mut db)
        };
        insert("ann", "ann@example.org").unwrap();
        let Err(DatabaseError(_, address)) = insert("ben", "ann@example.org") else {
            panic!("the address is taken");
        };
        assert!(matches!(
            taken_twice(address.as_ref()),
            SignUpError::EmailTaken
        ));
        let Err(DatabaseError(_, name)) = insert("ann", "ben@example.org") else {
            panic!("the name is taken");
        };
        assert!(matches!(taken_twice(name.as_ref()), SignUpError::NameTaken));
    }

    #[test]
    fn names_that_look_alike_share_a_key() {
        let key = |name| Username::parse(name).unwrap().key();
        assert_eq!(key("odile"), key("odi1e"));
        assert_eq!(key("moon"), key("m00n"));
        assert_ne!(key("odile"), key("adele"));
    }

    #[test]
    fn an_address_cannot_add_a_line_or_a_second_recipient() {
        assert!(Email::parse("ann@example.org").is_ok());
        assert!(Email::parse("ann+tag@sub.example.org").is_ok());
        for bad in [
            "",
            "ann",
            "ann@",
            "@example.org",
            "ann@example",
            "a b@example.org",
            "ann@example.org\r\nBcc: x@example.org",
            "a,b@example.org",
            "ann@-x.org",
            "a@b@example.org",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_network_is_a_24_or_a_48() {
        let hash = |ip: &str| network_hash("key", ip.parse().unwrap());
        assert_eq!(hash("192.0.2.1"), hash("192.0.2.254"));
        assert_ne!(hash("192.0.2.1"), hash("192.0.3.1"));
        assert_eq!(hash("2001:db8:1::1"), hash("2001:db8:1:ffff::9"));
        assert_eq!(hash("::ffff:192.0.2.9"), hash("192.0.2.1"));
    }
}
