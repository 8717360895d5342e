"""What passes between this program and a process that reads files: frames of bytes, and results that can only be data.

A result is a pickle that may name nothing but our own dataclasses and plain values, so loading it runs no other code.
"""

from __future__ import annotations

import dataclasses
import importlib
import io
import pickle
import socket
import struct
from typing import Any, Final

import pandas as pd

_HEAD: Final = struct.Struct("!cQ")
_CHUNK: Final = 1 << 20
_ROOMS: Final = ("siuo_dash.benchmark.", "siuo_dash.ingest.", "siuo_dash.errors")
_PLAIN: Final = {
    "builtins": {"set", "frozenset", "bytearray", "complex"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
}


class Ended(EOFError):
    """The other side closed the connection before a whole frame was there."""


def send(connection: socket.socket, kind: bytes, *parts: bytes) -> None:
    """Send a frame of this kind, one byte, made of these parts."""
    connection.sendall(_HEAD.pack(kind, sum(map(len, parts))))
    for part in parts:
        connection.sendall(part)


def receive(connection: socket.socket, most: int) -> tuple[bytes, bytes]:
    """The kind and the content of the next frame; raises Ended, and ValueError for one of more than `most` bytes."""
    kind, length = _HEAD.unpack(_exactly(connection, _HEAD.size))
    if length > most:
        raise ValueError(f"a frame of {length:,} bytes")
    return kind, _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    content = bytearray(count)
    left = memoryview(content)
    while left:
        got = connection.recv_into(left[:_CHUNK])
        if not got:
            raise Ended
        left = left[got:]
    return bytes(content)


def dumps(value: object) -> bytes:
    """A result as data; of a frame of pandas, its columns and cells."""
    out = io.BytesIO()
    _Pickler(out, pickle.HIGHEST_PROTOCOL).dump(value)
    return out.getvalue()


def loads(data: bytes) -> Any:
    """What `dumps` was given; raises pickle.UnpicklingError where it is anything but data."""
    return _Unpickler(io.BytesIO(data)).load()


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: object) -> Any:
        if isinstance(value, pd.DataFrame):
            return _frame, (list(value.columns), value.to_numpy(dtype=object).tolist())
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, _frame.__name__):
            return _frame
        if name in _PLAIN.get(module, ()):
            return getattr(importlib.import_module(module), name)
        if module.startswith(_ROOMS) and "." not in name:
            found = getattr(importlib.import_module(module), name, None)
            if isinstance(found, type) and dataclasses.is_dataclass(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not data")


def _frame(columns: list[str], rows: list[list[object]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns)
