"""Summarize errors for logs: causes in plain words, types and frames.

Messages are left out because database drivers and parsers quote user data in them.
"""

import traceback

from coupon_core.observability.error_causes import find_cause, list_chain

MAX_FRAMES = 12


def describe_error(error: BaseException | None) -> str:
    """Return what happened in plain words, or else the types of an error's chain."""
    cause = find_cause(error)
    if cause:
        return cause.words
    descriptions: dict[str, None] = {}  # as a set in order: drivers repeat types
    for link in list_chain(error):
        code = getattr(link, "sqlstate", None) or getattr(link, "strerror", None)
        descriptions[type(link).__qualname__ + (f" ({code})" if code else "")] = None
    return " < ".join(descriptions)


def stack_frames(error: BaseException) -> list[str]:
    """Return the stack frames of an error, the innermost one last."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
