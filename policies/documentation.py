"""The page docs/controls.md, made from the catalogue; `make generate` writes it."""

from collections.abc import Iterator

from policies.catalogue import SEVERITIES, Control, catalogue
from policies.exemptions import exemptions

HEAD = """# Controls

<!-- Made by `make generate` from policies/catalogue/; change it there. -->

What must hold for every stack. A mandatory control stops a change to staging and prod; in dev and local its finding
is shown and stops nothing, and an advisory control stops nothing anywhere. Run them with
`pulumi preview --policy-pack policies`, or see them in a rehearsal. Ids are those of AWS Security Hub (RDS.3), CIS AWS
Foundations 5.0.0 (v6 renumbers) and Checkov (CKV); WB.n is this project's own. A `*` after an id: not verified.

A value that is not known yet at preview is neither pass nor fail: the control is listed as not evaluated, and judges
when the value is known. Settings go into the file of `--policy-pack-config`, by control:
`{"database-keep-backups": {"minimumDays": 14}}`.
"""


def page() -> str:
    return "\n".join([HEAD, *_services(), *_exemptions()])


def _services() -> Iterator[str]:
    services = dict.fromkeys(control.service for control in catalogue().values())
    for service in services:
        yield f"## {service.capitalize()}\n"
        yield "| Control | Ids | Severity | Level | What holds, and what it protects | Fix |"
        yield "|---|---|---|---|---|---|"
        controls = [control for control in catalogue().values() if control.service == service]
        for control in sorted(controls, key=_importance):
            yield _row(control)
        yield ""
        yield from _settings(controls)


def _importance(control: Control) -> tuple[bool, int]:
    return control.level == "advisory", SEVERITIES.index(control.severity)


def _row(control: Control) -> str:
    by = {"policy": "", "guard": " (by `workbuoy review`)", "rehearsal": " (by the rehearsal)"}[control.by]
    cells = (
        f"`{control.name}`{by}",
        ", ".join(control.ids),
        control.severity,
        control.level,
        f"{control.title}. Protects {control.protects}.",
        control.fix,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _settings(controls: list[Control]) -> Iterator[str]:
    lines = [
        f"- `{control.name}.{name}`: {setting.description} (default {_shown(setting.default)})"
        for control in controls
        for name, setting in control.settings.items()
    ]
    if lines:
        yield "Settings:\n"
        yield from lines
        yield ""


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def _exemptions() -> Iterator[str]:
    yield "## Exemptions\n"
    for control, entries in exemptions().items():
        for entry in entries:
            yield f"- `{control}` for `{entry.urn}`: {entry.reason} Until {entry.until}."
    yield ""
