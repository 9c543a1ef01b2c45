"""Listing, showing and checking customers."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.tenants import files
from infra.tenants.listing import Listing, list_records
from project.files import Project
from tests.operations.engine.fake_cli import FakeCli
from tests.operations.tenant.conftest import Run


def edit(project: Project, file: str, old: str, new: str) -> None:
    """Change a file of the project as a person would."""
    path = project.root / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.usefixtures("usual_columns")
def test_the_table_fits_80_columns_however_long_the_names_are(project: Project, run: Run) -> None:
    regions = "[eu-central-1, eu-north-1, eu-south-1, eu-south-2, eu-west-1, eu-west-3]"
    edit(project, "tenants/acme.yaml", "residency: eea", f"residency: {regions}")
    edit(project, "tenants/acme.yaml", "signed: 2026-10-01", "signed: 2026-10-01\n  retiring: 2026-12-31")
    result = run("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["name", "isolation", "base", "region", "residency", "tier", "state"]
    assert [line.split()[0] for line in lines[1:4]] == ["acme", "globex", "initech"]
    assert "retiring 2026-12-31" in lines[1]


def test_a_broken_file_is_reported_with_its_line_and_the_others_are_still_listed(project: Project, run: Run) -> None:
    edit(project, "tenants/acme.yaml", "region: eu-west-1", "region: eu-west-9")
    result = run("list", "--json")
    assert result.exit_code == 1
    assert [one["name"] for one in json.loads(result.stdout)["tenants"]] == ["globex", "initech"]
    assert "error: tenants/acme.yaml:6: region: " in result.stderr


def test_a_half_written_file_is_one_clear_line(project: Project, run: Run) -> None:
    file = project.root / "tenants/acme.yaml"
    file.write_text(file.read_text()[:-200].rstrip() + "\n  - name: [")
    result = run("check")
    assert result.exit_code == 1
    told = result.stderr.splitlines()
    assert told[0].startswith("error: tenants/acme.yaml:")
    assert "is not YAML" in told[0]


def test_show_tells_what_follows_from_the_record(run: Run) -> None:
    facts = json.loads(run("show", "globex", "--json").stdout)
    assert facts["stack"] == "prod-eu-north-1-globex"
    assert facts["allowedRegions"] == ["eu-north-1"]
    assert facts["sizes"]["database"]["instanceClass"] == "db.t4g.medium"
    assert "workbuoy tenant deploy globex" in facts["next"]
    page = run("show", "initech").stdout
    assert "workbuoy-app tenant add initech" in page
    assert "instanceClass" not in page


def test_show_of_an_unknown_customer_names_the_list(run: Run) -> None:
    for name in ("nobody", "../secrets", "a" * 300, "x\0y"):
        result = run("show", name)
        assert result.exit_code == 1
        assert "`workbuoy tenant list` shows all" in result.stderr


@pytest.mark.usefixtures("prod_signed_in")
def test_show_reads_the_outputs_of_the_stack(run: Run, fake_cli: FakeCli) -> None:
    fake_cli.answer({"stack output": {"out": '{"url": "https://acme.workbuoy.example"}'}})
    facts = json.loads(run("show", "acme", "--outputs", "--json").stdout)
    assert facts["outputs"] == {"url": "https://acme.workbuoy.example"}


def test_a_silo_without_its_stacks_file_is_a_problem(project: Project, run: Run) -> None:
    (project.root / "Pulumi.prod-acme.yaml").unlink()
    result = run("check")
    assert result.exit_code == 1
    assert "tenants/acme.yaml: isolation: a silo needs its stack's file Pulumi.prod-acme.yaml" in result.stderr


@pytest.fixture
def committed(project: Project) -> Path:
    """The project in git, as it was on main."""
    (project.root / "Pulumi.prod-initech.yaml").unlink(missing_ok=True)
    git(project, "init", "--quiet", "--initial-branch", "main")
    git(project, "add", "Pulumi.yaml", "tenants", *(file.name for file in project.root.glob("Pulumi.*.yaml")))
    git(project, "commit", "--quiet", "--message", "before")
    return project.root


def git(project: Project, *words: str) -> None:
    person = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(project.root), *person, *words], check=True, capture_output=True)


@pytest.mark.usefixtures("committed")
def test_a_change_of_what_may_change_passes(project: Project, run: Run) -> None:
    edit(project, "tenants/acme.yaml", "Acme Industrier AS", "Acme AS")
    result = run("check", "--since", "main")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "3 customers' files are in order.\n"


@pytest.mark.usefixtures("committed")
def test_a_customer_cannot_be_moved_by_editing_both_files(project: Project, run: Run) -> None:
    for old, new in (
        ("base: prod", "base: prod-eu-north-1"),
        ("region: eu-west-1", "region: eu-north-1"),
        ("acm:eu-west-1", "acm:eu-north-1"),
        ("listenerPriority: 100", "listenerPriority: 101"),
    ):
        edit(project, "tenants/acme.yaml", old, new)
    stack = project.root / "Pulumi.prod-acme.yaml"
    stack.rename(project.root / "Pulumi.prod-eu-north-1-acme.yaml")
    assert run("check").exit_code == 0
    result = run("check", "--since", "main")
    assert result.exit_code == 1
    assert "tenants/acme.yaml: region: was eu-west-1 and is eu-north-1: put it back" in result.stderr
    assert "tenants/acme.yaml: base: was prod and is prod-eu-north-1" in result.stderr


def test_a_place_that_served_is_not_forgotten_without_the_record_that_it_is_empty(
    committed: Path, project: Project, run: Run
) -> None:
    move = "move:\n  direction: {}\n  base: {}\n  region: {}\n{}"
    opened = project.root / "tenants/initech.yaml"
    record, there = opened.read_text(), ("prod-eu-north-1", "eu-north-1")
    gone = record.replace("base: prod", f"base: {there[0]}").replace("eu-west-1", there[1])
    switched = gone + move.format("from", "prod", "eu-west-1", "  since: 2026-11-20\n")
    kept = committed / "tenants/moved/initech-prod-2026-11-21.yaml"
    kept.parent.mkdir()
    for before in (record + move.format("to", *there, ""), switched):  # switched and closed at once, and after it
        opened.write_text(before)
        git(project, "add", "tenants")
        git(project, "commit", "--quiet", "--message", "on the way")
        opened.write_text(gone)
        result = run("check", "--since", "HEAD")
        assert result.exit_code == 1
        assert "tenants/initech.yaml: move: forgets prod, and tenants/moved/ has no record" in " ".join(
            result.stderr.split()
        )
        kept.write_text("name: initech-prod\nbase: x\n")
        assert run("check", "--since", "HEAD").exit_code == 1, "another pair of names makes the same file's name"
        kept.write_text("name: initech\nbase: prod\n")
        assert run("check", "--since", "HEAD").exit_code == 0
        kept.unlink()
    kept.write_text("name: initech\nbase: prod\n")
    opened.write_text(record + move.format("to", *there, ""))
    git(project, "add", "tenants")
    git(project, "commit", "--quiet", "--message", "it left the same place years ago, and leaves it again")
    opened.write_text(gone)
    assert run("check", "--since", "HEAD").exit_code == 1, "the record is of the move before"
    kept.unlink()
    opened.write_text(record + move.format("to", *there, ""))
    git(project, "commit", "--quiet", "--all", "--message", "not switched")
    opened.write_text(record)
    assert run("check", "--since", "HEAD").exit_code == 0, "it never served"


@pytest.mark.usefixtures("committed")
def test_a_record_that_goes_to_another_folder_is_still_held_to_what_it_was(project: Project, run: Run) -> None:
    (project.root / "tenants/prod").mkdir()
    (project.root / "tenants/initech.yaml").rename(project.root / "tenants/prod/initech.yaml")
    assert run("check", "--since", "main").exit_code == 0
    edit(project, "tenants/prod/initech.yaml", "base: prod", "base: prod-eu-north-1")
    edit(project, "tenants/prod/initech.yaml", "region: eu-west-1", "region: eu-north-1")
    result = run("check", "--since", "main")
    assert result.exit_code == 1
    assert "base: was prod and is prod-eu-north-1" in result.stderr


@pytest.mark.usefixtures("committed")
def test_a_customer_leaves_only_with_a_record(project: Project, run: Run) -> None:
    (project.root / "tenants/acme.yaml").unlink()
    (project.root / "Pulumi.prod-acme.yaml").unlink()
    result = run("check", "--since", "main")
    assert result.exit_code == 1
    assert "tenants/acme.yaml: is removed without a record in tenants/offboarded/" in result.stderr
    (project.root / "tenants/offboarded").mkdir()
    (project.root / "tenants/offboarded/acme.yaml").write_text("name: acme\n")
    assert run("check", "--since", "main").exit_code == 0


@pytest.mark.usefixtures("committed")
def test_a_pool_tenant_becomes_a_silo_only_while_a_promotion_is_open(project: Project, run: Run) -> None:
    silo = (
        "isolation: silo\ntier: small\nhostName: initech.workbuoy.example\nlistenerPriority: 7\n"
        "certificateArn: arn:aws:acm:eu-west-1:210000000003:certificate/1111aaaa-0000-4000-8000-0123456789ab"
    )
    edit(project, "tenants/initech.yaml", "isolation: pool", silo)
    (project.root / "Pulumi.prod-initech.yaml").write_text("config:\n  workbuoy:tenant: initech\n")
    result = run("check", "--since", "main")
    assert result.exit_code == 1
    assert "isolation: was pool and is silo: put it back; `workbuoy tenant promote initech`" in result.stderr
    edit(project, "tenants/initech.yaml", "isolation: silo", "isolation: silo\npromotion: open")
    assert run("check", "--since", "main").exit_code == 0


@pytest.mark.usefixtures("committed")
def test_a_promotion_that_is_open_can_be_taken_back(project: Project, run: Run) -> None:
    edit(project, "tenants/acme.yaml", "isolation: silo", "isolation: silo\npromotion: open")
    git(project, "commit", "--quiet", "--all", "--message", "open")
    file = project.root / "tenants/acme.yaml"
    silos = ("tier", "hostName", "listenerPriority", "certificateArn", "promotion")
    lines = [one for one in file.read_text().splitlines() if not one.startswith(silos)]
    file.write_text("\n".join(lines).replace("isolation: silo", "isolation: pool") + "\n")
    (project.root / "Pulumi.prod-acme.yaml").unlink()
    assert "isolation: was" not in run("check", "--since", "HEAD").stderr


def test_a_promotion_is_closed_with_the_record_that_nothing_is_left_in_the_pool(
    committed: Path, project: Project, run: Run
) -> None:
    edit(project, "tenants/acme.yaml", "isolation: silo", "isolation: silo\npromotion: open")
    git(project, "commit", "--quiet", "--all", "--message", "open")
    edit(project, "tenants/acme.yaml", "promotion: open\n", "")
    kept = committed / "tenants/moved/acme-prod-2026-11-21.yaml"
    kept.parent.mkdir()
    of_pool = "name: acme\nbase: prod\nisolation: pool\nmoved:\n  to: {}\n"
    for record in (None, of_pool.format("prod-eu-north-1"), of_pool.format("prod-acme").replace("pool", "silo")):
        if record is not None:
            kept.write_text(record)
        result = run("check", "--since", "HEAD")
        assert result.exit_code == 1
        assert "tenants/acme.yaml: promotion: forgets the pool of prod, and" in " ".join(result.stderr.split())
    kept.write_text(of_pool.format("prod-acme"))
    git(project, "add", "tenants/moved")
    git(project, "commit", "--quiet", "--message", "recorded before")
    assert run("check", "--since", "HEAD").exit_code == 0


@pytest.mark.usefixtures("committed")
def test_a_silo_does_not_go_back_into_the_pool(project: Project, run: Run) -> None:
    edit(project, "tenants/globex.yaml", "isolation: silo", "isolation: pool")
    assert "a silo's data does not go back into the pool" in run("check", "--since", "main").stderr


def test_without_git_since_says_so(run: Run) -> None:
    result = run("check", "--since", "main")
    assert result.exit_code == 1
    assert "git" in result.stderr


@pytest.mark.lengthy
def test_listing_loads_neither_pulumi_nor_boto3_and_looks_into_the_folder_a_few_times_only(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What 1,000 files within a second rests on (benchmarks/tenants.py list)."""
    program = (
        "import sys; from operations.main import main; main(['tenant', 'list'], standalone_mode=False); "
        "sys.exit(', '.join({'pulumi', 'boto3', 'moto', 'rich'} & set(sys.modules)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project.root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    looked = 0

    def listed(root: Path) -> Listing:
        nonlocal looked
        looked += 1
        return list_records(root)

    monkeypatch.setattr(files, "list_records", listed)
    files.read_tenants(project.root)
    assert looked == 1


def left_by_mistake(project: Project, isolation: str) -> Path:
    """acme's record of a leaving, on main; its files are gone there."""
    record = project.root / "tenants/offboarded/acme.yaml"
    record.parent.mkdir()
    record.write_text(f"name: acme\nisolation: {isolation}\nbase: prod\ndates: {{destroyed: 2026-11-26}}\n")
    files = [project.root / one for one in ("tenants/acme.yaml", "Pulumi.prod-acme.yaml")]
    texts = [one.read_text() for one in files]
    for file in files:
        file.unlink()
    git(project, "add", "--all", "tenants", files[1].name)
    git(project, "commit", "--quiet", "--message", "acme has left")
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    return record


@pytest.mark.lengthy
@pytest.mark.usefixtures("committed")
def test_a_silo_that_came_back_keeps_its_record_as_one_of_a_destroyed_stack(project: Project, run: Run) -> None:
    record = left_by_mistake(project, "silo")
    assert "no name is used twice" in run("check", "--since", "main").stderr
    text = record.read_text()
    record.unlink()
    kept = project.root / "tenants/moved/acme-prod-2026-11-26-stack.yaml"
    result = run("check", "--since", "main")
    assert result.exit_code == 1
    assert f"moved to {kept.relative_to(project.root)}" in " ".join(result.stderr.split())
    kept.parent.mkdir()
    kept.write_text(text.replace("11-26}", "11-27}"))
    assert run("check", "--since", "main").exit_code == 1
    kept.write_text(f"{text}remaining: []\n")
    assert run("check", "--since", "main").exit_code == 0
    (project.root / "tenants/acme.yaml").unlink()
    (project.root / "Pulumi.prod-acme.yaml").unlink()
    assert run("check", "--since", "main").exit_code == 1, "the customer did not come back"


@pytest.mark.usefixtures("committed")
def test_a_pool_customer_who_was_erased_does_not_come_back_so(project: Project, run: Run) -> None:
    record = left_by_mistake(project, "pool")
    kept = project.root / "tenants/moved/acme-prod-2026-11-26-stack.yaml"
    kept.parent.mkdir()
    record.rename(kept)
    result = run("check", "--since", "main")
    assert (result.exit_code, "stays for good" in result.stderr) == (1, True)


def test_two_pairs_of_names_that_make_one_stacks_name_are_refused_and_neither_takes_the_others_stack_down(
    project: Project, run: Run
) -> None:
    root = project.root
    base, record = (root / "Pulumi.prod.yaml").read_text(), (root / "tenants/acme.yaml").read_text()
    (root / "Pulumi.prod-x.yaml").write_text(base.replace("app.workbuoy.example", "x.workbuoy.example"))
    (root / "Pulumi.prod-x-beta.yaml").write_text("config:\n  workbuoy:tenant: beta\n")
    for name, on in (("beta", "prod-x"), ("x-beta", "prod")):
        own = record.replace("name: acme", f"name: {name}").replace("base: prod", f"base: {on}")
        own = own.replace("acme.workbuoy", f"{name}.workbuoy").replace("listenerPriority: 100", "listenerPriority: 7")
        own = re.sub("certificateArn: .*", "certificateArn: base", own)
        (root / f"tenants/{name}.yaml").write_text(own.replace("2026-10-01", "2026-10-01\n  retiring: 2026-10-02"))
    told = "tenants/x-beta.yaml: name: with base prod the stack is prod-x-beta, and that is the stack of beta"
    for words in (["check"], ["deploy", "x-beta", "--yes"], ["destroy", "x-beta", "--confirm", "x-beta"]):
        result = run(*words)
        assert (result.exit_code, told in " ".join(result.stderr.split())) == (1, True), result.stderr
    assert "tenants/beta.yaml" not in run("check").stderr
