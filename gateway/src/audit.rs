//! Recomputes the ledger from its entries and reports everything that does not agree.

use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use triptych_protocol::Credits;

use crate::error::Error;
use crate::store::Store;

/// What the audit found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Audit {
    /// True where there is no problem.
    pub(crate) ok: bool,
    pub(crate) problems: Vec<String>,
    pub(crate) accounts: i64,
    pub(crate) transactions: i64,
    pub(crate) issued_total: Credits,
    pub(crate) charged_total: Credits,
    pub(crate) held_total: Credits,
    pub(crate) open_reservations: i64,
}

/// Each query lists what breaks one rule, as sentences.
const RULES: [&str; 7] = [
    "SELECT 'transaction ' || tx_id || ' sums to ' || SUM(amount) FROM ledger_entry GROUP BY tx_id \
     HAVING SUM(amount) <> 0",
    "SELECT 'account ' || a.id || ' shows ' || a.available || ' available, its entries say ' || \
     COALESCE((SELECT SUM(amount) FROM ledger_entry WHERE account = 'user:' || a.id || ':available'), 0) \
     FROM accounts a WHERE a.available <> \
     COALESCE((SELECT SUM(amount) FROM ledger_entry WHERE account = 'user:' || a.id || ':available'), 0)",
    "SELECT 'account ' || a.id || ' shows ' || a.held || ' held, its entries say ' || \
     COALESCE((SELECT SUM(amount) FROM ledger_entry WHERE account = 'user:' || a.id || ':held'), 0) \
     FROM accounts a WHERE a.held <> \
     COALESCE((SELECT SUM(amount) FROM ledger_entry WHERE account = 'user:' || a.id || ':held'), 0)",
    "SELECT 'account ' || a.id || ' shows ' || a.held || ' held, its open reservations hold ' || \
     COALESCE((SELECT SUM(amount) FROM reservation r WHERE r.account_id = a.id AND r.state = 'held'), 0) \
     FROM accounts a WHERE a.held <> \
     COALESCE((SELECT SUM(amount) FROM reservation r WHERE r.account_id = a.id AND r.state = 'held'), 0)",
    "SELECT 'reservation ' || r.id || ' has ' || COUNT(t.id) || ' holds' FROM reservation r \
     LEFT JOIN ledger_tx t ON t.reservation_id = r.id AND t.kind = 'hold' GROUP BY r.id HAVING COUNT(t.id) <> 1",
    "SELECT 'reservation ' || r.id || ' is ' || r.state || ' with ' || COUNT(t.id) || ' outcomes' \
     FROM reservation r LEFT JOIN ledger_tx t ON t.reservation_id = r.id AND t.kind IN ('settle', 'release') \
     GROUP BY r.id HAVING COUNT(t.id) <> (r.state <> 'held') \
     OR MAX(t.kind) IS NOT CASE r.state WHEN 'committed' THEN 'settle' WHEN 'released' THEN 'release' END",
    "SELECT 'reservation ' || r.id || ' says ' || r.charged || ' charged, its entries say ' || COALESCE(e.amount, 0) \
     FROM reservation r LEFT JOIN ledger_entry e ON e.tx_id = r.settled_by AND e.account = 'system:revenue' \
     WHERE r.state <> 'held' AND COALESCE(r.charged, -1) <> COALESCE(e.amount, 0)",
];

/// Checks every account, transaction and reservation, in one snapshot.
pub(crate) async fn audit(store: &Store) -> Result<Audit, Error> {
    let mut snapshot = store.read().begin().await?;
    let mut problems = Vec::new();
    for rule in RULES {
        for row in sqlx::query(rule).fetch_all(&mut *snapshot).await? {
            problems.push(row.try_get(0)?);
        }
    }
    let number = async |snapshot: &mut SqliteConnection, query: &'static str| -> Result<i64, Error> {
        Ok(sqlx::query(query).fetch_one(snapshot).await?.try_get(0)?)
    };
    let accounts = number(&mut snapshot, "SELECT COUNT(*) FROM accounts").await?;
    let transactions = number(&mut snapshot, "SELECT COUNT(*) FROM ledger_tx").await?;
    let of_system = "SELECT COALESCE(SUM(amount), 0) FROM ledger_entry WHERE account = 'system:revenue'";
    let charged = number(&mut snapshot, of_system).await?;
    let of_system = "SELECT -COALESCE(SUM(amount), 0) FROM ledger_entry WHERE account = 'system:issued'";
    let issued = number(&mut snapshot, of_system).await?;
    let held = number(&mut snapshot, "SELECT COALESCE(SUM(held), 0) FROM accounts").await?;
    let open_reservations =
        number(&mut snapshot, "SELECT COUNT(*) FROM reservation WHERE state = 'held'").await?;
    Ok(Audit {
        ok: problems.is_empty(),
        problems,
        accounts,
        transactions,
        issued_total: Credits::from_micro(issued),
        charged_total: Credits::from_micro(charged),
        held_total: Credits::from_micro(held),
        open_reservations,
    })
}
