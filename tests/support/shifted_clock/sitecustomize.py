"""Shift the clock of a Python process; its folder has to be in PYTHONPATH."""

import os
from datetime import timedelta

import time_machine

offset = timedelta(seconds=int(os.environ["CLOCK_OFFSET_SECONDS"]))
time_machine.travel(offset, tick=True).start()
