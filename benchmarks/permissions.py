"""How many requests the evaluator judges in a second on one core, and how long prod's isolation matrix takes.

    python -m benchmarks.permissions [--rounds 5] [--with-matrix]

A judgement is also given as a multiple of the cheapest one that could be: one compiled regular expression a statement.
The matrix is that of prod and its customers, without the service, whose stacks have to be stood up first.
"""

import argparse
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from facts.permissions.evaluate import Policies, Principal, Request, decide, held_statements

ROOT = Path(__file__).parents[1]
ACCOUNT, REGION = "210000000003", "eu-west-1"
JUDGEMENTS_A_ROUND = 20_000
ROLE = f"arn:aws:iam::{ACCOUNT}:role/prod-service-task"
WHO = Principal(arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/prod-service-task/one", role_arn=ROLE, account=ACCOUNT)


def policies() -> Policies:
    """What a task of prod has before it: five statements of its own, a boundary, a bucket's policy of four."""

    def allow(actions: Any, resources: Any, **more: Any) -> dict[str, Any]:
        return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}

    bucket, key = "arn:aws:s3:::prod-files", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/one"
    secrets = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:prod"
    through = {"Condition": {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}}
    own = [
        allow(["s3:ListBucket"], bucket),
        allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], f"{bucket}/tenants/*"),
        allow(["kms:Decrypt", "kms:GenerateDataKey"], key, **through),
        allow("secretsmanager:GetSecretValue", [f"{secrets}-login-1", f"{secrets}-oidc-1"]),
        allow("kms:Decrypt", key, Condition={"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}"}}),
    ]
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    everyone = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [bucket, f"{bucket}/*"]}
    guarding = [
        {**everyone, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {**everyone, "Condition": {"StringNotEquals": {header: key}, "Null": {header: "false"}}},
        {**everyone, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
        {**everyone, "Action": "s3:PutBucketPolicy", "Condition": {"ArnNotLike": {"aws:PrincipalArn": ROLE}}},
    ]
    limits = [allow(["s3:*", "kms:*", "secretsmanager:*", "logs:*"], "*")]

    def held(name: str, statements: list[Any]) -> Any:
        return held_statements(name, {"Version": "2012-10-17", "Statement": statements})

    return Policies(identity=held("own", own), boundary=held("boundary", limits), resource=held("bucket", guarding))


def requests() -> list[Request]:
    """Requests of many objects, half of which nothing allows."""
    context = {"aws:securetransport": ("true",), "aws:principalarn": (ROLE,), "s3:tlsversion": ("1.3",)}
    actions = ("s3:GetObject", "s3:PutObject", "s3:GetObjectVersion", "s3:PutObjectAcl")
    return [
        Request(
            principal=WHO,
            action=actions[number % len(actions)],
            resource=f"arn:aws:s3:::prod-files/tenants/{number}/object",
            resource_account=ACCOUNT,
            context=context,
        )
        for number in range(JUDGEMENTS_A_ROUND)
    ]


def judge(tried: list[Request], held: Policies) -> int:
    """How many of the requests are allowed."""
    return sum(decide(one, held).allowed for one in tried)


def floor(tried: list[Request], held: Policies) -> int:
    """One match for each statement, and nothing understood of it."""
    every = (*held.identity, *(held.boundary or ()), *held.resource)
    patterns = [re.compile(f"{one.policy}.*") for one in every]
    return sum(pattern.fullmatch(one.resource) is None for one in tried for pattern in patterns)


def median(work: Callable[[list[Request], Policies], int], rounds: int) -> float:
    """Median seconds of some rounds."""
    tried, held, taken = requests(), policies(), []
    for _ in range(rounds):
        started = time.process_time()
        work(tried, held)
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def matrix() -> str:
    """How long the cells of prod's roles and those of its customers take, beside standing up what they try."""
    from project.files import find_project  # needs moto, and the rest here does not
    from rehearsal.run import Options
    from rehearsal.tenants.choose import ALL
    from rehearsal.tenants.whole import rehearse_tenants

    started = time.perf_counter()
    rehearsal = rehearse_tenants(find_project(ROOT), "prod", [ALL], Options(), with_service=False)
    whole = time.perf_counter() - started
    found = rehearsal.tenants.matrix if rehearsal.tenants else None
    if found is None:
        return "no matrix: not every stack stands"
    share = found.seconds / (whole - found.seconds)
    return f"{len(found.cells)} cells in {found.seconds:.1f} s, {share:.2f} times standing the stacks up"


def main() -> int:
    """Print the figures; no threshold is judged here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--with-matrix", action="store_true")
    options = parser.parse_args()
    base, taken = median(floor, options.rounds), median(judge, options.rounds)
    print(f"{JUDGEMENTS_A_ROUND / taken:,.0f} judgements a second, {taken / base:.1f} times a match a statement")
    if options.with_matrix:
        print(matrix())
    return 0


if __name__ == "__main__":
    sys.exit(main())
