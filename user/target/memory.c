/*
 * Reading another process's memory.  Invariant: all of the bytes asked for, or an error; the
 * process may change or end at any moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "user/target/process.h"

/* Slower, but also reads pages that the process itself may not. */
static int read_mem_file(pid_t pid, u64 addr, void *buf, size_t len)
{
	char path[32];
	ssize_t n;
	int fd;

	if (addr > INT64_MAX)
		return -EFAULT;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = pread(fd, buf, len, (off_t)addr);
	if (n < 0)
		n = errno == EIO ? -EFAULT : -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	/* An exited process has no memory: zero bytes, not an error. */
	return (size_t)n == len ? 0 : n ? -EFAULT : -ESRCH;
}

int process_read(pid_t pid, u64 addr, void *buf, size_t len)
{
	struct iovec local = { .iov_base = buf, .iov_len = len };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)addr, .iov_len = len };
	ssize_t n;

	if (!len)
		return 0;
	if (addr + len < addr)
		return -EFAULT;
	n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	if (n >= 0 && (size_t)n == len)
		return 0;
	if (n < 0 && errno == ESRCH)
		return -ESRCH;
	return read_mem_file(pid, addr, buf, len);
}
