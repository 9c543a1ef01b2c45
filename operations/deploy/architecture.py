"""Whether an image is for the architecture that is declared for what runs it: the rollout of another never ends."""

import json
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any, Final

from facts import tokens as t
from facts.containers import containers
from graph.plan import Plan
from operations.ending import Notify
from operations.image.registry import ECR_HOST
from project.placement import Placement
from rehearsal.image.archive import OCI_NAMES

MEDIA_TYPES: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
DEFAULT: Final = "x86_64"  # ECS's and Lambda's, where nothing is declared
_CONFIGURATION_BYTES, _TIMEOUT_SECONDS = 4 << 20, 10


def unfit_images(plan: Plan, place: Placement, notify: Notify) -> list[str]:
    """Each image of the plan that is not in its registry, or not for what is to run it; in words.

    Where it cannot be known, another's registry or one that refuses, `notify` hears that. A moto server holds none.
    """
    found: list[str] = []
    if place.endpoint_url is not None:
        return found
    for image, architecture, names in _wanted(plan):
        try:
            built_for = _architectures(image)
        except _UnknownError as error:
            notify(f"for which architecture {image} is built is not known: {error}")
            continue
        if built_for is None:
            found.append(f"{image} is not there: `workbuoy image push` puts it there")
        elif OCI_NAMES.get(architecture, architecture) not in built_for:  # type: ignore[call-overload]
            found.append(
                f"{image} is built for {' and '.join(built_for)}, and {', '.join(names)} declared for {architecture}: "
                f"`workbuoy image build --architecture {architecture}`, or change service.architecture"
            )
    return found


class _UnknownError(Exception):
    """Nobody could say; with the reason."""


def _wanted(plan: Plan) -> Iterator[tuple[str, str, list[str]]]:
    """What is to be made or changed: image, architecture, names. What a preview does not know yet is left out."""
    found: dict[tuple[str, str], list[str]] = {}
    for step in plan.steps:
        if step.new is None or not step.changes:
            continue
        inputs = step.new.inputs
        if step.new.type == t.FUNCTION and isinstance(uri := inputs.get("imageUri"), str):
            images, architecture = [uri], (inputs.get("architectures") or [DEFAULT])[0]
        elif step.new.type == t.TASK_DEFINITION and isinstance(text := inputs.get("containerDefinitions"), str):
            images = [str(one.get("image")) for one in containers(text)]
            architecture = (inputs.get("runtimePlatform") or {}).get("cpuArchitecture") or DEFAULT
        else:
            continue
        for image in dict.fromkeys(images):
            found.setdefault((image, str(architecture).lower()), []).append(step.name)
    for (image, architecture), names in found.items():
        yield image, architecture, names


def _architectures(image: str) -> list[str] | None:
    """As OCI names them; None where there is no such image. Raises _UnknownError.

    A manifest of one platform does not say which: its configuration does, which ECR hands out as it does a layer.
    Source: https://github.com/opencontainers/image-spec/blob/main/config.md
    """
    import boto3  # a third of a second that help must not pay for
    from botocore.exceptions import BotoCoreError, ClientError

    reference, _, digest = image.partition("@")
    host, _, repository = reference.partition("/")
    if not (match := ECR_HOST.fullmatch(host)) or not digest:
        raise _UnknownError("it is no digest in a registry of Amazon's")
    named = {"registryId": host.partition(".")[0], "repositoryName": repository}
    try:
        ecr = boto3.client("ecr", region_name=match[1])
        answer = ecr.batch_get_image(**named, imageIds=[{"imageDigest": digest}], acceptedMediaTypes=MEDIA_TYPES)
        if not answer["images"]:
            if [one.get("failureCode") for one in answer["failures"]] == ["ImageNotFound"]:
                return None
            raise _UnknownError(f"ECR answered {answer['failures']}")
        manifest = json.loads(answer["images"][0]["imageManifest"])
        if "manifests" in manifest:
            platforms = [one.get("platform", {}) for one in manifest["manifests"]]
        else:
            layer = ecr.get_download_url_for_layer(**named, layerDigest=manifest["config"]["digest"])
            platforms = [_downloaded(layer["downloadUrl"])]
        # Beside the images of an index lie attestations, of the architecture `unknown`.
        found = [name for name in dict.fromkeys(str(one["architecture"]) for one in platforms) if name != "unknown"]
    except (BotoCoreError, ClientError, OSError) as error:
        raise _UnknownError(str(error)) from None
    except (AttributeError, KeyError, TypeError, ValueError):
        found = []
    if not found:
        raise _UnknownError("its manifest or configuration names none")
    return found


def _downloaded(url: str) -> Mapping[str, Any]:
    if not url.startswith("https://"):
        raise _UnknownError("ECR names no https address for its configuration")
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 https, as above
        document: Mapping[str, Any] = json.loads(answer.read(_CONFIGURATION_BYTES))
    return document
