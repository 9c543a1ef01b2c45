"""Placeholders of stack files, and what stands in for them."""

from typing import Any

import pytest

from rehearsal.stand_ins import DIGEST_STAND_IN, UUID_STAND_IN, replace

ZEROS = "sha256:" + "0" * 64


def test_an_account_is_replaced_wherever_it_stands() -> None:
    config = {
        "account": "000000000003",
        "image": "000000000003.dkr.ecr.eu-north-1.amazonaws.com/app",
        "boundary": "arn:aws:iam::000000000003:policy/boundary",
    }
    found, stand_ins = replace(config)
    assert found == {
        "account": "210000000003",
        "image": "210000000003.dkr.ecr.eu-north-1.amazonaws.com/app",
        "boundary": "arn:aws:iam::210000000003:policy/boundary",
    }
    assert [(one.path, one.placeholder, one.stand_in) for one in stand_ins] == [
        (path, "000000000003", "210000000003") for path in ("account", "image", "boundary")
    ]


def test_distinct_placeholders_stay_distinct_accounts() -> None:
    found, _ = replace(["000000000001", "000000000002"])
    assert len(set(found)) == 2


def test_a_digest_and_a_certificate_are_replaced_with_something_obviously_artificial() -> None:
    found, stand_ins = replace({"digest": ZEROS, "arn": "certificate/00000000-0000-0000-0000-000000000000"})
    assert found == {"digest": DIGEST_STAND_IN, "arn": f"certificate/{UUID_STAND_IN}"}
    assert [one.path for one in stand_ins] == ["digest", "arn"]


def test_real_values_are_left_alone() -> None:
    config = {
        "account": "123456789012",
        "long": "0000000000031",
        "end of a real UUID": "6fd0b80e-9d4f-4a7e-9d55-000000000003",
        "digest": "sha256:" + "0" * 63 + "1",
        "number": 3,
        "on": True,
    }
    assert replace(config) == (config, ())


def test_paths_lead_through_lists() -> None:
    _, stand_ins = replace({"a": [{"b": "000000000007"}]})
    assert [one.path for one in stand_ins] == ["a[0].b"]


@pytest.mark.parametrize("image", [{"repository": "r"}, {"repository": "r", "digest": None}])
def test_an_image_without_a_digest_gets_a_stand_in(image: dict[str, Any]) -> None:
    replaced, found = replace({"service": {"image": image}})
    assert replaced["service"]["image"]["digest"] == DIGEST_STAND_IN
    assert [str(one) for one in found] == [f"service.image.digest: (none) -> {DIGEST_STAND_IN}"]
