"""What is read of a migration: its revisions, the tables that it names, what squawk says, and the way out of a lock."""

from pathlib import Path

import pytest

from rehearsal.service.release.migration import VERSIONS, linted, named_tables, new_revisions, way_out


def package(folder: Path, *revisions: str) -> Path:
    (folder / VERSIONS).mkdir(parents=True)
    for one in revisions:
        (folder / VERSIONS / one).write_text(f"# {one}")
    return folder


def test_only_revisions_that_the_release_before_has_not_are_new(tmp_path: Path) -> None:
    before, after = package(tmp_path / "before", "r1.py"), package(tmp_path / "after", "r1.py", "r3.py", "r2.py")
    assert [file.name for file in new_revisions(before, after)] == ["r2.py", "r3.py"]


def test_tables_are_read_from_the_texts_of_the_revisions_and_not_from_their_remarks(tmp_path: Path) -> None:
    file = tmp_path / "r.py"
    file.write_text(
        '"""About tenants."""\nFOR = {"members": f"create policy p on {1} "}  # freezes\nop = ("alter things",)\n'
    )
    found = named_tables([file])
    assert {"members", "things"} <= set(found)
    assert not {"tenants", "freezes"} & set(found)


def test_squawk_names_the_statement_that_blocks(tmp_path: Path) -> None:
    statements = ["alter table things -- a remark\n add column draft text", "create index drafts on things (draft)"]
    (found,) = linted(statements, tmp_path)
    assert found.startswith("require-concurrent-index-creation")
    assert "`create index drafts on things (draft);`" in found


@pytest.mark.parametrize(
    ("statement", "way"),
    [
        ("create index i on things (x)", "concurrently"),
        ("create index concurrently i on things (x)", "pages"),
        ("alter table things add constraint c foreign key (x) references y", "not valid"),
        ("alter table things alter column x set not null", "validate"),
        ("alter table things alter column x type bigint", "new type"),
        ("update things set x = 1", "pages"),
    ],
)
def test_each_statement_that_blocks_has_a_way_out(statement: str, way: str) -> None:
    assert way in way_out(statement)
