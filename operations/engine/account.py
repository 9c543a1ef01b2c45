"""Whether whoever is signed in may run a stack where it stands: asked before the engine starts."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from operations.aws import error_code
from operations.engine.errors import MistakenError, UnreachableError
from operations.engine.messages import SIGN_IN
from project.placement import Placement

EXPIRED: Final = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")


def check_region(stack: str, place: Placement) -> None:
    """Raises MistakenError where the stack's own residency does not allow its region."""
    if place.residency and place.region not in place.residency:
        raise MistakenError(
            f"{stack}: region {place.region} is not allowed; residency allows {', '.join(place.residency)}",
            "choose one of these in its stack file",
        )


def check_account(stack: str, place: Placement, environment: Mapping[str, str]) -> None:
    """Ask AWS who is signed in.

    Raises MistakenError for another account, UnreachableError where AWS cannot be asked.
    """
    if place.endpoint_url is not None:
        return
    step = "sign in to the right account, or correct `account` in its stack file; nothing was run"
    expect_account(stack, place.account, place.region, step, environment)


def expect_account(
    stack: str, account: str, region: str, step: str, environment: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Raises MistakenError with the next step unless the credentials in use are of a stack's account.

    Raises UnreachableError where AWS cannot be asked.
    """
    identity = who_am_i(stack, region, environment)
    if identity["Account"] != account:
        raise MistakenError(
            f"{stack}: belongs to account {account}, but these credentials are of "
            f"{identity['Account']} ({identity['Arn']})",
            step,
        )


def who_am_i(stack: str, region: str, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Account and ARN of the credentials in use; raises UnreachableError with one line for what stands against it."""
    import boto3  # a third of a second that help must not pay for
    from botocore.config import Config
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        EndpointConnectionError,
        NoCredentialsError,
    )

    try:
        session = boto3.Session(
            aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=environment.get("AWS_SESSION_TOKEN"),
            profile_name=environment.get("AWS_PROFILE"),
        )
        limits = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
        found = session.client("sts", region_name=region, config=limits).get_caller_identity()
    except ClientError as error:
        raise _refused(stack, region, error_code(error)) from None
    except NoCredentialsError:
        raise UnreachableError(f"{stack}: there are no AWS credentials", SIGN_IN) from None
    except EndpointConnectionError:
        raise UnreachableError(f"{stack}: AWS in {region} cannot be reached", "check the network") from None
    except BotoCoreError as error:  # expired single sign-on, a profile that is not there, half a key
        raise UnreachableError(f"{stack}: {' '.join(str(error).split())}", SIGN_IN) from None
    return {"Account": found["Account"], "Arn": found["Arn"]}


def _refused(stack: str, region: str, code: str) -> Exception:
    if code in EXPIRED:
        return UnreachableError(f"{stack}: the AWS credentials have expired", SIGN_IN)
    if code in ("InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"):
        step = f"{SIGN_IN}; a region that the account has not enabled ({region}) answers the same"
        return UnreachableError(f"{stack}: AWS does not know these credentials", step)
    return UnreachableError(f"{stack}: AWS does not say whose credentials these are ({code})", SIGN_IN)
