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
#define MOST_STREAMS 4096
#define MOST_BYTES   (64 << 20)

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

static bool has_unwritten(const FILE *copy, FILE *file, struct cf_stream *stream)
{
	if (copy->_fileno < 0 || copy->_mode > 0 ||
	    copy->_IO_write_ptr <= copy->_IO_write_base ||
	    copy->_IO_write_ptr - copy->_IO_write_base > MOST_BYTES || !is_free(copy))
		return false;
	*stream = (struct cf_stream){
		.file = file,
		.fd = copy->_fileno,
		.bytes = copy->_IO_write_base,
		.count = (size_t)(copy->_IO_write_ptr - copy->_IO_write_base),
		.back = offset_past(copy),
	};
	return true;
}

void cf_streams_each(bool (*each)(const struct cf_stream *stream, void *argument),
		     void *argument)
{
	FILE *file = _IO_list_all, copy;
	struct cf_stream stream;

	for (int i = 0; file && i < MOST_STREAMS; i++, file = copy._chain) {
		if (!read_memory(file, &copy, sizeof(copy)) ||
		    ((unsigned)copy._flags & MAGIC_MASK) != MAGIC)
			return;
		if (!has_unwritten(&copy, file, &stream) || ftrylockfile(file) != 0)
			continue;
		bool goes_on = each(&stream, argument);
		funlockfile(file);
		if (!goes_on)
			return;
	}
}

void cf_streams_take(const struct cf_stream *stream)
{
	stream->file->_IO_write_ptr = stream->file->_IO_write_base;
}
