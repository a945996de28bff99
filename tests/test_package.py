"""What is installed elsewhere: the wheel, its source, and the dependencies it was tried with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCES = ("sfsync", "tests", "examples", "benchmarks", "docs")
FILES = ("pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", ".gitignore")


def pins() -> dict[str, str]:
    """The version of every locked package by its name."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE))


def test_the_lock_fits_the_dependencies() -> None:
    """Every dependency is locked within its bounds and by hashes, and no host is named."""
    locked = pins()
    for text in PROJECT["dependencies"]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(locked[wanted.name]), text
    entries = re.split(r"^(?=[a-z0-9-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(locked)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in LOCK


def _source(folder: Path, *, umask: int) -> Path:
    """The source as a stranger has it: elsewhere, at another time, with other permissions."""
    before = os.umask(umask)
    try:
        folder.mkdir()
        for name in SOURCES:
            ignored = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(
                ROOT / name, folder / name, ignore=ignored, copy_function=shutil.copyfile
            )
        for name in FILES:
            shutil.copyfile(ROOT / name, folder / name)
    finally:
        os.umask(before)
    return folder


def _build(source: Path, target: Path, *what: str) -> dict[str, bytes]:
    """What hatchling builds there, by name."""
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target), *what]
    done = subprocess.run(command, cwd=source, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in target.iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    root = tmp_path_factory.mktemp("built")
    _build(_source(root / "source", umask=0o022), root / "dist")
    return root / "dist"


@pytest.mark.long
def test_two_builds_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    """Wheel and source are the same from another copy, and so is a wheel made of the source."""
    first = {path.name: path.read_bytes() for path in built.iterdir()}
    assert sorted(name.rpartition(".")[2] for name in first) == ["gz", "whl"]
    assert _build(_source(tmp_path / "again", umask=0o077), tmp_path / "dist") == first
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    wheel = _build(unpacked, tmp_path / "from-source", "-t", "wheel")
    assert wheel.items() <= first.items()


@pytest.mark.long
def test_the_wheel_holds_what_runs_and_nothing_else(built: Path) -> None:
    """Every file of the package is in it, its data too; no test, no document, no benchmark."""
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "sfsync").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if not name.startswith("sfsync-")} == package
    assert any(name.endswith(".sql") for name in package)
    assert {name.split("/")[0].rpartition("-")[0] for name in names - package} <= {
        f"sfsync-{PROJECT['version']}.dist"
    }


@pytest.mark.long
def test_the_wheel_alone_runs_the_main_job(built: Path, tmp_path: Path) -> None:
    """With the locked dependencies, checked by their hashes, and nothing else: a posted invoice."""
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    lock = ("--require-hashes", "-r", str(ROOT / "requirements.lock"))
    for words in (lock, ("--no-deps", str(wheel))):
        install = [python, "-m", "pip", "install", "--quiet", "--no-input", *words]
        subprocess.run(install, check=True, cwd=tmp_path)
    subprocess.run([python, "-m", "pip", "check"], check=True, cwd=tmp_path)
    assert subprocess.run(
        [python, "-c", "import pytest"], check=False, capture_output=True
    ).returncode
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SFSYNC_HOME": str(tmp_path / "home")}
    tour = subprocess.run(
        [environment / "bin" / "sfsync", "demo"],
        check=False, capture_output=True, text=True, cwd=tmp_path, env=env,
    )  # fmt: skip
    assert tour.returncode == 0, tour.stderr
    assert re.search(
        r"^Done: D-\d+ is posted as INV-\d{4}-00001", tour.stdout + tour.stderr, re.MULTILINE
    )
