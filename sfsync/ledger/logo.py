"""The seller's picture, read from the file that `seller.logo` names, to be frozen."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from sfsync.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 1_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"


def read_logo(path: Path | None) -> bytes | None:
    """The bytes of a PNG or JPEG file; None where none is named.

    Raises:
        ConfigError: the file is not there, too large, broken, or no such picture.
    """
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as trouble:
        raise _unusable(f"{path} cannot be read: {trouble.strerror}") from trouble
    if len(content) > MOST_BYTES:
        raise _unusable(f"{path} is larger than {MOST_BYTES:,} bytes")
    if not _whole_png(content) and not _whole_jpeg(content):
        raise _unusable(f"{path} is no PNG or JPEG picture, or is broken")
    return content


def _whole_jpeg(content: bytes) -> bool:
    return content.startswith(_JPEG) and content.rstrip(b"\0").endswith(_JPEG_END)


def _whole_png(content: bytes) -> bool:
    """Whether every part, up to the last, has the checksum that it says it has."""
    if not content.startswith(_PNG):
        return False
    place = len(_PNG)
    while place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4])
        kind, end = content[place + 4 : place + 8], place + 8 + length
        if zlib.crc32(content[place + 4 : end]) != int.from_bytes(content[end : end + 4]):
            return False
        if kind == b"IEND":
            return True
        place = end + 4
    return False


def _unusable(what: str) -> ConfigError:
    return ConfigError(
        f"seller.logo: {what}",
        problems=(),
        code="logo-unusable",
        fix="name a PNG or JPEG picture, or take seller.logo out of the mapping file",
    )
