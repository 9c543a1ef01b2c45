"""A change rehearsed: what a revision declared is made in moto, and changed in place into what is declared now."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from graph import Graph
from graph.errors import InputError
from graph.rehearsed import graph_of_json
from project import silos
from project.files import Project
from rehearsal.change.result import ChangeRehearsal, Fault
from rehearsal.revision import Side, at, declaring, notes

if TYPE_CHECKING:
    from rehearsal.change.changing import Changing
    from rehearsal.mapper import Mapper


class Declares(Protocol):
    """What an older program declared, once it has."""

    def body(self) -> Mapping[str, Any]:
        """The JSON of `rehearse --declare-only`. Raises InputError when the program failed."""


@dataclass
class Before:
    """A stack of this process that stands in moto, and is changed in place by another declaration of it.

    `name` and `origin` tell which it is; `mapper` made it, and `graph` is what was made. `folder` has the files of an
    older revision.
    """

    name: str
    origin: str
    notes: tuple[str, ...] = ()
    graph: Graph = field(default_factory=lambda: Graph(()))
    mapper: "Mapper | None" = None
    unmade: tuple[Fault, ...] = ()
    folder: Path | None = None
    _changing: "Changing | None" = field(default=None, init=False)

    def stand_up(self, mapper: "Mapper", references: Mapping[str, Mapping[str, Any]]) -> None:
        """Nothing: it stands already."""

    def changing(self, mapper: "Mapper") -> "Changing":
        """The realiser that changes what stands by what the program of now registers."""
        from rehearsal.change.changing import Changing  # declaring only must not import moto

        assert self.mapper is not None  # noqa: S101  it stands
        self._changing = Changing(self.graph, self.mapper.made, mapper)
        return self._changing

    def result(self) -> ChangeRehearsal:
        """What became of it."""
        assert self._changing is not None  # noqa: S101  it was changed
        return ChangeRehearsal(
            origin=self.origin,
            steps=tuple(self._changing.steps),
            order=tuple(self._changing.order),
            faults=(*self.unmade, *self._changing.faults),
            kept=tuple(self._changing.kept),
            notes=self.notes,
        )


@dataclass(kw_only=True)
class Stood(Before):
    """What stood at a revision, on its way: declared beside, then made, then changed by the program of now."""

    declared: Declares
    base: Declares | None

    def stand_up(self, mapper: "Mapper", references: Mapping[str, Mapping[str, Any]]) -> None:
        """Make it in moto. Raises InputError when the older program failed, or speaks another schema."""
        from rehearsal.change.former import Former, exchanged  # declaring only must not import moto

        graph = graph_of_json(self.declared.body(), self.name)
        known: dict[str, str] = {}
        if self.base is not None:
            body = self.base.body()
            known = exchanged(body["exports"], references.get(body["stack"], {}))
        former = Former(mapper, graph, known)
        self.graph, self.mapper = former.stand_up(), mapper
        self.unmade = tuple(Fault(urn, name, f"as at {self.name}", why) for urn, name, why in former.failures)


@contextmanager
def stood_at(project: Project, stack: str, revision: str) -> Iterator[Stood]:
    """The stack of a revision, which begins to declare itself at once; its files are there as long as this lasts.

    Raises ProblemsError for a revision that git does not know, and InputError for one that has no such stack.
    """
    with at(project.root, revision) as former:
        if not former.has_stack(stack):
            raise InputError(f"{revision}: has no stack {stack}, so nothing stands to be changed: leave out --since")
        base = silos.base_of(project, stack)
        wanted = [stack, *([base] if base and former.has_stack(base) else [])]
        with declaring([Side(former.folder, revision, one) for one in wanted]) as running:
            yield Stood(
                former.name,
                f"{former.origin} to the working tree",
                tuple(notes(project.root, former)),
                folder=former.folder,
                declared=running[0],
                base=running[1] if running[1:] else None,
            )
