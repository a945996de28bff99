"""Compact JSON, written by an encoder that is made once.

`json.dumps` and `JSONEncoder.encode` set up the C encoder anew for every call, which costs as much
as encoding an invoice does.
"""

from __future__ import annotations

from json import encoder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def json_writer(
    *, sort_keys: bool, ascii_only: bool, default: Callable[[object], object] | None = None
) -> Callable[[object], str]:
    """A function that writes a value as JSON without spaces.

    Args:
        sort_keys: write the keys of objects in their order.
        ascii_only: escape every other character.
        default: makes what JSON does not know into what it knows; such values raise TypeError
            where it is None. A NaN raises ValueError.
    """
    made = encoder.JSONEncoder(
        sort_keys=sort_keys,
        ensure_ascii=ascii_only,
        default=default,
        separators=(",", ":"),
        check_circular=False,
        allow_nan=False,
    )
    make = getattr(encoder, "c_make_encoder", None)
    if make is None:
        # A Python without the C encoder.
        return made.encode
    text = encoder.encode_basestring_ascii if ascii_only else encoder.encode_basestring
    chunks = make(None, made.default, text, None, ":", ",", sort_keys, False, False)
    join = "".join
    return lambda value: join(chunks(value, 0))
