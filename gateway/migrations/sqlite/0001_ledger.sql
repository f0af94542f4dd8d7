-- Users, the ledger and idempotency keys. Amounts are whole micro-credits, times are milliseconds since 1970, yes and
-- no are 1 and 0. The PostgreSQL migrations of the same numbers make the same tables.

CREATE TABLE users (
    id                TEXT PRIMARY KEY,
    tenant            TEXT NOT NULL,
    external_id       TEXT NOT NULL,
    -- Tokens that were minted before this moment are refused.
    tokens_valid_from INTEGER NOT NULL DEFAULT 0,
    created_at        INTEGER NOT NULL,
    UNIQUE (tenant, external_id)
) STRICT;

-- A cache of the entries' sums, kept in the same transaction as they are; the checks are the last line of defence
-- against an overdraft.
CREATE TABLE accounts (
    id          TEXT PRIMARY KEY REFERENCES users (id),
    available   INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),
    held        INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    -- Charged, and not yet taken from a grant: that is done when a grant comes or goes, not with every call.
    undrawn     INTEGER NOT NULL DEFAULT 0 CHECK (undrawn >= 0),
    -- When a grant expires or a bundle renews next; until then a hold needs to look at neither.
    next_due_at INTEGER,
    version     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE ledger_tx (
    -- Nothing is ever deleted here, so no number comes twice.
    seq            INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    op_key         TEXT NOT NULL UNIQUE,
    kind           TEXT NOT NULL CHECK (kind IN
        ('grant', 'expire', 'adjust', 'hold', 'extend', 'settle', 'release', 'refund')),
    account_id     TEXT NOT NULL REFERENCES accounts (id),
    reservation_id TEXT,
    payload_hash   TEXT NOT NULL,
    actor          TEXT NOT NULL,
    reason         TEXT NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX ledger_tx_account ON ledger_tx (account_id, seq);

CREATE TABLE ledger_entry (
    tx_id   TEXT NOT NULL REFERENCES ledger_tx (id),
    account TEXT NOT NULL,
    amount  INTEGER NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (tx_id, account)
) STRICT, WITHOUT ROWID;

-- What a grant gave and what is left of it. Charges are taken from the grant that expires first.
CREATE TABLE grant_lot (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    amount     INTEGER NOT NULL CHECK (amount > 0),
    remaining  INTEGER NOT NULL CHECK (remaining >= 0 AND remaining <= amount),
    expires_at INTEGER,
    -- How often a part of it has expired: what calls hold at that moment follows once they have ended.
    expiries   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX grant_lot_left ON grant_lot (account_id) WHERE remaining > 0;

-- Credits that come again each month, and expire when the next ones come.
CREATE TABLE bundle (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    amount     INTEGER NOT NULL CHECK (amount > 0),
    -- Months are counted from here, so that the 31st stays the last day of each month.
    starts_at  INTEGER NOT NULL,
    next_month INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    ends_at    INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX bundle_account ON bundle (account_id);

CREATE TABLE reservation (
    id            TEXT PRIMARY KEY,
    account_id    TEXT NOT NULL REFERENCES accounts (id),
    kind          TEXT NOT NULL CHECK (kind IN ('chat', 'image', 'video', 'audio')),
    model         TEXT NOT NULL,
    amount        INTEGER NOT NULL CHECK (amount >= 0),
    charged       INTEGER CHECK (charged >= 0 AND charged <= amount),
    refunded      INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= COALESCE(charged, 0)),
    extensions    INTEGER NOT NULL DEFAULT 0,
    refunds       INTEGER NOT NULL DEFAULT 0,
    price_version INTEGER NOT NULL,
    price         TEXT NOT NULL,
    state         TEXT NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'committed', 'released')),
    -- The run of the process that made it.
    epoch         TEXT NOT NULL,
    deadline      INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    settled_at    INTEGER,
    -- Its index is also what SQLite looks up in when the transaction that it names is written after it.
    settled_by    TEXT UNIQUE REFERENCES ledger_tx (id) DEFERRABLE INITIALLY DEFERRED,
    -- What was used, as JSON.
    usage         TEXT,
    upstream_id   TEXT,
    CHECK ((state = 'held') = (settled_by IS NULL))
) STRICT;
CREATE INDEX reservation_account ON reservation (account_id, id);
CREATE INDEX reservation_open ON reservation (account_id, kind) WHERE state = 'held';

CREATE TABLE idempotency (
    scope          TEXT NOT NULL,
    route          TEXT NOT NULL,
    key            TEXT NOT NULL,
    body_hash      TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('in_flight', 'done')),
    -- Which call has claimed the key last: an earlier one must not write over its outcome.
    claim          TEXT NOT NULL,
    epoch          TEXT NOT NULL,
    -- Its hold, whose end is the call's end whatever else is lost.
    reservation_id TEXT,
    note           TEXT,
    status         INTEGER,
    headers        TEXT,
    body           BLOB,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    PRIMARY KEY (scope, route, key)
) STRICT;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- What the platform has paid and nobody was charged for.
CREATE TABLE platform_loss (
    -- What happened, so that it is counted once.
    op_key         TEXT PRIMARY KEY,
    reservation_id TEXT REFERENCES reservation (id),
    amount         INTEGER NOT NULL CHECK (amount >= 0),
    reason         TEXT NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;

CREATE TRIGGER ledger_tx_no_update BEFORE UPDATE ON ledger_tx
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_tx_no_delete BEFORE DELETE ON ledger_tx
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
