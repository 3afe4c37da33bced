"""What `docs/operations` has an operator write is what containers and units read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

from coupon_core.settings.model import VARIABLES
from tests.deploy.compose import COMPOSE_FILE
from tests.deploy.systemd import INSTALLED, UNITS
from tests.support.paths import PROJECT_ROOT

PAGES = PROJECT_ROOT / "docs" / "operations"


def run_shell(script: str, directory: Path) -> str:
    done = subprocess.run(
        ["bash", "-euc", script], cwd=directory, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read_block(first_words: str) -> str:
    text = "".join(path.read_text() for path in PAGES.glob("*.md"))
    (block,) = re.findall(
        rf"```bash\n({re.escape(first_words)}.*?)```", text, re.DOTALL
    )
    return block


def test_printed_commands_make_the_secrets_that_are_read(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    run_shell(read_block("DATABASE="), tmp_path)
    directory = tmp_path / "deploy" / "secrets"
    made = {path.name for path in directory.iterdir()}
    secrets = yaml.safe_load(COMPOSE_FILE.read_text())["secrets"]
    assert {Path(each["file"]).name for each in secrets.values()} <= made
    assert directory.stat().st_mode & 0o777 == 0o700
    (tmp_path / "coupons.env").write_text("COUPON_GATEWAY_WORKERS=2\n")
    wrapper = (UNITS / "couponctl").read_text()
    for old, new in (
        ("/etc/coupons/secrets", directory),
        ("/etc/coupons", tmp_path),
        ("/var/lib/couponctl", tmp_path / "data"),
        (INSTALLED, Path(sys.executable).parent),
    ):
        wrapper = wrapper.replace(old, str(new))
    shown = run_shell(f"set -- config show\n{wrapper}", tmp_path)
    for url in ("postgres/coupons", "rabbitmq//", "valkey/0"):
        assert f"@{url}" in shown
    assert re.search(r"COUPON_GATEWAY_WORKERS\W+2\b", shown)
    assert (directory / "master_keys").read_text().strip() not in shown


def test_units_and_wrapper_pass_the_same_secrets() -> None:
    names = {variable.name for variable in VARIABLES.values()}
    unit, wrapper = (
        set(re.findall(r"(\w+)_FILE=", (UNITS / name).read_text()))
        for name in ("coupons-.service.d/hardening.conf", "couponctl")
    )
    assert unit == wrapper <= names


def test_printed_commands_name_both_nodes_in_nginx(tmp_path: Path) -> None:
    command, _ = read_block("sed -e ").split(" > ")
    text = run_shell(command, PROJECT_ROOT)
    for port in (8001, 8002):
        for node in (11, 12):
            assert text.count(f"    server 10.0.0.{node}:{port};\n") == 1
    assert "127.0.0.1" not in text


def test_printed_installation_is_that_of_the_image() -> None:
    dockerfile = (COMPOSE_FILE.with_name("Dockerfile")).read_text()
    install, upgrade = (
        re.findall(r"/opt/coupons/bin/pip install (.*)", read_block(first_words))
        for first_words in ("apt-get install --yes python3-venv", "systemctl stop")
    )
    assert len(install) == 2
    assert upgrade == install
    for line in install:
        for word in line.split():
            assert word in dockerfile


def test_printed_environment_sets_what_compose_requires() -> None:
    text = COMPOSE_FILE.read_text()
    known = set(re.findall(r"\$\{(\w+)", text))
    required = set(re.findall(r"\$\{(\w+):\?", text))
    printed = set(re.findall(r"^(\w+)=", read_block("cat > deploy/.env"), re.MULTILINE))
    assert required <= printed <= known | {"COMPOSE_PROFILES"}
