"""The API: POST /orders puts an order into Redis, GET /orders says how many wait and how many are done."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis

PORT, REDIS_PORT = int(os.environ["PORT"]), int(os.environ["REDIS_PORT"])


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer({"pid": os.getpid(), "port": PORT})
        else:
            self.answer({"waiting": redis.ask(REDIS_PORT, "LLEN", "orders"), "done": int(redis.ask(REDIS_PORT, "GET", "done") or 0)})

    def do_POST(self):
        self.answer({"waiting": redis.ask(REDIS_PORT, "RPUSH", "orders", "order")})

    def answer(self, content):
        body = json.dumps(content).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


# Like many servers, this one ends when its database is not there at the start.
redis.ask(REDIS_PORT, "PING")
ThreadingHTTPServer(("127.0.0.1", PORT), Api).serve_forever()
