"""The VM assist as a student meets it: turned on by SET ASSIST, seen in the log and in the PSW, part of time travel."""

from tests.debugger.walk import differences, everything, forwards_only, loaded


def with_assist():
    session = loaded("kernel under CP")
    assert session.give("cp", "set assist on") == []
    return session


def to_the_first_assisted(session, mnemonic):
    """Go on to the first such instruction that the assist did, and stand behind it."""
    for _ in range(600):
        session.step()
        if any(f"the assist did {mnemonic}" in entry.text for entry in session.log(3).entries):
            return session
    raise AssertionError("nothing was assisted")


def test_a_guest_is_not_assisted_before_its_operator_says_so():
    """[5.1 bit 0] A student is to see every trap first."""
    session = loaded("kernel under CP")
    session.step(400)
    assert session.system.machine.assist.counts == {}


def test_log_tells_what_the_assist_did_and_what_it_left():
    """[5.2 LPSW] In the hardware's layer: CP knows nothing of it."""
    session = to_the_first_assisted(with_assist(), "SVC")
    entries = [entry for entry in session.log(300).entries if "the assist" in entry.text]
    assert [entry.layer.value for entry in entries] == ["hardware"] * len(entries)
    texts = [entry.text for entry in entries]
    assert "the assist left LPSW at 000442 to CP: the new PSW waits" in texts
    assert "the assist did LPSW at 00034C without CP: guest PSW 00040000 0000034C -> FF000000 00000212" in texts


def test_guests_psw_is_the_one_that_the_assist_has_loaded():
    """[5.2 LPSW] While the guest runs its masks are in real storage, not in the VMBLOK."""
    session = to_the_first_assisted(with_assist(), "LPSW")
    vm = session.system.guests[0].vm
    assert (str(session.guest_psw()), vm.vmpsw.system_mask) == ("FF000000 00000212", 0x00)


def test_every_position_is_the_same_whatever_way_one_came():
    """[5.2 common] Going back over assisted instructions, and forwards again."""
    session = to_the_first_assisted(with_assist(), "LPSW")
    session.back(12)
    expected = forwards_only(session, 60)
    positions = sorted(expected)
    session.step(300)
    for unit in (*positions[::7], positions[0], positions[-1]):
        while session.recording.unit > unit:
            session.unstage()
        while session.recording.unit < unit:
            session.stage()
        assert differences(everything(session), expected[unit]) == []
