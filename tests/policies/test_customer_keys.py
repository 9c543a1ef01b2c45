"""A customer key is one of this account's own."""

import pytest

from policies.customer_keys import names_customer_key

ACCOUNT = "333333333333"


@pytest.mark.parametrize(
    ("named", "own"),
    [
        (f"arn:aws:kms:eu-north-1:{ACCOUNT}:key/one", True),
        (f"arn:aws:kms:eu-north-1:{ACCOUNT}:alias/files", True),
        ("alias/files", True),
        ("1234abcd-12ab-34cd-56ef-1234567890ab", True),
        ("alias/aws/s3", False),
        (f"arn:aws:kms:eu-north-1:{ACCOUNT}:alias/aws/s3", False),
        ("arn:aws:kms:eu-north-1:999999999999:key/theirs", False),
        ("", False),
        (None, False),
    ],
)
def test_a_key_of_aws_or_of_another_account_is_no_customer_key(named: str | None, own: bool) -> None:
    assert names_customer_key(named, [ACCOUNT]) is own


def test_any_account_s_key_counts_where_the_provider_names_no_account() -> None:
    assert names_customer_key("arn:aws:kms:eu-north-1:999999999999:key/theirs", [])
