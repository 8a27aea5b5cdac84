"""Programs that start in every way, some of which make an agent miss them: it has each of them, once, under its own name.

usage: agent_starts.py URL DIR PYTHON ROUNDS AGENT   PYTHON: an interpreter that takes long to be executed, and
                                                     so is looked at meanwhile; AGENT: pid, to be stopped a while;
                                                     0: let it run
"""
import os
import signal
import subprocess
import sys
import time

import agent
import check

URL, DIRECTORY, PYTHON, ROUNDS, AGENT = agent.ARGS
AT_A_TIME = 8
STAY = "import sys; print('R', flush=True); sys.stdin.read()"
# It goes into the background: its grandchild stays, until the pipe that it has is closed.
BACKGROUND = "import os, sys\nif os.fork() or os.fork():\n    os._exit(0)\n" + STAY


def script(name, text):
    path = os.path.join(DIRECTORY, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def chain(i, path):
    """Ways to get there: what executes it was no Python, was one, or ran one before."""
    self = f"import os; os.execv({PYTHON!r}, ['python3', {path!r}])"
    return (["nsenter", "-t", str(os.getpid()), "-n", PYTHON, path],
            ["sh", "-c", '"$@"; true', "sh", PYTHON, path],
            [sys.executable, "-ISc", self],
            ["env", PYTHON, path])[i % 4]


def start(*command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def end(works):
    for w in works:
        w.stdin.close()
    for w in works:
        w.wait()


def until_all_run(names):
    deadline = time.monotonic() + 10
    while True:
        series = agent.scrape(URL)
        seen = {name: agent.total(series, "gilscope_processes", process=name) for name in names}
        if set(seen.values()) == {1}:
            return
        agent.must(time.monotonic() < deadline, "processes of each program", "one within 10 s",
                   f"{seen}; of all: {[(dict(k[1])['process'], v) for k, v in series.items() if k[0] == 'gilscope_processes' and v]}")
        time.sleep(0.1)


def rounds(paths):
    for _ in range(int(ROUNDS)):
        works = [start(*chain(i, path)) for i, path in enumerate(paths)]
        for w in works:
            w.stdout.readline()
        until_all_run([os.path.basename(path) for path in paths])
        end(works)


def in_the_background():
    """While nobody looked.  Nothing tells of it then: the agent has to find it."""
    path = script("background.py", BACKGROUND)
    os.kill(int(AGENT), signal.SIGSTOP)
    work = start("/usr/bin/python3", path)
    work.stdout.readline()
    work.wait()
    os.kill(int(AGENT), signal.SIGCONT)
    agent.until("what went into the background", URL, lambda s: agent.total(
        s, "gilscope_processes", process="background.py") == 1, 120)
    work.stdin.close()
    agent.until("its end", URL, lambda s: not agent.total(s, "gilscope_processes", process="background.py"))


paths = [script(f"stay-{i}.py", STAY) for i in range(AT_A_TIME)]
rounds(paths)
if int(AGENT):
    in_the_background()
stub = start(os.path.join(DIRECTORY, "stub", "python3"))
series = agent.until("the one that cannot be measured", URL, lambda s: agent.total(
    s, "gilscope_lost_events_total", cause="starts_refused") >= 1)
end([stub])
time.sleep(0.5)
series = agent.scrape(URL)
for path in paths:
    name = os.path.basename(path)
    check.equal(f"starts of {name}", int(ROUNDS), agent.total(series, "gilscope_process_starts_total", process=name))
    check.equal(f"processes of {name} at the end", 0, agent.total(series, "gilscope_processes", process=name))
# The name that the kernel gives a program until it has a command line.
check.equal("programs without a name", 0, agent.total(series, "gilscope_process_starts_total", process="[python3]"))
