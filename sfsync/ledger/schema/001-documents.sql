-- Invoices and credit notes. Born as draft; draft becomes posted or deleted; posted becomes
-- reversed. Whatever must change beside a posted document lives in the small tables below.

CREATE TABLE number_series (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    first INTEGER NOT NULL CHECK (first >= 1),
    next INTEGER NOT NULL CHECK (next >= first)
) STRICT;

CREATE TABLE document (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    draft TEXT GENERATED ALWAYS AS (printf('D-%06d', id)) VIRTUAL,
    kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    status TEXT NOT NULL DEFAULT 'draft'
        CHECK (status IN ('draft', 'posted', 'reversed', 'deleted')),
    org_id TEXT NOT NULL,
    opportunity_id TEXT NOT NULL CHECK (length(opportunity_id) = 18),
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    predecessor_id INTEGER REFERENCES document (id),
    reverses_id INTEGER REFERENCES document (id),
    reversed_by_id INTEGER REFERENCES document (id),
    run_id INTEGER REFERENCES run (id),
    document_date TEXT NOT NULL CHECK (document_date IS date(document_date)),
    due_date TEXT NOT NULL CHECK (due_date IS date(due_date)),
    currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    exponent INTEGER NOT NULL CHECK (exponent BETWEEN 0 AND 4),
    total_minor INTEGER NOT NULL CHECK (abs(total_minor) <= 1000000000000000),
    description TEXT NOT NULL,
    sales_rep TEXT,
    region TEXT,
    po_number TEXT,
    contact_salesforce_id TEXT,
    source TEXT NOT NULL,
    source_hash TEXT NOT NULL CHECK (length(source_hash) = 64),
    created_at TEXT NOT NULL,
    series_id INTEGER REFERENCES number_series (id),
    sequence INTEGER,
    number TEXT,
    posting_date TEXT CHECK (posting_date IS date(posting_date)),
    posted_at TEXT,
    posted_by TEXT,
    seller TEXT,
    buyer TEXT,
    CHECK ((status IN ('posted', 'reversed')) = (number IS NOT NULL)),
    CHECK ((number IS NULL) = (series_id IS NULL)),
    CHECK ((number IS NULL) = (sequence IS NULL)),
    CHECK ((number IS NULL) = (posting_date IS NULL)),
    CHECK ((number IS NULL) = (posted_at IS NULL)),
    CHECK ((number IS NULL) = (posted_by IS NULL)),
    CHECK ((number IS NULL) = (seller IS NULL)),
    CHECK ((number IS NULL) = (buyer IS NULL)),
    CHECK ((status = 'reversed') = (reversed_by_id IS NOT NULL)),
    CHECK ((kind = 'credit_note') = (reverses_id IS NOT NULL)),
    CHECK (kind = 'invoice' OR status <> 'reversed')
) STRICT;
CREATE UNIQUE INDEX document_live ON document (opportunity_id, org_id)
    WHERE kind = 'invoice' AND status IN ('draft', 'posted');
CREATE UNIQUE INDEX document_by_number ON document (number) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX document_by_sequence ON document (series_id, sequence)
    WHERE series_id IS NOT NULL;
CREATE INDEX document_by_opportunity ON document (opportunity_id);
CREATE INDEX document_by_customer ON document (customer_id);
CREATE INDEX document_by_reverses ON document (reverses_id) WHERE reverses_id IS NOT NULL;
CREATE INDEX document_by_run ON document (run_id);

CREATE TABLE document_property (
    document_id INTEGER NOT NULL REFERENCES document (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (document_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE document_line (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    document_id INTEGER NOT NULL REFERENCES document (id),
    position INTEGER NOT NULL CHECK (position >= 1),
    product_id INTEGER REFERENCES product (id),
    description TEXT NOT NULL,
    quantity_micro INTEGER NOT NULL,
    unit_price_micro INTEGER,
    discount_micro INTEGER,
    amount_minor INTEGER NOT NULL CHECK (abs(amount_minor) <= 1000000000000000),
    account_id INTEGER REFERENCES ledger_account (id),
    salesforce_id TEXT,
    UNIQUE (document_id, position)
) STRICT;
CREATE INDEX document_line_by_product ON document_line (product_id) WHERE product_id IS NOT NULL;

CREATE TABLE line_property (
    line_id INTEGER NOT NULL REFERENCES document_line (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (line_id, name)
) STRICT, WITHOUT ROWID;

-- Beside the document -------------------------------------------------------------------------

CREATE TABLE document_hold (
    document_id INTEGER PRIMARY KEY REFERENCES document (id),
    note TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT;

CREATE TABLE document_drift (
    document_id INTEGER PRIMARY KEY REFERENCES document (id),
    detail TEXT NOT NULL,
    run_id INTEGER REFERENCES run (id),
    at TEXT NOT NULL,
    -- Whether the deal itself changed: then no edit of the config explains the drift away.
    moved INTEGER NOT NULL CHECK (moved IN (0, 1))
) STRICT;

CREATE TABLE document_pin (
    document_id INTEGER NOT NULL REFERENCES document (id),
    field TEXT NOT NULL,
    PRIMARY KEY (document_id, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE document_review (
    document_id INTEGER PRIMARY KEY REFERENCES document (id),
    at TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT;

-- What a person has looked at, and what it said then: nothing of it bears on the books.
CREATE TABLE document_seen (
    document_id INTEGER PRIMARY KEY REFERENCES document (id),
    shown TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT;

-- Source values of a posted document that a person accepted as they now are in Salesforce.
CREATE TABLE document_acceptance (
    document_id INTEGER PRIMARY KEY REFERENCES document (id),
    source TEXT NOT NULL,
    source_hash TEXT NOT NULL,
    -- The drift that a person called right as posted; another one is reported again.
    accepted TEXT,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT;

-- Why a credit note was written.
CREATE TABLE credit_reason (
    document_id INTEGER PRIMARY KEY REFERENCES document (id),
    reason TEXT NOT NULL CHECK (reason <> ''),
    at TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT;

-- Why and when a document was deleted or reversed, and the opportunity's stamp at that moment.
CREATE TABLE document_removal (
    document_id INTEGER PRIMARY KEY REFERENCES document (id),
    system_modstamp TEXT,
    reason TEXT NOT NULL CHECK (reason <> ''),
    at TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT;

CREATE TRIGGER document_removal_insert BEFORE INSERT ON document_removal
WHEN EXISTS (SELECT 1 FROM document_removal WHERE document_id = NEW.document_id)
  OR coalesce((SELECT status FROM document WHERE id = NEW.document_id), '')
     NOT IN ('deleted', 'reversed')
BEGIN SELECT RAISE(ABORT, 'document_removal: once, for a deleted or reversed document'); END;

CREATE TRIGGER document_removal_update BEFORE UPDATE ON document_removal
BEGIN SELECT RAISE(ABORT, 'document_removal: stays as written'); END;

CREATE TRIGGER document_removal_delete BEFORE DELETE ON document_removal
BEGIN SELECT RAISE(ABORT, 'document_removal: stays as written'); END;

-- Numbers -------------------------------------------------------------------------------------

CREATE TRIGGER number_series_insert BEFORE INSERT ON number_series
WHEN NEW.next IS NOT NEW.first
  OR EXISTS (SELECT 1 FROM number_series WHERE id = NEW.id OR key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'number_series: exists, or does not start at its first number'); END;

-- The counter moves only past a number that a document has taken: no gap, no way back.
CREATE TRIGGER number_series_update BEFORE UPDATE ON number_series
WHEN NEW.id IS NOT OLD.id OR NEW.key IS NOT OLD.key OR NEW.first IS NOT OLD.first
  OR NEW.next IS NOT OLD.next + 1
  OR NOT EXISTS (SELECT 1 FROM document WHERE series_id = OLD.id AND sequence = OLD.next)
BEGIN SELECT RAISE(ABORT, 'number_series: moves only with a posted document'); END;

CREATE TRIGGER number_series_delete BEFORE DELETE ON number_series
BEGIN SELECT RAISE(ABORT, 'number_series: numbers are never given again'); END;
