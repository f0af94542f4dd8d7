use sqlx::{AssertSqlSafe, Row};

use crate::error::Error;
use crate::store::{Store, Tx, now_ms};

/// Lengths of windows, in milliseconds.
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    /// Chat calls, as something to take turns by.
    Calls,
    /// What calls with one token cost, in micro-credits.
    Cost,
    /// Credits given to visitors, in micro-credits.
    Grants,
    Requests,
    Sessions,
    /// Micro-credits.
    Spend,
    Tokens,
}

impl Measure {
    const fn as_str(self) -> &'static str {
        match self {
            Measure::Calls => "calls",
            Measure::Cost => "cost",
            Measure::Grants => "grants",
            Measure::Requests => "requests",
            Measure::Sessions => "sessions",
            Measure::Spend => "spend",
            Measure::Tokens => "tokens",
        }
    }
}

/// An addition to one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) subject: String,
    pub(crate) measure: Measure,
    /// Milliseconds since 1970.
    pub(crate) starts_at: i64,
    pub(crate) ends_at: i64,
    pub(crate) cost: i64,
    /// The most that the window may hold.
    pub(crate) bound: i64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) count: Count,
    pub(crate) fits: bool,
    /// In the window, with this one; unknown where it did not fit.
    pub(crate) used: i64,
}

impl Count {
    /// An addition to the window of that length that runs now.
    pub(crate) fn at(now: i64, subject: &str, measure: Measure, length: i64, cost: i64, bound: i64) -> Self {
        let starts_at = now - now.rem_euclid(length);
        Count { subject: subject.to_owned(), measure, starts_at, ends_at: starts_at + length, cost, bound }
    }
}

/// Adds to all windows with one statement. A window that would hold too much stays as it is, the others do not: where
/// one does not fit the transaction must be dropped.
pub(crate) async fn count(tx: &mut Tx, counts: &mut [Count]) -> Result<Vec<Counted>, Error> {
    sort(counts);
    if counts.iter().any(|count| count.cost > count.bound) {
        // An empty window does not compare.
        let told = counts.iter().map(|count| {
            let fits = count.cost <= count.bound;
            Counted { count: count.clone(), fits, used: if fits { count.cost } else { count.bound } }
        });
        return Ok(told.collect());
    }
    let rows = insert(
        tx,
        counts,
        "used = usage_window.used + excluded.used, bound = excluded.bound \
         WHERE usage_window.used + excluded.used <= excluded.bound \
         RETURNING subject, measure, starts_at, ends_at, used",
    )
    .await?;
    let mut fitting = Vec::with_capacity(rows.len());
    for row in &rows {
        let key: (String, String, i64, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        fitting.push((key, row.try_get::<i64, _>(4)?));
    }
    let told = counts.iter().map(|count| {
        let is_it = |(subject, measure, starts_at, ends_at): &(String, String, i64, i64)| {
            *subject == count.subject
                && measure == count.measure.as_str()
                && *starts_at == count.starts_at
                && *ends_at == count.ends_at
        };
        let found = fitting.iter().find(|(key, _)| is_it(key));
        Counted {
            count: count.clone(),
            fits: found.is_some(),
            used: found.map_or(count.bound, |(_, used)| *used),
        }
    });
    Ok(told.collect())
}

/// Adds to windows, or takes from them, whatever their bounds are.
pub(super) async fn correct(tx: &mut Tx, mut counts: Vec<Count>) -> Result<(), Error> {
    if counts.is_empty() {
        return Ok(());
    }
    sort(&mut counts);
    let set = "used = CASE WHEN usage_window.used + excluded.used < 0 THEN 0 \
               ELSE usage_window.used + excluded.used END RETURNING used";
    insert(tx, &counts, set).await.map(drop)
}

/// Forgets windows that are over.
pub(crate) async fn sweep(store: &Store) -> Result<(), Error> {
    let mut tx = store.write().await?;
    sqlx::query("DELETE FROM usage_window WHERE ends_at <= $1")
        .bind(now_ms() - MINUTE)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// In one order everywhere, so that two calls that share windows never wait for each other.
fn sort(counts: &mut [Count]) {
    counts.sort_by(|one, other| {
        (&one.subject, one.measure, one.ends_at, one.starts_at).cmp(&(
            &other.subject,
            other.measure,
            other.ends_at,
            other.starts_at,
        ))
    });
}

async fn insert(tx: &mut Tx, counts: &[Count], set: &str) -> Result<Vec<crate::store::AnyRow>, Error> {
    let mut sql =
        String::from("INSERT INTO usage_window (subject, measure, starts_at, ends_at, used, bound) VALUES ");
    for index in 0..counts.len() {
        let first = index * 6 + 1;
        let comma = if index == 0 { "" } else { ", " };
        let [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5].map(|offset| first + offset);
        sql.push_str(&format!("{comma}(${a}, ${b}, ${c}, ${d}, ${e}, ${f})"));
    }
    sql.push_str(" ON CONFLICT (subject, measure, starts_at, ends_at) DO UPDATE SET ");
    sql.push_str(set);
    // Its only variable part is the number of rows.
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for count in counts {
        query = query
            .bind(count.subject.clone())
            .bind(count.measure.as_str())
            .bind(count.starts_at)
            .bind(count.ends_at)
            .bind(count.cost)
            .bind(count.bound);
    }
    Ok(query.fetch_all(&mut **tx).await?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::store::testing::places;

    async fn try_count(store: &Store, mut counts: Vec<Count>) -> bool {
        let mut tx = store.write().await.unwrap();
        if count(&mut tx, &mut counts).await.unwrap().iter().any(|counted| !counted.fits) {
            return false;
        }
        tx.commit().await.unwrap();
        true
    }

    async fn used(store: &Store, subject: &str) -> i64 {
        let row =
            sqlx::query("SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM usage_window WHERE subject = $1")
                .bind(subject)
                .fetch_one(store.read())
                .await
                .unwrap();
        row.try_get(0).unwrap()
    }

    #[tokio::test]
    async fn of_many_calls_at_once_on_several_gateways_exactly_as_many_as_allowed_get_through() {
        for place in places().await {
            let one = place.open().await;
            // A SQLite file has one gateway.
            let other = if one.is_shared() { place.open().await } else { one.clone() };
            let mut calls = tokio::task::JoinSet::new();
            for number in 0..40 {
                let store = if number % 2 == 0 { one.clone() } else { other.clone() };
                calls.spawn(async move {
                    let user = format!("user:{}", number % 4);
                    let now = 1_000_000 * DAY;
                    // In different orders, as different calls would have them.
                    let mut counts = vec![
                        Count::at(now, "tenant:acme", Measure::Requests, MINUTE, 1, 13),
                        Count::at(now, &user, Measure::Requests, MINUTE, 1, 5),
                        Count::at(now, &user, Measure::Spend, DAY, 7, 1_000),
                    ];
                    if number % 3 == 0 {
                        counts.reverse();
                    }
                    try_count(&store, counts).await
                });
            }
            let through = calls.join_all().await.into_iter().filter(|through| *through).count();
            assert_eq!(through, 13);
            assert_eq!(used(&one, "tenant:acme").await, 13);
            let mut of_users = 0;
            for user in 0..4 {
                of_users += used(&one, &format!("user:{user}")).await;
            }
            assert_eq!(of_users, 13 * 8, "who was refused by one window has counted in no other");
        }
    }

    #[tokio::test]
    async fn a_correction_moves_a_window_both_ways_and_never_below_nothing() {
        for place in places().await {
            let store = place.open().await;
            let spend = |cost| Count::at(5 * DAY, "user:a", Measure::Spend, DAY, cost, 100);
            assert!(try_count(&store, vec![spend(90)]).await);
            assert!(!try_count(&store, vec![spend(11)]).await);
            assert!(!try_count(&store, vec![spend(101)]).await);
            for (change, left) in [(-60, 30), (20, 50), (-70, 0)] {
                let mut tx = store.write().await.unwrap();
                correct(&mut tx, vec![spend(change)]).await.unwrap();
                tx.commit().await.unwrap();
                assert_eq!(used(&store, "user:a").await, left);
            }
            assert!(try_count(&store, vec![spend(100)]).await);
            sweep(&store).await.unwrap();
            assert_eq!(used(&store, "user:a").await, 0);
        }
    }

    proptest! {
        #[test]
        fn a_window_holds_the_moment_that_it_was_made_for(now in 0i64..4_000_000_000_000, length in 1i64..DAY) {
            let count = Count::at(now, "s", Measure::Requests, length, 1, 1);
            prop_assert!(count.starts_at <= now && now < count.ends_at);
            prop_assert_eq!(count.ends_at - count.starts_at, length);
            prop_assert_eq!(count.starts_at % length, 0);
        }
    }
}
