"""Known numbers of children that go on as they are, that start another Python, or another program.

usage: starts.py TIMES   each kind of child so many times, some of them beside each other
       starts.py sleep   is what they start

At its end it tells how many processes it was itself, its forked children included, and how many it started.
"""
import multiprocessing
import os
import subprocess
import sys
import time

import common

if sys.argv[1] == "sleep":
    time.sleep(0.5)  # it is measured by then
    os._exit(0)


def forked():
    if pid := os.fork():
        return pid
    time.sleep(0.05)
    os._exit(0)


def main():
    times = int(sys.argv[1])
    # in the same folder, under a name of its own
    other = [sys.executable, os.path.join(os.path.dirname(sys.argv[0]), "started.py"), "sleep"]
    fork, spawn = map(multiprocessing.get_context, ("fork", "spawn"))
    common.ready()
    common.go()
    pids, started, processes = [], [], []
    for _ in range(times):
        pids.append(forked())
        processes.append(fork.Process(target=time.sleep, args=(0.05,)))
        processes[-1].start()
        started.append(subprocess.Popen(other))  # by vfork, where it can
        started.append(subprocess.Popen(other, preexec_fn=lambda: None))  # by fork
        pids.append(os.posix_spawn(other[0], other, os.environ))
        if not (pid := os.fork()):
            os.execv(other[0], ["python3", *other[1:]])
        pids.append(pid)
        # what is no Python, and by way of a shell one that is
        subprocess.run(["/bin/true"], check=True)
        started.append(subprocess.Popen(["/bin/sh", "-c", 'exec "$@"', "sh", *other]))
    processes.append(spawn.Process(target=time.sleep, args=(0.05,)))  # called -c, as all are
    processes[-1].start()
    for child in started + processes:
        (child.wait if child in started else child.join)()
    for pid in pids:
        os.waitpid(pid, 0)
    common.done(own=1 + 2 * times, started=5 * times)


if __name__ == "__main__":
    main()
