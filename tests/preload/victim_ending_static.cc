/* SPDX-License-Identifier: MIT */
/*
 * victim_ending_static.cc - a static object whose destructor waits for its thread.
 */
#include <chrono>
#include <thread>

#include "victim_ending.h"

namespace
{
void work_for_ever()
{
	for (;;)
		std::this_thread::sleep_for(std::chrono::hours(24));
}

struct joiner {
	std::thread worker{ work_for_ever };

	~joiner()
	{
		worker.join();
	}
};
} // namespace

void ending_construct_joiner(void)
{
	static joiner one;
}
