//! Recomputes the ledger from its entries and reports everything that does not agree.

pub(crate) mod bill;

use serde::Serialize;
use sqlx::Row;
use triptych_protocol::Credits;

use crate::error::Error;
use crate::store::{Store, Tx};

/// What the audit found.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Audit {
    /// True where there is no problem.
    pub(crate) ok: bool,
    /// A sentence for each.
    pub(crate) problems: Vec<String>,
    pub(crate) accounts: i64,
    pub(crate) transactions: i64,
    pub(crate) issued_total: Credits,
    pub(crate) charged_total: Credits,
    pub(crate) held_total: Credits,
    /// What the platform paid and nobody was charged for.
    pub(crate) loss_total: Credits,
    pub(crate) open_reservations: i64,
    pub(crate) open_jobs: i64,
    /// A provider's bill beside the ledger, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bill: Option<bill::BillReport>,
}

/// Each query lists what breaks one rule, as sentences.
const RULES: [&str; 13] = [
    // Money is neither made nor lost.
    "SELECT 'transaction ' || tx_id || ' sums to ' || CAST(SUM(amount) AS TEXT) FROM ledger_entry GROUP BY tx_id \
     HAVING SUM(amount) <> 0",
    // Balances are what their entries say.
    "SELECT 'account ' || a.id || ' shows ' || CAST(a.available AS TEXT) || ' available, its entries say ' || \
     CAST(COALESCE(e.total, 0) AS TEXT) FROM accounts a \
     LEFT JOIN (SELECT account, SUM(amount) AS total FROM ledger_entry GROUP BY account) e \
     ON e.account = 'user:' || a.id || ':available' WHERE a.available <> COALESCE(e.total, 0)",
    "SELECT 'account ' || a.id || ' shows ' || CAST(a.held AS TEXT) || ' held, its entries say ' || \
     CAST(COALESCE(e.total, 0) AS TEXT) FROM accounts a \
     LEFT JOIN (SELECT account, SUM(amount) AS total FROM ledger_entry GROUP BY account) e \
     ON e.account = 'user:' || a.id || ':held' WHERE a.held <> COALESCE(e.total, 0)",
    // What is held is what running calls hold.
    "SELECT 'account ' || a.id || ' shows ' || CAST(a.held AS TEXT) || ' held, its open reservations hold ' || \
     CAST(COALESCE((SELECT SUM(amount) FROM reservation r WHERE r.account_id = a.id AND r.state = 'held'), 0) AS TEXT) \
     FROM accounts a WHERE a.held <> \
     COALESCE((SELECT SUM(amount) FROM reservation r WHERE r.account_id = a.id AND r.state = 'held'), 0)",
    // What is left of grants is what there is.
    "SELECT 'account ' || a.id || ' has ' || CAST(a.available + a.held AS TEXT) || ', its grants have left ' || \
     CAST(COALESCE((SELECT SUM(remaining) FROM grant_lot l WHERE l.account_id = a.id), 0) - a.undrawn AS TEXT) \
     FROM accounts a WHERE a.available + a.held <> \
     COALESCE((SELECT SUM(remaining) FROM grant_lot l WHERE l.account_id = a.id), 0) - a.undrawn",
    // Every call has one hold, and one outcome once it has ended.
    "SELECT 'reservation ' || r.id || ' has ' || CAST(COUNT(t.id) AS TEXT) || ' holds' FROM reservation r \
     LEFT JOIN ledger_tx t ON t.reservation_id = r.id AND t.kind = 'hold' GROUP BY r.id HAVING COUNT(t.id) <> 1",
    "SELECT 'reservation ' || r.id || ' is ' || r.state || ' with ' || CAST(COUNT(t.id) AS TEXT) || ' outcomes' \
     FROM reservation r LEFT JOIN ledger_tx t ON t.reservation_id = r.id AND t.kind IN ('settle', 'release') \
     GROUP BY r.id, r.state HAVING COUNT(t.id) <> CASE r.state WHEN 'held' THEN 0 ELSE 1 END \
     OR COALESCE(MAX(t.kind), 'none') <> \
     CASE r.state WHEN 'committed' THEN 'settle' WHEN 'released' THEN 'release' ELSE 'none' END",
    "SELECT 'reservation ' || r.id || ' holds ' || CAST(r.amount AS TEXT) || ', its entries put aside ' || \
     CAST(COALESCE(SUM(e.amount), 0) AS TEXT) FROM reservation r \
     LEFT JOIN ledger_tx t ON t.reservation_id = r.id AND t.kind IN ('hold', 'extend') \
     LEFT JOIN ledger_entry e ON e.tx_id = t.id AND e.account = 'user:' || r.account_id || ':held' \
     GROUP BY r.id, r.amount HAVING r.amount <> COALESCE(SUM(e.amount), 0)",
    "SELECT 'reservation ' || r.id || ' says ' || CAST(r.charged AS TEXT) || ' charged, its entries say ' || \
     CAST(COALESCE(e.amount, 0) AS TEXT) \
     FROM reservation r LEFT JOIN ledger_entry e ON e.tx_id = r.settled_by AND e.account = 'system:revenue' \
     WHERE r.state <> 'held' AND COALESCE(r.charged, -1) <> COALESCE(e.amount, 0)",
    "SELECT 'reservation ' || r.id || ' says ' || CAST(r.refunded AS TEXT) || ' refunded, its entries say ' || \
     CAST(COALESCE(-SUM(e.amount), 0) AS TEXT) FROM reservation r \
     LEFT JOIN ledger_tx t ON t.reservation_id = r.id AND t.kind = 'refund' \
     LEFT JOIN ledger_entry e ON e.tx_id = t.id AND e.account = 'system:revenue' \
     GROUP BY r.id, r.refunded HAVING r.refunded <> COALESCE(-SUM(e.amount), 0)",
    // A job and its hold end together, and the same way.
    "SELECT 'job ' || j.id || ' is ' || j.state || ' and its reservation is ' || r.state \
     FROM job j JOIN reservation r ON r.id = j.reservation_id WHERE r.state <> \
     CASE WHEN j.state = 'completed' THEN 'committed' \
          WHEN j.state IN ('failed', 'cancelled', 'expired') THEN 'released' ELSE 'held' END",
    "SELECT 'job ' || j.id || ' says ' || CAST(j.charged AS TEXT) || ' charged, its reservation ' || \
     CAST(COALESCE(r.charged, -1) AS TEXT) FROM job j JOIN reservation r ON r.id = j.reservation_id \
     WHERE j.charged IS NOT NULL AND j.charged <> COALESCE(r.charged, -1)",
    // A place is taken by a job that the provider may be working on, and by no other.
    "SELECT 'job ' || j.id || ' is ' || j.state || ' and takes a place with ' || s.provider \
     FROM upstream_slot s JOIN job j ON j.id = s.job_id \
     WHERE j.state NOT IN ('submitting', 'running', 'indeterminate', 'cancelling')",
];

/// Checks every account, transaction, reservation and job, in one snapshot.
pub(crate) async fn audit(store: &Store) -> Result<Audit, Error> {
    let mut snapshot = store.snapshot().await?;
    let mut problems = Vec::new();
    for rule in RULES {
        for row in sqlx::query(rule).fetch_all(&mut *snapshot).await? {
            problems.push(row.try_get(0)?);
        }
    }
    let sum = async |snapshot: &mut Tx, query: &'static str| -> Result<i64, Error> {
        Ok(sqlx::query(query).fetch_one(&mut **snapshot).await?.try_get(0)?)
    };
    let of_system =
        "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM ledger_entry WHERE account = 'system:revenue'";
    let charged = sum(&mut snapshot, of_system).await?;
    let of_system =
        "SELECT CAST(-COALESCE(SUM(amount), 0) AS BIGINT) FROM ledger_entry WHERE account = 'system:issued'";
    let issued = sum(&mut snapshot, of_system).await?;
    let held = sum(&mut snapshot, "SELECT CAST(COALESCE(SUM(held), 0) AS BIGINT) FROM accounts").await?;
    let lost =
        sum(&mut snapshot, "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM platform_loss").await?;
    let open_jobs =
        "SELECT COUNT(*) FROM job WHERE state NOT IN ('completed', 'failed', 'cancelled', 'expired')";
    Ok(Audit {
        ok: problems.is_empty(),
        accounts: sum(&mut snapshot, "SELECT COUNT(*) FROM accounts").await?,
        transactions: sum(&mut snapshot, "SELECT COUNT(*) FROM ledger_tx").await?,
        issued_total: Credits::from_micro(issued),
        charged_total: Credits::from_micro(charged),
        held_total: Credits::from_micro(held),
        loss_total: Credits::from_micro(lost),
        open_reservations: sum(&mut snapshot, "SELECT COUNT(*) FROM reservation WHERE state = 'held'")
            .await?,
        open_jobs: sum(&mut snapshot, open_jobs).await?,
        problems,
        bill: None,
    })
}
