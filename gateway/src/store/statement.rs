use sqlx::any::AnyArguments;
use sqlx::error::BoxDynError;
use sqlx::{Any, AnyConnection, Arguments, AssertSqlSafe, Encode, Type};

use super::AnyRow;
use crate::error::Error;

/// A statement of one or several parts with what is bound to it. What begins its transaction, and what ends it, can
/// travel with it: each trip to the database is two threads that wait for each other.
pub(crate) struct Statement {
    sql: &'static str,
    arguments: Result<AnyArguments, BoxDynError>,
}

impl Statement {
    pub(crate) fn new(sql: &'static str) -> Self {
        Statement { sql, arguments: Ok(AnyArguments::default()) }
    }

    /// Binds the next argument.
    pub(crate) fn bind<'v, T: Encode<'v, Any> + Type<Any>>(mut self, value: T) -> Self {
        self.arguments = self.arguments.and_then(|mut arguments| arguments.add(value).map(|()| arguments));
        self
    }

    /// Gives the rows of all parts. `before` and `after` are statements or nothing.
    pub(crate) async fn run(
        self,
        connection: &mut AnyConnection,
        before: &str,
        after: &str,
    ) -> Result<Vec<AnyRow>, Error> {
        let parts: Vec<_> = [before, self.sql, after].into_iter().filter(|part| !part.is_empty()).collect();
        // Each of the three was written here in the source.
        let query =
            sqlx::query_with(AssertSqlSafe(parts.join("; ")), self.arguments.map_err(sqlx::Error::Encode)?);
        // All parts are run only where all of their rows are asked for.
        Ok(query.fetch_all(connection).await?)
    }
}
