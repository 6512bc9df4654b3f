/* SPDX-License-Identifier: MIT */
#ifndef CMOCKA_ALL_H
#define CMOCKA_ALL_H

/*
 * cmocka_all.h - cmocka.h with the headers that it needs and does not include.
 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#endif
