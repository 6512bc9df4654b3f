/* SPDX-License-Identifier: MIT */
/*
 * door_curl.c - the doors for libcurl: its cleanups, the transfers that suspend them, and
 * the births of its handles. Rules as in door_fd.c. Floor 4.
 *
 * The real function is the caller's own: a process may hold several libcurls.
 */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdarg.h>

#include "entry.h"
#include "got.h"
#include "objects.h"
#include "scope.h"

typedef CURLMcode multi_function(CURLM *);

/* What a door begins with. */
#define SCOPE(function_, kind_, handle_)                                                 \
	{                                                                                \
		.function = CF_CURL_##function_, .kind = CF_HANDLE_##kind_,              \
		.handle = (handle_), .is_open = cf_entry_may_enter(),                    \
		.caller = CF_CALLER, .frame = CF_FRAME                                   \
	}

CF_DOOR CURLMcode curl_multi_cleanup(CURLM *multi)
{
	struct cf_scope scope = SCOPE(MULTI_CLEANUP, MULTI, multi);
	multi_function *real = (multi_function *)cf_scope_real(&scope);

	if (!real)
		return CURLM_INTERNAL_ERROR;
	if (!scope.is_open) {
		cf_scope_forget(&scope);
		return real(multi);
	}
	if (!cf_scope_enter(&scope, true))
		return CURLM_BAD_HANDLE;
	CURLMcode result = real(multi);
	cf_scope_leave(&scope, (int)result, result != CURLM_OK);
	return result;
}

CF_DOOR CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
	struct cf_scope scope = SCOPE(MULTI_REMOVE_HANDLE, MULTI, multi);
	CURLMcode (*real)(CURLM *, CURL *) =
		(CURLMcode(*)(CURLM *, CURL *))cf_scope_real(&scope);

	if (!real)
		return CURLM_INTERNAL_ERROR;
	if (!scope.is_open || !cf_scope_enter(&scope, false))
		return real(multi, easy);
	CURLMcode result = real(multi, easy);
	cf_scope_leave(&scope, (int)result, false);
	if (result == CURLM_OK)
		cf_scope_note_owner(easy, NULL, scope.caller);
	return result;
}

CF_DOOR void curl_easy_cleanup(CURL *easy)
{
	struct cf_scope scope = SCOPE(EASY_CLEANUP, EASY, easy);
	void (*real)(CURL *) = (void (*)(CURL *))cf_scope_real(&scope);

	if (!real)
		return;
	if (!scope.is_open) {
		cf_scope_forget(&scope);
		real(easy);
	} else if (cf_scope_enter(&scope, true)) {
		real(easy);
		cf_scope_leave(&scope, 0, false);
	}
}

CF_DOOR CURLSHcode curl_share_cleanup(CURLSH *share)
{
	struct cf_scope scope = SCOPE(SHARE_CLEANUP, SHARE, share);
	CURLSHcode (*real)(CURLSH *) = (CURLSHcode(*)(CURLSH *))cf_scope_real(&scope);

	if (!real)
		return CURLSHE_INVALID;
	if (!scope.is_open) {
		cf_scope_forget(&scope);
		return real(share);
	}
	if (!cf_scope_enter(&scope, true))
		return CURLSHE_INVALID;
	CURLSHcode result = real(share);
	cf_scope_leave(&scope, (int)result, result != CURLSHE_OK);
	return result;
}

CF_DOOR void curl_global_cleanup(void)
{
	struct cf_scope scope = SCOPE(GLOBAL_CLEANUP, SHARE, NULL);
	void (*real)(void) = (void (*)(void))cf_scope_real(&scope);

	if (!real)
		return;
	if (!scope.is_open || !cf_scope_enter(&scope, false)) {
		real();
		return;
	}
	real();
	cf_scope_leave(&scope, 0, false);
}

CF_DOOR CURL *curl_easy_init(void)
{
	struct cf_scope scope = SCOPE(EASY_INIT, EASY, NULL);
	CURL *(*real)(void) = (CURL * (*)(void)) cf_scope_real(&scope);

	if (!real)
		return NULL;
	if (scope.is_open)
		cf_got_attach();
	CURL *easy = real();
	cf_scope_note_birth(CF_HANDLE_EASY, easy, scope.caller, (cf_function)real);
	return easy;
}

CF_DOOR CURL *curl_easy_duphandle(CURL *from)
{
	struct cf_scope scope = SCOPE(EASY_DUPHANDLE, EASY, from);
	CURL *(*real)(CURL *) = (CURL * (*)(CURL *)) cf_scope_real(&scope);

	if (!real)
		return NULL;
	CURL *easy = real(from);
	cf_scope_note_birth(CF_HANDLE_EASY, easy, scope.caller, (cf_function)real);
	return easy;
}

CF_DOOR CURLM *curl_multi_init(void)
{
	struct cf_scope scope = SCOPE(MULTI_INIT, MULTI, NULL);
	CURLM *(*real)(void) = (CURLM * (*)(void)) cf_scope_real(&scope);

	if (!real)
		return NULL;
	if (scope.is_open)
		cf_got_attach();
	CURLM *multi = real();
	cf_scope_note_birth(CF_HANDLE_MULTI, multi, scope.caller, (cf_function)real);
	return multi;
}

CF_DOOR CURLSH *curl_share_init(void)
{
	struct cf_scope scope = SCOPE(SHARE_INIT, SHARE, NULL);
	CURLSH *(*real)(void) = (CURLSH * (*)(void)) cf_scope_real(&scope);

	if (!real)
		return NULL;
	CURLSH *share = real();
	cf_scope_note_birth(CF_HANDLE_SHARE, share, scope.caller, (cf_function)real);
	return share;
}

/* Options are one register wide: a pointer stands for a long and a curl_off_t as well. */
static bool is_run_in_cleanups(CURLoption option)
{
	switch (option) {
	case CURLOPT_CLOSESOCKETFUNCTION:
	case CURLOPT_DEBUGFUNCTION:
	case CURLOPT_XFERINFOFUNCTION:
	case CURLOPT_HSTSWRITEFUNCTION:
	case CURLOPT_COOKIEJAR:
	case CURLOPT_HSTS:
	case CURLOPT_ALTSVC:
		return true;
	default:
		return false;
	}
}

CF_DOOR CURLcode(curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
	struct cf_scope scope = SCOPE(EASY_SETOPT, EASY, easy);
	CURLcode (*real)(CURL *, CURLoption, ...) =
		(CURLcode(*)(CURL *, CURLoption, ...))cf_scope_real(&scope);
	va_list arguments;

	va_start(arguments, option);
	void *value = va_arg(arguments, void *);
	va_end(arguments);
	if (!real)
		return CURLE_FAILED_INIT;
	if (scope.is_open)
		cf_scope_note_use(&scope);
	if (value && is_run_in_cleanups(option))
		cf_scope_watch();
	return real(easy, option, value);
}

CF_DOOR CURLMcode(curl_multi_setopt)(CURLM *multi, CURLMoption option, ...)
{
	struct cf_scope scope = SCOPE(MULTI_SETOPT, MULTI, multi);
	CURLMcode (*real)(CURLM *, CURLMoption, ...) =
		(CURLMcode(*)(CURLM *, CURLMoption, ...))cf_scope_real(&scope);
	va_list arguments;

	va_start(arguments, option);
	void *value = va_arg(arguments, void *);
	va_end(arguments);
	if (!real)
		return CURLM_INTERNAL_ERROR;
	if (scope.is_open)
		cf_scope_note_use(&scope);
	if (value &&
	    (option == CURLMOPT_SOCKETFUNCTION || option == CURLMOPT_TIMERFUNCTION))
		cf_scope_watch();
	return real(multi, option, value);
}

CF_DOOR CURLSHcode(curl_share_setopt)(CURLSH *share, CURLSHoption option, ...)
{
	struct cf_scope scope = SCOPE(SHARE_SETOPT, SHARE, share);
	CURLSHcode (*real)(CURLSH *, CURLSHoption, ...) =
		(CURLSHcode(*)(CURLSH *, CURLSHoption, ...))cf_scope_real(&scope);
	va_list arguments;

	va_start(arguments, option);
	void *value = va_arg(arguments, void *);
	va_end(arguments);
	if (!real)
		return CURLSHE_INVALID;
	if (scope.is_open)
		cf_scope_note_use(&scope);
	if (value && option == CURLSHOPT_LOCKFUNC)
		cf_scope_watch();
	return real(share, option, value);
}

CF_DOOR CURLcode curl_easy_perform(CURL *easy)
{
	struct cf_scope scope = SCOPE(EASY_PERFORM, EASY, easy);
	CURLcode (*real)(CURL *) = (CURLcode(*)(CURL *))cf_scope_real(&scope);

	if (!real)
		return CURLE_FAILED_INIT;
	if (!scope.is_open)
		return real(easy);
	cf_scope_enter_transfer(&scope);
	CURLcode result = real(easy);
	cf_scope_leave_transfer(&scope, (int)result);
	if (result == CURLE_OK)
		cf_scope_note_complete(CF_HANDLE_EASY, easy);
	return result;
}

CF_DOOR CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
	struct cf_scope scope = SCOPE(MULTI_ADD_HANDLE, MULTI, multi);
	CURLMcode (*real)(CURLM *, CURL *) =
		(CURLMcode(*)(CURLM *, CURL *))cf_scope_real(&scope);

	if (!real)
		return CURLM_INTERNAL_ERROR;
	if (!scope.is_open)
		return real(multi, easy);
	cf_scope_enter_transfer(&scope);
	CURLMcode result = real(multi, easy);
	cf_scope_leave_transfer(&scope, (int)result);
	if (result == CURLM_OK)
		cf_scope_note_owner(easy, multi, scope.caller);
	return result;
}

CF_DOOR CURLMsg *curl_multi_info_read(CURLM *multi, int *left)
{
	struct cf_scope scope = SCOPE(MULTI_INFO_READ, MULTI, multi);
	CURLMsg *(*real)(CURLM *, int *) =
		(CURLMsg * (*)(CURLM *, int *)) cf_scope_real(&scope);

	if (!real)
		return NULL;
	CURLMsg *message = real(multi, left);
	if (message && message->msg == CURLMSG_DONE && message->data.result == CURLE_OK &&
	    scope.is_open)
		cf_scope_note_complete(CF_HANDLE_MULTI, multi);
	return message;
}

/* curl_multi_perform and curl_multi_socket_all. */
static CURLMcode perform(struct cf_scope *scope, CURLM *multi, int *running)
{
	CURLMcode (*real)(CURLM *, int *) =
		(CURLMcode(*)(CURLM *, int *))cf_scope_real(scope);

	if (!real)
		return CURLM_INTERNAL_ERROR;
	if (!scope->is_open)
		return real(multi, running);
	cf_scope_enter_transfer(scope);
	CURLMcode result = real(multi, running);
	cf_scope_leave_transfer(scope, (int)result);
	return result;
}

CF_DOOR CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
	struct cf_scope scope = SCOPE(MULTI_PERFORM, MULTI, multi);

	return perform(&scope, multi, running);
}

CF_DOOR CURLMcode curl_multi_socket_all(CURLM *multi, int *running)
{
	struct cf_scope scope = SCOPE(MULTI_SOCKET_ALL, MULTI, multi);

	return perform(&scope, multi, running);
}

/* curl_multi_poll and curl_multi_wait. */
static CURLMcode wait_for(struct cf_scope *scope, CURLM *multi, struct curl_waitfd *extra,
			  unsigned count, int timeout_ms, int *ready)
{
	CURLMcode (*real)(CURLM *, struct curl_waitfd *, unsigned, int, int *) =
		(CURLMcode(*)(CURLM *, struct curl_waitfd *, unsigned, int,
			      int *))cf_scope_real(scope);

	if (!real)
		return CURLM_INTERNAL_ERROR;
	if (!scope->is_open)
		return real(multi, extra, count, timeout_ms, ready);
	cf_scope_enter_transfer(scope);
	CURLMcode result = real(multi, extra, count, timeout_ms, ready);
	cf_scope_leave_transfer(scope, (int)result);
	return result;
}

CF_DOOR CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd *extra, unsigned count,
				  int timeout_ms, int *ready)
{
	struct cf_scope scope = SCOPE(MULTI_POLL, MULTI, multi);

	return wait_for(&scope, multi, extra, count, timeout_ms, ready);
}

CF_DOOR CURLMcode curl_multi_wait(CURLM *multi, struct curl_waitfd *extra, unsigned count,
				  int timeout_ms, int *ready)
{
	struct cf_scope scope = SCOPE(MULTI_WAIT, MULTI, multi);

	return wait_for(&scope, multi, extra, count, timeout_ms, ready);
}

CF_DOOR CURLMcode curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int events,
					   int *running)
{
	struct cf_scope scope = SCOPE(MULTI_SOCKET_ACTION, MULTI, multi);
	CURLMcode (*real)(CURLM *, curl_socket_t, int, int *) =
		(CURLMcode(*)(CURLM *, curl_socket_t, int, int *))cf_scope_real(&scope);

	if (!real)
		return CURLM_INTERNAL_ERROR;
	if (!scope.is_open)
		return real(multi, fd, events, running);
	cf_scope_enter_transfer(&scope);
	CURLMcode result = real(multi, fd, events, running);
	cf_scope_leave_transfer(&scope, (int)result);
	return result;
}

CF_DOOR CURLMcode(curl_multi_socket)(CURLM *multi, curl_socket_t fd, int *running)
{
	struct cf_scope scope = SCOPE(MULTI_SOCKET, MULTI, multi);
	CURLMcode (*real)(CURLM *, curl_socket_t, int *) =
		(CURLMcode(*)(CURLM *, curl_socket_t, int *))cf_scope_real(&scope);

	if (!real)
		return CURLM_INTERNAL_ERROR;
	if (!scope.is_open)
		return real(multi, fd, running);
	cf_scope_enter_transfer(&scope);
	CURLMcode result = real(multi, fd, running);
	cf_scope_leave_transfer(&scope, (int)result);
	return result;
}
