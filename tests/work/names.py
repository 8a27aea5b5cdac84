"""Thread and process names chosen to hurt: escape sequences, newlines, invalid UTF-8.

Each thread sets its kernel name by prctl, and its Python name where that can hold it; all then
run for as long as the tracer looks (until SIGTERM or quit).
"""
import ctypes
import threading

import common

PR_SET_NAME = 15
NAMES = [
    b"\x1b]0;PWNED\x07",  # sets the terminal's title
    b"\x1b[31mEVIL\x1b[0m",  # colours
    b"\x1b[2J\x1b[1;1H",  # clears the screen
    b"bad\xff\xfe\x80utf",  # no UTF-8
    b"two\nlines\r\t",
    b'quo"te\\back',
    b"\xc2\x9b31mC1",  # a control character in UTF-8
    b"\xe2\x80\xaebidi",  # right-to-left override
    b"",
]
libc = ctypes.CDLL(None)
tids = {}


def work(name):
    libc.prctl(PR_SET_NAME, name, 0, 0, 0)
    tids[name.hex()] = threading.get_native_id()
    while True:
        libc.usleep(5000)


for raw in NAMES:
    threading.Thread(target=work, args=(raw,), name=raw.decode("utf-8", "surrogateescape"),
                     daemon=True).start()
while len(tids) < len(NAMES):
    libc.usleep(1000)
libc.prctl(PR_SET_NAME, b"\x1b]0;PWNED\x07", 0, 0, 0)
common.ready()
common.go()
common.done(tids=tids, raw=[n.hex() for n in NAMES])
