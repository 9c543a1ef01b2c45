"""What code scanning is given, against the schema that it is held to."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from operations.review.sarif import as_sarif
from tests.conftest import ROOT
from tests.operations.review.test_cases import CASES, PROGRAM, REFUSED, name_of, reviewed

SCHEMA = Draft7Validator(json.loads((Path(__file__).parent / "sarif-2.1.0.json").read_text()))
CHANGES = [path for path in (*CASES, *PROGRAM) if REFUSED.get(name_of(path)) != "half"]


def faults(report: Any) -> list[str]:
    return [f"{fault.json_path}: {fault.message}" for fault in SCHEMA.iter_errors(report)]


@pytest.mark.lengthy
@pytest.mark.parametrize("path", CHANGES, ids=name_of)
def test_findings_are_valid_by_sarifs_schema(path: Path) -> None:
    assert faults(json.loads(json.dumps(as_sarif(reviewed(path), ROOT)))) == []


def test_the_schema_finds_what_code_scanning_would_refuse() -> None:
    stops = next(path for path in PROGRAM if name_of(path) == "logs-shorter")
    report = as_sarif(reviewed(stops), ROOT)
    result = report["runs"][0]["results"][0]
    result["level"] = "dangerous"
    del result["message"]
    assert len(faults(report)) == 2
