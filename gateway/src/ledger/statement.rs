//! The two steps that every priced call takes, each as one trip to the database: what a call waits for is trips, and on
//! SQLite, where all share one connection, others wait for them too.

use crate::store::Dialect;

/// Takes `$1` from the account `$2` where it has that and nothing of it is due at `$3`; opens the reservation `$4` of
/// kind `$5` for model `$6` at price `$7`, `$8` by run `$9` until `$10`; written down at `$11` as transaction `$12` with
/// key `$13`, payload `$14` and actor `$15`. Gives a row where it did.
pub(super) fn hold(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => HOLD_SQLITE,
        Dialect::Postgres => HOLD_POSTGRES,
    }
}

/// Closes the open reservation `$7` as `$1` with at most `$2` charged, at `$3`, by transaction `$4`, for the usage `$5`
/// that the provider calls `$6`; written down with key `$8`, kind `$9`, payload `$10`, actor `$11` and reason `$12`.
/// Gives account, amount, charge and beginning, then of the account when it has to be looked at next, what is available
/// and what is held, where it did.
pub(super) fn conclude(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => CONCLUDE_SQLITE,
        Dialect::Postgres => CONCLUDE_POSTGRES,
    }
}

/// `changes()` counts the rows of the statement before: none where the balance did not cover it.
const HOLD_SQLITE: &str = "\
    UPDATE accounts SET available = available - $1, held = held + $1, version = version + 1 \
    WHERE id = $2 AND available >= $1 AND (next_due_at IS NULL OR next_due_at > $3); \
    INSERT INTO reservation \
    (id, account_id, kind, model, amount, price_version, price, epoch, deadline, created_at) \
    SELECT $4, $2, $5, $6, $1, $7, $8, $9, $10, $11 WHERE changes() = 1; \
    INSERT INTO ledger_tx \
    (id, op_key, kind, account_id, reservation_id, payload_hash, actor, reason, created_at) \
    SELECT $12, $13, 'hold', $2, $4, $14, $15, $6, $11 WHERE changes() = 1; \
    INSERT INTO ledger_entry (tx_id, account, amount) \
    SELECT $12, 'user:' || $2 || ':available', -$1 WHERE changes() = 1 AND $1 <> 0 \
    UNION ALL SELECT $12, 'user:' || $2 || ':held', $1 WHERE changes() = 1 AND $1 <> 0; \
    SELECT 1 FROM reservation WHERE id = $4";

const HOLD_POSTGRES: &str = "\
    WITH taken AS ( \
        UPDATE accounts SET available = available - $1, held = held + $1, version = version + 1 \
        WHERE id = $2 AND available >= $1 AND (next_due_at IS NULL OR next_due_at > $3) RETURNING id), \
    opened AS ( \
        INSERT INTO reservation \
        (id, account_id, kind, model, amount, price_version, price, epoch, deadline, created_at) \
        SELECT $4, id, $5, $6, $1, $7, $8, $9, $10, $11 FROM taken), \
    written AS ( \
        INSERT INTO ledger_tx \
        (id, op_key, kind, account_id, reservation_id, payload_hash, actor, reason, created_at) \
        SELECT $12, $13, 'hold', id, $4, $14, $15, $6, $11 FROM taken), \
    entered AS ( \
        INSERT INTO ledger_entry (tx_id, account, amount) \
        SELECT $12, 'user:' || id || ':available', -$1 FROM taken WHERE $1 <> 0 \
        UNION ALL SELECT $12, 'user:' || id || ':held', $1 FROM taken WHERE $1 <> 0) \
    SELECT CAST(1 AS BIGINT) FROM taken";

/// Only this transaction has closed a reservation by `$4`.
const CONCLUDE_SQLITE: &str = "\
    UPDATE reservation SET state = $1, charged = CASE WHEN amount < $2 THEN amount ELSE $2 END, \
    settled_at = $3, settled_by = $4, usage = $5, upstream_id = $6 WHERE id = $7 AND state = 'held'; \
    INSERT INTO ledger_tx \
    (id, op_key, kind, account_id, reservation_id, payload_hash, actor, reason, created_at) \
    SELECT $4, $8, $9, account_id, id, $10, $11, $12, $3 FROM reservation WHERE id = $7 AND settled_by = $4; \
    INSERT INTO ledger_entry (tx_id, account, amount) \
    SELECT $4, 'user:' || account_id || ':available', amount - charged FROM reservation \
    WHERE id = $7 AND settled_by = $4 AND amount <> charged \
    UNION ALL SELECT $4, 'user:' || account_id || ':held', -amount FROM reservation \
    WHERE id = $7 AND settled_by = $4 AND amount <> 0 \
    UNION ALL SELECT $4, 'system:revenue', charged FROM reservation \
    WHERE id = $7 AND settled_by = $4 AND charged <> 0; \
    UPDATE accounts SET available = available + r.amount - r.charged, held = held - r.amount, \
    undrawn = undrawn + r.charged, version = version + 1 \
    FROM reservation r WHERE r.id = $7 AND r.settled_by = $4 AND accounts.id = r.account_id; \
    SELECT r.account_id, r.amount, r.charged, r.created_at, a.next_due_at, a.available, a.held \
    FROM reservation r JOIN accounts a ON a.id = r.account_id WHERE r.id = $7 AND r.settled_by = $4";

const CONCLUDE_POSTGRES: &str = "\
    WITH closed AS ( \
        UPDATE reservation SET state = $1, charged = CASE WHEN amount < $2 THEN amount ELSE $2 END, \
        settled_at = $3, settled_by = $4, usage = $5, upstream_id = $6 WHERE id = $7 AND state = 'held' \
        RETURNING id, account_id, amount, charged, created_at), \
    written AS ( \
        INSERT INTO ledger_tx \
        (id, op_key, kind, account_id, reservation_id, payload_hash, actor, reason, created_at) \
        SELECT $4, $8, $9, account_id, id, $10, $11, $12, $3 FROM closed), \
    entered AS ( \
        INSERT INTO ledger_entry (tx_id, account, amount) \
        SELECT $4, 'user:' || account_id || ':available', amount - charged FROM closed WHERE amount <> charged \
        UNION ALL SELECT $4, 'user:' || account_id || ':held', -amount FROM closed WHERE amount <> 0 \
        UNION ALL SELECT $4, 'system:revenue', charged FROM closed WHERE charged <> 0), \
    moved AS ( \
        UPDATE accounts SET available = available + c.amount - c.charged, held = held - c.amount, \
        undrawn = undrawn + c.charged, version = version + 1 \
        FROM closed c WHERE accounts.id = c.account_id \
        RETURNING accounts.next_due_at, accounts.available, accounts.held) \
    SELECT c.account_id, c.amount, c.charged, c.created_at, m.next_due_at, m.available, m.held \
    FROM closed c, moved m";
