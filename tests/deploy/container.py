"""The container: its Dockerfile is linted."""

from __future__ import annotations

from tests.deploy.items import DEPLOY, Item, run_tool

DOCKERFILE = DEPLOY / "Dockerfile"


def lint_dockerfile() -> str:
    """Run hadolint."""
    return run_tool("hadolint", DOCKERFILE)


ITEMS = (Item("Dockerfile", ("hadolint",), lint_dockerfile),)
