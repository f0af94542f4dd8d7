//! A provider's bill beside the ledger.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use sqlx::Row;

use crate::error::Error;
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

/// Compares JSON lines of `{"id": …, "billed": …}` with what was charged.
pub(crate) async fn compare(store: &Store, bill: &str) -> Result<BillReport, Error> {
    let mut billed = HashSet::new();
    for (number, line) in bill.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let item: Item = serde_json::from_str(line).map_err(|error| {
            Error::invalid("bill", format!("Line {} is not JSON with an `id`: {error}.", number + 1))
        })?;
        if item.billed {
            billed.insert(item.id);
        }
    }
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
