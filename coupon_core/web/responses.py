"""JSON answers, made with as little work as a request can cost."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.json.provider import DefaultJSONProvider

from coupon_core.json_encoding import encode_json

JSON_MEDIA_TYPE = "application/json"


def json_response(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A compact UTF-8 JSON answer; `body` holds only what JSON itself knows."""
    response = Response(encode_json(body), status, content_type=JSON_MEDIA_TYPE)
    if headers:
        response.headers.update(headers)
    return response


def no_content_response() -> Response:
    """The answer 204, which has no body and so no type of one."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


class CompactJsonProvider(DefaultJSONProvider):
    """The same form for a view that returns a plain dict to Flask."""

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """What Flask makes of a dict or a list."""
        return json_response(self._prepare_response_obj(args, kwargs))
