"""Functions that call each other in the ways that Python has: call() goes through a list of them.

Methods, lambdas, closures, comprehensions, decorators, generators, class bodies, names in other
scripts, code whose lines are far apart, calls from C.  Each is given those that are left; where none
is, call() ends in bottom(), which is for the program to say.
"""
import functools
import os
import random

rng = random.Random(7)
bottom = None


def plain(rest):
    value = 1; value += len(rest); return call(rest)


def over_lines(
    rest,
    *,
    more=None,
):
    first = (
        1 +
        2
    )
    return max(
        first,
        not call(
            rest
        ),
        3)


def decorate(f):
    @functools.wraps(f)
    def wrapper(*args):
        try:
            return f(*args)
        finally:
            wrapper.after = True
    return wrapper


@decorate
@decorate
def decorated(rest):
    with open(os.devnull):
        return call(rest)


def lambdas(rest):
    return (lambda x:
            (lambda: call(x))())(rest)


def closure(rest):
    def inner():
        return call(rest)
    return inner()


def comprehension(rest):
    return [x for x in
            (call(rest) for _ in (1,))]


def generator(rest):
    def items():
        yield 1
        yield from deeper()

    def deeper():
        yield call(rest)
    return list(items())


class Кот:
    def мяу_日本(self, rest): return call(rest)

    @staticmethod
    def static(rest):
        return call(rest)

    @property
    def tail(self):
        return call(self.rest)


def method(rest):
    return Кот().мяу_日本(rest)


def static(rest):
    return Кот.static(rest)


def a_property(rest):
    кот = Кот()
    кот.rest = rest
    return кот.tail


def exception(rest):
    try:
        raise ValueError
    except ValueError:
        for _ in range(2):
            pass
        return call(rest)


def from_c(rest):
    return sorted([1, 2], key=lambda x: not call(rest))


def class_body(rest):
    class Body:
        attribute = 1
        value = call(rest)
    return Body


def compiled():
    """A function of its own, its lines up to thousands apart, in a file of a long name."""
    gaps = ["\n" * rng.choice((0, 1, 3, 40, 130, 300, 4000)) for _ in range(6)]
    name = "<" + rng.choice("äß語🐍") * rng.choice((1, 20, 200)) + ">"
    space = {"call": call}
    exec(compile(gaps[0] + "def made(rest):\n x = 0\n" + gaps[1] + " if rest is None:\n  x = 1\n" + gaps[2]
                 + " x += 1; y = (x,\n" + gaps[3] + "  call(rest),\n" + gaps[4] + "  x)\n" + gaps[5]
                 + " return y\n", name, "exec"), space)
    return space["made"]


def far_apart(rest):
    return compiled()(rest)


LAYERS = [plain, over_lines, decorated, lambdas, closure, comprehension, generator, method, static,
          a_property, exception, from_c, class_body, far_apart]


def call(rest):
    if not rest:
        return bottom()
    return rest[0](rest[1:])
