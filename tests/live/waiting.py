"""Waiting for what other processes do."""

import time


def wait_for(condition, seconds=60):
    """Wait until something is true, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("It did not happen in time.")
