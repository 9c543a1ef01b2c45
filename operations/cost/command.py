"""`workbuoy cost`."""

from pathlib import Path

import click

from operations.ending import CHECK_FAILED, JSON, fail, print_result, report_errors


@click.command()
@click.argument("stack")
@JSON
@report_errors
def cost(*, stack: str, json_wanted: bool) -> None:
    """Report what STACK costs a month at rest, by its settings: a base stack, or one more customer's silo.

    Counts what the program declares and needs no account. What is charged by use is listed with its unit price and left
    out of the sum. Exits with 3 where something that may cost has no price.
    """
    from operations.cost import estimate, prices, table
    from project.files import find_project
    from rehearsal.as_graph import graph_of
    from rehearsal.run import Options, rehearse_with_base

    graph = rehearse_with_base(find_project(Path.cwd()), stack, Options(declare_only=True))
    found = estimate.estimate(graph_of(graph), prices.read_prices())
    print_result("cost", estimate.as_json(found), table.table(found), json_wanted=json_wanted)
    if found.unpriced:
        fail(CHECK_FAILED, f"the sum is not whole: {', '.join(one.what for one in found.unpriced)} without a price")
