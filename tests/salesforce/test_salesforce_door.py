from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import sfsync.salesforce

if TYPE_CHECKING:
    from pathlib import Path

LOADED = """
import json, sys
import sfsync.salesforce.connections, sfsync.salesforce.org, sfsync.salesforce.sign_in
heavy = ["requests", "simple_salesforce", "keyring", "jwt", "filelock", "zeep"]
print(json.dumps([name for name in heavy if name in sys.modules]))
"""
REDACTION = """
import json, sys
import sfsync.salesforce.redact
print(json.dumps(sorted(name for name in sys.modules if name.startswith("sfsync.salesforce"))))
"""
LIBRARY = """
import sys
import sfsync.salesforce.client
heavy = [name for name in ("zeep", "jwt", "cryptography") if name in sys.modules]
from simple_salesforce import api
made = api.SfdcMetadataApi(None, "token", "x.example", "https://x.example/{version}", {}, "66.0")
print(heavy, type(made).__module__, "zeep" in sys.modules)
"""
OTHER_LIBRARY = """
import sys
sys.path.insert(0, sys.argv[1])
import sfsync.salesforce.library as library
print(library.Salesforce.needed)
"""
ORDERS = """
import sys
import sfsync.salesforce as door
names = [name for name in door.__all__ if name != "soql"]
for name in (names if sys.argv[1] == "forth" else reversed(names)):
    found = getattr(door, name)
    assert type(found).__name__ != "module", name
print("ok")
"""


def answer(script: str, *arguments: str) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_every_name_of_the_door_is_there_in_any_order() -> None:
    """A name means the same thing whichever module was loaded before."""
    assert len(sfsync.salesforce.__all__) == len(set(sfsync.salesforce.__all__))
    assert [answer(ORDERS, way) for way in ("forth", "back")] == ["ok\n", "ok\n"]


def test_no_heavy_library_is_loaded_before_it_is_needed() -> None:
    """Opening a connection and preparing a sign-in stay off the start-up time of a command."""
    assert json.loads(answer(LOADED)) == []


def test_redaction_alone_loads_nothing_else() -> None:
    """Every command loads it for its log."""
    assert json.loads(answer(REDACTION)) == ["sfsync.salesforce", "sfsync.salesforce.redact"]


def test_the_library_comes_without_what_is_never_asked_of_it() -> None:
    """Asking an org imports neither zeep nor jwt; who asks simple-salesforce for them gets them."""
    assert answer(LIBRARY) == "[] simple_salesforce.metadata True\n"


def test_another_version_of_the_library_may_need_more(tmp_path: Path) -> None:
    """One that imports other names from the modules that are put off is imported as it is."""
    package = tmp_path / "simple_salesforce"
    package.mkdir()
    modules = {
        "__init__": "from .api import Salesforce",
        "api": "from .login import NEEDED\nclass Salesforce:\n    needed = NEEDED",
        "login": "NEEDED = 'all of it'",
        "exceptions": "class SalesforceError(Exception): pass",
    }
    for name, text in modules.items():
        (package / f"{name}.py").write_text(text)
    assert answer(OTHER_LIBRARY, str(tmp_path)) == "all of it\n"
