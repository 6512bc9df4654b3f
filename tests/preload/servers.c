/* SPDX-License-Identifier: MIT */
/*
 * servers.c - a network of the driver's own, and who answers there.
 */
#include "servers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bounds.h"
#include "scratch.h"
#include "suite.h"

#define READY_MS 20000

static const char *certificate, *key;

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd != -1 && ioctl(fd, SIOCGIFFLAGS, &request) == 0);
	request.ifr_flags |= IFF_UP;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void cover(const char *path, const char *name, const char *text)
{
	const char *own = scratch_path(name);

	scratch_put(own, text);
	if (mount(own, path, NULL, MS_BIND, NULL) != 0)
		suite_skip("cannot put a file over one of /etc");
}

static pid_t start(char *const *arguments)
{
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 1);
		dup2(null, 2);
		execv(arguments[0], arguments);
		_exit(127);
	}
	assert_true(child > 0);
	return child;
}

static void make_certificate(void)
{
	char *arguments[] = { "/usr/bin/openssl",
			      "req",
			      "-x509",
			      "-newkey",
			      "rsa:2048",
			      "-nodes",
			      "-subj",
			      "/CN=live.test",
			      "-days",
			      "2",
			      "-keyout",
			      (char *)key,
			      "-out",
			      (char *)certificate,
			      NULL };
	int status = -1;

	assert_int_equal(waitpid(start(arguments), &status, 0) > 0, 1);
	if (status != 0)
		suite_skip("no certificate from /usr/bin/openssl");
}

void servers_start(void)
{
	static const char *ready;
	char *arguments[] = { "/usr/bin/python3",
			      "-I",
			      CURFEW_TEST_SOURCES "/servers.py",
			      NULL,
			      NULL,
			      NULL,
			      NULL };
	char name[65] = "", hosts[128];

	if (ready)
		return;
	if (unshare(CLONE_NEWNET) != 0)
		suite_skip("no network namespace of our own");
	raise_loopback();
	cover("/etc/resolv.conf", "resolv.conf",
	      "nameserver 127.0.0.66\noptions timeout:5 attempts:2\n");
	/* Libraries ask for this machine's own name as soon as they are loaded. */
	gethostname(name, sizeof(name) - 1);
	snprintf(hosts, sizeof(hosts), "127.0.0.1 localhost %s\n", name);
	cover("/etc/hosts", "hosts", hosts);
	cover("/etc/nsswitch.conf", "nsswitch.conf", "hosts: files dns\npasswd: files\n");
	certificate = scratch_path("certificate");
	key = scratch_path("key");
	make_certificate();
	ready = scratch_path("ready");
	arguments[3] = (char *)ready;
	arguments[4] = (char *)certificate;
	arguments[5] = (char *)key;
	start(arguments);
	for (int64_t until = bounds_after(READY_MS); access(ready, F_OK) != 0;)
		assert_true(bounds_nap(until));
}

const char *servers_certificate(void)
{
	return certificate;
}

const char *servers_key(void)
{
	return key;
}

void servers_add(char *const *arguments, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int refused = 1;

	start(arguments);
	for (int64_t until = bounds_after(READY_MS); refused;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		refused = connect(fd, (struct sockaddr *)&address, sizeof(address));
		close(fd);
		assert_true(!refused || bounds_nap(until));
	}
}
