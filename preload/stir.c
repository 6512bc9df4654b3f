/* SPDX-License-Identifier: MIT */
/*
 * stir.c - one signal, taken and given back. Floor 1.
 */
#include "stir.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "lock.h"
#include "raw.h"
#include "real_end.h"

static struct cf_lock lock; /* of both */
static _Atomic int number;
static int users;

static void on_stir(int signal)
{
	(void)signal; /* its arrival is all that is wanted */
}

static bool is_ours(int signal)
{
	struct sigaction now;

	return signal && cf_real_sigaction(signal, NULL, &now) == 0 &&
	       !(now.sa_flags & SA_SIGINFO) && now.sa_handler == on_stir;
}

static int take_one(void)
{
	struct sigaction ours = { .sa_handler = on_stir }, now;

	for (int signal = SIGRTMAX - 1; signal > SIGRTMIN; signal--) {
		if (cf_real_sigaction(signal, NULL, &now) == 0 &&
		    now.sa_handler == SIG_DFL &&
		    cf_real_sigaction(signal, &ours, NULL) == 0)
			return signal;
	}
	return 0;
}

bool cf_stir_begin(void)
{
	if (!cf_lock_take(&lock))
		return false;
	if (!is_ours(number))
		number = take_one();
	bool is_taken = number != 0;
	users += is_taken;
	cf_lock_release(&lock);
	return is_taken;
}

int cf_stir_signal(void)
{
	return atomic_load(&number);
}

void cf_stir(int tid)
{
	int signal = atomic_load(&number);

	if (is_ours(signal))
		cf_raw_call3(SYS_tgkill, cf_raw_call3(SYS_getpid, 0, 0, 0), tid, signal);
}

void cf_stir_end(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t waiting;

	if (!cf_lock_take(&lock))
		return;
	if (--users == 0 && is_ours(number) && sigpending(&waiting) == 0 &&
	    !sigismember(&waiting, number)) {
		cf_real_sigaction(number, &plain, NULL);
		number = 0;
	}
	cf_lock_release(&lock);
}

void cf_stir_after_fork(void)
{
	lock = (struct cf_lock){ 0 };
	users = 0;
}
