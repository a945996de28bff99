-- Whose ledger this is, its chart of accounts, customers, contacts and products.
-- Triggers do not rely on foreign_keys or recursive_triggers: both are off on a plain connection.
-- There, REPLACE deletes the row in its way without firing a delete trigger, so every kept row
-- also has a BEFORE INSERT trigger that refuses a key that exists, and keys never change.

CREATE TABLE ledger (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    demo INTEGER NOT NULL CHECK (demo IN (0, 1)),
    created_at TEXT NOT NULL,
    org_id TEXT CHECK (length(org_id) = 18),
    org_name TEXT,
    org_kind TEXT CHECK (org_kind IN ('production', 'sandbox', 'demo')),
    instance_url TEXT,
    bound_at TEXT,
    CHECK ((org_id IS NULL) = (org_kind IS NULL)),
    CHECK ((org_id IS NULL) = (bound_at IS NULL)),
    CHECK (org_kind IS NULL OR (org_kind = 'demo') = (demo = 1))
) STRICT;

CREATE TRIGGER ledger_insert BEFORE INSERT ON ledger
WHEN EXISTS (SELECT 1 FROM ledger)
BEGIN SELECT RAISE(ABORT, 'ledger: a ledger has one identity'); END;

CREATE TRIGGER ledger_update BEFORE UPDATE ON ledger
WHEN NEW.id IS NOT OLD.id OR NEW.demo IS NOT OLD.demo OR NEW.created_at IS NOT OLD.created_at
  OR (OLD.org_id IS NOT NULL AND (NEW.org_id IS NOT OLD.org_id
      OR NEW.org_kind IS NOT OLD.org_kind OR NEW.bound_at IS NOT OLD.bound_at))
BEGIN SELECT RAISE(ABORT, 'ledger: bound to its org for good'); END;

CREATE TRIGGER ledger_delete BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'ledger: the identity stays'); END;

CREATE TABLE ledger_account (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE CHECK (code <> ''),
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('asset', 'liability', 'equity', 'revenue', 'expense')),
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
) STRICT;

CREATE TRIGGER ledger_account_insert BEFORE INSERT ON ledger_account
WHEN EXISTS (SELECT 1 FROM ledger_account WHERE id = NEW.id OR code = NEW.code)
BEGIN SELECT RAISE(ABORT, 'ledger_account: exists'); END;

CREATE TRIGGER ledger_account_update BEFORE UPDATE ON ledger_account
WHEN NEW.id IS NOT OLD.id OR NEW.code IS NOT OLD.code
  OR (NEW.type IS NOT OLD.type AND EXISTS (SELECT 1 FROM journal_line WHERE account_id = OLD.id))
BEGIN SELECT RAISE(ABORT, 'ledger_account: code and the type of a used account stay'); END;

CREATE TRIGGER ledger_account_delete BEFORE DELETE ON ledger_account
BEGIN SELECT RAISE(ABORT, 'ledger_account: deactivate it instead'); END;

CREATE TABLE customer (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    number TEXT GENERATED ALWAYS AS (printf('C-%04d', id)) VIRTUAL,
    name TEXT NOT NULL CHECK (name <> ''),
    name_key TEXT NOT NULL CHECK (name_key <> ''),
    external_id TEXT,
    industry TEXT,
    phone TEXT,
    email TEXT,
    tax_id TEXT,
    terms TEXT,
    street TEXT,
    city TEXT,
    state TEXT,
    postal_code TEXT,
    country TEXT,
    origin TEXT NOT NULL CHECK (origin IN ('entered', 'imported', 'salesforce')),
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    merged_into INTEGER REFERENCES customer (id) CHECK (merged_into <> id),
    created_at TEXT NOT NULL,
    CHECK (merged_into IS NULL OR active = 0)
) STRICT;
CREATE INDEX customer_by_name_key ON customer (name_key);
CREATE INDEX customer_by_external_id ON customer (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX customer_by_merged_into ON customer (merged_into) WHERE merged_into IS NOT NULL;

CREATE TRIGGER customer_insert BEFORE INSERT ON customer
WHEN NEW.merged_into IS NOT NULL OR EXISTS (SELECT 1 FROM customer WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'customer: exists, or is merged before it was there'); END;

CREATE TRIGGER customer_update BEFORE UPDATE ON customer
WHEN NEW.id IS NOT OLD.id OR NEW.created_at IS NOT OLD.created_at
  OR (OLD.merged_into IS NOT NULL AND NEW.merged_into IS NULL)
  OR (NEW.merged_into IS NOT NULL AND (
      NOT EXISTS (SELECT 1 FROM customer WHERE id = NEW.merged_into AND merged_into IS NULL)
      OR EXISTS (SELECT 1 FROM customer WHERE merged_into = OLD.id)))
BEGIN SELECT RAISE(ABORT, 'customer: the id stays; merged for good, into one that is not'); END;

CREATE TRIGGER customer_delete BEFORE DELETE ON customer
BEGIN SELECT RAISE(ABORT, 'customer: deactivate or merge it instead'); END;

CREATE TABLE customer_property (
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (customer_id, name)
) STRICT, WITHOUT ROWID;

-- Pairs that look alike and are not: a person has said so, and they are not suggested again.
CREATE TABLE customer_distinct (
    low INTEGER NOT NULL REFERENCES customer (id),
    high INTEGER NOT NULL REFERENCES customer (id) CHECK (high > low),
    reason TEXT NOT NULL CHECK (reason <> ''),
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (low, high)
) STRICT, WITHOUT ROWID;

-- `how` is created, name, external-id or merged when a sync found the customer, hand when a person
-- did.
CREATE TABLE account_link (
    salesforce_id TEXT PRIMARY KEY CHECK (length(salesforce_id) = 18),
    org_id TEXT NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    how TEXT NOT NULL,
    source TEXT
) STRICT;
CREATE INDEX account_link_by_customer ON account_link (customer_id);

CREATE TRIGGER account_link_insert BEFORE INSERT ON account_link
WHEN NOT EXISTS (SELECT 1 FROM customer WHERE id = NEW.customer_id AND merged_into IS NULL)
  OR NEW.org_id IS NOT (SELECT org_id FROM ledger)
BEGIN SELECT RAISE(ABORT, 'account_link: no such customer, or another org'); END;

CREATE TRIGGER account_link_update BEFORE UPDATE ON account_link
WHEN NEW.salesforce_id IS NOT OLD.salesforce_id OR NEW.org_id IS NOT OLD.org_id
  OR NOT EXISTS (SELECT 1 FROM customer WHERE id = NEW.customer_id AND merged_into IS NULL)
BEGIN SELECT RAISE(ABORT, 'account_link: no such customer, or another account'); END;

CREATE TABLE contact (
    id INTEGER PRIMARY KEY,
    salesforce_id TEXT NOT NULL UNIQUE CHECK (length(salesforce_id) = 18),
    customer_id INTEGER REFERENCES customer (id),
    name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    title TEXT,
    source TEXT NOT NULL
) STRICT;
CREATE INDEX contact_by_customer ON contact (customer_id);

CREATE TABLE contact_property (
    contact_id INTEGER NOT NULL REFERENCES contact (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (contact_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    code TEXT CHECK (code <> ''),
    name TEXT NOT NULL,
    family TEXT,
    salesforce_id TEXT
) STRICT;
CREATE UNIQUE INDEX product_by_code ON product (code) WHERE code IS NOT NULL;
CREATE INDEX product_by_name ON product (name);

CREATE TRIGGER product_insert BEFORE INSERT ON product
WHEN EXISTS (SELECT 1 FROM product WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM product WHERE code = NEW.code)
BEGIN SELECT RAISE(ABORT, 'product: exists'); END;

CREATE TRIGGER product_update BEFORE UPDATE ON product
WHEN NEW.id IS NOT OLD.id OR NEW.code IS NOT OLD.code
BEGIN SELECT RAISE(ABORT, 'product: id and code stay'); END;

CREATE TRIGGER product_delete BEFORE DELETE ON product
BEGIN SELECT RAISE(ABORT, 'product: lines refer to it'); END;
