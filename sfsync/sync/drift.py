"""How an open drift is written, and what is said of values that a person set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.ledger.model import canonical_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def drift_detail(reason: str, changes: Mapping[str, tuple[object, object]]) -> str:
    """The canonical JSON of an open drift: why, and before and after of each value."""
    return canonical_json(
        {"reason": reason, "changes": {name: list(pair) for name, pair in changes.items()}}
    )


def kept_words(kept: Mapping[str, tuple[object, object]], fallen: Collection[str]) -> str:
    """What an update left as a person set it, and where Salesforce now differs.

    Args:
        kept: per value, the person's and Salesforce's.
        fallen: the values that are no longer the person's, because their line is gone or the
            currency changed.
    """
    parts = [
        f"{name} stays {_word(mine)}, Salesforce has {_word(theirs)}"
        for name, (mine, theirs) in kept.items()
    ]
    if fallen:
        parts.append(f"no longer as edited: {', '.join(sorted(fallen))}")
    return "; ".join(parts) or "agrees with what was edited"


def _word(value: object) -> str:
    return "empty" if value in {None, ""} else f"'{value}'"
