//! Mail: what is said, and how it leaves. Queued in the transaction that causes it
//! ([`Letter::queue`]) and sent by the job runner, to a folder of `.eml` files or by SMTP.

mod html;

use crate::config::{Config, MailTo};
use crate::moderation::items;
use crate::moderation::measures::{duration, texts};
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::response::Code;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use potluck_models::account::User;
use potluck_models::inbox::Notice as Said;
use potluck_models::job::Job;
use potluck_models::mailing::{Bundle, Rate};
use potluck_models::moderation::digest::{Digest, Recipient};
use potluck_models::moderation::letters::{News, Notice};
use potluck_models::moderation::reason::Reason;
use potluck_models::{Db, QueryResult, secret};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

pub const JOB: &str = "mail";

/// One mail, as it lies in the job queue.
#[derive(Debug, Serialize, Deserialize)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    /// Its file in the outbox, known before it is written, so that a page can name it.
    pub file: String,
    /// Of a letter that comes again and again: the address that ends it.
    #[serde(default)]
    pub unsubscribe: Option<String>,
}

impl Letter {
    fn new(kind: &str, name: &str, to: &str, subject: String, text: String) -> Letter {
        let file = format!("{kind}-{name}-{}.eml", &secret::token()[..8]);
        Letter {
            to: to.to_owned(),
            subject,
            text,
            file,
            unsubscribe: None,
        }
    }

    pub fn confirm(site: &str, url: &str, name: &str, to: &str, token: &str) -> Letter {
        let text = format!(
            "Hello {name},\n\n\
             somebody, probably you, signed up at {site} with this address. Open this link and press the\n\
             button to confirm it:\n\n\
             {url}/confirm?token={token}\n\n\
             It works for three days. If it was not you, do nothing: without the button nothing happens.\n"
        );
        Letter::new(
            "confirm",
            name,
            to,
            format!("Confirm your address at {site}"),
            text,
        )
    }

    /// Instead of telling a stranger at the sign-up form that an address has an account.
    pub fn already_member(site: &str, url: &str, typed_name: &str, to: &str) -> Letter {
        let text = format!(
            "Hello,\n\n\
             somebody, probably you, tried to sign up at {site} with this address. It has an account\n\
             already. Log in here:\n\n\
             {url}/login\n\n\
             If you forgot the password, you can choose a new one:\n\n\
             {url}/reset\n\n\
             If it was not you, there is nothing to do.\n"
        );
        // Named like the other, so that not even the outbox page tells them apart.
        Letter::new(
            "confirm",
            typed_name,
            to,
            format!("You have an account at {site}"),
            text,
        )
    }

    /// To the address of somebody who was banned, from which somebody tried to sign up again.
    /// Named like the other two, for the same reason.
    pub fn closed(site: &str, typed_name: &str, to: &str) -> Letter {
        let text = format!(
            "Hello,\n\n\
             somebody, probably you, tried to sign up at {site} with this address. Its account was closed\n\
             by a moderator, so the address cannot be used there.\n\n\
             If it was not you, there is nothing to do.\n"
        );
        Letter::new(
            "confirm",
            typed_name,
            to,
            format!("No new account at {site}"),
            text,
        )
    }

    /// What a moderator did about a person, some minutes after it was done.
    pub fn sanction(
        site: &str,
        url: &str,
        name: &str,
        to: &str,
        sentence: &str,
        reason: &str,
    ) -> Letter {
        let text = format!(
            "Hello {name},\n\n\
             this is about your account at {site}.\n\n\
             {sentence}\n\n\
             The reason: {reason}\n\n\
             What holds for you stands on your account page, if you can log in:\n\n\
             {url}/account\n\n\
             Our code of conduct: {url}/conduct\n"
        );
        Letter::new(
            "sanction",
            name,
            to,
            format!("About your account at {site}"),
            text,
        )
    }

    /// What became of texts of a person by one batch of verdicts.
    pub fn verdicts(site: &str, url: &str, notice: &Notice, reason: Option<&Reason>) -> Letter {
        let many = notice.texts.len() as i64 + notice.more;
        let first = notice.texts.first();
        let what = match first {
            Some(text) if many == 1 => format!("your {}", text.name()),
            _ => format!("{many} texts of yours"),
        };
        let news = first.map_or(News::Published, |text| text.news);
        let is_taken = |news| matches!(news, News::Removed | News::Refused);
        // By one batch: what it took away has one reason.
        let taken = is_taken(news) || notice.texts.iter().any(|text| is_taken(text.news));
        let (is, it) = if many == 1 {
            ("is", "it")
        } else {
            ("are", "them")
        };
        let because = reason.map_or(String::new(), |reason| format!(": {}", reason.sentence));
        let said = match news {
            _ if notice.mixed => format!("a moderator at {site} decided about {what}{because}."),
            News::Removed => format!("a moderator at {site} removed {what}{because}."),
            News::Refused => {
                format!("a moderator at {site} looked at {what} and did not publish {it}{because}.")
            }
            News::Published => format!("{what} at {site} {is} published now."),
            News::Edit => format!("the new text of {what} at {site} is published now."),
            News::Back => format!(
                "{what} at {site} {is} public again; what we wrote to you about {it} does not hold any more."
            ),
        };
        let mut text = format!("Hello {},\n\n{said}\n", notice.username);
        if let Some(reason) = reason.filter(|_| taken) {
            text.push_str(&format!(
                "\n{}\n\nMore about it stands in our guide:\n{url}/guide#{}\n",
                reason.letter,
                reason.anchor()
            ));
        }
        for quoted in &notice.texts {
            let words = quoted.quote(if many == 1 { 10_000 } else { 600 });
            let became = match quoted.news {
                _ if !notice.mixed => "",
                News::Removed => "Removed: ",
                News::Refused => "Not published: ",
                News::Published => "Published: ",
                News::Edit => "The new text is published: ",
                News::Back => "Public again: ",
            };
            text.push_str(&format!("\n{became}{url}{}\n{words}", quoted.path));
        }
        if notice.more > 0 {
            text.push_str(&format!("\nand {} more.\n", notice.more));
        }
        if notice.may_ask {
            text.push_str(
                "\nIf you think that this was a mistake, open the page of the text while you are logged in and\n\
                 tell us there. Another moderator looks at it then.\n",
            );
        }
        let about = match first {
            Some(text) if many == 1 => format!("your {}", text.kind),
            _ => "your texts".into(),
        };
        let subject = match news {
            _ if notice.mixed => format!("About {about} at {site}"),
            News::Removed | News::Refused => format!("About {about} at {site}"),
            News::Published | News::Edit => format!("Published: {about} at {site}"),
            News::Back => format!("Public again: {about} at {site}"),
        };
        Letter::new("verdict", &notice.username, &notice.email, subject, text)
    }

    /// A moderator took back what the last letter told.
    pub fn lifted(site: &str, url: &str, name: &str, to: &str) -> Letter {
        let text = format!(
            "Hello {name},\n\n\
             a moderator at {site} took back what we wrote to you about your account. It does not hold\n\
             any more:\n\n\
             {url}/account\n"
        );
        Letter::new("lifted", name, to, format!("Taken back at {site}"), text)
    }

    /// To a maker, when a moderator lifts a block of theirs, or takes the lifting back.
    pub fn block(site: &str, url: &str, name: &str, to: &str, whom: &str, stands: bool) -> Letter {
        let (subject, text) = if stands {
            (
                format!("Your block stands again at {site}"),
                format!(
                    "Hello {name},\n\n\
                     a moderator at {site} took back what we wrote to you: your block of {whom} holds again.\n\n\
                     {url}/account/blocks\n"
                ),
            )
        } else {
            (
                format!("A block of yours was lifted at {site}"),
                format!(
                    "Hello {name},\n\n\
                     a moderator at {site} lifted your block of {whom}, who can comment on your projects\n\
                     again. You can still hold or hide a comment of theirs. If you disagree, talk with the\n\
                     moderators before you block them again.\n\n\
                     {url}/account/blocks\n"
                ),
            )
        };
        Letter::new("block", name, to, subject, text)
    }

    /// What became of somebody's reports; a line each.
    pub fn reported(site: &str, url: &str, name: &str, to: &str, lines: &[String]) -> Letter {
        let text = format!(
            "Hello {name},\n\n\
             you reported something at {site}, and a moderator has looked. Thank you for telling us.\n\n\
             {}\n\n\
             All your reports, and what became of them:\n\n\
             {url}/account/reports\n",
            lines.join("\n")
        );
        Letter::new(
            "report",
            name,
            to,
            format!("What became of your report at {site}"),
            text,
        )
    }

    /// The answer to an author who asked for another look.
    #[expect(clippy::too_many_arguments, reason = "each is a line of the letter")]
    pub fn appeal(
        site: &str,
        url: &str,
        name: &str,
        to: &str,
        what: &str,
        sentence: &str,
        answer: &str,
        at: &str,
    ) -> Letter {
        let answer = match answer {
            "" => String::new(),
            answer => format!("The moderator writes:\n\n{answer}\n\n"),
        };
        let text = format!(
            "Hello {name},\n\n\
             you asked for another look at your {what} at {site}. A moderator has looked.\n\n\
             {sentence}\n\n\
             {answer}\
             {at}\n\n\
             Our code of conduct: {url}/conduct\n"
        );
        Letter::new(
            "appeal",
            name,
            to,
            format!("Another look at your text at {site}"),
            text,
        )
    }

    pub fn reset(site: &str, url: &str, name: &str, to: &str, token: &str) -> Letter {
        let text = format!(
            "Hello {name},\n\n\
             somebody, probably you, asked for a new password at {site}. Open this link to choose one:\n\n\
             {url}/reset?token={token}\n\n\
             It works once and for one hour. If it was not you, do nothing: your password stays as it is.\n"
        );
        Letter::new("reset", name, to, format!("A new password at {site}"), text)
    }

    pub fn password_changed(site: &str, url: &str, name: &str, to: &str) -> Letter {
        let text = format!(
            "Hello {name},\n\n\
             the password of your account at {site} was changed just now, and all other sessions were\n\
             ended. If it was you, there is nothing to do. If not, choose a new one at once:\n\n\
             {url}/reset\n"
        );
        Letter::new(
            "password",
            name,
            to,
            format!("Your password at {site} was changed"),
            text,
        )
    }

    /// What an inbox holds: one notice, or all of a day or a week. `stop` is the address that ends
    /// these letters.
    pub fn news(
        site: &str,
        url: &str,
        bundle: &Bundle,
        path: fn(&Said) -> String,
        stop: String,
    ) -> Letter {
        let to = &bundle.to;
        let what = |notice: &Said| {
            let (who, what) = (notice.who(), notice.what());
            format!("{who} {what} {}", notice.title)
        };
        let entry = |notice: &Said| {
            let words = match notice.text.excerpt.as_str() {
                "" => String::new(),
                words => format!("\n> {words}"),
            };
            format!("{}:{words}\n{url}{}\n\n", what(notice), path(notice))
        };
        let mut entries: String = bundle.notices.iter().map(entry).collect();
        if bundle.more > 0 {
            let more = bundle.more;
            entries.push_str(&format!("And {more} more in your inbox.\n\n"));
        }
        let many = bundle.notices.len() + bundle.more;
        let (kind, subject, why) = match bundle.rate {
            Rate::Daily => (
                "daily",
                format!("Your day at {site}: {many} new"),
                "This letter comes once a day, if there is something.".to_owned(),
            ),
            Rate::Weekly => (
                "weekly",
                format!("Your week at {site}: {many} new"),
                "This letter comes on Mondays, if there is something.".to_owned(),
            ),
            _ => {
                let first = bundle.notices.first();
                let topic = first.map_or("", |notice| notice.sort.topic().words());
                let subject = first.map_or(String::new(), what);
                ("notice", subject, format!("This letter is about {topic}."))
            }
        };
        let text = format!(
            "Hello {},\n\n\
             {entries}\
             All that was said to you: {url}/inbox\n\n\
             {why} You choose on your account page what we write to\n\
             you about, and how often: {url}/account#told\n\n\
             If you want no such letters any more, open this and press the button:\n\n\
             {stop}\n",
            to.username
        );
        let mut letter = Letter::new(kind, &to.username, &to.email, subject, text);
        letter.unsubscribe = Some(stop);
        letter
    }

    /// What else an inbox holds, in a sentence and an address.
    pub fn told(
        to: &User,
        subject: String,
        what: &str,
        address: &str,
        inbox: &str,
        stop: String,
    ) -> Letter {
        let text = format!(
            "Hello {},\n\n\
             {what}\n\n\
             {address}\n\n\
             All that was said to you: {inbox}\n\n\
             You choose on your account page what you are told of. If you want no such letters any more,\n\
             open this and press the button:\n\n\
             {stop}\n",
            to.username
        );
        let mut letter = Letter::new("told", &to.username, &to.email, subject, text);
        letter.unsubscribe = Some(stop);
        letter
    }

    /// What waits for a moderator, once a day. `stop` is the address that ends these letters.
    pub fn digest(site: &str, url: &str, to: &Recipient, digest: &Digest, stop: String) -> Letter {
        let waits: Vec<String> = digest
            .queues
            .iter()
            .map(|waits| {
                format!(
                    "{}: {}, the oldest for {}, {}\n{url}/moderation/{}\n\n",
                    waits.queue.title(),
                    items(&waits.items),
                    duration(digest.at - waits.oldest),
                    match waits.new {
                        0 => "nothing new since yesterday".into(),
                        new => format!("{new} new since yesterday"),
                    },
                    waits.queue
                )
            })
            .collect();
        let beside: Vec<String> = [
            (digest.appeals, "Appeals", "appeals"),
            (digest.people, "People reported", "people"),
        ]
        .iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, what, path)| format!("{what}: {n}\n{url}/moderation/{path}\n\n"))
        .collect();
        let intake = &digest.intake;
        let robots = match intake.texts {
            0 => "Nothing was written in the last 24 hours.".into(),
            many => format!(
                "In the last 24 hours {} came in. Robots decided {} of them alone: {} published,\n\
                 {} put away as spam.",
                texts(many),
                intake.alone(),
                intake.published,
                intake.put_away
            ),
        };
        let text = format!(
            "Hello {},\n\n\
             this waits for a moderator at {site}:\n\n\
             {}{}\
             {robots}\n\n\
             The desk: {url}/moderation\n\n\
             This letter comes once a day as long as something waits, since you are a moderator. If you do\n\
             not want it any more, open this and press the button:\n\n\
             {stop}\n\n\
             It can be switched on again on your account page: {url}/account\n",
            to.username,
            waits.concat(),
            beside.concat()
        );
        Letter {
            unsubscribe: Some(stop),
            ..Letter::new(
                "digest",
                &to.username,
                &to.email,
                format!("{} waiting at {site}", items(&digest.items())),
                text,
            )
        }
    }

    pub fn queue(&self, db: &mut Db) -> QueryResult<usize> {
        Job::enqueue(db, JOB, self)
    }

    fn message(&self, from: &Mailbox, url: &str) -> Result<Message, SendError> {
        let to: Mailbox = self
            .to
            .parse()
            .map_err(|_| SendError::never("the address is not one"))?;
        let mut message = Message::builder();
        if let Some(stop) = &self.unsubscribe {
            message = message
                .header(ListUnsubscribe(stop.clone()))
                .header(ListUnsubscribePost);
        }
        message
            .from(from.clone())
            .to(to)
            .subject(&self.subject)
            // The same at each attempt: who got it before its job was marked done gets no second one.
            .message_id(Some(format!(
                "<{}@{}>",
                &secret::sha256(&self.file)[..24],
                from.email.domain()
            )))
            .header(AutoSubmitted)
            .multipart(
                MultiPart::alternative()
                    .singlepart(
                        SinglePart::builder()
                            .header(ContentType::TEXT_PLAIN)
                            .body(body(self.text.clone())),
                    )
                    .singlepart(
                        SinglePart::builder()
                            .header(ContentType::TEXT_HTML)
                            .body(body(html::of(&self.subject, &self.text, url))),
                    ),
            )
            .map_err(|error| SendError::never(error.to_string()))
    }
}

/// Plain when it is plain: a newcomer opens the file and copies the link out of it, which
/// quoted-printable would break.
fn body(text: String) -> Body {
    if text.is_ascii() && text.lines().all(|line| line.len() <= 998) {
        return Body::dangerous_pre_encoded(
            text.replace('\n', "\r\n").into_bytes(),
            ContentTransferEncoding::SevenBit,
        );
    }
    Body::new(text)
}

/// RFC 3834: nobody's holiday notice should answer.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// RFC 2369: where a mail program's own button leads.
#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(address: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(ListUnsubscribe(address.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), format!("<{}>", self.0))
    }
}

/// RFC 8058: the button works with one POST, without opening a page.
#[derive(Clone)]
struct ListUnsubscribePost;

impl Header for ListUnsubscribePost {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(ListUnsubscribePost)
    }

    fn display(&self) -> HeaderValue {
        let value = format!("{}={}", ONE_CLICK.0, ONE_CLICK.1);
        HeaderValue::new(Self::name(), value)
    }
}

/// The field of such a POST, by RFC 8058.
pub const ONE_CLICK: (&str, &str) = ("List-Unsubscribe", "One-Click");

#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct SendError {
    pub message: String,
    /// Trying again will not help.
    pub permanent: bool,
}

impl SendError {
    fn never(message: impl Into<String>) -> SendError {
        SendError {
            message: message.into(),
            permanent: true,
        }
    }

    fn later(message: impl std::fmt::Display) -> SendError {
        SendError {
            message: message.to_string(),
            permanent: false,
        }
    }
}

/// The way out of the house.
pub struct Mailer {
    from: Mailbox,
    /// Where the site is: letters link to nowhere else.
    url: String,
    way: Way,
}

enum Way {
    Outbox(std::path::PathBuf),
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

impl Mailer {
    pub fn new(config: &Config, site: &str) -> anyhow::Result<Mailer> {
        let host = config
            .base_url
            .as_deref()
            .and_then(|url| url::Url::parse(url).ok())
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_else(|| "localhost".into());
        let address = config
            .mail_from
            .clone()
            .unwrap_or_else(|| format!("potluck@{host}"));
        let from = Mailbox::new(Some(site.to_owned()), address.parse()?);
        let way = match &config.mail {
            MailTo::Outbox(folder) => {
                std::fs::create_dir_all(folder)?;
                Way::Outbox(folder.clone())
            }
            MailTo::Smtp(url) => Way::Smtp(
                AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?
                    .pool_config(PoolConfig::new().max_size(2))
                    .timeout(Some(Duration::from_secs(20)))
                    .build(),
            ),
        };
        let url = config.public_url();
        Ok(Mailer { from, url, way })
    }

    pub async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let message = letter.message(&self.from, &self.url)?;
        match &self.way {
            Way::Outbox(folder) => {
                write_by_rename(folder, &letter.file, &message.formatted())
                    .map_err(SendError::later)?;
                tracing::info!(
                    "mail for {}: {}",
                    letter.to,
                    folder.join(&letter.file).display()
                );
                Ok(())
            }
            // A refused connection is neither permanent nor transient to lettre: try all of it again.
            Way::Smtp(smtp) => smtp
                .send(message)
                .await
                .map(|_| ())
                .map_err(|error| SendError {
                    permanent: error.status().is_some_and(refuses_recipient),
                    message: error.to_string(),
                }),
        }
    }
}

/// What will not change by waiting: the mailbox is not there, full, or not to be written to. Every
/// other refusal, of a log-in (535) above all, is a fault of the way that somebody repairs.
fn refuses_recipient(code: Code) -> bool {
    (550..=554).contains(&u16::from(code))
}

/// A reader of the folder never meets half a file.
fn write_by_rename(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let half = folder.join(format!(".{name}.part"));
    let mut file = std::fs::File::create(&half)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(half, folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refused_recipient_is_given_up_at_once() {
        for (code, gives_up) in [
            ("535 no", false),
            ("530 no", false),
            ("503 no", false),
            ("421 later", false),
            ("450 busy", false),
            ("550 nobody", true),
            ("552 full", true),
            ("554 never", true),
        ] {
            let answer: lettre::transport::smtp::response::Response =
                format!("{code}\r\n").parse().unwrap();
            assert_eq!(refuses_recipient(answer.code()), gives_up, "{code}");
        }
    }
}
