"""`couponctl completion`: scripts with which shells complete commands and options."""

import rich_click as click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from admin_gateway.cli import couponctl

SHELLS = {each.name: each for each in (BashComplete, ZshComplete, FishComplete)}


@click.command()
@click.argument("shell", type=click.Choice(list(SHELLS)))
def completion(shell: str) -> None:
    """Print the script that completes commands and options in a shell.

    Add `eval "$(couponctl completion bash)"` to ~/.bashrc, the same for zsh to
    ~/.zshrc, or `couponctl completion fish | source` to the configuration of fish.

    Example: `couponctl completion bash`
    """
    script = SHELLS[shell](couponctl, {}, "couponctl", "_COUPONCTL_COMPLETE")
    click.echo(script.source_template % script.source_vars())
