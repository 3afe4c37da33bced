"""The examples that the specifications print, and clients that call as they do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from tests.factories.tenant import TenantFactory
from tests.support.paths import PROJECT_ROOT

DOCUMENTS_DIR = PROJECT_ROOT / "tests" / "documents"
RESPONSES = json.loads((DOCUMENTS_DIR / "responses.json").read_text())
CONFIGS = json.loads((DOCUMENTS_DIR / "configs.json").read_text())
TENANT_ID, USER_ID = "your-tenant-id", "user_123"


def is_uuid(value: Any) -> bool:
    """Return True if the value is a UUID."""
    return bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(value)))


def is_code(value: Any) -> bool:
    """Return True if the value is a generated code."""
    return bool(re.fullmatch(r"WELCOME[0-9A-Z]{8}", str(value)))


PLACEHOLDER_KINDS = [is_uuid, is_code]


def find_placeholders(golden: Any, actual: Any) -> Iterator[tuple[str, str]]:
    """Yield pairs of values that differ in each run, such as IDs and codes."""
    if isinstance(golden, dict) and isinstance(actual, dict):
        for name in golden.keys() & actual.keys():
            yield from find_placeholders(golden[name], actual[name])
    elif isinstance(golden, list) and isinstance(actual, list):
        for golden_item, actual_item in zip(golden, actual, strict=False):
            yield from find_placeholders(golden_item, actual_item)
    elif any(is_kind(golden) and is_kind(actual) for is_kind in PLACEHOLDER_KINDS):
        yield golden, actual


def fill_placeholders(golden: Any, actual: Any) -> Any:
    """Return the example with the IDs and codes of this answer."""
    text = json.dumps(golden)
    for old, new in dict(find_placeholders(golden, actual)).items():
        text = text.replace(old, new)
    return json.loads(text)


def assert_is_example(name: str, actual: Any) -> None:
    """Check that an answer equals an example."""
    assert actual == fill_placeholders(RESPONSES[name], actual)


@dataclass
class Admin:
    """Make the examples' requests to the admin gateway with `call`."""

    call: Callable[[str, str, Any], dict[str, Any]]

    def create_reward_item(self) -> str:
        """Create the examples' reward item and return its ID."""
        body = {**RESPONSES["coupon"]["reward_item"]}
        del body["item_id"]
        return self.call("POST", "rewards", body)["item_id"]

    def define(self, name: str, **config: Any) -> dict[str, Any]:
        """Create a definition with some members of its config."""
        full_config = {"reward_item_id": self.create_reward_item(), **config}
        text = RESPONSES["definitions"]["definitions"][0]["description"]
        body = {"name": name, "description": text, "config": full_config}
        return self.call("POST", "coupons", body)

    def generate(self, definition_id: str, **more: Any) -> dict[str, Any]:
        """Issue coupons to the examples' user."""
        body = {"user_ids": [USER_ID], **more}
        return self.call("POST", f"coupons/{definition_id}/generate", body)


@dataclass
class Player:
    """Send the examples' requests as a user, with a new token, in one path style."""

    client: FlaskClient
    tenant: TenantFactory
    base_path: str

    def get(self, path: str) -> Any:
        """Send a GET and return the body."""
        headers = self.tenant.build_bearer_headers(USER_ID)
        return self.client.get(self.base_path + path, headers=headers).json

    def redeem(self, code: str) -> Any:
        """Redeem a code and return the body."""
        headers = self.tenant.build_bearer_headers(USER_ID)
        path, body = f"{self.base_path}/redeem/{code}", {"user_id": USER_ID}
        return self.client.post(path, json=body, headers=headers).json
