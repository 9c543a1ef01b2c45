"""Every mistake in a customer's file is told at once, with its line and the fix."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.tenants.files import parse_tenant, read_tenant, read_tenants
from infra.tenants.listing import list_records
from infra.tenants.record import LONGEST_NAME, LONGEST_STACK_NAME, Tenant
from infra.tenants.tiers import TIERS
from infra.yaml_text import read_yaml
from tests.conftest import PROJECT
from tests.infra.tenants.conftest import Edit, problems_of, problems_when

*FIRST_TIERS, LAST_TIER = TIERS


def test_the_committed_customers_have_no_problem() -> None:
    read = read_tenants(PROJECT)
    assert [str(problem) for problem in read.problems] == []
    assert {tenant.isolation for tenant in read.tenants} == {"pool", "silo"}


def test_nobody_retires_while_a_promotion_is_open_since_the_pool_would_keep_what_no_record_names(edit: Edit) -> None:
    root = edit("acme", "dates:\n  signed: 2026-10-01\n", "promotion: open\ndates:\n  signed: 2026-10-01\n")
    assert problems_of(root) == []
    root = edit("acme", "  signed: 2026-10-01\n", "  signed: 2026-10-01\n  retiring: 2027-01-01\n")
    (problem,) = problems_of(root)
    assert "promotion: has no end where dates.retiring is set" in problem


def test_host_names_and_listener_priorities_are_each_customer_s_own() -> None:
    tenants = read_tenants(PROJECT).tenants
    hosts = [tenant.host_name for tenant in tenants if tenant.host_name]
    rules = [(tenant.base, tenant.listener_priority) for tenant in tenants if tenant.listener_priority]
    assert len(set(hosts)) == len(hosts)
    assert len(set(rules)) == len(rules)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: acme", "name: Acme", "tenants/acme.yaml:2: name: must be small letters, digits and single dashes"),
        ("name: acme", f"name: {'a' * 80}", "has 80 characters; at most 20"),
        ("name: acme", "name: ../acme", "must be small letters, digits and single dashes"),
        ("name: acme", "name: admin", "is reserved"),
        ("name: acme", "name: eu-west-1", "looks like a region"),
        ("name: acme", "name: globex", "is globex, but the file is called acme.yaml"),
        ("name: acme", "name: 7", "must be text, in quotes"),
        ("isolation: silo", "isolation: own", "must be one of 'pool' or 'silo'"),
        ("isolation: silo", "isolation: pool", "hostName: is a silo's; a pool tenant shares"),
        ("base: prod", "base: production", "there is no base stack production: no Pulumi.production.yaml"),
        ("base: prod", "base: prdo", "there is no base stack prdo: no Pulumi.prdo.yaml; did you mean prod?"),
        ("region: eu-west-1", "region: eu-north-1", "base stack prod lies in eu-west-1"),
        ("region: eu-west-1", "region: us-east-1", "tenants/acme.yaml:6: region: us-east-1 lies outside residency"),
        (
            "arn:aws:acm:eu-west-1:000000000003:",
            "arn:aws:acm:eu-west-1:111111111111:",
            "must be an ACM certificate of account 000000000003",
        ),
        ("certificate/ac3e0000", "certificate/mine", "must be an ACM certificate in eu-west-1"),
        ("residency: eea", "residency: no", "AWS has no region in Norway; the nearest is eu-north-1"),
        ("residency: eea", 'residency: "no"', "AWS has no region in Norway; the nearest is eu-north-1"),
        ("residency: eea", "residency: Norge", "AWS has no region in Norway"),
        ("residency: eea", "residency: nordics", "did you mean nordic?"),
        ("residency: eea", "residency: eu-west-1", "is a region; write a list: [eu-west-1]"),
        ("residency: eea", "residency: []", "must be a jurisdiction"),
        ("residency: eea", "residency: [Ireland]", "Ireland is not a region such as eu-west-1"),
        ("residency: eea", "residency: nordic", "eu-west-1 lies outside residency (eu-north-1)"),
        ("tier: standard", "tier: huge", f"must be one of {', '.join(map(repr, FIRST_TIERS))} or {LAST_TIER!r}"),
        ("tier: standard\n", "", "tier: is required for a silo"),
        ("hostName: acme.", "hostName: https://acme.", "hostName: is not of the right form"),
        ("hostName: acme.", "hostName: app.", "app.workbuoy.example is base stack prod's own"),
        ("hostName: acme.", "hostName: globex.", "globex.workbuoy.example is also globex's"),
        ("listenerPriority: 100", "listenerPriority: 50000", "must be at most 49999"),
        ("acm:eu-west-1", "acm:eu-north-1", "must be an ACM certificate in eu-west-1"),
        ("arn:aws:acm:", "arn:aws:iam:", "certificateArn: is not of the right form"),
        ("base: prod", "base: dev", "base: dev serves plain HTTP; a silo needs a base stack with HTTPS"),
        ("privacy@acme.example", "privacy at acme", "contacts[0].email: is not of the right form"),
        ("signed: 2026-10-01", "signed: 2026-13-01", "dates.signed"),
        ("signed: 2026-10-01", "signed: 2026-10-01\n  live: 2026-09-01", "dates.live: lies before signed"),
        ("legalName:", "legalNmae:", "is not a setting; did you mean legalName?"),
        ("tier: standard", "tier: standard\ntier: small", "tier: is given twice"),
    ],
)
def test_a_mistake_is_reported_with_its_fix(edit: Edit, old: str, new: str, told: str) -> None:
    assert any(told in problem for problem in problems_of(edit("acme", old, new)))


@pytest.mark.parametrize("address", ["Privacy@ACME.EXAMPLE", "privacy@acme.xn--p1ai"])
def test_an_address_is_a_contacts_wherever_an_alarms_is_one(edit: Edit, address: str) -> None:
    assert problems_of(edit("acme", "privacy@acme.example", address)) == []


def test_all_mistakes_are_reported_at_once_each_with_its_line(edit: Edit) -> None:
    edit("acme", "isolation: silo", "isolation: own")
    edit("acme", "residency: eea", "residency: mars")
    root = edit("acme", "role: privacy", "role: boss")
    assert [problem.split(": ")[0] for problem in problems_of(root) if "/acme.yaml" in problem] == [
        "tenants/acme.yaml:4",
        "tenants/acme.yaml:7",
        "tenants/acme.yaml:15",
    ]


def test_one_broken_file_hides_no_other_customer(edit: Edit) -> None:
    root = edit("acme", "isolation: silo", "isolation: own")
    assert [tenant.name for tenant in read_tenants(root).tenants] == ["globex", "initech"]


def test_a_base_stack_s_file_that_cannot_be_read_is_not_said_to_be_missing(root: Path) -> None:
    (root / "Pulumi.prod.yaml").unlink()
    (root / "Pulumi.prod.yaml").mkdir()
    told = problems_of(root)
    assert "Pulumi.prod.yaml: cannot be read: Is a directory" in told
    assert any("no base stack prod: Pulumi.prod.yaml holds no settings that can be read" in one for one in told)


def test_a_record_that_links_to_nothing_is_named_and_no_other_suggested(root: Path) -> None:
    (root / "tenants/acme.yaml").unlink()
    (root / "tenants/acme.yaml").symlink_to("nothing")
    assert "tenants/acme.yaml: cannot be read: No such file or directory" in problems_of(root)


def test_two_customers_on_one_base_cannot_have_one_priority_or_certificate(root: Path) -> None:
    text = (root / "tenants" / "acme.yaml").read_text(encoding="utf-8").replace("acme", "umbrella")
    (root / "tenants" / "umbrella.yaml").write_text(text, encoding="utf-8")
    arn = "arn:aws:acm:eu-west-1:000000000003:certificate/ac3e0000-0000-4000-8000-0123456789ab"
    assert [problem.partition(": ")[2] for problem in problems_of(root)] == [
        "listenerPriority: 100 is also umbrella's; choose another",
        f"certificateArn: {arn} is also umbrella's; choose another",
        "listenerPriority: 100 is also acme's; choose another",
        f"certificateArn: {arn} is also acme's; choose another",
    ]


def test_the_same_priority_on_another_base_is_another_rule() -> None:
    assert {read_tenant(PROJECT, name).listener_priority for name in ("acme", "globex")} == {100}


@pytest.mark.parametrize("text", ["", "name: acme\nlegalName: [", "- acme", "name: acme\n  base: prod", "\x00"])
def test_a_half_written_file_is_one_clear_line(root: Path, text: str) -> None:
    (root / "tenants" / "acme.yaml").write_text(text, encoding="utf-8")
    (told,) = [problem for problem in problems_of(root) if "tenants/acme.yaml" in problem]
    assert "Traceback" not in told


@pytest.mark.parametrize("name", ["../Pulumi.prod", "nobody", "", "acme/../globex", "acme.yaml"])
def test_a_name_that_is_no_file_s_opens_nothing(root: Path, name: str) -> None:
    (told,) = problems_when(lambda: read_tenant(root, name))
    assert "there is no tenant" in told


def test_a_customer_who_has_left_is_reported_as_such_and_gives_no_name_away(root: Path) -> None:
    (root / "tenants" / "offboarded").mkdir(exist_ok=True)
    (root / "tenants" / "acme.yaml").rename(root / "tenants" / "offboarded" / "acme.yaml")
    assert "tenant acme has left" in problems_when(lambda: read_tenant(root, "acme"))[0]
    text = (root / "tenants" / "offboarded" / "acme.yaml").read_text(encoding="utf-8")
    (root / "tenants" / "acme.yaml").write_text(text, encoding="utf-8")
    assert any("no name is used twice" in problem for problem in problems_of(root))


def test_a_stack_file_without_its_customer_asks_for_the_record_of_leaving(root: Path) -> None:
    (root / "tenants" / "acme.yaml").unlink()
    (told,) = problems_of(root)
    assert told.startswith("Pulumi.prod-acme.yaml:3: workbuoy:tenant: there is no tenants/acme.yaml")
    assert "tenants/offboarded/acme.yaml" in told


def test_a_pool_tenant_cannot_have_a_narrower_residency_than_the_pool_s_data(edit: Edit) -> None:
    (told,) = problems_of(edit("initech", "residency: eu", "residency: se"))
    assert "region: eu-west-1 lies outside residency" in told
    base = Path(edit("initech", "residency: se", "residency: [eu-west-1]")) / "Pulumi.prod.yaml"
    base.write_text(base.read_text().replace("residency: [eu-west-1]", "residency: [eu-west-1, eu-central-1]"))
    (told,) = problems_of(base.parent)
    assert "leaves out eu-central-1, where base stack prod may keep its pool's data" in told


def test_a_name_that_makes_too_long_a_bucket_is_refused_on_the_base_that_makes_it_so(root: Path) -> None:
    read = read_yaml(root / "tenants" / "globex.yaml")
    name = "a" * LONGEST_NAME
    (told,) = problems_when(lambda: parse_tenant(read, read.content | {"name": name}, name))
    assert f"at most {LONGEST_STACK_NAME - len('prod-eu-north-1-')} characters fit" in told


@given(st.text(max_size=30))
def test_whatever_name_is_taken_fits_into_every_name_made_of_it(name: str) -> None:
    content = read_yaml(PROJECT / "tenants" / "acme.yaml").content | {"name": name}
    read = read_yaml(PROJECT / "tenants" / "acme.yaml")
    if not problems_when(lambda: parse_tenant(read, content, name)):
        stack = Tenant.model_validate_json(json.dumps(content)).stack
        assert stack.isascii()
        assert stack == stack.lower()
        assert len(f"workbuoy-{stack}-files-logs-00000000") <= 63
        assert len(f"workbuoy-{stack}-service-execution") <= 64


def test_every_committed_tenant_file_is_a_customer() -> None:
    assert list_records(PROJECT).names() == ["acme", "globex", "initech"]
