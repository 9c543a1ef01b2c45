"""`workbuoy-app tenant freeze`, `export` and what else a promotion does: each ends with one line of JSON on stdout."""

from __future__ import annotations

import argparse
import json

from workbuoy_app.move.side import HOLDS
from workbuoy_app.promotion import export, freeze, receive, remove
from workbuoy_app.promotion.content import Content
from workbuoy_app.settings import Settings


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Do one of them. Raises PromotionRefused, psycopg.Error and what `owner_connection` raises."""
    verdict = {
        "freeze": _freeze,
        "thaw": _thaw,
        "export": _export,
        "opened": _opened,
        "import": _import,
        "remove": _remove,
        "clear-import": _clear,
    }[options.action](settings, options)
    print(json.dumps({"done": options.action, **verdict}), flush=True)


def _freeze(settings: Settings, options: argparse.Namespace) -> dict[str, object]:
    with freeze.turn(settings, options.name):
        tenant = freeze.freeze(settings, options.name)
    assert tenant.frozen_at is not None  # noqa: S101 - just done
    return {"tenant": tenant.name, "frozen_at": tenant.frozen_at.isoformat(timespec="seconds")}


def _thaw(settings: Settings, options: argparse.Namespace) -> dict[str, object]:
    if options.withdraw:  # first: an export of yesterday must not be imported
        export.withdraw(settings, options.name, options.withdraw, options.to_region)
    with freeze.turn(settings, options.name):
        return {"tenant": freeze.thaw(settings, options.name).name, "frozen_at": None}


def _export(settings: Settings, options: argparse.Namespace) -> dict[str, object]:
    side = export.export(settings, options.name, options.to, options.to_region)
    return {"tenant": side.tenant.name, "batch": side.number, "handed_over": side.part == HOLDS}


def _opened(settings: Settings, options: argparse.Namespace) -> dict[str, object]:
    export.opened(settings, options.name)
    return {"tenant": options.name}


def _import(settings: Settings, options: argparse.Namespace) -> dict[str, object]:
    received = receive.receive(settings, options.source)
    side = received.side
    known = (
        {"digest": side.sums.digest, "rows": {name: one.rows for name, one in side.sums.tables.items()}}
        if side.sums
        else {}
    )
    return {"tenant": side.tenant.name, "batch": side.number, "opened": received.opened, **known}


def _remove(settings: Settings, options: argparse.Namespace) -> dict[str, object]:
    with freeze.turn(settings, options.name):
        content, deleted = remove.remove(settings, options.name, options.yes_remove, options.receipt)
    return {**_summary(content), "objects_deleted": deleted}


def _clear(settings: Settings, options: argparse.Namespace) -> dict[str, object]:
    return {"objects_deleted": receive.clear(settings, options.source)}


def _summary(content: Content) -> dict[str, object]:
    return {
        "tenant": content.tenant,
        "digest": content.digest,
        "rows": {name: each.rows for name, each in content.tables.items()},
        "objects": content.objects.objects,
        "object_bytes": content.objects.size_bytes,
    }
