"""Summarize errors for logs: types and frames.

Messages are left out because database drivers and parsers quote user data in them.
"""

import traceback

MAX_FRAMES, MAX_CHAIN_LENGTH = 12, 4


def describe_error(error: BaseException | None) -> str:
    """Return the types of an error and its causes, with their error codes."""
    descriptions: list[str] = []
    while error and len(descriptions) < MAX_CHAIN_LENGTH:
        code = getattr(error, "sqlstate", None) or getattr(error, "strerror", None)
        descriptions.append(type(error).__qualname__ + (f" ({code})" if code else ""))
        error = error.__cause__ or error.__context__
    return " < ".join(descriptions)


def stack_frames(error: BaseException) -> list[str]:
    """Return the stack frames of an error, the innermost one last."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
