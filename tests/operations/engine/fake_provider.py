"""A provider plugin that creates nothing: it answers the engine with the outputs that a rehearsal recorded.

`python fake_provider.py VERSION OUTPUTS.json`; the file is URN to `{"id", "outputs"}`. What stands in `drift` of an
entry is what a later read finds instead; `seconds` is how long its creation takes, `slow` how long another call of it
does, by name. It proves what the CLI and the program do, and nothing about AWS or the genuine provider.
"""

import json
import os
import sys
import time
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

VERSION, FILE = sys.argv[1], Path(sys.argv[2])


def known(urn: str) -> dict[str, Any]:
    """What was recorded of a resource, read anew each time, so that a test can make things drift."""
    found: dict[str, Any] = json.loads(FILE.read_text()).get(urn, {})
    return found


def take_time(urn: str, call: str) -> None:
    """Be as slow as a test wants, and let it know when, so that it can end a run in the middle."""
    if seconds := known(urn).get("slow", {}).get(call):
        (FILE.parent / f"{call}.begun").touch()
        time.sleep(seconds)


def forget_drift(urn: str) -> None:
    """An update makes it what the program asks for: a later read finds nothing else."""
    recorded = json.loads(FILE.read_text())
    if recorded.get(urn, {}).pop("drift", None) is not None:
        beside = FILE.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(recorded))
        beside.replace(FILE)


def struct(value: dict[str, Any]) -> struct_pb2.Struct:
    """A dictionary on the wire."""
    made = struct_pb2.Struct()
    made.update(value)
    return made


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Only what the engine asks of a plugin for `up`, `refresh` and `destroy`."""

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002  gRPC's names
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        news, olds = json_format.MessageToDict(request.news), json_format.MessageToDict(request.old_inputs)
        changed = [key for key in sorted({*news, *olds}) if news.get(key) != olds.get(key) and not key.startswith("__")]
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=changed)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        entry = known(request.urn)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=request.properties)
        time.sleep(entry.get("seconds", 0))
        outputs = {**json_format.MessageToDict(request.properties), **entry.get("outputs", {})}
        id_ = entry.get("id") or request.urn.rpartition("::")[2]
        return provider_pb2.CreateResponse(id=id_, properties=struct(outputs))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        take_time(request.urn, "read")
        drift = known(request.urn).get("drift", {})
        if drift is None:  # gone
            return provider_pb2.ReadResponse()
        properties = {**json_format.MessageToDict(request.properties), **drift}
        inputs = {**json_format.MessageToDict(request.inputs), **drift}
        return provider_pb2.ReadResponse(id=request.id, properties=struct(properties), inputs=struct(inputs))

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        take_time(request.urn, "update")
        forget_drift(request.urn)
        outputs = {**known(request.urn).get("outputs", {}), **json_format.MessageToDict(request.news)}
        return provider_pb2.UpdateResponse(properties=struct(outputs))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        take_time(request.urn, "delete")
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return empty_pb2.Empty()


if __name__ == "__main__":
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # how a plugin tells its engine where to call
    server.wait_for_termination()
