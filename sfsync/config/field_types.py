"""Which types of Salesforce fields fit which targets."""

from __future__ import annotations

_NUMBERS = frozenset({"currency", "double", "int", "long", "percent"})
_DATES = frozenset({"date", "datetime"})
_NO_TEXT = frozenset({"address", "location", "base64", "complexvalue", "anyType"})

_BY_TARGET: dict[str, tuple[frozenset[str], str]] = {
    **dict.fromkeys(
        ("total", "quantity", "unit_price", "discount", "amount"), (_NUMBERS, "a number field")
    ),
    **dict.fromkeys(("document_date", "due_date"), (_DATES, "a date field")),
    "billing_address": (frozenset({"address"}), "a compound address such as BillingAddress"),
}
_LOOKUPS = {"customer": "Account", "contact": "Contact"}


def misfit(target: str, kind: str, reference_to: tuple[str, ...]) -> str | None:
    """What `target` needs when a field of type `kind` does not fit it; None when it fits."""
    parent = _LOOKUPS.get(target)
    if parent is not None:
        return None if parent in reference_to else f"a lookup to {parent}"
    if target in _BY_TARGET:
        fitting, phrase = _BY_TARGET[target]
        return None if kind in fitting else phrase
    return "a field that can be read as text" if kind in _NO_TEXT else None
