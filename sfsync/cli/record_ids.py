"""Salesforce ids as people give them: 15 or 18 characters, or a pasted URL."""

from sfsync.errors import UsageError

_ACCOUNT = "001"


def account_id(text: str) -> str:
    """The 18-character id of an account.

    Raises:
        UsageError: it is no id, or the id of something else.
    """
    from sfsync.ids import id_from_url, normalise_id  # noqa: PLC0415 - start-up time

    fix = "give the account's id (001…) or the address of its page in Salesforce"
    try:
        found = id_from_url(text) or normalise_id(text.strip())
    except ValueError as problem:
        raise UsageError(f"--account: {problem}", code="not-an-account", fix=fix) from None
    if not found.startswith(_ACCOUNT):
        raise UsageError(f"--account: {found} is not an account", code="not-an-account", fix=fix)
    return found
