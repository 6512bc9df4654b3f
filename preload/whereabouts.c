/* SPDX-License-Identifier: MIT */
/*
 * whereabouts.c - a list of /proc/self/task. Floor 2.
 */
#include "whereabouts.h"

#include <string.h>

#include "asleep.h"
#include "proc_list.h"
#include "raw.h"

#define MOST_THREADS 16

static char state_of(int tid)
{
	static const char key[] = "\nState:\t";
	char status[256]; /* it stands near the beginning */

	cf_asleep_read(tid, "status", status, sizeof(status));
	const char *at = strstr(status, key);
	return at ? at[strlen(key)] : '?';
}

static void add_pair(struct cf_text *json, const char *key, const char *value)
{
	cf_text_add(json, ",\"");
	cf_text_add(json, key);
	cf_text_add(json, "\":\"");
	cf_text_add_json(json, value);
	cf_text_add(json, "\"");
}

static void add_thread(struct cf_text *json, int tid, const struct cf_asleep *asleep,
		       char state)
{
	char name[32], one[] = { state, '\0' };

	cf_asleep_read(tid, "comm", name, sizeof(name));
	name[strcspn(name, "\n")] = '\0';
	cf_text_add(json,
		    json->bytes[json->length - 1] == '[' ? "{\"tid\":" : ",{\"tid\":");
	cf_text_add_number(json, tid);
	add_pair(json, "comm", name);
	add_pair(json, "state", one);
	add_pair(json, "call", asleep->call);
	add_pair(json, "channel", asleep->channel);
	cf_text_add(json, "}");
}

static bool look_at(int tid, struct cf_text *json, struct cf_asleep *asleep)
{
	*asleep = cf_asleep_look(tid);
	if (asleep->is_gone)
		return false;
	char state = state_of(tid);
	add_thread(json, tid, asleep, state);
	/* The second: an answer of a FUSE server, which once asked for is waited for. */
	return state == 'D' || strcmp(asleep->channel, "request_wait_answer") == 0;
}

struct cf_whereabouts cf_whereabouts_look(int tid, struct cf_text *threads)
{
	struct cf_whereabouts found = { .place = "" };
	int self = (int)cf_raw_call3(SYS_gettid, 0, 0, 0), count = 1, other;
	struct cf_asleep asleep;
	struct cf_proc_list list;
	struct cf_text place;

	cf_text_add(threads, "[");
	found.is_held = look_at(tid, threads, &asleep);
	cf_text_begin(&place, found.place, sizeof(found.place));
	cf_text_add(&place, asleep.place);
	if (cf_proc_list_open(&list, "/proc/self/task")) {
		while (count < MOST_THREADS && (other = cf_proc_list_next(&list)) > 0) {
			if (other == self || other == tid)
				continue;
			found.is_held |= look_at(other, threads, &asleep);
			count++;
		}
		cf_proc_list_close(&list);
	}
	cf_text_add(threads, "]");
	return found;
}
