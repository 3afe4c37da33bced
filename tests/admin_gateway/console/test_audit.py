"""The audit log says in words what was done, to what, and what changed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from admin_gateway.console import audit_words
from coupon_core.domain.models.operators import Role
from tests.admin_gateway.routes.test_audit_coverage import CHANGES
from tests.support.admin_client import AdminClient
from tests.support.console_client import sign_in_as
from tests.support.paths import PROJECT_ROOT

HOME = "/console/t/acme"
is_action = re.compile(r"[a-z_]+\.[a-z_]+").fullmatch


def list_recorded_actions() -> Iterator[str]:
    """Yield the actions that the product's calls of `record` name."""
    for path in (PROJECT_ROOT / "coupon_core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            is_call = isinstance(node, ast.Call)
            if is_call and ast.unparse(node.func).endswith(("record", "record_each")):
                for argument in node.args[1:2]:
                    value = getattr(argument, "value", None)
                    if isinstance(value, str) and is_action(value):
                        yield value


def test_every_recorded_action_has_words_and_is_a_choice() -> None:
    recorded = {*list_recorded_actions(), *(action for _, action in CHANGES.values())}
    assert len(recorded) > 60
    known = set(audit_words.list_actions())
    assert recorded - known == set()
    assert [one for one in known if audit_words.describe_action(one) == one] == []
    nouns, verbs = zip(*(one.split(".") for one in known), strict=True)
    assert audit_words.OBJECTS.keys() == set(nouns)
    assert audit_words.VERBS.keys() == set(verbs)


def test_entries_name_the_object_and_what_changed(sqlite_admin: AdminClient) -> None:
    admin = sqlite_admin
    definition = admin.create_definition("Autumn")
    (coupon,) = admin.generate_coupons(definition["id"], "anna")
    path = f"coupons/{definition['id']}"
    assert admin.patch(path, {"name": "Winter"}).status_code == 200
    changes = {"metadata": {"wave": 2}}
    changed = admin.patch(f"{path}/coupons/{coupon['id']}", changes)
    assert changed.status_code == 200
    browser = sign_in_as(admin, Role.OWNER)
    page = browser.open(f"{HOME}/audit").text
    assert "definition: changed" in page
    assert "<div>name: Autumn → Winter</div>" in page
    link = re.escape(f'<a href="{HOME}/definitions/{definition["id"]}"')
    assert re.search(f"{link}[^>]*>Winter</a>", page)
    assert f'{HOME}/codes/{definition["id"]}"' not in page
    assert f'href="{HOME}/codes/{coupon["id"]}"' in page
    assert "<div>changed: metadata</div>" in page
    assert re.search("<summary>[0-9]+ values</summary>", page)
    assert ">coupon.changed<" not in page
    assert '">owner@acme.example</span></td>\n<td>' in page.partition("joined")[2]
    filtered = browser.open(f"{HOME}/audit?action=definition.created").text
    assert '<option value="definition.created" selected>' in filtered
    assert "definition: changed</td>" not in filtered
    assert (
        'value="own.action" selected'
        in browser.open(f"{HOME}/audit?action=own.action").text
    )
