"""What the service's tasks hold while they run, and what watches a stack: topics with subscribers, metrics."""

from collections.abc import Iterator
from typing import Final

from facts import tokens as t
from facts.stores.holder import Holder, for_days
from facts.stores.model import AfterDeletion, Content, End, Form, Keeping, Kept, KeyKind, Reason, Store
from graph import Graph, Mark

DASHBOARD: Final = "aws:cloudwatch/dashboard:Dashboard"
SUBSCRIPTION: Final = "aws:sns/topicSubscription:TopicSubscription"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention
METRICS_DAYS: Final = 455.0


def task_stores(graph: Graph) -> Iterator[Store]:
    """A task's memory and temporary disk; Fargate encrypts the latter by itself.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
    """
    after = AfterDeletion(End.DELETED, Reason.WITH_TASKS)
    for service in graph.of(t.SERVICE):
        one = Holder(graph, service)
        yield one.store(Form.TASK_MEMORY, Content.CUSTOMER, KeyKind.AWS, Kept(Keeping.WHILE_RUNNING, 0.0), after)


def alert_stores(graph: Graph) -> Iterator[Store]:
    """Every topic, and the metrics where a stack declares alarms."""
    for topic in graph.of(t.TOPIC):
        one = Holder(graph, topic)
        protocols = [it.inputs.get("protocol") for it in graph.referring(topic, SUBSCRIPTION, "topic")]
        mailed = any(isinstance(protocol, Mark) or str(protocol).startswith("email") for protocol in protocols)
        yield one.store(
            Form.TOPIC,
            Content.STAFF if mailed else Content.FIGURES,
            one.key("kmsMasterKeyId", KeyKind.NOT_ENCRYPTED),
            Kept(Keeping.UNTIL_DELIVERED, 0.0),
            AfterDeletion(End.DELETED, Reason.WITH_STACK),
        )
    holder = next(graph.of(DASHBOARD, t.METRIC_ALARM), None)
    if holder is not None:
        after = AfterDeletion(End.FOR_A_WHILE, Reason.METRICS_EXPIRE, METRICS_DAYS)
        yield Holder(graph, holder).store(Form.METRICS, Content.FIGURES, KeyKind.AWS, for_days(METRICS_DAYS), after)
