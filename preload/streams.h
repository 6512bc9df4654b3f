/* SPDX-License-Identifier: MIT */
#ifndef CF_STREAMS_H
#define CF_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * streams.h - what stdio still holds: bytes that the program has handed to a stream and
 * that are written nowhere.
 *
 * Floor 1. Streams are found as libc finds them at exit, by its list, and their public
 * part is read. One of wide characters, one without an fd, and one that a thread is just
 * using are passed over. Waits for nobody; errno is left alone. Another thread may close
 * a stream meanwhile, as it may while exit() looks for them: one that is gone is known by
 * its memory, unless that has been used again.
 */

struct cf_stream {
	FILE *file;
	int fd;
	const char *bytes; /* in the stream's own buffer */
	size_t count;
	long back; /* by how much the file offset is past where they belong */
};

/* Call each() for every stream with such bytes, locked meanwhile, until it says false. */
void cf_streams_each(bool (*each)(const struct cf_stream *stream, void *argument),
		     void *argument);

/* Whether a stream that is passed over holds bytes, or may. */
bool cf_streams_any_beyond_reach(void);

/* How many bytes streams hold that libc would write at the end, as far as that can be told. */
size_t cf_streams_unwritten(void);

/* The bytes of this stream are somebody else's now: stdio forgets them. For each(). */
void cf_streams_take(const struct cf_stream *stream);

#endif
