/* SPDX-License-Identifier: MIT */
/*
 * victim_order.c - says on stdout in which order its end comes, each verb in a way that
 * some program counts on. Its stdout has a buffer; what is said directly passes that.
 *
 *   handlers         atexit(), on_exit(), a handler that registers another, destructors
 *   objects          the same with static and thread_local objects of C++
 *   thread_objects   exit() in a second thread that has such objects
 *   main_exits       main leaves by pthread_exit(), another thread calls exit(5)
 *   main_returns     ... another thread returns
 *   buffers PATH     what is said when, with and without a buffer, and a FILE that a handler
 *                    closes
 *   exit_inside      a handler calls exit(9)
 *   _exit_inside     a handler calls _exit(9)
 *   quick            handlers of quick_exit()
 *   quick_inside     ... one of which calls _exit(9)
 *   signal           a signal handler calls exit(6)
 *   vfork            a child that calls _exit(3), then one that cannot execute
 *   fork             a child with exit(3), and the handlers in both
 *   spawn            posix_spawn() of `handlers`
 *   arguments ...    what main() is given
 *   constructor      a constructor calls exit(4)
 *   aborts           a handler calls abort()
 *   wide             returns 263
 *   state            errno, signal mask and lowest number, in a handler and a destructor
 */
#include "victim_order.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "victim.h"
#include "victim_order_steps.h"

static FILE *other;

__attribute__((constructor)) static void begin(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "constructor") != 0)
		return;
	order_verb = "constructor";
	printf("constructor\n");
	order_register();
	exit(4);
}

static int run_handlers(char **arguments)
{
	(void)arguments;
	order_verb = "handlers";
	order_register();
	return 3;
}

static void handle_last(void)
{
	printf("registered last\n");
}

static int run_objects(char **arguments)
{
	order_verb = "objects";
	order_construct_thread_local();
	order_register();
	order_construct_static();
	atexit(handle_last);
	return arguments[0] ? 1 : 3;
}

static void *exit_with_objects(void *unused)
{
	(void)unused;
	order_construct_thread_local();
	order_register();
	exit(6);
}

static pthread_t start_thread(void *(*run)(void *))
{
	pthread_t thread;

	victim_need(pthread_create(&thread, NULL, run, NULL) == 0, "thread");
	return thread;
}

static int run_thread_objects(char **arguments)
{
	(void)arguments;
	order_construct_static();
	order_construct_thread_local();
	pthread_join(start_thread(exit_with_objects), NULL);
	return 0;
}

/* Until the first thread is no more: a zombie. */
static void await_end_of_main(void)
{
	char status[512] = "";

	for (int i = 0; i < 5000 && !strstr(status, "State:\tZ"); i++) {
		int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
		ssize_t length = read(fd, status, sizeof(status) - 1);

		status[length > 0 ? length : 0] = '\0';
		close(fd);
		usleep(1000);
	}
	printf("main is %s\n", strstr(status, "State:\tZ") ? "gone" : "there");
}

static void *go_on_and_exit(void *unused)
{
	(void)unused;
	await_end_of_main();
	order_register();
	exit(5);
}

static void *go_on_and_return(void *unused)
{
	await_end_of_main();
	order_register();
	return unused;
}

static int run_main_exits(char **arguments)
{
	(void)arguments;
	order_verb = "main_exits";
	order_construct_thread_local();
	start_thread(go_on_and_exit);
	pthread_exit(NULL);
}

static int run_main_returns(char **arguments)
{
	(void)arguments;
	order_verb = "main_returns";
	start_thread(go_on_and_return);
	pthread_exit(NULL);
}

static void close_other(void)
{
	printf("the other FILE: %d\n", fclose(other));
	order_say_directly("directly, from a handler\n");
}

static int run_buffers(char **arguments)
{
	order_verb = "buffers";
	other = fopen(arguments[0], "w");
	victim_need(other && fputs("other\n", other) != EOF, arguments[0]);
	printf("from main\n");
	atexit(close_other);
	return 0;
}

static void exit_inside(void)
{
	printf("calls exit\n");
	exit(9);
}

static void leave_inside(void)
{
	printf("calls _exit\n");
	order_say_directly("directly\n");
	_exit(9);
}

static int run_exit_inside(char **arguments)
{
	(void)arguments;
	order_verb = "exit_inside";
	order_register();
	atexit(exit_inside);
	return 3;
}

static int run__exit_inside(char **arguments)
{
	(void)arguments;
	order_verb = "_exit_inside";
	order_register();
	atexit(leave_inside);
	return 3;
}

static void handle_quick_first(void)
{
	order_say_directly("quick, registered first\n");
}

static void handle_quick_second(void)
{
	order_say_directly("quick, registered second\n");
}

static int run_quick(char **arguments)
{
	(void)arguments;
	order_verb = "quick";
	printf("is not written\n");
	order_register();
	at_quick_exit(handle_quick_first);
	at_quick_exit(handle_quick_second);
	quick_exit(3);
}

static int run_quick_inside(char **arguments)
{
	at_quick_exit(leave_inside);
	return run_quick(arguments);
}

static void exit_from_signal(int number)
{
	(void)number;
	exit(6);
}

static int run_signal(char **arguments)
{
	(void)arguments;
	order_verb = "signal";
	order_register();
	signal(SIGUSR1, exit_from_signal);
	printf("before\n");
	raise(SIGUSR1);
	return 3;
}

static void say_child(pid_t child)
{
	int status = -1;

	victim_need(waitpid(child, &status, 0) == child, "wait");
	printf("child: %s %d\n", WIFEXITED(status) ? "status" : "no status",
	       WEXITSTATUS(status));
}

static int run_vfork(char **arguments)
{
	char *nothing[] = { "nothing", NULL };

	(void)arguments;
	order_verb = "vfork";
	order_register();
	printf("before\n");
	pid_t child = vfork();
	if (child == 0)
		_exit(3);
	say_child(child);
	child = vfork();
	if (child == 0) {
		execv("/nowhere", nothing);
		_exit(127);
	}
	say_child(child);
	return 3;
}

static int run_fork(char **arguments)
{
	(void)arguments;
	order_verb = "fork";
	order_register();
	printf("before\n");
	pid_t child = fork();
	if (child == 0)
		exit(3);
	say_child(child);
	return 4;
}

static int run_spawn(char **arguments)
{
	extern char **environ;
	char *handlers[] = { "victim_order", "handlers", NULL };
	pid_t child;

	(void)arguments;
	victim_need(
		posix_spawn(&child, "/proc/self/exe", NULL, NULL, handlers, environ) == 0,
		"posix_spawn");
	say_child(child);
	return 3;
}

static int run_aborts(char **arguments)
{
	(void)arguments;
	printf("is not written\n");
	order_register();
	atexit(abort);
	return 3;
}

static int run_wide(char **arguments)
{
	(void)arguments;
	order_register();
	return 263;
}

static void say_state_of_handler(void)
{
	order_say_state("handler");
}

static int run_state(char **arguments)
{
	sigset_t mask;

	(void)arguments;
	order_verb = "state";
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	atexit(say_state_of_handler);
	errno = MARKS_ERRNO;
	return 3;
}

static void say_arguments(int argc, char **argv, char **envp)
{
	extern char **environ;
	static const char *const chance[] = { "LD_PRELOAD=", "CURFEW", "ASAN", "TSAN" };

	printf("%d arguments, %s, %s environment, called %s\n", argc,
	       argv[argc] ? "endless" : "ended", envp == environ ? "one" : "another",
	       program_invocation_short_name);
	for (; *argv; argv++)
		printf("argument %s\n", *argv);
	for (; *envp; envp++) {
		size_t i = 0;

		while (i < 4 && strncmp(*envp, chance[i], strlen(chance[i])) != 0)
			i++;
		if (i == 4)
			printf("variable %s\n", *envp);
	}
}

int main(int argc, char **argv, char **envp)
{
	static const struct victim_verb verbs[] = { { "handlers", run_handlers },
						    { "objects", run_objects },
						    { "thread_objects",
						      run_thread_objects },
						    { "main_exits", run_main_exits },
						    { "main_returns", run_main_returns },
						    { "buffers", run_buffers },
						    { "exit_inside", run_exit_inside },
						    { "_exit_inside", run__exit_inside },
						    { "quick", run_quick },
						    { "quick_inside", run_quick_inside },
						    { "signal", run_signal },
						    { "vfork", run_vfork },
						    { "fork", run_fork },
						    { "spawn", run_spawn },
						    { "arguments", run_handlers },
						    { "aborts", run_aborts },
						    { "wide", run_wide },
						    { "state", run_state },
						    { NULL, NULL } };

	if (argc > 1 && strcmp(argv[1], "arguments") == 0)
		say_arguments(argc, argv, envp);
	return victim_run(verbs, argv);
}
