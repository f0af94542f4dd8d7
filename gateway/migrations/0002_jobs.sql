-- Video jobs, the upstream places that they take, and the files that calls have made. Times are milliseconds since
-- 1970.

CREATE TABLE job (
    id             TEXT PRIMARY KEY,
    account_id     TEXT NOT NULL REFERENCES accounts (id),
    -- A job and its hold are written together and end together.
    reservation_id TEXT NOT NULL UNIQUE REFERENCES reservation (id),
    provider       TEXT NOT NULL,
    model          TEXT NOT NULL,
    prompt         TEXT NOT NULL,
    seconds        INTEGER NOT NULL,
    size           TEXT NOT NULL,
    resolution     TEXT NOT NULL,
    aspect_ratio   TEXT NOT NULL,
    state          TEXT NOT NULL DEFAULT 'queued' CHECK (state IN
        ('queued', 'submitting', 'running', 'storing', 'indeterminate', 'completed', 'failed', 'cancelled')),
    -- Counts the transitions; each one names the version that it starts from.
    version        INTEGER NOT NULL DEFAULT 0,
    -- Set before the provider is called, so that a lost answer is known to have been one.
    attempt_id     TEXT UNIQUE,
    -- The provider's own id of the job, and its link to the clip.
    upstream_id    TEXT,
    upstream_url   TEXT,
    progress       INTEGER NOT NULL DEFAULT 0,
    -- Calls for this job that went wrong since the last that went well.
    misses         INTEGER NOT NULL DEFAULT 0,
    error_code     TEXT,
    error_message  TEXT,
    held           INTEGER NOT NULL,
    charged        INTEGER,
    asset_id       TEXT REFERENCES asset (id) ON DELETE SET NULL,
    hidden         INTEGER NOT NULL DEFAULT 0,
    created_at     INTEGER NOT NULL,
    started_at     INTEGER,
    -- When the worker looks at it next.
    due_at         INTEGER NOT NULL,
    deadline_at    INTEGER NOT NULL,
    completed_at   INTEGER,
    CHECK ((state IN ('completed', 'failed', 'cancelled')) = (charged IS NOT NULL)),
    CHECK (state NOT IN ('running', 'storing') OR upstream_id IS NOT NULL)
) STRICT;
CREATE INDEX job_account ON job (account_id, id);
CREATE INDEX job_due ON job (due_at) WHERE state NOT IN ('completed', 'failed', 'cancelled');

-- What happened to a job, for the audit.
CREATE TABLE job_event (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id     TEXT NOT NULL REFERENCES job (id),
    state      TEXT NOT NULL,
    version    INTEGER NOT NULL,
    note       TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX job_event_job ON job_event (job_id, seq);

-- One row for each job that a provider may have at once. It outlives a restart, so the number holds exactly.
CREATE TABLE upstream_slot (
    provider TEXT NOT NULL,
    slot_no  INTEGER NOT NULL,
    job_id   TEXT UNIQUE REFERENCES job (id),
    PRIMARY KEY (provider, slot_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE asset (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    kind       TEXT NOT NULL CHECK (kind IN ('image', 'video')),
    mime       TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    -- Where the file lies in the media store.
    path       TEXT NOT NULL UNIQUE,
    job_id     TEXT UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX asset_expiry ON asset (expires_at);
