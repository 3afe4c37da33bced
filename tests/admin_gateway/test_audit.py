"""Every change by an admin is in the audit log, with who made it; no refusal is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from admin_gateway.callers import NO_ROW, READING
from coupon_core import audit, tenants
from coupon_core.model import Page, utc_now
from coupon_core.model.audit import AuditEntry, AuditFilter
from coupon_core.store import database
from tests.admin_client import Admin, made
from tests.events import CLOUD
from tests.letters import buried

ROOT = Path(__file__).parents[2]
NEW_NAME: Mapping[str, Any] = {"name": "Another"}
REWARD = {"name": "Gold", "reward_type": "points"}
# Of each changing view its body, and what is noted of it.
CHANGES: Mapping[str, tuple[Any, str]] = {
    "rewards.create": (REWARD, "reward_item.created"),
    "rewards.replace": (REWARD, "reward_item.changed"),
    "rewards.change": (NEW_NAME, "reward_item.changed"),
    "rewards.delete": (None, "reward_item.deleted"),
    "definitions.create": ("definition", "definition.created"),
    "definitions.replace": ("definition", "definition.changed"),
    "definitions.change": (NEW_NAME, "definition.changed"),
    "definitions.pause": (None, "definition.paused"),
    "definitions.activate": (None, "definition.activated"),
    "definitions.archive": (None, "definition.archived"),
    "definitions.delete": (None, "definition.archived"),
    "coupons.generate": ({"user_ids": ["zoe"]}, "coupon.generated"),
    "coupons.revoke": (None, "coupon.revoked"),
    "coupons.revoke_code": ("code", "coupon.revoked"),
    "keys.create": (NEW_NAME, "api_key.created"),
    "keys.revoke": (None, "api_key.revoked"),
    "keys.delete": (None, "api_key.revoked"),
    "secrets.rotate": (None, "secret.rotated"),
    "secrets.delete": (None, "secret.retired"),
    "events.publish": (CLOUD, "milestone.accepted"),
    "events.publish_all": ({"events": [CLOUD]}, "milestone.accepted"),
    "dead_letters.retry": (None, "dead_letter.retried"),
    "dead_letters.drop": (None, "dead_letter.dropped"),
    "client_keys.create": ({**NEW_NAME, "kind": "mambo"}, "client_key.created"),
    "client_keys.revoke": (None, "client_key.revoked"),
    "client_keys.delete": (None, "client_key.revoked"),
}


def changing(admin: Admin) -> Iterator[tuple[str, str, Rule]]:
    """Every route that changes something: name of its view, method, rule."""
    for rule in admin.app.url_map.iter_rules():
        view = admin.app.view_functions[rule.endpoint]
        for method in rule.methods - READING - {"OPTIONS"}:
            module = view.__module__.rpartition(".")[2]
            yield f"{module}.{view.__name__}", method, rule


class Walker:
    """An admin with one of each thing, who calls a view by its name."""

    def __init__(self, admin: Admin) -> None:
        self.admin = admin
        of = admin.new_definition()
        coupon = admin.generate(of["id"], "ann")[0]
        made(admin.post("secrets/rotate"))
        now, tenant_id = utc_now(), admin.tenant_id
        key = made(admin.post("api-keys", {"name": "old"}))
        body = {"name": "old", "kind": "mambo"}
        self.ids = {
            "tenant_id": tenant_id,
            "definition_id": of["id"],
            "item_id": admin.new_reward()["item_id"],
            "coupon_id": coupon["id"],
            "key_id": key["key_id"],
            "secret_id": tenants.active_secrets(tenant_id)[-1].secret_id,
            "letter_id": buried(tenant_id),
            "client_key_id": made(admin.post("client-keys", body))["key_id"],
        }
        config = {"reward_item_id": self.ids["item_id"]}
        self.bodies = {
            "definition": {"name": "New", "config": config},
            "code": {"code": coupon["code"]},
        }
        everybody = None, tenant_id, "reader", {tenants.Scope.READ}, None
        self.reader = tenants.create_key(*everybody, now)[1]

    def call(self, name: str, **options: Any) -> TestResponse:
        _, method, rule = next(one for one in changing(self.admin) if one[0] == name)
        ids = {**self.ids, **options.pop("ids", {})}
        path = re.sub(r"<(\w+)>", lambda part: ids[part[1]], rule.rule)
        body = options.pop("body", CHANGES[name][0])
        known = self.bodies.get(body, body) if isinstance(body, str) else body
        return self.admin.call(method, path, known, **options)

    def takes_ids(self, name: str) -> bool:
        rules = (rule for one, _, rule in changing(self.admin) if one == name)
        return any(rule.arguments - {"tenant_id", "code"} for rule in rules)

    def entries(self) -> list[AuditEntry]:
        found, _ = audit.listed(self.admin.tenant_id, AuditFilter(), Page(limit=500))
        database.release()
        return found


@pytest.fixture
def walker(admin: Admin) -> Walker:
    return Walker(admin)


def test_every_changing_route_is_walked_here(quick_admin: Admin) -> None:
    assert {name for name, *_ in changing(quick_admin)} == CHANGES.keys()


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_noted_once_with_who_made_it_in_which_request(
    walker: Walker, name: str
) -> None:
    if name == "definitions.activate":
        walker.call("definitions.pause")
    before = len(walker.entries())
    answer = walker.call(name)
    assert answer.status_code < 300, answer.json
    entries = walker.entries()
    assert len(entries) == before + 1
    assert entries[0].action == CHANGES[name][1]
    assert entries[0].actor == walker.admin.key.key_id
    assert entries[0].request_id == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_refused_is_not_noted(walker: Walker, name: str) -> None:
    before = walker.entries()
    refusals = [walker.call(name, headers={"X-API-Key": walker.reader})]
    if walker.takes_ids(name):
        nothing = {one: NO_ROW for one in walker.ids if one != "tenant_id"}
        refusals.append(walker.call(name, ids=nothing))
    if CHANGES[name][0]:
        refusals.append(walker.call(name, body={"name": 7, "events": 7, "code": 7}))
    assert {answer.status_code for answer in refusals} <= {400, 403, 404}
    assert walker.entries() == before


@pytest.mark.parametrize("name", ["keys.revoke", "coupons.revoke", "definitions.pause"])
def test_what_changes_nothing_the_second_time_is_noted_once(
    walker: Walker, name: str
) -> None:
    walker.call(name)
    before = walker.entries()
    assert walker.call(name).status_code == 200
    assert walker.entries() == before


def test_details_name_what_changed_but_not_to_what(walker: Walker) -> None:
    walker.call("definitions.change")
    assert walker.entries()[0].detail == {"changed": ["name"]}


def test_no_entry_holds_a_secret_or_a_code(walker: Walker) -> None:
    key = walker.call("keys.create").json["api_key"]
    secret = walker.call("secrets.rotate").json["tenant_secret"]
    walker.call("coupons.revoke_code")
    text = repr(walker.entries())
    code = walker.bodies["code"]["code"]
    assert not [one for one in (key, secret, code) if one in text]


# ------------------------------------------------------------------------ reading


def test_entries_are_chosen_by_actor_action_thing_and_time(walker: Walker) -> None:
    admin, moment = walker.admin, "2999-01-01T00:00:00Z"
    item = walker.ids["item_id"]
    walker.call("rewards.change")
    for query, count in (
        (f"object_id={item}", 2),
        (f"object_id={item}&action=reward_item.changed", 1),
        (f"object_id={item}&actor={admin.key.key_id}", 2),
        (f"object_id={item}&actor=cli", 0),
        (f"object_id={item}&from=2025-01-01T00:00:00Z&to={moment}", 2),
        (f"object_id={item}&from={moment}", 0),
        (f"object_id={item}&to=2025-01-01T00:00:00Z", 0),
        (f"object_id={item}&limit=1", 2),
    ):
        found = admin.get(f"audit?{query}").json
        assert found["total"] == count, query
        assert len(found["entries"]) == min(count, 1 if "limit" in query else 9)


@pytest.mark.parametrize(
    ("query", "field"),
    [("action=created", "action"), ("from=yesterday", "from"), ("actor=", "actor")],
)
def test_a_bad_filter_is_named(quick_admin: Admin, query: str, field: str) -> None:
    answer = quick_admin.get(f"audit?{query}")
    assert answer.status_code == 400
    assert answer.json["details"][0]["path"] == field


def test_one_sees_only_ones_own(admin: Admin, other: Admin) -> None:
    admin.new_reward()
    actions = {one["action"] for one in other.get("audit").json["entries"]}
    assert actions == {"tenant.created"}
    assert other.get(f"/v1/tenants/{admin.tenant_id}/audit").status_code == 403


def test_nobody_but_its_store_writes_the_log_and_nobody_changes_it() -> None:
    packages = "admin_gateway", "coupon_core", "query_gateway", "workers"
    sources = {
        path.relative_to(ROOT): path.read_text()
        for package in packages
        for path in (ROOT / package).rglob("*.py")
    }
    sql = re.compile(r"(INTO|UPDATE|FROM|TABLE)\s+audit_entry", re.IGNORECASE)
    assert {str(path) for path, text in sources.items() if sql.search(text)} == {
        "coupon_core/migrations/0009_audit.py"
    }
    named = {str(path) for path, text in sources.items() if "AuditEntry" in text}
    tables = {one for one in named if "tables" in one or "store" in one}
    assert tables == {
        "coupon_core/store/audit.py",
        "coupon_core/store/tenants.py",  # which leaves it alone
        "coupon_core/tables/__init__.py",
        "coupon_core/tables/audit.py",
    }
    store = sources[Path("coupon_core/store/audit.py")]
    assert re.findall(r"\.(insert|update|delete|replace|save)\w*\(", store) == [
        "insert"
    ]
