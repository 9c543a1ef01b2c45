"""The OpenAPI document on stdout, for what is generated from it: the web interface's types."""

from __future__ import annotations

import json
import sys

from workbuoy_app.application import create_app
from workbuoy_app.settings import load


def document() -> str:
    """As development serves it at /openapi.json."""
    app = create_app(load({"DATABASE_URL": "sqlite:///unused", "OIDC_DEV_MOCK": "1"}))
    return json.dumps(app.openapi())


if __name__ == "__main__":
    sys.stdout.write(document())
