//! What an operator does on the command line, beside a gateway that may be running.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use serde_json::{Value, json};
use triptych_protocol::{Balance, Credits, Session, SessionRequest};

use crate::audit;
use crate::config::Config;
use crate::error::Error;
use crate::ledger::{Ledger, NewGrant};
use crate::routes::sessions::{check_user, mint};
use crate::state::{AppState, StartError};
use crate::store::Store;

/// How long the gateway may take to say that it is well.
const HEALTH: Duration = Duration::from_secs(3);

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The gateway's parts could not be put together.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The command was refused, in words for its caller.
    #[error("{0}")]
    Refused(String),
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        CommandError::Refused(error.to_string())
    }
}

/// Credits to give from the command line.
pub struct Grant {
    /// The tenant's id.
    pub tenant: String,
    /// The tenant's own id of its user.
    pub user: String,
    /// How many.
    pub amount: Credits,
    /// The same key grants once only.
    pub key: String,
    /// For the record.
    pub reason: String,
}

/// Asks the gateway at the configuration's own address whether it is well.
///
/// # Errors
/// Where nobody answers there in time, or it is not well.
pub async fn health(config: &Config) -> Result<(), CommandError> {
    let mut address = config.listen;
    if address.ip().is_unspecified() {
        // It listens on all addresses; some systems do not connect to that.
        let loopback: IpAddr =
            if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    let refused = |what: String| CommandError::Refused(format!("the gateway at {address} {what}"));
    let client = reqwest::Client::builder().no_proxy().timeout(HEALTH).build();
    let client = client.map_err(|error| CommandError::Refused(error.to_string()))?;
    match client.get(format!("http://{address}/healthz")).send().await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(refused(format!("answers {}", answer.status().as_u16()))),
        Err(_) => Err(refused("does not answer".to_owned())),
    }
}

/// Brings the tables up to date.
///
/// # Errors
/// Where the database cannot be opened, is newer than the program, or is in use by a gateway on SQLite.
pub async fn migrate(config: &Config) -> Result<(), CommandError> {
    Store::open(&config.database).await?.close().await;
    Ok(())
}

/// Recomputes the books, with a provider's bill beside them where one is given as JSON lines. The report, and whether
/// it is content. What the bill has of jobs that nobody was charged for can be booked as losses first.
///
/// # Errors
/// Where the database cannot be read or a line of the bill is not JSON.
pub async fn audit(
    config: &Config,
    bill: Option<&str>,
    book_losses: bool,
) -> Result<(Value, bool), CommandError> {
    let store = Store::open_beside(&config.database).await?;
    if let Some(bill) = bill.filter(|_| book_losses) {
        audit::bill::book_losses(&store, &Ledger::new(&store, &config.credits), bill).await?;
    }
    let mut report = audit::audit(&store).await?;
    if let Some(bill) = bill {
        report.bill = Some(audit::bill::compare(&store, bill).await?);
    }
    store.close().await;
    let unbilled = report.bill.as_ref().is_some_and(|bill| bill.unbilled_count > 0);
    Ok((json!(report), report.ok && !unbilled))
}

/// Gives a user credits.
///
/// # Errors
/// Where there is no such tenant, or the ledger refuses.
pub async fn grant(config: Config, grant: &Grant) -> Result<Balance, CommandError> {
    let state = AppState::beside(config).await?;
    if !state.config.tenants.iter().any(|tenant| tenant.id == grant.tenant) {
        return Err(CommandError::Refused(format!(
            "there is no tenant `{}` in the configuration",
            grant.tenant
        )));
    }
    check_user(&grant.user)?;
    let mut tx = state.store.write().await?;
    let account = state.ledger.open_account(&mut tx, &grant.tenant, &grant.user).await?;
    let new = NewGrant {
        account: &account,
        amount: grant.amount,
        expires_at: None,
        op_key: &format!("grant:{}:{}", grant.tenant, grant.key),
        actor: "command line",
        reason: &grant.reason,
    };
    state.ledger.grant(&mut tx, new).await?;
    let balance = state.ledger.balance_in(&mut tx, &account).await?;
    tx.commit().await?;
    state.store.close().await;
    Ok(balance)
}

/// Mints a browser token, as `POST /v1/sessions` does.
///
/// # Errors
/// Where there is no such tenant, or the request is refused.
pub async fn token(config: Config, tenant: &str, request: SessionRequest) -> Result<Session, CommandError> {
    let state = AppState::beside(config).await?;
    let known = state.config.tenants.iter().find(|known| known.id == tenant);
    let known = known.ok_or_else(|| {
        CommandError::Refused(format!("there is no tenant `{tenant}` in the configuration"))
    })?;
    let session = mint(&state, known, request, true).await?;
    state.store.close().await;
    Ok(session)
}
