R"sql(
-- SPDX-License-Identifier: GPL-3.0-or-later
-- Step 3: what signatures are checked against, what came of it, and digests of what is written outside of any act.

-- The bytes of certificates and revocation lists, once for each different file.
CREATE TABLE certificate (
    sha256 TEXT PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- Signatures over a file's bytes themselves (Ed25519 hashes them together with the key): checked while the bytes were
-- at hand, for the case holds only their digest.
CREATE TABLE byte_signature (
    file_sha256 TEXT NOT NULL,
    signature TEXT NOT NULL,
    key_sha256 TEXT NOT NULL,           -- of the key's SubjectPublicKeyInfo
    verifies INTEGER NOT NULL,
    PRIMARY KEY (file_sha256, signature, key_sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE signature_check (
    position INTEGER PRIMARY KEY,       -- from 0: by round, the checkpoint's first
    round INTEGER NOT NULL,
    client TEXT,                        -- NULL: the checkpoint
    outcome TEXT NOT NULL,
    scheme TEXT NOT NULL,
    certificate TEXT NOT NULL,
    signer TEXT,
    text TEXT NOT NULL
) STRICT;

-- Ledgers and documents are written outside of any act that custody records: each carries a digest of its own. Those
-- that have none are computed anew by the next analysis.
DELETE FROM ledger;
DELETE FROM document;
ALTER TABLE ledger ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE document ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
)sql"
