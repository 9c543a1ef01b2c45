"""What Lambda refuses."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.offered import lambda_reserved_variables
from facts import tokens as t
from graph import Graph
from rehearsal.checks.reading import Breach, refuse
from rehearsal.checks.rules import number, one_of
from rehearsal.result import Refusal

_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg/"
_LIMITS = f"{_GUIDE}gettingstarted-limits.html"
_VARIABLES = f"{_GUIDE}configuration-envvars.html"
_IMAGES = f"{_GUIDE}images-create.html"
_FUNCTION = t.FUNCTION
_MOST_BYTES = 4096
_REGISTRY = re.compile(r"\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/\S+")

RULES = (
    number("lambda-timeout", _FUNCTION, "timeout", 1, 900, "s", _LIMITS),
    number("lambda-memory", _FUNCTION, "memorySize", 128, 10240, "MiB", _LIMITS),
    number("lambda-ephemeral-storage", _FUNCTION, "ephemeralStorage.size", 512, 10240, "MiB", _LIMITS),
    one_of("lambda-architecture", _FUNCTION, "architectures[]", ("x86_64", "arm64"), f"{_GUIDE}foundation-arch.html"),
    one_of("lambda-tracing", _FUNCTION, "tracingConfig.mode", ("Active", "PassThrough"), f"{_GUIDE}services-xray.html"),
    one_of(
        "lambda-log-format", _FUNCTION, "loggingConfig.logFormat", ("JSON", "Text"), f"{_GUIDE}monitoring-logs.html"
    ),
)


def functions(graph: Graph) -> Iterator[Refusal]:
    """Image, variables and network of a function."""
    for one in graph.of(_FUNCTION):
        values = one.inputs
        for check, what, fix, source in (*_image(values, one.region), *_variables(values), *_place(values)):
            yield refuse(one, check, what, fix, source)


def _image(values: Mapping[str, Any], region: str) -> Iterator[Breach]:
    image = str(values.get("imageUri") or "")
    of_image = values.get("packageType") == "Image"
    registry = _REGISTRY.fullmatch(image)
    if image and not registry:
        yield "lambda-image-registry", f"takes its image from {image}", "copy it into ECR: no other is taken", _IMAGES
    elif registry and region and registry[1] != region:
        what = f"takes its image from {registry[1]}, another region than {region}"
        yield "lambda-image-region", what, "copy the image into a registry of its own region", _IMAGES
    if of_image and not image:
        yield "lambda-image-missing", "is of an image and names none", "set imageUri", _IMAGES
    for key in ("handler", "runtime", "layers"):
        if of_image and values.get(key):
            yield "lambda-image-exclusive", f"is of an image and has {key}", "leave it out", _IMAGES
    if image and not of_image:
        yield "lambda-image-package", "names an image and is no package of one", "set packageType Image", _IMAGES


def _variables(values: Mapping[str, Any]) -> Iterator[Breach]:
    variables = (values.get("environment") or {}).get("variables") or {}
    size = len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode()) if variables else 0
    if size > _MOST_BYTES:
        what = f"has {size} bytes of variables"
        yield "lambda-variables-size", what, f"AWS takes {_MOST_BYTES}", _LIMITS
    for name in sorted(set(variables) & lambda_reserved_variables()):
        yield "lambda-variable-reserved", f"sets {name}, which is Lambda's", "choose another name", _VARIABLES
    for name in sorted(name for name in variables if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]+", name)):
        if name not in lambda_reserved_variables():
            fix = "take two letters, digits and _ at least, a letter first"
            yield "lambda-variable-name", f"sets {name!r}", fix, _VARIABLES


def _place(values: Mapping[str, Any]) -> Iterator[Breach]:
    network = values.get("vpcConfig") or {}
    if bool(network.get("subnetIds")) != bool(network.get("securityGroupIds")):
        what = "names subnets or security groups without the other"
        yield "lambda-network", what, "give it both", f"{_GUIDE}configuration-vpc.html"
    if len(values.get("architectures") or ()) > 1:
        fix = "name one"
        yield "lambda-architectures", "has two architectures", fix, f"{_GUIDE}foundation-arch.html"
    role = str(values.get("role") or "")
    if role and not re.fullmatch(r"arn:(aws[a-z-]*:iam::\d{12}:role/.+|[^:]+)", role):
        what = f"has the role {role!r}"
        yield "lambda-role", what, "name a role by its ARN", f"{_GUIDE}lambda-intro-execution-role.html"


CHECKS = (functions,)
