# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server that writes down what arrives, one line of JSON for each request, and servers that are out of order.

    receiver FILE

The first part of the path decides about the answer: /ok, /flaky (500 twice for each path, then 200), /slow (after a
while), /endless (begins, and never ends), /moved (301 to /ok), /denied (403), /broken (always 500). One port further it
takes connections and never answers; two ports further nothing listens; three ports further it does not even take
connections.
"""

import contextlib
import http.server
import json
import socket
import sys
import threading
import time
from pathlib import Path

PORT = 18080
SILENT, CLOSED, FULL = PORT + 1, PORT + 2, PORT + 3
SLOW_SECONDS = 3
ANSWERS = {"moved": 301, "denied": 403, "broken": 500}
RECORD = Path(sys.argv[1])
writing = threading.Lock()
asked = {}


class Handler(http.server.BaseHTTPRequestHandler):
    """Writes down and answers."""

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        kind = self.path.split("/")[1]
        with writing, RECORD.open("a") as stream:
            asked[self.path] = asked.get(self.path, 0) + 1
            status = ANSWERS.get(kind, 500 if kind == "flaky" and asked[self.path] < 3 else 200)
            found = {"at": time.time(), "method": self.command, "path": self.path, "body": body, "status": status}
            print(json.dumps({**found, "headers": dict(self.headers)}), file=stream)
        if kind == "slow":
            time.sleep(SLOW_SECONDS)
        if kind == "endless":
            # A status, and then a header that does not come to its end.
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
            # Until the client goes away.
            self.rfile.read(1)
            return
        self.send_response(status)
        if status == 301:
            self.send_header("Location", f"http://127.0.0.1:{PORT}/ok/moved-here?token=n33dle-location")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = handle_any  # noqa: N815

    def log_message(self, *_args):
        """Nothing: what counts is in the record."""


def main():
    silent = socket.create_server(("127.0.0.1", SILENT), backlog=100)
    full = socket.create_server(("127.0.0.1", FULL), backlog=0)
    waiting = []
    # The kernel drops further connections as soon as nobody takes those that wait.
    for _number in range(3):
        client = socket.socket()
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            client.connect(("127.0.0.1", FULL))
        waiting.append(client)
    http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
    return silent, full, waiting


main()
