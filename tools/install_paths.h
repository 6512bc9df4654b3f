/* SPDX-License-Identifier: MIT */
#ifndef INSTALL_PATHS_H
#define INSTALL_PATHS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * install_paths.h - where the files of this installation are.
 *
 * Found from the place of the running command, so that a build tree, an install
 * tree and a copy of either all use their own files.
 */

/*
 * Store the absolute path of the installed file `relative` (below the prefix, such
 * as CURFEW_LIBRARY_DIR "/libcurfew.so") in buffer[bytes]. Does not look whether
 * the file is there.
 *
 * errors  False, with errno, when /proc/self/exe cannot be read or the path does
 *         not fit.
 */
bool install_path(char *buffer, size_t bytes, const char *relative);

#endif
