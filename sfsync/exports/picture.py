"""Pictures on paper."""

from __future__ import annotations

import io
from typing import Any

MOST_PIXELS = 4_000_000


def opened(content: bytes) -> Any:  # noqa: ANN401 - reportlab has no types
    """The picture as reportlab draws it."""
    from reportlab.lib.utils import ImageReader  # noqa: PLC0415 - start-up time

    return ImageReader(io.BytesIO(content))


def is_picture(content: bytes) -> bool:
    """Whether a picture can be decoded whole, and is of a size for paper."""
    try:
        image = opened(content)
        width, height = image.getSize()
        return bool(width * height <= MOST_PIXELS and image.getRGBData())
    except (OSError, ValueError, SyntaxError, EOFError):
        # What the decoder says of a broken file; reportlab passes it on as OSError.
        return False
