"""Ports for servers that do not listen yet."""

import json
import socket
import subprocess
import sys

import pytest

from rehearsal.service.ports import free_port, is_free
from rehearsal.service.processes import python_of
from tests.rehearsal.service.test_surroundings import APP, installed

MANY = 60
GIVE_MANY = f"""
import json, sys
from %s import free_port
print(json.dumps([free_port() for _ in range({MANY})]), flush=True)
sys.stdin.read()
"""


@pytest.mark.lengthy
@installed
def test_no_two_processes_get_the_same_port_though_nobody_listens_yet() -> None:
    ours = (sys.executable, "rehearsal.service.ports")
    of_the_service = (python_of(APP), "workbuoy_app.devtools.ports")
    running = [
        subprocess.Popen([python, "-c", GIVE_MANY % module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for python, module in (ours, of_the_service, ours, of_the_service)
    ]
    ports = [port for one in running if one.stdout for port in json.loads(one.stdout.readline())]
    for one in running:
        one.communicate()
    assert len(ports) == len(set(ports)) == len(running) * MANY
    assert all(20_000 <= port < 32_000 for port in ports)


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    port = free_port()
    assert is_free(port)
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
    assert is_free(port)
