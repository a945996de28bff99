-- What people ask of the ledger with their own tools: readable names, amounts as decimal text.
-- Text cannot be added exactly: sum the columns that end in _minor, within one currency.
-- docs/sql.md describes every view; nothing in the program depends on them.

CREATE VIEW currency_unit (exponent, unit) AS
VALUES (0, 1), (1, 10), (2, 100), (3, 1000), (4, 10000);

CREATE VIEW invoices AS
SELECT d.number, d.draft, d.kind, d.status, c.number AS customer, c.name AS customer_name,
       d.opportunity_id AS opportunity, d.description, d.document_date, d.due_date,
       d.posting_date, d.currency,
       CASE u.unit WHEN 1 THEN printf('%d', d.total_minor)
            ELSE printf('%s%d.%0*d', CASE WHEN d.total_minor < 0 THEN '-' ELSE '' END,
                        abs(d.total_minor) / u.unit, u.exponent, abs(d.total_minor) % u.unit)
       END AS total,
       CASE u.unit WHEN 1 THEN printf('%d', b.balance_minor)
            ELSE printf('%s%d.%0*d', CASE WHEN b.balance_minor < 0 THEN '-' ELSE '' END,
                        abs(b.balance_minor) / u.unit, u.exponent, abs(b.balance_minor) % u.unit)
       END AS balance,
       d.total_minor, b.balance_minor, u.exponent, d.sales_rep, d.region, d.po_number,
       (SELECT json_group_object(name, value) FROM document_property
        WHERE document_id = d.id) AS properties,
       d.posted_at, d.posted_by,
       (SELECT number FROM document WHERE id = d.reverses_id) AS reverses,
       (SELECT number FROM document WHERE id = d.reversed_by_id) AS reversed_by,
       d.run_id AS run
FROM document d
JOIN currency_unit u ON u.exponent = d.exponent
JOIN document_balance b ON b.document_id = d.id
JOIN customer o ON o.id = d.customer_id
JOIN customer c ON c.id = coalesce(o.merged_into, o.id);

CREATE VIEW invoice_lines AS
SELECT d.number, d.draft, d.kind, d.status, d.document_date, d.posting_date, l.position AS no,
       p.code AS product_code, p.name AS product, l.description,
       rtrim(rtrim(printf('%s%d.%06d', CASE WHEN l.quantity_micro < 0 THEN '-' ELSE '' END,
                          abs(l.quantity_micro) / 1000000, abs(l.quantity_micro) % 1000000),
                   '0'), '.') AS quantity,
       CASE WHEN l.unit_price_micro IS NOT NULL THEN
           rtrim(rtrim(printf('%s%d.%06d', CASE WHEN l.unit_price_micro < 0 THEN '-' ELSE '' END,
                              abs(l.unit_price_micro) / 1000000, abs(l.unit_price_micro) % 1000000),
                       '0'), '.') END AS unit_price,
       d.currency,
       CASE u.unit WHEN 1 THEN printf('%d', l.amount_minor)
            ELSE printf('%s%d.%0*d', CASE WHEN l.amount_minor < 0 THEN '-' ELSE '' END,
                        abs(l.amount_minor) / u.unit, u.exponent, abs(l.amount_minor) % u.unit)
       END AS amount,
       l.amount_minor, u.exponent, a.code AS account,
       (SELECT json_group_object(name, value) FROM line_property
        WHERE line_id = l.id) AS properties
FROM document_line l
JOIN document d ON d.id = l.document_id
JOIN currency_unit u ON u.exponent = d.exponent
LEFT JOIN product p ON p.id = l.product_id
LEFT JOIN ledger_account a ON a.id = l.account_id;

-- Recognised revenue: every line of a posted document on its revenue account, credit positive.
CREATE VIEW revenue AS
SELECT d.posting_date, substr(d.posting_date, 1, 7) AS month, d.number, d.kind,
       c.number AS customer, c.name AS customer_name, p.code AS product_code, p.name AS product,
       d.sales_rep, d.region, a.code AS account, d.currency,
       CASE u.unit WHEN 1 THEN printf('%d', l.amount_minor)
            ELSE printf('%s%d.%0*d', CASE WHEN l.amount_minor < 0 THEN '-' ELSE '' END,
                        abs(l.amount_minor) / u.unit, u.exponent, abs(l.amount_minor) % u.unit)
       END AS revenue,
       l.amount_minor AS revenue_minor, u.exponent
FROM document d
JOIN document_line l ON l.document_id = d.id
JOIN ledger_account a ON a.id = l.account_id AND a.type = 'revenue'
JOIN currency_unit u ON u.exponent = d.exponent
JOIN customer o ON o.id = d.customer_id
JOIN customer c ON c.id = coalesce(o.merged_into, o.id)
LEFT JOIN product p ON p.id = l.product_id
WHERE d.number IS NOT NULL;

-- What each customer owes now, in each currency in which something was ever posted.
CREATE VIEW customers_balance AS
SELECT customer, name, currency, open_invoices,
       CASE unit WHEN 1 THEN printf('%d', balance_minor)
            ELSE printf('%s%d.%0*d', CASE WHEN balance_minor < 0 THEN '-' ELSE '' END,
                        abs(balance_minor) / unit, exponent, abs(balance_minor) % unit)
       END AS balance,
       balance_minor, exponent
FROM (
    SELECT c.number AS customer, c.name, d.currency, u.unit, u.exponent,
           sum(b.balance_minor <> 0) AS open_invoices, sum(b.balance_minor) AS balance_minor
    FROM document d
    JOIN document_balance b ON b.document_id = d.id
    JOIN currency_unit u ON u.exponent = d.exponent
    JOIN customer o ON o.id = d.customer_id
    JOIN customer c ON c.id = coalesce(o.merged_into, o.id)
    WHERE d.number IS NOT NULL
    GROUP BY c.id, d.currency
);

CREATE VIEW journal AS
SELECT e.id AS entry, e.posting_date, e.kind, d.number AS document, e.description,
       a.code AS account, a.name AS account_name, a.type AS account_type, e.currency,
       CASE WHEN l.amount_minor > 0 THEN
           CASE u.unit WHEN 1 THEN printf('%d', l.amount_minor)
                ELSE printf('%d.%0*d', l.amount_minor / u.unit, u.exponent, l.amount_minor % u.unit)
           END END AS debit,
       CASE WHEN l.amount_minor < 0 THEN
           CASE u.unit WHEN 1 THEN printf('%d', -l.amount_minor)
                ELSE printf('%d.%0*d', -l.amount_minor / u.unit, u.exponent,
                            -l.amount_minor % u.unit)
           END END AS credit,
       l.amount_minor, u.exponent
FROM journal_entry e
JOIN journal_line l ON l.entry_id = e.id
JOIN ledger_account a ON a.id = l.account_id
JOIN document d ON d.id = e.document_id
JOIN currency_unit u ON u.exponent = e.exponent
WHERE e.sealed = 1;

CREATE VIEW payments AS
SELECT p.name AS payment, d.number, c.number AS customer, c.name AS customer_name, p.date,
       p.currency,
       CASE u.unit WHEN 1 THEN printf('%d', p.amount_minor)
            ELSE printf('%d.%0*d', p.amount_minor / u.unit, u.exponent, p.amount_minor % u.unit)
       END AS amount,
       p.amount_minor, u.exponent, p.method, p.reference, v.date AS voided_on
FROM payment p
JOIN document d ON d.id = p.document_id
JOIN currency_unit u ON u.exponent = p.exponent
JOIN customer o ON o.id = d.customer_id
JOIN customer c ON c.id = coalesce(o.merged_into, o.id)
LEFT JOIN payment_void v ON v.payment_id = p.id;

-- Deals as the last sync read them; amounts are the texts that Salesforce gave.
CREATE VIEW deals AS
SELECT o.salesforce_id AS opportunity, o.name, o.account_name AS account, o.owner_name AS owner,
       o.stage, o.is_won AS won, o.is_closed AS closed, o.is_deleted AS deleted,
       o.close_date, o.currency, o.amount, o.probability, o.expected_revenue, o.outcome, o.code,
       (SELECT coalesce(d.number, d.draft) FROM document d
        WHERE d.opportunity_id = o.salesforce_id AND d.kind = 'invoice'
        AND d.status IN ('draft', 'posted')) AS invoice
FROM opportunity o;
