//! A provider's bill beside the ledger.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use sqlx::Row;
use triptych_protocol::Credits;

use crate::error::Error;
use crate::ledger::{Ledger, ReservationId};
use crate::store::Store;

/// Differences that are listed; more are only counted.
const MOST_LISTED: usize = 100;

/// Where bill and ledger differ, by the provider's own ids.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct BillReport {
    /// Items on the bill.
    pub(crate) billed: usize,
    /// Calls in the ledger that carry a provider's id and were charged.
    pub(crate) charged: usize,
    /// Billed and charged to nobody: the platform pays.
    pub(crate) uncharged_count: usize,
    pub(crate) uncharged: Vec<String>,
    /// Charged and not on the bill: either the bill is of another time, or users paid for nothing.
    pub(crate) unbilled_count: usize,
    pub(crate) unbilled: Vec<String>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(default = "yes")]
    billed: bool,
}

fn yes() -> bool {
    true
}

/// Books what a bill has of jobs that ended without a charge as losses of the platform, each job once whoever finds
/// it: a provider may bill what it took back, or made after it was given up.
pub(crate) async fn book_losses(store: &Store, ledger: &Ledger, bill: &str) -> Result<(), Error> {
    let billed = read(bill)?;
    let jobs = sqlx::query(
        "SELECT reservation_id, held, upstream_id FROM job WHERE charged = 0 AND upstream_id IS NOT NULL ORDER BY id",
    )
    .fetch_all(store.read())
    .await?;
    for job in jobs {
        if billed.contains(&job.try_get::<String, _>(2)?) {
            let (id, held) = (ReservationId(job.try_get(0)?), Credits::from_micro(job.try_get(1)?));
            let mut tx = store.write().await?;
            let reason = "the provider bills a job that nobody was charged for";
            ledger.note_loss(&mut tx, &job_loss(&id), &id, held, reason).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// What a loss by a job is booked under, so that it is booked once.
pub(crate) fn job_loss(reservation: &ReservationId) -> String {
    format!("{reservation}:job")
}

fn read(bill: &str) -> Result<HashSet<String>, Error> {
    let mut billed = HashSet::new();
    for (number, line) in bill.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let item: Item = serde_json::from_str(line).map_err(|error| {
            Error::invalid("bill", format!("Line {} is not JSON with an `id`: {error}.", number + 1))
        })?;
        if item.billed {
            billed.insert(item.id);
        }
    }
    Ok(billed)
}

/// Compares JSON lines of `{"id": …, "billed": …}` with what was charged.
pub(crate) async fn compare(store: &Store, bill: &str) -> Result<BillReport, Error> {
    let billed = read(bill)?;
    let rows = sqlx::query(
        "SELECT upstream_id FROM reservation WHERE state = 'committed' AND upstream_id IS NOT NULL ORDER BY id",
    )
    .fetch_all(store.read())
    .await?;
    let mut charged = HashSet::new();
    for row in rows {
        charged.insert(row.try_get::<String, _>(0)?);
    }
    let mut uncharged: Vec<_> = billed.difference(&charged).cloned().collect();
    let mut unbilled: Vec<_> = charged.difference(&billed).cloned().collect();
    let mut report = BillReport {
        billed: billed.len(),
        charged: charged.len(),
        uncharged_count: uncharged.len(),
        unbilled_count: unbilled.len(),
        ..BillReport::default()
    };
    for list in [&mut uncharged, &mut unbilled] {
        list.sort_unstable();
        list.truncate(MOST_LISTED);
    }
    (report.uncharged, report.unbilled) = (uncharged, unbilled);
    Ok(report)
}
