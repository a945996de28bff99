"""What an org answers when it will not do something: an errorCode and a message."""

from __future__ import annotations


class OrgRefusal(Exception):  # noqa: N818 (a refusal is an org's ordinary answer, not a fault of ours)
    """A request the org refuses, in its own words.

    Args:
        error_code: the org's code, e.g. ``INVALID_FIELD``.
        message: the org's text, to the letter.
        fields: names of the fields at fault, where the org lists them.
    """

    def __init__(self, error_code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{error_code}: {message}")
        self.error_code = error_code
        self.message = message
        self.fields = fields


class SoqlError(OrgRefusal):
    """A query the org refuses."""


class StoreError(OrgRefusal):
    """A write or a read by id the org refuses."""


def not_found() -> StoreError:
    """The refusal of what is not there, or is hidden from the user."""
    return StoreError("NOT_FOUND", "The requested resource does not exist")
