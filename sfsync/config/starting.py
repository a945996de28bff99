"""The texts that `sfsync config init` and the demo start from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

_FOLDER = Path(__file__).parent
_FIRST_DAY = "from: 2026-01-01"


def template() -> str:
    """A commented mappings.yaml for a real org; the same text as examples/mappings.yaml."""
    return (_FOLDER / "template.yaml").read_text(encoding="utf-8")


def demo_template(year: int | None = None) -> str:
    """A mappings.yaml for the embedded demo org, with deals from `year` (default: this one) on."""
    text = (_FOLDER / "demo.yaml").read_text(encoding="utf-8")
    return text.replace(_FIRST_DAY, f"from: {year or datetime.now(UTC).year}-01-01")
