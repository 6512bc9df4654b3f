/* SPDX-License-Identifier: MIT */
/*
 * unwritten.c - the bytes of streams, for whoever is to write them. Floor 2.
 */
#include "unwritten.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "identity.h"
#include "keep.h"
#include "pool.h"
#include "raw.h"
#include "streams.h"

#define FEW_BYTES 4096 /* a pipe that is ready takes as many at once */

struct search {
	struct cf_unwritten *unwritten;
	bool (*is_wanted)(int fd);
};

/* Two streams may share one offset of a file: then their order counts. */
static void append(struct cf_unwritten *unwritten, const struct cf_bytes *bytes)
{
	struct cf_identity file = cf_identity_read(bytes->fd);
	int place = unwritten->count++, last = -1;

	unwritten->of[place] = *bytes;
	for (int i = 0; i < place; i++) {
		struct cf_identity other = cf_identity_read(unwritten->of[i].fd);

		if (cf_identity_is_same(&file, &other))
			last = i;
	}
	unwritten->is_first[place] = last == -1;
	if (last != -1)
		unwritten->of[last].next = &unwritten->of[place];
}

static bool take(const struct cf_stream *stream, void *argument)
{
	struct search *search = argument;
	struct cf_unwritten *unwritten = search->unwritten;

	if (!search->is_wanted(stream->fd))
		return true;
	char *copy = cf_pool_pages(stream->count);
	if (!copy)
		return true;
	cf_keep(copy, stream->count); /* a hand may write it when the process is gone */
	memcpy(copy, stream->bytes, stream->count);
	append(unwritten, &(struct cf_bytes){ .at = copy,
					      .count = stream->count,
					      .fd = stream->fd,
					      .back = stream->back });
	cf_streams_take(stream);
	return unwritten->count < CF_UNWRITTEN_MOST;
}

void cf_unwritten_gather(struct cf_unwritten *unwritten, bool (*is_wanted)(int fd))
{
	struct search search = { unwritten, is_wanted };

	unwritten->count = 0;
	cf_keep(unwritten, sizeof(*unwritten));
	cf_streams_each(take, &search);
}

bool cf_unwritten_is_first(const struct cf_unwritten *unwritten, int fd)
{
	for (int i = 0; i < unwritten->count; i++) {
		if (unwritten->is_first[i] && unwritten->of[i].fd == fd)
			return true;
	}
	return false;
}

bool cf_unwritten_is_ready(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	struct timespec at_once = { 0, 0 };

	return cf_raw_call(SYS_ppoll, (long)&ready, 1, (long)&at_once, 0, 0, 0) == 1;
}

static bool takes_at_once(const struct cf_stream *stream, bool (*is_local)(int fd))
{
	struct cf_identity behind = cf_identity_read(stream->fd);

	if (behind.error == EBADF)
		return true;
	if (behind.is_opaque || behind.mode == S_IFREG)
		return is_local(stream->fd);
	return stream->count <= FEW_BYTES && cf_unwritten_is_ready(stream->fd);
}

struct question {
	bool (*is_local)(int fd);
	bool may_block;
};

static bool look_at(const struct cf_stream *stream, void *argument)
{
	struct question *question = argument;

	question->may_block = !takes_at_once(stream, question->is_local);
	return !question->may_block;
}

bool cf_unwritten_may_block(bool (*is_local)(int fd))
{
	struct question question = { is_local, false };

	cf_streams_each(look_at, &question);
	return question.may_block;
}
