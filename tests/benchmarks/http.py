"""HTTP requests as bytes, built before the measurement starts."""

import json

COMMON_HEADERS = "Host: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: application/json\r\n"


def build_get(path: str, token: str) -> bytes:
    """Return a GET with a bearer token."""
    return _build_head("GET", path, token).encode() + b"\r\n"


def build_post(path: str, token: str, body: dict[str, str]) -> bytes:
    """Return a POST of a JSON body with a bearer token."""
    data = json.dumps(body).encode()
    kind = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    return (_build_head("POST", path, token) + kind).encode() + data


def _build_head(method: str, path: str, token: str) -> str:
    return (
        f"{method} {path} HTTP/1.1\r\n{COMMON_HEADERS}Authorization: Bearer {token}\r\n"
    )
