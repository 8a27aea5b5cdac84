/*
 * A module that does not say that it can do without the GIL: importing it switches the GIL on in a
 * free-threaded CPython 3.13 (freethreaded.sh).  Built without CPython's headers: what they would
 * give is struct PyModuleDef, whose PyObject has 32 bytes there, and PYTHON_API_VERSION.
 */
extern void *PyModule_Create2(void *def, int api_version);
extern void *PyInit_needsgil(void);

static struct {
	char object[32];
	void *init;
	long index;
	void *copy;
	const char *name, *doc;
	long size;
	void *methods, *slots, *traverse, *clear, *free;
} def = { .name = "needsgil", .size = -1 };

void *PyInit_needsgil(void)
{
	return PyModule_Create2(&def, 1013);
}
