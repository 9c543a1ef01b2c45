"""What the service's tasks hold while they run."""

from collections.abc import Iterator

from facts import tokens as t
from rehearsal.report.data.model import AWS_KEY, End, Fate, Key, Life, place_of
from rehearsal.report.graph import Graph


def task_lives(graph: Graph) -> Iterator[Life]:
    """A task's memory and temporary disk; Fargate encrypts the latter by itself.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
    """
    for service in graph.of_type(t.SERVICE):
        yield Life(
            what="What running tasks hold in memory and on their temporary disk",
            holder=service,
            place=place_of(graph, service),
            key=Key(words=AWS_KEY),
            kept="until the task ends",
            fate=Fate(End.DELETED, "with the tasks"),
        )
