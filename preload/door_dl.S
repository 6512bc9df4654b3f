/* SPDX-License-Identifier: MIT */
/*
 * door_dl.S - the doors of the loader, and the thunks that dlsym() hands out: jumps all, so
 * that whoever they lead to sees the caller's return address. Floor 4.
 *
 * Only registers are used that a call may change and that carry no argument: r10 and r11,
 * x9 to x17; rax in the doors, which take no variable arguments.
 */
#include "door_dl.h"
#ifdef __CET__
#include <cet.h> /* the note that says so */
#endif

#define RTLD_DEEPBIND 8
#define RTLD_NEXT     -1
#define LM_ID_BASE    0

/* Name \name of enum cf_curl_function, in its order: tests/preload/test_dl.c asks for each
   of them. */
.macro each_function what, set
	\what \set, curl_easy_init
	\what \set, curl_easy_duphandle
	\what \set, curl_multi_init
	\what \set, curl_share_init
	\what \set, curl_easy_setopt
	\what \set, curl_multi_setopt
	\what \set, curl_share_setopt
	\what \set, curl_easy_perform
	\what \set, curl_multi_add_handle
	\what \set, curl_multi_perform
	\what \set, curl_multi_poll
	\what \set, curl_multi_wait
	\what \set, curl_multi_socket_action
	\what \set, curl_multi_socket
	\what \set, curl_multi_socket_all
	\what \set, curl_multi_info_read
	\what \set, curl_multi_remove_handle
	\what \set, curl_multi_cleanup
	\what \set, curl_easy_cleanup
	\what \set, curl_share_cleanup
	\what \set, curl_global_cleanup
.endm

.macro begin name
	.globl	\name
	.type	\name, %function
	.balign	16
\name:
	.cfi_startproc
.endm

.macro end name
	.cfi_endproc
	.size	\name, . - \name
.endm

	.text
	.hidden	cf_door_dl_thunks

#if defined(__x86_64__)

/* Ask \function, and keep what the loader is to be told. */
.macro ask function
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	pushq	%rdx
	.cfi_adjust_cfa_offset 8
	\function
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
.endm

.macro ask_next which
	movl	$\which, %edi
	call	cf_door_dl_next
.endm

.macro ask_next_symbol
	ask_next CF_DOOR_DL_SYM
.endm

.macro ask_is_ours
	movq	%rsi, %rdi
	call	cf_door_dl_is_ours
.endm

/* Jump to the next function of the name. */
.macro go_on which
	movq	cf_door_dl_real+8*\which(%rip), %rax
	testq	%rax, %rax
	je	9f
	jmp	*%rax
9:	ask	"ask_next \which"
	jmp	*%rax
.endm

	begin	dlsym
	endbr64
	cmpb	$0, cf_door_dl_attends(%rip)
	jne	2f
	cmpq	$RTLD_NEXT, %rdi
	je	1f
	testq	%rsi, %rsi
	je	1f
	cmpb	$'c', (%rsi)
	jne	1f
	cmpb	$'u', 1(%rsi)
	jne	1f
	cmpb	$'r', 2(%rsi)
	jne	1f
	cmpb	$'l', 3(%rsi)
	je	3f
1:	go_on	CF_DOOR_DL_SYM
2:	ask	ask_next_symbol
	cmpq	$RTLD_NEXT, %rdi
	je	4f
	testq	%rsi, %rsi
	je	4f
3:	ask	ask_is_ours
	testb	%al, %al
	je	1b
	movq	(%rsp), %rdx
	jmp	cf_door_dl_find
4:	jmp	*%rax
	end	dlsym

	begin	dlopen
	endbr64
	testl	$RTLD_DEEPBIND, %esi
	je	1f
	cmpb	$0, cf_door_dl_strips(%rip)
	je	1f
	andl	$~RTLD_DEEPBIND, %esi
1:	go_on	CF_DOOR_DL_OPEN
	end	dlopen

	begin	dlmopen
	endbr64
	cmpq	$LM_ID_BASE, %rdi
	jne	1f
	testl	$RTLD_DEEPBIND, %edx
	je	1f
	cmpb	$0, cf_door_dl_strips(%rip)
	je	1f
	andl	$~RTLD_DEEPBIND, %edx
1:	go_on	CF_DOOR_DL_MOPEN
	end	dlmopen

.macro thunk set, name
	.balign	CF_DOOR_DL_THUNK_BYTES
	endbr64
	movl	$\set, %r11d
	jmp	.Lto_\name
.endm

.macro way set, name
.Lto_\name:
	movq	cf_handout_chosen@gottpoff(%rip), %r10
	movl	%r11d, %fs:(%r10)
	jmp	\name
.endm

#elif defined(__aarch64__)

.macro ask function
	stp	x29, x30, [sp, #-48]!
	.cfi_adjust_cfa_offset 48
	.cfi_rel_offset x29, 0
	.cfi_rel_offset x30, 8
	stp	x0, x1, [sp, #16]
	str	x2, [sp, #32]
	mov	x29, sp
	\function
	mov	x16, x0
	ldp	x0, x1, [sp, #16]
	ldr	x2, [sp, #32]
	ldp	x29, x30, [sp], #48
	.cfi_adjust_cfa_offset -48
	.cfi_restore x29
	.cfi_restore x30
.endm

.macro ask_next which
	mov	w0, #\which
	bl	cf_door_dl_next
.endm

.macro ask_next_symbol
	ask_next CF_DOOR_DL_SYM
.endm

.macro ask_is_ours
	mov	x0, x1
	bl	cf_door_dl_is_ours
.endm

.macro load_flag name
	adrp	x9, \name
	ldrb	w9, [x9, #:lo12:\name]
.endm

.macro go_on which
	adrp	x16, cf_door_dl_real
	add	x16, x16, #:lo12:cf_door_dl_real
	ldr	x16, [x16, #8*\which]
	cbz	x16, 9f
	br	x16
9:	ask	"ask_next \which"
	br	x16
.endm

.macro unless_next is_next
	cmn	x0, #1
	b.eq	\is_next
	cbz	x1, \is_next
.endm

.macro unless_letter letter, at, is_other
	ldrb	w9, [x1, #\at]
	cmp	w9, #\letter
	b.ne	\is_other
.endm

	begin	dlsym
	bti	c
	load_flag cf_door_dl_attends
	cbnz	w9, 2f
	unless_next 1f
	unless_letter 'c', 0, 1f
	unless_letter 'u', 1, 1f
	unless_letter 'r', 2, 1f
	unless_letter 'l', 3, 1f
	b	3f
1:	go_on	CF_DOOR_DL_SYM
2:	ask	ask_next_symbol
	unless_next 4f
3:	ask	ask_is_ours
	tst	w16, #0xff
	b.eq	1b
	mov	x2, x30
	b	cf_door_dl_find
4:	br	x16
	end	dlsym

	begin	dlopen
	bti	c
	load_flag cf_door_dl_strips
	cbz	w9, 1f
	and	w1, w1, #~RTLD_DEEPBIND
1:	go_on	CF_DOOR_DL_OPEN
	end	dlopen

	begin	dlmopen
	bti	c
	cbnz	x0, 1f
	load_flag cf_door_dl_strips
	cbz	w9, 1f
	and	w2, w2, #~RTLD_DEEPBIND
1:	go_on	CF_DOOR_DL_MOPEN
	end	dlmopen

.macro thunk set, name
	.balign	CF_DOOR_DL_THUNK_BYTES
	bti	c
	mov	w16, #\set
	b	.Lto_\name
.endm

.macro way set, name
.Lto_\name:
	adrp	x9, :gottprel:cf_handout_chosen
	ldr	x9, [x9, #:gottprel_lo12:cf_handout_chosen]
	mrs	x10, tpidr_el0
	str	w16, [x10, x9]
	b	\name
.endm

#endif

	begin	cf_door_dl_thunks
	.set	number, 1
	.rept	CF_DOOR_DL_SETS
	each_function thunk, number
	.set	number, number + 1
	.endr
	.balign	CF_DOOR_DL_THUNK_BYTES
	each_function way, 0
	end	cf_door_dl_thunks

	.section .note.GNU-stack, "", %progbits
