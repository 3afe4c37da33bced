"""Serve scripts and styles under names with a hash, so that browsers keep them."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import Response, abort, request

DIRECTORY = Path(__file__).parent / "static"
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
CACHE_CONTROL = "public, max-age=31536000, immutable"
HASH_LENGTH = 16


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file with its public name, which changes with its content."""

    public_name: str
    content_type: str
    body: bytes
    gzipped_body: bytes


class StaticFiles:
    """The files of a directory, read once; those of `vendor` may be absent."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        paths = (path for path in directory.rglob("*") if path.suffix in CONTENT_TYPES)
        self._files = {path.name: _read_file(path) for path in sorted(paths)}
        self._by_public_name = {one.public_name: one for one in self._files.values()}

    def find_url(self, name: str) -> str | None:
        """Return the URL path of a file, or None if it has not been fetched."""
        file = self._files.get(name)
        return f"/console/static/{file.public_name}" if file else None

    def serve(self, public_name: str) -> Response:
        """Return the response for a public name: a file, or 404."""
        file = self._by_public_name.get(public_name) or abort(404)
        is_gzipped = request.accept_encodings["gzip"] > 0
        response = Response(
            file.gzipped_body if is_gzipped else file.body,
            content_type=file.content_type,
            headers={"Cache-Control": CACHE_CONTROL, "Vary": "Accept-Encoding"},
        )
        if is_gzipped:
            response.headers["Content-Encoding"] = "gzip"
        return response


def _read_file(path: Path) -> StaticFile:
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:HASH_LENGTH]
    return StaticFile(
        public_name=f"{path.stem}.{digest}{path.suffix}",
        content_type=CONTENT_TYPES[path.suffix],
        body=body,
        gzipped_body=gzip.compress(body, mtime=0),
    )
