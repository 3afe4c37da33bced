"""Pages that change and print the codes of a batch."""

from __future__ import annotations

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.services import batches
from coupon_core.services.batches import BatchRequest
from tests.support.admin_client import AdminClient
from tests.support.console_client import Browser, sign_in_as

HOME = "/console/t/acme"


def generate(admin: AdminClient, count: int) -> str:
    """Generate a batch of a new definition; return the path of its page."""
    definition_id = admin.create_definition("Black <b>Friday</b>")["id"]
    batch = batches.request("acme", definition_id, BatchRequest(count), utc_now())
    assert batches.generate_chunk(("acme", batch.batch_id, 1), utc_now())
    return f"{HOME}/batches/{batch.batch_id}"


@pytest.fixture
def manager(admin: AdminClient) -> Browser:
    """Return the browser of a manager."""
    return sign_in_as(admin, Role.MANAGER)


def count_active(admin: AdminClient) -> int:
    return len(admin.get("codes?status=active&limit=500").json["coupons"])


def test_a_batch_is_suspended_and_resumed(admin: AdminClient, manager: Browser) -> None:
    path = generate(admin, 3)
    question = manager.open(f"{path}/suspend").text
    assert "Codes of the batch: 3. None of them can be redeemed" in question
    manager.submit("/suspend")
    assert manager.path == path
    assert "The batch is suspended" in manager.page
    assert ">suspended</span>" in manager.open(f"{HOME}/batches").text
    manager.open(path)
    manager.submit("/resume")
    assert "The batch is resumed" in manager.page
    assert ">suspended</span>" not in manager.page


def test_codes_are_revoked_and_restored_after_a_question(
    admin: AdminClient, manager: Browser
) -> None:
    path = generate(admin, 3)
    question = manager.open(f"{path}/revoke").text
    assert "can no longer be redeemed: 3." in question
    assert "typed_name" not in question
    assert count_active(admin) == 3
    manager.submit("/revoke")
    assert "/jobs/" in manager.path
    assert "3 codes changed" in manager.page
    assert "Codes of Black &lt;b&gt;" in manager.page
    assert count_active(admin) == 0
    manager.open(f"{path}/restore")
    manager.submit("/restore")
    assert count_active(admin) == 3


def test_more_than_a_thousand_codes_need_the_name(
    admin: AdminClient, manager: Browser
) -> None:
    path = generate(admin, 1_001)
    manager.open(f"{path}/revoke")
    assert "Black &lt;b&gt;Friday&lt;/b&gt;" in manager.page
    assert manager.submit("/revoke", typed_name="Black Friday").status_code == 400
    assert 'id="typed_name-error"' in manager.page
    assert count_active(admin) == 500
    manager.submit("/revoke", typed_name="Black <b>Friday</b>")
    assert "1\u202f001 codes changed" in manager.page
    assert count_active(admin) == 0


def test_an_expiry_is_checked_and_then_changed(
    admin: AdminClient, manager: Browser
) -> None:
    path = generate(admin, 3)
    manager.open(f"{path}/expiry")
    fields = {**manager.find_form("/expiry")["fields"], "expires_at": "2099-06-30"}
    checked = manager.client.post(f"{path}/expiry/check", data=fields).text
    assert "3 codes would change" in checked
    assert "2099-06-30 23:59" in checked
    assert all(one["expires_at"] is None for one in list_codes(admin))
    manager.submit("/expiry", expires_at="2099-06-30")
    assert "The expiry is being changed." in manager.page
    (expiry,) = {one["expires_at"] for one in list_codes(admin)}
    assert expiry.startswith("2099-06-30T23:59:59")
    manager.open(f"{path}/expiry")
    manager.submit("/expiry", follow_definition="true")
    assert all(one["expires_at"] is None for one in list_codes(admin))


def list_codes(admin: AdminClient) -> list[dict[str, object]]:
    return list(admin.get("codes?limit=500").json["coupons"])


def test_a_large_expiry_needs_the_name(admin: AdminClient, manager: Browser) -> None:
    path = generate(admin, 1_001)
    manager.open(f"{path}/expiry")
    manager.submit("/expiry", expires_at="2099-06-30")
    assert 'id="typed_name-error"' in manager.page
    assert 'value="2099-06-30"' in manager.page
    manager.submit("/expiry", typed_name="Black <b>Friday</b>", expires_at="2099-06-30")
    assert "/jobs/" in manager.path


@pytest.mark.parametrize("value", ["", "30/06/2099", "2001-01-01"])
def test_a_wrong_expiry_changes_nothing(
    admin: AdminClient, manager: Browser, value: str
) -> None:
    path = generate(admin, 1)
    manager.open(f"{path}/expiry")
    assert manager.submit("/expiry", expires_at=value).status_code == 400
    assert 'id="expires_at-error"' in manager.page
    assert list_codes(admin)[0]["expires_at"] is None


def test_qr_codes_are_printed_two_hundred_on_a_sheet(
    admin: AdminClient, manager: Browser
) -> None:
    path = generate(admin, 401)
    manager.open(f"{path}/qr")
    first = manager.open(f"{path}/qr/sheets?prefix=https://a.example/&sheets=2").text
    assert first.count('class="qr-sheet"') == 2
    assert first.count("<svg") == 400
    assert " style=" not in first
    (link,) = (part for part in first.split('"') if "after=" in part)
    second = manager.open(link.replace("&amp;", "&")).text
    assert second.count("<svg") == 1
    assert "Next codes" not in second
    entries = admin.get("audit?action=codes.exported").json["entries"]
    assert len(entries) == 2
    wrong = manager.open(f"{path}/qr/sheets?sheets=11&prefix=x")
    assert wrong.status_code == 400
    assert 'id="sheets-error"' in wrong.text
    assert manager.open(f"{path}/qr/sheets?after=x").status_code == 400


def test_filters_of_the_list_are_those_of_its_csv(
    admin: AdminClient, manager: Browser
) -> None:
    generate(admin, 1)
    for state, count in (("completed", 1), ("failed", 0)):
        listed = manager.open(f"{HOME}/batches?state={state}").text
        assert listed.count("<td>1</td>") == count * 2
        rows = manager.open(f"{HOME}/batches?state={state}&format=csv").text
        assert len(rows.splitlines()) == count + 1
    assert manager.open(f"{HOME}/batches?state=x").status_code == 400


def test_support_sees_batches_and_may_not_change_them(admin: AdminClient) -> None:
    path = generate(admin, 1)
    page = sign_in_as(admin, Role.SUPPORT).open(path).text
    assert "completed" in page
    for word in ("Suspend</a>", "Revoke", "Download the codes", "Print QR"):
        assert word not in page


def test_pages_are_german_for_who_reads_german(
    admin: AdminClient, manager: Browser
) -> None:
    path = generate(admin, 3)
    manager.open(f"{path}/revoke")
    manager.submit("/revoke")
    job_path = manager.path
    manager.headers = {"Accept-Language": "de"}
    for page, text in (
        (f"{HOME}/generate", "Letzter Tag"),
        (f"{HOME}/import", "Codes importieren"),
        (f"{HOME}/export", "Codes herunterladen"),
        (f"{HOME}/batches", "fertig"),
        (f"{HOME}/jobs", "Codes von"),
        (job_path, "3 Codes geändert"),
        (path, "Alle Codes des Stapels"),
        (f"{path}/expiry", "mit der Definition ablaufen"),
        (f"{path}/revoke", "eingelöst werden können: 0."),
        (f"{path}/restore", "wie vor dem Widerruf: 3."),
        (f"{path}/suspend", "Codes des Stapels: 3."),
        (f"{path}/cancel", "3 von 3 Codes"),
        (f"{path}/qr", "200 auf einer Seite"),
        (f"{path}/qr/sheets", "keine aktiven Codes"),
    ):
        response = manager.open(page)
        assert response.status_code == 200, page
        assert text in response.text, page


def test_a_batch_of_another_tenant_does_not_exist(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    foreign = generate(admin, 1).replace("/acme/", "/globex/")
    owner = sign_in_as(other_admin, Role.OWNER)
    for part in ("", "/progress", "/cancel", "/suspend", "/expiry", "/revoke", "/qr"):
        assert owner.open(foreign + part).status_code == 404, part
    assert owner.open(f"{foreign}/qr/sheets").status_code == 404
    assert 'class="empty"' in owner.open(foreign.rpartition("/")[0]).text


def test_a_finished_batch_cannot_be_cancelled(
    admin: AdminClient, manager: Browser
) -> None:
    manager.open(f"{generate(admin, 1)}/cancel")
    assert manager.submit("/cancel").status_code == 409
    assert 'role="alert"' in manager.page
