"""The worker: takes orders out of Redis. It speaks no HTTP; its port answers each connection with one line, and nothing is read from it."""

import os
import socketserver
import threading
import time

import redis

PORT, REDIS_PORT = int(os.environ["PORT"]), int(os.environ["REDIS_PORT"])


class Status(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"working\n")


redis.ask(REDIS_PORT, "PING")
server = socketserver.ThreadingTCPServer(("127.0.0.1", PORT), Status)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"ready, orders come from port {REDIS_PORT}", flush=True)
while True:
    try:
        if redis.ask(REDIS_PORT, "LPOP", "orders") is None:
            time.sleep(0.2)
        else:
            print("an order is done", redis.ask(REDIS_PORT, "INCR", "done"), flush=True)
    except OSError as problem:
        print("no Redis:", problem, flush=True)
        time.sleep(1)
