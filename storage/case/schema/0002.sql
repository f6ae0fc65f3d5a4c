R"sql(
-- SPDX-License-Identifier: GPL-3.0-or-later
-- Step 2: what the case's people set, and what was computed beside the verdicts.

-- Limits of this case that differ from the program's own (see analysis' lists of policy items). Every change is an entry
-- in custody.
CREATE TABLE policy (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- Computed answers that pages and reports show, each one JSON object; an analysis that runs again replaces its own.
CREATE TABLE document (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql"
