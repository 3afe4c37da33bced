"""Masked codes, which tell people which code is meant, and nobody the code."""

MAX_SHOWN_AT_START, MAX_SHOWN_AT_END = 4, 2


def mask_code(code: str) -> str:
    """Return a code with at most three eighths of its characters; `*` is the rest."""
    start = min(len(code) // 4, MAX_SHOWN_AT_START)
    end = min(len(code) // 8, MAX_SHOWN_AT_END)
    hidden = "*" * (len(code) - start - end)
    return code[:start] + hidden + code[len(code) - end :]
