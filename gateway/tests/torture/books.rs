//! What must be true once everything has come to rest, however often it was killed.

use std::collections::HashMap;

use reqwest::Client;
use serde_json::Value;
use triptych_simulator::{Bill, BillKind};

use crate::gateway::Gateway;
use crate::judge;
use crate::load::{Kind, Order, Told};

const GRANTED: i64 = 2_000_000_000;

async fn admin(client: &Client, gateway: &str, path: &str) -> Option<Value> {
    let request =
        client.get(format!("{gateway}{path}")).bearer_auth(Gateway::secret("TRIPTYCH_ADMIN_SECRET"));
    request.send().await.ok()?.json().await.ok()
}

/// True once no call and no job is open.
pub(crate) async fn at_rest(client: &Client, gateway: &str) -> bool {
    match admin(client, gateway, "/admin/v1/audit").await {
        Some(audit) => audit["open_reservations"] == 0 && audit["open_jobs"] == 0,
        None => false,
    }
}

/// Checks every rule and tells what is broken, in sentences.
pub(crate) async fn problems(
    client: &Client,
    gateway: &str,
    bill: &Bill,
    orders: &[(Order, Told)],
    shape_has_reference: bool,
) -> Vec<String> {
    let mut problems = Vec::new();
    let audit = admin(client, gateway, "/admin/v1/audit").await.unwrap();
    if audit["ok"] != true || audit["held_total"] != 0 {
        problems.push(format!("the audit is not content: {audit}"));
    }
    let charges = admin(client, gateway, "/admin/v1/charges?limit=1000").await.unwrap();
    let charges = charges["data"].as_array().unwrap();
    let billed: HashMap<&str, &triptych_simulator::BillItem> =
        bill.items.iter().filter(|item| item.billed).map(|item| (item.id.as_str(), item)).collect();
    let (mut matched, mut pictures) = (0, 0);
    for (order, told) in orders {
        let own: Vec<_> = charges.iter().filter(|charge| charge["user"] == order.user.as_str()).collect();
        let paid: Vec<_> = own.iter().filter(|charge| charge["state"] == "committed").collect();
        let sum: i64 = paid.iter().map(|charge| charge["charged"].as_i64().unwrap()).sum();
        if paid.len() > 1 {
            problems.push(format!("{order:?} was charged {} times", paid.len()));
        }
        let right = match told {
            Told::Done(charged) => sum == *charged,
            Told::DoneBefore => paid.len() == 1,
            Told::Failed(_) | Told::Unknown => paid.is_empty(),
            Told::Job(_) => paid.is_empty() || !order.prompt.contains(judge::WITHHELD),
        };
        if !right {
            problems.push(format!("{order:?} was told {told:?} and charged {sum}: {own:?}"));
        }
        let path = format!("/admin/v1/balance?tenant=acme&user={}", order.user);
        let balance = admin(client, gateway, &path).await.unwrap();
        if balance["available"] != GRANTED - sum || balance["held"] != 0 {
            problems.push(format!("{order:?} was charged {sum} of {GRANTED} and has {balance}"));
        }
        for charge in paid {
            match charge["upstream_id"].as_str().map(|id| billed.get(id)) {
                Some(Some(_)) => matched += 1,
                // Pictures come without an id: they are counted below.
                None if order.kind == Kind::Image => pictures += 1,
                _ => problems.push(format!("{order:?} was charged for what nobody billed: {charge}")),
            }
        }
    }
    let billed_pictures = billed.values().filter(|item| item.kind == BillKind::Image).count();
    if pictures > billed_pictures {
        problems.push(format!("{pictures} pictures were charged and {billed_pictures} billed"));
    }
    matched += pictures;
    let videos =
        orders.iter().filter(|(order, _)| matches!(order.kind, Kind::Video | Kind::Cancelled)).count();
    let billed_videos = billed.values().filter(|item| item.kind == BillKind::Video).count();
    if billed_videos > videos {
        problems.push(format!("{videos} videos were ordered and {billed_videos} billed"));
    }
    if shape_has_reference {
        for (reference, creates) in &bill.creates {
            if creates.accepted > 1 {
                problems.push(format!("the attempt {reference} was accepted {} times", creates.accepted));
            }
        }
    }
    // What was billed and not charged is a call that a crash or a lost answer cut off, and no other.
    let excused = charges.iter().filter(|charge| charge["state"] == "released").count();
    if billed.len() - matched > excused {
        problems.push(format!(
            "{} items were billed, {matched} charged, and {excused} calls ended without a charge",
            billed.len()
        ));
    }
    problems
}
