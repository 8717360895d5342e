"""What the server sees to before its first visitor."""

from __future__ import annotations

import socket

import pytest

from siuo_dash.server.application import send_at_once


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_answers_are_sent_without_waiting_for_a_receipt(family: socket.AddressFamily) -> None:
    """The listening sockets of Streamlit and uvicorn name no protocol; asyncio leaves such connections as they are."""
    with socket.socket(family) as listening:
        try:
            listening.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listening.listen()
        send_at_once()
        with socket.create_connection(listening.getsockname()[:2]), listening.accept()[0] as connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
