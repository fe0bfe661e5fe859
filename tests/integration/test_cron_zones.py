#!/usr/bin/env python3
"""Schedules in real time zones, beside a scan of every minute with Python's zoneinfo."""

import os
import random
import subprocess
import sys
import unittest
import zoneinfo
from datetime import datetime, timedelta, timezone

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("HEADRACE_BUILD_DIR", os.path.join(ROOT, "build"))
PROBE = os.path.join(BUILD, "tests", "integration", "cron_probe")

# Around changes of every shape: an hour, half an hour, at midnight, a whole day, and none.
PLACES = [
    ("Europe/Berlin", "2026-03-28"),
    ("Europe/Berlin", "2026-10-24"),
    ("America/New_York", "2026-03-07"),
    ("America/New_York", "2026-10-31"),
    ("Australia/Lord_Howe", "2026-04-04"),
    ("Australia/Lord_Howe", "2026-10-03"),
    ("America/Santiago", "2026-09-05"),
    ("America/Santiago", "2026-04-04"),
    ("Africa/Casablanca", "2026-02-14"),
    ("Africa/Casablanca", "2026-03-21"),
    ("Pacific/Apia", "2011-12-29"),
    ("America/Havana", "2026-03-07"),
    ("Asia/Kathmandu", "2026-05-01"),
    ("UTC", "2026-02-27"),
]


def field_values(text, low, high):
    values = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        if span == "*":
            first, last = low, high
        else:
            first, dash, last = span.partition("-")
            first, last = int(first), int(last) if dash else (high if step else int(first))
        values |= set(range(first, last + 1, int(step or 1)))
    return values


class Oracle:
    """The rules of docs, written anew: no code of the product."""

    def __init__(self, text, zone):
        minute, hour, day, month, weekday = text.split()
        self.minutes = field_values(minute, 0, 59)
        self.hours = field_values(hour, 0, 23)
        self.days = field_values(day, 1, 31)
        self.months = field_values(month, 1, 12)
        self.weekdays = {value % 7 for value in field_values(weekday, 0, 7)}
        self.every_hour = hour[0] == "*"
        self.either = day[0] != "*" and weekday[0] != "*"
        self.zone = zoneinfo.ZoneInfo(zone)

    def fits(self, wall):
        day, weekday = wall.day in self.days, wall.isoweekday() % 7 in self.weekdays
        return (wall.minute in self.minutes and wall.hour in self.hours
                and wall.month in self.months
                and (day or weekday if self.either else day and weekday))

    def fires(self, start, minutes):
        """Instants in [start, start + minutes), which begins on a whole minute."""
        found = set()
        before = None
        for step in range(minutes):
            instant = start + timedelta(minutes=step)
            wall = instant.astimezone(self.zone)
            offset = wall.utcoffset()
            naive = wall.replace(tzinfo=None, fold=0)
            if self.fits(naive) and (self.every_hour or wall.fold == 0):
                found.add(instant)
            if before is not None and offset > before and not self.every_hour:
                gap = int((offset - before).total_seconds() // 60)
                if any(self.fits(naive - timedelta(minutes=back)) for back in range(1, gap + 1)):
                    found.add(instant)
            before = offset
        return sorted(found)


def random_field(dice, low, high, star):
    kind = dice.random()
    if kind < star:
        return "*"
    if kind < star + 0.15:
        return f"*/{dice.randint(1, (high - low) // 2)}"
    if kind < star + 0.3:
        first = dice.randint(low, high)
        return f"{first}-{dice.randint(first, high)}"
    return ",".join(str(dice.randint(low, high)) for _ in range(dice.randint(1, 3)))


class CronZones(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.probe = subprocess.Popen([PROBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     text=True)

    @classmethod
    def tearDownClass(cls):
        cls.probe.stdin.close()
        cls.probe.wait()
        cls.probe.stdout.close()

    def ask(self, text, zone, after_ms, count):
        self.probe.stdin.write(f"{text}|{zone}|{after_ms}|{count}\n")
        self.probe.stdin.flush()
        return self.probe.stdout.readline().strip()

    def compare(self, text, zone, day):
        start = datetime.fromisoformat(day).replace(tzinfo=timezone.utc)
        minutes = 3 * 1440
        # What a gap skips is known from the minute before it; so the scan begins a minute early.
        expected = [f for f in Oracle(text, zone).fires(start - timedelta(minutes=1), minutes + 1)
                    if f >= start]
        expected = [int(instant.timestamp() * 1000) for instant in expected]
        answer = self.ask(text, zone, int(start.timestamp() * 1000) - 1, len(expected) + 1)
        found = [int(word) for word in answer.split()]
        end = int((start + timedelta(minutes=minutes)).timestamp() * 1000)
        self.assertEqual([at for at in found if at < end], expected, f"{text} {zone} {day}")

    def test_fixed_texts_around_every_change(self):
        for zone, day in PLACES:
            for text in ("30 2 * * *", "0 0 * * *", "*/15 * * * *", "30 * * * *", "59 23 * * *",
                         "0 */2 * * *", "15,45 1-3 * * *", "*/10 0,1,2,3 * * *", "0 12 * * 1-5",
                         "5 0 1 * 0"):
                with self.subTest(zone=zone, day=day, text=text):
                    self.compare(text, zone, day)

    def test_random_texts_around_every_change(self):
        dice = random.Random(16)
        for round_number in range(300):
            zone, day = PLACES[round_number % len(PLACES)]
            text = " ".join([random_field(dice, 0, 59, 0.3), random_field(dice, 0, 23, 0.4),
                             random_field(dice, 1, 31, 0.6), random_field(dice, 1, 12, 0.7),
                             random_field(dice, 0, 7, 0.6)])
            if self.ask(text, zone, 0, 0).startswith("refused: no day"):
                continue
            with self.subTest(zone=zone, day=day, text=text):
                self.compare(text, zone, day)

    def test_every_zone_of_the_system_is_known_and_no_other_file(self):
        for zone in sorted(zoneinfo.available_timezones() - {"localtime", "Factory"}):
            self.assertEqual(len(self.ask("0 0 * * *", zone, 0, 2).split()), 2, zone)
        for zone in ("", "Europe/Atlantis", "europe/berlin", "../../etc/passwd", "/etc/localtime",
                     "right/UTC", "posix/UTC", "localtime", "Europe", "Europe/", "a" * 200):
            self.assertEqual(self.ask("0 0 * * *", zone, 0, 1), "refused: no such zone", zone)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
