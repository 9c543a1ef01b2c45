"""Which files touch which stacks and tenants."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from bootstrap.names import state_address
from infra.environments import ENVIRONMENTS
from infra.problems import ProblemsError
from operations.changed.estate import LOCAL, ListedEstate, read_estate
from operations.changed.files import Files
from operations.changed.matrices import matrices
from operations.changed.parts import MOST_JOBS
from operations.changed.touched import everything, touched
from tests.conftest import PROJECT, ROOT
from tests.operations.changed.conftest import make_project

ALL = {"dev", "prod", "prod-eu-north-1", "acme", "globex", "nordlys"}
NONE: set[str] = set()

TABLE = [
    ("components/files.py", ALL),
    ("infra/stack.py", ALL),
    ("app/workbuoy_app/serve.py", ALL),
    ("app/Dockerfile", ALL),
    ("policies/catalogue/storage.yaml", ALL),
    ("rehearsal/mapper.py", ALL),
    ("operations/main.py", ALL),
    ("waivers/lift.yaml", ALL),
    ("requirements.lock", ALL),
    ("pyproject.toml", ALL),
    ("Makefile", ALL),
    ("Pulumi.yaml", ALL),
    ("a-folder-that-nobody-knows/x.bin", ALL),
    ("tenants/tenant.schema.json", ALL),
    ("Pulumi.dev.yaml", {"dev"}),
    ("Pulumi.prod.yaml", {"prod", "acme"}),
    ("Pulumi.prod-eu-north-1.yaml", {"prod-eu-north-1", "nordlys"}),
    ("Pulumi.prod-acme.yaml", {"acme"}),
    ("tenants/acme.yaml", {"acme"}),
    ("tenants/globex.yaml", {"globex"}),
    ("tenants/prod/large/globex.yaml", {"globex"}),
    ("tenants/moved/globex-prod-2026-01-01.yaml", NONE),
    ("tenants/offboarded/hooli.yaml", NONE),
    ("Pulumi.local.yaml", NONE),
    ("README.md", NONE),
    ("app/README.md", NONE),
    ("docs/guide.md", NONE),
    ("docs/picture.svg", NONE),
    ("tests/infra/test_stack.py", NONE),
    ("app/tests/test_login.py", NONE),
    (".github/workflows/deploy.yml", NONE),
    (".ci/run", NONE),
    ("bootstrap/__main__.py", NONE),
    (".gitignore", NONE),
]


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> ListedEstate:
    return read_estate(make_project(tmp_path_factory.mktemp("project")))


def names(files: list[str], estate: ListedEstate) -> set[str]:
    found = touched(Files(differing=tuple(files)), estate)
    return {one.stack for one in found.bases} | {one.tenant for one in found.customers}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("bootstrap/roles.py", ("dev", "prod")),
        ("bootstrap/rights/deploy.py", ("dev", "prod")),
        ("bootstrap/Pulumi.yaml", ("dev", "prod")),
        ("components/encryption.py", ("dev", "prod")),
        ("facts/tokens.py", ("dev", "prod")),
        ("bootstrap/Pulumi.prod.yaml", ("prod",)),
        ("bootstrap/README.md", ()),
        ("Pulumi.prod.yaml", ()),
        ("tenants/acme.yaml", ()),
        ("docs/guide.md", ()),
        ("tests/bootstrap/test_roles.py", ()),
    ],
)
def test_what_may_change_an_accounts_bootstrap_touches_it(
    file: str, expected: tuple[str, ...], estate: ListedEstate
) -> None:
    change = touched(Files(differing=(file,)), estate)
    assert change.accounts == expected
    assert json.loads(matrices(change)["accounts"]) == [{"account": one} for one in expected]


def test_an_account_whose_file_is_new_has_nothing_to_compare_with(estate: ListedEstate) -> None:
    files = Files(
        differing=("bootstrap/Pulumi.prod.yaml", "bootstrap/roles.py"), added=frozenset({"bootstrap/Pulumi.prod.yaml"})
    )
    change = touched(files, estate)
    assert change.accounts == ("dev", "prod")
    assert change.new == {"bootstrap/prod"}
    assert json.loads(matrices(change)["accounts"]) == [{"account": "dev"}]


@pytest.mark.parametrize(("file", "expected"), TABLE, ids=[file for file, _ in TABLE])
def test_a_file_touches(file: str, expected: set[str], estate: ListedEstate) -> None:
    assert names([file], estate) == expected


def test_several_files_touch_what_each_of_them_does(estate: ListedEstate) -> None:
    assert names(["Pulumi.dev.yaml", "tenants/globex.yaml", "README.md"], estate) == {"dev", "globex"}
    assert names(["README.md", "Pulumi.dev.yaml", "components/files.py"], estate) == ALL
    assert names([], estate) == NONE


@pytest.mark.parametrize("also", [[], ["components/files.py"]])
def test_files_of_stacks_and_tenants_that_are_gone_are_reported(also: list[str], estate: ListedEstate) -> None:
    found = touched(Files(differing=("Pulumi.dev2.yaml", "tenants/left.yaml", *also)), estate)
    assert found.removed == ("Pulumi.dev2.yaml", "tenants/left.yaml")


def test_every_tracked_file_at_the_root_is_known_to_a_rule_or_touches_all(estate: ListedEstate) -> None:
    """A new folder of tests or documentation wants a rule; nothing that is deployed may stand apart."""
    for folder in ("components", "infra", "policies", "app/workbuoy_app", "app/image", "operations", "rehearsal"):
        assert names([f"{folder}/__init__.py"], estate) == ALL
        assert (ROOT / folder).is_dir()


def test_a_silo_has_its_bases_account_region_and_registry(estate: ListedEstate) -> None:
    (tenant,) = json.loads(matrices(touched(Files(differing=("tenants/nordlys.yaml",)), estate))["silos"])
    assert tenant == {
        "stack": "prod-eu-north-1-nordlys",
        "tenant": "nordlys",
        "isolation": "silo",
        "environment": "prod",
        "account": "210000000003",
        "region": "eu-north-1",
        "repository": "210000000003.dkr.ecr.eu-north-1.amazonaws.com/workbuoy",
        "backend": "s3://workbuoy-state-210000000003-eu-west-1?region=eu-west-1",
    }


def test_a_pool_tenant_has_nothing_to_preview_but_its_rehearsal(estate: ListedEstate) -> None:
    lists = {
        name: value
        for name, value in matrices(touched(Files(differing=("tenants/globex.yaml",)), estate)).items()
        if value
    }
    assert (json.loads(lists["previews"]), json.loads(lists["silos"])) == ([], [])
    assert json.loads(lists["rehearsals"]) == [{"stack": "prod", "tenants": "globex"}]


def test_a_pool_tenant_who_moves_previews_both_base_stacks(tmp_path: Path) -> None:
    """Each of them gets a statement for the other's service."""
    project = make_project(tmp_path)
    record = project / "tenants/globex.yaml"
    record.write_text(f"{record.read_text()}move:\n  direction: to\n  base: prod-eu-north-1\n  region: eu-north-1\n")
    written = matrices(touched(Files(differing=("tenants/globex.yaml",)), read_estate(project)))
    assert [one["stack"] for one in json.loads(written["previews"])] == ["prod", "prod-eu-north-1"]
    assert [one["stack"] for one in json.loads(written["comparisons"])] == ["prod", "prod-eu-north-1"]


def test_a_record_that_goes_to_another_folder_touches_its_customer_who_is_not_new(estate: ListedEstate) -> None:
    before, after = "tenants/acme.yaml", "tenants/prod/acme.yaml"
    change = touched(Files(differing=(before, after), added=frozenset({after})), estate)
    assert {one.tenant for one in change.customers} == {"acme"}
    assert (change.new, change.removed) == (frozenset(), ())


@pytest.mark.parametrize("file", ["tenants/acme.yaml", "Pulumi.prod-acme.yaml", "tenants/prod/acme.yaml"])
def test_a_new_silo_is_rehearsed_and_deployed_but_there_is_nothing_to_preview(file: str, estate: ListedEstate) -> None:
    both = ("Pulumi.prod.yaml", file)
    change = touched(Files(differing=both, added=frozenset({file})), estate)
    lists = matrices(change)
    assert change.new == {"prod-acme"}
    assert [one["stack"] for one in json.loads(lists["previews"])] == ["prod"]
    assert [one["stack"] for one in json.loads(lists["silos"])] == ["prod-acme"]
    assert json.loads(lists["rehearsals"]) == [{"stack": "prod", "tenants": "acme"}]
    assert json.loads(lists["comparisons"]) == [
        {"stack": "prod", "stood": True},
        {"stack": "prod-acme", "stood": False},
    ]


@pytest.mark.parametrize("other", ["components/files.py", "Pulumi.prod.yaml", "Pulumi.prod-eu-north-1.yaml"])
def test_a_customers_own_change_deploys_no_other_customer_however_much_comes_along(
    other: str, estate: ListedEstate
) -> None:
    change = touched(Files(differing=(other, "tenants/acme.yaml")), estate)
    assert stacks_of(matrices(change), "silos") == ["prod-acme"]


def test_whatever_is_previewed_is_compared_too(estate: ListedEstate) -> None:
    lists = matrices(everything(estate))
    compared = {one["stack"] for one in json.loads(lists["comparisons"])}
    assert {one["stack"] for one in json.loads(lists["previews"])} <= compared


def with_silos(root: Path, count: int) -> ListedEstate:
    """The project with so many silos on each of both bases in prod, every tenth of a tier of its own."""
    project = make_project(root)
    for base in ("prod", "prod-eu-north-1"):
        for number in range(count):
            tier = "large" if number % 10 == 9 else "small"
            record = f"isolation: silo\nbase: {base}\ntier: {tier}\n"
            (project / f"tenants/{base}-{number:03}.yaml").write_text(record)
    return read_estate(project)


def stacks_of(lists: Mapping[str, str], name: str) -> list[str]:
    return [one["stack"] for one in json.loads(lists[name])]


def test_beyond_what_github_takes_some_silos_of_each_base_and_tier_are_shown_and_the_rest_are_counted(
    tmp_path: Path,
) -> None:
    estate = with_silos(tmp_path, 400)
    named = "tenants/prod-eu-north-1-399.yaml"
    lists = matrices(touched(Files(differing=("components/files.py", named)), estate))
    assert len(stacks_of(lists, "comparisons")) == MOST_JOBS
    assert len(stacks_of(lists, "previews")) <= MOST_JOBS
    shown = set(stacks_of(lists, "previews"))
    assert {"dev", "prod", "prod-eu-north-1", "prod-eu-north-1-prod-eu-north-1-399"} <= shown
    tiers = {name: one.tier for name, one in estate.customers.items()}
    kinds = Counter((one.base.stack, tiers[name]) for name, one in estate.customers.items() if one.stack in shown)
    assert all(kinds[base, tier] >= 40 for base in ("prod", "prod-eu-north-1") for tier in ("small", "large"))
    assert lists["unseen"].startswith("549 customers' own stacks are neither compared nor previewed here")
    assert stacks_of(lists, "silos") == ["prod-eu-north-1-prod-eu-north-1-399"]


def test_a_hundred_silos_are_all_shown(tmp_path: Path) -> None:
    lists = matrices(everything(with_silos(tmp_path, 50)))
    assert len(stacks_of(lists, "previews")) == 3 + 100 + 2
    assert lists["unseen"] == ""


def test_of_more_silos_with_a_change_of_their_own_than_github_takes_the_rest_are_counted_too(tmp_path: Path) -> None:
    estate = with_silos(tmp_path, 200)
    lists = matrices(touched(Files(differing=tuple(f"tenants/{name}.yaml" for name in estate.customers)), estate))
    assert len(stacks_of(lists, "comparisons")) == MOST_JOBS
    assert lists["unseen"]


def test_a_new_pool_tenant_brings_no_stack(estate: ListedEstate) -> None:
    file = "tenants/globex.yaml"
    assert touched(Files(differing=(file,), added=frozenset({file})), estate).new == set()


def test_each_environment_has_its_own_list_of_bases(estate: ListedEstate) -> None:
    lists = matrices(everything(estate))
    assert [one["stack"] for one in json.loads(lists["dev"])] == ["dev"]
    assert [one["stack"] for one in json.loads(lists["prod"])] == ["prod", "prod-eu-north-1"]
    assert json.loads(lists["staging"]) == []
    assert lists["architecture"] == "arm64"


def test_every_environment_but_the_laptops_has_a_list(estate: ListedEstate) -> None:
    assert {*ENVIRONMENTS} - {*matrices(everything(estate))} == {LOCAL}


def change(project: Path, stack: str, old: str, new: str) -> None:
    file = project / f"Pulumi.{stack}.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_placeholder_account_is_rehearsed_and_nothing_else(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    change(project, "dev", "210000000001", "000000000001")
    lists = matrices(everything(read_estate(project)))
    assert json.loads(lists["dev"]) == []
    assert "dev" not in {one["stack"] for one in json.loads(lists["previews"])}
    assert {"stack": "dev", "tenants": ""} in json.loads(lists["rehearsals"])


def test_the_state_lies_where_bootstrap_says(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (project / "bootstrap/Pulumi.prod.yaml").write_text(
        "config:\n  workbuoy-bootstrap:settings:\n    region: eu-central-1\n"
    )
    bases = read_estate(project).bases
    assert bases["prod-eu-north-1"].backend == "s3://workbuoy-state-210000000003-eu-central-1?region=eu-central-1"
    assert bases["dev"].backend == "s3://workbuoy-state-210000000001-eu-west-1?region=eu-west-1"


def test_the_names_of_state_are_bootstraps() -> None:
    for base in read_estate(PROJECT).bases.values():
        home = base.backend.rpartition("=")[2]
        assert base.backend == state_address(base.account, home)


def test_two_architectures_are_refused_because_one_image_is_built(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    change(project, "dev", "  service:\n", "  service:\n      architecture: x86_64\n")
    with pytest.raises(ProblemsError, match=r"arm64 and x86_64.*choose one"):
        matrices(everything(read_estate(project)))


def test_everything_wrong_with_the_files_is_reported_at_once(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    change(project, "dev", "    region: eu-west-1\n", "")
    (project / "Pulumi.prod-acme.yaml").write_text("a: [")
    (project / "tenants/globex.yaml").write_text("isolation: pol\nbase: prod\n")
    (project / "tenants/nordlys.yaml").write_text("isolation: pool\nbase: prd\n")
    with pytest.raises(ProblemsError) as caught:
        read_estate(project)
    assert [str(one) for one in caught.value.problems] == [
        "Pulumi.prod-acme.yaml:2: is not YAML: did not find expected node content",
        "Pulumi.dev.yaml: region: is missing; add it, as text",
        "tenants/globex.yaml: isolation: must be pool or silo",
        "tenants/nordlys.yaml: base: prd is no base stack; known: prod, prod-eu-north-1",
    ]


def test_a_whole_projects_files_can_be_read() -> None:
    estate = read_estate(PROJECT)
    assert {"dev", "staging", "prod"} <= set(estate.bases)
    assert "local" not in estate.bases
    matrices(everything(estate))


@pytest.fixture
def moving(tmp_path: Path) -> ListedEstate:
    """The project while acme's own stack moves."""
    project = make_project(tmp_path)
    record = project / "tenants/acme.yaml"
    record.write_text(f"{record.read_text()}move:\n  direction: to\n  base: prod-eu-north-1\n  region: eu-north-1\n")
    change(project, "prod-eu-north-1", "drillWithinDays: null", "drillWithinDays: 30")
    return read_estate(project)


def test_while_a_silo_moves_the_night_looks_at_both_its_stacks(moving: ListedEstate) -> None:
    lists = matrices(everything(moving))
    both = {"prod-acme", "prod-eu-north-1-acme"}
    for name in ("looks", "drills"):
        assert both <= {stack for one in json.loads(lists[name]) for stack in one["stacks"].split()}
    assert both <= set(stacks_of(lists, "comparisons"))
    (second,) = (one for one in json.loads(lists["looks"]) if "prod-eu-north-1-acme" in one["stacks"].split())
    assert second["region"] == "eu-north-1"


RETIRES = "  retiring: 2026-11-03\n"


@pytest.mark.parametrize(
    ("direction", "more", "previewed"), [("to", "", False), ("from", "", True), ("from", RETIRES, False)]
)
def test_a_pull_request_previews_no_stack_that_a_move_has_yet_to_make_or_may_have_destroyed(
    moving: ListedEstate, tmp_path: Path, direction: str, more: str, previewed: bool
) -> None:
    assert moving
    record = tmp_path / "tenants/acme.yaml"
    record.write_text(record.read_text().replace("direction: to", f"direction: {direction}") + more)
    shared = touched(Files(differing=("components/alarms.py",), added=frozenset()), read_estate(tmp_path))
    previews = stacks_of(matrices(shared), "previews")
    assert "prod-acme" in previews
    assert ("prod-eu-north-1-acme" in previews) == previewed


def test_the_change_that_retires_a_stack_is_shown_what_that_lifts_and_later_ones_are_not(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    record = project / "tenants/acme.yaml"
    record.write_text(f"{record.read_text()}dates:\n{RETIRES}")
    for file, previewed in (("tenants/acme.yaml", True), ("components/alarms.py", False)):
        found = touched(Files(differing=(file,), added=frozenset()), read_estate(project))
        assert ("prod-acme" in stacks_of(matrices(found), "previews")) == previewed


@pytest.mark.parametrize("file", ["Pulumi.prod-eu-north-1-acme.yaml", "Pulumi.prod-eu-north-1.yaml"])
def test_the_files_of_the_place_that_a_silo_moves_to_are_its_own(file: str, moving: ListedEstate) -> None:
    found = touched(Files(differing=(file,), added=frozenset({file})), moving)
    assert "acme" in {one.tenant for one in found.customers}
    assert found.removed == ()
    looks = {stack for one in json.loads(matrices(found)["looks"]) for stack in one["stacks"].split()}
    assert ("prod-eu-north-1-acme" in looks) == (file == "Pulumi.prod-eu-north-1.yaml")


def test_a_second_place_that_is_no_base_stack_is_reported(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (project / "tenants/acme.yaml").write_text("isolation: silo\nbase: prod\nmove:\n  base: prd\n")
    with pytest.raises(ProblemsError, match=r"acme.yaml: move.base: prd is no base stack"):
        read_estate(project)
