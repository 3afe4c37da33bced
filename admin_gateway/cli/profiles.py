"""Stored profiles: a server, a tenant and an API key under a name.

The keys are in the keyring of the system if there is one, otherwise in the file.
"""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import rich_click as click

from admin_gateway.cli import system_keyring
from admin_gateway.cli.errors import WRONG_USAGE, CommandError

# The name of no profile: commands work beside the database.
LOCAL = "local"
OTHERS_MAY_ACCESS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Profile:
    """A server, and the key and tenant with which commands call it.

    In the file, the key is empty if it is in the keyring.
    """

    server: str
    tenant_id: str
    api_key: str = field(repr=False)


@dataclass
class ProfileFile:
    """All profiles, and the name of the one that `profile use` has chosen."""

    profiles: dict[str, Profile]
    current: str = LOCAL

    def add(self, name: str, profile: Profile) -> None:
        """Store a profile instead of one of the same name.

        Raises:
            CommandError: The keyring refuses its key.
        """
        if system_keyring.keep(name, profile.api_key):
            profile = replace(profile, api_key="")
        self.profiles[name] = profile

    def remove(self, name: str) -> None:
        """Delete a profile and its key.

        Raises:
            CommandError: There is none with this name, or the keyring refuses it.
        """
        if not self._find(name).api_key:
            system_keyring.forget(name)
        del self.profiles[name]
        if self.current == name:
            self.current = LOCAL

    def choose(self, name: str) -> None:
        """Use a profile, or the database, by default.

        Raises:
            CommandError: There is none with this name.
        """
        if name != LOCAL:
            self._find(name)
        self.current = name

    def require(self, name: str) -> Profile:
        """Return a profile with its key.

        Raises:
            CommandError: There is none with this name, or the keyring refuses its key.
        """
        profile = self._find(name)
        if not profile.api_key:
            profile = replace(profile, api_key=system_keyring.read(name))
        return profile

    def _find(self, name: str) -> Profile:
        if name not in self.profiles:
            raise CommandError(
                f'There is no profile "{name}": `couponctl profile list` shows all, '
                f"and `couponctl login --server URL --profile {name}` stores one.",
                "PROFILE_NOT_FOUND",
                WRONG_USAGE,
            )
        return self.profiles[name]


@contextmanager
def change() -> Iterator[ProfileFile]:
    """Yield the stored profiles, and store them as the block leaves them.

    Commands that change them at the same time wait for each other. Only the owner can
    read the file.
    """
    import fcntl  # readers need neither

    from coupons_sdk.files import replace_file

    path = get_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        stored = load()
        yield stored
        with replace_file(path, mode=0o600) as file:
            file.write(json.dumps(asdict(stored), indent=2).encode())
    finally:
        os.close(directory)


def get_path() -> Path:
    """Return where profiles are stored."""
    return Path(click.get_app_dir("couponctl"), "profiles.json")


def load() -> ProfileFile:
    """Read the stored profiles.

    Raises:
        CommandError: Others can read or change the file, or it is damaged.
    """
    path = get_path()
    with suppress(FileNotFoundError), path.open() as file:
        status = os.fstat(file.fileno())
        if status.st_mode & OTHERS_MAY_ACCESS or status.st_uid != os.getuid():
            raise CommandError(
                f"{path} contains API keys, and others can access it (mode "
                f"{stat.S_IMODE(status.st_mode):03o}, owner {status.st_uid}). Run "
                f"`chmod 600 {path}`, and revoke the keys if somebody has read them.",
                "UNSAFE_PROFILES",
            )
        try:
            document = json.load(file)
            stored = document["profiles"].items()
            profiles = {name: Profile(**members) for name, members in stored}
            return ProfileFile(profiles, document["current"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CommandError(
                f"{path} is damaged: delete it, and run `couponctl login` again."
            ) from None
    return ProfileFile({})
