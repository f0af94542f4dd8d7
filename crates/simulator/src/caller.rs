use axum::http::HeaderMap;

use crate::bill::BillItem;

/// Who called, as the bill records it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    /// The body's own field for it, `x-client-ref`, or else `idempotency-key`.
    pub(crate) client_ref: Option<String>,
    idempotency_key: Option<String>,
    attempt: Option<String>,
}

impl Caller {
    pub(crate) fn of(headers: &HeaderMap, in_body: Option<&str>) -> Self {
        let header = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
        let idempotency_key = header("idempotency-key");
        let client_ref = in_body.map(str::to_owned).or_else(|| header("x-client-ref"));
        Self {
            client_ref: client_ref.or_else(|| idempotency_key.clone()),
            attempt: header("x-client-attempt").or_else(|| header("x-stainless-retry-count")),
            idempotency_key,
        }
    }

    /// An item with nothing on it but the caller.
    pub(crate) fn item(self) -> BillItem {
        BillItem {
            client_ref: self.client_ref,
            idempotency_key: self.idempotency_key,
            attempt: self.attempt,
            ..BillItem::default()
        }
    }
}
