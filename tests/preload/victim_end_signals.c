/* SPDX-License-Identifier: MIT */
/*
 * victim_end_signals.c - has to do with a signal that is to end programs. Ends with status
 * 7 where nothing else is said.
 *
 *   switches COUNT   SIGUSR1 has a handler and is ignored by turns, COUNT times, while a
 *                    second thread raises it all the time
 *   gone             a thread raises SIGTERM, which has a handler, ends and is joined, and
 *                    its stack is unmapped; main has every signal blocked and pauses for ever
 *   vfork            a vfork child ends by SIGTERM (call 0: its status); 2 s later the
 *                    parent leaves, by a handler that pauses
 *   first            SIGTERM, which has no handler, is sent to a child that is the first of
 *                    a pid namespace, and ends with 5 after 2 s (call 0: its status)
 *   siginfo HOW      SIGTERM is ignored or has its default, HOW: `ignored` or `default`,
 *                    with SA_SIGINFO, and is raised
 *   told             says what it is told of SIGTERM by all that sets or asks for it
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

#define CHILD_STATUS 5
#define LIVES_ON_S   2
#define STACK_BYTES  ((size_t)256 << 20) /* more than libc keeps */
#define RESTORER     0x04000000		 /* libc's own, in the flags */

int __sigaction(int number, const struct sigaction *action, struct sigaction *old);

static atomic_int is_over;

static void handle(int number)
{
	(void)number;
}

static void handle_fully(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
}

static void pause_for_ever(void)
{
	for (;;)
		pause();
}

static void *raise_on(void *unused)
{
	while (!is_over)
		raise(SIGUSR1);
	return unused;
}

static int run_switches(char **arguments)
{
	const struct sigaction handled = { .sa_handler = handle },
			       ignored = { .sa_handler = SIG_IGN };
	pthread_t thread;

	sigaction(SIGUSR1, &handled, NULL);
	victim_need(pthread_create(&thread, NULL, raise_on, NULL) == 0, "thread");
	for (int i = 0; i < atoi(arguments[0]); i++) {
		sigaction(SIGUSR1, &ignored, NULL);
		sigaction(SIGUSR1, &handled, NULL);
	}
	is_over = 1;
	pthread_join(thread, NULL);
	return victim_leave(VICTIM_STATUS);
}

static void *raise_once(void *unused)
{
	victim_leave(0);
	pthread_kill(pthread_self(), SIGTERM);
	return unused;
}

static int run_gone(char **arguments)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all;

	(void)arguments;
	signal(SIGTERM, handle);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	victim_need(pthread_create(&thread, &attributes, raise_once, NULL) == 0,
		    "thread");
	pthread_join(thread, NULL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	pause_for_ever();
	return 0;
}

static int run_vfork(char **arguments)
{
	int status = -1;

	(void)arguments;
	victim_begin(0);
	pid_t child = vfork();
	if (child == 0) {
		kill(getpid(), SIGTERM);
		_exit(CHILD_STATUS);
	}
	victim_need(waitpid(child, &status, 0) == child, "wait");
	victim_end(0, status);
	sleep(LIVES_ON_S);
	atexit(pause_for_ever);
	return victim_leave(VICTIM_STATUS);
}

static int run_first(char **arguments)
{
	int status = -1;

	(void)arguments;
	victim_need(unshare(CLONE_NEWPID) == 0, "unshare");
	victim_begin(0);
	pid_t child = fork();
	if (child == 0) {
		victim_need(getpid() == 1, "be the first");
		victim_step(1);
		victim_await(1);
		_exit(CHILD_STATUS);
	}
	while (victim_marks->step < 1)
		usleep(1000);
	victim_need(kill(child, SIGTERM) == 0, "kill");
	sleep(LIVES_ON_S);
	victim_marks->go = 1;
	victim_need(waitpid(child, &status, 0) == child, "wait");
	victim_end(0, status);
	return victim_leave(VICTIM_STATUS);
}

static int run_siginfo(char **arguments)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	action.sa_handler = strcmp(arguments[0], "ignored") == 0 ? SIG_IGN : SIG_DFL;
	victim_need(sigaction(SIGTERM, &action, NULL) == 0, "sigaction");
	raise(SIGTERM);
	return victim_leave(VICTIM_STATUS);
}

static const char *name_of(void (*handler)(int))
{
	if (handler == SIG_DFL)
		return "default";
	if (handler == SIG_IGN)
		return "ignored";
	if (handler == SIG_HOLD)
		return "held";
	if (handler == handle)
		return "handled";
	return handler == (void (*)(int))(void *)handle_fully ? "handled fully"
							      : "something else";
}

static void tell(const char *what, int result, const struct sigaction *action)
{
	printf("%s: %d, %s, flags %x, mask", what, result, name_of(action->sa_handler),
	       (unsigned)action->sa_flags & ~(unsigned)RESTORER);
	for (int number = 1; number < NSIG; number++) {
		if (sigismember(&action->sa_mask, number))
			printf(" %d", number);
	}
	printf("\n");
}

static void ask(const char *what)
{
	struct sigaction action = { .sa_flags = 0 };

	int result = sigaction(SIGTERM, NULL, &action);
	tell(what, result, &action);
	result = __sigaction(SIGTERM, NULL, &action);
	tell("  again", result, &action);
}

static void set(const char *what, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags }, old;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGHUP);
	sigaddset(&action.sa_mask, SIGKILL); /* which the kernel leaves out */
	int result = sigaction(SIGTERM, &action, &old);
	tell("before", result, &old);
	ask(what);
}

static void tell_of_actions(void)
{
	ask("at first");
	set("sigaction", handle, 0);
	set("sigaction", handle, SA_NODEFER | SA_RESTART | SA_ONSTACK);
	set("sigaction", (void (*)(int))(void *)handle_fully, SA_SIGINFO);
	raise(SIGTERM);
	ask("after the signal");
	set("sigaction", SIG_IGN, SA_NOCLDSTOP);
	raise(SIGTERM);
	set("sigaction", SIG_DFL, SA_NODEFER);
	set("sigaction", handle, SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
	raise(SIGTERM);
	ask("after the signal");
	set("sigaction", (void (*)(int))(void *)handle_fully, SA_SIGINFO | SA_RESETHAND);
	raise(SIGTERM);
	ask("after the signal");
	set("sigaction", SIG_IGN, SA_SIGINFO);
	set("sigaction", SIG_DFL, SA_SIGINFO);
	printf("too great: %d\n", sigaction(NSIG, NULL, NULL));
}

static void tell_of_interruption(void)
{
	printf("interrupt: %d\n", siginterrupt(SIGTERM, 1));
	ask("siginterrupt");
	printf("restart: %d\n", siginterrupt(SIGTERM, 0));
	ask("siginterrupt");
}

static void tell_of_functions(void)
{
	static void (*const handlers[])(int) = { handle, SIG_IGN, SIG_DFL, handle,
						 SIG_DFL };

	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
		printf("signal: %s\n", name_of(signal(SIGTERM, handlers[i])));
		ask("signal");
		tell_of_interruption();
		printf("sigset: %s\n", name_of(sigset(SIGTERM, SIG_HOLD)));
		ask("sigset, held");
		printf("sigset: %s\n", name_of(sigset(SIGTERM, handlers[i])));
		ask("sigset");
		printf("sysv: %s\n", name_of(sysv_signal(SIGTERM, handlers[i])));
		ask("sysv_signal");
	}
	printf("ignore: %d\n", sigignore(SIGTERM));
	ask("sigignore");
}

static int run_told(char **arguments)
{
	(void)arguments;
	tell_of_actions();
	tell_of_functions();
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "switches", run_switches },
						    { "gone", run_gone },
						    { "vfork", run_vfork },
						    { "first", run_first },
						    { "siginfo", run_siginfo },
						    { "told", run_told },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
