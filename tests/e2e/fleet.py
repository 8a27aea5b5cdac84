"""Drives the fleet's test: three hosts' agents and programs, and a Prometheus that scrapes them.

usage: fleet.py DIR short|all PID…   the network namespaces of the hosts are those of the PIDs; this
                                     program runs in one that reaches them at 198.18.1.2 and on

Every agent measures all programs of this machine, as they share its kernel; of each host Prometheus
keeps what is called after it.  So what is in the store of a host are its own programs' figures, which
these count themselves.  Rules and dashboard are those of deploy/, with shorter times.

  a  watch mode; its agent is stopped and started again
  b  watch mode, with what the DaemonSet of deploy/kubernetes allows and no more; its web server is
     stopped, another is started; its batches are another user's, from a folder that only he may enter
  c  exact mode with TLS and a password; threads and processes are told one by one
"""
import base64
import copy
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse

import agent
import check
import yaml

os.environ["SSL_CERT_FILE"] = f"{agent.ARGS[0]}/ca.pem"  # of c
FOLDER, HOW, *NAMESPACES = agent.ARGS
LONG = HOW == "all"
WINDOW = 8 if LONG else 3  # s: what is 5 minutes in the rules
SCRAPE = 0.5  # s
NOBODY = 65534
STORE = "http://127.0.0.1:9090"
DEPLOY = os.path.join(os.environ["ROOT"], "deploy")
OWN_ALERTS = "GilscopeGil.*|GilscopeLong.*|GilscopeCollector.*|GilscopeLoop.*|GilscopeAgentDown"
RATIO = 0.1  # watch mode: of times, besides what chance does to samples


def forget_not(process):
    """To be ended with the test's script, whatever happens to this program."""
    with open(f"/proc/{process.pid}/stat") as f, open(f"{FOLDER}/pids", "a") as pids:
        pids.write(f"{process.pid} {f.read().rsplit(')', 1)[1].split()[19]}\n")
    return process


def until(what, condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        agent.must(time.monotonic() < deadline, what, f"within {seconds} s", "not")
        time.sleep(0.1)
    return value


def ask(path, **params):
    return json.loads(agent.get(f"{STORE}/api/v1/{path}?{urllib.parse.urlencode(params)}"))["data"]["result"]


def value(query, at=None):
    """The one number that a query gives; 0: none."""
    result = ask("query", query=query, **({"time": at} if at else {}))
    agent.must(len(result) < 2, query, "one value", result)
    return float(result[0]["value"][1]) if result else 0.0


def as_pod():
    """The DaemonSet's command, as a container runs it: in control groups of its own, all capabilities
    dropped but those added."""
    with open(f"{DEPLOY}/kubernetes/gilscope.yml") as f:
        pod, = [d for d in yaml.safe_load_all(f) if d["kind"] == "DaemonSet"]
    container = pod["spec"]["template"]["spec"]["containers"][0]
    keep = ",".join("+" + c.lower() for c in container["securityContext"]["capabilities"]["add"])
    return ["unshare", "--cgroup", "setpriv", "--no-new-privs", "--inh-caps=-all", f"--bounding-set=-all,{keep}",
            # the node's control groups are this program's: not every machine lets its pid 1 be asked
            *(word.replace("/proc/1/", f"/proc/{os.getpid()}/") for word in container["command"])]


def private_python(name):
    """An interpreter and a script, called @name, of a user in a folder that only he may enter."""
    folder = f"{FOLDER}/private"
    os.mkdir(folder)
    shutil.copy(os.path.realpath("/usr/bin/python3"), f"{folder}/python3")
    for script, to in ("fleet.py", name), ("common.py", "common.py"):
        shutil.copy(os.path.join(os.environ["WORK_DIR"], script), f"{folder}/{to}")
    for path in (folder, *(os.path.join(folder, f) for f in os.listdir(folder))):
        os.chown(path, NOBODY, NOBODY)
        os.chmod(path, 0o700)
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", f"{folder}/python3", f"{folder}/{name}"]


def link(host, kind, script):
    """tests/work/SCRIPT under the name HOST-KIND.py."""
    path = os.path.join(FOLDER, f"{host.name}-{kind}.py")
    if not os.path.lexists(path):
        os.symlink(os.path.join(os.environ["WORK_DIR"], script), path)
    return path


class Program(agent.Work):
    """A script under such a name in its host's namespace."""

    def __init__(self, host, kind, script, *args):
        path = link(host, kind, script)
        self.process = forget_not(subprocess.Popen(
            ["nsenter", "-t", host.namespace, "-n", "/usr/bin/python3", path, *map(str, args)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))


class Host:
    def __init__(self, name, number, namespace):
        self.name, self.namespace = name, namespace
        self.address = f"198.18.{number}.2:9774"
        self.exact = name == "c"
        self.agent = None
        self.lives = []  # when each life of the agent ended
        self.truth = {"steps": 0, "requests": 0, "paused": 0.0, "computed": 0.0, "cpu": 0.0,
                      "collections": 0}
        self.starts = {"web": 0, "batch": 0}
        self.batcher = None
        self.write_config()

    def write_config(self):
        kinds = ("web", "loop", "batch", "pairs", "convoy", "gc", "blocked")
        with open(f"{FOLDER}/{self.name}.conf", "w") as f:
            f.write(f"[measure]\ninterval = 500ms\nmode = {'exact' if self.exact else 'watch'}\n"
                    f"families = gil,gc,io,sched,asyncio{',refs' if self.exact else ''}\n[services]\n")
            f.writelines(f"{self.name}-{k} = process:{self.name}-{k}.py\n" for k in kinds)
            f.write(f"[http]\nlisten = {self.address}\n")
            if self.exact:
                f.write(f"tls_cert = {FOLDER}/ca.pem\ntls_key = {FOLDER}/key.pem\nauth_file = {FOLDER}/users\n"
                        "[labels]\nper_process = yes\nper_thread = yes\nmax_series = 100000\n")
            else:
                f.write("insecure = yes\n")

    def start_agent(self):
        command = ["gilscope", "agent"]
        if self.name == "b":
            command = as_pod()
        command = [os.environ["GILSCOPE"] if word == "gilscope" else word for word in command]
        with open(f"{FOLDER}/{self.name}.log", "w") as log:
            self.agent = forget_not(subprocess.Popen(
                ["nsenter", "-t", self.namespace, "-n", *command, "--config", f"{FOLDER}/{self.name}.conf"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def said(self):
        with open(f"{FOLDER}/{self.name}.log") as f:
            return f.read()

    def answers(self):
        agent.must(self.agent.poll() is None, f"the agent of {self.name}", "to run", self.said())
        return "answering at" in self.said()

    def stop_agent(self):
        self.agent.send_signal(signal.SIGINT)
        check.equal(f"exit code of the agent of {self.name}: {self.said()}", 0, self.agent.wait(30))

    # Programs.

    def start_web(self):
        self.web = Program(self, "web", "fleet.py", "web", 40).ready()
        self.starts["web"] += 2  # it, and its client

    def start_programs(self):
        self.start_web()
        self.loop = Program(self, "loop", "fleet.py", "loop", 20, 30).ready()
        if self.exact:
            self.pairs = Program(self, "pairs", "pingpong.py", 1, 300).ready()

    def start_batches(self):
        """One after the other, by a shell: what a Python program forks is one, too, until it executes."""
        if self.name == "b":
            command = private_python("b-batch.py")
        else:
            command = ["/usr/bin/python3", link(self, "batch", "fleet.py")]
        self.batcher = forget_not(subprocess.Popen(
            ["nsenter", "-t", self.namespace, "-n", "bash", "-c",
             'until read -t 0; do printf .; "$@" batch 3 <&-; done', "bash", *command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def stop_batches(self):
        self.batcher.stdin.close()
        self.starts["batch"] += len(self.batcher.stdout.read())
        self.batcher.wait()

    def round(self):
        """All of its services do their work once, beside each other."""
        self.web.go()
        self.loop.go()
        for told in self.web.truth(), self.loop.truth():
            for k in self.truth.keys() & told.keys():
                self.truth[k] += told[k] if k != "cpu" or "requests" in told else 0
            self.truth["cpu"] += told.get("client_cpu", 0)


def rounds(hosts, n=1):
    """Rounds of these hosts at the same time."""
    for _ in range(n):
        threads = [threading.Thread(target=h.round) for h in hosts]
        for t in threads:
            t.start()
        for t in threads:
            t.join()


# The store.

def seconds(text):
    """Minutes of rules as seconds of this test."""
    text = re.sub(r"\[5m\]|offset 5m", lambda m: m[0].replace("5m", f"{WINDOW}s"), text)
    check.expect("5m]" not in text, "windows of rules", "shorter", text)
    return re.sub(r"for: \d+m", "for: 1s", text)


def write_store():
    for name in ("recording.yml", "alerts.yml"):
        with open(f"{DEPLOY}/prometheus/{name}") as f, open(f"{FOLDER}/{name}", "w") as to:
            to.write(seconds(f.read()))
    with open(f"{DEPLOY}/prometheus/prometheus.yml") as f:
        config = yaml.safe_load(f)
    here, far = config["scrape_configs"]
    config["global"] = {k: f"{int(SCRAPE * 1000)}ms" for k in ("scrape_interval", "evaluation_interval", "scrape_timeout")}
    config["scrape_configs"] = []
    for host in HOSTS:
        job = copy.deepcopy(far if host.exact else here)
        job["job_name"] = host.name
        if host.exact:  # as it is deployed: its list of targets is a file
            with open(f"{FOLDER}/targets.yml", "w") as f:
                yaml.safe_dump([{"targets": [host.address]}], f)
        else:
            job["static_configs"] = [{"targets": [host.address]}]
        job["relabel_configs"] = [r for r in far["relabel_configs"] if r["target_label"] == "job"] + [
            {"target_label": "instance", "replacement": host.name}]
        job["metric_relabel_configs"] = [{"source_labels": ["service"], "regex": f"({host.name}-.*)?", "action": "keep"}]
        config["scrape_configs"].append(job)
    with open(f"{FOLDER}/prometheus.yml", "w") as f:
        yaml.safe_dump(config, f)


def start_store():
    with open(f"{FOLDER}/store.log", "a") as log:
        store = forget_not(subprocess.Popen(
            ["prometheus", f"--config.file={FOLDER}/prometheus.yml", f"--storage.tsdb.path={FOLDER}/store",
             "--web.listen-address=127.0.0.1:9090", "--log.level=warn"], stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def ready():
        agent.must(store.poll() is None, "prometheus", "to run", open(f"{FOLDER}/store.log").read()[-500:])
        try:
            return agent.get(f"{STORE}/-/ready")
        except (urllib.error.URLError, OSError):
            return ""

    until("prometheus", ready)
    return store


def told_of(host, series):
    """What else it knows, for who misses something."""
    def of(name, label):
        return {f"{dict(labels)['service']} {dict(labels).get(label, '')}".strip(): int(v)
                for (n, labels), v in series.items() if n == name and v and "service" in dict(labels)}

    lost = {dict(labels)["cause"]: int(v) for (n, labels), v in series.items() if n == "gilscope_lost_events_total" and v}
    return (f"running {of('gilscope_processes', 'process')}, started {of('gilscope_process_starts_total', 'process')}, "
            f"lost {lost}, it says {host.said()!r}")


def running(host, kind, n):
    """The agent itself is asked: the store may not be there yet."""
    url = f"{'https' if host.exact else 'http'}://{host.address}/metrics"
    headers = {"Authorization": "Basic " + base64.b64encode(b"scraper:sesame").decode()} if host.exact else {}

    deadline = time.monotonic() + 30
    while True:
        series = agent.parse(agent.get(url, headers))
        seen = agent.total(series, "gilscope_processes", service=f"{host.name}-{kind}")
        if seen == n:
            return
        agent.must(time.monotonic() < deadline, f"processes of {host.name}-{kind}", f"{n} within 30 s",
                   f"{seen}; {told_of(host, series)}")
        time.sleep(0.1)


def all_running():
    for h in HOSTS:
        running(h, "web", 2)
        running(h, "loop", 1)


def total(host, metric, kind, by=""):
    """What it has counted in all lives of the agent: in each the last is the most."""
    selector = f'{metric}{{instance="{host.name}",service="{host.name}-{kind}"{by}}}'
    parts, begin = [], BEGAN
    for end in [*host.lives, time.time()]:
        parts.append(f"(sum(max_over_time({selector}[{int(end - begin) + 1}s] @ {end:.3f})) or vector(0))")
        begin = end + 1
    return value(" + ".join(parts))


def settled(host, metric, kind, expected, by=""):
    """It is that once all is scraped, and stays so."""
    deadline = time.monotonic() + 15
    while (seen := total(host, metric, kind, by)) < expected and time.monotonic() < deadline:
        time.sleep(0.2)
    check.equal(f"{metric}{by} of {host.name}-{kind}", expected, seen)


def check_counts(host):
    """What is counted exactly."""
    settled(host, "gilscope_asyncio_steps_total", "loop", host.truth["steps"])
    settled(host, "cpython_gc_collections_total", "web", host.truth["requests"], ',cpython_gc_generation="1"')
    settled(host, "cpython_gc_collections_total", "loop", host.truth["collections"], ',cpython_gc_generation="2"')
    settled(host, "cpython_gc_collections_total", "batch", 3 * host.starts["batch"], ',cpython_gc_generation="2"')
    settled(host, "gilscope_process_starts_total", "batch", host.starts["batch"])


def check_totals(host):
    check_counts(host)
    t = host.truth
    settled(host, "gilscope_gc_pause_seconds_count", "batch", 3 * host.starts["batch"], ',cpython_gc_generation="2"')
    settled(host, "gilscope_process_starts_total", "web", host.starts["web"])
    paused = total(host, "gilscope_gc_pause_seconds_sum", "loop", ',cpython_gc_generation="2"')
    check.between(f"seconds that {host.name}-loop collected", t["paused"] * 0.9 - 0.003 * t["collections"],
                  t["paused"] * 1.02, paused)
    held = total(host, "gilscope_gil_held_seconds_total", "web") - total(host, "gilscope_gil_held_off_cpu_seconds_total", "web")
    # 100 samples a second: four standard deviations
    chance = 0 if host.exact else 4 * math.sqrt(t["cpu"] / 100)
    check.between(f"seconds that {host.name}-web held the GIL on a CPU", t["computed"] * (1 - RATIO) - chance,
                  t["cpu"] * (1 + RATIO) + chance + 0.5, held)
    waits = total(host, "gilscope_gil_contended_takes_total", "web")
    check.expect(waits > 10, f"contended takes of {host.name}-web", "more than 10", waits)
    for cause in ("threads_full", "processes_full", "processes_dropped"):
        query = f'sum(max_over_time(gilscope_lost_events_total{{instance="{host.name}",cause="{cause}"}}[5m]))'
        check.equal(f"{cause} on {host.name}", 0, value(query))


class ForAlerts:
    """Programs that rules are made for: (host, kind, script, alert…) each."""

    def __init__(self, *programs):
        self.works, self.expected = [], set()
        for host, kind, script, *names in programs:
            self.works.append(Program(host, kind, script, kind, 120).ready())
            self.works[-1].go()
            self.expected |= {(name, host.name, f"{host.name}-{kind}") for name in names}

    def end(self):
        """Once all of them have fired.  Return: which."""
        for name, instance, service in self.expected:
            alert = f'ALERTS{{alertname="{name}",alertstate="firing",instance="{instance}",service="{service}"}}'
            until(f"{name} for {service}", lambda q=alert: value(f"count({q})"), 60)
        for work in self.works:
            work.process.kill()
            work.process.wait()
        return self.expected


def check_alerts(expected):
    span = int(time.time() - BEGAN) + 1
    fired = {(r["metric"]["alertname"], r["metric"]["instance"], r["metric"].get("service", ""))
             for r in ask("query", query=f'count_over_time(ALERTS{{alertstate="firing",alertname=~"{OWN_ALERTS}"}}[{span}s])')}
    check.equal("alerts that fired", sorted(expected), sorted(fired))


# The dashboard.

def queries(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f'{panel["title"]}: {target["legendFormat"] or target["refId"]}', target["expr"]
    for v in dashboard["templating"]["list"]:
        if v["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", v["query"]["query"]).groups()
            yield f'variable {v["name"]}', f"count by ({label}) ({metric})"


def check_dashboard():
    with open(f"{DEPLOY}/grafana/gilscope.json") as f:
        found = list(queries(json.load(f)))
    check.expect(len(found) > 50, "queries of the dashboard", "more than 50", len(found))
    for name, query in found:
        for variable, text in {"$instance": ".*", "$service": ".*", "$__rate_interval": f"{WINDOW}s", "$__range": "1m"}.items():
            query = query.replace(variable, text)
        result = ask("query_range", query=query, start=BEGAN, end=time.time(), step=1)
        data = [v for r in result for _, v in r["values"] if v != "NaN"]
        check.expect(data, f"data for {name!r}", "some", f"none for {query}")


def check_recorded():
    """Every rule has given something, and means what its expression means."""
    with open(f"{FOLDER}/recording.yml") as f:
        rules = [r for g in yaml.safe_load(f)["groups"] for r in g["rules"]]
    for rule in rules:
        if rule["record"] != "gilscope:lost_events:increase5m":  # there may be no losses
            span = int(time.time() - BEGAN) + 1
            check.expect(value(f'count(count_over_time({rule["record"]}[{span}s]))'), rule["record"], "samples", "none")


def main():
    global BEGAN
    a, b, c = HOSTS
    for h in HOSTS:
        h.start_agent()
    for h in HOSTS:
        until(f"the agent of {h.name}", h.answers)
    write_store()
    BEGAN = time.time()
    store = start_store()
    for h in HOSTS:
        h.start_programs()
    all_running()
    for h in HOSTS:
        h.start_batches()
    rounds(HOSTS, 6 if LONG else 2)
    slow = ForAlerts((b, "gc", "fleet.py", "GilscopeLongCollections", "GilscopeCollectorDominates"),
                     (c, "blocked", "fleet.py", "GilscopeLoopBlocked"))
    beside = [threading.Thread(target=pairs, args=(c,)), threading.Thread(target=rounds, args=((b, c), 9 if LONG else 1))]

    # The agent of a: what its programs do meanwhile is nobody's; they live on.
    a.stop_batches()
    check_counts(a)
    a.stop_agent()
    a.lives.append(time.time())
    for t in beside:
        t.start()
    down = 'count(ALERTS{alertname="GilscopeAgentDown",alertstate="firing",instance="a"})'
    until("GilscopeAgentDown for a", lambda: value(down))
    a.start_agent()
    until("the agent of a", a.answers)
    all_running()
    a.starts["web"] += 2  # they are found anew
    a.start_batches()
    for t in beside:
        t.join()

    # A program of b.
    b.web.end()
    running(b, "web", 0)
    b.start_web()
    running(b, "web", 2)
    rounds(HOSTS, 6 if LONG else 1)

    # The store: what happens while it is away is counted all the same.
    if LONG:
        store.terminate()
        store.wait(30)
        rounds(HOSTS, 6)
        time.sleep(5)
        start_store()
    else:  # it takes five seconds to begin
        store.send_signal(signal.SIGSTOP)
        rounds(HOSTS, 2)
        store.send_signal(signal.SIGCONT)
    rounds(HOSTS, 3 if LONG else 1)

    alerts = {("GilscopeAgentDown", "a", "")} | slow.end()
    if LONG:
        alerts |= ForAlerts((a, "convoy", "findings.py", "GilscopeGilConvoy", "GilscopeGilSaturated")).end()
        time.sleep(max(0.0, BEGAN + 70 - time.time()))
    for h in HOSTS:
        h.stop_batches()
    for h in HOSTS:
        check_totals(h)
    check_alerts(alerts)
    check_recorded()
    check_dashboard()
    for h in HOSTS:
        h.web.end()
        h.loop.end()
        h.stop_agent()
    cost = {h.name: f"{h.starts['batch']} batches, {h.truth['requests']} requests, {h.truth['steps']} steps" for h in HOSTS}
    print(f"    {time.time() - BEGAN:.0f} s scraped: {cost}")


def pairs(host):
    """Exact mode: every take of two threads."""

    def takes(name, metric):
        own = f'instance="{host.name}",service="{host.name}-pairs",thread="{name}"'
        return value(f"sum(gilscope_thread_gil_{metric}_total{{{own}}})")

    running(host, "pairs", 1)
    names = ("ping0", "pong0")
    until("their threads in the store", lambda: all(takes(n, "takes") for n in names))
    time.sleep(2 * SCRAPE + 0.5)
    before = {n: takes(n, "takes") - takes(n, "forced_releases") for n in names}
    host.pairs.go()
    told = host.pairs.truth()
    for n in names:
        def seen(n=n):
            return takes(n, "takes") - takes(n, "forced_releases") - before[n]
        deadline = time.monotonic() + 10
        while seen() < told["takes"] and time.monotonic() < deadline:
            time.sleep(0.2)
        check.equal(f"takes of {n}, but for those after forced releases", told["takes"], seen())
    host.pairs.end()


HOSTS = [Host(name, i + 1, namespace) for i, (name, namespace) in enumerate(zip("abc", NAMESPACES))]
main()
