/*
 * The messages of the thread are shown to the extractor once more, one after the other, as if they passed now.
 */
#include "tui/stream_save.h"

#include "base/xalloc.h"
#include "decode/streams.h"
#include "decode/wire.h"
#include "export/extract.h"
#include "tui/facts.h"

#include <stdlib.h>

enum { STREAM_DATA = 1 /* field of a Stream message */ };

struct stream_save {
	const struct session *session;
	struct extract *extract;
	struct facts_room room;
	uint32_t thread, next; /* next 0: all are through */
	uint32_t done, messages;
	bool begun, over; /* the stream has begun; and ended */
};

struct stream_save *stream_save_new(const struct session *s, uint32_t thread, const char *folder, char *error, size_t room)
{
	struct extract *e = extract_new(folder, error, room);
	struct thread_info t;
	if (!e)
		return NULL;
	struct stream_save *j = xcalloc(1, sizeof *j);
	j->session = s;
	j->extract = e;
	j->thread = j->next = thread;
	session_thread(s, thread, &t);
	j->messages = t.messages;
	extract_set_session(e, s);
	return j;
}

void stream_save_free(struct stream_save *j)
{
	if (!j)
		return;
	extract_free(j->extract);
	facts_room_release(&j->room);
	free(j);
}

static void pass(struct stream_save *j, const struct facts *f)
{
	if (f->record->role == ROLE_STREAM && !f->bytes.len) /* given up by now (-o spool) */
		extract_lack(j->extract, j->thread);
	if (f->record->role == ROLE_STREAM && slice_is(f->command, "beginstream") && !j->begun) {
		j->begun = true;
		extract_stream(j->extract, j->thread, (struct slice){ NULL, 0 });
	} else if (f->record->role == ROLE_STREAM && slice_is(f->command, "stream") && j->begun && !j->over) {
		struct slice data = payload_bytes(f->envelope.value, STREAM_DATA);
		if (data.len)
			extract_stream(j->extract, j->thread, data);
	} else if (slice_is(f->command, "endstream")) {
		j->over = true;
	}
	extract_message(j->extract, f->n, f->bytes);
}

bool stream_save_step(struct stream_save *j, size_t work)
{
	struct facts f;
	for (; work && j->next; work--) {
		if (!facts_read(&f, j->session, j->next, &j->room)) {
			j->next = 0;
			break;
		}
		pass(j, &f);
		j->done++;
		j->next = f.record->next;
	}
	return j->next != 0;
}

int stream_save_percent(const struct stream_save *j)
{
	return j->messages ? (int)((uint64_t)j->done * 100 / j->messages) : 100;
}

void stream_save_result(struct stream_save *j, struct buf *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	extract_finish(j->extract);
	if (!file)
		return;
	extract_write(j->extract, file);
	fclose(file);
	while (size && text[size - 1] == '\n')
		size--;
	buf_add(out, slice_of(text, size));
	free(text);
}
