"""`deploy --all` killed and interrupted in the middle: nobody is lost, and nobody is done twice."""

from pathlib import Path

import pytest

from benchmarks.tenants import disturbed_run, make_project


@pytest.mark.slow
def test_everyone_is_done_once_however_the_run_was_ended(tmp_path: Path) -> None:
    root = tmp_path / "project"
    make_project(root, 120)
    found = disturbed_run(root, seed=3, disturbances=3, parallel=16)
    assert found["states"] == {"done": 120}
    assert found["lost"] == []
    assert found["twice"] == []
    ends = found["ends"]
    assert isinstance(ends, list)
    assert ends[:3] == [-9, -9, 130]
    assert ends[-1] == 0
