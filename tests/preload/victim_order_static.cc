/* SPDX-License-Identifier: MIT */
/*
 * victim_order_static.cc - objects that say when they are destroyed.
 */
#include <cstdio>

#include "victim_order.h"

namespace
{
struct speaker {
	const char *name;
	bool speaks;

	explicit speaker(const char *its_name, bool at_once)
	    : name(its_name), speaks(at_once)
	{
	}

	~speaker()
	{
		if (speaks)
			std::printf("destroyed: %s\n", name);
	}
};

speaker global("global", false);
thread_local speaker of_thread("of a thread", false);
} // namespace

void order_construct_static(void)
{
	static speaker local("local static", true);

	global.speaks = true;
}

void order_construct_thread_local(void)
{
	of_thread.speaks = true;
}
