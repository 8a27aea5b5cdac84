"""How long finding an interpreter and its sites takes, for every binary of the matrix (tests/matrix)."""
import json
import os
import subprocess
import sys
import tempfile

from measure import HERE, O, Failed, Process, say, spread

sys.path.insert(0, os.path.join(HERE, "..", "matrix"))
import places  # noqa: E402
IDLE = "import asyncio, sys; print('here', flush=True); sys.stdin.read()"


def find(cell, rounds, work):
    """A row of the report, or None if it does not run here."""
    words, env = cell.command("", work)
    with Process(words + ["-c", IDLE], env=env) as p, tempfile.TemporaryDirectory(dir=work) as folder:
        p.line()
        run = subprocess.run([os.path.join(O, "bench", "discovery"), str(p.pid), str(rounds), folder],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if run.returncode:
            say(f" {run.stderr.decode().strip()}\n")
            return None
        took = json.loads(run.stdout)
    return {"python": cell.python.name, "form": cell.form, **{key: spread(took[key]) for key in took}}


def finding(rounds):
    """Each in a chroot of its own, this host's own here; a form's place is all the same to the file."""
    work = tempfile.mkdtemp(prefix="gilscope-bench.")
    cells = [c for c in places.cells(os.path.join(O, "pythons"), False)
             if c.place == ("chroot" if c.python.own else "host")]
    rows = []
    try:
        for python in {c.python for c in cells}:
            python.prepare()
        for cell in cells:
            say(f"finding the sites of {cell}:")
            try:
                row = find(cell, rounds, work)
            except (Failed, OSError, subprocess.SubprocessError) as e:
                row = None
                say(f" {e}\n")
            if row:
                say(f" {row['cold_s']['median'] * 1e3:.0f} ms\n")
                rows.append(row)
    finally:
        for python in {c.python for c in cells}:
            python.clear()
        os.rmdir(work)
    return rows
