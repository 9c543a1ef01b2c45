"""The report's sections on stacks beside the first and on who can reach whom."""

from dataclasses import replace

from rehearsal.tenants.result import Cell, Matrix, Outcome, Party, StoodUp, TenantsRehearsal
from tests.rehearsal.report.conftest import Node, Read, Whole

PARTIES = tuple(Party(name=name, kind="silo") for name in ("a", "b", "c"))


def cell(who: str, whom: str, role: str = "task role", **changes: object) -> Cell:
    verdict = Outcome.ALLOWED if who == whom else Outcome.DENIED
    made = Cell(
        who=who,
        who_as=role,
        whom=whom,
        what="object in files",
        call="s3:GetObject",
        expected=verdict,
        got=verdict,
        why="decided by <it>",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def found(*red: Cell, **changes: object) -> TenantsRehearsal:
    cells = [cell(one.name, other.name) for one in PARTIES for other in PARTIES if (one, other) != PARTIES[1:]]
    matrix = Matrix(parties=PARTIES, cells=(*cells, *red), left_out=("the <network>",), judged=9)
    return TenantsRehearsal(tenants={}, stacks=(), matrix=replace(matrix, **changes))  # type: ignore[arg-type]


def section(page: Node) -> Node:
    return page.section("reach")


def test_a_stack_alone_has_no_such_section(read: Read, whole: Whole) -> None:
    page = read(whole())
    assert not [one for one in page.all("section") if one.attributes["id"] in ("reach", "beside")]


def test_rows_ask_and_columns_are_asked(read: Read, whole: Whole) -> None:
    grid = section(read(whole(tenants=found()))).all("table", "reach")[0]
    assert grid.rows() == [
        ["a silo", "1 allowed", "1 denied", "1 denied"],
        ["b silo", "1 denied", "1 allowed", "not tried"],
        ["c silo", "1 denied", "1 denied", "1 allowed"],
    ]


def test_every_number_leads_to_its_attempts(read: Read, whole: Whole) -> None:
    page = section(read(whole(tenants=found())))
    grid = page.all("table", "reach")[0]
    anchors = [one.attributes["href"].removeprefix("#") for one in grid.all("a")]
    details = {one.attributes["id"]: one for one in page.all("details")}
    assert anchors == list(details)
    assert details[anchors[1]].rows() == [["task role", "s3:GetObject", "object in files", "denied", "decided by <it>"]]


def test_attempts_that_differ_only_in_who_made_them_stand_together(read: Read, whole: Whole) -> None:
    more = cell("a", "b", "rotation role")
    page = section(read(whole(tenants=found(more))))
    (row,) = [row for one in page.all("details")[1:2] for row in one.rows()]
    assert row[0] == "task role, rotation role"


def test_a_red_cell_is_the_first_problem_and_stands_in_full(read: Read, whole: Whole) -> None:
    red = cell("b", "c", got=Outcome.ALLOWED, why="allowed by a/Hole")
    page = read(whole(tenants=found(red)))
    assert "First problem: b as task role: s3:GetObject on c's object in files is allowed" in page.text
    assert "1 of 1 wrong" in section(page).text
    wrong = next(one for one in section(page).all("table") if "not as they must be" in one.text)
    assert wrong.rows() == [
        ["b", "task role", "s3:GetObject", "c: object in files", "allowed, not denied", "allowed by a/Hole"]
    ]


def test_what_is_not_in_it_is_said(read: Read, whole: Whole) -> None:
    text = section(read(whole(tenants=found(sampled="3 of 40 tenants")))).text
    assert "Not in it: the <network>" in text
    assert "A sample: 3 of 40 tenants" in text
    waiting = TenantsRehearsal(tenants={}, stacks=(), not_tried="not every stack stands")
    assert "Not tried: not every stack stands" in section(read(whole(tenants=waiting))).text


def test_pool_tenants_bring_what_iam_does_not_do(read: Read, whole: Whole) -> None:
    assert "IAM does not separate" not in section(read(whole(tenants=found()))).text
    pool = (*PARTIES, Party(name="d", kind="pool tenant"))
    assert "IAM does not separate" in section(read(whole(tenants=found(parties=pool)))).text


def test_other_stacks_stand_in_a_line_each_with_their_problems(read: Read, whole: Whole) -> None:
    other = StoodUp(
        stack="prod-a",
        tenant="a",
        account="210000000003",
        region="eu-west-1",
        compared=88,
        declared_only=0,
        fields_checked=911,
        fields_not_checked=1,
        problems=("bucket is <open>",),
        policies_passed=365,
        policies_advised=0,
        seconds=0.9,
    )
    page = read(whole(tenants=replace(found(), stacks=(other,))))
    beside = page.section("beside")
    assert beside.rows() == [["prod-a 1 problem", "a", "eu-west-1", "88", "911", "365", "900 ms"]]
    assert "bucket is <open>" in beside.text
    assert "First problem: prod-a: bucket is <open>" in page.text
