"""Every route by every credential for every owner: let in, or told nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from werkzeug.test import TestResponse

import admin_gateway
import query_gateway
from coupon_core.persistence import database
from coupon_core.security import authentication
from coupon_core.services.access import tenants
from tests.authorization import access_cases
from tests.authorization.access_cases import AccessCase
from tests.authorization.credentials import Credential, Request, build_credentials
from tests.authorization.route_cases import ExpectedAccess, Route
from tests.authorization.route_tables import (
    ROUTE_TABLES,
    get_expected_access,
    list_routes,
    list_served_rules,
    normalize_rule,
)
from tests.authorization.tenants import (
    OTHER_TENANT_ID,
    OTHER_USER_ID,
    OWN_TENANT_ID,
    USER_ID,
    RouteArguments,
    TenantPair,
    create_arguments,
    get_unknown_arguments,
)
from tests.support.database_rows import TableRows, read_all_rows
from tests.support.databases import Databases
from tests.support.invariants import assert_invariants
from tests.support.settings import build_settings

Bare = tuple[int, bytes, dict[str, str]]
IS_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
APPS = {"admin": admin_gateway.create_app, "query": query_gateway.create_app}


@dataclass
class Stage:
    """Both gateways on one database, and all who might call."""

    apps: dict[str, Flask]
    world: TenantPair
    credentials: dict[str, Credential]

    def routes(self, key: str) -> list[Route]:
        """The routes of one row of the table, in all its spellings."""
        gateway, _, row = key.partition(" ")
        known = list_routes(gateway, self.apps[gateway])
        return [
            one for one in known if f"{one.method} {normalize_rule(one.rule)}" == row
        ]

    def renew(self) -> None:
        """New credentials, after secrets were changed."""
        for tenant in self.world.own, self.world.other:
            tenant.secret = tenants.list_secrets(tenant.tenant_id)[0].secret
        authentication.clear_credential_caches()
        self.credentials = build_credentials(self.world)

    def told(
        self, route: Route, *kinds: ExpectedAccess
    ) -> Iterator[tuple[str, ExpectedAccess]]:
        """The credentials that the table tells so at a route."""
        for credential in self.credentials:
            kind = get_expected_access(route, credential)
            if kind in kinds:
                yield credential, kind

    def ask(self, route: Route, credential: str, args: RouteArguments) -> TestResponse:
        """Send one request; its path is sent as it stands."""
        path, body = route.build_path(args), route.build_body(args)
        signed = self.credentials[credential](Request(route.method, path, body))
        kind = {"Content-Type": route.content_type} if body else {}
        client = self.apps[route.gateway].test_client()
        return client.open(
            path, method=route.method, data=body, headers={**kind, **signed}
        )


@pytest.fixture(scope="module")
def stage(migrated_template: Databases) -> Iterator[Stage]:
    with migrated_template.temporary_database() as url:
        settings = build_settings(url)
        apps = {name: create(settings) for name, create in APPS.items()}
        world = TenantPair()
        yield Stage(apps, world, build_credentials(world))
        database.close_database()


def bare(answer: TestResponse, args: RouteArguments) -> Bare:
    """All of an answer but what names the request itself, or what it asked for."""
    request_id = answer.headers["X-Request-Id"].encode()
    headers = {k: v for k, v in answer.headers if k not in ("X-Request-Id", "Date")}
    told = answer.data.replace(request_id, b"(id)")
    for asked in args.values():
        told = re.sub(re.escape(asked).encode(), b"(asked)", told, flags=re.IGNORECASE)
    headers.pop("Content-Length", None)  # as long as the ids that were asked for
    return answer.status_code, told, headers


def stored() -> TableRows:
    """All tables but the one of final answers, which remembers refusals as well."""
    return {
        name: rows for name, rows in read_all_rows().items() if name != "idempotency"
    }


def ids_of(tenant_id: str, stored: TableRows) -> set[bytes]:
    """Every id in a tenant's rows."""
    rows = (row for table in stored.values() for row in table)
    values = (value for row in rows if tenant_id in row for value in row)
    return {str(value).encode() for value in values if IS_ID(str(value))}


KEYS = [f"{gateway} {row}" for gateway, rows in ROUTE_TABLES.items() for row in rows]
REFUSED = (
    ExpectedAccess.UNAUTHENTICATED,
    ExpectedAccess.FORBIDDEN,
    ExpectedAccess.SITE_NOT_FOUND,
)
# Each on one of the two databases: the rows are many, and the same statements.
on_sqlite = pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "migrated_template", ["postgresql"], indirect=True
)
every_row = pytest.mark.parametrize("key", KEYS)


@pytest.mark.parametrize("gateway", APPS)
def test_every_route_has_its_row_and_every_row_its_route(
    stage: Stage, gateway: str
) -> None:
    found = {
        f"{m} {normalize_rule(rule)}"
        for m, rule in list_served_rules(stage.apps[gateway])
    }
    assert found == set(ROUTE_TABLES[gateway])


@on_sqlite
@every_row
def test_a_refused_caller_learns_nothing_and_changes_nothing(
    stage: Stage, key: str
) -> None:
    for route in stage.routes(key):
        mine = access_cases.build_own_arguments(route, stage.world)
        every = [
            mine,
            *(ask.args for ask in access_cases.list_foreign_cases(route, stage.world)),
        ]
        before = stored()
        for credential, kind in stage.told(route, *REFUSED):
            found = [bare(stage.ask(route, credential, args), args) for args in every]
            assert found[0][0] == int(kind), (str(route), credential, found[0])
            assert found == [found[0]] * len(found), (str(route), credential)
            if kind == ExpectedAccess.UNAUTHENTICATED:
                assert "WWW-Authenticate" in found[0][2]
        assert stored() == before, str(route)


@on_postgresql
@every_row
def test_what_is_not_ones_own_is_like_what_is_not_there(stage: Stage, key: str) -> None:
    for route in stage.routes(key):
        every = access_cases.list_foreign_cases(route, stage.world)
        before = stored()
        foreign = ids_of(OTHER_TENANT_ID, before)
        for credential, kind in stage.told(
            route, ExpectedAccess.SERVED, ExpectedAccess.SERVED_AS_USER
        ):
            check_groups(stage, route, credential, kind, every, foreign)
        assert route.case.writes_when_refused or stored() == before, str(route)


def check_groups(
    stage: Stage,
    route: Route,
    credential: str,
    kind: ExpectedAccess,
    every: list[AccessCase],
    foreign: set[bytes],
) -> None:
    """Asks of one group are answered alike, and with no id of another tenant."""
    groups: dict[str, list[Bare]] = {}
    for ask in every:
        if (
            ask.group != access_cases.OTHER_USERS_GROUP
            or kind == ExpectedAccess.SERVED_AS_USER
        ):
            answer = bare(stage.ask(route, credential, ask.args), ask.args)
            groups.setdefault(ask.group, []).append(answer)
            assert not any(one in answer[1] for one in foreign), (str(route), ask)
    for group, answers in groups.items():
        expected = {
            access_cases.FOREIGN_IDS_GROUP: route.case.missing_status,
            access_cases.OTHER_USERS_GROUP: 403,
        }
        assert answers[0][0] == expected.get(group, answers[0][0]), (str(route), group)
        assert {one[0] for one in answers} == {answers[0][0]}, (str(route), group)
        assert answers[0][0] >= 400 or route.case.missing_status < 400
        if not route.case.writes_when_refused:
            assert answers == [answers[0]] * len(answers), (str(route), credential)


@on_sqlite
@every_row
def test_a_stranger_finds_nothing_of_ours(stage: Stage, key: str) -> None:
    for route in stage.routes(key):
        mine = access_cases.build_own_arguments(route, stage.world)
        every = [
            ask.args
            for ask in access_cases.list_foreign_cases(route, stage.world)
            if is_ours(ask)
        ]
        before = stored()
        ours = ids_of(OWN_TENANT_ID, before)
        for credential, _ in stage.told(route, ExpectedAccess.SERVED_AS_OTHER_TENANT):
            if route.case.allowed_to_other_tenants:
                continue  # in his own tenant he may
            asked = [mine, *every]
            answers = [bare(stage.ask(route, credential, args), args) for args in asked]
            assert all(one not in answer[1] for answer in answers for one in ours)
            if set(route.placeholders) - {"user_id"}:
                assert answers[0][0] == route.case.missing_status, (
                    str(route),
                    credential,
                )
                assert answers == [answers[0]] * len(answers), (str(route), credential)
        assert stored() == before, str(route)


def is_ours(ask: AccessCase) -> bool:
    """Whether a stranger's answer to it must be that to our own things."""
    return ask.group == access_cases.FOREIGN_IDS_GROUP and ask.name != "foreign"


@on_sqlite
@every_row
def test_ones_own_is_served_and_nothing_of_others(stage: Stage, key: str) -> None:
    foreign = ids_of(OTHER_TENANT_ID, stored())
    for route in stage.routes(key):
        for credential, kind in stage.told(
            route, ExpectedAccess.SERVED, ExpectedAccess.SERVED_AS_USER
        ):
            owners = (
                [USER_ID, OTHER_USER_ID] if kind == ExpectedAccess.SERVED else [USER_ID]
            )
            for owner in owners:
                args = create_arguments(stage.world.own, owner, route.placeholders)
                answer = stage.ask(route, credential, args)
                found = (str(route), credential, answer.text)
                assert answer.status_code == route.case.success_status, found
                assert not any(one in answer.data for one in foreign), found
        if "secrets" in route.rule:
            stage.renew()
    database.release_connection()


@on_sqlite
@pytest.mark.parametrize("gateway", APPS)
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PROPFIND", "GETS"])
def test_other_methods_are_no_way_around(
    stage: Stage, gateway: str, method: str
) -> None:
    client, before = stage.apps[gateway].test_client(), stored()
    for route in list_routes(gateway, stage.apps[gateway]):
        path = route.build_path(get_unknown_arguments(["user_id", *route.placeholders]))
        answer = client.open(path, method=method)
        assert answer.data == b"" or answer.json["error"], (str(route), method)
        preflight = gateway == "query" and method == "OPTIONS"
        assert answer.status_code in ((200,) if preflight else (401, 405))
    assert stored() == before


def test_all_of_it_leaves_the_books_in_order(stage: Stage) -> None:
    assert_invariants()
