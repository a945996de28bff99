"""The texts of refused queries, with the picture that shows where.

The picture holds about thirty characters on either side, grown to whole words, and a caret. Its
form was read off errors of live orgs quoted in public issue threads.
"""

from __future__ import annotations

from typing import Final

from sfsync.demo.catalogue.refusal import SoqlError

_REACH: Final = 30
_CUSTOM_FIELD: Final = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom "
    "field name. Please reference your WSDL or the describe call for the appropriate names."
)
_CUSTOM_RELATIONSHIP: Final = (
    "If you are attempting to use a custom relationship, be sure to append the '__r' after the "
    "custom relationship name. Please reference your WSDL or the describe call for the "
    "appropriate names."
)
_CUSTOM_OBJECT: Final = (
    "If you are attempting to use a custom object, be sure to append the '__c' after the entity "
    "name. Please reference your WSDL or the describe call for the appropriate names."
)


def pictured(code: str, message: str, text: str, at: int) -> SoqlError:
    """A refusal with the picture of the query `text` around the offset `at`."""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[start : len(text) if end < 0 else end]
    row, column = text.count("\n", 0, at) + 1, at - start
    left = _word_start(line, max(column - _REACH, 0))
    right = _word_end(line, min(column + _REACH, len(line)))
    caret = " " * (column - left) + "^"
    picture = f"\n{line[left:right]}\n{caret}\nERROR at Row:{row}:Column:{column + 1}\n"
    return SoqlError(code, picture + message)


def unexpected_token(token: str, text: str, at: int) -> SoqlError:
    """A word that cannot stand where it stands; the empty word is the end of the query.

    Live orgs count the column of these errors from 0, unlike that of all others.
    """
    shown = token or "<EOF>"
    return pictured("MALFORMED_QUERY", f"unexpected token: '{shown}'", text, max(at - 1, 0))


def no_such_column(name: str, entity: str, text: str, at: int) -> SoqlError:
    """A field that does not exist, or is hidden from the user."""
    message = f"No such column '{name}' on entity '{entity}'. {_CUSTOM_FIELD}"
    return pictured("INVALID_FIELD", message, text, at)


def no_such_relationship(name: str, text: str, at: int) -> SoqlError:
    """A relationship that does not exist, in a field path."""
    message = f"Didn't understand relationship '{name}' in field path. {_CUSTOM_RELATIONSHIP}"
    return pictured("INVALID_FIELD", message, text, at)


def no_such_child(name: str, text: str, at: int) -> SoqlError:
    """A child relationship that does not exist, in a sub-query's FROM."""
    message = (
        f"Didn't understand relationship '{name}' in FROM part of query call. "
        f"{_CUSTOM_RELATIONSHIP}"
    )
    return pictured("INVALID_TYPE", message, text, at)


def no_such_type(name: str, text: str, at: int) -> SoqlError:
    """An sObject that does not exist, is switched off, or is hidden from the user."""
    message = f"sObject type '{name}' is not supported. {_CUSTOM_OBJECT}"
    return pictured("INVALID_TYPE", message, text, at)


def _word_start(line: str, at: int) -> int:
    while at > 0 and not line[at].isspace() and not line[at - 1].isspace() and line[at - 1] != ",":
        at -= 1
    return at


def _word_end(line: str, at: int) -> int:
    while at < len(line) and not line[at].isspace() and line[at] != ",":
        at += 1
    return at
