"""A stand-in for the Pulumi CLI: an executable on PATH that answers as scripted and notes what it was asked.

Its texts are the real CLI's (3.260), and its events go into a log as the real one's do.
"""

import json
import marshal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SUMMARY = {"summaryEvent": {"resourceChanges": {"create": 2, "same": 1}, "durationSeconds": 1}}
HISTORY = [
    {
        "kind": "update",
        "startTime": "2026-11-22T20:43:38.000Z",
        "message": "",
        "environment": {},
        "config": {},
        "result": "succeeded",
        "resourceChanges": {},
    }
]
EMPTY: dict[str, Any] = {"version": 3, "deployment": {"manifest": {}, "resources": []}}
DEFAULTS: dict[str, dict[str, Any]] = {
    "version": {"out": "v3.260.0"},
    "whoami": {"out": json.dumps({"user": "ola", "url": "file:///state"})},
    "stack --show-name": {"out": "prod"},
    "stack export": {"out": json.dumps(EMPTY)},
    "stack output": {"out": "{}"},
    "stack history": {"out": json.dumps(HISTORY)},
    "stack import": {},
    "stack init": {},
    "stack tag ls": {"out": "{}"},
    "stack tag set": {},
    "stack rm": {},
    "cancel": {},
    "plugin ls": {"out": "[]"},
    "plugin install": {},
    **{command: {"out": "done", "events": [SUMMARY]} for command in ("up", "preview", "refresh", "destroy")},
}

# A line that begins with #! takes no path with a space in it, as the interpreter's may be.
_LAUNCHER = """#!/bin/sh
exec '{python}' -S '{program}' "$@"
"""
# Thousands of calls are answered: importing json, or signal, takes as long as Python's own start; marshal is built in.
_PROGRAM = '''"""The stand-in; its answers lie beside it."""
import marshal, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
args = [one for one in sys.argv[1:] if one != "--non-interactive"]
said = " ".join(args)
with open(folder + "/calls", "ab") as calls:
    keep = ("WORKBUOY_IMAGE_DIGEST", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_HOME")
    environment = {key: os.environ[key] for key in keep if key in os.environ}
    calls.write(marshal.dumps({"args": args, "cwd": os.getcwd(), "environment": environment}))
answers = marshal.load(open(folder + "/answers", "rb"))
key = max((one for one in answers if said == one or said.startswith(one + " ")), key=len, default=None)
if key is None:
    sys.exit("the stand-in knows no answer to: " + said)
several = answers[key]  # one after the other; the last one stays
number = -1
with open(folder + "/calls", "rb") as calls:
    while len(several) > 1 and calls.peek(1):
        number += (" ".join(marshal.load(calls)["args"]) + " ").startswith(key + " ")
answer = several[max(0, min(number, len(several) - 1))]
for path, text in answer.get("append", {}).items():
    with open(path, "a") as file:
        file.write(text)
if answer["events"] and "--event-log" in args:
    with open(answer["events"]) as events, open(args[args.index("--event-log") + 1], "a") as log:
        log.write(events.read())
if answer.get("until_interrupted"):
    import signal, time
    def stop(*_):
        print("^C received; cancelling", flush=True)
        sys.exit(1)
    signal.signal(signal.SIGINT, stop)
    print("running", flush=True)
    time.sleep(120)
print(answer.get("out", ""), flush=True)
if answer.get("killed"):
    os.kill(os.getpid(), 9)
print(answer.get("err", ""), file=sys.stderr)
sys.exit(answer.get("code", 0))
'''


class FakeCli:
    """The stand-in in a folder of its own; put `folder` on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        program, launcher = folder / "stand_in.py", folder / "pulumi"
        program.write_text(_PROGRAM)
        launcher.write_text(_LAUNCHER.format(python=sys.executable, program=program))
        launcher.chmod(0o755)
        self.answer({})

    def answer(self, answers: Mapping[str, Any]) -> None:
        """Script it: the beginning of a command line to `out`, `err`, `code`, `events`; a list for several calls.

        `unsent` are the numbers of events that do not arrive; -1 is the last, which says that it is.
        """
        scripted: dict[str, list[dict[str, Any]]] = {}
        for number, (beginning, answer) in enumerate({**DEFAULTS, **answers}.items()):
            several = answer if isinstance(answer, list) else [answer]
            files = [self.folder / f"events-{number}-{place}" for place in range(len(several))]
            scripted[beginning] = [
                {**one, "events": _written(one, file)} for one, file in zip(several, files, strict=True)
            ]
        plain = json.loads(json.dumps(scripted))
        (self.folder / "answers").write_bytes(marshal.dumps(plain))

    def calls(self, *beginning: str) -> list[dict[str, Any]]:
        """What it was asked, with the folder and our variables; only commands that begin so."""
        return self.asked(self.folder, *beginning)

    @staticmethod
    def asked(folder: Path, *beginning: str) -> list[dict[str, Any]]:
        """The same of a stand-in that something else put into a folder."""
        calls: list[dict[str, Any]] = []
        if (folder / "calls").exists():
            with (folder / "calls").open("rb") as noted:
                while noted.peek(1):
                    calls.append(marshal.load(noted))  # noqa: S302 it is our own
        return [one for one in calls if one["args"][: len(beginning)] == list(beginning)]


def _written(answer: Mapping[str, Any], file: Path) -> str:
    """The events of an answer, a line each as they are sent, in a file: each call reads its own alone."""
    if not answer.get("events"):
        return ""
    said = [*answer["events"], {"cancelEvent": {}}]
    unsent = [number % len(said) for number in answer.get("unsent", ())]
    sent = ({"sequence": n, "timestamp": 0, **event} for n, event in enumerate(said) if n not in unsent)
    file.write_text("".join(f"{json.dumps(one)}\n" for one in sent))
    return str(file)


def failing(text: str, code: int = 255, events: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """An answer that fails as the CLI does."""
    return {"err": text, "code": code, "events": list(events)}


def state(*resources: Mapping[str, Any], pending: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """An answer to `stack export`."""
    deployment = {"manifest": {}, "resources": list(resources), "pending_operations": list(pending)}
    return {"out": json.dumps({"version": 3, "deployment": deployment})}
