"""The OS keyring, made safe to call without a desktop: bounded in time, probed, never pretended."""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from sfsync.errors import SignInError
from sfsync.salesforce.redact import log, redact
from sfsync.salesforce.stores import ITEMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "sfsync"
TIME_LIMIT = 3.0
"""Seconds for one call: a locked keyring with a prompter waits for a person, for ever."""

_OF_THE_OS = frozenset(
    f"keyring.backends.{name}"
    for name in ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
)
"""The backends that hand secrets to the operating system's own store."""

_WAYS_OUT = (
    "On a server: sfsync connect --auth jwt --key-file KEY.pem --username USER. "
    "On this machine: sfsync connect --store file (kept in a file only you can read)."
)


class KeyringStore:
    """Secrets in the OS keyring: service ``sfsync``, one item per secret, user ``NAME/ITEM``.

    Args:
        backend: a keyring backend; the one that the `keyring` library finds when None.
        time_limit: seconds for one call.
    """

    kind = "keyring"
    read_only = False

    def __init__(
        self, backend: KeyringBackend | None = None, *, time_limit: float = TIME_LIMIT
    ) -> None:
        self._backend = backend
        self._time_limit = time_limit

    def probe(self) -> None:
        """Write a random value, read it back, delete it.

        Raises:
            SignInError: ``keyring-unusable``, with the two other ways to keep a sign-in.
        """
        self._bounded(self._probe)

    @property
    def backend_name(self) -> str:
        """The class that keeps the secrets, for `doctor`."""
        return self._bounded(lambda: _class_name(self._keyring()))

    def read(self, name: str, item: str) -> str | None:
        """The secret, None when it is not there."""
        return self._bounded(lambda: self._keyring().get_password(SERVICE, f"{name}/{item}"))

    def write(self, name: str, item: str, secret: str) -> None:
        """Keep `secret`."""
        self._bounded(lambda: self._keyring().set_password(SERVICE, f"{name}/{item}", secret))

    def delete(self, name: str) -> None:
        """Forget every item of `name`."""
        self._bounded(lambda: self._delete(name))

    def _probe(self) -> None:
        keyring = self._keyring()
        user, value = f"probe/{secrets.token_hex(8)}", secrets.token_urlsafe(24)
        keyring.set_password(SERVICE, user, value)
        found = keyring.get_password(SERVICE, user)
        keyring.delete_password(SERVICE, user)
        if found != value:
            raise _unusable(f"{_class_name(keyring)}: what was written could not be read back")

    def _delete(self, name: str) -> None:
        from keyring.errors import PasswordDeleteError  # noqa: PLC0415 - start-up time

        for item in ITEMS:
            # Backends answer a missing item with this error; there is nothing left to delete.
            with suppress(PasswordDeleteError):
                self._keyring().delete_password(SERVICE, f"{name}/{item}")

    def _keyring(self) -> KeyringBackend:
        if self._backend is None:
            self._backend = _keyring_of_this_machine()
        _refuse_pretenders(self._backend)
        return self._backend

    def _bounded(self, call: Callable[[], T]) -> T:
        """What `call` returns, from a daemon thread that cannot keep the process alive."""
        outcome: list[T] = []
        failure: list[Exception] = []

        def work() -> None:
            try:
                outcome.append(call())
            except Exception as error:  # noqa: BLE001 - backends raise whatever their OS gives them
                failure.append(error)

        thread = threading.Thread(target=work, name="sfsync-keyring", daemon=True)
        thread.start()
        thread.join(self._time_limit)
        if failure:
            raise _translated(failure[0]) from None
        if not outcome:
            raise _unusable(f"no answer within {self._time_limit:g} s; it may be locked")
        return outcome[0]


def _translated(error: Exception) -> SignInError:
    if isinstance(error, SignInError):
        return error
    text = " ".join(redact(str(error)).split())[:120]
    log.debug("keyring: %s: %s", type(error).__name__, text)
    return _unusable(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _unusable(reason: str) -> SignInError:
    return SignInError(
        f"There is no usable OS keyring here ({reason}).", code="keyring-unusable", fix=_WAYS_OUT
    )


def _class_name(backend: object) -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _keyring_of_this_machine() -> KeyringBackend:
    """The keyring that the person has named for the `keyring` library, or the OS's own.

    Merely having another backend installed, such as one that writes plain text, chooses nothing.
    """
    import keyring.core  # noqa: PLC0415 - start-up time
    from keyring.backend import by_priority, get_all_keyring  # noqa: PLC0415 - as above

    named = keyring.core.load_env() or keyring.core.load_config()
    if named is not None:
        return named
    own = [one for one in get_all_keyring() if type(one).__module__ in _OF_THE_OS]
    if own:
        return max(own, key=by_priority)
    found = keyring.get_keyring()
    _refuse_pretenders(found)
    if _class_name(found).partition(".")[0] in _packages_of_backends():
        raise _unusable(
            f"{_class_name(found)} is none of the OS's own; PYTHON_KEYRING_BACKEND chooses it"
        )
    return found


def _packages_of_backends() -> set[str]:
    from importlib.metadata import entry_points  # noqa: PLC0415 - start-up time

    return {one.module.partition(".")[0] for one in entry_points(group="keyring.backends")}


def _refuse_pretenders(backend: KeyringBackend) -> None:
    """Backends that keep nothing, refuse everything, or write plain text do not count."""
    from keyring.backends import chainer, fail, null  # noqa: PLC0415 - start-up time

    chained = list(backend.backends) if isinstance(backend, chainer.ChainerBackend) else [backend]
    kept = [one for one in chained if not isinstance(one, fail.Keyring | null.Keyring)]
    if not kept:
        raise _unusable("no backend keeps anything")
    plain = [one for one in kept if "plaintext" in _class_name(one).casefold()]
    if plain:
        raise _unusable(f"{_class_name(plain[0])} writes plain text")
