//! Every priced call and what became of it: in pages, and as a file for a billing system.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use triptych_protocol::Credits;
use utoipa::{IntoParams, ToSchema};

use crate::auth::Admin;
use crate::error::Error;
use crate::ledger::UsageRecord;
use crate::state::AppState;
use crate::store::{AnyRow, Store};

const LONGEST_PAGE: u32 = 1000;
const COLUMNS: &str =
    "reservation,tenant,user,model,kind,state,held,charged,refunded,created_at,settled_at,usage\n";

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// How many calls; 1000 at most and when absent.
    limit: Option<u32>,
    /// The last `reservation` of the page before.
    after: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Export {
    /// `csv` when absent.
    #[serde(default)]
    #[param(inline, required = false)]
    format: Format,
    /// Unix time in seconds: calls that began from then on.
    #[serde(default)]
    #[param(required = false)]
    from: i64,
    /// Unix time in seconds: calls that began before.
    to: Option<i64>,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Csv,
    Jsonl,
}

/// A page of priced calls.
#[derive(Serialize, ToSchema)]
pub(super) struct Charges {
    data: Vec<Charge>,
    /// True where younger ones exist.
    has_more: bool,
}

/// One priced call and what became of it.
#[derive(Serialize, ToSchema)]
struct Charge {
    reservation: String,
    tenant: String,
    user: String,
    model: String,
    kind: String,
    state: String,
    held: Credits,
    charged: Option<Credits>,
    refunded: Credits,
    /// Unix time in seconds.
    created_at: i64,
    settled_at: Option<i64>,
    #[serde(flatten)]
    usage: UsageRecord,
}

/// Every priced call and what became of it, oldest first.
#[utoipa::path(
    get, path = "/admin/v1/charges", operation_id = "listCharges", tag = "books", security(("admin" = [])),
    params(Page), responses((status = 200, description = "A page of them.", body = Charges)),
)]
pub(super) async fn page(
    _: Admin,
    State(state): State<AppState>,
    Query(page): Query<Page>,
) -> Result<Json<Charges>, Error> {
    let limit = page.limit.unwrap_or(LONGEST_PAGE).clamp(1, LONGEST_PAGE);
    let mut data = read(&state.store, &page.after.unwrap_or_default(), 0, i64::MAX, limit + 1).await?;
    let has_more = data.len() > limit as usize;
    data.truncate(limit as usize);
    Ok(Json(Charges { data, has_more }))
}

/// Every priced call of a time, as CSV or as JSON lines.
///
/// It is read page by page from the store, so that its size does not matter.
#[utoipa::path(
    get, path = "/admin/v1/usage", operation_id = "exportUsage", tag = "books", security(("admin" = [])),
    params(Export),
    responses((
        status = 200, description = "A line for each call.",
        content((String = "text/csv"), (Charge = "application/jsonl")),
    )),
)]
pub(super) async fn export(
    _: Admin,
    State(state): State<AppState>,
    Query(export): Query<Export>,
) -> Result<Response, Error> {
    let from = export.from.saturating_mul(1000);
    let to = export.to.map_or(i64::MAX, |to| to.saturating_mul(1000));
    let (kind, name) = match export.format {
        Format::Csv => ("text/csv; charset=utf-8", "usage.csv"),
        Format::Jsonl => ("application/jsonl", "usage.jsonl"),
    };
    let pages = stream::try_unfold(Some(String::new()), move |after| {
        let store = state.store.clone();
        async move {
            let Some(after) = after else { return Ok::<_, Error>(None) };
            let charges = read(&store, &after, from, to, LONGEST_PAGE).await?;
            let mut text = match export.format {
                Format::Csv if after.is_empty() => COLUMNS.to_owned(),
                _ => String::new(),
            };
            for charge in &charges {
                text.push_str(&export.format.line(charge)?);
            }
            let next = charges.last().filter(|_| charges.len() == LONGEST_PAGE as usize);
            Ok(Some((Bytes::from(text), next.map(|charge| charge.reservation.clone()))))
        }
    });
    let headers =
        [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename={name}"))];
    Ok((headers, Body::from_stream(pages)).into_response())
}

impl Format {
    fn line(self, charge: &Charge) -> Result<String, Error> {
        match self {
            Format::Jsonl => Ok(serde_json::to_string(charge).map_err(Error::internal)? + "\n"),
            Format::Csv => {
                let number =
                    |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
                let usage = serde_json::to_string(&charge.usage).map_err(Error::internal)?;
                let cells = [
                    charge.reservation.clone(),
                    charge.tenant.clone(),
                    charge.user.clone(),
                    charge.model.clone(),
                    charge.kind.clone(),
                    charge.state.clone(),
                    charge.held.micro().to_string(),
                    number(charge.charged.map(Credits::micro)),
                    charge.refunded.micro().to_string(),
                    charge.created_at.to_string(),
                    number(charge.settled_at),
                    usage,
                ];
                Ok(cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\n")
            }
        }
    }
}

/// A cell of a CSV file. A user's name that a spreadsheet would take for a formula is kept from being one.
fn quoted(cell: &str) -> String {
    let risky = cell.starts_with(['=', '+', '@', '\t', '\r'])
        || (cell.starts_with('-') && cell.parse::<i64>().is_err());
    let guard = if risky { "'" } else { "" };
    if risky || cell.contains(['"', ',', '\n', '\r']) {
        return format!("\"{guard}{}\"", cell.replace('"', "\"\""));
    }
    cell.to_owned()
}

async fn read(store: &Store, after: &str, from: i64, to: i64, limit: u32) -> Result<Vec<Charge>, Error> {
    let rows = sqlx::query(
        "SELECT r.id, u.tenant, u.external_id, r.model, r.kind, r.state, r.amount, r.charged, r.refunded, \
         r.created_at, r.settled_at, r.usage FROM reservation r JOIN users u ON u.id = r.account_id \
         WHERE r.id > $1 AND r.created_at >= $2 AND r.created_at < $3 ORDER BY r.id LIMIT $4",
    )
    .bind(after)
    .bind(from)
    .bind(to)
    .bind(i64::from(limit))
    .fetch_all(store.read())
    .await?;
    rows.iter().map(charge).collect()
}

fn charge(row: &AnyRow) -> Result<Charge, Error> {
    let usage: Option<String> = row.try_get(11)?;
    let usage = usage.map(|usage| serde_json::from_str(&usage)).transpose().map_err(Error::internal)?;
    Ok(Charge {
        reservation: row.try_get(0)?,
        tenant: row.try_get(1)?,
        user: row.try_get(2)?,
        model: row.try_get(3)?,
        kind: row.try_get(4)?,
        state: row.try_get(5)?,
        held: Credits::from_micro(row.try_get(6)?),
        charged: row.try_get::<Option<i64>, _>(7)?.map(Credits::from_micro),
        refunded: Credits::from_micro(row.try_get(8)?),
        created_at: row.try_get::<i64, _>(9)? / 1000,
        settled_at: row.try_get::<Option<i64>, _>(10)?.map(|at| at / 1000),
        usage: usage.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_cell_is_neither_torn_nor_a_formula() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
        assert_eq!(quoted("-5"), "-5");
        assert_eq!(quoted("-x"), "\"'-x\"");
    }
}
