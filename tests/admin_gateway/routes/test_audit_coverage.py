"""Tests that every changing route writes an audit entry, and no refusal does."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from admin_gateway.authentication import SAFE_METHODS, UNMATCHABLE_UUID
from admin_gateway.responses.webhooks import CREATE_WEBHOOK_REQUEST
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.audit import AuditEntry, AuditFilter
from coupon_core.persistence import database
from coupon_core.services import audit, batches
from coupon_core.services.access import tenants
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.factories.dead_letters import create_dead_letter
from tests.factories.events import CLOUD_EVENT
from tests.factories.webhooks import create_delivery
from tests.support.admin_client import (
    AdminClient,
    create_admin_client,
    expect_created,
    started_admin_gateway,
)
from tests.support.databases import SqliteDatabases, migrate_database

FUTURE_TIME = "2999-01-01T00:00:00Z"
NEW_NAME: Mapping[str, Any] = {"name": "Another"}
REWARD = {"name": "Gold", "reward_type": "points"}
REFUSED = {400, 403, 404, 415}
POINTS = {"user_id": "bob", "point_id": "gems", "amount": 5}
CAMPAIGN = {"campaign_id": "launch", "names": {"en": "Launch"}}
CREATOR = {"creator_key": "ABC12", "name": "Jun"}
GEMS = {"itemId": "gem", "itemQuantity": 100}
PACKAGE = {"item_name": {"en": "Gems"}, "rewards": [GEMS]}
# The request body of each changing view, and the action it records.
CHANGES: Mapping[str, tuple[Any, str]] = {
    "reward_items.create": (REWARD, "reward_item.created"),
    "reward_items.replace": (REWARD, "reward_item.changed"),
    "reward_items.change": (NEW_NAME, "reward_item.changed"),
    "reward_items.delete": (None, "reward_item.deleted"),
    "definitions.create": ("definition", "definition.created"),
    "definitions.replace": ("definition", "definition.changed"),
    "definitions.change": (NEW_NAME, "definition.changed"),
    "definitions.pause": (None, "definition.paused"),
    "definitions.activate": (None, "definition.activated"),
    "definitions.archive": (None, "definition.archived"),
    "definitions.suspend": (None, "definition.suspended"),
    "definitions.resume": (None, "definition.resumed"),
    "definitions.delete": (None, "definition.archived"),
    "coupons.generate": ({"user_ids": ["zoe"]}, "coupon.generated"),
    "coupons.change": ({"metadata": {"wave": 2}}, "coupon.changed"),
    "coupons.revoke": (None, "coupon.revoked"),
    "coupons.revoke_code": ("code", "coupon.revoked"),
    "coupons.restore": (None, "coupon.restored"),
    "coupons.reissue": (None, "coupon.reissued"),
    "api_keys.create": (NEW_NAME, "api_key.created"),
    "api_keys.revoke": (None, "api_key.revoked"),
    "api_keys.delete": (None, "api_key.revoked"),
    "tenant_secrets.rotate": (None, "secret.rotated"),
    "tenant_secrets.delete": (None, "secret.retired"),
    "events.publish": (CLOUD_EVENT, "milestone.accepted"),
    "events.publish_all": ({"events": [CLOUD_EVENT]}, "milestone.accepted"),
    "dead_letters.retry": (None, "dead_letter.retried"),
    "dead_letters.drop": (None, "dead_letter.dropped"),
    "client_keys.create": ({**NEW_NAME, "kind": "mambo"}, "client_key.created"),
    "client_keys.revoke": (None, "client_key.revoked"),
    "client_keys.delete": (None, "client_key.revoked"),
    "codes.assign": ("assignment", "coupon.assigned"),
    "code_jobs.revoke": ({"user_id": "ann"}, "code_job.started"),
    "code_jobs.extend": ("extension", "code_job.started"),
    "code_jobs.restore": ({"user_id": "ann"}, "code_job.started"),
    "code_jobs.change_expiry": (
        {"user_id": "ann", "expires_at": FUTURE_TIME},
        "code_job.started",
    ),
    "code_jobs.import_codes": (b"code\nFROM-ELSEWHERE\n", "code_job.started"),
    "campaigns.create": (CAMPAIGN | {"campaign_id": "new"}, "campaign.created"),
    "campaigns.change": ({"status": "EXPOSED"}, "campaign.changed"),
    "campaigns.suspend": (None, "campaign.suspended"),
    "campaigns.resume": (None, "campaign.resumed"),
    "campaigns.add_creator": (None, "campaign.creator_added"),
    "campaigns.remove_creator": (None, "campaign.creator_removed"),
    "campaigns.create_package": (PACKAGE, "package.created"),
    "packages.change": ({"is_active": False}, "package.changed"),
    "creators.create": (CREATOR | {"creator_key": "XYZ99"}, "creator.created"),
    "creators.create_all": (
        {"campaign_id": "launch", "creators": [CREATOR | {"creator_key": "XYZ98"}]},
        "creator.created",
    ),
    "creators.change": (NEW_NAME, "creator.changed"),
    "creators.give": ("gift", "creator.given_codes"),
    "creators.revoke": ({"codes": ["GO-1"]}, "creator.codes_revoked"),
    "points.credit": (POINTS, "points.credited"),
    "points.debit": (POINTS, "points.debited"),
    "users.create": ({"user_id": "zoe"}, "user.created"),
    "users.change": ({"is_member": False}, "user.changed"),
    "personal_data.erase": (None, "user.erased"),
    "batches.cancel": (None, "batch.cancelled"),
    "batches.restore": (None, "code_job.started"),
    "redemptions.reverse": ({"reason": "Mistake"}, "redemption.reversed"),
    "batches.suspend": (None, "batch.suspended"),
    "batches.resume": (None, "batch.resumed"),
    "webhooks.create": (CREATE_WEBHOOK_REQUEST, "webhook.created"),
    "webhooks.change": ({"is_active": False}, "webhook.changed"),
    "webhooks.delete": (None, "webhook.deleted"),
    "webhooks.rotate": (None, "webhook.secret_rotated"),
    "webhooks.resend": (None, "webhook.delivery_resent"),
}
STORING_NOTHING = {"webhooks.test", "explain.explain"}
PREPARATIONS: Mapping[str, str] = {
    "coupons.restore": "coupons.revoke",
    "batches.restore": "batches.cancel",
    "definitions.activate": "definitions.pause",
    "definitions.resume": "definitions.suspend",
    "batches.resume": "batches.suspend",
    "campaigns.resume": "campaigns.suspend",
    "points.debit": "points.credit",
    "campaigns.remove_creator": "campaigns.add_creator",
    "creators.revoke": "creators.give",
}
"""The view that must be called before another one."""
# The changing views whose entries hold no values, and why.
WITHOUT_VALUES: Mapping[str, str] = {
    **dict.fromkeys(
        ("users.create", "users.change", "personal_data.erase"), "the data of a person"
    ),
    **dict.fromkeys(
        (
            *("coupons.generate", "coupons.change", "coupons.revoke"),
            *("coupons.revoke_code", "coupons.restore", "coupons.reissue"),
            *("codes.assign", "code_jobs.revoke", "code_jobs.extend"),
            *("code_jobs.restore", "code_jobs.change_expiry"),
            *("code_jobs.import_codes", "batches.cancel", "batches.restore"),
            *("redemptions.reverse", "points.credit", "points.debit"),
            *("creators.give", "creators.revoke"),
        ),
        "coupons have a timeline, and jobs and points a history of their own",
    ),
    **dict.fromkeys(
        ("tenant_secrets.rotate", "tenant_secrets.delete", "webhooks.rotate"),
        "only a secret changes",
    ),
    **dict.fromkeys(
        (
            *("events.publish", "events.publish_all", "dead_letters.retry"),
            *("dead_letters.drop", "webhooks.resend"),
        ),
        "a message, not an object",
    ),
    **dict.fromkeys(
        ("campaigns.add_creator", "campaigns.remove_creator", "creators.create_all"),
        "the detail says what was added",
    ),
}


NUMBERS = itertools.count()


def list_changing_routes(app: Flask) -> Iterator[tuple[str, str, Rule]]:
    """Yield the view name, method and rule of every route that changes something."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/console"):
            continue  # calls the same services
        view = app.view_functions[rule.endpoint]
        for method in rule.methods - SAFE_METHODS - {"OPTIONS"}:
            module = view.__module__.rpartition(".")[2]
            yield f"{module}.{view.__name__}", method, rule


class Walker:
    """An admin client with one object of each kind that calls views by name."""

    def __init__(self, admin: AdminClient) -> None:
        self.admin = admin
        definition_id = admin.create_definition()["id"]
        coupon = admin.generate_coupons(definition_id, "ann")[0]
        expect_created(admin.post("secrets/rotate"))
        now, tenant_id = utc_now(), admin.tenant_id
        key = expect_created(admin.post("api-keys", {"name": "old"}))
        body = {"name": "old", "kind": "mambo"}
        self.ids = {
            "tenant_id": tenant_id,
            "definition_id": definition_id,
            "item_id": admin.create_reward_item()["item_id"],
            "coupon_id": coupon["id"],
            "key_id": key["key_id"],
            "secret_id": tenants.list_secrets(tenant_id)[-1].secret_id,
            "letter_id": create_dead_letter(tenant_id),
            "client_key_id": expect_created(admin.post("client-keys", body))["key_id"],
        }
        config = {"reward_item_id": self.ids["item_id"]}
        unassigned = expect_created(
            admin.post(f"coupons/{definition_id}/generate", {"count": 1})
        )
        self.ids["user_id"] = expect_created(admin.post("users", {"user_id": "bob"}))[
            "user_id"
        ]
        batch_id = self.import_batch(definition_id)
        self.bodies = {
            "definition": {"name": "New", "config": config},
            "code": {"code": coupon["code"]},
            "assignment": {"code": unassigned["coupons"][0]["code"], "user_id": "zoe"},
            "extension": {"batch_id": batch_id, "expires_at": FUTURE_TIME},
        }
        self.create_campaign()
        batch_request = batches.BatchRequest(10)
        unfinished = batches.request(
            tenant_id, definition_id, batch_request=batch_request, now=now
        )
        self.ids["batch_id"] = unfinished.batch_id
        redeemed = admin.generate_coupons(definition_id, "ann")[0]["code"]
        request = RedeemRequest(tenant_id, redeemed, user_id="ann")
        self.ids["redemption_id"] = str(
            redemption.redeem(request, now).redemption.redemption_id
        )
        self.ids["webhook_id"] = str(
            expect_created(admin.post("webhooks", CREATE_WEBHOOK_REQUEST))["id"]
        )
        self.ids["delivery_id"] = create_delivery(
            tenant_id, int(self.ids["webhook_id"])
        )
        _, self.reader = tenants.create_key(
            None,
            tenant_id,
            name="reader",
            scopes={tenants.Scope.READ},
            expires_at=None,
            now=now,
        )

    def create_campaign(self) -> None:
        """Create a campaign, a creator and a package with codes to assign."""
        self.ids["campaign_id"] = expect_created(
            self.admin.post("campaigns", CAMPAIGN)
        )["campaign_id"]
        self.ids["creator_key"] = expect_created(self.admin.post("creators", CREATOR))[
            "creator_key"
        ]
        package = expect_created(self.admin.post("campaigns/launch/packages", PACKAGE))
        self.ids["package_id"] = str(package["package_id"])
        self.bodies["gift"] = {"package_id": package["package_id"], "codes": ["GO-1"]}

    def import_batch(self, definition_id: str) -> str:
        """Import a batch of codes and return its id."""
        path, file = f"coupons/{definition_id}/import", b"code\nOLD-CODE\n"
        headers = {"X-API-Key": self.admin.plain_key, "Content-Type": "text/csv"}
        return expect_created(self.admin.post(path, data=file, headers=headers))[
            "job_id"
        ]

    def call(self, name: str, **options: Any) -> TestResponse:
        _, method, rule = next(
            route for route in list_changing_routes(self.admin.app) if route[0] == name
        )
        ids = {**self.ids, **options.pop("ids", {})}
        path = re.sub(r"<(\w+)>", lambda match: ids[match[1]], rule.rule)
        body = options.pop("body", CHANGES[name][0])
        if isinstance(body, str):
            body = self.bodies[body]
        if isinstance(body, bytes):
            key = options.pop("headers", {"X-API-Key": self.admin.plain_key})
            options |= {"data": body, "headers": {**key, "Content-Type": "text/csv"}}
            body = None
        return self.admin.call(method, path, body, **options)

    def make_refused_calls(self, name: str) -> Iterator[TestResponse]:
        """Yield a call without the scope, one with unknown ids, and an invalid one."""
        yield self.call(name, headers={"X-API-Key": self.reader})
        if self.takes_ids(name):
            unknown_ids = dict.fromkeys(
                self.ids.keys() - {"tenant_id"}, UNMATCHABLE_UUID
            )
            yield self.call(name, ids=unknown_ids)
        if CHANGES[name][0]:
            members = "name", "events", "code", "user_id", "is_member"
            yield self.call(name, body={member: [7] for member in members})

    def takes_ids(self, name: str) -> bool:
        rules = (
            rule
            for view_name, _, rule in list_changing_routes(self.admin.app)
            if view_name == name
        )
        return any(rule.arguments - {"tenant_id", "code"} for rule in rules)

    def list_entries(self) -> list[AuditEntry]:
        entries, _ = audit.list_entries(
            self.admin.tenant_id, AuditFilter(), Page(limit=500)
        )
        database.release_connection()
        return entries


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Return a gateway on SQLite; other tests cover storage on both databases."""
    files = SqliteDatabases(tmp_path_factory.mktemp("audit"), migrate_database)
    with files.temporary_database() as url, started_admin_gateway(url) as gateway:
        yield gateway


@pytest.fixture
def walker(app: Flask) -> Walker:
    return Walker(create_admin_client(app, f"walker-{next(NUMBERS)}"))


def test_every_changing_route_is_walked_here(app: Flask) -> None:
    names = {name for name, *_ in list_changing_routes(app)}
    assert names == CHANGES.keys() | STORING_NOTHING


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_noted_with_who_made_it_but_no_refusal_is(
    walker: Walker, name: str
) -> None:
    if name in PREPARATIONS:
        walker.call(PREPARATIONS[name])
    before = walker.list_entries()
    assert {answer.status_code for answer in walker.make_refused_calls(name)} <= REFUSED
    assert walker.list_entries() == before
    answer = walker.call(name)
    assert answer.status_code < 300, answer.json
    (entry,) = walker.list_entries()[: -len(before)]
    assert entry.action == CHANGES[name][1]
    assert entry.actor == walker.admin.key.key_id
    assert entry.actor_name == "key:first key"
    assert entry.request_id == answer.headers["X-Request-Id"]
    assert bool(entry.changes) is (name not in WITHOUT_VALUES)
    assert all(change.keys() == {"from", "to"} for change in entry.changes.values())
    has_name = bool(entry.changes) and not name.startswith(("webhooks.", "batches."))
    assert bool(entry.object_name) is has_name


@pytest.mark.parametrize(
    "name", ["api_keys.revoke", "coupons.revoke", "definitions.pause"]
)
def test_what_changes_nothing_the_second_time_is_noted_once(
    walker: Walker, name: str
) -> None:
    walker.call(name)
    before = walker.list_entries()
    assert walker.call(name).status_code == 200
    assert walker.list_entries() == before


def test_an_entry_says_who_changed_what_from_what_to_what(walker: Walker) -> None:
    old_name = walker.admin.get(f"coupons/{walker.ids['definition_id']}").json["name"]
    walker.call("definitions.change")
    entry = walker.list_entries()[0]
    assert entry.detail == {"changed": ["name"]}
    assert entry.changes == {"name": {"from": old_name, "to": NEW_NAME["name"]}}
    assert (entry.actor_name, entry.object_name) == ("key:first key", NEW_NAME["name"])


def test_limits_and_suspensions_are_recorded_with_both_values(walker: Walker) -> None:
    admin, ids = walker.admin, walker.ids
    path = f"coupons/{ids['definition_id']}"
    admin.patch(path, {"config": {"limits": {"total": 500}}})
    limits = walker.list_entries()[0].changes
    assert limits["total_limit"] == {"from": 0, "to": 500}
    admin.patch(f"packages/{ids['package_id']}", {"max_total_usage": 7})
    package = walker.list_entries()[0].changes
    assert package == {"total_limit": {"from": 0, "to": 7}}
    admin.post(f"{path}/suspend")
    suspension = walker.list_entries()[0].changes["suspended_at"]
    assert suspension["from"] is None
    admin.post(f"{path}/resume")
    resumed = walker.list_entries()[0].changes["suspended_at"]
    assert resumed == {"from": suspension["to"], "to": None}


def test_no_entry_holds_a_secret_or_a_code(walker: Walker) -> None:
    key = walker.call("api_keys.create").json["api_key"]
    secret = walker.call("tenant_secrets.rotate").json["tenant_secret"]
    walker.call("coupons.revoke_code")
    text = repr(walker.list_entries())
    code = walker.bodies["code"]["code"]
    assert not [value for value in (key, secret, code) if value in text]
