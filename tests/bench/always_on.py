"""What the agent needs: with many processes that stay, and while very many come and go."""
import os
import re
import subprocess
import tempfile
import time
import urllib.request

from measure import GILSCOPE, Failed, Process, say, spread

PROCESSES, THREADS = 64, 16
SHORT_LIVED = 10_000
SCRAPE_S = 5  # three times as often as Prometheus is told in deploy/
AT_A_TIME = 4  # of the short-lived ones
WORKER = """
import sys, threading, time
def work():
    while True:
        time.sleep(0.05)
        sum(range(200))
for _ in range(%d):
    threading.Thread(target=work, daemon=True).start()
print("here", flush=True)
sys.stdin.read()
""" % (THREADS - 1)


class Agent(Process):
    """gilscope agent with a configuration of its own."""

    def __init__(self, folder, *lines):
        path = os.path.join(folder, "agent.conf")
        with open(path, "w") as f:
            print("[http]", "listen = 127.0.0.1:0", *lines, sep="\n", file=f)
        super().__init__([GILSCOPE, "agent", "--config", path], limit_s=3600)
        until = time.monotonic() + 60
        while not (at := re.search(r"answering at (\S+)", self.said())):
            if self.p.poll() is not None or time.monotonic() > until:
                raise Failed(self.complaint())
            time.sleep(0.05)
        self.url = f"http://{at[1]}/metrics"

    def scrape(self):
        """(seconds, bytes, {first word of a line: sum of the values})"""
        began = time.perf_counter()
        with urllib.request.urlopen(self.url, timeout=30) as answer:
            text = answer.read()
        took = time.perf_counter() - began
        values = {}
        for line in text.decode().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                name = name.split("{")[0]
                values[name] = values.get(name, 0) + float(value)
        return took, len(text), values


def staying(python, folder, seconds, *lines):
    """A row: PROCESSES that work a little, scraped every SCRAPE_S."""
    workers = []
    try:
        for _ in range(PROCESSES):
            workers.append(Process([python, "-c", WORKER], limit_s=3600))
        for w in workers:
            w.line()
        with Agent(folder, *lines) as agent:
            time.sleep(5)  # all of them are attached to
            began, cpu = time.monotonic(), agent.scrape()[2]["gilscope_tracer_cpu_seconds_total"]
            rows = []
            for _ in range(seconds):
                time.sleep(SCRAPE_S)
                rows.append(agent.scrape())
            last = rows[-1][2]
            cpu = (last["gilscope_tracer_cpu_seconds_total"] - cpu) / (time.monotonic() - began)
            if last["gilscope_processes"] < PROCESSES:
                raise Failed(f"only {last['gilscope_processes']:.0f} of {PROCESSES} processes are measured")
            return {"labels": " ".join(lines[1:]) or "services", "scrape_s": spread([r[0] for r in rows]),
                    "bytes": rows[-1][1], "series": last["gilscope_agent_series"],
                    "rss": last["gilscope_tracer_resident_bytes"], "cpu": cpu}
    finally:
        for w in workers:
            w.__exit__()


def passing(python, folder, count):
    """A row: @count processes, one after another; has anything grown by the second half of them?"""
    def run(n):
        running = []
        for _ in range(n):
            running.append(subprocess.Popen([python, "-ISc", "pass"], stdin=subprocess.DEVNULL))
            while len(running) >= AT_A_TIME:
                running.pop(0).wait()
        for p in running:
            p.wait()
        time.sleep(3)  # a reading has them
        return agent.scrape()[2]

    with Agent(folder) as agent:
        before = agent.scrape()[2]
        began = time.monotonic()
        half = run(count // 2)
        whole = run(count - count // 2)
        took = time.monotonic() - began
        starts = whole["gilscope_process_starts_total"] - before["gilscope_process_starts_total"]
        return {"count": count, "starts": starts, "lost": whole.get("gilscope_lost_events_total", 0),
                "rss_half": half["gilscope_tracer_resident_bytes"],
                "rss": whole["gilscope_tracer_resident_bytes"],
                "series_half": half["gilscope_agent_series"], "series": whole["gilscope_agent_series"],
                "seconds": took,
                "cpu": (whole["gilscope_tracer_cpu_seconds_total"]
                        - before["gilscope_tracer_cpu_seconds_total"]) / took}


def section(python, quick):
    rows = []
    with tempfile.TemporaryDirectory(prefix="gilscope-bench.") as folder:
        for lines in ((), ("[labels]", "per_process = yes")):
            say(f"the agent with {PROCESSES} processes of {THREADS} threads {lines[1:] or ''}:")
            rows.append(staying(python, folder, 2 if quick else 8, *lines))
            say(f" {rows[-1]['scrape_s']['median'] * 1e3:.0f} ms a scrape\n")
        count = SHORT_LIVED // 50 if quick else SHORT_LIVED
        say(f"the agent while {count} processes come and go:")
        gone = passing(python, folder, count)
        say(f" {gone['starts']:.0f} seen\n")
    return {"staying": rows, "passing": gone}
