"""The commands of a move; each ends with one line of JSON on stdout."""

from __future__ import annotations

import argparse
import json

from workbuoy_app.move.cut_over import cut_over
from workbuoy_app.move.ending import compare, drop, end, take_back
from workbuoy_app.move.send import send
from workbuoy_app.move.side import Side
from workbuoy_app.move.take import receive
from workbuoy_app.settings import Settings


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Do one of them. Raises PromotionRefused, psycopg.Error and what `owner_connection` raises."""
    where = (settings, options.name, options.other, options.other_region)
    verdict: dict[str, object] = {"tenant": options.name}
    match options.action:
        case "send":
            verdict |= _progress(send(*where))
        case "receive":
            received = receive(*where, wait_seconds=options.wait)
            verdict |= {**_progress(received.side), "opened": received.opened}
        case "cut-over":
            done = cut_over(*where, within_seconds=options.within, call_seconds=options.call_within)
            verdict |= {**_progress(done.side), "frozen_seconds": round(done.frozen_seconds, 2)}
        case "compare-move":
            verdict |= {
                "digest": (sums := compare(*where)).digest,
                "rows": {k: v.rows for k, v in sums.tables.items()},
            }
        case "end-move":
            verdict |= {"objects_deleted": end(*where)}
        case "drop-copy":
            verdict |= {"objects_deleted": drop(*where)}
        case "take-back":
            verdict |= {"frozen_at": take_back(*where).frozen_at}
    print(json.dumps({"done": options.action, **verdict}), flush=True)


def _progress(side: Side) -> dict[str, object]:
    return {"batch": side.number, "part": side.part}
