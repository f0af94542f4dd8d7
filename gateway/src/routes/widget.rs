//! `/widget/…`: the built widget.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa_axum::routes;

use crate::error::Error;
use crate::openapi::shape::File;
use crate::openapi::{Calls, calls};
use crate::state::AppState;

pub(super) fn router() -> Calls {
    calls().routes(routes!(file))
}

/// A file of the widget. Pages load `triptych.js`, which names the others.
#[utoipa::path(
    get, path = "/widget/{*path}", operation_id = "getWidgetFile", tag = "files",
    params(("path" = String, Path, description = "The file's path, such as `triptych.js`; it may hold slashes.")),
    responses(
        (status = 200, description = "The file.", content(
            (String = "text/javascript"), (File = "application/wasm"), (File = "*/*"),
        )),
        (status = 304, description = "It has not changed."),
    ),
)]
async fn file(
    State(state): State<AppState>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    state.widget.answer(&path, &headers).ok_or_else(|| Error::not_found("file"))
}
