#!/usr/bin/env python3
"""Say whether an ELF program needs a loader or a shared library: exit 0 if it needs neither."""
import struct
import sys

PT_DYNAMIC, PT_INTERP, DT_NULL, DT_NEEDED = 2, 3, 0, 1


def main():
    with open(sys.argv[1], "rb") as f:
        elf = f.read()
    if elf[:6] != b"\x7fELF\x02\x01":
        sys.exit("not a little-endian 64-bit ELF program")
    table, = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    for n in range(count):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", elf, table + n * size)
        if kind == PT_INTERP:
            sys.exit(f"it asks for {elf[offset:offset + length - 1].decode()}")
        if kind == PT_DYNAMIC:
            for at in range(offset, offset + length, 16):
                tag, _ = struct.unpack_from("<QQ", elf, at)
                if tag == DT_NULL:
                    break
                if tag == DT_NEEDED:
                    sys.exit("it needs a shared library")
    print(f"  {sys.argv[1]}: static, {len(elf) / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
