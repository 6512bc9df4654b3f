/* SPDX-License-Identifier: MIT */
#ifndef DEMO_TABLE_H
#define DEMO_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * demo_table.h - the table of the demo, on stdout, 80 columns wide.
 *
 * Printed piece by piece, as the results come. Bars are blocks in a UTF-8 locale,
 * else plain ASCII; colour is for a terminal only, and never with NO_COLOR. Lengths
 * of time are nanoseconds. One thread only.
 */

/* How long a run takes that fills its bar: longer ones are cut off there. */
#define DEMO_TABLE_SPAN_NS INT64_C(3000000000)

struct demo_table_line {
	const char *label;  /* what hangs: at most 24 columns */
	const char *side;   /* "stock" or "curfew"            */
	int64_t took_ns;    /* until the program had ended    */
	bool cut;	    /* it did not end by itself       */
	bool good;	    /* the colour of the bar          */
	const char *status; /* at most 9 columns             */
};

/* Find out what the terminal can do, and print the head. */
void demo_table_begin(void);

/* A new row begins below. */
void demo_table_gap(void);

/* One run: its label, its bar and how it ended. */
void demo_table_run(const struct demo_table_line *line);

/* A row without bars: its label of two lines, and why there are none. */
void demo_table_absent(const char *const label[2], const char *why);

/* Text of the row or of the table, broken at spaces: each line begins with `indent`. */
void demo_table_text(const char *indent, const char *text);

#endif
