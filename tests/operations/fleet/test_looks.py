"""What other commands printed is read by its content, and shown one row a cause."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.problems import ProblemsError
from operations.changed.estate import Base
from operations.fleet.looks import Looks, read_looks
from operations.fleet.standing import Row, Stack, as_text, rows_of, stacks_of
from tests.operations.fleet.conftest import Run
from tests.operations.fleet.world import ACCOUNT, IMAGE, make_fleet

Leave = Callable[..., None]
URN = "urn:pulumi:{stack}::workbuoy::workbuoy:aws:Files$aws:s3/bucket:Bucket::files"


def release(digest: str = IMAGE, *, runs: bool = True) -> dict[str, Any]:
    return {"digest": digest, "declaredAt": None, "taskDefinition": "service:1", "runs": runs}


def drifted(stack: str, *properties: str) -> dict[str, Any]:
    return {"urn": URN.format(stack=stack), "gone": not properties, "properties": list(properties), "dangers": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "looks"
    made.mkdir()
    return made


@pytest.fixture
def leave(folder: Path) -> Leave:
    """Leave an output in the folder, as a workflow does."""

    def put(stack: str, **content: Any) -> None:
        number = len(list(folder.iterdir()))
        (folder / f"{number}.json").write_text(json.dumps({"schema": 1, "stack": stack, **content}))

    return put


def drift(leave: Leave, stack: str, *resources: dict[str, Any]) -> None:
    leave(stack, drifted=bool(resources), refreshedAt=None, resources=list(resources))


def stacks(*tenants: str, drilled: bool = False) -> list[Stack]:
    base = Base(
        stack="prod",
        environment="prod",
        account=ACCOUNT,
        region="eu-west-1",
        repository="workbuoy",
        architecture="arm64",
        backend="s3://state",
        drilled=drilled,
    )
    return [Stack(name=f"prod-{one}", base=base, tenant=one) for one in tenants]


def of(subject: str, rows: list[Row]) -> list[tuple[str, bool, tuple[str, ...]]]:
    return [(one.cause, one.good, one.stacks) for one in rows if one.subject == subject]


def test_the_same_drift_of_many_customers_is_one_row(folder: Path, leave: Leave) -> None:
    for stack in ("prod-acme", "prod-globex"):
        drift(leave, stack, drifted(stack, "versioning.enabled"))
    drift(leave, "prod-initech")
    rows = rows_of(stacks("acme", "globex", "initech", "hooli"), read_looks(folder))
    assert of("drift", rows) == [
        ("aws:s3/bucket:Bucket files differs in versioning.enabled", False, ("prod-acme", "prod-globex")),
        ("was not looked at", False, ("prod-hooli",)),
        ("no drift", True, ("prod-initech",)),
    ]


def test_a_cause_that_names_the_customer_is_still_one_row(folder: Path, leave: Leave) -> None:
    for name in ("acme", "globex"):
        danger = {**drifted(f"prod-{name}"), "dangers": [f"prod-{name}-files loses {name}"]}
        drift(leave, f"prod-{name}", danger)
    ((cause, good, names),) = of("drift", rows_of(stacks("acme", "globex"), read_looks(folder)))
    assert (cause, good) == ("aws:s3/bucket:Bucket files is gone; STACK-files loses NAME", False)
    assert len(names) == 2


def test_versions_are_a_row_an_image_and_no_running_image_is_not_good(folder: Path, leave: Leave) -> None:
    leave("prod-acme", releases=[release("sha256:" + "0" * 64, runs=False), release()])
    leave("prod-globex", releases=[release()])
    leave("prod-initech", releases=[release(runs=False)])
    assert of("version", rows_of(stacks("acme", "globex", "initech"), read_looks(folder))) == [
        ("no image is declared as running", False, ("prod-initech",)),
        (IMAGE, True, ("prod-acme", "prod-globex")),
    ]


@pytest.mark.parametrize(
    ("last", "within", "overdue", "cause"),
    [
        ("2026-11-20T01:00:00+00:00", 7, False, "a good drill within 7 days"),
        ("2026-11-01T01:00:00+00:00", 7, True, "no good drill within 7 days"),
        (None, 7, True, "no restore was ever tried with success"),
        (None, None, False, "no restore was ever tried with success"),
    ],
)
def test_drills_are_judged_as_the_command_judged_them(
    tmp_path: Path, last: str | None, within: int | None, overdue: bool, cause: str
) -> None:
    look = {"schema": 1, "stack": "prod-acme", "lastGoodAt": last, "withinDays": within, "overdue": overdue}
    (tmp_path / "drills.json").write_text(json.dumps({**look, "drills": []}))
    assert of("drill", rows_of(stacks("acme"), read_looks(tmp_path))) == [(cause, not overdue, ("prod-acme",))]


def test_drills_that_nobody_looked_at_are_missed_only_where_a_setting_asks_for_them() -> None:
    assert of("drill", rows_of(stacks("acme", drilled=True), Looks({}))) == [
        ("was not looked at", False, ("prod-acme",))
    ]
    ((cause, good, _),) = of("drill", rows_of(stacks("acme"), Looks({})))
    assert good
    assert cause.startswith("no setting asks for drills")


def test_backups_that_are_not_good_are_a_row_a_finding(folder: Path, leave: Leave) -> None:
    bad = {"what": "snapshots", "state": "missing", "found": "there is none"}
    fine = {"what": "newest moment", "state": "good", "found": "now"}
    leave("prod-acme", lookedAt="2026-11-26T00:00:00+00:00", findings=[bad, fine])
    leave("prod-globex", lookedAt="2026-11-26T00:00:00+00:00", findings=[fine])
    leave("prod-initech", lookedAt="2026-11-26T00:00:00+00:00", findings=[])
    assert of("backup", rows_of(stacks("acme", "globex", "initech"), read_looks(folder))) == [
        ("nothing was found to look at", False, ("prod-initech",)),
        ("snapshots: missing", False, ("prod-acme",)),
        ("can be brought back", True, ("prod-globex",)),
    ]


def test_a_stack_whose_account_nobody_looked_into_is_no_good_one_where_others_were(folder: Path, leave: Leave) -> None:
    for name in ("acme", "globex"):
        drift(leave, f"prod-{name}")
    leave("prod-acme", drifted=False, refreshedAt=None, resources=[], unread=[])
    (folder / "drift-account-prod-globex.json").touch()  # its command ended without an answer
    assert of("drift", rows_of(stacks("acme", "globex"), read_looks(folder))) == [
        ("what was added beside the program was not looked at", False, ("prod-globex",)),
        ("no drift", True, ("prod-acme", "prod-globex")),
    ]


def test_what_was_added_and_what_could_not_be_asked_are_rows_of_drift(folder: Path, leave: Leave) -> None:
    drift(leave, "prod-acme")
    leave(
        "prod-acme",
        drifted=True,
        refreshedAt=None,
        resources=[drifted("prod-acme")],
        unread=["iam:ListUsers: AccessDenied"],
    )
    causes = [cause for cause, good, _ in of("drift", rows_of(stacks("acme"), read_looks(folder))) if not good]
    assert causes == [
        "added beside the program: aws:s3/bucket:Bucket files",
        "could not be asked: iam:ListUsers: AccessDenied",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is no JSON; was the command cut off?"),
        ("[]", "is no output that is read here"),
        ('{"schema": 1, "tenants": []}', "is no output that is read here"),
        ('{"schema": 9, "stack": "prod", "releases": []}', "is `releases` of schema 9, and 1 is read here"),
        ('{"schema": 1, "stack": "prod", "releases": [{}]}', "is no whole `releases`: releases.0.digest"),
    ],
)
def test_a_file_that_is_no_look_is_named_and_stops(folder: Path, text: str, told: str) -> None:
    (folder / "odd.json").write_text(text)
    with pytest.raises(ProblemsError) as error:
        read_looks(folder)
    assert str(error.value.problems[0]).startswith(f"odd.json: {told}")


def test_a_command_that_printed_nothing_left_no_look(folder: Path) -> None:
    (folder / "drift-prod-acme.json").touch()
    assert of("drift", rows_of(stacks("acme"), read_looks(folder))) == [("was not looked at", False, ("prod-acme",))]


def test_two_looks_at_one_stack_are_refused_since_nobody_knows_the_newer(folder: Path, leave: Leave) -> None:
    leave("prod-acme", releases=[])
    leave("prod-acme", releases=[])
    with pytest.raises(ProblemsError, match="is a second `releases` of prod-acme"):
        read_looks(folder)


def test_a_terminal_gets_a_line_a_row_and_the_first_names_of_what_is_not_good() -> None:
    names = [f"c{number}" for number in range(9)]
    lines = as_text(rows_of(stacks(*names), Looks({})), 9).splitlines()
    assert lines[0] == "9 stacks"
    assert "!       9  was not looked at: prod-c0, prod-c1, prod-c2, prod-c3, prod-c4 and 4 more" in lines


def test_the_command_tells_rollout_and_rows_and_exits_with_3(run: Run, folder: Path, leave: Leave) -> None:
    missing = run("status", "--looks", str(folder / "nowhere"))
    assert missing.exit_code == 1
    leave("prod-c0000", releases=[release()])
    told = run("status", "--looks", str(folder))
    assert told.exit_code == 3, told.output
    assert "no rollout was begun" in told.stdout
    assert f"        1  {IMAGE[:19]}" in told.stdout
    shown = run("status", "--looks", str(folder), "--json")
    assert shown.exit_code == 3, shown.exception
    document = json.loads(shown.stdout)
    assert (document["environment"], document["stacks"], document["run"]) == ("prod", 14, None)
    assert {one["subject"] for one in document["rows"]} == {"version", "drift", "drill", "backup"}
    assert run("start", "--image", IMAGE).exit_code == 0
    assert json.loads(run("status", "--looks", str(folder), "--json").stdout)["run"]["state"] == "running"


def test_a_base_whose_account_is_a_placeholder_is_no_stack_that_could_be_looked_at(tmp_path: Path) -> None:
    root = make_fleet(tmp_path / "project", 1)
    assert [one.name for one in stacks_of(root, "prod")] == ["prod", "prod-c0000"]
    for file in (root / "Pulumi.prod.yaml", root / "tenants/c0000.yaml"):
        file.write_text(file.read_text().replace(ACCOUNT, "000000000003"))
    assert stacks_of(root, "prod") == []
