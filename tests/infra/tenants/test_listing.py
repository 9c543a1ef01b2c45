"""Records lie in tenants/ or in any folder below it; names are told by the listing alone."""

from pathlib import Path

import pytest

from infra.tenants.files import find_tenant_problems, moving, read_tenant, read_tenants
from infra.tenants.listing import list_records, name_in, new_tenant_file, tenant_file
from infra.tenants.silo import load_silo
from tests.infra.tenants.conftest import problems_of, problems_when


@pytest.fixture
def foldered(root: Path) -> Path:
    """The project with one customer's record in its cell's folder, and another one deeper."""
    for name, folder in (("acme", "prod"), ("globex", "prod-eu-north-1/large")):
        place = root / "tenants" / folder
        place.mkdir(parents=True)
        (root / f"tenants/{name}.yaml").rename(place / f"{name}.yaml")
    return root


def test_a_record_is_found_in_any_folder_and_says_where_it_lies(foldered: Path) -> None:
    assert problems_of(foldered) == []
    paths = {one.name: one.path for one in read_tenants(foldered).tenants}
    assert paths == {
        "acme": "tenants/prod/acme.yaml",
        "globex": "tenants/prod-eu-north-1/large/globex.yaml",
        "initech": "tenants/initech.yaml",
    }
    assert tenant_file(foldered, "acme") == foldered / "tenants/prod/acme.yaml"
    assert read_tenant(foldered, "acme").at("prod-acme").path == "tenants/prod/acme.yaml"


def test_a_problem_names_the_file_where_it_lies(foldered: Path) -> None:
    file = foldered / "tenants/prod/acme.yaml"
    file.write_text(file.read_text().replace("base: prod\n", "base: nowhere\n"))
    assert any(one.startswith("tenants/prod/acme.yaml:") for one in problems_of(foldered))
    assert find_tenant_problems(foldered, read_tenant(foldered, "acme"))[0].file == "tenants/prod/acme.yaml"
    (told, *_) = problems_when(lambda: load_silo(foldered, "prod-acme", "acme"))
    assert told.startswith("tenants/prod/acme.yaml:")


def test_two_records_of_one_name_are_refused_without_reading_them(foldered: Path) -> None:
    for path in ("tenants/acme.yaml", "tenants/prod/acme.yaml"):
        (foldered / path).write_text("no: [yaml")
    told = [
        "tenants/acme.yaml: acme has another record, tenants/prod/acme.yaml; a name is one customer's, keep one",
        "tenants/prod/acme.yaml: acme has another record, tenants/acme.yaml; a name is one customer's, keep one",
    ]
    assert sorted(str(one) for one in list_records(foldered).problems) == told
    assert sorted(one for one in problems_of(foldered) if "another record" in one) == told
    assert sorted(problems_when(lambda: read_tenant(foldered, "acme"))) == told
    assert sorted(problems_when(lambda: tenant_file(foldered, "acme"))) == told
    assert "acme" not in {one.name for one in read_tenants(foldered).tenants}


def test_who_left_and_what_moved_are_no_records(foldered: Path) -> None:
    for path in ("tenants/offboarded/hooli.yaml", "tenants/moved/acme-prod-2026-01-01.yaml"):
        (foldered / path).parent.mkdir(exist_ok=True)
        (foldered / path).write_text("name: hooli\n")
        assert name_in(path) is None
    assert list_records(foldered).names() == ["acme", "globex", "initech"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("prod/hooli.yml", "tenants/prod/hooli.yml: is not read under this name; call it tenants/prod/hooli.yaml"),
        ("prod/hooli.YAML", "tenants/prod/hooli.YAML: is not read under this name; call it tenants/prod/hooli.yaml"),
        ("offboarded/hooli.yml", "call it tenants/offboarded/hooli.yaml"),
    ],
)
def test_a_file_that_nothing_reads_is_reported_in_any_folder(foldered: Path, path: str, told: str) -> None:
    (foldered / "tenants/offboarded").mkdir(exist_ok=True)
    (foldered / "tenants" / path).write_text("name: hooli\n")
    assert [one for one in problems_of(foldered) if told in one]


def test_a_link_to_a_folder_is_reported_since_nothing_follows_it(foldered: Path) -> None:
    (foldered / "tenants/again").symlink_to(foldered / "tenants/prod")
    assert problems_of(foldered) == [
        "tenants/again: links to a folder, which nothing follows; make it a folder",
    ]


def test_a_new_record_goes_into_its_bases_folder_where_there_is_one(foldered: Path) -> None:
    assert new_tenant_file(foldered, "hooli", "prod") == foldered / "tenants/prod/hooli.yaml"
    assert new_tenant_file(foldered, "hooli", "staging") == foldered / "tenants/hooli.yaml"


def test_whose_record_a_path_is() -> None:
    assert name_in("tenants/prod/acme.yaml") == name_in("tenants/acme.yaml") == "acme"
    assert name_in("tenants/README.md") is None
    assert name_in("Pulumi.prod.yaml") is None


def test_a_move_is_seen_in_a_folder_too(foldered: Path) -> None:
    file = foldered / "tenants/initech.yaml"
    move = "move:\n  direction: to\n  base: prod-eu-north-1\n  region: eu-north-1\n"
    text = file.read_text()
    file.unlink()
    (foldered / "tenants/prod/initech.yaml").write_text(text + move)
    assert [one.path for one in moving(foldered, "prod-eu-north-1")] == ["tenants/prod/initech.yaml"]
