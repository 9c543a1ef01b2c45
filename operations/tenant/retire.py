"""The first step of a leaving: `dates.retiring` in the record, as one changed line for review."""

from datetime import date
from pathlib import Path

import yaml

from infra.problems import Problem, ProblemsError
from infra.tenants.files import FOLDER, parse_tenant, read_tenant, tenant_file
from infra.yaml_text import child, read_yaml
from project.whole_file import write_whole


def retire(root: Path, name: str, day: str) -> Path:
    """Write the day into a customer's record; every other byte stays as a person wrote it.

    Raises ProblemsError, and then nothing is written.
    """
    try:
        date.fromisoformat(day)
    except ValueError:
        raise ProblemsError([Problem(path="--on", message=f"must be a day such as 2026-12-31; it is {day}")]) from None
    before = read_tenant(root, name)
    file = tenant_file(root, name)
    if before.dates.retiring is not None:
        message = f"says {before.dates.retiring} already; change that line by hand"
        raise ProblemsError([Problem(file=f"{FOLDER}/{name}.yaml", path="dates.retiring", message=message)])
    read = read_yaml(file, f"{FOLDER}/{name}.yaml")
    dates = child(read.tree, "dates")
    if dates is None or not isinstance(dates[1], yaml.MappingNode) or dates[1].flow_style:
        message = "must be written as a block, one day a line, so that a line can be added"
        raise ProblemsError(read.locate([Problem(path="dates", message=message)]))
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    last = max(value.end_mark.line for _, value in dates[1].value)
    indent = " " * dates[1].value[0][0].start_mark.column
    if not lines[last].endswith("\n"):
        lines[last] += "\n"
    lines.insert(last + 1, f"{indent}retiring: {day}\n")
    content = {**read.content, "dates": {**read.content["dates"], "retiring": day}}
    parse_tenant(read, content, name)
    write_whole(file, "".join(lines))
    return file
