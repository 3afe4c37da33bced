"""Tests of the audit log: filters, pages, tenant isolation, append-only writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coupon_core.persistence import database
from tests.support.admin_client import AdminClient
from tests.support.paths import PROJECT_ROOT


def test_entries_are_chosen_by_actor_action_thing_and_time(admin: AdminClient) -> None:
    item_id = admin.create_reward_item()["item_id"]
    future = "2999-01-01T00:00:00Z"
    admin.patch(f"rewards/{item_id}", {"name": "Another"})
    for query, count in (
        (f"object_id={item_id}", 2),
        (f"object_id={item_id}&action=reward_item.changed", 1),
        (f"object_id={item_id}&actor={admin.key.key_id}", 2),
        (f"object_id={item_id}&actor=key:first%20key", 2),
        (f"object_id={item_id}&actor=cli", 0),
        (f"object_id={item_id}&from=2025-01-01T00:00:00Z&to={future}", 2),
        (f"object_id={item_id}&from={future}", 0),
        (f"object_id={item_id}&to=2025-01-01T00:00:00Z", 0),
        (f"object_id={item_id}&limit=1", 2),
    ):
        page = admin.get(f"audit?{query}").json
        assert page["total"] == count, query
        assert len(page["entries"]) == min(count, 1 if "limit" in query else 9)


def test_an_entry_has_names_and_values(admin: AdminClient) -> None:
    item = admin.create_reward_item()
    admin.patch(f"rewards/{item['item_id']}", {"name": "Another"})
    entry = admin.get("audit?limit=1").json["entries"][0]
    assert entry["actor_name"] == f"key:{admin.key.name}"
    assert entry["object_name"] == "Another"
    assert entry["changes"] == {"name": {"from": item["name"], "to": "Another"}}


def test_an_entry_of_an_earlier_release_has_the_id_for_a_name(
    admin: AdminClient,
) -> None:
    admin.create_reward_item()
    database.execute(
        "UPDATE audit_entry SET actor_name = '', object_name = '', changes = '{}'", {}
    )
    database.release_connection()
    entry = admin.get("audit?limit=1").json["entries"][0]
    assert entry["actor_name"] == entry["actor"] == admin.key.key_id
    assert (entry["object_name"], entry["changes"]) == (None, {})


@pytest.mark.parametrize(
    ("query", "field"),
    [("action=created", "action"), ("from=yesterday", "from"), ("actor=", "actor")],
)
def test_a_bad_filter_is_named(admin: AdminClient, query: str, field: str) -> None:
    answer = admin.get(f"audit?{query}")
    assert answer.status_code == 400
    assert answer.json["details"][0]["path"] == field


def test_one_sees_only_ones_own(admin: AdminClient, other_admin: AdminClient) -> None:
    admin.create_reward_item()
    actions = {entry["action"] for entry in other_admin.get("audit").json["entries"]}
    assert actions == {"tenant.created"}
    assert other_admin.get(f"/v1/tenants/{admin.tenant_id}/audit").status_code == 403


def test_only_the_store_writes_the_log_and_only_erasure_changes_it() -> None:
    packages = "admin_gateway", "coupon_core", "query_gateway", "workers"
    sources = {
        path.relative_to(PROJECT_ROOT): path.read_text()
        for package in packages
        for path in (PROJECT_ROOT / package).rglob("*.py")
    }
    sql = re.compile(r"(INTO|UPDATE|FROM|TABLE)\s+audit_entry", re.IGNORECASE)
    assert {str(path) for path, text in sources.items() if sql.search(text)} == {
        "coupon_core/persistence/migrations/0009_audit.py",
        "coupon_core/persistence/migrations/0027_audit_values_and_resends.py",
    }
    paths = {str(path) for path, text in sources.items() if "AuditEntry" in text}
    assert {path for path in paths if "persistence" in path} == {
        "coupon_core/persistence/repositories/audit.py",
        # Leaves the log alone.
        "coupon_core/persistence/repositories/tenant_deletions.py",
        "coupon_core/persistence/tables/__init__.py",
        "coupon_core/persistence/tables/audit.py",
    }
    repository = sources[Path("coupon_core/persistence/repositories/audit.py")]
    assert re.findall(r"\.(insert|update|delete|replace|save)\w*\(", repository) == [
        "insert",
        "update",  # of the ID of an erased user
    ]
    named = {str(path) for path, text in sources.items() if '"audit_entry"' in text}
    assert named == {
        "coupon_core/persistence/repositories/personal_texts.py",
        "coupon_core/persistence/repositories/retention.py",
        "coupon_core/persistence/tables/audit.py",
    }
