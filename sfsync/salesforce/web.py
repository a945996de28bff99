"""Signing in with a browser: authorization code, PKCE, state, a loopback callback.

RFC 7636 (PKCE), RFC 8252 (native apps). The listener is bound before the URL exists.
"""

from __future__ import annotations

import base64
import hashlib
import queue
import secrets
import threading
import time
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode, urlsplit

from sfsync.errors import SignInError
from sfsync.salesforce.callback import CALLBACK_PATH, CallbackListener, read_answer
from sfsync.salesforce.oauth_errors import oauth_error
from sfsync.salesforce.request import SCOPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.salesforce.callback import CallbackAnswer
    from sfsync.salesforce.oauth import OAuthEndpoints, TokenGrant
    from sfsync.salesforce.request import SignInRequest
    from sfsync.salesforce.sign_in import SignedIn

TIMEOUT = 120.0
"""Seconds to wait for the browser, as the Salesforce CLI does."""

_REFUSED_CALLBACK = "An answer that does not belong to this sign-in was refused; still waiting."
_REFUSED_PASTE = "That is not the address this sign-in ended at; paste it whole, with its state."


class PendingSignIn:
    """A sign-in that waits for a person. A context manager; it listens until it is closed.

    Args:
        request: what to ask for.
        endpoints: of its login host.
        keep: confirms and keeps the grant.

    Attributes:
        authorize_url: to open in a browser, on this machine or another.
        redirect_uri: where the browser ends.
        scopes: what the consent page will list.
    """

    def __init__(
        self,
        request: SignInRequest,
        endpoints: OAuthEndpoints,
        keep: Callable[[TokenGrant], SignedIn],
    ) -> None:
        self._endpoints = endpoints
        self._keep = keep
        self._state = secrets.token_urlsafe(32)
        self._verifier = secrets.token_urlsafe(64)
        self._listener = CallbackListener(request.port, self._state)
        self.scopes = SCOPES
        self.redirect_uri = f"http://localhost:{self._listener.port}{CALLBACK_PATH}"
        self.authorize_url = self._authorize_url(request)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening; a second call does nothing."""
        self._listener.close()

    def wait(
        self,
        timeout: float = TIMEOUT,
        *,
        pasted: Callable[[], str | None] | None = None,
        note: Callable[[str], None] | None = None,
    ) -> SignedIn:
        """Wait for the browser, or for the pasted address; then listen no more.

        Args:
            timeout: seconds.
            pasted: called again and again in a thread of its own; blocks for one line, None when
                there will be no more.
            note: told, in a sentence, of each answer that was refused while the wait goes on.

        Raises:
            SignInError: ``sign-in-timeout``, ``sign-in-denied``, or what the org answered.
            UnavailableError: the login host does not answer.
        """
        with self:
            if pasted is not None:
                threading.Thread(target=self._read_pasted, args=(pasted, note), daemon=True).start()
            answer = self._answer(time.monotonic() + timeout, note)
        if answer is None:
            raise _timed_out(timeout, self.redirect_uri)
        return self._finish(answer)

    def check_client(self) -> None:
        """Ask the org whether it knows the client id, before a person is sent to it.

        Raises:
            SignInError: the org says clearly that it does not (``invalid-client-id``).
        """
        if self._endpoints.refuses_client(self.authorize_url):
            raise oauth_error("invalid_client_id", "")

    def complete(self, pasted: str) -> SignedIn:
        """Finish with the address that the browser ended at, or its query string alone.

        Raises:
            SignInError: it does not belong to this sign-in (``sign-in-paste``); else as `wait`.
        """
        answer = self._read_paste(pasted)
        if answer is None:
            raise SignInError(
                _REFUSED_PASTE,
                code="sign-in-paste",
                fix=f"It begins with {self.redirect_uri}?code=",
            )
        self.close()
        return self._finish(answer)

    def _authorize_url(self, request: SignInRequest) -> str:
        digest = hashlib.sha256(self._verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": request.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(scope for scope, _ in self.scopes),
            "state": self._state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        if request.username:
            query["login_hint"] = request.username
        return f"{request.login_url}/services/oauth2/authorize?{urlencode(query)}"

    def _answer(self, deadline: float, note: Callable[[str], None] | None) -> CallbackAnswer | None:
        """The first answer with the right state; None when there was none in time."""
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer = self._listener.answers.get(timeout=left)
            except queue.Empty:
                break
            if answer is not None:
                return answer
            if note is not None:
                note(_REFUSED_CALLBACK)
        return None

    def _read_pasted(
        self, pasted: Callable[[], str | None], note: Callable[[str], None] | None
    ) -> None:
        while (line := pasted()) is not None:
            if not line.strip():
                continue
            answer = self._read_paste(line)
            if answer is not None:
                self._listener.answers.put(answer)
                return
            if note is not None:
                note(_REFUSED_PASTE)

    def _read_paste(self, text: str) -> CallbackAnswer | None:
        text = text.strip().strip("\"'")
        query = text.lstrip("?")
        if "://" in text.partition("?")[0]:
            try:
                parts = urlsplit(text)
            except ValueError:
                return None
            if parts.path != CALLBACK_PATH:
                return None
            query = parts.query
        try:
            return read_answer(query, self._state)
        except ValueError:  # more fields than an answer has
            return None

    def _finish(self, answer: CallbackAnswer) -> SignedIn:
        if answer.code is None:
            raise oauth_error(answer.error, answer.description)
        grant = self._endpoints.exchange(
            answer.code, verifier=self._verifier, redirect_uri=self.redirect_uri
        )
        return self._keep(grant)


def _timed_out(timeout: float, redirect_uri: str) -> SignInError:
    return SignInError(
        f"The browser did not come back within {timeout:.0f} seconds.",
        code="sign-in-timeout",
        fix=(
            "If the page showed an error, check that client_id is the app's consumer key, that the"
            f" app's callback URL is {redirect_uri}, that the app is installed and permits the"
            " user, and that login_url is the right host. From another machine, use --no-browser"
            " and paste the final address."
        ),
    )
