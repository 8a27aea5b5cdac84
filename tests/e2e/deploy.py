"""What is in the files of deploy/ by their own words: parsed, and held against each other.

usage: deploy.py DIR   writes what other programs are to judge: DIR/otel.yml, DIR/pods.yml, DIR/agent.conf
"""
import glob
import json
import os
import re
import sys

sys.argv, (FOLDER,) = sys.argv[:1], sys.argv[1:]
from check import equal, expect  # noqa: E402
import yaml  # noqa: E402

DEPLOY = f"{FOLDER}/deploy"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def documents(path):
    with open(f"{DEPLOY}/{path}") as f:
        return [d for d in yaml.safe_load_all(f) if d]


def every_file_parses():
    found = [p[len(DEPLOY) + 1:] for p in glob.glob(f"{DEPLOY}/**/*.yml", recursive=True)]
    expect(len(found) >= 8, "YAML files", "8 or more", found)
    for path in found:
        expect(documents(path), path, "something in it", "nothing")
    for path in glob.glob(f"{DEPLOY}/**/*.json", recursive=True):
        with open(path) as f:
            json.load(f)


def names_exist():
    """Metrics and recorded names of rules and dashboard are those of the program's source, or recorded."""
    source = ""
    for path in ("user/export/trace_openmetrics.c", "user/agent/*.c"):
        for name in glob.glob(f"{ROOT}/{path}"):
            with open(name) as f:
                source += f.read()
    known = set(re.findall(r'"((?:gilscope|cpython)_\w+)"', source))
    recorded = {r["record"] for g in documents("prometheus/recording.yml")[0]["groups"] for r in g["rules"]}
    for path in ("prometheus/recording.yml", "prometheus/alerts.yml", "grafana/gilscope.json"):
        with open(f"{DEPLOY}/{path}") as f:
            text = f.read()
        for name in set(re.findall(r"\b(?:gilscope|cpython)_[a-z_]+", text)) - {"cpython_gc_generation"}:
            plain = re.sub(r"_(total|bucket|sum|count)$", "", name)
            plain = re.sub(r"^gilscope_(process|thread)_(?!starts)", "gilscope_", plain)
            expect(plain in known, f"{name} in {path}", "a metric of the agent", "none")
        for name in set(re.findall(r"\bgilscope:[a-z_]+:\w+", text)):
            expect(name in recorded, f"{name} in {path}", "a recorded name", sorted(recorded))


def every_alert_is_tested():
    alerts = {r["alert"] for g in documents("prometheus/alerts.yml")[0]["groups"] for r in g["rules"]}
    tests = documents("prometheus/tests.yml")[0]["tests"]
    fires = {a["alertname"] for t in tests for a in t.get("alert_rule_test", []) if a.get("exp_alerts")}
    equal("alerts that a test makes fire", alerts, fires)


def kubernetes_is_least():
    objects = {o["kind"]: o for o in documents("kubernetes/gilscope.yml")}
    pod = objects["DaemonSet"]["spec"]["template"]["spec"]
    security = pod["containers"][0]["securityContext"]
    equal("capabilities", {"drop": ["ALL"], "add": ["SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"]}, security["capabilities"])
    equal("privileged", False, security["privileged"])
    equal("a file system that can be written to", True, security["readOnlyRootFilesystem"])
    volumes = {v["name"] for v in pod["volumes"]}
    equal("volumes", volumes, {m["name"] for m in pod["containers"][0]["volumeMounts"]})
    equal("mounts that can be written to", [], [m for m in pod["containers"][0]["volumeMounts"] if not m["readOnly"]])
    selector = objects["DaemonSet"]["spec"]["selector"]["matchLabels"]
    equal("labels", selector, objects["DaemonSet"]["spec"]["template"]["metadata"]["labels"])
    with open(f"{DEPLOY}/docker/Dockerfile") as f:
        docker = f.read()
    equal("capabilities in Dockerfile", security["capabilities"]["add"], re.findall(r"--cap-add (\w+)", docker))
    with open(f"{ROOT}/VERSION") as f:
        image = f"gilscope-agent:{f.read().strip()}"
    equal("image", image, pod["containers"][0]["image"])
    expect(image in docker, "image in Dockerfile", image, docker)
    with open(f"{FOLDER}/agent.conf", "w") as f:
        f.write(objects["ConfigMap"]["data"]["agent.conf"])
    # A probe has no password: it asks for what needs none, over TLS as the agent is told to answer.
    tls = "tls_cert" in objects["ConfigMap"]["data"]["agent.conf"]
    equal("liveness probe", {"path": "/healthz", "port": pod["containers"][0]["ports"][0]["name"],
                             "scheme": "HTTPS" if tls else "HTTP"}, pod["containers"][0]["livenessProbe"]["httpGet"])
    # Debian's Prometheus does not know this way of finding targets; the rest it is to judge.
    config = documents("kubernetes/prometheus.yml")[0]
    found = config["scrape_configs"][0].pop("kubernetes_sd_configs")
    equal("how pods are found", [{"role": "pod", "namespaces": {"names": [objects["Namespace"]["metadata"]["name"]]}}], found)
    with open(f"{FOLDER}/pods.yml", "w") as f:
        yaml.safe_dump(config, f)


def collector_is_whole():
    """Pipelines use what is there, and all of it."""
    config = documents("otel/collector.yml")[0]
    used = {kind: set() for kind in ("receivers", "processors", "exporters")}
    for pipeline in config["service"]["pipelines"].values():
        for kind, names in used.items():
            names.update(pipeline[kind])
    for kind, names in used.items():
        equal(kind, set(config[kind]), names)
    with open(f"{FOLDER}/otel.yml", "w") as f:
        yaml.safe_dump(config["receivers"]["prometheus"]["config"], f)


every_file_parses()
names_exist()
every_alert_is_tested()
kubernetes_is_least()
collector_is_whole()
