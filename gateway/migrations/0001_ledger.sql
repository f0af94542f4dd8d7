-- Users, the ledger and idempotency keys. Amounts are whole micro-credits, times are milliseconds since 1970.

CREATE TABLE users (
    id          TEXT PRIMARY KEY,
    tenant      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (tenant, external_id)
) STRICT;

-- A cache of the entries' sums, kept in the same transaction as they are; the checks are the last line of defence
-- against an overdraft.
CREATE TABLE accounts (
    id        TEXT PRIMARY KEY REFERENCES users (id),
    available INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),
    held      INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    version   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE ledger_tx (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT NOT NULL UNIQUE,
    op_key         TEXT NOT NULL UNIQUE,
    kind           TEXT NOT NULL CHECK (kind IN ('grant', 'hold', 'settle', 'release')),
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
CREATE INDEX ledger_entry_account ON ledger_entry (account);

CREATE TRIGGER ledger_tx_no_update BEFORE UPDATE ON ledger_tx
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_tx_no_delete BEFORE DELETE ON ledger_tx
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TABLE reservation (
    id                TEXT PRIMARY KEY,
    account_id        TEXT NOT NULL REFERENCES accounts (id),
    kind              TEXT NOT NULL CHECK (kind IN ('chat', 'image', 'video', 'audio')),
    model             TEXT NOT NULL,
    amount            INTEGER NOT NULL CHECK (amount >= 0),
    charged           INTEGER CHECK (charged >= 0 AND charged <= amount),
    price_version     INTEGER NOT NULL,
    price             TEXT NOT NULL,
    state             TEXT NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'committed', 'released')),
    epoch             TEXT NOT NULL,
    deadline          INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    settled_at        INTEGER,
    settled_by        TEXT UNIQUE REFERENCES ledger_tx (id),
    prompt_tokens     INTEGER,
    completion_tokens INTEGER,
    images            INTEGER,
    seconds           INTEGER,
    size              TEXT,
    resolution        TEXT,
    upstream_id       TEXT,
    estimated         INTEGER NOT NULL DEFAULT 0,
    CHECK ((state = 'held') = (settled_by IS NULL))
) STRICT;
CREATE INDEX reservation_account ON reservation (account_id);
CREATE INDEX reservation_open ON reservation (kind) WHERE state = 'held';

CREATE TABLE idempotency (
    scope      TEXT NOT NULL,
    route      TEXT NOT NULL,
    key        TEXT NOT NULL,
    body_hash  TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('in_flight', 'done')),
    epoch      TEXT NOT NULL,
    note       TEXT,
    status     INTEGER,
    headers    TEXT,
    body       BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (scope, route, key)
) STRICT;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
