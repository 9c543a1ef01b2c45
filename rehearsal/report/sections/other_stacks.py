"""The stacks that stood beside this one, each in a line."""

from project.terminal import count
from rehearsal.report.markup import Html, code, el, join
from rehearsal.report.present import Column, Section, chip, items, milliseconds, table
from rehearsal.report.view import View


def other_stacks(view: View) -> Section | None:
    """None where the stack was rehearsed alone."""
    found = view.rehearsal.tenants
    if found is None or not found.stacks:
        return None
    wrong = sum(bool(one.problems) for one in found.stacks)
    rows = [
        [
            join(code(one.stack), chip(count(len(one.problems), "problem"), "bad") if one.problems else None),
            one.tenant or el("span", "base stack", class_="quiet"),
            one.region,
            f"{one.compared:,}",
            f"{one.fields_checked:,}",
            f"{one.policies_passed:,}",
            milliseconds(one.seconds * 1000),
        ]
        for one in found.stacks
    ]
    columns = (
        Column("Stack"),
        Column("Customer"),
        Column("Region"),
        Column("Resources", "amount"),
        Column("Fields", "amount"),
        Column("Policies", "amount"),
        Column("Took", "amount"),
    )
    body = join(
        el(
            "p",
            f"Stood up in the same moto, read back and judged like {view.rehearsal.stack} itself, whose resources "
            "this page shows. Another's are shown by ",
            code("workbuoy rehearse STACK --report FILE.html"),
            ".",
        ),
        table("Each stack in short", columns, rows, class_="cards beside"),
        [_problems(one.stack, one.problems) for one in found.stacks if one.problems],
    )
    return Section("beside", "Stacks beside it", body, badge=str(wrong or ""), tone="bad")


def _problems(stack: str, problems: tuple[str, ...]) -> Html:
    return join(el("h3", f"What is wrong with {stack}"), items(list(problems), "bullets"))
