#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""servers.py - the peers of libcurl victims, in the network namespace of a driver.

Usage: servers.py READY CERTIFICATE KEY. Creates the file READY once every port listens;
ends with its parent. Ports are fixed: nobody else is in that namespace.

 53/udp on 127.0.0.66  DNS: slow.test after 1 s, live.test at once, both 127.0.0.1;
                       all else is never answered
 2101 FTP   2102 IMAP   2103 POP3   2104 SMTP   never answer QUIT or LOGOUT
 2111 FTP, answers QUIT after 50 ms      2112 FTP, at once      2121 FTPS (AUTH TLS), never answers QUIT
 8001 HTTP, keeps connections            8002 HTTP over TLS, never closes its side
 8003 HTTP, takes an upload's headers and reads no further
 8004 HTTP, sends a megabyte in the course of 1 s
 3128 HTTP proxy (CONNECT and GET)       1080 SOCKS5 proxy
"""
import ctypes
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time

HOST = "127.0.0.1"


def listen(port, serve, **options):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if "receive" in options:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options["receive"])
    server.bind((HOST, port))
    server.listen(1024)

    def one(peer):
        try:
            serve(peer)
        except (OSError, ValueError, struct.error):
            pass
        finally:
            peer.close()

    def accept():
        while True:
            peer, _ = server.accept()
            threading.Thread(target=one, args=(peer,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def lines(peer):
    rest = b""
    while True:
        data = peer.recv(4096)
        if not data:
            return
        rest += data
        while b"\r\n" in rest:
            line, rest = rest.split(b"\r\n", 1)
            yield line.decode("latin1")


def never(peer):
    """Not another word; until the client hangs up."""
    while peer.recv(4096):
        pass


def ftp(peer, quit_after=None, tls=None):
    def say(text):
        peer.sendall(text.encode() + b"\r\n")

    data, private = None, False
    say("220 ready")
    todo = lines(peer)
    while True:
        line = next(todo, None)
        if line is None:
            return
        verb = line.split(" ")[0].upper()
        if verb == "USER":
            say("331 password")
        elif verb == "PASS":
            say("230 in")
        elif verb == "PWD":
            say('257 "/" is it')
        elif verb == "AUTH" and tls:
            say("234 go")
            peer = tls.wrap_socket(peer, server_side=True)
            todo = lines(peer)
        elif verb == "PROT":
            private = line.upper().endswith("P")
            say("200 fine")
        elif verb == "EPSV":
            data = socket.create_server((HOST, 0))
            say("229 Extended (|||%d|)" % data.getsockname()[1])
        elif verb == "SIZE":
            say("213 5")
        elif verb == "RETR":
            say("150 coming")
            other, _ = data.accept()
            if private:
                other = tls.wrap_socket(other, server_side=True)
            other.sendall(b"hello")
            if private:
                other = other.unwrap()
            other.close()
            data.close()
            say("226 done")
        elif verb == "QUIT":
            if quit_after is None:
                return never(peer)
            time.sleep(quit_after)
            return say("221 bye")
        else:
            say("200 fine")


def imap(peer):
    peer.sendall(b"* OK ready\r\n")
    for line in lines(peer):
        tag, verb = (line.split(" ") + [""])[:2]
        if verb.upper() == "LOGOUT":
            return never(peer)
        if verb.upper() == "CAPABILITY":
            peer.sendall(b"* CAPABILITY IMAP4rev1\r\n")
        if verb.upper() == "LIST":
            peer.sendall(b'* LIST () "/" INBOX\r\n')
        peer.sendall(tag.encode() + b" OK\r\n")


def pop3(peer):
    peer.sendall(b"+OK ready\r\n")
    for line in lines(peer):
        verb = line.split(" ")[0].upper()
        if verb == "QUIT":
            return never(peer)
        if verb == "CAPA":
            peer.sendall(b"-ERR\r\n")
        elif verb == "LIST":
            peer.sendall(b"+OK\r\n1 5\r\n.\r\n")
        else:
            peer.sendall(b"+OK\r\n")


def smtp(peer):
    in_data = False
    peer.sendall(b"220 ready\r\n")
    for line in lines(peer):
        if in_data:
            if line == ".":
                in_data = False
                peer.sendall(b"250 taken\r\n")
            continue
        verb = line.split(" ")[0].upper()
        if verb == "QUIT":
            return never(peer)
        in_data = verb == "DATA"
        peer.sendall(b"354 go\r\n" if in_data else b"250 fine\r\n")


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def http(peer):
    rest = b""
    while True:
        data = peer.recv(65536)
        if not data:
            return
        rest += data
        while b"\r\n\r\n" in rest:
            rest = rest.split(b"\r\n\r\n", 1)[1]
            peer.sendall(ANSWER)


def http_mute(peer, tls):
    safe = tls.wrap_socket(peer, server_side=True)
    safe.recv(65536)
    safe.sendall(ANSWER)
    time.sleep(1000)


def http_deaf(peer):
    peer.recv(1024)
    peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    time.sleep(1000)


def http_slow(peer):
    peer.recv(65536)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(20):
        peer.sendall(bytes(50000))
        time.sleep(0.05)
    peer.recv(65536)


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def join(peer, port):
    other = socket.create_connection((HOST, port))
    threading.Thread(target=pump, args=(other, peer), daemon=True).start()
    pump(peer, other)


def proxy(peer):
    head = b""
    while b"\r\n\r\n" not in head:
        head += peer.recv(4096)
    verb, target, _ = head.split(b"\r\n")[0].decode().split(" ")
    if verb == "CONNECT":
        peer.sendall(b"HTTP/1.1 200 connected\r\n\r\n")
        join(peer, int(target.rsplit(":", 1)[1]))
    else:
        peer.sendall(ANSWER)
        http(peer)


def socks(peer):
    peer.recv(2 + 255)
    peer.sendall(b"\x05\x00")
    request = peer.recv(4 + 256 + 2)
    peer.sendall(b"\x05\x00\x00\x01" + socket.inet_aton(HOST) + bytes(2))
    join(peer, struct.unpack("!H", request[-2:])[0])


def dns():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.66", 53))

    def reply(query, client, end):
        kind = query[end + 1 : end + 3]
        found = kind == b"\0\1"
        answer = query[:2] + b"\x81\x80\0\1\0" + bytes([found]) + bytes(4)
        answer += query[12 : end + 5]
        if found:
            answer += b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(HOST)
        server.sendto(answer, client)

    while True:
        query, client = server.recvfrom(4096)
        end = query.index(0, 12)
        name = query[12:end]
        if name.endswith(b"\4test") and b"live" in name:
            reply(query, client, end)
        elif name.endswith(b"\4test") and b"slow" in name:
            threading.Timer(1, reply, (query, client, end)).start()


def main():
    ready, certificate, key = sys.argv[1:]
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    listen(2101, ftp)
    listen(2102, imap)
    listen(2103, pop3)
    listen(2104, smtp)
    listen(2111, lambda peer: ftp(peer, quit_after=0.05))
    listen(2112, lambda peer: ftp(peer, quit_after=0))
    listen(2121, lambda peer: ftp(peer, tls=tls))
    listen(8001, http)
    listen(8002, lambda peer: http_mute(peer, tls))
    listen(8003, http_deaf, receive=4096)
    listen(8004, http_slow)
    listen(3128, proxy)
    listen(1080, socks)
    threading.Thread(target=dns, daemon=True).start()
    time.sleep(0.05)
    with open(ready, "w", encoding="ascii"):
        pass
    time.sleep(1e6)


if __name__ == "__main__":
    main()
