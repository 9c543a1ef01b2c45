"""What the Pulumi CLI says when it fails, as one line and the next step.

Each text was seen from CLI 3.260 against a local backend, or S3 and KMS served by moto; those of AWS alone come from
its error codes. tests/operations/engine/test_messages.py holds the texts as they were.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from operations.engine.cli import Cli, CommandError
from operations.engine.errors import (
    NO_REASON,
    EngineError,
    EngineMissingError,
    FailedError,
    InterruptedRunError,
    KilledError,
    LockedError,
    LostEventsError,
    MistakenError,
    UnreachableError,
)
from operations.engine.events import EngineEvents, Event, errors_of
from operations.engine.lock import DEAD, describe_lock
from project.terminal import marked_errors

SIGN_IN: Final = "sign in to the account anew (`aws sso login`, or fresh keys), then repeat"
LOG_IN_COMMAND: Final = "pulumi login 's3://workbuoy-state-ACCOUNT-REGION?region=REGION'"
LOG_IN: Final = f"`{LOG_IN_COMMAND}`, or set PULUMI_BACKEND_URL"

IGNORED: Final = ("preview failed", "update failed", "update cancelled")
"""What the engine says after the reasons."""

_HOLDER = re.compile(r"created by (?P<who>\S+) \(pid (?P<pid>\d+)\) at (?P<time>\S+)")
_PLUGIN = re.compile(r"resource plugin '?pulumi-resource-([\w-]+)'? (?:found .{0,40})?at version v?([\w.+-]+)")

MessageMatch = re.Match[str]
Explain = Callable[[str, MessageMatch], EngineError]


def explain(stack: str, text: str) -> EngineError:
    """The error for a failed command of the CLI; a FailedError where nothing is known about its text."""
    for pattern, make in _KNOWN:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return make(stack, found)
    reasons = tuple(error_lines(text.splitlines()))
    return FailedError(f"{stack}: {next(iter(reasons), NO_REASON)}", "", reasons)


def reasons_in(message: str) -> list[str]:
    """Why, in a diagnostic of the engine: a traceback's last line, the list below a heading, else all as one line."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if any("Traceback" in line for line in lines):
        return lines[-1:]
    if len(lines) > 1 and lines[0].endswith(":"):
        return lines[1:]
    return [" ".join(lines).removeprefix("error: ")] if lines else []


def bare(reason: str) -> str:
    """A reason without what the provider's bridge adds, so that one error that it reports twice is reported once."""
    text = re.sub(r"^(?:error: )?sdk-v2/provider2?\.go:\d+: sdk\.helper_schema: ", "", reason)
    text = re.sub(r": provider=[\w-]+@[\w.+-]+$", "", text)
    return re.sub(r"^(?:\d+ errors? occurred: )?\* ", "", text).strip()


def error_lines(lines: Iterable[str]) -> list[str]:
    """The lines that say why, each once: marked as errors, else whatever was said."""
    stripped = [line for line in map(str.strip, lines) if line]
    return [line for line in marked_errors(stripped) or dict.fromkeys(stripped) if line not in IGNORED]


def unknown_stack(stack: str) -> MistakenError:
    """The backend does not know it."""
    return MistakenError(
        f"{stack}: the backend knows no such stack",
        f"`workbuoy deploy {stack} --create` makes it; `pulumi stack ls` lists what is there",
    )


def locked(stack: str, holders: list[str]) -> LockedError:
    """Who holds the lock, and what taking it away would risk."""
    named = ", ".join(holders) or "the backend does not say who"
    if holders and all(DEAD in one for one in holders):
        return LockedError(f"{stack}: a run that is dead left its lock: {named}", take_lock(stack))
    return LockedError(
        f"{stack}: another run holds the lock: {named}",
        f"wait for it; only if it is surely dead, {take_lock(stack)}, and two runs at once break the state",
    )


def take_lock(stack: str) -> str:
    """How a lock is taken away, also where nobody can be asked."""
    return f"`pulumi cancel {stack} --yes` takes the lock away"


def settle(stack: str, operations: Sequence[str]) -> str:
    """What ends pending operations, in the form that runs where nobody can be asked.

    A refresh settles updates and deletes by itself, and leaves creates alone unless it is told what became of each.
    Source: pkg/cmd/pulumi/operations/refresh.go in pulumi/pulumi.
    """
    refresh = f"`pulumi refresh --stack {stack} --yes"
    if not any(one.startswith("creating ") for one in operations):
        return f"{refresh}` reads what became of each"
    return (
        f"look in AWS whether what was being created exists; `{refresh[1:]} --clear-pending-creates` forgets "
        "what does not, and `--import-pending-creates URN --import-pending-creates ID` beside it takes in what does"
    )


def _locked(stack: str, found: MessageMatch) -> EngineError:
    holders = [describe_lock(m["who"], int(m["pid"]), m["time"]) for m in _HOLDER.finditer(found.string)]
    return locked(stack, holders)


def _plugin_missing(stack: str, found: MessageMatch) -> EngineError:
    named = _PLUGIN.search(found.string)
    plugin = f"{named[1]} {named[2]}" if named else "a provider"
    return EngineMissingError(f"{stack}: the plugin {plugin} is not here", "`workbuoy engine install` brings it")


def _says(kind: type[EngineError], problem: str, next_step: str) -> Explain:
    """In these words; `{named}` in them is what the pattern caught, `{stack}` the stack."""

    def make(stack: str, found: MessageMatch) -> EngineError:
        words = {"stack": stack, "named": found[found.lastindex] if found.lastindex else ""}
        return kind(f"{stack}: {problem.format(**words)}", next_step.format(**words))

    return make


_VARIABLES: Final = "set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE"
_KNOWN: Final[tuple[tuple[str, Explain], ...]] = (
    (r"no stack named '.*' found", lambda stack, _found: unknown_stack(stack)),
    (r"the stack is currently locked by|Another update is currently in progress", _locked),
    (
        r"Could not automatically download and install resource plugin"
        r"|no resource plugin 'pulumi-resource-[\w-]+' found",
        _plugin_missing,
    ),
    (
        r"PULUMI_ACCESS_TOKEN must be set|you must be logged in|not logged in",
        _says(UnreachableError, "no backend is chosen, so nobody knows where the state is", LOG_IN),
    ),
    (
        r'unable to open state directory "([^"]+)"',
        _says(UnreachableError, "the backend {named} is not there", f"make the folder, or {LOG_IN}"),
    ),
    (
        # A folder's backend writes each file whole, and beside it a checksum, which it does not.
        r"failed to load checkpoint: EOF",
        _says(
            FailedError,
            "its state's checksum is half written: a run writes it now, or was killed as it did",
            "repeat it; where it stays so, delete {stack}.json.attrs beside the state in the backend's folder: it "
            "holds that checksum alone",
        ),
    ),
    (r"incorrect passphrase", _says(MistakenError, "the passphrase of its secrets is wrong", _VARIABLES)),
    (r"passphrase must be set", _says(MistakenError, "its secrets are kept by a passphrase", _VARIABLES)),
    (
        r"explicit deny in a service control policy|OptInRequired|region .{0,40}is not enabled",
        _says(
            MistakenError,
            "its region is not allowed in this account",
            "enable the region, or choose one that the organization's policies allow",
        ),
    ),
    (
        r"account ID not allowed: (\d{12})",
        _says(
            MistakenError,
            "the credentials are of account {named}, which its settings do not allow",
            "sign in to the account of the stack's file",
        ),
    ),
    (
        r"ExpiredToken|token included in the request is expired|SSO session has expired|InvalidGrantException",
        _says(UnreachableError, "the AWS credentials have expired", SIGN_IN),
    ),
    (
        r"no EC2 IMDS role found|NoCredentialProviders|failed to refresh cached credentials"
        r"|no valid credential sources|get credentials: ",
        _says(UnreachableError, "there are no AWS credentials", SIGN_IN),
    ),
    (
        r"InvalidClientTokenId|SignatureDoesNotMatch|InvalidAccessKeyId|UnrecognizedClientException",
        _says(UnreachableError, "AWS does not know these credentials", SIGN_IN),
    ),
    (
        r"NoSuchBucket|no such bucket",
        _says(
            UnreachableError,
            "the backend's bucket does not exist",
            "run `bootstrap/` in the account first, or check the URL",
        ),
    ),
    (
        r"get stack secrets manager: .*(?:KMS|key)",
        _says(
            UnreachableError,
            "the key of its secrets does not answer this identity",
            "check `secretsprovider` in its stack file, and that this role may use the key",
        ),
    ),
    (
        r'read "\.pulumi/meta\.yaml".*?((?:AccessDenied|Forbidden|PermissionDenied)\w*)',
        _says(UnreachableError, "AWS refuses the backend to this identity ({named})", "use the deploy role"),
    ),
    (
        r"dial tcp: lookup (\S+).*no such host|dial tcp (\S+): connect: ",
        _says(UnreachableError, "{named} cannot be reached", "check the network and the backend's URL"),
    ),
)


@contextmanager
def explained_by(
    stack: str, cli: Cli, remains: Callable[[], str] | None = None, events: list[Event] | None = None
) -> Iterator[None]:
    """Turn what the CLI says into EngineError.

    Args:
        stack: the stack's name.
        cli: what runs inside; it knows whether it was interrupted.
        remains: tells what the interrupted run left.
        events: what the engine reported, whose diagnostics say more than its output.
    """
    cli.interrupted = False
    try:
        yield
    except CommandError as error:
        if cli.interrupted:
            raise _interrupted(stack, cli, remains) from None
        if cli.killed_by:
            raise _killed(stack, cli, remains) from None
        explained = explain(stack, str(error))
        reported = list(dict.fromkeys(bare(why) for one in errors_of(events or []) for why in reasons_in(one)))
        reasons = tuple(why for why in reported if why not in IGNORED)
        if type(explained) is FailedError and reasons:
            explained = FailedError(f"{stack}: {reasons[0]}", "", reasons)
        raise explained from None
    if cli.interrupted:
        raise _interrupted(stack, cli, remains)


def _interrupted(stack: str, cli: Cli, remains: Callable[[], str] | None) -> InterruptedRunError:
    cli.interrupted = False
    left = remains() if remains else "nothing was begun"
    return InterruptedRunError(f"{stack}: interrupted; {left}", f"`workbuoy review {stack}` shows what is still to do")


def _killed(stack: str, cli: Cli, remains: Callable[[], str] | None) -> KilledError:
    """One line, whatever the engine had said before: where it stood, and what to do."""
    ended, cli.killed_by = cli.killed_by, ""
    try:
        left = remains() if remains else "nothing was begun"
    except EngineError as error:  # its lock, or a half-written state
        left = f"what it left cannot be read: {error.problem.removeprefix(f'{stack}: ')}"
    return KilledError(
        f"{stack}: the engine was killed ({ended}); {left}",
        f"{take_lock(stack)} where it is left; the same command then says what is to be settled first",
    )


def lost_events(stack: str, reported: EngineEvents) -> LostEventsError:
    """Not all that the engine reported arrived."""
    if reported.preview:
        return LostEventsError(
            f"{stack}: {reported.gap}, so what it found is not known", "repeat it; nothing was written"
        )
    return LostEventsError(
        f"{stack}: {reported.gap}, so what it did is not known", f"`workbuoy review {stack}` shows what is still to do"
    )


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
