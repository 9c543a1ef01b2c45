"""Every control on both sides: silent on the good graph, and each branch of its rule reached by a seeded fault."""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from facts import tokens as t
from graph import Resource, Unknown
from graph.resource import type_of
from policies import judging, rules
from policies.catalogue import catalogue
from policies.errors import RuleError
from policies.pack import rules_covering
from policies.rule import RULES
from policies.runner import Report, check, policy_resources
from policies.stack import Stack
from tests.policies.good_graph import ACCOUNT, REGION, document, github, good_graph, people
from tests.policies.seeds import GONE, OPEN, SEEDS, SELECTOR, Seed, backed_up, container, federated, seed

USER, MFA = f"arn:aws:iam::{ACCOUNT}:user/ola", "aws:MultiFactorAuthPresent"
RULE_FILES = sorted(Path(rules.__file__).parent.glob("[a-z]*.py"))


@pytest.fixture(scope="module")
def graph() -> list[Resource]:
    return good_graph()


def judged(graph: list[Resource], seed: Seed | None = None) -> Report:
    return check(graph, "prod", seed.configuration if seed else None, allowed_regions=[REGION])


def firing(seed: Seed, graph: list[Resource]) -> set[str]:
    return {finding.control for finding in judged(seed.applied(graph), seed).having("fail")}


def test_the_good_graph_meets_every_control(graph: list[Resource]) -> None:
    report = judged(graph)
    assert not [finding.message for finding in report.findings if finding.status in ("fail", "not evaluated")]


def test_every_control_has_its_good_side_in_the_graph(graph: list[Resource]) -> None:
    passed = {finding.control for finding in judged(graph).having("pass")}
    absent = {"user-refuse"}  # its good side is that there is no user
    assert passed | absent == {c.name for c in catalogue().values() if c.by == "policy"}


@pytest.mark.parametrize("seed", SEEDS, ids=str)
def test_a_seeded_fault_is_caught_by_exactly_its_controls(seed: Seed, graph: list[Resource]) -> None:
    assert firing(seed, graph) == {seed.control} | seed.also


DENY = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
OTHER_GOOD_SIDES = [
    seed("key-rotate", "encryption-data", "customerMasterKeySpec", "RSA_2048"),
    seed("secret-rotate-often", "secrets-database-rotation", "rotationRules", {"scheduleExpression": "rate(12 hours)"}),
    seed(
        "secret-rotate-often",
        "secrets-database-rotation",
        "rotationRules",
        {"scheduleExpression": "cron(0 8 1 * ? *)"},
    ),
    seed(
        "secret-rotate-often",
        "secrets-database-rotation",
        "rotationRules",
        {"scheduleExpression": "cron(0 8 1 1/2 ? *)"},
    ),
    *(
        seed("bucket-record-object-access", "files-trail", "advancedEventSelectors", [{"fieldSelectors": fields}])
        for fields in (
            SELECTOR,
            [*SELECTOR, {"field": "resources.ARN", "startsWiths": ["arn:aws:s3:::workbuoy-"]}],
            [*SELECTOR, {"field": "resources.ARN", "startsWiths": ["arn:aws:s3:::workbuoy-"], "equals": []}],
        )
    ),
    seed("task-inject-secrets", "service-rotation", "environment.variables", {"PROXY_PASS": "http://app:8080"}),
    *(
        seed("task-inject-secrets", "service-task", "containerDefinitions", container(command=[f"psql {address}"]))
        for address in ("postgres://$USER:$PASSWORD@$HOST/db", "postgres://app:${PASSWORD}@db/app")
    ),
    seed("resource-stay-in-residency", "files-bucket", "tags.Region", "us-east-1"),
    seed("database-announce-events", "database-db-instance-events", "sourceIds", ["workbuoy-prod-database"]),
    seed("role-name-trusted-principals", "task-role", "assumeRolePolicy", document(DENY)),
    seed("function-use-current-runtime", "service-rotation", "packageType", "Image"),
    seed("network-close-ports", "network-balancer-from-world", "type", "egress"),
    seed("network-close-ports", "network-database-from-service", "cidrIpv4", "no address"),
    seed("backup-plan-copy-away", "database-plan", "rules", backed_up(lifecycle={"deleteAfter": 7.0})),
    seed("listener-redirect-http", "service-http", "protocol"),
    seed("role-pin-github-subject", "preview-role", "assumeRolePolicy", github("repo:a/b:ref:refs/heads/main")),
    seed("role-require-mfa", "operator-role", "assumeRolePolicy", people(USER, Bool={MFA: "true"})),
    *(
        seed(
            "role-pin-federated-subject",
            "deploy-role",
            "assumeRolePolicy",
            federated("oidc-provider/gitlab.com", {"StringLike": {"gitlab.com:aud": "a", "gitlab.com:sub": ours}}),
        )
        for ours in ("project_path:workbuoy/*", "project_path:workbuoy/infra:ref_type:tag:ref:v*")
    ),
    *(
        seed(
            "topic-refuse-public",
            "observability-alarms-policy",
            "policy",
            document(OPEN | {"Condition": {"ForAnyValue:StringLike": {key: "o-a1b2c3d4e5/r-ab12/ou-ab12-1/*"}}}),
        )
        for key in ("aws:SourceOrgPaths", "aws:PrincipalOrgPaths")
    ),
]


@pytest.mark.parametrize("change", OTHER_GOOD_SIDES, ids=str)
def test_another_good_side_stays_silent(change: Seed, graph: list[Resource]) -> None:
    good = change.applied(graph)
    if change.control == "bucket-record-object-access":
        good = seed("", "files-trail", "eventSelectors").applied(good)
    if change.control == "function-use-current-runtime":
        good = seed("", "service-rotation", "runtime").applied(good)
    assert {finding.control for finding in judged(good).having("fail")} == set()


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("aws:alb/listener:Listener", t.LISTENER),
        ("aws:elasticloadbalancingv2/loadBalancer:LoadBalancer", t.LOAD_BALANCER),
        ("aws:s3/bucketAclV2:BucketAclV2", t.BUCKET_ACL),
        ("aws:s3/bucketV2:BucketV2", t.BUCKET),
    ],
)
def test_a_type_is_judged_by_whichever_of_its_names_the_program_declares_it(declared: str, kind: str) -> None:
    assert rules_covering(declared) == rules_covering(kind)
    one = Resource(urn=f"urn:pulumi:prod::p::{declared}::one", type=declared, name="one")
    assert one.type == type_of(one.urn) == kind
    (seen,) = policy_resources([one])
    seen.resource_type = declared  # as the engine hands it over
    assert judging.args_for(seen, {}).type == kind
    assert list(Stack([seen]).of(kind)) == [seen]


def test_a_container_is_judged_by_its_settings_in_any_case(graph: list[Resource]) -> None:
    written = container().replace("readonlyRootFilesystem", "READONLYROOTFILESYSTEM").replace('"name"', '"Name"')
    same = seed("", "service-task", "containerDefinitions", written)
    assert firing(same, graph) == set()
    for name in ("Privileged", "PRIVILEGED", "privileged"):
        fault = seed("", "service-task", "containerDefinitions", container(**{name: True}))
        assert firing(fault, graph) == {"task-refuse-privileged"}
    twice = seed("", "service-task", "containerDefinitions", container(privileged=False, Privileged=True))
    with pytest.raises(RuleError, match="privileged stands twice"):
        judged(twice.applied(graph))
    labelled = seed("", "service-task", "containerDefinitions", container(dockerLabels={"Name": "a", "name": "b"}))
    assert firing(labelled, graph) == set()  # whose names are the owner's


def test_a_place_that_nobody_says_is_not_judged(graph: list[Resource]) -> None:
    """The provider may take its region from the environment, which no recording shows."""
    alone = [replace(one, provider="") if one.name == "database-instance" else one for one in graph]
    found = [one.urn for one in judged(alone).having("not evaluated") if one.control == "resource-stay-in-residency"]
    assert [urn.rpartition("::")[2] for urn in found] == ["database-instance"]


@pytest.mark.parametrize(("blocks", "verdicts"), [(1, {"fail"}), (2, {"not evaluated"})])
def test_fewer_side_resources_than_buckets_fail_though_nobody_knows_whose_they_are(
    graph: list[Resource], blocks: int, verdicts: set[str]
) -> None:
    """A recording holds no dependencies, and no id of what is made."""

    def made(kind: str, name: str, **inputs: object) -> Resource:
        return Resource(urn=f"urn:pulumi:prod::workbuoy::{kind}::{name}", type=kind, name=name, inputs=inputs)

    closed = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    flags = dict.fromkeys(closed, True)
    stands = [one for one in graph if one.type not in (t.BUCKET, t.BUCKET_PUBLIC_ACCESS)]
    new = [
        *(made(t.BUCKET, name) for name in ("a", "b")),
        *(made(t.BUCKET_PUBLIC_ACCESS, f"block-{one}", bucket=Unknown(), **flags) for one in range(blocks)),
    ]
    found = judged([*stands, *new]).findings
    assert {one.status for one in found if one.control == "bucket-block-public-access"} == verdicts


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("files-publicaccessblock", "bucket-block-public-access"),
        ("files-policy", "bucket-require-tls"),
        ("files-ownershipcontrols", "bucket-enforce-owner"),
        ("files-versioning", "bucket-keep-versions"),
        ("files-serversideencryptionconfiguration", "bucket-encrypt-with-customer-key"),
        ("copies-vault-policy", "backup-vault-refuse-deletion"),
    ],
)
def test_a_setting_that_is_said_twice_fails_whatever_either_says(
    graph: list[Resource], name: str, control: str
) -> None:
    """AWS keeps one of each, and takes it away with whichever resource goes."""
    (one,) = [resource for resource in graph if resource.name == name]
    twin = replace(one, urn=f"{one.urn}-twin", name=f"{name}-twin")
    assert {finding.control for finding in judged([*graph, twin]).having("fail")} == {control}


@pytest.mark.parametrize("kind", [t.ENDPOINT, t.ENDPOINT_POLICY])
def test_a_policy_that_names_what_an_endpoint_reaches_lets_nobody_in(graph: list[Resource], kind: str) -> None:
    narrow = document(
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::packages/*"}
    )
    provider = next(one.provider for one in graph if one.type == t.ENDPOINT)
    tags = next(one.inputs["tags"] for one in graph if one.type == t.ENDPOINT)
    urn = f"urn:pulumi:prod::workbuoy::{kind}::x"
    made = Resource(urn=urn, type=kind, name="x", inputs={"policy": narrow, "tags": tags}, provider=provider)
    assert not judged([*graph, made]).having("fail")


@pytest.mark.parametrize(
    ("kind", "port", "refused"),
    [
        (t.EGRESS_RULE, 443.0, set()),
        (t.EGRESS_RULE, 22.0, {"network-limit-ways-out"}),
        (t.INGRESS_RULE, 443.0, set()),
        (t.INGRESS_RULE, 22.0, {"network-close-ports"}),
        (t.ROUTE, 0.0, set()),
        (None, 0.0, {"network-close-ports"}),
    ],
)
def test_a_list_of_ranges_is_judged_by_what_names_it(
    graph: list[Resource], kind: str | None, port: float, refused: set[str]
) -> None:
    def made(type_: str, **inputs: object) -> Resource:
        urn = f"urn:pulumi:prod::workbuoy::{type_}::x"
        provider = next(one.provider for one in graph if one.type == t.SECURITY_GROUP)
        tags = {"tags": next(one.inputs["tags"] for one in graph if one.type == t.SECURITY_GROUP)}
        return Resource(urn=urn, type=type_, name="x", inputs=tags | inputs, id=f"id-{type_}", provider=provider)

    world = made(t.MANAGED_PREFIX_LIST, entries=[{"cidr": "0.0.0.0/0"}])
    group = next(one for one in graph if one.type == t.SECURITY_GROUP)
    ports = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "securityGroupId": group.id, "description": "x"}
    lists = {"prefixListId": world.id, "destinationPrefixListId": world.id}
    users = [made(kind, **ports, **lists)] if kind else []
    assert {one.control for one in judged([*graph, world, *users]).having("fail")} == refused
    if kind:  # and without the list nobody knows what is in it
        assert {one.control for one in judged([*graph, *users]).having("fail")} == refused


def test_every_control_has_a_seeded_fault() -> None:
    assert {seed.control for seed in SEEDS} == {rule.control for rule in RULES}


def test_every_property_that_the_catalogue_names_is_broken_by_a_seed(graph: list[Resource]) -> None:
    named = {
        (control.name, kind, path)
        for control in catalogue().values()
        for kind, paths in control.reads.items()
        for path in paths
    }
    assert sorted(named - set(broken_by_seeds(graph))) == []


def broken_by_seeds(graph: list[Resource]) -> Iterator[tuple[str, str, str]]:
    """Control, type and path of every seed; a resource taken away or added breaks all that the control reads of it."""
    types = {resource.name: resource.type for resource in graph}
    for fault in SEEDS:
        kind = fault.kind or types[fault.resource]
        reads = catalogue()[fault.control].reads.get(kind, ())
        whole = bool(fault.kind) or fault.value == GONE or fault.path == "tags"
        for path in reads:
            if whole or path.split(".0")[0] == fault.path or path.startswith(f"{fault.path}."):
                yield fault.control, kind, path


@pytest.mark.slow
def test_every_branch_that_reports_is_reached_by_a_seed(graph: list[Resource], monkeypatch: pytest.MonkeyPatch) -> None:
    reached: set[tuple[str, int]] = set()
    original = judging.judge

    def recording(rule: object, args: object, report: Callable[[str], None]) -> str | None:
        def say(problem: str) -> None:
            frame: FrameType | None = sys._getframe(1)
            while frame:
                if "/policies/rules/" in frame.f_code.co_filename:
                    reached.add((Path(frame.f_code.co_filename).name, frame.f_lineno))
                frame = frame.f_back
            report(problem)

        return original(rule, args, say)  # type: ignore[arg-type]

    monkeypatch.setattr("policies.runner.judge", recording)
    for fault in SEEDS:
        own = {"enforcementLevel": "mandatory", **fault.configuration.get(fault.control, {})}
        check(fault.applied(graph), "prod", {"all": "disabled", fault.control: own}, allowed_regions=[REGION])
    missed = [
        f"{name}:{line}"
        for name, line, last in reporting_lines()
        if not any((name, at) in reached for at in range(line, last + 1))
    ]
    assert missed == []


def reporting_lines() -> Iterator[tuple[str, int, int]]:
    for path in RULE_FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "report":
                yield path.name, node.lineno, node.end_lineno or node.lineno
