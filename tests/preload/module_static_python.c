/* SPDX-License-Identifier: MIT */
/*
 * module_static_python.c - a python extension with a libcurl linked into it, shaped as
 * curl_cffi: the calls let go of the interpreter's lock, the callbacks take it again.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define MOST 64

static CURLM *multi;
static CURL *easies[MOST];
static int easy_count;
static PyObject *socket_function, *timer_function;

static void call(PyObject *function, PyObject *arguments)
{
	PyObject *result = arguments ? PyObject_CallObject(function, arguments) : NULL;

	if (!result)
		PyErr_WriteUnraisable(function);
	Py_XDECREF(arguments);
	Py_XDECREF(result);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *known)
{
	PyGILState_STATE state = PyGILState_Ensure();

	(void)easy, (void)data, (void)known;
	call(socket_function, Py_BuildValue("(ii)", (int)fd, what));
	PyGILState_Release(state);
	return 0;
}

static int on_timer(CURLM *of, long ms, void *data)
{
	PyGILState_STATE state = PyGILState_Ensure();

	(void)of, (void)data;
	call(timer_function, Py_BuildValue("(l)", ms));
	PyGILState_Release(state);
	return 0;
}

static PyObject *client_open(PyObject *module, PyObject *arguments)
{
	(void)module;
	if (!PyArg_ParseTuple(arguments, "OO", &socket_function, &timer_function))
		return NULL;
	Py_INCREF(socket_function);
	Py_INCREF(timer_function);
	curl_global_init(CURL_GLOBAL_ALL);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	Py_RETURN_NONE;
}

static PyObject *client_add(PyObject *module, PyObject *arguments)
{
	const char *url;

	(void)module;
	if (!PyArg_ParseTuple(arguments, "s", &url))
		return NULL;
	if (!multi || easy_count == MOST)
		return PyErr_Format(PyExc_RuntimeError, "cannot add");
	CURL *easy = easies[easy_count++] = curl_easy_init();
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	Py_BEGIN_ALLOW_THREADS curl_multi_add_handle(multi, easy);
	Py_END_ALLOW_THREADS Py_RETURN_NONE;
}

static PyObject *client_act(PyObject *module, PyObject *arguments)
{
	int fd, events, running;

	(void)module;
	if (!PyArg_ParseTuple(arguments, "ii", &fd, &events))
		return NULL;
	if (!multi)
		Py_RETURN_NONE;
	Py_BEGIN_ALLOW_THREADS curl_multi_socket_action(multi, fd, events, &running);
	Py_END_ALLOW_THREADS Py_RETURN_NONE;
}

static PyObject *client_close(PyObject *module, PyObject *arguments)
{
	int result;

	(void)module, (void)arguments;
	Py_BEGIN_ALLOW_THREADS for (int i = 0; i < easy_count; i++)
		curl_multi_remove_handle(multi, easies[i]);
	result = (int)curl_multi_cleanup(multi);
	multi = NULL;
	for (int i = 0; i < easy_count; i++)
		curl_easy_cleanup(easies[i]);
	Py_END_ALLOW_THREADS return PyLong_FromLong(result);
}

static PyMethodDef methods[] = {
	{ "open", client_open, METH_VARARGS, "Begin with two callbacks." },
	{ "add", client_add, METH_VARARGS, "Begin a transfer." },
	{ "act", client_act, METH_VARARGS, "Something has happened to a socket." },
	{ "close", client_close, METH_NOARGS, "End all; the result of the cleanup." },
	{ NULL, NULL, 0, NULL }
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "curl_static",
	.m_size = -1,
	.m_methods = methods,
};

PyMODINIT_FUNC PyInit_curl_static(void);

PyMODINIT_FUNC PyInit_curl_static(void)
{
	return PyModule_Create(&definition);
}
