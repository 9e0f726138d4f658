//! Potluck's tables, queries, rules and filter. No HTTP, no templates, no async.
//!
//! A table's file holds its row, its insert struct, its queries and its rules. What may be done by
//! whom is in [`gate`]; the way of every public text is in [`intake`]; what moderators do with it
//! in [`moderation`]; the filter, which knows no table, in [`spam`].

pub mod account;
pub mod article;
pub mod award;
pub mod block;
pub mod branding;
pub mod check;
pub mod comment;
mod condition;
pub mod db;
pub mod deletion;
pub mod elsewhere;
pub mod exchange;
pub mod failure;
pub mod fairness;
pub mod favourite;
pub mod feedback;
pub mod follow;
pub mod forge;
pub mod front;
pub mod gallery;
pub mod gate;
pub mod good_review;
pub mod gravatar;
pub mod ignore;
pub mod inbox;
pub mod intake;
pub mod invitation;
pub mod item;
pub mod job;
pub mod join;
pub mod label;
pub mod lease;
pub mod line;
pub mod link;
pub mod lists;
pub mod looking;
pub mod mailing;
pub mod maker;
pub mod markdown;
pub mod mature;
pub mod mention;
pub mod mine;
pub mod moderation;
pub mod mute;
pub mod notice;
pub mod nudge;
pub mod old_number;
pub mod password;
pub mod picture;
pub mod profile;
pub mod project;
pub mod proof;
pub mod rating;
pub mod reaction;
pub mod release;
pub mod schema;
pub mod search;
pub mod secret;
pub mod session;
pub mod settings;
pub mod site_text;
pub mod slug;
pub mod spam;
pub mod tag;
pub mod thread;
pub mod unlisted;

pub use db::{Db, QueryResult, now};
pub use diesel::result::Error as DbError;
