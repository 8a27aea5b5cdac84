/*
 * A module that does not say that it can do without the GIL: importing it switches the GIL on in a
 * free-threaded CPython (freethreaded.sh).  Built without CPython's headers: what they would give
 * is struct PyModuleDef, whose PyObject is that of free-threaded builds (object.h: 3.15 refuses one
 * whose ob_flags are not as PyObject_HEAD_INIT makes them), and PYTHON_API_VERSION.
 */
extern void *PyModule_Create2(void *def, int api_version);
extern void *PyInit_needsgil(void);

static struct {
	unsigned long tid;
	unsigned short flags;
	unsigned char mutex, gc_bits;
	unsigned int ref_local;
	long ref_shared;
	void *type;
	void *init;
	long index;
	void *copy;
	const char *name, *doc;
	long size;
	void *methods, *slots, *traverse, *clear, *free;
} def = { .flags = 4 /* _Py_STATICALLY_ALLOCATED_FLAG */,
	  .ref_local = -1U,
	  .name = "needsgil",
	  .size = -1 };

void *PyInit_needsgil(void)
{
	return PyModule_Create2(&def, 1013);
}
