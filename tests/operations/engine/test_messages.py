"""What the CLI says becomes one line and the next step. The texts are the CLI's own, as 3.260 wrote them."""

import pytest

from operations.engine.errors import (
    EngineError,
    EngineMissingError,
    FailedError,
    KilledError,
    LockedError,
    MistakenError,
    UnreachableError,
)
from operations.engine.messages import explain, reasons_in, settle
from operations.engine.stack import open_stack
from project.files import Project
from tests.operations.engine.fake_cli import FakeCli, failing, state

META = 'error: read ".pulumi/meta.yaml": blob (key ".pulumi/meta.yaml") (code=Unknown): operation error S3: GetObject, '
SEEN = {
    "unknown stack": ("error: no stack named 'dev' found", MistakenError, "knows no such stack", "deploy dev --create"),
    "lock": (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the "
        "lock file with `pulumi cancel`.\n  file:///s/.pulumi/locks/x.json?no_tmp_dir=true: created by root@ci "
        "(pid 4470) at 2026-11-22T20:43:38Z",
        LockedError,
        "root@ci (process 4470) since 2026-11-22T20:43:38Z",
        "`pulumi cancel dev --yes` takes the lock away",
    ),
    "no login": (
        "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
        UnreachableError,
        "no backend is chosen",
        "pulumi login",
    ),
    "no folder": (
        'error: unable to open state directory "file:///none": stat /none: no such file or directory',
        UnreachableError,
        "the backend file:///none is not there",
        "make the folder",
    ),
    "a checksum half written": (
        "error: failed to load checkpoint: EOF",
        FailedError,
        "its state's checksum is half written: a run writes it now, or was killed as it did",
        "where it stays so, delete dev.json.attrs beside the state",
    ),
    "no passphrase": (
        "error: getting stack configuration: get stack secrets manager: passphrase must be set with "
        "PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
        MistakenError,
        "kept by a passphrase",
        "PULUMI_CONFIG_PASSPHRASE",
    ),
    "wrong passphrase": (
        "error: getting stack configuration: get stack secrets manager: incorrect passphrase",
        MistakenError,
        "passphrase of its secrets is wrong",
        "PULUMI_CONFIG_PASSPHRASE",
    ),
    "no credentials": (
        META + "get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found, operation "
        "error ec2imds: GetMetadata, access disabled to EC2 IMDS via client option",
        UnreachableError,
        "there are no AWS credentials",
        "aws sso login",
    ),
    "no network": (
        META + 'request send failed, Get "https://b.s3.eu-west-1.amazonaws.com/": dial tcp: lookup '
        "b.s3.eu-west-1.amazonaws.com on 10.0.0.2:53: no such host",
        UnreachableError,
        "b.s3.eu-west-1.amazonaws.com cannot be reached",
        "check the network",
    ),
    "no answer": (
        META + 'request send failed, Put "https://10.0.0.9/latest": dial tcp 10.0.0.9:443: connect: connection refused',
        UnreachableError,
        "dev: 10.0.0.9:443 cannot be reached",
        "check the network",
    ),
    "no plugin, online": (
        "error: Could not automatically download and install resource plugin 'pulumi-resource-random' at version "
        "v4.21.4, install the plugin using `pulumi plugin install resource random v4.21.4`: failed all 5 attempts",
        EngineMissingError,
        "the plugin random 4.21.4 is not here",
        "workbuoy engine install",
    ),
    "no plugin, offline": (
        "error: no resource plugin 'pulumi-resource-aws' found in the workspace at version v7.51.1 or on your $PATH",
        EngineMissingError,
        "the plugin aws 7.51.1 is not here",
        "workbuoy engine install",
    ),
}
"""Seen from the CLI itself."""

BY_ERROR_CODE = {
    "expired": (
        META + "https response error StatusCode: 400, api error ExpiredToken: The provided token has expired.",
        UnreachableError,
        "credentials have expired",
        "aws sso login",
    ),
    "unknown key": (
        META + "api error InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.",
        UnreachableError,
        "does not know these credentials",
        "aws sso login",
    ),
    "no bucket": (
        META + "api error NoSuchBucket: The specified bucket does not exist",
        UnreachableError,
        "bucket does not exist",
        "bootstrap/",
    ),
    "denied": (
        META + "https response error StatusCode: 403, api error AccessDenied: Access Denied",
        UnreachableError,
        "refuses the backend to this identity (AccessDenied)",
        "deploy role",
    ),
    "other account": (
        "error: pulumi:providers:aws resource 'aws' has a problem: AWS account ID not allowed: 111122223333",
        MistakenError,
        "credentials are of account 111122223333",
        "sign in to the account",
    ),
    "region": (
        "error: creating VPC: UnauthorizedOperation: not authorized to perform: ec2:CreateVpc with an explicit deny in "
        "a service control policy",
        MistakenError,
        "region is not allowed",
        "enable the region",
    ),
    "key": (
        "error: getting stack configuration: get stack secrets manager: secrets (code=PermissionDenied): operation "
        "error KMS: Decrypt, AccessDeniedException",
        UnreachableError,
        "key of its secrets does not answer",
        "secretsprovider",
    ),
}
"""As AWS's documentation has them; not seen here, for want of an account."""


@pytest.mark.parametrize("case", [*SEEN.values(), *BY_ERROR_CODE.values()], ids=[*SEEN, *BY_ERROR_CODE])
def test_a_known_text_becomes_one_line_and_the_next_step(case: tuple[str, type[EngineError], str, str]) -> None:
    text, kind, problem, step = case
    error = explain("dev", f"\n code: 255\n stdout: Previewing update (dev):\n stderr: {text}")
    assert type(error) is kind
    assert error.problem.startswith("dev: ")
    assert problem in error.problem
    assert step in error.next_step
    assert "\n" not in str(error)


def test_an_unknown_text_is_reported_as_it_is() -> None:
    error = explain("dev", "\nerror: the moon is full\nerror: update failed")
    assert type(error) is FailedError
    assert error.lines == ("dev: the moon is full",)


def test_silence_is_reported_too() -> None:
    assert str(explain("dev", "\n")) == "dev: the engine gave no reason"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("error: it broke", ["it broke"]),
        (
            "error: stack dev cannot be declared:\n  a.yaml:1: x: wrong\n  a.yaml:2: y: wrong",
            ["a.yaml:1: x: wrong", "a.yaml:2: y: wrong"],
        ),
        ("error: Program failed\nTraceback (most recent call last):\n  File x\nValueError: no", ["ValueError: no"]),
        ("  \n", []),
    ],
)
def test_a_diagnostic_tells_its_reasons(message: str, expected: list[str]) -> None:
    assert reasons_in(message) == expected


def test_an_error_that_the_provider_tells_twice_is_reported_once(fake_cli: FakeCli, made_project: Project) -> None:
    said = "creating S3 Bucket (x): operation error S3: CreateBucket, api error AccessDenied: no"
    twice = (
        f"error: sdk-v2/provider2.go:572: sdk.helper_schema: {said}: provider=aws@7.51.1",
        f"error: 1 error occurred:\n\t* {said}\n\n",
    )
    events = [{"diagnosticEvent": {"message": one, "severity": "error", "color": "never"}} for one in twice]
    opened = open_stack(made_project, "local")
    fake_cli.answer({"up": failing("error: update failed", 255, events)})
    with pytest.raises(FailedError) as raised:
        opened.up()
    assert raised.value.lines == (f"local: {said}",)


def test_a_killed_engine_is_one_line_with_what_is_pending_and_what_to_do(
    fake_cli: FakeCli, made_project: Project
) -> None:
    urn = "urn:pulumi:local::workbuoy::workbuoy:aws:Database$aws:rds/instance:Instance::database-instance"
    pending = state({"urn": urn}, pending=[{"type": "creating", "resource": {"urn": urn}}])
    opened = open_stack(made_project, "local")
    fake_cli.answer({"up": {"out": "x" * 20_000, "killed": True}, "stack export": [state(), pending]})
    with pytest.raises(KilledError) as raised:
        opened.up()
    assert raised.value.lines == (
        "local: the engine was killed (SIGKILL); 1 resource in the state, 1 operation pending: "
        "creating database-instance; `pulumi cancel local --yes` takes the lock away where it is left; "
        "the same command then says what is to be settled first",
    )
    assert raised.value.code == 3


def test_a_killed_engine_whose_state_cannot_be_read_is_one_line_too(fake_cli: FakeCli, made_project: Project) -> None:
    opened = open_stack(made_project, "local")
    broken = failing("error: failed to load checkpoint: EOF")
    fake_cli.answer({"up": {"killed": True}, "stack export": [state(), broken]})
    with pytest.raises(KilledError, match="what it left cannot be read: its state's checksum is half written"):
        opened.up()


@pytest.mark.parametrize(
    ("operations", "asks"), [(["updating a"], False), (["deleting a", "creating b"], True), (["creating b"], True)]
)
def test_pending_operations_are_settled_by_a_form_that_runs_where_nobody_can_be_asked(
    operations: list[str], asks: bool
) -> None:
    said = settle("dev", operations)
    assert "`pulumi refresh --stack dev --yes" in said
    assert ("--clear-pending-creates" in said) is asks
    assert ("--import-pending-creates URN --import-pending-creates ID" in said) is asks
