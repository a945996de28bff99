"""The folder of a demo: made once with an org and a mapping file, never over another one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sfsync.cli.demo_org import ORG_FILE
from sfsync.cli.frame.paths import CONFIG_NAME
from sfsync.errors import NotFoundError, RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def create_demo_folder(folder: Path, data: Path | None = None) -> None:
    """Write the org, its mapping file and nothing else into a new or empty folder.

    Raises:
        RefusedError: the folder holds a demo, or a mapping file, already.
        NotFoundError: there is no folder `data`.
        UsageError: the tree files cannot be read, or nothing can be written there.
    """
    from sfsync import demo as org  # noqa: PLC0415 - start-up time
    from sfsync.config import demo_template  # noqa: PLC0415 - as above

    config = folder / CONFIG_NAME
    for taken in (folder / ORG_FILE, config):
        if taken.exists():
            raise _there_already(taken)
    if data is not None and not data.is_dir():
        raise NotFoundError(f"there is no folder {data}", code="data-not-found")
    with _writable(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if data is None:
            org.create_org(folder / ORG_FILE)
        else:
            _from_trees(folder / ORG_FILE, data)
        config.write_text(demo_template(own_data=data is not None), encoding="utf-8")


def _there_already(taken: Path) -> RefusedError:
    return RefusedError(
        f"{taken} exists already",
        code="demo-exists",
        fix=f"go on with: cd {taken.parent}; or name another folder: sfsync demo start DIR",
    )


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """Turn what the system says about a folder that cannot be made or filled into a sentence."""
    try:
        yield
    except (FileExistsError, NotADirectoryError):
        if folder.is_dir():
            # Another process has begun a demo there since we looked.
            raise _there_already(folder / ORG_FILE) from None
        raise UsageError(
            f"{folder} is a file, not a folder",
            code="not-a-folder",
            fix="name another folder: sfsync demo start DIR",
        ) from None
    except OSError as trouble:
        raise UsageError(
            f"nothing can be written into {folder}: {trouble.strerror}",
            code="not-writable",
            fix="name another folder: sfsync demo start DIR",
        ) from trouble


def _from_trees(path: Path, data: Path) -> None:
    from sfsync import demo as org  # noqa: PLC0415 - start-up time

    try:
        org.create_org_from_trees(path, data)
    except org.TreeFileError as problem:
        raise UsageError(
            str(problem), code="tree-file", fix="see docs/demo-org.md for what is read"
        ) from None
