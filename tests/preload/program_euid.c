/* SPDX-License-Identifier: MIT */
/*
 * program_euid.c - prints its effective uid; made set-uid root by the tests.
 */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	printf("euid %d\n", (int)geteuid());
	return 0;
}
