"""What keeps robots and the curious off the public pages.

All of it lives in the memory of one process: a look at a page writes nothing anywhere.
With several processes each counts by itself, so the limits are up to so many times as
high.
"""

import ipaddress
import logging
import re
import threading
import time
from collections import OrderedDict, deque

#: views of one page, answers to it, and requests of one address, a minute
VIEWS_A_MINUTE = 30
REPLIES_A_MINUTE = 10
REQUESTS_A_MINUTE = 60
#: keys that are remembered at most
SIZE = 20_000
#: scores opened within so many seconds of each other are a robot's
CRAWL_SECONDS = 10
#: stands among the scores for the link that nobody sees
TRAP = "trap"


class Limiter:
    """Allows so many events a minute for each key."""

    def __init__(self, limit, seconds=60, size=SIZE):
        self.limit = limit
        self.seconds = seconds
        self.size = size
        self.windows = OrderedDict()
        self.lock = threading.Lock()

    def allows(self, key):
        """Count an event, and tell whether it is still within the limit."""
        now = time.monotonic()
        with self.lock:
            end, count = self.windows.get(key, (0, 0))
            if end <= now:
                end, count = now + self.seconds, 0
                # the order is that of their ends: the first are the first to go
                self.windows.pop(key, None)
                while len(self.windows) >= self.size:
                    self.windows.popitem(last=False)
            self.windows[key] = (end, count + 1)
            return count < self.limit


class Views:
    """Remembers which scores of a page were opened, and when."""

    def __init__(self, size=SIZE, each=32):
        self.size = size
        self.each = each
        self.pages = OrderedDict()
        self.lock = threading.Lock()

    def note(self, page, score):
        with self.lock:
            seen = self.pages.pop(page, None) or deque(maxlen=self.each)
            seen.append((time.time(), score))
            self.pages[page] = seen
            while len(self.pages) > self.size:
                self.pages.popitem(last=False)

    def suspicion(self, page, issued, before=CRAWL_SECONDS):
        """Return why a reply does not look like a person's, None if it does.

        :param float issued: when the page was opened that it is the reply to
        :param before: how many seconds before that are looked at as well
        """
        with self.lock:
            seen = [
                (at, score)
                for at, score in self.pages.get(page, ())
                if at >= issued - before
            ]
        if any(score == TRAP for _at, score in seen):
            return "honeypot"
        scores = {score for at, score in seen if at <= issued + CRAWL_SECONDS}
        return "scores" if len(scores - {None}) > 1 else None


class TokenFilter(logging.Filter):
    """Keeps tokens out of the logs: whoever reads one could vote."""

    LINK = re.compile(r"(/nps/(?:p/)?)[\w-]{16,}")

    def filter(self, record):
        message = record.getMessage()
        if "/nps/" in message:
            record.msg = self.LINK.sub(r"\1...", message)
            record.args = ()
        return True


def network(address):
    """Return what stands for an address: an IPv6 customer has a whole /64 of them."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


views = Views()
viewers = Limiter(VIEWS_A_MINUTE)
repliers = Limiter(REPLIES_A_MINUTE)
addresses = Limiter(REQUESTS_A_MINUTE)
for name in ("werkzeug", "odoo.http"):
    logging.getLogger(name).addFilter(TokenFilter())
