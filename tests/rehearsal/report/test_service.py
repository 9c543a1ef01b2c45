"""The service's section of the report."""

from dataclasses import replace

import pytest

from rehearsal.report import render
from rehearsal.result import Rehearsal
from rehearsal.service.result import ServiceRehearsal, ServiceStep
from rehearsal.stand_ins import StandIn
from tests.conftest import Declare

pytestmark = pytest.mark.lengthy

PASSED = ServiceRehearsal(
    steps=(ServiceStep(name="login", seconds=1.5, passed=True, detail="code flow"),),
    unused=("workbuoy-prod-rotation/SeeNetwork",),
    stand_ins=(StandIn("environment.PORT", "8080", "40001"),),
    judged=12,
)
FAILED = ServiceRehearsal(
    steps=(ServiceStep(name="an <attachment>", seconds=0.1, passed=False, detail="answered 503 & more"),),
    denials=("workbuoy-prod-service-task: s3:PutObject on arn:aws:s3:::x/y is not allowed",),
    last_lines=('{"level": "error"}',),
)


def page(declared: Declare, service: ServiceRehearsal | None) -> str:
    rehearsal: Rehearsal = replace(declared("prod").rehearsal, service=service, declare_only=False)
    return render(rehearsal)


def test_steps_stand_with_their_times_and_who_judged(declared: Declare) -> None:
    shown = page(declared, PASSED)
    for words in ("login", "1.50 s", "code flow", "SeeNetwork", "40001", "12 requests", "not by AWS"):
        assert words in shown


def test_a_failed_step_is_the_first_problem_and_escaped(declared: Declare) -> None:
    shown = page(declared, FAILED)
    assert "First problem: </strong>the service: an &lt;attachment&gt;: answered 503 &amp; more" in shown
    assert "s3:PutObject on arn:aws:s3:::x/y is not allowed" in shown
    assert "prod failed its rehearsal" in shown


def test_a_rehearsal_without_the_service_has_no_such_section(declared: Declare) -> None:
    assert 'id="service"' not in page(declared, None)
    assert 'id="service"' in page(declared, PASSED)


def test_an_incomplete_rehearsal_says_why(declared: Declare) -> None:
    assert "no initdb on PATH" in page(declared, ServiceRehearsal(incomplete="no initdb on PATH"))
