"""A player's pages: what one has and did; revoke all, export, erase."""

from __future__ import annotations

import json
from typing import Any

import pytest

from admin_gateway.console import player_data
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.persistence.repositories import personal_data
from coupon_core.services.coupons import redemption, reservations
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.support.admin_client import AdminClient
from tests.support.console_client import Browser, sign_in_as

HOME = "/console/t/acme"
ANNA = f"{HOME}/players/anna"
SCRIPT = "<script>alert(1)<script>"


@pytest.fixture
def coupon(admin: AdminClient) -> Any:
    """Return the coupon of the player anna."""
    definition = admin.create_definition("Autumn", limits={"per_code": 3})["id"]
    return admin.generate_coupons(definition, "anna")[0]


@pytest.fixture
def owner(admin: AdminClient) -> Browser:
    """Return the browser of an owner."""
    return sign_in_as(admin, Role.OWNER)


def test_a_player_is_found_by_the_id(owner: Browser, coupon: Any) -> None:
    assert "No player is registered." in owner.open(f"{HOME}/players").text
    owner.open(f"{HOME}/players?user_id=+anna+")
    assert owner.path == ANNA
    assert coupon["code"] in owner.page
    wrong = owner.open(f"{HOME}/players?user_id=a/b")
    assert wrong.status_code == 400
    assert 'id="user_id-error"' in wrong.text
    assert 'value="a/b"' in wrong.text


def test_codes_are_filtered_by_state_also_as_csv(owner: Browser, coupon: Any) -> None:
    assert coupon["code"] in owner.open(f"{ANNA}?status=active").text
    assert "no such codes" in owner.open(f"{ANNA}?status=revoked").text
    rows = owner.open(f"{ANNA}?status=active&format=csv").text.splitlines()
    assert rows[0] == "code,definition,user_id,status,uses,generated_at,expires_at"
    assert rows[1].startswith(f"{coupon['code']},Autumn,anna,active,0,")
    assert owner.open(f"{ANNA}?status=lost").status_code == 400


def test_uses_lead_to_giving_one_back(owner: Browser, coupon: Any) -> None:
    for _ in range(2):
        redemption.redeem(RedeemRequest("acme", coupon["code"], "anna"), utc_now())
    page = owner.open(f"{ANNA}/uses").text
    paths = [part for part in page.split('"') if part.endswith("/reverse")]
    assert len(paths) == 2
    owner.open(paths[0])
    owner.submit("/reverse")
    assert owner.open(f"{ANNA}/uses").text.count("given back</span>") == 1
    assert len(owner.open(f"{ANNA}/uses?format=csv").text.splitlines()) == 3


def test_reservations_show_whether_they_hold_a_use(owner: Browser, coupon: Any) -> None:
    assert "Nothing was reserved" in owner.open(f"{ANNA}/reservations").text
    request = RedeemRequest("acme", coupon["code"], "anna", reference="order 7")
    reservations.reserve(request, ttl_seconds=60, now=utc_now())
    page = owner.open(f"{ANNA}/reservations").text
    assert "holds a use</span>" in page
    assert "order 7" in page
    csv_text = owner.open(f"{ANNA}/reservations?format=csv").text
    assert ",held," in csv_text


def test_reservations_have_pages(admin: AdminClient, coupon: Any) -> None:
    for number in range(3):
        request = RedeemRequest("acme", coupon["code"], "anna", reference=str(number))
        reservations.reserve(request, ttl_seconds=60, now=utc_now())
    first, cursor = reservations.list_by_user("acme", "anna", 2, None)
    second, end = reservations.list_by_user("acme", "anna", 2, cursor)
    assert [one.reference for one in (*first, *second)] == ["2", "1", "0"]
    assert end is None


def test_points_show_balances_and_changes(admin: AdminClient, owner: Browser) -> None:
    assert "never had points" in owner.open(f"{ANNA}/points").text
    admin.post("users", {"user_id": "anna"})
    admin.post(
        "points/credit", {"user_id": "anna", "point_id": "gold", "amount": 12_345}
    )
    page = owner.open(f"{ANNA}/points").text
    assert "12\u202f345" in page
    assert "credited" in page
    assert "registered</span>" in page
    assert ">anna</a>" in owner.open(f"{HOME}/players").text


def test_all_codes_are_revoked_after_a_question(owner: Browser, coupon: Any) -> None:
    owner.open(f"{ANNA}/revoke")
    assert "1 code is refused immediately." in owner.page
    owner.submit("/revoke")
    assert "1 code is revoked." in owner.page
    assert coupon["code"] in owner.open(f"{ANNA}?status=revoked").text
    assert "no code that could be revoked" in owner.open(f"{ANNA}/revoke").text


def test_many_codes_are_revoked_only_after_the_id_is_typed(
    admin: AdminClient, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("admin_gateway.console.pages.player.MAX_WITHOUT_TYPING", 1)
    definition = admin.create_definition("Many")["id"]
    for _ in range(2):
        admin.generate_coupons(definition, "anna")
    owner.open(f"{ANNA}/revoke")
    assert owner.submit("/revoke", typed_name="ann").status_code == 400
    assert 'id="typed_name-error"' in owner.page
    assert 'value="ann"' in owner.page
    owner.submit("/revoke", typed_name="anna")
    assert "2 codes are revoked." in owner.page


def test_the_data_of_a_player_is_exported_and_audited(
    owner: Browser, coupon: Any
) -> None:
    response = owner.open(f"{ANNA}/export")
    assert response.headers["Content-Disposition"].startswith("attachment")
    data = json.loads(response.text)["data"]
    assert [row["code"] for row in data["coupon"]] == [coupon["code"]]
    assert "user.exported" in owner.open(f"{HOME}/audit").text
    assert owner.open(f"{HOME}/players/nobody/export").status_code == 404


def test_a_player_is_erased_only_after_the_id_is_typed(
    owner: Browser, coupon: Any
) -> None:
    owner.open(f"{ANNA}/erase")
    assert "cannot be undone" in owner.page
    assert "<li>codes: 1</li>" in owner.page
    assert "coupon_event" not in owner.page
    assert owner.submit("/erase", typed_name="Anna").status_code == 400
    assert 'value="Anna"' in owner.page
    assert coupon["code"] in owner.open(ANNA).text
    owner.open(f"{ANNA}/erase")
    owner.submit("/erase", typed_name="anna")
    assert "The player is erased:" in owner.page
    assert "erased-" in owner.page
    assert coupon["code"] not in owner.open(ANNA).text


def test_everything_that_is_erased_has_a_word() -> None:
    tables = {one.name for one in personal_data.PERSONAL_TABLES}
    assert player_data.STORED.keys() == tables


def test_a_player_with_live_reservations_is_not_erased(
    owner: Browser, coupon: Any
) -> None:
    request = RedeemRequest("acme", coupon["code"], "anna")
    reservations.reserve(request, ttl_seconds=60, now=utc_now())
    owner.open(f"{ANNA}/erase")
    assert owner.submit("/erase", typed_name="anna").status_code == 400
    assert "The user holds live reservations" in owner.page
    assert coupon["code"] in owner.open(ANNA).text


def test_what_a_role_may_not_do_is_hidden(admin: AdminClient, coupon: Any) -> None:
    page = sign_in_as(admin, Role.MANAGER).open(ANNA).text
    assert "/revoke" in page
    assert f"{ANNA}/export" not in page
    assert "/erase" not in page
    assert "/revoke" not in sign_in_as(admin, Role.SUPPORT).open(ANNA).text


def test_a_user_id_with_a_script_is_shown_as_text(
    admin: AdminClient, owner: Browser
) -> None:
    definition = admin.create_definition("Autumn")["id"]
    admin.generate_coupons(definition, SCRIPT)
    owner.open(f"{HOME}/players", query_string={"user_id": SCRIPT})
    for path in ("", "/uses", "/points", "/reservations", "/attempts", "/revoke"):
        page = owner.open(owner.path.removesuffix("/revoke") + path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
        owner.path = owner.path.removesuffix(path) if path else owner.path
