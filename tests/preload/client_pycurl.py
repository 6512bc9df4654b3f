#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""client_pycurl.py - pycurl: an easy, a multi, or a multi that asyncio drives.

Usage: client_pycurl.py easy|multi|asyncio URL MILLISECONDS, after which it gives up.
"""
import asyncio
import io
import sys
import time

try:
    import pycurl
except ImportError:
    sys.exit(77)


def easy_for(url, body):
    easy = pycurl.Curl()
    easy.setopt(easy.URL, url)
    easy.setopt(easy.NOSIGNAL, 1)
    easy.setopt(easy.WRITEDATA, body)
    return easy


def use_easy(url, give_up_ms, body):
    easy = easy_for(url, body)
    easy.setopt(easy.TIMEOUT_MS, give_up_ms)
    print("performs", flush=True)
    try:
        easy.perform()
    except pycurl.error as error:
        print("error", error.args[0])
    easy.close()


def use_multi(url, give_up_ms, body):
    multi, easy = pycurl.CurlMulti(), easy_for(url, body)
    multi.add_handle(easy)
    until, running = time.monotonic() + give_up_ms / 1000, 1
    while running and time.monotonic() < until:
        _, running = multi.perform()
        multi.select(0.05)
    print("cleans up", flush=True)
    multi.remove_handle(easy)
    easy.close()
    multi.close()


class Loop:
    """A multi on an event loop, as libcurl's documents have it."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.loop.slow_callback_duration = 100  # the cleanup is one, and says so
        self.multi, self.timer, self.removed = pycurl.CurlMulti(), None, 0
        self.done = self.loop.create_future()
        self.multi.setopt(pycurl.M_SOCKETFUNCTION, self.on_socket)
        self.multi.setopt(pycurl.M_TIMERFUNCTION, self.on_timer)

    def act(self, fd, events):
        _, running = self.multi.socket_action(fd, events)
        if running == 0 and not self.done.done():
            self.done.set_result(None)

    def on_socket(self, event, fd, multi, data):
        self.loop.remove_reader(fd)
        self.loop.remove_writer(fd)
        self.removed += event == pycurl.POLL_REMOVE
        if event in (pycurl.POLL_IN, pycurl.POLL_INOUT):
            self.loop.add_reader(fd, self.act, fd, pycurl.CSELECT_IN)
        if event in (pycurl.POLL_OUT, pycurl.POLL_INOUT):
            self.loop.add_writer(fd, self.act, fd, pycurl.CSELECT_OUT)

    async def wait(self, give_up_ms):
        """A timer of the loop may be early, and libcurl does not ask for it again."""
        until = self.loop.time() + give_up_ms / 1000
        while not self.done.done() and self.loop.time() < until:
            await asyncio.wait([self.done], timeout=0.1)
            self.act(pycurl.SOCKET_TIMEOUT, 0)

    def on_timer(self, after_ms):
        if self.timer:
            self.timer.cancel()
        self.timer = None
        if after_ms >= 0:
            act = (self.act, pycurl.SOCKET_TIMEOUT, 0)
            self.timer = self.loop.call_later(after_ms / 1000, *act)


async def use_asyncio(url, give_up_ms, body):
    loop, easies = Loop(), [easy_for(url, body) for _ in range(3)]
    for easy in easies:
        loop.multi.add_handle(easy)
    await loop.wait(give_up_ms)
    print("cleans up", flush=True)
    for easy in easies:
        loop.multi.remove_handle(easy)
        easy.close()
    loop.multi.close()
    loop.on_timer(-1)
    print("sockets removed:", loop.removed > 0)


def main():
    way, url, give_up_ms = sys.argv[1], sys.argv[2], int(sys.argv[3])
    body = io.BytesIO()
    if way == "asyncio":
        asyncio.run(use_asyncio(url, give_up_ms, body), debug=True)
    else:
        {"easy": use_easy, "multi": use_multi}[way](url, give_up_ms, body)
    print(body.getvalue())
    sys.exit(7)


main()
