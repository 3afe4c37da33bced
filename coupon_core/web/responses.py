"""JSON responses with minimal overhead."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.json.provider import DefaultJSONProvider

from coupon_core.json_encoding import encode_json

JSON_MEDIA_TYPE = "application/json"


def json_response(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a compact UTF-8 JSON response; `body` contains only JSON types."""
    response = Response(encode_json(body), status, content_type=JSON_MEDIA_TYPE)
    if headers:
        response.headers.update(headers)
    return response


def no_content_response() -> Response:
    """Return a 204 response, which has no body and no content type."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


class CompactJsonProvider(DefaultJSONProvider):
    """Renders dicts that views return in the format of `json_response`."""

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the response for a dict or a list."""
        return json_response(self._prepare_response_obj(args, kwargs))
