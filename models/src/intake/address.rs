//! The full address that a text came from, kept apart from the text and for 30 days only: long
//! enough to answer a wave from one network with a rule that fits it. Beyond, `items.network` has a
//! keyed hash of the /24 or the /48.

use crate::db::{ItemId, now};
use crate::schema::item_addresses;
use crate::{Db, QueryResult, both};
use chrono::Duration;
use diesel::prelude::*;
use std::net::IpAddr;

pub const KEPT: Duration = Duration::days(30);

/// An edit may come from elsewhere: the address of the newest text counts.
pub fn keep(db: &mut Db, item: ItemId, address: Option<IpAddr>) -> QueryResult<()> {
    let Some(address) = address else {
        return Ok(());
    };
    let address = address.to_canonical().to_string();
    let at = now();
    both!(db, conn => diesel::insert_into(item_addresses::table)
        .values((
            item_addresses::item_id.eq(item),
            item_addresses::address.eq(&address),
            item_addresses::at.eq(at),
        ))
        .on_conflict(item_addresses::item_id)
        .do_update()
        .set((item_addresses::address.eq(&address), item_addresses::at.eq(at)))
        .execute(conn))
    .map(|_| ())
}

/// Of one text, while it is kept.
pub fn of(db: &mut Db, item: ItemId) -> QueryResult<Option<IpAddr>> {
    let address: Option<String> = item_addresses::table
        .find(item)
        .select(item_addresses::address)
        .get_result(db)
        .optional()?;
    Ok(address.and_then(|address| address.parse().ok()))
}

/// Forgets those whose time is over.
pub fn sweep(db: &mut Db) -> QueryResult<usize> {
    diesel::delete(item_addresses::table.filter(item_addresses::at.lt(now() - KEPT))).execute(db)
}
