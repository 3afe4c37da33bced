"""Pages of webhooks and dead letters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coupon_core.domain.enums import Scope
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.domain.rules.roles import ROLE_SCOPES
from coupon_core.services.events import dead_letters
from coupon_core.services.webhooks import url_policy
from tests.factories.webhooks import create_delivery
from tests.support.admin_client import AdminClient, expect_created
from tests.support.console_client import sign_in_as
from tests.support.webhook_receiver import LOOPBACK_NETWORKS, running_receiver

HOME = "/console/t/acme"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def local_admin(admin: AdminClient) -> Iterator[AdminClient]:
    """Return an admin client whose webhooks may be sent to this machine."""
    url_policy.allow_networks(LOOPBACK_NETWORKS)
    yield admin
    url_policy.allow_networks(())


def test_every_role_that_manages_webhooks_may_read_what_they_send() -> None:
    # So the pages need no check of their own for events that carry codes.
    managing = [scopes for scopes in ROLE_SCOPES.values() if Scope.EVENTS in scopes]
    assert managing
    assert all(Scope.READ in scopes for scopes in managing)


def test_a_webhook_is_created_tested_changed_and_deleted(
    local_admin: AdminClient,
) -> None:
    browser = sign_in_as(local_admin, Role.MANAGER)
    browser.open(f"{HOME}/webhooks/new")
    wrong = browser.submit("/new", event_type="coupon.redeemed", url="ftp://x")
    assert wrong.status_code == 400
    assert 'value="ftp://x"' in browser.page
    with running_receiver() as receiver:
        created = browser.submit(
            "/new",
            event_type="coupon.redeemed",
            url=receiver.url,
            signature="standard",
        )
        assert created.status_code == 201, created.text
        assert "whsec_" in created.text
        (webhook,) = local_admin.get("webhooks").json["webhooks"]
        path = f"{HOME}/webhooks/{webhook['id']}"
        assert "Nothing has been sent" in browser.open(path).text
        receiver.response_body = SCRIPT.encode()
        browser.submit("/test")
        assert "The test was delivered: 200 &lt;script&gt;" in browser.page
        assert SCRIPT not in browser.page
        assert len(receiver.received) == 1

    browser.open(f"{path}/rotate")
    rotated = browser.submit("/rotate")
    assert "whsec_" in rotated.text
    assert rotated.text != created.text
    assert "never sent" in browser.open(f"{path}/disable").text
    browser.submit("/disable")
    assert "The webhook is switched off." in browser.page
    browser.submit("/enable")
    assert "The webhook is active." in browser.page

    browser.open(f"{path}/edit")
    browser.submit("/edit", retry_count="0", is_active="True")
    changed = local_admin.get(f"webhooks/{webhook['id']}").json
    assert (changed["retry_count"], changed["is_active"]) == (0, True)
    assert 'name="retry_count" type="text" autocomplete="off" value="0"' in (
        browser.open(f"{path}/edit").text
    )
    browser.open(f"{path}/delete")
    browser.submit("/delete")
    assert local_admin.get("webhooks").json["total"] == 0


def test_an_event_of_the_log_is_sent_again_unless_the_webhook_is_disabled(
    local_admin: AdminClient,
) -> None:
    body = {"event_type": "coupon.redeemed", "url": "http://127.0.0.1:1024/x"}
    webhook = expect_created(local_admin.post("webhooks", body))
    create_delivery("acme", webhook["id"])
    browser = sign_in_as(local_admin, Role.MANAGER)
    browser.open(f"{HOME}/webhooks/{webhook['id']}")
    browser.submit("/resend")
    assert "sent again in the background" in browser.page
    local_admin.patch(f"webhooks/{webhook['id']}", {"is_active": False})
    browser.open(f"{HOME}/webhooks/{webhook['id']}")
    browser.submit("/resend")
    assert 'role="status"' in browser.page
    assert "sent again in the background" not in browser.page


def store_letter(body: bytes) -> str:
    """Store a dead letter of the tenant; return its ID."""
    letter = dead_letters.store_dead_letter(
        "milestones",
        "milestone.streak",
        "application/json",
        body,
        reason=f"no definition {SCRIPT}",
        now=utc_now(),
        tenant_id="acme",
    )
    return letter.letter_id


def test_dead_letters_show_their_bytes_and_are_retried_or_dropped(
    admin: AdminClient,
) -> None:
    text_id, binary_id = store_letter(b'{"a": "<b>"}'), store_letter(b"\xff\x00A")
    browser = sign_in_as(admin, Role.MANAGER)
    listed = browser.open(f"{HOME}/dead-letters").text
    assert SCRIPT not in listed
    assert "&lt;script&gt;" in listed
    shown = browser.open(f"{HOME}/dead-letters/{text_id}").text
    assert "{&#34;a&#34;: &#34;&lt;b&gt;&#34;}" in shown
    shown = browser.open(f"{HOME}/dead-letters/{binary_id}").text
    assert "ff 00 41" in shown
    assert "cannot be sent again" in shown
    browser.open(f"{HOME}/dead-letters")
    browser.submit(f"{binary_id}/retry")
    assert admin.get("dead-letters").json["total"] == 2
    browser.open(f"{HOME}/dead-letters/{binary_id}/drop")
    browser.submit("/drop")
    assert "The message is deleted." in browser.page
    listed = admin.get("dead-letters").json["dead_letters"]
    assert [letter["id"] for letter in listed] == [text_id]
