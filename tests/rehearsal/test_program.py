"""The program is run as the engine runs it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import UNKNOWN
from pulumi.runtime.rpc import contains_unknowns

from infra.problems import ProblemsError
from rehearsal.errors import ProgramError
from rehearsal.program import as_engine_config, has_unknown
from rehearsal.run import Options, rehearse
from tests.rehearsal.conftest import WriteProject

DECLARE = Options(declare_only=True)


def test_configuration_reaches_the_program_as_the_engine_hands_it_over() -> None:
    config = {"a:text": "x", "a:on": True, "a:number": 3, "a:object": {"b": [1]}}
    assert as_engine_config(config) == {
        "a:text": "x",
        "a:on": "true",
        "a:number": "3",
        "a:object": '{"b": [1]}',
    }


def test_the_program_runs_in_its_own_folder_and_leaves_no_trace(write_project: WriteProject) -> None:
    project = write_project(
        """
        import os, helper
        pulumi.export("cwd", os.getcwd())
        pulumi.export("root", pulumi.runtime.get_root_directory())
        pulumi.export("settings", pulumi.Config().require_object("settings"))
        pulumi.export("helper", helper.VALUE)
        """
    )
    (project.main / "helper.py").write_text("VALUE = 1\n")
    before = Path.cwd()

    exports = rehearse(project, "test", DECLARE).exports
    (project.main / "helper.py").write_text("VALUE = 22\n")
    again = rehearse(project, "test", DECLARE).exports

    assert exports["cwd"] == str(project.main)
    assert exports["root"] == str(project.root)
    assert exports["settings"] == {"region": "eu-north-1"}
    assert (exports["helper"], again["helper"]) == (1, 22)
    assert Path.cwd() == before


def test_a_mistake_in_the_program_is_a_program_error_with_its_cause(write_project: WriteProject) -> None:
    with pytest.raises(ProgramError, match="division by zero") as caught:
        rehearse(write_project("1 / 0"), "test", DECLARE)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_mistake_inside_apply_is_a_program_error_too(write_project: WriteProject) -> None:
    with pytest.raises(ProgramError, match="inside"):
        rehearse(
            write_project(
                """
                def broken(value):
                    raise RuntimeError("inside")
                pulumi.export("x", aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", opts=top).id.apply(broken))
                """
            ),
            "test",
            DECLARE,
        )


def test_a_person_s_problems_come_through_unwrapped(write_project: WriteProject) -> None:
    project = write_project(
        """
        from infra.problems import Problem, ProblemsError
        raise ProblemsError([Problem(message="one"), Problem(message="two")])
        """
    )
    with pytest.raises(ProblemsError) as caught:
        rehearse(project, "test", DECLARE)
    assert [problem.message for problem in caught.value.problems] == ["one", "two"]


def test_an_output_that_never_resolves_ends_in_a_program_error(write_project: WriteProject) -> None:
    project = write_project(
        """
        import asyncio
        pulumi.export("never", pulumi.Output.from_input(asyncio.get_event_loop().create_future()))
        """
    )
    with pytest.raises(ProgramError, match="not resolved in"):
        rehearse(project, "test", Options(declare_only=True, timeout_seconds=0.3))


def test_a_program_that_exits_is_a_program_error(write_project: WriteProject) -> None:
    with pytest.raises(ProgramError):
        rehearse(write_project("raise SystemExit(7)"), "test", DECLARE)


def test_stacks_refer_to_each_other_through_given_outputs(write_project: WriteProject) -> None:
    project = write_project(
        """
        base = pulumi.StackReference("organization/small/base")
        pulumi.export("vpc", base.require_output("vpc"))
        """
    )
    options = Options(declare_only=True, references={"base": {"vpc": "vpc-1"}})
    assert rehearse(project, "test", options).exports == {"vpc": "vpc-1"}


def test_rehearsing_twice_in_one_process_gives_the_same_graph(write_project: WriteProject) -> None:
    project = write_project('aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", opts=top)')
    first, second = (rehearse(project, "test", DECLARE) for _ in range(2))
    assert json.dumps([one.outputs for one in first.resources], default=str) == json.dumps(
        [one.outputs for one in second.resources], default=str
    )


def test_the_line_of_a_resource_is_noted_through_a_dozen_calls_of_the_program(write_project: WriteProject) -> None:
    project = write_project(
        """
        def within(calls):
            if calls:
                return within(calls - 1)
            return aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=top)

        within(12)
        """
    )
    (vpc,) = [one for one in rehearse(project, "test", DECLARE).resources if one.name == "vpc"]
    (line,) = [n for n, text in enumerate((project.main / "__main__.py").read_text().splitlines(), 1) if "Vpc(" in text]
    assert vpc.declared.source == f"__main__.py:{line}"


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.text(max_size=2), st.just(UNKNOWN)),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=2), inner), st.tuples(inner)),
    max_leaves=8,
)


@given(VALUES)
def test_unknown_values_are_found_where_the_runtime_finds_them(value: object) -> None:
    assert has_unknown(value) == contains_unknowns(value)


def test_values_that_hold_themselves_have_no_unknown_for_that() -> None:
    itself: dict[str, object] = {"a": [1]}
    itself["itself"] = [itself]
    assert not has_unknown(itself)
    itself["more"] = {"b": UNKNOWN}
    assert has_unknown(itself)
