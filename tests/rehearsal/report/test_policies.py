"""The policies' section of the report."""

from dataclasses import replace

from policies.runner import Finding, Report
from rehearsal.report import render
from tests.conftest import Declare

URN = "urn:pulumi:prod::workbuoy::aws:s3/bucket:Bucket::files-bucket"


def finding(**changes: str) -> Finding:
    values = {
        "control": "S3.14",
        "severity": "high",
        "level": "mandatory",
        "urn": URN,
        "status": "fail",
        "message": "files-bucket: versioning is <off>. Turn it on.",
        "fix": "Turn it on.",
        **changes,
    }
    return Finding(ids=("S3.14",), **values)  # type: ignore[arg-type]


def page(declared: Declare, *findings: Finding) -> str:
    return render(replace(declared("prod").rehearsal, policies=Report("prod", findings), declare_only=False))


def test_a_mandatory_failure_fails_the_page_and_shows_its_fix(declared: Declare) -> None:
    shown = page(declared, finding())
    assert "prod failed its rehearsal" in shown
    for words in ("S3.14", "files-bucket", "versioning is &lt;off&gt;. Turn it on.", "Mandatory: these stop a change"):
        assert words in shown


def test_advice_and_what_could_not_be_judged_are_reported_separately_and_fail_nothing(declared: Declare) -> None:
    shown = page(declared, finding(level="advisory"), finding(status="not evaluated", message="unknown yet"))
    assert "prod passed its rehearsal" in shown
    assert "0 mandatory failed, 1 advised, 1 not evaluated" in shown
