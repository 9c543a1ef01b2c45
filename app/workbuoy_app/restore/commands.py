"""`workbuoy-app restore prepare|check|files|tenant|undo`: each ends with one line of JSON on stdout."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.restore import copy, stack, tenant
from workbuoy_app.restore.journal import parse_moment
from workbuoy_app.settings import Settings


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Do one of them. Raises PromotionRefused, psycopg.Error and what `owner_connection` and `migrate` raise."""
    actions = {"prepare": _prepare, "check": _check, "files": _files, "tenant": _tenant, "undo": _undo}
    verdict = actions[options.action](settings, options)
    print(json.dumps({"done": f"restore {options.action}", **verdict}), flush=True)
    if options.action == "check" and not verdict["good"]:
        raise PromotionRefused(
            "The copy is not good: a row is without its file, or the service is not ready on it."
        )


def _prepare(settings: Settings, _: argparse.Namespace) -> dict[str, Any]:
    return asdict(copy.prepare(settings))


def _check(settings: Settings, _: argparse.Namespace) -> dict[str, Any]:
    found = copy.check(settings)
    return {
        "good": found.good,
        "ready": found.ready,
        "files_missing": found.files_missing,
        "tenants": [
            {
                "tenant": one.tenant,
                "schema_revision": one.schema_revision,
                "digest": one.digest,
                "rows": {name: each.rows for name, each in one.tables.items()},
                "files": one.objects.objects,
            }
            for one in found.tenants
        ],
    }


def _files(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    if options.switched is None:
        return stack.bring_files(settings)
    return stack.settle_files(settings, parse_moment(options.switched))


def _tenant(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    return tenant.restore(settings, options.name, options.at, again=options.again)


def _undo(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    return tenant.undo(settings, options.name, options.at)
