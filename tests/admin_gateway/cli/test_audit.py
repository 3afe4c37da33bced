"""`couponctl audit`: the log from a shell."""

from __future__ import annotations

import json

from tests.shells import Shell, listening


def test_what_a_shell_does_is_listed_as_done_by_it(shell: Shell) -> None:
    shell.tenant()
    found = shell.json("audit", "list", "--tenant", "acme")
    (entry,) = found["entries"]
    assert (entry["actor"], entry["action"]) == ("cli", "tenant.created")
    assert (entry["object_id"], entry["request_id"]) == ("acme", "")
    none = shell.json("audit", "list", "--tenant", "acme", "--actor", "system")
    assert none == {"entries": [], "total": 0}


def test_tail_shows_what_is_done_from_now_on(shell: Shell) -> None:
    shell.tenant()
    words = "audit", "tail", "--tenant", "acme", "--count", "2", "--json"
    with listening(shell.env, *words) as tail:
        shell.definition()
        output, _ = tail.communicate(timeout=30)
    actions = [json.loads(line)["action"] for line in output.splitlines()]
    assert actions == ["reward_item.created", "definition.created"]
