-- Cash received against posted invoices. Rows stay; a wrong one is voided by a second entry.

CREATE TABLE payment (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    name TEXT GENERATED ALWAYS AS (printf('P-%06d', id)) VIRTUAL,
    document_id INTEGER NOT NULL REFERENCES document (id),
    entry_id INTEGER NOT NULL UNIQUE REFERENCES journal_entry (id),
    date TEXT NOT NULL CHECK (date IS date(date)),
    currency TEXT NOT NULL,
    exponent INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0 AND amount_minor <= 1000000000000000),
    -- What was still owed on the invoice once this was paid.
    balance_minor INTEGER NOT NULL CHECK (balance_minor >= 0),
    method TEXT,
    reference TEXT,
    idempotency_key TEXT UNIQUE CHECK (idempotency_key <> ''),
    at TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT;
CREATE INDEX payment_by_document ON payment (document_id);
CREATE INDEX payment_by_date ON payment (date);

CREATE TABLE payment_void (
    payment_id INTEGER PRIMARY KEY REFERENCES payment (id),
    entry_id INTEGER NOT NULL UNIQUE REFERENCES journal_entry (id),
    date TEXT NOT NULL CHECK (date IS date(date)),
    reason TEXT NOT NULL CHECK (reason <> ''),
    at TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT;

-- What is still owed on each document: the total less posted credit notes and standing payments.
CREATE VIEW document_balance AS
SELECT d.id AS document_id,
       CASE WHEN d.kind = 'credit_note' OR d.status IN ('deleted', 'reversed') THEN 0
            WHEN d.status = 'draft' THEN d.total_minor
            ELSE d.total_minor
                + (SELECT coalesce(sum(c.total_minor), 0) FROM document c
                   WHERE c.reverses_id = d.id AND c.status = 'posted')
                - (SELECT coalesce(sum(p.amount_minor), 0) FROM payment p
                   WHERE p.document_id = d.id AND NOT EXISTS (
                       SELECT 1 FROM payment_void v WHERE v.payment_id = p.id))
       END AS balance_minor
FROM document d;

CREATE TRIGGER payment_insert BEFORE INSERT ON payment
WHEN EXISTS (SELECT 1 FROM payment WHERE id = NEW.id OR entry_id = NEW.entry_id
             OR idempotency_key = NEW.idempotency_key)
  OR NOT EXISTS (
      SELECT 1 FROM document d JOIN journal_entry e ON e.document_id = d.id
      WHERE d.id = NEW.document_id AND d.kind = 'invoice' AND d.status = 'posted'
      AND d.currency = NEW.currency AND d.exponent = NEW.exponent
      AND e.id = NEW.entry_id AND e.kind = 'payment' AND e.sealed = 0
      AND e.posting_date = NEW.date AND e.currency = NEW.currency AND e.exponent = NEW.exponent)
BEGIN SELECT RAISE(ABORT, 'payment: new, of a posted invoice, in its currency, with its entry'); END;

CREATE TRIGGER payment_amount BEFORE INSERT ON payment
WHEN NEW.balance_minor IS NOT (
      SELECT balance_minor - NEW.amount_minor FROM document_balance
      WHERE document_id = NEW.document_id)
  OR NEW.balance_minor < 0
BEGIN SELECT RAISE(ABORT, 'payment: no more than is owed'); END;

-- Debit an asset, credit the account that the invoice debited. (Unary plus: by the entry, which has
-- two lines, not by the account, which has as many as there are invoices.)
CREATE TRIGGER payment_entry BEFORE INSERT ON payment
WHEN (SELECT count(*) FROM journal_line WHERE entry_id = NEW.entry_id) <> 2
  OR NOT EXISTS (
      SELECT 1 FROM journal_entry i JOIN journal_line r ON r.entry_id = i.id
      JOIN journal_line credit ON credit.entry_id = NEW.entry_id
      JOIN journal_line debit ON debit.entry_id = NEW.entry_id
      WHERE i.document_id = NEW.document_id AND i.kind = 'post' AND r.amount_minor > 0
      AND (SELECT type FROM ledger_account WHERE id = r.account_id) = 'asset'
      AND +credit.account_id = r.account_id AND credit.amount_minor = -NEW.amount_minor
      AND +debit.account_id <> r.account_id AND debit.amount_minor = NEW.amount_minor
      AND (SELECT type FROM ledger_account WHERE id = debit.account_id) = 'asset')
BEGIN SELECT RAISE(ABORT, 'payment: its entry debits cash and credits the receivable'); END;

CREATE TRIGGER payment_written AFTER INSERT ON payment
BEGIN UPDATE journal_entry SET sealed = 1 WHERE id = NEW.entry_id; END;

CREATE TRIGGER payment_update BEFORE UPDATE ON payment
BEGIN SELECT RAISE(ABORT, 'payment: stays as written; void it'); END;

CREATE TRIGGER payment_delete BEFORE DELETE ON payment
BEGIN SELECT RAISE(ABORT, 'payment: stays as written; void it'); END;

CREATE TRIGGER payment_void_insert BEFORE INSERT ON payment_void
WHEN EXISTS (SELECT 1 FROM payment_void
             WHERE payment_id = NEW.payment_id OR entry_id = NEW.entry_id)
  OR NOT EXISTS (
      SELECT 1 FROM payment p JOIN journal_entry e ON e.document_id = p.document_id
      WHERE p.id = NEW.payment_id AND p.date <= NEW.date AND e.id = NEW.entry_id
      AND e.kind = 'void' AND e.sealed = 0 AND e.posting_date = NEW.date
      AND e.currency = p.currency AND e.exponent = p.exponent)
  OR (SELECT count(*) FROM journal_line WHERE entry_id = NEW.entry_id) <> 2
  OR EXISTS (
      SELECT l.account_id, -l.amount_minor FROM journal_line l
      JOIN payment p ON p.entry_id = l.entry_id WHERE p.id = NEW.payment_id
      EXCEPT SELECT account_id, amount_minor FROM journal_line WHERE entry_id = NEW.entry_id)
BEGIN SELECT RAISE(ABORT, 'payment_void: once, by an entry that takes the payment back'); END;

CREATE TRIGGER payment_void_written AFTER INSERT ON payment_void
BEGIN UPDATE journal_entry SET sealed = 1 WHERE id = NEW.entry_id; END;

CREATE TRIGGER payment_void_update BEFORE UPDATE ON payment_void
BEGIN SELECT RAISE(ABORT, 'payment_void: stays as written'); END;

CREATE TRIGGER payment_void_delete BEFORE DELETE ON payment_void
BEGIN SELECT RAISE(ABORT, 'payment_void: stays as written'); END;

-- What has been paid cannot be credited as well: the payment is voided first.
CREATE TRIGGER document_credit BEFORE UPDATE OF status ON document
WHEN OLD.status = 'draft' AND NEW.status = 'posted' AND NEW.kind = 'credit_note'
  AND (SELECT balance_minor FROM document_balance WHERE document_id = OLD.reverses_id)
      + NEW.total_minor < 0
BEGIN SELECT RAISE(ABORT, 'document: no more is credited than is owed'); END;
