-- The general ledger and the audit chain. Amounts: debit positive, credit negative, minor units.

CREATE TABLE period_lock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    closed_through TEXT CHECK (closed_through IS date(closed_through))
) STRICT;
INSERT INTO period_lock VALUES (1, NULL);

CREATE TRIGGER period_lock_insert BEFORE INSERT ON period_lock
BEGIN SELECT RAISE(ABORT, 'period_lock: there is one'); END;

CREATE TRIGGER period_lock_update BEFORE UPDATE ON period_lock
WHEN NEW.id IS NOT OLD.id
  OR coalesce(NEW.closed_through, '') < coalesce(OLD.closed_through, '')
BEGIN SELECT RAISE(ABORT, 'period_lock: a closed period stays closed'); END;

CREATE TRIGGER period_lock_delete BEFORE DELETE ON period_lock
BEGIN SELECT RAISE(ABORT, 'period_lock: a closed period stays closed'); END;

CREATE TABLE journal_entry (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    kind TEXT NOT NULL CHECK (kind IN ('post', 'payment', 'void')),
    document_id INTEGER NOT NULL REFERENCES document (id),
    posting_date TEXT NOT NULL CHECK (posting_date IS date(posting_date)),
    currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    exponent INTEGER NOT NULL CHECK (exponent BETWEEN 0 AND 4),
    description TEXT NOT NULL,
    sealed INTEGER NOT NULL DEFAULT 0 CHECK (sealed IN (0, 1))
) STRICT;
CREATE INDEX journal_entry_by_document ON journal_entry (document_id);
CREATE INDEX journal_entry_by_date ON journal_entry (posting_date);

CREATE TABLE journal_line (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    entry_id INTEGER NOT NULL REFERENCES journal_entry (id),
    account_id INTEGER NOT NULL REFERENCES ledger_account (id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0)
) STRICT;
CREATE INDEX journal_line_by_entry ON journal_line (entry_id);
CREATE INDEX journal_line_by_account ON journal_line (account_id);

CREATE TRIGGER journal_entry_insert BEFORE INSERT ON journal_entry
WHEN NEW.sealed <> 0
  OR EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.id)
  OR NEW.posting_date <= coalesce((SELECT closed_through FROM period_lock), '')
  OR (NEW.kind = 'post' AND (
      (SELECT status FROM document WHERE id = NEW.document_id) IS NOT 'draft'
      OR EXISTS (SELECT 1 FROM journal_entry
                 WHERE document_id = NEW.document_id AND kind = 'post')))
  OR (NEW.kind <> 'post'
      AND (SELECT status FROM document WHERE id = NEW.document_id) IS NOT 'posted')
BEGIN SELECT RAISE(ABORT, 'journal_entry: open period, one entry for each posting'); END;

-- Sealing is the only change: by the document that becomes posted, the payment, or its void.
CREATE TRIGGER journal_entry_update BEFORE UPDATE ON journal_entry
WHEN OLD.sealed = 1 OR NEW.sealed <> 1
  OR NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind
  OR NEW.document_id IS NOT OLD.document_id OR NEW.posting_date IS NOT OLD.posting_date
  OR NEW.currency IS NOT OLD.currency OR NEW.exponent IS NOT OLD.exponent
  OR NEW.description IS NOT OLD.description
  OR (SELECT sum(amount_minor) FROM journal_line WHERE entry_id = OLD.id) IS NOT 0
  OR (SELECT count(*) FROM journal_line WHERE entry_id = OLD.id) < 2
  OR (SELECT status FROM document WHERE id = OLD.document_id) IS NOT 'posted'
  OR (OLD.kind = 'payment' AND NOT EXISTS (SELECT 1 FROM payment WHERE entry_id = OLD.id))
  OR (OLD.kind = 'void' AND NOT EXISTS (SELECT 1 FROM payment_void WHERE entry_id = OLD.id))
BEGIN SELECT RAISE(ABORT, 'journal_entry: sealed once, when it balances'); END;

CREATE TRIGGER journal_entry_delete BEFORE DELETE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'journal_entry: stays'); END;

CREATE TRIGGER journal_line_insert BEFORE INSERT ON journal_line
WHEN (SELECT sealed FROM journal_entry WHERE id = NEW.entry_id) IS NOT 0
  OR EXISTS (SELECT 1 FROM journal_line WHERE id = NEW.id)
  OR (SELECT active FROM ledger_account WHERE id = NEW.account_id) IS NOT 1
BEGIN SELECT RAISE(ABORT, 'journal_line: only in an unsealed entry, on an active account'); END;

CREATE TRIGGER journal_line_update BEFORE UPDATE ON journal_line
BEGIN SELECT RAISE(ABORT, 'journal_line: stays as written'); END;

CREATE TRIGGER journal_line_delete BEFORE DELETE ON journal_line
BEGIN SELECT RAISE(ABORT, 'journal_line: stays as written'); END;

-- Append-only; each hash covers the event and the hash before it.
CREATE TABLE audit_event (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    run_id INTEGER REFERENCES run (id),
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    entity TEXT NOT NULL,
    before TEXT,
    after TEXT,
    reason TEXT,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL CHECK (hash GLOB '1$*' AND length(hash) = 66)
) STRICT;

CREATE TRIGGER audit_event_insert BEFORE INSERT ON audit_event
WHEN NEW.seq IS NOT coalesce((SELECT max(seq) FROM audit_event), 0) + 1
  OR NEW.prev_hash IS NOT
     coalesce((SELECT hash FROM audit_event ORDER BY seq DESC LIMIT 1), '')
BEGIN SELECT RAISE(ABORT, 'audit_event: continues the chain'); END;

CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_event
BEGIN SELECT RAISE(ABORT, 'audit_event: append only'); END;

CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event
BEGIN SELECT RAISE(ABORT, 'audit_event: append only'); END;
