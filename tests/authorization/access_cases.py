"""Requests for the caller's own data, for other owners' data, and for missing data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.authorization.route_cases import Route
from tests.authorization.tenants import (
    OTHER_USER_ID,
    UNKNOWN_USER_ID,
    USER_ID,
    RouteArguments,
    TenantPair,
    create_arguments,
    get_unknown_arguments,
)

FOREIGN_IDS_GROUP, OTHER_USERS_GROUP = "elsewhere", "as others"
# Looked up below their definition only.
DEFINITION_SCOPED_IDS = frozenset({"coupon_id", "code"})


@dataclass(frozen=True)
class AccessCase:
    """One request with its arguments; all cases of a group must get the same answer."""

    name: str
    group: str
    args: RouteArguments


def build_own_arguments(route: Route, world: TenantPair) -> RouteArguments:
    """Return arguments that all belong to the caller."""
    return create_arguments(world.own, USER_ID, route.placeholders)


def list_foreign_cases(route: Route, world: TenantPair) -> list[AccessCase]:
    """Return requests for data that is not the caller's, and for missing data."""
    return [
        *_list_foreign_id_cases(route, world),
        *_list_other_user_cases(route, world),
    ]


def _list_foreign_id_cases(route: Route, world: TenantPair) -> Iterator[AccessCase]:
    """Yield IDs of another tenant, another user, another parent, and unknown IDs."""
    names = [name for name in route.placeholders if name != "user_id"]
    if not names:
        return
    foreign = create_arguments(world.other, USER_ID, names)
    unknown = get_unknown_arguments(names)
    yield AccessCase("missing", FOREIGN_IDS_GROUP, {"user_id": USER_ID, **unknown})
    yield AccessCase("foreign", FOREIGN_IDS_GROUP, {"user_id": USER_ID, **foreign})
    if (
        "user_id" in route.placeholders and "creator_code" not in names
    ):  # any user may use a creator code
        other_users_arguments = create_arguments(world.own, OTHER_USER_ID, names)
        yield AccessCase(
            "another user's",
            FOREIGN_IDS_GROUP,
            {**other_users_arguments, "user_id": USER_ID},
        )
    if len(names) > 1:
        yield from _list_mismatched_parents(route, world, foreign, unknown)


def _list_mismatched_parents(
    route: Route, world: TenantPair, foreign: RouteArguments, nowhere: RouteArguments
) -> Iterator[AccessCase]:
    """Yield requests whose last ID does not belong to the parents, which are valid."""
    own_arguments, last_name = build_own_arguments(route, world), route.placeholders[-1]
    arguments_by_case = {"missing below": nowhere, "foreign below": foreign}
    if last_name in DEFINITION_SCOPED_IDS:
        arguments_by_case["misplaced"] = build_own_arguments(route, world)
    for name, ids in arguments_by_case.items():
        yield AccessCase(
            name, f"below {last_name}", {**own_arguments, last_name: ids[last_name]}
        )


def _list_other_user_cases(route: Route, world: TenantPair) -> Iterator[AccessCase]:
    """Yield requests for another user of the tenant, known and unknown."""
    if "user_id" in route.placeholders:
        other_users_arguments = create_arguments(
            world.own, OTHER_USER_ID, route.placeholders
        )
        unknown_arguments = {
            **get_unknown_arguments(route.placeholders),
            "user_id": UNKNOWN_USER_ID,
        }
        yield AccessCase("another user", OTHER_USERS_GROUP, other_users_arguments)
        yield AccessCase("no user", OTHER_USERS_GROUP, unknown_arguments)
