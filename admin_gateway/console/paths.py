"""Where the console is, and how its pages are addressed."""

from urllib.parse import unquote

PREFIX = "/console"
CALLBACK_PATH = f"{PREFIX}/oidc/callback"


def is_console_path(path: str) -> bool:
    """Return True if a path is below the prefix of the console."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def find_own_path(target: str) -> str | None:
    """Return a path and query below the prefix, or None for anything else.

    What a redirect follows must not lead to another site, as browsers resolve it: for
    them "///host" is a host, and "%2e%2e" a step up.
    """
    path = target.partition("?")[0]
    is_plain = target.isascii() and target.isprintable() and "\\" not in target
    has_steps = any(unquote(part) in (".", "..") for part in path.split("/"))
    is_own = is_console_path(path) and "//" not in path and not has_steps
    return target if is_own and is_plain else None
