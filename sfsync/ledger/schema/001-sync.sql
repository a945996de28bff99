-- Runs, what became of each record, and what was last read of each opportunity.

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    trigger TEXT NOT NULL,
    org_id TEXT NOT NULL,
    org_name TEXT NOT NULL,
    org_kind TEXT NOT NULL,
    config_digest TEXT NOT NULL,
    evaluation_digest TEXT NOT NULL,
    config_id INTEGER NOT NULL REFERENCES config_text (id),
    selection TEXT NOT NULL,
    -- Whether all that had changed was asked for: only such a run answers the schedule.
    whole INTEGER NOT NULL CHECK (whole IN (0, 1)),
    actor TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    outcome TEXT NOT NULL DEFAULT 'running'
        CHECK (outcome IN ('running', 'ok', 'partial', 'failed', 'interrupted')),
    error_code TEXT,
    error_message TEXT,
    api_calls INTEGER CHECK (api_calls >= 0),
    counts TEXT,
    CHECK ((outcome = 'running') = (finished_at IS NULL))
) STRICT;

-- The text of a mapping file, kept once however many runs used it.
CREATE TABLE config_text (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL
) STRICT;

CREATE TRIGGER config_text_insert BEFORE INSERT ON config_text
WHEN EXISTS (SELECT 1 FROM config_text WHERE id = NEW.id OR digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'config_text: is there already'); END;

CREATE TRIGGER config_text_update BEFORE UPDATE ON config_text
BEGIN SELECT RAISE(ABORT, 'config_text: stays as it was'); END;

CREATE TRIGGER config_text_delete BEFORE DELETE ON config_text
BEGIN SELECT RAISE(ABORT, 'config_text: stays as it was'); END;

CREATE TABLE run_record (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id),
    sobject TEXT NOT NULL,
    salesforce_id TEXT NOT NULL,
    name TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN
        ('created', 'updated', 'unchanged', 'skipped', 'failed', 'drifted')),
    code TEXT,
    message TEXT,
    fix TEXT,
    source_field TEXT,
    target TEXT,
    amount TEXT,
    document_id INTEGER REFERENCES document (id),
    changes TEXT,
    UNIQUE (salesforce_id, run_id),
    CHECK (outcome NOT IN ('skipped', 'failed') OR code IS NOT NULL)
) STRICT;
CREATE INDEX run_record_by_run ON run_record (run_id, outcome);

-- Records that a run found as an earlier run had left them, one row for many of them.
-- `records` is a JSON array of [salesforce_id, name, document_id or null].
CREATE TABLE run_page (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id),
    sobject TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('unchanged', 'skipped', 'failed', 'drifted')),
    code TEXT,
    message TEXT,
    fix TEXT,
    records TEXT NOT NULL
) STRICT;
CREATE INDEX run_page_by_run ON run_page (run_id);

CREATE TRIGGER run_insert BEFORE INSERT ON run
WHEN EXISTS (SELECT 1 FROM run WHERE id = NEW.id)
  OR NEW.org_id IS NOT (SELECT org_id FROM ledger)
BEGIN SELECT RAISE(ABORT, 'run: of the bound org, under a new number'); END;

CREATE TRIGGER run_update BEFORE UPDATE ON run
WHEN OLD.outcome <> 'running' OR NEW.id IS NOT OLD.id OR NEW.started_at IS NOT OLD.started_at
BEGIN SELECT RAISE(ABORT, 'run: history stays as written'); END;

CREATE TRIGGER run_delete BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'run: history stays as written'); END;

CREATE TRIGGER run_record_insert BEFORE INSERT ON run_record
WHEN (SELECT outcome FROM run WHERE id = NEW.run_id) IS NOT 'running'
  OR EXISTS (SELECT 1 FROM run_record WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'run_record: only while its run is running'); END;

CREATE TRIGGER run_record_update BEFORE UPDATE ON run_record
WHEN (SELECT outcome FROM run WHERE id = OLD.run_id) IS NOT 'running'
  OR NEW.id IS NOT OLD.id OR NEW.run_id IS NOT OLD.run_id
  OR NEW.salesforce_id IS NOT OLD.salesforce_id
BEGIN SELECT RAISE(ABORT, 'run_record: only while its run is running'); END;

CREATE TRIGGER run_page_insert BEFORE INSERT ON run_page
WHEN (SELECT outcome FROM run WHERE id = NEW.run_id) IS NOT 'running'
  OR EXISTS (SELECT 1 FROM run_page WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'run_page: only while its run is running'); END;

CREATE TRIGGER run_record_delete BEFORE DELETE ON run_record
BEGIN SELECT RAISE(ABORT, 'run_record: history stays as written'); END;

CREATE TRIGGER run_page_update BEFORE UPDATE ON run_page
BEGIN SELECT RAISE(ABORT, 'run_page: history stays as written'); END;

CREATE TRIGGER run_page_delete BEFORE DELETE ON run_page
BEGIN SELECT RAISE(ABORT, 'run_page: history stays as written'); END;

CREATE TABLE opportunity (
    id INTEGER PRIMARY KEY,
    salesforce_id TEXT NOT NULL UNIQUE CHECK (length(salesforce_id) = 18),
    name TEXT NOT NULL,
    account_salesforce_id TEXT,
    account_name TEXT,
    owner_salesforce_id TEXT,
    owner_name TEXT,
    stage TEXT NOT NULL,
    is_won INTEGER NOT NULL CHECK (is_won IN (0, 1)),
    is_closed INTEGER NOT NULL CHECK (is_closed IN (0, 1)),
    is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
    amount TEXT,
    currency TEXT NOT NULL,
    probability TEXT,
    expected_revenue TEXT,
    close_date TEXT,
    system_modstamp TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT,
    source TEXT NOT NULL,
    fingerprint TEXT NOT NULL
) STRICT;

CREATE TABLE opportunity_ignored (
    salesforce_id TEXT PRIMARY KEY CHECK (length(salesforce_id) = 18),
    reason TEXT NOT NULL CHECK (reason <> ''),
    at TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT;

-- Opportunities whose next outcome may differ although they did not change in Salesforce: a
-- person linked their account, or ignored them, or what they depend on changed. An outcome takes
-- them away.
CREATE TABLE opportunity_recheck (
    salesforce_id TEXT PRIMARY KEY CHECK (length(salesforce_id) = 18)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (
    sobject TEXT PRIMARY KEY,
    system_modstamp TEXT NOT NULL,
    salesforce_id TEXT NOT NULL,
    full INTEGER NOT NULL CHECK (full IN (0, 1)),
    run_id INTEGER NOT NULL REFERENCES run (id)
) STRICT;

-- Failures that are open: a later success takes them away. `tries` counts the runs that failed
-- alike while the record, by its SystemModstamp, stayed the same.
CREATE TABLE failure (
    sobject TEXT NOT NULL,
    salesforce_id TEXT NOT NULL,
    name TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT,
    fix TEXT,
    source_field TEXT,
    target TEXT,
    first_run INTEGER NOT NULL REFERENCES run (id),
    last_run INTEGER NOT NULL REFERENCES run (id),
    tries INTEGER NOT NULL CHECK (tries >= 1),
    system_modstamp TEXT,
    PRIMARY KEY (sobject, salesforce_id)
) STRICT, WITHOUT ROWID;
