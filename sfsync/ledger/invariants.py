"""What must always hold in a ledger: small checks that return findings; tests run the same list."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sfsync.ledger.audit import Finding, verify_chain
from sfsync.ledger.digests import document_digests, payment_digests, void_digests
from sfsync.ledger.frozen import changed_images
from sfsync.ledger.migrations import shipped_fingerprint
from sfsync.money import EXPONENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sfsync.ledger.connection import Ledger

    Check = Callable[[Ledger], Iterator[Finding]]

# Code, query answering the entity of each offender, and what is wrong with it.
_QUERIES: tuple[tuple[str, str, str], ...] = (
    ("entry-unbalanced", """
        SELECT 'entry ' || e.id FROM journal_entry e
        LEFT JOIN journal_line l ON l.entry_id = e.id
        WHERE e.sealed = 1 GROUP BY e.id
        HAVING coalesce(sum(l.amount_minor), 1) <> 0 OR count(l.id) < 2
            OR min(abs(l.amount_minor)) = 0
        """, "a sealed entry does not add up to zero over at least two lines"),
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
    ("journal-total", """
        SELECT d.draft FROM document d JOIN journal_entry e
            ON e.document_id = d.id AND e.kind = 'post'
        JOIN journal_line l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id
        WHERE d.number IS NOT NULL
        GROUP BY d.id HAVING sum(CASE a.type WHEN 'asset' THEN l.amount_minor ELSE 0 END)
            <> d.total_minor OR min(e.posting_date) <> d.posting_date
        """, "the journal does not debit the receivable with the total on the posting date"),
    ("journal-lines", """
        SELECT draft FROM (
            SELECT d.draft, l.account_id, l.amount_minor AS amount
            FROM document d JOIN document_line l ON l.document_id = d.id
            WHERE d.number IS NOT NULL
            UNION ALL
            SELECT d.draft, j.account_id, j.amount_minor
            FROM document d JOIN journal_entry e ON e.document_id = d.id AND e.kind = 'post'
            JOIN journal_line j ON j.entry_id = e.id
            JOIN ledger_account a ON a.id = j.account_id
            WHERE a.type <> 'asset' AND d.number IS NOT NULL)
        GROUP BY draft, account_id HAVING sum(amount) <> 0
        """, "the credits do not trace to the lines account by account"),
    ("series-gap", """
        SELECT s.key FROM number_series s LEFT JOIN document d ON d.series_id = s.id
        GROUP BY s.id HAVING count(d.id) <> s.next - s.first
            OR (count(d.id) > 0 AND (min(d.sequence) <> s.first
                                     OR max(d.sequence) <> s.next - 1))
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
        """, "more has been credited than was invoiced"),
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


# These trace what is owed and what became of each document: the longest two.
_TRACES: tuple[tuple[str, str, str], ...] = (
    ("receivable", """
        SELECT printf('D-%06d', root) FROM (
            SELECT coalesce(o.reverses_id, o.id) AS root, l.amount_minor AS amount
            FROM journal_entry e CROSS JOIN document o CROSS JOIN journal_line l
            CROSS JOIN ledger_account a
            WHERE e.sealed = 1 AND o.id = e.document_id AND l.entry_id = e.id
            AND a.id = l.account_id AND a.type = 'asset' AND +l.account_id = (
                -- The account that the invoice itself debited, whatever is configured by now;
                -- unary plus: the lines of one entry, not all lines of the account.
                SELECT r.account_id FROM journal_entry i CROSS JOIN journal_line r
                CROSS JOIN ledger_account t
                WHERE i.document_id = coalesce(o.reverses_id, o.id) AND i.kind = 'post'
                AND r.entry_id = i.id AND t.id = r.account_id AND t.type = 'asset' LIMIT 1)
            UNION ALL
            SELECT d.id, -b.balance_minor FROM document d
            JOIN document_balance b ON b.document_id = d.id
            WHERE d.kind = 'invoice' AND d.number IS NOT NULL)
        GROUP BY root HAVING sum(amount) <> 0
        """, "what is owed on it is not what the receivable account says"),
    ("audit-status", """
        SELECT d.draft FROM document d LEFT JOIN (
            SELECT entity, sum(action = 'invoice.post') AS posts,
                   sum(action = 'invoice.reverse') AS reversals,
                   sum(action = 'invoice.delete') AS deletions
            FROM audit_event WHERE action IN ('invoice.post', 'invoice.reverse', 'invoice.delete')
            GROUP BY entity) a ON a.entity = d.draft
        WHERE coalesce(a.posts, 0) <> (d.status IN ('posted', 'reversed'))
           OR coalesce(a.reversals, 0) <> (d.status = 'reversed')
           OR coalesce(a.deletions, 0) <> (d.status = 'deleted')
        """, "a change of status is not in the audit trail exactly once"),
)  # fmt: skip


def _rules(ledger: Ledger) -> Iterator[Finding]:
    return _broken(ledger, _QUERIES)


def _traces(ledger: Ledger) -> Iterator[Finding]:
    return _broken(ledger, _TRACES)


def _broken(ledger: Ledger, queries: Iterable[tuple[str, str, str]]) -> Iterator[Finding]:
    for code, query, message in queries:
        try:
            entities = [str(entity) for (entity,) in ledger.rows(query)]
        except sqlite3.OperationalError as trouble:
            # A table that is gone, a text that is no JSON any more: nothing that sfsync wrote.
            yield Finding(code, "ledger", f"it cannot be told whether {message}: {trouble}")
        else:
            yield from (Finding(code, entity, message) for entity in entities)


def _file(ledger: Ledger) -> Iterator[Finding]:
    for (problem,) in ledger.rows("PRAGMA integrity_check"):
        if problem != "ok":
            yield Finding("file-damaged", "file", problem)
    for table, row_id, parent, _ in ledger.rows("PRAGMA foreign_key_check"):
        yield Finding("orphan", f"{table} {row_id}", f"refers to a {parent} that is not there")


def _private(ledger: Ledger) -> Iterator[Finding]:
    if os.name == "posix" and ledger.path.stat().st_mode & 0o077:
        yield Finding("file-open-to-others", "file", "others than its owner may read or write it")


def _schema(ledger: Ledger) -> Iterator[Finding]:
    if ledger.schema_fingerprint() != shipped_fingerprint():
        message = "tables, indexes or triggers are not those that sfsync made"
        yield Finding("schema-changed", "schema", message)


def _exponents(ledger: Ledger) -> Iterator[Finding]:
    for currency, exponent in ledger.rows("SELECT DISTINCT currency, exponent FROM document"):
        if EXPONENTS.get(currency) != exponent:
            message = f"{exponent} decimals are not those of ISO 4217"
            yield Finding("currency-exponent", currency, message)


def _digests(ledger: Ledger) -> Iterator[Finding]:
    """Whether all that was posted, paid and voided is there and says what it said then."""
    kinds = (
        ("invoice.post", "D", "document", document_digests),
        ("payment.add", "P", "payment", payment_digests),
        ("payment.void", "P", "void", void_digests),
    )
    for action, letter, word, digests in kinds:
        recorded = dict(
            ledger.rows(
                "SELECT entity, iif(json_valid(after), json_extract(after, '$.digest'), NULL)"
                " FROM audit_event WHERE action = ?",
                (action,),
            )
        )
        for key, digest in digests(ledger):
            entity = f"{letter}-{key:06d}"
            if recorded.pop(entity, None) != digest:
                yield Finding(f"{word}-changed", entity, "it is not what was written")
        for entity in recorded:
            yield Finding(f"{word}-missing", entity, "what was written is not there any more")


def _audit(ledger: Ledger) -> Iterator[Finding]:
    yield from verify_chain(ledger)


CHECKS: tuple[Check, ...] = (
    _file,
    _private,
    _schema,
    _rules,
    _traces,
    _exponents,
    _digests,
    changed_images,
    _audit,
)


BESIDE: tuple[Check, ...] = (_file, _rules)
"""For the second connection of a large ledger: about half of the work, and all of it SQLite's.

What goes through many rows in Python stays together on the first: two such threads would take turns
for every row.
"""

LARGE = 5_000
"""From so many documents on, the checks run on two connections at once."""


def check_ledger(ledger: Ledger) -> list[Finding]:
    """Everything that is wrong with a ledger, in the order of `CHECKS`; empty when it is sound."""
    (newest,) = ledger.row("SELECT coalesce(max(id), 0) FROM document")
    if newest < LARGE:
        return [finding for one in _run(ledger, CHECKS) for finding in one]
    with ThreadPoolExecutor(1) as beside:
        other = beside.submit(_run_beside, ledger)
        found = _run(ledger, [check for check in CHECKS if check not in BESIDE])
        parts = dict(zip(BESIDE, other.result(), strict=True))
    mine = iter(found)
    return [
        finding for check in CHECKS for finding in (parts[check] if check in parts else next(mine))
    ]


def _run_beside(ledger: Ledger) -> list[list[Finding]]:
    # SQLite's connections belong to the thread that made them.
    with ledger.reader() as reader:
        return _run(reader, BESIDE)


def _run(ledger: Ledger, checks: Iterable[Check]) -> list[list[Finding]]:
    with ledger.snapshot():
        return [list(check(ledger)) for check in checks]
