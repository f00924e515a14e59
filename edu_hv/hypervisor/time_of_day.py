"""Date and time of day as CP prints them, from the TOD clock (DMKCVT).  The time zone is UTC."""

from dataclasses import dataclass

ZONE = "UTC"
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
"""The TOD clock's day 0, the first of January 1900, was a Monday."""
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SECONDS_IN_DAY = 86_400


@dataclass(frozen=True)
class TimeOfDay:
    """A date and a time."""

    time: str
    """hh:mm:ss."""
    weekday: str
    date: str
    """mm/dd/yy."""

    def __str__(self) -> str:
        return f"{self.time} {ZONE} {self.weekday} {self.date}"


def time_of_day(tod: int) -> TimeOfDay:
    """Date and time of a value of the TOD clock, 64 bits."""
    days, seconds = divmod((tod >> 12) // 1_000_000, _SECONDS_IN_DAY)
    year, month, day = _calendar(days)
    return TimeOfDay(clock(seconds), DAYS[days % 7], f"{month:02}/{day:02}/{year % 100:02}")


def clock(seconds: int) -> str:
    """Seconds as hh:mm:ss."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def cpu_time(microseconds: int) -> str:
    """Processor time as mmm:ss.hs, minutes, seconds and hundredths."""
    hundredths = microseconds // 10_000
    return f"{hundredths // 6000:03}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def _calendar(days: int) -> tuple[int, int, int]:
    """Year, month and day of a day counted from 1 January 1900."""
    year = 1900
    while days >= 365 + _leap(year):
        days -= 365 + _leap(year)
        year += 1
    for month, length in enumerate(_MONTHS, 1):
        length += month == 2 and _leap(year)
        if days < length:
            break
        days -= length
    return year, month, days + 1


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
