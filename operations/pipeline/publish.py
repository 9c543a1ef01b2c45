"""One comment a pull request, one issue a subject: found again by a hidden line, changed in place."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from infra.problems import Problem, ProblemsError
from operations.pipeline.github import BOT, LONGEST_BODY, Repository

CUT: Final = "\n\n_Cut here: the rest is in the run's summary._\n"


def read_parts(files: Sequence[Path], folder: Path | None) -> list[str]:
    """The texts of files, and of every `.md` file in a folder and below, by name; an empty one is said to be empty.

    The folder may be missing: whoever was to fill it failed first. Raises ProblemsError for a file that is.
    """
    if missing := [file for file in files if not file.is_file()]:
        raise ProblemsError([Problem(message=f"{file}: there is no such file") for file in missing])
    found = [*files, *(sorted(folder.rglob("*.md"), key=lambda file: file.name) if folder else ())]
    return [file.read_text(encoding="utf-8", errors="replace").strip() or _nothing_in(file) for file in found]


def _nothing_in(file: Path) -> str:
    return f"`{file.stem}`: nothing was written; the job's log says why."


def marker(name: str) -> str:
    """The hidden first line by which a comment or issue is found again."""
    return f"<!-- workbuoy:{name} -->"


def body(name: str, parts: Sequence[str], longest: int) -> str:
    """Marker, parts, and where they come from, in at most `longest` characters; every part keeps a fair share."""
    head, foot = marker(name), _foot()
    room = longest - len(head) - len(foot) - 8 * (len(parts) + 1)
    shares = _shares([len(part) for part in parts], room)
    cut = [part if len(part) <= share else _cut(part, share) for part, share in zip(parts, shares, strict=True)]
    return "\n\n".join([head, *cut, *([foot] if foot else [])]) + "\n"


def _shares(lengths: Sequence[int], room: int) -> list[int]:
    """Whoever needs less than an even share leaves the rest to the others."""
    shares = [0] * len(lengths)
    waiting = sorted(range(len(lengths)), key=lambda index: lengths[index])
    for done, index in enumerate(waiting):
        shares[index] = min(lengths[index], room // (len(waiting) - done))
        room -= shares[index]
    return shares


def _cut(part: str, share: int) -> str:
    """At a line's end; a fold or a fence that is cut open is closed."""
    closing = "\n```\n</details>"
    kept = part[: max(0, share - len(CUT) - 8 * len(closing))].rpartition("\n")[0]
    if kept.count("```") % 2:
        kept += "\n```"
    kept += "\n</details>" * min(8, kept.count("<details") - kept.count("</details>"))
    return kept + CUT


def _foot() -> str:
    """A link to the run, where there is one."""
    server, repository, run = (os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return f"[The run]({server}/{repository}/actions/runs/{run})" if server and repository and run else ""


def comment(repository: Repository, number: int, name: str, parts: Sequence[str]) -> str:
    """Write or change the comment; gives back which. Raises ApiError."""
    text = body(name, parts, LONGEST_BODY)
    existing = _find_own(repository.comments(number), name)
    if existing is None:
        repository.comment(number, text)
        return "written"
    if existing["body"] == text:
        return "as it was"
    repository.change_comment(existing["id"], text)
    return "brought up to date"


def issue(repository: Repository, name: str, title: str, parts: Sequence[str]) -> str:
    """Open, change or close the issue; gives back a sentence. Raises ApiError."""
    existing = _find_own(repository.open_issues(), name)
    if not parts:
        if existing is None:
            return "Nothing to report, and no issue is open"
        repository.comment(existing["number"], "Nothing of this is found any more.")
        repository.change_issue(existing["number"], state="closed")
        return f"Issue {existing['number']} is closed: nothing of it is found any more"
    text = body(name, parts, LONGEST_BODY)
    if existing is None:
        return f"Issue {repository.open_issue(title, text)} is opened"
    repository.change_issue(existing["number"], title=title, body=text)
    return f"Issue {existing['number']} is brought up to date"


def _find_own(found: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """The first with this marker that the workflows wrote: anybody else's text may hold the marker too."""
    return next(
        (one for one in found if one["user"]["login"] == BOT and (one["body"] or "").startswith(marker(name))), None
    )
