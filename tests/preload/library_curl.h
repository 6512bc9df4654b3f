/* SPDX-License-Identifier: MIT */
#ifndef LIBRARY_CURL_H
#define LIBRARY_CURL_H

/*
 * library_curl.h - a library on libcurl that victim_curl_loading is linked to. One thread.
 */

/* Make an easy handle and clean it up. Returns whether there was one. */
__attribute__((visibility("default"))) int library_use(void);

/* What library_use() returned in the constructor, before main(); -1 when it was not asked
   for by VICTIM_CURL=early. */
__attribute__((visibility("default"))) int library_early(void);

#endif
