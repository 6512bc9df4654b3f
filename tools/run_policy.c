/* SPDX-License-Identifier: MIT */
/*
 * run_policy.c - classes by name, and the words of the library's option table.
 */
#include "run_policy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

bool run_policy_class(const char *name, size_t length, enum cf_class *class)
{
	for (int i = 0; i < CF_CLASSES; i++) {
		const char *candidate = cf_policy_class_name((enum cf_class)i);

		if (strlen(candidate) == length && memcmp(candidate, name, length) == 0) {
			*class = (enum cf_class)i;
			return true;
		}
	}
	return false;
}

const char *run_policy_classes(char *buffer, size_t bytes)
{
	struct cf_text list;

	cf_text_begin(&list, buffer, bytes);
	for (int i = 0; i < CF_CLASSES; i++) {
		if (i > 0)
			cf_text_add(&list, i == CF_CLASSES - 1 ? " or " : ", ");
		cf_text_add(&list, cf_policy_class_name((enum cf_class)i));
	}
	return buffer;
}

const char *run_policy_variable(char *buffer, size_t bytes, enum cf_class class)
{
	snprintf(buffer, bytes, "CURFEW_DEADLINE_%s", cf_policy_class_name(class));
	for (char *letter = buffer; *letter; letter++)
		*letter = (char)toupper((unsigned char)*letter);
	return buffer;
}

const char *run_policy_takes(const char *variable)
{
	const struct cf_option *option;

	for (size_t i = 0; (option = cf_policy_option(i)) != NULL; i++) {
		if (strcmp(option->variable, variable) == 0)
			return option->takes;
	}
	return "";
}
