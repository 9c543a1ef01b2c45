"""One comment a pull request, one issue a subject: found again by a hidden line, changed in place."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from operations.report.github import BOT, LONGEST_BODY, Repository
from operations.report.text import body, marker


def comment(repository: Repository, number: int, name: str, parts: Sequence[str]) -> str:
    """Write or change the comment; gives back which. Raises ApiError."""
    text = body(name, parts, LONGEST_BODY)
    mine = _mine(repository.comments(number), name)
    if mine is None:
        repository.comment(number, text)
        return "written"
    if mine["body"] == text:
        return "as it was"
    repository.change_comment(mine["id"], text)
    return "brought up to date"


def issue(repository: Repository, name: str, title: str, parts: Sequence[str]) -> str:
    """Open, change or close the issue; gives back a sentence. Raises ApiError."""
    mine = _mine(repository.open_issues(), name)
    if not parts:
        if mine is None:
            return "Nothing to report, and no issue is open"
        repository.comment(mine["number"], "Nothing of this is found any more.")
        repository.change_issue(mine["number"], state="closed")
        return f"Issue {mine['number']} is closed: nothing of it is found any more"
    text = body(name, parts, LONGEST_BODY)
    if mine is None:
        return f"Issue {repository.open_issue(title, text)} is opened"
    repository.change_issue(mine["number"], title=title, body=text)
    return f"Issue {mine['number']} is brought up to date"


def _mine(found: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """The first with this marker that the workflows wrote: anybody else's text may hold the marker too."""
    return next(
        (one for one in found if one["user"]["login"] == BOT and (one["body"] or "").startswith(marker(name))), None
    )
