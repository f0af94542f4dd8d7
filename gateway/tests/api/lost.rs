//! Orders whose answer was lost: looked for, never made again.

use serde_json::json;
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::{ADMIN_SECRET, Options, ok};
use crate::jobs::{database, in_state};
use crate::support::{GRANT, Gateway, eventually};
use crate::videos::{clip, ended, job, order, price};

async fn gateway() -> Gateway {
    Gateway::with(Options { kind: "generations".into(), ..Options::default() }).await
}

#[tokio::test]
async fn a_lost_order_is_found_at_the_provider_by_our_own_reference() {
    for fault in ["lost-create", "reset-in-body", "malformed-json", "html"] {
        let gateway = gateway().await;
        let user = gateway.user("ada").await;
        gateway.fault(FaultRoute::Video, &[fault]);
        let created = order(&gateway, &user, clip("Waves")).await;
        let done = ended(&gateway, &user, &created["id"]).await;
        assert_eq!(done["status"], "completed", "{fault}: {done}");
        assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
        assert_eq!(gateway.billed(BillKind::Video).len(), 1);
        gateway.check_books().await;
    }
}

#[tokio::test]
async fn an_order_that_never_arrived_is_given_back_after_a_while_and_not_sent_again() {
    let gateway = gateway().await;
    let user = gateway.user("ada").await;
    gateway.fault(FaultRoute::Video, &["reset"]);
    let created = order(&gateway, &user, clip("Waves")).await;
    in_state(&gateway, "indeterminate").await;
    assert_eq!(job(&gateway, &user, &created["id"]).await["status"], "in_progress");
    assert_eq!(gateway.balance(&user).await.held.micro(), price(&created));
    // The while passes.
    let mut database = database(&gateway).await;
    let done = eventually("the job is given back", async || {
        sqlx::query("UPDATE job SET started_at = 1").execute(&mut database).await.unwrap();
        let job = job(&gateway, &user, &created["id"]).await;
        (job["status"] == "failed").then_some(job)
    })
    .await;
    assert_eq!(done["error"]["code"], "upstream_lost");
    assert_eq!(gateway.settled(&user).await, GRANT);
    assert!(gateway.app.simulator.bill().items.is_empty());
    let audit = ok(gateway.app.get(ADMIN_SECRET, "/admin/v1/audit").await).await;
    assert_eq!((&audit["ok"], &audit["loss_total"]), (&json!(true), &json!(0)));
}

#[tokio::test]
async fn a_look_up_that_fails_says_nothing() {
    let gateway = gateway().await;
    let user = gateway.user("ada").await;
    gateway.fault(FaultRoute::Video, &["lost-create"]);
    for fault in ["500", "reset", "malformed-json"] {
        let mut faults = gateway.app.simulator.simulator().waiting_faults();
        faults.push(triptych_simulator::QueuedFault { route: FaultRoute::Lookup, fault: fault.into() });
        gateway.app.simulator.simulator().set_faults(faults);
    }
    let created = order(&gateway, &user, clip("Waves")).await;
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "completed");
    assert_eq!(gateway.billed(BillKind::Video).len(), 1);
    gateway.check_books().await;
}

#[tokio::test]
async fn an_order_that_is_refused_for_good_costs_nothing_and_is_no_loss() {
    for (fault, kind) in [("400", "openai"), ("422", "generations"), ("402", "openai")] {
        let gateway = Gateway::with(Options { kind: kind.into(), ..Options::default() }).await;
        let user = gateway.user("ada").await;
        gateway.fault(FaultRoute::Video, &[fault]);
        let created = order(&gateway, &user, clip("Waves")).await;
        let done = ended(&gateway, &user, &created["id"]).await;
        assert_eq!((&done["status"], &done["error"]["code"]), (&json!("failed"), &json!("upstream_refused")));
        assert_eq!(gateway.settled(&user).await, GRANT);
        assert_eq!(gateway.app.assert_sound().await["loss_total"], 0);
        assert!(gateway.app.simulator.bill().items.is_empty());
    }
}
