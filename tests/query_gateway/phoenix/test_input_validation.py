"""Invalid pages, bodies and users are answered with an error that names the fault."""

from __future__ import annotations

import json

import pytest

from tests.query_gateway.caller import Caller
from tests.support.database_rows import read_all_rows
from tests.support.malformed_bodies import MALFORMED_BODIES

# What is refused before any statement is the same on both databases.
on_sqlite = pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)

# ---------------------------------------------------------------------- pages

LISTS = ["/definitions", "/user/ann", "/user/ann/redemptions"]
BAD_PAGES = [
    *("limit=0", "limit=501", "limit=-1", "limit=1.0", "limit=01", "limit=%2B1"),
    *("limit=+1", "limit=%201", "limit=1%20", "limit=", "limit=ten", "limit=1e2"),
    *("limit=0x10", "limit=%D9%A1", "limit=true", "limit=1_0", "limit=" + "9" * 400),
    *("limit=1&limit=1", "limit=1&offset=0&limit=2", "limit=9223372036854775808"),
    *("offset=-1", "offset=01", "offset=%2B1", "offset=", "offset=1.0"),
    *("offset=1&offset=1", "offset=99999999999999999999", "offset=NaN"),
]


@on_sqlite
@pytest.mark.parametrize("rest", LISTS)
@pytest.mark.parametrize("query", BAD_PAGES)
def test_a_bad_page_is_refused_by_name(caller: Caller, rest: str, query: str) -> None:
    answer = caller.get(f"{rest}?{query}")
    assert (answer.status_code, answer.json["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json["details"][0]["path"] == query.partition("=")[0]
    assert answer.json["details"][0]["target"] == "query"


@pytest.mark.parametrize("rest", LISTS)
@pytest.mark.parametrize(
    "query",
    ["limit=1", "limit=500", "offset=0", "offset=1000000000", "other=1&other=2", "&&"],
)
def test_a_good_page_is_served(caller: Caller, rest: str, query: str) -> None:
    assert caller.get(f"{rest}?{query}").status_code == 200


@on_sqlite
@pytest.mark.parametrize("query", ["limit=%FF", "a=%zz", "limit=%", "x=%00", "a=%0A"])
def test_a_query_that_cannot_be_read_is_refused(caller: Caller, query: str) -> None:
    assert caller.get(f"/definitions?{query}").status_code == 400


def test_a_query_that_is_too_long_is_414(caller: Caller) -> None:
    answer = caller.get("/definitions?x=" + "a" * 5000)
    assert (answer.status_code, answer.json["code"]) == (414, "URI_TOO_LONG")


@pytest.mark.parametrize("rest", LISTS)
def test_pages_cover_a_list_once_and_total_counts_all(
    caller: Caller, rest: str
) -> None:
    for _ in range(5):
        assert caller.redeem(caller.tenant.create_code()).status_code == 200
    name = {"/definitions": "definitions", "/user/ann": "coupons"}.get(
        rest, "redemptions"
    )
    pages = [
        caller.get(f"{rest}?limit=2&offset={offset}").json for offset in (0, 2, 4, 6)
    ]
    assert [len(page[name]) for page in pages] == [2, 2, 1, 0]
    assert {page["total"] for page in pages} == {5}
    paged_ids = [row["id"] for page in pages for row in page[name]]
    assert paged_ids == [row["id"] for row in caller.get(rest).json[name]]
    assert len(set(paged_ids)) == 5


@pytest.mark.parametrize("status", ["", "used", "ACTIVE", "active,redeemed"])
def test_an_unknown_status_is_refused(caller: Caller, status: str) -> None:
    answer = caller.get(f"/user/ann?status={status}")
    assert (answer.status_code, answer.json["details"][0]["path"]) == (400, "status")


# ---------------------------------------------------------------------- bodies


@on_sqlite
@pytest.mark.parametrize("body", MALFORMED_BODIES.values(), ids=MALFORMED_BODIES)
def test_a_body_that_is_not_strictly_json_is_refused(
    any_caller: Caller, body: bytes
) -> None:
    code = any_caller.tenant.create_code()
    before = read_all_rows()
    answer = any_caller.call("POST", f"/redeem/{code}", body)
    assert (answer.status_code, answer.json["code"]) == (400, "BAD_JSON")
    assert answer.json["details"][0]["target"] == "body"
    assert read_all_rows() == before


BAD_USERS = [
    *(None, 7, 7.0, True, [], {}, ["ann"], "", " ", " ann", "ann ", "a/b", "a\\b"),
    *("a\nb", "a\tb", "a\x7fb", "a\x85b", "a\u2028b", ".", "..", "a" * 129),
]


@on_sqlite
@pytest.mark.parametrize("user_id", BAD_USERS, ids=repr)
def test_a_bad_user_is_refused_by_name(server_caller: Caller, user_id: object) -> None:
    code = server_caller.tenant.create_code()
    body = json.dumps({"user_id": user_id}).encode()
    answer = server_caller.call("POST", f"/redeem/{code}", body)
    assert (answer.status_code, answer.json["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json["details"][0]["path"] == "user_id"
    assert server_caller.validate(code)["valid"]


def test_a_body_without_a_user_is_refused(any_caller: Caller) -> None:
    answer = any_caller.call(
        "POST", f"/redeem/{any_caller.tenant.create_code()}", b"{}"
    )
    assert (answer.status_code, answer.json["details"][0]["path"]) == (400, "user_id")


def test_a_user_may_have_the_longest_id_and_any_letters(server_caller: Caller) -> None:
    for user_id in ("a" * 128, "jösé ⚑", "john@doe.com", "...", "user", "%2F", "a?b#c"):
        code = server_caller.tenant.create_code(user_id)
        assert server_caller.redeem(code, user_id).json["user_id"] == user_id


@pytest.mark.parametrize(
    "extra",
    [
        *({"x": 1}, {"tenant_id": "other"}, {"status": "active"}, {"code": "X"}),
        *({"redemption_count": 0}, {"now": "2000-01-01T00:00:00Z"}, {"": None}),
    ],
)
def test_members_that_redeem_does_not_know_are_ignored(
    caller: Caller, extra: dict[str, object]
) -> None:
    body = json.dumps({"user_id": "ann", **extra}).encode()
    answer = caller.call("POST", f"/redeem/{caller.tenant.create_code()}", body)
    assert answer.status_code == 200
    assert answer.json["tenant_id"] == caller.tenant.tenant_id
    assert answer.json["redemption_count"] == 1


@pytest.mark.parametrize(
    "label",
    [
        *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"),
        *("application/json; charset=utf-16", "application/xml", "json", ""),
    ],
)
def test_another_kind_of_body_is_415(caller: Caller, label: str) -> None:
    code = caller.tenant.create_code()
    answer = caller.call(
        "POST", f"/redeem/{code}", b'{"user_id":"ann"}', {"Content-Type": label}
    )
    assert (answer.status_code, answer.json["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert caller.validate(code)["valid"]


@pytest.mark.parametrize(
    "label",
    ["application/json", "application/json; charset=UTF-8", "application/vnd.x+json"],
)
def test_json_may_be_labelled_in_several_ways(caller: Caller, label: str) -> None:
    answer = caller.call(
        "POST",
        f"/redeem/{caller.tenant.create_code()}",
        b'{"user_id":"ann"}',
        {"Content-Type": label},
    )
    assert answer.status_code == 200


def test_a_packed_body_is_415(caller: Caller) -> None:
    body = b'{"user_id":"ann"}'
    answer = caller.call("POST", "/redeem/X", body, {"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_a_body_that_is_too_large_is_413(any_caller: Caller) -> None:
    caller = any_caller
    code = caller.tenant.create_code()
    body = json.dumps({"user_id": "ann", "x": "a" * 65_536}).encode()
    answer = caller.call("POST", f"/redeem/{code}", body)
    assert (answer.status_code, answer.json["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_the_largest_body_is_read(any_caller: Caller) -> None:
    start, end = b'{"user_id":"ann","x":"', b'"}'
    body = start + b"a" * (65_536 - len(start) - len(end)) + end
    answer = any_caller.call("POST", f"/redeem/{any_caller.tenant.create_code()}", body)
    assert answer.status_code == 200


@on_sqlite
@pytest.mark.parametrize("rest", ["/user/{}", "/user/{}/redemptions"])
@pytest.mark.parametrize("user_id", ["%20ann", "ann%20", "%20", "a" * 129])
def test_a_bad_user_in_the_path_is_refused(
    server_caller: Caller, rest: str, user_id: str
) -> None:
    answer = server_caller.get(rest.format(user_id))
    assert (answer.status_code, answer.json["details"][0]["path"]) == (400, "user_id")
