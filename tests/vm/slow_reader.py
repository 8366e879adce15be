# SPDX-License-Identifier: MIT
"""Long downloads, one for each URL named: read a little at a time until told to end. Started inside a node.

Reads commands and answers each with one line, "broken COUNT" and what broke them. "look": each download must get ahead from
here; what has ended or stands still is broken, and starts anew. "finish": each is read to its end and must be whole.
"""

import re
import socket
import sys
import threading
import time

STEP, EVERY = 2048, 0.1  # octets and seconds: 20 kB/s
PATIENCE = 20  # seconds without an octet


class Download(threading.Thread):
    def __init__(self, url, hurry):
        super().__init__(daemon=True)
        found = re.fullmatch(r"http://\[?([^\]/]+?)\]?:(\d+)(/\S*)", url)
        self.url, self.hurry, self.octets, self.error, self.over = url, hurry, 0, None, False
        self.address, self.path = (found[1], int(found[2])), found[3]
        self.start()

    def run(self):
        try:
            self.read_all(self.open())
        except OSError as error:
            self.error = f"{type(error).__name__}: {error}"
        self.over = True

    def open(self):
        family = socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET
        connection = socket.socket(family)
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)  # or the network would be done in a second
        connection.connect(self.address)
        connection.sendall(f"GET {self.path} HTTP/1.0\r\nHost: slow\r\n\r\n".encode())
        return connection

    def read_all(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.take(connection, STEP)
        length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1])
        length += head.index(b"\r\n\r\n") + 4
        if not head.startswith(b"HTTP/1.1 200 "):
            raise OSError(head.split(b"\r\n")[0].decode())
        while self.octets < length:
            self.take(connection, 65536 if self.hurry.is_set() else STEP)
            self.hurry.wait(EVERY)

    def take(self, connection, most):
        octets = connection.recv(most)
        self.octets += len(octets)
        if not octets:
            raise OSError(f"ends after {self.octets} octets")
        return octets


def look(downloads):
    """Those that broke."""
    before = [download.octets for download in downloads]
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(not download.over and download.octets < octets + 2 * STEP
                                              for download, octets in zip(downloads, before)):
        time.sleep(EVERY)
    return [download for download, octets in zip(downloads, before) if download.over or download.octets == octets]


def main(urls):
    hurry = threading.Event()
    downloads = [Download(url, hurry) for url in urls]
    for line in sys.stdin:
        if line.strip() == "look":
            broken = look(downloads)
            downloads = [Download(download.url, hurry) if download in broken else download for download in downloads]
        else:
            hurry.set()
            for download in downloads:
                download.join()
            broken = [download for download in downloads if download.error]
        print("broken", len(broken), *[f"{download.url}: {download.error or 'stands still'};" for download in broken], flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
