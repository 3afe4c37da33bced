"""The container: its Dockerfile is linted, built and run, without a container engine.

buildah follows the Dockerfile in plain directories. Its base image, which would come
from a registry, is made of the same packages of Debian. The roles then run as the image
says, with a read-only root, in a mount namespace.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.conftest import MEMORY_DIRECTORY, has_memory_directory
from tests.deploy.items import DEPLOY, CheckFailed, Item, run_tool
from tests.support.deployment import find_metrics_port
from tests.support.ports import find_free_ports
from tests.support.servers import redis_server
from tests.support.servers.process import Process, ServerError

DOCKERFILE = DEPLOY / "Dockerfile"
RUN_SCRIPT = Path(__file__).with_name("run_read_only.sh")
BASE_IMAGE, IMAGE = "docker.io/library/debian:trixie-slim", "localhost/coupons"
DEBIAN_RELEASE = BASE_IMAGE.rpartition(":")[2].removesuffix("-slim")
# By these pip and npm find the certificates of a machine that has its own.
CERTIFICATE_VARIABLES = ("PIP_CERT", "NODE_EXTRA_CA_CERTS")


def lint_dockerfile() -> str:
    """Run hadolint."""
    return run_tool("hadolint", DOCKERFILE)


def build_and_run() -> str:
    """Build the image, and run all roles of it with SQLite and Valkey."""
    # Several copies of a file system of 300 MB took minutes on a slow disk.
    parent = MEMORY_DIRECTORY if has_memory_directory() else None
    with tempfile.TemporaryDirectory(prefix="coupons-image-", dir=parent) as name:
        home = Path(name)
        store = ImageStore(home)
        store.make_base_image()
        store.buildah("bud", "--pull-never", "--layers=false", "-f", DOCKERFILE,
            "-t", IMAGE, ".")  # fmt: skip
        image = store.mount_image()
        missing = find_uncompiled_modules(image.root / "opt/coupons")
        if missing:
            raise CheckFailed(f"without bytecode: {missing[:5]} of {len(missing)}")
        run_roles(image, home)
        return f"{measure_megabytes(image.root)} MB, runs as {image.user}"


@dataclass(frozen=True)
class Image:
    """An image as a directory, and what it says about how to run it."""

    root: Path
    user: str
    environment: Sequence[str]
    entrypoint: Sequence[str]


@dataclass(frozen=True)
class ImageStore:
    """The images of one buildah, in a directory of its own."""

    home: Path

    def buildah(self, *arguments: str | Path) -> str:
        """Run a command of buildah; return its stdout without the line break."""
        storage = ("--root", self.home / "images", "--runroot", self.home / "run")
        options = ("--storage-driver", "vfs", *storage)
        environment = {"BUILDAH_ISOLATION": "chroot", "TMPDIR": str(self.home)}
        return run_tool(
            "buildah", *options, *arguments, environment=environment
        ).rstrip()

    def make_base_image(self) -> None:
        """Make an image of Debian's essential packages, with this machine's CAs."""
        archive = self.home / "base.tar"
        run_tool(
            *("mmdebstrap", "--variant=minbase", DEBIAN_RELEASE, archive),
            environment={"TMPDIR": str(self.home)},
        )
        container = self.buildah("from", "scratch")
        self.buildah("add", container, archive, "/")
        archive.unlink()
        for variable in CERTIFICATE_VARIABLES:
            if path := os.environ.get(variable):
                inside = f"/etc/{variable}.pem"
                self.buildah("copy", container, path, inside)
                self.buildah("config", "--env", f"{variable}={inside}", container)
        self.buildah("commit", "--rm", container, BASE_IMAGE)

    def mount_image(self) -> Image:
        """Return the image of the last build."""
        container = self.buildah("from", "--pull-never", IMAGE)
        inspected = self.buildah("inspect", "--type", "image", IMAGE)
        config: dict[str, Any] = json.loads(inspected)["OCIv1"]["config"]
        return Image(
            Path(self.buildah("mount", container)),
            user=config["User"],
            environment=config["Env"],
            entrypoint=config["Entrypoint"],
        )


def find_uncompiled_modules(directory: Path) -> list[str]:
    """Return the modules that each process would have to compile."""
    return [
        str(path.relative_to(directory))
        for path in directory.rglob("site-packages/**/*.py")
        if not list(path.parent.glob(f"__pycache__/{path.stem}.*.pyc"))
    ]


def measure_megabytes(directory: Path) -> int:
    """Return the size of all files of a directory."""
    files = (path.lstat().st_size for path in directory.rglob("*"))
    return round(sum(files) / 1_000_000)


def run_roles(image: Image, home: Path) -> None:
    """Fail unless all roles answer, the console with its assets, in one container."""
    admin_port, query_port = find_free_ports(2)
    metrics_port = find_metrics_port()
    answers = {
        f"http://127.0.0.1:{admin_port}/ready": '"status":"ready"',
        f"http://127.0.0.1:{admin_port}/console/sign-in": "htmx.min",
        f"http://127.0.0.1:{query_port}/ready": '"status":"ready"',
        f"http://127.0.0.1:{metrics_port + 2}/metrics": "coupons_queue_messages",
    }
    with redis_server(home) as broker:
        variables = [
            *image.environment,
            "COUPON_BIND_HOST=127.0.0.1",
            f"COUPON_BROKER_URL={broker.url}",
            f"COUPON_METRICS_PORT={metrics_port}",
            f"ADMIN_PORT={admin_port}",
            f"QUERY_PORT={query_port}",
        ]
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        container = [str(image.root), image.user, *image.entrypoint, *variables]
        process = Process(
            [*namespaces, "sh", str(RUN_SCRIPT), *container],
            home,
            lambda: all(has_text(*each) for each in answers.items()),
            signal.SIGKILL,  # unshare ignores SIGTERM, and its child ends with it
        )
        try:
            process.start()
        except ServerError as error:
            raise CheckFailed(f"{error}\n{process.log.read_text()[-2000:]}") from error
        finally:
            process.stop()
    if any(has_text(*each) for each in answers.items()):
        raise CheckFailed("a process of the image runs on after its container")


def has_text(url: str, text: str) -> bool:
    """Return True if a URL answers with this text."""
    try:
        answer = requests.get(url, timeout=5)
    except requests.RequestException:
        return False
    return answer.ok and text in answer.text


# To mount directories needs root.
IMAGE_TOOLS = ("buildah", "mmdebstrap", "unshare", *(["root"] if os.getuid() else []))
ITEMS = (
    Item("Dockerfile", ("hadolint",), lint_dockerfile),
    Item("image", IMAGE_TOOLS, build_and_run),
)
