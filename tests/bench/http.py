"""Requests as bytes, built before the clock runs."""

import json

HOST = "Host: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: application/json\r\n"


def get(path: str, token: str) -> bytes:
    """A GET with a bearer token."""
    return _head("GET", path, token).encode() + b"\r\n"


def post(path: str, token: str, body: dict[str, str]) -> bytes:
    """A POST of a JSON body with a bearer token."""
    data = json.dumps(body).encode()
    kind = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    return (_head("POST", path, token) + kind).encode() + data


def _head(method: str, path: str, token: str) -> str:
    return f"{method} {path} HTTP/1.1\r\n{HOST}Authorization: Bearer {token}\r\n"
