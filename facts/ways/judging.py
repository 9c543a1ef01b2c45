"""Which actions of AWS somebody is allowed on somebody else's thing, and by which statements."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
        self._reach: Reach = reach(graph)
        statements = [one.statement for grants in self._reach.values() for one in grants.statements]
        named = {one.arn.split(":")[4] for one in graph.of(t.ROLE, t.KEY) if one.arn.count(":") > 4}
        self.accounts = frozenset(named | {graph.account}) - {""}
        self.callers: list[Caller] = callers(graph, self._reach, self.accounts)
        self.things: list[Thing] = things(graph, patterns_of(statements))
        self._tags: Context = {
            key: () for one in statements for key in conditions(one) if key.startswith("aws:resourcetag/")
        }
        self._account = graph.account
        self._on = {thing.holder: _OnThing(self._reach, thing) for thing in self.things}

    def verdicts(self) -> Iterator[Verdict]:
        """Everybody on everything of other parties."""
        for caller in self.callers:
            own = _Own(
                _Statements(caller.identity), _Statements(caller.boundary) if caller.boundary is not None else None
            )
            for thing in self.things:
                # A service takes a role for whoever may pass it, and nobody passes a role of another account.
                # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
                passed = thing.type == t.ROLE and caller.principal.service
                if thing.party != caller.party and not passed:
                    yield self._verdict(caller, thing, own)

    def _verdict(self, caller: Caller, thing: Thing, own: "_Own") -> Verdict:
        on = self._on[thing.holder]
        unproved = caller.unread or on.unread
        if unproved:
            return Verdict(caller=caller, thing=thing, ways=(), unproved=unproved)
        try:
            return Verdict(caller=caller, thing=thing, ways=tuple(self._ways(caller, thing, on, own)))
        except PolicyError as error:
            return Verdict(caller=caller, thing=thing, ways=(), unproved=f"a policy that AWS would not take: {error}")

    def _ways(self, caller: Caller, thing: Thing, on: "_OnThing", own: "_Own") -> Iterator[Way]:
        account = next((arn.split(":")[4] for arn in thing.actions if arn.split(":")[4]), self._account)
        at_home = caller.principal.account == account and caller.principal.has_identity_policies
        for arn, asked in thing.actions.items():
            actions = sorted(on.statements.allowed(asked) | (own.identity.allowed(asked) if at_home else frozenset()))
            context = self._context(caller, thing, arn, account) if actions else {}
            decided: dict[object, Decision] = {}  # an action counts only by which statements speak of it
            for action in actions:
                spoken = own.spoken_of(action), on.statements.which(action), action.startswith("sts:")
                decision = decided.get(spoken)
                if decision is None:
                    request = Request(
                        principal=caller.principal,
                        action=action,
                        resource=arn,
                        resource_account=account,
                        context=context,
                        unknown=_UNKNOWN,
                    )
                    decision = decided[spoken] = decide(request, _policies(thing, action, own, on), Undecided.GRANTS)
                if decision.allowed:
                    yield Way(action=action, arn=arn, why=decision.reason)

    def _context(self, caller: Caller, thing: Thing, arn: str, account: str) -> Context:
        principal, region = caller.principal, arn.split(":")[3]
        tags: Context = {f"aws:resourcetag/{key.lower()}": (value,) for key, value in thing.tags.items()}
        who: Context = {
            "aws:principalarn": (principal.role_arn or principal.arn,),
            "aws:principalaccount": (principal.account,),
            "kms:calleraccount": (principal.account,),
            "aws:sourceowner": (principal.account,),
        }
        return {
            **self._tags,
            **tags,
            **(who if principal.has_identity_policies else {}),
            **({"aws:requestedregion": (region,)} if region else {}),
            "aws:principalisawsservice": (str(bool(principal.service)).lower(),),
            "aws:resourceaccount": (account,),
            "aws:securetransport": ("true",),
            **caller.context,
        }


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


@dataclass(frozen=True, slots=True)
class _Own:
    """The policies of somebody."""

    identity: _Statements
    boundary: _Statements | None

    def spoken_of(self, action: str) -> object:
        """Which of them speak of an action."""
        return self.identity.which(action), self.boundary.which(action) if self.boundary is not None else None


class _OnThing:
    """The policies that hang on a thing."""

    def __init__(self, found: Reach, thing: Thing) -> None:
        grants = [found.get((thing.holder, "trust" if thing.type == t.ROLE else "resource"))]
        self.statements = _Statements([one for each in grants for one in held(each)])
        self.unread = unread(grants)


def _policies(thing: Thing, action: str, own: _Own, on: _OnThing) -> Policies:
    """What has a say on an action. A role's trust has one on who takes it, and on nothing else that is done to it."""
    identity = own.identity.on(action)
    boundary = own.boundary.on(action) if own.boundary is not None else None
    if thing.type == t.ROLE and not action.startswith("sts:"):
        return Policies(identity=identity, boundary=boundary)
    decides = thing.type in _DECIDED_BY_RESOURCE
    return Policies(identity=identity, boundary=boundary, resource=on.statements.on(action), resource_decides=decides)


def explained(ways: Iterable[Way]) -> str:
    """What is open in one line: the actions, and what allows the first of them."""
    found = list(ways)
    actions = list(dict.fromkeys(one.action for one in found))
    more = f" and {len(actions) - 3} more" if len(actions) > 3 else ""
    return f"{', '.join(actions[:3])}{more} on {found[0].arn}: {found[0].why}"
