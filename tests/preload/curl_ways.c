/* SPDX-License-Identifier: MIT */
/*
 * curl_ways.c - the ways in which victim_curl waits for a peer, and what stock does there.
 */
#include "curl_ways.h"

#include "version.h"

const char *const curl_calls[CALLS] = { "easy_perform", "easy_cleanup",
					"multi_remove_handle", "multi_cleanup" };

#define LOOKUP                                                                           \
	{                                                                                \
		{ REMOVE, 9 }, { REMOVE, 9 },                                            \
		{                                                                        \
			MULTI, 9                                                         \
		}                                                                        \
	}
#define GOODBYES(call, times)                                                            \
	{                                                                                \
		{ call, 120 }, { call, times },                                          \
		{                                                                        \
			call, times                                                      \
		}                                                                        \
	}

const struct curl_way curl_ways[CURL_WAYS] = {
	{ "DNS, multi, remove first",
	  { "multi", "url=http://dead/", "give_up=300" },
	  LOOKUP,
	  0,
	  0 },
	{ "DNS, multi, multi_cleanup first",
	  { "multi", "url=http://dead/", "give_up=300", "order=multi" },
	  { { MULTI, 9 }, { MULTI, 9 }, { MULTI, 9 } },
	  0,
	  0 },
	{ "DNS, easy, after its time-out",
	  { "easy", "url=http://dead/", "timeout=1000" },
	  { { PERFORM, 9 }, { PERFORM, 9 }, { EASY, 8 } },
	  28,
	  0 },
	{ "DNS of an HTTP proxy",
	  { "multi", "url=http://live.test/", "proxy=http://dead:3128", "give_up=300" },
	  LOOKUP,
	  0,
	  0 },
	{ "DNS, resolved for a SOCKS5 proxy",
	  { "multi", "url=http://dead/", "proxy=socks5://127.0.0.1", "give_up=300" },
	  LOOKUP,
	  0,
	  0 },
	{ "FTP, easy",
	  { "easy", "url=ftp://127.0.0.1:2101/f" },
	  GOODBYES(EASY, 1),
	  0,
	  1 },
	{ "FTP, multi, 3 connections",
	  { "multi", "url=ftp://127.0.0.1:2101/f", "count=3" },
	  GOODBYES(MULTI, 3),
	  0,
	  3 },
	{ "FTP, 3 easy handles",
	  { "easy", "url=ftp://127.0.0.1:2101/f", "count=3" },
	  GOODBYES(EASY, 1),
	  0,
	  3 },
	{ "FTP over TLS",
	  { "easy", "url=ftp://127.0.0.1:2121/f", "tls=1" },
	  { { EASY, 120 }, { EASY, 1 }, { EASY, 0 } } /* it says QUIT, and leaves */,
	  0,
	  1 },
	{ "FTP through an HTTP proxy",
	  { "easy", "url=ftp://127.0.0.1:2101/f", "proxy=http://127.0.0.1:3128" },
	  GOODBYES(EASY, 1),
	  0,
	  1 },
	{ "FTP through a SOCKS5 proxy",
	  { "easy", "url=ftp://127.0.0.1:2101/f", "proxy=socks5://127.0.0.1" },
	  GOODBYES(EASY, 1),
	  0,
	  1 },
	{ "IMAP, easy",
	  { "easy", "url=imap://127.0.0.1:2102/" },
	  GOODBYES(EASY, 1),
	  0,
	  1 },
	{ "IMAP, multi, 3 connections",
	  { "multi", "url=imap://127.0.0.1:2102/", "count=3" },
	  GOODBYES(MULTI, 3),
	  0,
	  3 },
	{ "POP3, easy",
	  { "easy", "url=pop3://127.0.0.1:2103/" },
	  GOODBYES(EASY, 1),
	  0,
	  1 },
	{ "POP3, multi, 3 connections",
	  { "multi", "url=pop3://127.0.0.1:2103/", "count=3" },
	  GOODBYES(MULTI, 3),
	  0,
	  3 },
	{ "SMTP, easy",
	  { "easy", "url=smtp://127.0.0.1:2104/", "upload=5" },
	  GOODBYES(EASY, 1),
	  0,
	  1 },
	{ "SMTP, multi, 3 connections",
	  { "multi", "url=smtp://127.0.0.1:2104/", "upload=5", "count=3" },
	  GOODBYES(MULTI, 3),
	  0,
	  3 },
	{ "an upload that lingers",
	  { "multi", "url=http://127.0.0.1:8003/", "upload=1", "linger=60",
	    "give_up=300" },
	  { { REMOVE, 60 }, { REMOVE, 60 }, { REMOVE, 60 } },
	  0,
	  1 },
	{ "50 pending names",
	  { "multi", "url=http://dead%d/", "count=50", "give_up=300" },
	  LOOKUP,
	  0,
	  0 },
};

struct curl_stock curl_ways_stock(const struct curl_way *way, int longest)
{
	static const int eras[] = { [VERSION_8_12] = 0,
				    [VERSION_8_14] = 1,
				    [VERSION_BETWEEN] = 1,
				    [VERSION_8_20] = 2 };
	struct curl_stock stock = way->stock[eras[version_era()]];

	if (version_era() == VERSION_BETWEEN)
		stock.call = longest;
	return stock;
}
