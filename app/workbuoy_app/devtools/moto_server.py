"""moto as its own command runs it, `python -m workbuoy_app.devtools.moto_server -H HOST -p PORT`, in less CPU."""

from __future__ import annotations


def main() -> None:
    """Run until SIGTERM."""
    import logging

    from moto import backends, server

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request is a twentieth of it
    # For each request it looks twice into its own folder for the services that it has.
    known = tuple(backends.list_of_moto_modules())
    setattr(backends, "list_of_moto_modules", lambda: known)  # noqa: B010 - mypy refuses the plain form
    server.main()


if __name__ == "__main__":
    main()
