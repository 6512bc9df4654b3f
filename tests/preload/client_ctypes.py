#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""client_ctypes.py - libcurl by ctypes, without the GIL (CDLL) or holding it (PyDLL).

Usage: client_ctypes.py CDLL|PyDLL easy|multi URL MILLISECONDS, after which it gives up.
"""
import ctypes
import sys
import time

URL, NOSIGNAL, TIMEOUT_MS, WRITEFUNCTION = 10002, 99, 155, 20011
SOCKETFUNCTION = 20001
POLL_REMOVE = 4


def load(kind):
    curl = getattr(ctypes, kind)("libcurl.so.4")
    for name in ("curl_easy_init", "curl_multi_init"):
        getattr(curl, name).restype = ctypes.c_void_p
    return curl


class Client:
    """One easy, with callbacks that are Python's."""

    def __init__(self, curl, url):
        write = ctypes.CFUNCTYPE(
            ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p
        )
        self.curl, self.body, self.on_write = curl, b"", write(self.write)
        self.easy = ctypes.c_void_p(curl.curl_easy_init())
        self.set(URL, ctypes.c_char_p(url.encode()))
        self.set(NOSIGNAL, ctypes.c_long(1))
        self.set(WRITEFUNCTION, self.on_write)

    def write(self, data, size, count, _):
        self.body += ctypes.string_at(data, size * count)
        return size * count

    def set(self, option, value):
        assert self.curl.curl_easy_setopt(self.easy, option, value) == 0


def use_easy(client, give_up_ms):
    client.set(TIMEOUT_MS, ctypes.c_long(give_up_ms))
    print("performs", flush=True)
    print("result", client.curl.curl_easy_perform(client.easy))
    client.curl.curl_easy_cleanup(client.easy)


def use_multi(client, give_up_ms):
    curl, removed, running = client.curl, [], ctypes.c_int(1)
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p
    )
    on_socket = kind(lambda easy, fd, what, *_: removed.append(what == POLL_REMOVE) or 0)
    multi = ctypes.c_void_p(curl.curl_multi_init())
    assert curl.curl_multi_setopt(multi, SOCKETFUNCTION, on_socket) == 0
    assert curl.curl_multi_add_handle(multi, client.easy) == 0
    until = time.monotonic() + give_up_ms / 1000
    while running.value and time.monotonic() < until:
        curl.curl_multi_perform(multi, ctypes.byref(running))
        curl.curl_multi_poll(multi, None, 0, 50, None)
    print("cleans up", flush=True)
    print(curl.curl_multi_remove_handle(multi, client.easy))
    curl.curl_easy_cleanup(client.easy)
    result = curl.curl_multi_cleanup(multi)
    # That of a transfer that was answered is removed earlier or later, by version.
    print(result if client.body else f"{result} sockets removed: {any(removed)}")


def main():
    kind, way, url, give_up_ms = sys.argv[1:]
    client = Client(load(kind), url)
    {"easy": use_easy, "multi": use_multi}[way](client, int(give_up_ms))
    print(client.body)
    sys.exit(7)


main()
