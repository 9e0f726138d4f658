//! Everything a person can do, over HTTP and in a browser, on both databases. `tests/run` runs it.

mod client;
mod support;

mod access;
mod accounts;
mod appeals;
mod browser;
mod bulk;
mod campaigns;
mod cli;
mod comments;
mod corpus;
mod desk;
mod digest;
mod filter;
mod filter_cli;
mod forgery;
mod gate;
mod headers;
mod hidden;
mod house;
mod intake;
mod kill;
mod makers;
mod measures;
mod moderation;
mod people;
mod profiles;
mod projects;
mod queues;
mod reasons;
mod reports;
mod rules;
mod schema;
mod spam_cli;
mod training;
