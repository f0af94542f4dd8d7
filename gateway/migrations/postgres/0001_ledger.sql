-- Users, the ledger and idempotency keys. Amounts are whole micro-credits, times are milliseconds since 1970, yes and
-- no are 1 and 0. The SQLite migrations of the same numbers make the same tables.

CREATE TABLE users (
    id                TEXT PRIMARY KEY,
    tenant            TEXT NOT NULL,
    external_id       TEXT NOT NULL,
    -- Tokens that were minted before this moment are refused.
    tokens_valid_from BIGINT NOT NULL DEFAULT 0,
    created_at        BIGINT NOT NULL,
    UNIQUE (tenant, external_id)
);

-- A cache of the entries' sums, kept in the same transaction as they are; the checks are the last line of defence
-- against an overdraft.
CREATE TABLE accounts (
    id          TEXT PRIMARY KEY REFERENCES users (id),
    available   BIGINT NOT NULL DEFAULT 0 CHECK (available >= 0),
    held        BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0),
    -- Charged, and not yet taken from a grant: that is done when a grant comes or goes, not with every call.
    undrawn     BIGINT NOT NULL DEFAULT 0 CHECK (undrawn >= 0),
    -- When a grant expires or a bundle renews next; until then a hold needs to look at neither.
    next_due_at BIGINT,
    version     BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE ledger_tx (
    seq            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    op_key         TEXT NOT NULL UNIQUE,
    kind           TEXT NOT NULL CHECK (kind IN
        ('grant', 'expire', 'adjust', 'hold', 'extend', 'settle', 'release', 'refund')),
    account_id     TEXT NOT NULL REFERENCES accounts (id),
    reservation_id TEXT,
    payload_hash   TEXT NOT NULL,
    actor          TEXT NOT NULL,
    reason         TEXT NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX ledger_tx_account ON ledger_tx (account_id, seq);

CREATE TABLE ledger_entry (
    tx_id   TEXT NOT NULL REFERENCES ledger_tx (id),
    account TEXT NOT NULL,
    amount  BIGINT NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (tx_id, account)
);

-- What a grant gave and what is left of it. Charges are taken from the grant that expires first.
CREATE TABLE grant_lot (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    amount     BIGINT NOT NULL CHECK (amount > 0),
    remaining  BIGINT NOT NULL CHECK (remaining >= 0 AND remaining <= amount),
    expires_at BIGINT,
    -- How often a part of it has expired: what calls hold at that moment follows once they have ended.
    expiries   BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);
CREATE INDEX grant_lot_left ON grant_lot (account_id) WHERE remaining > 0;

-- Credits that come again each month, and expire when the next ones come.
CREATE TABLE bundle (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    amount     BIGINT NOT NULL CHECK (amount > 0),
    -- Months are counted from here, so that the 31st stays the last day of each month.
    starts_at  BIGINT NOT NULL,
    next_month BIGINT NOT NULL DEFAULT 0,
    next_at    BIGINT NOT NULL,
    ends_at    BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX bundle_account ON bundle (account_id);

CREATE TABLE reservation (
    id            TEXT PRIMARY KEY,
    account_id    TEXT NOT NULL REFERENCES accounts (id),
    kind          TEXT NOT NULL CHECK (kind IN ('chat', 'image', 'video', 'audio')),
    model         TEXT NOT NULL,
    amount        BIGINT NOT NULL CHECK (amount >= 0),
    charged       BIGINT CHECK (charged >= 0 AND charged <= amount),
    refunded      BIGINT NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= COALESCE(charged, 0)),
    extensions    BIGINT NOT NULL DEFAULT 0,
    refunds       BIGINT NOT NULL DEFAULT 0,
    price_version BIGINT NOT NULL,
    price         TEXT NOT NULL,
    state         TEXT NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'committed', 'released')),
    -- The run of the process that made it.
    epoch         TEXT NOT NULL,
    deadline      BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    settled_at    BIGINT,
    settled_by    TEXT UNIQUE REFERENCES ledger_tx (id) DEFERRABLE INITIALLY DEFERRED,
    -- What was used, as JSON.
    usage         TEXT,
    upstream_id   TEXT,
    CHECK ((state = 'held') = (settled_by IS NULL))
);
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
    status         BIGINT,
    headers        TEXT,
    body           BYTEA,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (scope, route, key)
);
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- What the platform has paid and nobody was charged for.
CREATE TABLE platform_loss (
    -- What happened, so that it is counted once.
    op_key         TEXT PRIMARY KEY,
    reservation_id TEXT REFERENCES reservation (id),
    amount         BIGINT NOT NULL CHECK (amount >= 0),
    reason         TEXT NOT NULL,
    created_at     BIGINT NOT NULL
);

CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only';
END $$;
CREATE TRIGGER ledger_tx_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_tx
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
