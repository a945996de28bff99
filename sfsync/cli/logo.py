"""The seller's picture: read from the file that `seller.logo` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 1_000_000
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def read_logo(path: Path | None) -> bytes | None:
    """The bytes of a PNG or JPEG file; None where none is named.

    Raises:
        ConfigError: the file is not there, too large, or no such picture.
    """
    if path is None:
        return None
    from sfsync.exports.picture import is_picture  # noqa: PLC0415 - start-up time

    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as trouble:
        raise _unusable(f"{path} cannot be read: {trouble.strerror}") from trouble
    if len(content) > MOST_BYTES:
        raise _unusable(f"{path} is larger than {MOST_BYTES:,} bytes")
    if not content.startswith((_PNG, _JPEG)) or not is_picture(content):
        raise _unusable(f"{path} is no PNG or JPEG picture that can be read")
    return content


def _unusable(what: str) -> ConfigError:
    return ConfigError(
        f"seller.logo: {what}",
        problems=(),
        code="logo-unusable",
        fix="name a PNG or JPEG picture, or take seller.logo out of the mapping file",
    )
