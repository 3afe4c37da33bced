"""Test that invalid messages are stored as dead letters with a reason."""

from __future__ import annotations

import json

import pytest

from tests.factories.tenant import TenantFactory, create_tenant
from tests.workers.milestones import (
    STREAK_DATA,
    cloud,
    count_held_coupons,
    define_streak_trigger,
    get_last_dead_letter,
    phoenix,
    process_event,
)

DEEP = b"[" * 50_000 + b"]" * 50_000

UNREADABLE = {
    "empty body": (b"", "empty body"),
    "blank body": (b"  \n", "empty body"),
    "no JSON": (b"hello", "valid JSON"),
    "cut JSON": (b'{"specversion": "1.0", ', "valid JSON"),
    "list": (b"[1]", "got an array"),
    "null": (b"null", "object was expected"),
    "text": (b'"x"', "got text"),
    "NaN": (b'{"a": NaN}', "NaN"),
    "infinite": (b'{"a": 1e400}', "finite"),
    "huge integer": (b'{"a": ' + b"9" * 5_000 + b"}", "64 bits"),
    "deep": (DEEP[:60_000], "levels"),
    "too large and deep": (DEEP, "larger than 65536 bytes"),
    "bad UTF-8": (b'{"a": "\xff"}', "UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "UTF-8"),
    "byte order mark": (b"\xef\xbb\xbf{}", "byte order mark"),
    "NUL": (b'{"a": "\\u0000"}', "NUL"),
    "lone surrogate": (b'{"a": "\\ud800"}', "surrogates"),
    "name twice": (b'{"a": 1, "a": 2}', "repeated"),
    "pickle": (b"\x80\x04K\x01.", "UTF-8"),
    "binary": (bytes(range(256)), "UTF-8"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_kept_with_its_reason(
    tenant: TenantFactory, name: str
) -> None:
    body, expected = UNREADABLE[name]
    assert process_event(body) == "buried"
    tenant_id, reason, stored_body = get_last_dead_letter()
    assert tenant_id == ""
    assert expected in reason
    assert stored_body == body[:65_536]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-python-serialize",
        "application/data",
        "json\x00",
    ],
)
def test_only_json_is_read(tenant: TenantFactory, content_type: str) -> None:
    assert process_event(cloud(tenant), content_type=content_type) == "buried"
    assert "is not JSON" in get_last_dead_letter()[1]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "base64", "gzip"])
def test_only_utf8_is_read(tenant: TenantFactory, encoding: str) -> None:
    assert process_event(cloud(tenant), encoding=encoding) == "buried"
    assert "is not UTF-8" in get_last_dead_letter()[1]


def test_what_kombu_could_not_unpack_is_kept(tenant: TenantFactory) -> None:
    assert process_event(cloud(tenant), defect="cannot be decoded: error") == "buried"
    assert get_last_dead_letter()[1] == "cannot be decoded: error"


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8"])
def test_parameters_of_a_content_type_are_no_matter(
    tenant: TenantFactory, content_type: str
) -> None:
    define_streak_trigger(tenant)
    assert process_event(cloud(tenant), content_type=content_type) == "earned"


IMPOSSIBLE = {
    "future version": ({"specversion": "2.0"}, {}, "specversion"),
    "version as number": ({"specversion": 1.0}, {}, "specversion"),
    "no id": ({"id": None}, {}, "id"),
    "empty id": ({"id": ""}, {}, "id"),
    "id as number": ({"id": 7}, {}, "id"),
    "long id": ({"id": "x" * 129}, {}, "id"),
    "no source": ({"source": None}, {}, "source"),
    "unknown type": ({"type": "streak.lost"}, {}, "type"),
    "no user": ({"subject": None}, {}, "subject"),
    "user with a slash": ({"subject": "a/b"}, {}, "subject"),
    "user as number": ({"subject": 7}, {}, "subject"),
    "no tenant": ({"tenantid": None}, {}, "tenantid"),
    "tenant as list": ({"tenantid": ["acme"]}, {}, "tenantid"),
    "tenant with a path": ({"tenantid": "../acme"}, {}, "tenantid"),
    "time without zone": ({"time": "2026-05-04T12:00:00"}, {}, "time"),
    "data as text": ({"data": "x"}, {}, "data"),
    "data as base64": ({"data": None, "data_base64": "e30="}, {}, "data"),
    "no streak": ({}, {"streak_id": None}, "data.streak_id"),
    "streak as number": ({}, {"streak_id": 7}, "data.streak_id"),
    "day as text": ({}, {"threshold": "7"}, "data.threshold"),
    "day as fraction": ({}, {"threshold": 7.0}, "data.threshold"),
    "day as boolean": ({}, {"threshold": True}, "data.threshold"),
    "day zero": ({}, {"threshold": 0}, "data.threshold"),
    "huge day": ({}, {"threshold": 10**12}, "data.threshold"),
    "run as number": ({}, {"run_id": 7}, "data.run_id"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_makes_no_sense_is_kept_and_names_the_member(
    tenant: TenantFactory, name: str
) -> None:
    define_streak_trigger(tenant)
    members, data, path = IMPOSSIBLE[name]
    event = (
        cloud(tenant, STREAK_DATA | data, **members)
        if data
        else cloud(tenant, **members)
    )
    assert process_event(event) == "buried"
    _, reason, stored_body = get_last_dead_letter()
    assert f"{path}:" in reason
    assert stored_body == json.dumps(event).encode()


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"event_id": None}, "event_id"),
        ({"event_type": "user.login"}, "event_type"),
        ({"user_id": ""}, "user_id"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"attributes": []}, "attributes"),
        ({"attributes": {"streak_id": "daily"}}, "attributes.threshold"),
    ],
)
def test_the_other_envelope_is_read_as_strictly(
    tenant: TenantFactory, members, path
) -> None:
    assert process_event(phoenix(tenant) | members) == "buried"
    assert f"{path}:" in get_last_dead_letter()[1]


def test_members_that_nobody_knows_are_ignored(tenant: TenantFactory) -> None:
    define_streak_trigger(tenant)
    event = cloud(tenant, STREAK_DATA | {"mood": "good"}, traceparent="00-1-2-03")
    assert process_event(event) == "earned"


def test_an_unknown_tenant_is_told_and_owns_no_letter(tenant: TenantFactory) -> None:
    assert process_event(cloud(tenant, tenantid="nobody-here")) == "buried"
    tenant_id, reason, _ = get_last_dead_letter()
    assert (tenant_id, reason) == ("", "tenant not found")


NAMING_FAULTS = {
    "another member is invalid": b'{"tenantid": "%s", "specversion": "1.0"}',
    "the other envelope": b'{"tenant_id": "%s", "event_id": 7}',
    "a member is repeated": b'{"tenantid": "%s", "a": 1, "a": 2}',
    "bad UTF-8": b'{"tenantid": "%s", "a": "\xff"}',
    "huge integer": b'{"tenantid": "%s", "a": NaN, "b": ' + b"9" * 5_000 + b"}",
    "a line break in a text": b'{"tenantid": "%s", "a": "\n"}',
    "too large": b'{"tenantid": "%s", "a": "' + b"x" * 70_000 + b'"}',
    "byte order mark": b'\xef\xbb\xbf{"tenantid": "%s"}',
}


@pytest.mark.parametrize("name", NAMING_FAULTS)
def test_a_dead_letter_belongs_to_the_tenant_that_it_names(
    tenant: TenantFactory, name: str
) -> None:
    body = NAMING_FAULTS[name] % tenant.tenant_id.encode()
    assert process_event(body) == "buried"
    assert get_last_dead_letter()[0] == tenant.tenant_id


def test_so_does_one_of_another_content_type(tenant: TenantFactory) -> None:
    assert process_event(cloud(tenant), content_type="text/plain") == "buried"
    assert get_last_dead_letter()[0] == tenant.tenant_id


def test_a_letter_that_names_two_tenants_belongs_to_none(tenant: TenantFactory) -> None:
    other = create_tenant()
    for names in (("tenantid", "tenantid"), ("tenantid", "tenant_id")):
        ids = zip(names, (tenant.tenant_id, other.tenant_id), strict=True)
        body = ", ".join(f'"{name}": "{tenant_id}"' for name, tenant_id in ids)
        assert process_event(f"{{{body}}}".encode()) == "buried"
        assert get_last_dead_letter()[0] == ""


def test_another_tenants_milestone_earns_nothing_here(tenant: TenantFactory) -> None:
    definition, other = define_streak_trigger(tenant), create_tenant()
    assert process_event(cloud(other)) == "no_coupon"
    assert count_held_coupons(definition) == 0
