"""Every code of a config problem with its cause and its fix, for `sfsync help CODE`.

C0xx: the text; C1xx: one setting; C2xx: the org; C3xx: settings together, from C350 on warnings.
"""

from __future__ import annotations

CODES: dict[str, str] = {
    "C001": "The file is not valid YAML. Fix: look at quotes, colons, brackets and indentation on "
    "the line named and the one before; indent with spaces, never with tabs.",
    "C002": "The file holds something that is not text. Fix: save it as UTF-8 and remove the "
    "control character named.",
    "C003": "An anchor (&name) or alias (*name) is used. Fix: write the value out in both places.",
    "C004": "A YAML tag (!name) is used. Fix: remove it; every setting knows its own type.",
    "C005": "Groups are nested deeper than any setting is. Fix: close the bracket that is open.",
    "C006": "The file is far larger than a mapping file can be. Fix: check that it is the right "
    "file.",
    "C007": "The file holds more than one YAML document. Fix: keep one, remove the line '---'.",
    "C008": "A merge key (<<) is used. Fix: write the settings out.",
    "C009": "The file is empty. Fix: sfsync config init writes a commented one.",
    "C101": "There is no setting of this name at this place. Fix: correct the spelling, or see "
    "sfsync config explain.",
    "C102": "A group, a list or a single value stands where another shape is needed, or a list is "
    "too long. Fix: write it as the message says.",
    "C103": "A setting that is needed is missing. Fix: add it.",
    "C104": "A setting or an item is given twice. Fix: remove one of the two.",
    "C105": "The word is not one of those that are allowed. Fix: use one of the list.",
    "C106": "The setting has no value. Fix: write one or remove the line.",
    "C107": "A plain number is needed. Fix: write digits and at most one decimal point.",
    "C108": "This is not a date of the calendar. Fix: write year-month-day, e.g. 2026-01-31.",
    "C109": "This is not a time of day. Fix: write HH:MM in 24 hours, e.g. 06:30.",
    "C110": "This is not a length of time, or one out of bounds. Fix: write e.g. 60s, 15m, 26h.",
    "C111": "The time zone is unknown. Fix: use an IANA name, e.g. Europe/Berlin.",
    "C112": "This is neither a field path nor a text with fields in braces. Fix: write Amount, "
    'Owner.Name or "{Name} – {Account.Name}".',
    "C113": "The transform is unknown, or its argument does not fit. Fix: use one of the list, "
    "one per item.",
    "C114": "The currency is unknown. Fix: use its ISO 4217 code, e.g. USD.",
    "C115": "The address cannot be used. Fix: write https and the host, without path or user "
    "name; http is accepted for this machine only.",
    "C116": "A whole number between bounds is needed. Fix: choose one between them.",
    "C117": "The text is too long, or holds characters that cannot stand here. Fix: shorten or "
    "correct it.",
    "C118": "The name of a setting must be one word. Fix: write name: value.",
    "C119": "The invoice numbering cannot give unique numbers. Fix: write e.g. "
    '"INV-{year}-{seq:05}".',
    "C120": "The payment terms are unknown. Fix: write Net 30, on receipt, EOM or EOM+15.",
    "C122": "The file was made for a newer sfsync. Fix: upgrade sfsync.",
    "C123": "The report is not a query that can be answered. Fix: write one SELECT statement "
    "over the views that docs/sql.md describes.",
    "C124": "The SOQL condition is not complete in itself. Fix: close quotes and brackets, and "
    "give only the condition, without WHERE, ORDER BY or LIMIT.",
    "C201": "The org has no such field, or hides it from the user who signs in. Fix: correct the "
    "API name, capital letters included, or give the user read access to the field.",
    "C202": "The org has no stage with this label. Fix: use a label from sfsync org stages.",
    "C203": "The field's type does not fit what it is used for. Fix: choose another field, or "
    "turn the text into what is needed with a transform.",
    "C204": "The org has no such object, or hides it from the user who signs in. Fix: correct the "
    "API name or give the user read access to the object.",
    "C205": "The org refuses the condition. Fix: correct opportunities.filters.where; the org's "
    "own words say what it does not take.",
    "C301": "Matching by external id needs the field that holds it. Fix: add "
    "duplicates.external_id.",
    "C302": "A daily schedule needs a time of day. Fix: add schedule.at, e.g. 06:30.",
    "C303": "A line object of your own needs its lookup to the opportunity. Fix: add "
    "line_items.opportunity_field.",
    "C304": "The lines of your own object need a product and an amount. Fix: map product, and "
    "amount or unit_price, in line_items.map.",
    "C305": "The bounds of close_date contradict each other. Fix: give from before to, or "
    "last_days alone.",
    "C306": "Auto-posting and required review exclude each other. Fix: turn one of them off.",
    "C307": "An account is used in two roles, or has the wrong type in posting.chart. Fix: let "
    "receivable and cash be assets and revenue a revenue account.",
    "C308": "Invoices and credit notes would get the same numbers. Fix: give credit_numbering "
    "another prefix.",
    "C351": "No close_date.from: deals of all years become invoices. Fix: add "
    "opportunities.filters.close_date.from.",
    "C352": "Auto-posting has no guard rails. Fix: give auto_post as a group with after_reviewed "
    "or max_amount.",
    "C353": "The seller's name or address is missing, so documents do not say who issues them. "
    "Fix: fill in seller.",
    "C354": "Signing in this way needs more settings, or flags of sfsync connect. Fix: add them "
    "under connection.",
    "C355": "A setting has no effect beside another. Fix: remove it.",
}
"""Cause and fix by code."""
