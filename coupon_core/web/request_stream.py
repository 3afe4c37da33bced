"""Read bodies that are too large for memory in pieces, up to a limit."""

import hashlib
from collections.abc import Iterator
from typing import IO, Any

from flask import Request
from werkzeug.http import parse_options_header

from coupon_core.schemas.csv_decoding import ENCODINGS
from coupon_core.schemas.csv_options import CsvOptions
from coupon_core.schemas.errors import ApiError, ErrorDetail
from coupon_core.web.body_admission import require_body
from coupon_core.web.request_body import (
    BODY_ENVIRON_KEY,
    body_too_large_error,
    get_body_limit,
    incomplete_body_error,
    parse_content_length,
    read_body,
    read_input,
)

CSV_MEDIA_TYPE = "text/csv"
READ_SIZE_BYTES = 65_536


def stream_csv_body(request: Request) -> Iterator[bytes]:
    """Return the CSV body in pieces.

    Raises:
        ApiError: 400 or 413 for a bad Content-Length, at once; 413 above the limit and
            400 for an incomplete body, while iterating.
    """
    return _stream_body(request)


def is_csv(request: Request) -> bool:
    """Return True if the body is declared as CSV."""
    media_type, _ = parse_options_header(request.environ.get("CONTENT_TYPE", ""))
    return media_type.lower() == CSV_MEDIA_TYPE


def parse_csv_options(
    request: Request, ignored_columns: frozenset[str] = frozenset()
) -> CsvOptions:
    """Return what the headers say about a CSV body (RFC 4180, section 3).

    Raises:
        ApiError: 415 for another content type or an unknown parameter value.
    """
    environ = request.environ
    _, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
    charset = options.get("charset", "utf-8").lower()
    header = options.get("header", "present").lower()
    is_unencoded = environ.get("HTTP_CONTENT_ENCODING", "identity") == "identity"
    if (
        not is_csv(request)
        or charset not in ENCODINGS
        or header not in ("present", "absent")
        or not is_unencoded
    ):
        raise _content_type_error()
    return CsvOptions(ENCODINGS[charset], header == "present", ignored_columns)


def _content_type_error() -> ApiError:
    expected = (
        "text/csv, optionally with charset=utf-8, utf-16 or windows-1252 and "
        "header=present or absent, and no content encoding was expected"
    )
    detail = ErrorDetail(expected, "Content-Type", target="header")
    text = f"Content-Type: {expected}"
    return ApiError(415, "UNSUPPORTED_MEDIA_TYPE", message=text, details=(detail,))


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
    if BODY_ENVIRON_KEY in environ:  # a check of the form has read it
        return iter((read_body(request),))
    length = parse_content_length(environ, limit)
    if not length and not environ.get("wsgi.input_terminated"):
        return iter(())
    require_body(environ, limit)
    return _read_pieces(environ, length, limit=limit)


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
