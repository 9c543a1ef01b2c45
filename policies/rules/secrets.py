"""Secrets Manager: keys, rotation and what may never stand in a program."""

import re

from facts import tokens as t
from graph.values import at, flag, number
from policies.customer_keys import names_customer_key
from policies.rule import Args, Report, rule, stack_rule
from policies.tags import ROTATION


@rule("secret-encrypt-with-customer-key", t.SECRET)
def encrypt_with_customer_key(args: Args, report: Report) -> None:
    if not names_customer_key(args.props.get("kmsKeyId"), args.accounts):
        report("kmsKeyId names no customer key of this account")


@stack_rule("secret-rotate", t.SECRET)
def rotate(args: Args, report: Report) -> None:
    rotations = args.stack.linked(t.SECRET_ROTATION, "secretId", args.resource)
    if any(flag(rotation.props.get("rotationEnabled")) is False for rotation in rotations):
        report("its SecretRotation is switched off")
    elif not rotations and at(args.props.get("tags"), ROTATION) != "manual":
        report(f"it has neither a SecretRotation nor the tag {ROTATION}=manual")


@rule("secret-rotate-often", t.SECRET_ROTATION)
def rotate_often(args: Args, report: Report) -> None:
    rules = args.props.get("rotationRules")
    schedule = str(at(rules, "scheduleExpression") or "")
    days = _days_between(schedule) if schedule else number(at(rules, "automaticallyAfterDays"))
    if not days:  # the provider takes 0 for nothing said
        report("rotationRules names no interval that can be read")
    elif days > args.settings["maximumDays"]:
        report(f"it rotates every {days:g} days, less often than every {args.settings['maximumDays']:g}")


def _days_between(schedule: str) -> float | None:
    """The longest gap that a rotation schedule leaves, in days.

    Secrets Manager's own grammar: `rate(N days|hours)`, or `cron(m h day-of-month month day-of-week year)`.
    """
    if rate := re.fullmatch(r"rate\((\d+) (day|hour)s?\)", schedule):
        return int(rate[1]) / (24 if rate[2] == "hour" else 1)
    if cron := re.fullmatch(r"cron\(\S+ \S+ \S+ (\S+) \S+ \*\)", schedule):
        if cron[1] == "*":
            return 31
        every = re.fullmatch(r"(?:\d+|\*)/(\d+)", cron[1])
        return int(every[1]) * 31 if every else 366
    return None


@rule("secret-keep-recovery-window", t.SECRET)
def keep_recovery_window(args: Args, report: Report) -> None:
    days = number(args.props.get("recoveryWindowInDays"))
    if days is not None and days < args.settings["minimumDays"]:  # AWS's default is 30
        report(f"recoveryWindowInDays is {days:g}, fewer than {args.settings['minimumDays']:g}")


@rule("secret-keep-values-out", t.SECRET_VERSION)
def keep_values_out(args: Args, report: Report) -> None:
    for name in ("secretString", "secretBinary", "secretStringWo"):
        if args.props.get(name):
            report(f"{name} holds a value")
