"""The private names of libraries that we use: still there, and pinned.

A library may rename them in any release. A new release therefore has to pass this test
before its pin in `pyproject.toml` is raised.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

import httpx2
import kombu
import pytest
from flask_smorest import Blueprint
from packaging.requirements import Requirement
from playhouse.pool import PooledSqliteDatabase

from tests.support.paths import PROJECT_ROOT
from tests.test_architecture import list_product_files, parse_file


def find_name(path: str) -> Callable[[], bool]:
    """Return a check that `module:Class.name` exists."""
    module, _, names = path.partition(":")

    def exists() -> bool:
        value: Any = import_module(module)
        for name in names.split("."):
            value = getattr(value, name, None)
        return value is not None

    return exists


def documents_views() -> bool:
    view = Blueprint("canary", "canary").response(200)(lambda: None)
    return "response" in view._apidoc


def counts_pooled_connections() -> bool:
    pool = PooledSqliteDatabase(":memory:")
    return not pool._in_use and not pool._connections


def keeps_deliveries() -> bool:
    qos = kombu.Connection("memory://").channel().qos
    return not qos._delivered and callable(qos._quick_ack)


def keeps_channels() -> bool:
    poller = import_module("kombu.transport.redis").MultiChannelPoller()
    return not poller._channels


def opens_connections() -> bool:
    with httpx2.Client() as client:
        backend = client._transport._pool._network_backend
        return isinstance(client._mounts, dict) and callable(backend.connect_tcp)


REDIS, VIRTUAL = "kombu.transport.redis", "kombu.transport.virtual"
PRIVATE_NAMES: dict[tuple[str, str], tuple[Callable[[], bool], str]] = {
    ("peewee", "__exception_wrapper__"): (
        find_name("peewee:__exception_wrapper__"),
        "statements that do not go through peewee raise its exceptions",
    ),
    ("peewee", "_meta"): (
        find_name("coupon_core.persistence.tables:CouponTable._meta.get_primary_keys"),
        "the primary key of a table",
    ),
    ("peewee", "_connect"): (
        find_name("peewee:PostgresqlDatabase._connect"),
        "the pause after a server did not respond",
    ),
    ("peewee", "_can_reuse"): (
        find_name("playhouse.pool:PooledPostgresqlDatabase._can_reuse"),
        "no round trip before a connection is reused",
    ),
    ("peewee", "_is_closed"): (
        find_name("playhouse.pool:PooledPostgresqlDatabase._is_closed"),
        "a ping only after some seconds without use",
    ),
    ("peewee", "_in_use"): (counts_pooled_connections, "metrics of the pool"),
    ("peewee", "_connections"): (counts_pooled_connections, "metrics of the pool"),
    ("psycopg", "_WaitTimeout"): (
        find_name("psycopg.errors:_WaitTimeout"),
        "the deadline of a response",
    ),
    ("prometheus-client", "mmap_dict"): (
        find_name("prometheus_client.mmap_dict:MmapedDict.read_all_values_from_file"),
        "counters of ended processes are merged",
    ),
    ("marshmallow", "_declared_fields"): (
        find_name("marshmallow:Schema._declared_fields"),
        "messages that name the members of an object",
    ),
    ("marshmallow", "_validate"): (
        find_name("marshmallow.fields:Field._validate"),
        "the length of a list is checked before its items",
    ),
    ("marshmallow", "_serialize"): (
        find_name("marshmallow.fields:Field._serialize"),
        "fields of our own",
    ),
    ("marshmallow", "_deserialize"): (
        find_name("marshmallow.fields:Field._deserialize"),
        "fields of our own",
    ),
    ("kombu", "_delivered"): (keeps_deliveries, "how many messages may be fetched"),
    ("kombu", "_flush"): (find_name(f"{VIRTUAL}:QoS._flush"), "requeue at the end"),
    ("kombu", "_quick_ack"): (
        keeps_deliveries,
        "acknowledge several messages with one command",
    ),
    ("kombu", "_channels"): (keeps_channels, "messages that are prefetched already"),
    ("kombu", "_deliver"): (
        find_name(f"{REDIS}:Transport._deliver"),
        "deliver a fetched message",
    ),
    ("kombu", "_lookup"): (find_name(f"{REDIS}:Channel._lookup"), "routes are cached"),
    ("kombu", "_q_for_pri"): (
        find_name(f"{REDIS}:Channel._q_for_pri"),
        "the lists of a queue",
    ),
    **{
        ("httpx2", name): (opens_connections, "connections that keep to a deadline")
        for name in ("_transport", "_mounts", "_pool", "_network_backend")
    },
    ("flask", "_prepare_response_obj"): (
        find_name("flask.json.provider:JSONProvider._prepare_response_obj"),
        "compact JSON of what views return",
    ),
    ("flask-smorest", "_apidoc"): (
        documents_views,
        "document a view without a cost per request",
    ),
}


@pytest.mark.parametrize(
    ("library", "name"), PRIVATE_NAMES, ids=[".".join(key) for key in PRIVATE_NAMES]
)
def test_a_private_name_that_we_use_exists(library: str, name: str) -> None:
    is_there, purpose = PRIVATE_NAMES[library, name]
    assert is_there(), f"{library} no longer has {name}; we use it for: {purpose}"


@pytest.mark.parametrize(
    "library", sorted({library for library, _ in PRIVATE_NAMES} | {"gunicorn"})
)
def test_a_library_whose_private_names_we_use_has_an_upper_pin(library: str) -> None:
    """The worker of gunicorn is built on modules that gunicorn does not document."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    pins = {
        requirement.name: requirement.specifier
        for requirement in map(Requirement, project["dependencies"])
    }
    assert any(pin.operator == "<" for pin in pins[library])


def test_every_private_name_that_we_use_is_listed() -> None:
    used = {name for path in list_product_files() for name in list_names(path)}
    own_names = {name for path in list_product_files() for name in list_own_names(path)}
    listed = {name for _, name in PRIVATE_NAMES}
    inherited = {name for name in used if name.startswith("super.")}
    assert {name.removeprefix("super.") for name in inherited} <= listed
    assert used - inherited - own_names - listed == set()


def list_names(path: Any) -> Iterator[str]:
    """Yield the private names that a file imports or reads from objects."""
    for node in ast.walk(parse_file(path)):
        if isinstance(node, ast.ImportFrom):
            yield from (a.name for a in node.names if a.name.startswith("_"))
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            owner = ast.unparse(node.value)
            if owner not in sys.stdlib_module_names:
                yield f"super.{node.attr}" if owner == "super()" else node.attr


# The documented members of named tuples; the names of their fields begin with a letter.
TUPLE_MEMBERS = frozenset({"_asdict", "_fields", "_make", "_replace"})


def is_private(name: str) -> bool:
    is_public = name.endswith("__") or name in TUPLE_MEMBERS
    return name.startswith("_") and not is_public


@cache
def list_own_names(path: Any) -> frozenset[str]:
    """Return the names that a file defines itself."""
    names = set()
    for node in ast.walk(parse_file(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
    return frozenset(names)
