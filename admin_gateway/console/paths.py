"""Where the console is, and how its pages are addressed."""

from urllib.parse import urlsplit

PREFIX = "/console"
CALLBACK_PATH = f"{PREFIX}/oidc/callback"


def is_console_path(path: str) -> bool:
    """Return True if a path is below the prefix of the console."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def find_own_path(target: str) -> str | None:
    """Return a path and query below the prefix, or None for anything else.

    What a redirect follows must not lead to another site.
    """
    parts = urlsplit(target)
    is_own = not parts.scheme and not parts.netloc and is_console_path(parts.path)
    is_plain = target.isascii() and target.isprintable() and "\\" not in target
    return target if is_own and is_plain and "//" not in parts.path else None
