"""Secrets and the keys themselves."""

from collections.abc import Iterator, Mapping

from facts import tokens as t
from rehearsal.report.data.model import End, Fate, Key, Life, days, key_of, place_of
from rehearsal.report.graph import Graph, maps, number
from rehearsal.result import Rehearsed

# AWS's defaults where a property is left out.
_RECOVERY_DAYS = 30.0
_KEY_WINDOW_DAYS = 30.0


def secret_lives(graph: Graph) -> Iterator[Life]:
    """Every secret: how it is renewed, and how long a deleted one can be brought back."""
    for secret in graph.of_type(t.SECRET):
        properties = graph.properties(secret)
        given = number(properties.get("recoveryWindowInDays"))
        window = _RECOVERY_DAYS if given is None else given
        if secret.declared.retain_on_delete:
            fate = Fate(End.STAYS, "Pulumi lets go of it without deleting it", None)
        elif window:
            fate = Fate(End.FOR_A_WHILE, f"can be brought back for {days(window)}, then gone", window)
        else:
            fate = Fate(End.DELETED, "at once (recovery window 0)")
        yield Life(
            what="Secret",
            holder=secret,
            place=place_of(graph, secret),
            key=key_of(properties, "kmsKeyId", "Secrets Manager's own key"),
            kept=_rotation(graph, secret),
            fate=fate,
        )


def _rotation(graph: Graph, secret: Rehearsed) -> str:
    for rotation in graph.of_type(t.SECRET_ROTATION):
        properties = graph.properties(rotation)
        if graph.find(properties.get("secretId")) is secret:
            for rule in maps(properties.get("rotationRules")):
                every = number(rule.get("automaticallyAfterDays"))
                return f"rotated every {days(every)}" if every else f"rotated by {rule.get('scheduleExpression')}"
    tags = graph.properties(secret).get("tags")
    manual = isinstance(tags, Mapping) and tags.get("rotation") == "manual"
    return "until an operator replaces it (rotation=manual)" if manual else "until it is replaced; nothing rotates it"


def key_lives(graph: Graph) -> Iterator[Life]:
    """Every customer key: losing it loses all that it encrypts."""
    for key in graph.of_type(t.KEY):
        properties = graph.properties(key)
        rotates = bool(properties.get("enableKeyRotation"))
        period = number(properties.get("rotationPeriodInDays"))
        every = f"every {days(period)}" if period else "every year"
        yield Life(
            what="Encryption key",
            holder=key,
            place=place_of(graph, key),
            key=Key(words="is one"),
            kept=f"rotated {every}; older key material stays" if rotates else "never rotated",
            fate=key_fate(graph, key),
            warnings=() if rotates else ("rotation is off",),
        )


def key_fate(graph: Graph, key: Rehearsed) -> Fate:
    """What becomes of a key."""
    if key.declared.retain_on_delete:
        return Fate(End.STAYS, "usable until someone schedules its deletion (retain_on_delete)", None)
    window = number(graph.properties(key).get("deletionWindowInDays")) or _KEY_WINDOW_DAYS
    return Fate(End.FOR_A_WHILE, f"usable no more at once; its deletion can be cancelled for {days(window)}", window)
