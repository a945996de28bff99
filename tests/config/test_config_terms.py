"""Payment terms and due dates."""

from __future__ import annotations

from datetime import date

import pytest

from sfsync.config.terms import InvalidTermsError, parse_terms


@pytest.mark.parametrize(
    ("text", "document_date", "due_date"),
    [
        ("Net 30", date(2026, 1, 31), date(2026, 3, 2)),
        ("net30", date(2028, 2, 1), date(2028, 3, 2)),
        ("45 days", date(2026, 11, 22), date(2027, 1, 6)),
        ("Net 0", date(2026, 11, 22), date(2026, 11, 22)),
        ("on receipt", date(2026, 11, 22), date(2026, 11, 22)),
        ("Due upon receipt", date(2026, 11, 22), date(2026, 11, 22)),
        ("EOM", date(2028, 2, 1), date(2028, 2, 29)),
        ("EOM+15", date(2026, 12, 31), date(2027, 1, 15)),
        ("end of month + 15 days", date(2026, 2, 28), date(2026, 3, 15)),
    ],
)
def test_due_dates(text: str, document_date: date, due_date: date) -> None:
    """Days are calendar days, counted from the document or from the end of its month."""
    assert parse_terms(text).due_date(document_date) == due_date


@pytest.mark.parametrize("text", ["", "soon", "Net", "Net -5", "2/10 Net 30", "Net 9999", "٣٠"])
def test_other_texts_are_no_terms(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(InvalidTermsError):
        parse_terms(text)
