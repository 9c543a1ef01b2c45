"""What watches a stack holds: topics with their subscribers, metrics and their graphs."""

from collections.abc import Iterator

from facts import tokens as t
from rehearsal.report.data.model import AWS_KEY, End, Fate, Key, Life, key_of, place_of
from rehearsal.report.graph import Graph
from rehearsal.result import Rehearsed

DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention
METRICS_KEPT = "15 months, in ever coarser steps"


def alert_lives(graph: Graph) -> Iterator[Life]:
    """Every topic, and the metrics where a stack declares alarms."""
    for topic in graph.of_type(t.TOPIC):
        yield _topic(graph, topic)
    holder = next(graph.of_type(DASHBOARD), None) or next(graph.of_type(t.METRIC_ALARM), None)
    if holder is not None:
        yield Life(
            what="Metrics, alarms and their dashboard (figures, nothing of a person)",
            holder=holder,
            place=place_of(graph, holder),
            key=Key(words=AWS_KEY),
            kept=METRICS_KEPT,
            fate=Fate(End.FOR_A_WHILE, "metrics cannot be deleted; they expire by themselves", 455.0),
        )


def _topic(graph: Graph, topic: Rehearsed) -> Life:
    subscriptions = [graph.properties(one) for one in graph.of_type(SUBSCRIPTION)]
    mailed = any(
        str(one.get("protocol")).startswith("email") and graph.find(one.get("topic")) is topic for one in subscriptions
    )
    return Life(
        what="Alarm topic (alarms, and the e-mail addresses of those on call)" if mailed else "Topic",
        holder=topic,
        place=place_of(graph, topic),
        key=key_of(graph.properties(topic), "kmsMasterKeyId", "not encrypted"),
        kept="a message until it is delivered",
        fate=Fate(End.DELETED, "with the stack"),
    )
