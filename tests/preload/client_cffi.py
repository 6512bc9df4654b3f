#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""client_cffi.py - libcurl by cffi in its ABI mode under asyncio, as curl_cffi has it.

Usage: client_cffi.py URL MILLISECONDS, after which it gives up.
"""
import asyncio
import sys

try:
    import cffi
except ImportError:
    sys.exit(77)

ffi = cffi.FFI()
ffi.cdef(
    """
    void *curl_easy_init(void);
    int curl_easy_setopt(void *easy, int option, ...);
    void curl_easy_cleanup(void *easy);
    void *curl_multi_init(void);
    int curl_multi_setopt(void *multi, int option, ...);
    int curl_multi_add_handle(void *multi, void *easy);
    int curl_multi_remove_handle(void *multi, void *easy);
    int curl_multi_socket_action(void *multi, int fd, int events, int *running);
    int curl_multi_cleanup(void *multi);
    """
)
lib = ffi.dlopen("libcurl.so.4")

URL, NOSIGNAL, WRITEDATA, WRITEFUNCTION = 10002, 99, 10001, 20011
SOCKETFUNCTION, SOCKETDATA, TIMERFUNCTION, TIMERDATA = 20001, 10002, 20004, 10005
POLL_IN, POLL_OUT, POLL_INOUT, POLL_REMOVE = 1, 2, 3, 4
SOCKET_TIMEOUT, SELECT_IN, SELECT_OUT = -1, 1, 2
COUNTS = {"http": 50, "ftp": 3}  # pending lookups; connections to leave


@ffi.callback("int(void *, int, int, void *, void *)")
def on_socket(easy, fd, what, data, _):
    multi = ffi.from_handle(data)
    multi.loop.remove_reader(fd)
    multi.loop.remove_writer(fd)
    multi.sockets.discard(fd)
    multi.removed += what == POLL_REMOVE
    if what in (POLL_IN, POLL_INOUT):
        multi.loop.add_reader(fd, multi.act, fd, SELECT_IN)
    if what in (POLL_OUT, POLL_INOUT):
        multi.loop.add_writer(fd, multi.act, fd, SELECT_OUT)
    if what != POLL_REMOVE:
        multi.sockets.add(fd)
    return 0


@ffi.callback("int(void *, long, void *)")
def on_timer(_, after_ms, data):
    multi = ffi.from_handle(data)
    if multi.timer:
        multi.timer.cancel()
    multi.timer = None
    if after_ms >= 0:
        act = (multi.act, SOCKET_TIMEOUT, 0)
        multi.timer = multi.loop.call_later(after_ms / 1000, *act)
    return 0


@ffi.callback("size_t(char *, size_t, size_t, void *)")
def on_write(data, size, count, body):
    ffi.from_handle(body).extend(ffi.buffer(data, size * count))
    return size * count


class Body(bytearray):
    """What one easy has received."""


class AsyncCurl:
    """A multi on the event loop, with the easies that are under way."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.loop.slow_callback_duration = 100  # the cleanup is one, and says so
        self.multi, self.self_handle = lib.curl_multi_init(), ffi.new_handle(self)
        self.easies, self.sockets, self.timer, self.removed = {}, set(), None, 0
        self.idle = self.loop.create_future()
        self.checker = self.loop.create_task(self.check())
        lib.curl_multi_setopt(self.multi, SOCKETFUNCTION, on_socket)
        lib.curl_multi_setopt(self.multi, SOCKETDATA, self.self_handle)
        lib.curl_multi_setopt(self.multi, TIMERFUNCTION, on_timer)
        lib.curl_multi_setopt(self.multi, TIMERDATA, self.self_handle)

    def add(self, url):
        easy, body = lib.curl_easy_init(), Body()
        handle = ffi.new_handle(body)
        lib.curl_easy_setopt(easy, URL, ffi.new("char[]", url.encode()))
        lib.curl_easy_setopt(easy, NOSIGNAL, ffi.cast("long", 1))
        lib.curl_easy_setopt(easy, WRITEFUNCTION, on_write)
        lib.curl_easy_setopt(easy, WRITEDATA, handle)
        assert lib.curl_multi_add_handle(self.multi, easy) == 0
        self.easies[easy] = handle
        return body

    def act(self, fd, events):
        running = ffi.new("int *")
        lib.curl_multi_socket_action(self.multi, fd, events, running)
        if running[0] == 0 and not self.idle.done():
            self.idle.set_result(None)

    async def check(self):
        """A timer of the loop may be early, and libcurl does not ask for it again."""
        while True:
            await asyncio.sleep(0.1)
            self.act(SOCKET_TIMEOUT, 0)

    async def aclose(self):
        self.checker.cancel()
        for easy in self.easies:
            assert lib.curl_multi_remove_handle(self.multi, easy) == 0
        print(lib.curl_multi_cleanup(self.multi))
        for fd in self.sockets:
            self.loop.remove_reader(fd)
            self.loop.remove_writer(fd)
        if self.timer:
            self.timer.cancel()
        for easy in self.easies:
            lib.curl_easy_cleanup(easy)


async def use(url, give_up_ms):
    curl = AsyncCurl()
    bodies = [curl.add(url) for _ in range(COUNTS[url.split(":")[0]])]
    await asyncio.wait([curl.idle], timeout=give_up_ms / 1000)
    print("cleans up", flush=True)
    await curl.aclose()
    print("sockets removed:", curl.removed > 0)
    print(*{bytes(body) for body in bodies})


asyncio.run(use(sys.argv[1], int(sys.argv[2])), debug=True)
sys.exit(7)
