"""What may be told of an error: its kind and its place, never its message.

Databases quote values in their messages, and parsers what they read.
"""

import traceback

FRAMES, LONGEST_CHAIN = 12, 4


def kind_of(error: BaseException | None) -> str:
    """The kinds of an error and of what caused it, with the codes that they bear."""
    kinds: list[str] = []
    while error and len(kinds) < LONGEST_CHAIN:
        code = getattr(error, "sqlstate", None) or getattr(error, "strerror", None)
        kinds.append(f"{type(error).__qualname__}" + (f" ({code})" if code else ""))
        error = error.__cause__ or error.__context__
    return " < ".join(kinds)


def frames_of(error: BaseException) -> list[str]:
    """Where it happened, the innermost place last."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return [f"{one.filename}:{one.lineno} {one.name}" for one in frames]
