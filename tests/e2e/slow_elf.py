"""slow_elf.py FROM TO: write a copy of an ELF program that takes the kernel some milliseconds to execute,
as a slow or busy machine does: a thousand segments more, behind all others, nobody asks for."""
import os
import struct
import sys

MORE, PAGE, TABLE = 1000, 4096, 65536  # the kernel takes a table of 64 KiB at most
HEADER = "<IIQQQQQQ"  # type, flags, offset, address, physical address, size in the file, in memory, alignment
LOAD, TABLE_ITSELF = 1, 6
READ, WRITE = 4, 2

good, to = sys.argv[1:3]
with open(good, "rb") as f:
    elf = bytearray(f.read())
at, = struct.unpack_from("<Q", elf, 32)
n, = struct.unpack_from("<H", elf, 56)
heads = [list(struct.unpack_from(HEADER, elf, at + 56 * i)) for i in range(n)]
memory = max(h[3] + h[6] for h in heads if h[0] == LOAD) + (1 << 20) & -(1 << 16)
elf += bytes(-len(elf) % PAGE)
where = len(elf)
more = [[LOAD, READ, where, memory, memory, TABLE, TABLE, PAGE]]
for i in range(MORE):
    address = memory + TABLE + i * 2 * PAGE
    more.append([LOAD, READ | WRITE, PAGE, address, address, 16, PAGE, PAGE])  # the rest of the page is to be cleared
for h in heads:
    if h[0] == TABLE_ITSELF:
        h[2:7] = where, memory, memory, 56 * (n + len(more)), 56 * (n + len(more))
last = 1 + max(i for i, h in enumerate(heads) if h[0] == LOAD)
heads[last:last] = more
elf += b"".join(struct.pack(HEADER, *h) for h in heads).ljust(TABLE, b"\0")
struct.pack_into("<Q", elf, 32, where)
struct.pack_into("<H", elf, 56, len(heads))
with open(to, "wb") as f:
    f.write(elf)
os.chmod(to, 0o755)
