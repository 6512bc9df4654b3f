/* SPDX-License-Identifier: MIT */
/*
 * streams.c - the list of FILEs, and the public part of each. Floor 1.
 *
 * The layout is that of <bits/types/struct_FILE.h>, which programs are compiled against; the
 * lock's is that of every glibc since 2.0: a word, a count, an owner.
 */
#include "streams.h"

#include <errno.h>
#include <string.h>
#include <sys/single_threaded.h>

#include "raw.h"

#define MAGIC	     0xFBAD0000U
#define MAGIC_MASK   0xFFFF0000U
#define APPENDS	     0x1000U
#define IS_WRITTEN   0x0800U /* _IO_CURRENTLY_PUTTING */
#define IN_MEMORY    (-1)    /* its fd; of a cookie it is -2 */
#define MOST_STREAMS 4096
#define MOST_BYTES   (1 << 30)

extern FILE *_IO_list_all;

struct lock {
	int word, count;
	void *owner;
};

/* Another thread may just take a stream away: the kernel reads it, which does not fault. */
static bool read_memory(const void *from, void *to, size_t size)
{
	if (__libc_single_threaded) {
		memcpy(to, from, size);
		return true;
	}
	struct iovec there = { (void *)from, size }, here = { to, size };
	long result = cf_raw_call(SYS_process_vm_readv, cf_raw_call3(SYS_gettid, 0, 0, 0),
				  (long)&here, 1, (long)&there, 1, 0);

	if (result == -EPERM || result == -ENOSYS) {
		memcpy(to, from, size);
		return true;
	}
	return result == (long)size;
}

static bool is_free(const FILE *copy)
{
	struct lock lock;

	return !copy->_lock ||
	       (read_memory(copy->_lock, &lock, sizeof(lock)) && !lock.owner);
}

/* Where a stream that has been read from stands in its file: behind all that was read. */
static long offset_past(const FILE *copy)
{
	if ((unsigned)copy->_flags & APPENDS)
		return 0;
	return copy->_IO_read_end - copy->_IO_write_base;
}

static size_t held_by(const FILE *copy)
{
	return copy->_IO_write_ptr > copy->_IO_write_base
		       ? (size_t)(copy->_IO_write_ptr - copy->_IO_write_base)
		       : 0;
}

static bool is_in_reach(const FILE *copy)
{
	return copy->_fileno >= 0 && copy->_mode <= 0 && held_by(copy) <= MOST_BYTES &&
	       is_free(copy);
}

/* The next stream after `file`, or the first one; a copy of it is in *copy. */
static FILE *next_stream(FILE *file, FILE *copy)
{
	file = file ? copy->_chain : _IO_list_all;
	return file && read_memory(file, copy, sizeof(*copy)) &&
			       ((unsigned)copy->_flags & MAGIC_MASK) == MAGIC
		       ? file
		       : NULL;
}

void cf_streams_each(bool (*each)(const struct cf_stream *stream, void *argument),
		     void *argument)
{
	FILE *file = NULL, copy;
	bool goes_on = true;

	for (int i = 0; goes_on && i < MOST_STREAMS; i++) {
		file = next_stream(file, &copy);
		if (!file)
			return;
		if (held_by(&copy) == 0 || !is_in_reach(&copy) || ftrylockfile(file) != 0)
			continue;
		goes_on =
			each(&(struct cf_stream){ file, copy._fileno, copy._IO_write_base,
						  held_by(&copy), offset_past(&copy) },
			     argument);
		funlockfile(file);
	}
}

/* Of wide characters only that the stream is written to can be seen. A stream in memory
   is written to nobody. */
static bool may_hold(const FILE *copy)
{
	if (copy->_fileno == IN_MEMORY)
		return false;
	return copy->_mode > 0 ? ((unsigned)copy->_flags & IS_WRITTEN) != 0
			       : held_by(copy) > 0;
}

bool cf_streams_any_beyond_reach(void)
{
	FILE *file = NULL, copy;

	for (int i = 0; i < MOST_STREAMS; i++) {
		file = next_stream(file, &copy);
		if (!file)
			return false;
		if (may_hold(&copy) && !is_in_reach(&copy))
			return true;
	}
	return true;
}

size_t cf_streams_unwritten(void)
{
	FILE *file = NULL, copy;
	size_t count = 0;

	for (int i = 0; i < MOST_STREAMS && (file = next_stream(file, &copy)); i++) {
		if (copy._fileno >= 0)
			count += held_by(&copy);
	}
	return count;
}

void cf_streams_take(const struct cf_stream *stream)
{
	stream->file->_IO_write_ptr = stream->file->_IO_write_base;
}
