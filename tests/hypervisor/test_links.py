"""LINK: who gets which access to a minidisk, with which answer; where temporary disks are put."""

import pytest

from edu_hv.devices.card import CardReader
from edu_hv.devices.ckd_image import blank_volume
from edu_hv.devices.disk import Disk3330, Disk3350
from edu_hv.hypervisor.decisions import GrantLink, RefuseLink
from edu_hv.hypervisor.minidisks import (
    LINK_RULES,
    Extent,
    Link,
    LinkMode,
    LinkRequest,
    LinkTarget,
    Volume,
    Volumes,
    decide_link,
    linked_line,
    mounted,
)

EXTENT = Extent("USRVOL", 101, 5)
TARGET = LinkTarget("3350", EXTENT, "READ", "WRITE", "MULT")
VOLUME = Volume("USRVOL", 0x350, "3350", 555)
WRITER, READER, ANOTHER = (
    Link("ANNE", 0x191, EXTENT, read_only=False),
    Link("BILL", 0x291, EXTENT, read_only=True),
    Link("CARL", 0x291, EXTENT, read_only=True),
)


def request(mode=LinkMode.RR, links=(), **more):
    given = {"target": TARGET, "volume": VOLUME, "authorized": True, **more}
    return LinkRequest("OWNER", 0x191, 0x195, mode, links=tuple(links), **given)


MANUAL = {
    "none": {"R": "R/O", "RR": "R/O", "W": "R/W", "WR": "R/W", "M": "R/W", "MR": "R/W", "MW": "R/W"},
    "R/O": {"R": "R/O", "RR": "R/O", "W": 104, "WR": "R/O", "M": "R/W", "MR": "R/W", "MW": "R/W"},
    "R/W": {"R": 105, "RR": "R/O", "W": 105, "WR": "R/O", "M": 105, "MR": "R/O", "MW": "R/W"},
    "both": {"R": 106, "RR": "R/O", "W": 106, "WR": "R/O", "M": 106, "MR": "R/O", "MW": "R/W"},
}
"""The manual's table of the access that each mode gives, by the links that exist; a number refuses."""
EXISTING = {"none": (), "R/O": (READER,), "R/W": (WRITER,), "both": (WRITER, READER)}


@pytest.mark.parametrize("existing", MANUAL)
@pytest.mark.parametrize("mode", LinkMode, ids=lambda mode: mode.name)
def test_link_gives_the_access_that_the_manual_s_table_gives(existing, mode):
    """[4.3 LINK] R, RR, W, WR, M, MR and MW against no link, readers, a writer and both."""
    decision = decide_link(request(mode, EXISTING[existing])).decision
    seen = decision.number if isinstance(decision, RefuseLink) else "R/O" if decision.read_only else "R/W"
    assert seen == MANUAL[existing][mode.name]


@pytest.mark.parametrize(
    ("links", "text"),
    [
        pytest.param((READER,), "104 OWNER 191 NOT LINKED; R/O BY BILL", id="a reader"),
        pytest.param((READER, ANOTHER), "104 OWNER 191 NOT LINKED; R/O BY 002 USERS", id="two readers"),
        pytest.param((WRITER,), "105 OWNER 191 NOT LINKED; R/W BY ANNE", id="a writer"),
        pytest.param((READER, WRITER, ANOTHER), "106 OWNER 191 NOT LINKED; R/W BY ANNE; R/O BY 002 USERS", id="both"),
    ],
)
def test_a_refusal_names_who_has_the_minidisk(links, text):
    """[4.3 LINK] messages 104E to 106E."""
    decision = decide_link(request(LinkMode.W, links)).decision
    assert f"{decision.number} {decision.text}" == text


@pytest.mark.parametrize(
    ("links", "read_only", "line"),
    [
        pytest.param((), True, "DASD 195 LINKED R/O", id="alone"),
        pytest.param((), False, "DASD 195 LINKED R/W", id="alone, writing"),
        pytest.param((WRITER, READER), True, "DASD 195 LINKED R/O; R/W BY ANNE; R/O BY BILL", id="with others"),
    ],
)
def test_the_answer_names_the_access_and_the_others(links, read_only, line):
    """[4.3 LINK] the shape of a real one: `DASD 190 LINKED R/O; R/W BY MAINT; R/O BY 004 USERS`."""
    assert linked_line(request(links=links), read_only) == line


REFUSED = [
    pytest.param({"address_taken": True}, 110, "DASD 195 ALREADY DEFINED", id="address in use"),
    pytest.param({"target": None}, 107, "NOT IN CP DIRECTORY", id="no such minidisk"),
    pytest.param({"volume": None}, 108, "VOLID USRVOL NOT MOUNTED", id="not mounted"),
    pytest.param({"volume": Volume("USRVOL", 0x350, "3330", 555)}, 109, "INVALID DEVICE TYPE", id="another type"),
    pytest.param({"volume": Volume("USRVOL", 0x350, "3350", 105)}, 109, "INVALID DEVICE TYPE", id="too small"),
]


@pytest.mark.parametrize(("more", "number", "reason"), REFUSED)
def test_a_link_that_cannot_be_is_refused(more, number, reason):
    """[4.3 LINK] messages 107E to 110E."""
    assert decide_link(request(**more)).decision == RefuseLink(number, f"OWNER 191 NOT LINKED; {reason}")


def test_the_last_cylinder_of_a_volume_can_be_linked():
    """[4.3 LINK] 109E only beyond it."""
    assert decide_link(request(volume=Volume("USRVOL", 0x350, "3350", 106))).decision == GrantLink(read_only=True)


def passwords(read="READ", write="WRITE", multiple="MULT"):
    return LinkTarget("3350", EXTENT, read, write, multiple)


PASSWORDS = [
    pytest.param("R", passwords(), "READ", None, id="read"),
    pytest.param("RR", passwords(), "WRITE", 114, id="the wrong one for RR"),
    pytest.param("W", passwords(), "WRITE", None, id="write"),
    pytest.param("WR", passwords(), "READ", 114, id="the first letter says which"),
    pytest.param("M", passwords(), "MULT", None, id="multiple"),
    pytest.param("MR", passwords(), "WRITE", 114, id="the wrong one for MR"),
    pytest.param("MW", passwords(), None, 114, id="none given"),
    pytest.param("RR", passwords(read="ALL"), None, None, id="ALL"),
    pytest.param("RR", passwords(read="ALL"), "WHATEVER", None, id="ALL, one given"),
    pytest.param("R", passwords(read=""), "", 111, id="no read password"),
    pytest.param("WR", passwords(write=""), "READ", 112, id="no write password"),
    pytest.param("MW", passwords(multiple=""), None, 113, id="no multiple password"),
]


@pytest.mark.parametrize(("mode", "target", "given", "number"), PASSWORDS)
def test_the_password_of_the_access_wanted_first_is_needed(mode, target, given, number):
    """[4.3 LINK] ALL needs none, and without one in the directory nobody else gets the access."""
    decision = decide_link(request(LinkMode[mode], target=target, authorized=False, password=given)).decision
    assert (decision.number if isinstance(decision, RefuseLink) else None) == number


def test_the_owner_and_the_directory_need_no_password():
    """[4.6 LINK] nor one where the directory has none."""
    assert decide_link(request(LinkMode.MW, target=passwords("", "", ""))).decision == GrantLink(read_only=False)


def test_minidisks_that_only_overlap_do_not_know_of_each_other():
    """[7.2-6] W is exclusive among links to the same extent, and to no others."""
    neighbour = Link("ANNE", 0x191, Extent("USRVOL", 100, 5), read_only=False)
    assert decide_link(request(LinkMode.W, [neighbour])).decision == GrantLink(read_only=False)


def test_every_rule_of_the_table_is_the_one_that_decides_some_link():
    """[2.5 Access modes] No rule is there for nothing."""
    asked = [request(mode, links) for mode in LinkMode for links in EXISTING.values()]
    asked += [request(**case.values[0]) for case in REFUSED]
    asked += [request(authorized=False), request(authorized=False, target=passwords(""))]
    assert {decide_link(one).rule.id for one in asked} == {rule.id for rule in LINK_RULES}


AREAS = Volumes(
    (VOLUME, Volume("SYSVOL", 0x130, "3330", 404)),
    (Extent("USRVOL", 500, 20), Extent("SYSVOL", 10, 10), Extent("USRVOL", 530, 25)),
)


@pytest.mark.parametrize(
    ("device_type", "cylinders", "taken", "extent"),
    [
        pytest.param("3350", 20, [], Extent("USRVOL", 500, 20), id="the first area"),
        pytest.param("3350", 21, [], Extent("USRVOL", 530, 21), id="the first with room"),
        pytest.param("3350", 26, [], None, id="too much"),
        pytest.param("3330", 10, [], Extent("SYSVOL", 10, 10), id="another type"),
        pytest.param("2314", 1, [], None, id="no area of the type"),
        pytest.param("3350", 5, [(500, 5), (508, 2)], Extent("USRVOL", 510, 5), id="a gap too small"),
        pytest.param("3350", 3, [(508, 2), (500, 5)], Extent("USRVOL", 505, 3), id="a gap"),
        pytest.param("3350", 1, [(500, 20)], Extent("USRVOL", 530, 1), id="a full area"),
    ],
)
def test_a_temporary_disk_is_put_where_it_first_fits(device_type, cylinders, taken, extent):
    """[2.5 T-disk] DEFINE T3350 AS vaddr CYL n."""
    used = [Extent("USRVOL", start, length) for start, length in taken]
    assert AREAS.temporary_extent(device_type, cylinders, used) == extent


def test_temporary_disks_fill_their_area_without_overlap_and_take_back_what_was_freed():
    """[7.2-7] the same cylinders again, and so what their last owner left there."""
    taken = []
    while (extent := AREAS.temporary_extent("3330", 3, taken)) is not None:
        taken.append(extent)
    assert taken == [Extent("SYSVOL", start, 3) for start in (10, 13, 16)]
    freed = taken.pop(1)
    assert AREAS.temporary_extent("3330", 2, taken) == Extent("SYSVOL", freed.start, 2)


def test_a_volume_that_is_taken_away_takes_its_temporary_disk_area_with_it():
    """[4.3 ATTach] ATTACH and DETACH of a volume for CP."""
    left = AREAS.without(0x350)
    assert left == Volumes((AREAS.volumes[1],), (Extent("SYSVOL", 10, 10),))
    assert left.with_volume(VOLUME).find("USRVOL") == VOLUME
    assert AREAS.at(0x130) == AREAS.volumes[1]


def test_the_volumes_are_those_that_the_drives_have_with_a_label():
    """[2.5 Definition] one real volume, found by the serial in its label."""
    devices = {
        0x351: Disk3350(blank_volume("3350", "USRVOL", 20)),
        0x350: Disk3350(blank_volume("3350", "USRVOL", 10)),
        0x130: Disk3330(blank_volume("3330", "SYS", 404)),
        0x131: Disk3330(blank_volume("3330", "", 404)),
        0x132: Disk3330(),
        0x00C: CardReader(),
    }
    assert mounted(devices) == Volumes((Volume("SYS", 0x130, "3330", 404), Volume("USRVOL", 0x350, "3350", 10)))
