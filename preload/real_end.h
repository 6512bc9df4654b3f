/* SPDX-License-Identifier: MIT */
#ifndef CF_REAL_END_H
#define CF_REAL_END_H

#include <signal.h>

/*
 * real_end.h - what real.h is, for the functions by which a program ends, or prepares for
 * it.
 *
 * Floor 0. They may be called before cf_real_end_bind(), by the constructors of others:
 * the first call binds, too.
 */

typedef int cf_main_function(int argc, char **argv, char **environment);
typedef void cf_signal_function(int number);

/* Look the real functions up. Once, from the constructor; may call malloc. */
void cf_real_end_bind(void);

/* exit(3), quick_exit(3), _exit(2). */
void cf_real_exit(int status) __attribute__((noreturn));
void cf_real_quick_exit(int status) __attribute__((noreturn));
void cf_real_leave(int status) __attribute__((noreturn));

/* on_exit(3), at_quick_exit(3) and the handlers of the C++ ABI: 0, or not when there is no
   memory. */
int cf_real_on_exit(void (*handler)(int status, void *argument), void *argument);
int cf_real_at_quick_exit(void (*handler)(void));
int cf_real_cxa_atexit(void (*handler)(void *argument), void *argument, void *object);
int cf_real_cxa_thread_atexit(void (*handler)(void *argument), void *argument,
			      void *object);

/* The start of the program, as its start files call it. */
int cf_real_start_main(cf_main_function *main, int argc, char **argv, void (*init)(void),
		       void (*fini)(void), void (*loader_fini)(void), void *stack_end);

/* sigaction(2): -1 and errno. */
int cf_real_sigaction(int number, const struct sigaction *action, struct sigaction *old);

/* signal(3) and its variants, by name: SIG_ERR and errno. */
enum cf_real_signal {
	CF_REAL_SIGNAL,
	CF_REAL_SYSV_SIGNAL,
	CF_REAL_SIGSET,
	CF_REAL_SIGNALS
};
cf_signal_function *cf_real_signal(enum cf_real_signal variant, int number,
				   cf_signal_function *handler);

/* prctl(2): -1 and errno. */
int cf_real_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
		  unsigned long d);

#endif
