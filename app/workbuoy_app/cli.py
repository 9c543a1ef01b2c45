"""The command `workbuoy-app`. Exit 1 with clear lines for a mistake, 2 for usage."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from datetime import datetime
from importlib import import_module
from pathlib import Path
from uuid import UUID

from workbuoy_app import __version__
from workbuoy_app.one_off import MOVES


def main(arguments: list[str] | None = None) -> int:
    """Run one command and give back its exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    one_off = words[:1] in (["one-off"], ["drill"])
    # The first process of a container ignores a SIGTERM that it has no handler for. One-off work may: it has the
    # seconds until ECS kills it to end, where half a cut-over would leave a customer frozen.
    if os.getpid() == 1 and not one_off:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))
    if one_off:
        from workbuoy_app.one_off import NotNamed, named  # for people on duty alone

        try:
            words = named(words[1:], os.environ, words[0])
        except NotNamed as error:
            print(f"workbuoy-app: {error}", file=sys.stderr)
            return 2
    options = _parser().parse_args(words)
    if options.command == "health":
        from workbuoy_app.health import healthy  # a health check loads nothing else

        return 0 if healthy() else 1
    if options.command == "rotate":
        return _rotate()
    return _with_settings(options)


def _rotate() -> int:
    """Lambda's runtime client around the rotation handler; it serves invocations until Lambda ends it."""
    if not os.environ.get("AWS_LAMBDA_RUNTIME_API"):
        print("workbuoy-app: rotate runs inside Lambda: AWS_LAMBDA_RUNTIME_API is not set", file=sys.stderr)
        return 1
    # The client then waits in a thread, so that this one hears SIGTERM.
    os.environ.setdefault("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    # By name, because there is none outside Linux.
    import_module("awslambdaric.__main__").main(["rotate", "workbuoy_app.rotation.handler"])
    return 0


def _with_settings(options: argparse.Namespace) -> int:
    from workbuoy_app.logs import configure  # each command loads what it needs
    from workbuoy_app.settings import SettingsError, load, read_env_files

    try:
        environment = read_env_files(options.env_file, os.environ)
        settings = load(environment)
    except SettingsError as error:
        for problem in error.problems:
            print(f"workbuoy-app: {problem}", file=sys.stderr)
        return 1
    # OpenTelemetry's SDK reads the environment by itself.
    os.environ.update({name: value for name, value in environment.items() if name.startswith("OTEL_")})
    configure(settings.log_level)
    if options.command == "serve":
        from workbuoy_app.serve import serve

        return serve(settings)
    from workbuoy_app import owner_commands

    return owner_commands.run(settings, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="workbuoy-app", description="Workbuoy's service.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "--env-file",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="read settings from a file too; the environment wins, a later file overrides an earlier one",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="serve until SIGTERM")
    commands.add_parser("migrate", help="bring roles, schema and grants to this release's state")
    commands.add_parser("health", help="ask this container's /healthz; exit 1 where it does not answer")
    commands.add_parser("rotate", help="serve the rotation of the database login inside Lambda")
    commands.add_parser(
        "one-off", help="JSON COMMAND: a command that people on duty may run, under these settings"
    )
    commands.add_parser("drill", help="JSON COMMAND: one that touches a restored copy alone, for a schedule")
    tenant = commands.add_parser("tenant", help="the register of tenants").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    tenant.add_parser("add", help="make a tenant; prints its id").add_argument("name")
    _add_promotion(tenant)
    _add_handover(tenant)
    _add_move(tenant)
    _add_restore(commands)
    commands.add_parser(
        "removals", help="list the deleted objects that are still in the bucket, the oldest first"
    )
    member = commands.add_parser("member", help="who may log in").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    add = member.add_parser("add", help="let an identity log in to a tenant; prints the member's id")
    add.add_argument("--tenant", required=True)
    add.add_argument(
        "--role",
        choices=("admin", "editor", "reader"),
        help="editor, unless it is named; of a member already there, the new role",
    )
    remove = member.add_parser("remove", help="end an identity's membership and its sessions")
    for command in (add, remove):
        command.add_argument("--issuer", required=True, help="the provider's OIDC_ISSUER")
        command.add_argument("--subject", required=True, help="the `sub` that the provider gives this person")
    _add_person(commands)
    return parser


def _add_person(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What is owed to one person of a tenant, told by the member's id."""
    person = commands.add_parser("person", help="one person's data in one tenant").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    export = person.add_parser("export", help="write what is theirs into EXPORTS_BUCKET, as open archives")
    erase = person.add_parser("erase", help="end the membership for good; what they wrote stays the tenant's")
    for command in (export, erase):
        command.add_argument("name")
        command.add_argument("--member", required=True, type=UUID, metavar="ID", help="the member's id")
    erase.add_argument("--yes-erase", required=True, type=UUID, metavar="ID", help="the id once more")


def _add_promotion(tenant: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """A tenant's way into a database and bucket of its own, in the order of the commands."""
    place = "s3://BUCKET/imports/NAME/"
    tenant.add_parser("freeze", help="refuse a tenant's writes; reading goes on").add_argument("name")
    export = tenant.add_parser("export", help="copy a frozen tenant's rows and objects into another bucket")
    export.add_argument("name")
    export.add_argument("--to", required=True, metavar=place)
    export.add_argument(
        "--to-region", metavar="REGION", help="that bucket's region, where it is not S3_REGION"
    )
    tenant.add_parser(
        "opened", help="say that the other place serves an exported tenant: nobody waits for it here"
    ).add_argument("name")
    imported = tenant.add_parser("import", help="make a tenant from an export in this service's own bucket")
    imported.add_argument("--from", required=True, dest="source", metavar=place)
    thaw = tenant.add_parser("thaw", help="take a tenant's writes again")
    thaw.add_argument("name")
    thaw.add_argument(
        "--withdraw", help="mark an export as unfinished first, so that nobody imports it", metavar=place
    )
    thaw.add_argument("--to-region", metavar="REGION", help="that bucket's region, where it is not S3_REGION")
    remove = tenant.add_parser("remove", help="delete a frozen tenant that was imported elsewhere")
    remove.add_argument("name")
    remove.add_argument("--yes-remove", required=True, metavar="NAME", help="the name once more")
    remove.add_argument("--receipt", required=True, metavar="DIGEST", help="`digest` of the import's receipt")
    clear = tenant.add_parser("clear-import", help="delete an imported export, its receipt excepted")
    clear.add_argument("--from", required=True, dest="source", metavar=place)


def _add_handover(tenant: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """A tenant's data as whoever gets them can read them, and whether anything of a tenant is left."""
    hand_over = tenant.add_parser(
        "hand-over", help="write rows and files into EXPORTS_BUCKET, as open archives"
    )
    hand_over.add_argument("name")
    counting = tenant.add_parser("count", help="count what database and bucket hold of a tenant")
    counting.add_argument("name")
    counting.add_argument(
        "--id", dest="tenant_id", type=UUID, help="of one that was removed; its name is gone"
    )


def _add_move(tenant: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """A tenant's way to another database and bucket while it serves, and back."""
    for action, does in MOVES.items():
        command = tenant.add_parser(action, help=does)
        command.add_argument("name")
        command.add_argument(
            "--other",
            required=True,
            metavar="s3://BUCKET/imports/NAME/",
            help="the place of the other service's bucket",
        )
        command.add_argument(
            "--other-region", metavar="REGION", help="that bucket's region, where it is not S3_REGION"
        )
        if action == "receive":
            wait = "seconds to wait for the hand-over; without it what has come is applied, and no more"
            command.add_argument("--wait", type=float, default=0.0, help=wait)
        if action == "cut-over":
            within = "seconds in which the other place must answer, else the tenant is served here again"
            command.add_argument("--within", type=float, default=60.0, help=within)
            call = "seconds in which somebody must receive there; the tenant is served meanwhile"
            command.add_argument("--call-within", type=float, default=600.0, help=call)


def _add_restore(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Out of a copy of the database at a moment, which stands beside it: RESTORED_DATABASE_URL."""
    restore = commands.add_parser("restore", help="bring back what a restored copy holds").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    restore.add_parser("prepare", help="apply the erasure ledger and this release's schema to the copy")
    restore.add_parser(
        "check", help="add up the copy, look for its files, ask whether the service is ready on it"
    )
    files = restore.add_parser(
        "files", help="bring back every tenant's files as the copy's rows name them; nothing is deleted"
    )
    files.add_argument(
        "--switched",
        type=_moment,
        metavar="TIME",
        help="as the rows of the database name them that serves since then; what no row names gets a delete marker",
    )
    tenant = restore.add_parser("tenant", help="bring one tenant's rows and files back")
    undo = restore.add_parser("undo", help="go back to what stood before the last restore of a tenant")
    for command in (tenant, undo):
        command.add_argument("name")
        command.add_argument(
            "--at", required=True, type=_moment, metavar="TIME", help="the copy's moment, as 20261126T093000Z"
        )
    tenant.add_argument(
        "--again", action="store_true", help="once more, where it has been brought back already"
    )


def _moment(text: str) -> str:
    """A time in UTC, in the form that names a run."""
    datetime.strptime(text, "%Y%m%dT%H%M%SZ")
    return text


if __name__ == "__main__":
    sys.exit(main())
