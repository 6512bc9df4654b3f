/* SPDX-License-Identifier: MIT */
#ifndef CF_RAW_H
#define CF_RAW_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/*
 * raw.h - system calls without libc: no errno, no cancellation point, no TLS.
 *
 * Floor 0. Results are the kernel's own: >= 0, or -errno. Everything here is
 * inlined, so that a task without a libc environment may use it. Safe from any
 * thread, from a signal handler and in a vfork child.
 */

#if defined(__x86_64__)
#define CF_RAW_ARCH 0xC000003EU /* AUDIT_ARCH_X86_64, for seccomp filters */
#elif defined(__aarch64__)
#define CF_RAW_ARCH 0xC00000B7U /* AUDIT_ARCH_AARCH64 */
#else
#error "curfew knows x86-64 and aarch64 only"
#endif

/* One system call, with all six arguments as the kernel takes them. */
static inline long cf_raw_call(long number, long a, long b, long c, long d, long e,
			       long f)
{
#if defined(__x86_64__)
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#else
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#endif
}

static inline long cf_raw_call3(long number, long a, long b, long c)
{
	return cf_raw_call(number, a, b, c, 0, 0, 0);
}

/* Read a word of our own memory that may not be there: 8, or -EFAULT, or why the kernel
   will not. */
static inline long cf_raw_peek(const uint64_t *from, uint64_t *to)
{
	struct iovec there = { (void *)from, sizeof(*from) }, here = { to, sizeof(*to) };

	/* By thread: the first of the process may be gone, and its memory with it. */
	return cf_raw_call(SYS_process_vm_readv, cf_raw_call3(SYS_gettid, 0, 0, 0),
			   (long)&here, 1, (long)&there, 1, 0);
}

/* The thread pointer of the calling thread. */
static inline void *cf_raw_thread_pointer(void)
{
	void *pointer;

#if defined(__x86_64__)
	__asm__("mov %%fs:0, %0" : "=r"(pointer));
#else
	__asm__("mrs %0, tpidr_el0" : "=r"(pointer));
#endif
	return pointer;
}

/*
 * clone(flags) on the stack that ends at `top`, where the new task runs
 * run(argument) and ends with exit(0) when that returns. `thread_pointer` counts with
 * CLONE_SETTLS alone.
 *
 * ownership  The stack belongs to the task until the kernel has cleared *tid
 *            (the flags must hold CLONE_CHILD_CLEARTID for that).
 * result     The pid of the task, written to *tid before it runs, or -errno.
 */
#if defined(__x86_64__)
static inline long cf_raw_clone(unsigned long flags, void *top, int *tid,
				void *thread_pointer, void (*run)(void *), void *argument)
{
	long result;
	register long r10 __asm__("r10") = (long)tid;
	register void *r8 __asm__("r8") = thread_pointer;
	register void (*r12)(void *) __asm__("r12") = run;
	register void *r13 __asm__("r13") = argument;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r13, %%rdi\n\t"
			 "call *%%r12\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov %[end], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "a"((long)SYS_clone), "D"(flags), "S"(top), "d"(tid), "r"(r10),
			   "r"(r8), "r"(r12), "r"(r13), [end] "i"(SYS_exit)
			 : "rcx", "r11", "memory", "cc");
	return result;
}
#else
/* The same on aarch64. */
static inline long cf_raw_clone(unsigned long flags, void *top, int *tid,
				void *thread_pointer, void (*run)(void *), void *argument)
{
	register long x8 __asm__("x8") = SYS_clone;
	register long x0 __asm__("x0") = (long)flags;
	register void *x1 __asm__("x1") = top;
	register int *x2 __asm__("x2") = tid;
	register void *x3 __asm__("x3") = thread_pointer;
	register int *x4 __asm__("x4") = tid;
	register void (*x9)(void *) __asm__("x9") = run;
	register void *x10 __asm__("x10") = argument;

	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x30, xzr\n\t"
			 "mov x0, x10\n\t"
			 "blr x9\n\t"
			 "mov x0, xzr\n\t"
			 "mov x8, %[end]\n\t"
			 "svc 0\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x9),
			   "r"(x10), [end] "i"(SYS_exit)
			 : "memory", "cc", "x30");
	return x0;
}
#endif

#endif
