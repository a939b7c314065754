/*
 * One end of a relayed connection.
 *
 * Events come once an edge (epoll's EPOLLET): `readable` remembers that there may be something, until a read came back with less than it
 * had room for. After the peer's FIN, or an urgent byte, reading goes on to the end. TLS keeps bytes of its own, so that a read through it
 * is always tried. A FIN without a close_notify ends what it reads, not what it writes, as it is without TLS.
 */
#include "capture/proxy/end.h"

#include <errno.h>
#include <linux/sockios.h>
#include <openssl/err.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void end_init(struct end *e)
{
	*e = (struct end){ .fd = -1 };
}

static enum end_status tls_status(struct end *e, int result)
{
	int code = SSL_get_error(e->ssl, result);
	if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE)
		return END_WAIT;
	if (code == SSL_ERROR_ZERO_RETURN)
		return BIO_eof(SSL_get_rbio(e->ssl)) ? END_ABRUPT : END_OVER;
	return END_RESET;
}

enum end_status end_handshake(struct end *e)
{
	ERR_clear_error();
	int got = SSL_do_handshake(e->ssl);
	if (got == 1) {
		SSL_set_options(e->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF); /* else nothing can be written any more once there was one */
		return END_DONE;
	}
	enum end_status status = tls_status(e, got);
	return status == END_WAIT ? END_WAIT : END_RESET;
}

static enum end_status read_tls(struct end *e, uint8_t *at, size_t room, size_t *got)
{
	ERR_clear_error();
	int n = SSL_read(e->ssl, at, (int)room);
	if (n > 0) {
		*got = (size_t)n;
		return END_DONE;
	}
	return tls_status(e, n);
}

enum end_status end_read(struct end *e, uint8_t *at, size_t room, size_t *got)
{
	if (e->ssl)
		return read_tls(e, at, room, got);
	if (!e->readable)
		return END_WAIT;
	ssize_t n;
	while ((n = recv(e->fd, at, room, 0)) < 0 && errno == EINTR)
		;
	if (n > 0) {
		*got = (size_t)n;
		e->readable = (size_t)n == room || e->in_parts;
		return END_DONE;
	}
	if (n == 0)
		return END_OVER;
	if (errno != EAGAIN)
		return END_RESET;
	e->readable = false;
	return END_WAIT;
}

static enum end_status write_tls(struct end *e, struct slice bytes, size_t *put)
{
	ERR_clear_error();
	int n = SSL_write(e->ssl, bytes.at, (int)bytes.len);
	if (n > 0) {
		*put = (size_t)n;
		return END_DONE;
	}
	return tls_status(e, n) == END_WAIT ? END_WAIT : END_RESET;
}

enum end_status end_write(struct end *e, struct slice bytes, size_t *put)
{
	if (e->ssl)
		return write_tls(e, bytes, put);
	ssize_t n;
	while ((n = send(e->fd, bytes.at, bytes.len, MSG_NOSIGNAL)) < 0 && errno == EINTR)
		;
	if (n >= 0) {
		*put = (size_t)n;
		return END_DONE;
	}
	return errno == EAGAIN ? END_WAIT : END_RESET;
}

enum end_status end_shut(struct end *e, bool abrupt)
{
	if (e->ssl && !abrupt && !e->told_over) {
		ERR_clear_error();
		int n = SSL_shutdown(e->ssl);
		if (n < 0 && tls_status(e, n) == END_WAIT)
			return END_WAIT;
	}
	e->told_over = true;
	shutdown(e->fd, SHUT_WR);
	return END_DONE;
}

int end_unsent(const struct end *e)
{
	int n = 0;
	return ioctl(e->fd, SIOCOUTQ, &n) == 0 ? n : 0;
}

void end_close(struct end *e, bool reset)
{
	struct linger now = { 1, 0 };
	if (e->fd >= 0 && reset)
		setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	SSL_free(e->ssl);
	if (e->fd >= 0)
		close(e->fd);
	end_init(e);
}
