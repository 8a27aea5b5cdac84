"""poll, ppoll, select and epoll calls with outcomes known beforehand.

Every way of waiting does the same: NOW polls that find nothing and do not wait, TIMEOUTS waits
that end empty, READY calls that find two events at once, WOKEN waits ended by one event that
another thread sends, and (epoll) one call that fails.  That thread sleeps in C through ctypes,
since time.sleep was a select() call before Python 3.11.
"""
import ctypes
import os
import select
import threading

import common

NOW, TIMEOUTS, READY, WOKEN = 7, 5, 11, 9
TIMEOUT_MS = 20
libc = ctypes.CDLL(None, use_errno=True)
a, b, wake = os.pipe(), os.pipe(), os.pipe()
bell, ring = os.pipe()


class Pollfd(ctypes.Structure):
    _fields_ = [("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short)]


class Timespec(ctypes.Structure):
    _fields_ = [("sec", ctypes.c_long), ("nsec", ctypes.c_long)]


def by_poll(fds, ms):
    p = select.poll()
    for fd in fds:
        p.register(fd, select.POLLIN)
    return len(p.poll(ms))


def by_ppoll(fds, ms):
    array = (Pollfd * len(fds))(*[(fd, select.POLLIN, 0) for fd in fds])
    time = Timespec(ms // 1000, ms % 1000 * 1_000_000)
    return libc.ppoll(array, len(fds), ctypes.byref(time), None)


def by_select(fds, ms):
    return len(select.select(fds, [], [], ms / 1000)[0])


def by_epoll(fds, ms):
    with select.epoll() as e:
        for fd in fds:
            e.register(fd, select.EPOLLIN)
        return len(e.poll(ms / 1000))


def by_epoll_pwait(fds, ms):
    with select.epoll() as e:
        for fd in fds:
            e.register(fd, select.EPOLLIN)
        return libc.epoll_pwait(e.fileno(), ctypes.create_string_buffer(12 * 8), 8, ms, None)


def ringer():
    """Every byte on the bell asks for one byte on `wake`, 10 ms later."""
    while os.read(bell, 1):
        libc.usleep(10_000)
        os.write(wake[1], b".")


def exercise(way):
    n = {"calls": 0, "events": 0, "timeouts": 0, "errors": 0, "woken": 0}

    def call(fds, ms, expect):
        got = way(fds, ms)
        assert got == expect, (way.__name__, got, expect)
        n["calls"] += 1
        n["events"] += got

    for _ in range(NOW):
        call([a[0]], 0, 0)
    for _ in range(TIMEOUTS):
        call([a[0]], TIMEOUT_MS, 0)
        n["timeouts"] += 1
    os.write(a[1], b".")
    os.write(b[1], b".")
    for _ in range(READY):
        call([a[0], b[0]], 1000, 2)
    os.read(a[0], 1)
    os.read(b[0], 1)
    for _ in range(WOKEN):
        os.write(ring, b".")
        call([wake[0]], 5000, 1)
        os.read(wake[0], 1)
        n["woken"] += 1
    return n


def fail_once(n):
    dead = select.epoll.fromfd(os.open("/dev/null", os.O_RDONLY))
    try:
        dead.poll(0)
    except OSError:
        n["calls"] += 1
        n["errors"] += 1


threading.Thread(target=ringer, name="ringer", daemon=True).start()
common.ready()
common.go()
truth = {
    "poll": exercise(by_poll),
    "ppoll": exercise(by_ppoll),
    "select": exercise(by_select),
    "epoll_wait": exercise(by_epoll),
    "epoll_pwait": exercise(by_epoll_pwait),
}
fail_once(truth["epoll_wait"])
common.done(calls=truth, timeout_ms=TIMEOUT_MS)
