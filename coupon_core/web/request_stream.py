"""Bodies that are too long for memory: read piece by piece, up to a limit."""

import hashlib
from collections.abc import Iterator
from typing import IO, Any

from flask import Request
from werkzeug.http import parse_options_header

from coupon_core.schemas.errors import Detail, Problem
from coupon_core.web.request_body import body_limit, too_large

CSV = "text/csv"
PIECE = 65_536


def csv_body(request: Request) -> Iterator[bytes]:
    """The CSV in the body, in pieces. 415, 400 when there is none, 413 when too long.

    The first two are raised at once; the last as soon as it can be known.
    """
    _check_label(request.environ)
    return _body(request)


def spool(request: Request, file: IO[bytes]) -> bytes:
    """Read the whole body into a file, and from there again; gives its SHA-256.

    400 and 413 as of `csv_body`.
    """
    digest = hashlib.sha256()
    for piece in _body(request):
        file.write(piece)
        digest.update(piece)
    length = file.tell()
    file.seek(0)
    request.environ.update({"wsgi.input": file, "CONTENT_LENGTH": str(length)})
    return digest.digest()


def _body(request: Request) -> Iterator[bytes]:
    environ, limit = request.environ, body_limit(request)
    length = environ.get("CONTENT_LENGTH")
    if length and not (length.isascii() and length.isdecimal()):
        raise Problem(400, "BAD_REQUEST", "Content-Length: digits were expected")
    if length and (len(length) > 18 or int(length) > limit):
        raise too_large(limit)
    if length in ("", "0", None) and not environ.get("wsgi.input_terminated"):
        return iter(())
    return _pieces(environ, int(length) if length else None, limit)


def _check_label(environ: dict[str, Any]) -> None:
    kind, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
    utf8 = options.get("charset", "utf-8").lower() in ("utf-8", "utf8")
    plain = environ.get("HTTP_CONTENT_ENCODING", "identity") == "identity"
    if kind.lower() != CSV or not utf8 or not plain:
        text = "Content-Type: text/csv in UTF-8 was expected, without encoding"
        detail = Detail("text/csv in UTF-8 was expected", "Content-Type", "header")
        raise Problem(415, "UNSUPPORTED_MEDIA_TYPE", text, (detail,))


def _pieces(environ: dict[str, Any], length: int | None, limit: int) -> Iterator[bytes]:
    read = 0
    while length is None or read < length:
        piece = _taken(environ, PIECE if length is None else min(PIECE, length - read))
        if not piece:
            break
        read += len(piece)
        if read > limit:
            raise too_large(limit)
        yield piece
    if length is not None and read < length:
        raise Problem(400, "BAD_REQUEST", "The body ended before its Content-Length")


def _taken(environ: dict[str, Any], most: int) -> bytes:
    try:
        return bytes(environ["wsgi.input"].read(most))
    except Exception as error:  # each server has its own for a chunk that is none
        text = "The body could not be read to its end"
        raise Problem(400, "BAD_REQUEST", text) from error
