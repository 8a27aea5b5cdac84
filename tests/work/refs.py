"""Known numbers of objects made and dropped, by type.

usage: refs.py [OBJECTS]

The objects are made before go and dropped after it, so that each dealloc falls in the
measurement and little else does.
"""
import gc
import sys

import common

objects = int(sys.argv[1]) if len(sys.argv) > 1 else 5000


class Widget:
    __slots__ = ("__dict__",)


class Gadget:
    pass


gc.disable()
widgets = [Widget() for _ in range(objects)]
gadgets = [Gadget() for _ in range(objects // 2)]
lists = [[i] for i in range(objects)]
dicts = [{i: i} for i in range(objects)]
tuples = [(i, i) for i in range(objects)]
sets = [{i} for i in range(objects)]
common.ready()
common.go()
widgets.clear()
gadgets.clear()
lists.clear()
dicts.clear()
tuples.clear()
sets.clear()
common.done(exact={"Widget": objects, "Gadget": objects // 2},
            least={"list": objects, "dict": objects, "tuple": objects, "set": objects})
