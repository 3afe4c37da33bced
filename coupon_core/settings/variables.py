"""The description of one environment variable, and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PosixPath
from typing import Any

from environs import Env

READERS = {str: "str", int: "int", tuple: "list", PosixPath: "path"}
"""The methods of environs that read a variable, by the type of its default."""


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable: its name, documentation, default and check."""

    name: str
    description: str
    default: str | int | tuple[str, ...] | Path = ""
    validate: Callable[[Any], Any] | None = None
    # Set where the default depends on other settings, or is not shown literally.
    documented_default: str | None = None

    def default_text(self) -> str:
        """Return the default as the documentation shows it."""
        if self.documented_default is not None:
            return self.documented_default
        return format_value(self.default)

    def read(self, env: Env) -> Any:
        """Return the value, or None after an error, which `env` collects."""
        read = getattr(env, READERS[type(self.default)])
        return read(self.name, self.default, validate=self.validate)


def describe_variable(
    name: str, description: str, **options: Any
) -> dict[str, Variable]:
    """Return the metadata of a field that is read from an environment variable."""
    return {"variable": Variable(name, description, **options)}


def setting(name: str, description: str, **options: Any) -> Any:
    """Return a field that code which constructs settings must give."""
    return field(metadata=describe_variable(name, description, **options))


def setting_with_default(
    name: str, description: str, default: str | int, **options: Any
) -> Any:
    """Return a field that code which constructs settings may leave out."""
    return field(
        default=default,
        metadata=describe_variable(name, description, default=default, **options),
    )


def format_value(value: object) -> str:
    """Return a value as it is written in the environment."""
    return ",".join(value) if isinstance(value, tuple) else str(value)
