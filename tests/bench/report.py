"""The report as Markdown, from the same data that goes into the JSON."""


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(c) for c in r) + " |" for r in rows]
    return "\n".join(lines) + "\n"


def num(value, form="{:.2f}"):
    return "-" if value is None else form.format(value)


def mid(s, form="{:.3f}"):
    """A median with its quartiles."""
    return "-" if not s else f"{form.format(s['median'])} ({form.format(s['p25'])}-{form.format(s['p75'])})"


def ratio(got):
    if not got or not got["wall"]:
        return "failed" if got and got["failed"] else "-"
    w = got["wall"]
    return f"{w['median']:.3f} ({w['p25']:.2f}-{w['p75']:.2f})"


def head(r):
    m = r["machine"]
    virtual = f"virtualised ({m['virtual']})" if m["virtual"] else "not virtualised, as far as it says"
    pythons = "; ".join(f"{p['version']} ({name}"
                        f"{'' if p['symbols'] else ', stripped'})" for name, p in r["interpreters"].items())
    text = f"""# Benchmarks

Made by `{r['command']}` on {r['date']}, gilscope {r['gilscope']}: Linux {m['kernel']}, {m['cpus']} CPUs, {m['cpu']}, {virtual};
Python: {pythons}. JSON beside it: `docs/benchmarks.json`.

Every ratio is of a traced run to the mean of the untraced ones before and after it, in one and the same process; what stands
here is the median of {r['repeats']} rounds, with the quartiles in brackets. In every round each column runs once, in turn, in
a process that the round has for itself. `noise` comes from untraced runs compared with the untraced ones around them: 95 % of
the medians of {r['repeats']} such ratios are no further from 1. No figure closer to 1 than that says anything.
"""
    if r.get("agreement_date"):
        text += f"\nWatch mode beside exact mode was measured again on {r['agreement_date']}, after a change to both.\n"
    if r.get("remark"):
        text += f"\n{r['remark']}\n"
    if r["repeats"] < 7:
        text += "\n**A short run: fewer than 7 rounds. Its figures show that the command works, no more.**\n"
    return text


def verdict_part(r):
    rows = []
    for v in r["verdicts"]:
        said = v["verdict"]
        if v["why"] and said == "not measured":
            said += ": " + v["why"]
        rows.append((v["text"], num(v["bound"], "{:.3g}"), num(v["measured"], "{:.3g}"),
                     num(v["noise"] or None, "{:.2g}"), said))
    text = "\n## Verdicts\n\nWhat the noise floor hides counts as met.\n\n"
    text += table(("what", "at most", "measured", "noise", "verdict"), rows)
    short = [v for v in r["verdicts"] if v["verdict"] == "not met"]
    if short:
        text += "\nWhat falls short:\n\n"
        for v in short:
            detail = f" ({v['detail']})" if v.get("detail") else ""
            text += f"- {v['text']}: {v['measured']:.3g}, {v['short_by']:.3g} above the bound{detail}."
            text += f" {v['why']}\n" if v["why"] else f" No cause is noted (`{v['key']}`).\n"
    return text


def cost_part(r):
    text = ""
    for group, python in r["interpreters"].items():
        loads = [w for w in r["workloads"] if w["python"] == group]
        if not loads:
            continue
        names = [t["name"] for t in r["tracers"] if t["python"] == group and not t["skipped"]]
        what = "" if group == "system" else ", which has the symbols that some tools need"
        text += f"\n## Traced to untraced, on Python {python['version']}{what}\n\n"
        text += table(["workload", "untraced, s", "noise"] + names,
                      [[w["name"], mid(w["untraced_s"], "{:.2f}"), num(w["noise"] and w["noise"] * 100, "{:.1f} %")]
                       + [ratio(w["columns"].get(n)) for n in names] for w in loads])
    text += "\n" + "\n".join(f"- `{w['name']}`: {w['what']}" + (f"; with {w['with']}" if w["with"] else "")
                             + ("" if w["python"] == "system" else f" ({r['interpreters'][w['python']]['version']})")
                             for w in r["workloads"] if w["python"] == "system" or w["with"]) + "\n"
    return text


def tracer_part(r):
    counted = {(s["name"], s["load"]): s for s in r.get("seen") or []}
    loads = sorted({load for _, load in counted}, reverse=True)

    def share(t, load):
        s = counted.get((t["name"], load))
        return f"{s['counted'] / s['calls']:.2%}" if s and s["counted"] is not None else "-"
    text = "\n## What each can see\n\n`of …`: takes counted, of those that the workload knows it made (a few more " \
           "belong to its start and end).\n\n"
    text += table(["column", "tool", "sees", "cannot see"] + [f"of `{load}`" for load in loads],
                  [[t["name"], t["version"] or "-", t["sees"], t["cannot"]] + [share(t, load) for load in loads]
                   for t in r["tracers"] if not t["skipped"]])
    skipped = [t for t in r["tracers"] if t["skipped"]]
    if skipped:
        text += "\nLeft out:\n\n" + "".join(f"- {t['name']}: {t['skipped']}\n" for t in skipped)
    return text


def agreement_part(r):
    text = "\n## Watch mode beside exact mode\n\nBoth on the same run of each workload, watch mode with 1,000 samples a " \
           "second; medians. `held` is the\ndifference of the shares of the time in which the GIL was held, in points.\n\n"
    rows = []
    for a in r["agreement"]:
        if a["failed"]:
            rows.append((a["name"], a["failed"], "-", "-", "-"))
        else:
            rows.append((a["name"], f"{a['contended']:,.0f}", *(num(a[k] if a[k] is None else a[k] * 100, "{:+.2f} %")
                                                              for k in ("count", "sum")), f"{a['held'] * 100:+.2f}"))
    return text + table(("workload", "contended takes", "their number", "time waited", "held"), rows)


def estimate_part(r):
    text = "\n## What exact mode says that it costs\n\nHits times the cost of one, calibrated at start on gilscope itself, " \
           "beside the CPU time that the workload needed more.\n\n"
    return text + table(("workload", "said, s", "needed more, s", "said to needed"),
                        [(e["name"], f"{e['said_s']:.3f}", f"{e['added_s']:.3f}",
                          f"{e['said_s'] / e['added_s']:.2f}" if e["added_s"] > 0 else "-")
                         for e in r["estimates"] if e["runs"]])


def scale_part(r):
    text = "\n## gilscope's own needs\n\nOne reading a second. `age`: how old figures are when they are printed. " \
           "`error`: takes counted, against the\nworkloads' own count; watch mode does not count takes. A rate that " \
           "was asked for and not reached is one that the\nworkload cannot do while it is traced.\n\n"
    rows = []
    for s in r["scale"]:
        where = [s["mode"], s["processes"], s["threads"], f"{s['rate']:,}"]
        if s["failed"]:
            rows.append(where + [s["failed"]] + ["-"] * 6)
        else:
            rows.append(where + [f"{s['takes_per_s']:,.0f}", f"{s['cpu']:.2%}", f"{s['rss'] / 2**20:.0f}",
                                 f"{s['kernel'] / 2**20:.0f}",
                                 f"{s['lag_s']['median'] * 1e3:.1f} (max {s['lag_s']['max'] * 1e3:.1f})"
                                 if s["lag_s"] else "-",
                                 num(s["error"] if s["error"] is None else s["error"] * 100, "{:+.3f} %"),
                                 s["lost"]])
    return text + table(("mode", "processes", "threads", "takes/s asked", "reached", "CPU", "resident, MiB",
                         "BPF maps, MiB", "age, ms", "error", "lost"), rows)


def agent_part(r):
    a = r["agent"]
    text = "\n## The agent\n\n64 processes of 16 threads that work a little, scraped every 5 s:\n\n"
    text += table(("series of", "a scrape, ms", "KiB", "resident, MiB", "CPU"),
                  [(s["labels"], f"{s['scrape_s']['median'] * 1e3:.0f} (max {s['scrape_s']['max'] * 1e3:.0f})",
                    f"{s['bytes'] / 1024:,.0f}", f"{s['rss'] / 2**20:.0f}", f"{s['cpu']:.2%}") for s in a["staying"]])
    p = a["passing"]
    return text + f"\n{p['count']:,} processes of `python3 -ISc pass` that came and went in {p['seconds']:.0f} s: " \
        f"{p['starts']:,.0f} counted, {p['lost']:,.0f} events lost; resident {p['rss_half'] / 2**20:.1f} MiB after half of " \
        f"them and\n{p['rss'] / 2**20:.1f} MiB after all, series {p['series_half']:.0f} and {p['series']:.0f}; " \
        f"{p['cpu']:.1%} of a core. Ones that end before they can be attached to are not counted.\n"


def time_part(r):
    text = "\n## Attaching, detaching, finding sites\n\n"
    text += table(("what", "seconds"),
                  [(f"{a['mode']}: {name}", mid(a[key])) for a in r["attaching"]
                   for key, name in (("attach_s", "start to first figures"), ("detach_s", "SIGINT to the end"))]
                  + [(f"`probes` on the {d['python']} Python, start to end", mid(d["seconds"]))
                     for d in r["discovery"]])
    return text


def finding_part(r):
    text = "\n## Finding the sites of every binary\n\nOf `make pythons`, each in a root of its own, and of this host: which file it " \
           "is, its layout, the sites of the GIL, of the\ncollector and of asyncio; milliseconds. `cold`: nothing is kept from before " \
           "(but the page cache is warm); `again`: with what is\nkept by build id, which is what debug files tell, unless they are the " \
           "traced process's own."
    if r.get("finding_date"):
        text += f" Measured on {r['finding_date']}."
    rows = [(f["python"], f["form"], *(mid({k: v * 1e3 for k, v in f[key].items()}, "{:.0f}")
                                       for key in ("cold_s", "cached_s"))) for f in r["finding"]]
    return text + "\n\n" + table(("Python", "form", "cold", "again"), rows)


def recording_part(r):
    rec = r["recording"]
    text = "\n## Recordings\n\nRecords made by a BPF program on one CPU, taken and written by the recorder:\n\n"
    text += table(("events/s made", "recorded", "lost", "bytes/event", "reader's CPU"),
                  [(f"{g['made_per_s']:,.0f}", f"{g['recorded']:,}", f"{g['lost']:,}",
                    f"{g['bytes_per_event']:.2f}", f"{g['reader_cpu']:.0%}") for g in rec["rates"]])
    read = rec["reading"]
    text += f"\nReading {read['events']:,} events, {read['bytes'] / 1e6:.0f} MB ({read['lost']:,} lost when made):\n\n"
    text += table(("what", "seconds", "peak, MiB", "output, MB", "events/s"),
                  [(j["name"], j["failed"], "-", "-", "-") if j["failed"] else
                   (j["name"], f"{j['seconds']:.1f}", f"{j['peak'] / 2**20:.0f}",
                    num(j["output"] and j["output"] / 1e6, "{:.1f}"), f"{j['events_per_s']:,.0f}")
                   for j in read["jobs"]])
    return text


PARTS = (("verdicts", verdict_part), ("workloads", cost_part), ("tracers", tracer_part),
         ("agreement", agreement_part), ("estimates", estimate_part), ("attaching", time_part),
         ("finding", finding_part), ("scale", scale_part), ("agent", agent_part), ("recording", recording_part))


def markdown(r):
    return head(r) + "".join(part(r) for key, part in PARTS if r.get(key))
