"""Where data lives and what dies when, computed from what the program declared."""

from collections.abc import Sequence
from dataclasses import replace

from rehearsal.report.data.alerts import alert_lives
from rehearsal.report.data.bucket import bucket_lives
from rehearsal.report.data.copies import copy_lives
from rehearsal.report.data.database import database_lives
from rehearsal.report.data.logs import log_lives
from rehearsal.report.data.model import HOLDERS, End, Fate, Key, Life, classification, guards, place_of
from rehearsal.report.data.secrets import key_fate, key_lives, secret_lives
from rehearsal.report.data.tasks import task_lives
from rehearsal.report.graph import Graph, short_type
from rehearsal.result import State


def lives(graph: Graph) -> list[Life]:
    """Every kind of data of a stack: database, buckets, logs, secrets, keys, copies, alarms, and the unknown."""
    found = [
        *database_lives(graph),
        *bucket_lives(graph),
        *log_lives(graph),
        *task_lives(graph),
        *secret_lives(graph),
        *key_lives(graph),
        *copy_lives(graph),
        *alert_lives(graph),
    ]
    found += _unknown_holders(graph, found)
    return [_with_lost_key(graph, life) for life in found]


def _unknown_holders(graph: Graph, known: Sequence[Life]) -> list[Life]:
    """Resources that their tag says hold data, of types that this report has no rule for: named, never left out."""
    described = {life.holder.urn for life in known}
    return [
        Life(
            what=f"{classification(graph, one).replace('-', ' ').capitalize()} in {short_type(one.type)}",
            holder=one,
            place=place_of(graph, one),
            key=Key(words="not known to this report"),
            kept="not known to this report",
            fate=Fate(End.BLOCKS, "not known to this report: look at the resource itself", None),
            warnings=("the report has no rule for this type",),
        )
        for one in graph.rehearsal.resources
        if one.state is not State.COMPONENT
        and one.type not in HOLDERS
        and one.urn not in described
        and classification(graph, one)
    ]


def _with_lost_key(graph: Graph, life: Life) -> Life:
    """Data that outlives its key cannot be read: say so."""
    key = graph.find(life.key.reference)
    if key is None or life.fate.end in (End.NONE, End.DELETED) or key_fate(graph, key).end is End.STAYS:
        return life
    return replace(life, warnings=(*life.warnings, f"unreadable then: its key {key.name} goes with the stack"))


__all__ = ["End", "Fate", "Key", "Life", "guards", "lives"]
