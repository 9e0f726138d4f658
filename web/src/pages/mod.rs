//! The pages that visitors, members and makers see. A file holds a page's form, struct and handlers.

pub mod account;
pub mod appeals;
pub mod comments;
pub mod deleted;
pub mod forge;
pub mod home;
pub mod ignored;
pub mod inbox;
pub mod lists;
pub mod log;
pub mod makers;
pub mod mine;
pub mod people;
pub mod profile;
pub mod projects;
pub mod release_form;
pub mod releases;
pub mod reports;
pub mod search;
pub mod secret;
pub mod signup;
pub mod site;
pub mod sitemap;
pub mod tags;
pub mod team;
pub mod unsubscribe;
