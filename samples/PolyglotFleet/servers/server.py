"""A server that does not know what runs it: it listens on PORT and answers /health. Standard library only."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ["PORT"])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        # PID and port are optional. If the answer has them, they are compared with those of the process that was started.
        if self.path == "/health":
            self.answer(200, "application/json", json.dumps({"status": "ok", "pid": os.getpid(), "port": PORT}))
        elif self.path == "/":
            self.answer(200, "text/plain; charset=utf-8", "hello from Python\n")
        else:
            self.answer(404, "text/plain; charset=utf-8", "nothing here\n")

    def answer(self, status, content_type, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass  # A health request arrives every second and must not fill the log.


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ThreadingHTTPServer(("127.0.0.1", PORT), Handler) as server:
        print(f"python server: PID {os.getpid()} on port {PORT}", flush=True)
        server.serve_forever()
