"""A person with a question finds a heading that answers it, and under it what to type or where to go."""

import re

import pytest

from tests.conftest import ROOT

# A question, the words that its heading has, and what stands below that heading.
QUESTIONS = {
    "How do I roll back?": (r"roll back", "workbuoy deploy prod --image"),
    "Which image was the last good one?": (r"last good image", "workbuoy releases prod"),
    "How do I upgrade Postgres to the next major version?": (r"upgrade postgres", "database.engineVersion"),
    "How do I add a region?": (r"add .* another region", "imageRegions"),
    "What if bootstrap's files lack the region?": (r"bootstrap's files lack", "workbuoy doctor"),
    "Can I run an image of our own?": (r"another service", "contract"),
    "What must an image do?": (r"what the image must do", "migrate"),
    "How do I try our own service before AWS?": (r"try it on a laptop", "--other"),
    "How do I tear dev down?": (r"take it down", "pulumi destroy --stack dev"),
    "How do I tear staging or prod down?": (r"tear down", "final snapshot"),
    "How do I add an operator?": (r"add an operator", "operators.identityCenter.permissionSets"),
    "How do I bring back data of yesterday?": (r"restore to a point in time", "workbuoy restore tenant"),
    "How does a customer leave?": (r"customer leaves", "workbuoy tenant"),
    "How do I add a customer?": (r"new customer", "workbuoy tenant create"),
    "What does it cost?": (r"cost", "workbuoy cost"),
    "How do I change the login's secret?": (r"oidc client's secret", "secretsmanager"),
}


def sections() -> dict[str, str]:
    """Every heading of README and docs, with what stands below it up to the next of its level or above."""
    found: dict[str, str] = {}
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        lines, fenced = page.read_text(encoding="utf-8").splitlines(), False
        open_: list[tuple[int, str]] = []
        for line in lines:
            fenced ^= line.lstrip().startswith("```")
            heading = None if fenced else re.match(r"(#+) (.+)", line)
            if heading:
                open_ = [one for one in open_ if one[0] < len(heading[1])]
                open_.append((len(heading[1]), f"{page.name}: {heading[2]}"))
            for _, name in open_:
                found[name] = f"{found.get(name, '')}{line}\n"
    return found


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_under_a_heading_that_names_it(question: str) -> None:
    heading, answer = QUESTIONS[question]
    named = {name: text for name, text in sections().items() if re.search(heading, name.lower())}
    assert named, f"no heading says {heading!r}"
    assert any(answer in text for text in named.values()), f"{sorted(named)}: none says {answer!r}"


def test_runbooks_deploy_by_the_reviewed_command() -> None:
    """`pulumi up` on its own leaves out the review, the wait for the rollout and the smoke test."""
    page = (ROOT / "docs/runbooks.md").read_text(encoding="utf-8")
    assert re.findall(r"(?:run|then) `pulumi up`", page) == []


def test_the_runbooks_say_which_time_they_mean() -> None:
    assert "All times are UTC" in (ROOT / "docs/runbooks.md").read_text(encoding="utf-8")
