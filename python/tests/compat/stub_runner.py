"""A runner for existing Carton that can only pack: it puts the given file in place as `model.pt`.

Existing Carton asks a runner of interface version 1 which folder to store. It starts it as
`stub_runner.py --uds-path PATH` and hands it two stream sockets, of which the first carries requests:
a big-endian u64 length, then bincode (little-endian, u32 tags, u64 lengths before strings).
"""

from __future__ import annotations

import array
import pathlib
import shutil
import socket
import struct
import sys

LOAD, PACK = 0, 1
RESPONSE_ERROR = 4


def receive_socket(connection: socket.socket) -> tuple[int, socket.socket]:
    message, ancillary, _, _ = connection.recvmsg(8, socket.CMSG_SPACE(4))
    descriptors = array.array("i", ancillary[0][2])
    return struct.unpack("<Q", message)[0], socket.socket(fileno=descriptors[0])


def read_exactly(stream: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = stream.recv(length - len(data))
        if not piece:
            sys.exit(0)
        data += piece
    return data


def read_string(data: bytes, offset: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<Q", data, offset)
    end = offset + 8 + length
    return data[offset + 8 : end].decode(), end


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def answer(request: bytes) -> bytes:
    number, tag = struct.unpack_from("<QI", request)
    head = struct.pack("<QB", number, 1)
    if tag != PACK:
        return head + struct.pack("<I", RESPONSE_ERROR) + text("this runner can only pack")
    source, offset = read_string(request, 12 + 8)
    folder, _ = read_string(request, offset)
    shutil.copyfile(source, pathlib.Path(folder, "model.pt"))
    return head + struct.pack("<I", PACK) + text(folder)


def main() -> None:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(sys.argv[sys.argv.index("--uds-path") + 1])
    sockets = dict(receive_socket(connection) for _ in range(2))
    requests = sockets[0]
    while True:
        (length,) = struct.unpack(">Q", read_exactly(requests, 8))
        response = answer(read_exactly(requests, length))
        requests.sendall(struct.pack(">Q", len(response)) + response)


main()
