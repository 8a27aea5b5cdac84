"""Known numbers of objects made and dropped, by type.

usage: refs.py [OBJECTS [fork]]

The objects are made before go and dropped after it, so that each dealloc falls in the
measurement and little else does.  With fork a child drops them, which has mapped nothing of the
interpreter's constants but what it came by: the names of types are not there.
"""
import gc
import os
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
bytearrays = [bytearray(3) for _ in range(objects)]
if sys.argv[2:] == ["fork"]:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os._exit(0)
common.ready()
common.go()
widgets.clear()
gadgets.clear()
lists.clear()
dicts.clear()
tuples.clear()
sets.clear()
bytearrays.clear()
common.done(pid=os.getpid(), exact={"Widget": objects, "Gadget": objects // 2},
            least={"list": objects, "dict": objects, "tuple": objects, "set": objects, "bytearray": objects})
