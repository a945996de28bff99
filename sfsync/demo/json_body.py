"""The JSON of a request."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.demo.wire import ApiError

if TYPE_CHECKING:
    from werkzeug.wrappers import Request


def json_body(request: Request) -> Any:  # noqa: ANN401 - JSON is any value
    """Parse the body of a request; numbers with decimals become `Decimal`.

    Raises:
        ApiError: 400, it is no JSON.
    """
    try:
        return json.loads(request.get_data(), parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "JSON_PARSER_ERROR", f"Unexpected input: {error}") from error
