"""A mark is equal to nothing, wherever it stands."""

import copy
import json
import pickle

import pytest

from graph import Mark, Masked, Secret, Unknown
from graph.marks import is_known, marks_in
from graph.wire import MASK, REFERENCE_SIGNATURE, SECRET_SIGNATURE, SIGNATURE, UNKNOWNS, from_json, to_json


@pytest.mark.parametrize("kind", [Unknown, Secret, Masked])
def test_a_mark_is_equal_to_nothing_not_even_to_another_of_its_kind(kind: type[Mark]) -> None:
    mark = kind()
    assert mark != kind()
    assert mark != str(mark)
    assert [kind()] != [kind()]
    assert {"a": kind()} != {"a": kind()}
    assert copy.deepcopy([mark]) != [mark]
    assert isinstance(pickle.loads(pickle.dumps(mark)), kind)  # noqa: S301 our own


def test_marks_are_found_with_their_paths() -> None:
    value = {"rules": [{"days": Unknown()}, {"days": 1}], "tags": {"owner": Masked()}, "name": "x"}
    assert [path for path, _ in marks_in(value)] == ["rules[0].days", "tags.owner"]
    assert not is_known(value)
    assert is_known({"rules": [1, "x"]})


def test_a_recording_s_sentinels_become_marks_and_are_written_again() -> None:
    for sentinel in UNKNOWNS:
        assert isinstance(from_json({"a": [sentinel]})["a"][0], Unknown)
    assert isinstance(from_json(MASK), Masked)
    secret = {SIGNATURE: SECRET_SIGNATURE, "ciphertext": "v1:abc"}
    assert isinstance(from_json(secret), Secret)
    assert "abc" not in json.dumps(to_json(from_json({"a": secret})))
    assert isinstance(from_json(to_json(from_json(secret))), Secret)


def test_a_file_is_compared_by_its_hash_and_a_reference_by_its_urn() -> None:
    archive = {SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "path": "code.zip", "hash": "a"}
    assert from_json(archive) == from_json({**archive, "path": "/of/another/machine/code.zip"})
    assert from_json(archive) != from_json({**archive, "hash": "b"})
    assert from_json({**archive, "hash": ""}) == {"path": "code.zip", "hash": ""}
    assert from_json({SIGNATURE: REFERENCE_SIGNATURE, "urn": "urn:one", "id": "1"}) == "urn:one"


def test_what_the_provider_keeps_for_itself_is_left_out() -> None:
    assert from_json({"name": "x", "__meta": "{}", "__defaults": [], "__pulumi_raw_state_delta": {}}) == {"name": "x"}
