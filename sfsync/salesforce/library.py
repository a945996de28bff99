"""simple-salesforce, imported without two of its modules that this program never asks.

Its own sign-ins import jwt and cryptography, its metadata API imports zeep and httpx: 100 of the
120 ms that importing it takes, at every command that asks an org. Both are imported when somebody
calls what they are for.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LATER = {
    "simple_salesforce.login": "SalesforceLogin",
    "simple_salesforce.metadata": "SfdcMetadataApi",
}
"""The modules, and what the others import from them."""


def _stand_in(module: str, name: str) -> ModuleType:
    """A module whose only name calls that of the real one."""

    def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - those of a foreign library
        return getattr(import_module(module), name)(*arguments, **named)

    made = ModuleType(module)
    setattr(made, name, call)
    return made


@contextmanager
def _stand_ins() -> Iterator[None]:
    made = {module: _stand_in(module, name) for module, name in _LATER.items()}
    missing = made.keys() - sys.modules.keys()
    sys.modules.update({module: made[module] for module in missing})
    try:
        yield
    finally:
        for module in missing:
            sys.modules.pop(module, None)


# A version that needs more of the two is then imported as it is.
with suppress(ImportError), _stand_ins():
    import_module("simple_salesforce.api")

from simple_salesforce.api import Salesforce  # noqa: E402 - after the stand-ins
from simple_salesforce.exceptions import SalesforceError  # noqa: E402 - after the stand-ins

__all__ = ["Salesforce", "SalesforceError"]
