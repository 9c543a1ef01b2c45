"""Which actions of AWS somebody is allowed on somebody else's thing, and by which statements."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from facts import tokens as t
from facts.permissions.documents import conditions
from facts.permissions.errors import PolicyError
from facts.permissions.evaluate import Decision, Held, Policies, Request, Undecided, decide
from facts.permissions.patterns import Context
from facts.reach import Reach, reach
from facts.ways.callers import Caller, callers, held, unread
from facts.ways.samples import patterns_of
from facts.ways.things import Thing, things
from graph import Graph

_UNKNOWN: Final = ("*",)  # whoever asks may arrange every key that is not given here
_DECIDED_BY_RESOURCE: Final = (t.KEY, t.REPLICA_KEY, t.ROLE)


@dataclass(frozen=True, kw_only=True)
class Way:
    """An action that is allowed, on which ARN, and why."""

    action: str
    arn: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Somebody on a thing: every way that is open; `unproved` says which policies are not known."""

    caller: Caller
    thing: Thing
    ways: tuple[Way, ...]
    unproved: str = ""


class Rights:
    """Everybody and everything of a graph that holds all stacks of its accounts, and what policies allow between them.

    Endpoints' policies and those of organizations are left out: they only narrow.
    """

    def __init__(self, graph: Graph) -> None:
        found = reach(graph)
        statements = [one.statement for grants in found.values() for one in grants.statements]
        named = {one.arn.split(":")[4] for one in graph.of(t.ROLE, t.KEY) if one.arn.count(":") > 4}
        self.accounts = frozenset(named | {graph.account}) - {""}
        self.callers: list[Caller] = callers(graph, found, self.accounts)
        self.things: list[Thing] = things(graph, patterns_of(statements))
        self._tags = frozenset(
            key for one in statements for key in conditions(one) if key.startswith("aws:resourcetag/")
        )
        self._asked = [(one, _OnThing(found, one, graph.account)) for one in self.things]

    def verdicts(self) -> Iterator[Verdict]:
        """Everybody on everything of other parties."""
        for caller in self.callers:
            own = _Own(caller)
            for thing, on in self._asked:
                # A service takes a role for whoever may pass it, and nobody passes a role of another account.
                # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
                passed = thing.type == t.ROLE and caller.principal.service
                if thing.party != caller.party and not passed:
                    yield self._verdict(caller, thing, own, on)

    def _verdict(self, caller: Caller, thing: Thing, own: "_Own", on: "_OnThing") -> Verdict:
        unproved = caller.unread or on.unread
        if unproved:
            return Verdict(caller=caller, thing=thing, ways=(), unproved=unproved)
        try:
            return Verdict(caller=caller, thing=thing, ways=_ways(own, on, self._tags))
        except PolicyError as error:
            return Verdict(caller=caller, thing=thing, ways=(), unproved=f"a policy that AWS would not take: {error}")


class _Statements:
    """Some statements by the actions that they speak of: each is asked for on many things."""

    def __init__(self, statements: Sequence[Held]) -> None:
        self._statements = statements
        self._which: dict[str, tuple[int, ...]] = {}
        self._allowed: dict[frozenset[str], frozenset[str]] = {}

    def which(self, action: str) -> tuple[int, ...]:
        """The places of those that speak of an action; no other has a say on it."""
        found = self._which.get(action)
        if found is None:
            lower = action.lower()
            places = (place for place, one in enumerate(self._statements) if one.read.covers_action(lower))
            found = self._which[action] = tuple(places)
        return found

    def on(self, action: str) -> tuple[Held, ...]:
        """Those that speak of an action."""
        return tuple(self._statements[place] for place in self.which(action))

    def allowed(self, actions: frozenset[str]) -> frozenset[str]:
        """Which of these actions they allow anywhere: others are not worth a judgement."""
        found = self._allowed.get(actions)
        if found is None:
            may = [one.read for one in self._statements if one.statement.get("Effect") != "Deny"]
            found = self._allowed[actions] = frozenset().union(*(one.covered(actions) for one in may))
        return found


class _Compared:
    """Equal to another of the same text, in which stands everything that a judgement depends on.

    Marks hold no value, so that a text with them says as much as they do.
    """

    def __init__(self, *depends_on: object) -> None:
        self._text = repr(depends_on)
        self._hash = hash(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Compared) and self._text == other._text

    def __hash__(self) -> int:
        return self._hash


class _Own(_Compared):
    """Somebody with their policies."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller.principal, caller.context, caller.identity, caller.boundary)
        self.principal, self.context = caller.principal, caller.context
        self.identity = _Statements(caller.identity)
        self.boundary = _Statements(caller.boundary) if caller.boundary is not None else None

    def spoken_of(self, action: str) -> object:
        """Which of them speak of an action."""
        return self.identity.which(action), self.boundary.which(action) if self.boundary is not None else None


class _OnThing(_Compared):
    """A thing with the policies that hang on it."""

    def __init__(self, found: Reach, thing: Thing, account: str) -> None:
        grants = [found.get((thing.holder, "trust" if thing.type == t.ROLE else "resource"))]
        statements = [one for each in grants for one in held(each)]
        self.account = next((arn.split(":")[4] for arn in thing.actions if arn.split(":")[4]), account)
        super().__init__(thing.type, self.account, thing.tags, list(thing.actions), statements)
        self.type, self.tags, self.actions = thing.type, thing.tags, thing.actions
        self.statements = _Statements(statements)
        self.unread = unread(grants)


@lru_cache(1 << 15)  # of one graph after another, in which little is otherwise
def _ways(own: _Own, on: _OnThing, asked_tags: frozenset[str]) -> tuple[Way, ...]:
    return tuple(_each_way(own, on, asked_tags))


def _each_way(own: _Own, on: _OnThing, asked_tags: frozenset[str]) -> Iterator[Way]:
    at_home = own.principal.account == on.account and own.principal.has_identity_policies
    for arn, asked in on.actions.items():
        actions = sorted(on.statements.allowed(asked) | (own.identity.allowed(asked) if at_home else frozenset()))
        context = _context(own, on, arn, asked_tags) if actions else {}
        decided: dict[object, Decision] = {}  # an action counts only by which statements speak of it
        for action in actions:
            spoken = own.spoken_of(action), on.statements.which(action), action.startswith("sts:")
            decision = decided.get(spoken)
            if decision is None:
                request = Request(
                    principal=own.principal,
                    action=action,
                    resource=arn,
                    resource_account=on.account,
                    context=context,
                    unknown=_UNKNOWN,
                )
                decision = decided[spoken] = decide(request, _policies(action, own, on), Undecided.GRANTS)
            if decision.allowed:
                yield Way(action=action, arn=arn, why=decision.reason)


def _context(own: _Own, on: _OnThing, arn: str, asked_tags: frozenset[str]) -> Context:
    principal, region = own.principal, arn.split(":")[3]
    tags: Context = {f"aws:resourcetag/{key.lower()}": (value,) for key, value in on.tags.items()}
    who: Context = {
        "aws:principalarn": (principal.role_arn or principal.arn,),
        "aws:principalaccount": (principal.account,),
        "kms:calleraccount": (principal.account,),
        "aws:sourceowner": (principal.account,),
    }
    return {
        **dict.fromkeys(asked_tags, ()),
        **tags,
        **(who if principal.has_identity_policies else {}),
        **({"aws:requestedregion": (region,)} if region else {}),
        "aws:principalisawsservice": (str(bool(principal.service)).lower(),),
        "aws:resourceaccount": (on.account,),
        "aws:securetransport": ("true",),
        **own.context,
    }


def _policies(action: str, own: _Own, on: _OnThing) -> Policies:
    """What has a say on an action. A role's trust has one on who takes it, and on nothing else that is done to it."""
    identity = own.identity.on(action)
    boundary = own.boundary.on(action) if own.boundary is not None else None
    if on.type == t.ROLE and not action.startswith("sts:"):
        return Policies(identity=identity, boundary=boundary)
    decides = on.type in _DECIDED_BY_RESOURCE
    return Policies(identity=identity, boundary=boundary, resource=on.statements.on(action), resource_decides=decides)


def explained(ways: Iterable[Way]) -> str:
    """What is open in one line: the actions, and what allows the first of them."""
    found = list(ways)
    actions = list(dict.fromkeys(one.action for one in found))
    more = f" and {len(actions) - 3} more" if len(actions) > 3 else ""
    return f"{', '.join(actions[:3])}{more} on {found[0].arn}: {found[0].why}"
