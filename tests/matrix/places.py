"""What a cell of the matrix runs: which interpreters are here, in which forms, and how each is started where.

An interpreter is one that `make pythons` fetched, with a root and a libc of its own (or that scripts/
freethreaded.sh or musl.sh built), one of this host's, or one that pyenv has built on it.
Its forms: the stripped program, and the library, embedded in a program that is nothing but the call; each
without and with their debug files; the debug build; and a free-threaded one with its GIL on.  The places: this host's root (a fetched one is
started through its own ld.so there), a chroot, and that in a PID and a mount namespace.  Where the debug
files can be seen is a matter of mounts that only the workload has.
"""
import glob
import os
import re
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.path.join(HERE, "..", "work")
LIBS = "usr/lib/x86_64-linux-gnu"
DEBUG = "usr/lib/debug"
FORMS = ("program", "library", "program, debug file", "library, debug file", "debug build",
         "program, GIL on")
PLACES = ("chroot", "host", "namespaces")
EVERYWHERE = ("library", "program, debug file", "debug build")  # of the subset's one interpreter
OLDEST = 8  # of 3.x, that gilscope knows
# What the layout is to come from; the older ones do not describe themselves.
OLDER = {"3.8", "3.9", "3.10", "3.11", "3.12"}


class Interpreter:
    """@root: the folder it has for itself, or "/"; @name: as in the table; @minor: 3.11."""

    def __init__(self, name, minor, root, program):
        self.free_threaded = program.endswith("t")
        self.musl = program.endswith("musl")
        self.name, self.minor, self.root, self.program = name, minor, root, program
        self.own = root != "/"
        self.debug_build = f"{program}-dbg"
        self.library = f"/{LIBS}/libpython{minor}.so.1.0"
        self.folder = None

    def inside(self, path):
        """A path of its root, as this host sees it."""
        return os.path.join(self.root, path.lstrip("/"))

    def has(self, form):
        if form.endswith("GIL on"):
            return self.free_threaded
        if form == "debug build":
            return os.path.exists(self.inside(self.debug_build))
        if form.startswith("library") and not (self.program.startswith("/usr/bin/") and
                                               os.path.exists(self.inside(self.library))):
            return False
        return "debug file" not in form or self.own and os.path.isdir(self.inside(f"{DEBUG}/.build-id"))

    def layout(self, form):
        """Where it must come from, or None if that is not known beforehand."""
        if not self.own:
            return None
        if self.minor not in OLDER:
            return "debug_offsets"
        if form == "debug build" or "debug file" in form:
            return "dwarf"
        return "table"

    def prepare(self):
        """The workloads, where its root has them; nothing is left there after clear()."""
        self.folder = tempfile.mkdtemp(prefix="gilscope-matrix.", dir=self.inside("tmp"))
        for path in glob.glob(f"{WORK}/*.py"):
            shutil.copy(path, self.folder)
        null = self.inside("dev/null")
        if not os.path.exists(null):
            os.mknod(null, 0o20666, os.makedev(1, 3))
        if self.has("library"):
            subprocess.run(["cc", "-nostdlib", "-no-pie", "-Wl,--unresolved-symbols=ignore-all", "-o",
                            f"{self.folder}/embedding", os.path.join(HERE, "..", "e2e", "embedding.S"),
                            self.inside(self.library)], check=True)

    def clear(self):
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


class Cell:
    """One of the matrix.  @pid and so on are filled in as it runs."""

    def __init__(self, python, form, place):
        self.python, self.form, self.place = python, form, place
        self.failures, self.found, self.seconds = [], {}, None

    def __str__(self):
        return f"{self.python.name}, {self.form}, {self.place}"

    @property
    def has_gil(self):
        return not self.python.free_threaded or self.form.endswith("GIL on")

    @property
    def hides(self):
        """Are its debug files to be out of sight?"""
        return self.form in ("program", "library")

    def program(self):
        if self.form.startswith("library"):
            return f"{self.python.folder}/embedding"
        return self.python.inside(self.python.debug_build if self.form == "debug build" else self.python.program)

    def mounts(self, into):
        """The shell's words for what this place is, before the program runs; @into: a folder to mount on."""
        p, lines = self.python, []
        if self.place != "host" and not p.own:
            lines.append(f"mount --rbind / {into}")
        root = "/" if self.place == "host" else p.root if p.own else into
        debug = os.path.join(root, DEBUG)
        if self.hides and os.path.isdir(os.path.join("/" if root == into else root, DEBUG)):
            lines.append(f"mount -t tmpfs none {debug}")
        elif "debug file" in self.form and self.place == "host" and p.own:
            lines.append(f"mount --bind {p.inside(DEBUG)} {debug}")
        if self.place == "namespaces":
            lines.append(f"mount -t proc none {os.path.join(root, 'proc')}")
        return root, lines

    def command(self, script, into):
        """(the words that start a workload here, its environment); @script is one, or "" for none."""
        p = self.python
        root, lines = self.mounts(into)
        chrooted = self.place != "host" and p.own

        def seen(path):
            """As the workload sees it."""
            return "/" + os.path.relpath(path, p.root) if chrooted else path
        words = [seen(self.program())] + ([seen(f"{p.folder}/{script}")] if script else [])
        env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
        if self.form.endswith("GIL on"):
            env["PYTHON_GIL"] = "1"
        if p.own:
            env["PYTHONPYCACHEPREFIX"] = seen(f"{p.folder}/compiled")
        if self.place != "host":
            words = ["chroot", root] + words
        elif p.own:
            libs = ":".join(p.inside(x) for x in ("lib/x86_64-linux-gnu", LIBS))
            words = [loader(p), "--library-path", libs] + words
            env["PYTHONHOME"] = p.inside("usr")
        unshare = ["unshare", "-m"] + (["-pf", "--kill-child"] if self.place == "namespaces" else [])
        if lines or self.place == "namespaces":
            words = unshare + ["sh", "-ec", "\n".join(lines) + '\nexec "$@"', "sh"] + words
        return words, env


def compile_modules(cells, into):
    """What the workloads import, compiled, for those that are fetched without: most of the time to start."""
    procs = {}
    for cell in cells:
        key = cell.python, cell.place == "host"
        if cell.python.own and key not in procs:
            words, env = cell.command("", into)
            env.update(PYTHONDONTWRITEBYTECODE="", PYTHONPATH=f"{cell.python.folder}:/" + os.path.relpath(
                cell.python.folder, cell.python.root))
            procs[key] = subprocess.Popen(words + ["-c", "import aio, gcwork, holds, pingpong, tasks"], env=env)
    for proc in procs.values():
        proc.wait(120)


def loader(p):
    """Its root's dynamic linker, as this host sees it."""
    path = p.inside("lib/ld-musl-x86_64.so.1" if p.musl else "lib64/ld-linux-x86-64.so.2")
    while os.path.islink(path):
        to = os.readlink(path)
        path = p.inside(to) if os.path.isabs(to) else os.path.join(os.path.dirname(path), to)
    return path


def fetched(folder):
    for root in sorted(glob.glob(f"{folder}/*/"), key=lambda d: [int(n) for n in re.findall(r"\d+", os.path.basename(d[:-1]))]):
        root = os.path.realpath(root)
        name = os.path.basename(root)
        program = f"/usr/bin/python{name}"
        if re.fullmatch(r"3\.\d+(t|musl)?", name) and os.path.exists(root + program):
            yield Interpreter(name, re.match(r"3\.\d+", name)[0], root, program)


def of_this_host():
    """Each CPython that a python3 in PATH stands for."""
    code = ("import sys, os; print(os.path.realpath(sys.executable), '%d.%d' % sys.version_info[:2]) "
            "if sys.implementation.name == 'cpython' else 0")
    seen = set()
    for folder in ["/usr/bin"] + os.environ["PATH"].split(":"):
        for path in sorted(glob.glob(f"{folder}/python3") + glob.glob(f"{folder}/python3.[0-9]*")):
            if not re.search(r"python3(\.\d+)?$", path):
                continue
            run = subprocess.run([path, "-I", "-S", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 stdin=subprocess.DEVNULL, timeout=20)
            said = run.stdout.decode().split()
            if len(said) == 2 and said[0] not in seen:
                seen.add(said[0])
                yield Interpreter(f"{said[1]} of this host" if len(seen) == 1 else f"{said[1]} in PATH", said[1], "/",
                                  said[0])


def pyenv_root():
    """The folder that pyenv keeps its builds in; "" if it is not here."""
    root = os.environ.get("PYENV_ROOT", "")
    if not root and shutil.which("pyenv"):
        run = subprocess.run(["pyenv", "root"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                             timeout=20)
        root = run.stdout.decode().strip()
    return root


def of_pyenv(root, known):
    """Each CPython that pyenv has built, the oldest first, but for the programs that are @known."""
    found = {}
    for path in glob.glob(f"{root}/versions/*/bin/python3.*"):
        name, real = os.path.basename(path), os.path.realpath(path)
        minor = re.fullmatch(r"python(3\.(\d+))t?", name)
        if root and minor and int(minor[2]) >= OLDEST and real not in known and os.access(real, os.X_OK):
            found[real] = int(minor[2]), Interpreter(f"{name[len('python'):]} of pyenv", minor[1], "/", real)
    return [p for _, p in sorted(found.values(), key=lambda x: (x[0], x[1].program))]


def cells(folder, subset):
    """All; or every form in a chroot (this host's own and the oldest of pyenv's: here), and some of one everywhere."""
    pythons = list(fetched(folder)) + list(of_this_host())
    more = of_pyenv(pyenv_root(), {p.program for p in pythons if not p.own})
    full = next((p for p in reversed(pythons) if p.minor in OLDER and all(map(p.has, EVERYWHERE))), None)
    pythons += more[:1] if subset else more
    rows = []
    for p in pythons:
        first = "chroot" if p.own else "host"
        rows += [Cell(p, form, place) for place in PLACES for form in FORMS if p.has(form) and
                 (not subset or place == first or p is full and form in EVERYWHERE)]
    return rows
