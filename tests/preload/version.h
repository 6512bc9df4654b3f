/* SPDX-License-Identifier: MIT */
#ifndef VERSION_H
#define VERSION_H

/*
 * version.h - which libcurl the victims run on here: what stock waits for, how long and in
 * which of its calls has changed from version to version.
 *
 *                            up to 8.12     8.13 to 8.14   since 8.20
 *   a lookup, multi          remove_handle  remove_handle  multi_cleanup
 *   a lookup, past its time  perform        perform        easy_cleanup
 *   an answer to QUIT        120 s          1 s            1 s
 *
 * In between the first two move; no Debian or Ubuntu has one of those.
 */

enum version_era { VERSION_8_12, VERSION_8_14, VERSION_BETWEEN, VERSION_8_20 };

/* The libcurl that this driver is linked to, and so are the victims. */
enum version_era version_era(void);

/* Its number, as in "8.14.1"; static. */
const char *version_text(void);

#endif
