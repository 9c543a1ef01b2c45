"""`workbuoy pipeline`: comment, issue, pull request, summary, looks. Outside a workflow each prints its text alone."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra.problems import Problem, ProblemsError
from operations.changed.command import require_branch
from operations.ending import CHECK_FAILED, fail, notify, print_page, report_errors
from operations.help import Commands

if TYPE_CHECKING:
    from operations.pipeline.github import Repository

FILES = click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
FOLDER = click.option(
    "--folder",
    metavar="DIRECTORY",
    type=click.Path(path_type=Path),
    help="Also every .md file in it and below, by name; it may be missing.",
)
SAY = click.option("--say", metavar="TEXT", default="", help="A sentence before the files.")
MARKER = re.compile(r"[a-z][a-z-]*")


@click.group(cls=Commands)
def pipeline() -> None:
    """What only a workflow needs: say what it found on GitHub, and stop outside a branch.

    The repository and its token come from the workflow's environment (GITHUB_REPOSITORY, GITHUB_TOKEN). On a laptop
    the text is printed, and nothing is posted.
    """


pipeline.add_command(require_branch)


@pipeline.command("require-passed")
@click.argument("results", metavar="JOB=RESULT...", type=click.UNPROCESSED)  # none at all is an answer, too
def require_passed(results: str) -> None:
    """Stop unless each of these jobs, separated by spaces, ended with `success`.

    A job that was skipped or cancelled has looked at nothing, though GitHub takes a skipped one for a passed check.
    """
    ended = [one.partition("=") for one in results.split()]
    others = [f"{job}: {result or 'no result'}" for job, _, result in ended if result != "success"]
    if others or not ended:
        fail(CHECK_FAILED, f"not passed: {', '.join(others) or 'no job is named'}; its log says why")


@pipeline.command()
@FILES
@FOLDER
@SAY
@report_errors
def summary(files: Sequence[Path], folder: Path | None, say: str) -> None:
    """Add the files to the job's summary, or print them where there is none."""
    _summarize(_parts(files, folder, say))


@pipeline.command()
@FILES
@FOLDER
@SAY
@click.option("--marker", default="preview", show_default=True, help="Whose comment this is; each has its own.")
@click.option("--pull-request", type=int, metavar="NUMBER", help="Default: the one that the workflow runs for.")
@report_errors
def comment(*, files: Sequence[Path], folder: Path | None, say: str, marker: str, pull_request: int | None) -> None:
    """Write one comment on the pull request, or bring the one of last time up to date.

    The job's summary gets the same text, whole. Where the token may read only, as for a fork, that is all.
    """
    from operations.pipeline import github, publish

    parts = _parts(files, folder, say)
    _summarize(parts)
    number = pull_request or _pull_request()
    repository = _repository()
    if repository is None or number is None:
        notify("No pull request is known here, so no comment is written.")
        return
    try:
        done = publish.comment(repository, number, _marker(marker), parts)
    except github.ReadOnlyError as refusal:
        notify(f"{refusal}. The job's summary holds the text instead.")
        return
    notify(f"The comment on pull request {number} is {done}")


@pipeline.command()
@FILES
@FOLDER
@SAY
@click.option("--marker", default="drift", show_default=True, help="Whose issue this is; each has its own.")
@click.option("--title", required=True, help="Of the issue, when it is opened.")
@report_errors
def issue(*, files: Sequence[Path], folder: Path | None, say: str, marker: str, title: str) -> None:
    """Open one issue for what the files say, or bring it up to date; without a file and a text, close it.

    What several stacks report alike is one entry.
    """
    from operations.pipeline import publish
    from operations.pipeline.causes import by_cause

    parts = by_cause(_parts(files, folder, say))
    _summarize(parts or ["Nothing to report."])
    repository = _repository()
    if repository is None:
        notify("No repository is known here, so no issue is written.")
        return
    notify(publish.issue(repository, _marker(marker), title, parts))


@pipeline.command()
@click.argument("patch", metavar="PATCH", type=click.Path(path_type=Path))
@click.option("--branch", required=True, help="Of the pull request; its former commit is replaced.")
@click.option("--title", required=True, help="Of the commit and the pull request.")
@click.option("--start", "workflows", multiple=True, metavar="FILE.yml", help="A workflow to start on the branch.")
@report_errors
def propose(*, patch: Path, branch: str, title: str, workflows: Sequence[str]) -> None:
    """Open one pull request for what PATCH changes, or bring the one of last time up to date.

    The patch stands on the last commit. Nothing of it is laid out or run here, and one that changes what judges a
    change (.github, .ci, waivers) is refused.
    """
    from operations.pipeline import propose as proposing

    root = Path.cwd()
    changes = proposing.changes_of(root, patch)
    if not changes:
        notify("Nothing changes, so nothing is proposed.")
        return
    listed = "\n".join(f"- `{one.path}`" for one in changes)
    _summarize([f"{title}:", listed])
    repository = _repository()
    if repository is None:
        notify("No repository is known here, so no pull request is opened.")
        return
    started = f"Started on it: {', '.join(f'`{one}`' for one in workflows)}. " if workflows else ""
    text = (
        f"{listed}\n\n{started}GitHub starts nothing else for a workflow's own pull request: close and reopen it, and "
        "the others run, the previews with credentials too. Look at what is raised first."
    )
    onto = os.environ.get("GITHUB_REF_NAME") or "main"
    commit = proposing.commit_of(root)
    notify(proposing.propose(repository, commit, changes, branch=branch, onto=onto, title=title, text=text))
    for one in workflows:
        proposing.dispatch(repository, one, branch)
        notify(f"{one} is started on {branch}")


@pipeline.command()
@click.argument("workflows", nargs=-1, required=True, metavar="FILE.yml...")
@click.option("--branch", default="main", show_default=True, help="Whose runs.")
@click.option(
    "--output", required=True, metavar="DIRECTORY", type=click.Path(path_type=Path, file_okay=False), help="Is made."
)
@report_errors
def looks(*, workflows: Sequence[str], branch: str, output: Path) -> None:
    """Fetch what the latest runs of workflows looked at, for `workbuoy fleet page`.

    That is the JSON in their artifacts named looks-...; a workflow that never ran left none.
    """
    from operations.pipeline.looks import fetch

    output.mkdir(parents=True, exist_ok=True)
    repository = _repository()
    if repository is None:
        notify("No repository is known here, so no looks are fetched.")
        return
    for one in workflows:
        number = fetch(repository, one, branch, output)
        notify(f"{one} has not run on {branch} yet" if number is None else f"{one}: {number} looks")


def _parts(files: Sequence[Path], folder: Path | None, say: str) -> list[str]:
    from operations.pipeline.publish import read_parts

    return [*([say] if say else []), *read_parts(files, folder)]


def _summarize(parts: Sequence[str]) -> None:
    from operations.workflow import write_summary

    text = "\n\n".join(parts)
    if not write_summary(text):
        print_page(text)


def _repository() -> "Repository | None":
    from operations.pipeline.github import Repository

    return Repository.here()


def _pull_request() -> int | None:
    match = re.fullmatch(r"refs/pull/(\d+)/(merge|head)", os.environ.get("GITHUB_REF", ""))
    return int(match[1]) if match else None


def _marker(name: str) -> str:
    if not MARKER.fullmatch(name):
        raise ProblemsError([Problem(message=f"--marker {name}: must be small letters and dashes, such as preview")])
    return name
