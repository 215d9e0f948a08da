"""Waits that signals end, and connections that come one after the other."""

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from bridge.runtime._termination import Termination


@pytest.fixture
def termination() -> Iterator[Termination]:
    before = signal.getsignal(signal.SIGTERM)
    termination = Termination()
    yield termination
    termination.close()
    signal.signal(signal.SIGTERM, before)


def test_connections_that_follow_each_other_are_waited_for(termination: Termination) -> None:
    """Each may get the number of the one before, which is closed by then."""
    numbers = set()
    for _ in range(3):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            numbers.add(ours.fileno())
            for data in (b"a", b"b"):
                theirs.sendall(data)
                termination.wait(ours)
                assert ours.recv(10) == data
    assert len(numbers) == 1


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="Windows has no alarm")
def test_a_signal_that_ends_nothing_does_not_end_the_wait(termination: Termination) -> None:
    ours, theirs = socket.socketpair()
    came = []

    def come(number: int, _: object) -> None:
        came.append(number)
        theirs.sendall(b"late")

    before = signal.signal(signal.SIGALRM, come)
    with ours, theirs:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        termination.wait(ours)
        assert (came, ours.recv(10)) == ([signal.SIGALRM], b"late")
    signal.signal(signal.SIGALRM, before)


def _signalled(termination: Termination, ours: socket.socket) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    termination.wait(ours)


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process at SIGTERM by itself")
def test_sigterm_is_system_exit(termination: Termination) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(SystemExit) as raised:
        _signalled(termination, ours)
    assert raised.value.code == 128 + signal.SIGTERM


def test_a_function_that_handles_sigterm_itself_goes_on_doing_so(termination: Termination) -> None:
    own = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    second = Termination()
    second.close()
    assert signal.signal(signal.SIGTERM, own) is signal.SIG_IGN
