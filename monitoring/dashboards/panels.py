"""What a panel shows, apart from how Grafana writes it down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from components.alarms import Alarm
from components.searches import Search

Unit = Literal["short", "s", "percentunit", "reqps", "bytes", "ops"]


@dataclass(frozen=True, kw_only=True)
class Query:
    """A PromQL expression; `legend` may name labels, as `{{route}}`."""

    expression: str
    legend: str


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Lines over time from Prometheus, with the value from which an alert fires drawn in."""

    title: str
    meaning: str
    queries: Sequence[Query]
    unit: Unit = "short"
    threshold: float | None = None


@dataclass(frozen=True, kw_only=True)
class AlarmPanel:
    """The metrics of one of CloudWatch's alarms with its threshold."""

    alarm: Alarm

    @property
    def title(self) -> str:
        return self.alarm.name


@dataclass(frozen=True, kw_only=True)
class SearchPanel:
    """The lines that a saved search finds."""

    search: Search
    log_group: str

    @property
    def title(self) -> str:
        return self.search.title


@dataclass(frozen=True, kw_only=True)
class Board:
    """One dashboard. `name` is a part of its file's name and of its address in Grafana."""

    name: str
    title: str
    panels: Sequence[Panel | AlarmPanel | SearchPanel]
