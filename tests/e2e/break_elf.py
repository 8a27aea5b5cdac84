"""break_elf.py GOOD DIR: write copies of an ELF library to DIR, each broken in a way of its own, and
print their names."""
import os
import struct
import sys

good, where = sys.argv[1:3]
with open(good, "rb") as f:
    elf = f.read()
phoff, shoff = struct.unpack_from("<QQ", elf, 32)
phnum, _, shnum, names = struct.unpack_from("<HHHH", elf, 56)
HUGE = 0xfffffffffffff000


def sections():
    rows = [struct.unpack_from("<IIQQQQII", elf, shoff + 64 * i) for i in range(shnum)]
    for i, row in enumerate(rows):
        begin = rows[names][4] + row[0]
        yield elf[begin:elf.index(b"\0", begin)].decode(), shoff + 64 * i, row


def section(name):
    return next((at, row) for n, at, row in sections() if n == name)


def bytes_at(name):
    return section(name)[1][4]


def symbol(name):
    """Where the row of a name in .dynsym is."""
    strings = bytes_at(".dynstr")
    at, size = section(".dynsym")[1][4:6]
    for i in range(at, at + size, 24):
        begin = strings + struct.unpack_from("<I", elf, i)[0]
        if elf[begin:elf.index(b"\0", begin)].decode() == name:
            return i
    sys.exit(f"{good}: no symbol {name}")


def dynamic(tag):
    """Where the value of an entry of the dynamic section is."""
    at = bytes_at(".dynamic")
    while True:
        t, _ = struct.unpack_from("<qQ", elf, at)
        if t == tag:
            return at + 8
        if not t:
            sys.exit(f"{good}: no dynamic entry {tag}")
        at += 16


def broken(name, *changes, size=None):
    """A copy with (where, format, values…) written over it."""
    data = bytearray(elf)
    for at, form, *values in changes:
        struct.pack_into(form, data, at, *values)
    with open(os.path.join(where, name), "wb") as f:
        f.write(data[:size])
    print(name)


loads = [phoff + 56 * i for i in range(phnum) if struct.unpack_from("<I", elf, phoff + 56 * i)[0] == 1]
text, text_size = section(".text")[1][4:6]
frames, frames_size = section(".eh_frame")[1][4:6]
gnu_hash = bytes_at(".gnu.hash")
notes, notes_size = section(".note.stapsdt")[1][4:6]
plt, plt_size = section(".plt")[1][4:6]


def inside_a_call():
    """An address in the middle of an instruction."""
    for at in range(text, text + text_size - 5):
        if elf[at] == 0xe8 and 0 <= at + 5 + struct.unpack_from("<i", elf, at + 1)[0] - plt < plt_size:
            return at + 2
    sys.exit(f"{good}: no call")


def note_places():
    """Where the notes say what they mark."""
    at = notes
    while at < notes + notes_size:
        name, desc, _ = struct.unpack_from("<III", elf, at)
        yield at + 12 + (name + 3 & ~3)
        at += 12 + (name + 3 & ~3) + (desc + 3 & ~3)

broken("overlapping", (loads[1] + 8, "<QQQQQ", 0, 0, 0, len(elf), len(elf)))
broken("same_segment", (loads[1], "<IIQQQQQQ", *struct.unpack_from("<IIQQQQQQ", elf, loads[0])))
broken("segment_outside", (loads[0] + 8, "<Q", HUGE))
broken("segment_wraps", (loads[0] + 16, "<Q", HUGE), (loads[0] + 40, "<Q", HUGE))
broken("many_segments", (56, "<H", 0xfffe))
broken("many_sections", (60, "<H", 0xffff))
broken("section_names_outside", (62, "<H", 0xfffe))
broken("section_outside", (section(".eh_frame")[0] + 24, "<QQ", HUGE, HUGE))
broken("buckets", (gnu_hash, "<I", 0xffffffff))
broken("no_buckets", (gnu_hash, "<I", 0))
broken("bloom", (gnu_hash + 8, "<I", 0xffffffff))
broken("relocations", (dynamic(8), "<Q", HUGE), (dynamic(2), "<Q", HUGE))
broken("strings_outside", (dynamic(5), "<Q", HUGE))
broken("runtime_outside", (symbol("_PyRuntime") + 8, "<QQ", HUGE, HUGE))
broken("runtime_in_text", (symbol("_PyRuntime") + 8, "<Q", text))
broken("version_outside", (symbol("Py_Version") + 8, "<Q", HUGE))
broken("version_of_tomorrow", (bytes_at(".rodata") + elf[bytes_at(".rodata"):].index(
    struct.pack("<I", 0x030b02f0)), "<I", 0x034002f0))
broken("function_outside", (symbol("PyEval_SaveThread") + 8, "<QQ", HUGE, 64))
broken("no_code", (text, f"<{text_size}s", b"\x06" * text_size))
broken("only_calls", (text, f"<{text_size}s", b"\xe8\0\0\0\0" * (text_size // 5)))
broken("no_frames", (frames, f"<{frames_size}s", b"\0" * frames_size))
broken("frames_of_ff", (frames, f"<{frames_size}s", b"\xff" * frames_size))
broken("huge_frame", (frames + 24, "<I", 0xfffffff0))
broken("note_in_instruction", *((at, "<Q", inside_a_call()) for at in note_places()))
broken("note_outside", *((at, "<Q", HUGE) for at in note_places()))
broken("huge_note", (notes, "<II", 0xfffffff0, 0xfffffff0))
broken("short", size=len(elf) // 2)
broken("head_only", size=64)
