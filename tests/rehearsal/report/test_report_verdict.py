"""Did it pass, what failed first, and nothing that was not checked counts as passed."""

from collections.abc import Callable
from typing import Any

from rehearsal.result import Check, FieldResult, Refusal, Rehearsal, Rehearsed, State

Read = Callable[[Rehearsal], Any]
Part = Callable[..., Rehearsed]
Whole = Callable[..., Rehearsal]

EQUAL = FieldResult("size", Check.CHECKED, 1, 1)
OTHER = FieldResult("retention", Check.DIFFERS, 30, 7)
SKIPPED = FieldResult("skip", Check.NOT_CHECKED, True, None, "acts at deletion only")


def figures(page: Any) -> dict[str, int]:
    (listed,) = page.section("verdict").all("dl", "figures")
    return {one.all("dt")[0].text: int(one.all("dd", "number")[0].text.replace(",", "")) for one in listed.children}


def test_a_pass_says_so_and_has_no_problems_section(read: Read, part: Part, whole: Whole) -> None:
    page = read(whole(part("sns/topic:Topic", fields=(EQUAL,))))
    (banner,) = page.all("header")
    assert "passed" in banner.attributes["class"]
    assert page.all("h1")[0].text == "test passed its rehearsal"
    assert "problems" not in [one.attributes["id"] for one in page.all("section")]


def test_what_was_not_checked_is_counted_apart(read: Read, part: Part, whole: Whole) -> None:
    page = read(
        whole(
            part("sns/topic:Topic", "a", fields=(EQUAL, SKIPPED)),
            part("sns/topic:Topic", "b", state=State.DECLARED_ONLY, reason="moto has no such type"),
        )
    )
    counted = figures(page)
    assert (counted["compared"], counted["declared only"]) == (1, 1)
    assert (counted["fields checked"], counted["fields not checked"]) == (1, 1)
    assert "1 of 2 resources" in page.all("header")[0].text
    limits = page.section("limits").text
    assert "acts at deletion only: 1 field" in limits
    assert "moto has no such type: sns Topic" in limits


def test_declaring_only_never_claims_that_a_rehearsal_passed(read: Read, part: Part, whole: Whole) -> None:
    page = read(whole(part("sns/topic:Topic", state=State.DECLARED_ONLY), declare_only=True))
    (banner,) = page.all("header")
    assert "passed" not in banner.text
    assert banner.attributes["class"] == "band declared"
    assert "nothing was created" in page.all("h1")[0].text


def test_a_differing_field_stands_first_with_declared_and_found(read: Read, part: Part, whole: Whole) -> None:
    failed = part("sns/topic:Topic", "broken", state=State.FAILED, reason="moto broke", source="b.py:9")
    differs = part("rds/instance:Instance", "main", state=State.DIFFERS, fields=(EQUAL, OTHER), source="a.py:3")
    refusal = Refusal(
        "rds-window", failed.urn, "broken", "the window is too short", "make it 30 minutes", "https://docs"
    )
    page = read(whole(failed, differs, refusals=(refusal,)))
    banner = page.all("header")[0]
    assert "failed" in banner.attributes["class"]
    assert "First problem: main : retention read back otherwise than declared" in banner.text
    first, second, third = page.section("problems").all("article")
    assert first.rows() == [["retention", "30", "7"]]
    assert "a.py:3" in first.text
    assert "moto broke" in second.text
    assert "the window is too short" in third.text
    assert "make it 30 minutes" in third.text
    assert "declared at b.py:9" in third.text
    assert "Where AWS says so: docs" in third.text
    order = [one.attributes["id"] for one in page.all("section")]
    assert order[:3] == ["verdict", "problems", "resources"]


def test_what_was_not_tried_stands_with_its_cause(read: Read, part: Part, whole: Whole) -> None:
    cause = part("lb/listener:Listener", "listener", state=State.FAILED, reason="no certificate")
    middle = part(
        "lb/listenerRule:ListenerRule",
        "rule",
        state=State.FAILED,
        reason="not tried: it needs listener, which failed",
        dependencies=(cause.urn,),
    )
    last = part(
        "ecs/service:Service",
        "service",
        state=State.FAILED,
        reason="not tried: it needs rule, which failed",
        dependencies=(middle.urn,),
    )
    (article,) = read(whole(cause, middle, last)).section("problems").all("article")
    assert "no certificate" in article.text
    assert "2 resources not tried because of it: rule , service" in article.text


def test_a_refusal_alone_fails_the_page(read: Read, part: Part, whole: Whole) -> None:
    topic = part("sns/topic:Topic", "alarms")
    refusal = Refusal("topic-key", topic.urn, "alarms", "its key does not admit CloudWatch", "admit it", "")
    page = read(whole(topic, refusals=(refusal,)))
    assert page.all("h1")[0].text == "test failed its rehearsal"
    assert figures(page)["refused by AWS"] == 1
    assert "its key does not admit CloudWatch" in page.all("header")[0].text


def test_what_aws_would_refuse_fails_what_was_only_declared(read: Read, part: Part, whole: Whole) -> None:
    topic = part("sns/topic:Topic", "alarms", state=State.DECLARED_ONLY)
    page = read(whole(topic, declare_only=True, refusals=(Refusal("x", topic.urn, "alarms", "no key", "add it", ""),)))
    assert page.all("h1")[0].text == "test was declared, and AWS would refuse it"
    assert page.all("header")[0].attributes["class"] == "band failed"


def test_a_component_with_problems_stands_open(read: Read, part: Part, whole: Whole) -> None:
    good = part("workbuoy:aws:Files", "good", state=State.COMPONENT)
    bad = part("workbuoy:aws:Files", "bad", state=State.COMPONENT)
    page = read(
        whole(
            good,
            bad,
            part("s3/bucket:Bucket", "one", parent=good.urn),
            part("s3/bucket:Bucket", "two", parent=bad.urn, state=State.DIFFERS, fields=(OTHER,)),
        )
    )
    components = page.section("resources").all("details", "component")
    assert {one.all("h3")[0].text: "open" in one.attributes for one in components} == {"good": False, "bad": True}
