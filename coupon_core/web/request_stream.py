"""Read bodies that are too large for memory in pieces, up to a limit."""

import hashlib
from collections.abc import Iterator
from typing import IO, Any

from flask import Request
from werkzeug.http import parse_options_header

from coupon_core.schemas.errors import ApiError, ErrorDetail
from coupon_core.web.request_body import (
    body_too_large_error,
    get_body_limit,
    incomplete_body_error,
    parse_content_length,
    read_input,
)

CSV_MEDIA_TYPE = "text/csv"
READ_SIZE_BYTES = 65_536


def stream_csv_body(request: Request) -> Iterator[bytes]:
    """Return the CSV body in pieces.

    Raises:
        ApiError: 415 for another content type, 400 or 413 for a bad Content-Length, at
            once; 413 above the limit and 400 for an incomplete body, while iterating.
    """
    _check_content_type(request.environ)
    return _stream_body(request)


def spool_body(request: Request, file: IO[bytes]) -> bytes:
    """Copy the body into `file`, from where it is read again; return its SHA-256.

    Raises:
        ApiError: 400 or 413, as for `stream_csv_body`.
    """
    digest = hashlib.sha256()
    for piece in _stream_body(request):
        file.write(piece)
        digest.update(piece)
    length = file.tell()
    file.seek(0)
    request.environ.update({"wsgi.input": file, "CONTENT_LENGTH": str(length)})
    return digest.digest()


def _stream_body(request: Request) -> Iterator[bytes]:
    environ, limit = request.environ, get_body_limit(request)
    length = parse_content_length(environ, limit)
    if not length and not environ.get("wsgi.input_terminated"):
        return iter(())
    return _read_pieces(environ, length, limit=limit)


def _check_content_type(environ: dict[str, Any]) -> None:
    media_type, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
    is_utf8 = options.get("charset", "utf-8").lower() in ("utf-8", "utf8")
    is_unencoded = environ.get("HTTP_CONTENT_ENCODING", "identity") == "identity"
    if media_type.lower() != CSV_MEDIA_TYPE or not is_utf8 or not is_unencoded:
        text = "Content-Type: text/csv in UTF-8 without content encoding was expected"
        detail = ErrorDetail(
            "text/csv in UTF-8 was expected", "Content-Type", target="header"
        )
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", message=text, details=(detail,))


def _read_pieces(
    environ: dict[str, Any], length: int | None, limit: int
) -> Iterator[bytes]:
    read_bytes = 0
    while length is None or read_bytes < length:
        remaining_bytes = READ_SIZE_BYTES if length is None else length - read_bytes
        piece = read_input(environ, min(READ_SIZE_BYTES, remaining_bytes))
        if not piece:
            break
        read_bytes += len(piece)
        if read_bytes > limit:
            raise body_too_large_error(limit)
        yield piece
    if length is not None and read_bytes < length:
        raise incomplete_body_error()
