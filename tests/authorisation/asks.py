"""What is asked of a route: one's own, others', and what is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .rows import Route
from .world import NO_USER, OTHER_USER, USER, Args, World, fresh, missing

ELSEWHERE, AS_OTHERS = "elsewhere", "as others"
# Found below the definition that they are of, and below no other.
OF_DEFINITION = frozenset({"coupon_id", "code"})


@dataclass(frozen=True)
class Ask:
    """One filled-in request; those of one group must be answered alike."""

    name: str
    group: str
    args: Args


def own(route: Route, world: World) -> Args:
    """What is the caller's own in every respect."""
    return fresh(world.own, USER, route.names)


def others(route: Route, world: World) -> list[Ask]:
    """What is not the caller's, of each kind, beside what is nowhere."""
    return [*_elsewhere(route, world), *_as_others(route, world)]


def _elsewhere(route: Route, world: World) -> Iterator[Ask]:
    """Ids of another tenant, of another user, of another parent, of nothing."""
    names = [name for name in route.names if name != "user_id"]
    if not names:
        return
    foreign = fresh(world.other, USER, names)
    nowhere = missing(names)
    yield Ask("missing", ELSEWHERE, {"user_id": USER, **nowhere})
    yield Ask("foreign", ELSEWHERE, {"user_id": USER, **foreign})
    if "user_id" in route.names and "creator_code" not in names:  # anyone's to use
        theirs = fresh(world.own, OTHER_USER, names)
        yield Ask("another user's", ELSEWHERE, {**theirs, "user_id": USER})
    if len(names) > 1:
        yield from _below(route, world, foreign, nowhere)


def _below(route: Route, world: World, foreign: Args, nowhere: Args) -> Iterator[Ask]:
    """The last id is not of what the others name, which is the caller's own."""
    mine, last = own(route, world), route.names[-1]
    found = {"missing below": nowhere, "foreign below": foreign}
    if last in OF_DEFINITION:
        found["misplaced"] = own(route, world)
    for name, ids in found.items():
        yield Ask(name, f"below {last}", {**mine, last: ids[last]})


def _as_others(route: Route, world: World) -> Iterator[Ask]:
    """Everything as another user of the tenant, who is there or is not."""
    if "user_id" in route.names:
        theirs = fresh(world.own, OTHER_USER, route.names)
        nobody = {**missing(route.names), "user_id": NO_USER}
        yield Ask("another user", AS_OTHERS, theirs)
        yield Ask("no user", AS_OTHERS, nobody)
