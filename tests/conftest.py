"""Fixtures for every room: a demo org of its own for each test."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync import demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.demo.server import RunningOrg


def pytest_configure() -> None:
    """Mind Ctrl-C and hang-ups, which some tests send: a background job or nohup ignores them."""
    for number, usual in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture(scope="session")
def org_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a freshly seeded org, made once; copy it, never open it."""
    path = tmp_path_factory.mktemp("org-template") / "org.db"
    demo.create_org(path)
    return path


@pytest.fixture
def org_file(org_template: Path, tmp_path: Path) -> Path:
    """The file of a seeded demo org that nobody serves yet."""
    return Path(shutil.copy(org_template, tmp_path / "org.db"))


@pytest.fixture
def demo_org(org_file: Path) -> Iterator[RunningOrg]:
    """A seeded demo org that answers HTTP; `.url` and `.path`."""
    with demo.serve(org_file) as running:
        yield running
