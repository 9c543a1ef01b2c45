"""How long `terraform plan` takes for the graph that a stack declares: `python -m benchmarks.terraform [--stack prod]`.

The graph is written as Terraform's JSON: each resource by the type of the AWS provider that Pulumi's was made from, its
values as they were declared, and `depends_on` what it depends on. Values that only AWS knows are the rehearsal's own,
so that a plan has no more to find out than ours has. Terraform and its AWS provider must be there (`terraform init`
gets the provider); what either does not know is named. No AWS is called: nothing exists yet, so nothing is read.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from botocore import xform_name

from benchmarks.measuring import Measurement, measure, median
from project.files import find_project
from rehearsal.result import Rehearsal, Rehearsed
from rehearsal.run import Options, rehearse

ROOT = Path(__file__).parent.parent
PROVIDER = "registry.terraform.io/hashicorp/aws"
# Where the provider's names do not follow from Pulumi's.
TYPES = {"aws:lb/loadBalancer:LoadBalancer": "aws_lb", "aws:rds/instance:Instance": "aws_db_instance"}
PREFIXES = ("aws_{module}_", "aws_", "aws_db_")
COMMAND = ["terraform", "plan", "-input=false", "-no-color", "-lock=false"]


class UnavailableError(Exception):
    """Terraform or its provider is not here."""


@dataclass
class Written:
    """The graph as Terraform's JSON, and what of it the provider does not know."""

    document: dict[str, Any]
    resources: int = 0
    unknown: list[str] = field(default_factory=list)


def prepared(stack: str, folder: Path) -> Written:
    """Write the graph that a stack of this project declares into a folder, ready to plan.

    Raises UnavailableError where Terraform or its AWS provider cannot be had.
    """
    graph = rehearse(find_project(ROOT), stack, Options(declare_only=True))
    main = folder / "main.tf.json"
    main.write_text(json.dumps(_head(graph)))
    _terraform(folder, "init", "-input=false", "-no-color")
    schemas = json.loads(_terraform(folder, "providers", "schema", "-json"))["provider_schemas"]
    written = as_terraform(graph, schemas[PROVIDER]["resource_schemas"])
    main.write_text(json.dumps(written.document))
    return written


def _terraform(folder: Path, *arguments: str) -> str:
    terraform = shutil.which("terraform")
    if terraform is None:
        raise UnavailableError("terraform is not installed")
    done = subprocess.run([terraform, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError(f"terraform {arguments[0]} failed: {done.stderr.strip()[-400:]}")
    return done.stdout


def as_terraform(graph: Rehearsal, schemas: Mapping[str, Any]) -> Written:
    """The graph's resources in the provider's names, by its own schemas."""
    types = {one.urn: type_of(one.type, schemas) for one in graph.resources if one.declared.custom}
    written = Written(_head(graph))
    resources: dict[str, dict[str, Any]] = {}
    for one in graph.resources:
        type_ = types.get(one.urn)
        if type_ is None:
            if one.declared.custom and not one.type.startswith("pulumi:"):
                written.unknown.append(one.type)
            continue
        values = _block(schemas[type_]["block"], one.declared.inputs, one, written.unknown)
        needs = [f"{types[urn]}.{_label(urn)}" for urn in one.declared.dependencies if types.get(urn)]
        resources.setdefault(type_, {})[_label(one.urn)] = {**values, **({"depends_on": needs} if needs else {})}
        written.resources += 1
    written.document["resource"] = resources
    return written


def _head(graph: Rehearsal) -> dict[str, Any]:
    without_aws = dict.fromkeys(
        ("skip_credentials_validation", "skip_metadata_api_check", "skip_requesting_account_id"), True
    )
    provider = {"region": graph.region, "access_key": "plan", "secret_key": "plan", **without_aws}
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": [provider]},
    }


def type_of(token: str, schemas: Mapping[str, Any]) -> str | None:
    """The provider's name of a Pulumi type: `aws:s3/bucket:Bucket` is `aws_s3_bucket`; None where it has none."""
    provider, module, name = token.split(":")
    if provider != "aws":
        return None
    candidates = [prefix.format(module=module.split("/")[0]) + xform_name(name) for prefix in PREFIXES]
    return next((one for one in (TYPES.get(token), *candidates) if one in schemas), None)


def _block(
    schema: Mapping[str, Any], properties: Mapping[str, Any], of: Rehearsed, unknown: list[str]
) -> dict[str, Any]:
    attributes, blocks = schema.get("attributes", {}), schema.get("block_types", {})
    found: dict[str, Any] = {}
    for key, value in properties.items():
        name = next((name for name in _names(key, of.type) if name in attributes or name in blocks), None)
        if name is None:
            unknown.append(f"{of.name}.{key}")
        elif name in attributes:
            found[name] = _value(value, attributes[name].get("type"))
        else:
            each = value if isinstance(value, list) else [value]
            found[name] = [_block(blocks[name]["block"], one, of, unknown) for one in each]
    return found


def _names(key: str, token: str) -> Iterator[str]:
    """A property in the provider's spellings: Pulumi names lists in the plural, and leaves out what the type says."""
    name, kind = xform_name(key), xform_name(token.rsplit(":", 1)[1]).rsplit("_", 1)[-1]
    yield name
    for ending, single in (("ies", "y"), ("ses", "s"), ("s", "")):
        if name.endswith(ending):
            yield name.removesuffix(ending) + single
    yield from (f"{name}s", f"{name}_arn", f"{name}_name", f"{kind}_{name}")


def _value(value: Any, type_: Any) -> Any:
    if isinstance(type_, list) and type_[0] in ("list", "set") and not isinstance(value, list):
        return [_value(value, type_[1])]  # Pulumi shows the single element of such a list alone
    if isinstance(value, list):
        inner = type_[1] if isinstance(type_, list) else type_
        return [_value(one, inner) for one in value]
    if isinstance(value, Mapping):
        is_object = isinstance(type_, list) and type_[0] == "object"
        return {
            xform_name(key) if is_object else key: _value(one, type_[1].get(xform_name(key)) if is_object else type_)
            for key, one in value.items()
        }
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    return value


def _label(urn: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", urn.rsplit("::", 1)[1])


@click.command()
@click.option("--stack", default="prod", show_default=True)
@click.option("--rounds", default=3, show_default=True, help="Runs of each, in turn; the median is shown.")
def main(stack: str, rounds: int) -> None:
    """Plan a stack's graph with Terraform, in turn with a rehearsal of it."""
    workbuoy = str(Path(sys.executable).with_name("workbuoy"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            written = prepared(stack, folder)
        except UnavailableError as error:
            raise click.ClickException(str(error)) from None
        click.echo(
            f"{written.resources} resources; not known to the provider: {', '.join(written.unknown) or 'nothing'}"
        )
        plans: list[Measurement] = []
        rehearsals: list[Measurement] = []
        for turn in range(rounds):
            click.echo(f"round {turn + 1} of {rounds} ...", err=True)
            plans.append(measure(COMMAND, folder))
            rehearsals.append(measure([workbuoy, "rehearse", stack, "--no-service"], ROOT))
    plan, rehearsal = median(plans), median(rehearsals)
    for name, one in (("terraform plan", plan), ("workbuoy rehearse --no-service", rehearsal)):
        click.echo(f"{name:32} {one.wall:5.1f} s wall {one.cpu:5.1f} s CPU {one.peak:5.0f} MB")
    click.echo(f"{rehearsal.wall / plan.wall:.2f} times the plan's wall time, {rehearsal.cpu / plan.cpu:.2f} its CPU")


if __name__ == "__main__":
    main()
