use triptych_protocol::{Credits, TriptychExtra};

use crate::call::Hold;
use crate::error::Error;
use crate::state::AppState;

/// Gives the hold of a call back whose answer was made and may not be shown, and books what the provider bills for it.
///
/// # Errors
/// Where the hold could not be given back. That is logged where it fails.
pub(crate) async fn withhold(
    state: &AppState,
    hold: &Hold,
    cost: Credits,
    why: &Error,
) -> Result<TriptychExtra, Error> {
    let released = hold.release(state, why.code().as_str()).await;
    if let Err(error) = note_loss(state, hold, cost).await {
        error.log();
    }
    released
}

/// Books what the provider bills for what may not be shown, once for each call.
pub(crate) async fn note_loss(state: &AppState, hold: &Hold, cost: Credits) -> Result<(), Error> {
    let mut tx = state.store.write().await?;
    let (key, reason) = (format!("{}:withheld", hold.id), "an answer was made and may not be shown");
    state.ledger.note_loss(&mut tx, &key, &hold.id, cost, reason).await?;
    tx.commit().await
}
