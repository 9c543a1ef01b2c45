"""A reason that a person gives and that is kept: an empty one is none."""

from typing import Any

import click


class Reason(click.ParamType[str]):
    """Text that says something."""

    name = "reason"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Without blanks around it. Fails where nothing is left."""
        reason = str(value).strip()
        if not reason:
            self.fail("it is empty: say why, it is kept", param, ctx)
        return reason


REASON = Reason()
