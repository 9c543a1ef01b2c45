"""How long each phase and each type of resource took."""

from graph.resource import short_type
from rehearsal.report.markup import Html, el, join
from rehearsal.report.present import TIMES, Column, Section, bar, milliseconds, table
from rehearsal.report.view import View

_SHOWN = 12  # types that get a row of their own


def timings(view: View) -> Section:
    """Two bar charts: phases, and types of resources by creating and reading back."""
    rehearsal = view.rehearsal
    total = sum(rehearsal.seconds.values())
    return Section("timings", "Timings", join(_phases(view, total), _types(view)), badge=milliseconds(total * 1000))


def _phases(view: View, total: float) -> Html:
    seconds = view.rehearsal.seconds
    rows = [[name, bar([(took, "make")], total), milliseconds(took * 1000)] for name, took in seconds.items()]
    rows.append(["together", "", el("strong", milliseconds(total * 1000))])
    columns = (Column("Phase"), Column("Share", "chart"), Column("Took", "amount"))
    return table("Phases", columns, rows, class_="timings")


def _types(view: View) -> Html | None:
    by_type = sorted(
        view.rehearsal.milliseconds_by_type.items(), key=lambda entry: (-entry[1][1] - entry[1][2], entry[0])
    )
    by_type = [entry for entry in by_type if entry[1][1] + entry[1][2] > 0]
    if not by_type:
        return None
    longest = by_type[0][1][1] + by_type[0][1][2]
    rest = by_type[_SHOWN:]
    rows = [
        [
            f"{short_type(token)} {TIMES} {many}",
            bar([(made, "make"), (read, "read")], longest),
            milliseconds(made + read),
        ]
        for token, (many, made, read) in by_type[:_SHOWN]
    ]
    if rest:
        made, read = sum(one[1] for _, one in rest), sum(one[2] for _, one in rest)
        shown = bar([(min(made, longest), "make"), (min(read, max(longest - made, 0.0)), "read")], longest)
        rows.append(
            [f"{len(rest)} other types {TIMES} {sum(one[0] for _, one in rest)}", shown, milliseconds(made + read)]
        )
    legend = el(
        "p",
        el("i", class_="swatch make"),
        "creating ",
        el("i", class_="swatch read"),
        "reading back and comparing. The first resource of a service pays for loading it.",
        class_="quiet",
    )
    columns = (Column(f"Type {TIMES} resources"), Column("Share", "chart"), Column("Took", "amount"))
    return join(table("Types of resources", columns, rows, class_="timings"), legend)
