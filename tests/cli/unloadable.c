/* SPDX-License-Identifier: MIT */
/*
 * unloadable.c - a program into which nothing can be preloaded: it is linked statically.
 *
 * usage: unloadable [LINE...]
 *
 * Appends each LINE to the file CURFEW_RUN. Exits with 3.
 */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	const char *name = getenv("CURFEW_RUN");
	FILE *file = name ? fopen(name, "a") : NULL;

	for (int i = 1; file && i < argc; i++)
		fprintf(file, "%s\n", argv[i]);
	if (file)
		fclose(file);
	return 3;
}
