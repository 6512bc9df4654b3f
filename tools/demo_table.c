/* SPDX-License-Identifier: MIT */
/*
 * demo_table.c - the table of the demo.
 *
 * Every piece of colour is begun and ended in one write, so that an interrupted
 * demo leaves a clean terminal.
 */
#include "demo_table.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define COLUMNS	      80
#define LABEL_COLUMNS 24
#define BAR_CELLS     30
#define FADE_CELLS    3
#define CELL_BYTES    4
#define BAR_BYTES     (BAR_CELLS * CELL_BYTES + 1)

static struct {
	bool blocks;
	const char *red, *green, *bold, *plain;
} style;

static void choose_style(void)
{
	const char *terminal = getenv("TERM");
	const char *refused = getenv("NO_COLOR");
	bool colour = isatty(STDOUT_FILENO) && !(refused && *refused) && terminal &&
		      strcmp(terminal, "dumb") != 0;

	setlocale(LC_CTYPE, "");
	style.blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	style.red = colour ? "\033[31m" : "";
	style.green = colour ? "\033[32m" : "";
	style.bold = colour ? "\033[1m" : "";
	style.plain = colour ? "\033[0m" : "";
}

void demo_table_begin(void)
{
	choose_style();
	printf("%s%-*s %-6s 0 s       1 s       2 s       3 s %16s%s\n", style.bold,
	       LABEL_COLUMNS, "what hangs", "", "exit status", style.plain);
	for (int i = 0; i < COLUMNS; i++)
		fputs(style.blocks ? "─" : "-", stdout);
	putchar('\n');
	fflush(stdout);
}

void demo_table_gap(void)
{
	putchar('\n');
}

/* A bar that runs off fades out at its end; `bar` has BAR_BYTES. */
static void draw_cut(char *bar)
{
	static const char *const fade[2][FADE_CELLS] = { { "-", "-", ">" },
							 { "▓", "▒", "░" } };

	bar[0] = '\0';
	for (int i = 0; i < BAR_CELLS - FADE_CELLS; i++)
		strcat(bar, style.blocks ? "█" : "#");
	for (int i = 0; i < FADE_CELLS; i++)
		strcat(bar, fade[style.blocks][i]);
}

/* In eighths of a cell where the font has them; never nothing. */
static void draw_length(char *bar, int64_t length_ns)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	int64_t parts = length_ns * BAR_CELLS * 8 / DEMO_TABLE_SPAN_NS;

	bar[0] = '\0';
	if (!style.blocks)
		parts = (parts + 7) / 8 * 8;
	if (parts == 0)
		parts = style.blocks ? 1 : 8;
	for (int64_t i = 0; i < parts / 8; i++)
		strcat(bar, style.blocks ? "█" : "#");
	strcat(bar, eighths[parts % 8]);
}

static int cells_of(const char *text)
{
	int cells = 0;

	for (; *text; text++)
		cells += (*text & 0xc0) != 0x80;
	return cells;
}

void demo_table_run(const struct demo_table_line *line)
{
	char bar[BAR_BYTES];
	char took[16];

	if (line->cut) {
		draw_cut(bar);
		snprintf(took, sizeof(took), "> %d s",
			 (int)(DEMO_TABLE_SPAN_NS / (1000 * CF_MS)));
	} else {
		draw_length(bar, line->took_ns);
		snprintf(took, sizeof(took), "%.2f s", (double)line->took_ns / 1e9);
	}
	printf("%-*s %-6s %s%s%s%*s %6s %9s\n", LABEL_COLUMNS, line->label, line->side,
	       line->good ? style.green : style.red, bar, style.plain,
	       BAR_CELLS - cells_of(bar), "", took, line->status);
	fflush(stdout);
}

void demo_table_absent(const char *const label[2], const char *why)
{
	printf("%-*s %snot shown%s\n%s\n", LABEL_COLUMNS, label[0], style.bold,
	       style.plain, label[1]);
	demo_table_text("  ", why);
}

void demo_table_text(const char *indent, const char *text)
{
	size_t room = COLUMNS - strlen(indent);

	while (*text) {
		size_t length = strlen(text);

		if (length > room) {
			length = room;
			while (length && text[length] != ' ')
				length--;
			if (length == 0)
				length = room;
		}
		printf("%s%.*s\n", indent, (int)length, text);
		text += length;
		text += strspn(text, " ");
	}
	fflush(stdout);
}
