"""What a config means, as a digest: comments, order and places do not change it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.money import plain

if TYPE_CHECKING:
    from sfsync.config.settings import Settings

_NOT_MEANING = {
    "file",
    "text",
    "digest",
    "evaluation_digest",
    "place",
    "path_places",
}


def digest_of(settings: Settings) -> str:
    """SHA-256 over everything that is set or defaulted, as 64 hex digits."""
    return _sha256(canonical(settings))


def evaluation_digest_of(settings: Settings) -> str:
    """SHA-256 over what decides a record's outcome: when it changes, records are decided again."""
    return _sha256(
        [
            canonical(settings.opportunities),
            canonical(settings.line_items),
            canonical(settings.accounts),
            canonical(settings.contacts),
            canonical(settings.duplicates),
            settings.ledger.currency,
            settings.posting.terms,
            # A time counts as its calendar date there, and so does today.
            str(settings.schedule.time_zone),
        ]
    )


def canonical(value: object) -> object:
    """`value` as JSON types: names sorted, sets as sorted lists, places left out."""
    if is_dataclass(value):
        return {
            field.name: canonical(getattr(value, field.name))
            for field in fields(value)
            if field.name not in _NOT_MEANING
        }
    if isinstance(value, dict):
        return {str(name): canonical(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [canonical(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(str(item) for item in value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return value if value is None or isinstance(value, bool | int) else str(value)


def _sha256(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
