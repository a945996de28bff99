"""The rules of a ledger that one query each can tell broken.

Each is a code, a query that answers the entity of each offender, and what is wrong with it.
docs/reliability.md says which promise each of them holds.
"""

from __future__ import annotations

RULES: tuple[tuple[str, str, str], ...] = (
    ("entry-unsealed", """
        SELECT 'entry ' || e.id FROM journal_entry e JOIN document d ON d.id = e.document_id
        WHERE e.sealed = 0 OR (e.kind = 'post' AND d.number IS NULL)
        """, "an entry is not sealed, or its document is not posted"),
    ("trial-balance", """
        SELECT e.currency FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id
        WHERE e.sealed = 1 GROUP BY e.currency HAVING sum(l.amount_minor) <> 0
        """, "debits and credits of a currency differ"),
    ("document-without-entry", """
        SELECT d.draft FROM document d WHERE d.status IN ('posted', 'reversed')
        AND (SELECT count(*) FROM journal_entry
             WHERE document_id = d.id AND kind = 'post' AND sealed = 1) <> 1
        """, "a posted document does not have exactly one journal entry"),
    ("status-number", """
        SELECT draft FROM document
        WHERE (status IN ('posted', 'reversed')) <> (number IS NOT NULL)
           OR (number IS NULL) <> (posting_date IS NULL)
        """, "number and posting date do not go with the status"),
    ("lines-total", """
        SELECT d.draft FROM document d LEFT JOIN document_line l ON l.document_id = d.id
        GROUP BY d.id HAVING coalesce(sum(l.amount_minor), 0) <> d.total_minor OR count(l.id) = 0
        """, "the lines do not add up to the total"),
    ("journal-lines", """
        SELECT printf('D-%06d', document) FROM (
            SELECT l.document_id AS document, l.account_id, l.amount_minor AS amount
            FROM document_line l JOIN document d ON d.id = l.document_id
            WHERE d.number IS NOT NULL
            UNION ALL
            SELECT e.document_id, j.account_id, j.amount_minor
            FROM journal_entry e JOIN journal_line j ON j.entry_id = e.id
            JOIN ledger_account a ON a.id = j.account_id
            WHERE e.kind = 'post' AND a.type <> 'asset')
        GROUP BY document, account_id HAVING sum(amount) <> 0
        """, "the credits do not trace to the lines account by account"),
    ("entry-currency", """
        SELECT 'entry ' || e.id FROM journal_entry e JOIN document d ON d.id = e.document_id
        WHERE e.currency <> d.currency OR e.exponent <> d.exponent
        UNION ALL
        SELECT p.name FROM payment p JOIN document d ON d.id = p.document_id
        WHERE p.currency <> d.currency OR p.exponent <> d.exponent
        """, "it is not in the currency of its document"),
    ("series-gap", """
        SELECT s.key FROM number_series s LEFT JOIN document d ON d.series_id = s.id
        GROUP BY s.id HAVING count(d.id) <> s.next - s.first OR count(d.id) = 0
            OR min(d.sequence) <> s.first OR max(d.sequence) <> s.next - 1
        """, "the numbers of a series are not contiguous"),
    ("two-live-invoices", """
        SELECT opportunity_id FROM document
        WHERE kind = 'invoice' AND status IN ('draft', 'posted')
        GROUP BY org_id, opportunity_id HAVING count(*) > 1
        """, "an opportunity has more than one live invoice"),
    ("reversal-link", """
        SELECT d.draft FROM document d LEFT JOIN document r ON r.id = d.reversed_by_id
        WHERE (d.status = 'reversed') <> (r.id IS NOT NULL)
           OR (r.id IS NOT NULL AND (r.reverses_id <> d.id OR r.status <> 'posted'))
           OR (d.status = 'reversed' AND d.total_minor + (
               SELECT coalesce(sum(total_minor), 0) FROM document
               WHERE reverses_id = d.id AND status = 'posted') <> 0)
        """, "an invoice and the credit notes that reverse it do not cancel"),
    ("over-credited", """
        SELECT i.draft FROM document i JOIN document c
            ON c.reverses_id = i.id AND c.status = 'posted'
        GROUP BY i.id HAVING i.total_minor + sum(c.total_minor) < 0 OR i.kind <> 'invoice'
            -- Credits only grow: what holds now held on every day since the invoice.
            OR min(c.posting_date) < i.posting_date
        """, "more has been credited than was invoiced, or before it was invoiced"),
    ("line-not-cancelled", """
        SELECT i.draft || ' line ' || o.position
        FROM document i JOIN document_line o ON o.document_id = i.id
        LEFT JOIN document n ON n.reverses_id = i.id AND n.status = 'posted'
        LEFT JOIN document_line c ON c.document_id = n.id AND c.position = o.position
        WHERE i.status = 'reversed'
        GROUP BY o.id HAVING o.amount_minor + coalesce(sum(c.amount_minor), 0) <> 0
        """, "the parts that were credited of the line do not add up to it"),
    ("balance", """
        SELECT d.draft FROM document d JOIN document_balance b ON b.document_id = d.id
        WHERE d.status IN ('posted', 'reversed') AND (b.balance_minor < 0
            OR (d.status = 'reversed' AND EXISTS (
                SELECT 1 FROM payment p WHERE p.document_id = d.id
                AND NOT EXISTS (SELECT 1 FROM payment_void WHERE payment_id = p.id))))
        """, "more has been paid and credited than was invoiced"),
    ("payment-entry", """
        SELECT 'entry ' || e.id FROM journal_entry e
        LEFT JOIN payment p ON p.entry_id = e.id LEFT JOIN payment_void v ON v.entry_id = e.id
        WHERE (e.kind = 'payment') <> (p.id IS NOT NULL)
           OR (e.kind = 'void') <> (v.payment_id IS NOT NULL)
        UNION
        SELECT p.name FROM payment p LEFT JOIN journal_entry e ON e.id = p.entry_id
        WHERE e.id IS NULL OR e.document_id <> p.document_id OR e.posting_date <> p.date
        UNION
        SELECT p.name FROM payment_void v JOIN payment p ON p.id = v.payment_id
        LEFT JOIN journal_entry e ON e.id = v.entry_id
        WHERE e.id IS NULL OR e.document_id <> p.document_id OR e.posting_date <> v.date
        """, "payments and their journal entries do not belong together"),
    ("line-over-credited", """
        SELECT i.draft || ' line ' || o.position
        FROM document n JOIN document_line c ON c.document_id = n.id
        JOIN document i ON i.id = n.reverses_id
        LEFT JOIN document_line o ON o.document_id = i.id AND o.position = c.position
        WHERE n.status = 'posted'
        GROUP BY i.id, c.position
        HAVING o.id IS NULL OR abs(sum(c.amount_minor)) > abs(o.amount_minor)
            OR sum(c.amount_minor) * o.amount_minor > 0
        """, "more of a line has been credited than was invoiced"),
    ("credit-without-reason", """
        SELECT d.draft FROM document d LEFT JOIN credit_reason r ON r.document_id = d.id
        WHERE (d.kind = 'credit_note') <> (r.document_id IS NOT NULL)
        """, "a credit note has no reason"),
    ("another-org", """
        SELECT draft FROM document WHERE org_id IS NOT (SELECT org_id FROM ledger)
        """, "a document is of another org"),
    ("merge-unfinished", """
        SELECT m.number FROM customer m JOIN customer c ON c.id = m.merged_into
        WHERE c.merged_into IS NOT NULL
           OR EXISTS (SELECT 1 FROM account_link WHERE customer_id = m.id)
           OR EXISTS (SELECT 1 FROM contact WHERE customer_id = m.id)
           OR EXISTS (SELECT 1 FROM document WHERE customer_id = m.id AND status = 'draft')
        """, "a customer was merged away and something still refers to it"),
    ("removal-missing", """
        SELECT d.draft FROM document d LEFT JOIN document_removal r ON r.document_id = d.id
        WHERE (d.status IN ('deleted', 'reversed')) <> (r.document_id IS NOT NULL)
        """, "a deleted or reversed document has no reason, or a live one has"),
    ("mark-on-posted", """
        SELECT d.draft FROM document d WHERE d.status <> 'draft' AND EXISTS (
            SELECT 1 FROM document_hold WHERE document_id = d.id)
        """, "a hold is left on a document that is no draft"),
    ("run-counts", """
        SELECT 'run ' || r.id FROM run r, json_each(r.counts) c
        WHERE json_extract(c.value, '$.read') <> json_extract(c.value, '$.created')
            + json_extract(c.value, '$.updated') + json_extract(c.value, '$.unchanged')
            + json_extract(c.value, '$.skipped') + json_extract(c.value, '$.failed')
            + json_extract(c.value, '$.drifted')
        """, "the outcomes of a run do not add up to what it read"),
    ("cursor-ahead", """
        SELECT c.sobject FROM cursor c WHERE c.salesforce_id <> '' AND (
            NOT EXISTS (SELECT 1 FROM run_record r WHERE r.salesforce_id = c.salesforce_id
                        AND r.run_id <= c.run_id AND r.sobject = c.sobject)
            OR (c.sobject = 'Opportunity' AND NOT EXISTS (
                SELECT 1 FROM opportunity o WHERE o.salesforce_id = c.salesforce_id
                AND (c.full = 1 OR o.system_modstamp >= c.system_modstamp))))
        AND c.sobject IN ('Opportunity', 'Account', 'Contact')
        -- A deal that was deleted before the ledger knew it is told of, and not remembered.
        AND NOT (c.sobject = 'Opportunity'
            AND NOT EXISTS (SELECT 1 FROM opportunity WHERE salesforce_id = c.salesforce_id)
            AND EXISTS (SELECT 1 FROM run_page p, json_each(p.records) told
                WHERE p.sobject = c.sobject AND p.code = 'not-synced' AND p.run_id <= c.run_id
                AND json_extract(told.value, '$[0]') = c.salesforce_id))
        """, "the next run would start after a record that is not in the ledger"),
    ("run-created", """
        SELECT 'run ' || r.run_id FROM run_record r JOIN document d ON d.id = r.document_id
        WHERE r.sobject = 'Opportunity' AND r.outcome = 'created' AND d.run_id IS NOT r.run_id
        """,
        "a run did not create the drafts that its history names"),
    ("auto-post", """
        SELECT d.draft FROM auto_post a JOIN document d ON d.id = a.document_id
        WHERE a.code IS NULL AND d.number IS NULL
        """, "a run says that it posted a document, and it is not posted"),
    ("run-records", """
        SELECT 'run ' || run FROM (
            SELECT r.id AS run, json_extract(c.value, '$.read') AS read, (
                SELECT count(*) FROM run_record WHERE run_id = r.id AND sobject = o.name) AS single,
                (SELECT coalesce(sum(json_array_length(records)), 0) FROM run_page
                 WHERE run_id = r.id AND sobject = o.name) AS compact
            FROM run r, json_each(r.counts) c
            JOIN (SELECT 'opportunities' AS key, 'Opportunity' AS name
                  UNION SELECT 'customers', 'Account' UNION SELECT 'contacts', 'Contact') o
                ON o.key = c.key
            WHERE r.outcome <> 'running')
        -- A record kept in a compact page may be told of once more, by itself.
        WHERE read > single + compact OR read < single
        """, "the records of a run are not as many as it read"),
    ("draft-missing", """
        SELECT entity FROM audit_event WHERE action = 'invoice.create'
        AND NOT EXISTS (SELECT 1 FROM document WHERE id = CAST(substr(entity, 3) AS INTEGER))
        """, "a document that was created is not there any more"),
    ("draft-changed", """
        SELECT d.draft FROM document d
        WHERE d.status = 'draft'
        AND NOT EXISTS (SELECT 1 FROM document_pin WHERE document_id = d.id)
        -- A merge gives it another customer; a person's own values are pinned.
        AND (json_extract(d.source, '$.description') IS NOT d.description
             OR json_extract(d.source, '$.document_date') IS NOT d.document_date
             OR json_extract(d.source, '$.due_date') IS NOT d.due_date
             OR json_extract(d.source, '$.currency') IS NOT d.currency
             OR CAST(replace(json_extract(d.source, '$.total'), '.', '') AS INTEGER)
                IS NOT d.total_minor)
        """, "it is neither what the last sync read nor what a person set"),
    ("mark-changed", """
        WITH told AS (
            SELECT CAST(substr(entity, 3) AS INTEGER) AS id,
                   coalesce(max(seq) FILTER (WHERE action = 'invoice.hold'), 0)
                       > coalesce(max(seq) FILTER (WHERE action = 'invoice.release'), 0) AS held,
                   coalesce(max(seq) FILTER (WHERE action = 'invoice.drift'), 0)
                       > coalesce(max(seq) FILTER (WHERE action IN
                           ('invoice.drift-closed', 'invoice.accept')), 0) AS drifted,
                   max(seq) FILTER (WHERE action = 'invoice.review') AS reviewed,
                   -- A review is of the draft as it was then.
                   max(seq) FILTER (WHERE action IN ('invoice.edit', 'invoice.update')) AS written
            FROM audit_event WHERE action IN ('invoice.hold', 'invoice.release', 'invoice.drift',
                'invoice.drift-closed', 'invoice.accept', 'invoice.review', 'invoice.edit',
                'invoice.update')
            GROUP BY entity)
        SELECT d.draft FROM (
            SELECT id FROM told UNION SELECT document_id FROM document_hold
            UNION SELECT document_id FROM document_drift
            UNION SELECT document_id FROM document_review) x
        JOIN document d ON d.id = x.id LEFT JOIN told t ON t.id = x.id
        LEFT JOIN document_review r ON r.document_id = x.id
        WHERE (d.status = 'draft' AND coalesce(t.held, 0)
               <> EXISTS (SELECT 1 FROM document_hold WHERE document_id = x.id))
           OR (d.status IN ('draft', 'posted') AND coalesce(t.drifted, 0)
               <> EXISTS (SELECT 1 FROM document_drift WHERE document_id = x.id))
           OR (d.status = 'draft' AND r.document_id IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM audit_event e
               WHERE e.seq = t.reviewed AND e.seq > coalesce(t.written, 0)
               AND e.actor = r.actor))
        """, "a hold, a drift or a review came or went without an event"),
    ("removal-changed", """
        SELECT a.entity FROM audit_event a
        JOIN document d ON d.id = CAST(substr(a.entity, 3) AS INTEGER)
        LEFT JOIN document_removal r ON r.document_id = d.id
        LEFT JOIN document n ON n.id = d.reversed_by_id
        WHERE a.action IN ('invoice.delete', 'invoice.reverse')
        AND (r.reason IS NOT a.reason OR r.actor IS NOT a.actor
             OR json_extract(a.after, '$.reversed_by') IS NOT n.number)
        """, "why or by what it was removed is not what the audit trail says"),
    ("account-changed", """
        SELECT a.code FROM ledger_account a LEFT JOIN (
            SELECT entity, after, max(seq) FROM audit_event
            WHERE action IN ('account.create', 'account.update') GROUP BY entity) e
            ON e.entity = a.code
        WHERE json_extract(e.after, '$.name') IS NOT a.name
           OR json_extract(e.after, '$.type') IS NOT a.type
           OR json_extract(e.after, '$.active') IS NOT a.active
        """, "an account is not as it was entered"),
    ("period-lock", """
        SELECT 'journal' WHERE (SELECT closed_through FROM period_lock WHERE id = 1) IS NOT (
            SELECT json_extract(after, '$.closed_through') FROM audit_event
            WHERE action = 'period.close' ORDER BY seq DESC LIMIT 1)
            OR (SELECT count(*) FROM period_lock) <> 1
        """, "the closed period is not the one that was closed last"),
    ("closed-period", """
        SELECT entity FROM (
            SELECT a.entity, a.action,
                   CASE WHEN a.action = 'invoice.post' THEN d.posting_date
                        ELSE json_extract(a.after, '$.date') END AS day,
                   max(CASE WHEN a.action = 'period.close'
                       THEN json_extract(a.after, '$.closed_through') END)
                       OVER (ORDER BY a.seq) AS closed
            FROM audit_event a LEFT JOIN document d
                ON a.action = 'invoice.post' AND d.id = CAST(substr(a.entity, 3) AS INTEGER)
            WHERE a.action IN ('invoice.post', 'payment.add', 'payment.void', 'period.close')
            AND EXISTS (SELECT 1 FROM audit_event WHERE action = 'period.close'))
        WHERE action <> 'period.close' AND day <= closed
        """, "it is dated in a period that was closed before it was written"),
)  # fmt: skip


# These go through the whole journal or the whole trail: as much work as all the others, which a
# large ledger has done beside them.
TRACES: tuple[tuple[str, str, str], ...] = (
    ("journal-total", """
        SELECT d.draft FROM document d JOIN journal_entry e
            ON e.document_id = d.id AND e.kind = 'post'
        JOIN journal_line l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id
        WHERE d.number IS NOT NULL
        GROUP BY d.id HAVING sum(CASE a.type WHEN 'asset' THEN l.amount_minor ELSE 0 END)
            <> d.total_minor OR min(e.posting_date) <> d.posting_date OR sum(a.type = 'asset') <> 1
        """, "the journal does not debit the receivable with the total on the posting date"),
    ("entry-unbalanced", """
        SELECT 'entry ' || e.id FROM journal_entry e
        LEFT JOIN journal_line l ON l.entry_id = e.id
        WHERE e.sealed = 1 GROUP BY e.id
        HAVING coalesce(sum(l.amount_minor), 1) <> 0 OR count(l.id) < 2
            OR min(abs(l.amount_minor)) = 0
        """, "a sealed entry does not add up to zero over at least two lines"),
    ("billed-recognised", """
        SELECT currency || ' ' || month FROM (
            SELECT currency, substr(posting_date, 1, 7) AS month, sum(total_minor) AS amount
            FROM document WHERE number IS NOT NULL GROUP BY currency, posting_date
            UNION ALL
            -- Revenue accounts and, where a product is deferred, those of the other types.
            SELECT e.currency, substr(e.posting_date, 1, 7), sum(l.amount_minor)
            FROM journal_entry e CROSS JOIN journal_line l CROSS JOIN ledger_account a
            WHERE l.entry_id = e.id AND a.id = l.account_id AND a.type <> 'asset' AND e.sealed = 1
            GROUP BY e.currency, e.posting_date)
        GROUP BY currency, month HAVING sum(amount) <> 0
        """, "what was billed is not what was recognised and deferred in that month"),
    ("receivable", """
        SELECT printf('D-%06d on %s', root, day) FROM (
            SELECT coalesce(o.reverses_id, o.id) AS root, e.posting_date AS day,
                   l.amount_minor AS amount
            FROM journal_entry e CROSS JOIN document o CROSS JOIN journal_line l
            CROSS JOIN ledger_account a
            -- An invoice's own debit, on its day, is the matter of journal-total.
            WHERE e.sealed = 1 AND o.id = e.document_id AND NOT (e.kind = 'post'
                AND o.kind = 'invoice') AND l.entry_id = e.id
            AND a.id = l.account_id AND a.type = 'asset' AND +l.account_id = (
                -- The account that the invoice itself debited, whatever is configured by now;
                -- unary plus: the lines of one entry, not all lines of the account.
                SELECT r.account_id FROM journal_entry i CROSS JOIN journal_line r
                CROSS JOIN ledger_account t
                WHERE i.document_id = coalesce(o.reverses_id, o.id) AND i.kind = 'post'
                AND r.entry_id = i.id AND t.id = r.account_id AND t.type = 'asset' LIMIT 1)
            UNION ALL
            SELECT reverses_id, posting_date, -total_minor
            FROM document WHERE reverses_id IS NOT NULL AND number IS NOT NULL
            UNION ALL
            SELECT document_id, date, amount_minor FROM payment
            UNION ALL
            SELECT p.document_id, v.date, -p.amount_minor
            FROM payment_void v JOIN payment p ON p.id = v.payment_id)
        -- Equal on each day of each invoice: so is aging to the account at the end of any period.
        GROUP BY root, day HAVING sum(amount) <> 0
        """, "what is owed on it is not what the receivable account says"),
    ("audit-status", """
        SELECT d.draft FROM document d LEFT JOIN (
            SELECT entity, sum(action = 'invoice.create') AS births,
                   sum(action = 'invoice.post') AS posts,
                   sum(action = 'invoice.reverse') AS reversals,
                   sum(action = 'invoice.delete') AS deletions
            FROM audit_event WHERE action IN
                ('invoice.create', 'invoice.post', 'invoice.reverse', 'invoice.delete')
            GROUP BY entity) a ON a.entity = d.draft
        WHERE coalesce(a.births, 0) <> (d.kind = 'invoice')
           OR coalesce(a.posts, 0) <> (d.status IN ('posted', 'reversed'))
           OR coalesce(a.reversals, 0) <> (d.status = 'reversed')
           OR coalesce(a.deletions, 0) <> (d.status = 'deleted')
        """, "a change of status is not in the audit trail exactly once"),
)  # fmt: skip
