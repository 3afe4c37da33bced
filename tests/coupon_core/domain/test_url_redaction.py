"""Passwords in URLs are hidden, whatever characters they contain."""

from __future__ import annotations

import pytest

from coupon_core.domain.url_redaction import redact_url, remove_credentials

PASSWORDS = [
    "hunter2",
    *(f"hu{character}nter2" for character in ":@/#?&%= ;"),
    "@",
    ":",
]
TEMPLATES = [
    "postgresql://me:{}@db.example:5432/name",
    "amqp://me:{}@one.example;amqp://me:{}@two.example",
    "redis://:{}@cache.example/0",
    "sentinel://:{}@one.example/0?master_name=a;sentinel://two.example:26379",
    "sentinel://one.example?master_name=a&sentinel_password={};sentinel://two.example",
    "postgresql://me:{}@one.example:5432,two.example/name?target_session_attrs=any",
    "postgresql://db.example/name?user=me&password={}",
    "postgresql://db.example:5432/name?sslmode=require&password={}&user=me",
    "postgresql://me@db.example/name?sslpassword={}",
    "postgresql://me:p?password={}@db.example/name",
]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("password", PASSWORDS)
def test_no_part_of_a_password_is_shown(template: str, password: str) -> None:
    secret = f"abc{password}xyz"
    for shown in (
        redact_url(template.replace("{}", secret)),
        remove_credentials(template.replace("{}", secret)),
    ):
        assert "abc" not in shown
        assert "xyz" not in shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:x@db/name", "postgresql://me:(hidden)@db/name"),
        ("postgresql://me@db:5432/name", "postgresql://me@db:5432/name"),
        ("sqlite:////srv/coupons.db", "sqlite:////srv/coupons.db"),
        ("redis://127.0.0.1:8003/0", "redis://127.0.0.1:8003/0"),
        ("redis://x@db:6379/0", "redis://(hidden)@db:6379/0"),
        ("rediss://x@db", "rediss://(hidden)@db"),
        (
            "amqp://me:x@a:1//;amqp://me:y@b:2//",
            "amqp://me:(hidden)@a:1//;amqp://me:(hidden)@b:2//",
        ),
        ("sentinel://a:1/0?master_name=b;sentinel://c:2",) * 2,
        ("amqp://me:x;amqp://y@b//", "amqp://me:(hidden)@b//"),
        ("sentinel://x@db?master_name=a", "sentinel://(hidden)@db?master_name=a"),
        ("postgresql://a:1,b:2/n", "postgresql://a:1,b:2/n"),
        ("redis://me:x@db", "redis://me:(hidden)@db"),
        ("postgresql://db/n?password=x", "postgresql://db/n?password=(hidden)"),
    ],
)
def test_the_rest_of_a_url_remains_readable(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_an_address_has_no_user() -> None:
    assert remove_credentials("amqp://me:a/b@host:1/v") == "amqp://host:1/v"
    nodes = "amqp://me:x@a:1//;amqp://b:2//"
    assert remove_credentials(nodes) == "amqp://a:1//;amqp://b:2//"
