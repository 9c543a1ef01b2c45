"""With tens of stacks, one row a cause."""

from operations.pipeline.causes import by_cause

PART = """## {stack}: {number} resources drifted, 1 of them dangerous

- `database-instance` (aws:rds/instance:Instance)
  - **backupRetentionPeriod 30 → 1**
{more}
An update alone puts none of this back.

- `workbuoy drift {stack} --put-back` does.
"""
ROLE = "- `service-role` (aws:iam/role:Role) was added\n  - away with `aws iam delete-role workbuoy-{stack}-x`\n"


def part(stack: str, *, role: bool = False) -> str:
    return PART.format(stack=stack, number=1 + role, more=ROLE.format(stack=stack) if role else "")


def test_what_several_stacks_report_alike_is_reported_once_with_the_stacks() -> None:
    (told,) = by_cause([part("prod"), part("prod-acme", role=True), part("dev")])
    assert told.startswith(
        "## 3 stacks, 2 causes\n\n- `database-instance` (aws:rds/instance:Instance), in prod, prod-acme, dev\n"
    )
    assert told.count("backupRetentionPeriod") == 1
    assert "- `service-role` (aws:iam/role:Role) was added, in prod-acme" in told
    assert told.count("An update alone puts none of this back.") == 1
    assert "`workbuoy drift STACK --put-back`" in told


def test_an_entry_that_names_its_stack_is_the_same_cause() -> None:
    (told,) = by_cause([part("prod", role=True), part("prod-acme", role=True)])
    assert "was added, in prod, prod-acme" in told


def test_one_report_alone_and_other_texts_stay_as_they_are() -> None:
    assert by_cause([part("prod"), "something else"]) == [part("prod"), "something else"]
    assert by_cause([]) == []


def test_texts_of_another_form_come_first() -> None:
    first, merged = by_cause([part("prod"), "`drift-x`: nothing was written", part("dev")])
    assert first == "`drift-x`: nothing was written"
    assert "2 stacks, 1 causes" in merged


def test_a_dangerous_cause_of_one_stack_comes_before_a_harmless_one_of_many() -> None:
    harmless = "## {}: 1 resource drifted\n\n- `service` (aws:ecs/service:Service)\n  - desiredCount: `2` → `3`\n"
    (told,) = by_cause([*(harmless.format(stack) for stack in ("dev", "staging")), part("prod")])
    assert told.index("`database-instance`") < told.index("`service`")
