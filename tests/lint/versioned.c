/* SPDX-License-Identifier: MIT */
/*
 * versioned.c - a program whose reference to close() names a version of libc's.
 */
#include <unistd.h>

int main(void)
{
	return close(-1) == -1 ? 0 : 1;
}
