"""What is tried where the stack exports spans: that a request's arrive, by the end of the service at the latest."""

import secrets

from rehearsal.service.browser import fetch
from rehearsal.service.span_receiver import SpanReceiver
from rehearsal.service.trial import StepError, Trial


def ask_sampled(trial: Trial) -> str:
    """A request whose caller samples it: the stack's own share might leave it out."""
    receiver = _receiver(trial)
    receiver.trace_id = secrets.token_hex(16)
    traceparent = f"00-{receiver.trace_id}-{secrets.token_hex(8)}-01"
    cookie = "; ".join(f"{name}={value}" for name, value in trial.member.cookies.items())
    answer = fetch(f"{trial.member.target}/api/things", traceparent=traceparent, Cookie=cookie)
    if answer.status != 200:
        raise StepError(f"/api/things answered {answer.status} to a request that bears a trace")
    return f"trace {receiver.trace_id}"


def find_spans(trial: Trial) -> str:
    """After the service has ended, which sends what is left: the request's trace is there, and no tenant's name.

    OTLP holds a trace's id as its sixteen bytes: https://opentelemetry.io/docs/specs/otlp/
    """
    receiver = _receiver(trial)
    sent = b"".join(receiver.bodies)
    if bytes.fromhex(receiver.trace_id) not in sent:
        raise StepError(f"of the request's trace {receiver.trace_id} nothing came to the receiver of spans")
    named = [tenant for tenant, _ in trial.members if tenant.encode() in sent]
    if named:
        raise StepError(f"what was exported holds {', '.join(named)}")
    return f"{len(receiver.bodies)} exports, {len(sent) / 1000:.1f} kB"


def _receiver(trial: Trial) -> SpanReceiver:
    assert trial.spans is not None  # noqa: S101  these steps are taken where the stack exports spans
    return trial.spans
