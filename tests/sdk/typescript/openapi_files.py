"""`make sdk-openapi`: write the OpenAPI documents that SDKs are generated from."""

from __future__ import annotations

import json
from pathlib import Path

from tests.sdk.openapi import APPS, read_document
from tests.support.paths import PROJECT_ROOT


def get_path(api: str) -> Path:
    """Return the file of a document."""
    return PROJECT_ROOT / "sdk" / "openapi" / f"{api}.json"


def format_document(api: str) -> str:
    """Return the document as its gateway serves it, with one member in a line."""
    return json.dumps(read_document(api), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in APPS:
        get_path(name).write_text(format_document(name))
