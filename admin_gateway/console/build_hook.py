"""Build hook of the wheel: put the assets and the compiled texts into it."""

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs `build.main` before the files of a wheel are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, except for an editable install, whose set-up does so itself."""
        if version != "editable":
            sys.path.insert(0, self.root)
            from admin_gateway.console import build

            build.main()
