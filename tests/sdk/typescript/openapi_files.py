"""`make sdk-openapi`: write the OpenAPI documents that SDKs are generated from."""

from __future__ import annotations

import json
from typing import Any

import admin_gateway
import query_gateway
from tests.sdk.openapi import get_path
from tests.support.settings import build_settings

APPS = {"admin": admin_gateway.create_app, "query": query_gateway.create_app}


def serve_document(api: str) -> Any:
    """Return a document as its gateway serves it."""
    app = APPS[api](build_settings("sqlite:///:memory:"))
    return app.test_client().get("/openapi.json").json


def format_document(api: str) -> str:
    """Return the document as its gateway serves it, with one member in a line."""
    return json.dumps(serve_document(api), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in APPS:
        get_path(name).write_text(format_document(name))
