"""The page as a whole: complete, safe, readable, the same for the same input."""

import base64
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import rehearsal.report
from rehearsal.report import render
from rehearsal.result import Check, FieldResult, Refusal, Rehearsal, Rehearsed, State
from rehearsal.stand_ins import StandIn

HOSTILE = """</code></script><script>alert(1)</script><img src=x onerror='alert(2)'>" style="x&amp;"""
Read = Callable[[Rehearsal], Any]
Part = Callable[..., Rehearsed]
Whole = Callable[..., Rehearsal]


@pytest.fixture(scope="module")
def page(read: Read, every_kind: Rehearsal) -> Any:
    """The page of the project that declares every kind."""
    return read(every_kind)


def test_the_same_rehearsal_and_time_give_the_same_bytes(every_kind: Rehearsal) -> None:
    made_at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    first, second = (render(every_kind, made_at=made_at) for _ in range(2))
    assert first == second
    assert "2026-03-01 12:30 UTC" in first


def test_every_resource_appears_once_with_its_state(page: Any, every_kind: Rehearsal) -> None:
    shown = Counter(
        (one.all("summary")[0].all("code")[0].text, one.attributes["data-state"])
        for one in page.section("resources").all("details", "resource")
    )
    classes = {State.DECLARED_ONLY: "only"}
    declared = Counter(
        (one.name, classes.get(one.state, one.state.value))
        for one in every_kind.resources
        if one.state is not State.COMPONENT
    )
    assert shown == declared


def test_every_field_appears_with_its_reason_where_it_was_not_checked(page: Any, every_kind: Rehearsal) -> None:
    unchecked = {
        (one.name, field.path, f"not checked: {field.reason}")
        for one in every_kind.resources
        for field in one.fields
        if field.check is Check.NOT_CHECKED
    }
    shown = {
        (one.all("summary")[0].all("code")[0].text, row[0], row[2])
        for one in page.section("resources").all("details", "resource")
        for row in one.rows()
    }
    assert unchecked
    assert unchecked <= shown


def test_a_resource_under_a_resource_is_not_lost(read: Read, part: Part, whole: Whole) -> None:
    top = part("workbuoy:aws:Top", "top", state=State.COMPONENT)
    middle = part("s3/bucket:Bucket", "middle", parent=top.urn)
    leaf = part("s3/bucketPolicy:BucketPolicy", "leaf", parent=middle.urn)
    loose = part("sns/topic:Topic", "loose")
    shown = read(whole(top, middle, leaf, loose)).section("resources").all("details", "resource")
    assert [one.all("summary")[0].all("code")[0].text for one in shown] == ["middle", "leaf", "loose"]


def test_nothing_is_fetched(page: Any) -> None:
    for node in page.walk():
        for name in ("src", "href", "srcset", "action", "data", "poster", "background", "srcdoc", "ping"):
            address = node.attributes.get(name, "#")
            assert address.startswith("#") or (node.tag, address) == ("link", "data:,"), (node.tag, address)
        assert node.tag not in ("iframe", "object", "embed", "img", "base", "video", "audio", "source")
    for style in page.all("style"):
        assert not re.search(r"url\(|@import|image-set", style.text)
    for script in page.all("script"):
        assert not re.search(r"fetch|XMLHttp|import|WebSocket|sendBeacon", script.text)


def test_only_the_page_s_own_style_and_script_may_take_effect(page: Any) -> None:
    (policy,) = [
        one.attributes["content"] for one in page.all("meta") if one.attributes.get("http-equiv", "").startswith("Cont")
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for tag in ("style", "script"):
        (node,) = page.all(tag)
        digest = base64.b64encode(hashlib.sha256("".join(node.children).encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    for node in page.walk():
        assert not [name for name in node.attributes if name == "style" or name.startswith("on")]


def test_hostile_names_and_values_stay_text(read: Read, part: Part, whole: Whole) -> None:
    field = FieldResult(HOSTILE, Check.DIFFERS, HOSTILE, {HOSTILE: [HOSTILE]}, HOSTILE)
    component = part(f"workbuoy:aws:{HOSTILE}", HOSTILE, state=State.COMPONENT)
    policy = (
        '{"Statement": [{"Sid": "S<b>", "Effect": "Allow", "Action": "<i>:*", "Resource": "<u>", "Principal": "*"}]}'
    )
    resources = [
        component,
        part("s3/bucket:Bucket", HOSTILE, state=State.DIFFERS, fields=(field,), parent=component.urn, source=HOSTILE),
        part(f"x:{HOSTILE}", "odd", state=State.FAILED, reason=HOSTILE, properties={HOSTILE: HOSTILE}),
        part("kms/key:Key", "key", properties={"policy": policy}),
        part("iam/role:Role", "role", properties={"assumeRolePolicy": policy, "description": HOSTILE}),
        part("cloudwatch/metricAlarm:MetricAlarm", "alarm", properties={"alarmDescription": HOSTILE}),
        part("cloudwatch/logGroup:LogGroup", "log", properties={"name": HOSTILE, "kmsKeyId": HOSTILE}),
    ]
    made = read(
        whole(
            *resources,
            stack=HOSTILE,
            project=HOSTILE,
            exports={HOSTILE: HOSTILE},
            stand_ins=(StandIn(HOSTILE, HOSTILE, HOSTILE),),
            refusals=(Refusal(HOSTILE, "urn", HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
            versions={HOSTILE: HOSTILE},
            seconds={HOSTILE: 1.0},
        )
    )
    assert len(made.all("script")) == 1
    assert not made.all("img")
    assert not made.all("b")
    assert not made.all("u")
    assert " ".join(HOSTILE.split()) in made.section("problems").text
    for node in made.walk():
        assert not [name for name in node.attributes if name == "style" or name.startswith("on")]


def test_headings_go_down_one_level_at_a_time(page: Any) -> None:
    levels = [int(node.tag[1]) for node in page.walk() if re.fullmatch("h[1-6]", node.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_link_leads_to_a_place_on_the_page(page: Any) -> None:
    ids = [node.attributes["id"] for node in page.walk() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    assert {node.attributes["href"][1:] for node in page.all("a")} <= set(ids)


def test_landmarks_language_and_table_titles_are_there(page: Any) -> None:
    assert page.all("html")[0].attributes["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1
    for table in page.all("table"):
        assert table.all("caption")[0].text
        assert {cell.attributes.get("scope") for cell in table.all("th")} <= {"col", "row"}
    for box in page.all("div", "scroll"):
        assert box.attributes["tabindex"] == "0"
        assert box.attributes["aria-label"]


def test_colours_are_distinguished_by_low_sight_in_light_and_dark() -> None:
    """WCAG 2.2, 1.4.3: text has a contrast of at least 4.5 to what it stands on."""
    css = (Path(rehearsal.report.__file__).parent / "report.css").read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", css, re.S)[:2]
    )
    for colours in (light, {**light, **dark}):
        pairs = [
            (text, ground) for text in ("ink", "quiet", "link", "good", "bad", "warn") for ground in ("paper", "card")
        ]
        pairs += [(tone, f"{tone}-soft") for tone in ("good", "bad", "warn", "note")]
        pairs += [("quiet", "bad-soft"), ("ink", "bad-soft"), ("link", "note-soft"), ("quiet", "note-soft")]
        for text, ground in pairs:
            assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        for band in ("band-good", "band-bad", "band-note"):
            assert _contrast("#fff", colours[band]) >= 4.5


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    shares = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_stack_without_resources_has_a_page(read: Read, whole: Whole) -> None:
    made = read(whole(seconds={}))
    assert "0 of 0 resources" in made.all("header")[0].text
    assert [one.attributes["id"] for one in made.all("section")] == ["verdict", "resources", "timings", "limits"]
