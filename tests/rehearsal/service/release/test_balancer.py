"""Requests go to targets in turn; a drained one gets none, and is waited for."""

import threading

from rehearsal.service.release.balancer import Balancer


def asked(balancer: Balancer, times: int) -> list[int]:
    found = []
    for _ in range(times):
        with balancer.target() as port:
            found.append(port)
    return found


def test_targets_are_asked_in_turn() -> None:
    balancer = Balancer()
    balancer.register(1)
    balancer.register(2)
    assert sorted(asked(balancer, 4)) == [1, 1, 2, 2]


def test_a_drained_target_gets_no_new_request_and_is_waited_for() -> None:
    balancer = Balancer()
    balancer.register(1)
    balancer.register(2)
    entered, leave, drained = threading.Event(), threading.Event(), threading.Event()

    def on_its_way() -> None:
        while True:
            with balancer.target() as port:
                if port == 1:
                    entered.set()
                    leave.wait()
                    return

    def drain() -> None:
        assert balancer.drain(1)
        drained.set()

    request = threading.Thread(target=on_its_way)
    request.start()
    entered.wait()
    draining = threading.Thread(target=drain)
    draining.start()
    while asked(balancer, 1) == [1]:
        pass
    assert asked(balancer, 3) == [2, 2, 2]
    assert not drained.is_set()
    leave.set()
    draining.join()
    request.join()
    assert drained.is_set()
