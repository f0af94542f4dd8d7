use super::{AccountId, Ledger};
use crate::error::Error;
use crate::store::Tx;

impl Ledger {
    /// Takes from the windows of spending what a hold made at that moment has given back: those of the user, of the
    /// tenant, and of the site whose visitor the user is.
    pub(super) async fn correct_spending(
        &self,
        tx: &mut Tx,
        account: &AccountId,
        held_at: i64,
        back: i64,
    ) -> Result<(), Error> {
        // Locked in the order in which calls count in them. A site's key is what stands before the slash.
        let locked = match tx.dialect().for_update() {
            "" => SQLITE,
            _ => POSTGRES,
        };
        sqlx::query(locked)
            .bind(back)
            .bind(account.0.as_str())
            .bind(held_at)
            .bind(held_at)
            .bind(self.now())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

macro_rules! correction {
    ($lock:literal) => {
        concat!(
            "UPDATE usage_window SET used = CASE WHEN used < $1 THEN 0 ELSE used - $1 END \
             WHERE (subject, measure, starts_at, ends_at) IN (SELECT w.subject, w.measure, w.starts_at, w.ends_at \
             FROM usage_window w, users u WHERE u.id = $2 AND w.measure = 'spend' AND w.starts_at <= $3 \
             AND w.ends_at > $4 AND w.ends_at > $5 AND (w.subject = 'user:' || u.id OR w.subject = 'tenant:' || u.tenant \
             OR (w.subject LIKE 'site:%' AND substr(u.external_id, 1, length(w.subject) + 1) = w.subject || '/')) \
             ORDER BY w.subject, w.ends_at",
            $lock,
            ")"
        )
    };
}

const SQLITE: &str = correction!("");
const POSTGRES: &str = correction!(" FOR UPDATE OF w");
