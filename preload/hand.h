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
 * hand.h - have another task make one system call on an fd or a range, and never wait
 * for it past an instant.
 *
 * Floor 2. Knows nothing about policy: it is handed a call, an instant, and the
 * line to write if it comes back late.
 */

/* On a sick mount. With what else of ours may run at once, the program sees 70 tasks. */
#define CF_HAND_MOST_ON_MOUNT 60

enum cf_ending {
	CF_FINISHED, /* the call returned; result is its own                   */
	CF_EXPIRED,  /* still running at the instant; the hand owns the handle */
	CF_PARKED,   /* not started: the mount is sick and has hands enough. The handle
			waits for one of them, and is no longer the caller's    */
	CF_NO_HAND,  /* never started; the caller still owns the handle        */
};

struct cf_outcome {
	enum cf_ending ending;
	long result;	   /* as the kernel returned it: >= 0 or -errno */
	long written;	   /* of CF_ERRAND_UNMAP: 0, or why pages were not written back */
	int64_t waited_ns; /* time that the caller spent in here        */
};

struct cf_order {
	enum cf_errand_kind kind;
	struct cf_call call; /* of CF_ERRAND_CALL: a close, whose fd is argument[0],
					a dup3, which closes argument[1], or a munmap   */
	struct cf_identity identity; /* what the fd stood for                           */
	struct cf_write_back pages;  /* of CF_ERRAND_WRITE_BACK                       */
	struct cf_parked_range *range; /* of CF_ERRAND_UNMAP: taken by the caller       */
	struct cf_bytes bytes;	       /* of CF_ERRAND_WRITE                          */
	struct cf_mount *mount;	 /* whose hands are counted; NULL for none          */
	int64_t deadline_ns;	 /* its length: a sick mount is asked with it       */
	bool is_ended;		 /* end the hand at the deadline: for sockets, whose
					close the kernel then goes on with itself, and for
					what is written where nobody is asked          */
	void (*when_slow)(void); /* called once, if the call takes more than 10 ms      */
	const struct cf_event *event; /* what the hand reports if it comes back late   */
};

/*
 * Have a hand do what order->kind says, and wait for it until `deadline`.
 *
 * time       Returns by `deadline` plus about 1 ms, or as soon after it as the
 *            kernel has let go of the number or the range; earlier on a sick mount (see
 *            cf_mounts_patience). While the process is stopped, time stands still.
 * ownership  *order is copied. After CF_EXPIRED and CF_PARKED the handle belongs to hands
 *            for good: the caller must not touch, retry or reuse it. So it does then with
 *            order->range, which is otherwise free again.
 * promise    CF_EXPIRED is reported only once the fd number or the range is free or stands
 *            for something else, or the hand is seen asleep inside its call: a late hand
 *            never hits a recycled one.
 * errors     Does not fail. No slot, clone refused, a pid namespace that waits for its init
 *            => CF_NO_HAND. A hand that was ended from outside after it had freed the
 *            number counts as expired: its result is lost. So it does in a child that a
 *            signal handler has forked meanwhile.
 * threads    Safe from any thread and in a vfork child. Holds no lock meanwhile.
 * signals    Async-signal-safe. Allocates nothing from malloc, starts no thread.
 * errno      Preserved.
 */
struct cf_outcome cf_hand_run(const struct cf_order *order, cf_instant deadline);

/*
 * The same in two halves, so that several hands are at work at once: between them the hand
 * is under way. Its order and its `hand` must stay until it is awaited, once, by the
 * process that has begun it.
 */
struct cf_hand {
	const struct cf_order *order;
	struct cf_task *task; /* NULL: there is none, and the outcome is known */
	struct cf_outcome outcome;
	cf_instant began, until;
	int64_t patience_ns; /* its deadline, or less on a sick mount  */
	unsigned returns;    /* of the mount, when the call began      */
};

/* The first half. Does not wait. */
void cf_hand_begin(struct cf_hand *hand, const struct cf_order *order,
		   cf_instant deadline);

/* The second. Waits until the deadline. */
struct cf_outcome cf_hand_await(struct cf_hand *hand);

/* How many calls take more than 10 ms just now: a word that hands count down. */
const _Atomic int *cf_hand_slow(void);

/* A forked child has no hands. */
void cf_hand_after_fork(void);

#endif
