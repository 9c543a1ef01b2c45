"""The files of a further cell: a base stack's in the same account, or with an account of its own."""

from pathlib import Path

import pytest
import yaml

from bootstrap.home import SETTINGS_KEY, account_stack
from bootstrap.settings import AccountSettings
from infra.problems import ProblemsError
from infra.settings import StackSettings
from infra.validation import find_problems
from infra.yaml_text import parse_yaml
from operations.changed.estate import read_bases
from operations.fleet.cells import Cell, read_cells
from operations.fleet.next_cell import NextCell, next_cell
from tests.conftest import PROJECT
from tests.operations.fleet.conftest import Run
from tests.operations.fleet.world import ACCOUNT

ACCOUNT_FILE = "bootstrap/Pulumi.prod-2.yaml"


@pytest.fixture
def prod(root: Path) -> Cell:
    """Eight customers on prod beside prod-1's four, in an account whose limits are AWS's defaults."""
    (root / "bootstrap").mkdir()
    text = (PROJECT / "bootstrap/Pulumi.prod.yaml").read_text().replace("000000000003", ACCOUNT)
    (root / "bootstrap/Pulumi.prod.yaml").write_text(text)
    return next(cell for cell in read_cells(root) if cell.name == "prod")


def settings_of(found: NextCell, name: str = "Pulumi.prod-2.yaml", key: str = "workbuoy:settings") -> dict[str, object]:
    return dict(parse_yaml(found.files[name], name)[0]["config"][key])


def test_in_the_same_account_it_is_a_base_stacks_file_that_shares_no_address(root: Path, prod: Cell) -> None:
    found = next_cell(root, prod, own_account=False)
    assert list(found.files) == ["Pulumi.prod-2.yaml"]
    settings = parse_yaml(found.files["Pulumi.prod-2.yaml"], "next")[0]["config"]["workbuoy:settings"]
    assert find_problems(StackSettings, settings) == []
    assert settings["account"] == ACCOUNT
    assert settings["network"]["cidrBlock"] not in (root / "Pulumi.prod.yaml").read_text()
    assert settings["service"]["hostName"] == "app-prod-2.workbuoy.example"
    assert "encryptedkey" not in found.files["Pulumi.prod-2.yaml"]


def test_where_the_account_leaves_it_less_room_than_it_has_alone_it_gets_an_account(root: Path, prod: Cell) -> None:
    assert (prod.shared, prod.shared_limit) == (5, "RDS event subscriptions (20)")  # 3 base stacks and 12 silos
    assert prod.alone == 19
    found = next_cell(root, prod)
    assert list(found.files) == ["Pulumi.prod-2.yaml", ACCOUNT_FILE]
    assert "in an account of its own" in found.why
    assert "RDS event subscriptions (20)" in found.why
    account = settings_of(found, ACCOUNT_FILE, SETTINGS_KEY)
    assert account["journal"] == {"account": ACCOUNT, "region": "eu-west-1"}
    assert account["account"] == settings_of(found)["account"] != ACCOUNT
    assert ACCOUNT not in found.files["Pulumi.prod-2.yaml"]
    assert find_problems(AccountSettings, account) == []
    assert any("journalWriters in bootstrap/Pulumi.prod.yaml" in step for step in found.steps)


def test_what_was_granted_decides_whether_the_account_takes_another(root: Path, prod: Cell) -> None:
    assert len(next_cell(root, prod).files) == 2
    names = ("RDS event subscriptions", "RDS instances", "Certificates on a load balancer, besides the default one")
    with (root / "fleet.yaml").open("a") as file:
        file.write("quotas:\n")
        for name in names:
            file.write(f'  - {{account: "{ACCOUNT}", region: eu-west-1, name: "{name}", granted: 5000}}\n')
    granted = next(cell for cell in read_cells(root) if cell.name == "prod")
    assert granted.shared > prod.shared
    assert len(next_cell(root, granted).files) == (1 if granted.shared >= granted.alone else 2)


def test_written_files_make_a_cell_whose_state_lies_in_its_own_account(root: Path, prod: Cell, run: Run) -> None:
    assert not (root / f"Pulumi.{prod.name}-2.yaml").exists()
    result = run("cells", "--next", "prod", "--write")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == ["Pulumi.prod-2.yaml", ACCOUNT_FILE]
    assert "workbuoy bootstrap up prod-2" in result.stderr
    for name in ("Pulumi.prod-2.yaml", ACCOUNT_FILE):
        (root / name).write_text((root / name).read_text().replace("000000000001", "333333333333"))
    assert account_stack(root, "prod", "333333333333") == "prod-2"
    bases = read_bases(root)
    assert bases["prod-2"].backend == "s3://workbuoy-state-333333333333-eu-west-1?region=eu-west-1"
    assert bases["prod"].backend == f"s3://workbuoy-state-{ACCOUNT}-eu-west-1?region=eu-west-1"
    third = next_cell(root, next(cell for cell in read_cells(root) if cell.name == "prod-2"), own_account=True)
    assert settings_of(third, "bootstrap/Pulumi.prod-3.yaml", SETTINGS_KEY)["journal"] == {
        "account": ACCOUNT,
        "region": "eu-west-1",
    }


def test_nothing_that_stands_is_written_over(root: Path, prod: Cell) -> None:
    found = next_cell(root, prod)
    (root / ACCOUNT_FILE).write_text("somebody's")
    with pytest.raises(ProblemsError, match="is there already; nothing was written"):
        found.write(root)
    assert not (root / "Pulumi.prod-2.yaml").exists()
    assert (root / ACCOUNT_FILE).read_text() == "somebody's"


def test_an_account_that_has_no_file_cannot_be_copied(root: Path, prod: Cell, run: Run) -> None:
    (root / "bootstrap/Pulumi.prod.yaml").unlink()
    assert len(next_cell(root, prod).files) == 1
    result = run("cells", "--next", "prod", "--own-account")
    assert (result.exit_code, "the new account's file is made from it" in result.stderr) == (1, True)
    assert run("cells", "--own-account").exit_code == 2


def test_the_new_account_has_no_secret_and_no_key_of_the_other(root: Path, prod: Cell) -> None:
    file = root / "bootstrap/Pulumi.prod.yaml"
    file.write_text("secretsprovider: awskms://alias/x\nencryptedkey: abc\n" + file.read_text())
    text = next_cell(root, prod).files[ACCOUNT_FILE]
    assert set(yaml.safe_load(text)) == {"config"}
    assert text.startswith("# yaml-language-server: $schema=bootstrap.schema.json\n")
