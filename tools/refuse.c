/* SPDX-License-Identifier: MIT */
/*
 * refuse.c - one line on stderr, in one write, whatever the user typed into it.
 */
#include "refuse.h"

#include <ctype.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verbs.h"

#define LINE_BYTES 2048
#define READER_MS  1000

static void say_list(const char *format, va_list arguments)
{
	char line[LINE_BYTES];

	vsnprintf(line, sizeof(line) - 1, format, arguments);
	size_t length = strlen(line);
	for (size_t i = 0; i < length; i++) {
		if (iscntrl((unsigned char)line[i]))
			line[i] = '?';
	}
	line[length++] = '\n';
	/* A reader that is gone is no reason to fail. */
	if (write(STDERR_FILENO, line, length) == -1)
		return;
}

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_list(format, arguments);
	va_end(arguments);
}

void say_in_passing(const char *format, ...)
{
	struct pollfd reader = { .fd = STDERR_FILENO, .events = POLLOUT };
	va_list arguments;

	if (poll(&reader, 1, READER_MS) != 1)
		return;
	va_start(arguments, format);
	say_list(format, arguments);
	va_end(arguments);
}

int refuse(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_list(format, arguments);
	va_end(arguments);
	return EXIT_OWN_FAILURE;
}
