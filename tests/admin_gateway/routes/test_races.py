"""Tests of concurrent admin requests: names and codes are given out once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import time_machine

from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from tests.factories.dead_letters import create_dead_letter
from tests.factories.events import CLOUD_EVENT, list_pending_bodies
from tests.support.admin_client import AdminClient

CONCURRENT_CALLS = 6


def run_together(tasks: list[Callable[[], Any]]) -> list[Any]:
    """Run tasks that start at the same moment in threads; return their results."""
    start = Barrier(len(tasks))

    def run_after_barrier(task: Callable[[], Any]) -> Any:
        start.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as threads:
        return list(threads.map(run_after_barrier, tasks))


def count_statuses(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_one_of_several_gets_the_name(admin: AdminClient) -> None:
    config = {"reward_item_id": admin.create_reward_item()["item_id"]}
    body = {"name": "Welcome", "config": config}
    answers = run_together([lambda: admin.post("coupons", body)] * CONCURRENT_CALLS)
    assert count_statuses(answers) == {201: 1, 409: CONCURRENT_CALLS - 1}
    assert admin.get("coupons").json["total"] == 1


def test_one_of_several_gets_the_custom_code(admin: AdminClient) -> None:
    config = {
        "reward_item_id": admin.create_reward_item()["item_id"],
        "code_format": "custom",
    }
    bodies = [
        {"name": f"Number {number}", "config": config | {"custom_code": code}}
        for number, code in enumerate(["SAVE10", "save10", "Save10"] * 2)
    ]
    answers = run_together(
        [lambda body=body: admin.post("coupons", body) for body in bodies]
    )
    assert count_statuses(answers) == {201: 1, 409: CONCURRENT_CALLS - 1}


def test_user_gets_one_coupon_of_a_custom_code(admin: AdminClient) -> None:
    custom = {"code_format": "custom", "custom_code": "SAVE10"}
    path = f"coupons/{admin.create_definition(**custom)['id']}"
    body = {"user_ids": ["a", "b"]}
    # With a frozen clock, timestamps cannot distinguish new coupons from old ones.
    with time_machine.travel(utc_now(), tick=False):
        answers = run_together(
            [lambda: admin.post(f"{path}/generate", body)] * CONCURRENT_CALLS
        )
    assert count_statuses(answers) == {201: CONCURRENT_CALLS}
    assert sum(answer.json["generated"] for answer in answers) == 2
    assert admin.get(f"{path}/coupons").json["total"] == 2


@pytest.mark.parametrize("attempt", range(3))
def test_code_is_either_custom_or_random(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch, attempt: int
) -> None:
    # The only random code is the custom code that the other request sets.
    random_codes = iter(["SAVE10"])
    monkeypatch.setattr(
        "coupon_core.domain.codes.generate_random_codes",
        lambda count, *_, **__: [next(random_codes, f"OTHER{attempt}")] * count,
    )
    random_id = admin.create_definition("Random")["id"]
    custom_id = admin.create_definition("Custom")["id"]
    changes = {"config": {"code_format": "custom", "custom_code": "save10"}}
    generated, changed = run_together(
        [
            lambda: admin.post(f"coupons/{random_id}/generate", {"count": 1}),
            lambda: admin.patch(f"coupons/{custom_id}", changes),
        ]
    )
    assert generated.status_code == 201
    is_custom_code_taken = generated.json["coupons"][0]["code"] == "SAVE10"
    assert changed.status_code == (409 if is_custom_code_taken else 200)


def test_last_secret_stays_however_many_are_taken_away(admin: AdminClient) -> None:
    admin.post("secrets/rotate")
    secret_ids = [
        secret["secret_id"] for secret in admin.get("secrets").json["secrets"]
    ]
    answers = run_together(
        [
            lambda secret_id=secret_id: admin.delete(f"secrets/{secret_id}")
            for secret_id in secret_ids
        ]
    )
    assert count_statuses(answers) == {204: 1, 409: 1}
    assert admin.get("secrets").json["total"] == 1


def test_no_connection_is_kept_after_a_request(admin: AdminClient) -> None:
    run_together([lambda: admin.get("rewards")] * CONCURRENT_CALLS)
    admin.get("rewards")
    assert database.database_proxy.is_closed()


def test_each_event_is_stored_once_however_many_send_it(admin: AdminClient) -> None:
    events = [{**CLOUD_EVENT, "id": f"e{number}"} for number in range(10)]
    orders = [events, events[::-1]] * (CONCURRENT_CALLS // 2)
    answers = run_together(
        [
            lambda order=order: admin.post("events/bulk", {"events": order})
            for order in orders
        ]
    )
    assert count_statuses(answers) == {202: CONCURRENT_CALLS}
    assert sorted(body["id"] for body in list_pending_bodies()) == [
        event["id"] for event in events
    ]


def test_a_dead_letter_is_retried_or_dropped_once(admin: AdminClient) -> None:
    path = f"dead-letters/{create_dead_letter('acme')}"
    tasks = [lambda: admin.post(f"{path}/retry"), lambda: admin.delete(path)]
    counts = count_statuses(run_together(tasks * (CONCURRENT_CALLS // 2)))
    assert counts.pop(404) == CONCURRENT_CALLS - 1
    assert len(list_pending_bodies()) == counts.get(202, 0)
