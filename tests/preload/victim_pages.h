/* SPDX-License-Identifier: MIT */
#ifndef VICTIM_PAGES_H
#define VICTIM_PAGES_H

#include <stddef.h>

/*
 * victim_pages.h - mapped pages of one letter each, for victims.
 *
 * Lengths are counted in pages. What cannot be done ends the victim; see victim.h.
 */

#define PAGES_BYTES ((size_t)4096)
#define PAGES_FILE  16	/* pages of a file that is made here  */
#define PAGES_DIRTY 'x' /* the letter that mount_holds() asks for */

/* The address `index` pages on. */
char *pages_at(char *start, int index);

/* Map so much fresh memory. */
char *pages_map_memory(int count);

/* Make the file, and map its first `count` pages shared, each of them dirty. The file
   is left open (`kind` is "held") or closed before the first store ("closed"). */
char *pages_map_dirty(const char *kind, const char *path, int count);

/* Store this letter everywhere. */
void pages_fill(char *start, int count, char letter);

/* Whether each byte of them is this letter. */
int pages_hold(const char *start, int count, char letter);

/* Whether anything is mapped there. */
int pages_are_mapped(const char *start, int count);

#endif
