"""frames.py WHAT PIDS PINS RECORDER: each thread's frames, as BPF walks them and as RECORDER does.

PIDS is "PID TID...".  PINS has the maps of frames.bpf.c.  RECORDER is test_frames, which writes the
layout, the thread state and the frames of a thread ("walked CODE OFFSET FLAGS").
"""
import json
import struct
import subprocess
import sys
import time

FRAMES = 127
TRIES = 50  # a thread may be between two sleeps


def update(name, value):
    subprocess.run(["bpftool", "map", "update", "pinned", f"{pins}/{name}", "key", "0", "0", "0", "0", "value"]
                   + [str(b) for b in value], check=True)


def outside(tid):
    """What it takes to walk there, and what the walk from outside sees."""
    text = subprocess.run([recorder, "--record", pid, tid], check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = [line.split() for line in text.splitlines()]
    layout = next([int(n) for n in words[1:]] for words in lines if words[0] == "layout")
    tstate = next(int(words[1], 16) for words in lines if words[0] == "tstate")
    walked = [tuple(int(n) for n in words[1:]) for words in lines if words[0] == "walked"]
    return struct.pack(f"={len(layout)}I", *layout), tstate, walked


def inside(tid, layout, tstate):
    """What BPF sees at the end of the thread's next system call."""
    update("frames_out", b"\xff\xff" + bytes(6 + 16 * FRAMES))
    update("frames_config", layout + struct.pack("=IIQ", int(tid), 0, tstate))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        time.sleep(0.05)
        seen = json.loads(subprocess.run(["bpftool", "-j", "map", "dump", "pinned", f"{pins}/frames_out"], check=True,
                                         stdout=subprocess.PIPE).stdout)[0]["value"]
        n, end = struct.unpack_from("=II", raw := bytes(int(b, 16) for b in seen))
        if n <= FRAMES:
            update("frames_config", bytes(len(layout) + 16))
            return end, [struct.unpack_from("=QiI", raw, 8 + 16 * i) for i in range(n)]
    sys.exit(f"    {what}: no system call of thread {tid} seen in 20 s")


what, pids, pins, recorder = sys.argv[1:]
pid, *tids = pids.split()
for tid in tids:
    for _ in range(TRIES):
        layout, tstate, walked = outside(tid)
        end, frames = inside(tid, layout, tstate)
        if frames == walked:
            break
    else:
        pair = next((p for p in zip(walked, frames) if p[0] != p[1]), (len(walked), len(frames)))
        sys.exit(f"    {what}: frames of thread {tid}: expected {pair[0]}, seen {pair[1]} in BPF (end {end})")
    deep = len(walked) == FRAMES
    if end != deep or len(walked) < 9:
        sys.exit(f"    {what}: thread {tid}: expected end {int(deep)} and 9 frames or more, seen {end} and {len(walked)}")
print(f"{what:8} {len(tids)} stacks alike in BPF and from outside")
