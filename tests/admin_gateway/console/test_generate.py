"""Pages that generate, import and export codes, with files and without."""

from __future__ import annotations

import csv
import re
from io import BytesIO
from typing import Any

import pytest

from admin_gateway.console import uploads
from coupon_core.domain.models import Page
from coupon_core.domain.models.operators import Role
from coupon_core.services import batches
from coupon_core.web.body_admission import PENDING_BODY_ENVIRON_KEY, BodyRequired
from tests.support.admin_client import AdminClient
from tests.support.console_client import Browser, sign_in_as

HOME = "/console/t/acme"


@pytest.fixture
def definition_id(admin: AdminClient) -> str:
    """Return the ID of an active definition."""
    return str(admin.create_definition("Black Friday")["id"])


@pytest.fixture
def manager(admin: AdminClient, definition_id: str) -> Browser:
    """Return the browser of a manager of a tenant with a definition."""
    return sign_in_as(admin, Role.MANAGER)


def file_of(text: str | bytes) -> tuple[BytesIO, str]:
    """Return a file as a form sends it."""
    return BytesIO(text.encode() if isinstance(text, str) else text), "codes.csv"


def submit(browser: Browser, path: str, check: bool = False, **values: Any) -> str:
    """Fill in the form of a page; `check` presses "Only check". Return the page."""
    browser.open(HOME + path)
    fields = {**browser.find_form(path)["fields"], **values}
    response = browser.client.post(
        f"{HOME}{path}{'/check' if check else ''}",
        data=fields,
        content_type="multipart/form-data",
    )
    return browser._follow(browser.path, response).text


def count_codes(admin: AdminClient) -> int:
    return len(admin.get("codes?limit=500").json["coupons"])


def test_a_number_of_codes_is_checked_generated_and_downloaded(
    admin: AdminClient, manager: Browser, definition_id: str
) -> None:
    order = {"definition_id": definition_id, "count": "30", "expires_at": "2099-12-31"}
    checked = submit(manager, "/generate", check=True, **order)
    assert "30 codes would be generated" in checked
    assert "2099-12-31 23:59" in checked
    assert 'value="30"' in checked
    assert count_codes(admin) == 0
    done = submit(manager, "/generate", **order)
    assert "/batches/" in manager.path
    assert "completed" in done
    (download,) = re.findall(r'href="([^"]*/export/codes\.csv[^"]*)"', done)
    rows = list(csv.DictReader(manager.open(download).text.splitlines()))
    assert len(rows) == 30
    audited = admin.get("audit?action=codes.exported").json["entries"]
    assert [entry["actor"].partition(":")[0] for entry in audited] == ["operator"]


def test_a_link_or_the_only_definition_is_selected(
    admin: AdminClient, manager: Browser, definition_id: str
) -> None:
    selected = f'<option value="{definition_id}" selected>'
    for path in ("/generate", "/import"):
        assert selected in manager.open(HOME + path).text
    admin.create_definition("Other")
    for path in ("/generate", "/import"):
        assert selected not in manager.open(HOME + path).text
        linked = manager.open(f"{HOME}{path}?definition_id={definition_id}").text
        assert selected in linked


def test_many_codes_show_progress_with_and_without_scripts(
    admin: AdminClient, manager: Browser, definition_id: str
) -> None:
    page = submit(manager, "/generate", definition_id=definition_id, count="50000")
    assert "waiting for a worker" in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert "Refresh</a>" in page
    (fragment_path,) = re.findall(r'hx-get="([^"]*)"', page)
    polled = manager.client.get(fragment_path)
    assert "HX-Refresh" not in polled.headers
    fragment = polled.text
    assert "<html" not in fragment
    assert "every 2s" in fragment
    manager.open(manager.path + "/cancel")
    assert "remain valid" in manager.page
    manager.submit("/cancel")
    assert "The batch is cancelled." in manager.page
    ended = manager.client.get(fragment_path)
    assert "every 2s" not in ended.text
    assert ended.headers["HX-Refresh"] == "true"


def test_users_of_a_file_get_a_code_each(
    admin: AdminClient, manager: Browser, definition_id: str
) -> None:
    order = {"definition_id": definition_id}
    wrong = submit(
        manager, "/generate", file=file_of("user_id\nanna\n<script>\x01\n"), **order
    )
    assert "What is wrong in the file" in wrong
    assert "&lt;script&gt;" in wrong
    assert 'id="file-error"' in wrong
    users = file_of("anna\nben\n".encode("utf-16"))
    submit(manager, "/generate", file=users, no_header="true", **order)
    assert "/batches/" in manager.path
    codes = admin.get("codes").json["coupons"]
    assert {code["user_id"] for code in codes} == {"anna", "ben"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"count": ""}, "count"),
        ({"count": "0"}, "count"),
        ({"count": "10000001"}, "count"),
        ({"count": "1e3"}, "count"),
        ({"count": "5", "file": file_of("anna")}, "count"),
        ({"count": "5", "expires_at": "31.12."}, "expires_at"),
        ({"count": "5", "expires_at": "2001-01-01"}, "expires_at"),
        ({"count": "5", "definition_id": ""}, "definition_id"),
        ({"count": "5", "definition_id": "no ID"}, "definition_id"),
        ({"file": file_of("user_id\nanna"), "encoding": "x"}, "encoding"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_errors_are_beside_the_field_and_nothing_is_generated(
    admin: AdminClient,
    manager: Browser,
    definition_id: str,
    values: dict[str, Any],
    field: str,
) -> None:
    if "file" in values:  # a parameter is used once for each database
        values = {**values, "file": file_of("user_id\nanna")}
    page = submit(manager, "/generate", **{"definition_id": definition_id, **values})
    assert f'id="{field}-error"' in page, page
    assert f'value="{values.get("count") or ""}"' in page
    assert batches.list_batches("acme", Page(10, 0))[1] == 0


def test_a_form_that_is_submitted_twice_generates_once(
    admin: AdminClient, manager: Browser, definition_id: str
) -> None:
    manager.open(f"{HOME}/generate")
    fields = manager.find_form("/generate")["fields"]
    for _ in range(2):  # the parts are separated by another text each time
        data = {**fields, "definition_id": definition_id, "file": file_of("user_id\na")}
        response = manager.client.post(f"{HOME}/generate", data=data)
        assert response.status_code == 303
    assert count_codes(admin) == 1
    changed = {**fields, "definition_id": definition_id, "count": "2"}
    manager.client.post(f"{HOME}/generate", data=changed)
    assert count_codes(admin) == 3


def test_a_file_of_codes_is_checked_and_imported(
    admin: AdminClient, manager: Browser, definition_id: str
) -> None:
    order: dict[str, Any] = {"definition_id": definition_id}
    text = "code\nPRINTED1\nPRINTED2\nPRINTED1\n"
    wrong = submit(manager, "/import", file=file_of(text), **order)
    assert "1 line is wrong" in wrong
    assert "<td>4</td>" in wrong
    order["partial"] = "true"
    checked = submit(manager, "/import", check=True, file=file_of(text), **order)
    assert "2 codes would be imported" in checked
    assert count_codes(admin) == 0
    for _ in range(2):  # the check has reserved nothing
        done = submit(manager, "/import", file=file_of(text), **order)
        order = {**order, "partial": ""}
        if "/jobs/" in manager.path:
            assert "Codes: 2. Lines left out: 1." in done
    assert count_codes(admin) == 2
    assert "Import codes" in manager.open(f"{HOME}/jobs").text
    rows = list(csv.reader(manager.open(f"{HOME}/jobs?format=csv").text.splitlines()))
    assert rows[1][1] == "import"


def test_an_import_without_a_file_says_so(manager: Browser, definition_id: str) -> None:
    assert "Choose a definition." in submit(manager, "/import", definition_id="x")
    page = submit(manager, "/import", definition_id=definition_id)
    assert "Choose a file." in page


def test_the_role_is_checked_before_a_file_is_received(
    admin: AdminClient, manager: Browser
) -> None:
    pending = {PENDING_BODY_ENVIRON_KEY: True, "CONTENT_LENGTH": "200000000"}
    path = f"{HOME}/import"
    anonymous = Browser(admin.app).client.post(path, environ_overrides=pending)
    assert anonymous.headers["Location"].startswith("/console/sign-in")
    viewer = sign_in_as(admin, Role.VIEWER)
    assert viewer.client.post(path, environ_overrides=pending).status_code == 403
    with pytest.raises(BodyRequired):
        manager.client.post(path, environ_overrides=pending)
    too_large = {**pending, "CONTENT_LENGTH": "300000000"}
    assert manager.client.post(path, environ_overrides=too_large).status_code == 413


def test_two_files_are_received_at_a_time(manager: Browser) -> None:
    for _ in range(uploads.MAX_UPLOADS):
        uploads._slots.acquire()
    try:
        response = manager.client.post(f"{HOME}/import")
        assert response.status_code == 503
        assert "Two files are being received already" in response.text
        assert response.headers["Retry-After"] == "30"
    finally:
        uploads._slots.release(uploads.MAX_UPLOADS)
    for _ in range(uploads.MAX_UPLOADS + 1):  # each request gives its place back
        assert manager.client.post(f"{HOME}/import").status_code == 400


def test_an_export_has_the_filters_of_the_api(
    admin: AdminClient, manager: Browser, definition_id: str
) -> None:
    admin.generate_coupons(definition_id, "anna", "ben")
    response = manager.open(f"{HOME}/export/codes.csv?user_id=ben&status=active&code=")
    assert response.content_type == "text/csv; charset=utf-8"
    assert len(response.text.splitlines()) == 2
    wrong = manager.open(f"{HOME}/export/codes.csv?batch_id=7&user_id=ben")
    assert wrong.status_code == 400
    assert 'id="batch_id-error"' in wrong.text
    assert 'value="ben"' in wrong.text


def test_without_definitions_the_pages_explain_the_first_step(
    admin: AdminClient,
) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    for path in ("/generate", "/import"):
        assert "First create a definition" in browser.open(HOME + path).text
    for path in ("/batches", "/jobs"):
        assert 'class="empty"' in browser.open(HOME + path).text
