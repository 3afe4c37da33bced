"""The programs that the specifications print, run against real gateways."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.factories.tenant import TenantFactory
from tests.support.printed_examples import DOCUMENTS_DIR, TENANT_ID, USER_ID, Admin
from tests.support.servers import find_node

JAVASCRIPT_START = """
const QUERY_API_URL = '{url}';
const getAuthToken = async () => '{token}';
"""


@dataclass
class PrintedPrograms:
    """Two real gateways with data, and the programs to run against them."""

    query_url: str
    admin: Admin
    tenant: TenantFactory
    directory: Path

    def create_coupon(self, **config: Any) -> str:
        """Issue a coupon to the programs' user; return its code."""
        definition = self.admin.define("For a program", **config)
        return self.admin.generate(definition["id"])["coupons"][0]["code"]

    def run_python(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a Python program of the specification."""
        text = (DOCUMENTS_DIR / name).read_text()
        replacements = {
            "https://query.api.yourgame.gg": self.query_url,
            "your-jwt-token": self.tenant.mint_token(USER_ID),
            "your-tenant-secret": self.tenant.secret,
        }
        for printed, ours in replacements.items():
            text = text.replace(printed, ours)
        return run_program([sys.executable, "-"], text, self.directory)

    def run_javascript(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a JavaScript program of the specification as a module."""
        start = JAVASCRIPT_START.format(
            url=self.query_url, token=self.tenant.mint_token(USER_ID)
        )
        text = start + (DOCUMENTS_DIR / name).read_text()
        command = [str(find_node()[0]), "--input-type=module", "-"]
        return run_program(command, text, self.directory)


def run_program(
    command: list[str], text: str, directory: Path
) -> subprocess.CompletedProcess[str]:
    """Run a program that is passed on stdin."""
    options = {"capture_output": True, "text": True, "timeout": 60}
    return subprocess.run(command, input=text, cwd=directory, **options)


def create_printed_token(directory: Path, secret: str, user_id: Any) -> str:
    """Return a token created by the printed program for proxy servers."""
    package = directory / "node_modules" / "jsonwebtoken"
    package.mkdir(parents=True)
    (package / "index.js").write_text((DOCUMENTS_DIR / "jsonwebtoken.js").read_text())
    arguments = json.dumps([TENANT_ID, secret, user_id])
    text = (DOCUMENTS_DIR / "tenant_token.js").read_text()
    text += f"\nconsole.log(createTenantJWT(...{arguments}));\n"
    command = [str(find_node()[0]), "--input-type=commonjs", "-"]
    done = run_program(command, text, directory)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
