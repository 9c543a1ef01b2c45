"""Write components/offered.json anew from the installed cfn-lint: `python -m rehearsal.checks.refresh`.

cfn-lint is AWS's own linter of CloudFormation and is fed from AWS's price lists and schemas every week. It is 100 MB
with what it needs and takes seconds to import, so that a rehearsal reads this extract of what our resource types need,
and only the tests ask cfn-lint itself.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from components.offered import FILE

_ENGINE = "postgres"


def extract() -> dict[str, Any]:
    """What our resource types need of cfn-lint's data. Raises ModuleNotFoundError where cfn-lint is not installed."""
    versions = sorted(
        _enum_in(_extension("aws_rds_dbinstance/engine_version"), "EngineVersion", Engine=_ENGINE), key=_numbers
    )
    deprecated = _deprecated()
    by_region = {
        region: _enum_in(schema, "DBInstanceClass", Engine=_ENGINE)
        for region, schema in _extension("aws_rds_dbinstance/dbinstanceclass_enum").items()
    }
    every = sorted(set().union(*by_region.values()))
    return {
        "origin": f"cfn-lint {version('cfn-lint')}, https://github.com/aws-cloudformation/cfn-lint, MIT-0",
        "date": datetime.now(UTC).date().isoformat(),
        "refreshed by": "python -m rehearsal.checks.refresh",
        "postgres versions": " ".join(one for one in versions if one not in deprecated),
        "postgres versions that are no longer offered": " ".join(one for one in versions if one in deprecated),
        "postgres instance classes": " ".join(every),
        "postgres instance classes, or whole families, that a region lacks": {
            region: " ".join(_by_family(set(every) - offered, every))
            for region, offered in by_region.items()
            if offered
        },
        "fargate memory in MiB by CPU units": dict(_fargate()),
        "awslogs options": " ".join(_awslogs()["propertyNames"]["enum"]),
        "lambda reserved variables": " ".join(
            _extension("aws_lambda_function/environment_variable_keys")["propertyNames"]["not"]["enum"]
        ),
    }


def _extension(name: str) -> Any:
    place = files("cfnlint.data.schemas.extensions") / f"{name}.json"
    return json.loads(place.read_text(encoding="utf-8"))


def _deprecated() -> set[str]:
    conditions = [
        branch["if"]["properties"] for branch in _extension("aws_rds_dbinstance/engine_version_deprecated")["allOf"]
    ]
    return {
        version for one in conditions if _ENGINE in _fixed(one["Engine"]) for version in _fixed(one["EngineVersion"])
    }


def _enum_in(schema: Any, field: str, **condition: str) -> set[str]:
    """The values that a field may have where the condition holds, whatever else is asked for."""
    found: set[str] = set()
    for branch in schema["allOf"]:
        wanted = branch["if"]["properties"]
        if all(value in _fixed(wanted.get(key, {})) for key, value in condition.items()):
            then = branch["then"]["properties"][field]
            found.update(str(one) for one in then.get("enum", then.get("not", {}).get("enum", ())))
    return found


def _fixed(schema: Any) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _fargate() -> Iterator[tuple[str, str]]:
    for size in _extension("aws_ecs_taskdefinition/fargate_cpu_memory")["then"]["anyOf"]:
        (units,) = size["properties"]["Cpu"]["then"]["enum"]
        memory = size["properties"]["Memory"]["then"]
        low, high, step = memory.get("minimum"), memory.get("maximum"), memory.get("multipleOf")
        yield units, " ".join(str(each) for each in memory.get("enum") or range(low, high + 1, step))


def _awslogs() -> Any:
    return _extension("aws_ecs_taskdefinition/logging_configuration")["then"]["properties"]["Options"]


def _by_family(lacking: set[str], every: list[str]) -> list[str]:
    """Classes, with a family's name alone where all of it is lacking."""
    families = {one.rpartition(".")[0] for one in lacking}
    whole = {one for one in families if all(each in lacking for each in every if each.startswith(f"{one}."))}
    return sorted(whole | {one for one in lacking if one.rpartition(".")[0] not in whole})


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def main() -> None:
    """Write the file."""
    FILE.write_text(json.dumps(extract(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
