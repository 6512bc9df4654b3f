/* SPDX-License-Identifier: MIT */
/*
 * wedge_files.c - the files of wedgefs: one flat directory in memory.
 *
 * The hash keeps the order of creation, so that a directory is read by number.
 */
#include "wedge_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_FILE  ((size_t)1 << 30)
#define SMALLEST_ROOM ((size_t)4096)

static struct wedge_file *files; /* those with a name */
static uint64_t last_number;

struct wedge_file *wedge_files_find(const char *name)
{
	struct wedge_file *file;

	HASH_FIND_STR(files, name, file);
	return file;
}

struct wedge_file *wedge_files_create(const char *name, mode_t mode)
{
	struct wedge_file *file = wedge_files_find(name);

	if (file)
		return file;
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->name = strdup(name);
	if (!file->name) {
		free(file);
		return NULL;
	}
	file->number = ++last_number;
	file->mode = mode;
	file->named = true;
	file->obeys = strncmp(name, "free", 4) != 0;
	HASH_ADD_KEYPTR(hh, files, file->name, strlen(file->name), file);
	return file;
}

struct wedge_file *wedge_files_after(uint64_t number)
{
	struct wedge_file *file = files;

	while (file && file->number <= number)
		file = file->hh.next;
	return file;
}

static void release_if_unused(struct wedge_file *file)
{
	if (file->named || file->lookups)
		return;
	free(file->bytes);
	free(file->name);
	free(file);
}

int wedge_files_unlink(const char *name)
{
	struct wedge_file *file = wedge_files_find(name);

	if (!file)
		return ENOENT;
	HASH_DEL(files, file);
	file->named = false;
	release_if_unused(file);
	return 0;
}

void wedge_files_forget(struct wedge_file *file, uint64_t lookups)
{
	file->lookups -= lookups < file->lookups ? lookups : file->lookups;
	release_if_unused(file);
}

static int make_room(struct wedge_file *file, size_t size)
{
	size_t room = file->room ? file->room : SMALLEST_ROOM;

	if (size > LARGEST_FILE)
		return EFBIG;
	while (room < size)
		room *= 2;
	if (room == file->room)
		return 0;
	char *bytes = realloc(file->bytes, room);
	if (!bytes)
		return ENOMEM;
	memset(bytes + file->room, 0, room - file->room);
	file->bytes = bytes;
	file->room = room;
	return 0;
}

int wedge_files_resize(struct wedge_file *file, off_t size)
{
	int error = make_room(file, (size_t)size);

	if (error)
		return error;
	if ((size_t)size < file->size)
		memset(file->bytes + size, 0, file->size - (size_t)size);
	file->size = (size_t)size;
	return 0;
}

int wedge_files_write(struct wedge_file *file, const char *bytes, size_t size,
		      off_t offset)
{
	size_t end = (size_t)offset + size;
	int error = make_room(file, end);

	if (error)
		return error;
	memcpy(file->bytes + offset, bytes, size);
	if (end > file->size)
		file->size = end;
	return 0;
}
