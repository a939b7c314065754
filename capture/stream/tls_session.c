/*
 * Following the handshakes of a TLS connection, and the keys that come of them.
 *
 *	TLS 1.2   PLAIN ── ChangeCipherSpec ──> DATA ── ChangeCipherSpec of the next negotiation ──> DATA …
 *	TLS 1.3   PLAIN ── ServerHello ──> HANDSHAKE ── Finished ──> DATA ── KeyUpdate ──> DATA …
 *	          (client: PLAIN ── first protected record ──> EARLY ── EndOfEarlyData ──> HANDSHAKE …)
 *
 * Each direction goes its own way. Where one needs what only the other tells (the client's keys need the ServerHello's version and
 * suite), it is told to wait: directions come in any order. A negotiation is known by its number in each direction.
 *
 * Keys are made when a record needs them, since the key log may have the secrets later. Where records are missing from the capture, a
 * change of keys may be among them: a record is then tried with the next numbers, and with the keys that could come next.
 */
#include "capture/stream/tls_session.h"

#include "base/text.h"
#include "capture/stream/tls_hello.h"

#include <stdlib.h>

enum { CLIENT_HELLO = 1, SERVER_HELLO = 2, END_OF_EARLY_DATA = 5, ENCRYPTED_EXTENSIONS = 8, FINISHED = 20, KEY_UPDATE = 24 };
enum { MESSAGE_HEADER = 4, MESSAGE_MAX = 65536, NAME_COLUMNS = 60, AHEAD = 3 };

void tls_session_init(struct tls_session *s, struct keylog *keylog)
{
	*s = (struct tls_session){ .keylog = keylog, .client = DIR_C2S };
}

void tls_session_release(struct tls_session *s)
{
	for (int d = 0; d < 2; d++) {
		tls_keys_free(s->way[d].state.keys);
		buf_release(&s->way[d].message);
	}
	buf_release(&s->sni);
	buf_release(&s->alpn);
	buf_release(&s->refused_name);
	*s = (struct tls_session){ 0 };
}

/* The negotiation with that number: the one there is, or a new one. */
static struct tls_negotiation *negotiation_make(struct tls_session *s, unsigned number)
{
	struct tls_negotiation *n = &s->negotiation[number % TLS_NEGOTIATIONS];
	if (n->number != number)
		*n = (struct tls_negotiation){ .number = number };
	return n;
}

/* NULL if it is not there yet, or not any more. */
static struct tls_negotiation *negotiation_at(struct tls_session *s, unsigned number)
{
	struct tls_negotiation *n = &s->negotiation[number % TLS_NEGOTIATIONS];
	return number && n->number == number ? n : NULL;
}

bool tls_session_is_1_3(const struct tls_session *s, enum dir dir)
{
	const struct tls_way *w = &s->way[dir];
	const struct tls_negotiation *n = &s->negotiation[w->hellos % TLS_NEGOTIATIONS];
	return w->hellos && n->number == w->hellos && n->server && n->version == TLS_1_3;
}

/* Another epoch begins, or the same one with other keys, which are made when a record needs them. */
static void enter(struct tls_way *w, enum tls_epoch epoch, unsigned number)
{
	tls_keys_free(w->state.keys);
	w->state = (struct tls_state){ .epoch = epoch, .number = number };
	w->deaf = false;
}

/* Names as a row shows them; the protocols of ALPN with commas. */
static void set_sni(struct tls_session *s, struct slice name)
{
	buf_clear(&s->sni);
	text_add_fit(&s->sni, name, NAME_COLUMNS);
}

static void set_alpn(struct tls_session *s, struct slice list)
{
	struct buf names = { 0 };
	struct cursor c = cursor_of(slice_head(list, 4 * NAME_COLUMNS));
	while (c.rest.len && !c.short_) {
		struct slice name = cursor_take(&c, cursor_u8(&c));
		if (names.len && name.len)
			buf_add_byte(&names, ',');
		buf_add(&names, name);
	}
	buf_clear(&s->alpn);
	text_add_fit(&s->alpn, buf_slice(&names), NAME_COLUMNS);
	buf_release(&names);
}

static void on_client_hello(struct tls_session *s, enum dir dir, struct slice body)
{
	struct tls_way *w = &s->way[dir];
	struct tls_client_hello hello;
	if (!tls_client_hello(body, &hello))
		return;
	struct tls_negotiation *n = negotiation_at(s, w->hellos);
	if (!n || memcmp(n->client_random, hello.random, TLS_RANDOM) != 0)
		n = negotiation_make(s, ++w->hellos);
	s->client = dir;
	n->client = true;
	n->early_offered = n->early_offered || hello.early_data;
	memcpy(n->client_random, hello.random, TLS_RANDOM);
	set_sni(s, hello.sni);
	set_alpn(s, hello.alpn);
	s->revision++;
}

/* Can records under this hello be opened, given the secrets? */
static void check_supported(struct tls_session *s, const struct tls_server_hello *hello)
{
	const struct tls_suite *suite = tls_suite(hello->suite);
	if (hello->version < TLS_1_2)
		s->refused = "TLS before 1.2, which cannot be decrypted";
	else if (hello->version > TLS_1_3)
		s->refused = "TLS of a version that is not known";
	else if (hello->compressed)
		s->refused = "TLS with compression, which cannot be decrypted";
	else if (!suite || suite->aead == TLS_NO_AEAD)
		s->refused = "TLS with a cipher suite that cannot be decrypted";
	buf_clear(&s->refused_name);
	if (suite)
		buf_add_str(&s->refused_name, suite->name);
	else
		buf_addf(&s->refused_name, "cipher suite 0x%04x", hello->suite);
}

static void on_server_hello(struct tls_session *s, enum dir dir, struct slice body)
{
	struct tls_way *w = &s->way[dir];
	struct tls_server_hello hello;
	if (!tls_server_hello(body, &hello))
		return;
	check_supported(s, &hello);
	s->client = !dir;
	w->retry = hello.retry;
	if (hello.retry)
		return;
	struct tls_negotiation *n = negotiation_make(s, ++w->hellos);
	n->server = true;
	n->version = hello.version;
	n->suite = tls_suite(hello.suite);
	memcpy(n->server_random, hello.random, TLS_RANDOM);
	if (hello.alpn.len)
		set_alpn(s, hello.alpn);
	if (n->version == TLS_1_3)
		enter(w, TLS_EPOCH_HANDSHAKE, n->number);
	s->revision++;
}

/* The sender's next record comes under the next secret (RFC 8446, section 4.6.3). */
static void update_keys(struct tls_session *s, struct tls_way *w)
{
	struct tls_negotiation *n = negotiation_at(s, w->state.number);
	struct tls_secret next = { 0 };
	if (n && w->state.secret.len)
		next = tls_secret_updated(n->suite, &w->state.secret);
	enter(w, TLS_EPOCH_DATA, w->state.number);
	w->state.secret = next;
}

/* Messages that change keys; only TLS 1.3 gives them that meaning. */
static void on_message_1_3(struct tls_session *s, enum dir dir, uint8_t type, struct slice body)
{
	struct tls_way *w = &s->way[dir];
	struct tls_negotiation *n = negotiation_at(s, w->hellos);
	enum tls_epoch epoch = w->state.epoch;
	if (type == FINISHED && epoch == TLS_EPOCH_HANDSHAKE) {
		enter(w, TLS_EPOCH_DATA, w->state.number);
	} else if (type == END_OF_EARLY_DATA && epoch == TLS_EPOCH_EARLY) {
		enter(w, TLS_EPOCH_HANDSHAKE, w->state.number);
	} else if (type == KEY_UPDATE && epoch == TLS_EPOCH_DATA) {
		update_keys(s, w);
	} else if (type == ENCRYPTED_EXTENSIONS && n) {
		n->extensions = true;
		n->early_accepted = tls_accepts_early_data(body);
		s->revision++;
	}
}

static void on_message(struct tls_session *s, enum dir dir, uint8_t type, struct slice body)
{
	if (type == CLIENT_HELLO)
		on_client_hello(s, dir, body);
	else if (type == SERVER_HELLO)
		on_server_hello(s, dir, body);
	else if (tls_session_is_1_3(s, dir))
		on_message_1_3(s, dir, type, body);
}

static bool matters(uint8_t type, size_t len)
{
	static const uint8_t types[] = { CLIENT_HELLO, SERVER_HELLO, END_OF_EARLY_DATA, ENCRYPTED_EXTENSIONS, FINISHED, KEY_UPDATE };
	return len <= MESSAGE_MAX && memchr(types, type, sizeof types);
}

/* Takes what is there of the message at the front of w->message; true if it was whole and more may follow. */
static bool take_message(struct tls_session *s, enum dir dir)
{
	struct tls_way *w = &s->way[dir];
	struct cursor c = cursor_of(buf_slice(&w->message));
	uint32_t head = cursor_be32(&c);
	size_t len = head & 0xffffff;
	if (c.short_)
		return false;
	if (!matters((uint8_t)(head >> 24), len)) {
		size_t there = c.rest.len < len ? c.rest.len : len;
		w->skip = len - there;
		buf_consume(&w->message, MESSAGE_HEADER + there);
		return true;
	}
	struct slice body = cursor_take(&c, len);
	if (c.short_)
		return false;
	on_message(s, dir, (uint8_t)(head >> 24), body);
	buf_consume(&w->message, MESSAGE_HEADER + len);
	return true;
}

void tls_session_handshake(struct tls_session *s, enum dir dir, struct slice bytes)
{
	struct tls_way *w = &s->way[dir];
	if (w->deaf)
		return;
	size_t skipped = w->skip < bytes.len ? (size_t)w->skip : bytes.len;
	w->skip -= skipped;
	buf_add(&w->message, slice_skip(bytes, skipped));
	while (w->message.len && take_message(s, dir))
		;
}

void tls_session_lose(struct tls_session *s, enum dir dir)
{
	struct tls_way *w = &s->way[dir];
	buf_clear(&w->message);
	w->skip = 0;
	w->deaf = w->state.epoch == TLS_EPOCH_PLAIN;
}

/* The negotiation whose keys come next in a direction: both hellos of it must have been seen. */
static enum tls_opened next_negotiation(struct tls_session *s, enum dir dir, struct tls_negotiation **out)
{
	struct tls_way *w = &s->way[dir];
	if (!w->hellos)
		return TLS_NO_HANDSHAKE;
	*out = negotiation_at(s, w->hellos);
	return *out && (*out)->client && (*out)->server ? TLS_OPENED : TLS_NEEDS_HELLO;
}

enum tls_opened tls_session_change_cipher(struct tls_session *s, enum dir dir)
{
	struct tls_way *w = &s->way[dir];
	struct tls_negotiation *n;
	if (w->retry)
		return TLS_OPENED;
	enum tls_opened o = next_negotiation(s, dir, &n);
	if (o == TLS_OPENED && n->version != TLS_1_3 && w->state.number != n->number)
		enter(w, TLS_EPOCH_DATA, n->number);
	return o;
}

/* The epoch of the first protected record of a direction. */
static enum tls_opened begin_protection(struct tls_session *s, enum dir dir, struct tls_state *state)
{
	struct tls_negotiation *n;
	enum tls_opened o = next_negotiation(s, dir, &n);
	if (o != TLS_OPENED)
		return o;
	bool early = n->version == TLS_1_3 && n->early_offered && dir == s->client;
	if (early && !n->extensions)
		return TLS_NEEDS_HELLO;
	state->number = n->number;
	state->epoch = n->version != TLS_1_3 ? TLS_EPOCH_DATA : early && n->early_accepted ? TLS_EPOCH_EARLY : TLS_EPOCH_HANDSHAKE;
	state->may_fail = early && !n->early_accepted;
	return TLS_OPENED;
}

static enum keylog_label label_of(bool client, enum tls_epoch epoch)
{
	if (epoch == TLS_EPOCH_EARLY)
		return KEYLOG_CLIENT_EARLY;
	if (epoch == TLS_EPOCH_HANDSHAKE)
		return client ? KEYLOG_CLIENT_HANDSHAKE : KEYLOG_SERVER_HANDSHAKE;
	return client ? KEYLOG_CLIENT_DATA : KEYLOG_SERVER_DATA;
}

static enum tls_opened make_keys_1_3(struct tls_session *s, enum dir dir, const struct tls_negotiation *n, struct tls_state *state)
{
	if (!state->secret.len) {
		struct slice found = { 0 };
		if (s->keylog)
			found = keylog_find(s->keylog, label_of(dir == s->client, state->epoch), n->client_random);
		if (!found.len || found.len > TLS_SECRET_MAX)
			return TLS_NEEDS_SECRET;
		state->secret.len = found.len;
		memcpy(state->secret.bytes, found.at, found.len);
	}
	state->keys = tls_keys_from_secret(n->suite, slice_of(state->secret.bytes, state->secret.len));
	return state->keys ? TLS_OPENED : TLS_FAILED;
}

static enum tls_opened make_keys(struct tls_session *s, enum dir dir, struct tls_state *state)
{
	struct tls_negotiation *n = negotiation_at(s, state->number);
	if (state->keys)
		return TLS_OPENED;
	if (!n || !n->suite)
		return TLS_FAILED;
	if (!n->client)
		return TLS_NEEDS_HELLO;
	if (n->version == TLS_1_3)
		return make_keys_1_3(s, dir, n, state);
	struct slice master = { 0 };
	if (s->keylog)
		master = keylog_find(s->keylog, KEYLOG_MASTER, n->client_random);
	if (!master.len)
		return TLS_NEEDS_SECRET;
	state->keys = tls_keys_from_master(n->suite, master, n->client_random, n->server_random, dir == s->client);
	return state->keys ? TLS_OPENED : TLS_FAILED;
}

/* The state that may come after this one, where the change was lost. */
static bool go_ahead(struct tls_session *s, enum dir dir, const struct tls_state *from, struct tls_state *to)
{
	struct tls_negotiation *n = negotiation_at(s, from->number), *newest;
	*to = (struct tls_state){ .number = from->number };
	if (!n)
		return false;
	if (n->version != TLS_1_3) {
		to->epoch = TLS_EPOCH_DATA;
		to->number = from->number + 1;
		return next_negotiation(s, dir, &newest) == TLS_OPENED && newest->number == to->number;
	}
	to->epoch = from->epoch == TLS_EPOCH_EARLY ? TLS_EPOCH_HANDSHAKE : TLS_EPOCH_DATA;
	if (from->epoch == TLS_EPOCH_DATA)
		to->secret = tls_secret_updated(n->suite, &from->secret);
	return from->epoch != TLS_EPOCH_DATA || to->secret.len;
}

static bool try_numbers(struct tls_state *state, struct slice record, unsigned lost, uint8_t *out, size_t *len)
{
	for (unsigned i = 0; i <= lost; i++) {
		if (tls_open(state->keys, state->seq, record, out, len)) {
			state->seq++;
			return true;
		}
		state->seq++;
	}
	return false;
}

/* Tries the state, and if that fails the ones that may come next, of which a secret may still be to come; *state is then the one that fits. It
 * owns its keys. */
static enum tls_opened try_states(struct tls_session *s, enum dir dir, struct tls_state *state, struct slice record, unsigned lost,
				  uint8_t *out, size_t *len)
{
	uint64_t seq = state->seq;
	enum tls_opened o = make_keys(s, dir, state);
	if (o != TLS_OPENED)
		return o;
	if (try_numbers(state, record, lost, out, len))
		return TLS_OPENED;
	state->seq = seq;
	struct tls_state from = *state, to;
	from.keys = NULL;
	for (int i = 0; i < AHEAD && go_ahead(s, dir, &from, &to); i++) {
		o = make_keys(s, dir, &to);
		if (o == TLS_NEEDS_SECRET)
			return o;
		if (o == TLS_OPENED && try_numbers(&to, record, lost, out, len)) {
			tls_keys_free(state->keys);
			*state = to;
			return TLS_OPENED;
		}
		tls_keys_free(to.keys);
		to.keys = NULL;
		from = to;
	}
	return TLS_FAILED;
}

/* TLS 1.3: the content type is the last byte that is not zero (RFC 8446, section 5.2). */
static void take_padding_off(const uint8_t *out, size_t *len, uint8_t *type)
{
	while (*len && !out[*len - 1])
		--*len;
	*type = *len ? out[--*len] : 0;
}

enum tls_opened tls_session_open(struct tls_session *s, enum dir dir, struct slice record, unsigned lost, uint8_t *out, size_t *len,
				 uint8_t *type, uint64_t *seq)
{
	struct tls_way *w = &s->way[dir];
	struct tls_state state = w->state;
	enum tls_opened o = TLS_OPENED;
	if (state.epoch == TLS_EPOCH_PLAIN)
		o = begin_protection(s, dir, &state);
	if (o == TLS_OPENED)
		o = try_states(s, dir, &state, record, lost, out, len);
	if (o != TLS_OPENED) {
		if (state.keys != w->state.keys)
			tls_keys_free(state.keys);
		return o == TLS_FAILED && state.may_fail ? TLS_REFUSED_EARLY : o;
	}
	w->deaf = w->deaf && w->state.epoch == state.epoch;
	w->state = state;
	w->state.may_fail = false;
	*seq = state.seq - 1;
	*type = record.at[0];
	struct tls_negotiation *n = negotiation_at(s, state.number);
	if (n && n->version == TLS_1_3)
		take_padding_off(out, len, type);
	return TLS_OPENED;
}
