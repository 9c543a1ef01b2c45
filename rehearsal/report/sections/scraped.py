"""What the service said of itself while it was tried: requests, response times, and the pool of connections."""

from bisect import bisect_left

from project.terminal import count
from rehearsal.report.chart import Line, Point, chart
from rehearsal.report.markup import Html, el, join
from rehearsal.report.present import Section, items
from rehearsal.report.view import View
from rehearsal.service.watching import Scrape, Watched

_WINDOW_SECONDS = 0.5
_LEAST_SCRAPES = 3


def scraped(view: View) -> Section | None:
    """None where the service was left out, or ended before it could be looked at."""
    found = view.rehearsal.service.watched if view.rehearsal.service else Watched()
    if len(found.scrapes) < _LEAST_SCRAPES:
        return None
    lead = (
        f"Its metrics were looked at {count(len(found.scrapes), 'time')}. Upright lines are where something began. "
        f"What is shown of requests is of the last {_WINDOW_SECONDS:g} s; health checks are left out."
    )
    body = join(el("p", lead), _marks(found), el("div", _charts(found), class_="charts"))
    return Section("scraped", "The service over time", body, badge=f"{found.scrapes[-1].requests:.0f} requests")


def _marks(found: Watched) -> Html | None:
    return items([f"{at:.1f} s: {what}" for at, what in found.marks], "bullets") if found.marks else None


def _charts(found: Watched) -> list[Html]:
    ends = found.scrapes[-1].at
    spans = [(_before(found, one), one) for one in found.scrapes[1:]]
    shown = [(then, now) for then, now in spans if now.at - then.at >= _WINDOW_SECONDS / 2]

    def rate(name: str) -> list[Point]:
        return [
            (now.at, max(0.0, getattr(now, name) - getattr(then, name)) / (now.at - then.at)) for then, now in shown
        ]

    def quantile(q: float) -> list[Point]:
        found = ((now.at, slowest(then, now, q)) for then, now in shown)
        return [(at, 1000 * seconds) for at, seconds in found if seconds is not None]

    def pool(name: str) -> list[Point]:
        return [(one.at, one.pool.get(name, 0.0)) for one in found.scrapes]

    def grown(name: str) -> list[Point]:
        first = found.scrapes[0].pool.get(name, 0.0)
        return [(at, value - first) for at, value in pool(name)]

    return [
        chart(
            "Requests a second",
            [Line(name="all", points=rate("requests")), Line(name="failed", points=rate("failed"))],
            ends,
            found.marks,
        ),
        chart(
            "Response time",
            [Line(name="half are faster", points=quantile(0.5)), Line(name="95 % are faster", points=quantile(0.95))],
            ends,
            found.marks,
            unit=" ms",
        ),
        chart(
            "Connections of the pool",
            [
                Line(name="open", points=pool("pool_size")),
                Line(name="idle", points=pool("pool_available")),
                Line(name="requests that wait", points=pool("requests_waiting")),
            ],
            ends,
            found.marks,
        ),
        chart(
            "Connections made and lost",
            [
                Line(name="attempts", points=grown("connection_attempts_total")),
                Line(name="found dead", points=grown("connections_lost_total")),
                Line(name="failures", points=grown("connection_failures_total")),
            ],
            ends,
            found.marks,
        ),
    ]


def _before(found: Watched, now: Scrape) -> Scrape:
    """The last look that is a window or more ago, or the first."""
    at = bisect_left([one.at for one in found.scrapes], now.at - _WINDOW_SECONDS)
    return found.scrapes[max(0, at - 1)]


def slowest(then: Scrape, now: Scrape, q: float) -> float | None:
    """Within how many seconds a share of the requests between two looks was answered; None where there were none.

    Between two bounds of the histogram it is read off a straight line, as Prometheus's histogram_quantile does.
    """
    new = {bound: total - then.buckets.get(bound, 0.0) for bound, total in now.buckets.items()}
    wanted = q * max(new.values(), default=0.0)
    if wanted <= 0:
        return None
    lower = below = 0.0
    for bound, total in new.items():
        if total >= wanted:
            return lower if bound == float("inf") else lower + (bound - lower) * (wanted - below) / (total - below)
        lower, below = bound, total
    return lower
