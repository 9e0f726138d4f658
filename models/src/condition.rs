//! Conditions and limits in words of their own, so that SQLite keeps their statements prepared. For the
//! pages that most people ask for, preparing cost more than running.
//!
//! A list in `eq_any` makes a statement for every length, which diesel does not keep; a bound state is
//! held against the partial indexes of `items` and has SQLite prepare the statement anew at every run.

use crate::db::MultiBackend;
use crate::schema::{items, revisions};
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, TypedExpressionType, ValidGrouping,
    is_aggregate,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel::sqlite::Sqlite;
use std::marker::PhantomData;

/// `column` is one of these ids.
pub fn among<C, I>(column: C, ids: I) -> Among<C>
where
    I: IntoIterator,
    I::Item: Into<i64>,
{
    let ids: Vec<i64> = ids.into_iter().map(Into::into).collect();
    Among {
        column,
        // An array of integers, as JSON writes it too.
        json: format!("{ids:?}"),
        ids,
    }
}

#[derive(Clone, Debug, QueryId)]
pub struct Among<C> {
    column: C,
    ids: Vec<i64>,
    json: String,
}

impl<C: Expression> Expression for Among<C> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for Among<C> {}
impl<C: SelectableExpression<QS>, QS> SelectableExpression<QS> for Among<C> {}

impl<C: ValidGrouping<G>, G> ValidGrouping<G> for Among<C> {
    type IsAggregate = C::IsAggregate;
}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Among<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for Among<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<BigInt>, _>(&self.ids)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<C> QueryFragment<MultiBackend> for Among<C>
where
    Among<C>: QueryFragment<Sqlite> + QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(self, out)
    }
}

/// A condition on a column that is always the same text.
macro_rules! fixed {
    ($($(#[$meta:meta])* $name:ident on $column:ty = $sql:literal)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, QueryId, ValidGrouping)]
        pub struct $name;

        impl Expression for $name {
            type SqlType = Bool;
        }

        impl<QS> AppearsOnTable<QS> for $name where $column: AppearsOnTable<QS> {}
        impl<QS> SelectableExpression<QS> for $name where $column: SelectableExpression<QS> {}

        impl<DB: diesel::backend::Backend> QueryFragment<DB> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
                out.push_sql($sql);
                Ok(())
            }
        }
    )* };
}

fixed! {
    /// The item is published.
    Published on items::state = "items.state = 'published'"
    /// The same, as a test that no index serves: where the query shall begin elsewhere, SQLite would
    /// rather walk along all published projects and sort them.
    FoundPublished on items::state = "(items.state || '') = 'published'"
    /// A text that can be decided on. The rest is history, or its author's alone.
    CurrentText on revisions::state = "revisions.state IN ('published', 'waiting')"
    /// Those and what was put away: what a copy may be a copy of.
    KnownText on revisions::state = "revisions.state IN ('published', 'waiting', 'hidden')"
}

/// An expression in words of its own, the same at every run. Statements with diesel's `sql` are prepared
/// anew each time, for it cannot know that.
pub fn fixed<ST>(sql: &'static str) -> Fixed<ST> {
    Fixed {
        sql,
        of: PhantomData,
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Fixed<ST> {
    sql: &'static str,
    of: PhantomData<ST>,
}

impl<ST: TypedExpressionType> Expression for Fixed<ST> {
    type SqlType = ST;
}

impl<ST: TypedExpressionType, QS> AppearsOnTable<QS> for Fixed<ST> {}
impl<ST: TypedExpressionType, QS> SelectableExpression<QS> for Fixed<ST> {}

impl<ST, G> ValidGrouping<G> for Fixed<ST> {
    type IsAggregate = is_aggregate::Never;
}

impl<ST> QueryId for Fixed<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, DB: diesel::backend::Backend> QueryFragment<DB> for Fixed<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.sql);
        Ok(())
    }
}

pub trait Upto: Sized {
    /// At most so many rows, as a number in the text of the statement. What diesel binds for `limit`, and
    /// for `first`, SQLite looks into when it plans, so that it plans anew at every run.
    fn upto(self, rows: i64) -> Few<Self> {
        Few { query: self, rows }
    }
}

impl<Q: Query> Upto for Q {}

#[derive(Clone, Copy, Debug)]
pub struct Few<Q> {
    query: Q,
    rows: i64,
}

impl<Q: Query> Query for Few<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for Few<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, Conn> RunQueryDsl<Conn> for Few<Q> {}

impl<Q: QueryFragment<DB>, DB: diesel::backend::Backend> QueryFragment<DB> for Few<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(&format!(" LIMIT {}", self.rows));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::ItemId;
    use diesel::debug_query;

    #[test]
    fn a_list_of_any_length_is_one_statement() {
        let one = items::table.filter(among(items::id, [ItemId(1)]));
        let many = items::table.filter(among(items::id, (1..99).map(ItemId)).and(Published));
        let (one, many) = (
            debug_query::<Sqlite, _>(&one.select(items::id)).to_string(),
            debug_query::<Sqlite, _>(&many.select(items::id)).to_string(),
        );
        assert!(
            one.contains("`items`.`id` IN (SELECT value FROM json_each(?)) -- binds: [\"[1]\"]"),
            "{one}"
        );
        assert_eq!(many.matches('?').count(), 1, "{many}");
        assert!(many.contains("items.state = 'published'"), "{many}");
    }
}
