"""A transport of the SDK for a WSGI app: it streams bodies, and keeps paths as sent."""

import io
from collections.abc import Iterator
from itertools import chain
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx2


class _Input(io.RawIOBase):
    def __init__(self, chunks: Any) -> None:
        self._chunks, self._rest = iter(chunks), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or next(filter(None, self._chunks), b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


class _Output(httpx2.SyncByteStream):
    def __init__(self, chunks: Any) -> None:
        self.close = getattr(chunks, "close", lambda: None)  # type: ignore[method-assign]
        rest = iter(chunks)  # an app may start its answer with the first chunk
        self._chunks = chain([next(rest, b"")], rest)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks


class WsgiTransport(httpx2.BaseTransport):
    """Send requests to a WSGI app; `environ` is added to that of each request."""

    def __init__(self, app: Any, environ: dict[str, Any]) -> None:
        self._app, self._environ = app, environ

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the answer of the app."""
        uri, sent = request.url.raw_path.decode("ascii"), request.headers
        path, _, query = uri.partition("?")
        path = unquote_to_bytes(path).decode("latin-1")
        length, kind = sent.get("content-length", ""), sent.get("content-type", "")
        start: list[Any] = []
        environ = {
            **{f"HTTP_{name.upper().replace('-', '_')}": sent[name] for name in sent},
            **{"CONTENT_LENGTH": length, "CONTENT_TYPE": kind, "PATH_INFO": path},
            **{"REQUEST_METHOD": request.method, "RAW_URI": uri, "QUERY_STRING": query},
            **{"SCRIPT_NAME": "", "SERVER_NAME": "local", "SERVER_PORT": "80"},
            **{"wsgi.url_scheme": "http", "wsgi.input_terminated": True},
            "wsgi.input": io.BufferedReader(_Input(request.stream)),
            **self._environ,
        }
        output = _Output(self._app(environ, lambda *head: start.extend(head)))
        return httpx2.Response(int(start[0][:3]), headers=start[1], stream=output)
