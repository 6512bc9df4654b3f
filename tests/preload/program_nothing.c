/* SPDX-License-Identifier: MIT */
/*
 * program_nothing.c - does nothing; opens the file that it is given, and leaves it open; of
 * two, the second is an exit handler's.
 */
#include <fcntl.h>
#include <stdlib.h>

static const char *path;

static void open_it(void)
{
	open(path, O_RDONLY);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		open(argv[1], O_RDONLY);
	if (argc > 2) {
		path = argv[2];
		atexit(open_it);
	}
	return 0;
}
