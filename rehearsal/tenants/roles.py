"""The matrix's cells of roles: every call is made through the gate, which judges it by what stands in moto."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.cloud import Cloud
from rehearsal.permissions.caller import Caller
from rehearsal.permissions.gate import Credentials, Gate, Judgement, NotTrustedError
from rehearsal.service.trial import FUNCTIONS, TASKS
from rehearsal.tenants.attempts import LOG_STREAM, OBJECT_KEY, OWN, PROMOTING, Attempt, attempts, log_events
from rehearsal.tenants.holdings import ROTATION, TASK, Holdings
from rehearsal.tenants.intended import OnItsWay
from rehearsal.tenants.result import Cell, Outcome

Verdict = tuple[Outcome, str]  # and why
_DENIALS = ("AccessDenied", "AccessDeniedException")
CONTENT = b"belongs to one customer alone"


def prepare(stacks: Sequence[Holdings], cloud: Cloud) -> dict[str, bytes]:
    """Put something real behind every cell, as the account's operator: an object, values, log streams, ciphertexts.

    Returns:
        Something encrypted under each key, by the key's ARN.
    """
    ciphertexts: dict[str, bytes] = {}
    for one in stacks:
        for bucket in one.buckets.values():
            cloud.call("s3", "put_object", _object(bucket), one.region)
        for arn in one.secrets.values():
            _ensure_value(cloud.client("secretsmanager", one.region), arn)
        for arn in one.keys.values():
            answer = cloud.call("kms", "encrypt", {"KeyId": arn, "Plaintext": CONTENT}, one.region)
            ciphertexts[arn] = answer["CiphertextBlob"]
        for group in one.log_groups.values():
            _ensure_stream(cloud.client("logs", one.region), group)
    return ciphertexts


def _object(bucket: str) -> dict[str, Any]:
    # S3 takes nothing without a checksum into a bucket that locks.
    return {"Bucket": bucket, "Key": OBJECT_KEY, "Body": CONTENT, "ChecksumAlgorithm": "CRC32"}


def _ensure_value(client: Any, arn: str) -> None:
    """A secret that nobody has filled yet, because no service was started, gets a stand-in."""
    try:
        client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
    except client.exceptions.ResourceNotFoundException:
        client.put_secret_value(SecretId=arn, SecretString="{}")


def _ensure_stream(client: Any, group: str) -> None:
    stream = {"logGroupName": group, "logStreamName": LOG_STREAM}
    try:
        client.create_log_stream(**stream)
    except client.exceptions.ResourceAlreadyExistsException:
        return
    client.put_log_events(**stream, logEvents=log_events())


def cells_of_roles(
    stacks: Sequence[Holdings], cloud: Cloud, gate: Gate, on_their_way: Sequence[OnItsWay] = ()
) -> Iterator[Cell]:
    """Each stack's roles on each stack's things; `on_their_way` are customers whose data one brings another."""
    ciphertexts = prepare(stacks, cloud)
    caller = Caller(gate)
    for own in stacks:
        for role in own.roles:
            try:
                caller.become(_credentials(own, role, cloud, gate))
            except NotTrustedError as error:
                yield from _not_taken(own, role, stacks, str(error))
                continue
            for other in stacks:
                into = [one for one in on_their_way if one.receiver == other.stack]
                into.sort(key=lambda one: one.sender != own.stack)  # everybody else tries what one may
                coming = into[0] if into else None
                tried = _Tried(own, role, other, _wanted(own, role, other, coming), caller, gate, cloud)
                for attempt in attempts(own, other, ciphertexts, coming):
                    yield from _cells(tried, attempt)


def _wanted(own: Holdings, role: str, other: Holdings, coming: OnItsWay | None) -> frozenset[tuple[str, str]]:
    """What a role must be able to do with a stack's things, as (what, call)."""
    if own.stack == other.stack:
        return OWN[role]
    brings = coming is not None and coming.sender == own.stack and role == TASK
    return PROMOTING if brings else frozenset()


def _not_taken(own: Holdings, role: str, stacks: Sequence[Holdings], why: str) -> Iterator[Cell]:
    """A role that nobody can take reaches nothing, which proves nothing about its permissions."""
    for other in stacks:
        yield Cell(
            who=own.stack,
            who_as=role,
            whom=other.stack,
            what="everything",
            call="sts:AssumeRole",
            expected=Outcome.ALLOWED if own.stack == other.stack else Outcome.DENIED,
            got=Outcome.NOT_PROVED,
            why=why,
        )


def _credentials(own: Holdings, role: str, cloud: Cloud, gate: Gate) -> Credentials:
    if role == ROTATION:
        return gate.assume(own.roles[role], FUNCTIONS, {})
    context = {"aws:SourceArn": own.declared.cluster_task_arn, "aws:SourceAccount": cloud.account}
    return gate.assume(own.roles[role], TASKS, context)


@dataclass(frozen=True)
class _Tried:
    """Who tries whose things, what of it must be allowed, and through what."""

    own: Holdings
    role: str
    other: Holdings
    wanted: frozenset[tuple[str, str]]
    caller: Caller
    gate: Gate
    cloud: Cloud


def _cells(tried: _Tried, attempt: Attempt) -> Iterator[Cell]:
    """Its own things only where it must reach them: that it reaches no more of them is the policies' to say."""
    among_own = tried.own.stack == tried.other.stack
    named = ((attempt.what, attempt.call), *attempt.through)
    wanted = [one for one in named if not among_own or one in tried.wanted]
    if not wanted:
        return
    found, judgements = _try(attempt, tried)
    for what, call in wanted:
        got, why = found if call == attempt.call else _through(call, judgements, found)
        yield Cell(
            who=tried.own.stack,
            who_as=tried.role,
            whom=tried.other.stack,
            what=what,
            call=call,
            expected=Outcome.ALLOWED if (what, call) in tried.wanted else Outcome.DENIED,
            got=got,
            why=why,
        )
    if attempt.operation == "delete_object" and found[0] is Outcome.ALLOWED:
        tried.cloud.call("s3", "put_object", _object(attempt.params["Bucket"]), tried.other.region)


def _try(attempt: Attempt, tried: _Tried) -> tuple[Verdict, list[Judgement]]:
    """Make a call. What fails without a judgement that refuses it is not proved."""
    gate = tried.gate
    before = len(gate.judgements)
    error: Exception | None = None
    try:
        client = tried.caller.client(attempt.service, tried.other.region)
        getattr(client, attempt.operation)(**attempt.params)
    except (ClientError, BotoCoreError) as raised:
        error = raised
    judgements = gate.judgements[before:]
    if error is None:
        return (Outcome.ALLOWED, _reasons(judgements)), judgements
    refused = next((one for one in judgements if not one.decision.allowed and not one.unread), None)
    denied = isinstance(error, ClientError) and error.response["Error"]["Code"] in _DENIALS
    if refused is not None and denied:
        return (Outcome.DENIED, refused.decision.reason), judgements
    return (Outcome.NOT_PROVED, " ".join(str(error).split())), judgements


def _through(action: str, judgements: Sequence[Judgement], whole: Verdict) -> Verdict:
    """The verdict on what the service would do with the key, out of the call that was just made."""
    decision = next((one.decision for one in judgements if one.requested.action == action), None)
    if decision is None:
        return Outcome.NOT_PROVED, f"the call asked for no {action}: {whole[1]}"
    return (Outcome.ALLOWED if decision.allowed else Outcome.DENIED), decision.reason


def _reasons(judgements: Sequence[Judgement]) -> str:
    return "; ".join(dict.fromkeys(one.decision.reason for one in judgements))
