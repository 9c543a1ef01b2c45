"""What `--json` prints: each output has a number, which grows when a program that reads it would have to change.

The models stand in `operations.outputs.models` and `rehearsed`, which no command imports; `docs/schemas/` holds the
schema of every number that there was. A schema is never changed: what is printed otherwise gets the next number.
"""

from collections.abc import Mapping
from typing import Final

VERSIONS: Final[Mapping[str, int]] = {
    "access": 1,
    "backups": 1,
    "changed": 1,
    "cost": 1,
    "deploy": 1,
    "doctor": 1,
    "drift": 1,
    "drift-account": 1,
    "drills": 1,
    "evidence": 1,
    "fleet-cells": 1,
    "fleet-plan": 1,
    "fleet-run": 1,
    "fleet-status": 1,
    "image-build": 1,
    "image-push": 1,
    "local": 1,
    "locate": 1,
    "locate-all": 1,
    "person-erase": 1,
    "person-export": 1,
    "policies-check": 1,
    "policies-lint": 1,
    "policies-matrix": 1,
    "rehearse": 1,
    "rehearse-all": 1,
    "releases": 1,
    "restore": 1,
    "review": 1,
    "rollout": 1,
    "smoke": 1,
    "state-check": 1,
    "tenant-check": 1,
    "tenant-deploy-all": 1,
    "tenant-export": 1,
    "tenant-link": 1,
    "tenant-list": 1,
    "tenant-move": 1,
    "tenant-promote": 1,
    "tenant-remains": 1,
    "tenant-show": 1,
}
