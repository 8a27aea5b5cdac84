/* Setting the server up, and up again by another configuration; see http.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "user/agent/http_private.h"
#include "user/base/str.h"

#define REQUEST_BYTES 16384 /* longest request line and headers, and the room to answer in */
#define BACKLOG 128
#define SPARE 64 /* connections that are being closed, beside max_connections */

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* config_set() has checked its form. */
static socklen_t read_address(const char *text, union address *ret_a)
{
	const char *colon = strrchr(text, ':');
	char host[CONFIG_TEXT];
	bool six = *text == '[';

	memset(ret_a, 0, sizeof(*ret_a));
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text) - 2 * six, text + six);
	if (six) {
		ret_a->six.sin6_family = AF_INET6;
		ret_a->six.sin6_port = htons((u16)atoi(colon + 1));
		(void)inet_pton(AF_INET6, host, &ret_a->six.sin6_addr);
		return sizeof(ret_a->six);
	}
	ret_a->four.sin_family = AF_INET;
	ret_a->four.sin_port = htons((u16)atoi(colon + 1));
	(void)inet_pton(AF_INET, host, &ret_a->four.sin_addr);
	return sizeof(ret_a->four);
}

static bool is_loopback(const union address *a)
{
	if (a->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&a->six.sin6_addr);
	return ntohl(a->four.sin_addr.s_addr) >> 24 == 127;
}

/* Is anybody kept out, or what is said kept from others? */
static int check_safe(const struct agent_config *c, struct err *e)
{
	union address a;

	read_address(c->listen, &a);
	if (is_loopback(&a) || *c->tls_cert || *c->auth_file || c->insecure)
		return 0;
	return errf(
		e, GS_EXIT_USAGE, -EINVAL,
		"%s: off the loopback anybody could read the metrics; set tls_cert and tls_key, or "
		"auth_file, or insecure = yes",
		c->listen);
}

/* The address of the socket, as http_address() has it. */
static void tell_address(struct http *h)
{
	char host[INET6_ADDRSTRLEN] = "?";
	union address a = {};
	socklen_t len = sizeof(a);

	(void)getsockname(h->listen_fd, &a.any, &len);
	if (a.any.sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &a.six.sin6_addr, host, sizeof(host));
	else
		(void)inet_ntop(AF_INET, &a.four.sin_addr, host, sizeof(host));
	snprintf(h->address, sizeof(h->address), a.any.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		 host, ntohs(a.any.sa_family == AF_INET6 ? a.six.sin6_port : a.four.sin_port));
}

const char *http_address(const struct http *h)
{
	return h->address;
}

static int listen_at(const char *address, int *ret_fd, struct err *e)
{
	const int on = 1;
	union address a;
	socklen_t len = read_address(address, &a);
	int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    !bind(fd, &a.any, len) && !listen(fd, BACKLOG)) {
		*ret_fd = fd;
		return 0;
	}
	err = -errno;
	if (fd >= 0)
		close(fd);
	return errf(e, err == -EACCES || err == -EPERM ? GS_EXIT_PERM : GS_EXIT_FAILED, err,
		    "%s: cannot listen there: %s; choose another with --listen", address,
		    strerror(-err));
}

/* Paths are compared as they came: "%00" in one would end it. */
static size_t keep_escaped(void *cls, struct MHD_Connection *c, char *text)
{
	(void)cls, (void)c;
	return strlen(text);
}

/* What the library says while it is set up is the reason to tell. */
__attribute__((format(printf, 2, 0))) static void on_log(void *cls, const char *format,
							 va_list args)
{
	struct http *h = cls;

	vsnprintf(h->why, sizeof(h->why), format, args);
	h->why[strcspn(h->why, "\n")] = '\0';
}

static struct MHD_Daemon *start(struct http *h, const struct agent_config *c, int fd, char *cert,
				char *key)
{
	unsigned int seconds = (unsigned int)(2 * c->timeout_ns / 1000000000) + 1;
	static char versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, versions },
		{ MHD_OPTION_END, 0, NULL },
	};

	h->why[0] = '\0';
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG | (cert ? MHD_USE_TLS : 0), 0, NULL, NULL,
		http_answer, h, MHD_OPTION_EXTERNAL_LOGGER, on_log, h, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)c->max_connections + SPARE,
		MHD_OPTION_CONNECTION_TIMEOUT, seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)REQUEST_BYTES, MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, http_connected, h, MHD_OPTION_NOTIFY_COMPLETED,
		http_completed, h, MHD_OPTION_ARRAY, cert ? tls : &tls[3], MHD_OPTION_END);
}

/* http_fd() is readable when @d has something to do. */
static int listen_for(struct http *h, struct MHD_Daemon *d)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(d, MHD_DAEMON_INFO_EPOLL_FD);
	struct epoll_event ev = { .events = EPOLLIN };

	if (!info)
		return -EINVAL;
	return epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, info->epoll_fd, &ev) ? -errno : 0;
}

/*
 * @next takes what comes; the daemon before it ends when it has answered what it had begun, or when
 * there are OLD_MAX more.
 */
static void change_daemon(struct http *h, struct MHD_Daemon *next)
{
	int fd;

	if (h->daemon) {
		fd = MHD_quiesce_daemon(h->daemon); /* else its end would be that of the socket */
		if (fd >= 0)
			close(fd);
		http_forget(h);
	}
	http_retire(h, next);
}

/* A daemon on the socket, by @c; the one before it goes on until then. */
static int replace(struct http *h, const struct agent_config *c, struct err *e)
{
	char *cert = NULL, *key = NULL;
	struct MHD_Daemon *next = NULL;
	struct auth *auth = NULL;
	int err = check_safe(c, e), fd = -1;

	if (!err && *c->auth_file)
		err = auth_load(c->auth_file, &auth, e);
	if (!err && *c->tls_cert) {
		cert = config_text(c->tls_cert, false, e);
		key = cert ? config_text(c->tls_key, true, e) : NULL;
		err = key ? 0 : -EINVAL;
	}
	if (!err) {
		fd = fcntl(h->listen_fd, F_DUPFD_CLOEXEC, 3);
		next = fd >= 0 ? start(h, c, fd, cert, key) : NULL;
		if (!next)
			err = errf(e, cert ? GS_EXIT_USAGE : GS_EXIT_FAILED, -EINVAL,
				   "%s: cannot be served: %s", cert ? c->tls_cert : c->listen,
				   h->why);
	}
	if (!err && listen_for(h, next)) {
		MHD_stop_daemon(next); /* and the descriptor */
		fd = -1;
		err = errf(e, GS_EXIT_FAILED, -EIO, "%s: cannot be waited for", c->listen);
	}
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	free(cert);
	if (err) {
		auth_free(auth);
		if (fd >= 0)
			close(fd);
		return err;
	}
	change_daemon(h, next);
	auth_free(h->auth);
	h->auth = auth;
	h->max_connections = c->max_connections;
	h->timeout_ns = c->timeout_ns;
	return 0;
}

int http_open(const struct agent_config *config, const struct http_ops *ops, void *ctx,
	      struct http **ret_h, struct err *e)
{
	struct http *h = calloc(1, sizeof(*h));
	int err = check_safe(config, e);

	if (h) {
		h->ops = *ops;
		h->ctx = ctx;
		h->listen_fd = -1;
		h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		h->list = calloc(CONNECTIONS_MAX, sizeof(*h->list));
	}
	if (!err && (!h || !h->list || h->epoll_fd < 0))
		err = errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	if (!err)
		err = listen_at(config->listen, &h->listen_fd, e);
	if (!err) {
		tell_address(h);
		err = replace(h, config, e);
	}
	*ret_h = err ? http_close(h) : h;
	return err;
}

int http_configure(struct http *h, const struct agent_config *config, struct err *e)
{
	return replace(h, config, e);
}

struct http *http_close(struct http *h)
{
	if (!h)
		return NULL;
	http_stop_old(h);
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	if (h->epoll_fd >= 0)
		close(h->epoll_fd);
	http_forget(h);
	if (h->listen_fd >= 0)
		close(h->listen_fd);
	auth_free(h->auth);
	free(h->list);
	free(h);
	return NULL;
}
