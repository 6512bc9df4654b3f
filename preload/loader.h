/* SPDX-License-Identifier: MIT */
#ifndef CF_LOADER_H
#define CF_LOADER_H

#include <link.h>

/*
 * loader.h - visit the loader's list of objects, also where its lock is never given back.
 *
 * Floor 0. The lock of the list may have been held, at a fork, by a thread of the parent's:
 * in the child nobody gives it back, and dl_iterate_phdr() waits for ever. As long as such a
 * child has no second thread, nobody changes the list, and it is read without the lock.
 */

#define CF_LOADER_UNLOCKED (1ULL << 62) /* what dlpi_adds begins with there */

/*
 * As dl_iterate_phdr(3): call each() for every loaded object, until it returns other than 0,
 * which is then returned. Without the lock, dlpi_adds counts how often the list was another
 * one, dlpi_subs is 0, and objects without an ELF header at their start are left out.
 *
 * signals  Not for signal handlers. errno is left alone.
 */
int cf_loader_each(int (*each)(struct dl_phdr_info *object, size_t size, void *data),
		   void *data);

#endif
