"""Tests of the export and the erasure of a person's data."""

from __future__ import annotations

import json
from functools import partial

import pytest

from coupon_core.domain.models import Page, PurchaseReason, Reason, Refused, utc_now
from coupon_core.domain.models.audit import AuditFilter
from coupon_core.domain.models.filters import RedemptionFilter
from coupon_core.domain.models.points import PointChange
from coupon_core.domain.models.purchases import Action, ActivityRequest
from coupon_core.messaging.cloud_events import to_cloud_event
from coupon_core.persistence.database import execute, is_postgresql, transaction
from coupon_core.persistence.repositories import personal_data as repository
from coupon_core.persistence.repositories import webhook_deliveries
from coupon_core.persistence.repositories.personal_texts import PERSONAL_TEXTS
from coupon_core.persistence.tables import ALL_TABLES
from coupon_core.services import audit, batches
from coupon_core.services.catalog import definitions
from coupon_core.services.codes import inventory
from coupon_core.services.coupons import redemption, redemption_records
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.events import dead_letters
from coupon_core.services.points import activities, users, wallets
from coupon_core.services.privacy import personal_data, tenant_keys
from coupon_core.services.webhooks import new_deliveries, subscriptions
from tests.factories.events import list_pending_events
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import Failure, run_concurrently
from tests.support.database_rows import read_all_rows
from tests.support.invariants import assert_invariants, fetch_rows

# Every user has this ID, which needs escaping in JSON and in LIKE.
USER_ID = 'jo"n_%!@doe.com'
WITHOUT_USERS = {"idempotency"}  # sealed answers, which expire within a day


def redeem(tenant: TenantFactory, code: str, user_id: str = USER_ID) -> int:
    request = RedeemRequest(
        tenant.tenant_id, code, user_id, reference="order-1", metadata={"shop": "x"}
    )
    return redemption.redeem(request, utc_now()).redemption.redemption_id


@pytest.fixture
def busy_tenant(tenant: TenantFactory) -> TenantFactory:
    """Return a tenant with data of every kind about the user."""
    now, tenant_id = utc_now(), tenant.tenant_id
    subscriptions.create(
        tenant_id, "coupon.redeemed", url="https://hooks.example.invalid", now=now
    )
    tenant.define_claimable("Open", case_sensitive=True, per_user_limit=2)
    tenant.define_claimable("FREE")
    users.create(tenant_id, {"user_id": USER_ID, "details": {"firstName": "J"}}, now)
    users.update(tenant_id, USER_ID, changes={"tags": ["vip"]}, now=now)
    wallets.credit(PointChange(tenant_id, USER_ID, "gold", 5), now)
    for code in ("Open", "FREE", tenant.create_code(USER_ID)):
        redeem(tenant, code)
    unassigned = tenant.create_unassigned_code()
    inventory.assign(tenant_id, unassigned, USER_ID, actor="", now=now)
    activities.perform_or_record_failure(
        ActivityRequest(tenant_id, USER_ID, Action.REDEEM, "N0SUCHC0DE"), now
    )
    events = [to_cloud_event(event) for event in list_pending_events()]
    webhook_deliveries.add(
        [
            delivery
            for found in new_deliveries.build_deliveries(events, now)
            for delivery in found
        ]
    )
    batch_request = batches.BatchRequest(2, [USER_ID, "zoe"])
    batches.request(tenant_id, tenant.define().definition_id, batch_request, now)
    definition_id = tenant.define().definition_id
    for metadata in ({"user_id": USER_ID}, {}):  # stays in the audit log
        definitions.update(tenant_id, definition_id, {"metadata": metadata}, now)
    dead_letters.store_dead_letter(
        "coupons.streak",
        "streak.milestone",
        content_type="application/json",
        body=json.dumps({"subject": USER_ID, "tenantid": tenant_id}).encode(),
        reason="unreadable",
        now=now,
        tenant_id=tenant_id,
    )
    return tenant


def count_rows() -> dict[str, int]:
    counts = {name: len(rows) for name, rows in read_all_rows().items()}
    return {
        name: count
        for name, count in counts.items()
        if name not in {"audit_entry", "tenant_key", "erased_user"}
    }


def find_tables_with(text: str | None, tenant: TenantFactory) -> set[str]:
    """Return the tables in which a text of a tenant occurs, also inside of JSON."""
    assert text
    escaped = json.dumps(text)[1:-1]
    found = set()
    for name, rows in read_all_rows().items():
        own = [row for row in rows if row[0] == tenant.tenant_id]
        cells = [bytes(c) if isinstance(c, memoryview) else c for r in own for c in r]
        texts = [c.decode() if isinstance(c, bytes) else str(c) for c in cells]
        if any(text in cell or escaped in cell for cell in texts):
            found.add(name)
    return found - WITHOUT_USERS


def test_every_table_with_a_user_is_known_to_the_erasure() -> None:
    tables = {
        table._meta.table_name
        for table in ALL_TABLES
        if "user_id" in table._meta.fields
    }
    by_user = {
        personal.name
        for personal in repository.PERSONAL_TABLES
        if personal.column == "user_id"
    }
    assert tables == by_user
    texts = {(text.table, text.column) for text in PERSONAL_TEXTS}
    assert ("outbox", "data") in texts


def test_an_erased_user_is_named_nowhere_and_every_count_stays(
    busy_tenant: TenantFactory,
) -> None:
    before, named_in = count_rows(), find_tables_with(USER_ID, busy_tenant)
    assert {"coupon", "outbox", "webhook_delivery", "dead_letter", "chunk"} <= named_in
    erasure = personal_data.erase(busy_tenant.tenant_id, USER_ID, utc_now())
    assert find_tables_with(USER_ID, busy_tenant) == set()
    assert find_tables_with("order-1", busy_tenant) <= {"outbox", "webhook_delivery"}
    assert count_rows() == before
    assert find_tables_with(erasure.pseudonym, busy_tenant) >= named_in - {
        "audit_entry"
    }
    assert erasure.row_counts["redemption"] == 3
    assert_invariants()


def test_an_erased_id_is_a_new_user_and_another_pseudonym_the_next_time(
    busy_tenant: TenantFactory,
) -> None:
    tenant_id = busy_tenant.tenant_id
    with pytest.raises(Refused):
        redeem(busy_tenant, "FREE")
    first = personal_data.erase(tenant_id, USER_ID, utc_now())
    redeem(busy_tenant, "FREE")
    redeem(busy_tenant, "Open")
    second = personal_data.erase(tenant_id, USER_ID, utc_now())
    assert second.pseudonym not in (None, first.pseudonym)
    assert find_tables_with(USER_ID, busy_tenant) == set()
    assert_invariants()


def test_redemptions_of_an_erased_user_are_found_by_id(tenant: TenantFactory) -> None:
    redemption_id = redeem(tenant, tenant.create_code(USER_ID))
    erasure = personal_data.erase(tenant.tenant_id, USER_ID, utc_now())
    found = redemption_records.get(tenant.tenant_id, redemption_id)
    assert (found.user_id, found.reference) == (erasure.pseudonym, None)
    wanted = RedemptionFilter(user_id=USER_ID)
    assert redemption_records.list_redemptions(tenant.tenant_id, wanted, 5) == (
        [],
        None,
    )


def test_an_unknown_user_is_refused_without_a_trace(tenant: TenantFactory) -> None:
    before = read_all_rows() | {"tenant_key": []}
    for refuse in (
        lambda: personal_data.erase(tenant.tenant_id, USER_ID, utc_now()),
        lambda: personal_data.preview_erasure(tenant.tenant_id, USER_ID),
        lambda: personal_data.export(tenant.tenant_id, USER_ID),
    ):
        with pytest.raises(Refused) as refused:
            refuse()
        assert refused.value.reason == PurchaseReason.USER_NOT_FOUND
    assert read_all_rows() | {"tenant_key": []} == before


def test_other_users_and_tenants_keep_their_data(tenant: TenantFactory) -> None:
    other = create_tenant("other")
    for one, user_id in ((tenant, USER_ID), (tenant, "ann"), (other, USER_ID)):
        redeem(one, one.create_code(user_id), user_id)
    personal_data.erase(tenant.tenant_id, USER_ID, utc_now())
    users_left = fetch_rows("SELECT DISTINCT tenant_id, user_id FROM redemption")
    assert {(tenant.tenant_id, "ann"), (other.tenant_id, USER_ID)} <= {
        tuple(row) for row in users_left
    }
    for _, row in _list_events(other):
        assert row["coupon"]["user_id"] == USER_ID


def _list_events(tenant: TenantFactory) -> list[tuple[str, dict[str, object]]]:
    sql = "SELECT event_type, data FROM outbox WHERE tenant_id = :tenant_id"
    rows = execute(sql, {"tenant_id": tenant.tenant_id}).fetchall()
    return [(event_type, json.loads(data)) for event_type, data in rows]


def test_an_interrupted_erasure_is_continued(busy_tenant: TenantFactory) -> None:
    tenant_id, now = busy_tenant.tenant_id, utc_now()
    key = tenant_keys.require_key(tenant_id, personal_data.KEY_PURPOSE, now)
    pseudonym, _ = personal_data._choose_pseudonym(tenant_id, USER_ID, key)
    with transaction():  # the process ends after this transaction
        repository.replace_user_id(tenant_id, USER_ID, pseudonym)
        repository.insert_erasure(tenant_id, pseudonym, now)
    assert "outbox" in find_tables_with(USER_ID, busy_tenant)
    assert personal_data.erase(tenant_id, USER_ID, now).pseudonym == pseudonym
    assert find_tables_with(USER_ID, busy_tenant) == set()


def test_what_a_user_does_after_an_interruption_is_erased_as_another_user(
    busy_tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(personal_data, "_rewrite_documents", interrupt)
        with pytest.raises(KeyboardInterrupt):
            personal_data.erase(busy_tenant.tenant_id, USER_ID, utc_now())
    redeem(busy_tenant, "Open")
    personal_data.erase(busy_tenant.tenant_id, USER_ID, utc_now())
    assert find_tables_with(USER_ID, busy_tenant) == set()
    pseudonyms = fetch_rows(
        f"""SELECT user_id, used_count FROM user_usage
        WHERE tenant_id = '{busy_tenant.tenant_id}'"""
    )
    assert [count for _, count in pseudonyms] == [1, 1]
    assert_invariants()


def test_rows_about_coupons_are_found_by_the_index_of_users(
    tenant: TenantFactory,
) -> None:
    if is_postgresql():
        pytest.skip("PostgreSQL infers the condition of the index from the value")
    parameters = {"tenant_id": tenant.tenant_id, "user_id": "a", "pseudonym": "b"}
    for personal in repository.PERSONAL_TABLES:
        sql = repository._build_update(personal)
        rows = execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
        plan = " ".join(detail for *_, detail in rows)
        assert ("coupon_of_user" in plan) == (" coupon " in sql), plan


def test_an_export_contains_every_row_about_the_user_and_is_audited(
    busy_tenant: TenantFactory,
) -> None:
    exported = personal_data.export(busy_tenant.tenant_id, USER_ID)
    assert {name for name, rows in exported.items() if rows} >= {
        *("coupon", "redemption", "user_usage", "coupon_event"),
        *("known_user", "wallet", "point_entry", "activity"),
    }
    assert len(exported["redemption"]) == 3
    assert {row["reference"] for row in exported["redemption"]} == {"order-1"}
    assert "tenant_id" not in exported["coupon"][0]
    json.dumps(exported)
    (entry,), _ = audit.list_entries(
        busy_tenant.tenant_id, AuditFilter(action="user.exported"), Page()
    )
    assert entry.object_id == USER_ID


def test_a_code_that_was_issued_to_an_erased_user_is_not_the_new_users(
    tenant: TenantFactory,
) -> None:
    code = tenant.create_code(USER_ID)
    personal_data.erase(tenant.tenant_id, USER_ID, utc_now())
    with pytest.raises(Refused) as refused:
        redeem(tenant, code)
    assert refused.value.reason == Reason.COUPON_NOT_FOUND


def test_redeems_during_an_erasure_belong_to_the_user_of_their_coupon(
    tenant: TenantFactory,
) -> None:
    tenant.define_claimable("MANY", per_code_limit=0, per_user_limit=1_000)
    redeem(tenant, "MANY")

    def redeem_often() -> list[int]:
        return [redeem(tenant, "MANY") for _ in range(5)]

    erase = partial(personal_data.erase, tenant.tenant_id, USER_ID, utc_now())
    outcomes = run_concurrently([*[redeem_often] * 2, erase, *[redeem_often] * 2])
    assert not [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    strangers = f"""SELECT count(*) FROM redemption r
        JOIN coupon c ON c.tenant_id = r.tenant_id AND c.coupon_id = r.coupon_id
        WHERE r.tenant_id = '{tenant.tenant_id}' AND r.user_id <> c.user_id"""
    assert fetch_rows(strangers)[0][0] == 0
    assert_invariants()
