"""Docker Compose: the schema of its files."""

from __future__ import annotations

from tests.deploy.items import DEPLOY, Item, run_tool

COMPOSE_FILE = DEPLOY / "compose.yaml"
PROMETHEUS_FILE = DEPLOY / "observability" / "prometheus.yml"


def check_schema() -> str:
    """Compare the file with the schema of Compose that the tool contains."""
    run_tool(
        *("check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE_FILE)
    )
    return ""


def check_prometheus() -> str:
    """Have promtool read the configuration of the profile `observability`."""
    run_tool("promtool", "check", "config", PROMETHEUS_FILE)
    return ""


ITEMS = (
    Item("compose.yaml", ("check-jsonschema",), check_schema),
    Item("prometheus.yml", ("promtool",), check_prometheus),
)
