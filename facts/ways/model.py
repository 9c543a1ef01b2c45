"""A way from somebody of one party to a thing of another that no policy of IAM decides."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Path:
    """`caller` of `party` on `thing` of `whom`; `open` is None where a value that decides it is not known.

    `by` is what kind of way it is (the network, a host name, a reference), `why` what opens or closes it.
    """

    party: str
    caller: str
    whom: str
    thing: str
    by: str
    open: bool | None
    why: str
