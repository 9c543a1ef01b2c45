"""Each hole planted in the account of prod and acme turns exactly its cells red, and every neighbour stays green."""

import pytest

from facts import tokens as t
from graph import Graph, Unknown
from project.files import Project, find_project
from rehearsal.as_graph import graph_of
from rehearsal.tenants.intended import OnItsWay
from rehearsal.tenants.result import Cell, Outcome
from rehearsal.tenants.ways import cells_of_ways, joined
from tests.conftest import PROJECT
from tests.declared import DECLARE, declared_once, declared_with_base
from tests.rehearsal.tenants.planted import (
    ACCOUNT,
    ACME,
    ANY,
    NETWORK,
    OUTSIDE,
    PROD,
    Hole,
    Red,
    added,
    both,
    changed,
    document,
    find,
    given,
    group,
    of,
    rule,
    said,
)
from tests.rehearsal.tenants.planted_holes import FUNCTION, HOLES, LOGIN, OBJECTS, ROTATION, TASK

pytestmark = pytest.mark.slow  # each judges everybody on everything anew


@pytest.fixture(scope="module")
def whole() -> Graph:
    """Prod, acme's own stack on it, and their account, as they are declared."""
    project = find_project(PROJECT)
    prod = declared_once(project, PROD, DECLARE)
    acme = declared_with_base(project, ACME)
    account = declared_once(find_project(PROJECT / "bootstrap"), PROD, DECLARE)
    return joined(map(graph_of, (prod, acme, account)), prod.project)


@pytest.fixture(scope="module")
def green(whole: Graph) -> list[Cell]:
    return list(cells_of_ways(whole, ()))


def red(graph: Graph, *on_their_way: OnItsWay) -> Red:
    cells = cells_of_ways(graph, on_their_way)
    return {(one.who, one.who_as, one.whom, one.what, one.call) for one in cells if one.red}


def test_without_a_hole_nothing_is_red(green: list[Cell]) -> None:
    assert [str(one) for one in green if one.red] == []


def test_everybody_whom_the_graph_knows_has_cells(whole: Graph, green: list[Cell]) -> None:
    rows = {(one.who, one.who_as) for one in green}
    assert {one.name for one in whole.of(t.ROLE)} <= {who for _, who in rows}
    assert {(OUTSIDE, "anybody"), (OUTSIDE, "any other account"), (OUTSIDE, "another network")} <= rows
    assert (ACME, "database-group") in rows
    assert (ACME, "service-rule") in rows


def test_everything_that_holds_data_runs_code_or_grants_rights_has_cells(whole: Graph, green: list[Cell]) -> None:
    asked = {one.what for one in green if one.whom == PROD}
    kinds = (t.BUCKET, t.SECRET, t.KEY, t.LOG_GROUP, t.ROLE, t.FUNCTION, t.TASK_DEFINITION, t.DATABASE, t.TOPIC)
    own = {one.name for one in whole.of(*kinds) if f":{PROD}::{whole.project}::" in one.urn}
    assert own <= asked
    assert {"objects of files-bucket", "logins of database-instance", "tasks of service-service"} <= asked
    assert {"backups of database-instance", "owner's password of database-instance"} <= asked


@pytest.mark.parametrize(("hole", "expected"), HOLES.values(), ids=HOLES)
def test_a_hole_turns_exactly_its_cells_red(whole: Graph, hole: Hole, expected: Red) -> None:
    assert red(hole(whole)) == expected


def test_a_bucket_open_to_everybody_is_open_to_each_of_them(whole: Graph, green: list[Cell]) -> None:
    found = red(said(PROD, "files-policy", t.BUCKET_POLICY, "*", "s3:GetObject", end="/*")(whole))
    assert {one[2:] for one in found} == {(PROD, "objects of files-bucket", ANY)}
    asked = {(one.who, one.who_as) for one in green if one.what == "objects of files-bucket" and one.whom == PROD}
    refused = {
        (ACCOUNT, one) for one in ("deploy-role", "leaving-role", "preview-role")
    }  # what bootstrap denies them wins
    assert {one[:2] for one in found} == asked - refused


def test_a_function_s_address_without_a_login_is_open_to_everybody_by_rights_and_by_network(whole: Graph) -> None:
    url = {"functionName": FUNCTION(whole), "authorizationType": "NONE"}
    found = red(added(PROD, t.FUNCTION_URL, lambda _: url, "url")(whole))
    assert {one[2:] for one in found} == {(PROD, "rotation-function", ANY), (PROD, "url", NETWORK)}
    assert {(OUTSIDE, "anybody"), (OUTSIDE, "the internet"), (ACME, TASK)} <= {one[:2] for one in found}


def test_a_policy_of_which_nothing_is_known_proves_nothing_about_who_has_it(whole: Graph, green: list[Cell]) -> None:
    name = find(whole, ACME, ROTATION, t.ROLE).get("name")
    foreign = {"role": name, "policyArn": "arn:aws:iam::aws:policy/NobodyKnowsIt"}
    cells = cells_of_ways(added(ACME, t.ROLE_ATTACHMENT, lambda _: foreign)(whole), ())
    found = [one for one in cells if one.red]
    assert {one.got for one in found} == {Outcome.NOT_PROVED}
    assert {(one.who, one.who_as) for one in found} == {(ACME, ROTATION)}
    assert len(found) == sum(one.who_as == ROTATION and one.who == ACME for one in green)
    assert all("NobodyKnowsIt" in one.why for one in found)


def test_a_resource_s_policy_that_is_not_shown_proves_nothing_about_it(whole: Graph) -> None:
    hidden = changed(PROD, "keys-files", t.KEY, lambda _, inputs: inputs.update(policy=Unknown()))
    found = [one for one in cells_of_ways(hidden(whole), ()) if one.red]
    assert {(one.whom, one.what, one.got) for one in found} == {(PROD, "keys-files", Outcome.NOT_PROVED)}


def test_a_peer_that_is_not_known_proves_nothing_about_the_network(whole: Graph) -> None:
    hole = rule(PROD, "database-group", lambda _: {"cidrIpv4": Unknown()}, 5432, inward=True)
    found = [one for one in cells_of_ways(hole(whole), ()) if one.red]
    assert {(one.who, one.what, one.got) for one in found} == {(OUTSIDE, "database-instance", Outcome.NOT_PROVED)}


def in_bounds(graph: Graph, *actions: str) -> Graph:
    """Acme's task role under a boundary of these actions alone."""
    arn_of = "arn:aws:iam::{}:policy/bounds"
    policy = document({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
    made = added(ACME, t.POLICY, lambda _: {"policy": policy}, "bounds", arn_of)
    bounds = {"permissionsBoundary": arn_of.format(graph.account)}
    return both(made, changed(ACME, TASK, t.ROLE, lambda _, inputs: inputs.update(bounds)))(graph)


def test_a_boundary_closes_what_lies_beyond_it_and_gives_nothing(whole: Graph) -> None:
    hole = given(TASK, ["s3:GetObject", "s3:PutObject"], OBJECTS)
    assert red(in_bounds(hole(whole), "kms:*", "s3:ListBucket")) == set()
    assert red(in_bounds(hole(whole), "s3:*")) == of(ACME, TASK, PROD, "objects of files-bucket")


def test_what_a_secret_s_own_policy_refuses_stays_closed(whole: Graph) -> None:
    assert red(given(ROTATION, "secretsmanager:PutSecretValue", LOGIN)(whole)) == set()


def test_a_rule_on_one_side_alone_opens_nothing_between_groups(whole: Graph) -> None:
    one_side = rule(PROD, "database-group", group(ACME, "service-group"), 5432, inward=True)
    assert red(one_side(whole)) == set()


@pytest.fixture
def promoting(project: Project) -> Graph:
    """Prod and acme's own stack while acme's record says that its promotion is open."""
    record = project.root / "tenants/acme.yaml"
    record.write_text(record.read_text().replace("dates:\n", "promotion: open\ndates:\n"))
    prod = declared_once(project, PROD, DECLARE)
    acme = declared_with_base(project, ACME)
    return joined(map(graph_of, (prod, acme)), prod.project)


OPEN = OnItsWay(tenant="acme", sender=PROD, receiver=ACME)


def test_a_promotion_in_progress_opens_what_it_needs_and_nothing_else(promoting: Graph) -> None:
    cells = list(cells_of_ways(promoting, [OPEN]))
    assert [str(one) for one in cells if one.red] == []
    allowed = {(one.who, one.who_as, one.what, one.call) for one in cells if one.whom == ACME and one.got != "denied"}
    assert allowed == {
        (PROD, TASK, "keys-files", "kms:Decrypt, kms:GenerateDataKey"),
        (PROD, TASK, "objects of files-bucket", "s3:AbortMultipartUpload, s3:PutObject"),
    }


def test_what_a_promotion_needs_is_a_hole_without_one(promoting: Graph) -> None:
    assert red(promoting) == of(PROD, TASK, ACME, "keys-files", "objects of files-bucket")
    another = OnItsWay(tenant="globex", sender=PROD, receiver=ACME)
    assert red(promoting, another) == of(PROD, TASK, ACME, "objects of files-bucket")


def test_more_than_a_promotion_needs_is_a_hole_all_the_same(promoting: Graph) -> None:
    admitted = {"AWS": find(promoting, PROD, TASK, t.ROLE).arn}
    reads = said(ACME, "files-policy", t.BUCKET_POLICY, admitted, "s3:GetObject", end="/imports/acme/*")
    assert red(reads(promoting), OPEN) == of(PROD, TASK, ACME, "objects of files-bucket")


def test_another_port_opens_nothing(whole: Graph) -> None:
    elsewhere = both(
        rule(PROD, "database-group", group(ACME, "service-group"), 22, inward=True, name="in"),
        rule(ACME, "service-group", group(PROD, "database-group"), 22, inward=False, name="out"),
    )
    assert red(elsewhere(whole)) == set()
