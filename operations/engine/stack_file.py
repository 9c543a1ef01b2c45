"""A stack's settings file under the engine: the CLI may add its secrets provider, and may change nothing else.

`pulumi stack init` formats the whole file anew, and a preview of a stack whose file has lost its provider quietly
writes a new passphrase's salt into it (pulumi/pulumi#8183, #11591; both seen with CLI 3.260).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from infra.yaml_text import parse_yaml
from operations.engine.errors import MistakenError

PROVIDER_KEYS: Final = ("secretsprovider", "encryptedkey", "encryptionsalt")


def provider_lines(text: str) -> list[str]:
    """The lines of a stack's file that say how its secrets are encrypted; none where it has never been made."""
    content = parse_yaml(text, "a stack's file")[0] or {}
    return [f"{key}: {content[key]}" for key in PROVIDER_KEYS if content.get(key)]


@contextmanager
def only_provider_added(file: Path) -> Iterator[None]:
    """Let the CLI make a stack, and keep every byte that stood in its file, with the provider's lines after it."""
    before = file.read_text(encoding="utf-8")
    try:
        yield
    finally:
        known = provider_lines(before)
        new = [line for line in provider_lines(file.read_text(encoding="utf-8")) if line not in known]
        kept = before if before.endswith("\n") or not before else f"{before}\n"
        file.write_text(kept + "".join(f"{line}\n" for line in new) if new else before, encoding="utf-8")


def require_provider(stack: str, file: Path) -> None:
    """Raises MistakenError for a file without its secrets provider: the CLI would silently choose a new one."""
    if not provider_lines(file.read_text(encoding="utf-8")):
        raise MistakenError(
            f"{file.name}: names no secrets provider, though the stack exists",
            f"commit the lines ({' or '.join(PROVIDER_KEYS[::2])}) that making {stack} wrote into it",
        )
