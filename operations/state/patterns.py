"""How secret values look, and which properties carry one whatever it looks like."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from facts import tokens as t

SECRET_PROPERTIES: Final[Mapping[str, tuple[str, ...]]] = {
    t.CERTIFICATE: ("privateKey",),
    "aws:apigateway/apiKey:ApiKey": ("value",),
    "aws:cognito/userPoolClient:UserPoolClient": ("clientSecret",),
    "aws:docdb/cluster:Cluster": ("masterPassword",),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("authToken",),
    "aws:elasticache/user:User": ("passwords",),
    t.USER_ACCESS_KEY: ("secret", "sesSmtpPasswordV4"),
    "aws:iam/serverCertificate:ServerCertificate": ("privateKey",),
    t.USER_LOGIN: ("password",),
    "aws:kms/ciphertext:Ciphertext": ("plaintext",),
    "aws:memorydb/user:User": ("passwords",),
    t.DATABASE_CLUSTER: ("masterPassword",),
    t.DATABASE: ("password",),
    "aws:redshift/cluster:Cluster": ("masterPassword",),
    t.SECRET_VERSION: ("secretString", "secretBinary"),
    t.PARAMETER: ("value",),
    t.PROVIDER: ("secretKey", "token"),
    "pulumi:providers:github": ("token",),
    "random:index/randomPassword:RandomPassword": ("result", "bcryptHash"),
    "tls:index/privateKey:PrivateKey": ("privateKeyPem", "privateKeyOpenssh", "privateKeyPemPkcs8"),
}
"""Resource type to the top-level properties whose value is a secret, by the providers' own schemas."""

SHAPES: Final[Mapping[str, re.Pattern[str]]] = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
    "AWS access key": re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
    "JSON web token": re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    "GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{60,})"),
    "Pulumi token": re.compile(r"\bpul-[0-9a-f]{40}\b"),
    "Slack token": re.compile(r"\bxox[abeoprs]-[\w-]{10,}"),
    "payment or API key": re.compile(r"\b(?:sk|rk)_live_\w{16,}|\bAIza[\w-]{35}\b"),
    "connection string with a password": re.compile(
        r"\b[a-z][a-z0-9+.-]*://[^\s/:@?#]*:[^\s/@?#$<{][^\s/@?#]*@[^\s/:?#\"'`]+"
    ),
}
"""Kind to the shape that gives it away anywhere in a text."""

_TELLING: Final = re.compile(
    r"(?:password|passwd|passphrase|secret|secret_?key|secret_?string|token|api_?key|private_?key|credentials?"
    r"|auth_?key|encryption_?key|signing_?key|session_?key|connection_?string)$",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(
    r"arn:[\w-]*:|https?://[^@]*$|alias/|urn:pulumi:"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$|(?:sg|subnet|vpc|ami|i)-[0-9a-f]+$"
)
LEAST_LENGTH: Final = 8
LEAST_BITS: Final = 2.5
"""Shannon's entropy, bits a character: `changeme` has 2.8, `enabled` 2.2, a random hex string of 32 about 3.6."""


def names_a_secret(name: str) -> bool:
    """Whether a property's or variable's name promises a secret value, not its ARN, name, id or age."""
    return bool(_TELLING.search(name))


def looks_random(value: str) -> bool:
    """Whether a value under a telling name is one: no reference, not short, not one word repeated."""
    return len(value) >= LEAST_LENGTH and not _REFERENCE.match(value) and entropy(value) >= LEAST_BITS


def entropy(value: str) -> float:
    """Shannon's entropy in bits a character."""
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts) if value else 0.0


def shape_of(value: str) -> str | None:
    """The kind of secret that a text holds by its shape."""
    return next((kind for kind, pattern in SHAPES.items() if pattern.search(value)), None)
