/* SPDX-License-Identifier: MIT */
/*
 * version.c - which libcurl the victims run on here.
 */
#include "version.h"

#include <curl/curl.h>

enum version_era version_era(void)
{
	unsigned number = curl_version_info(CURLVERSION_NOW)->version_num;

	if (number < 0x080d00)
		return VERSION_8_12;
	if (number < 0x080f00)
		return VERSION_8_14;
	return number < 0x081400 ? VERSION_BETWEEN : VERSION_8_20;
}

const char *version_text(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}
