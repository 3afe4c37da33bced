"""JSON responses with minimal overhead."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response
from flask.json.provider import DefaultJSONProvider
from werkzeug.datastructures import Headers

from coupon_core.json_encoding import encode_json

JSON_MEDIA_TYPE = "application/json"


def json_response(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a compact UTF-8 JSON response; `body` contains only JSON types."""
    response = JsonResponse(encode_json(body), status, content_type=JSON_MEDIA_TYPE)
    if headers:
        response.headers.update(headers)
    return response


class JsonResponse(Response):
    """A response that Werkzeug need neither complete nor close."""

    def get_wsgi_headers(self, environ: dict[str, Any]) -> Headers:
        """Return the headers; Content-Length is set, and Location is a URI."""
        return self.headers

    def get_app_iter(self, environ: dict[str, Any]) -> Iterable[bytes]:
        """Return the body, or nothing for HEAD."""
        return () if environ["REQUEST_METHOD"] == "HEAD" else (self.get_data(),)


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
