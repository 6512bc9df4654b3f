<?php
// SPDX-License-Identifier: MIT
// client_php.php - PHP's curl extension, which is loaded with RTLD_DEEPBIND.
//
// Usage: client_php.php easy|multi URL MILLISECONDS, after which it gives up.

function easy_for(string $url): CurlHandle
{
	$easy = curl_init($url);
	curl_setopt($easy, CURLOPT_RETURNTRANSFER, true);
	curl_setopt($easy, CURLOPT_NOSIGNAL, true);
	return $easy;
}

function use_easy(string $url, int $give_up_ms): string
{
	$easy = easy_for($url);
	curl_setopt($easy, CURLOPT_TIMEOUT_MS, $give_up_ms);
	print("performs\n");
	$body = curl_exec($easy);
	print(curl_errno($easy) . "\n");
	unset($easy);
	return (string)$body;
}

function use_multi(string $url, int $give_up_ms): string
{
	$multi = curl_multi_init();
	$easy = easy_for($url);
	curl_multi_add_handle($multi, $easy);
	$until = hrtime(true) + $give_up_ms * 1000000;
	do {
		curl_multi_exec($multi, $running);
		curl_multi_select($multi, 0.05);
	} while ($running && hrtime(true) < $until);
	$body = curl_multi_getcontent($easy);
	print("cleans up\n");
	print(curl_multi_remove_handle($multi, $easy) . "\n");
	curl_multi_close($multi);
	unset($easy, $multi);
	return (string)$body;
}

extension_loaded('curl') || exit(77);
[, $way, $url, $give_up_ms] = $argv;
$body = $way === 'easy' ? use_easy($url, $give_up_ms) : use_multi($url, $give_up_ms);
print($body . "\n");
exit(7);
