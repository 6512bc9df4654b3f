/* SPDX-License-Identifier: MIT */
/*
 * module_deep.c - a module that has a function of a name that the program has as well: with
 * RTLD_DEEPBIND it calls its own.
 */
__attribute__((visibility("default"))) const char *whose(void);
__attribute__((visibility("default"))) const char *ask_whose(void);

const char *whose(void)
{
	return "module";
}

const char *ask_whose(void)
{
	return whose();
}
