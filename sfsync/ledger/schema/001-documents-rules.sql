-- What may happen to a document, its lines and its properties.

CREATE TRIGGER document_insert BEFORE INSERT ON document
WHEN NEW.status <> 'draft'
  OR EXISTS (SELECT 1 FROM document WHERE id = NEW.id)
  OR NEW.org_id IS NOT (SELECT org_id FROM ledger)
  OR NOT EXISTS (SELECT 1 FROM customer WHERE id = NEW.customer_id)
  OR (NEW.kind = 'invoice' AND EXISTS (
      SELECT 1 FROM document WHERE opportunity_id = NEW.opportunity_id AND org_id = NEW.org_id
      AND kind = 'invoice' AND status IN ('draft', 'posted')))
  OR (NEW.kind = 'credit_note' AND NOT EXISTS (
      SELECT 1 FROM document WHERE id = NEW.reverses_id AND kind = 'invoice'
      AND status = 'posted' AND opportunity_id = NEW.opportunity_id
      AND currency = NEW.currency AND exponent = NEW.exponent))
  OR (NEW.predecessor_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM document WHERE id = NEW.predecessor_id
      AND status IN ('deleted', 'reversed')))
BEGIN SELECT RAISE(ABORT, 'document: born as a draft of the bound org, one live invoice a deal'); END;

CREATE TRIGGER document_delete BEFORE DELETE ON document
BEGIN SELECT RAISE(ABORT, 'document: rows stay; set the status'); END;

CREATE TRIGGER document_identity BEFORE UPDATE ON document
WHEN NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind OR NEW.org_id IS NOT OLD.org_id
  OR NEW.opportunity_id IS NOT OLD.opportunity_id OR NEW.reverses_id IS NOT OLD.reverses_id
  OR NEW.predecessor_id IS NOT OLD.predecessor_id OR NEW.run_id IS NOT OLD.run_id
  OR NEW.created_at IS NOT OLD.created_at
BEGIN SELECT RAISE(ABORT, 'document: identity never changes'); END;

CREATE TRIGGER document_state BEFORE UPDATE OF status ON document
WHEN NEW.status <> OLD.status
  AND OLD.status || '>' || NEW.status NOT IN ('draft>posted', 'draft>deleted', 'posted>reversed')
BEGIN SELECT RAISE(ABORT, 'document: no such change of status'); END;

CREATE TRIGGER document_draft BEFORE UPDATE ON document
WHEN OLD.status = 'draft' AND NEW.status <> 'deleted'
  AND NOT EXISTS (SELECT 1 FROM customer WHERE id = NEW.customer_id)
BEGIN SELECT RAISE(ABORT, 'document: no such customer'); END;

-- A deleted draft keeps what it said.
CREATE TRIGGER document_frozen BEFORE UPDATE ON document
WHEN (OLD.status <> 'draft' OR NEW.status = 'deleted') AND (
     NEW.customer_id IS NOT OLD.customer_id
  OR NEW.document_date IS NOT OLD.document_date OR NEW.due_date IS NOT OLD.due_date
  OR NEW.currency IS NOT OLD.currency OR NEW.exponent IS NOT OLD.exponent
  OR NEW.total_minor IS NOT OLD.total_minor OR NEW.description IS NOT OLD.description
  OR NEW.sales_rep IS NOT OLD.sales_rep OR NEW.region IS NOT OLD.region
  OR NEW.po_number IS NOT OLD.po_number
  OR NEW.contact_salesforce_id IS NOT OLD.contact_salesforce_id
  OR NEW.source IS NOT OLD.source OR NEW.source_hash IS NOT OLD.source_hash
  OR NEW.series_id IS NOT OLD.series_id OR NEW.sequence IS NOT OLD.sequence
  OR NEW.number IS NOT OLD.number OR NEW.posting_date IS NOT OLD.posting_date
  OR NEW.posted_at IS NOT OLD.posted_at OR NEW.posted_by IS NOT OLD.posted_by
  OR NEW.seller IS NOT OLD.seller OR NEW.buyer IS NOT OLD.buyer
  OR (NEW.reversed_by_id IS NOT OLD.reversed_by_id
      AND NOT (OLD.status = 'posted' AND NEW.status = 'reversed')))
BEGIN SELECT RAISE(ABORT, 'document: what is posted or deleted never changes'); END;

CREATE TRIGGER document_post BEFORE UPDATE OF status ON document
WHEN OLD.status = 'draft' AND NEW.status = 'posted' AND (
     (NEW.kind = 'invoice') <> (NEW.total_minor > 0)
  OR NEW.total_minor = 0
  OR (SELECT sum(amount_minor) FROM document_line WHERE document_id = OLD.id)
     IS NOT NEW.total_minor
  OR EXISTS (SELECT 1 FROM document_hold WHERE document_id = OLD.id)
  OR EXISTS (SELECT 1 FROM document_drift WHERE document_id = OLD.id)
  OR EXISTS (SELECT 1 FROM document WHERE number = NEW.number)
  OR NEW.sequence IS NOT (SELECT next FROM number_series WHERE id = NEW.series_id)
  OR NOT EXISTS (
      SELECT 1 FROM journal_entry WHERE document_id = OLD.id AND kind = 'post' AND sealed = 0
      AND posting_date = NEW.posting_date
      AND currency = NEW.currency AND exponent = NEW.exponent)
  OR (SELECT sum(l.amount_minor)
      FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id
      JOIN ledger_account a ON a.id = l.account_id
      WHERE e.document_id = OLD.id AND e.kind = 'post' AND a.type = 'asset')
     IS NOT NEW.total_minor
  -- What is credited traces to the lines, account by account.
  OR EXISTS (
      SELECT 1 FROM (
          SELECT account_id, amount_minor FROM document_line WHERE document_id = OLD.id
          UNION ALL
          SELECT l.account_id, l.amount_minor
          FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id
          JOIN ledger_account a ON a.id = l.account_id
          WHERE e.document_id = OLD.id AND e.kind = 'post' AND a.type <> 'asset')
      GROUP BY account_id HAVING sum(amount_minor) <> 0)
  OR (NEW.kind = 'credit_note' AND (
      NOT EXISTS (
          SELECT 1 FROM document WHERE id = OLD.reverses_id AND status = 'posted'
          AND customer_id = NEW.customer_id
          AND currency = NEW.currency AND exponent = NEW.exponent)
      OR (SELECT total_minor FROM document WHERE id = OLD.reverses_id) + NEW.total_minor + (
          SELECT coalesce(sum(total_minor), 0) FROM document
          WHERE reverses_id = OLD.reverses_id AND status = 'posted') < 0))
  -- Each line of a credit note takes back of the line in its place, and never more than is left.
  OR (NEW.kind = 'credit_note' AND EXISTS (
      SELECT 1 FROM document_line n
      LEFT JOIN document_line o ON o.document_id = OLD.reverses_id AND o.position = n.position
      WHERE n.document_id = OLD.id AND (
          o.id IS NULL OR n.account_id IS NOT o.account_id
          OR (o.amount_minor >= 0 AND n.amount_minor > 0)
          OR (o.amount_minor <= 0 AND n.amount_minor < 0)
          OR abs(n.amount_minor + (
              SELECT coalesce(sum(c.amount_minor), 0)
              FROM document d JOIN document_line c ON c.document_id = d.id
              WHERE d.reverses_id = OLD.reverses_id AND d.status = 'posted'
              AND c.position = n.position)) > abs(o.amount_minor)))))
BEGIN SELECT RAISE(ABORT, 'document: posting needs lines, journal and number that agree'); END;

CREATE TRIGGER document_posted AFTER UPDATE OF status ON document
WHEN OLD.status = 'draft' AND NEW.status = 'posted'
BEGIN
    UPDATE journal_entry SET sealed = 1 WHERE document_id = NEW.id AND kind = 'post';
    UPDATE number_series SET next = next + 1 WHERE id = NEW.series_id;
END;

CREATE TRIGGER document_reverse BEFORE UPDATE OF status ON document
WHEN OLD.status = 'posted' AND NEW.status = 'reversed' AND (
     NOT EXISTS (SELECT 1 FROM document WHERE id = NEW.reversed_by_id
                 AND reverses_id = OLD.id AND status = 'posted')
  OR OLD.total_minor + (SELECT coalesce(sum(total_minor), 0) FROM document
                        WHERE reverses_id = OLD.id AND status = 'posted') <> 0
  OR EXISTS (
      SELECT 1 FROM document_line o WHERE o.document_id = OLD.id AND o.amount_minor + (
          SELECT coalesce(sum(c.amount_minor), 0)
          FROM document d JOIN document_line c ON c.document_id = d.id
          WHERE d.reverses_id = OLD.id AND d.status = 'posted' AND c.position = o.position) <> 0))
BEGIN SELECT RAISE(ABORT, 'document: reversed only by credit notes over all of each line'); END;

-- Lines and properties: only while the document is a draft --------------------------------------

CREATE TRIGGER document_line_insert BEFORE INSERT ON document_line
WHEN (SELECT status FROM document WHERE id = NEW.document_id) IS NOT 'draft'
  OR EXISTS (SELECT 1 FROM document_line WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM document_line
             WHERE document_id = NEW.document_id AND position = NEW.position)
  OR (NEW.product_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM product WHERE id = NEW.product_id))
BEGIN SELECT RAISE(ABORT, 'document_line: new lines only on a draft'); END;

CREATE TRIGGER document_line_update BEFORE UPDATE ON document_line
WHEN (SELECT status FROM document WHERE id = OLD.document_id) IS NOT 'draft'
  OR NEW.id IS NOT OLD.id OR NEW.document_id IS NOT OLD.document_id
  OR NEW.position IS NOT OLD.position
BEGIN SELECT RAISE(ABORT, 'document_line: changes only on a draft'); END;

CREATE TRIGGER document_line_delete BEFORE DELETE ON document_line
WHEN (SELECT status FROM document WHERE id = OLD.document_id) IS NOT 'draft'
BEGIN SELECT RAISE(ABORT, 'document_line: deleted only from a draft'); END;

CREATE TRIGGER document_property_insert BEFORE INSERT ON document_property
WHEN (SELECT status FROM document WHERE id = NEW.document_id) IS NOT 'draft'
BEGIN SELECT RAISE(ABORT, 'document_property: only on a draft'); END;

CREATE TRIGGER document_property_update BEFORE UPDATE ON document_property
WHEN (SELECT status FROM document WHERE id = OLD.document_id) IS NOT 'draft'
  OR NEW.document_id IS NOT OLD.document_id
BEGIN SELECT RAISE(ABORT, 'document_property: only on a draft'); END;

CREATE TRIGGER document_property_delete BEFORE DELETE ON document_property
WHEN (SELECT status FROM document WHERE id = OLD.document_id) IS NOT 'draft'
BEGIN SELECT RAISE(ABORT, 'document_property: only on a draft'); END;

CREATE TRIGGER line_property_insert BEFORE INSERT ON line_property
WHEN (SELECT d.status FROM document_line l JOIN document d ON d.id = l.document_id
      WHERE l.id = NEW.line_id) IS NOT 'draft'
BEGIN SELECT RAISE(ABORT, 'line_property: only on a draft'); END;

CREATE TRIGGER line_property_update BEFORE UPDATE ON line_property
WHEN (SELECT d.status FROM document_line l JOIN document d ON d.id = l.document_id
      WHERE l.id = OLD.line_id) IS NOT 'draft'
  OR NEW.line_id IS NOT OLD.line_id
BEGIN SELECT RAISE(ABORT, 'line_property: only on a draft'); END;

CREATE TRIGGER line_property_delete BEFORE DELETE ON line_property
WHEN (SELECT d.status FROM document_line l JOIN document d ON d.id = l.document_id
      WHERE l.id = OLD.line_id) IS NOT 'draft'
BEGIN SELECT RAISE(ABORT, 'line_property: only on a draft'); END;

-- Side tables: no orphans; a hold, a pin and a review belong to a draft.

CREATE TRIGGER document_hold_insert BEFORE INSERT ON document_hold
WHEN (SELECT status FROM document WHERE id = NEW.document_id) IS NOT 'draft'
BEGIN SELECT RAISE(ABORT, 'document_hold: only on a draft'); END;

CREATE TRIGGER document_pin_insert BEFORE INSERT ON document_pin
WHEN (SELECT status FROM document WHERE id = NEW.document_id) IS NOT 'draft'
BEGIN SELECT RAISE(ABORT, 'document_pin: only on a draft'); END;

CREATE TRIGGER document_review_insert BEFORE INSERT ON document_review
WHEN (SELECT status FROM document WHERE id = NEW.document_id) IS NOT 'draft'
BEGIN SELECT RAISE(ABORT, 'document_review: only on a draft'); END;

CREATE TRIGGER document_seen_insert BEFORE INSERT ON document_seen
WHEN (SELECT status FROM document WHERE id = NEW.document_id) IS NOT 'draft'
BEGIN SELECT RAISE(ABORT, 'document_seen: only on a draft'); END;

CREATE TRIGGER document_drift_insert BEFORE INSERT ON document_drift
WHEN coalesce((SELECT status FROM document WHERE id = NEW.document_id), '')
     NOT IN ('draft', 'posted')
BEGIN SELECT RAISE(ABORT, 'document_drift: only on a live document'); END;

CREATE TRIGGER document_acceptance_insert BEFORE INSERT ON document_acceptance
WHEN (SELECT status FROM document WHERE id = NEW.document_id) IS NOT 'posted'
BEGIN SELECT RAISE(ABORT, 'document_acceptance: only on a posted document'); END;

CREATE TRIGGER credit_reason_insert BEFORE INSERT ON credit_reason
WHEN EXISTS (SELECT 1 FROM credit_reason WHERE document_id = NEW.document_id)
  OR (SELECT kind || status FROM document WHERE id = NEW.document_id) IS NOT 'credit_notedraft'
BEGIN SELECT RAISE(ABORT, 'credit_reason: once, for a credit note that is about to be posted'); END;

CREATE TRIGGER credit_reason_update BEFORE UPDATE ON credit_reason
BEGIN SELECT RAISE(ABORT, 'credit_reason: stays as written'); END;

CREATE TRIGGER credit_reason_delete BEFORE DELETE ON credit_reason
BEGIN SELECT RAISE(ABORT, 'credit_reason: stays as written'); END;
