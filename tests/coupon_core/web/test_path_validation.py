"""Ambiguous paths and queries reach no route and cause no redirect."""

import pytest
from flask.testing import FlaskClient

from tests.coupon_core.web.wire_client import (
    RawResponse,
    check_refusal,
    get,
    send,
)

AMBIGUOUS_PATHS = {
    "encoded slash": b"/v1/things/a%2Fb",
    "encoded slash, small": b"/v1/things/a%2fb",
    "encoded slash before": b"/v1%2Fthings",
    "encoded backslash": b"/v1/things/a%5Cb",
    "backslash": b"/v1/things/a\\b",
    "NUL": b"/v1/things/%00",
    "line end": b"/v1/things/a%0Ab",
    "header injection": b"/v1/things/a%0d%0aX-A:%20b",
    "escape character": b"/v1/things/%1b",
    "DEL": b"/v1/things/%7f",
    "next line": b"/v1/things/%c2%85",
    "line separator": b"/v1/things/%e2%80%a8",
    "bad UTF-8": b"/v1/things/%ff",
    "raw bad UTF-8": b"/v1/things/\xff",
    "raw UTF-8": b"/v1/things/j\xc3\xb6s\xc3\xa9",
    "overlong slash": b"/v1/things/%c0%af",
    "surrogate": b"/v1/things/%ed%a0%80",
    "half UTF-8": b"/v1/things/%c3",
    "bare percent": b"/v1/things/%",
    "short escape": b"/v1/things/%2",
    "no hexadecimal": b"/v1/things/%zz",
    "dots": b"/v1/things/../things",
    "dot": b"/v1/./things",
    "dots at the end": b"/v1/things/..",
    "encoded dots": b"/v1/things/%2e%2e",
    "half encoded dots": b"/v1/%2e./things",
    "fragment": b"/v1/things#a",
    "no slash first": b"*",
    "absolute, encoded slash": b"http://x/v1/things/a%2fb",
}


@pytest.mark.parametrize("method", [b"GET", b"POST", b"OPTIONS"])
@pytest.mark.parametrize("path", AMBIGUOUS_PATHS.values(), ids=list(AMBIGUOUS_PATHS))
def test_path_with_two_readings_is_refused(
    port: int, path: bytes, method: bytes
) -> None:
    code = "BAD_PATH"
    answer = get(port, path, b"Content-Length: 0", method=method)
    if answer.status == 400 and b"BAD_REQUEST" in answer.data:
        code = "BAD_REQUEST"  # refused by gunicorn itself
    check_refusal(answer, 400, code=code)


@pytest.mark.parametrize("path", [b"/v1/a b", b"/v1/\x01", b"/v1/\x7f", b"/v1/\t"])
def test_raw_blanks_and_controls_are_refused(port: int, path: bytes) -> None:
    answer = get(port, path)
    assert answer.status == 400
    check_refusal(answer, 400, code=_get_bad_request_code(answer))


def _get_bad_request_code(answer: RawResponse) -> str:
    return "BAD_PATH" if b"BAD_PATH" in answer.data else "BAD_REQUEST"


UNKNOWN_PATHS = [
    b"//v1/things",
    b"/v1//things",
    b"//evil.example/v1/things",
    b"///v1/things",
    b"http://x//v1/things",
    b"/v1/things/",
    b"/v1/things/a/",
    b"/health/",
    b"/docs/",
    b"/V1/things",
    b"/v1/things/a;b/c",
]


@pytest.mark.parametrize("path", UNKNOWN_PATHS)
def test_other_spelling_of_a_route_is_404_and_no_redirect(
    port: int, path: bytes
) -> None:
    check_refusal(get(port, path), 404, code="NOT_FOUND")


ACCEPTED_PATHS = {
    b"/v1/things/john%20doe": "john doe",
    b"/v1/things/j%C3%B6s%c3%a9": "jösé",
    b"/v1/things/a%252Fb": "a%2Fb",
    b"/v1/things/%F0%9F%98%80": "😀",
    b"/v1/things/a@b.example": "a@b.example",
    b"/v1/things/...": "...",
    b"/v1/things/.a": ".a",
    b"/v1/things/a+b": "a+b",
    b"/v1/things/a?b=%2F&c=..": "a",
    b"/v1/things/a?b=/../x": "a",
    b"http://x/v1/things/a": "a",
    b"/v1/things/a;b=c": "a;b=c",
    b"/v1/things/%41": "A",
}


@pytest.mark.parametrize(("path", "expected_id"), ACCEPTED_PATHS.items())
def test_path_with_one_reading_reaches_its_route(
    port: int, path: bytes, expected_id: str
) -> None:
    answer = get(port, path)
    assert answer.data.decode() == f'{{"id":"{expected_id}"}}'


def test_long_path_is_414(port: int) -> None:
    longest_path = b"/v1/things/" + b"a" * (2_048 - 11)
    assert get(port, longest_path).status == 200
    assert get(port, longest_path + b"?" + b"a=b&" * 300).status == 200
    check_refusal(get(port, longest_path + b"a"), 414, code="URI_TOO_LONG")
    check_refusal(get(port, longest_path + b"%20"), 414, code="URI_TOO_LONG")


def test_very_long_request_line_is_414_in_json(port: int) -> None:
    check_refusal(get(port, b"/" + b"a" * 9_000), 414, code="URI_TOO_LONG")


def test_huge_header_is_431_in_json(port: int) -> None:
    answer = get(port, b"/health", b"X-A: " + b"a" * 20_000)
    check_refusal(answer, 431, code="HEADERS_TOO_LARGE")


@pytest.mark.parametrize(
    "host", [b"a b", b"\xff", b"x" * 300, b"[::1", b"evil.example/x", b"xn--\x80"]
)
def test_odd_host_is_no_500_and_not_echoed(port: int, host: bytes) -> None:
    answer = get(port, b"/health/", b"X-Forwarded-Host: evil.example")
    assert b"evil" not in answer.data
    lines = [b"GET /nowhere HTTP/1.1", b"Host: " + host, b"Connection: close", b"", b""]
    answer = send(port, b"\r\n".join(lines))
    assert answer.status in (400, 404)
    check_refusal(answer, answer.status, code=_get_host_code(answer))


def _get_host_code(answer: RawResponse) -> str:
    return "NOT_FOUND" if answer.status == 404 else "BAD_REQUEST"


def test_path_is_checked_where_the_server_keeps_no_raw_one(client: FlaskClient) -> None:
    no_raw_path = {"RAW_URI": "", "REQUEST_URI": ""}
    odd_path = {**no_raw_path, "PATH_INFO": "/v1/things/50% \xc3\xb6"}
    accepted = client.get("/v1/things/a", environ_overrides=odd_path)
    refused = client.get(
        "/v1/things/a",
        environ_overrides={**no_raw_path, "PATH_INFO": "/v1/things/a\nb"},
    )
    assert accepted.json == {"id": "50% ö"}
    check_refusal(refused, 400, code="BAD_PATH")


REFUSED_QUERIES = {
    "twice": ("limit=1&limit=2", "limit"),
    "twice the same": ("limit=1&limit=1", "limit"),
    "twice, encoded": ("limit=1&%6Cimit=1", "limit"),
    "bad UTF-8": ("limit=%ff", ""),
    "bad UTF-8 elsewhere": ("x=%ff", ""),
    "bad escape": ("limit=%2", ""),
    "NUL": ("limit=1%00", ""),
    "line end in a name": ("a%0Ab=1", ""),
    "sign": ("limit=%2B5", "limit"),
    "blank": ("limit=+5", "limit"),
    "minus": ("offset=-1", "offset"),
    "leading zero": ("limit=05", "limit"),
    "fraction": ("limit=5.0", "limit"),
    "exponent": ("limit=1e2", "limit"),
    "underscore": ("limit=1_0", "limit"),
    "other digits": ("limit=%D9%A5", "limit"),
    "superscript": ("limit=%C2%B2", "limit"),
    "empty": ("limit=", "limit"),
    "no value": ("limit", "limit"),
    "too small": ("limit=0", "limit"),
    "too large": ("limit=501", "limit"),
    "far too large": ("offset=1000000001", "offset"),
    "5,000 digits": ("offset=" + "9" * 3_000, "offset"),
}


@pytest.mark.parametrize(
    ("query", "path"), REFUSED_QUERIES.values(), ids=list(REFUSED_QUERIES)
)
def test_query_is_read_to_the_letter(
    client: FlaskClient, query: str, path: str
) -> None:
    answer = client.get(f"/v1/things?{query}")
    body = check_refusal(answer, 400, code="VALIDATION_ERROR")
    assert [detail["path"] for detail in body["details"]] == [path]
    assert body["details"][0]["target"] == "query"
    assert "expected" in body["details"][0]["message"]


ACCEPTED_QUERIES = {
    "": (100, 0),
    "limit=1": (1, 0),
    "limit=500&offset=1000000000": (500, 1_000_000_000),
    "offset=0&other=1&other=2": (100, 0),
    "&&limit=7&": (7, 0),
    "%6Cimit=9": (9, 0),
}


@pytest.mark.parametrize(("query", "page"), ACCEPTED_QUERIES.items())
def test_page_has_its_bounds_and_defaults(
    client: FlaskClient, query: str, page: tuple[int, int]
) -> None:
    answer = client.get(f"/v1/things?{query}")
    assert answer.json == {"limit": page[0], "offset": page[1]}


def test_long_query_is_414(client: FlaskClient) -> None:
    answer = client.get("/v1/things?" + "a=b&" * 1_100)
    check_refusal(answer, 414, code="URI_TOO_LONG")
