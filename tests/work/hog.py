"""One thread that computes from the start and never gives the GIL up.

It makes no system call after READY: no take and no release is ever seen.  It ends on SIGTERM.
"""
import common

common.ready()
n = 0
while True:
    n = (n + 1) & 0xFFFF
