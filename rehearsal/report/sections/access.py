"""Who may do what: a matrix of roles and resources, each role's statements, and resources' own policies."""

import re
from collections.abc import Sequence

from project.terminal import count
from rehearsal.report.access import Guarded, Identity, Permission, guarded, identities
from rehearsal.report.access.wildcards import EVERYTHING
from rehearsal.report.markup import Child, Html, code, el, join
from rehearsal.report.present import Column, Section, chip, items, table
from rehearsal.report.view import View

_STATEMENT = (Column("Statement"), Column("Actions", "mono"), Column("On"), Column("Only when"))


def access(view: View) -> Section | None:
    """Roles and resource policies; None in a stack without either."""
    who, things = identities(view.graph), guarded(view.graph)
    if not who and not things:
        return None
    permissions = [one for identity in who for one in identity.permissions]
    permissions += [one for thing in things for one in thing.permissions]
    wild = sum(not one.reason for permission in permissions for one in permission.wildcards)
    body = join(
        el(
            "p",
            "Read from the policy documents that the program declares. A rehearsal does not enforce them. "
            "A wildcard is marked; where AWS leaves no choice, the reason stands beside it.",
        ),
        _matrix(view, [one for one in who if one.attached]),
        el("h3", "Roles, statement by statement") if who else None,
        [_identity(view, one) for one in who],
        el("h3", "Policies of the resources themselves") if things else None,
        [_guarded(view, one) for one in things],
    )
    return Section("access", "Who may do what", body, badge=str(wild or ""), tone="warn")


# ---- the matrix


def _matrix(view: View, who: Sequence[Identity]) -> Html | None:
    cells: dict[str, dict[int, list[str]]] = {}
    shown: dict[str, Html] = {}
    for column, identity in enumerate(who):
        for permission in identity.permissions:
            for resource in permission.resources:
                key, shown_as = _thing(view, resource)
                shown[key] = shown_as
                actions = cells.setdefault(key, {}).setdefault(column, [])
                prefix = "not " if permission.effect == "Deny" else ""
                actions += [prefix + name for one in permission.actions if prefix + (name := _bare(one)) not in actions]
    if not cells:
        return None
    reasons = {one.reason for i in who for p in i.permissions for one in p.wildcards if one.what == EVERYTHING}
    if "*" in shown and reasons:
        why = "; ".join(sorted(reason or "no reason is known" for reason in reasons))
        shown["*"] = join(chip(EVERYTHING, "warn"), el("span", why, class_="about"))
    rows: list[list[Child]] = [
        [shown[key], *(_verbs(row.get(column, ())) for column in range(len(who)))] for key, row in cells.items()
    ]
    columns = [Column("Resource"), *(Column(one.holder.name.removesuffix("-role")) for one in who)]
    return table("Each role, each resource, and the actions it may take there", columns, rows, class_="matrix cards")


def _verbs(actions: Sequence[str]) -> Html:
    """Actions below each other, breakable before each word of their names."""
    return join([el("code", [[Html("<wbr>"), part] for part in _WORD.findall(one)]) for one in actions])


_WORD = re.compile(r"[A-Z]?[^A-Z]+|[A-Z]+")


def _bare(action: str) -> str:
    service, colon, name = action.partition(":")
    return name if colon and service != "*" else action


def _thing(view: View, arn: str) -> tuple[str, Html]:
    """What an ARN in a policy names, as a key and as it is shown."""
    found, rest = view.graph.find_within(arn)
    if found is not None:
        part = rest if rest not in (":*", "/*", ":log-stream:*") else ""
        return f"{found.urn} {part}", join(view.link(found), f" {part}" if part else None)
    if arn == "*":
        return arn, chip(EVERYTHING, "warn")
    arn = arn.removesuffix(":*") if ":log-group:" in arn else arn
    parts = arn.split(":", 5)
    return arn, join(f"{parts[2]} ", code(parts[5])) if len(parts) == 6 else code(arn)


# ---- role by role


def _identity(view: View, identity: Identity) -> Html:
    holder = identity.holder
    description = holder.inputs.get("description")
    who = [_trust(one) for one in identity.trust]
    return el(
        "details",
        el(
            "summary",
            code(holder.name),
            el("span", str(description), class_="type") if description else None,
            el("span", count(len(identity.permissions), "statement"), class_="amount"),
        ),
        el(
            "dl",
            el("div", el("dt", "Who may take it"), el("dd", items(who) if who else "nobody in this stack: a policy")),
            _boundary(view, identity),
            el("div", el("dt", "Managed policies"), el("dd", items([code(one) for one in identity.managed])))
            if identity.managed
            else None,
            class_="facts",
        ),
        _statements(view, f"What {holder.name} may do", identity.permissions),
        class_="resource",
    )


def _trust(permission: Permission) -> Html:
    return join(
        chip("refused", "bad") if permission.effect == "Deny" else None,
        chip("anyone", "bad") if permission.anyone else ", ".join(permission.who),
        f", only when {'; '.join(permission.conditions)}" if permission.conditions else ", without a condition",
    )


def _boundary(view: View, identity: Identity) -> Html | None:
    if not identity.attached:
        return None
    shown = view.named(identity.boundary) if identity.boundary else "none"
    return el("div", el("dt", "Permissions boundary"), el("dd", shown))


def _statements(view: View, caption: str, permissions: Sequence[Permission]) -> Html:
    rows: list[list[Child]] = [
        [
            join(_effect(one), el("span", one.sid or "without a Sid", class_="sid")),
            items(one.actions),
            join(items([_thing(view, arn)[1] for arn in one.resources]) if one.resources else "itself", _wild(one)),
            items(one.conditions) if one.conditions else el("span", "always", class_="quiet"),
        ]
        for one in permissions
    ]
    return table(caption, _STATEMENT, rows, class_="cards")


def _effect(permission: Permission) -> Html | None:
    return chip("Deny", "deny") if permission.effect == "Deny" else None


def _wild(permission: Permission) -> Html | None:
    """Each wildcard with its reason; one without a known reason stands out."""
    found = [
        el("li", chip(one.what, "" if one.reason else "warn"), " ", one.reason or "no reason is known")
        for one in permission.wildcards
    ]
    return el("ul", found, class_="plain wild") if found else None


# ---- resource by resource


def _guarded(view: View, guarded_: Guarded) -> Html:
    denies = sum(one.effect == "Deny" for one in guarded_.permissions)
    rows: list[list[Child]] = [
        [
            join(_effect(one), el("span", one.sid or "without a Sid", class_="sid")),
            join("refuses " if one.effect == "Deny" else None, _principals(view, one)),
            items(one.actions),
            join(items(one.conditions) if one.conditions else el("span", "always", class_="quiet"), _wild(one)),
        ]
        for one in guarded_.permissions
    ]
    columns = (Column("Statement"), Column("Who"), Column("Actions", "mono"), Column("Only when"))
    holder = guarded_.holder
    return el(
        "details",
        el(
            "summary",
            code(holder.name),
            el("span", holder.type.rsplit(":", 1)[-1], class_="type"),
            chip(count(denies, "refusal"), "deny") if denies else None,
            el("span", count(len(guarded_.permissions), "statement"), class_="amount"),
        ),
        table(f"The policy of {holder.name}", columns, rows, class_="cards"),
        class_="resource",
    )


def _principals(view: View, permission: Permission) -> Html:
    return items(
        [
            chip("anyone", "" if permission.effect == "Deny" or permission.conditions else "warn")
            if who == "anyone"
            else _principal(view, who)
            for who in permission.who
        ]
    )


def _principal(view: View, who: str) -> Html | str:
    found = view.graph.find(who)
    if found is not None:
        return view.link(found)
    return "this account, as far as its own policies allow" if who.endswith(f"{view.rehearsal.account}:root") else who
