"""Settings, levels, exemptions and graph files: checked, with one clear sentence a problem."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from graph import Resource
from graph.errors import InputError
from graph.rehearsed import read_graph
from policies.errors import RuleError
from policies.exemptions import exemptions
from policies.rule import Args, Report, Rule
from policies.runner import check
from policies.settings import configured, read_configuration
from tests.policies.good_graph import REGION, good_graph, not_known
from tests.policies.seeds import seed
from tests.written_graph import rehearsed_text


def problems(configuration: dict[str, object]) -> tuple[str, ...]:
    with pytest.raises(InputError) as error:
        configured("prod", configuration)
    return error.value.problems


def test_all_wrong_settings_are_named_at_once() -> None:
    found = problems(
        {
            "database-keep-backup": {"minimumDays": 7},
            "database-keep-backups": {"minimumDays": 99},
            "secret-rotate-often": {"maximumDays": "often"},
            "network-close-ports": {"openPorts": ["https"]},
            "bucket-keep-versions": {"days": 3},
            "key-rotate": "loud",
            "database-export-logs": {"logs": "postgresql"},
            "database-rename-master": {"refused": [1]},
        }
    )
    assert list(found) == [
        "policy settings: no control is named database-keep-backup; did you mean database-keep-backups?",
        "policy settings: database-keep-backups.minimumDays: must be at most 35; it is 99",
        "policy settings: database-export-logs.logs: must be a list",
        "policy settings: database-rename-master.refused: must be a list of texts",
        "policy settings: key-rotate: the level is one of mandatory, advisory, disabled; it is 'loud'",
        "policy settings: network-close-ports.openPorts: must be a list of whole numbers",
        "policy settings: secret-rotate-often.maximumDays: must be a whole number",
        "policy settings: bucket-keep-versions.days: no such setting; it has none",
    ]


def test_a_setting_changes_the_verdict() -> None:
    graph = good_graph()
    stricter = {"database-keep-backups": {"minimumDays": 15}}
    assert "database-keep-backups" not in {f.control for f in check(graph, "prod").having("fail")}
    assert "database-keep-backups" in {f.control for f in check(graph, "prod", stricter).violations}


def test_a_level_can_be_set_for_one_control_and_for_all() -> None:
    broken = seed("", "database-instance", "multiAz", False).applied(good_graph())

    def level(configuration: dict[str, object]) -> list[str]:
        report = check(broken, "prod", configuration, allowed_regions=[REGION])
        return [f.level for f in report.having("fail")]

    assert level({}) == ["mandatory"]
    assert level({"database-span-zones": "advisory"}) == ["advisory"]
    assert level({"all": "advisory"}) == ["advisory"]
    assert level({"all": "advisory", "database-span-zones": {"enforcementLevel": "mandatory"}}) == ["mandatory"]
    assert level({"database-span-zones": "disabled"}) == []


def test_a_fault_stops_prod_and_is_only_shown_in_dev() -> None:
    broken = seed("", "database-instance", "multiAz", False).applied(good_graph())
    assert check(broken, "prod-acme").failed
    in_dev = check(broken, "dev")
    assert not in_dev.failed
    assert [finding.severity for finding in in_dev.having("fail")].count("medium") == 1


def test_residency_without_regions_is_not_evaluated_rather_than_passed() -> None:
    found = [f for f in check(good_graph(), "prod").findings if f.control == "resource-stay-in-residency"]
    assert {f.status for f in found} == {"not evaluated", "pass"}
    assert not [f for f in found if f.status == "pass" and ":iam/" not in f.urn]


def test_an_unknown_value_is_listed_and_fails_once_it_is_known() -> None:
    graph = good_graph()
    unknown = [not_known(r, "kmsKeyId") if r.name == "database-instance" else r for r in graph]
    known = seed("", "database-instance", "kmsKeyId").applied(graph)

    def verdicts(resources: list[Resource]) -> list[str]:
        found = check(resources, "prod", allowed_regions=[REGION]).findings
        return [f.status for f in found if f.control == "database-encrypt-storage"]

    assert verdicts(unknown) == ["not evaluated"]
    assert verdicts(known) == ["fail"]
    assert verdicts(graph) == ["pass"]


def test_an_unknown_item_of_a_list_or_map_is_not_evaluated() -> None:
    shared = seed("", "database-snapshot", "sharedAccounts", ["333333333333"]).applied(good_graph())
    graph = [not_known(r, "tags.owner", "sharedAccounts.0") if r.name == "database-snapshot" else r for r in shared]
    report = check(graph, "prod", allowed_regions=[REGION])
    assert {f.control for f in report.having("not evaluated")} == {
        "resource-carry-owner-tags",
        "snapshot-stay-private",
    }


def test_a_foreign_account_is_not_evaluated_where_the_provider_names_none() -> None:
    graph = [replace(r, inputs={"region": REGION}) if r.name == "aws" else r for r in good_graph()]
    report = check(graph, "prod", allowed_regions=[REGION])
    assert {f.control for f in report.having("not evaluated")} == {
        "backup-plan-copy-away",
        "bucket-name-principals",
        "resource-policy-refuse-outsiders",
        "role-name-trusted-principals",
    }


def test_a_right_to_write_that_is_known_is_found_beside_a_policy_that_is_not() -> None:
    unread = [not_known(r, "policy") if r.name == "preview-policy" else r for r in good_graph()]
    power_user = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
    writes = seed("", "preview-role", "managedPolicyArns", [power_user]).applied(unread)
    statuses = [
        {f.status for f in check(graph, "prod", allowed_regions=[REGION]).findings if f.urn.endswith(":preview-role")}
        & {"fail", "not evaluated"}
        for graph in (unread, writes)
    ]
    assert statuses == [{"not evaluated"}, {"fail"}]


def test_subnets_of_another_stack_are_not_evaluated() -> None:
    graph = [r for r in good_graph() if "subnet:Subnet" not in r.type]
    report = check(graph, "prod-acme", allowed_regions=[REGION])
    found = {(f.control, f.message) for f in report.having("not evaluated")}
    assert [control for control, _ in found] == ["database-keep-off-internet-routes"]


def test_a_topic_that_only_one_account_may_use_is_not_public() -> None:
    mine = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}
    mine["Condition"] = {"StringEquals": {"aws:SourceAccount": "333333333333"}}  # type: ignore[assignment]
    graph = seed("", "observability-alarms-policy", "policy", json.dumps({"Statement": [mine]})).applied(good_graph())
    assert check(graph, "prod", allowed_regions=[REGION]).having("fail") == ()


def test_the_accounts_of_a_provider_are_read_from_json_too() -> None:
    graph = [
        replace(r, inputs={"region": REGION, "allowedAccountIds": '["999999999999"]'}) if r.name == "aws" else r
        for r in good_graph()
    ]
    report = check(graph, "prod", allowed_regions=[REGION])
    assert {"bucket-name-principals", "resource-policy-refuse-outsiders"} <= {f.control for f in report.having("fail")}


def test_a_rule_that_raises_fails_the_run_and_names_the_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_args: Args, _report: Report) -> None:
        raise KeyError("missing")

    rules = {"key-rotate": [Rule("key-rotate", ("aws:kms/key:Key",), broken)]}
    monkeypatch.setattr("policies.runner.rules_covering", lambda kind: rules if "kms/key" in kind else {})
    with pytest.raises(RuleError, match=r"policy key-rotate raised on urn:.*::encryption-data: KeyError"):
        check(good_graph(), "prod")


def test_a_policy_that_is_no_json_fails_the_run_and_names_the_resource() -> None:
    with pytest.raises(RuleError, match=r"raised on urn:.*::files-bucket"):
        check(seed("", "files-policy", "policy", "{").applied(good_graph()), "prod")


def test_every_exemption_is_used_and_has_a_reason() -> None:
    report = check(good_graph(), "prod", allowed_regions=[REGION])
    assert {(f.control, f.urn.rpartition("::")[2]) for f in report.having("exempt")} == {
        ("bucket-encrypt-with-customer-key", "files-logs-bucket"),
        ("bucket-log-access", "files-logs-bucket"),
        ("resource-carry-owner-tags", "service-scaling"),
        ("role-name-resources", "backup-policy"),
        ("role-name-resources", "grafana-policy"),
    }
    assert all(len(f.message) > 20 for f in report.having("exempt"))
    assert report.unused_exemptions == ()


def test_an_exemption_that_matches_nothing_is_named() -> None:
    graph = [r for r in good_graph() if r.name != "files-logs-bucket"]
    assert len(check(graph, "prod", allowed_regions=[REGION]).unused_exemptions) == 2


def test_a_broken_exemption_is_named(tmp_path: Path) -> None:
    path = tmp_path / "exemptions.yaml"
    reason = "long enough to be a reason"
    path.write_text(
        f"- {{control: no-such-control, urn: 'urn:pulumi:*::p::t::x', until: 2027-01-01, reason: {reason}}}\n"
        "- {urn: x}\n"
        f"- {{control: bucket-log-access, urn: '*::x', until: 2027-01-01, reason: {reason}}}\n"
    )
    with pytest.raises(InputError) as error:
        exemptions(path)
    found = str(error.value).splitlines()
    name = f"{tmp_path.name}/exemptions.yaml"
    assert any(f"{name}:1: [0].control: no control is named no-such-control" in one for one in found)
    for missing in ("control", "until", "reason"):
        assert any(f"{name}:2: [1].{missing}: is required; add it" in one for one in found)
    assert any(f"{name}:3: [2].urn: is not of the right form" in one for one in found)


def test_a_misspelt_word_of_an_exemption_is_told_with_its_line_and_what_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "exemptions.yaml"
    path.write_text(
        "- control: bucket-log-acces\n  urn: urn:pulumi:*::p::t::x\n"
        "  until: 2027-01-01\n  reason: long enough to be a reason\n"
        "- control: bucket-log-access\n  urn: urn:pulumi:*::p::t::x\n"
        "  untill: 2027-01-01\n  reason: long enough to be a reason\n"
        "- only words\n"
    )
    with pytest.raises(InputError) as error:
        exemptions(path)
    name = f"{tmp_path.name}/exemptions.yaml"
    assert f"{name}:1: [0].control: no control is named bucket-log-acces; did you mean" in str(error.value)
    assert f"{name}:7: [1].untill: is not a setting; did you mean until?" in str(error.value)
    assert f"{name}:9: [2]: must be a mapping of settings" in str(error.value)


def test_a_key_that_stands_twice_in_an_exemption_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "exemptions.yaml"
    file.write_text("- control: bucket-log-access\n  urn: urn:pulumi:*::a\n  urn: urn:pulumi:*::b\n")
    with pytest.raises(InputError, match=r"exemptions\.yaml:3: .*urn"):
        exemptions(file)


def test_an_exemption_ends_with_its_last_day(monkeypatch: pytest.MonkeyPatch) -> None:
    last = max(entry.until for entries in exemptions().values() for entry in entries)
    monkeypatch.setattr("policies.exemptions.today", lambda: last + timedelta(days=1))
    report = check(good_graph(), "prod", allowed_regions=[REGION])
    assert report.having("exempt") == ()
    assert {"bucket-log-access", "resource-carry-owner-tags"} <= {f.control for f in report.having("fail")}


def test_a_graph_survives_its_file(tmp_path: Path) -> None:
    graph = [not_known(r, "kmsKeyId") for r in good_graph()]
    path = tmp_path / "graph.json"
    path.write_text(rehearsed_text(graph))
    assert rehearsed_text(read_graph(path).resources) == rehearsed_text(graph)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '[{"urn": 1}]', "[1]", '{"steps": []}'], ids=range(6))
def test_a_file_that_is_no_graph_is_refused_in_one_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_text(text)
    with pytest.raises(InputError, match="not a recorded graph"):
        read_graph(path)


def test_a_configuration_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with pytest.raises(InputError, match="cannot be read"):
        read_configuration(path)
    path.write_text("[" * 100_000)
    with pytest.raises(InputError, match="cannot be read as JSON"):
        read_configuration(path)
    path.write_text("[]")
    with pytest.raises(InputError, match="map of control names"):
        read_configuration(path)
    path.write_text('{"all": "advisory"}')
    assert read_configuration(path) == {"all": "advisory"}
