/* SPDX-License-Identifier: MIT */
/*
 * wedge_gate.c - the requests that obey the control page.
 *
 * A waiting request is a line in a growing array, not a thread: ten thousand may
 * hang at once. A WRITE takes effect when it is answered, not when it comes: a
 * server that hangs has stored nothing.
 */
#include "wedge_gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct waiting {
	struct wedge_request request; /* its bytes are ours */
	int64_t due_ns;		      /* not answered before */
};

static struct wedge_control *control;
static bool without_flush;
static struct waiting *waiting;
static size_t waiting_count;
static size_t waiting_room;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void wedge_gate_open(struct wedge_control *page, bool no_flush)
{
	control = page;
	without_flush = no_flush;
}

bool wedge_gate_waits(void)
{
	return waiting_count > 0;
}

static void answer_flush(const struct wedge_request *request)
{
	int error = request->file->obeys ? (int)control->flush_errno : 0;

	fuse_reply_err(request->fuse, without_flush ? ENOSYS : error);
}

static void answer_write(const struct wedge_request *request)
{
	int error = wedge_files_write(request->file, request->bytes, request->size,
				      request->offset);

	if (error)
		fuse_reply_err(request->fuse, error);
	else
		fuse_reply_write(request->fuse, request->size);
}

static void answer(const struct wedge_request *request)
{
	if (request->operation == WEDGE_FLUSH)
		answer_flush(request);
	else if (request->operation == WEDGE_WRITE)
		answer_write(request);
	else
		fuse_reply_err(request->fuse, 0);
}

static bool hangs(enum wedge_operation operation)
{
	return control->hang & (UINT32_C(1) << operation);
}

static bool make_room(void)
{
	size_t room = waiting_room ? waiting_room * 2 : 256;

	if (waiting_count < waiting_room)
		return true;
	struct waiting *grown = realloc(waiting, room * sizeof(*waiting));
	if (!grown)
		return false;
	waiting = grown;
	waiting_room = room;
	return true;
}

static void wait_until(const struct wedge_request *request, int64_t due_ns)
{
	struct waiting line = { .request = *request, .due_ns = due_ns };

	if (request->bytes) {
		char *copy = malloc(request->size + 1);
		if (copy)
			memcpy(copy, request->bytes, request->size);
		line.request.bytes = copy;
	}
	if ((request->bytes && !line.request.bytes) || !make_room()) {
		free((char *)line.request.bytes);
		fuse_reply_err(request->fuse, ENOMEM);
		return;
	}
	waiting[waiting_count++] = line;
	control->waiting[request->operation]++;
}

void wedge_gate_take(const struct wedge_request *request)
{
	int64_t delay_ns = 0;

	control->seen[request->operation]++;
	if (request->operation == WEDGE_FLUSH)
		delay_ns = (int64_t)control->delay_ms * 1000000;
	if (request->file->obeys && (delay_ns || hangs(request->operation)))
		wait_until(request, now_ns() + delay_ns);
	else
		answer(request);
}

void wedge_gate_release(void)
{
	int64_t now = now_ns();
	size_t kept = 0;

	for (size_t i = 0; i < waiting_count; i++) {
		struct waiting *line = &waiting[i];

		if (line->due_ns > now || hangs(line->request.operation)) {
			waiting[kept++] = *line;
			continue;
		}
		control->waiting[line->request.operation]--;
		answer(&line->request);
		free((char *)line->request.bytes);
	}
	waiting_count = kept;
}
