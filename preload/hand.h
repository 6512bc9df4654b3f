/* SPDX-License-Identifier: MIT */
#ifndef CF_HAND_H
#define CF_HAND_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "errand.h"
#include "events.h"
#include "identity.h"
#include "mounts.h"

/*
 * hand.h - have another task make one system call on an fd, and never wait for it
 * past an instant.
 *
 * Floor 2. Knows nothing about policy: it is handed a call, an instant, and the
 * line to write if it comes back late.
 */

#define CF_HAND_MOST_ON_MOUNT 64

enum cf_ending {
	CF_FINISHED, /* the call returned; result is its own                   */
	CF_EXPIRED,  /* still running at the instant; the hand owns the handle */
	CF_NO_HAND,  /* never started; the caller still owns the handle        */
};

struct cf_outcome {
	enum cf_ending ending;
	long result;	   /* as the kernel returned it: >= 0 or -errno */
	int64_t waited_ns; /* time that the caller spent in here        */
};

struct cf_order {
	struct cf_call call;	     /* argument[0] is the fd, and the call frees it    */
	struct cf_identity identity; /* what the fd stood for                           */
	struct cf_mount *mount;	     /* whose hands are counted; NULL for none          */
	int64_t deadline_ns;	     /* its length: a sick mount is asked with it       */
	bool is_ended;		     /* end the hand at the deadline: only for sockets,
					whose close the kernel then goes on with itself */
	void (*when_slow)(void); /* called once, if the call takes more than 10 ms      */
	const struct cf_event *event; /* what the hand reports if it comes back late   */
};

/*
 * Have a hand make order->call, and wait for it until `deadline`.
 *
 * time       Returns by `deadline` plus about 1 ms, or as soon after it as the
 *            kernel has let go of the fd number; earlier on a sick mount (see
 *            cf_mounts_patience). While the process is stopped, time stands still.
 * ownership  *order is copied. After CF_EXPIRED the fd belongs to the hand for
 *            good: the caller must not touch, retry or reuse it.
 * promise    CF_EXPIRED is reported only once the fd number is free or stands for
 *            something else, or the hand is seen asleep inside its call: a late hand
 *            never hits a recycled number.
 * errors     Does not fail. No slot, clone refused, 64 hands on that mount already,
 *            a pid namespace that waits for its init => CF_NO_HAND. A hand that was ended from outside after it had freed
 *            the number counts as expired: its result is lost. So it does in a child
 *            that a signal handler has forked meanwhile.
 * threads    Safe from any thread and in a vfork child. Holds no lock meanwhile.
 * signals    Async-signal-safe. Allocates nothing from malloc, starts no thread.
 * errno      Preserved.
 */
struct cf_outcome cf_hand_run(const struct cf_order *order, cf_instant deadline);

/* How many calls take more than 10 ms just now: a word that hands count down. */
const _Atomic int *cf_hand_slow(void);

/* A forked child has no hands. */
void cf_hand_after_fork(void);

#endif
