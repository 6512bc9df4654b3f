/* SPDX-License-Identifier: MIT */
#ifndef LIBRARY_MARKER_H
#define LIBRARY_MARKER_H

/*
 * library_marker.h - what library_marker.c remembers.
 */

#define MARKER __attribute__((visibility("default")))

extern MARKER const char *marker_called;   /* the name of the function */
extern MARKER const void *marker_argument; /* its first argument       */

#endif
