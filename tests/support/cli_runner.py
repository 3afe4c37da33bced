"""Run couponctl in tests, in this process or in a process of its own."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from admin_gateway.cli import couponctl
from tests.support.log_secrets import check_output

COUPONCTL_PATH = Path(sys.executable).with_name("couponctl")


class Terminal(io.BytesIO):
    """Standard input that is a terminal, with what is typed on it."""

    def isatty(self) -> bool:
        """Return True: programs may ask questions."""
        return True


@dataclass
class CouponctlRunner:
    """Run couponctl commands on one database and one data directory."""

    env: Mapping[str, str]
    actor: str = "cli"  # what histories call the caller

    def run(
        self, *arguments: str, stdin: str | bytes | Terminal | None = None
    ) -> Result:
        """Run couponctl; return its exit status and both outputs."""
        done = CliRunner().invoke(couponctl, arguments, input=stdin, env=dict(self.env))
        check_output(done.stderr)  # secrets are shown once, and on stdout
        return done

    def json(
        self, *arguments: str, status: int = 0, stdin: str | bytes | None = None
    ) -> dict[str, Any]:
        """Return the document that a command prints with --json."""
        result = self.run(*arguments, "--json", stdin=stdin)
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    def expect_refusal(
        self, *arguments: str, status: int = 1, stdin: str | bytes | None = None
    ) -> str:
        """Check that a command is refused without output; return its message."""
        result = self.run(*arguments, stdin=stdin)
        assert (result.exit_code, result.stdout) == (status, ""), result.output
        assert re.fullmatch(r"Error: [^\n]+\n", result.stderr), result.stderr
        return result.stderr.removeprefix("Error: ").rstrip("\n")

    def expect_usage_error(self, *arguments: str) -> str:
        """Check that the arguments are rejected; return the message on one line."""
        result = self.run(*arguments)
        assert (result.exit_code, result.stdout) == (2, ""), result.output
        return " ".join(result.stderr.split())

    def read_error(self, *arguments: str) -> dict[str, Any]:
        """Return the JSON object that a refused command prints to stderr."""
        result = self.run(*arguments, "--json")
        document = json.loads(result.stderr)
        assert (result.stdout, result.exit_code) == ("", document["exit_status"])
        return document

    def create_tenant(self, tenant_id: str = "acme") -> dict[str, str]:
        """Create a tenant; return its credentials."""
        return self.json("tenant", "create", tenant_id)

    def create_definition(self, name: str = "Welcome", *options: str) -> str:
        """Create a definition of acme with its own reward item; return its ID."""
        reward = "--name", "100 points", "--type", "points"
        item = self.json("reward", "create", "--tenant", "acme", *reward)
        about = "--name", name, "--reward", item["item_id"], *options
        definition = self.json("definition", "create", "--tenant", "acme", *about)
        return definition["id"]

    def generate_coupons(self, definition_id: str, *users: str) -> list[dict[str, Any]]:
        """Issue a coupon of acme to each user."""
        options = [argument for user in users for argument in ("--user", user)]
        chosen = "--tenant", "acme", "--definition", definition_id, *options
        return self.json("generate", *chosen)["coupons"]


# Commands that work only beside the database, or that call another server.
LOCAL_COMMANDS = {"tenant", "validate", "redeem", "history"}


@dataclass
class RemoteRunner(CouponctlRunner):
    """Run commands on a server, and those that need the database beside it."""

    def run(
        self, *arguments: str, stdin: str | bytes | Terminal | None = None
    ) -> Result:
        """Run couponctl; the notice of a write is checked and left out."""
        is_local = arguments[0] in LOCAL_COMMANDS
        options = ("--profile", "local") if is_local else ()
        done = super().run(*options, *arguments, stdin=stdin)
        notice = f"Changing tenant acme on {self.env['COUPON_SERVER']}.\n".encode()
        assert done.stderr_bytes.count(notice) <= 1
        done.stderr_bytes = done.stderr_bytes.replace(notice, b"")
        return done


def run_couponctl(
    env: Mapping[str, str], *arguments: str, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own with no other settings."""
    done = subprocess.run(
        [COUPONCTL_PATH, *arguments],
        env={"PATH": "/usr/bin:/bin", **env},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    check_output(done.stderr)
    return done


@contextmanager
def started_couponctl(
    env: Mapping[str, str], *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    """Run the program in a process of its own while the block runs."""
    process = subprocess.Popen(
        [COUPONCTL_PATH, *arguments],
        env={"PATH": "/usr/bin:/bin", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def listening_couponctl(
    env: Mapping[str, str], *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    """Run the program, and yield after it has reported that it listens."""
    with started_couponctl(env, *arguments) as process:
        assert process.stderr
        assert "Listening" in process.stderr.readline()
        yield process
