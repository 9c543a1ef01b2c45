"""When a bucket's lifecycle deletes what: two configurations compared rule by rule."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from graph.values import items, maps, number, plain

FOREVER: Final = float("inf")
_DEADLINES: Final = (
    ("expiration", "days", "objects"),
    ("noncurrentVersionExpiration", "noncurrentDays", "noncurrent versions"),
)


def shortenings(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What is deleted sooner than before, one sentence each.

    A rule is known by what it covers, not by its id: renaming one changes nothing. Raises nothing; values that are not
    known are the caller's business.
    """
    before, after = _deadlines(old), _deadlines(new)
    for (scope, what), days in after.items():
        # A narrower scope was covered by the rule over the whole bucket, if there was one.
        previous = before.get((scope, what), before.get(("", what), FOREVER))
        if days < previous:
            where = f" under {scope}" if scope else ""
            yield f"{what}{where} deleted {_shown(days)} instead of {_shown(previous)}"
    for (scope, what), kept in _kept(new).items():
        previous = _kept(old).get((scope, what), FOREVER)
        if kept < previous:
            before_that = "all" if previous == FOREVER else f"{previous:g}"
            yield f"only {kept:g} noncurrent versions kept instead of {before_that}"


def _deadlines(configuration: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for rule in _enabled(configuration):
        for block, key, what in _DEADLINES:
            for entry in maps(rule.get(block)):
                days = number(entry.get(key))
                if entry.get("date"):
                    days = 0.0
                if days is not None:
                    place = (_scope(rule), what)
                    found[place] = min(found.get(place, FOREVER), days)
    return found


def _kept(configuration: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    return {
        (_scope(rule), "versions"): kept
        for rule in _enabled(configuration)
        for entry in maps(rule.get("noncurrentVersionExpiration"))
        if (kept := number(entry.get("newerNoncurrentVersions"))) is not None
    }


def _enabled(configuration: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (rule for rule in maps(configuration.get("rules")) if rule.get("status") == "Enabled")


def _scope(rule: Mapping[str, Any]) -> str:
    """What a rule covers, as a text; empty for the whole bucket."""
    found = [rule.get("prefix")] if rule.get("prefix") else []
    for entry in maps(rule.get("filter")):
        found += [plain(value) for value in entry.values() if value not in (None, "", [], {})]
    return " and ".join(str(item) for value in found for item in items(value))


def _shown(days: float) -> str:
    return "never" if days == FOREVER else "at once" if days == 0 else f"after {days:g} day{'s' if days != 1 else ''}"
