"""Seeds for the fuzz targets that read files of programs and of /proc: seeds.py LIBRARY DIR

LIBRARY is seed_python.c, compiled; DIR/corpus-TARGET/… is written.
"""
import os
import struct
import sys

library, where = sys.argv[1:3]
with open(library, "rb") as f:
    elf = f.read()


def put(target, name, data):
    path = os.path.join(where, f"corpus-{target}")
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, name), "wb") as f:
        f.write(data)


def section(name):
    """The bytes of a section."""
    at, = struct.unpack_from("<Q", elf, 40)
    count, names = struct.unpack_from("<HH", elf, 60)
    rows = [struct.unpack_from("<IIQQQQ", elf, at + 64 * i) for i in range(count)]
    for row in rows:
        begin = rows[names][4] + row[0]
        if elf[begin:elf.index(b"\0", begin)] == name:
            return elf[row[4]:row[4] + row[5]]
    sys.exit(f"{library}: no section {name}")


put("elf", "library", elf)
put("dwarf", "library", elf)
put("usdt_note", "section", b"\1" + section(b".note.stapsdt"))
put("usdt_note", "arguments", b"\0-4@112(%rsp) 8@%r12 8@$5 -1@%al 2@(%rbx) 4@-0x10(%rbp)")
put("fde", "section", section(b".eh_frame"))
# A table for the first 64 KiB of the file (fuzz_native.c), which begins at 0x4000b0: the caller's address is
# above the frame, and at each deeper level in another register's; one function; a stack of calls.
cie = struct.pack("<II", 20, 0) + b"\1zR\0\1\x78\x10\1\x1b\x0c\7\x08\x90\1" + bytes(2)
for name, rule in ("frames", b"\x0e\x20"), ("register", b"\x0d\3\x8c\2"), ("expression", b"\x0f\3\x77\x10\6"):
    row = struct.pack("<IiI", len(cie) + 4, -0xb0 - len(cie) - 8, 0x10000) + b"\0" + rule
    row += bytes(-len(row) % 4)
    table = cie + struct.pack("<I", len(row)) + row + bytes(4)
    symbols = struct.pack("<IBBHQQ", 32, 2, 0, 1, 0x400100, 0x200) + bytes(8) + b"\0a_function\0"
    stack = b"".join(struct.pack("<QQQQ", 0x300000000040 + 32 * i, 0, 0, 0x200000000120 + i) for i in range(8))
    put("native", name, struct.pack("<HHH", len(table), len(symbols), 0x110) + table + symbols +
        struct.pack("<HHHH", 0, 8, 16, 16) + stack)
for flags in (3, 0x87):
    put("code", f"text{flags}", bytes([flags]) + section(b".text"))
# What GCC makes of a switch, of a loop, and of a stack frame with a guard.
# As in tests/unit/test_code_arm64.c: a frame, calls, a pair of stores, addresses, atomics.
put("code", "aarch64", bytes([0x41]) + bytes.fromhex(
    "5f2403d53f2303d5fd7bbda9fd030091f35301a9130840f9f31700f9210080527442009160020291"
    "810200b9f3ffff9720010035e01740f981468252a100a0727f0603a9edffff970200009042800491"
    "03000014eaffff971f2003d5f35341a9bf2303d5fd7bc3a8c0035fd601fc5f882104001101fc0288"
    "a2ffff3583ffff5844d03bd50280e1b801fc9f8801ff1f36e1feff5460003fd660001fd6010000d4"
    "00000000bf3b03d53f2003d505feff10d2ffff175f2403d510000090112640f91022019120021fd6"
    "026861f8c74440b8c70c1ff8c8244129e007803d627ca1c8"))
put("usdt_note", "aarch64", b"\2-4@[sp, 184] 8@x12 8@5 -1@w0 2@[x1] 4@[x29, -16]")
put("code", "pieces", bytes([9]) + bytes.fromhex(
    "f30f1efa554889e54883ec2064488b042528000000488945f831c0e80000000085c00f8510000000"
    "83ff0577120fb6c7488d15f0ffffff486304824801d0ffe0ebd2488b45f864482b042528000000"
    "7502c9c3e8ffffffff0f0bf2e9000000009066900f1f440000ff15fdffffffff25f7ffffff"))

# As in Debian's 3.13.5, 3.14.10 and 3.15.2 (tests/unit/test_debug_offsets.c).
BUILDS = (
    (0, 0x030d05f0, 283376, 760, {40: 632, 48: 194976, 56: 7272, 64: 7264, 72: 7344, 80: 7400,
     112: 16, 120: 7752, 136: 7768, 144: 7760, 152: 304, 168: 8, 176: 16, 192: 152, 200: 160,
     360: 8, 376: 24, 392: 168, 568: 240, 576: 200}),
    (2, 0x030e0af0, 316616, 880, {40: 808, 48: 225864, 56: 7280, 64: 7272, 72: 7344, 88: 7408,
     120: 16, 128: 7784, 144: 7800, 152: 7792, 176: 832, 192: 8, 200: 16, 216: 152, 224: 160,
     408: 8, 424: 24, 440: 168, 648: 264, 656: 192}),
    (3, 0x030f02f0, 346568, 960, {40: 936, 48: 226240, 56: 7272, 64: 7264, 72: 7336, 88: 7400,
     120: 16, 128: 7736, 144: 7752, 152: 7744, 176: 888, 192: 8, 200: 16, 240: 176, 248: 184,
     472: 8, 488: 24, 504: 168, 752: 176, 760: 112, 776: 1120, 784: 104}),
)
for choice, version, runtime, size, fields in BUILDS:
    data = bytearray(size)
    data[:8] = b"xdebugpy"
    struct.pack_into("<Q", data, 8, version)
    for at, value in fields.items():
        struct.pack_into("<Q", data, at, value)
    put("debug_offsets", hex(version), struct.pack("<BBQ", choice, 0, runtime) + data)

put("proc", "maps", b"\0" b"""\
55d0a0e00000-55d0a0e28000 r-xp 00002000 fe:01 1234567                    /usr/bin/python3.11
7f00a000-7f00b000 rw-p 00000000 00:00 0
7ffd1000-7ffd2000 r-xp 00000000 00:00 0                          [vdso]
1000-2000 r-xs 00000000 00:1f 99  /tmp/a\\012b (deleted)
""")
put("proc", "stat", b"\1" b"77 (a) b) S 1 77 77 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 3 0 123456 0\n")
put("proc", "status", b"\2" b"Name:\tx\nTgid:\t77\nNSpid:\t77\t12\t1\nUid:\t0\t1000\t0\t0\n")
put("proc", "name", b"\3" b"/usr/lib/libpython3.11.so.1.0 (deleted)")
put("sites", "nothing", b"")
for family in range(6):  # what is there already
    put("sites", f"family{family}", struct.pack("<IB", family, 0) + elf[family:family + 1])
put("sites", "text", struct.pack("<IB", elf.index(section(b".text")), 3) + b"\x90\x90\x90\xc3")
put("sites", "row", struct.pack("<IB", elf.index(section(b".eh_frame")) + 32, 3) + b"\0\0\0\x10")


def stack(lines, back, code, instr, owner, is_entry, adaptive, shims):
    """A thread state at 8 and six frames from 64 on, 48 bytes each; see fuzz_frames.c."""
    layout = [8, 255, back, code, instr, owner, is_entry, 255, adaptive, 255, 0 if shims else 3, 2]
    memory = bytearray(2048)
    struct.pack_into("<Q", memory, 16, 64)
    for i in range(6):
        at, function = 64 + 48 * i, 512 + 128 * i
        struct.pack_into("<Q", memory, at + back, at + 48 if i < 5 else 0)
        struct.pack_into("<Q", memory, at + code, function)
        struct.pack_into("<Q", memory, at + instr, 6 * i + (function + adaptive if adaptive < 255 else 0))
        if owner < 255:
            memory[at + owner] = 3 if shims and i == 3 else i & 1
    return bytes(layout) + bytes([lines] * 16) + bytes(memory)[16:]


put("frames", "3.9", stack(0, 0, 8, 16, 255, 255, 255, False))
put("frames", "3.11", stack(2, 16, 8, 24, 33, 32, 40, False))
put("frames", "3.13", stack(2, 8, 0, 16, 24, 255, 40, True))


def code(version, first_line, table):
    """Choices and a code object of @version with its names at 1024 and 2048; see fuzz_py_code.c."""
    memory = bytearray(4096)
    struct.pack_into("<i", memory, first_line, 41)
    for at, text in ((1024, b"Outer.inner"), (2048, b"/srv/app.py")):
        struct.pack_into("<Q", memory, at + 16, len(text))
        struct.pack_into("<I", memory, at + 32, 1 << 2 | 1 << 5 | 1 << 6)
        data = at + (40 if version == 4 else 48)
        memory[data:data + len(text)] = text
    struct.pack_into("<Q", memory, 3072 + 16, len(table))
    memory[3072 + 32:3072 + 32 + len(table)] = table
    return struct.pack("<BHHHHB", version, 2048, 1024, 3072, 4, 0) + bytes(memory)


put("py_code", "3.9", code(1, 40, bytes([2, 1, 4, 254, 255, 0, 6, 127])))
put("py_code", "3.10", code(2, 40, bytes([4, 1, 2, 0x80, 4, 0xfe, 254, 0])))
put("py_code", "3.12", code(4, 68, bytes([0x80 | 11 << 3 | 1, 0, 0, 0x80 | 14 << 3, 0x60, 0x12, 0])))
