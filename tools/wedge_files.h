/* SPDX-License-Identifier: MIT */
#ifndef WEDGE_FILES_H
#define WEDGE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uthash.h>

/*
 * wedge_files.h - the files of wedgefs: one flat directory in memory.
 *
 * One thread only. The module owns every file; a file lives while it has a name
 * or the kernel still knows it. Errors are returned as errno values, 0 is success.
 */

struct wedge_file {
	char *name;
	uint64_t number;  /* grows with every file: the place in the directory */
	uint64_t lookups; /* how often the kernel was told of it               */
	mode_t mode;
	bool named; /* false once unlinked                               */
	bool obeys; /* false for names that begin with "free"            */
	char *bytes;
	size_t size;
	size_t room; /* bytes beyond `size` and up to `room` are zero */
	UT_hash_handle hh;
};

/* The file of that name; NULL when there is none. */
struct wedge_file *wedge_files_find(const char *name);

/* The file of that name, made when missing. NULL when memory is short. */
struct wedge_file *wedge_files_create(const char *name, mode_t mode);

/* The first file whose number is above `number`; NULL at the end of the directory. */
struct wedge_file *wedge_files_after(uint64_t number);

/* Take the name away. ENOENT when there is no such file. */
int wedge_files_unlink(const char *name);

/* The kernel forgot `lookups` of its references: the file may be gone afterwards. */
void wedge_files_forget(struct wedge_file *file, uint64_t lookups);

/* Cut the file or fill it up with zeros. EFBIG past 1 GiB, ENOMEM. */
int wedge_files_resize(struct wedge_file *file, off_t size);

/* Store `size` bytes at `offset`. EFBIG past 1 GiB, ENOMEM. */
int wedge_files_write(struct wedge_file *file, const char *bytes, size_t size,
		      off_t offset);

#endif
