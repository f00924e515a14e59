"""Minidisks for tests: small volumes, chains of commands as lines, and what differs between volume and minidisk.

A chain is written as a line: commands in hexadecimal, each with its argument or count, as in
"07:000000010002 31:0001000203 TIC:-1 06/80": SEEK, SEARCH ID EQUAL in a loop, READ DATA of 80 bytes.
"""

from edu_hv.devices.ckd_image import blank_volume
from edu_hv.devices.ckd_track import Record, formatted_track
from edu_hv.devices.disk import drive_for
from edu_hv.isa.codes import CCWFlag
from edu_hv.machine.ccw import CCW
from tests.hypervisor.ccw_rig import Bare, Guest, Program, extent, minidisk_volume, outside

CHAIN, ARGUMENTS, AREA = 0x4000, 0x5000, 0x6000
CYLINDERS, RELN = 3, 5
CC, SLI, CD, SKIP, IDA = (
    CCWFlag.CHAIN_COMMAND,
    CCWFlag.SUPPRESS_LENGTH_INDICATION,
    CCWFlag.CHAIN_DATA,
    CCWFlag.SKIP,
    CCWFlag.INDIRECT_DATA_ADDRESS,
)
TO_TRACK = "07:000000010002"
SENSE = Program({CHAIN: bytes.fromhex("0400700020000018")}, CHAIN)


def record(number, data, key=b"", cylinder=1, head=2):
    count = bytes([0, cylinder, 0, head, number, len(key)]) + len(data).to_bytes(2, "big")
    return Record(count, key, data)


RECORDS = (record(1, b"FIRST", b"AAAA"), record(2, b"SECOND", b"CCCC"), record(3, b"THIRD"), record(4, b""))


def volume(model="3330"):
    blank = blank_volume(model, "TEST01", CYLINDERS)
    return blank.with_track(blank.model.heads + 2, formatted_track(1, 2, RECORDS))


def line(text, **more):
    """A chain at CHAIN.  Arguments are put one behind the other at ARGUMENTS, data go to AREA."""
    storage, arguments, words = {}, ARGUMENTS, text.split()
    for number, word in enumerate(words):
        at, flags = CHAIN + 8 * number, CC | SLI if number < len(words) - 1 else SLI
        code, _, rest = word.partition(":")
        if code == "TIC":
            ccw = CCW(0x08, CHAIN + 8 * (number + int(rest)), 0, 1)
        elif rest:
            storage[arguments] = bytes.fromhex(rest)
            ccw = CCW(int(code, 16), arguments, flags, len(rest) // 2)
            arguments += 16
        else:
            code, _, count = word.partition("/")
            ccw = CCW(int(code, 16), AREA, flags, int(count or "1"))
        storage[at] = ccw.to_bytes()
    return Program(storage | more.get("storage", {}), more.get("caw", CHAIN))


def minidisk(model="3330", reln=RELN, small=None, **vdev):
    small = small or volume(model)
    drive = drive_for(minidisk_volume(small, reln) if reln else small)
    return Guest(drive, **({"vdevstat": 0, "reln": reln, "bnd": CYLINDERS} | vdev))


def bare(model="3330", small=None):
    return Bare(drive_for(small or volume(model)))


def same(*programs, model="3330", reln=RELN):
    """What differs between the small volume and the minidisk: what the programs see, and the tracks at the end."""
    alone, its = bare(model), minidisk(model, reln)
    others = outside(its.device.volume, reln, CYLINDERS)
    found = [text for one in programs for text in alone.run(one).difference(its.run(one))]
    tracks = [alone.device.volume.track(number) for number in range(alone.device.volume.tracks)]
    found += [f"track {n}" for n, t in enumerate(extent(its.device.volume, reln, CYLINDERS)) if t != tracks[n]]
    return found + ["other tracks"] * (others != outside(its.device.volume, reln, CYLINDERS))


# ---- chains ---------------------------------------------------------------------------------------------------------


FOUND_R2 = f"{TO_TRACK} 31:0001000202 TIC:-1"
WRITABLE_R2 = f"{TO_TRACK} 1F:C0 31:0001000202 TIC:-1"
CASES = {
    "seek and read": f"{FOUND_R2} 06/6",
    "seek cylinder": "0B:000000010002 31:0001000202 TIC:-1 06/6",
    "seek to the last cylinder": "07:000000020000 1A/5",
    "seek behind the last cylinder": "07:000000030000 06/6",
    "seek far behind": "07:0000FFFF0000 06/6",
    "seek to a head that is not there": "07:0000000100FF 06/6",
    "seek with bin number": "07:000100010002 06/6",
    "seek with 5 bytes": "07:0000000100 06/6",
    "seek with 3 bytes": "07:000000 06/6",
    "seek with more bytes": "07:00000001000200000000 06/6",
    "seek head": f"{TO_TRACK} 1B:000000000003 1A/5",
    "seek head, other cylinder in the address": f"{TO_TRACK} 1B:000000FF0002 31:0001000202 TIC:-1 06/6",
    "two seeks": f"07:000000020001 {FOUND_R2} 06/6",
    "search on every track of the cylinder": "07:000000010000 B1:0001000203 TIC:-1 06/5",
    "search to the end of the cylinder": "07:000000010000 B1:0001000299 TIC:-1 06/5",
    "multi-track read to the end of the cylinder": "07:000000020012 86/5 86/5",
    "search key": f"{TO_TRACK} 29:C3C3C3C3 TIC:-1 06/6",
    "search record 0": f"{TO_TRACK} 31:0001000200 TIC:-1 06/8",
    "search home address": f"{TO_TRACK} 39:00010002 TIC:-1 12/8",
    "search home address, not equal": f"{TO_TRACK} 39:00020002 03 06/6",
    "read home address": f"{TO_TRACK} 1A/5",
    "read home address, some bytes": f"{TO_TRACK} 1A/2",
    "read record 0": f"{TO_TRACK} 16/16",
    "read record 0, skipped": f"{TO_TRACK} 16/16 03",
    "read home address, record 0 and counts": f"{TO_TRACK} 1A/5 16/16 12/8 12/8 06/6",
    "read count": f"{TO_TRACK} 12/8",
    "set file mask": f"{TO_TRACK} 1F:80 31:0001000202 TIC:-1 06/6",
    "set file mask, writing permitted": f"{WRITABLE_R2} 05:E6D9C9E3C5D5",
    "set file mask, writing inhibited": f"{TO_TRACK} 1F:40 31:0001000202 TIC:-1 05:E6D9C9E3C5D5",
    "set file mask, seeks inhibited": f"{TO_TRACK} 1F:18 07:000000020000 06/6",
    "set file mask, reserved bits": f"{TO_TRACK} 1F:20 06/6",
    "set file mask twice": f"{TO_TRACK} 1F:80 1F:80 06/6",
    "write": f"{FOUND_R2} 05:E6D9C9E3C5D5",
    "write count, key and data": f"{WRITABLE_R2} 1D:00010002030000021234",
    "write with the file mask as it is": f"{FOUND_R2} 1D:00010002030000021234",
    "write without a search": f"{TO_TRACK} 05:E6D9C9E3C5D5",
    "no record found": f"{TO_TRACK} 31:0001000209 TIC:-1 06/6",
    "unknown command": f"{TO_TRACK} 43",
    "no-op": "03",
    "no-op first": f"03 {FOUND_R2} 06/6",
    "sense": "04/24",
    "restore": "17",
    "reserve": f"{TO_TRACK} B4/24 06/6",
    "chain of control commands": f"{TO_TRACK} 17 03 17",
    "seek alone": TO_TRACK,
    "set sector": f"{TO_TRACK} 23:00 31:0001000202 TIC:-1 22/1",
}
