/* SPDX-License-Identifier: MIT */
/*
 * task_status.c - three lines of a file of /proc.
 */
#include "task_status.h"

#include <stdio.h>
#include <string.h>

bool task_status_read(struct task_status *status, const char *directory)
{
	char path[128];
	char line[256];

	*status = (struct task_status){ 0 };
	snprintf(path, sizeof(path), "%s/status", directory);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "Name: %63[^\n]", status->name);
		sscanf(line, "State: %c", &status->state);
		status->has_memory |= strncmp(line, "VmSize:", 7) == 0;
	}
	if (file)
		fclose(file);
	return status->state != '\0';
}
