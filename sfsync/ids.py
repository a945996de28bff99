"""Salesforce record ids: 15 characters in URLs and reports, 18 in the API; only 18 is a key."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_SUFFIX_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")
_IN_TEXT = re.compile(rf"(?<![A-Za-z0-9]){_ID.pattern}(?![A-Za-z0-9])")
_WORD = re.compile(r"[A-Za-z0-9]+")
_SHORT, _FULL = 15, 18
_BLOCK = 5


def _suffix(short: str) -> str:
    """Three characters, one for each five, that say which of them are capitals."""
    blocks = (short[start : start + _BLOCK] for start in range(0, _SHORT, _BLOCK))
    return "".join(
        _SUFFIX_ALPHABET[sum(1 << place for place, char in enumerate(block) if "A" <= char <= "Z")]
        for block in blocks
    )


def normalise_id(text: str) -> str:
    """The 18-character form of a 15- or 18-character record id.

    Raises:
        ValueError: `text` is no id, or its last three characters do not fit the others.
    """
    if not _ID.fullmatch(text):
        raise ValueError(f"{text!r} is not a Salesforce id (15 or 18 letters and digits)")
    short = text[:_SHORT]
    full = short + _suffix(short)
    if len(text) > _SHORT and text != full:
        raise ValueError(f"{text!r} is not a Salesforce id: upper and lower case were changed")
    return full


def full_id(text: str) -> str:
    """The 18-character form of what may be an id or a pasted URL; any other text as it is."""
    if len(text) > _FULL:
        return id_from_url(text) or text
    return text + _suffix(text) if len(text) == _SHORT and _ID.fullmatch(text) else text


def ids_in(text: str) -> list[str]:
    """Whatever in a text or URL looks like a record id, of 15 or 18 characters."""
    return _IN_TEXT.findall(text)


def id_from_url(text: str) -> str | None:
    """The record id in a pasted Salesforce URL, Lightning or classic; None when there is none."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:  # a bracket that stays open, or signs that no host may have
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    for word in _WORD.findall(unquote(f"{parts.path} {parts.query} {parts.fragment}")):
        # Every key prefix holds a digit; fifteen-letter words of a path do not.
        if any(char.isdigit() for char in word[:3]) and _ID.fullmatch(word):
            try:
                return normalise_id(word)
            except ValueError:
                continue
    return None
