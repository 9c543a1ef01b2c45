"""The index of YAML files saves time and never changes an answer."""

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra import yaml_index
from infra.problems import ProblemsError
from infra.tenants.files import read_tenants
from infra.yaml_index import FILE, WORTH_KEEPING, Index
from tests.infra.tenants.conftest import Edit, edit, root  # noqa: F401 fixtures


@pytest.fixture(autouse=True)
def long_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files were written long ago: what was written this second is not kept."""
    monkeypatch.setattr(yaml_index, "_SETTLED_NS", -60_000_000_000)


@pytest.fixture
def indexed(tmp_path: Path) -> Path:
    """A folder with so many files that its index was written."""
    index = Index(tmp_path)
    for number in range(WORTH_KEEPING):
        (tmp_path / f"{number}.yaml").write_text(f"number: {number}\n", encoding="utf-8")
        index.of(f"{number}.yaml")
    index.keep()
    assert (tmp_path / FILE).exists()
    return tmp_path


def forbid_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_index, "read_yaml", lambda _, name: pytest.fail(f"{name} was parsed"))


def test_a_file_that_did_not_change_is_not_parsed_again(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_parsing(monkeypatch)
    assert Index(indexed).of("7.yaml") == {"number": 7}


def test_a_change_is_seen_though_size_and_time_are_as_before(indexed: Path) -> None:
    file = indexed / "7.yaml"
    before = file.stat()
    file.write_text("number: 8\n", encoding="utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert Index(indexed).of("7.yaml") == {"number": 8}


def test_a_process_that_goes_on_sees_a_change(indexed: Path) -> None:
    index = Index(indexed)
    assert index.of("7.yaml") == {"number": 7}
    (indexed / "7.yaml").write_text("number: 70\n", encoding="utf-8")
    assert index.of("7.yaml") == {"number": 70}


def test_a_file_in_another_s_place_is_parsed(indexed: Path) -> None:
    shutil.copy2(indexed / "7.yaml", indexed / "copy.yaml")
    (indexed / "7.yaml").write_text("number: 1\n", encoding="utf-8")
    os.replace(indexed / "copy.yaml", indexed / "8.yaml")
    assert Index(indexed).of("8.yaml") == {"number": 7}


def test_an_index_that_came_with_a_copy_says_nothing(indexed: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    copied = tmp_path_factory.mktemp("elsewhere") / "project"
    shutil.copytree(indexed, copied)  # with its times
    written = json.loads((copied / FILE).read_text(encoding="utf-8"))
    written["files"]["7.yaml"][1] = {"number": "forged"}
    (copied / FILE).write_text(json.dumps(written), encoding="utf-8")
    assert Index(copied).of("7.yaml") == {"number": 7}


def test_what_another_reader_made_is_not_taken(indexed: Path) -> None:
    written = json.loads((indexed / FILE).read_text(encoding="utf-8"))
    written["files"]["7.yaml"][1] = {"number": "as another version reads it"}
    (indexed / FILE).write_text(json.dumps(written | {"reader": "another"}), encoding="utf-8")
    assert Index(indexed).of("7.yaml") == {"number": 7}


@given(
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            lambda found: json.dumps(found).encode(),
            st.recursive(
                st.none() | st.integers() | st.sampled_from(["reader", "files", "7.yaml"]),
                lambda inner: (
                    st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["reader", "files", "7.yaml"]), inner)
                ),
                max_leaves=8,
            ),
        ),
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
def test_a_broken_index_is_read_over(indexed: Path, broken: bytes) -> None:
    (indexed / FILE).write_bytes(broken)
    assert Index(indexed).of("7.yaml") == {"number": 7}


@pytest.mark.parametrize("files", ['{"7.yaml": [["a", 1], {}]}', '{"7.yaml": [[1, 2, 3, 4], 5]}', "[1]", "null"])
def test_an_index_of_this_reader_with_other_things_in_it_is_read_over(indexed: Path, files: str) -> None:
    reader = json.loads((indexed / FILE).read_text(encoding="utf-8"))["reader"]
    (indexed / FILE).write_text(f'{{"reader": {json.dumps(reader)}, "files": {files}}}', encoding="utf-8")
    assert Index(indexed).of("7.yaml") == {"number": 7}


def test_what_was_written_this_moment_is_parsed_again(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = indexed / "7.yaml"
    file.write_text("number: 70\n", encoding="utf-8")
    monkeypatch.setattr(yaml_index, "_SETTLED_NS", 60_000_000_000)
    index = Index(indexed)
    index.of("7.yaml")
    forbid_parsing(monkeypatch)
    with pytest.raises(pytest.fail.Exception, match="was parsed"):
        index.of("7.yaml")


def test_a_few_files_get_no_index(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n", encoding="utf-8")
    index = Index(tmp_path)
    index.of("a.yaml")
    index.keep()
    assert not (tmp_path / FILE).exists()


def test_a_place_that_takes_no_index_costs_time_alone(indexed: Path) -> None:
    shutil.rmtree(indexed / FILE.parent)
    (indexed / FILE.parent).write_text("a file where the folder would be", encoding="utf-8")
    index = Index(indexed)
    for number in range(WORTH_KEEPING):
        assert index.of(f"{number}.yaml") == {"number": number}
    index.keep()
    assert [file.name for file in indexed.iterdir() if file.suffix != ".yaml"] == [FILE.parent.name]


def test_what_is_wrong_with_a_file_is_said_each_time(indexed: Path) -> None:
    (indexed / "7.yaml").write_text("number: [\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ProblemsError, match=r"7\.yaml.* is not YAML"):
            Index(indexed).of("7.yaml")
    (indexed / "7.yaml").unlink()
    with pytest.raises(ProblemsError, match=r"7\.yaml.*cannot be read"):
        Index(indexed).of("7.yaml")


def test_rules_run_over_what_was_kept(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811 a fixture
    monkeypatch.setattr(yaml_index, "WORTH_KEEPING", 1)
    project = edit("acme", "tier: standard", "tier: unheard-of")
    first = [str(problem) for problem in read_tenants(project).problems]
    assert (project / FILE).exists()
    yaml_index.index_of.cache_clear()
    again = [str(problem) for problem in read_tenants(project).problems]
    assert first == again != []
    assert "tenants/acme.yaml:" in again[0]
