"""Date and time as CP prints them, against Python's own calendar."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edu_hv.hypervisor.time_of_day import cpu_time, time_of_day
from edu_hv.machine.timing import TOD_AT_POWER_ON

EPOCH = datetime(1900, 1, 1, tzinfo=UTC)


@given(st.integers(0, (1 << 64) - 1))
def test_the_tod_clock_is_printed_as_the_calendar_has_it(tod):
    """[4.3 LOGon] LOGON AT hh:mm:ss zone weekday mm/dd/yy."""
    moment = EPOCH + timedelta(microseconds=tod >> 12)
    assert str(time_of_day(tod)) == moment.strftime("%H:%M:%S UTC %A %m/%d/%y").upper()


def test_the_machine_is_switched_on_at_midnight_of_a_saturday():
    assert str(time_of_day(TOD_AT_POWER_ON)) == "00:00:00 UTC SATURDAY 01/01/72"


def test_processor_time_is_minutes_seconds_and_hundredths():
    """[4.3 LOGoff] VIRTCPU= mmm:ss.hs."""
    seen = [cpu_time(n) for n in (0, 9_999, 10_000, 61_250_000, 60_000_000_000)]
    assert seen == ["000:00.00", "000:00.00", "000:00.01", "001:01.25", "1000:00.00"]
