"""Collectors for the agent's OTLP test.

usage: otlp.py collector FILE        answers as each of its tests needs; its port goes to FILE.port, what it
                                     was sent to FILE.log, a line of JSON for each request
       otlp.py same URL FILE.log     the last push has what the agent's /metrics has
       otlp.py stored URL STORE      likewise what VictoriaMetrics has at STORE

The decoder here follows the published field numbers of opentelemetry-proto, independently of the
agent's own .proto.
"""
import gzip
import http.server
import json
import struct
import sys
import time

import agent
import check

ARGS = agent.ARGS


def fields(data):
    """(number, value) of a message: ints, 8 bytes or bytes as they are."""
    at = 0

    def varint():
        nonlocal at
        v = shift = 0
        while True:
            byte = data[at]
            at += 1
            v |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return v
    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or varint()
        yield key >> 3, data[at:at + size]
        at += size


def attributes(message, number):
    out = {}
    for n, pair in fields(message):
        if n == number:
            kv = dict(fields(pair))
            (kind, v), = fields(kv[2])
            out[kv[1].decode()] = v.decode() if kind == 1 else str(v)
    return out


def numbers(kind, data):
    return list(struct.unpack(f"<{len(data) // 8}{kind}", data))


def points(metric):
    """(attributes, {suffix: value}) of each data point; its times are checked."""
    for kind, suffix in ((5, ""), (7, "_total"), (9, None)):
        if kind not in metric:
            continue
        whole = dict(fields(metric[kind]))
        if kind != 5:
            check.equal("temporality", 2, whole[2])  # cumulative
        if kind == 7:
            check.equal("monotonic", 1, whole[3])
        for n, p in fields(metric[kind]):
            if n != 1:
                continue
            told = dict(fields(p))
            if kind != 5:
                began, now = (numbers("Q", told[f])[0] for f in (2, 3))
                check.expect(0 < began < now <= time.time_ns(), "times", "in order", (began, now))
            if kind != 9:
                value = numbers("d", told[4])[0] if 4 in told else numbers("q", told[6])[0]
                yield attributes(p, 7), {suffix: value}
                continue
            counts, bounds = numbers("Q", told[6]), numbers("d", told[7])
            count = numbers("Q", told[4])[0]
            check.equal("buckets", (len(bounds) + 1, count), (len(counts), sum(counts)))
            check.equal("bounds", sorted(bounds), bounds)
            yield attributes(p, 9), {"_count": count, "_sum": numbers("d", told[5])[0]}


def decode(body):
    """{(name, labels): value} as of the exposition, without its buckets."""
    series = {}
    for _, resource in fields(body):
        parts = dict(fields(resource))
        about = attributes(parts[1], 1)
        for n, metric in fields(parts[2]):
            if n != 2:
                continue
            m = dict(fields(metric))
            name = m[1].decode().replace(".", "_")
            check.equal(f"unit of {name}", "s" if name.endswith("_seconds") else "By" if name.endswith("_bytes")
                        else "", m.get(3, b"").decode())
            for labels, values in points(m):
                labels = {k.replace(".", "_"): v for k, v in labels.items()}
                if about["service.name"] != "gilscope":
                    labels["service"] = about["service.name"]
                for suffix, v in values.items():
                    key = name + suffix, tuple(sorted(labels.items()))
                    check.expect(key not in series, "series", "once", key)
                    series[key] = v
    return series


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding") == "gzip"
        series = decode(gzip.decompress(body) if packed else body)
        path = self.path.strip("/")
        with open(ARGS[1] + ".log", "a", encoding="utf-8") as log:
            log.write(json.dumps({"at": time.time(), "path": path, "packed": packed,
                                  "type": self.headers["Content-Type"], "key": self.headers.get("X-Key"),
                                  "series": [[n, dict(ls), v] for (n, ls), v in series.items()]}) + "\n")
        if path == "hangs":
            time.sleep(60)
        code = {"refuses": 400, "moves": 307}.get(path, 200)
        if path == "later":  # the first one each second and a half
            code, Collector.busy = (503, False) if Collector.busy else (200, True)
        # 7 data points were left out: ExportMetricsPartialSuccess
        answer = bytes([10, 2, 8, 7]) if path == "partly" else b""
        self.send_response(code)
        if code == 503:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    busy = True

    def log_message(self, *args):
        pass


def cmd_collector(file):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.daemon_threads = True
    with open(file + ".port", "w", encoding="utf-8") as f:
        print(server.server_address[1], file=f)
    server.serve_forever()


def compare(pushed, url):
    """Of a program that has ended, so that nothing changes in between."""
    scraped = {(n, tuple(sorted(ls))): v for (n, ls), v in agent.parse(agent.get(url)).items()}
    scraped, pushed = ({(n, ls): v for (n, ls), v in series.items()
                        if dict(ls).get("process") == "mix.py" and not n.endswith("_bucket")}
                       for series in (scraped, pushed))
    check.expect(len(scraped) > 30, "series of the program", "more than 30", len(scraped))
    check.equal("series that only one of them has", set(), set(scraped) ^ set(pushed))
    for key in scraped.keys() & pushed.keys():
        check.near(f"{key}, pushed", scraped[key], float(pushed[key]), share=1e-9, slack=1e-9)


def cmd_same(url, log):
    with open(log, encoding="utf-8") as f:
        last = json.loads(f.read().splitlines()[-1])
    pushed = {(n, tuple(sorted(ls.items()))): v for n, ls, v in last["series"]}
    own = {n for n, ls, v in last["series"] if "service" not in ls}
    check.expect("gilscope_tracer_cpu_seconds_total" in own, "the agent's own metrics", "there", own)
    check.equal("type", "application/x-protobuf", last["type"])
    check.equal("compressed", True, last["packed"])
    compare(pushed, url)


def cmd_stored(url, store):
    pushed = {}
    for line in agent.get(store + "/api/v1/export?match%5B%5D=%7Bservice.name%21%3D%22gilscope%22%7D").splitlines():
        row = json.loads(line)
        labels = row["metric"]
        name = labels.pop("__name__")
        labels["service"] = labels.pop("service.name", None) or labels.pop("service_name")
        for other in ("host.name", "host_name", "job", "scope_name", "scope_version"):
            labels.pop(other, None)
        pushed[name, tuple(sorted(labels.items()))] = row["values"][-1]
    compare(pushed, url)


if __name__ == "__main__":
    globals()["cmd_" + ARGS[0]](*ARGS[1:])
