"""`make check-api-docs`: read the API documents with other people's tools.

Everything that a tool prints as a finding or warning fails the check. The tools are
installed from PyPI and npm into tests/apidoc, in the locked versions.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import admin_gateway
import query_gateway
from tests.support.servers.node import node_wheel
from tests.support.settings import build_settings
from tests.support.tool_environments import install_python_tools, is_outdated

HERE = Path(__file__).parent
PYTHON_TOOLS = HERE / ".venv"
NODE_TOOLS = HERE / "node_modules"
OPENAPI_FILES = ("admin.json", "query.json")
WARNING = re.compile(r"warning|⚠|✖", re.IGNORECASE)


def main() -> int:
    """Return the exit status: 1 if a tool has a finding."""
    environment = {**os.environ, "PATH": f"{node_wheel().parent}:{os.environ['PATH']}"}
    install_tools(environment)
    with tempfile.TemporaryDirectory(prefix="apidoc-") as name:
        directory = Path(name)
        write_documents(directory)
        results = [
            run_tool(title, command, directory, environment)
            for title, command in list_commands()
        ]
    return 0 if all(results) else 1


def install_tools(environment: dict[str, str]) -> None:
    """Install the locked tools, unless they are installed."""
    install_python_tools(PYTHON_TOOLS, HERE / "requirements.lock")
    if is_outdated(NODE_TOOLS, HERE / "package-lock.json"):
        cli = node_wheel().parents[1] / "lib/node_modules/npm/bin/npm-cli.js"
        install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(
            [node_wheel(), cli, *install], cwd=HERE, env=environment, check=True
        )
        (NODE_TOOLS / ".complete").touch()


def write_documents(directory: Path) -> None:
    """Write the documents as the gateways serve them, and the tools' settings."""
    settings = build_settings("sqlite:///:memory:")
    admin, query = (
        gateway.create_app(settings).test_client()
        for gateway in (admin_gateway, query_gateway)
    )
    documents = {
        "admin.json": admin.get("/openapi.json"),
        "query.json": query.get("/openapi.json"),
        "asyncapi.json": admin.get("/asyncapi.json"),
    }
    for name, answer in documents.items():
        (directory / name).write_text(json.dumps(answer.json, indent=2))
    for path in HERE.glob("*.yaml"):
        shutil.copy(path, directory)


def list_commands() -> Iterator[tuple[str, list[str | Path]]]:
    """Yield the command of every check with its title."""
    node_bin, python_bin = NODE_TOOLS / ".bin", PYTHON_TOOLS / "bin"
    for name in OPENAPI_FILES:
        yield (
            f"openapi-spec-validator {name}",
            [python_bin / "openapi-spec-validator", name],
        )
        client = [python_bin / "openapi-python-client", "generate", "--path", name]
        options = ["--meta", "none", "--output-path", f"{name}-client"]
        strict = ["--config", "python_client.yaml", "--fail-on-warning"]
        yield f"openapi-python-client {name}", [*client, *options, *strict]
        types = f"{name}.ts"
        yield (
            f"openapi-typescript {name}",
            [node_bin / "openapi-typescript", name, "-o", types],
        )
        yield f"tsc {name}", [node_bin / "tsc", "--noEmit", "--strict", types]
        lint = ["lint", "--ruleset", "spectral.yaml", "--fail-severity", "hint"]
        yield f"spectral {name}", [node_bin / "spectral", *lint, name]
        config = ["--config", "redocly.yaml"]
        yield f"redocly {name}", [node_bin / "redocly", "lint", name, *config]
    parser = HERE / "parse_asyncapi.mjs"
    yield "@asyncapi/parser asyncapi.json", [node_wheel(), parser, "asyncapi.json"]


def run_tool(
    title: str, command: list[str | Path], directory: Path, environment: dict[str, str]
) -> bool:
    """Run a tool, print its findings, and return True if there are none."""
    started_at = monotonic()
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True
    )
    output = done.stdout + done.stderr
    is_clean = done.returncode == 0 and not WARNING.search(output)
    verdict = "0 findings" if is_clean else "FINDINGS"
    seconds = monotonic() - started_at
    print(f"{title:36}{verdict:12}{seconds:6.1f} s", flush=True)
    if not is_clean:
        print(output)
    return is_clean


if __name__ == "__main__":
    sys.exit(main())
