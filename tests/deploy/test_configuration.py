"""What the files of `deploy/` name exists: settings, commands, secrets, files."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import rich_click as click
import yaml

import admin_gateway
import query_gateway
from admin_gateway.cli import couponctl
from coupon_core.bootstrap import METRICS_PORT_OFFSETS
from coupon_core.settings.model import VARIABLES
from coupon_core.web.request_body import BODY_LIMITS_EXTENSION
from tests.deploy.compose import COMPOSE_FILE, PROMETHEUS_FILE
from tests.deploy.items import DEPLOY
from tests.deploy.proxies import CADDYFILE, NGINX_FILE
from tests.deploy.systemd import INSTALLED, UNITS
from tests.support.settings import build_settings

COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OWN_SERVICES = {
    name: service
    for name, service in SERVICES.items()
    if service["image"].startswith("coupons:")
}
SETTINGS = {variable.name for variable in VARIABLES.values()}
OTHER_VARIABLES = {"FORWARDED_ALLOW_IPS"}  # of gunicorn


def require_command(words: list[str]) -> None:
    """Fail unless these are the words of a command of couponctl."""
    command: click.Command | None = couponctl
    while words:
        assert isinstance(command, click.Group), words
        _, command, words = command.resolve_command(click.Context(command), words)


@pytest.mark.parametrize("name", OWN_SERVICES)
def test_container_has_a_known_command_and_known_settings(name: str) -> None:
    service = OWN_SERVICES[name]
    require_command(service["command"])
    names = {key.removesuffix("_FILE") for key in service["environment"]}
    assert names <= SETTINGS | OTHER_VARIABLES


@pytest.mark.parametrize("name", SERVICES)
def test_container_is_hardened_and_its_image_has_a_version(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("restart") in ("unless-stopped", "no")
    assert re.search(r":(v?\d|\$\{COUPON_VERSION)", service["image"])


@pytest.mark.parametrize("kind", ["secrets", "networks"])
def test_what_containers_use_is_declared_and_nothing_else(kind: str) -> None:
    used = {
        entry["source"] if isinstance(entry, dict) else entry
        for service in SERVICES.values()
        for entry in service.get(kind, [])
    }
    assert used == COMPOSE[kind].keys()


def test_mounts_of_containers_are_volumes_or_files_of_deploy() -> None:
    sources = {
        mount.partition(":")[0]
        for service in SERVICES.values()
        for mount in service.get("volumes", [])
    }
    files = {source for source in sources if source.startswith(".")}
    assert sources - files == COMPOSE["volumes"].keys()
    assert [name for name in files if not (DEPLOY / name).exists()] == []


def test_containers_wait_for_others_that_exist() -> None:
    awaited = {
        name
        for service in SERVICES.values()
        for name, condition in service.get("depends_on", {}).items()
        if "healthcheck" in SERVICES[name]
        or condition["condition"] == "service_completed_successfully"
    }
    assert awaited == {
        *("migration", "postgres", "rabbitmq", "admin", "query"),
    }


@pytest.mark.parametrize(
    ("ages", "is_healthy"), [([], False), ([1, 1], True), ([1, 300], False)]
)
def test_health_of_workers_is_their_heartbeats(
    tmp_path: Path, ages: list[int], is_healthy: bool
) -> None:
    """Metrics are served as well while a worker makes no progress."""
    (tmp_path / "workers").mkdir()
    for number, age in enumerate(ages):
        path = tmp_path / "workers" / f"relay-{number}"
        path.touch()
        os.utime(path, (time.time() - age, time.time() - age))
    kind, script = SERVICES["workers"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    # Compose replaces $$ by $, and Docker uses the directory of the image.
    command = ["sh", "-c", script.replace("$$", "$")]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True)
    assert (found.returncode == 0) == is_healthy


def test_prometheus_reads_the_metrics_of_all_roles() -> None:
    (job,) = yaml.safe_load(PROMETHEUS_FILE.read_text())["scrape_configs"]
    read = {name: sd["port"] for sd in job["dns_sd_configs"] for name in sd["names"]}
    roles = OWN_SERVICES.keys() - {"migration"}
    assert read == {
        name: 9101 + METRICS_PORT_OFFSETS[name.partition("-")[0]] for name in roles
    }


def test_grafana_reads_what_is_mounted() -> None:
    provisioning = DEPLOY / "observability" / "grafana"
    (source,) = yaml.safe_load(
        (provisioning / "datasources" / "prometheus.yml").read_text()
    )["datasources"]
    assert source["url"].split("//")[1].partition(":")[0] in SERVICES
    (provider,) = yaml.safe_load(
        (provisioning / "dashboards" / "coupons.yml").read_text()
    )["providers"]
    mounts = [mount.split(":")[1] for mount in SERVICES["grafana"]["volumes"]]
    assert str(Path(provider["options"]["path"]).parent) in mounts


@pytest.mark.parametrize(
    "path", sorted(UNITS.glob("*.service")), ids=lambda path: path.stem
)
def test_unit_has_a_known_command(path: Path) -> None:
    (line,) = re.findall(
        rf"^ExecStart={INSTALLED}/couponctl (.*)$", path.read_text(), re.MULTILINE
    )
    require_command(line.split())


def test_units_pass_known_settings_from_credentials_that_they_load() -> None:
    text = (UNITS / "coupons-.service.d/hardening.conf").read_text()
    variables = dict(re.findall(r"^Environment=(\w+)=(.*)$", text, re.MULTILINE))
    assert {name.removesuffix("_FILE") for name in variables} <= SETTINGS
    loaded = set(re.findall(r"^LoadCredential=(\w+):", text, re.MULTILINE))
    passed = {value for value in variables.values() if value.startswith("%d/")}
    assert passed == {f"%d/{name}" for name in loaded}


def test_proxies_accept_the_largest_body_of_each_gateway() -> None:
    settings = build_settings("sqlite:///:memory:")
    apps = (each.create_app(settings) for each in (query_gateway, admin_gateway))
    largest = [max(app.extensions[BODY_LIMITS_EXTENSION].values()) for app in apps]
    caddy = re.findall(r"import gateway (\d+)(KiB|MiB)", CADDYFILE.read_text())
    nginx = re.findall(r"client_max_body_size (\d+)(k|m);", NGINX_FILE.read_text())
    for limits in (caddy, nginx):
        in_bytes = [
            int(number) * (1024 if unit in ("KiB", "k") else 1024**2)
            for number, unit in limits
        ]
        assert in_bytes == largest
