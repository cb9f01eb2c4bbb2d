"""A few words of the protocol of Redis: one command and its answer."""

import socket


def ask(port, *words):
    """Sends a command and returns the answer: text, a number or None."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        command = f"*{len(words)}\r\n" + "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
        connection.sendall(command.encode())
        answer = connection.makefile("rb")
        line = answer.readline().decode().rstrip()
        if line.startswith("-"):
            raise OSError(line[1:])
        if line.startswith("$"):
            length = int(line[1:])
            return None if length < 0 else answer.read(length).decode()
        return int(line[1:]) if line.startswith(":") else line[1:]
