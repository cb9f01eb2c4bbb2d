"""A server with worker processes, as nginx and gunicorn have them. Its workers, and a new main process, have an empty environment.

--port N --workers N
--daemonize        go into the background: fork twice, with a session of its own
--leave-session    each worker makes a session of its own
--ignore-term      the workers ignore SIGTERM
--note-term FILE   a worker writes into this file when it gets SIGTERM
--close-lock       the main process closes the lock, and its environment is empty; the workers keep the lock
--pid-file FILE    the main process writes its PID
--silent           listen on nothing
--escape FILE      once it is in a control group of its own, start a child with no session, lock, environment or parent in common; write its PID
SIGTERM            the main process ends at once, and leaves its workers
SIGQUIT            the main process ends its workers, and then itself
SIGUSR2            it starts a new main process on the same socket
"""
import argparse, os, signal, socket, sys, time

options = argparse.ArgumentParser()
options.add_argument("--port", type=int)
options.add_argument("--workers", type=int, default=2)
options.add_argument("--socket", type=int)
for name in ("note-term", "pid-file", "escape"):
    options.add_argument("--" + name)
for name in ("daemonize", "leave-session", "ignore-term", "close-lock", "silent", "worker", "again"):
    options.add_argument("--" + name, action="store_true")
given = options.parse_args()


def again(*more):
    """Executes this program once more, with an empty environment."""
    rest = [a for a in sys.argv[1:] if a not in ("--daemonize", "--again")]
    os.execve(sys.executable, [sys.executable, __file__, *rest, *more], {})


def term(*_):
    if given.note_term:
        with open(given.note_term, "a") as file:
            file.write(f"{os.getpid()}\n")
    if not given.ignore_term:
        os._exit(0)


if given.worker:
    signal.signal(signal.SIGTERM, term)
    if given.leave_session:
        os.setsid()
    if given.silent:
        while True:
            time.sleep(60)
    server = socket.socket(fileno=given.socket)
    while True:
        client, _ = server.accept()
        client.recv(65536)
        body = b'{"pid":%d}' % os.getpid()
        client.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        client.close()

if given.daemonize:
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    again("--again")

if given.close_lock and "MONITOR_INSTANCE_ID" in os.environ:
    again()

server = None
if given.socket is not None:
    server = socket.socket(fileno=given.socket)
elif not given.silent:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", given.port))
    server.listen(64)
if server:
    server.set_inheritable(True)
if given.pid_file:
    with open(given.pid_file, "w") as file:
        file.write(f"{os.getpid()}\n")

if given.escape:
    while "/monitor-daemon-" not in open("/proc/self/cgroup").read():
        time.sleep(0.01)
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        with open(given.escape + ".tmp", "w") as file:
            file.write(f"{os.getpid()}\n")
        os.rename(given.escape + ".tmp", given.escape)
        os.closerange(0, 256)
        os.execve("/bin/sleep", ["sleep", "600"], {})
    os.wait()

workers = []
for _ in range(given.workers):
    child = os.fork()
    if child == 0:
        again("--worker", *(["--socket", str(server.fileno())] if server and given.socket is None else []))
    workers.append(child)
if given.close_lock:
    os.close(3)


def end(*_):
    for worker in workers:
        os.kill(worker, signal.SIGUSR1)
    os._exit(0)


def hand_over(*_):
    if os.fork() == 0:
        again("--again", *(["--socket", str(server.fileno())] if given.socket is None else []))


signal.signal(signal.SIGQUIT, end)
signal.signal(signal.SIGUSR2, hand_over)
while True:
    try:
        os.wait()
    except ChildProcessError:
        time.sleep(0.05)
