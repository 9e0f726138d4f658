//! What goes wrong for a person. Models return `QueryResult` or a small rule enum; here each becomes
//! one [`Error`], which the layer in `layout.rs` turns into one page with a request id and a way on.
//! The cause goes to the log, once, and never to the visitor. A fault in a form is no error: the
//! form is rendered again with 422, the text kept, the message beside the field.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use potluck_models::gate::Refusal;
use potluck_models::intake::limits::Limited;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 404: no such thing, or not for these eyes; both look the same.
    #[error("not found")]
    NotFound,
    /// 410: it was here, and its maker or a moderator took it away.
    #[error("gone")]
    Gone,
    /// 301 to the same page of a project under its address of now: 308 for a form, which is kept.
    #[error("moved to {0}")]
    Moved(String),
    /// To the log-in for a page that was asked for; 403 with the text for one that was sent.
    #[error("log-in required")]
    SignIn,
    /// 403: signed in, but this is not theirs to do.
    #[error("forbidden: {0}")]
    Forbidden(String),
    /// 403: the gate's sentence and the way in.
    #[error("refused: {}", .0.sentence())]
    Refused(Refusal),
    /// 403: no valid forgery token, or a foreign origin.
    #[error("forgery token")]
    Forgery,
    /// 405, with what the address does answer.
    #[error("method not allowed")]
    Method(&'static str),
    /// 400: what came cannot be read.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// 413.
    #[error("too large: {0}")]
    TooLarge(&'static str),
    /// 429 with Retry-After.
    #[error("slow down: {}", .0.sentence())]
    SlowDown(Limited),
    /// A rule of posting, which the page of the text answers; here only on its way there.
    #[error("{0}")]
    Rule(potluck_models::comment::PostError),
    /// 503: every database connection stayed in use for seconds.
    #[error("busy: {0}")]
    Busy(String),
    /// 500: our fault.
    #[error("internal: {0:#}")]
    Internal(anyhow::Error),
}

impl Error {
    pub fn internal(cause: anyhow::Error) -> Error {
        Error::Internal(cause)
    }

    pub fn busy(cause: impl std::fmt::Display) -> Error {
        Error::Busy(cause.to_string())
    }

    pub fn title(&self) -> &'static str {
        match self {
            Error::NotFound => "There is nothing at this address",
            Error::Moved(_) => "This has another address now",
            Error::Gone => "This was taken off the table",
            Error::Method(_) => "This address takes no forms",
            Error::SignIn => "Please log in first",
            Error::Forbidden(_) | Error::Refused(_) | Error::Rule(_) => "Not here, not now",
            Error::Forgery => "This form has gone stale",
            Error::BadRequest(_) => "We could not read that",
            Error::TooLarge(_) => "That is too large",
            Error::SlowDown(_) => "One moment, please",
            Error::Busy(_) => "The kitchen is busy",
            Error::Internal(_) => "Something broke on our side",
        }
    }

    /// What happened and what to do next.
    pub fn sentence(&self) -> String {
        match self {
            Error::NotFound => "It may have moved, or the address has a typing mistake.".into(),
            Error::Moved(_) => "It is where its makers moved it.".into(),
            Error::Gone => "Its maker or a moderator took it away.".into(),
            Error::Method(_) => "It can be read, and nothing can be sent to it.".into(),
            Error::SignIn => "You are not logged in, or your session has ended.".into(),
            Error::Forbidden(sentence) => sentence.clone(),
            Error::Refused(refusal) => refusal.sentence(),
            Error::Forgery => {
                "It was open for too long, or was sent from another site. Nothing was changed: \
                 go back, load the page again and send it once more."
                    .into()
            }
            Error::Rule(rule) => rule.to_string(),
            Error::BadRequest(sentence) | Error::TooLarge(sentence) => (*sentence).into(),
            Error::SlowDown(limited) => limited.sentence(),
            Error::Busy(_) => {
                "Too many people at once. Nothing was changed; try again in a few seconds.".into()
            }
            Error::Internal(_) => {
                "Nothing was saved. Try again; if it stays broken, tell the people who run \
                 this site and give them the number below."
                    .into()
            }
        }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Gone => StatusCode::GONE,
            Error::Moved(_) => StatusCode::PERMANENT_REDIRECT,
            Error::SignIn
            | Error::Forbidden(_)
            | Error::Refused(_)
            | Error::Rule(_)
            | Error::Forgery => StatusCode::FORBIDDEN,
            Error::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Error::BadRequest(_) => StatusCode::BAD_REQUEST,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::SlowDown(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The bare response; the layer puts the page into it, since only it knows the request.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Error {
        match error {
            diesel::result::Error::NotFound => Error::NotFound,
            other => Error::Internal(anyhow::Error::new(other).context("database")),
        }
    }
}

impl From<potluck_models::comment::PostError> for Error {
    fn from(error: potluck_models::comment::PostError) -> Error {
        use potluck_models::comment::PostError;
        match error {
            PostError::Database(error) => error.into(),
            rule => Error::Rule(rule),
        }
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Error {
        Error::Internal(error)
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Error {
        Error::Internal(anyhow::Error::new(error).context("template"))
    }
}

impl From<potluck_models::project::ShareError> for Error {
    fn from(error: potluck_models::project::ShareError) -> Error {
        use potluck_models::project::ShareError;
        match error {
            ShareError::Refused(refusal) => Error::Refused(refusal),
            ShareError::Limited(limited) => Error::SlowDown(limited),
            ShareError::Database(error) => error.into(),
        }
    }
}

impl From<potluck_models::ignore::IgnoreError> for Error {
    fn from(error: potluck_models::ignore::IgnoreError) -> Error {
        use potluck_models::ignore::IgnoreError;
        match error {
            IgnoreError::Database(error) => error.into(),
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

impl From<potluck_models::follow::FollowError> for Error {
    fn from(error: potluck_models::follow::FollowError) -> Error {
        use potluck_models::follow::FollowError;
        match error {
            FollowError::Database(error) => error.into(),
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

impl From<potluck_models::favourite::FavouriteError> for Error {
    fn from(error: potluck_models::favourite::FavouriteError) -> Error {
        use potluck_models::favourite::FavouriteError;
        match error {
            FavouriteError::Database(error) => error.into(),
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

impl From<potluck_models::profile::SaveError> for Error {
    fn from(error: potluck_models::profile::SaveError) -> Error {
        use potluck_models::profile::SaveError;
        match error {
            SaveError::Refused(refusal) => Error::Refused(refusal),
            SaveError::Limited(limited) => Error::SlowDown(limited),
            // Its page answers that beside the field.
            SaveError::Invalid(fault) => Error::Forbidden(fault.message),
            SaveError::Database(error) => error.into(),
        }
    }
}

impl From<potluck_models::moderation::report::ReportError> for Error {
    fn from(error: potluck_models::moderation::report::ReportError) -> Error {
        use potluck_models::moderation::report::ReportError;
        match error {
            ReportError::Refused(refusal) => Error::Refused(refusal),
            ReportError::NotPublished => Error::Gone,
            ReportError::Own => Error::Forbidden(ReportError::Own.to_string()),
            ReportError::Limited(limited) => Error::SlowDown(limited),
            ReportError::Database(error) => error.into(),
        }
    }
}

impl From<potluck_models::moderation::appeal::AppealError> for Error {
    fn from(error: potluck_models::moderation::appeal::AppealError) -> Error {
        use potluck_models::moderation::appeal::AppealError;
        match error {
            AppealError::Database(error) => error.into(),
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

impl From<potluck_models::moderation::sanction::SanctionError> for Error {
    fn from(error: potluck_models::moderation::sanction::SanctionError) -> Error {
        use potluck_models::moderation::sanction::SanctionError;
        match error {
            SanctionError::Database(error) => error.into(),
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

impl From<potluck_models::moderation::verdict::UndoError> for Error {
    fn from(error: potluck_models::moderation::verdict::UndoError) -> Error {
        use potluck_models::moderation::verdict::UndoError;
        match error {
            UndoError::Database(error) => error.into(),
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}
