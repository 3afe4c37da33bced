"""What may be told of an error: its kind and its place, never its message.

Databases quote values in their messages, and parsers what they read.
"""

import traceback

MAX_FRAMES, MAX_CHAIN_LENGTH = 12, 4


def describe_error(error: BaseException | None) -> str:
    """The kinds of an error and of what caused it, with the codes that they bear."""
    descriptions: list[str] = []
    while error and len(descriptions) < MAX_CHAIN_LENGTH:
        code = getattr(error, "sqlstate", None) or getattr(error, "strerror", None)
        descriptions.append(type(error).__qualname__ + (f" ({code})" if code else ""))
        error = error.__cause__ or error.__context__
    return " < ".join(descriptions)


def stack_frames(error: BaseException) -> list[str]:
    """Where it happened, the innermost place last."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
