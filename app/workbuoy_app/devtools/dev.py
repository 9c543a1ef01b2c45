"""`make dev`: the service with reload and the mock login, on a Postgres that comes and goes with it.

Settings come from the environment, then app/.env, then ../.env, and then from here. The database is always the
embedded one unless DATABASE_URL is exported; S3_BUCKET without S3_ENDPOINT is served by moto on loopback.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from workbuoy_app import registry
from workbuoy_app.api.auth import MOCK_ISSUER
from workbuoy_app.devtools import embedded_postgres, servers
from workbuoy_app.devtools.ports import free_port
from workbuoy_app.migrate import migrate
from workbuoy_app.rights import Role
from workbuoy_app.settings import SettingsError, load, read_env_files

ROOT = Path(__file__).resolve().parents[2]
TENANT, SUBJECT = "dev", "dev"
VITE_PORT = "5173"  # its own default; what a browser keeps of a page goes by it


def main() -> int:
    """Run until Ctrl-C."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        with ExitStack() as stack:
            environment = read_env_files([ROOT.parent / ".env", ROOT / ".env"], os.environ)
            port = environment.get("PORT", "8080")
            _expect_free(port)
            environment = _prepared(environment, stack)
            _interface(environment, port, stack)
            print(f"API             http://localhost:{port}/docs", file=sys.stderr)
            return _serve(environment, port)
    except KeyboardInterrupt:
        return 0
    except (embedded_postgres.NoPostgres, SettingsError, servers.NotStarted) as error:
        print(error, file=sys.stderr)
        return 1


def _stop(number: int, _: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


def _expect_free(port: str) -> None:
    """Before a database is made and an address is shown. Raises NotStarted."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except (OSError, ValueError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise servers.NotStarted(
                f"port {port} cannot be listened on: {why}\nname another one: PORT=8081 make dev"
            ) from None


def _free_or_any(port: str) -> str:
    try:
        _expect_free(port)
    except servers.NotStarted:
        return str(free_port())
    return port


def _interface(environment: dict[str, str], port: str, stack: ExitStack) -> None:
    """Vite in front, which shows a change as it is saved; without Node, what was built last."""
    vite = ROOT / "ui/node_modules/vite/bin/vite.js"
    node = shutil.which("node")
    if node is None or not vite.is_file():
        print(
            f"Web interface   http://localhost:{port}/ as it was last built; Node 20.19 brings reload",
            file=sys.stderr,
        )
        return
    ui_port = _free_or_any(VITE_PORT)
    process = subprocess.Popen(
        [node, str(vite), "--port", ui_port, "--host", "localhost", "--logLevel", "error"],
        cwd=ROOT / "ui",
        env=environment | {"SERVICE": f"http://localhost:{port}"},
        stdin=subprocess.DEVNULL,
    )
    stack.callback(servers.stop, process)
    print(f"Web interface   http://localhost:{ui_port}/", file=sys.stderr)


def _prepared(environment: dict[str, str], stack: ExitStack) -> dict[str, str]:
    environment.setdefault("OIDC_DEV_MOCK", "1")
    if "DATABASE_URL" not in os.environ:
        environment["DATABASE_URL"] = stack.enter_context(embedded_postgres.running()).url()
    own_storage = bool(environment.get("S3_BUCKET")) and not environment.get("S3_ENDPOINT")
    if own_storage:
        environment |= {"S3_ENDPOINT": stack.enter_context(servers.moto()), "S3_FORCE_PATH_STYLE": "true"}
    settings = load(environment)
    if settings.storage and own_storage:
        servers.create_bucket(settings.storage)
    migrate(settings)
    registry.add_tenant(settings, TENANT)
    registry.add_member(settings, TENANT, MOCK_ISSUER, SUBJECT, Role.ADMIN)
    return environment


def _serve(environment: dict[str, str], port: str) -> int:
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "workbuoy_app.devtools.dev:application",
        "--factory",
        "--reload",
    ]
    quiet = ("--no-access-log", "--log-level", "warning")
    server = subprocess.Popen(
        [*command, "--reload-dir", str(ROOT / "workbuoy_app"), "--host", "127.0.0.1", "--port", port, *quiet],
        env=environment,
    )
    try:
        return server.wait()
    finally:
        if server.poll() is None:
            servers.stop(server)


def application() -> object:
    """What uvicorn's reloader loads anew at every change."""
    from workbuoy_app.application import create_app
    from workbuoy_app.logs import configure

    settings = load(os.environ)
    configure(settings.log_level)
    return create_app(settings)


if __name__ == "__main__":
    sys.exit(main())
