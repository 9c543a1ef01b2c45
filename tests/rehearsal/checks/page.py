"""The page docs/aws-limits.md, made from the seeded breaches."""

from collections import defaultdict
from collections.abc import Iterator

from rehearsal.checks import refusals_of
from rehearsal.result import Refusal
from rehearsal.shapes import NOT_HELD_TO
from tests.rehearsal.checks.case import ACCOUNT, Case
from tests.rehearsal.checks.seeds import CASES
from tests.rehearsal.checks.seeds_models import MODEL_CASES

_LONGEST = 110


def page() -> str:
    """The whole page."""
    by_check: dict[str, list[Case]] = defaultdict(list)
    for case in CASES:
        by_check[case.check].append(case)
    by_place = defaultdict(list)
    for one in MODEL_CASES:
        by_place[one.name].append(one)
    seeds, kinds = len(CASES) + len(MODEL_CASES), len(by_check) + len(by_place)
    return "\n".join(
        (
            "# What AWS refuses, and a rehearsal with it",
            "",
            "<!-- Made by `make generate` from the seeded breaches in tests/rehearsal/checks/. -->",
            "",
            f"A rehearsal refuses each of these {seeds} seeded breaches of {kinds} kinds by name, with its place",
            "and the fix, and lets a twin at the limit pass. moto takes nearly all of them. Settings refuse many",
            "of them before that.",
            "",
            "A kind comes from one of three sources. Checks of what several properties or resources together make",
            "(`rehearsal/checks/`) stand beside AWS's page. Lists that AWS extends (versions, classes by region,",
            "sizes) are in `components/offered.json`, an extract of cfn-lint with its date, which",
            "`python -m rehearsal.checks.refresh` writes anew. The names of Postgres's parameters are its own list.",
            "And every request is held to the service's own model in botocore (`rehearsal/shapes.py`): the second",
            "table is a sample of it, and not its end.",
            "",
            "What no kind here names is not looked at: AWS may refuse more.",
            "",
            "## Checks",
            "",
            "| Kind | Example of a breach | Fix | Source | Seeded |",
            "|---|---|---|---|---|",
            *_checks(by_check),
            "",
            "## Requests held to the services' models",
            "",
            "| Place and kind | Operation | Seeded |",
            "|---|---|---|",
            *(
                f"| {name} | [{found[0].operation}]({found[0].source()}) | {len(found)} |"
                for name, found in sorted(by_place.items())
            ),
            "",
            "Not held to a model's pattern or list of values:",
            "",
            *(f"- {service} {shape}: {reason}" for (service, shape), reason in sorted(NOT_HELD_TO.items())),
            "",
        )
    )


def _checks(by_check: dict[str, list[Case]]) -> Iterator[str]:
    for check, cases in sorted(by_check.items()):
        found = _first(cases[0])
        cells = (f"`{check}`", _cell(found.what), _cell(found.fix), f"[page]({found.source})", str(len(cases)))
        yield f"| {' | '.join(cells)} |"


def _first(case: Case) -> Refusal:
    return next(one for one in refusals_of(tuple(case.bad), ACCOUNT, case.residency) if one.check == case.check)


def _cell(text: str) -> str:
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return short.replace("\n", " ").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
