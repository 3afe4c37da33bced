"""Every route with every credential and every owner: served or refused alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import admin_gateway
import query_gateway
from coupon_core.persistence import database
from tests.authorization import access_cases
from tests.authorization.access_cases import AccessCase
from tests.authorization.access_tester import (
    AccessTester,
    NormalizedResponse,
    list_ids,
    read_stored_rows,
)
from tests.authorization.credentials import build_credentials
from tests.authorization.route_cases import ExpectedAccess, Route
from tests.authorization.route_tables import (
    ROUTE_TABLES,
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
from tests.support.databases import Databases
from tests.support.invariants import assert_invariants
from tests.support.settings import build_settings
from tests.support.statement_recorder import recorded_statements

APPS = {"admin": admin_gateway.create_app, "query": query_gateway.create_app}


@pytest.fixture(scope="module")
def tester(migrated_template: Databases) -> Iterator[AccessTester]:
    """Yield a tester for both gateways on one database.

    All statements of its requests must say to which tenant they belong.
    """
    with (
        migrated_template.temporary_database() as url,
        recorded_statements() as recorder,
    ):
        settings = build_settings(url)
        apps = {name: create(settings) for name, create in APPS.items()}
        world = TenantPair()
        yield AccessTester(apps, world, build_credentials(world))
        database.close_database()
    assert recorder.list_violations() == []


KEYS = [f"{gateway} {row}" for gateway, rows in ROUTE_TABLES.items() for row in rows]
REFUSED = (
    ExpectedAccess.UNAUTHENTICATED,
    ExpectedAccess.FORBIDDEN,
    ExpectedAccess.SITE_NOT_FOUND,
)
# Each on one of the two databases: there are many rows, with the same statements.
on_sqlite = pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "migrated_template", ["postgresql"], indirect=True
)
every_row = pytest.mark.parametrize("key", KEYS)


@pytest.mark.parametrize("gateway", APPS)
def test_every_route_has_its_row_and_every_row_its_route(
    tester: AccessTester, gateway: str
) -> None:
    found = {
        f"{m} {normalize_rule(rule)}"
        for m, rule in list_served_rules(tester.apps[gateway])
    }
    assert found == set(ROUTE_TABLES[gateway])


@on_sqlite
@every_row
def test_a_refused_caller_learns_nothing_and_changes_nothing(
    tester: AccessTester, key: str, pytestconfig: pytest.Config
) -> None:
    """Each credential asks for its own and for something foreign, in turn."""
    is_complete = pytestconfig.getoption("sweeps")
    for route in tester.list_routes(key):
        own = access_cases.build_own_arguments(route, tester.world)
        cases = access_cases.list_foreign_cases(route, tester.world)
        foreign = [case.args for case in cases]
        before = read_stored_rows()
        refused = tester.list_credentials(route, *REFUSED)
        for number, (credential, kind) in enumerate(refused):
            every = [own, *choose_in_turn(foreign, number, is_complete)]
            found = [tester.send_normalized(route, credential, args) for args in every]
            assert found[0][0] == int(kind), (str(route), credential, found[0])
            assert found == [found[0]] * len(found), (str(route), credential)
            if kind == ExpectedAccess.UNAUTHENTICATED:
                assert "WWW-Authenticate" in found[0][2]
        assert read_stored_rows() == before, str(route)


@on_postgresql
@every_row
def test_what_is_not_ones_own_is_like_what_is_not_there(
    tester: AccessTester, key: str
) -> None:
    for route in tester.list_routes(key):
        every = access_cases.list_foreign_cases(route, tester.world)
        before = read_stored_rows()
        foreign = list_ids(OTHER_TENANT_ID, before)
        for credential, kind in tester.list_credentials(
            route, ExpectedAccess.SERVED, ExpectedAccess.SERVED_AS_USER
        ):
            check_groups(tester, route, credential, kind, every, foreign)
        assert route.case.writes_when_refused or read_stored_rows() == before, str(
            route
        )


def check_groups(
    tester: AccessTester,
    route: Route,
    credential: str,
    kind: ExpectedAccess,
    every: list[AccessCase],
    foreign: set[bytes],
) -> None:
    """Check that cases of a group get the same answer, without another tenant's IDs."""
    groups: dict[str, list[NormalizedResponse]] = {}
    for case in every:
        if (
            case.group != access_cases.OTHER_USERS_GROUP
            or kind == ExpectedAccess.SERVED_AS_USER
        ):
            answer = tester.send_normalized(route, credential, case.args)
            groups.setdefault(case.group, []).append(answer)
            assert not any(foreign_id in answer[1] for foreign_id in foreign), (
                str(route),
                case,
            )
    for group, answers in groups.items():
        expected = {
            access_cases.FOREIGN_IDS_GROUP: route.case.missing_status,
            access_cases.OTHER_USERS_GROUP: 403,
        }
        assert answers[0][0] == expected.get(group, answers[0][0]), (str(route), group)
        assert {status for status, *_ in answers} == {answers[0][0]}, (
            str(route),
            group,
        )
        assert answers[0][0] >= 400 or route.case.missing_status < 400
        if not route.case.writes_when_refused:
            assert answers == [answers[0]] * len(answers), (str(route), credential)


@on_sqlite
@every_row
def test_a_stranger_finds_nothing_of_ours(
    tester: AccessTester, key: str, pytestconfig: pytest.Config
) -> None:
    is_complete = pytestconfig.getoption("sweeps")
    for route in tester.list_routes(key):
        own_arguments = access_cases.build_own_arguments(route, tester.world)
        every = [
            case.args
            for case in access_cases.list_foreign_cases(route, tester.world)
            if names_own_data(case)
        ]
        before = read_stored_rows()
        ours = list_ids(OWN_TENANT_ID, before)
        strangers = tester.list_credentials(
            route, ExpectedAccess.SERVED_AS_OTHER_TENANT
        )
        for number, (credential, _) in enumerate(strangers):
            if route.case.allowed_to_other_tenants:
                continue  # allowed in the caller's own tenant
            answers = [
                tester.send_normalized(route, credential, args)
                for args in [
                    own_arguments,
                    *choose_in_turn(every, number, is_complete),
                ]
            ]
            assert all(one not in answer[1] for answer in answers for one in ours)
            if set(route.placeholders) - {"user_id"}:
                assert answers[0][0] == route.case.missing_status, (
                    str(route),
                    credential,
                )
                assert answers == [answers[0]] * len(answers), (str(route), credential)
        assert read_stored_rows() == before, str(route)


def choose_in_turn(
    cases: list[RouteArguments], number: int, is_complete: bool
) -> list[RouteArguments]:
    """Return one case, another for each number, or all if the sweep is complete."""
    if is_complete or not cases:
        return cases
    return [cases[number % len(cases)]]


def names_own_data(case: AccessCase) -> bool:
    """Return True if a foreign caller must get the same answer as for our own data."""
    return case.group == access_cases.FOREIGN_IDS_GROUP and case.name != "foreign"


@on_sqlite
@every_row
def test_ones_own_is_served_and_nothing_of_others(
    tester: AccessTester, key: str
) -> None:
    foreign = list_ids(OTHER_TENANT_ID, read_stored_rows())
    for route in tester.list_routes(key):
        for credential, kind in tester.list_credentials(
            route, ExpectedAccess.SERVED, ExpectedAccess.SERVED_AS_USER
        ):
            owners = (
                [USER_ID, OTHER_USER_ID] if kind == ExpectedAccess.SERVED else [USER_ID]
            )
            for owner in owners:
                args = create_arguments(tester.world.own, owner, route.placeholders)
                answer = tester.send(route, credential, args)
                context = (str(route), credential, answer.text)
                assert answer.status_code == route.case.success_status, context
                assert not any(foreign_id in answer.data for foreign_id in foreign), (
                    context
                )
        if "secrets" in route.rule:
            tester.renew_credentials()
    database.release_connection()


@on_sqlite
@pytest.mark.parametrize("gateway", APPS)
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PROPFIND", "GETS"])
def test_other_methods_are_no_way_around(
    tester: AccessTester, gateway: str, method: str
) -> None:
    client, before = tester.apps[gateway].test_client(), read_stored_rows()
    for route in list_routes(gateway, tester.apps[gateway]):
        path = route.build_path(get_unknown_arguments(["user_id", *route.placeholders]))
        answer = client.open(path, method=method)
        assert answer.data == b"" or answer.json["error"], (str(route), method)
        preflight = gateway == "query" and method == "OPTIONS"
        assert answer.status_code in ((200,) if preflight else (401, 405))
    assert read_stored_rows() == before


def test_all_of_it_leaves_the_books_in_order(tester: AccessTester) -> None:
    assert_invariants()
