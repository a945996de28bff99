from __future__ import annotations

import json
import subprocess
import sys

import sfsync.salesforce

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
