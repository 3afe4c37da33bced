"""API keys in the keyring of the system, if the package `keyring` finds one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from admin_gateway.cli.errors import CommandError

SERVICE = "couponctl"


def keep(profile: str, api_key: str) -> bool:
    """Store the API key of a profile; return False if there is no keyring.

    Raises:
        CommandError: The keyring refuses it.
    """
    with _opened_keyring(profile) as keyring:
        if keyring:
            keyring.set_password(SERVICE, profile, api_key)
        return bool(keyring)


def read(profile: str) -> str:
    """Return the API key of a profile.

    Raises:
        CommandError: The keyring refuses it, or does not have it.
    """
    with _opened_keyring(profile) as keyring:
        key: str | None = keyring and keyring.get_password(SERVICE, profile)
    if not key:
        raise CommandError(
            f'The keyring of the system has no key for the profile "{profile}": run '
            f"`couponctl login` again.",
            "KEYRING_FAILED",
        )
    return key


def forget(profile: str) -> None:
    """Delete the API key of a profile, if it is there.

    Raises:
        CommandError: The keyring refuses it.
    """
    with _opened_keyring(profile) as keyring:
        if keyring and keyring.get_password(SERVICE, profile):
            keyring.delete_password(SERVICE, profile)


@contextmanager
def _opened_keyring(profile: str) -> Iterator[Any]:
    """Yield the keyring of the system, or None; explain its errors."""
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError:
        yield None
        return
    is_absent = isinstance(keyring.get_keyring(), fail.Keyring | null.Keyring)
    try:
        yield None if is_absent else keyring
    except keyring.errors.KeyringError as error:
        raise CommandError(
            f'The keyring of the system refuses the key of the profile "{profile}": '
            f"{error}. Unlock it; or, to store keys in a file, set "
            f"PYTHON_KEYRING_BACKEND=keyring.backends.fail.Keyring.",
            "KEYRING_FAILED",
        ) from error
