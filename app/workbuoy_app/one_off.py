"""One-off work that a person on duty may start: the commands named here, under the settings that the stack declares.

Who starts a task in ECS may override its command and its environment, and not its entry point. So the settings stand in
the entry point, and everything else of the environment is dropped before anything reads it.
Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html
"""

from __future__ import annotations

import json
from collections.abc import MutableMapping, Sequence

MOVES = {
    "send": "copy a serving tenant's rows and objects to another place, again what changed since",
    "receive": "make or go on with the copy of a tenant that another place sends",
    "cut-over": "freeze a tenant, send its last changes and hand it over to a place that receives",
    "compare-move": "compare the frozen tenant with what the other place had when it opened",
    "end-move": "note no more changes for another place, and clear what it sent",
    "drop-copy": "delete a copy that never served",
    "take-back": "serve a tenant here again whose copy was dropped",
}
"""A tenant's way to another database and bucket while it serves, and back: `tenant ACTION`."""
NAMED = frozenset(
    {
        ("removals",),
        *(("restore", action) for action in ("prepare", "check", "files", "tenant", "undo")),
        *(("tenant", action) for action in ("freeze", "export", "opened", "import", "thaw", "remove")),
        *(("tenant", action) for action in ("clear-import", "hand-over", "count")),
        *(("tenant", action) for action in MOVES),
        *(("person", action) for action in ("export", "erase")),
    }
)
"""What moves, freezes or lists, and what is owed to one person. Who may log in is no matter of duty: `tenant add` and
`member` are not here."""
DRILL = frozenset({("restore", "prepare"), ("restore", "check")})
"""What touches a restored copy alone: a schedule may start these without a person."""
ENTRIES = {"one-off": NAMED, "drill": DRILL}
"""The first word of an entry point, and the commands that it lets through."""
KEPT = frozenset(
    {
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_EXECUTION_ENV",
        "DATABASE_OWNER_PASSWORD",
        "DATABASE_OWNER_USER",
        "LANG",
        "PATH",
        "SSL_CERT_FILE",
    }
)
"""What ECS and the image set: credentials of the task's role, the owner's login, certificates."""


class NotNamed(Exception):
    """A command that nobody on duty may start; says which ones there are."""


def named(
    arguments: Sequence[str], environment: MutableMapping[str, str], entry: str = "one-off"
) -> list[str]:
    """The command, with nothing in the environment but the settings given and what is kept.

    Args:
        arguments: the settings as a JSON object, then the command's words.
        entry: the entry point's first word, one of `ENTRIES`.
        environment: of this process; it is changed.

    Raises:
        NotNamed: the command is none of those.
    """
    settings, *words = arguments or ["{}"]
    allowed = ENTRIES[entry]
    if words != ["--help"] and not {tuple(words[:1]), tuple(words[:2])} & allowed:
        known = ", ".join(sorted(" ".join(one) for one in allowed))
        of = "one-off work's" if entry == "one-off" else "a drill's"
        raise NotNamed(f"{' '.join(words[:2]) or 'no command'} is none of {of} commands: {known}")
    kept = {name: value for name, value in environment.items() if name in KEPT}
    environment.clear()
    environment.update({**kept, **json.loads(settings)})
    return words
