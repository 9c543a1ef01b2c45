"""What a promotion does besides a move, killed (SIGKILL) before whichever of its calls: it goes on to its end."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.killing import Sides, kill_at_every_call
from tests.promotion.scene import MANIFEST, RECEIPT, Scene, awaited, everything, fill, rows
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.promotion.export import opened, withdraw
from workbuoy_app.promotion.freeze import freeze, thaw
from workbuoy_app.promotion.receive import clear

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="only POSIX forks and kills like this"),
]
Step = Callable[[Scene], object]


def exported(scene: Scene) -> object:
    return scene.export()


def imported(scene: Scene) -> object:
    return scene.receive()


def frozen(scene: Scene) -> object:
    """After one more row with files."""
    fill(scene.pool, "acme", things=1, objects=1, chunks=1)
    return freeze(scene.pool, "acme")


def withdrawn(scene: Scene) -> object:
    withdraw(scene.pool, "acme", scene.place)
    return None


def cleared(scene: Scene) -> object:
    return clear(scene.silo, scene.place)


@pytest.mark.parametrize(
    ("before", "work"),
    [
        ((exported, imported, frozen), exported),
        ((exported, imported, frozen, exported), imported),
        ((exported, imported, frozen, exported), withdrawn),
        ((exported, imported, frozen, withdrawn, exported), imported),
        ((exported, imported, frozen, exported, imported), cleared),
    ],
    ids=["exporting", "importing", "withdrawing", "importing anew", "clearing"],
)
def test_the_same_command_goes_on_and_nothing_is_lost_doubled_or_left(
    served: Scene, postgres: Postgres, before: tuple[Step, ...], work: Step
) -> None:
    for step in before:
        step(served)

    def after(sides: Sides) -> None:
        scene = Scene(*sides)
        assert awaited(scene.pool), "until somebody has compared"
        work(scene)
        if work is withdrawn:
            assert not scene.is_complete(MANIFEST)
            thaw(scene.pool, "acme")
            freeze(scene.pool, "acme")
        if work is not cleared:
            scene.export()
            assert scene.receive().opened
        opened(scene.pool, "acme")
        assert not awaited(scene.pool)
        assert everything(scene.silo) == everything(scene.pool)
        assert rows(scene.silo, "select 1 from freezes") == []
        cleared(scene)
        assert rows(scene.silo, "select 1 from copies") == []
        assert scene.keys(scene.silo, "imports/") == [MANIFEST, RECEIPT]

    kill_at_every_call(postgres, (served.pool, served.silo), lambda sides: work(Scene(*sides)), after)
