/* SPDX-License-Identifier: MIT */
/*
 * refuse.c - one line on stderr, in one write, whatever the user typed into it.
 */
#include "refuse.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verbs.h"

#define LINE_BYTES 2048

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

int refuse(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_list(format, arguments);
	va_end(arguments);
	return EXIT_OWN_FAILURE;
}
