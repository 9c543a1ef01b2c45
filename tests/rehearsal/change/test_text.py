"""A change in the summary and on the page: first, whole, within 80 columns, and without a secret value."""

from dataclasses import replace

import pytest

from rehearsal.report.page import render
from rehearsal.summary import summary
from tests.rehearsal.change.conftest import RehearseChange

BEFORE = """
aws.sns.Topic("gone", opts=top)
aws.sns.Topic("told", display_name="old words", opts=top)
aws.sns.Topic("hidden", display_name="never shown", opts=top)
aws.iam.Role("role", name="first", assume_role_policy="{}", opts=top)
"""
AFTER = """
aws.sns.Topic("told", display_name="new words", opts=top)
aws.sns.Topic("hidden", display_name=pulumi.Output.secret("never shown either"), opts=top)
aws.sns.Topic("comes", name="another", opts=top)
"""


@pytest.mark.usefixtures("usual_columns")
def test_the_summary_begins_with_the_change_and_keeps_to_80_columns(rehearse_change: RehearseChange) -> None:
    asked = replace(rehearse_change(BEFORE, AFTER), arguments="test --since before")
    lines = summary(asked).splitlines()
    assert lines[2].startswith("The change from before (000000000) to the working tree:")
    assert "  deleted sns Topic gone" in lines
    assert "  updated sns Topic told (displayName)" in lines
    assert "  created sns Topic comes" in lines
    assert max(map(len, lines)) <= 80
    assert any("rehearse test --since before" in line for line in lines)


def test_the_page_shows_what_was_and_what_comes_and_no_secret(rehearse_change: RehearseChange) -> None:
    page = render(rehearse_change(BEFORE, AFTER))
    assert page.index('id="change"') < page.index('id="verdict"')
    assert "old words" in page
    assert "new words" in page
    assert "never shown" not in page
