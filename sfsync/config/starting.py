"""The texts that `sfsync config init` and the demo start from."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def template() -> str:
    """A commented mappings.yaml for a real org; the same text as examples/mappings.yaml."""
    return (_FOLDER / "template.yaml").read_text(encoding="utf-8")


def demo_template(*, own_data: bool = False) -> str:
    """A mappings.yaml for the embedded demo org, as it is seeded or with a person's own records."""
    name = "demo_own_data.yaml" if own_data else "demo.yaml"
    return (_FOLDER / name).read_text(encoding="utf-8")
