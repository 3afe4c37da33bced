"""Links between the documents lead to files and headings that exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.paths import PROJECT_ROOT

DOCUMENTS = (
    *PROJECT_ROOT.glob("*.md"),
    *PROJECT_ROOT.glob("docs/**/*.md"),
    *PROJECT_ROOT.glob("sdk/*/README.md"),
)
BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def list_anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    headings = HEADING.findall(BLOCK.sub("", path.read_text()))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def test_each_link_between_documents_leads_somewhere() -> None:
    broken = []
    for document in DOCUMENTS:
        for name, anchor in LINK.findall(BLOCK.sub("", document.read_text())):
            target = (document.parent / name) if name else document
            if not target.exists() or (anchor and anchor not in list_anchors(target)):
                broken.append(f"{document.relative_to(PROJECT_ROOT)}: {name}#{anchor}")
    assert len(DOCUMENTS) > 20
    assert not broken
