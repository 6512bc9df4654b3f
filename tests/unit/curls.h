/* SPDX-License-Identifier: MIT */
#ifndef CURLS_H
#define CURLS_H

#include <link.h>

#include "objects.h"

/*
 * curls.h - real libcurls in a test that is not preloaded: loaded RTLD_LOCAL, as language
 * bindings load them, so that this program is one more caller and they are theirs.
 */

#define CURLS_OPENSSL "libcurl.so.4"
#define CURLS_GNUTLS  "libcurl-gnutls.so.4"

/* Load a library. Skips the test when this machine has none. */
void *curls_load(const char *name);

/* Unload it. Skips the test when it stays all the same. */
void curls_unload(void *handle);

/* Its own function. */
cf_function curls_own(void *handle, enum cf_curl_function function);

/* An address of code in it: a caller. */
const void *curls_code(void *handle);

/* Have `look` see it as the loader shows it, under the loader's lock. */
void curls_show(void *handle, void (*look)(const struct dl_phdr_info *object));

#endif
