"""Loaded by Python before anything else where a test asks for it: notes what a process writes to, connects to and starts."""

import os
import sys

NOTED = {"socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.mkdir", "os.rename", "os.remove"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

file = os.open(os.environ["AUDIT_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def note(event: str, arguments: tuple) -> None:
    if event in NOTED or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES):
        os.write(file, f"{event} {arguments[0]!s}\n".encode())


sys.addaudithook(note)
