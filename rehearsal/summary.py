"""What a person reads after a rehearsal: the verdict first, within the terminal's columns, ten seconds."""

from collections import Counter
from collections.abc import Iterator

from facts import tokens as t
from policies.catalogue import SEVERITIES
from policies.runner import Report
from project.terminal import columns, wrapped
from rehearsal.change.text import change_lines
from rehearsal.result import Check, FieldResult, Rehearsal, Rehearsed, State
from rehearsal.service.result import ServiceRehearsal
from rehearsal.tenants.text import other_stacks, who_reaches_whom

_SHOWN = 12  # more findings than this fill a screen; --json has all
_MOTO = (
    "moto is not AWS: this does not prove that AWS accepts or grants it, nor that a later update or replacement goes "
    "well. `pulumi preview` and a real dev stack do."
)
_CHANGED = (
    "moto is not AWS: this does not prove that AWS accepts or grants it, nor how long it takes. `pulumi preview` and a "
    "real dev stack do."
)
_DECLARED = "Nothing was created: this proves that the program runs, and nothing about AWS."
_LONGEST = 80  # of a value that is shown


def summary(rehearsal: Rehearsal, *, verbose: bool = False) -> str:
    """The summary as text, without a final newline."""
    return "\n".join(_lines(rehearsal, verbose))


def _lines(rehearsal: Rehearsal, verbose: bool) -> Iterator[str]:
    yield from wrapped(verdict(rehearsal))
    yield ""
    if rehearsal.change:
        yield from change_lines(rehearsal.change, verbose=verbose)
    yield from _table(rehearsal)
    yield ""
    if rehearsal.tenants:
        yield from other_stacks(rehearsal.tenants)
    for title, findings in (
        ("Reads back otherwise than declared", list(_differences(rehearsal))),
        ("Not created", list(_failures(rehearsal))),
        ("AWS would refuse", [str(one) for one in rehearsal.refusals]),
        ("Refused on the way", list(rehearsal.service.denials) if rehearsal.service else []),
        ("Declared only", list(_declared_only(rehearsal))),
        ("Stand-ins", list(_stand_ins(rehearsal))),
    ):
        yield from _section(title, findings, verbose)
    if rehearsal.policies:
        yield from _policies(rehearsal.policies, verbose)
    if rehearsal.service:
        yield from _service(rehearsal.service, verbose)
    elif not rehearsal.declare_only and not any(one.type == t.TASK_DEFINITION for one in rehearsal.resources):
        yield "No service stands in this stack, so none was tried."
        yield ""
    if rehearsal.tenants:
        yield from who_reaches_whom(rehearsal.tenants, verbose)
    if verbose:
        yield from _section("Fields not checked", list(_not_checked(rehearsal)), verbose)
    yield from wrapped(_DECLARED if rehearsal.declare_only else _CHANGED if rehearsal.change else _MOTO, hanging="")
    yield from wrapped(f"Next: {_next(rehearsal, verbose)}")


def verdict(rehearsal: Rehearsal) -> str:
    """One line: does it stand, where, how long did it take."""
    total = sum(rehearsal.seconds.values())
    where = f"{rehearsal.stack} ({rehearsal.account}, {rehearsal.region})"
    if rehearsal.incomplete:
        return f"{where} stands, but its rehearsal is INCOMPLETE: {rehearsal.incomplete}"
    if not rehearsal.passed:
        problems = len(rehearsal.failures) + len(rehearsal.refusals) + _failed_checks(rehearsal)
        return f"{where} FAILS its rehearsal: {problems} problem{'s' if problems > 1 else ''}, {total:.1f} s"
    if rehearsal.declare_only:
        return f"{where} is declared: {_resources(rehearsal.count(State.DECLARED_ONLY))}, {total:.1f} s"
    count = rehearsal.count(State.COMPARED)
    if rehearsal.change:
        works = " and its service works" if rehearsal.service else ""
        return f"{where} changed as declared{works}: {_resources(count)}, {total:.1f} s"
    works = " and its service works" if rehearsal.service else ""
    if rehearsal.service and rehearsal.service.program:
        works = " and the other service keeps its contract"
    if rehearsal.tenants:
        others = rehearsal.tenants.stacks
        count += sum(one.compared for one in others)
        works = ", its service works" if rehearsal.service else ""
        return f"{rehearsal.stack} and {len(others)} more stand{works}: {_resources(count)}, {total:.1f} s"
    return f"{where} stands{works}: {_resources(count)} as declared, {total:.1f} s"


def _resources(count: int) -> str:
    return f"{count} resource{'s' if count != 1 else ''}"


def _policies(report: Report, verbose: bool) -> Iterator[str]:
    passed, advice = len(report.having("pass")), [one for one in report.having("fail") if one.level != "mandatory"]
    unknown = len(report.having("not evaluated"))
    yield (
        f"Policies ({report.environment}): {passed} passed, {len(report.violations)} mandatory failed, "
        f"{len(advice)} advised, {unknown} not evaluated"
    )
    failed = [f"{one.severity} {one.control} {_name(one.urn)}: {one.message}" for one in report.violations]
    yield from _section("  Mandatory", failed, verbose)
    yield from _exempt(report, verbose)
    if advice and not verbose:
        counts = Counter(one.severity for one in advice)
        yield f"  advised by severity: {', '.join(f'{counts[level]} {level}' for level in SEVERITIES if counts[level])}"
    if verbose:
        advised = [f"{one.severity} {one.control} {_name(one.urn)}: {one.message}" for one in advice]
        yield from _section("  Advised", advised, verbose)
    yield ""


def _exempt(report: Report, verbose: bool) -> Iterator[str]:
    exempt = report.having("exempt")
    if exempt and not verbose:
        yield f"  exempt, each with its reason: {len(exempt)} (policies/exemptions.yaml)"
    if verbose:
        lines = [f"{one.control} {_name(one.urn)}: {one.message}" for one in exempt]
        yield from _section("  Exempt", lines, verbose)


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def problems_of(rehearsal: Rehearsal) -> Iterator[str]:
    """What fails a stack's rehearsal, each in a line, its service left aside."""
    yield from _differences(rehearsal)
    yield from _failures(rehearsal)
    yield from (f"AWS would refuse {one}" for one in rehearsal.refusals)
    for one in rehearsal.policies.violations if rehearsal.policies else ():
        yield f"{one.severity} {one.control} {_name(one.urn)}: {one.message}"


def _failed_checks(rehearsal: Rehearsal) -> int:
    """Mandatory policies that failed, faults of a change, red cells, other stacks' problems, and one for the service.

    What comes after a failed step of the service was not reached.
    """
    broken = len(rehearsal.policies.violations) if rehearsal.policies else 0
    broken += len(rehearsal.change.faults) if rehearsal.change else 0
    if rehearsal.tenants:
        broken += sum(len(one.problems) for one in rehearsal.tenants.stacks)
        broken += len(rehearsal.tenants.matrix.red) if rehearsal.tenants.matrix else 0
    return broken + int(rehearsal.service is not None and not rehearsal.service.passed)


def _service(service: ServiceRehearsal, verbose: bool) -> Iterator[str]:
    if service.program:
        yield from wrapped(f"{service.program}, held to docs/other-image.md ({service.seconds:.1f} s):", hanging="  ")
    else:
        yield f"The service, started as declared ({service.seconds:.1f} s):"
    for step in service.steps:
        mark = "  " if step.passed else "! "
        yield from wrapped(f"{step.name}: {step.detail}", f"{mark}{step.seconds:5.1f} s  ", " " * 11)
    yield from (f"  | {line}"[: columns()] for line in service.last_lines)
    for note in service.notes:
        yield from wrapped(f"note: {note}", "  ", " " * 8)
    if service.judged:
        yield f"  {service.judged} requests to AWS were judged by our evaluator, not by AWS."
    yield ""
    yield from _section("Permissions that nothing here needed", list(service.unused), verbose)
    if verbose:
        yield from _section("Stand-ins for the service", [str(one) for one in service.stand_ins], verbose)


def _table(rehearsal: Rehearsal) -> Iterator[str]:
    yield _row("", ("compared", "declared", "fields", "fields not", "wrong"))
    yield _row("component", ("", "only", "checked", "checked", ""))
    for name, members in rehearsal.components.items():
        yield _row(name or "(stack)", _counts(members))
    yield _row("total", _counts(tuple(one for members in rehearsal.components.values() for one in members)))


def _counts(members: tuple[Rehearsed, ...]) -> tuple[int, ...]:
    states = Counter(one.state for one in members)
    fields = Counter(field.check for one in members for field in one.fields)
    wrong = states[State.FAILED] + states[State.DIFFERS]
    return (
        states[State.COMPARED],
        states[State.DECLARED_ONLY],
        fields[Check.CHECKED],
        fields[Check.NOT_CHECKED],
        wrong,
    )


def _row(name: str, cells: tuple[str | int, ...]) -> str:
    """A line of the table; where the terminal is narrow, the name and the room between the columns give way."""
    widths = (10, 10, 10, 12, 8)
    spare = min(columns() - sum(widths), 24)
    if spare < 18:
        widths, spare = (9, 9, 8, 11, 6), min(columns() - 43, 17)
    figures = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{name[: spare - 1]:{spare}}{figures}".rstrip()


def _section(title: str, findings: list[str], verbose: bool) -> Iterator[str]:
    if not findings:
        return
    yield f"{title} ({len(findings)}):"
    shown = findings if verbose else findings[:_SHOWN]
    for finding in shown:
        yield from wrapped(finding, "  ")
    if len(findings) > len(shown):
        yield f"  and {len(findings) - len(shown)} more: --verbose"
    yield ""


def _differences(rehearsal: Rehearsal) -> Iterator[str]:
    for one in rehearsal.resources:
        for field in one.fields:
            if field.check is Check.DIFFERS:
                yield f"{short(one.type)} {one.name}: {_difference(field, one)}"


def _difference(field: FieldResult, one: Rehearsed) -> str:
    if any(field.path.startswith(path) for path in one.declared.secret_paths):
        return f"{field.path} differs (secret)"
    return f"{field.path} is declared {_brief(field.declared)} and reads {_brief(field.found)}"


def _brief(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _failures(rehearsal: Rehearsal) -> Iterator[str]:
    for one in rehearsal.resources:
        if one.state is State.FAILED:
            place = f" ({one.declared.source})" if one.declared.source else ""
            yield f"{short(one.type)} {one.name}{place}: {one.reason}"


def _declared_only(rehearsal: Rehearsal) -> Iterator[str]:
    if rehearsal.declare_only:
        return
    reasons = Counter((short(one.type), one.reason) for one in rehearsal.resources if one.state is State.DECLARED_ONLY)
    for (type_, reason), count in reasons.items():
        yield f"{count} {type_}: {reason}"


def _stand_ins(rehearsal: Rehearsal) -> Iterator[str]:
    for one in rehearsal.stand_ins:
        yield f"{one.path}: {_shortened(one.placeholder)} -> {_shortened(one.stand_in)}"


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:12]}...{text[-8:]}"


def _not_checked(rehearsal: Rehearsal) -> Iterator[str]:
    reasons: dict[str, Counter[str]] = {}
    for one in rehearsal.resources:
        for field in one.fields:
            if field.check is Check.NOT_CHECKED:
                reasons.setdefault(field.reason, Counter())[f"{short(one.type)}.{field.path}"] += 1
    for reason, fields in sorted(reasons.items()):
        listed = ", ".join(f"{name} x{n}" if n > 1 else name for name, n in sorted(fields.items()))
        yield f"{reason}: {listed}"


def short(token: str) -> str:
    """`aws:rds/instance:Instance` as `rds.Instance`."""
    parts = token.split(":")
    return f"{parts[1].split('/')[0]}.{parts[2]}" if len(parts) == 3 else token


def _next(rehearsal: Rehearsal, verbose: bool) -> str:
    if not rehearsal.passed:
        return f"correct what is listed, then `{rehearsal.command}` again"
    if rehearsal.declare_only:
        return f"workbuoy rehearse {rehearsal.stack}"
    if not verbose:
        return f"{rehearsal.command} --verbose (what was not checked, and why)"
    return f"pulumi preview --stack {rehearsal.stack} (needs the Pulumi CLI and an AWS account)"
