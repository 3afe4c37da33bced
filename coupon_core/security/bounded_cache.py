"""A bounded memory that the threads of a process share."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """The values put last, at most so many of them."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str) -> Value | None:
        """What was put under that name, if it is still known."""
        return self._values.get(name)

    def put(self, name: str, value: Value) -> None:
        """Remember a value; the one that was put first makes room."""
        # Together: of two threads that both find it full, one would pop too many.
        with self._lock:
            self._values[name] = value
            self._values.move_to_end(name)
            if len(self._values) > self._max_size:
                self._values.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
