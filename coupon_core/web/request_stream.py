"""Bodies that are too long for memory: read piece by piece, up to a limit."""

import hashlib
from collections.abc import Iterator
from typing import IO, Any

from flask import Request
from werkzeug.http import parse_options_header

from coupon_core.schemas.errors import ApiError, ErrorDetail
from coupon_core.web.body_admission import require_body
from coupon_core.web.request_body import body_too_large_error, get_body_limit

CSV_MEDIA_TYPE = "text/csv"
READ_SIZE_BYTES = 65_536


def stream_csv_body(request: Request) -> Iterator[bytes]:
    """The CSV in the body, in pieces. 415, 400 when there is none, 413 when too long.

    The first two are raised at once; the last as soon as it can be known.
    """
    _check_content_type(request.environ)
    return _stream_body(request)


def spool_body(request: Request, file: IO[bytes]) -> bytes:
    """Read the whole body into a file, and from there again; gives its SHA-256.

    400 and 413 as of `stream_csv_body`.
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
    length = environ.get("CONTENT_LENGTH")
    if length and not (length.isascii() and length.isdecimal()):
        raise ApiError(400, "BAD_REQUEST", "Content-Length: digits were expected")
    if length and (len(length) > 18 or int(length) > limit):
        raise body_too_large_error(limit)
    if length in ("", "0", None) and not environ.get("wsgi.input_terminated"):
        return iter(())
    require_body(environ, limit)
    return _read_pieces(environ, int(length) if length else None, limit)


def _check_content_type(environ: dict[str, Any]) -> None:
    media_type, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
    is_utf8 = options.get("charset", "utf-8").lower() in ("utf-8", "utf8")
    is_unencoded = environ.get("HTTP_CONTENT_ENCODING", "identity") == "identity"
    if media_type.lower() != CSV_MEDIA_TYPE or not is_utf8 or not is_unencoded:
        text = "Content-Type: text/csv in UTF-8 was expected, without encoding"
        detail = ErrorDetail("text/csv in UTF-8 was expected", "Content-Type", "header")
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", text, (detail,))


def _read_pieces(
    environ: dict[str, Any], length: int | None, limit: int
) -> Iterator[bytes]:
    read = 0
    while length is None or read < length:
        piece = _read_input(
            environ,
            READ_SIZE_BYTES if length is None else min(READ_SIZE_BYTES, length - read),
        )
        if not piece:
            break
        read += len(piece)
        if read > limit:
            raise body_too_large_error(limit)
        yield piece
    if length is not None and read < length:
        raise ApiError(400, "BAD_REQUEST", "The body ended before its Content-Length")


def _read_input(environ: dict[str, Any], max_bytes: int) -> bytes:
    try:
        return bytes(environ["wsgi.input"].read(max_bytes))
    except Exception as error:  # each server has its own for a chunk that is none
        text = "The body could not be read to its end"
        raise ApiError(400, "BAD_REQUEST", text) from error
