/* SPDX-License-Identifier: MIT */
#ifndef CF_EVENT_H
#define CF_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * event.h - what can be told of one call. Floor 0: data alone.
 */

enum cf_event_ending {
	CF_EVENT_FINISHED,  /* within the deadline; to the file only  */
	CF_EVENT_EXPIRED,   /* the caller was released, the call goes on */
	CF_EVENT_PARKED,    /* the caller was released, the call is made when it can be */
	CF_EVENT_COMPLETED, /* a cleanup of libcurl's, by ending what it waited for */
	CF_EVENT_STUCK,	    /* such a cleanup, whose wait could not be ended        */
	CF_EVENT_DOUBLE,    /* a second cleanup of one handle, refused              */
	CF_EVENT_LEAKED,    /* never closed; to the file only                       */
	CF_EVENT_FORCED_EXIT, /* the process was ended at its deadline              */
	CF_EVENT_LOADED	      /* the library is in this process; to CURFEW_RUN only   */
};

struct cf_event {
	enum cf_event_ending ending;
	const char *call;  /* "close" */
	const char *class; /* "file", "write", ... */
	bool is_written;
	int handle;	     /* an fd, unless                                */
	bool is_address;     /* it is a mapping or one of libcurl's handles, */
	const void *address; /* which is here                                */
	const char *name;    /* where it lives, or what it waited for; "" when unknown */
	const char *mount;   /* mount point, "" for none               */
	const char *type;    /* for people: "fuse.s3fs", "socket"      */
	int64_t deadline_ns;
	int64_t waited_ns;
	long result;	  /* as the caller got it: 0 or -errno */
	bool is_observed; /* nothing was cut; `expired` is what enforce would say */
	bool is_minor;	  /* nothing was written: to the file only */
	bool is_refused;  /* the call was not made, and fails */
	bool is_ending;	  /* the process ends: nobody gets a result */
	bool is_over;	  /* the call had been ended, nothing goes on in the background */
	int64_t age_ns;	  /* of what is leaked; CF_NEVER when unknown */
	const char *threads; /* of a forced exit: what each waits in, as JSON; or NULL */
	bool is_held;	     /* one of them by the kernel, whatever is sent to it       */
	unsigned long
		unwritten; /* of a forced exit: bytes that stdio has written nowhere */
	int signal;	   /* of a forced exit: the process was ended by it; else 0   */
};

#endif
