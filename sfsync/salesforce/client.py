"""simple-salesforce's client as this room uses it: direct mode, our session, storable replies."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.salesforce.library import Salesforce
from sfsync.salesforce.network import origin
from sfsync.salesforce.storable import storable
from sfsync.salesforce.transport import OrgSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from sfsync.salesforce.network import Network
    from sfsync.salesforce.tokens import AccessToken

LARGE = 100_000
"""Bytes of a reply that a faster decoder, which answers the same, is worth being imported for."""

_BACKSLASH, _ESCAPE = b"\\", b"\\u"


class OrgClient(Salesforce):
    """Asks the org with one access token; floats arrive as Decimal, objects as plain dicts."""

    def __init__(self, token: AccessToken, api_version: str, network: Network) -> None:
        session = OrgSession(network)
        if origin(token.instance_url)[0] == "http":
            session.speak_http_to(token.instance_url)
        super().__init__(
            session_id=token.token,
            instance_url=token.instance_url,
            version=api_version,
            session=session,
        )
        # Indented replies are a third longer.
        del self.headers["X-PrettyPrint"]
        self._asked = ""

    @contextmanager
    def asking(self, soql: str) -> Iterator[None]:
        """What is asked meanwhile are pages of `soql`; nothing that it does not select is made."""
        self._asked = soql
        try:
            yield
        finally:
            self._asked = ""

    def parse_result_to_json(self, result: requests.Response) -> Any:  # noqa: ANN401 - parsed JSON is of any type
        """The body of `result`: numbers with a fraction or exponent as Decimal, others as int.

        Raises:
            ValueError: it is no JSON, has numbers that are none, or is but a number or null.
        """
        body = self._decoded(result)
        if not isinstance(body, dict | list):
            # The library takes the length of what it gets.
            raise ValueError("no object and no list")  # noqa: TRY004 - as any JSON that is no answer
        return body

    def _decoded(self, result: requests.Response) -> Any:  # noqa: ANN401 - as above
        content = result.content
        # A single byte is found ten times as fast, and most replies have not even that.
        escaped = _BACKSLASH in content and _ESCAPE in content
        if len(content) >= LARGE and not escaped:
            from sfsync.salesforce.shapes import decode_any, page_decoder  # noqa: PLC0415 - start-up time

            # What one refuses is left to the next; the last one also guesses encodings.
            with suppress(ValueError):
                return page_decoder(self._asked)(content)
            with suppress(ValueError):
                return decode_any(content)
        body = result.json(parse_float=Decimal, parse_constant=_refuse)
        # Only text written as an escape can be unstorable.
        return storable(body) if escaped else body


def _refuse(constant: str) -> None:
    """NaN and Infinity, which JSON has not and Python's decoder takes."""
    raise ValueError(f"{constant} is no number")
