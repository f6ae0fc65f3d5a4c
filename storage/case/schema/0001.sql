R"sql(
-- SPDX-License-Identifier: GPL-3.0-or-later
-- Step 1 of the case file's schema. This file is the text of a C++ raw string (its first and last line), so that the
-- schema is part of the program and cannot be lost.
--
-- Tables named …_line hold one row for each line of the round log, under that line's number: a later line for the same
-- thing wins by being the highest, and the earlier one stays on record.
-- Columns of type ANY hold numbers that may be NaN: a REAL, the text 'NaN', or NULL for "not stated".

CREATE TABLE ingest_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    folder TEXT NOT NULL,
    log_bytes INTEGER NOT NULL,         -- of the whole lines that were taken in
    log_sha256 TEXT NOT NULL,           -- of those bytes
    listing_sha256 TEXT NOT NULL,       -- of the names in updates/ and checkpoints/
    finished INTEGER NOT NULL,          -- 0 while a run has begun and not ended
    layout_seen INTEGER NOT NULL,       -- 1 once a snapshot has confirmed the layers
    pending_rounds INTEGER NOT NULL,    -- taken in since the last custody entry
    pending_updates INTEGER NOT NULL,
    pending_checkpoints INTEGER NOT NULL,
    pending_files INTEGER NOT NULL,
    pending_bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE log_line (
    line INTEGER PRIMARY KEY,
    digest BLOB NOT NULL                -- first 8 bytes of its SHA-256: only to say which line has changed
) STRICT;

CREATE TABLE federation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    format TEXT NOT NULL,
    name TEXT NOT NULL,
    framework TEXT NOT NULL,
    framework_version TEXT NOT NULL,
    started_at TEXT NOT NULL,
    update_kind TEXT NOT NULL,
    rule TEXT NOT NULL,
    weighted_by TEXT NOT NULL,
    server_learning_rate ANY NOT NULL,
    secure_aggregation INTEGER NOT NULL,
    extra_json TEXT NOT NULL
) STRICT;

CREATE TABLE aggregation_parameter (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE privacy_mechanism (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mechanism TEXT NOT NULL,
    unit TEXT NOT NULL,
    applied_where TEXT NOT NULL,
    clipping_norm ANY,
    noise_multiplier ANY,
    sampling_rate ANY,
    steps_per_round ANY,
    delta ANY,
    epsilon_budget ANY
) STRICT;

CREATE TABLE trust (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ca TEXT NOT NULL,
    crl TEXT NOT NULL,
    server_certificate TEXT NOT NULL
) STRICT;

CREATE TABLE layer (
    position INTEGER PRIMARY KEY,       -- from 0, in flattening order
    name TEXT NOT NULL,
    shape TEXT NOT NULL,                -- '16,64'; '' for a scalar
    counter INTEGER NOT NULL
) STRICT;

CREATE TABLE client_line (
    line INTEGER PRIMARY KEY,
    client TEXT NOT NULL,
    registered_at TEXT NOT NULL,
    num_examples INTEGER,
    certificate TEXT NOT NULL,
    extra_json TEXT NOT NULL
) STRICT;
CREATE INDEX client_line_client ON client_line (client, line);

CREATE TABLE round_line (
    line INTEGER PRIMARY KEY,
    round INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    extra_json TEXT NOT NULL
) STRICT;
CREATE INDEX round_line_round ON round_line (round, line);

CREATE TABLE round_member (
    line INTEGER NOT NULL REFERENCES round_line (line),
    failed INTEGER NOT NULL,            -- 0: selected, 1: failed
    position INTEGER NOT NULL,
    client TEXT NOT NULL,
    PRIMARY KEY (line, failed, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric (
    line INTEGER NOT NULL,
    name TEXT NOT NULL,
    value ANY NOT NULL,
    PRIMARY KEY (line, name)
) STRICT, WITHOUT ROWID;

-- The float32 coordinates of one snapshot; identical ones are stored once.
CREATE TABLE payload (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,        -- of the coordinates as little-endian float32
    coordinates INTEGER NOT NULL,
    path TEXT,                          -- NULL: in slabs; else linked: they stay in this file of the evidence folder
    file_sha256 TEXT NOT NULL,          -- of the file they were first read from
    file_bytes INTEGER NOT NULL
) STRICT;

-- Slab s of payload p is row p × 1048576 + s: 65,536 little-endian float32, the last one shorter.
CREATE TABLE slab (
    id INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- What is known of a snapshot file's contents, once for each different file.
CREATE TABLE snapshot (
    sha256 TEXT PRIMARY KEY,            -- of the file's bytes
    bytes INTEGER NOT NULL,
    format TEXT NOT NULL,
    state TEXT NOT NULL,
    problem TEXT NOT NULL,              -- which check failed; '' where none did
    state_text TEXT NOT NULL,
    non_finite INTEGER NOT NULL,
    payload INTEGER REFERENCES payload (id),
    notes TEXT NOT NULL                 -- one a line
) STRICT, WITHOUT ROWID;

-- Integer tensors of a snapshot file (counters): kept, and out of the arithmetic.
CREATE TABLE integer_tensor (
    sha256 TEXT NOT NULL REFERENCES snapshot (sha256),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    shape TEXT NOT NULL,
    data BLOB NOT NULL,                 -- little-endian int64
    PRIMARY KEY (sha256, position)
) STRICT;

CREATE TABLE update_line (
    line INTEGER PRIMARY KEY,
    round INTEGER NOT NULL,
    client TEXT NOT NULL,
    received_at TEXT NOT NULL,
    num_examples INTEGER,
    path TEXT NOT NULL,
    declared_sha256 TEXT NOT NULL,
    sha256 TEXT REFERENCES snapshot (sha256),   -- NULL: there is no such file
    problem TEXT NOT NULL,              -- why there is none; '' where there is
    problem_text TEXT NOT NULL,
    signature TEXT,
    signature_scheme TEXT,
    weight ANY,
    base_round INTEGER,
    accepted INTEGER,
    reason TEXT NOT NULL,
    stage TEXT NOT NULL,
    reference INTEGER NOT NULL,
    extra_json TEXT NOT NULL
) STRICT;
CREATE INDEX update_line_round ON update_line (round, client, line);
CREATE INDEX update_line_sha256 ON update_line (sha256);

CREATE TABLE privacy_claim (
    line INTEGER PRIMARY KEY REFERENCES update_line (line),
    epsilon ANY,
    cumulative INTEGER NOT NULL,
    delta ANY,
    noise_multiplier ANY,
    clipping_norm ANY,
    sampling_rate ANY,
    steps ANY,
    accountant TEXT NOT NULL
) STRICT;

CREATE TABLE checkpoint_line (
    line INTEGER PRIMARY KEY,
    round INTEGER NOT NULL,
    path TEXT NOT NULL,
    declared_sha256 TEXT NOT NULL,
    sha256 TEXT REFERENCES snapshot (sha256),
    problem TEXT NOT NULL,
    problem_text TEXT NOT NULL,
    signature TEXT,
    signature_scheme TEXT,
    extra_json TEXT NOT NULL
) STRICT;
CREATE INDEX checkpoint_line_round ON checkpoint_line (round, line);

-- Files that are no snapshots: the log, certificates, revocation lists.
CREATE TABLE other_file (
    path TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    client TEXT,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,               -- '' where it is missing
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE import_issue (
    id INTEGER PRIMARY KEY,
    file TEXT NOT NULL,
    line INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE finding (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    client TEXT,
    round INTEGER,
    text TEXT NOT NULL,
    evidence_json TEXT NOT NULL
) STRICT;

CREATE TABLE ledger (
    round INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

CREATE TABLE score (
    id INTEGER PRIMARY KEY,
    round INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE INDEX score_round ON score (round, id);

CREATE TABLE analysis (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    inspectable INTEGER NOT NULL,
    why_not TEXT NOT NULL,
    recommended INTEGER,
    first_poisoned_round INTEGER
) STRICT;

CREATE TABLE verdict (
    position INTEGER PRIMARY KEY,       -- from 0, highest probability first
    client TEXT NOT NULL,
    verdict TEXT NOT NULL,
    probability ANY NOT NULL,
    first_bad_round INTEGER,
    attack TEXT NOT NULL,
    family TEXT NOT NULL,
    collusion_group INTEGER
) STRICT;

CREATE TABLE verdict_bad_round (
    verdict INTEGER NOT NULL REFERENCES verdict (position),
    position INTEGER NOT NULL,
    round INTEGER NOT NULL,
    PRIMARY KEY (verdict, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict_reason (
    verdict INTEGER NOT NULL REFERENCES verdict (position),
    against INTEGER NOT NULL,
    position INTEGER NOT NULL,
    detector TEXT NOT NULL,
    round INTEGER NOT NULL,
    text TEXT NOT NULL,
    evidence ANY NOT NULL,
    PRIMARY KEY (verdict, against, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollback_candidate (
    position INTEGER PRIMARY KEY,
    round INTEGER NOT NULL,
    clean_probability ANY NOT NULL,
    contamination ANY,
    signature TEXT NOT NULL,
    aggregation TEXT NOT NULL,
    residual ANY,
    status TEXT NOT NULL,
    why TEXT NOT NULL
) STRICT;

CREATE TABLE rollback_metric (
    candidate INTEGER NOT NULL REFERENCES rollback_candidate (position),
    name TEXT NOT NULL,
    value ANY NOT NULL,
    PRIMARY KEY (candidate, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    client TEXT NOT NULL,
    decided TEXT NOT NULL,
    note TEXT NOT NULL,
    time TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT;

CREATE TABLE custody (
    id INTEGER PRIMARY KEY,             -- from 1
    time TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    parameters_json TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
)sql"
